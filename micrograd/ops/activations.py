"""The table, activations of neural networks.

Names, defaults and slopes at kinks are those of PyTorch. More activations are in
functions.py (relu, sigmoid, tanh), logistic.py (softplus, log_sigmoid) and special.py
(gelu).
"""

from __future__ import annotations

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, elementwise, named, shape_of
from micrograd.ops.arguments import operand
from micrograd.ops.arithmetic import absolute, divide, sign, square, where
from micrograd.ops.axes import axis_of
from micrograd.ops.comparisons import greater, greater_equal, less, less_equal, logical_and
from micrograd.ops.functions import exp, expit, expm1, sqrt, tanh
from micrograd.ops.shapes import reshape
from micrograd.ops.splitting import split

__all__ = [
    "celu",
    "elu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "mish",
    "prelu",
    "relu6",
    "rsqrt",
    "selu",
    "silu",
    "softshrink",
    "softsign",
    "tanhshrink",
    "threshold",
]


@elementwise(
    "softsign",
    lambda z, x: square(divide(1.0, 1.0 + absolute(x))),
    c=lambda x: x / (1.0 + absolute(x)),
)
def softsign(x: Array) -> Array:
    """Softsign, elementwise: like tanh, but it comes near its limits more slowly.

    z = x / (1 + |x|)

    >>> softsign(1.0)
    0.5
    """
    return x / (1.0 + abs(x))


@elementwise(
    "tanhshrink",
    lambda z, x: square(tanh(x)),
    c=lambda x: where(less(absolute(x), 1.0), _little_shrunk(x), x - tanh(x)),
)
def tanhshrink(x: Array) -> Array:
    """x minus its hyperbolic tangent, elementwise.

    z = x - tanh x, exact near 0 too, where the difference would lose its digits

    Source: the continued fraction of tanh near 0 is DLMF 4.39.1.

    >>> tanhshrink(0.0)
    0.0
    """
    if isinstance(x, (int, float)):
        return _little_shrunk(x) if abs(x) < 1.0 else x - tanh(x)
    near = abs(x) < 1.0
    return np.where(near, _little_shrunk(np.where(near, x, 0.0)), x - np.tanh(x))


def _little_shrunk(x: Array) -> Array:
    """x^3 / (D + x^2), where D = 3 + x^2 / (5 + x^2 / (7 + ...)).

    This is x - tanh x, as tanh x = x / (1 + x^2 / D).
    """
    square_of = x * x
    fraction = 19.0 + 0.0 * x
    for n in range(17, 1, -2):
        fraction = n + square_of / fraction
    return x * square_of / (fraction + square_of)


def leaky_relu(x: Array, *, negative_slope: float = 0.01) -> Array:
    """Leaky rectified linear unit, elementwise.

    z = x where x > 0, else negative_slope x

    Its derivative at 0 is negative_slope.

    Args:
        x: value of any shape.
        negative_slope: the slope below 0.

    >>> leaky_relu(-6.0)
    -0.06
    """
    return where(greater(x, 0), x, negative_slope * x)


def elu(x: Array, *, alpha: float = 1.0) -> Array:
    """Exponential linear unit, elementwise.

    z = x where x > 0, else alpha (e^x - 1)

    Its derivative at 0 is alpha.

    Args:
        x: value of any shape.
        alpha: minus the limit at -inf.

    Source: Clevert, Unterthiner, Hochreiter (2016), arXiv:1511.07289.

    >>> elu(-1000.0)
    -1.0
    """
    positive = greater(x, 0)
    # The inner where: e^x would overflow where it is not used.
    return where(positive, x, alpha * expm1(where(positive, 0.0, x)))


def silu(x: Array) -> Array:
    """Sigmoid linear unit, also called swish, elementwise.

    z = x / (1 + e^-x)

    Source: Elfwing, Uchibe, Doya (2018), arXiv:1702.03118.

    >>> silu(0.0)
    0.0
    """
    return x * expit(x)


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
        raise ArgumentError("celu: alpha=0.0, and x is divided by it; relu is the limit for alpha towards 0")
    above = greater(x, 0.0)
    return where(above, x, alpha * expm1(where(above, 0.0, x) / alpha))


def selu(x: Array) -> Array:
    """Scaled exponential linear unit, elementwise.

    z = scale elu(x, alpha), where alpha = 1.673..., scale = 1.050...

    From layer to layer it keeps mean 0 and variance 1.

    Source: Klambauer, Unterthiner, Mayr, Hochreiter (2017), arXiv:1706.02515.

    >>> selu(0.0)
    0.0
    """
    return 1.0507009873554804934193349852946 * elu(x, alpha=1.6732632423543772848170429916717)


def mish(x: Array) -> Array:
    """Mish, elementwise, without overflow.

    z = x tanh(ln(1 + e^x))

    Its derivatives keep their digits in both tails.

    Source: Misra (2019), arXiv:1908.08681.

    >>> mish(0.0), mish(1000.0)
    (0.0, 1000.0)
    """
    above = greater(x, 0.0)
    # Below 0, with n = e^x: tanh(ln(1 + n)) = n (n + 2) / (n (n + 2) + 2).
    n = exp(where(above, 0.0, x))
    # Above 0, with m = e^-x: 1 - tanh(ln(1 + 1 / m)) = 2 m^2 / (1 + 2 m + 2 m^2).
    m = exp(-where(above, x, 0.0))
    below_zero = n * (n + 2.0)
    rest = 2.0 * m * m
    return x * where(above, 1.0 - rest / (1.0 + 2.0 * m + rest), below_zero / (below_zero + 2.0))


