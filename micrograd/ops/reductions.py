"""The table, reductions: sums, means, products and extrema, along all axes or some."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.chain import may_be_nan
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, Op, is_quiet, multilinear, named, primitive, question, shape_of
from micrograd.ops.arithmetic import as_floats, as_long, cast, divide, stop_gradient, where
from micrograd.ops.axes import Axis, axes_of, axis_of, reduced_shape
from micrograd.ops.comparisons import equal
from micrograd.ops.indexing import getitem
from micrograd.ops.lengths import euclidean_norm
from micrograd.ops.rows import has_short_rows, of_rows, sum_of_rows
from micrograd.ops.shapes import broadcast_to, reshape, transpose
from micrograd.unknown import warn_user

__all__ = [
    "all",
    "any",
    "argmax",
    "argmin",
    "count_nonzero",
    "max",
    "mean",
    "min",
    "prod",
    "std",
    "sum",
    "var",
]


def _beside(z: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    """A reduction of x, or its cotangent, in a shape that broadcasts against x."""
    return z if axis is None or keepdims or not shape_of(z) else reshape(z, shape=reduced_shape("sum", x, axis, True))


def _shape_rule(name: str) -> Callable[..., tuple[int, ...]]:
    """The shape rule of an op that reduces along axes."""
    return lambda x, *, axis=None, keepdims=False: reduced_shape(name, x, axis, keepdims)


def _itself(x: Array, axis: Axis) -> Array:
    """A number, which a reduction leaves as it is; NumPy lets it have axis 0."""
    if axis is not None and axis not in ((), 0, -1):
        # The shape rule replaces this error by one that names the input.
        raise np.exceptions.AxisError(f"axis {axis} of a number")
    return x


def _spread(g: Array, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    return broadcast_to(_beside(g, x, axis, keepdims), shape=shape_of(x))


@multilinear("sum", _spread, shape=_shape_rule("sum"), tex=r"\sum\left({0}\right)", axes="axis")
def sum(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Sum of elements along axes.

    z = sum_i x_i

    Args:
        x: value of any shape.
        axis: the axes to sum over; None for all.
        keepdims: keep these axes, with length 1.

    Raises:
        ShapeError: an axis does not exist.

    >>> float(sum(np.array([1.0, 2.0, 3.0])))
    6.0
    """
    if not shape_of(x):
        z = _itself(x, axis)
        return int(z) if type(z) is bool else z  # a count of one truth
    if type(x) is np.ndarray:
        if has_short_rows(x, axis):
            return sum_of_rows(x, keepdims)
        return np.add.reduce(x, axis, keepdims=keepdims)  # type: ignore[call-overload]
    return x.sum(axis=axis, keepdims=keepdims) if hasattr(x, "sum") else np.sum(x, axis=axis, keepdims=keepdims)


def _hits(x: Array, z: Array, axis: Axis, keepdims: bool) -> tuple[Array, Array | None]:
    """Where x equals the extremum z, and how many elements tie there; None if no two
    do.
    """
    hit = equal(x, _beside(z, x, axis, keepdims))
    if type(hit) is np.ndarray and np.count_nonzero(hit) == math.prod(shape_of(z)) and not may_be_nan(z):
        return hit, None
    return hit, sum(hit, axis=axis, keepdims=True)


