"""Cycles of references through what a user hangs on a node, found when it is hung on; why is said in memory.py."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterable
from types import CellType, FunctionType, MethodType
from typing import Any

Node = Any


def nodes_within(x: Any, kind: type) -> list[Node]:
    """The nodes that a function or a container refers to; x itself where it is one.

    Args:
        x: a function, with its closure and defaults; a method, partial, list, tuple, dict or set; a node; or anything
            else, which has none.
        kind: the class of nodes.

    >>> nodes_within(lambda x=1: x, int)
    [1]
    """
    found: list[Node] = []
    pending = [x]
    seen: dict[int, Any] = {}
    while pending:
        x = pending.pop()
        if isinstance(x, kind):
            found.append(x)
        elif id(x) not in seen:
            seen[id(x)] = x
            if isinstance(x, FunctionType):  # not the globals of its module: they live on anyway
                pending += [x.__closure__, x.__defaults__, x.__kwdefaults__]
            elif isinstance(x, (tuple, list, dict, set, CellType, MethodType, functools.partial)):
                pending += gc.get_referents(x)
    return found


def leading_back(nodes: Iterable[Node], starts: Iterable[Node], refers_to: Callable[[Node], list[Node]]) -> set[Node]:
    """Some nodes, and those in reach of others that lead back to one of them.

    Args:
        nodes: where a cycle would close.
        starts: where to start.
        refers_to: the nodes that a node refers to.

    >>> leading_back([1], [3, 4], {1: [], 2: [1], 3: [2], 4: []}.__getitem__)
    {1, 2, 3}
    """
    users: dict[Node, list[Node]] = {}
    reached: set[Node] = set()
    pending = list(starts)
    while pending:
        user = pending.pop()
        if user not in reached:
            reached.add(user)
            for x in refers_to(user):
                users.setdefault(x, []).append(user)
                pending.append(x)
    found = set(nodes)
    pending = list(found)
    while pending:
        for user in users.get(pending.pop(), ()):
            if user not in found:
                found.add(user)
                pending.append(user)
    return found
