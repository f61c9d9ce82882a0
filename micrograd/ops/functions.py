"""The table, elementary functions: powers, exponentials, logarithms, trigonometry.

A Python float goes through `math`, an array through NumPy. Where `math` raises, as for
the logarithm of 0, NumPy answers with inf or nan and a warning. So numbers and arrays
behave alike.
"""

from __future__ import annotations

import math

from micrograd import on_demand as np
from micrograd.exact import number_like
from micrograd.op import Array, elementwise
from micrograd.ops.alarms import are_numbers, math_or_numpy
from micrograd.ops.arithmetic import absolute, as_floats, divide, where
from micrograd.ops.comparisons import equal, greater, less, less_equal
from micrograd.ops.lengths import hypot as hypot

__all__ = [
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "cbrt",
    "cos",
    "cosh",
    "exp",
    "exp2",
    "expit",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "power",
    "raise_to",
    "relu",
    "sigmoid",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
]


@elementwise("exp", lambda z, x: z, c="exp", tex="e^{{{0}}}")
def exp(x: Array) -> Array:
    """Exponential, elementwise.

    z = e^x

    >>> exp(0.0)
    1.0
    """
    return math_or_numpy(math.exp, "exp", x) if type(x) is float else np.exp(x)


@elementwise("exp2", lambda z, x: z * math.log(2.0), c="exp2", tex="2^{{{0}}}")
def exp2(x: Array) -> Array:
    """Power of 2, elementwise.

    z = 2^x

    >>> exp2(3.0)
    8.0
    """
    return math_or_numpy(math.exp2, "exp2", x) if type(x) is float else np.exp2(x)


# Not z + 1, which is 0 from -37 on down.
@elementwise("expm1", lambda z, x: exp(x), c="expm1")
def expm1(x: Array) -> Array:
    """Exponential minus 1, elementwise.

    z = e^x - 1, exact near 0 too, where the difference would lose its digits

    >>> expm1(1e-20)
    1e-20
    """
    return math_or_numpy(math.expm1, "expm1", x) if type(x) is float else np.expm1(x)


@elementwise("log", lambda z, x: divide(1.0, x), c="log", tex=r"\ln\left({0}\right)", domain=((0.0, math.inf),))
def log(x: Array) -> Array:
    """Natural logarithm, elementwise.

    z = ln x; -inf at 0, nan below

    >>> log(1.0)
    0.0
    """
    return math_or_numpy(math.log, "log", x) if type(x) is float else np.log(x)


@elementwise(
    "log2",
    lambda z, x: divide(1.0 / math.log(2.0), x),
    c="log2",
    tex=r"\log_2\left({0}\right)",
    domain=((0.0, math.inf),),
)
def log2(x: Array) -> Array:
    """Logarithm to base 2, elementwise; -inf at 0, nan below.

    >>> log2(8.0)
    3.0
    """
    return math_or_numpy(math.log2, "log2", x) if type(x) is float else np.log2(x)


@elementwise(
    "log10",
    lambda z, x: divide(1.0 / math.log(10.0), x),
    c="log10",
    tex=r"\log_{{10}}\left({0}\right)",
    domain=((0.0, math.inf),),
)
def log10(x: Array) -> Array:
    """Logarithm to base 10, elementwise; -inf at 0, nan below.

    >>> log10(1000.0)
    3.0
    """
    return math_or_numpy(math.log10, "log10", x) if type(x) is float else np.log10(x)


@elementwise("log1p", lambda z, x: divide(1.0, 1.0 + x), c="log1p", domain=((-1.0, math.inf),))
def log1p(x: Array) -> Array:
    """Natural logarithm of 1 + x, elementwise.

    z = ln (1 + x), exact near 0 too, where 1 + x would lose the digits of x

    >>> log1p(1e-20)
    1e-20
    """
    return math_or_numpy(math.log1p, "log1p", x) if type(x) is float else np.log1p(x)


