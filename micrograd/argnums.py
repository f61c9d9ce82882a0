"""The arguments by which a transform differentiates: `argnums`, one number or
several.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from micrograd.errors import ArgumentError
from micrograd.leaves import as_array
from micrograd.trees import leaves_of, like

Argnums = int | Sequence[int]


class Chosen:
    """The chosen arguments of one call of a function.

    Args:
        name: the transform, for the error.
        argnums: the number of an argument, or several; below 0 from the end.
        args: all arguments of the call, by position.

    Attributes:
        leaves: the leaves of the chosen arguments, as data.

    Raises:
        ArgumentError: there is no such argument, or one is chosen twice.

    >>> chosen = Chosen("grad", 1, ("first", [2.0, 3.0]))
    >>> chosen.leaves, chosen.replaced([4.0, 5.0]), chosen.shaped([6.0, 7.0])
    ([2.0, 3.0], ['first', [4.0, 5.0]], [6.0, 7.0])
    """

    def __init__(self, name: str, argnums: Argnums, args: tuple[Any, ...]) -> None:
        self._is_one = not isinstance(argnums, Sequence)
        self._numbers = _checked(name, argnums, args)
        self._args = args
        self._wanted = [args[i] for i in self._numbers]
        self.leaves = [as_array(x) for x in leaves_of(self._wanted)]

    def replaced(self, leaves: Sequence[Any]) -> list[Any]:
        """All arguments, with these leaves in the place of those of the chosen ones."""
        args = list(self._args)
        for i, arg in zip(self._numbers, like(self._wanted, leaves), strict=True):
            args[i] = arg
        return args

    def shaped(self, leaves: Sequence[Any]) -> Any:
        """Results by leaf in the structure of the chosen arguments: a tuple for several
        argnums, else one tree.
        """
        trees = like(self._wanted, leaves)
        return trees[0] if self._is_one else tuple(trees)


def _checked(name: str, argnums: Argnums, args: tuple[Any, ...]) -> list[int]:
    """The numbers of the chosen arguments, counted from the front."""
    try:
        given = argnums if isinstance(argnums, Sequence) else [argnums]
        numbers = [range(len(args))[operator.index(i)] for i in given]
    except (TypeError, IndexError):
        numbers = []
    if not numbers or len(set(numbers)) < len(numbers):
        raise ArgumentError(
            f"{name}: argnums={argnums!r}, and f was called with {len(args)} positional arguments; "
            f"give the number of one, from 0, or a tuple of different ones"
        )
    return numbers
