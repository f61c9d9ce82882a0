"""The table, statistics: weighted means, covariances, quantiles, and questions about order and place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from micrograd.arrays import float_type
from micrograd.errors import ArgumentError, DomainError, OpError, ShapeError
from micrograd.op import Array, ground, named, question, shape_of
from micrograd.ops.arithmetic import clip, divide, equal, isnan, maximum, where
from micrograd.ops.functions import sqrt
from micrograd.ops.indexing import as_value, getitem, take_along_axis
from micrograd.ops.products import matmul
from micrograd.ops.reducing import in_dtype
from micrograd.ops.reductions import Axis, as_rows, max, mean, min, nonempty, sort, sum
from micrograd.ops.shapes import (
    broadcast_to,
    concatenate,
    diagonal,
    expand_dims,
    moveaxis,
    own_axes,
    reshape,
    squeeze,
    transpose,
)

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = [
    "average",
    "corrcoef",
    "cov",
    "digitize",
    "histogram",
    "histogram_bin_edges",
    "isin",
    "percentile",
    "ptp",
    "quantile",
    "quantile_places",
    "searchsorted",
]


def ptp(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Largest element less the smallest, along axes; where several tie, they share the gradient.

    z = max(x) - min(x)

    Args:
        x: value of any shape.
        axis: the axes to look along, counted from the end when negative; None for all.
        keepdims: keep these axes, at length 1.

    Raises:
        ShapeError: an axis does not exist, or has no element.

    >>> float(ptp(np.array([1.0, 4.0, 2.0])))
    3.0
    """
    x = as_value("ptp", x)
    nonempty("ptp", x, axis)
    return max(x, axis=axis, keepdims=keepdims) - min(x, axis=axis, keepdims=keepdims)


def average(
    x: Array, *, axis: Axis = None, weights: Array | None = None, returned: bool = False, keepdims: bool = False
) -> Any:
    """Weighted mean along axes; the weights have gradients, too.

    z = sum_i w_i x_i / sum_i w_i

    Args:
        x: value of any shape.
        axis: the axes to average over, counted from the end when negative; None for all.
        weights: of the shape of x, or of the axes that are averaged over; None for equal ones.
        returned: give the sum of the weights as well.
        keepdims: keep these axes, at length 1.

    Returns:
        The mean, or the pair of the mean and the sum of the weights, of one shape.

    Raises:
        ShapeError: an axis does not exist, or the weights do not fit.
        DomainError: the weights sum to 0.

    >>> average(np.array([1.0, 3.0]), weights=np.array([3.0, 1.0]))
    np.float64(1.5)
    """
    x = as_value("average", x)
    axes = own_axes("average", x, axis)
    if weights is None:
        z = mean(x, axis=axis, keepdims=keepdims)
        count: Any = float(math.prod(shape_of(x)[a] for a in axes))
        return (z, z * 0.0 + count) if returned else z
    w = _weights(x, as_value("average", weights), axes)
    total = sum(w, axis=axis, keepdims=keepdims)
    below = ground(total)
    if below is not None and np.any(np.equal(below, 0.0)):
        raise DomainError("average: the weights sum to 0, so there is no mean; give weights with another sum")
    z = divide(sum(x * w, axis=axis, keepdims=keepdims), total)
    return (z, broadcast_to(total, shape=shape_of(z))) if returned else z


def _weights(x: Array, w: Array, axes: tuple[int, ...]) -> Array:
    """Weights in the shape of x."""
    if shape_of(w) == shape_of(x):
        return w
    wanted = tuple(shape_of(x)[a] for a in axes)
    if len(axes) == len(shape_of(x)) or shape_of(w) != wanted:
        raise ShapeError(
            f"average: weights of shape {named(w)} for {named(x)}: give the shape of x, "
            f"or name the axes that they stand for by axis="
        )
    order = sorted(range(len(axes)), key=axes.__getitem__)
    kept = tuple(n if a in axes else 1 for a, n in enumerate(shape_of(x)))
    return broadcast_to(reshape(transpose(w, axes=order), shape=kept), shape=shape_of(x))


