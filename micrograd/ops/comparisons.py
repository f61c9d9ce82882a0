"""The table, comparisons: questions about each element, answered in plain booleans."""

from __future__ import annotations

import math

from micrograd import on_demand as np
from micrograd.op import Array, comparison
from micrograd.ops.alarms import are_numbers

__all__ = [
    "equal",
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
    "not_equal",
]


@comparison("==", c="==", commutative=True)
def equal(x: Array, y: Array) -> Array:
    """Whether x and y are equal, elementwise.

    Between two Values that are numbers, `==` asks whether both are the same Value. This
    compares their data.

    >>> equal(2.0, 2.0)
    True
    """
    return x == y


@comparison("!=", c="!=", commutative=True)
def not_equal(x: Array, y: Array) -> Array:
    """Whether x and y are not equal, elementwise; see `equal`.

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
    """Whether both x and y are true, which means not 0, elementwise.

    >>> logical_and(True, False)
    False
    """
    return bool(x) and bool(y) if are_numbers(x, y) else np.logical_and(x, y)


@comparison("or", c="||", tex=r"\left({0} \vee {1}\right)", commutative=True)
def logical_or(x: Array, y: Array) -> Array:
    """Whether x or y or both are true, which means not 0, elementwise.

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
    """Whether exactly one of x and y is true, which means not 0, elementwise.

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


@comparison("isinf", c=lambda x: logical_or(equal(x, math.inf), equal(x, -math.inf)))
def isinf(x: Array) -> Array:
    """Whether x is inf or -inf, elementwise.

    >>> isinf(-math.inf)
    True
    """
    return math.isinf(x) if are_numbers(x) else np.isinf(x)


@comparison("isfinite", c=lambda x: logical_and(greater(x, -math.inf), less(x, math.inf)))
def isfinite(x: Array) -> Array:
    """Whether x is neither infinite nor nan, elementwise.

    >>> isfinite(math.inf)
    False
    """
    return math.isfinite(x) if are_numbers(x) else np.isfinite(x)
