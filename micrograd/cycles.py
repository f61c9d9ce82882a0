"""Cycles of references through an object that a user assigns to a node.

They are found when the object is assigned. memory.py says why.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterable
from types import CellType, FunctionType, MethodType
from typing import Any

Node = Any


def nodes_within(x: Any, kind: type) -> list[Node]:
    """The nodes that a function or a container refers to; x itself if it is a node.

    Args:
        x: a function, with its closure and its defaults; a method, partial, list,
            tuple, dict or set; or a node. For anything else, the list is empty.
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
            # Not the globals of a function's module: they stay alive in any case.
            if isinstance(x, FunctionType):
                pending += [x.__closure__, x.__defaults__, x.__kwdefaults__]
            elif isinstance(x, (tuple, list, dict, set, CellType, MethodType, functools.partial)):
                pending += gc.get_referents(x)
    return found


def leading_back(nodes: Iterable[Node], starts: Iterable[Node], refers_to: Callable[[Node], list[Node]]) -> set[Node]:
    """The given nodes, and all nodes on a path from the starts to one of them.

    Args:
        nodes: the nodes where a cycle would close.
        starts: the nodes where the search starts.
        refers_to: a function that gives the nodes that a node refers to.

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
