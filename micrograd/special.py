"""SciPy's special functions with gradients: `from micrograd import special`.

They have the names and signatures of scipy.special, and take numbers, arrays and
Values. On Python numbers, a function that `math` also has does not need SciPy. For all
others, install the extra `special`. A function that is not here has no derivative yet;
`scipy.special.f(v.data)` gives plain numbers.
"""

from __future__ import annotations

import math
from typing import Any

from micrograd import on_demand as np
from micrograd import ops
from micrograd.op import Array
from micrograd.ops import (
    betainc,
    betaincc,
    betaln,
    cbrt,
    digamma,
    entr,
    erf,
    erfc,
    erfcinv,
    erfinv,
    exp2,
    expit,
    expm1,
    gammainc,
    gammaincc,
    i0,
    i0e,
    i1,
    i1e,
    kl_div,
    log1p,
    log_ndtr,
    logcumsumexp,
    logit,
    ndtr,
    rel_entr,
    xlog1py,
    xlogy,
)
from micrograd.ops import lgamma as gammaln
from micrograd.ops import log_sigmoid as log_expit
from micrograd.ops.arguments import operand
from micrograd.ops.softmax import largest

__all__ = [
    "betainc",
    "betaincc",
    "betaln",
    "cbrt",
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcinv",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammainc",
    "gammaincc",
    "gammaln",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "kl_div",
    "log1p",
    "log_expit",
    "log_ndtr",
    "log_softmax",
    "logcumsumexp",
    "logit",
    "logsumexp",
    "ndtr",
    "polygamma",
    "psi",
    "rel_entr",
    "softmax",
    "xlog1py",
    "xlogy",
]

Axis = int | tuple[int, ...] | None

psi = digamma


def polygamma(n: int, x: Array) -> Array:
    """Derivative of digamma, of order n, elementwise.

    As in SciPy, n is the first argument.

    Args:
        n: the order, an integer; 0 is digamma itself.
        x: value of any shape.

    Raises:
        ArgumentError: n is not an integer, or is negative.
        MissingExtraError: SciPy is not installed.

    >>> round(polygamma(1, 1.0), 12)
    1.644934066848
    """
    return ops.polygamma(x, n=n)


def softmax(x: Array, axis: Axis = None) -> Array:
    """Exponentials divided by their sum along axes.

    By default the sum is over all elements, as in SciPy.

    Args:
        x: value of any shape.
        axis: the axes to sum over; None for all.

    Raises:
        ShapeError: an axis does not exist, or has no elements.

    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    return ops.softmax(operand("softmax", x), axis=axis)


def log_softmax(x: Array, axis: Axis = None) -> Array:
    """Logarithm of the softmax along axes.

    By default the softmax is over all elements, as in SciPy.

    Args:
        x: value of any shape.
        axis: the axes to sum over; None for all.

    Raises:
        ShapeError: an axis does not exist, or has no elements.

    >>> log_softmax(np.array([1000.0, 0.0]))
    array([    0., -1000.])
    """
    return ops.log_softmax(operand("log_softmax", x), axis=axis)


def logsumexp(
    a: Array, axis: Axis = None, b: Array | None = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """Logarithm of a weighted sum of exponentials, without overflow.

    By default the sum is over all elements, as in SciPy.

    z = ln sum_i b_i exp(a_i), or ln |sum| and its sign

    Args:
        a: value of any shape.
        axis: the axes to sum over; None for all.
        b: the weights, positive or negative, of a shape that broadcasts; None for ones.
            An element of a with the weight 0 has no effect.
        keepdims: keep these axes, with length 1.
        return_sign: return a pair: ln |sum|, and the sign of the sum, which has no
            gradient.

    Returns:
        Value of the shape of a without the axes. It is nan where the sum is negative,
        unless return_sign is True.

    Raises:
        ShapeError: an axis does not exist, or has no elements; or the shapes do not
            broadcast.

    Source: Blanchard, Higham, Higham (2021), doi:10.1093/imanum/draa038.

    >>> round(float(logsumexp(np.array([1000.0, 999.0]), b=np.array([1.0, -1.0]))), 12)
    999.541324854613
    """
    a = operand("logsumexp", a)
    if b is None and not return_sign:
        return ops.logsumexp(a, axis=axis, keepdims=keepdims)
    log_size, negative, total = _log_total(a, 1.0 if b is None else operand("logsumexp", b), axis)
    z = log_size if return_sign else ops.where(negative, math.nan * log_size, log_size)
    z, sign = (x if keepdims else ops.squeeze(x, axis=axis) for x in (z, ops.sign(ops.stop_gradient(total))))
    return (z, sign) if return_sign else z


def _log_total(a: Array, b: Array, axis: Axis) -> tuple[Array, Array, Array]:
    """ln |sum b exp(a)|, whether the sum is negative, and the sum over exp(m)."""
    idle = ops.equal(b, 0.0)
    counted = ops.where(idle, -math.inf, a)
    m = largest("logsumexp", counted, axis)
    seen = a - m
    # Where b is 0, the slope by b is exp(a - m), which may overflow. It is kept finite,
    # so that 0 times it is 0.
    top = math.log(float(np.finfo(getattr(seen, "dtype", float)).max)) - 1.0
    seen = ops.where(ops.logical_and(idle, ops.greater(seen, top)), top, seen)
    total = ops.sum(b * ops.exp(seen), axis=axis, keepdims=True)
    # True where all elements are -inf. `largest` gives a finite m there, too.
    masked = ops.all(ops.equal(seen, -math.inf), axis=axis, keepdims=True)
    negative = ops.less(total, 0.0)
    size = ops.where(masked, 1.0, ops.where(negative, -total, total))
    return ops.where(masked, -math.inf, ops.log(size) + m), negative, total
