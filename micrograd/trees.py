"""Nested lists, tuples, dicts, dataclasses and modules of arrays.

They are split into leaves, and leaves are put together again in the same structure.
None is a tree without leaves. What holds no numbers, like a string or a function, is
part of the structure: it stays as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from types import NoneType
from typing import Any

from micrograd.errors import ArgumentError
from micrograd.exact import is_exact


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
FIELDS = "__dataclass_fields__"  # by which `dataclasses` knows its own; that import takes long
ARRAY_LIKE = ("_apply_op", "__array__", "__array_function__", "__float__", "shape")

# Types that were seen before: of leaves, and of what is part of the structure.
LEAVES: set[type] = {float, int, bool, complex}
FIXED: set[type] = {NoneType, str, bytes}


def is_branch(x: Any) -> bool:
    """Whether x is a list, a tuple, a dict, a dataclass or a module."""
    if type(x) in LEAVES:
        return False
    return isinstance(x, BRANCHES) or (hasattr(type(x), FIELDS) and not _is_array_like(type(x)))


def is_fixed(x: Any) -> bool:
    """Whether x is part of the structure: None, a string, a function, anything that
    holds no numbers.

    >>> is_fixed(None), is_fixed("relu"), is_fixed(2.0), is_fixed([2.0])
    (True, True, False, False)
    """
    kind = type(x)
    if kind in LEAVES or is_branch(x):
        return False
    if kind in FIXED or issubclass(kind, (str, bytes)):
        return True
    if not (issubclass(kind, (float, int, complex)) or _is_array_like(kind) or is_exact(x) or _is_buffer(kind)):
        return True
    LEAVES.add(kind)
    return False


def _is_array_like(kind: type) -> bool:
    return any(hasattr(kind, name) for name in ARRAY_LIKE)


def _is_buffer(kind: type) -> bool:
    return kind is memoryview or kind.__module__ == "array"


def leaves_of(tree: Any) -> list[Any]:
    """All numbers and arrays in a tree, in order.

    The values of a dict come in the order of its keys, those of a dataclass in the
    order of its fields, those of a module in the order of its parameters.

    >>> leaves_of({"w": [1.0, 2.0], "b": 3.0, "name": "linear", "mask": None})
    [1.0, 2.0, 3.0]
    """
    if type(tree) in LEAVES:
        return [tree]
    found: list[Any] = []
    _collect(tree, found)
    return found


def _collect(tree: Any, found: list[Any]) -> None:
    if type(tree) in LEAVES:
        found.append(tree)
    elif is_branch(tree):
        for branch in _branches(tree):
            _collect(branch, found)
    elif not is_fixed(tree):
        found.append(tree)


def fixed_of(tree: Any) -> list[Any]:
    """Everything in a tree that belongs to its structure, in order.

    >>> fixed_of({"w": [1.0, 2.0], "name": "linear", "mask": None})
    ['linear', None]
    """
    if is_branch(tree):
        return [x for branch in _branches(tree) for x in fixed_of(branch)]
    return [tree] if is_fixed(tree) else []


def places_of(tree: Any, name: str) -> list[tuple[str, Any]]:
    """Everything in a tree, in order, each after its place as a program writes it.

    What belongs to the structure is there too, such as None.

    >>> places_of({"w": [1.0, 2.0], "mask": None}, "params")
    [("params['w'][0]", 1.0), ("params['w'][1]", 2.0), ("params['mask']", None)]
    """
    if not is_branch(tree):
        return [(name, tree)]
    found: list[tuple[str, Any]] = []
    for key, branch in by_key(tree).items():
        if hasattr(tree, "_fields"):  # a named tuple
            step = f".{tree._fields[key]}"
        else:
            step = f"[{key!r}]" if isinstance(tree, (dict, list, tuple)) else f".{key}"
        found += places_of(branch, name + step)
    return found


def like(tree: Any, leaves: Iterable[Any]) -> Any:
    """The leaves in the structure of the tree.

    >>> like({"w": [1.0, 2.0], "b": 3.0, "mask": None}, "xyz")
    {'w': ['x', 'y'], 'b': 'z', 'mask': None}
    """
    return _built(tree, iter(leaves))


def mapped(f: Callable[[Any], Any], tree: Any) -> Any:
    """f of every leaf, in the same structure.

    >>> mapped(abs, (-1.0, [2.0]))
    (1.0, [2.0])
    """
    if type(tree) in LEAVES:
        return f(tree)
    return like(tree, [f(leaf) for leaf in leaves_of(tree)])


def filled(tree: Any, leaf: Any, other: Any = ...) -> Any:
    """The tree with a leaf wherever it has None, but the other tree has a leaf.

    Without another tree, it has a leaf wherever it has None.

    >>> filled({"w": [1.0, None], "mask": None}, 0.0, {"w": [2.0, 3.0], "mask": None})
    {'w': [1.0, 0.0], 'mask': None}
    """
    if tree is None:
        return tree if other is not ... and (is_fixed(other) or is_branch(other)) else leaf
    if not is_branch(tree) or isinstance(tree, Branching):
        return tree
    if other is not ... and _keys(tree) != _keys(other):
        return tree
    there = dict.fromkeys(by_key(tree), ...) if other is ... else by_key(other)
    return joined(tree, [filled(branch, leaf, there[key]) for key, branch in by_key(tree).items()])


def same_leaves(name: str, what: str, given: Any, of: str, wanted: Any) -> list[Any]:
    """The leaves of given, in the order of the leaves of wanted.

    The two trees must have the same structure. A list and a tuple count as equal, and
    so do dicts with their keys in another order. Where wanted has a string, given may
    have None.

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
        is_text = _keys(other) is None and mine is not None and is_fixed(mine)  # whoever reads the leaf will say so
        if _keys(mine) != _keys(other) and not is_text:
            raise ArgumentError(
                f"{name}: the {what} has the structure {_outline(given)}, but the {of} has {_outline(wanted)}; "
                f"give the {what} the same structure, where * is a number or an array"
            )
        if is_branch(other):
            given_at, wanted_at = by_key(mine), by_key(other)
            pending += [(given_at[key], wanted_at[key]) for key in reversed(wanted_at)]
        elif not is_fixed(other):
            found.append(mine)
    return found


