"""The table, arithmetic: sums, products, signs, choices, steps, comparisons. A rule is the textbook line."""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from micrograd.errors import ArgumentError
from micrograd.exact import number_like
from micrograd.modes import is_ieee
from micrograd.op import OPS, Array, broadcast_shape, comparison, elementwise, multilinear, primitive, shape_of
from micrograd.ops.alarms import numpys_answer

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = [
    "absolute",
    "add",
    "cast",
    "ceil",
    "clip",
    "divide",
    "equal",
    "floor",
    "greater",
    "greater_equal",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "not_equal",
    "positive",
    "reciprocal",
    "remainder",
    "round",
    "sign",
    "square",
    "stop_gradient",
    "subtract",
    "where",
]


def are_numbers(*inputs: Array) -> bool:
    """Whether all are Python numbers, for which Python itself is quicker than NumPy.

    >>> are_numbers(1, 2.0), are_numbers(np.ones(2))
    (True, False)
    """
    return all(isinstance(x, (int, float)) for x in inputs)


def math_or_numpy(quick: Callable[..., float], ufunc: str, *inputs: float) -> float:
    """quick(*inputs), or what NumPy's function of that name says where the quick one has no answer."""
    try:
        z = quick(*inputs)
        if type(z) is not complex:  # as (-8.0) ** 0.5 is in Python; it is nan in NumPy
            return z
    except (ValueError, OverflowError, ZeroDivisionError):
        pass
    return numpys_answer(ufunc, *inputs)


def integer_of(name: str, param: str, n: Any) -> int:
    """n as a Python int; refused where it is no integer."""
    try:
        return operator.index(n)
    except TypeError:
        raise ArgumentError(f"{name}: {param}={n!r} is not an integer; give one, as 2") from None


@elementwise("+", lambda z, x, y: 1.0, lambda z, x, y: 1.0, c="+", commutative=True, identity=0.0)
def add(x: Array, y: Array) -> Array:
    """Sum, elementwise.

    z = x + y

    >>> add(2.0, 3.0)
    5.0
    """
    return x + y


@elementwise("-", lambda z, x, y: 1.0, lambda z, x, y: -1.0, c="-", identity=0.0)
def subtract(x: Array, y: Array) -> Array:
    """Difference, elementwise.

    z = x - y

    >>> subtract(2.0, 3.0)
    -1.0
    """
    return x - y


@elementwise("*", lambda z, x, y: y, lambda z, x, y: x, c="*", commutative=True, identity=1.0)
def multiply(x: Array, y: Array) -> Array:
    """Product, elementwise.

    z = x y

    >>> multiply(2.0, 3.0)
    6.0
    """
    return x * y


@elementwise("/", lambda z, x, y: divide(number_like(1.0, z), y), lambda z, x, y: divide(-z, y), c="/", identity=1.0)
def divide(x: Array, y: Array) -> Array:
    """Quotient, elementwise; division by zero gives inf or nan, as in NumPy, not an exception.

    z = x / y

    >>> divide(6.0, 3.0)
    2.0
    """
    try:
        return x / y
    except ZeroDivisionError:
        return numpys_answer("divide", x, y)


@elementwise("neg", lambda z, x: -1.0, c="neg")
def negative(x: Array) -> Array:
    """Negative, elementwise.

    z = -x

    >>> negative(2.0)
    -2.0
    """
    return -x


@elementwise("+", lambda z, x: 1.0, c=lambda x: x)
def positive(x: Array) -> Array:
    """The same numbers, as a node of their own.

    z = x

    >>> positive(2.0)
    2.0
    """
    return +x


def square(x: Array) -> Array:
    """Square, elementwise.

    z = x^2

    >>> square(3.0)
    9.0
    """
    return multiply(x, x)


def reciprocal(x: Array) -> Array:
    """Reciprocal, elementwise; inf at 0.

    z = 1 / x

    >>> reciprocal(4.0)
    0.25
    """
    return divide(number_like(1.0, x), x)


