"""Copies and pickles of graphs.

They use loops, so a chain of a million nodes causes no deep recursion.

A node has a method `_state`, which raw data does not have. It gives everything that
belongs to the node, and `_restore` puts it into another node.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from typing import Any

from micrograd.captures import CAPTURES, refuse
from micrograd.errors import GradientError

Node = Any


def is_node(x: Any) -> bool:
    """Whether x is a node of a graph: it has a method `_state`."""
    return hasattr(x, "_state")


def deepcopy(root: Node, memo: dict[int, Any], blank: Callable[[type], Node]) -> Node:
    """A copy of root and of everything that it was made from.

    Args:
        root: the node to copy.
        memo: the copies, by the `id` of the original, as in Python's `copy.deepcopy`.
        blank: a function that makes an empty node of a class.

    Raises:
        GradientError: a node has a `_backward` that the user assigned.
    """
    if CAPTURES:
        refuse(root, "a copy")
    stack = [root]
    while stack:
        node = stack[-1]
        state = node._state()
        below = [x for x in state["inputs"] if is_node(x) and id(x) not in memo]
        stack += below
        if not below:
            stack.pop()
            if id(node) not in memo:
                check_unbound("deepcopy", node, state)
                twin = memo[id(node)] = blank(type(node))
                twin._restore(copy.deepcopy(state, memo))
    return memo[id(root)]


def check_unbound(asker: str, node: Node, state: dict[str, Any]) -> None:
    """Refuse a node with a `_backward` that the user assigned.

    Such a function is bound to the nodes of its graph.

    Args:
        asker: "deepcopy" or "pickle", for the error.
        node: the node.
        state: the state of the node.

    Raises:
        GradientError: the node has such a `_backward`.
    """
    if state["own"] is not None:
        raise GradientError(
            f"{asker}: {node.label or node.op or 'a leaf'!r} has a `_backward` that you assigned, and that is bound "
            f"to the nodes of this graph; copy the leaves and build the graph again"
        )


class Pickled:
    """All nodes below a root, in the form that is pickled: a list, inputs before users.

    The elements are pickled one by one. The inputs of a node are then pickled already,
    so a node of the list gives only its own state. A gradient may be a node, too. It
    and the nodes below it are in the same list, and gradients are assigned at the end.

    Args:
        root: the node to pickle.
        collect: a function that gives the nodes that a node was made from, inputs
            first, without the nodes that an earlier call gave.
    """

    running = threading.local()

    def __init__(self, root: Node, collect: Callable[[Node], list[Node]]) -> None:
        if CAPTURES:
            refuse(root, "a copy")
        self.root = root
        self.collect = collect
        self.order: list[Node] = []

    def state(self) -> tuple[Any, Any, Any]:
        """What is pickled: nodes below, the root's state, pairs (node, gradient)."""
        own = self.root._state()
        check_unbound("pickle", self.root, own)
        if is_node(own["grad"]):
            own["grad"] = None
        if self.root in getattr(self.running, "nodes", ()):
            return (), own, ()
        pending = [self.root]
        for root in pending:
            found = self.collect(root)
            self.order += found
            pending += [node._grad for node in found if is_node(node._grad)]
        pairs = [(node, node._grad) for node in self.order if is_node(node._grad)]
        self.order = [node for node in self.order if node is not self.root]
        return self, own, pairs

    def __reduce__(self) -> Any:
        return list, (), None, self._one_by_one()

    def _one_by_one(self) -> Iterator[Node]:
        before: set[Node] = getattr(self.running, "nodes", set())
        self.running.nodes = before | set(self.order)
        try:
            yield from self.order
        finally:
            self.running.nodes = before
