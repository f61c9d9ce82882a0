"""The table, steps and signs: whole quotients, remainders, truncation, signs, steps."""

from __future__ import annotations

import builtins
import math
import operator
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_input, float_type
from micrograd.errors import ArgumentError
from micrograd.interpreter import Interpreter
from micrograd.op import Array, elementwise
from micrograd.ops.alarms import are_numbers, math_or_numpy
from micrograd.ops.arithmetic import divide, floor, remainder, round, sign, where
from micrograd.ops.comparisons import equal, greater, isinf, less, logical_and, not_equal

__all__ = [
    "copysign",
    "divmod",
    "fix",
    "floor_divide",
    "fmod",
    "heaviside",
    "ldexp",
    "modf",
    "nextafter",
    "rint",
    "trunc",
]


def _floored(x: Array, y: Array) -> Array:
    """The quotient as Python computes it: from the remainder, which is exact."""
    rest = fmod(x, y)
    crosses = logical_and(not_equal(rest, 0.0), not_equal(less(rest, 0.0), less(y, 0.0)))
    near = divide(x - rest, y) - where(crosses, 1.0, 0.0)
    z = floor(near)
    z = where(greater(near - z, 0.5), z + 1.0, z)
    return where(equal(near, 0.0), copysign(0.0, divide(x, y)), z)


@elementwise(
    "//",
    lambda z, x, y: 0,
    lambda z, x, y: 0,
    kink="0 where x is a multiple of y",
    c=_floored,
    tex=r"\left\lfloor\frac{{{0}}}{{{1}}}\right\rfloor",
)
def floor_divide(x: Array, y: Array) -> Array:
    """Quotient rounded down, elementwise, as Python's //.

    z = floor(x / y)

    The function is flat between its jumps. Its derivatives are 0, at the jumps too.

    >>> floor_divide(-7.0, 2.0)
    -4.0
    """
    return math_or_numpy(operator.floordiv, "floor_divide", x, y) if are_numbers(x, y) else np.floor_divide(x, y)


def divmod(x: Array, y: Array) -> tuple[Array, Array]:
    """Quotient rounded down, and the remainder, elementwise, as Python's divmod.

    q = floor(x / y), r = x - y q

    Args:
        x: value of any shape.
        y: the divisor, of a shape that broadcasts.

    Returns:
        The pair (q, r).

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> divmod(-7.0, 2.0)
    (-4.0, 1.0)
    """
    return floor_divide(x, y), remainder(x, y)


@elementwise(
    "fmod",
    lambda z, x, y: 1.0,
    # As in remainder: not trunc(x / y), as x / y may be rounded up to an integer.
    lambda z, x, y: -round(divide(x - z, y)),
    kink="where x is a multiple of y: 1 by x, minus the quotient by y",
    c="fmod",
)
def fmod(x: Array, y: Array) -> Array:
    """Remainder of division, elementwise, with the sign of x, as C's fmod.

    z = x - y trunc(x / y); nan where y is 0

    >>> fmod(-7.0, 3.0)
    -1.0
    """
    return math_or_numpy(math.fmod, "fmod", x, y) if are_numbers(x, y) else np.fmod(x, y)


@elementwise("trunc", lambda z, x: 0, kink="0 at integers", c="trunc")
def trunc(x: Array) -> Array:
    """x without the digits after the point, elementwise: rounded towards 0.

    The function is flat between its jumps. Its derivative is 0, at the jumps too.

    >>> trunc(-1.5)
    -1.0
    """
    return math_or_numpy(lambda x: math.copysign(math.trunc(x), x), "trunc", x) if type(x) is float else np.trunc(x)


def fix(x: Array) -> Array:
    """x without the digits after the point, elementwise: another name of `trunc`.

    Args:
        x: value of any shape.

    >>> fix(-1.5)
    -1.0
    """
    return trunc(x)


