"""The table, calculus: differences, integrals, interpolation, convolution."""

from __future__ import annotations

import math
from typing import Any

from micrograd import on_demand as np
from micrograd.alignment import by_example
from micrograd.arrays import as_input
from micrograd.errors import ArgumentError, ShapeError
from micrograd.interpreter import Interpreter
from micrograd.op import Array, multilinear, named, numbers_below, shape_of
from micrograd.ops.alarms import integer_of
from micrograd.ops.arithmetic import as_floats, divide, remainder, where
from micrograd.ops.axes import along, axes_of, axis_of, with_length
from micrograd.ops.comparisons import equal, greater, less
from micrograd.ops.indexing import getitem
from micrograd.ops.joining import concatenate
from micrograd.ops.layouts import flip
from micrograd.ops.ordering import argsort, searchsorted
from micrograd.ops.reducing import in_dtype
from micrograd.ops.reductions import sum
from micrograd.ops.scans import cumprod, cumsum
from micrograd.ops.shapes import broadcast_to, reshape
from micrograd.ops.taking import take

__all__ = [
    "convolve",
    "convolved",
    "correlate",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "ediff1d",
    "gradient",
    "interp",
    "trapezoid",
    "unwrap",
]


def _part(x: Array, axis: int, start: int | None, stop: int | None) -> Array:
    """A slice of x along one axis, which is counted from the front."""
    return getitem(x, index=along(axis, slice(start, stop)))


def diff(x: Array, n: int = 1, *, axis: int = -1, prepend: Array | None = None, append: Array | None = None) -> Array:
    """Differences of neighbours along an axis, n times.

    z_i = x_{i+1} - x_i

    Args:
        x: value with at least one axis.
        n: how many times, 0 or more.
        axis: the axis to go along.
        prepend: what comes before x: a number, or a value that differs from x in shape
            along the axis only.
        append: what comes after x, given in the same way.

    Raises:
        ShapeError: x is a number, the axis does not exist, or prepend or append do not
            fit.
        ArgumentError: n is negative, or not an integer.

    >>> diff(np.array([1.0, 4.0, 9.0]))
    array([3., 5.])
    """
    x, n = as_input(x, "diff"), integer_of("diff", "n", n)
    if n < 0:
        raise ArgumentError(f"diff: n={n}; give at least 0")
    if n == 0:
        return x
    axis = axis_of("diff", x, axis)
    rim = with_length(shape_of(x), axis, 1)
    ends = [None if e is None else as_input(e, "diff") for e in (prepend, append)]
    before, after = (e if e is None or shape_of(e) else broadcast_to(e, shape=rim) for e in ends)
    parts = [part for part in (before, x, after) if part is not None]
    x = concatenate(parts, axis=axis) if len(parts) > 1 else x
    for _ in range(n):
        x = _part(x, axis, 1, None) - _part(x, axis, None, -1)
    return x


def ediff1d(x: Array, *, to_end: Array | None = None, to_begin: Array | None = None) -> Array:
    """Differences of neighbours of all elements in one row, with optional ends.

    Args:
        x: value of any shape.
        to_end: what comes after the differences.
        to_begin: what comes before them.

    >>> ediff1d(np.array([1.0, 4.0, 9.0]), to_begin=0.0)
    array([0., 3., 5.])
    """
    z = diff(reshape(as_input(x, "ediff1d"), shape=(-1,)))
    ends = [None if e is None else reshape(as_input(e, "ediff1d"), shape=(-1,)) for e in (to_begin, to_end)]
    parts = [part for part in (ends[0], z, ends[1]) if part is not None]
    return concatenate(parts, axis=0) if len(parts) > 1 else z


