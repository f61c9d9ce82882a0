"""Nested lists, tuples, dicts and modules of arrays.

They are split into leaves, and leaves are put together again in the same structure.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from micrograd.errors import ArgumentError


class Branching:
    """Base of classes whose objects are trees: `nn.Module` is one.

    A subclass overrides both methods.
    """

    def named_leaves(self) -> list[tuple[str, Any]]:
        """The leaves in order, each with a name of its own."""
        raise NotImplementedError

    def with_leaves(self, leaves: Iterable[Any]) -> Any:
        """An object like this one that holds these leaves, in the same order."""
        raise NotImplementedError


BRANCHES = (dict, list, tuple, Branching)


def leaves_of(tree: Any) -> list[Any]:
    """Everything in a tree that is not a list, tuple, dict or module, in order.

    The values of a dict come in the order of its keys, those of a module in the order
    of its parameters.

    >>> leaves_of({"w": [1.0, 2.0], "b": 3.0})
    [1.0, 2.0, 3.0]
    """
    if isinstance(tree, BRANCHES):
        return [leaf for branch in _branches(tree) for leaf in leaves_of(branch)]
    return [tree]


def like(tree: Any, leaves: Iterable[Any]) -> Any:
    """The leaves in the structure of the tree.

    >>> like({"w": [1.0, 2.0], "b": 3.0}, "xyz")
    {'w': ['x', 'y'], 'b': 'z'}
    """
    return _built(tree, iter(leaves))


def mapped(f: Callable[[Any], Any], tree: Any) -> Any:
    """f of every leaf, in the same structure.

    >>> mapped(abs, (-1.0, [2.0]))
    (1.0, [2.0])
    """
    return like(tree, [f(leaf) for leaf in leaves_of(tree)])


def same_leaves(name: str, what: str, given: Any, of: str, wanted: Any) -> list[Any]:
    """The leaves of given, in the order of the leaves of wanted.

    The two trees must have the same structure. A list and a tuple count as equal, and
    so do dicts with their keys in another order.

    Args:
        name: the function that asks, for the error.
        what: a word for given, for the error.
        given: the tree whose leaves are returned.
        of: a word for wanted, for the error.
        wanted: the tree with the right structure.

    Raises:
        ArgumentError: the structures differ.

    >>> output = {"w": 0.0, "b": 0.0}
    >>> same_leaves("vjp", "cotangent", {"b": 1.0, "w": 2.0}, "output", output)
    [2.0, 1.0]
    """
    pending, found = [(given, wanted)], []
    while pending:
        mine, other = pending.pop()
        if _keys(mine) != _keys(other):
            raise ArgumentError(
                f"{name}: the {what} has the structure {_outline(given)}, but the {of} has {_outline(wanted)}; "
                f"give the {what} the same structure"
            )
        if isinstance(other, BRANCHES):
            given_at, wanted_at = _by_key(mine), _by_key(other)
            pending += [(given_at[key], wanted_at[key]) for key in reversed(wanted_at)]
        else:
            found.append(mine)
    return found


# Not an inner function of `like`: an inner function that calls itself is a cycle of
# references, and would keep the leaves in memory until the garbage collector runs.
def _built(tree: Any, supply: Iterator[Any]) -> Any:
    """The next leaves of the supply, in the structure of the tree."""
    if not isinstance(tree, BRANCHES):
        return next(supply)
    return _joined(tree, [_built(branch, supply) for branch in _branches(tree)])


def _joined(tree: Any, branches: list[Any]) -> Any:
    """A tree like this one, with these branches."""
    if isinstance(tree, Branching):
        return tree.with_leaves(branches)
    if isinstance(tree, dict):
        twin = copy.copy(tree)  # of the same class: a defaultdict keeps its default
        twin.update(zip(tree, branches, strict=True))
        return twin
    return type(tree)(*branches) if hasattr(tree, "_fields") else type(tree)(branches)


def _branches(tree: Any) -> Iterable[Any]:
    return tree if isinstance(tree, (list, tuple)) else _by_key(tree).values()


def _by_key(tree: Any) -> dict[Any, Any]:
    """The branches by key, place or name, in order."""
    if isinstance(tree, Branching):
        return dict(tree.named_leaves())
    return tree if isinstance(tree, dict) else dict(enumerate(tree))


def _keys(tree: Any) -> Any:
    """What must be equal at one place of two trees.

    It is the keys of a dict or a module, the length of a list or tuple, and None for a
    leaf.
    """
    if isinstance(tree, Branching):
        return type(tree), list(_by_key(tree))
    return tree.keys() if isinstance(tree, dict) else len(tree) if isinstance(tree, (list, tuple)) else None


def _outline(tree: Any) -> str:
    return repr(_drawn(tree)).replace("'*'", "*")


def _drawn(tree: Any) -> Any:
    """The tree with stars as leaves, a module as a dict of its leaves."""
    if isinstance(tree, Branching):
        return dict.fromkeys(_by_key(tree), "*")
    return _joined(tree, [_drawn(branch) for branch in _branches(tree)]) if isinstance(tree, BRANCHES) else "*"
