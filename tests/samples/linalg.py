"""Samples of micrograd/ops/linalg.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import Sample, array

_MATRICES = [
    (array(2, 3), array(3, 4)),
    (array(2, 3), array(3)),
    (array(3), array(3, 4)),
    (array(3), array(3)),
    (array(5, 2, 3), array(3, 4)),
    (array(2, 3), array(5, 3, 4)),
    (array(5, 1, 2, 3), array(4, 3, 2)),
    (array(3), array(5, 3, 2)),
    (array(5, 2, 3), array(3)),
    (np.zeros((0, 3)), array(3, 2)),
]

SAMPLES = [Sample("matmul", pair, np.matmul) for pair in _MATRICES]

KINKS: list[Any] = []

TORCH: dict[str, Any] = {"matmul": lambda torch, x, y: torch.matmul(x, y)}