# Not an inner function of `like`: an inner function that calls itself is a cycle of
# references, and would keep the leaves in memory until the garbage collector runs.
def _built(tree: Any, supply: Iterator[Any]) -> Any:
    """The next leaves of the supply, in the structure of the tree."""
    if type(tree) in LEAVES:
        return next(supply)
    if not is_branch(tree):
        return tree if is_fixed(tree) else next(supply)
    return joined(tree, [_built(branch, supply) for branch in _branches(tree)])


def joined(tree: Any, branches: list[Any]) -> Any:
    """A tree like this one, with these branches."""
    if isinstance(tree, Branching):
        return tree.with_leaves(branches)
    if isinstance(tree, dict):
        twin = copy.copy(tree)  # of the same class: a defaultdict keeps its default
        twin.update(zip(tree, branches, strict=True))
        return twin
    if isinstance(tree, (list, tuple)):
        return type(tree)(*branches) if hasattr(tree, "_fields") else type(tree)(branches)
    twin = copy.copy(tree)
    for name, branch in zip(_fields(tree), branches, strict=True):
        object.__setattr__(twin, name, branch)  # it may be frozen
    return twin


def _fields(tree: Any) -> list[str]:
    """The names of the fields of a dataclass that have a value."""
    return [name for name in getattr(type(tree), FIELDS) if hasattr(tree, name)]


def _branches(tree: Any) -> Iterable[Any]:
    return tree if isinstance(tree, (list, tuple)) else by_key(tree).values()


def by_key(tree: Any) -> dict[Any, Any]:
    """The branches by key, place or name, in order."""
    if isinstance(tree, Branching):
        return dict(tree.named_leaves())
    if isinstance(tree, dict):
        return tree
    if isinstance(tree, (list, tuple)):
        return dict(enumerate(tree))
    return {name: getattr(tree, name) for name in _fields(tree)}


def _keys(tree: Any) -> Any:
    """What must be equal at one place of two trees.

    It is the keys of a dict, a module or a dataclass, the length of a list or tuple,
    None for a leaf, and () for what is part of the structure.
    """
    if isinstance(tree, (list, tuple)):
        return len(tree)
    if isinstance(tree, dict):
        return tree.keys()
    if is_branch(tree):
        return type(tree), list(by_key(tree))
    return () if is_fixed(tree) else None


def _outline(tree: Any) -> str:
    return repr(_drawn(tree)).replace("'*'", "*")


def _drawn(tree: Any) -> Any:
    """The tree with stars as leaves, a module as a dict of its leaves."""
    if isinstance(tree, Branching):
        return dict.fromkeys(by_key(tree), "*")
    if is_branch(tree):
        return joined(tree, [_drawn(branch) for branch in _branches(tree)])
    return tree if is_fixed(tree) else "*"
