"""The table, the normal distribution: its distribution function and what belongs to it.

`ndtr_slope` is the density over the distribution function, and `ndtr_gap` is x more
than that. With them the derivatives of `log_ndtr` keep their digits far below 0, where
the density and the distribution function are both tiny.
"""

from __future__ import annotations

import math

from micrograd import on_demand as np
from micrograd.op import Array, elementwise
from micrograd.ops.arguments import operand
from micrograd.ops.functions import exp
from micrograd.ops.special import erfc, fitted, from_scipy

__all__ = ["erfcinv", "erfinv", "log_ndtr", "ndtr", "ndtr_gap", "ndtr_slope"]

# Up to _FAR the continued fraction of the gap has converged after _TERMS terms.
_FAR = -3.0
_TERMS = 60
_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


def ndtr(x: Array) -> Array:
    """Distribution function of the normal distribution, elementwise.

    z = 1 / sqrt(2 pi) integral from -inf to x of e^(-s^2 / 2) ds, exact near 0 too

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: x is an array, and SciPy is not installed.

    >>> ndtr(0.0)
    0.5
    """
    return 0.5 * erfc(-math.sqrt(0.5) * operand("ndtr", x))


@elementwise("log_ndtr", lambda z, x: ndtr_slope(x), tex=r"\ln \Phi\left({0}\right)")
def log_ndtr(x: Array) -> Array:
    """Logarithm of ndtr, elementwise, also where ndtr is too small for a number.

    z = ln ndtr(x); at -x it is the logarithm of the survival function

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
    """Derivative of log_ndtr, elementwise: density over distribution function.

    z = e^(-x^2 / 2) / (sqrt(2 pi) ndtr(x)); its inverse is Mills' ratio at -x

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
    """How far a normal random number below x is from x on average, elementwise.

    z = x + ndtr_slope(x)

    It is exact far below 0 too, where it is about 1 / |x|, and the sum would lose its
    digits.

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
    """ndtr_slope by its definition, from _FAR up, where nothing underflows.

    Below _FAR it gives that of _FAR.
    """
    if isinstance(x, (int, float)):
        return math.exp(-0.5 * x * x - _HALF_LOG_2PI) / (0.5 * math.erfc(-x * math.sqrt(0.5)))
    x = np.maximum(x, _FAR)
    return np.exp(-0.5 * x * x - _HALF_LOG_2PI) / fitted(from_scipy("ndtr_slope").ndtr(x), x)


def _far_gap(x: Array) -> Array:
    """ndtr_gap up to _FAR: 1 / (y + 2 / (y + 3 / (y + ...))), where y = -x.

    Above _FAR it gives that of _FAR.
    """
    y = -x if isinstance(x, (int, float)) else np.maximum(-x, -_FAR)
    z = 0.0 * y
    for n in range(_TERMS, 0, -1):
        z = n / (y + z)
    return z


@elementwise(
    "erfinv",
    lambda z, x: 0.5 * math.sqrt(math.pi) * exp(z * z),
    tex=r"\operatorname{{erf}}^{{-1}}\left({0}\right)",
    domain=((-1.0, 1.0),),
)
def erfinv(x: Array) -> Array:
    """Inverse of erf, elementwise.

    erf(z) = x; infinite at -1 and 1, nan outside of them

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: SciPy is not installed.

    >>> round(erfinv(0.5), 12)
    0.476936276204
    """
    return fitted(from_scipy("erfinv").erfinv(x), x)


@elementwise(
    "erfcinv",
    lambda z, x: -0.5 * math.sqrt(math.pi) * exp(z * z),
    tex=r"\operatorname{{erfc}}^{{-1}}\left({0}\right)",
    domain=((0.0, 2.0),),
)
def erfcinv(x: Array) -> Array:
    """Inverse of erfc, elementwise.

    erfc(z) = x, exact near 0, where erfinv(1 - x) is infinite; nan outside of [0, 2]

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: SciPy is not installed.

    >>> round(erfcinv(1e-20), 12)
    6.601580622355
    """
    return fitted(from_scipy("erfcinv").erfcinv(x), x)
