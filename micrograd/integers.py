"""Integers that users give, such as sizes: checked, with one error for all. And ints of
any length, which NumPy and floats do not take.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from micrograd import on_demand as np  # noqa: F401 - for the examples
from micrograd.errors import ArgumentError, DataError

LARGEST = 2**63 - 1  # of NumPy's integers


def integer_at_least(least: int, name: str, what: str, given: Any) -> int:
    """The given number as a Python int. `what` is the argument of the function `name`.

    Raises:
        ArgumentError: given is not an integer, is True or False, or is below least.

    >>> integer_at_least(1, "group_norm", "num_groups", np.int64(2))
    2
    """
    # True is an int of Python, but as a size it is a slip: RNN(4, 8, True).
    if not isinstance(given, bool):
        try:
            number = operator.index(given)
        except TypeError:
            number = least - 1
        if number >= least:
            return number
    raise ArgumentError(f"{name}: {what}={given!r}: give an integer of at least {least}")


def are_large(data: Iterable[Any]) -> bool:
    """Whether a Python int is among the data that NumPy has no type for."""
    return any(type(x) is int and abs(x) > LARGEST for x in data)


def as_floats(name: str, data: Iterable[Any]) -> list[Any]:
    """The data with floats in the place of ints.

    Raises:
        DataError: an int is too large for a float.

    >>> as_floats("exp", [10**20])
    [1e+20]
    """
    try:
        return [float(x) if type(x) is int else x for x in data]
    except OverflowError:
        raise too_large(name) from None


def too_large(name: str) -> DataError:
    """What an op says where an int, or what its rule computes of one, is beyond all
    floats.
    """
    return DataError(
        f"{name}: an int beyond 1.8e308 is too large for a float; "
        f"take smaller numbers, or compute with Fractions alone, as Value(Fraction(x))"
    )
