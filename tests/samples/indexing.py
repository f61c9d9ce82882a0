"""Samples of micrograd/ops/indexing.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A3, A23, A234, EMPTY, Sample

BASIC: list[Any] = [
    0,
    -1,
    np.int64(1),
    slice(None),
    slice(None, None, -2),
    slice(1, 1),
    (0, slice(1, 3)),
    (..., 0),
    (None, 1),
    (slice(None), None, slice(2, 0, -1), slice(0, 4, 3)),
    (1, 2, 3),
    (),
]
ADVANCED: list[Any] = [
    [0, 0, 1],
    [],
    np.array([[0, 1], [1, -1]]),
    (slice(None), [2, 0, 2]),
    (..., np.array([3, 3, 0])),
    ([0, 1], [2, 2]),
    ([[0], [1]], slice(None), [0, 3]),  # arrays apart: their axes come first
    (1, slice(None), [0, 0]),
    (slice(None), np.array([1, 1]), None, slice(1, None, 2)),
    A234 > 1.0,
    np.array([True, False]),
    np.zeros(2, bool),
    (slice(None), np.array([True, False, True]), slice(0, 2)),
    (np.array([True, True]), [0, 2]),
    (A23 > 1.0, 1),
    True,
]


def _scattered(x: Any, *, index: Any, shape: tuple[int, ...]) -> Any:
    z = np.zeros(shape)
    np.add.at(z, index, x)
    return z


def _all_scattered(*values: Any, indices: Any, shape: tuple[int, ...]) -> Any:
    z = np.zeros(shape)
    for x, index in zip(values, indices, strict=True):
        np.add.at(z, index, x)
    return z


def _set(x: Any, w: Any, *, index: Any) -> Any:
    z = np.array(x)
    z[index] = w
    return z


def _added(x: Any, w: Any, *, index: Any) -> Any:
    z = np.array(x)
    np.add.at(z, index, w)
    return z


def _rows_put(w: Any, i: Any, *, length: int) -> Any:
    z = np.zeros((length, *np.shape(w)[np.ndim(i) :]))
    np.add.at(z, i, w)
    return z


# What replaces or is added: (x, w, index), with w broadcast, repeated elements,
# nothing, and numbers
_WRITES: list[Any] = [
    (A23, 0.25, 0),
    (A23, A3 + 2.0, slice(None)),
    (A23, A23[:, :2] + 2.0, (slice(None), slice(None, None, 2))),
    (A234, np.array([[0.1], [0.2]]), (slice(None), 1)),
    (A3, np.array([0.1, 0.2, 0.3, 0.4]), [0, 2, 0, -1]),
    (A23, A23[:1] + 2.0, [1, 1]),
    (A23, np.array([0.1, 0.2]), ([0, 0], [2, 2])),
    (A23, 0.25, A23 > 1.0),
    (A3, np.array([0.1, 0.2]), np.array([True, False, True])),
    (A3, 0.25, []),
    (0.75, 0.25, ()),
    (EMPTY, 0.25, (slice(None), 0)),
]

SAMPLES = [
    *(Sample("getitem", (A234,), lambda x, index: x[index], {"index": i}) for i in (*BASIC, *ADVANCED)),
    Sample("getitem", (0.75,), lambda x, index: np.asarray(x)[index], {"index": None}),
    Sample("getitem", (EMPTY,), lambda x, index: x[index], {"index": (slice(None), 1)}),
    Sample("scatter", (A3,), _scattered, {"index": np.array([0, 1, 0]), "shape": (4,)}),
    Sample("scatter", (A3,), _scattered, {"index": (1,), "shape": (2, 3)}),
    Sample("scatter", (A23,), _scattered, {"index": [3, 3], "shape": (4, 3)}),
    Sample("scatter", (A3,), _scattered, {"index": np.array([True, False, True, True]), "shape": (4,)}),
    Sample("scatter", (0.75,), _scattered, {"index": 2, "shape": (4,)}),
    Sample("scattered", (A3,), _all_scattered, {"indices": (1,), "shape": (2, 3)}),
    Sample("scattered", (0.75, A3, 1.5), _all_scattered, {"indices": (1, slice(0, 3), 1), "shape": (4,)}),
    Sample(
        "scattered",
        (A3, A23, A23[:, :2]),
        _all_scattered,
        {"indices": ((slice(0, 3), 1), [1, 1], (slice(0, 2), slice(0, 2))), "shape": (3, 3)},
    ),
    Sample("rows_at", (A3, np.array([0, 2, 0])), lambda x, i: x[i]),
    Sample("rows_at", (A234, np.array([[1, 0], [1, 1]])), lambda x, i: x[i]),
    Sample("rows_at", (A23, np.array(1)), lambda x, i: x[i]),
    Sample("rows_put", (A3, np.array([0, 2, 0])), _rows_put, {"length": 4}),
    Sample("rows_put", (A234, np.array([[1, 0, 0], [1, 1, 0]])), _rows_put, {"length": 2}),
    Sample("rows_put", (A3, np.array(1)), _rows_put, {"length": 2}),
    *(Sample("index_set", (x, w), _set, {"index": i}) for x, w, i in _WRITES),
    *(Sample("index_add", (x, w), _added, {"index": i}) for x, w, i in _WRITES),
]

KINKS: list[Any] = []


def _places(torch: Any, shape: Any, index: Any) -> tuple[Any, Any]:
    """NumPy's reading of an index, which PyTorch does not quite share: numbers of the
    elements, and their shape.
    """
    places = np.asarray(np.arange(int(np.prod(shape))).reshape(tuple(shape))[index])
    return torch.as_tensor(places.reshape(-1)), places.shape


def _torch_getitem(torch: Any, x: Any, index: Any) -> Any:
    places, shape = _places(torch, x.shape, index)
    return x.reshape(-1)[places].reshape(shape)


def _torch_scatter(torch: Any, x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    return _torch_index_add(torch, torch.zeros(shape, dtype=x.dtype), x, index)


def _torch_scattered(torch: Any, *values: Any, indices: Any, shape: tuple[int, ...]) -> Any:
    z = torch.zeros(shape, dtype=values[0].dtype)
    for x, index in zip(values, indices, strict=True):
        z = _torch_index_add(torch, z, x, index)
    return z


def _torch_index_add(torch: Any, x: Any, w: Any, index: Any) -> Any:
    places, shape = _places(torch, x.shape, index)
    z = x.reshape(-1).index_put((places,), w.broadcast_to(shape).reshape(-1), accumulate=True)
    return z.reshape(x.shape)


def _torch_index_set(torch: Any, x: Any, w: Any, index: Any) -> Any:
    places, shape = _places(torch, x.shape, index)
    last = sorted({int(place): i for i, place in enumerate(places)}.values())
    z = x.reshape(-1).index_put((places[last],), w.broadcast_to(shape).reshape(-1)[last])
    return z.reshape(x.shape)


TORCH: dict[str, Any] = {
    "rows_at": lambda torch, x, i: x[i.long()] + 0.0 * i.sum(),  # so that i has a gradient, of 0
    "rows_put": lambda torch, w, i, length: torch.zeros(length, *w.shape[i.ndim :], dtype=w.dtype).index_put(
        (i.long(),), w + 0.0 * i.sum(), accumulate=True
    ),
    "getitem": _torch_getitem,
    "scatter": _torch_scatter,
    "scattered": _torch_scattered,
    "index_set": _torch_index_set,
    "index_add": _torch_index_add,
}
