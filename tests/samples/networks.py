"""Samples of micrograd/ops/networks.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import Kink, Sample, array

_INPUTS = [(4, 3), (3,), (5, 4, 3), (0, 3)]

SAMPLES = [
    Sample("linear", (array(*shape), array(2, 3), array(2)), lambda x, weight, bias: np.matmul(x, weight.T) + bias)
    for shape in _INPUTS
]

KINKS: list[Kink] = []

TORCH: dict[str, Any] = {
    "linear": lambda torch, x, weight, bias: torch.nn.functional.linear(x, weight, bias),
}
