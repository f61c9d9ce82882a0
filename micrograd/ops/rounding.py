"""The table, steps and signs of NumPy: quotients without remainder, truncation, and what is flat almost everywhere."""

from __future__ import annotations

import builtins
import math
import operator
from typing import TYPE_CHECKING, Any

from micrograd.arrays import float_type
from micrograd.errors import ArgumentError
from micrograd.op import Array, elementwise
from micrograd.ops.arithmetic import (
    are_numbers,
    divide,
    equal,
    floor,
    greater,
    isinf,
    less,
    logical_and,
    math_or_numpy,
    not_equal,
    remainder,
    round,
    sign,
    where,
)
from micrograd.ops.indexing import as_value

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

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
    """The quotient as Python takes it: by way of the remainder, which is exact."""
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
    """Quotient rounded down, elementwise, as Python's //; flat, so its derivatives are 0, at its jumps too.

    z = floor(x / y)

    >>> floor_divide(-7.0, 2.0)
    -4.0
    """
    return math_or_numpy(operator.floordiv, "floor_divide", x, y) if are_numbers(x, y) else np.floor_divide(x, y)


def divmod(x: Array, y: Array) -> tuple[Array, Array]:
    """Quotient rounded down, and what remains, elementwise, as Python's divmod.

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
    # As in remainder: the quotient that was taken, not trunc(x / y), which may have been rounded up.
    lambda z, x, y: -round(divide(x - z, y)),
    kink="where x is a multiple of y: 1 by x, minus the quotient by y",
    c="fmod",
)
def fmod(x: Array, y: Array) -> Array:
    """Remainder of division, elementwise, with the sign of the dividend, as C's fmod; nan where y is 0.

    z = x - y trunc(x / y)

    >>> fmod(-7.0, 3.0)
    -1.0
    """
    return math_or_numpy(math.fmod, "fmod", x, y) if are_numbers(x, y) else np.fmod(x, y)


@elementwise("trunc", lambda z, x: 0, kink="0 at integers", c="trunc")
def trunc(x: Array) -> Array:
    """The integer next to x on the side of 0, elementwise; flat, so its derivative is 0, at its jumps too.

    >>> trunc(-1.5)
    -1.0
    """
    return math_or_numpy(lambda x: math.copysign(math.trunc(x), x), "trunc", x) if type(x) is float else np.trunc(x)


def fix(x: Array) -> Array:
    """The integer next to x on the side of 0, elementwise: another name of `trunc`.

    Args:
        x: value of any shape.

    >>> fix(-1.5)
    -1.0
    """
    return trunc(x)


@elementwise("rint", lambda z, x: 0, kink="0 at halves", c="rint")
def rint(x: Array) -> Array:
    """The nearest integer, elementwise; halves go to the even one. Its derivative is 0.

    Args:
        x: value of any shape.

    >>> rint(2.5)
    2.0
    """
    return math_or_numpy(lambda x: math.copysign(builtins.round(x), x), "rint", x) if type(x) is float else np.rint(x)


def modf(x: Array) -> tuple[Array, Array]:
    """The part after the point, with the derivative 1, and the part before it, with the derivative 0.

    Args:
        x: value of any shape.

    Returns:
        The pair (x - trunc(x), trunc(x)), as in NumPy.

    >>> modf(-1.5)
    (-0.5, -1.0)
    """
    x = as_value("modf", x)
    whole = trunc(x)
    return copysign(where(isinf(x), 0.0, x - whole), x), whole  # -0.0 for -2.0, as in NumPy


@elementwise(
    "copysign",
    lambda z, x, y: sign(x) * copysign(1.0, y),
    lambda z, x, y: 0.0,
    kink="0 where x is 0",
    c="copysign",
)
def copysign(x: Array, y: Array) -> Array:
    """The size of x with the sign of y, elementwise; also of a y that is 0 or -0. By y its derivative is 0.

    z = |x| where y has no minus sign, else -|x|

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
    """Step from 0 to 1, elementwise; h is what it gives at 0. Its derivative by x is 0, also at the step.

    z = 0 where x < 0, h where x = 0, 1 where x > 0

    >>> heaviside(-1.5, 0.5), heaviside(0.0, 0.5)
    (0.0, 0.5)
    """
    return math_or_numpy(_step, "heaviside", x, h) if are_numbers(x, h) else np.heaviside(x, h)


def _step(x: float, h: float) -> float:
    return x if x != x else float(h) if x == 0.0 else float(x > 0.0)


def ldexp(x: Array, n: Any) -> Array:
    """x times a power of 2, elementwise, without rounding. The powers are plain integers, and carry no gradient.

    z = x 2^n

    Args:
        x: value of any shape.
        n: integers, of a shape that broadcasts.

    Raises:
        ArgumentError: an n is not an integer, or n is a value.
        ShapeError: the shapes do not broadcast.

    >>> ldexp(0.75, 3)
    6.0
    """
    powers = None if hasattr(n, "_apply_op") else np.asarray(n)
    if powers is None or powers.dtype.kind not in "iu":
        raise ArgumentError(f"ldexp: n={n!r} is not made of plain integers; use x * np.exp2(n) for other powers")
    x = as_value("ldexp", x)
    dtype = float_type(x)
    limit = np.finfo(dtype).maxexp - 2
    for _ in range(3):  # 2^n may be out of range where x 2^n is not
        part = np.clip(powers, -limit, limit)
        powers = powers - part
        x = x * (np.ldexp(1.0, part).astype(dtype) if part.shape else math.ldexp(1.0, int(part)))
    return x


@elementwise("nextafter", lambda z, x, y: 1.0, lambda z, x, y: 0.0, c="nextafter")
def nextafter(x: Array, y: Array) -> Array:
    """The floating-point number next to x on the side of y, elementwise. Its derivative is that of x.

    Args:
        x: value of any shape.
        y: the side to go to, of a shape that broadcasts.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> nextafter(1.0, 2.0)
    1.0000000000000002
    """
    return math.nextafter(x, y) if are_numbers(x, y) else np.nextafter(x, y)
