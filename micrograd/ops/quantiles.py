"""The table, quantiles: what a share of the elements does not exceed; the median
too.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_input, float_type
from micrograd.errors import ArgumentError, OpError
from micrograd.interpreter import Interpreter
from micrograd.op import Array, numbers_below, question, shape_of
from micrograd.ops.arithmetic import where
from micrograd.ops.axes import Axis, axes_of, reduced_shape
from micrograd.ops.comparisons import isnan
from micrograd.ops.indexing import getitem
from micrograd.ops.ordering import sort
from micrograd.ops.reductions import as_rows, count_along, mean, nonempty, sum
from micrograd.ops.shapes import expand_dims, moveaxis, reshape
from micrograd.ops.taking import take_along_axis

__all__ = [
    "median",
    "middle",
    "percentile",
    "quantile",
    "quantile_places",
]


def _middle_shape(x: Array) -> tuple[int, ...]:
    *rows, n = shape_of(x)
    return (*rows, 2 - n % 2)


@question("middle", shape=_middle_shape, kind=int, axes=1)
def middle(x: Array) -> Array:
    """Place of the median along the last axis, or of the two middle elements.

    Where a row holds nan it is the place of a nan.

    Args:
        x: value of shape (..., n), n positive.

    >>> middle(np.array([3.0, 1.0, 2.0]))
    array([2])
    """
    n = x.shape[-1]
    order = np.argpartition(x, sorted({(n - 1) // 2, n // 2, n - 1}), axis=-1)
    places, last = order[..., (n - 1) // 2 : n // 2 + 1], order[..., -1:]
    # NumPy sorts nan to the end.
    return np.where(np.isnan(np.take_along_axis(x, last, -1)), last, places)


def median(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Median along axes: the middle element by size, or the mean of the middle two.

    Of equal elements one gets the gradient.

    Args:
        x: value of any shape.
        axis: the axes to reduce; None for all.
        keepdims: keep these axes, with length 1.

    Raises:
        ShapeError: an axis does not exist.

    >>> float(median(np.array([3.0, 1.0, 7.0, 2.0])))
    2.5
    """
    axes = axes_of("median", x, axis)
    if not axes:
        return x
    if not count_along("median", x, axis):
        return mean(x, axis=axis, keepdims=keepdims)
    rows = as_rows(x, axes)
    z = mean(take_along_axis(rows, middle(rows), axis=-1), axis=-1)
    return reshape(z, shape=reduced_shape("median", x, axis, keepdims))


# Any share


# Methods that give an element itself, never a number between two
WHOLE_PLACES = {"lower", "higher", "nearest", "inverted_cdf", "closest_observation"}


def _places_shape(x: Array, *, q: Any, method: str = "linear") -> tuple[int, ...]:
    return (*shape_of(x)[:-1], len(q))


@question("quantile places", shape=_places_shape, kind=float, axes=1)
def quantile_places(x: Array, *, q: Any, method: str = "linear") -> Array:
    """Where the quantiles of sorted rows are, counted from 0; fractions lie in between.

    Every method of NumPy is linear between neighbours, so its quantiles of 0, 1, 2, ...
    are the places. A nan does not count; it stands at the end of a sorted row.

    Args:
        x: value of shape (..., n), with sorted rows.
        q: numbers from 0 to 1, in one row.
        method: a method of NumPy.

    >>> quantile_places(np.array([10.0, 20.0, 40.0]), q=[0.5, 0.75])
    array([1. , 1.5])
    """
    if not isinstance(x, np.ndarray):
        raise OpError("quantile: it needs the numbers, so it takes only NumPy's arrays; compute others first")
    counts = np.sum(~np.isnan(x), axis=-1)
    known = {n: np.quantile(np.arange(float(n)), q, method=method) for n in np.unique(counts).tolist() if n}  # type: ignore[call-overload]
    known[0] = np.zeros(len(q))
    flat = [known[n] for n in counts.ravel().tolist()]
    return np.asarray(flat, float).reshape((*counts.shape, len(q)))