@elementwise(
    "%",
    lambda z, x, y: 1.0,
    # Not -floor(x / y), which is -10 at 1 % 0.1: there x / y rounds up to 10, and the remainder is 0.0999...
    lambda z, x, y: -round(divide(x - z, y)),
    kink="where x is a multiple of y: 1 by x, minus the quotient by y",
    c=lambda x, y: _with_sign_of(y, OPS["fmod"](x, y)),
    tex=r"\operatorname{{mod}}\left({0}, {1}\right)",
)
def remainder(x: Array, y: Array) -> Array:
    """Remainder of division, elementwise, with the sign of the divisor, as Python's %; nan where y is 0.

    z = x - y floor(x / y)

    >>> remainder(-7.0, 3.0)
    2.0
    """
    return math_or_numpy(operator.mod, "remainder", x, y) if are_numbers(x, y) else np.remainder(x, y)


def _with_sign_of(y: Array, rest: Array) -> Array:
    """What C's fmod leaves of a division by y, with the sign of y."""
    moved = where(not_equal(less(rest, 0.0), less(y, 0.0)), rest + y, rest)
    return where(equal(rest, 0.0), OPS["copysign"](0.0, y), moved)


@elementwise("abs", lambda z, x: sign(x), kink="0 at 0", c="fabs", tex=r"\left|{0}\right|")
def absolute(x: Array) -> Array:
    """Absolute value, elementwise; its derivative at 0 is 0, the middle of the subgradients [-1, 1].

    z = |x|

    >>> absolute(-2.0)
    2.0
    """
    return abs(x)


@elementwise(
    "sign",
    lambda z, x: 0,
    kink="0 at 0",
    c=lambda x: where(greater(x, 0.0), 1.0, where(less(x, 0.0), -1.0, where(equal(x, 0.0), 0.0, x))),
    tex=r"\operatorname{{sgn}}\left({0}\right)",
)
def sign(x: Array) -> Array:
    """Sign, elementwise: -1, 0 or 1; flat, so its derivative is 0.

    >>> sign(-2.0)
    -1.0
    """
    return float(x > 0) - float(x < 0) if type(x) is float and x == x else np.sign(x)


@elementwise("floor", lambda z, x: 0, kink="0 at integers", c="floor", tex=r"\left\lfloor {0} \right\rfloor")
def floor(x: Array) -> Array:
    """The integer at or below, elementwise; flat, so its derivative is 0, at its jumps too.

    >>> floor(-1.5)
    -2.0
    """
    return math_or_numpy(lambda x: math.copysign(math.floor(x), x), "floor", x) if type(x) is float else np.floor(x)


@elementwise("ceil", lambda z, x: 0, kink="0 at integers", c="ceil", tex=r"\left\lceil {0} \right\rceil")
def ceil(x: Array) -> Array:
    """The integer at or above, elementwise; flat, so its derivative is 0, at its jumps too.

    >>> ceil(1.5)
    2.0
    """
    return math_or_numpy(lambda x: math.copysign(math.ceil(x), x), "ceil", x) if type(x) is float else np.ceil(x)


def _rounded(x: Array, *, decimals: int = 0) -> Array:
    """`round` by way of `rint`, as NumPy does it."""
    tens = 10.0 ** abs(decimals)
    if decimals > 0:
        return OPS["rint"](x * tens) / tens
    return OPS["rint"](x / tens) * tens if decimals else OPS["rint"](x)


@elementwise("round", lambda z, x, *, decimals=0: 0, kink="0 at halves", c=_rounded)
def round(x: Array, *, decimals: int = 0) -> Array:
    """The nearest number of so many decimals, elementwise; halves go to the even one. Its derivative is 0.

    Args:
        x: value of any shape.
        decimals: digits kept after the point; negative ones stand before it.

    Raises:
        ArgumentError: decimals is not an integer.

    >>> round(2.5), round(1.25, decimals=1)
    (2.0, 1.2)
    """
    decimals = integer_of("round", "decimals", decimals)
    if type(x) is not float:
        return np.round(x, decimals)
    if decimals:  # not Python's round(x, 2): it gives 2.67 for 2.675, NumPy 2.68
        return float(np.round(x, decimals))
    return math_or_numpy(lambda x: math.copysign(builtins.round(x), x), "rint", x)  # -0.0 stays -0.0


def _larger(x: Array, y: Array) -> Array:
    """1 where x > y, 1/2 where they tie, else 0."""
    return where(equal(x, y), number_like(0.5, x, y), greater(x, y))