@elementwise("rint", lambda z, x: 0, kink="0 at halves", c="rint")
def rint(x: Array) -> Array:
    """The nearest integer, elementwise. Halves go to the even one. The derivative is 0.

    Args:
        x: value of any shape.

    >>> rint(2.5)
    2.0
    """
    return math_or_numpy(lambda x: math.copysign(builtins.round(x), x), "rint", x) if type(x) is float else np.rint(x)


def modf(x: Array) -> tuple[Array, Array]:
    """The part after the point and the part before it; their derivatives are 1 and 0.

    Args:
        x: value of any shape.

    Returns:
        The pair (x - trunc(x), trunc(x)), as in NumPy.

    >>> modf(-1.5)
    (-0.5, -1.0)
    """
    x = as_input(x, "modf")
    whole = trunc(x)
    # copysign: the part after the point of -2.0 is -0.0, as in NumPy
    return copysign(where(isinf(x), 0.0, x - whole), x), whole


@elementwise(
    "copysign",
    lambda z, x, y: sign(x) * copysign(1.0, y),
    lambda z, x, y: 0.0,
    kink="0 where x is 0",
    c="copysign",
)
def copysign(x: Array, y: Array) -> Array:
    """The size of x with the sign of y, elementwise.

    z = |x| where y has no minus sign, else -|x|; -0.0 has one

    The derivative by y is 0.

    >>> copysign(3.0, -0.0)
    -3.0
    """
    return math.copysign(x, y) if are_numbers(x, y) else np.copysign(x, y)


@elementwise(
    "heaviside",
    lambda z, x, h: 0.0,
    lambda z, x, h: equal(x, 0.0),
    kink="0 at 0",
    c=lambda x, h: where(equal(x, 0.0), h, where(greater(x, 0.0), 1.0, where(less(x, 0.0), 0.0, x))),
)
def heaviside(x: Array, h: Array) -> Array:
    """Step from 0 to 1, elementwise.

    z = 0 where x < 0, h where x = 0, 1 where x > 0

    The derivative by x is 0, at the step too.

    >>> heaviside(-1.5, 0.5), heaviside(0.0, 0.5)
    (0.0, 0.5)
    """
    return math_or_numpy(_step, "heaviside", x, h) if are_numbers(x, h) else np.heaviside(x, h)


def _step(x: float, h: float) -> float:
    return x if x != x else float(h) if x == 0.0 else float(x > 0.0)


def ldexp(x: Array, n: Any) -> Array:
    """x times a power of 2, elementwise, without rounding.

    z = x 2^n

    Args:
        x: value of any shape.
        n: plain integers, of a shape that broadcasts; they carry no gradient.

    Raises:
        ArgumentError: an n is not an integer, or n is a value.
        ShapeError: the shapes do not broadcast.

    >>> ldexp(0.75, 3)
    6.0
    """
    powers = None if isinstance(n, Interpreter) else np.asarray(n)
    if powers is None or powers.dtype.kind not in "iu":
        raise ArgumentError(f"ldexp: n={n!r} is not a plain integer, or an array of them; write x * np.exp2(n)")
    x = as_input(x, "ldexp")
    dtype = float_type(x)
    limit = np.finfo(dtype).maxexp - 2
    for _ in range(3):  # in three steps, as 2^n may be out of range where x 2^n is not
        part = np.clip(powers, -limit, limit)
        powers = powers - part
        x = x * (np.ldexp(1.0, part).astype(dtype) if part.shape else math.ldexp(1.0, int(part)))
    return x


@elementwise("nextafter", lambda z, x, y: 1.0, lambda z, x, y: 0.0, c="nextafter")
def nextafter(x: Array, y: Array) -> Array:
    """The next floating-point number after x towards y, elementwise.

    The derivative by x is 1, that by y 0.

    Args:
        x: value of any shape.
        y: where to go, of a shape that broadcasts.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> nextafter(1.0, 2.0)
    1.0000000000000002
    """
    return math.nextafter(x, y) if are_numbers(x, y) else np.nextafter(x, y)