def cov(
    m: Array,
    y: Array | None = None,
    *,
    rowvar: bool = True,
    bias: bool = False,
    ddof: float | None = None,
    fweights: Any = None,
    aweights: Array | None = None,
    dtype: Any = None,
) -> Array:
    """Covariance matrix of variables, each of them a row of observations; nan of too few of them.

    z = (m - mean) W (m - mean)^T / degrees of freedom

    Args:
        m: value of shape (variables, observations), or one row.
        y: more variables, of the same shape.
        rowvar: whether rows are variables; else columns are.
        bias: divide by the number of observations, not by one less.
        ddof: what to take off that number, in place of bias.
        fweights: how often each observation is counted: whole numbers.
        aweights: the importance of each observation; they have gradients, too.
        dtype: floating-point type of the result; float64 by default, as in NumPy.

    Raises:
        ShapeError: m has more than two axes, or weights or y do not fit.
        ArgumentError: weights are negative, or fweights are not whole.

    >>> cov(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    x = _variables("cov", m, rowvar)
    if y is not None:
        x = concatenate([x, _variables("cov", y, rowvar)], axis=0)
    x = in_dtype("cov", x, np.result_type(x.dtype, float) if dtype is None else dtype)
    off = (0 if bias else 1) if ddof is None else ddof
    w, count = _observation_weights(x, fweights, aweights, off)
    count = maximum(count, 0.0)  # nan where no observation is left to divide by, as in NumPy
    if w is None:
        d = x - mean(x, axis=1, keepdims=True)
        z = divide(matmul(d, transpose(d)), count)
    else:
        d = x - divide(sum(x * w, axis=1, keepdims=True), sum(w))
        z = divide(matmul(d * w, transpose(d)), count)
    return squeeze(z)


def _variables(name: str, x: Any, rowvar: bool) -> Array:
    x = as_value(name, x)
    if len(shape_of(x)) > 2:
        raise ShapeError(f"{name}: {named(x)} has more than two axes; reshape it to (variables, observations)")
    if len(shape_of(x)) < 2:
        return reshape(x, shape=(1, -1))
    return x if rowvar else transpose(x)


def _observation_weights(x: Array, fweights: Any, aweights: Any, off: float) -> tuple[Array | None, Array]:
    """The weights of the observations, or None; and what sums of squares are divided by."""
    n = shape_of(x)[1]
    if fweights is None and aweights is None:
        return None, n - off
    f = np.ones(n) if fweights is None else np.asarray(ground(as_value("cov", fweights)))
    a = np.ones(n) if aweights is None else as_value("cov", aweights)
    for name, given in (("fweights", f), ("aweights", a)):
        if shape_of(given) != (n,):
            raise ShapeError(f"cov: {name} of shape {shape_of(given)} for {n} observations; give one to each")
        below = ground(given)
        if below is not None and (below < 0).any():
            raise ArgumentError(f"cov: {name} with a negative one; give weights of at least 0")
    if (f != np.round(f)).any():
        raise ArgumentError("cov: fweights count observations, and have to be whole numbers; use aweights for others")
    w = a * f
    if aweights is None or off == 0:
        return w, sum(w) - (off if aweights is None else 0.0)
    return w, sum(w) - off * divide(sum(w * a), sum(w))


def corrcoef(x: Array, y: Array | None = None, *, rowvar: bool = True, dtype: Any = None) -> Array:
    """Correlation matrix of variables, each of them a row of observations; 1 for a single one.

    z_ij = c_ij / sqrt(c_ii c_jj), where c = cov(x)

    Args:
        x: value of shape (variables, observations), or one row.
        y: more variables, of the same shape.
        rowvar: whether rows are variables; else columns are.
        dtype: floating-point type of the result; float64 by default, as in NumPy.

    Raises:
        ShapeError: x has more than two axes, or y does not fit.

    >>> corrcoef(np.array([[1.0, 2.0, 4.0], [3.0, 2.0, 0.0]]))
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    c = cov(x, y, rowvar=rowvar, dtype=dtype)
    if not shape_of(c):
        return divide(c, c)
    size = sqrt(diagonal(c))
    return clip(divide(divide(c, expand_dims(size, axis=1)), size), -1.0, 1.0)


