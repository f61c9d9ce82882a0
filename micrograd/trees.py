"""Nested lists, tuples and dicts of arrays: taken apart into leaves, and put together again in the same structure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from micrograd.errors import ArgumentError


def leaves_of(tree: Any) -> list[Any]:
    """Everything in a tree that is no list, tuple or dict, in order (of a dict: of its keys as they stand).

    >>> leaves_of({"w": [1.0, 2.0], "b": 3.0})
    [1.0, 2.0, 3.0]
    """
    if isinstance(tree, dict):
        return [leaf for branch in tree.values() for leaf in leaves_of(branch)]
    if isinstance(tree, (list, tuple)):
        return [leaf for branch in tree for leaf in leaves_of(branch)]
    return [tree]


def like(tree: Any, leaves: Iterable[Any]) -> Any:
    """The leaves in the structure of the tree.

    >>> like({"w": [1.0, 2.0], "b": 3.0}, "xyz")
    {'w': ['x', 'y'], 'b': 'z'}
    """
    supply = iter(leaves)

    def build(tree: Any) -> Any:
        if isinstance(tree, dict):
            return type(tree)((key, build(branch)) for key, branch in tree.items())
        if isinstance(tree, (list, tuple)):
            branches = [build(branch) for branch in tree]
            return type(tree)(*branches) if hasattr(tree, "_fields") else type(tree)(branches)
        return next(supply)

    return build(tree)


def mapped(f: Callable[[Any], Any], tree: Any) -> Any:
    """f of every leaf, in the same structure.

    >>> mapped(abs, (-1.0, [2.0]))
    (1.0, [2.0])
    """
    return like(tree, [f(leaf) for leaf in leaves_of(tree)])


def same_leaves(name: str, what: str, given: Any, wanted: Any) -> list[Any]:
    """The leaves of given, which must be as many as those of wanted.

    Raises:
        ArgumentError: the structures differ.
    """
    found, expected = leaves_of(given), leaves_of(wanted)
    if len(found) != len(expected):
        raise ArgumentError(
            f"{name}: {what} has {len(found)} leaves, wanted {len(expected)}; give it the structure of its counterpart"
        )
    return found
