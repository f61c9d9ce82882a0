"""Samples of micrograd/ops/indexing.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A3, A23, A234, Sample

_INDICES: list[Any] = [0, -1, slice(None), slice(None, None, -2), (0, slice(1, 3)), (..., 0), (None, 1), (1, 2, 3)]


def _scattered(x: Any, *, index: Any, shape: tuple[int, ...]) -> Any:
    z = np.zeros(shape)
    np.add.at(z, index, x)
    return z


SAMPLES = [
    *(Sample("getitem", (A234,), lambda x, index: x[index], {"index": i}) for i in _INDICES),
    Sample("scatter", (A3,), _scattered, {"index": np.array([0, 1, 0]), "shape": (4,)}),
    Sample("scatter", (A3,), _scattered, {"index": (1,), "shape": (2, 3)}),
    *(Sample("stacked", (A23, A23 + 1, 2 * A23), lambda *v, axis: np.stack(v, axis), {"axis": a}) for a in (0, 1, -1)),
    Sample("stacked", (0.75, 1.5), lambda *v: np.stack(v)),
]

KINKS: list[Any] = []


def _torch_getitem(torch: Any, x: Any, index: Any) -> Any:
    if isinstance(index, slice) and (index.step or 1) < 0:  # torch has no negative steps
        return x.flip(0)[:: -index.step]
    return x[index]


def _torch_scatter(torch: Any, x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    place = tuple(torch.as_tensor(i) for i in (index if isinstance(index, tuple) else (index,)))
    return torch.zeros(shape, dtype=x.dtype).index_put(place, x, accumulate=True)


TORCH: dict[str, Any] = {
    "getitem": _torch_getitem,
    "scatter": _torch_scatter,
    "stacked": lambda torch, *xs, axis=0: torch.stack(xs, dim=axis),
}
