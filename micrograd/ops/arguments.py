"""The table, arguments: what functions made of ops check before any op runs.

`name` is the function that asks: errors begin with it.
"""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from micrograd import on_demand as np
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


def number(name: str, what: str, given: Any, least: float = -math.inf) -> Any:
    """The given number as it is. `what` is the argument of `name`.

    Raises:
        ArgumentError: given is not a number, is nan, or is below the least.

    >>> number("LayerNorm", "eps", 1e-5, least=0.0)
    1e-05
    """
    if isinstance(given, bool) or not isinstance(given, (float, Real)) or not float(given) >= least:
        wanted = "a number" if least == -math.inf else f"a number of at least {least:g}"
        raise ArgumentError(f"{name}: {what}={given!r}: give {wanted}")
    return given


def true_or_false(name: str, what: str, given: Any) -> bool:
    """The given flag as a Python bool. `what` is the name of the argument.

    A random generator that is given by its place lands in a flag, as in
    `Linear(3, 2, rng)`: it counts as true, and nothing would be drawn from it.

    Raises:
        ArgumentError: given is not True, False, 1 or 0.

    >>> true_or_false("Linear", "bias", np.False_)
    False
    """
    if not isinstance(given, (bool, Integral, np.bool_)) or given not in (0, 1):
        repair = "give rng= by its name" if isinstance(given, np.random.Generator) else "give one of them"
        raise ArgumentError(f"{name}: {what} is of type {type(given).__name__}, not True or False; {repair}")
    return bool(given)
