"""The table, reductions that skip nan, which gets the gradient 0."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_input
from micrograd.op import Array
from micrograd.ops import reducing
from micrograd.ops.arithmetic import where as choose
from micrograd.ops.axes import Axis
from micrograd.ops.comparisons import equal, isnan, less_equal, logical_and, logical_not
from micrograd.ops.quantiles import as_share, quantile_of_rows, refuse_weights
from micrograd.ops.reducing import mask_of
from micrograd.ops.reductions import count_nonzero, nonempty

__all__ = [
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmedian",
    "nanmin",
    "nanpercentile",
    "nanprod",
    "nanquantile",
    "nanstd",
    "nansum",
    "nanvar",
]


def _known(name: str, x: Array, where: Any) -> tuple[Array, Array]:
    """x, and where it holds a number that counts."""
    x = as_input(x, name)
    known = logical_not(isnan(x))
    return x, known if where is True else logical_and(known, mask_of(name, x, where))


def nansum(
    x: Array,
    *,
    axis: Axis = None,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Array | None = None,
    where: Any = True,
) -> Array:
    """Sum of the elements that are not nan; 0 where there is none.

    z = sum_i x_i over i where x_i is a number

    Args:
        x: value of any shape.
        axis, dtype, keepdims, initial, where: as in `numpy.nansum`.

    Raises:
        ShapeError: an axis does not exist, or where does not fit.

    >>> float(nansum(np.array([2.0, np.nan, 3.0])))
    5.0
    """
    x, known = _known("nansum", x, where)
    return reducing.sum(x, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=known)


def nanprod(
    x: Array,
    *,
    axis: Axis = None,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Array | None = None,
    where: Any = True,
) -> Array:
    """Product of the elements that are not nan; 1 where there is none.

    z = prod_i x_i over i where x_i is a number

    Args:
        x: value of any shape.
        axis, dtype, keepdims, initial, where: as in `numpy.nanprod`.

    Raises:
        ShapeError: an axis does not exist, or where does not fit.

    >>> float(nanprod(np.array([2.0, np.nan, 3.0])))
    6.0
    """
    x, known = _known("nanprod", x, where)
    return reducing.prod(x, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=known)


def nanmax(
    x: Array, *, axis: Axis = None, keepdims: bool = False, initial: Array | None = None, where: Any = True
) -> Array:
    """Largest element that is not nan; nan where there is none.

    Elements that tie share the gradient.

    z = max_i x_i over i where x_i is a number

    Args:
        x: value of any shape.
        axis, keepdims, initial, where: as in `numpy.nanmax`.

    Raises:
        ShapeError: an axis does not exist or has no element, or where does not fit.
        ArgumentError: where is given without initial.

    >>> float(nanmax(np.array([2.0, np.nan, 3.0])))
    3.0
    """
    return _extremum("nanmax", x, axis, keepdims, initial, where)


def nanmin(
    x: Array, *, axis: Axis = None, keepdims: bool = False, initial: Array | None = None, where: Any = True
) -> Array:
    """Smallest element that is not nan; nan where there is none.

    Elements that tie share the gradient.

    z = min_i x_i over i where x_i is a number

    Args:
        x: value of any shape.
        axis, keepdims, initial, where: as in `numpy.nanmin`.

    Raises:
        ShapeError: an axis does not exist or has no element, or where does not fit.
        ArgumentError: where is given without initial.

    >>> float(nanmin(np.array([2.0, np.nan, 3.0])))
    2.0
    """
    return _extremum("nanmin", x, axis, keepdims, initial, where)


def _extremum(name: str, x: Array, axis: Axis, keepdims: bool, initial: Array | None, where: Any) -> Array:
    reducing.check_initial(name, initial, where)
    full, end = (reducing.max, -np.inf) if name == "nanmax" else (reducing.min, np.inf)
    x, known = _known(name, x, where)
    if initial is not None:
        return full(x, axis=axis, keepdims=keepdims, initial=initial, where=known)
    nonempty(name, x, axis)
    z = full(choose(known, x, end), axis=axis, keepdims=keepdims)
    z = reducing.shared_end(z, x, known, end, axis, keepdims)
    return choose(equal(count_nonzero(known, axis=axis, keepdims=keepdims), 0), np.nan, z)


def nanmean(x: Array, *, axis: Axis = None, dtype: Any = None, keepdims: bool = False, where: Any = True) -> Array:
    """Mean of the elements that are not nan; nan where there is none.

    z = sum_i x_i / n over the n places i where x_i is a number

    Args:
        x: value of any shape.
        axis, dtype, keepdims, where: as in `numpy.nanmean`.

    Raises:
        ShapeError: an axis does not exist, or where does not fit.

    >>> float(nanmean(np.array([2.0, np.nan, 3.0])))
    2.5
    """
    x, known = _known("nanmean", x, where)
    return reducing.mean(x, axis=axis, dtype=dtype, keepdims=keepdims, where=known)


def nanvar(
    x: Array,
    *,
    axis: Axis = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Array | None = None,
    correction: float | None = None,
) -> Array:
    """Variance of the elements that are not nan; nan where there are too few.

    z = sum_i (x_i - m)^2 / (n - ddof) over the n places i where x_i is a number

    Args:
        x: value of any shape.
        axis, dtype, ddof, keepdims, where, mean, correction: as in `numpy.nanvar`.

    Raises:
        ShapeError: an axis does not exist, or where does not fit.
        ArgumentError: both ddof and correction are given.

    >>> float(nanvar(np.array([2.0, np.nan, 3.0])))
    0.25
    """
    x, known = _known("nanvar", x, where)
    options: dict[str, Any] = {"axis": axis, "keepdims": keepdims, "ddof": ddof, "correction": correction}
    return _few(reducing.var(x, dtype=dtype, where=known, mean=mean, **options), known, **options)


def nanstd(
    x: Array,
    *,
    axis: Axis = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Array | None = None,
    correction: float | None = None,
) -> Array:
    """Standard deviation of the elements that are not nan; nan where there are too few.

    z = sqrt(nanvar(x)), with gradient 0 where all numbers are equal

    Args:
        x: value of any shape.
        axis, dtype, ddof, keepdims, where, mean, correction: as in `numpy.nanstd`.

    Raises:
        ShapeError: an axis does not exist, or where does not fit.
        ArgumentError: both ddof and correction are given.

    >>> float(nanstd(np.array([2.0, np.nan, 3.0])))
    0.5
    """
    x, known = _known("nanstd", x, where)
    options: dict[str, Any] = {"axis": axis, "keepdims": keepdims, "ddof": ddof, "correction": correction}
    return _few(reducing.std(x, dtype=dtype, where=known, mean=mean, **options), known, **options)


def _few(z: Array, known: Array, axis: Axis, keepdims: bool, ddof: float, correction: float | None) -> Array:
    """z, but nan where no more than ddof elements count."""
    count = count_nonzero(known, axis=axis, keepdims=keepdims)
    return choose(less_equal(count, ddof if correction is None else correction), np.nan, z)


def nancumsum(x: Array, *, axis: int | None = None, dtype: Any = None) -> Array:
    """Running sum along an axis, in which nan counts as 0.

    Args:
        x: value of any shape.
        axis, dtype: as in `numpy.nancumsum`.

    Raises:
        ShapeError: the axis does not exist.

    >>> nancumsum(np.array([2.0, np.nan, 3.0]))
    array([2., 2., 5.])
    """
    x = as_input(x, "nancumsum")
    return reducing.cumsum(choose(isnan(x), 0.0, x), axis=axis, dtype=dtype)


def nancumprod(x: Array, *, axis: int | None = None, dtype: Any = None) -> Array:
    """Running product along an axis, in which nan counts as 1.

    Args:
        x: value of any shape.
        axis, dtype: as in `numpy.nancumprod`.

    Raises:
        ShapeError: the axis does not exist.

    >>> nancumprod(np.array([2.0, np.nan, 3.0]))
    array([2., 2., 6.])
    """
    x = as_input(x, "nancumprod")
    return reducing.cumprod(choose(isnan(x), 1.0, x), axis=axis, dtype=dtype)


def nanquantile(
    x: Array, q: Any, *, axis: Axis = None, method: str = "linear", keepdims: bool = False, weights: None = None
) -> Array:
    """`quantile` of the elements that are not nan; nan where there is none.

    Args:
        x: value of any shape.
        q, axis, method, keepdims, weights: as in `quantile`.

    Raises:
        ArgumentError: q is a Value or not between 0 and 1, the method is unknown, or
            weights are given.
        ShapeError: an axis does not exist, or has no element.

    >>> float(nanquantile(np.array([1.0, np.nan, 2.0, 4.0]), 0.75))
    3.0
    """
    refuse_weights("nanquantile", weights)
    return quantile_of_rows("nanquantile", x, q, axis, method, keepdims, True)


def nanpercentile(
    x: Array, q: Any, *, axis: Axis = None, method: str = "linear", keepdims: bool = False, weights: None = None
) -> Array:
    """`percentile` of the elements that are not nan; nan where there is none.

    Args:
        x: value of any shape.
        q, axis, method, keepdims, weights: as in `percentile`.

    Raises:
        ArgumentError: q is a Value or not between 0 and 100, the method is unknown, or
            weights are given.
        ShapeError: an axis does not exist, or has no element.

    >>> float(nanpercentile(np.array([1.0, np.nan, 2.0, 4.0]), 75))
    3.0
    """
    refuse_weights("nanpercentile", weights)
    return quantile_of_rows("nanpercentile", x, as_share("nanpercentile", q), axis, method, keepdims, True)


def nanmedian(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Median of the elements that are not nan; nan where there is none.

    Args:
        x: value of any shape.
        axis, keepdims: as in `numpy.nanmedian`.

    Raises:
        ShapeError: an axis does not exist, or has no element.

    >>> float(nanmedian(np.array([1.0, np.nan, 2.0, 4.0])))
    2.0
    """
    return quantile_of_rows("nanmedian", x, 0.5, axis, "linear", keepdims, True)