def quantile_of_rows(name: str, x: Array, q: Any, axis: Axis, method: str, keepdims: bool, skip_nan: bool) -> Array:
    """Quantiles along axes, with the axes of q in front.

    A row with nan gives nan, unless nan is skipped.

    Raises:
        ArgumentError: q is a Value or not between 0 and 1, or the method is unknown.
        ShapeError: an axis does not exist, or has no element.
    """
    if isinstance(q, Interpreter):
        raise ArgumentError(f"{name}: q={q} is a Value, and q has no gradient; give plain numbers, such as q.data")
    x, levels = as_input(x, name), _levels(name, q)
    nonempty(name, x, axis)
    axes = axes_of(name, x, axis)
    rows = sort(as_rows(x, axes) if axes else expand_dims(x, axis=-1), axis=-1)
    try:
        places = quantile_places(rows, q=levels.ravel(), method=method)
    except ValueError as error:
        raise ArgumentError(f"{name}: q={q!r}, method={method!r}: {error}") from None
    # As in NumPy the dtype is that of x, unless an array q takes part in the result.
    keeps = isinstance(q, (int, float)) or method in WHOLE_PLACES
    z = _between(rows, places, float_type(rows) if keeps else float)
    if not skip_nan:
        last = getitem(rows, index=(..., slice(-1, None)))
        z = where(isnan(last), last, z)  # nan gets the gradient, as in median
    return reshape(moveaxis(z, -1, 0), shape=(*levels.shape, *reduced_shape(name, x, axis, keepdims)))


def refuse_weights(name: str, weights: Any) -> None:
    """Raise ArgumentError for weights, as there are no weighted quantiles."""
    if weights is not None:
        raise ArgumentError(f"{name}: there is no weights= here; take v.data for plain NumPy")


def _levels(name: str, q: Any) -> Any:
    try:
        return np.asarray(q, float)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name}: q={q!r} is not a number; give one, or an array of them") from None


def _between(rows: Array, places: Array, dtype: Any) -> Array:
    """Elements of rows at places; on a straight line between two elements."""
    if numbers_below(places) is None:  # shapes without numbers
        return sum(rows, axis=-1, keepdims=True) + places
    last = shape_of(rows)[-1] - 1
    low = np.floor(places).astype(int)
    share = (places - low).astype(dtype)
    below = take_along_axis(rows, low, axis=-1)
    above = take_along_axis(rows, np.minimum(low + 1, last), axis=-1)
    exact = np.equal(share, 0.0)  # then the neighbour does not count, even if infinite
    start, end = where(exact, 0.0, below), where(exact, 0.0, above)
    rise = end - start
    # Written so that it rounds as NumPy does.
    line = where(np.greater_equal(share, 0.5), end - rise * (1.0 - share), start + rise * share)
    return where(exact, below, line)


def quantile(
    x: Array, q: Any, *, axis: Axis = None, method: str = "linear", keepdims: bool = False, weights: None = None
) -> Array:
    """Quantiles along axes: the number that a share q of the elements does not exceed.

    The gradient goes to the two elements next to the place, or to the one at the place.
    Of equal elements one gets it.

    z = x_(j) + (x_(j+1) - x_(j)) t, where x_() is sorted, and j + t is the place of q

    Args:
        x: value of any shape.
        q: a plain number from 0 to 1, or an array of them, whose axes come first in the
            result.
        axis: the axes to look along; None for all.
        method: "linear", "lower", "higher", "midpoint", "nearest", or another of
            NumPy's.
        keepdims: keep these axes, with length 1.
        weights: must be None; there are no weighted quantiles here.

    Raises:
        ArgumentError: q is a Value or not between 0 and 1, the method is unknown, or
            weights are given.
        ShapeError: an axis does not exist, or has no element.

    Source: Hyndman, Fan (1996), doi:10.2307/2684934.

    >>> float(quantile(np.array([1.0, 2.0, 4.0]), 0.75))
    3.0
    """
    refuse_weights("quantile", weights)
    return quantile_of_rows("quantile", x, q, axis, method, keepdims, False)


def percentile(
    x: Array, q: Any, *, axis: Axis = None, method: str = "linear", keepdims: bool = False, weights: None = None
) -> Array:
    """Percentiles along axes: `quantile` with q from 0 to 100.

    Args:
        x: value of any shape.
        q: a plain number from 0 to 100, or an array of them, whose axes come first in
            the result.
        axis: the axes to look along; None for all.
        method: "linear", "lower", "higher", "midpoint", "nearest", or another of
            NumPy's.
        keepdims: keep these axes, with length 1.
        weights: must be None; there are no weighted percentiles here.

    Raises:
        ArgumentError: q is a Value or not between 0 and 100, the method is unknown, or
            weights are given.
        ShapeError: an axis does not exist, or has no element.

    >>> float(percentile(np.array([1.0, 2.0, 4.0]), 75))
    3.0
    """
    refuse_weights("percentile", weights)
    return quantile_of_rows("percentile", x, as_share("percentile", q), axis, method, keepdims, False)


def as_share(name: str, q: Any) -> Any:
    """Percentages as shares of 1.

    Raises:
        ArgumentError: one is not between 0 and 100.
    """
    if isinstance(q, Interpreter):
        return q
    shares = _levels(name, q) / 100.0
    if not ((shares >= 0) & (shares <= 1)).all():
        raise ArgumentError(f"{name}: q={q!r} is not between 0 and 100")
    return float(shares) if np.ndim(q) == 0 else shares