@elementwise(
    "maximum",
    lambda z, x, y: _larger(x, y),
    lambda z, x, y: _larger(y, x),
    kink="ties share equally",
    c=lambda x, y: where(logical_or(greater_equal(x, y), isnan(x)), x, y),
    tex=r"\max\left({0}, {1}\right)",
    commutative=True,
    identity=-math.inf,
)
def maximum(x: Array, y: Array) -> Array:
    """The larger one, elementwise; where both are equal, each gets half of the gradient. nan if either is.

    z = max(x, y)

    >>> maximum(2.0, 3.0)
    3.0
    """
    if are_numbers(x, y):
        return x if x >= y or x != x else y
    return np.maximum(x, y)


@elementwise(
    "minimum",
    lambda z, x, y: _larger(y, x),
    lambda z, x, y: _larger(x, y),
    kink="ties share equally",
    c=lambda x, y: where(logical_or(less_equal(x, y), isnan(x)), x, y),
    tex=r"\min\left({0}, {1}\right)",
    commutative=True,
    identity=math.inf,
)
def minimum(x: Array, y: Array) -> Array:
    """The smaller one, elementwise; where both are equal, each gets half of the gradient. nan if either is.

    z = min(x, y)

    >>> minimum(2.0, 3.0)
    2.0
    """
    if are_numbers(x, y):
        return x if x <= y or x != x else y
    return np.minimum(x, y)


@elementwise(
    "clip",
    lambda z, x, low, high: logical_and(greater_equal(x, low), less_equal(x, high)),
    lambda z, x, low, high: logical_and(less(x, low), less_equal(low, high)),
    lambda z, x, low, high: greater(maximum(x, low), high),
    kink="1 at the bounds",
    c=lambda x, low, high: minimum(maximum(x, low), high),
)
def clipped(x: Array, low: Array, high: Array) -> Array:
    """The op behind `clip`, both bounds given.

    >>> clipped(5.0, 0.0, 1.0)
    1.0
    """
    return minimum(maximum(x, low), high)


def clip(x: Array, min: Array | None = None, max: Array | None = None) -> Array:
    """The nearest number between two bounds, elementwise; where min > max, it is max.

    The gradient goes to x between the bounds and on them, and beyond them to the bound.

    z = min(max(x, min), max)

    Args:
        x: value of any shape.
        min: the lower bound, a number or a value of a shape that broadcasts; None for none.
        max: the upper bound, likewise.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> clip(5.0, 0.0, 1.0)
    1.0
    >>> clip(5.0, min=0.0)
    5.0
    """
    return clipped(x, -math.inf if min is None else min, math.inf if max is None else max)


@elementwise("stop", None, c=lambda x: x)
def stop_gradient(x: Array) -> Array:
    """The same numbers, through which no gradient goes, in either mode.

    z = x

    >>> stop_gradient(2.0)
    2.0
    """
    return +x


def _chosen(g: Array, z: Array, condition: Array) -> Array:
    """g where the condition holds: elsewhere nobody asked."""
    zero = number_like(0.0, z)
    return g * where(condition, number_like(1.0, z), zero) if is_ieee() else where(condition, g, zero)


@primitive(
    "where",
    vjp=[None, lambda g, z, c, x, y: _chosen(g, z, c), lambda g, z, c, x, y: _chosen(g, z, logical_not(c))],
    jvp=[None, lambda t, z, c, x, y: _chosen(t, z, c), lambda t, z, c, x, y: _chosen(t, z, logical_not(c))],
    shape=lambda c, x, y: broadcast_shape("where", c, x, y),
    chooses=True,
    c="?:",
    tex=r"\begin{{cases}}{1} & \text{{if }} {0} \\ {2} & \text{{otherwise}}\end{{cases}}",
)
def where(condition: Array, x: Array, y: Array) -> Array:
    """Choice, elementwise; the condition carries no gradient, and what is not chosen gets none.

    z = x where the condition holds, else y

    >>> where(True, 2.0, 3.0)
    2.0
    """
    if isinstance(condition, bool) and are_numbers(x, y):  # they stay Python numbers
        return x if condition else y
    if isinstance(condition, np.ndarray):  # a mask made of shapes alone: to where x or y lives, as on a GPU
        for v in (x, y):
            if not isinstance(v, (float, int, np.ndarray, np.generic)):
                condition = np.asarray(condition, like=v)
                break
    z: Any = np.where(condition, x, y)
    return z if z.shape else z[()]


@comparison("==", c="==", commutative=True)
def equal(x: Array, y: Array) -> Array:
    """Equality of data, elementwise. (On a Value `==` asks for identity, so that values can be keys.)

    >>> equal(2.0, 2.0)
    True
    """
    return x == y


