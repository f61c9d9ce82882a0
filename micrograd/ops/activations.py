"""The table, activations of neural networks, by the names, defaults and slopes at kinks of PyTorch.

More of them are in functions.py (relu, leaky_relu, elu, silu, softplus, sigmoid, tanh), logistic.py (log_sigmoid) and
special.py (gelu).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, elementwise, named, shape_of
from micrograd.ops.arguments import operand
from micrograd.ops.arithmetic import (
    absolute,
    divide,
    greater,
    greater_equal,
    less_equal,
    logical_and,
    sign,
    square,
    where,
)
from micrograd.ops.functions import elu, exp, expit, expm1, sqrt, tanh
from micrograd.ops.indexing import own_axis
from micrograd.ops.shapes import reshape, split

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = [
    "celu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "mish",
    "prelu",
    "relu6",
    "rsqrt",
    "selu",
    "softshrink",
    "softsign",
    "tanhshrink",
    "threshold",
]


@elementwise("softsign", lambda z, x: square(divide(1.0, 1.0 + absolute(x))))
def softsign(x: Array) -> Array:
    """Softsign, elementwise: like tanh, but slow to reach its limits.

    z = x / (1 + |x|)

    >>> softsign(1.0)
    0.5
    """
    return x / (1.0 + abs(x))


@elementwise("tanhshrink", lambda z, x: square(tanh(x)))
def tanhshrink(x: Array) -> Array:
    """x less its hyperbolic tangent, elementwise; exact near 0, where the difference would lose its digits.

    z = x - tanh x

    Source: the continued fraction of tanh near 0 is DLMF 4.39.1.

    >>> tanhshrink(0.0)
    0.0
    """
    if isinstance(x, (int, float)):
        return _little_shrunk(x) if abs(x) < 1.0 else x - tanh(x)
    near = abs(x) < 1.0
    return np.where(near, _little_shrunk(np.where(near, x, 0.0)), x - np.tanh(x))


def _little_shrunk(x: Array) -> Array:
    """x^3 / (D + x^2), D = 3 + x^2 / (5 + x^2 / (7 + ...)), as tanh x = x / (1 + x^2 / D)."""
    square_of = x * x
    fraction = 19.0 + 0.0 * x
    for n in range(17, 1, -2):
        fraction = n + square_of / fraction
    return x * square_of / (fraction + square_of)


def celu(x: Array, alpha: float = 1.0) -> Array:
    """Exponential linear unit that is smooth at 0 for every alpha, elementwise.

    z = x where x > 0, else alpha (e^(x / alpha) - 1)

    Args:
        x: value of any shape.
        alpha: minus the limit at -inf; not 0.

    Raises:
        ArgumentError: alpha is 0.

    Source: Barron (2017), arXiv:1704.07483.

    >>> celu(-1000.0, alpha=2.0)
    -2.0
    """
    if alpha == 0.0:
        raise ArgumentError("celu: alpha=0.0: x is divided by it; relu is the limit at 0")
    above = greater(x, 0.0)
    return where(above, x, alpha * expm1(where(above, 0.0, x) / alpha))


def selu(x: Array) -> Array:
    """Scaled exponential linear unit, elementwise: it keeps mean 0 and variance 1 from layer to layer.

    z = scale elu(x, alpha), where alpha = 1.673..., scale = 1.050...

    Source: Klambauer, Unterthiner, Mayr, Hochreiter (2017), arXiv:1706.02515.

    >>> selu(0.0)
    0.0
    """
    return 1.0507009873554804934193349852946 * elu(x, alpha=1.6732632423543772848170429916717)


def mish(x: Array) -> Array:
    """Mish, elementwise, without overflow; its derivatives keep their digits in both tails.

    z = x tanh(ln(1 + e^x))

    Source: Misra (2019), arXiv:1908.08681.

    >>> mish(0.0), mish(1000.0)
    (0.0, 1000.0)
    """
    above = greater(x, 0.0)
    n = exp(where(above, 0.0, x))  # tanh(ln(1 + n)) = n (n + 2) / (n (n + 2) + 2)
    m = exp(-where(above, x, 0.0))  # and the same from 1, by m = 1 / n: 1 - tanh = 2 m^2 / (1 + 2 m + 2 m^2)
    below_zero = n * (n + 2.0)
    rest = 2.0 * m * m
    return x * where(above, 1.0 - rest / (1.0 + 2.0 * m + rest), below_zero / (below_zero + 2.0))


def hardtanh(x: Array, min_val: float = -1.0, max_val: float = 1.0) -> Array:
    """Identity between two bounds, elementwise; flat beyond and, unlike `clip`, on them.

    z = min(max(x, min_val), max_val)

    Args:
        x: value of any shape.
        min_val: the lower bound, a number.
        max_val: the upper bound, a number, not below it.

    Raises:
        ArgumentError: the bounds are in the wrong order.

    >>> hardtanh(-3.0)
    -1.0
    """
    if min_val > max_val:
        raise ArgumentError(f"hardtanh: min_val={min_val} is above max_val={max_val}; swap them?")
    return where(less_equal(x, min_val), min_val, where(greater_equal(x, max_val), max_val, x))


def relu6(x: Array) -> Array:
    """Rectified linear unit that stops at 6, elementwise; its derivative at 0 and 6 is 0.

    z = min(max(x, 0), 6)

    >>> relu6(8.0)
    6.0
    """
    return hardtanh(x, 0.0, 6.0)


def hardsigmoid(x: Array) -> Array:
    """Logistic function as three straight lines, elementwise; its derivative at -3 and 3 is 0.

    z = min(max(x + 3, 0), 6) / 6

    >>> hardsigmoid(0.0)
    0.5
    """
    return hardtanh(operand("hardsigmoid", x) + 3.0, 0.0, 6.0) / 6.0


def hardswish(x: Array) -> Array:
    """silu with hardsigmoid in it, elementwise; its derivative is 0 at -3 and 1 at 3.

    z = x min(max(x + 3, 0), 6) / 6

    Source: Howard et al. (2019), arXiv:1905.02244.

    >>> hardswish(-3.0), hardswish(4.0)
    (-0.0, 4.0)
    """
    low, high = less_equal(x, -3.0), greater_equal(x, 3.0)
    bent = where(low, 0.0, where(high, 0.0, x))
    return where(low, -0.0, where(high, x, bent * (bent + 3.0) / 6.0))


def softshrink(x: Array, lambd: float = 0.5) -> Array:
    """x moved towards 0 by lambd, elementwise; 0, with derivative 0, within lambd of 0.

    z = x - lambd where x > lambd, x + lambd where x < -lambd, else 0

    Args:
        x: value of any shape.
        lambd: the distance, a number of at least 0.

    Raises:
        ArgumentError: lambd is negative.

    >>> softshrink(2.0)
    1.5
    """
    return where(_within("softshrink", x, lambd), 0.0, x - lambd * sign(x))


def hardshrink(x: Array, lambd: float = 0.5) -> Array:
    """x, but 0, with derivative 0, within lambd of 0, elementwise.

    z = x where |x| > lambd, else 0

    Args:
        x: value of any shape.
        lambd: the distance, a number of at least 0.

    Raises:
        ArgumentError: lambd is negative.

    >>> hardshrink(2.0), hardshrink(0.25)
    (2.0, 0.0)
    """
    return where(_within("hardshrink", x, lambd), 0.0, x)


def _within(name: str, x: Array, lambd: float) -> Array:
    if lambd < 0.0:
        raise ArgumentError(f"{name}: lambd={lambd}: it is a distance from 0; give 0 or more")
    return logical_and(greater_equal(x, -lambd), less_equal(x, lambd))


def threshold(x: Array, threshold: float, value: float) -> Array:
    """x where it is above a threshold, elsewhere a value, elementwise; flat on the threshold and below.

    z = x where x > threshold, else value

    Args:
        x: value of any shape.
        threshold: the threshold, a number.
        value: what stands below it, a number.

    >>> threshold(0.5, 1.0, -7.0)
    -7.0
    """
    return where(less_equal(x, threshold), value, x)


def prelu(x: Array, weight: Array) -> Array:
    """Leaky rectified linear unit with slopes that are learned, elementwise; its derivative at 0 is the weight.

    z = x where x > 0, else weight x

    Args:
        x: value of any shape; its channels are axis 1.
        weight: one slope, of shape () or (1,), or one per channel.

    Raises:
        ShapeError: there are neither one nor as many weights as channels.

    Source: He, Zhang, Ren, Sun (2015), arXiv:1502.01852.

    >>> prelu(np.array([[-2.0, 4.0]]), np.array([0.5, 0.25]))
    array([[-1.,  4.]])
    """
    x, weight = operand("prelu", x), operand("prelu", weight)
    shape, given = shape_of(x), shape_of(weight)
    channels = shape[1] if len(shape) > 1 else 1
    if given not in ((), (1,), (channels,)):
        raise ShapeError(
            f"prelu: weight {named(weight)} for {named(x)}: give one slope, or {channels}, one per channel"
        )
    if given == (1,) and not shape:
        weight = reshape(weight, shape=())
    elif given == (channels,) and len(shape) > 1:
        weight = reshape(weight, shape=(channels, *(1,) * (len(shape) - 2)))
    return where(greater(x, 0.0), x, weight * x)


def glu(x: Array, dim: int = -1) -> Array:
    """Gated linear unit: the first half along an axis, weighed by the logistic function of the second.

    z = a expit(b), where a and b are the halves

    Args:
        x: value of any shape, but not of a number.
        dim: the axis to halve, of even length.

    Raises:
        ShapeError: the axis does not exist, or is of odd length.

    Source: Dauphin, Fan, Auli, Grangier (2017), arXiv:1612.08083.

    >>> glu(np.array([4.0, 0.0]))
    array([2.])
    """
    x = operand("glu", x)
    axis = own_axis("glu", x, dim)
    if shape_of(x)[axis] % 2:
        raise ShapeError(f"glu: axis {dim} of {named(x)} has no halves; it needs an even length")
    first, second = split(x, 2, axis=axis)
    return first * expit(second)


def rsqrt(x: Array) -> Array:
    """Reciprocal of the square root, elementwise; inf at 0, nan below.

    z = x^(-1/2)

    >>> rsqrt(4.0)
    0.5
    """
    return divide(1.0, sqrt(x))
