"""The table, grids: values spread over intervals, shapes and grids; made of ops."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_data, as_input
from micrograd.errors import ArgumentError, DomainError
from micrograd.interpreter import Interpreter
from micrograd.op import Array, broadcast_shape, named, numbers_below, shape_of
from micrograd.ops.alarms import integer_of
from micrograd.ops.arithmetic import absolute, cast, positive, sign, where
from micrograd.ops.axes import new_axis, with_length
from micrograd.ops.comparisons import greater
from micrograd.ops.functions import log10, power
from micrograd.ops.shapes import broadcast_to, expand_dims, moveaxis, reshape, sizes_of

__all__ = [
    "broadcast_arrays",
    "full",
    "full_like",
    "geomspace",
    "linspace",
    "logspace",
    "meshgrid",
]


# Over an interval


def linspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Numbers at equal distances over an interval.

    z_i = start + i step, where step = (stop - start) / (num - 1)

    Args:
        start: the first number.
        stop: the last; both may be arrays, which broadcast.
        num: how many.
        endpoint: whether stop is included; without it step = (stop - start) / num.
        retstep: whether to return the pair (z, step).
        dtype: a floating-point type for z.
        axis: the axis of z along which the numbers stand.

    Raises:
        ArgumentError: num is negative or not an integer, or the dtype is of integers.
        ShapeError: the axis does not exist, or start and stop do not broadcast.

    >>> linspace(0.0, 2.0, 5)
    array([0. , 0.5, 1. , 1.5, 2. ])
    """
    start, stop = as_data(start, "linspace"), as_data(stop, "linspace")
    broadcast_shape("linspace", start, stop)
    start, stop = start * 1.0, stop * 1.0  # integers become floats
    count = _count("linspace", num)
    parts = count - 1 if endpoint else count
    delta = stop - start
    step = delta / parts if parts > 0 else delta * np.nan
    ends = broadcast_to(reshape(delta, shape=(1, *shape_of(delta))), shape=(count, *shape_of(delta)))
    turns = np.arange(count).reshape(-1, *(1,) * len(shape_of(delta))).astype(getattr(ends, "dtype", float))
    z = start + (ends / parts * turns if parts > 0 else ends * turns)
    if endpoint and count > 1:
        z = where(turns == parts, stop, z)  # the end exactly, without rounding
    z = _typed("linspace", moveaxis(z, 0, new_axis("linspace", axis, len(shape_of(z)))), dtype)
    return (z, step) if retstep else z


def _count(name: str, num: Any) -> int:
    count = integer_of(name, "num", num)
    if count < 0:
        raise ArgumentError(f"{name}: num={num}; give at least 0")
    return count


def _typed(name: str, z: Array, dtype: Any) -> Array:
    if dtype is None or z.dtype == dtype:
        return z
    if np.dtype(dtype).kind != "f":
        raise ArgumentError(f"{name}: dtype {np.dtype(dtype)}: a Value holds floating-point numbers; round it instead?")
    return cast(z, dtype=dtype)


def logspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    base: Array = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Array:
    """Numbers at equal ratios, from the logarithms of the first and the last.

    z_i = base^(y_i), where y = linspace(start, stop, num)

    Args:
        start: the logarithm of the first number.
        stop: the logarithm of the last.
        num: how many.
        endpoint: whether the last is included.
        base: the base of the logarithms; an array broadcasts with start and stop.
        dtype: a floating-point type for z.
        axis: the axis of z along which the numbers stand.

    Raises:
        ArgumentError: num is negative or not an integer, or the dtype is of integers.
        ShapeError: the axis does not exist, or the shapes do not broadcast.

    >>> logspace(0.0, 2.0, 3)
    array([  1.,  10., 100.])
    """
    start, stop, base = (as_data(x, "logspace") for x in (start, stop, base))
    if shape_of(base):
        ndim = max(len(shape_of(x)) for x in (start, stop, base))
        start, stop, base = (
            reshape(x, shape=(1,) * (ndim - len(shape_of(x))) + shape_of(x)) for x in (start, stop, base)
        )
        base = expand_dims(base, axis=axis)
    return _typed("logspace", power(base, linspace(start, stop, num, endpoint, axis=axis)), dtype)


