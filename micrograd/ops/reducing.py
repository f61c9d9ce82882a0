"""NumPy's reductions with all their options: `where=`, `initial=`, `dtype=`, `mean=`.

The ops of reductions.py know only axes. `np.sum(v, where=mask)`, `v.sum(where=mask)`
and the functions that skip nan come here. What is left out gets the gradient 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import float_type
from micrograd.errors import ArgumentError, ShapeError
from micrograd.interpreter import is_one_of_many
from micrograd.op import Array, ground, named, numbers_below, shape_of
from micrograd.ops import reductions, scans
from micrograd.ops.arithmetic import as_floats, cast, divide, maximum, minimum, stop_gradient
from micrograd.ops.arithmetic import where as choose
from micrograd.ops.axes import Axis, axes_of, reduced_shape
from micrograd.ops.comparisons import equal, greater, logical_and, not_equal
from micrograd.ops.functions import sqrt
from micrograd.ops.lengths import euclidean_norm
from micrograd.ops.reductions import count_nonzero, ddof_of
from micrograd.ops.shapes import broadcast_to, reshape

__all__: list[str] = []  # FULL finds them by name


def mask_of(name: str, x: Array, where: Any) -> Array:
    """A condition broadcast to the shape of x, as plain booleans.

    Raises:
        ShapeError: it does not broadcast to that shape.
    """
    if is_one_of_many(where):
        plain = not_equal(where, False)
    else:
        plain = where if ground(where) is None else np.asarray(ground(where), bool)
    try:
        return broadcast_to(plain, shape=shape_of(x))
    except (ValueError, ShapeError):
        raise ShapeError(
            f"{name}: where= of shape {shape_of(plain)} for {named(x)}: it must broadcast to that shape"
        ) from None


def _kept(name: str, x: Array, where: Any, filler: float) -> Array:
    """x with a filler in place of each element that is left out."""
    return x if where is True else choose(mask_of(name, x, where), x, filler)


def in_dtype(name: str, x: Array, dtype: Any) -> Array:
    """x in the dtype to compute in.

    Raises:
        ArgumentError: it is not a floating-point type.
    """
    if dtype is None:
        return x
    if np.dtype(dtype).kind != "f":
        raise ArgumentError(
            f"{name}: dtype={np.dtype(dtype)} has no gradient; give a floating-point type, or take v.data"
        )
    return x if getattr(x, "dtype", float) == np.dtype(dtype) else cast(x, dtype=dtype)


def sum(
    x: Array,
    *,
    axis: Axis = None,
    keepdims: bool = False,
    dtype: Any = None,
    initial: Array | None = None,
    where: Any = True,
) -> Array:
    """`reductions.sum` of the elements where `where` holds; initial is added.

    >>> float(sum(np.array([1.0, 2.0, 3.0]), where=[True, False, True], initial=10.0))
    14.0
    """
    x = _kept("sum", in_dtype("sum", x, dtype), where, 0.0)
    z = reductions.sum(x, axis=axis, keepdims=keepdims)
    return z if initial is None else z + initial


def prod(
    x: Array,
    *,
    axis: Axis = None,
    keepdims: bool = False,
    dtype: Any = None,
    initial: Array | None = None,
    where: Any = True,
) -> Array:
    """`reductions.prod` of the elements where `where` holds; initial is a factor.

    >>> float(prod(np.array([1.0, 2.0, 3.0]), where=[True, False, True], initial=10.0))
    30.0
    """
    x = _kept("prod", in_dtype("prod", x, dtype), where, 1.0)
    z = reductions.prod(x, axis=axis, keepdims=keepdims)
    return z if initial is None else z * initial


def max(
    x: Array, *, axis: Axis = None, keepdims: bool = False, initial: Array | None = None, where: Any = True
) -> Array:
    """`reductions.max` of initial and the elements where `where` holds.

    >>> float(max(np.array([1.0, 2.0, 3.0]), where=[True, True, False], initial=0.0))
    2.0
    """
    return _extremum("max", maximum, -math.inf, x, axis, keepdims, initial, where)


def min(
    x: Array, *, axis: Axis = None, keepdims: bool = False, initial: Array | None = None, where: Any = True
) -> Array:
    """`reductions.min` of initial and the elements where `where` holds.

    >>> float(min(np.array([1.0, 2.0, 3.0]), where=[False, True, True], initial=9.0))
    2.0
    """
    return _extremum("min", minimum, math.inf, x, axis, keepdims, initial, where)


def _extremum(
    name: str,
    pair: Callable[..., Array],
    end: float,
    x: Array,
    axis: Axis,
    keepdims: bool,
    initial: Array | None,
    where: Any,
) -> Array:
    check_initial(name, initial, where)
    reduced = getattr(reductions, name)
    if initial is None:
        return reduced(x, axis=axis, keepdims=keepdims)
    if 0 in (shape_of(x)[a] for a in axes_of(name, x, axis)):
        # No element: the sum is 0 in the right shape, and the result is initial.
        return reductions.sum(x, axis=axis, keepdims=keepdims) + initial
    z = reduced(_kept(name, x, where, end), axis=axis, keepdims=keepdims)
    return pair(z if where is True else shared_end(z, x, mask_of(name, x, where), end, axis, keepdims), initial)


def check_initial(name: str, initial: Array | None, where: Any) -> None:
    """Refuse `where=` without `initial=`: no element may be left to choose from.

    Raises:
        ArgumentError: where is given, and initial is not.
    """
    if where is not True and initial is None:
        raise ArgumentError(f"{name}: where= may leave out all elements; give initial=, the result for none")


def shared_end(z: Array, x: Array, mask: Array, end: float, axis: Axis, keepdims: bool) -> Array:
    """z, an extremum of the elements that count; the others were filled with `end`.

    Where z is `end` itself, all elements that count are equal to `end`. Only they share
    the gradient, and the filled ones get none.
    """
    below = numbers_below(z)
    if not isinstance(below, (float, np.ndarray, np.generic)) or not np.any(np.equal(below, end)):
        return z
    count = count_nonzero(mask, axis=axis, keepdims=keepdims)
    total = reductions.sum(choose(mask, x, 0.0), axis=axis, keepdims=keepdims)
    mean_of_them = divide(total, cast(maximum(count, 1), dtype=float_type(x)))
    return choose(logical_and(equal(z, end), greater(count, 0)), mean_of_them, z)


def counted(x: Array, mask: Array, axis: Axis, keepdims: bool) -> Array:
    """How many elements count, in the dtype of x, so that a quotient keeps it; float64
    where x holds whole numbers.
    """
    count = count_nonzero(mask, axis=axis, keepdims=keepdims)
    return cast(count, dtype=float_type(x)) if hasattr(x, "dtype") else float(count)


def mean(x: Array, *, axis: Axis = None, keepdims: bool = False, dtype: Any = None, where: Any = True) -> Array:
    """`reductions.mean` of the elements where `where` holds; nan where there is none.

    >>> float(mean(np.array([1.0, 2.0, 3.0]), where=[True, False, True]))
    2.0
    """
    x = in_dtype("mean", x, dtype)
    if where is True:
        return reductions.mean(x, axis=axis, keepdims=keepdims)
    mask = mask_of("mean", x, where)
    total = reductions.sum(choose(mask, x, 0.0), axis=axis, keepdims=keepdims)
    return divide(total, counted(x, mask, axis, keepdims))


def var(
    x: Array,
    *,
    axis: Axis = None,
    ddof: float = 0,
    keepdims: bool = False,
    correction: float | None = None,
    dtype: Any = None,
    mean: Array | None = None,
    where: Any = True,
) -> Array:
    """`reductions.var` of the elements where `where` holds; mean may be given if known.

    >>> float(var(np.array([1.0, 2.0, 3.0]), where=[True, False, True]))
    1.0
    """
    d, degrees = _deviations("var", x, axis, ddof, correction, dtype, mean, where)
    z = divide(reductions.sum(d * d, axis=axis, keepdims=True), degrees)
    return z if keepdims else reshape(z, shape=reduced_shape("var", x, axis, False))


def std(
    x: Array,
    *,
    axis: Axis = None,
    ddof: float = 0,
    keepdims: bool = False,
    correction: float | None = None,
    dtype: Any = None,
    mean: Array | None = None,
    where: Any = True,
) -> Array:
    """`reductions.std` with the options of `var`; of equal numbers its gradient is 0.

    >>> float(std(np.array([1.0, 2.0, 3.0]), where=[True, False, True]))
    1.0
    """
    d, degrees = _deviations("std", x, axis, ddof, correction, dtype, mean, where)
    size = euclidean_norm(d, axis=axes_of("std", x, axis))  # whose gradient at 0 is 0
    z = divide(size, sqrt(degrees))
    return z if keepdims else reshape(z, shape=reduced_shape("std", x, axis, False))


def _deviations(
    name: str,
    x: Array,
    axis: Axis,
    ddof: float,
    correction: float | None,
    dtype: Any,
    mean: Array | None,
    where: Any,
) -> tuple[Array, Array]:
    """Distances from the mean, and the divisor of the sum of their squares.

    An element that is left out has the distance 0."""
    less = ddof_of(name, ddof, correction)
    x = as_floats(in_dtype(name, x, dtype))
    mask = mask_of(name, x, where)
    count = counted(x, mask, axis, True)
    degrees = count - less
    degrees = choose(greater(degrees, 0.0), degrees, 0.0)  # 0 / 0 will be nan
    if mean is not None:
        return choose(mask, x - mean, 0.0), degrees
    # Subtract an element first: then equal numbers are exactly 0, as in reductions.var.
    if 0 not in shape_of(x):
        x = x - stop_gradient(reductions.max(choose(mask, x, -math.inf), axis=axis, keepdims=True))
    total = reductions.sum(choose(mask, x, 0.0), axis=axis, keepdims=True)
    return choose(mask, x - divide(total, choose(equal(count, 0.0), 1.0, count)), 0.0), degrees


def any(x: Array, *, axis: Axis = None, keepdims: bool = False, where: Any = True) -> Array:
    """`reductions.any` of the elements where `where` holds.

    >>> bool(any(np.array([0.0, 1.0]), where=[True, False]))
    False
    """
    return reductions.any(_kept("any", x, where, 0.0), axis=axis, keepdims=keepdims)


def all(x: Array, *, axis: Axis = None, keepdims: bool = False, where: Any = True) -> Array:
    """`reductions.all` of the elements where `where` holds.

    >>> bool(all(np.array([0.0, 1.0]), where=[False, True]))
    True
    """
    return reductions.all(_kept("all", x, where, 1.0), axis=axis, keepdims=keepdims)


def cumsum(x: Array, *, axis: int | None = None, dtype: Any = None) -> Array:
    """`scans.cumsum` in another dtype.

    >>> cumsum(np.array([1.0, 2.0]), dtype="float32")
    array([1., 3.], dtype=float32)
    """
    return scans.cumsum(in_dtype("cumsum", x, dtype), axis=axis)


def cumprod(x: Array, *, axis: int | None = None, dtype: Any = None) -> Array:
    """`scans.cumprod` in another dtype.

    >>> cumprod(np.array([1.0, 2.0]), dtype="float32")
    array([1., 2.], dtype=float32)
    """
    return scans.cumprod(in_dtype("cumprod", x, dtype), axis=axis)


FULL: dict[str, Callable[..., Array]] = {
    f.__name__: f for f in (sum, prod, max, min, mean, var, std, any, all, cumsum, cumprod)
}
