"""Samples of micrograd/ops/calculus.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A3, SIGNED, Sample, array

_ROWS = [(A3, SIGNED.ravel()), (SIGNED.ravel(), A3), (A3, A3), (array(1), A3), (array(5), array(4))]

SAMPLES = [Sample("convolved", pair, np.convolve) for pair in _ROWS]

KINKS: list[Any] = []


def _torch_convolved(torch: Any, x: Any, y: Any) -> Any:
    m = y.shape[0]
    padded = torch.nn.functional.pad(x, (m - 1, m - 1))
    return torch.nn.functional.conv1d(padded[None, None], y.flip(0)[None, None])[0, 0]


TORCH: dict[str, Any] = {"convolved": _torch_convolved}
