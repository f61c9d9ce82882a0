"""The table, what entropies are made of: x ln y and the like, where 0 ln 0 is 0.

The slopes at 0 are the true ones. Those of x ln x and of `entr` are infinite there.
"""

from __future__ import annotations

import math
from typing import Any

from micrograd import on_demand as np
from micrograd.op import OPS, Array, elementwise
from micrograd.ops.alarms import are_numbers
from micrograd.ops.arithmetic import divide, maximum, where
from micrograd.ops.comparisons import equal, greater, greater_equal, isnan, less, logical_and, logical_or
from micrograd.ops.functions import log, log1p
from micrograd.ops.special import fitted

__all__ = ["binary_cross_entropy", "entr", "kl_div", "rel_entr", "xdivy", "xlog1py", "xlogy"]


def _times_log(x: Array, y: Array, quick: Any, ufunc: str) -> Array:
    """x times the logarithm of y; 0 where x is 0 and y is not nan."""
    if are_numbers(x, y):
        if x == 0 and y == y:
            return 0.0
        try:
            return x * quick(y)
        except ValueError:  # the logarithm of 0, or of a negative number
            pole = 0.0 if quick is math.log else -1.0
            return -math.inf * x if y == pole else math.nan
    idle = (x == 0) & ~np.isnan(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        return fitted(np.where(idle, 0.0, x * getattr(np, ufunc)(y)), x, y)


def _unless_0(x: Array, y: Array, z: Array) -> Array:
    """z, but 0 where x is 0 and y is not nan."""
    return where(logical_and(equal(x, 0.0), equal(y, y)), 0.0, z)


@elementwise("xlogy", lambda z, x, y: log(y), lambda z, x, y: xdivy(x, y), c=lambda x, y: _unless_0(x, y, x * log(y)))
def xlogy(x: Array, y: Array) -> Array:
    """Product x ln y, elementwise; 0 where x is 0, also at y = 0.

    z = x ln y

    Args:
        x: value of any shape.
        y: value of a shape that broadcasts.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> xlogy(0.0, 0.0), xlogy(2.0, 1.0)
    (0.0, 0.0)
    """
    return _times_log(x, y, math.log, "log")


@elementwise(
    "xlog1py",
    lambda z, x, y: log1p(y),
    lambda z, x, y: xdivy(x, 1.0 + y),
    c=lambda x, y: _unless_0(x, y, x * log1p(y)),
)
def xlog1py(x: Array, y: Array) -> Array:
    """Product x ln (1 + y), elementwise; 0 where x is 0, also at y = -1.

    z = x ln (1 + y), exact for small y too

    Args:
        x: value of any shape.
        y: value of a shape that broadcasts.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> xlog1py(0.0, -1.0), xlog1py(2.0, 1e-20)
    (0.0, 2e-20)
    """
    return _times_log(x, y, math.log1p, "log1p")


@elementwise(
    "xdivy",
    lambda z, x, y: divide(1.0, y),
    lambda z, x, y: -xdivy(z, y),
    c=lambda x, y: _unless_0(x, y, divide(x, y)),
    identity=1.0,
)
def xdivy(x: Array, y: Array) -> Array:
    """Quotient x / y, elementwise; 0 where x is 0, also at y = 0. The slope of xlogy.

    z = x / y

    Args:
        x: value of any shape.
        y: value of a shape that broadcasts.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> xdivy(0.0, 0.0), xdivy(6.0, 3.0)
    (0.0, 2.0)
    """
    if are_numbers(x, y):
        return 0.0 if x == 0 and y == y else divide(float(x), float(y))
    idle = (x == 0) & ~np.isnan(y)
    return fitted(divide(np.where(idle, 0.0, x), np.where(idle, 1.0, y)), x, y)


def _entropy(x: Array) -> Array:
    below = less(x, 0.0)
    z = 0.0 - xlogy(x, where(below, 1.0, x))  # not -0.0
    return where(below, -math.inf, z)


@elementwise("entr", lambda z, x: -1.0 - log(x), c=_entropy, domain=((0.0, math.inf),))
def entr(x: Array) -> Array:
    """Entropy of a probability, elementwise.

    z = -x ln x; 0 at 0, with an infinite slope; -inf below 0

    Args:
        x: value of any shape.

    >>> entr(0.0), entr(1.0)
    (0.0, 0.0)
    """
    return _entropy(x)


def _outside(x: Array, y: Array) -> Array:
    return logical_or(less(x, 0.0), less(y, 0.0))


def _log_ratio(x: Array, y: Array) -> Array:
    """ln (x / y) of positive numbers, without overflow, exact where they are near.

    It is written in ops, as it is a rule.
    """
    near = logical_and(greater(x, 0.5 * y), greater(y, 0.5 * x))
    close = log1p(divide(where(near, x - y, 0.0), where(near, y, 1.0)))
    return where(near, close, log(where(near, 1.0, x)) - log(where(near, 1.0, y)))


def _divergence(x: Array, y: Array, inside_of: Any, at_zero: Array) -> Array:
    """inside_of(x, y) where both are positive, and what it is elsewhere.

    at_zero where x is 0 and y is not negative; nan where either is nan; else inf.
    """
    inside = logical_and(greater(x, 0.0), greater(y, 0.0))
    z = inside_of(where(inside, x, 1.0), where(inside, y, 1.0))
    rest = where(logical_or(isnan(x), isnan(y)), x + y, math.inf)
    rest = where(logical_and(equal(x, 0.0), greater_equal(y, 0.0)), at_zero, rest)
    return where(inside, z, rest)


def _relative(x: Array, y: Array) -> Array:
    return _divergence(x, y, lambda x, y: x * _log_ratio(x, y), 0.0)


@elementwise(
    "rel_entr",
    lambda z, x, y: 1.0 + _log_ratio(x, y),
    lambda z, x, y: where(_outside(x, y), math.nan, -xdivy(x, y)),
    c=_relative,
    domain=((0.0, math.inf), (0.0, math.inf)),
)
def rel_entr(x: Array, y: Array) -> Array:
    """Term of the relative entropy of two distributions, elementwise.

    z = x ln (x / y); 0 at x = 0; inf where x or y is negative, or only y is 0

    Args:
        x: value of any shape, at least 0.
        y: value of a shape that broadcasts, at least 0; 0 only where x is.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> rel_entr(0.0, 0.5), rel_entr(0.5, 0.5)
    (0.0, 0.0)
    """
    return fitted(_relative(x, y), x, y)


def _kullback(x: Array, y: Array) -> Array:
    return _divergence(x, y, lambda x, y: x * _log_ratio(x, y) + (y - x), y)


@elementwise(
    "kl_div",
    lambda z, x, y: _log_ratio(x, y),
    # The first keeps the digits for x near y. The second is 1 at x = 0, also at y = 0.
    lambda z, x, y: where(_outside(x, y), math.nan, where(greater(x, 0.5 * y), divide(y - x, y), 1.0 - xdivy(x, y))),
    c=_kullback,
    domain=((0.0, math.inf), (0.0, math.inf)),
)
def kl_div(x: Array, y: Array) -> Array:
    """Term of the divergence of Kullback and Leibler of two measures, elementwise.

    z = x ln (x / y) - x + y; y at x = 0; inf where x or y is negative, or only y is 0

    Args:
        x: value of any shape, at least 0.
        y: value of a shape that broadcasts, at least 0; 0 only where x is.

    Raises:
        ShapeError: the shapes do not broadcast.

    Source: Kullback, Leibler (1951), doi:10.1214/aoms/1177729694.

    >>> kl_div(0.0, 0.5), kl_div(0.5, 0.5)
    (0.5, 0.0)
    """
    return fitted(_kullback(x, y), x, y)


_LEAST = -100.0  # the least logarithm of a probability, and below the least divisor: PyTorch's
_DIVISOR = 1e-12


def _log_from_least(x: Array, log: Any) -> Array:
    """The logarithm of x or of 1 + x, but at least -100, in ops: as a rule needs it."""
    inside = greater(x, 0.0 if log is OPS["log"] else -1.0)
    return where(inside, maximum(log(where(inside, x, 1.0)), _LEAST), _LEAST)


@elementwise(
    "bce",
    lambda z, x, y: divide(1.0 - y, maximum(1.0 - x, _DIVISOR)) - divide(y, maximum(x, _DIVISOR)),
    lambda z, x, y: _log_from_least(-x, log1p) - _log_from_least(x, log),
    kink="at x = 0 and x = 1, where the logarithm is cut off: as if x were 1e-12 away",
    c=lambda x, y: (1.0 - y) * -maximum(log1p(-x), _LEAST) - y * maximum(log(x), _LEAST),
)
def binary_cross_entropy(x: Array, y: Array) -> Array:
    """Cross-entropy of a probability x of yes, where y is the true one, elementwise.

    z = -(y ln x + (1 - y) ln (1 - x)), where each logarithm is at least -100

    Args:
        x: value of any shape, from 0 to 1.
        y: value of a shape that broadcasts, from 0 to 1.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> binary_cross_entropy(0.0, 1.0), binary_cross_entropy(0.0, 0.0)
    (100.0, 0.0)
    """
    if are_numbers(x, y):
        return (1.0 - y) * -_least_of_number(math.log1p, -x) - y * _least_of_number(math.log, x)
    with np.errstate(divide="ignore"):
        z = (1.0 - y) * -np.maximum(np.log1p(-x), _LEAST) - y * np.maximum(np.log(x), _LEAST)
    return fitted(z, x, y)


def _least_of_number(log: Any, x: float) -> float:
    try:
        return max(float(log(x)), _LEAST)
    except ValueError:  # of 0, or of a negative number
        return _LEAST if x == (0.0 if log is math.log else -1.0) else math.nan
