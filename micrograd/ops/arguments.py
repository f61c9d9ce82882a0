"""The table, arguments: what functions made of ops check before any op runs.

`name` is the function that asks: errors begin with it.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np  # noqa: F401 - for the examples
from micrograd.arrays import as_operand
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
