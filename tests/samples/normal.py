"""Samples of micrograd/ops/normal.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from tests.samples.sample import A23, EMPTY, POINTS, SIGNED, Sample


def _slope(x: Any) -> Any:
    return np.sqrt(2.0 / np.pi) / special.erfcx(-x / np.sqrt(2.0))


_FAR = 3.0 * SIGNED  # beyond -3 continued fractions take over

SAMPLES = [
    *(Sample("log_ndtr", (x,), special.log_ndtr) for x in (-0.75, -6.0, SIGNED, _FAR, *POINTS)),
    *(Sample("ndtr_slope", (x,), _slope) for x in (-0.75, -6.0, SIGNED, _FAR, *POINTS)),
    *(Sample("ndtr_gap", (x,), lambda x: x + _slope(x)) for x in (-0.75, SIGNED, *POINTS)),
    *(Sample("erfinv", (x,), special.erfinv) for x in (-0.75, 0.25, 0.45 * SIGNED, EMPTY)),
    *(Sample("erfcinv", (x,), special.erfcinv) for x in (0.25, 1.75, 1e-5, 0.9 * A23, EMPTY)),
]

KINKS: list[Any] = []


def _torch_slope(torch: Any, x: Any) -> Any:
    return np.sqrt(2.0 / np.pi) / torch.special.erfcx(-x.double() / np.sqrt(2.0))


TORCH: dict[str, Any] = {
    "log_ndtr": lambda torch, x: torch.special.log_ndtr(x.double()).to(x.dtype),
    "ndtr_slope": lambda torch, x: _torch_slope(torch, x).to(x.dtype),
    "ndtr_gap": lambda torch, x: (x + _torch_slope(torch, x)).to(x.dtype),
    "erfinv": lambda torch, x: torch.special.erfinv(x.double()).to(x.dtype),
    "erfcinv": lambda torch, x: torch.special.erfinv(1.0 - x.double()).to(x.dtype),
}
