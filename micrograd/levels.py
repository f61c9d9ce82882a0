"""Which transforms are running. Each has a number of its own, used once: what is left of one is never part of another.

A `jvp` gives its number to the Duals that it makes. Those of an inner jvp have the larger number, as it began later.
The reverse-mode transforms (`grad`, `vjp` and the like) only say that they run: what they differentiate keeps its
gradient as a graph, and may not be turned into a plain number meanwhile.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from contextvars import ContextVar

_numbers = itertools.count(1)
_pushing: set[int] = set()  # the jvps that run now, in any thread
_recording: set[int] = set()  # likewise the reverse-mode transforms
_innermost: ContextVar[int] = ContextVar("innermost", default=0)


@contextlib.contextmanager
def pushing() -> Iterator[int]:
    """A jvp runs inside; its number."""
    level = next(_numbers)
    _pushing.add(level)
    token = _innermost.set(level)
    try:
        yield level
    finally:
        _innermost.reset(token)
        _pushing.discard(level)


@contextlib.contextmanager
def recording() -> Iterator[int]:
    """A reverse-mode transform records a function inside; its number."""
    level = next(_numbers)
    _recording.add(level)
    try:
        yield level
    finally:
        _recording.discard(level)


def innermost() -> int:
    """The number of the innermost jvp around this point; 0 if there is none."""
    return _innermost.get()


def is_pushing(level: int) -> bool:
    """Whether the jvp of this number still runs."""
    return level in _pushing


def is_recording() -> bool:
    """Whether a reverse-mode transform records a function now, in any thread."""
    return bool(_recording)
