"""Samples of micrograd/ops/inverses.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.matrices import ANY, SQUARE, apart
from tests.samples.sample import Kink, Sample, array

SAMPLES = [
    *(Sample("inverse", (x,), np.linalg.inv) for x in SQUARE),
    *(
        Sample("solution", pair, np.linalg.solve)
        for pair in [
            (apart(3, 3), array(3, 2)),
            (apart(2, 2, 2), array(2, 3)),
            (apart(2, 2), array(2, 2, 3)),
            (apart(3, 1, 2, 2), array(2, 2, 1)),
        ]
    ),
    *(Sample("pseudoinverse", (x,), lambda x: np.linalg.pinv(x)) for x in ANY),
]

KINKS: list[Kink] = []

TORCH: dict[str, Any] = {
    "inverse": lambda torch, x: torch.linalg.inv(x),
    "solution": lambda torch, a, b: torch.linalg.solve(a, b),
    "pseudoinverse": lambda torch, x: torch.linalg.pinv(x),
}
