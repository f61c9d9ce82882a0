"""Copies and pickles of graphs, in loops: a chain of a million nodes goes no deeper than a single node.

A node is told apart from raw data by `_state`, which gives all that belongs to it; its `_restore` takes that back.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from typing import Any

from micrograd.errors import GradientError

Node = Any


def is_node(x: Any) -> bool:
    """Whether x is a node of a graph, with a state of its own."""
    return hasattr(x, "_state")


def deepcopy(root: Node, memo: dict[int, Any], blank: Callable[[type], Node]) -> Node:
    """A copy of root and of all that it was made from.

    Args:
        root: the node to copy.
        memo: as in Python's `copy.deepcopy`, the copies by the identity of what was copied.
        blank: makes an empty node of a class.

    Raises:
        GradientError: a node has a `_backward` of its own.
    """
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
    """A step of its own cannot go along: it is bound to the nodes that it was written for.

    Raises:
        GradientError: the node has one.
    """
    if state["own"] is not None:
        raise GradientError(
            f"{asker}: {node.label or node.op or 'a leaf'!r} has a `_backward` of its own, which is bound to the nodes "
            f"of this graph; copy the leaves and build the graph again"
        )


class Pickled:
    """All nodes below a root as a pickle sees them: a list whose elements are taken one by one, inputs first.

    While that list is pickled, a node of it gives only itself, as its inputs have been pickled before it. Gradients
    that are nodes lead to further nodes; they come in the same list, and are put in place at the end.

    Args:
        root: the node to pickle.
        collect: the nodes that another one was made from, inputs first, without those that it gave before.
    """

    running = threading.local()

    def __init__(self, root: Node, collect: Callable[[Node], list[Node]]) -> None:
        self.root = root
        self.collect = collect
        self.order: list[Node] = []

    def state(self) -> tuple[Any, Any, Any]:
        """(the nodes below, the root's own state, pairs of a node and its gradient)."""
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
