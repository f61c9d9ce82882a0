"""The arguments by which a transform differentiates: `argnums`, by position, and
`argnames`, by name.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from micrograd.arrays import as_data
from micrograd.errors import ArgumentError
from micrograd.leaves import as_array, described
from micrograd.trees import LEAVES, fixed_of, leaves_of, like

Argnums = int | Sequence[int]
Argnames = str | Sequence[str]


class Chosen:
    """The chosen arguments of one call of a function.

    Args:
        name: the transform, for errors.
        argnums: the number of an argument, or several; below 0 from the end. None is
            the first one where there are no argnames, and else none.
        args: all arguments of the call, by position.
        options: its other arguments, by name.
        argnames: the name of one of those, or several.

    Attributes:
        leaves: the leaves of the chosen arguments, as data.

    Raises:
        ArgumentError: there is no such argument, or one is chosen twice.
        DataError: a chosen argument holds no numbers, as a string does.

    >>> chosen = Chosen("grad", 1, ("first", [2.0, 3.0]))
    >>> chosen.called(lambda *args: args, [4.0, 5.0])
    ('first', [4.0, 5.0])
    >>> chosen.leaves, chosen.shaped([6.0, 7.0])
    ([2.0, 3.0], [6.0, 7.0])
    >>> Chosen("grad", None, (), {"w": 2.0}, ["w"]).shaped([5.0])
    {'w': 5.0}
    """

    def __init__(
        self,
        name: str,
        argnums: Argnums | None,
        args: tuple[Any, ...],
        options: dict[str, Any] | None = None,
        argnames: Argnames | None = None,
    ) -> None:
        self._args = args
        self._options = options or {}
        self._numbers: list[int] = []
        self._names: list[str] = []
        self._one_number = self._one_name = False
        if argnums is not None or argnames is None:
            self._one_number = argnums is None or type(argnums) is int or not _are_several(argnums)
            self._numbers = _checked(name, argnums, args)
        if argnames is not None:
            self._one_name = isinstance(argnames, str)
            self._names = _checked_names(name, argnames, self._options)
        self._wanted = [args[i] for i in self._numbers] + [self._options[key] for key in self._names]
        self.leaves: list[Any] = []
        self._is_flat = True  # each chosen argument is a leaf
        for tree in self._wanted:
            if type(tree) in LEAVES:
                self.leaves.append(as_array(tree))
            else:
                self._is_flat = False
                self._add(name, tree)

    def _add(self, name: str, tree: Any) -> None:
        """Add the leaves of a chosen argument, as data."""
        found = [as_array(x) for x in leaves_of(tree)]
        if not found:
            for x in fixed_of(tree):
                if x is not None:
                    as_data(x, name)  # refuses it
        self.leaves += found

    def _trees(self, leaves: Sequence[Any]) -> list[Any]:
        """These leaves in the structure of the chosen arguments."""
        return list(leaves) if self._is_flat else like(self._wanted, leaves)

    def called(self, f: Callable[..., Any], leaves: Sequence[Any]) -> Any:
        """f of all arguments, with these leaves in the place of those of the chosen
        ones.
        """
        trees, args = self._trees(leaves), list(self._args)
        for i in range(len(self._numbers)):
            args[self._numbers[i]] = trees[i]
        if not self._names:
            return f(*args, **self._options)
        by_name = zip(self._names, trees[len(self._numbers) :], strict=True)
        return f(*args, **{**self._options, **dict(by_name)})

    def shaped(self, leaves: Sequence[Any]) -> Any:
        """Results by leaf in the structure of the chosen arguments.

        By number it is a tuple for several argnums, else one tree. By name it is a dict
        for several argnames, else one tree. By both it is a pair.
        """
        trees = self._trees(leaves)
        count = len(self._numbers)
        by_number = trees[0] if self._one_number else tuple(trees[:count])
        if not self._names:
            return by_number
        by_name = trees[-1] if self._one_name else dict(zip(self._names, trees[count:], strict=True))
        return (by_number, by_name) if count else by_name


def check_argnums(name: str, argnums: Any) -> None:
    """Refuse what cannot be the number of an argument, before there are arguments.

    Raises:
        ArgumentError: it is an argument itself, as in `grad(f, x)`, or a name.

    >>> check_argnums("grad", 2.5)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    micrograd.errors.ArgumentError: grad: argnums=2.5; give the number of an argument...
    """
    if argnums is None or type(argnums) is int:
        return
    if isinstance(argnums, str):
        raise ArgumentError(
            f"{name}: argnums={argnums!r} is a name; give the number of an argument, from 0, or argnames={argnums!r} "
            f"for one that is given by name"
        )
    try:
        for i in argnums if _are_several(argnums) else [argnums]:
            operator.index(i)
    except TypeError:
        said = f" is {described(argnums)}" if hasattr(argnums, "shape") else f"={argnums!r}"
        raise ArgumentError(
            f"{name}: argnums{said}; give the number of an argument, or a tuple of them; "
            f"the arguments of f come in a second call: {name}(f)(x)"
        ) from None


def _are_several(argnums: Any) -> bool:
    return type(argnums) is tuple or isinstance(argnums, Sequence)  # to ask the class Sequence takes a while


def _checked(name: str, argnums: Argnums | None, args: tuple[Any, ...]) -> list[int]:
    """The numbers of the chosen arguments, counted from the front."""
    count = len(args)
    if argnums is None:
        argnums = 0
    if type(argnums) is int and -count <= argnums < count:
        return [argnums % count]
    if type(argnums) is range and argnums == range(count) and count:
        return list(argnums)
    try:
        given: Any = argnums if _are_several(argnums) else [argnums]
        numbers = [range(count)[operator.index(i)] for i in given]
    except (TypeError, IndexError):
        numbers = []
    if type(argnums) is range and not count:
        raise ArgumentError(f"{name}: f alone was given; give its arguments too, as in {name}(f, x)")
    if not numbers or len(set(numbers)) < len(numbers):
        raise ArgumentError(
            f"{name}: argnums={argnums!r}, and f was called with {count} positional arguments; "
            f"give the number of one, from 0, or a tuple of different ones; argnames= is for those given by name"
        )
    return numbers


def _checked_names(name: str, argnames: Argnames, options: dict[str, Any]) -> list[str]:
    """The names of the chosen arguments, each of which was given by name."""
    names = list(argnames) if isinstance(argnames, Sequence) and not isinstance(argnames, str) else [argnames]
    if not names or len(set(names)) < len(names) or not all(key in options for key in names):
        raise ArgumentError(
            f"{name}: argnames={argnames!r}, and f was called with the names {list(options)}; "
            f"give the name of one, or a tuple of different ones; argnums= is for those given by position"
        )
    return names
