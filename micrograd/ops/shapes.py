"""The table, shapes: the same numbers in another shape, or repeated by broadcasting."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_data
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import OPS, Array, multilinear, named, shape_of
from micrograd.ops.alarms import integer_of
from micrograd.ops.axes import Axis, axes_of, axis_of, new_axis
from micrograd.ops.rows import is_column, repeated

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_to",
    "expand_dims",
    "moveaxis",
    "ravel",
    "reshape",
    "rollaxis",
    "squeeze",
    "sum_to",
    "swapaxes",
    "transpose",
]


SMALL = 4000  # elements, up to which to fill an array is quicker than NumPy's view


def sizes_of(name: str, given: Any) -> tuple[int, ...]:
    """A tuple of integers, such as a shape, from one integer or a sequence.

    Raises:
        ArgumentError: something is not an integer.

    >>> sizes_of("reshape", 3)
    (3,)
    """
    try:
        return tuple(operator.index(n) for n in (given if hasattr(given, "__iter__") else (given,)))
    except TypeError:
        raise ArgumentError(f"{name}: {given!r}: give an integer, or a tuple of integers") from None


def _reshaped(x: Array, *, shape: int | tuple[int, ...]) -> tuple[int, ...]:
    shape = sizes_of("reshape", shape)
    size, known = math.prod(shape_of(x)), math.prod(n for n in shape if n != -1)
    unknown = shape.count(-1)
    if (
        unknown > 1
        or any(n < -1 for n in shape)
        or (unknown == 0 and known != size)
        or (unknown == 1 and (known == 0 or size % known))
    ):
        raise ShapeError(
            f"reshape: {named(x)} has {size} element{'s' * (size != 1)}, and shape {shape} does not; "
            f"give sizes whose product is {size}; one may be -1, to be computed"
        )
    return tuple(size // known if n == -1 else n for n in shape)


@multilinear("reshape", lambda g, x, *, shape: reshape(g, shape=shape_of(x)), shape=_reshaped)
def reshape(x: Array, *, shape: int | Sequence[int]) -> Array:
    """The same elements in the same order, in another shape.

    Args:
        x: value of any shape.
        shape: the new shape; one size may be -1, and is then computed.

    Raises:
        ShapeError: the new shape has another number of elements.
        ArgumentError: a size is not an integer.

    >>> reshape(np.arange(4.0), shape=(2, 2))
    array([[0., 1.],
           [2., 3.]])
    """
    if type(x) is np.ndarray:
        return x.reshape(shape)
    if type(x) is float:
        return x if shape == () else np.array(x).reshape(shape)
    return np.reshape(x, sizes_of("reshape", shape))


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=lambda axis: axes[axis] % len(axes)))


def _transposed(x: Array, *, axes: Sequence[int] | None = None) -> tuple[int, ...]:
    shape = shape_of(x)
    axes = tuple(range(len(shape)))[::-1] if axes is None else sizes_of("transpose", axes)
    if sorted(axis % len(shape) if -len(shape) <= axis < len(shape) else -1 for axis in axes) != [*range(len(shape))]:
        raise ShapeError(f"transpose: axes {tuple(axes)} of {named(x)}: name each of its {len(shape)} axes once")
    return tuple(shape[axis] for axis in axes)


@multilinear(
    "transpose",
    lambda g, x, *, axes=None: transpose(g, axes=None if axes is None else _inverse(sizes_of("transpose", axes))),
    shape=_transposed,
    tex=r"\left({0}\right)^\top",
)
def transpose(x: Array, *, axes: Sequence[int] | None = None) -> Array:
    """The axes in another order.

    Args:
        x: value of any shape.
        axes: for each axis of the result, its number in x; None reverses the order.

    Raises:
        ShapeError: the axes do not name each axis of x once.

    >>> transpose(np.ones((2, 3))).shape
    (3, 2)
    """
    return x.transpose(axes) if type(x) is np.ndarray else np.transpose(x, axes)


def _broadcast(x: Array, *, shape: int | tuple[int, ...]) -> tuple[int, ...]:
    given, shape = shape_of(x), sizes_of("broadcast_to", shape)
    tail = shape[len(shape) - len(given) :]
    if len(given) > len(shape) or any(n not in (1, m) for n, m in zip(given, tail, strict=True)):
        raise ShapeError(
            f"broadcast_to: {named(x)} does not broadcast to {shape}: "
            f"each size, counted from the last, must be 1 or the size wanted"
        )
    return shape


@multilinear("broadcast", lambda g, x, *, shape: sum_to(g, shape_of(x)), shape=_broadcast)
def broadcast_to(x: Array, *, shape: tuple[int, ...]) -> Array:
    """x repeated to fill a larger shape, by NumPy's rule of broadcasting.

    Args:
        x: value of shape (..., n or 1, ...).
        shape: the shape to fill.

    Raises:
        ShapeError: a size of x is neither 1 nor the size wanted.

    >>> broadcast_to(2.0, shape=(3,))
    array([2., 2., 2.])
    """
    # A number: filling is quicker than a view, and the caller may change the array.
    if isinstance(x, (float, int, np.generic)):
        z = np.empty(shape, type(x))
        z.fill(x)
        return z
    if type(x) is np.ndarray and type(shape) is tuple and x.ndim <= len(shape):
        if math.prod(shape) <= SMALL:
            z = np.empty(shape, x.dtype)
            z[...] = x
            return z
        if is_column(x, shape):
            return repeated(x, shape)
    return np.broadcast_to(x, shape)


def sum_to(g: Array, shape: tuple[int, ...]) -> Array:
    """The transpose of broadcasting: g summed back to the shape that was broadcast.

    It sums over the axes that broadcasting made or repeated.

    >>> sum_to(np.ones((2, 3)), (3,))
    array([2., 2., 2.])
    """
    given = shape_of(g)
    if given == shape:
        return g
    if not shape and type(g) is np.ndarray:
        return np.add.reduce(g, None)
    # From the table: `sum` is defined in a later room, because its rule needs
    # broadcast_to.
    sum = OPS["sum"]
    extra = len(given) - len(shape)
    repeated = [i for i, n in enumerate(shape, extra) if n == 1 and given[i] != 1]
    if not repeated:
        if type(g) is np.ndarray and g.size >= 4000 and shape and g.flags.c_contiguous and g.dtype.char in "fd":
            rows = g.reshape(-1, math.prod(shape))  # as a product it is twice as quick
            return (np.ones(len(rows), g.dtype) @ rows).reshape(shape)
        axes = tuple(range(extra))
        return np.add.reduce(g, axes) if type(g) is np.ndarray else sum(g, axis=axes)
    g = sum(g, axis=repeated[0] if not extra and len(repeated) == 1 else (*range(extra), *repeated), keepdims=True)
    return reshape(g, shape=shape) if extra else g


def with_axes(name: str, x: Any, least: int) -> Array:
    """x, if it has at least so many axes.

    Raises:
        ShapeError: it has fewer.

    >>> with_axes("flipud", [1.0, 2.0], 1)
    array([1., 2.])
    """
    x = as_data(x, name)
    if len(shape_of(x)) < least:
        raise ShapeError(f"{name}: {named(x)} has too few axes; it needs at least {least}, see reshape")
    return x


# Axes of length 1


def expand_dims(x: Array, *, axis: int | tuple[int, ...]) -> Array:
    """x with new axes of length 1.

    Args:
        x: value of any shape.
        axis: the numbers of the new axes in the result.

    Raises:
        ShapeError: the result has no such axis, or one is named twice.

    >>> expand_dims(np.ones(3), axis=0).shape
    (1, 3)
    """
    given = axis if isinstance(axis, tuple) else (axis,)
    ndim = len(shape_of(x)) + len(given)
    new = [new_axis("expand_dims", a, ndim) for a in given]
    if len(set(new)) < len(new):
        raise ShapeError(f"expand_dims: axis {axis} of {named(x)}: an axis is named twice; name each once")
    old = iter(shape_of(x))
    return reshape(x, shape=tuple(1 if a in new else next(old) for a in range(ndim)))


def squeeze(x: Array, *, axis: Axis = None) -> Array:
    """x without axes of length 1.

    Args:
        x: value of any shape.
        axis: the axes to remove; None for all of length 1.

    Raises:
        ShapeError: an axis does not exist, or is longer than 1.

    >>> squeeze(np.ones((1, 3, 1))).shape
    (3,)
    """
    shape = shape_of(x)
    axes = [i for i, n in enumerate(shape) if n == 1] if axis is None else axes_of("squeeze", x, axis)
    left = list(shape)
    for a in sorted(axes, reverse=True):
        if left.pop(a) != 1:
            raise ShapeError(f"squeeze: axis {axis} of {named(x)}: only axes of length 1 can be removed")
    return reshape(x, shape=tuple(left))


def ravel(x: Array) -> Array:
    """All elements in one row; the last axis varies fastest.

    >>> ravel(np.ones((2, 3))).shape
    (6,)
    """
    return reshape(x, shape=(-1,) if math.prod(shape_of(x)) else (0,))


def atleast_1d(*values: Array) -> Any:
    """Each value with at least one axis; a number becomes an array of one element.

    Several values give a tuple.

    >>> atleast_1d(2.0)
    array([2.])
    """
    found = tuple(x if shape_of(x) else reshape(x, shape=(1,)) for x in values)
    return found[0] if len(found) == 1 else found


def atleast_2d(*values: Array) -> Any:
    """Each value with at least two axes; a vector becomes a row.

    Several values give a tuple.

    >>> atleast_2d(np.ones(3)).shape
    (1, 3)
    """
    found = tuple(x if len(shape_of(x)) > 1 else reshape(x, shape=(1, *(shape_of(x) or (1,)))) for x in values)
    return found[0] if len(found) == 1 else found


def atleast_3d(*values: Array) -> Any:
    """Each value with at least three axes, placed as NumPy places them.

    The shape (n,) becomes (1, n, 1), and (n, m) becomes (n, m, 1). Several values give
    a tuple.

    >>> atleast_3d(np.ones(3)).shape
    (1, 3, 1)
    """
    found = tuple(x if len(shape_of(x)) > 2 else reshape(x, shape=_three(*shape_of(x))) for x in values)
    return found[0] if len(found) == 1 else found


def _three(n: int = 1, m: int | None = None) -> tuple[int, int, int]:
    return (1, n, 1) if m is None else (n, m, 1)


# Axes in another order


def moveaxis(x: Array, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Array:
    """Some axes moved to other places; the others keep their order.

    Args:
        x: value of any shape.
        source: the axes to move.
        destination: where each of them goes.

    Raises:
        ShapeError: an axis does not exist or is named twice, or there is not one place
            per axis.

    >>> moveaxis(np.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    source, destination = (tuple(a) if isinstance(a, list) else a for a in (source, destination))
    origin, goal = axes_of("moveaxis", x, source), axes_of("moveaxis", x, destination)
    if len(origin) != len(goal):
        raise ShapeError(f"moveaxis: axes {source} of {named(x)} to {destination}: give one place per axis")
    moved = dict(zip(goal, origin, strict=True))
    others = (a for a in range(len(shape_of(x))) if a not in origin)
    return transpose(x, axes=tuple(moved[a] if a in moved else next(others) for a in range(len(shape_of(x)))))


def swapaxes(x: Array, axis1: int, axis2: int) -> Array:
    """Two axes exchanged.

    Args:
        x: value of any shape.
        axis1: the first of the two.
        axis2: the second.

    Raises:
        ShapeError: an axis does not exist.

    >>> swapaxes(np.ones((2, 3, 4)), 0, 2).shape
    (4, 3, 2)
    """
    one, other = axis_of("swapaxes", x, axis1), axis_of("swapaxes", x, axis2)
    axes = list(range(len(shape_of(x))))
    axes[one], axes[other] = other, one
    return transpose(x, axes=tuple(axes))


def rollaxis(a: Array, axis: int, start: int = 0) -> Array:
    """One axis moved before another; `moveaxis` is easier to read.

    Args:
        a: value of any shape.
        axis: the axis to move.
        start: the axis that it is moved before; the number of axes moves it to the end.

    Raises:
        ShapeError: an axis does not exist.

    >>> rollaxis([[[1.0, 2.0, 3.0]]], 2).shape
    (3, 1, 1)
    """
    a = as_data(a, "rollaxis")
    ndim = len(shape_of(a))
    axis = axis_of("rollaxis", a, axis)
    start = integer_of("rollaxis", "start", start)
    if not -ndim <= start <= ndim:
        raise ShapeError(f"rollaxis: start {start} of {named(a)}: give a number from {-ndim} to {ndim}")
    start += ndim if start < 0 else 0
    return moveaxis(a, axis, start - 1 if axis < start else start)
