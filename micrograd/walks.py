"""Walks under way: what `backward()` in one thread must know of `backward()` in
another.

A walk keeps its gradients in the nodes themselves, as that is fast. So a node is in the
hands of one walk at a time:

- The walk that comes first marks the node with its number, and sets the gradient of a
  leaf aside (`before`). Until the walk ends, the node holds the walk's own sum. Other
  threads read and change what was set aside.
- A walk that meets a node in the hands of another does not wait. It keeps its own sum
  for that node `apart`. So graphs that share leaves, or whole branches, run side by
  side, and a walk inside a step of another walk is right too.
- A walk that ends adds its sums to the gradients of the leaves, under the lock. They
  show all at once, when its number leaves `ACTIVE`. A walk that fails puts back what it
  set aside, and drops its sums.

Marks are set, and walks begin and end, under `LOCK`. Rules and steps run without it. A
thread that is inside a walk reads the sums of its own walk as `grad`, as a `_backward`
of a user's own expects.
"""

from __future__ import annotations

import threading
from threading import get_ident
from typing import Any

Node = Any

LOCK = threading.RLock()  # may be taken again: a finalizer or a signal handler may walk in the middle of a walk's begin


class Walk:
    """One `backward()`.

    Attributes:
        number: the mark of the nodes in its hands.
        root: where it starts.
        thread: the thread that it runs in.
        leaves: the leaves whose gradients are set aside; filled while the graph is
            collected.
        before: those gradients, in the same order; None until they are set aside.
        apart: its own gradients of nodes in the hands of another walk: [node,
            gradient], by the identity of the node.
        is_waiting: a step of this walk has begun another walk, which has not ended.
        pending: what steps add to leaves at the end: see `Pending` in walking.py; None
            where there is nothing.
    """

    __slots__ = ("_around", "_places", "apart", "before", "is_waiting", "leaves", "number", "pending", "root", "thread")

    def __init__(self, root: Node) -> None:
        self.number = 0  # none yet
        self.root = root
        self.thread = get_ident()
        self.leaves: list[Node] = []
        self.before: list[Any] | None = None
        self.apart: dict[int, list[Any]] = {}
        self.is_waiting = False
        self.pending: dict[Any, Any] | None = None
        self._around: Walk | None = None
        self._places: dict[int, int] | None = None

    def begin(self, number: int) -> None:
        """From now on marks of this number count. Call it under the lock."""
        self.number = number
        if ACTIVE:
            around = [walk for walk in ACTIVE.values() if walk.thread == self.thread]
            self._around = around[-1] if around else None
            if self._around is not None:
                self._around.is_waiting = True
        ACTIVE[number] = self

    def end(self) -> None:
        """What its nodes hold is now their gradient, for everybody.

        Call it under the lock.
        """
        ACTIVE.pop(self.number)
        if self._around is not None:
            self._around.is_waiting = False

    def index_of(self, leaf: Node, before: list[Any]) -> int:
        """The index in `before` for a leaf in its hands; a leaf that had no gradient
        gets a place.
        """
        if self._places is None:
            self._places = {id(x): i for i, x in enumerate(self.leaves)}
        index = self._places.setdefault(id(leaf), len(before))
        if index == len(before):
            self.leaves.append(leaf)
            before.append(None)
        return index


ACTIVE: dict[int, Walk] = {}  # by number, in the order of their beginning


Place = tuple[list[Any], int]  # a list, and the index in it


def is_running_here(walk: Walk | None) -> bool:
    """Whether this thread is inside this walk, and in no walk inside it: its nodes hold
    what the thread sees.
    """
    return walk is not None and walk.thread == get_ident() and not walk.is_waiting


def place_of(node: Node, outside: Walk | None = None) -> Place | None:
    """Where this thread, or this thread outside a walk, finds the gradient of a node;
    None for the node itself.

    Call it under the lock.
    """
    thread = get_ident()
    for walk in reversed(ACTIVE.values()):  # the innermost of this thread first
        if walk.thread == thread and walk is not outside:
            if node._mark == walk.number:
                return None
            if id(node) in walk.apart:
                return walk.apart[id(node)], 1
    owner = ACTIVE.get(node._mark)
    before = None if owner is None or node._x is not None else owner.before
    return None if owner is None or before is None else (before, owner.index_of(node, before))
