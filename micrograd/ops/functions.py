"""The table, elementary functions: powers, exponentials, waves, and the bends of neural networks.

A Python float goes through `math`, an array through NumPy. Where `math` raises (the logarithm of 0, an
overflow), NumPy answers instead, with inf or nan and its warning: one rule for numbers and arrays.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from micrograd.op import Array, elementwise, is_quiet
from micrograd.ops.arithmetic import divide, equal, greater, where

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np


def _number(quick: Callable[..., float], ufunc: str, *inputs: float) -> float:
    """quick(*inputs), or what NumPy's function of that name says where the quick one has no answer."""
    try:
        z = quick(*inputs)
        if type(z) is not complex:  # as (-8.0) ** 0.5 is in Python; it is nan in NumPy
            return z
    except (ValueError, OverflowError, ZeroDivisionError):
        pass
    with np.errstate(all="ignore") if is_quiet() else contextlib.nullcontext():
        return getattr(np, ufunc)(*map(float, inputs)).item()  # type: ignore[no-any-return]


@elementwise("exp", lambda z, x: z)
def exp(x: Array) -> Array:
    """Exponential, elementwise.

    z = e^x

    >>> exp(0.0)
    1.0
    """
    return _number(math.exp, "exp", x) if type(x) is float else np.exp(x)


@elementwise("log", lambda z, x: divide(1.0, x))
def log(x: Array) -> Array:
    """Natural logarithm, elementwise; -inf at 0, nan below.

    z = ln x

    >>> log(1.0)
    0.0
    """
    return _number(math.log, "log", x) if type(x) is float else np.log(x)


def _slope(z: Array, x: Array, *, exponent: float) -> Array:
    # x^0 is 1 everywhere, also at 0: its slope is 0 there, not 0 * 0^-1
    return exponent * raise_to(x, exponent=exponent - 1) if exponent else 0.0


@elementwise("**{exponent}", _slope)
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
        return _number(pow, "power", x, exponent)
    return x**exponent


@elementwise(
    "**",
    lambda z, x, y: y * power(x, where(equal(y, 0.0), 1.0, y - 1.0)),  # x^0 is flat, also at 0
    lambda z, x, y: z * log(where(greater(x, 0.0), x, where(equal(x, 0.0), 1.0, math.nan))),
)
def power(x: Array, y: Array) -> Array:
    """Power, elementwise. The derivative by y is z ln x: 0 where x is 0, nan where x is negative.

    z = x^y

    >>> power(2.0, 3.0)
    8.0
    """
    if isinstance(x, (int, float)) and isinstance(y, (int, float)):
        return _number(pow, "power", x, y)
    return x**y


@elementwise("sqrt", lambda z, x: divide(0.5, z))
def sqrt(x: Array) -> Array:
    """Square root, elementwise; nan below 0.

    z = x^(1/2)

    >>> sqrt(9.0)
    3.0
    """
    return _number(math.sqrt, "sqrt", x) if type(x) is float else np.sqrt(x)


@elementwise("sin", lambda z, x: cos(x))
def sin(x: Array) -> Array:
    """Sine, elementwise; x in radians.

    >>> sin(0.0)
    0.0
    """
    return _number(math.sin, "sin", x) if type(x) is float else np.sin(x)


@elementwise("cos", lambda z, x: -sin(x))
def cos(x: Array) -> Array:
    """Cosine, elementwise; x in radians.

    >>> cos(0.0)
    1.0
    """
    return _number(math.cos, "cos", x) if type(x) is float else np.cos(x)


@elementwise("tanh", lambda z, x: 1.0 - z * z)
def tanh(x: Array) -> Array:
    """Hyperbolic tangent, elementwise.

    z = (e^2x - 1) / (e^2x + 1)

    >>> tanh(0.0)
    0.0
    """
    return math.tanh(x) if type(x) is float else np.tanh(x)


@elementwise("sigmoid", lambda z, x: z * (1.0 - z))
def sigmoid(x: Array) -> Array:
    """Logistic function, elementwise; by way of tanh, so that it never overflows.

    z = 1 / (1 + e^-x)

    >>> sigmoid(0.0)
    0.5
    """
    return 0.5 * (tanh(0.5 * x) + 1.0)


@elementwise("ReLU", lambda z, x: greater(x, 0.0), kink="0 at 0")
def relu(x: Array) -> Array:
    """Rectified linear unit, elementwise; its derivative at 0 is 0.

    z = max(x, 0)

    >>> relu(-6.0)
    0.0
    """
    if type(x) is float:
        return 0.0 if x <= 0.0 else x
    return np.maximum(x, 0)
