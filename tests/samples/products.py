"""Samples of micrograd/ops/products.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import Kink, Sample, array

_PAIRS = [
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

_VECTORS = [(array(3), array(3)), (array(2, 3), array(3)), (array(4, 1, 3), array(2, 3)), (np.zeros((0, 3)), array(3))]

SAMPLES = [
    *(Sample("matmul", pair, np.matmul) for pair in _PAIRS),
    *(Sample("crossed", pair, np.cross) for pair in _VECTORS),
]

KINKS: list[Kink] = []

TORCH: dict[str, Any] = {
    "matmul": lambda torch, x, y: torch.matmul(x, y),
    "crossed": lambda torch, x, y: torch.linalg.cross(*torch.broadcast_tensors(x, y)),
}
