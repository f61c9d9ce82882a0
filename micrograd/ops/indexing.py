"""The table, indexing: elements taken out, put back, stacked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from micrograd.errors import IndexingError, ShapeError
from micrograd.op import Array, linear, multilinear, named, shape_of

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np


def _taken(x: Array, *, index: Any) -> tuple[int, ...]:
    shape = shape_of(x)
    ghost = np.broadcast_to(0.0, shape)  # an array of that shape without memory: NumPy itself answers
    try:
        return tuple(ghost[index].shape)
    except IndexError as error:
        raise IndexingError(f"getitem: index {index!r} of {named(x)}: {error}") from None


@multilinear("[{index}]", lambda g, x, *, index: scatter(g, index=index, shape=shape_of(x)), shape=_taken)
def getitem(x: Array, *, index: Any) -> Array:
    """Elements of an array, by NumPy's rules of indexing.

    Args:
        x: value of any shape.
        index: whatever NumPy takes: integers, slices, None, `...`, and tuples of them.

    Raises:
        IndexingError: the array has no such element.

    >>> getitem(np.array([1.0, 2.0, 3.0]), index=slice(1, None))
    array([2., 3.])
    """
    return x[index]


@multilinear(
    "scatter [{index}]",
    lambda g, x, *, index, shape: getitem(g, index=index),
    shape=lambda x, *, index, shape: shape,
)
def scatter(x: Array, *, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros with x added at an index; the transpose of `getitem`. An element indexed twice receives twice.

    Args:
        x: value of the shape that `zeros(shape)[index]` has.
        index: whatever NumPy takes.
        shape: shape of the result.

    >>> scatter(np.array([5.0, 7.0]), index=[1, 1], shape=(3,))
    array([ 0., 12.,  0.])
    """
    z = np.zeros(shape, x.dtype if hasattr(x, "dtype") else float)
    np.add.at(z, index, x)
    return z


def _stacked(*values: Array, axis: int = 0) -> tuple[int, ...]:
    shapes = {shape_of(x): x for x in values}
    if len(shapes) != 1:
        given = ", ".join(named(x) for x in shapes.values()) or "nothing"
        raise ShapeError(f"stack: {given}: give one value at least, all of one shape")
    (shape,) = shapes
    if not -len(shape) - 1 <= axis <= len(shape):
        raise ShapeError(f"stack: axis {axis}: the result has {len(shape) + 1} axes")
    position = axis % (len(shape) + 1)
    return (*shape[:position], len(values), *shape[position:])


def _unstacked(i: int, g: Array, *values: Array, axis: int = 0) -> Array:
    position = axis % len(shape_of(g))
    return getitem(g, index=(slice(None),) * position + (i,))


@linear("stack", _unstacked, shape=_stacked)
def stacked(*values: Array, axis: int = 0) -> Array:
    """The op behind `stack`, its inputs one by one.

    >>> stacked(1.0, 2.0)
    array([1., 2.])
    """
    return np.stack(values, axis=axis)


def stack(values: Iterable[Array], *, axis: int = 0) -> Array:
    """Several values of one shape side by side, along a new axis.

    Args:
        values: one value at least, all of one shape; numbers too.
        axis: where the new axis stands, counted from the end when negative.

    Raises:
        ShapeError: no value is given, or their shapes differ.

    >>> stack([1.0, 2.0])
    array([1., 2.])
    """
    values = tuple(values)
    if not values:
        _stacked(axis=axis)
    return stacked(*values, axis=axis)
