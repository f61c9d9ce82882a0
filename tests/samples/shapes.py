"""Samples of micrograd/ops/shapes.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A3, A21, A23, A234, Sample

SAMPLES = [
    *(Sample("reshape", (A234,), np.reshape, {"shape": s}) for s in [24, (24,), (4, 6), (-1, 8), (2, 3, 4, 1)]),
    Sample("reshape", (0.75,), np.reshape, {"shape": (1, 1)}),
    *(Sample("transpose", (A234,), np.transpose, {"axes": a}) for a in [None, (2, 0, 1), (-1, 0, 1)]),
    *(Sample("broadcast_to", (x,), np.broadcast_to, {"shape": (4, 2, 3)}) for x in (A23, A3, A21, 0.75)),
    Sample("broadcast_to", (0.75,), np.broadcast_to, {"shape": 3}),
]

KINKS: list[Any] = []

TORCH: dict[str, Any] = {
    "reshape": lambda torch, x, shape: x.reshape(shape),
    "transpose": lambda torch, x, axes: x.permute(axes if axes else tuple(range(x.ndim))[::-1]),
    "broadcast_to": lambda torch, x, shape: x.broadcast_to((shape,) if isinstance(shape, int) else shape),
}