@comparison("!=", c="!=", commutative=True)
def not_equal(x: Array, y: Array) -> Array:
    """Inequality of data, elementwise. (On a Value `!=` asks for identity.)

    >>> not_equal(2.0, 2.0)
    False
    """
    return x != y


@comparison(">", c=">")
def greater(x: Array, y: Array) -> Array:
    """Whether x > y, elementwise.

    >>> greater(2.0, 3.0)
    False
    """
    return x > y


@comparison("<", c="<")
def less(x: Array, y: Array) -> Array:
    """Whether x < y, elementwise.

    >>> less(2.0, 3.0)
    True
    """
    return x < y


@comparison(">=", c=">=")
def greater_equal(x: Array, y: Array) -> Array:
    """Whether x >= y, elementwise.

    >>> greater_equal(2.0, 3.0)
    False
    """
    return x >= y


@comparison("<=", c="<=")
def less_equal(x: Array, y: Array) -> Array:
    """Whether x <= y, elementwise.

    >>> less_equal(2.0, 3.0)
    True
    """
    return x <= y


@comparison("and", c="&&", tex=r"\left({0} \wedge {1}\right)", commutative=True)
def logical_and(x: Array, y: Array) -> Array:
    """Whether both x and y are true, that is not 0, elementwise.

    >>> logical_and(True, False)
    False
    """
    return bool(x) and bool(y) if are_numbers(x, y) else np.logical_and(x, y)


@comparison("or", c="||", tex=r"\left({0} \vee {1}\right)", commutative=True)
def logical_or(x: Array, y: Array) -> Array:
    """Whether x or y or both are true, that is not 0, elementwise.

    >>> logical_or(True, False)
    True
    """
    return bool(x) or bool(y) if are_numbers(x, y) else np.logical_or(x, y)


@comparison(
    "xor",
    c=lambda x, y: not_equal(not_equal(x, 0.0), not_equal(y, 0.0)),
    tex=r"\left({0} \oplus {1}\right)",
    commutative=True,
)
def logical_xor(x: Array, y: Array) -> Array:
    """Whether one of x and y is true, that is not 0, and the other is not, elementwise.

    >>> logical_xor(True, True)
    False
    """
    return bool(x) != bool(y) if are_numbers(x, y) else np.logical_xor(x, y)


@comparison("not", c="!", tex=r"\neg\left({0}\right)")
def logical_not(x: Array) -> Array:
    """Whether x is 0, elementwise.

    >>> logical_not(0.0)
    True
    """
    return not x if are_numbers(x) else np.logical_not(x)


@comparison("isnan", c=lambda x: not_equal(x, x))
def isnan(x: Array) -> Array:
    """Whether x is not a number, elementwise.

    >>> isnan(math.nan)
    True
    """
    return math.isnan(x) if are_numbers(x) else np.isnan(x)


@comparison("isinf", c=lambda x: equal(absolute(x), math.inf))
def isinf(x: Array) -> Array:
    """Whether x is infinite, of either sign, elementwise.

    >>> isinf(-math.inf)
    True
    """
    return math.isinf(x) if are_numbers(x) else np.isinf(x)


@comparison("isfinite", c=lambda x: less(absolute(x), math.inf))
def isfinite(x: Array) -> Array:
    """Whether x is neither infinite nor nan, elementwise.

    >>> isfinite(math.inf)
    False
    """
    return math.isfinite(x) if are_numbers(x) else np.isfinite(x)


def _floating(x: Array) -> Any:
    """The dtype to which a cotangent goes back: that of x, or float64 where x is a number."""
    dtype = np.dtype(getattr(x, "dtype", float))
    return dtype if dtype.kind == "f" else np.dtype(float)


@multilinear(
    "as {dtype}",
    lambda g, x, *, dtype: cast(g, dtype=_floating(x)),
    shape=lambda x, *, dtype: shape_of(x),
    dtype=lambda x, *, dtype: dtype,
)
def cast(x: Array, *, dtype: Any) -> Array:
    """The same numbers in another floating-point type.

    Args:
        x: value of any shape.
        dtype: a NumPy dtype, or its name.

    >>> cast(2.5, dtype="float32")
    np.float32(2.5)
    """
    return x.astype(dtype) if hasattr(x, "astype") else np.dtype(dtype).type(x)