def hardtanh(x: Array, min_val: float = -1.0, max_val: float = 1.0) -> Array:
    """x, but not below one bound and not above another, elementwise.

    z = min(max(x, min_val), max_val)

    Its derivative at the bounds is 0; that of `clip` is 1.

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
    """Rectified linear unit that stops at 6, elementwise.

    z = min(max(x, 0), 6)

    Its derivative at 0 and 6 is 0.

    >>> relu6(8.0)
    6.0
    """
    return hardtanh(x, 0.0, 6.0)


def hardsigmoid(x: Array) -> Array:
    """Three straight lines near the logistic function, elementwise.

    z = min(max(x + 3, 0), 6) / 6

    Its derivative at -3 and 3 is 0.

    >>> hardsigmoid(0.0)
    0.5
    """
    return hardtanh(operand("hardsigmoid", x) + 3.0, 0.0, 6.0) / 6.0


def hardswish(x: Array) -> Array:
    """silu with hardsigmoid for the logistic function, elementwise.

    z = x min(max(x + 3, 0), 6) / 6

    Its derivative is 0 at -3 and 1 at 3.

    Source: Howard et al. (2019), arXiv:1905.02244.

    >>> hardswish(-3.0), hardswish(4.0)
    (-0.0, 4.0)
    """
    low, high = less_equal(x, -3.0), greater_equal(x, 3.0)
    bent = where(low, 0.0, where(high, 0.0, x))
    return where(low, -0.0, where(high, x, bent * (bent + 3.0) / 6.0))


def softshrink(x: Array, lambd: float = 0.5) -> Array:
    """x moved towards 0 by lambd, elementwise.

    z = x - lambd where x > lambd, x + lambd where x < -lambd, else 0

    Its derivative is 0 where z is 0.

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
    """x, but 0 where it is small, elementwise.

    z = x where |x| > lambd, else 0

    Its derivative is 0 where z is 0.

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
        raise ArgumentError(f"{name}: lambd={lambd} is negative, and it is a distance from 0; give 0 or more")
    return logical_and(greater_equal(x, -lambd), less_equal(x, lambd))


def threshold(x: Array, threshold: float, value: float) -> Array:
    """x where it is above a threshold, elsewhere a value, elementwise.

    z = x where x > threshold, else value

    Its derivative is 0 below the threshold and on it.

    Args:
        x: value of any shape.
        threshold: the threshold, a number.
        value: a number, the result on the threshold and below.

    >>> threshold(0.5, 1.0, -7.0)
    -7.0
    """
    return where(less_equal(x, threshold), value, x)


def prelu(x: Array, weight: Array) -> Array:
    """Leaky rectified linear unit with slopes that are learned, elementwise.

    z = x where x > 0, else weight x

    Its derivative at 0 is the weight.

    Args:
        x: value of any shape; its channels are axis 1.
        weight: one slope, of shape () or (1,), or one per channel.

    Raises:
        ShapeError: the number of weights is not 1 and not the number of channels.

    Source: He, Zhang, Ren, Sun (2015), arXiv:1502.01852.

    >>> prelu(np.array([[-2.0, 4.0]]), np.array([0.5, 0.25]))
    array([[-1.,  4.]])
    """
    x, weight = operand("prelu", x), operand("prelu", weight)
    shape, given = shape_of(x), shape_of(weight)
    channels = shape[1] if len(shape) > 1 else 1
    if given not in ((), (1,), (channels,)):
        raise ShapeError(
            f"prelu: weight {named(weight)} does not fit {named(x)}; give one slope, or {channels}, one per channel"
        )
    if given == (1,) and not shape:
        weight = reshape(weight, shape=())
    elif given == (channels,) and len(shape) > 1:
        weight = reshape(weight, shape=(channels, *(1,) * (len(shape) - 2)))
    return where(greater(x, 0.0), x, weight * x)


def glu(x: Array, dim: int = -1) -> Array:
    """Gated linear unit: one half of x times the logistic function of the other half.

    z = a expit(b), where a and b are the halves of x along an axis

    Args:
        x: value of any shape but ().
        dim: the axis to split in two, of even length.

    Raises:
        ShapeError: the axis does not exist, or its length is odd.

    Source: Dauphin, Fan, Auli, Grangier (2017), arXiv:1612.08083.

    >>> glu(np.array([4.0, 0.0]))
    array([2.])
    """
    x = operand("glu", x)
    axis = axis_of("glu", x, dim)
    if shape_of(x)[axis] % 2:
        raise ShapeError(f"glu: axis {dim} of {named(x)} has an odd length, and is split in two; give an even one")
    first, second = split(x, 2, axis=axis)
    return first * expit(second)


def rsqrt(x: Array) -> Array:
    """Reciprocal of the square root, elementwise; inf at 0, nan below.

    z = x^(-1/2)

    >>> rsqrt(4.0)
    0.5
    """
    return divide(1.0, sqrt(x))
