"""The table, taking: elements taken along an axis by their numbers.

The numbers are plain data, and an index. Inside a `vmap` they may differ from example
to example, as those of `argsort` do. Then they are an input of an op, which takes rows.
"""

from __future__ import annotations

import contextlib
import math
from typing import Any

from micrograd import on_demand as np
from micrograd.captures import is_followed
from micrograd.errors import ArgumentError, IndexingError, ShapeError
from micrograd.interpreter import is_one_of_many
from micrograd.op import Array, multilinear, named, numbers_below, shape_of
from micrograd.ops.arithmetic import add, clip, remainder, where
from micrograd.ops.axes import along, axis_of, with_length
from micrograd.ops.comparisons import less
from micrograd.ops.indexing import getitem
from micrograd.ops.indices import in_bounds, refuse_values, taken_shape
from micrograd.ops.scattering import add_in_place
from micrograd.ops.shapes import broadcast_to, moveaxis, ravel

__all__ = [
    "rows_at",
    "rows_put",
    "take",
    "take_along_axis",
]


# Rows, by numbers that are an input


def _places(i: Array) -> Any:
    return np.asarray(i, int)  # beside a Value they became floats


def _taken(x: Array, i: Array) -> tuple[int, ...]:
    if not shape_of(x):
        raise ShapeError(f"rows_at: {named(x)} is a number, and has no rows")
    return (*shape_of(i), *shape_of(x)[1:])


@multilinear(
    "rows",
    lambda g, x, i: rows_put(g, i, length=shape_of(x)[0]),
    None,
    shape=_taken,
    dtype=lambda x, i: getattr(x, "dtype", float),
)
def rows_at(x: Array, i: Array) -> Array:
    """The op behind `take` where the numbers i differ between the examples of a `vmap`.

    z[k] = x[i[k]]

    >>> rows_at(np.array([3.0, 5.0]), np.array([1, 1, 0]))
    array([5., 5., 3.])
    """
    return x[_places(i)]


def _put(w: Array, i: Array, *, length: int) -> tuple[int, ...]:
    shape, rank = shape_of(w), len(shape_of(i))
    if shape[:rank] != shape_of(i):
        raise ShapeError(f"rows_put: {named(w)} at places {named(i)}: give one row for each place")
    return (length, *shape[rank:])


@multilinear(
    "put rows",
    lambda g, w, i, *, length: rows_at(g, i),
    None,
    shape=_put,
    dtype=lambda w, i, *, length: getattr(w, "dtype", float),
)
def rows_put(w: Array, i: Array, *, length: int) -> Array:
    """Zeros with the rows w added at numbers i; the transpose of `rows_at`.

    >>> rows_put(np.array([3.0, 5.0]), np.array([1, 1]), length=3)
    array([0., 8., 0.])
    """
    z = np.zeros(_put(w, i, length=length), getattr(w, "dtype", float))
    add_in_place(z, _places(i), w)
    return z


def _from_0(name: str, x: Array, i: Array, axis: int) -> Array:
    """Numbers along an axis of x that differ from example to example, counted from the
    front.
    """
    n, found = shape_of(x)[axis], np.asarray(numbers_below(i))
    if found.dtype.kind not in "iu":
        raise IndexingError(f"{name}: indices of type {found.dtype}: give integers, such as those of argmax or argsort")
    if found.size and not (-n <= found.min() and found.max() < n):
        worst = found.min() if found.min() < -n else found.max()
        raise IndexingError(f"{name}: index {worst} is out of bounds for axis {axis} of {named(x)}, with size {n}")
    return in_bounds(i, length=n) if is_followed(i) else where(less(i, 0), add(i, n), i)


def _of_each(name: str, x: Array, i: Array, axis: int) -> Array:
    """Elements of x along an axis, by numbers that differ from example to example."""
    rank = len(shape_of(i))
    z = rows_at(moveaxis(x, axis, 0), _from_0(name, x, i, axis))
    return moveaxis(z, tuple(range(rank)), tuple(range(axis, axis + rank)))


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
    n = shape_of(x)[axis]
    if is_one_of_many(indices) or is_followed(indices):
        if mode != "raise":
            indices = clip(indices, min=0, max=n - 1) if mode == "clip" else remainder(indices, n)
        return _of_each("take", x, indices, axis)
    refuse_values("take", indices)
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
    each = is_one_of_many(indices) or is_followed(indices)
    if not each:
        refuse_values("take_along_axis", indices)
    indices = indices if hasattr(indices, "shape") else np.asarray(indices)
    shape = shape_of(x)
    if len(shape_of(indices)) != len(shape):
        raise IndexingError(
            f"take_along_axis: indices of shape {shape_of(indices)} for {named(x)}: give indices with {len(shape)} axes"
        )
    if each:
        return _along_axis_of_each(x, indices, axis)
    rows = [with_length((1,) * len(shape), a, -1) for a in range(len(shape))]
    index: list[Any] = [np.arange(n).reshape(row) for n, row in zip(shape, rows, strict=True)]
    index[axis] = indices
    return _getitem_for("take_along_axis", x, tuple(index))


def _along_axis_of_each(x: Array, indices: Array, axis: int) -> Array:
    """The same, by numbers that differ from example to example: each row becomes one
    part of a longer row.
    """
    places = moveaxis(_from_0("take_along_axis", x, indices, axis), axis, -1)
    x = moveaxis(x, axis, -1)
    n = shape_of(x)[-1]
    outer = np.broadcast_shapes(shape_of(x)[:-1], shape_of(places)[:-1])
    starts = n * np.arange(math.prod(outer)).reshape(*outer, 1)
    z = rows_at(ravel(broadcast_to(x, shape=(*outer, n))), add(places, starts))
    return moveaxis(z, -1, axis)


def _getitem_for(name: str, x: Array, index: Any) -> Array:
    with contextlib.suppress(IndexError):
        return getitem(x, index=index)
    taken_shape(x, index=index, name=name)  # raises, in the name of the caller
    return getitem(x, index=index)
