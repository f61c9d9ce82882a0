"""Samples of micrograd/ops/reductions.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.samples.sample import A23, A234, AXES, EMPTY, Kink, Sample

_SPARSE = np.array([[0.0, 1.5, 0.0], [-2.0, 0.0, 0.0]])
_ONE_AXIS: list[dict[str, Any]] = [{}, {"axis": 0}, {"axis": -1}, {"axis": 1, "keepdims": True}]


SAMPLES = [
    *(Sample(name, (A234,), getattr(np, name), p) for name in ("sum", "max", "min") for p in AXES),
    *(Sample(name, (0.75,), getattr(np, name)) for name in ("sum", "max", "min")),
    Sample("sum", (EMPTY,), np.sum, {"axis": 0}),
    Sample("sum", (A23,), np.sum, {"axis": ()}),
    *(Sample(name, (A234,), getattr(np, name), p) for name in ("argmax", "argmin") for p in _ONE_AXIS),
    Sample("argmax", (np.array([1.0, 3.0, 3.0]),), np.argmax),
    Sample("argmax", (0.75,), np.argmax),
    *(Sample(name, (_SPARSE,), getattr(np, name), p) for name in ("any", "all", "count_nonzero") for p in _ONE_AXIS),
    *(Sample(name, (x,), getattr(np, name)) for name in ("any", "all", "count_nonzero") for x in (0.0, EMPTY, A23 > 1)),
]

KINKS = [
    Kink("max", np.array([3.0, 1.0, 3.0]), np.array([0.5, 0.0, 0.5])),
    Kink("min", np.array([1.0, 1.0, 3.0]), np.array([0.5, 0.5, 0.0])),
]


def _reduction(name: str) -> Callable[..., Any]:
    def f(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if axis == ():  # which is all axes to PyTorch, and none to NumPy
            return x.clone()
        return getattr(torch, name)(x, dim=tuple(range(x.ndim)) if axis is None else axis, keepdim=keepdims)

    return f


TORCH: dict[str, Any] = {
    "sum": _reduction("sum"),
    "max": _reduction("amax"),
    "min": _reduction("amin"),
}
