"""Samples of micrograd/ops/normalization.py: of its record. The functions there have
rows in tests/ops/test_normalization.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A3, A23, A234, EMPTY, SIGNED, Sample


def _standardized(x: Any, *, axes: Any, eps: float) -> Any:
    # In more digits: the difference from the mean has lost some of those that it had.
    wide = x.astype(np.longdouble)
    z = (wide - wide.mean(axis=axes, keepdims=True)) / np.sqrt(wide.var(axis=axes, keepdims=True) + eps)
    return z.astype(x.dtype)


SAMPLES = [
    *(Sample("standardized", (A234,), _standardized, {"axes": axes, "eps": 0.1}) for axes in ((2,), (1, 2), (0, 1, 2))),
    *(Sample("standardized", (x,), _standardized, {"axes": (x.ndim - 1,), "eps": 0.01}) for x in (A3, A23, SIGNED)),
    Sample("standardized", (EMPTY,), _standardized, {"axes": (1,), "eps": 0.01}),
]

KINKS: list[Any] = []

TORCH: dict[str, Any] = {
    "standardized": lambda torch, x, *, axes, eps: torch.nn.functional.layer_norm(x, x.shape[axes[0] :], eps=eps)
}