# Quantiles

WHOLE_PLACES = {"lower", "higher", "nearest", "inverted_cdf", "closest_observation"}  # never between two elements


def _places_shape(x: Array, *, q: Any, method: str = "linear") -> tuple[int, ...]:
    return (*shape_of(x)[:-1], len(q))


@question("quantile places", shape=_places_shape, kind=float)
def quantile_places(x: Array, *, q: Any, method: str = "linear") -> Array:
    """Where the quantiles of sorted rows lie, counted from 0; between two elements it is a fraction.

    Every method of NumPy is linear between neighbours, so its quantiles of 0, 1, 2, ... are the places. A nan counts
    as no element; it stands at the end of a sorted row.

    Args:
        x: value of shape (..., n), its rows in order.
        q: numbers from 0 to 1, in one row.
        method: one of NumPy's.

    >>> quantile_places(np.array([10.0, 20.0, 40.0]), q=[0.5, 0.75])
    array([1. , 1.5])
    """
    if not isinstance(x, np.ndarray):
        raise OpError("quantile: it looks at the numbers, so it is for NumPy's arrays; compute others first")
    counts = np.sum(~np.isnan(x), axis=-1)
    known = {n: np.quantile(np.arange(float(n)), q, method=method) for n in np.unique(counts).tolist() if n}  # type: ignore[call-overload]
    known[0] = np.zeros(len(q))
    flat = [known[n] for n in counts.ravel().tolist()]
    return np.asarray(flat, float).reshape((*counts.shape, len(q)))


def quantile_of_rows(name: str, x: Array, q: Any, axis: Axis, method: str, keepdims: bool, skip_nan: bool) -> Array:
    """Quantiles along axes, with the axes of q in front; those of a row with nan are nan, unless nan is skipped.

    Raises:
        ArgumentError: q is a value, or not between 0 and 1, or there is no such method.
        ShapeError: an axis does not exist, or has no element.
    """
    if hasattr(q, "_apply_op"):
        raise ArgumentError(f"{name}: q={q} is a value, and has no gradient here; give plain numbers, such as q.data")
    x, levels = as_value(name, x), _levels(name, q)
    nonempty(name, x, axis)
    axes = own_axes(name, x, axis)
    rows = sort(as_rows(x, axes) if axes else expand_dims(x, axis=-1), axis=-1)
    try:
        places = quantile_places(rows, q=levels.ravel(), method=method)
    except ValueError as error:
        raise ArgumentError(f"{name}: q={q!r}, method={method!r}: {error}") from None
    # As in NumPy, the dtype is that of x, unless shares of an array q go into the result.
    keeps = isinstance(q, (int, float)) or method in WHOLE_PLACES
    z = _between(rows, places, float_type(rows) if keeps else float)
    if not skip_nan:
        last = getitem(rows, index=(..., slice(-1, None)))
        z = where(isnan(last), last, z)  # the nan itself, as in median: it has the gradient
    kept = tuple(1 if a in axes else n for a, n in enumerate(shape_of(x)) if keepdims or a not in axes)
    return reshape(moveaxis(z, -1, 0), shape=(*levels.shape, *kept))


def _levels(name: str, q: Any) -> Any:
    try:
        return np.asarray(q, float)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name}: q={q!r} is not made of numbers; give one, or an array of them") from None


def _between(rows: Array, places: Array, dtype: Any) -> Array:
    """Elements of rows at places; between two of them, on the straight line."""
    if ground(places) is None:  # of mere shapes
        return sum(rows, axis=-1, keepdims=True) + places
    last = shape_of(rows)[-1] - 1
    low = np.floor(places).astype(int)
    share = (places - low).astype(dtype)
    below = take_along_axis(rows, low, axis=-1)
    above = take_along_axis(rows, np.minimum(low + 1, last), axis=-1)
    exact = np.equal(share, 0.0)  # then a neighbour has no say, though it be infinite
    start, end = where(exact, 0.0, below), where(exact, 0.0, above)
    rise = end - start
    line = where(np.greater_equal(share, 0.5), end - rise * (1.0 - share), start + rise * share)  # rounds as in NumPy
    return where(exact, below, line)


