"""The table, the normal distribution: its distribution function, the logarithm of it, and the inverse of erf.

ndtr_slope is the ratio of density and distribution function, and ndtr_gap what it exceeds -x by: with them the
derivatives of log_ndtr keep their digits where both of these are tiny.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from micrograd.op import Array, elementwise
from micrograd.ops.arguments import operand
from micrograd.ops.functions import exp
from micrograd.ops.special import erfc, fitted, from_scipy

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = ["erfcinv", "erfinv", "log_ndtr", "ndtr", "ndtr_gap", "ndtr_slope"]

_FAR = -3.0  # from here on down the continued fraction of the gap has converged after _TERMS terms
_TERMS = 60
_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


def ndtr(x: Array) -> Array:
    """Distribution function of the normal distribution, elementwise; exact where it is near 0.

    z = 1 / sqrt(2 pi) integral from -inf to x of e^(-s^2 / 2) ds

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: x is an array, and SciPy is not installed.

    >>> ndtr(0.0)
    0.5
    """
    return 0.5 * erfc(-math.sqrt(0.5) * operand("ndtr", x))


@elementwise("log_ndtr", lambda z, x: ndtr_slope(x))
def log_ndtr(x: Array) -> Array:
    """Logarithm of ndtr, elementwise, also where that is too small for a number. At -x it is the log survival.

    z = ln ndtr(x)

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: x is an array, and SciPy is not installed.

    >>> round(log_ndtr(-100.0), 9)
    -5005.524208694
    """
    if not isinstance(x, (int, float)):
        return fitted(from_scipy("log_ndtr").log_ndtr(x), x)
    if x < _FAR:
        return -0.5 * x * x - _HALF_LOG_2PI - math.log(_far_gap(x) - x)
    tail = 0.5 * math.erfc(abs(x) * math.sqrt(0.5))
    return math.log1p(-tail) if x > 0.0 else math.log(tail)


@elementwise("ndtr_slope", lambda z, x: -z * ndtr_gap(x))
def ndtr_slope(x: Array) -> Array:
    """Derivative of log_ndtr, elementwise: density over distribution function, the inverse of Mills' ratio at -x.

    z = e^(-x^2 / 2) / (sqrt(2 pi) ndtr(x))

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: x is an array, and SciPy is not installed.

    >>> round(ndtr_slope(-1e10), 10)
    10000000000.0
    """
    if isinstance(x, (int, float)) and x < _FAR:
        return _far_gap(x) - x
    near = _near_slope(x)
    return near if isinstance(x, (int, float)) else np.where(x < _FAR, _far_gap(x) - x, near)


@elementwise("ndtr_gap", lambda z, x: 1.0 - ndtr_slope(x) * z)
def ndtr_gap(x: Array) -> Array:
    """How far below x a normal number lies on average, given that it lies below, elementwise; 1 / |x| far below 0.

    z = x + ndtr_slope(x), whose digits would be lost there

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: x is an array, and SciPy is not installed.

    Source: the continued fraction is DLMF 7.9.2.

    >>> ndtr_gap(-1e10)
    1e-10
    """
    if isinstance(x, (int, float)) and x < _FAR:
        return _far_gap(x)
    near = x + _near_slope(x)
    return near if isinstance(x, (int, float)) else np.where(x < _FAR, _far_gap(x), near)


def _near_slope(x: Array) -> Array:
    """By its definition, where nothing underflows: from _FAR on up, and that of _FAR below."""
    if isinstance(x, (int, float)):
        return math.exp(-0.5 * x * x - _HALF_LOG_2PI) / (0.5 * math.erfc(-x * math.sqrt(0.5)))
    x = np.maximum(x, _FAR)
    return np.exp(-0.5 * x * x - _HALF_LOG_2PI) / fitted(from_scipy("ndtr_slope").ndtr(x), x)


def _far_gap(x: Array) -> Array:
    """1 / (y + 2 / (y + 3 / (y + ...))), y = -x; that of _FAR above."""
    y = -x if isinstance(x, (int, float)) else np.maximum(-x, -_FAR)
    z = 0.0 * y
    for n in range(_TERMS, 0, -1):
        z = n / (y + z)
    return z


@elementwise("erfinv", lambda z, x: 0.5 * math.sqrt(math.pi) * exp(z * z))
def erfinv(x: Array) -> Array:
    """Inverse of erf, elementwise; infinite at -1 and 1, nan outside of them.

    erf(z) = x

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: SciPy is not installed.

    >>> round(erfinv(0.5), 12)
    0.476936276204
    """
    return fitted(from_scipy("erfinv").erfinv(x), x)


@elementwise("erfcinv", lambda z, x: -0.5 * math.sqrt(math.pi) * exp(z * z))
def erfcinv(x: Array) -> Array:
    """Inverse of erfc, elementwise, exact where erfinv(1 - x) would be infinite; nan outside of [0, 2].

    erfc(z) = x

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: SciPy is not installed.

    >>> round(erfcinv(1e-20), 12)
    6.601580622355
    """
    return fitted(from_scipy("erfcinv").erfcinv(x), x)