@elementwise(
    "logaddexp",
    lambda z, x, y: where(equal(z, -math.inf), 0.0, expit(x - y)),
    lambda z, x, y: where(equal(z, -math.inf), 0.0, expit(y - x)),
    kink="0 where both are -inf",
    c=lambda x, y: where(less(x, y), y, x) + log1p(exp(-absolute(x - y))),
    tex=r"\ln\left(e^{{{0}}} + e^{{{1}}}\right)",
    commutative=True,
    identity=-math.inf,
)
def logaddexp(x: Array, y: Array) -> Array:
    """Logarithm of the sum of two exponentials, elementwise, without overflow.

    Two inputs of -inf, the logarithms of 0, give -inf and the gradient 0.

    z = ln (e^x + e^y)

    >>> logaddexp(1000.0, 1000.0)
    1000.6931471805599
    """
    if not are_numbers(x, y):
        return np.logaddexp(x, y)
    # Equal inputs on their own, as inf - inf is nan.
    return x + math.log(2.0) if x == y else max(x, y) + math.log1p(math.exp(-abs(x - y)))


def _slope(z: Array, x: Array, *, exponent: float) -> Array:
    if exponent == 2:  # so often, that it is worth a line
        return number_like(exponent, x) * x
    # x^0 is 1 everywhere, also at 0. So its slope there is 0, not 0 * 0^-1.
    return number_like(exponent, x) * raise_to(x, exponent=exponent - 1) if exponent else 0


@elementwise("**{exponent}", _slope, c=lambda x, *, exponent: power(x, exponent))
def raise_to(x: Array, *, exponent: float) -> Array:
    """Power with a constant exponent, elementwise; what `value ** 2` records.

    z = x^exponent

    Args:
        x: value of any shape.
        exponent: a number.

    >>> raise_to(3.0, exponent=2)
    9.0
    """
    if type(x) is float or type(x) is int:
        return math_or_numpy(pow, "power", x, exponent)
    return x**exponent


@elementwise(
    "**",
    # x^0 is 1 everywhere, also at 0: flat
    lambda z, x, y: y * power(x, where(equal(y, 0), 1, y - 1)),
    lambda z, x, y: z * log(where(greater(x, 0.0), x, where(equal(x, 0.0), 1.0, math.nan))),
    c="pow",
    identity=1.0,
)
def power(x: Array, y: Array) -> Array:
    """Power, elementwise.

    z = x^y

    The derivative by y is z ln x. It is 0 where x is 0, and nan where x is negative.

    >>> power(2.0, 3.0)
    8.0
    """
    if isinstance(x, (int, float)) and isinstance(y, (int, float)):
        return math_or_numpy(pow, "power", x, y)
    return x**y


@elementwise("sqrt", lambda z, x: divide(0.5, z), c="sqrt", tex=r"\sqrt{{{0}}}", domain=((0.0, math.inf),))
def sqrt(x: Array) -> Array:
    """Square root, elementwise.

    z = x^(1/2); nan below 0

    >>> sqrt(9.0)
    3.0
    """
    return math_or_numpy(math.sqrt, "sqrt", x) if type(x) is float else np.sqrt(x)


@elementwise("cbrt", lambda z, x: divide(1.0 / 3.0, z * z), c="cbrt", tex=r"\sqrt[3]{{{0}}}")
def cbrt(x: Array) -> Array:
    """Cube root, elementwise; also of negative numbers.

    z = x^(1/3)

    >>> cbrt(-8.0)
    -2.0
    """
    return math.cbrt(x) if type(x) is float else np.cbrt(x)


@elementwise("sin", lambda z, x: cos(x), c="sin", tex=r"\sin\left({0}\right)")
def sin(x: Array) -> Array:
    """Sine, elementwise; x in radians.

    >>> sin(0.0)
    0.0
    """
    return math_or_numpy(math.sin, "sin", x) if type(x) is float else np.sin(x)