def geomspace(
    start: Array, stop: Array, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Array:
    """Numbers at equal ratios, from the first and the last.

    z_i = start (stop / start)^(i / (num - 1))

    Args:
        start: the first number.
        stop: the last, of the same sign.
        num: how many.
        endpoint: whether stop is included.
        dtype: a floating-point type for z.
        axis: the axis of z along which the numbers stand.

    Raises:
        ArgumentError: num is negative or not an integer, or the dtype is of integers.
        DomainError: an end is 0, or the signs of the two differ.
        ShapeError: the axis does not exist, or start and stop do not broadcast.

    >>> geomspace(1.0, 100.0, 3)
    array([  1.,  10., 100.])
    """
    start, stop = as_data(start, "geomspace"), as_data(stop, "geomspace")
    broadcast_shape("geomspace", start, stop)
    fits = numbers_below(greater(sign(start) * sign(stop), 0))
    if fits is not None and not np.all(fits):
        raise DomainError(
            f"geomspace: from {named(start)} to {named(stop)}: an end is 0, or the signs differ; "
            f"give two ends of one sign"
        )
    count = _count("geomspace", num)
    turned = sign(start)
    z = logspace(log10(absolute(start)), log10(absolute(stop)), num, endpoint) * turned
    turns = np.arange(count).reshape(-1, *(1,) * (len(shape_of(z)) - 1))
    z = where(turns == 0, start, z)
    if endpoint and count > 1:
        z = where(turns == count - 1, stop, z)
    return _typed("geomspace", moveaxis(z, 0, new_axis("geomspace", axis, len(shape_of(z)))), dtype)


# Over a shape


def full(shape: Any, fill_value: Array, dtype: Any = None) -> Array:
    """One value repeated over a shape.

    z[...] = fill_value

    Args:
        shape: the shape of z.
        fill_value: a number, or a value that broadcasts to the shape.
        dtype: the type of the elements; by default that of fill_value.

    Raises:
        ShapeError: fill_value does not broadcast to the shape.
        ArgumentError: fill_value is a Value, and the dtype is of integers.

    >>> full((2, 2), 3.0)
    array([[3., 3.],
           [3., 3.]])
    """
    if not isinstance(fill_value, Interpreter):
        return np.full(shape, fill_value, dtype)
    return _typed("full", broadcast_to(fill_value, shape=sizes_of("full", shape)), dtype)


def full_like(a: Array, fill_value: Array, dtype: Any = None, *, shape: Any = None) -> Array:
    """One value repeated over the shape of another, in its dtype.

    z[...] = fill_value

    Args:
        a: value or array whose shape and dtype are used; it gets no gradient.
        fill_value: a number, or a value that broadcasts to the shape.
        dtype: another type of the elements.
        shape: another shape.

    Raises:
        ShapeError: fill_value does not broadcast to the shape.
        ArgumentError: fill_value is a Value, and the dtype is of integers.

    >>> full_like(np.zeros(2), 3.0)
    array([3., 3.])
    """
    a = a if hasattr(a, "dtype") else np.asarray(a)
    shape = shape_of(a) if shape is None else shape
    return full(shape, fill_value, a.dtype if dtype is None else dtype)


def broadcast_arrays(*args: Array) -> tuple[Array, ...]:
    """All values repeated to the shape that they broadcast to.

    Raises:
        ShapeError: they do not broadcast together.

    >>> [x.shape for x in broadcast_arrays(np.zeros((2, 1)), np.zeros(3))]
    [(2, 3), (2, 3)]
    """
    values = [as_input(x, "broadcast_arrays") for x in args]
    shape = broadcast_shape("broadcast_arrays", *values)
    return tuple(broadcast_to(x, shape=shape) if shape_of(x) != shape else x for x in values)


def meshgrid(*xi: Array, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Array, ...]:
    """The coordinates of a grid, one value per axis.

    Args:
        xi: the places along each axis of the grid: values with one axis, or numbers.
        copy: whether each result gets memory of its own.
        sparse: whether each keeps length 1 on the axes of the others.
        indexing: "ij" for axes in the given order; "xy" swaps the first two, as in the
            columns and rows of a picture.

    Raises:
        ArgumentError: the indexing is unknown.

    >>> x, y = meshgrid(np.array([1.0, 2.0, 3.0]), np.array([5.0, 6.0]))
    >>> x.shape, y[:, 0]
    ((2, 3), array([5., 6.]))
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid: indexing {indexing!r}: give 'xy' or 'ij'")
    order = list(range(len(xi)))
    if indexing == "xy" and len(xi) > 1:
        order[:2] = [1, 0]
    laid = [
        reshape(as_input(x, "meshgrid"), shape=with_length((1,) * len(xi), i, -1))
        for i, x in zip(order, xi, strict=True)
    ]
    grids = laid if sparse else broadcast_arrays(*laid)
    return tuple(positive(x) if copy else x for x in grids)
