"""The table, arithmetic: sums, products, signs, comparisons. A rule is the textbook line."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from micrograd.op import Array, comparison, elementwise, is_quiet, multilinear, shape_of

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np


@elementwise("+", lambda z, x, y: 1.0, lambda z, x, y: 1.0)
def add(x: Array, y: Array) -> Array:
    """Sum, elementwise.

    z = x + y

    >>> add(2.0, 3.0)
    5.0
    """
    return x + y


@elementwise("-", lambda z, x, y: 1.0, lambda z, x, y: -1.0)
def subtract(x: Array, y: Array) -> Array:
    """Difference, elementwise.

    z = x - y

    >>> subtract(2.0, 3.0)
    -1.0
    """
    return x - y


@elementwise("*", lambda z, x, y: y, lambda z, x, y: x)
def multiply(x: Array, y: Array) -> Array:
    """Product, elementwise.

    z = x y

    >>> multiply(2.0, 3.0)
    6.0
    """
    return x * y


@elementwise("/", lambda z, x, y: divide(1.0, y), lambda z, x, y: divide(-z, y))
def divide(x: Array, y: Array) -> Array:
    """Quotient, elementwise; division by zero gives inf or nan, as in NumPy, not an exception.

    z = x / y

    >>> divide(6.0, 3.0)
    2.0
    """
    try:
        return x / y
    except ZeroDivisionError:
        with np.errstate(all="ignore") if is_quiet() else contextlib.nullcontext():
            return float(np.divide(x, y))


@elementwise("neg", lambda z, x: -1.0)
def negative(x: Array) -> Array:
    """Negative, elementwise.

    z = -x

    >>> negative(2.0)
    -2.0
    """
    return -x


@elementwise("+", lambda z, x: 1.0)
def positive(x: Array) -> Array:
    """The same numbers, as a node of their own.

    z = x

    >>> positive(2.0)
    2.0
    """
    return +x


@elementwise("abs", lambda z, x: sign(x), kink="0 at 0")
def absolute(x: Array) -> Array:
    """Absolute value, elementwise; its derivative at 0 is 0, the middle of the subgradients [-1, 1].

    z = |x|

    >>> absolute(-2.0)
    2.0
    """
    return abs(x)


@elementwise("sign", lambda z, x: 0.0, kink="0 at 0")
def sign(x: Array) -> Array:
    """Sign, elementwise: -1, 0 or 1; flat, so its derivative is 0.

    >>> sign(-2.0)
    -1.0
    """
    return float(x > 0) - float(x < 0) if type(x) is float and x == x else np.sign(x)


@elementwise("where", None, lambda z, c, x, y: where(c, 1.0, 0.0), lambda z, c, x, y: where(c, 0.0, 1.0))
def where(condition: Array, x: Array, y: Array) -> Array:
    """Choice, elementwise; the condition carries no gradient.

    z = x where the condition holds, else y

    >>> where(True, 2.0, 3.0)
    2.0
    """
    if isinstance(condition, bool):  # a scalar choice keeps numbers Python numbers
        return x if condition else y
    return np.where(condition, x, y)


@comparison("==")
def equal(x: Array, y: Array) -> Array:
    """Equality of data, elementwise. (On a Value `==` asks for identity, so that values can be keys.)

    >>> equal(2.0, 2.0)
    True
    """
    return x == y


@comparison(">")
def greater(x: Array, y: Array) -> Array:
    """Whether x > y, elementwise.

    >>> greater(2.0, 3.0)
    False
    """
    return x > y


@comparison("<")
def less(x: Array, y: Array) -> Array:
    """Whether x < y, elementwise.

    >>> less(2.0, 3.0)
    True
    """
    return x < y


@comparison(">=")
def greater_equal(x: Array, y: Array) -> Array:
    """Whether x >= y, elementwise.

    >>> greater_equal(2.0, 3.0)
    False
    """
    return x >= y


@comparison("<=")
def less_equal(x: Array, y: Array) -> Array:
    """Whether x <= y, elementwise.

    >>> less_equal(2.0, 3.0)
    True
    """
    return x <= y


@multilinear("as {dtype}", lambda g, x, *, dtype: cast(g, dtype=x.dtype), shape=lambda x, *, dtype: shape_of(x))
def cast(x: Array, *, dtype: Any) -> Array:
    """The same numbers in another floating-point type.

    Args:
        x: value of any shape.
        dtype: a NumPy dtype, or its name.

    >>> cast(2.5, dtype="float32")
    np.float32(2.5)
    """
    return x.astype(dtype) if hasattr(x, "astype") else np.dtype(dtype).type(x)


def _cast_dtype(x: Array, *, dtype: Any) -> Any:
    return np.dtype(dtype)


cast.dtype = _cast_dtype  # type: ignore[method-assign]