def quantile(
    x: Array, q: Any, *, axis: Axis = None, method: str = "linear", keepdims: bool = False, weights: None = None
) -> Array:
    """Quantiles along axes: what the share q of the elements does not exceed.

    The gradient goes to the two elements next to the place, or to the one that is there; of equal ones to one of them.

    z = x_(j) + (x_(j+1) - x_(j)) t, where x_() is sorted and j + t the place of q

    Args:
        x: value of any shape.
        q: a number from 0 to 1, or an array of them, whose axes come first in the result; plain numbers.
        axis: the axes to look along, counted from the end when negative; None for all.
        method: "linear", "lower", "higher", "midpoint", "nearest", or another of NumPy's.
        keepdims: keep these axes, at length 1.
        weights: None; there are no weighted quantiles here.

    Raises:
        ArgumentError: q is a value, or not between 0 and 1; there is no such method; or weights are given.
        ShapeError: an axis does not exist, or has no element.

    Source: Hyndman, Fan (1996), doi:10.2307/2684934.

    >>> float(quantile(np.array([1.0, 2.0, 4.0]), 0.75))
    3.0
    """
    if weights is not None:
        raise ArgumentError("quantile: weights= is not there for values; take v.data for plain NumPy")
    return quantile_of_rows("quantile", x, q, axis, method, keepdims, False)


def percentile(
    x: Array, q: Any, *, axis: Axis = None, method: str = "linear", keepdims: bool = False, weights: None = None
) -> Array:
    """Percentiles along axes: `quantile` with q from 0 to 100.

    Args:
        x: value of any shape.
        q: a number from 0 to 100, or an array of them, whose axes come first in the result; plain numbers.
        axis: the axes to look along, counted from the end when negative; None for all.
        method: "linear", "lower", "higher", "midpoint", "nearest", or another of NumPy's.
        keepdims: keep these axes, at length 1.
        weights: None; there are no weighted percentiles here.

    Raises:
        ArgumentError: q is a value, or not between 0 and 100; there is no such method; or weights are given.
        ShapeError: an axis does not exist, or has no element.

    >>> float(percentile(np.array([1.0, 2.0, 4.0]), 75))
    3.0
    """
    if weights is not None:
        raise ArgumentError("percentile: weights= is not there for values; take v.data for plain NumPy")
    return quantile_of_rows("percentile", x, as_share("percentile", q), axis, method, keepdims, False)


def as_share(name: str, q: Any) -> Any:
    """Percents as shares of 1.

    Raises:
        ArgumentError: one is not between 0 and 100.
    """
    if hasattr(q, "_apply_op"):
        return q
    shares = _levels(name, q) / 100.0
    if not ((shares >= 0) & (shares <= 1)).all():
        raise ArgumentError(f"{name}: q={q!r} is not between 0 and 100")
    return float(shares) if np.ndim(q) == 0 else shares


# Questions: places and counts, in plain data


@question("searchsorted", shape=lambda a, v, *, side="left", sorter=None: shape_of(v), kind=int)
def searchsorted(a: Array, v: Array, *, side: Any = "left", sorter: Any = None) -> Array:
    """Where to insert elements into a sorted row so that it stays sorted; plain integers.

    Args:
        a: the row, in ascending order.
        v: what to insert, of any shape.
        side: "left" of equal elements, or "right".
        sorter: the order of a, where it is not sorted: integers.

    >>> searchsorted(np.array([1.0, 2.0, 4.0]), 3.0)
    np.int64(2)
    """
    return np.searchsorted(a, v, side=side, sorter=sorter)