@elementwise("cos", lambda z, x: -sin(x), c="cos", tex=r"\cos\left({0}\right)")
def cos(x: Array) -> Array:
    """Cosine, elementwise; x in radians.

    >>> cos(0.0)
    1.0
    """
    return math_or_numpy(math.cos, "cos", x) if type(x) is float else np.cos(x)


@elementwise("tan", lambda z, x: 1.0 + z * z, c="tan", tex=r"\tan\left({0}\right)")
def tan(x: Array) -> Array:
    """Tangent, elementwise; x in radians.

    >>> tan(0.0)
    0.0
    """
    return math_or_numpy(math.tan, "tan", x) if type(x) is float else np.tan(x)


@elementwise(
    "arcsin",
    lambda z, x: divide(1.0, sqrt((1.0 - x) * (1.0 + x))),
    c="asin",
    tex=r"\arcsin\left({0}\right)",
    domain=((-1.0, 1.0),),
)
def arcsin(x: Array) -> Array:
    """Inverse sine, elementwise; nan below -1 and above 1.

    z is in radians, from -pi/2 to pi/2.

    >>> arcsin(0.0)
    0.0
    """
    return math_or_numpy(math.asin, "arcsin", x) if type(x) is float else np.arcsin(x)


@elementwise(
    "arccos",
    lambda z, x: divide(-1.0, sqrt((1.0 - x) * (1.0 + x))),
    c="acos",
    tex=r"\arccos\left({0}\right)",
    domain=((-1.0, 1.0),),
)
def arccos(x: Array) -> Array:
    """Inverse cosine, elementwise; nan below -1 and above 1.

    z is in radians, from 0 to pi.

    >>> arccos(1.0)
    0.0
    """
    return math_or_numpy(math.acos, "arccos", x) if type(x) is float else np.arccos(x)


@elementwise("arctan", lambda z, x: divide(1.0, 1.0 + x * x), c="atan", tex=r"\arctan\left({0}\right)")
def arctan(x: Array) -> Array:
    """Inverse tangent, elementwise.

    z is in radians, from -pi/2 to pi/2.

    >>> arctan(0.0)
    0.0
    """
    return math.atan(x) if type(x) is float else np.arctan(x)


@elementwise(
    "arctan2",
    lambda z, y, x: _turn(y, x, x),
    lambda z, y, x: _turn(y, x, -y),
    kink="0 at (0, 0)",
    c="atan2",
)
def arctan2(y: Array, x: Array) -> Array:
    """Angle of the point (x, y), elementwise.

    z = arctan(y / x) in the quadrant of the point, in radians, from -pi to pi

    Its gradient at (0, 0) is 0.

    Args:
        y: the second coordinate; it comes first, as in NumPy.
        x: the first coordinate.

    >>> arctan2(0.0, -1.0)
    3.141592653589793
    """
    return math.atan2(y, x) if are_numbers(y, x) else np.arctan2(y, x)


def _turn(y: Array, x: Array, side: Array) -> Array:
    """A side over the square of the hypotenuse, divided twice: it could overflow."""
    r = hypot(y, x)
    return where(equal(r, 0.0), 0.0, divide(divide(side, r), r))


@elementwise("sinh", lambda z, x: cosh(x), c="sinh", tex=r"\sinh\left({0}\right)")
def sinh(x: Array) -> Array:
    """Hyperbolic sine, elementwise.

    z = (e^x - e^-x) / 2

    >>> sinh(0.0)
    0.0
    """
    return math_or_numpy(math.sinh, "sinh", x) if type(x) is float else np.sinh(x)


@elementwise("cosh", lambda z, x: sinh(x), c="cosh", tex=r"\cosh\left({0}\right)")
def cosh(x: Array) -> Array:
    """Hyperbolic cosine, elementwise.

    z = (e^x + e^-x) / 2

    >>> cosh(0.0)
    1.0
    """
    return math_or_numpy(math.cosh, "cosh", x) if type(x) is float else np.cosh(x)


