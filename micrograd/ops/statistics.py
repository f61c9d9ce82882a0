"""The table, statistics: weighted means, covariances, histograms."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_input
from micrograd.errors import ArgumentError, DomainError, ShapeError
from micrograd.op import Array, ground, named, numbers_below, shape_of
from micrograd.ops.arithmetic import as_floats, clip, divide, maximum
from micrograd.ops.axes import Axis, axes_of
from micrograd.ops.comparisons import equal
from micrograd.ops.diagonals import diagonal
from micrograd.ops.functions import sqrt
from micrograd.ops.indexing import getitem
from micrograd.ops.joining import concatenate
from micrograd.ops.products import matmul
from micrograd.ops.reducing import in_dtype
from micrograd.ops.reductions import count_along, max, mean, min, nonempty, sum
from micrograd.ops.shapes import broadcast_to, expand_dims, reshape, squeeze, transpose

__all__ = [
    "average",
    "corrcoef",
    "cov",
    "histogram",
    "histogram_bin_edges",
    "ptp",
]


def ptp(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Largest minus smallest element along axes; elements that tie share the gradient.

    z = max(x) - min(x)

    Args:
        x: value of any shape.
        axis: the axes to look along; None for all.
        keepdims: keep these axes, with length 1.

    Raises:
        ShapeError: an axis does not exist, or has no element.

    >>> float(ptp(np.array([1.0, 4.0, 2.0])))
    3.0
    """
    x = as_input(x, "ptp")
    nonempty("ptp", x, axis)
    return max(x, axis=axis, keepdims=keepdims) - min(x, axis=axis, keepdims=keepdims)


def average(
    x: Array, *, axis: Axis = None, weights: Array | None = None, returned: bool = False, keepdims: bool = False
) -> Any:
    """Weighted mean along axes; the weights get gradients, too.

    z = sum_i w_i x_i / sum_i w_i

    Args:
        x: value of any shape.
        axis: the axes to average over; None for all.
        weights: value of the shape of x, or of the averaged axes; None for equal
            weights.
        returned: whether to return the sum of the weights, too.
        keepdims: keep these axes, with length 1.

    Returns:
        The mean, or the pair of the mean and the sum of the weights, in one shape.

    Raises:
        ShapeError: an axis does not exist, or the weights do not fit.
        DomainError: the weights sum to 0.

    >>> average(np.array([1.0, 3.0]), weights=np.array([3.0, 1.0]))
    np.float64(1.5)
    """
    x = as_floats(as_input(x, "average"))
    axes = axes_of("average", x, axis)
    if weights is None:
        z = mean(x, axis=axis, keepdims=keepdims)
        count: Any = float(count_along("average", x, axis))
        return (z, z * 0.0 + count) if returned else z
    w = _weights(x, as_input(weights, "average"), axes)
    total = sum(w, axis=axis, keepdims=keepdims)
    below = numbers_below(total)
    if below is not None and np.any(np.equal(below, 0.0)):
        raise DomainError("average: the weights sum to 0, so there is no mean; give weights with another sum")
    z = divide(sum(x * w, axis=axis, keepdims=keepdims), total)
    return (z, broadcast_to(total, shape=shape_of(z))) if returned else z


