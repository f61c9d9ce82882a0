"""Arithmetic ops: sums, products, signs, choices, steps.

A rule per input gives the slope dz/dx, as a textbook has it: `multiply` has y and x.
"""

from __future__ import annotations

import builtins
import math
import operator
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import kind_of
from micrograd.exact import number_like
from micrograd.modes import is_ieee
from micrograd.op import OPS, Array, broadcast_shape, elementwise, multilinear, numbers_below, primitive, shape_of
from micrograd.ops.alarms import are_numbers, integer_of, math_or_numpy, numpys_answer
from micrograd.ops.comparisons import (
    equal,
    greater,
    greater_equal,
    isnan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    not_equal,
)

__all__ = [
    "absolute",
    "add",
    "cast",
    "ceil",
    "clip",
    "divide",
    "floor",
    "maximum",
    "minimum",
    "multiply",
    "negative",
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
    """Quotient, elementwise.

    z = x / y

    Division by 0 gives inf or nan, as in NumPy. It does not raise.

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


def _same(x: Array) -> Array:
    """The same numbers in new memory; NumPy has no + of booleans."""
    return +x if type(x) is float or kind_of(x) != "b" else x.copy()


@elementwise("+", lambda z, x: 1.0, c=lambda x: x)
def positive(x: Array) -> Array:
    """The same numbers, as a node of their own.

    z = x

    >>> positive(2.0)
    2.0
    """
    return _same(x)


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
    # Not -floor(x / y). At 1 % 0.1 that is -10, as x / y rounds up to 10; but the
    # remainder there is 0.0999..., so the quotient that was taken is 9.
    lambda z, x, y: -round(divide(x - z, y)),
    kink="where x is a multiple of y: 1 by x, minus the quotient by y",
    c=lambda x, y: _with_sign_of(y, OPS["fmod"](x, y)),
    tex=r"\operatorname{{mod}}\left({0}, {1}\right)",
)
def remainder(x: Array, y: Array) -> Array:
    """Remainder of division, elementwise, with the sign of the divisor, as Python's %.

    z = x - y floor(x / y); nan where y is 0

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
    """Absolute value, elementwise.

    z = |x|

    Its derivative at 0 is 0, the middle of the subgradients from -1 to 1.

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
    """The largest integer that is not above x, elementwise.

    The function is flat between its jumps. Its derivative is 0, at the jumps too.

    >>> floor(-1.5)
    -2.0
    """
    return math_or_numpy(lambda x: math.copysign(math.floor(x), x), "floor", x) if type(x) is float else np.floor(x)


@elementwise("ceil", lambda z, x: 0, kink="0 at integers", c="ceil", tex=r"\left\lceil {0} \right\rceil")
def ceil(x: Array) -> Array:
    """The smallest integer that is not below x, elementwise.

    The function is flat between its jumps. Its derivative is 0, at the jumps too.

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
    """x rounded to so many decimals, elementwise. Halves go to the even neighbour.

    The derivative is 0.

    Args:
        x: value of any shape.
        decimals: how many digits to keep after the point. -2 rounds to hundreds.

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
    # copysign: -0.0 stays -0.0
    return math_or_numpy(lambda x: math.copysign(builtins.round(x), x), "rint", x)


def _larger(x: Array, y: Array) -> Array:
    """1 where x > y, 1/2 where both are equal, else 0."""
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
    """The larger of two, elementwise.

    z = max(x, y); nan where either is nan

    Where both are equal, each gets half of the gradient.

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
    """The smaller of two, elementwise.

    z = min(x, y); nan where either is nan

    Where both are equal, each gets half of the gradient.

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
    """x, but not below one bound and not above another, elementwise.

    z = min(max(x, min), max); so it is max where min > max

    Where x is between the bounds or on one, the gradient goes to x; elsewhere it goes
    to the bound.

    Args:
        x: value of any shape.
        min: the lower bound, a number or a value of a shape that broadcasts, or None.
        max: the upper bound, as min.

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
    """The same numbers. No gradient goes through, in reverse or in forward mode.

    z = x

    >>> stop_gradient(2.0)
    2.0
    """
    return _same(x)


LARGE = 8000  # elements, from which on a second pass over bits costs less than the jumps of np.where


def _chosen(g: Array, z: Array, condition: Array) -> Array:
    """g where the condition holds, else 0: what was not chosen has no gradient."""
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
    """Choice between two, elementwise.

    z = x where the condition holds, else y

    What is not chosen gets no gradient. Nor does the condition.

    >>> where(True, 2.0, 3.0)
    2.0
    """
    if isinstance(condition, bool) and are_numbers(x, y):  # they stay Python numbers
        return x if condition else y
    # A mask may be made from shapes alone, in NumPy, when x or y are on a GPU.
    if isinstance(condition, np.ndarray):
        for v in (x, y):
            if not isinstance(v, (float, int, np.ndarray, np.generic)):
                condition = np.asarray(condition, like=v)
                break
    if type(y) is float and type(x) is np.ndarray and x.size >= LARGE and _is_masked(condition, x, y):
        return _or_zero(condition, x)
    z: Any = np.where(condition, x, y)
    return z if z.shape else z[()]


def _is_masked(condition: Any, x: Any, y: float) -> bool:
    """Whether `_or_zero` gives what is asked for: x or +0.0, element by element."""
    if type(condition) is not np.ndarray or condition.dtype != bool or condition.shape != x.shape:
        return False
    return x.dtype.kind == "f" and x.itemsize <= 8 and x.dtype.isnative and y == 0.0 and math.copysign(1.0, y) > 0.0


def _or_zero(condition: Any, x: Any) -> Any:
    """x where the condition holds, else 0, by the bits of the numbers.

    np.where jumps at each element. Where the condition is random, as that of a ReLU,
    the processor cannot foresee the jumps, and it takes ten times as long.
    """
    bits = np.dtype(f"i{x.itemsize}")
    kept = np.negative(condition.view(np.int8))  # -1, which is all ones, where True
    return np.bitwise_and(x.view(bits), kept, dtype=bits).view(x.dtype)


def _floating(x: Array) -> Any:
    """The dtype to which a cotangent goes back: that of x, or float64 where x is a
    number.
    """
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


def as_floats(x: Array) -> Array:
    """x, with booleans and whole numbers as float64.

    Whole numbers of few bits overflow: as int8, 100 - (-100) is -56. Examples of a vmap
    and plain arrays hold them.
    """
    return cast(x, dtype=float) if kind_of(numbers_below(x)) in ("b", "i", "u") else x


def as_long(x: Array) -> Array:
    """x, with booleans and whole numbers in the type in which NumPy adds them."""
    kind = kind_of(numbers_below(x))
    return cast(x, dtype="uint64" if kind == "u" else "int64") if kind in ("b", "i", "u") else x
