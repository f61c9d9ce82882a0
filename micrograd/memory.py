"""How nodes lie in memory, and what the cyclic garbage collector is told: all of it
concerns the compiled engine.

`memory.h` holds the same functions in C, and they take the place of these when Cython
compiles the engine; in plain Python there is next to nothing to do.

The collector visits every container that it tracks, again and again while a graph
grows: that costs ten times the rest. A node refers to its inputs only, so no cycle goes
through it, and it need not be tracked, until somebody hangs something on it that may
refer back: a `_backward` of its own, or a gradient that is a Value. What is made from a
tracked node is tracked too, so that every cycle through the thing hung on is tracked
all the way round. A subclass may have attributes: its nodes are always tracked.

A graph of a million nodes is larger than a processor's cache, and a walk would wait for
each node: so it says in good time where it will go.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any


def adopt(kind: type[Any]) -> None:
    """Nodes of this class, not of its subclasses, are made untracked."""


def shorten(kind: type[Any]) -> None:
    """A class without fields of its own is made and freed as its base is."""


def clear(node: Any) -> None:
    """No inputs, no gradient.

    In C, the fields of a new node are None and zero from the start.
    """
    node._has_float_grad = node._has_gradient = node._has_own_step = node._is_float = False
    node._mark = 0
    node._gradient = node._own_step = node._params = node._x = node._y = node._array = None


def is_watched(x: Any) -> bool:
    """Whether x is tracked."""
    return False


def watch(node: Any) -> None:
    """Tracked from now on."""


def fetch_below(node: Any) -> None:
    """Ask the processor for the memory below a node's: there lies what was made before
    it, and is walked to next.
    """


def fetch_next(nodes: list[Any]) -> None:
    """Ask for the memory of a node near the end of the list, from which nodes are
    taken.
    """


def is_set(variable: ContextVar[Any]) -> bool:
    """Whether a context variable holds something else than None here."""
    return variable.get() is not None


def is_atomic() -> bool:
    """Whether a function of the engine runs without another thread in between, while it
    calls no Python.
    """
    return False