def _extremum_pull(g: Array, z: Array, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    hit, ties = _hits(x, z, axis, keepdims)
    if ties is None and type(g) is float:  # of all elements: one has the gradient
        part = np.zeros(hit.shape)
        part.reshape(-1)[hit.argmax()] = g
        return part
    g = _beside(g, x, axis, keepdims)
    return where(hit, g if ties is None else divide(g, ties), 0.0)


def _extremum_push(t: Array, z: Array, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    hit, ties = _hits(x, z, axis, keepdims)
    return sum(where(hit, t if ties is None else divide(t, ties), 0.0), axis=axis, keepdims=keepdims)


def nonempty(name: str, x: Array, axis: Axis) -> None:
    """Raise ShapeError where an axis has no element, as nothing has a largest one."""
    if 0 in (shape_of(x)[a] for a in axes_of(name, x, axis)):
        raise ShapeError(f"{name}: {named(x)} has no element along axis {axis}; it needs at least one")


def count_along(name: str, x: Array, axis: Axis) -> int:
    """How many elements of x make one of the result.

    >>> count_along("sum", np.ones((2, 3)), 0)
    2
    """
    sizes = shape_of(x)
    return math.prod(sizes if axis is None else [sizes[a] for a in axes_of(name, x, axis)])


def _extremum_shape(name: str, x: Array, axis: Axis, keepdims: bool) -> tuple[int, ...]:
    nonempty(name, x, axis)
    return reduced_shape(name, x, axis, keepdims)


def _extremum(name: str) -> Callable[[Callable[..., Array]], Op]:
    """What defines max and min: they share their rules."""
    return primitive(
        name,
        vjp=[_extremum_pull],
        jvp=[_extremum_push],
        shape=lambda x, *, axis=None, keepdims=False: _extremum_shape(name, x, axis, keepdims),
        kink="ties share equally",
        chooses=True,
        tex=rf"\{name}\left({{0}}\right)",
        axes="axis",
    )


def _extreme(ufunc: Any, x: Array, axis: Axis, keepdims: bool) -> Array:
    """The forward of max and min."""
    if not shape_of(x):
        return _itself(x, axis)
    if type(x) is not np.ndarray:
        return (np.max if ufunc is np.maximum else np.min)(x, axis=axis, keepdims=keepdims)
    return of_rows(ufunc, x, keepdims) if has_short_rows(x, axis) else ufunc.reduce(x, axis, keepdims=keepdims)


@_extremum("max")
def max(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Largest element along axes; elements that tie share the gradient equally.

    Args:
        x: value of any shape.
        axis: the axes to look along; None for all.
        keepdims: keep these axes, with length 1.

    Raises:
        ShapeError: an axis does not exist, or has no element.

    >>> float(max(np.array([1.0, 3.0, 2.0])))
    3.0
    """
    return _extreme(np.maximum, x, axis, keepdims)


@_extremum("min")
def min(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Smallest element along axes; elements that tie share the gradient equally.

    Args:
        x: value of any shape.
        axis: the axes to look along; None for all.
        keepdims: keep these axes, with length 1.

    Raises:
        ShapeError: an axis does not exist, or has no element.

    >>> float(min(np.array([1.0, 3.0, 2.0])))
    1.0
    """
    return _extreme(np.minimum, x, axis, keepdims)


def mean(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Arithmetic mean along axes.

    z = sum_i x_i / n

    Args:
        x: value of any shape.
        axis: the axes to average over; None for all.
        keepdims: keep these axes, with length 1.

    Raises:
        ShapeError: an axis does not exist.

    >>> float(mean(np.array([1.0, 2.0, 3.0])))
    2.0
    """
    count = count_along("mean", x, axis)
    if is_half(x):
        return in_single(mean, x, axis=axis, keepdims=keepdims)
    total = sum(x, axis=axis, keepdims=keepdims)
    return _over(total, count, "Mean of empty slice") if not count else total / count


def is_half(x: Array) -> bool:
    """Whether x is of float16, in which a sum overflows at 65,504."""
    return getattr(x, "dtype", None) == "float16"


def in_single(f: Callable[..., Array], x: Array, **params: Any) -> Array:
    """f of x of float16, computed in float32, as NumPy computes its mean."""
    return cast(f(cast(x, dtype="float32"), **params), dtype="float16")


def _over(total: Array, count: float, warning: str) -> Array:
    """total / count where count is 0: nan or inf, with NumPy's warning."""
    if math.prod(shape_of(total)) and not is_quiet():
        warn_user(warning, RuntimeWarning)
    with np.errstate(divide="ignore", invalid="ignore"):
        return divide(total, float(count))


def var(
    x: Array, *, axis: Axis = None, ddof: float = 0, keepdims: bool = False, correction: float | None = None
) -> Array:
    """Variance along axes: the mean squared distance from the mean.

    z = sum_i (x_i - m)^2 / (n - ddof), where m = mean(x)

    Args:
        x: value of any shape.
        axis: the axes to reduce; None for all.
        ddof: what to subtract from the number of elements; 1 gives an estimate from a
            sample. Where nothing is left the result is nan or inf, with NumPy's
            warning.
        keepdims: keep these axes, with length 1.
        correction: another name of ddof.

    Raises:
        ShapeError: an axis does not exist.
        ArgumentError: both ddof and correction are given.

    >>> float(var(np.array([1.0, 2.0, 3.0]), ddof=1))
    1.0
    """
    count, less = count_along("var", x, axis), ddof_of("var", ddof, correction)
    if is_half(x):
        return in_single(var, x, axis=axis, ddof=less, keepdims=keepdims)
    x = _from_mean("var", x, axis)
    total = sum(x * x, axis=axis, keepdims=keepdims)
    return total / (count - less) if less < count else _over(total, 0.0, "Degrees of freedom <= 0 for slice")


def ddof_of(name: str, ddof: float, correction: float | None) -> float:
    """What to subtract from the number of elements: ddof, or its other name correction.

    Raises:
        ArgumentError: both are given.

    >>> ddof_of("var", 0, 1.0)
    1.0
    """
    if correction is not None and ddof:
        raise ArgumentError(f"{name}: ddof={ddof} and correction={correction} are the same thing; give one of them")
    return ddof if correction is None else correction


def _from_mean(name: str, x: Array, axis: Axis) -> Array:
    """x minus its mean along axes."""
    # Subtract an element first: then equal numbers are exactly 0. In floating point the
    # mean of [0.1, 0.1, 0.1] is not 0.1.
    axes = axes_of(name, x, axis)
    x = as_floats(x)
    first = tuple(slice(0, 1) if a in axes else slice(None) for a in range(len(shape_of(x))))
    x = x - stop_gradient(getitem(x, index=first))
    return x - mean(x, axis=axis, keepdims=True) if count_along(name, x, axis) else x


def std(
    x: Array, *, axis: Axis = None, ddof: float = 0, keepdims: bool = False, correction: float | None = None
) -> Array:
    """Standard deviation along axes: the square root of the variance.

    Where all elements are equal its gradient is 0.

    z = sqrt(sum_i (x_i - m)^2 / (n - ddof)), where m = mean(x)

    Args:
        x: value of any shape.
        axis: the axes to reduce; None for all.
        ddof: what to subtract from the number of elements; 1 gives an estimate from a
            sample. Where nothing is left the result is nan or inf, with NumPy's
            warning.
        keepdims: keep these axes, with length 1.
        correction: another name of ddof.

    Raises:
        ShapeError: an axis does not exist.
        ArgumentError: both ddof and correction are given.

    >>> float(std(np.array([1.0, 2.0, 3.0]), ddof=1))
    1.0
    """
    count, less = count_along("std", x, axis), ddof_of("std", ddof, correction)
    if is_half(x):
        return in_single(std, x, axis=axis, ddof=less, keepdims=keepdims)
    z = euclidean_norm(_from_mean("std", x, axis), axis=axes_of("std", x, axis))
    z = z if keepdims else reshape(z, shape=reduced_shape("std", x, axis, keepdims))
    if less >= count:
        return _over(z, 0.0, "Degrees of freedom <= 0 for slice")
    return z / math.sqrt(count - less)


# Products by halves: log2(n) steps, and no division, so that zeros need no special case


def as_rows(x: Array, axes: tuple[int, ...]) -> Array:
    """x with these axes joined into one, the last."""
    others = tuple(a for a in range(len(shape_of(x))) if a not in axes)
    if (*others, *axes) != tuple(range(len(shape_of(x)))):
        x = transpose(x, axes=(*others, *axes))
    kept = shape_of(x)[: len(others)]
    return x if len(axes) == 1 else reshape(x, shape=(*kept, math.prod(shape_of(x)[len(others) :])))


def prod(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Product of elements along axes, with an exact gradient where elements are zero.

    z = prod_i x_i

    Args:
        x: value of any shape.
        axis: the axes to multiply over; None for all.
        keepdims: keep these axes, with length 1.

    Raises:
        ShapeError: an axis does not exist.

    >>> float(prod(np.array([2.0, 3.0, 4.0])))
    24.0
    """
    axes = axes_of("prod", x, axis)
    x = as_long(x)
    if not axes:
        return x
    z = _product(as_rows(x, axes))
    return reshape(z, shape=reduced_shape("prod", x, axis, keepdims))


def _product(rows: Array) -> Array:
    """Products along the last axis, which stays, with length 1."""
    n = shape_of(rows)[-1]
    if n == 0:
        return sum(rows, axis=-1, keepdims=True) + 1.0
    odd = None
    while n > 1:
        if n % 2:
            last = getitem(rows, index=(..., slice(n - 1, n)))
            odd = last if odd is None else odd * last
        n //= 2
        rows = getitem(rows, index=(..., slice(n))) * getitem(rows, index=(..., slice(n, 2 * n)))
    return rows if odd is None else rows * odd


# Questions: the answer is a place, a count or a truth; plain data without a gradient


def _place_shape(name: str, x: Array, axis: int | None, keepdims: bool) -> tuple[int, ...]:
    if axis is not None:
        axis_of(name, x, axis)
    return _extremum_shape(name, x, axis, keepdims)


@question(
    "argmax",
    shape=lambda x, *, axis=None, keepdims=False: _place_shape("argmax", x, axis, keepdims),
    kind=int,
    axes="axis",
)
def argmax(x: Array, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """Place of the largest element along an axis, the first of equal ones; integers.

    Args:
        x: value of any shape.
        axis: the axis to look along; None numbers all elements in one row.
        keepdims: keep the axis, with length 1.

    Raises:
        ShapeError: the axis does not exist, or has no element.

    >>> int(argmax(np.array([1.0, 3.0, 2.0])))
    1
    """
    return np.argmax(x, axis=axis, keepdims=keepdims)


@question(
    "argmin",
    shape=lambda x, *, axis=None, keepdims=False: _place_shape("argmin", x, axis, keepdims),
    kind=int,
    axes="axis",
)
def argmin(x: Array, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """Place of the smallest element along an axis, the first of equal ones; integers.

    Args:
        x: value of any shape.
        axis: the axis to look along; None numbers all elements in one row.
        keepdims: keep the axis, with length 1.

    Raises:
        ShapeError: the axis does not exist, or has no element.

    >>> int(argmin(np.array([2.0, 1.0, 3.0])))
    1
    """
    return np.argmin(x, axis=axis, keepdims=keepdims)


@question("any", shape=_shape_rule("any"), kind=bool, axes="axis")
def any(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether any element along axes is not zero; plain booleans.

    Args:
        x: value, or condition, of any shape.
        axis: the axes to look along; None for all.
        keepdims: keep these axes, with length 1.

    Raises:
        ShapeError: an axis does not exist.

    >>> bool(any(np.array([0.0, 1.0])))
    True
    """
    return np.any(x, axis=axis, keepdims=keepdims)


@question("all", shape=_shape_rule("all"), kind=bool, axes="axis")
def all(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether all elements along axes are not zero; plain booleans.

    Args:
        x: value, or condition, of any shape.
        axis: the axes to look along; None for all.
        keepdims: keep these axes, with length 1.

    Raises:
        ShapeError: an axis does not exist.

    >>> bool(all(np.array([0.0, 1.0])))
    False
    """
    return np.all(x, axis=axis, keepdims=keepdims)


@question("count_nonzero", shape=_shape_rule("count_nonzero"), kind=int, axes="axis")
def count_nonzero(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """How many elements along axes are not zero; plain integers.

    Args:
        x: value, or condition, of any shape.
        axis: the axes to count along; None for all.
        keepdims: keep these axes, with length 1.

    Raises:
        ShapeError: an axis does not exist.

    >>> int(count_nonzero(np.array([0.0, 1.0])))
    1
    """
    return np.sum(np.not_equal(x, 0), axis=axis, keepdims=keepdims)
