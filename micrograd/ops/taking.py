"""The table, taking: elements taken along an axis by their numbers."""

from __future__ import annotations

import contextlib
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, IndexingError
from micrograd.op import Array, named, shape_of
from micrograd.ops.axes import along, axis_of, with_length
from micrograd.ops.indexing import getitem
from micrograd.ops.indices import refuse_values, taken_shape
from micrograd.ops.shapes import ravel

__all__ = [
    "take",
    "take_along_axis",
]


def take(x: Array, indices: Any, *, axis: int | None = None, mode: str = "raise") -> Array:
    """Elements or slices along an axis, by their numbers.

    Args:
        x: value of any shape.
        indices: an integer, or an array of them, whose shape takes the place of the
            axis.
        axis: the axis to take along; None takes from all elements in one row.
        mode: what happens to a number outside: "raise" an error, "wrap" it around, or
            "clip" it to the nearest one.

    Raises:
        IndexingError: x has no such element, or the indices are a Value.
        ShapeError: the axis does not exist.
        ArgumentError: the mode is unknown.

    >>> take(np.array([1.0, 2.0, 3.0]), [0, 0, 2])
    array([1., 1., 3.])
    """
    if axis is None:
        x, axis = ravel(x), 0
    axis = axis_of("take", x, axis)
    if mode not in ("raise", "wrap", "clip"):
        raise ArgumentError(f"take: mode {mode!r}: give 'raise', 'wrap' or 'clip'")
    refuse_values("take", indices)
    n = shape_of(x)[axis]
    if isinstance(indices, (list, tuple)):
        indices = np.asarray(indices, None if indices else int)
    if mode != "raise":
        indices = np.clip(indices, 0, n - 1) if mode == "clip" else np.remainder(indices, n)
    return _getitem_for("take", x, along(axis, indices) if axis else indices)


def take_along_axis(x: Array, indices: Any, *, axis: int | None = -1) -> Array:
    """Elements along an axis, by other numbers in each row: such as `argsort` gives.

    z_ij = x_{i, indices_ij}, with axis 1

    Args:
        x: value of any shape.
        indices: integers in the shape of x, which may differ along the axis; sizes of 1
            are broadcast.
        axis: the axis to take along; None takes from all elements in one row.

    Raises:
        IndexingError: x has no such element; or the indices are a Value, or have
            another number of axes.
        ShapeError: the axis does not exist.

    >>> x = np.array([[3.0, 1.0], [5.0, 7.0]])
    >>> take_along_axis(x, np.array([[1], [0]]), axis=1)
    array([[1.],
           [5.]])
    """
    if axis is None:
        x, axis = ravel(x), 0
    axis = axis_of("take_along_axis", x, axis)
    refuse_values("take_along_axis", indices)
    indices = indices if hasattr(indices, "shape") else np.asarray(indices)
    shape = shape_of(x)
    if len(shape_of(indices)) != len(shape):
        raise IndexingError(
            f"take_along_axis: indices of shape {shape_of(indices)} for {named(x)}: give indices with {len(shape)} axes"
        )
    rows = [with_length((1,) * len(shape), a, -1) for a in range(len(shape))]
    index: list[Any] = [np.arange(n).reshape(row) for n, row in zip(shape, rows, strict=True)]
    index[axis] = indices
    return _getitem_for("take_along_axis", x, tuple(index))


def _getitem_for(name: str, x: Array, index: Any) -> Array:
    with contextlib.suppress(IndexError):
        return getitem(x, index=index)
    taken_shape(x, index=index, name=name)  # raises, in the name of the caller
    return getitem(x, index=index)
