"""Samples of micrograd/ops/reductions.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.samples.sample import A234, AXES, EMPTY, Kink, Sample

SAMPLES = [
    *(Sample(name, (A234,), getattr(np, name), p) for name in ("sum", "max", "min") for p in AXES),
    Sample("sum", (0.75,), np.sum),
    Sample("sum", (EMPTY,), np.sum, {"axis": 0}),
    Sample("max", (0.75,), np.max),
]

KINKS = [
    Kink("max", np.array([3.0, 1.0, 3.0]), np.array([0.5, 0.0, 0.5])),
    Kink("min", np.array([1.0, 1.0, 3.0]), np.array([0.5, 0.5, 0.0])),
]


def _reduction(name: str) -> Callable[..., Any]:
    def f(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return getattr(torch, name)(x, dim=tuple(range(x.ndim)) if axis is None else axis, keepdim=keepdims)

    return f


TORCH: dict[str, Any] = {"sum": _reduction("sum"), "max": _reduction("amax"), "min": _reduction("amin")}