@question("digitize", shape=lambda x, bins, *, right=False: shape_of(x), kind=int)
def digitize(x: Array, bins: Array, *, right: bool = False) -> Array:
    """Number of the bin of each element, 0 below the first edge; plain integers.

    Args:
        x: value of any shape.
        bins: the edges, in ascending or descending order.
        right: whether a bin holds its right edge, in place of its left one.

    >>> digitize(np.array([0.5, 2.5]), np.array([0.0, 1.0, 2.0]))
    array([1, 3])
    """
    return np.digitize(x, bins, right=right)


@question("isin", shape=lambda x, y, *, assume_unique=False, invert=False, kind=None: shape_of(x), kind=bool)
def isin(x: Array, y: Array, *, assume_unique: bool = False, invert: bool = False, kind: Any = None) -> Array:
    """Whether each element is among others; plain booleans.

    Args:
        x: value of any shape.
        y: the others, in any shape.
        assume_unique: no element comes twice, which is quicker.
        invert: ask whether it is not among them.
        kind: how NumPy shall look: "sort", "table" or None.

    >>> isin(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    array([False,  True])
    """
    return np.isin(x, y, assume_unique=assume_unique, invert=invert, kind=kind)


def histogram_bin_edges(x: Array, *, bins: Any = 10, range: Any = None, weights: Any = None) -> Array:
    """Edges of the bins of a histogram; where the smallest and largest element set them, they have gradients.

    Args:
        x: value of any shape.
        bins: how many, or the name of a rule that says how many, or the edges.
        range: the outer edges, two plain numbers; the smallest and the largest element by default.
        weights: plain numbers, for rules that ask for them.

    >>> histogram_bin_edges(np.array([1.0, 5.0]), bins=2)
    array([1., 3., 5.])
    """
    if not isinstance(bins, (str, int)):
        bins = as_value("histogram", bins)
    plain = np.histogram_bin_edges(ground(x), ground(bins), range=range, weights=ground(weights))
    if not isinstance(bins, (str, int)) and shape_of(bins):
        return bins
    if range is not None or 0 in shape_of(x):
        return plain
    low, high = min(x), max(x)
    if bool(equal(low, high)):  # as in NumPy: a bin needs a width
        low, high = low - 0.5, high + 0.5
    share = np.arange(len(plain)) / (len(plain) - 1)
    return low * (1.0 - share) + high * share


def histogram(
    x: Array, *, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Array | None = None
) -> tuple[Array, Array]:
    """How many elements lie in each bin, and the edges of the bins.

    Counts are plain integers. Sums of weights have gradients by the weights, and densities by the edges.

    Args:
        x: value of any shape.
        bins: how many, or the name of a rule that says how many, or the edges.
        range: the outer edges, two plain numbers; the smallest and the largest element by default.
        density: divide by the width of the bins and by the total, so that the integral is 1.
        weights: of the shape of x: sum them in place of counting.

    Returns:
        The pair (counts or sums or densities, edges).

    Raises:
        ShapeError: the weights do not have the shape of x.

    >>> histogram(np.array([1.0, 2.0, 5.0]), bins=2)
    (array([2, 1]), array([1., 3., 5.]))
    """
    edges = histogram_bin_edges(x, bins=bins, range=range, weights=None if not isinstance(bins, str) else weights)
    given: Any = np.histogram(ground(x), ground(edges))[0]
    if weights is not None:
        if shape_of(weights) != shape_of(x):
            raise ShapeError(f"histogram: weights of shape {named(weights)} for {named(x)}; give them the same shape")
        inside = np.asarray(_bin_of(ground(x), ground(edges))).ravel()[:, None] == np.arange(len(edges) - 1)
        given = matmul(reshape(weights, shape=(-1,)), inside.astype(float))
    if not density:
        return given, edges
    width = getitem(edges, index=slice(1, None)) - getitem(edges, index=slice(-1))
    return divide(divide(given, width), sum(given)), edges


def _bin_of(x: Any, edges: Any) -> Any:
    """Number of the bin of each element, -1 for none; the last bin holds both of its edges."""
    place = np.searchsorted(edges, x, side="right") - 1
    return np.where(np.equal(x, edges[-1]), len(edges) - 2, place)
