"""How nodes are allocated, and what the cyclic garbage collector is told: all of it concerns the compiled engine.

`memory.h` holds the same functions in C, and they take the place of these when Cython compiles the engine; in plain
Python there is next to nothing to do.

The collector visits every container that it tracks, again and again while a graph grows: that costs ten times the
rest. A node refers to its inputs only, so no cycle goes through it, and it need not be tracked, until somebody hangs
something on it that may refer back: a `_backward` of its own, or a gradient that is a Value. What is made
from a tracked node is tracked too, so that every cycle through the thing hung on is tracked all the way round.
A subclass may have attributes: its nodes are always tracked.
"""

from __future__ import annotations

from typing import Any


def adopt(kind: type[Any]) -> None:
    """Nodes of this class, not of its subclasses, are made untracked."""


def clear(node: Any) -> None:
    """No inputs, no gradient. In C, the fields of a new node are None and zero from the start."""
    node._has_slope = False
    node._mark = 0
    node._gradient = node._own = node._params = node._x = node._y = node._rest = None


def is_watched(x: Any) -> bool:
    """Whether x is tracked."""
    return False


def watch(node: Any) -> None:
    """Tracked from now on."""
