"""Integers that users give, such as sizes: checked, with one error for all."""

from __future__ import annotations

import operator
from typing import Any

from micrograd import on_demand as np  # noqa: F401 - for the examples
from micrograd.errors import ArgumentError


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