@elementwise("tanh", lambda z, x: 1.0 - z * z, c="tanh", tex=r"\tanh\left({0}\right)")
def tanh(x: Array) -> Array:
    """Hyperbolic tangent, elementwise.

    z = (e^2x - 1) / (e^2x + 1)

    >>> tanh(0.0)
    0.0
    """
    return math.tanh(x) if type(x) is float else np.tanh(x)


@elementwise(
    "arcsinh", lambda z, x: divide(1.0, hypot(x, 1.0)), c="asinh", tex=r"\operatorname{{arsinh}}\left({0}\right)"
)
def arcsinh(x: Array) -> Array:
    """Inverse hyperbolic sine, elementwise.

    >>> arcsinh(0.0)
    0.0
    """
    return math.asinh(x) if type(x) is float else np.arcsinh(x)


@elementwise(
    "arccosh",
    lambda z, x: divide(1.0, sqrt(x - 1.0) * sqrt(x + 1.0)),
    c="acosh",
    tex=r"\operatorname{{arcosh}}\left({0}\right)",
    domain=((1.0, math.inf),),
)
def arccosh(x: Array) -> Array:
    """Inverse hyperbolic cosine, elementwise, the branch from 0 up; nan below 1.

    >>> arccosh(1.0)
    0.0
    """
    return math_or_numpy(math.acosh, "arccosh", x) if type(x) is float else np.arccosh(x)


@elementwise(
    "arctanh",
    lambda z, x: divide(1.0, (1.0 - x) * (1.0 + x)),
    c="atanh",
    tex=r"\operatorname{{artanh}}\left({0}\right)",
    domain=((-1.0, 1.0),),
)
def arctanh(x: Array) -> Array:
    """Inverse hyperbolic tangent, elementwise.

    It is infinite at -1 and 1, and nan outside of them.

    >>> arctanh(0.0)
    0.0
    """
    return math_or_numpy(math.atanh, "arctanh", x) if type(x) is float else np.arctanh(x)


def _in_ops(x: Array) -> Array:
    """The logistic function as C says it; e^-|x| does not overflow."""
    e = exp(-absolute(x))
    return where(less(x, 0.0), e, 1.0) / (1.0 + e)


def _logistic(x: Array) -> Array:
    """The same, without the time that calls of ops take."""
    if type(x) is float:
        e = math.exp(-abs(x))
        return (e if x < 0.0 else 1.0) / (1.0 + e)
    e = np.exp(-abs(as_floats(x)))
    return np.where(x < 0.0, e, 1.0) / (1.0 + e)


@elementwise("sigmoid", lambda z, x: z * (1.0 - z), c=_in_ops, tex=r"\sigma\left({0}\right)")
def sigmoid(x: Array) -> Array:
    """Logistic function, elementwise, with the rule of the texts.

    z = 1 / (1 + e^-x)
    dz/dx = z (1 - z), which is 0 from x = 37 on; see `expit`

    >>> sigmoid(0.0)
    0.5
    """
    return _logistic(x)


@elementwise("expit", lambda z, x: z * expit(-x), c=_in_ops, tex=r"\sigma\left({0}\right)")
def expit(x: Array) -> Array:
    """Logistic function, elementwise; its derivatives are exact in both tails.

    z = 1 / (1 + e^-x)
    dz/dx = z expit(-x)

    >>> expit(0.0)
    0.5
    """
    return _logistic(x)


@elementwise(
    "ReLU",
    lambda z, x: greater(x, 0),
    kink="0 at 0",
    c=lambda x: where(less_equal(x, 0.0), 0.0, x),
    tex=r"\operatorname{{ReLU}}\left({0}\right)",
)
def relu(x: Array) -> Array:
    """Rectified linear unit, elementwise.

    z = max(x, 0)

    Its derivative at 0 is 0.

    >>> relu(-6.0)
    0.0
    """
    if type(x) is float:
        return 0.0 if x <= 0.0 else x
    if type(x) is np.ndarray and x.size >= 8000:  # beside a row of zeros NumPy is quicker than beside a number
        return np.maximum(x, np.zeros(x.shape[-1], x.dtype))
    return np.maximum(x, 0)