def _weights(x: Array, w: Array, axes: tuple[int, ...]) -> Array:
    """Weights broadcast to the shape of x."""
    if shape_of(w) == shape_of(x):
        return w
    wanted = tuple(shape_of(x)[a] for a in axes)
    if len(axes) == len(shape_of(x)) or shape_of(w) != wanted:
        raise ShapeError(
            f"average: weights of shape {named(w)} for {named(x)}: give the shape of x, or name their axes by axis="
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
    """Covariance matrix of variables, each a row of observations; nan for too few.

    z = (m - mean) W (m - mean)^T / degrees of freedom

    Args:
        m: value of shape (variables, observations), or one row.
        y: more variables, of the same shape.
        rowvar: whether the rows are the variables; otherwise the columns are.
        bias: whether to divide by the number of observations, and not by one less.
        ddof: what to subtract from that number; it replaces bias.
        fweights: how often each observation counts: whole numbers.
        aweights: the weight of each observation; these get gradients, too.
        dtype: floating-point type of the result; float64 by default, as in NumPy.

    Raises:
        ShapeError: m has more than two axes, or weights or y do not fit.
        ArgumentError: a weight is negative, or fweights are not whole.

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
    count = maximum(count, 0.0)  # 0 divides to nan, as in NumPy
    if w is None:
        d = x - mean(x, axis=1, keepdims=True)
        z = divide(matmul(d, transpose(d)), count)
    else:
        d = x - divide(sum(x * w, axis=1, keepdims=True), sum(w))
        z = divide(matmul(d * w, transpose(d)), count)
    return squeeze(z)


def _variables(name: str, x: Any, rowvar: bool) -> Array:
    x = as_input(x, name)
    if len(shape_of(x)) > 2:
        raise ShapeError(f"{name}: {named(x)} has more than two axes; reshape it to (variables, observations)")
    if len(shape_of(x)) < 2:
        return reshape(x, shape=(1, -1))
    return x if rowvar else transpose(x)


def _observation_weights(x: Array, fweights: Any, aweights: Any, off: float) -> tuple[Array | None, Array]:
    """The weights of the observations, or None; and the divisor of sums of squares."""
    n = shape_of(x)[1]
    if fweights is None and aweights is None:
        return None, n - off
    f = np.ones(n) if fweights is None else np.asarray(ground(as_input(fweights, "cov")))
    a = np.ones(n) if aweights is None else as_input(aweights, "cov")
    for name, given in (("fweights", f), ("aweights", a)):
        if shape_of(given) != (n,):
            raise ShapeError(f"cov: {name} of shape {shape_of(given)} for {n} observations; give one for each")
        below = numbers_below(given)
        if below is not None and (below < 0).any():
            raise ArgumentError(f"cov: {name} holds a negative weight; give weights of at least 0")
    if (f != np.round(f)).any():
        raise ArgumentError("cov: fweights count observations, so give whole numbers; aweights takes others")
    w = a * f
    if aweights is None or off == 0:
        return w, sum(w) - (off if aweights is None else 0.0)
    return w, sum(w) - off * divide(sum(w * a), sum(w))


def corrcoef(x: Array, y: Array | None = None, *, rowvar: bool = True, dtype: Any = None) -> Array:
    """Correlation matrix of variables, each a row of observations; 1 for one variable.

    z_ij = c_ij / sqrt(c_ii c_jj), where c = cov(x)

    Args:
        x: value of shape (variables, observations), or one row.
        y: more variables, of the same shape.
        rowvar: whether the rows are the variables; otherwise the columns are.
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


# Histograms


def histogram_bin_edges(x: Array, *, bins: Any = 10, range: Any = None, weights: Any = None) -> Array:
    """Edges of the bins of a histogram.

    They have gradients where the smallest and the largest element set them.

    Args:
        x: value of any shape.
        bins: how many bins, or the name of a rule that says it, or the edges.
        range: the outer edges, two plain numbers; by default the smallest and the
            largest element.
        weights: plain numbers, for rules that use them.

    >>> histogram_bin_edges(np.array([1.0, 5.0]), bins=2)
    array([1., 3., 5.])
    """
    if not isinstance(bins, (str, int)):
        bins = as_input(bins, "histogram")
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
    """How many elements are in each bin, and the edges of the bins.

    Counts are plain integers. Sums of weights have gradients for the weights, and
    densities for the edges.

    Args:
        x: value of any shape.
        bins: how many bins, or the name of a rule that says it, or the edges.
        range: the outer edges, two plain numbers; by default the smallest and the
            largest element.
        density: whether to divide by the width of the bins and by the total, so that
            the integral is 1.
        weights: value of the shape of x; the weights in each bin are summed.

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
    """Number of the bin of each element, or -1; the last bin includes both edges."""
    place = np.searchsorted(edges, x, side="right") - 1
    return np.where(np.equal(x, edges[-1]), len(edges) - 2, place)
