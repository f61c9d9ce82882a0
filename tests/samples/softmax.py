"""Samples of micrograd/ops/softmax.py: of its records. The functions there have rows in
tests/ops/test_softmax.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.samples.sample import A3, A234, EMPTY, SIGNED, Sample


def _log_softmax(x: Any, *, axis: Any) -> Any:
    """z_i = -ln (1 + sum of exp(x_j - x_i) over all j but i).

    SciPy's loses digits where z is near 0.
    """
    axes = tuple(range(x.ndim)) if axis is None else tuple(np.atleast_1d(axis) % x.ndim)
    order = (*(a for a in range(x.ndim) if a not in axes), *axes)
    moved = x.transpose(order)
    rows = moved.reshape(*moved.shape[: x.ndim - len(axes)], math.prod(x.shape[a] for a in axes))
    others = np.exp(rows[..., None, :] - rows[..., :, None]) * (1.0 - np.eye(rows.shape[-1]))
    return -np.log1p(others.sum(axis=-1)).reshape(moved.shape).transpose(np.argsort(order))


def _softmax(x: Any, *, axis: Any) -> Any:
    shares = np.exp(x)
    return shares / shares.sum(axis=axis, keepdims=True)


SAMPLES = [
    *(Sample("softmaxed", (A234,), _softmax, {"axis": axis}) for axis in (0, 1, -1, (0, 2), None)),
    *(Sample("softmaxed", (x,), _softmax, {"axis": -1}) for x in (A3, SIGNED, EMPTY)),
    *(Sample("log_softmaxed", (A234,), _log_softmax, {"axis": axis}) for axis in (0, 1, -1, (0, 2), None)),
    *(Sample("log_softmaxed", (x,), _log_softmax, {"axis": -1}) for x in (A3, SIGNED, 10.0 * SIGNED, EMPTY)),
]

KINKS: list[Any] = []


def _log_in_torch(torch: Any, x: Any, *, axis: Any) -> Any:
    """In float64: PyTorch's own float32 has four digits where one share is 0.9997."""
    y = x.double()
    return (y - torch.logsumexp(y, tuple(range(x.ndim)) if axis is None else axis, keepdim=True)).to(x.dtype)


TORCH: dict[str, Any] = {
    "log_softmaxed": _log_in_torch,
    "softmaxed": lambda torch, x, *, axis: torch.exp(
        x - torch.logsumexp(x, tuple(range(x.ndim)) if axis is None else axis, keepdim=True)
    ),
}
