"""Samples of micrograd/ops/logistic.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from tests.samples.sample import A23, EMPTY, POINTS, SIGNED, Sample

SAMPLES = [
    *(Sample("expit", (x,), special.expit) for x in (-0.75, SIGNED, 10.0 * SIGNED, *POINTS)),
    *(Sample("softplus", (x,), lambda x: np.logaddexp(x, 0.0)) for x in (-0.75, SIGNED, 10.0 * SIGNED, *POINTS)),
    *(Sample("log_sigmoid", (x,), special.log_expit) for x in (-0.75, SIGNED, 10.0 * SIGNED, *POINTS)),
    *(Sample("logit", (x,), special.logit) for x in (0.3, 0.8, 0.001, 0.45 * A23, EMPTY)),
]

KINKS: list[Any] = []

TORCH: dict[str, Any] = {
    "expit": lambda torch, x: torch.special.expit(x),
    "softplus": lambda torch, x: torch.nn.functional.softplus(x),
    "log_sigmoid": lambda torch, x: torch.nn.functional.logsigmoid(x),
    "logit": lambda torch, x: torch.special.logit(x),
}
