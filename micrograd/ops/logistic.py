"""The table, the logistic function with its logarithm and its inverse: right in both tails, in every order.

`sigmoid` keeps the textbook rule z (1 - z), which is 0 from x = 37 on. These have rules from x, as `expit` has.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from micrograd.op import Array, elementwise
from micrograd.ops.arithmetic import absolute, divide, greater, less, logical_and, where
from micrograd.ops.functions import arctanh, exp, expit, log, log1p

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = ["log_sigmoid", "logit"]


@elementwise(
    "log_sigmoid",
    lambda z, x: expit(-x),
    c=lambda x: where(greater(x, 0.0), 0.0, x) - log1p(exp(-absolute(x))),
    tex=r"\ln \sigma\left({0}\right)",
)
def log_sigmoid(x: Array) -> Array:
    """Logarithm of the logistic function, elementwise, without overflow; exact in both tails, in every order.

    z = ln (1 / (1 + e^-x)) = min(x, 0) - ln (1 + e^-|x|)

    >>> log_sigmoid(-1000.0)
    -1000.0
    """
    if isinstance(x, (int, float)):
        return min(x, 0.0) - math.log1p(math.exp(-abs(x)))
    return np.minimum(x, 0) - np.log1p(np.exp(-abs(x)))


@elementwise(
    "logit",
    lambda z, x: divide(1.0, x * (1.0 - x)),
    c=lambda x: where(logical_and(greater(x, 0.25), less(x, 0.75)), 2.0 * arctanh(2.0 * x - 1.0), log(x) - log1p(-x)),
    domain=((0.0, 1.0),),
)
def logit(x: Array) -> Array:
    """Logarithm of the odds, elementwise, the inverse of expit; infinite at 0 and 1, nan outside of them.

    z = ln (x / (1 - x))

    >>> logit(0.5)
    0.0
    """
    # Between 1/4 and 3/4 2x - 1 is exact, and the difference of the logarithms loses the digits of small results.
    if isinstance(x, (int, float)):
        if 0.0 < x < 1.0:
            return 2.0 * math.atanh(2.0 * x - 1.0) if 0.25 < x < 0.75 else math.log(x) - math.log1p(-x)
        return -math.inf if x == 0.0 else math.inf if x == 1.0 else math.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        near = (x > 0.25) & (x < 0.75)
        return np.where(near, 2.0 * np.arctanh(2.0 * x - 1.0), np.log(x) - np.log1p(-x))