def gradient(f: Array, *varargs: Array, axis: Any = None, edge_order: int = 1) -> Any:
    """Slopes of a sampled function along axes, by central differences.

    The spacing gets gradients, too.

    z_i = (f_{i+1} - f_{i-1}) / (2 h), and one-sided differences at the ends

    Args:
        f: value with at least one axis.
        varargs: the spacing: nothing for 1, one number for all axes, or for each axis a
            number or its coordinates in a row.
        axis: the axes to go along; None for all.
        edge_order: 1 or 2: the order of the differences at the ends.

    Returns:
        One value for one axis, a tuple of values for several.

    Raises:
        ShapeError: an axis does not exist or is too short, or the spacing does not fit.
        ArgumentError: edge_order is neither 1 nor 2.

    Source: Quarteroni, Sacco, Saleri (2007), doi:10.1007/b98885, for uneven spacing.

    >>> gradient(np.array([1.0, 4.0, 9.0]))
    array([3., 4., 5.])
    """
    f = as_floats(as_input(f, "gradient"))
    axes = axes_of("gradient", f, axis)
    if edge_order not in (1, 2):
        raise ArgumentError(f"gradient: edge_order={edge_order!r}; give 1 or 2")
    if len(varargs) not in (0, 1, len(axes)):
        raise ShapeError(f"gradient: {len(varargs)} spacings for {len(axes)} axes; give none, one, or one per axis")
    spacings = [as_floats(as_input(h, "gradient")) for h in varargs] or [1.0]
    if len(varargs) == 1 and shape_of(spacings[0]) and len(axes) > 1:
        raise ShapeError(f"gradient: coordinates for one of {len(axes)} axes; give them for each, or name the axis")
    slopes = [_slopes(f, h, a, edge_order) for a, h in zip(axes, spacings * (len(axes) // len(spacings)), strict=True)]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _slopes(f: Array, spacing: Array, axis: int, edge_order: int) -> Array:
    n = shape_of(f)[axis]
    if n < edge_order + 1:
        raise ShapeError(f"gradient: {named(f)} has {n} elements along axis {axis}; it needs at least {edge_order + 1}")
    # NumPy makes one number of evenly spaced coordinates. Here each keeps its gradient.
    before, after = _steps(f, spacing, axis, n)
    first, middle, last = _part(f, axis, None, -2), _part(f, axis, 1, -1), _part(f, axis, 2, None)
    step = before + after
    inside = divide(after, before * step) * -1.0 * first + divide(before, after * step) * last
    inside = inside + divide(after - before, before * after) * middle
    if not shape_of(spacing):  # one number for all: fewer roundings
        inside = divide(last - first, 2.0 * spacing)
    return concatenate(
        [_edge(f, spacing, axis, edge_order, False), inside, _edge(f, spacing, axis, edge_order, True)], axis=axis
    )


def _steps(f: Array, spacing: Array, axis: int, n: int) -> tuple[Array, Array]:
    """The steps on the left and the right of the inner elements, ready to broadcast."""
    if not shape_of(spacing):
        return spacing, spacing
    if shape_of(spacing) != (n,):
        raise ShapeError(
            f"gradient: coordinates of shape {named(spacing)} for axis {axis} of {named(f)}; give {n} of them"
        )
    d = reshape(diff(spacing), shape=with_length((1,) * len(shape_of(f)), axis, -1))
    return _part(d, axis, None, -1), _part(d, axis, 1, None)


def _edge(f: Array, spacing: Array, axis: int, edge_order: int, is_last: bool) -> Array:
    """The slope at an end; for order 2, of the parabola through three elements."""
    ends = [_part(f, axis, -i - 1, -i or None) if is_last else _part(f, axis, i, i + 1) for i in range(edge_order + 1)]
    sign = -1.0 if is_last else 1.0
    steps = _end_steps(spacing, edge_order, is_last)
    if edge_order == 1:
        return divide((ends[1] - ends[0]) * sign, steps[0])
    h, k = steps
    slope = divide(-(2.0 * h + k), h * (h + k)) * ends[0] + divide(h + k, h * k) * ends[1]
    return (slope + divide(-h, k * (h + k)) * ends[2]) * sign


def _end_steps(spacing: Array, count: int, is_last: bool) -> list[Array]:
    """The steps from an end of the axis inwards."""
    if not shape_of(spacing):
        return [spacing] * count
    places = range(-1, -count - 1, -1) if is_last else range(count)
    d = diff(spacing)
    return [getitem(d, index=i) for i in places]


def trapezoid(y: Array, x: Array | None = None, *, dx: Array = 1.0, axis: int = -1) -> Array:
    """Integral along an axis by the trapezoidal rule; x gets a gradient, too.

    z = sum_i (x_{i+1} - x_i) (y_i + y_{i+1}) / 2

    Args:
        y: samples, a value with at least one axis.
        x: the places of the samples: one row, or a value that broadcasts with y; None
            for steps of dx.
        dx: the step, if x is None.
        axis: the axis to integrate along.

    Raises:
        ShapeError: y is a number, the axis does not exist, or x does not fit.

    >>> float(trapezoid(np.array([1.0, 2.0, 3.0]), dx=2.0))
    8.0
    """
    y = as_input(y, "trapezoid")
    axis = axis_of("trapezoid", y, axis)
    step: Any = as_input(dx, "trapezoid")
    if x is not None:
        x = as_input(x, "trapezoid")
        if len(shape_of(x)) == 1:
            x = reshape(x, shape=with_length((1,) * len(shape_of(y)), axis, -1))
        step = diff(x, axis=axis)
    return sum(step * (_part(y, axis, 1, None) + _part(y, axis, None, -1)) / 2.0, axis=axis)


def interp(
    x: Array, xp: Array, fp: Array, *, left: Array | None = None, right: Array | None = None, period: Any = None
) -> Array:
    """Straight lines between points, evaluated at x; all three inputs get gradients.

    At a point, the slope for x is that of the line to its right; at the last point it
    is 0.

    z = fp_i + (fp_{i+1} - fp_i) (x - xp_i) / (xp_{i+1} - xp_i) from point i to i + 1

    Args:
        x: where to evaluate, a value of any shape.
        xp: places of the points, one row in ascending order; in any order with a
            period.
        fp: heights of the points, one row of the same length.
        left: the result before the first point; by default the height of that point.
        right: the result after the last point; by default the height of that point.
        period: a plain number, after which the points repeat; left and right are then
            not used.

    Raises:
        ShapeError: xp and fp are not two rows of one length, or they are empty.
        ArgumentError: xp is not in ascending order, or the period is 0.

    >>> float(interp(2.5, np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 0.0])))
    1.0
    """
    x, xp, fp = (as_input(v, "interp") for v in (x, xp, fp))
    if len(shape_of(xp)) != 1 or shape_of(xp) != shape_of(fp) or not shape_of(xp)[0]:
        raise ShapeError(
            f"interp: xp {named(xp)} and fp {named(fp)}: give two rows of one length, with at least one point"
        )
    if period is not None:
        x, xp, fp = _repeated(x, xp, fp, period)
        left = right = None
    known = numbers_below(xp)
    if known is not None and (np.diff(known) < 0).any():
        raise ArgumentError("interp: xp is not in ascending order; sort it, and fp with it: order = np.argsort(xp)")
    last, n = getitem(xp, index=-1), shape_of(xp)[0]
    low = np.clip(_place(xp, x), 0, n - 2 if n > 1 else 0)
    high = low + (1 if n > 1 else 0)
    x0, f0 = take(xp, low, axis=0), take(fp, low, axis=0)
    inside = greater(last, x) if n > 1 else np.False_  # elsewhere it does not count
    width = where(inside, take(xp, high, axis=0) - x0, 1.0)
    z = f0 + (take(fp, high, axis=0) - f0) * divide(x - x0, width)
    z = where(less(x, getitem(xp, index=0)), getitem(fp, index=0) if left is None else left, z)
    z = where(greater(x, last), getitem(fp, index=-1) if right is None else right, z)
    return where(equal(x, last), getitem(fp, index=-1), z)


def _place(xp: Array, x: Array) -> Any:
    """Number of the last point at or before x."""
    place = searchsorted(xp, x, side="right")
    if numbers_below(place) is None:
        return np.zeros(shape_of(x), int)  # shapes without numbers
    return place - 1


def _repeated(x: Array, xp: Array, fp: Array, period: Any) -> tuple[Array, Array, Array]:
    """The same inputs within one period, with a point added at each end."""
    if isinstance(period, Interpreter) or not period:
        raise ArgumentError(f"interp: period={period}; give a plain number that is not 0")
    period = abs(float(period))
    x, xp = remainder(x, period), remainder(xp, period)
    order = argsort(xp)
    if numbers_below(order) is not None:
        xp, fp = take(xp, order, axis=0), take(fp, order, axis=0)
    xp = concatenate([getitem(xp, index=slice(-1, None)) - period, xp, getitem(xp, index=slice(1)) + period])
    return x, xp, concatenate([getitem(fp, index=slice(-1, None)), fp, getitem(fp, index=slice(1))])


def unwrap(p: Array, *, discont: float | None = None, axis: int = -1, period: float = 2.0 * math.pi) -> Array:
    """Angles without jumps.

    Where neighbours differ by more than half a period, multiples of the period are
    added. These are plain data, so the gradient passes through unchanged.

    Args:
        p: value with at least one axis, in radians for the default period.
        discont: the largest difference that is not a jump; at least half the period,
            which is the default.
        axis: the axis to go along.
        period: the number after which angles repeat.

    Raises:
        ShapeError: p is a number, or the axis does not exist.

    >>> unwrap(np.array([0.0, 3.0, 6.5]), period=4.0)
    array([ 0. , -1. , -1.5])
    """
    p = as_input(p, "unwrap")
    axis_of("unwrap", p, axis)
    if numbers_below(p) is None:
        return p
    return p + by_example(lambda row: np.unwrap(row, discont, axis, period=period) - row, p)


# Convolution


def _convolved_shape(x: Array, y: Array) -> tuple[int, ...]:
    for v in (x, y):
        if len(shape_of(v)) != 1 or not shape_of(v)[0]:
            raise ShapeError(f"convolve: {named(v)} is not one row with at least one element; use ravel() first")
    return (shape_of(x)[0] + shape_of(y)[0] - 1,)


def _matched(g: Array, other: Array) -> Array:
    """The cotangent of one row: g correlated with the other row."""
    m = shape_of(other)[0]
    return getitem(convolved(g, flip(other, axis=0)), index=slice(m - 1, shape_of(g)[0]))


@multilinear("conv", lambda g, x, y: _matched(g, y), lambda g, x, y: _matched(g, x), shape=_convolved_shape)
def convolved(x: Array, y: Array) -> Array:
    """The op behind `convolve` and `correlate`: all sums of products of two rows.

    z_k = sum_i x_i y_{k-i}

    >>> convolved(np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    array([1., 5., 6.])
    """
    return np.convolve(x, y)


def convolve(a: Array, v: Array, *, mode: str = "full") -> Array:
    """Convolution of two rows.

    z_k = sum_i a_i v_{k-i}

    Args:
        a: value of shape (n,).
        v: value of shape (m,).
        mode: "full" for all n + m - 1 sums, "same" for the middle max(n, m), "valid"
            for those without missing terms.

    Raises:
        ShapeError: one of them is not a row, or empty.
        ArgumentError: the mode is unknown.

    >>> convolve(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.5]), mode="valid")
    array([2.5])
    """
    a, v = _row("convolve", a), _row("convolve", v)
    return _cut(convolved(a, v), "convolve", shape_of(a)[0], shape_of(v)[0], mode, False)


def correlate(a: Array, v: Array, *, mode: str = "valid") -> Array:
    """Cross-correlation of two rows: convolution with the second row reversed.

    z_k = sum_i a_{i+k} v_i

    Args:
        a: value of shape (n,).
        v: value of shape (m,).
        mode: "valid" for sums without missing terms, "same" for the middle max(n, m),
            "full" for all n + m - 1.

    Raises:
        ShapeError: one of them is not a row, or empty.
        ArgumentError: the mode is unknown.

    >>> correlate(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.5]))
    array([3.5])
    """
    a, v = _row("correlate", a), _row("correlate", v)
    n, m = shape_of(a)[0], shape_of(v)[0]
    return _cut(convolved(a, flip(v, axis=0)), "correlate", n, m, mode, n < m)


def _row(name: str, x: Any) -> Array:
    x = as_input(x, name)
    return x if shape_of(x) else reshape(x, shape=(1,))


def _cut(z: Array, name: str, n: int, m: int, mode: str, from_the_end: bool) -> Array:
    short, long = min(n, m), max(n, m)
    if mode == "full":
        return z
    if mode == "valid":
        return getitem(z, index=slice(short - 1, long))
    if mode == "same":
        # Of two middles, NumPy takes the one on this side.
        start = short // 2 if from_the_end else (short - 1) // 2
        return getitem(z, index=slice(start, start + long))
    raise ArgumentError(f"{name}: mode={mode!r}; give 'full', 'same' or 'valid'")


# Running sums and products, by their names in the array API


def cumulative_sum(x: Array, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    """Running sum along an axis; it may begin with 0.

    z_i = sum_{j <= i} x_j

    Args:
        x: value with at least one axis.
        axis: the axis to run along; needed if there are several.
        dtype: floating-point type to compute in.
        include_initial: whether to begin with 0, the sum of no elements.

    Raises:
        ShapeError: the axis does not exist, or is not named and there are several.

    >>> cumulative_sum(np.array([1.0, 2.0]), include_initial=True)
    array([0., 1., 3.])
    """
    return _running("cumulative_sum", cumsum, 0.0, x, axis, dtype, include_initial)


def cumulative_prod(x: Array, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    """Running product along an axis; it may begin with 1.

    z_i = prod_{j <= i} x_j

    Args:
        x: value with at least one axis.
        axis: the axis to run along; needed if there are several.
        dtype: floating-point type to compute in.
        include_initial: whether to begin with 1, the product of no elements.

    Raises:
        ShapeError: the axis does not exist, or is not named and there are several.

    >>> cumulative_prod(np.array([2.0, 3.0]), include_initial=True)
    array([1., 2., 6.])
    """
    return _running("cumulative_prod", cumprod, 1.0, x, axis, dtype, include_initial)


def _running(name: str, run: Any, start: float, x: Array, axis: int | None, dtype: Any, include_initial: bool) -> Array:
    x = in_dtype(name, _row(name, x), dtype)
    if axis is None and len(shape_of(x)) != 1:
        raise ShapeError(f"{name}: {named(x)} has several axes; name one by axis=")
    axis = axis_of(name, x, 0 if axis is None else axis)
    z = run(x, axis=axis)
    if not include_initial:
        return z
    rim = with_length(shape_of(x), axis, 1)
    first = np.full(rim, start, getattr(x, "dtype", float))
    return concatenate([first, z], axis=axis)
