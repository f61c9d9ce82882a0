"""Samples of micrograd/ops/lengths.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A3, A13, A21, A23, EMPTY, PAIRS, SIGNED, Kink, Sample, array


def _length(x: Any, axis: tuple[int, ...]) -> Any:
    return np.sqrt(np.sum(np.square(x), axis=axis, keepdims=True))


_SIGNED_PAIRS = [(-2.5, 0.75), (SIGNED, -A3), (-A21, A13), (-2.5, SIGNED)]

SAMPLES = [
    *(Sample("hypot", pair, np.hypot) for pair in (*PAIRS, *_SIGNED_PAIRS)),
    *(
        Sample("euclidean_norm", (x,), _length, {"axis": axis})
        for x, axis in [
            (array(3), (0,)),
            (array(2, 3), (1,)),
            (array(2, 3, 4), (0, 2)),
            (-0.75, ()),
            (array(2, 3), ()),
            (EMPTY, (1,)),
        ]
    ),
    *(
        Sample("cosine", pair, np.divide)
        for pair in [
            (-0.75, 2.5),
            (SIGNED, A23 + 2.0),
            (SIGNED, A3 + 2.0),
            (A21, A13 + 2.0),
            (0.5, A23 + 2.0),
            (EMPTY, A3),
        ]
    ),
]

KINKS = [
    Kink("hypot", np.array([0.0, 3.0]), np.array([0.0, 1.0]), (0.0,)),
    Kink("euclidean_norm", np.zeros(3), np.zeros(3), params={"axis": (0,)}),
    Kink(
        "euclidean_norm", np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[0.0, 0.0], [0.6, 0.8]]), params={"axis": (1,)}
    ),
    Kink("cosine", np.array([3.0]), np.array([0.2]), (np.array([5.0]),)),
]

TORCH: dict[str, Any] = {
    "hypot": lambda torch, x, y: torch.hypot(x, y),
    "euclidean_norm": lambda torch, x, axis: torch.sqrt(torch.sum(x * x, dim=axis, keepdim=True)) if axis else abs(x),
    "cosine": lambda torch, x, r: x / r,
}
