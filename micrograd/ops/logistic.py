"""The table, around the logistic function: its integral, logarithm and inverse.

Derivatives of every order keep their digits in both tails, as those of `expit`.
"""

from __future__ import annotations

import math

from micrograd import on_demand as np
from micrograd.op import Array, elementwise
from micrograd.ops.arithmetic import absolute, as_floats, divide, where
from micrograd.ops.comparisons import greater, less, logical_and
from micrograd.ops.functions import arctanh, exp, expit, log, log1p, logaddexp

__all__ = ["log_sigmoid", "logit", "softplus"]


@elementwise(
    "softplus",
    lambda z, x: expit(x),
    c=lambda x: where(less(x, 0.0), 0.0, x) + log1p(exp(-absolute(x))),
    tex=r"\ln\left(1 + e^{{{0}}}\right)",
)
def softplus(x: Array) -> Array:
    """Smooth form of relu, elementwise, without overflow: the integral of `expit`.

    z = ln (1 + e^x)

    >>> softplus(1000.0)
    1000.0
    """
    if isinstance(x, (int, float)):
        return logaddexp(x, 0.0)
    x = as_floats(x)
    return np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))  # five times as fast as np.logaddexp


@elementwise(
    "log_sigmoid",
    lambda z, x: expit(-x),
    c=lambda x: where(greater(x, 0.0), 0.0, x) - log1p(exp(-absolute(x))),
    tex=r"\ln \sigma\left({0}\right)",
)
def log_sigmoid(x: Array) -> Array:
    """Logarithm of the logistic function, elementwise, without overflow.

    z = ln (1 / (1 + e^-x)) = min(x, 0) - ln (1 + e^-|x|)

    >>> log_sigmoid(-1000.0)
    -1000.0
    """
    if isinstance(x, (int, float)):
        return min(x, 0.0) - math.log1p(math.exp(-abs(x)))
    x = as_floats(x)
    return np.minimum(x, 0) - np.log1p(np.exp(-abs(x)))


@elementwise(
    "logit",
    lambda z, x: divide(1.0, x * (1.0 - x)),
    c=lambda x: where(logical_and(greater(x, 0.25), less(x, 0.75)), 2.0 * arctanh(2.0 * x - 1.0), log(x) - log1p(-x)),
    domain=((0.0, 1.0),),
)
def logit(x: Array) -> Array:
    """Logarithm of the odds, elementwise: the inverse of `expit`.

    z = ln (x / (1 - x)); infinite at 0 and 1, nan outside of them

    >>> logit(0.5)
    0.0
    """
    # Between 1/4 and 3/4 the difference of the logarithms would lose the digits of
    # small results; 2x - 1 is exact there.
    if isinstance(x, (int, float)):
        if 0.0 < x < 1.0:
            return 2.0 * math.atanh(2.0 * x - 1.0) if 0.25 < x < 0.75 else math.log(x) - math.log1p(-x)
        return -math.inf if x == 0.0 else math.inf if x == 1.0 else math.nan
    x = as_floats(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        near = (x > 0.25) & (x < 0.75)
        return np.where(near, 2.0 * np.arctanh(2.0 * x - 1.0), np.log(x) - np.log1p(-x))
