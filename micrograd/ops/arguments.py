"""The table, arguments: what functions made of ops check before any op runs.

`name` is the function that asks: errors begin with it.
"""

from __future__ import annotations

from numbers import Real
from typing import Any

from micrograd import on_demand as np  # noqa: F401 - for the examples
from micrograd.arrays import as_operand
from micrograd.errors import ArgumentError
from micrograd.op import Array


def operand(name: str, x: Any) -> Array:
    """x itself, or the array that a list of numbers stands for.

    Raises:
        DataError: x is not a number, an array, or a list of numbers.

    >>> operand("inv", [[1, 2], [3, 4]])
    array([[1., 2.],
           [3., 4.]])
    """
    return x if hasattr(x, "shape") else as_operand(x, name)


def probability(name: str, what: str, given: Any) -> float:
    """The given number as a float of Python. `what` is the argument of `name`.

    Raises:
        ArgumentError: given is not a number from 0 to 1.

    >>> probability("dropout", "p", np.float32(0.5))
    0.5
    """
    # float first: to ask the abstract class Real takes a microsecond.
    if isinstance(given, bool) or not isinstance(given, (float, Real)) or not 0.0 <= float(given) <= 1.0:
        raise ArgumentError(f"{name}: {what}={given!r} is not a probability; give a number from 0 to 1")
    return float(given)
