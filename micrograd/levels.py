"""Which transforms are running. Each has its own number, which is used only once.

So a Dual that is left over from one transform is never taken for part of another. A
`jvp` gives its number to the Duals that it makes. An inner jvp begins later, so its
number is larger. The reverse-mode transforms (`grad`, `vjp` and others) only say that
they are running. While one runs, the Values that it differentiates must keep their
graph, so they may not be turned into plain numbers.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from contextvars import ContextVar

_numbers = itertools.count(1)
_pushing: set[int] = set()  # numbers of the jvps that are running in any thread
_recording: set[int] = set()  # numbers of the reverse-mode transforms, likewise
_innermost: ContextVar[int] = ContextVar("innermost", default=0)


@contextlib.contextmanager
def pushing() -> Iterator[int]:
    """A jvp runs in this block, which gives its number."""
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
    """A reverse-mode transform records in this block, which gives its number."""
    level = next(_numbers)
    _recording.add(level)
    try:
        yield level
    finally:
        _recording.discard(level)


def innermost() -> int:
    """The number of the innermost jvp around this call; 0 if there is none."""
    return _innermost.get()


def is_pushing(level: int) -> bool:
    """Whether the jvp with this number is still running."""
    return level in _pushing


def is_recording() -> bool:
    """Whether a reverse-mode transform is recording a function, in any thread."""
    return bool(_recording)


@contextlib.contextmanager
def within(level: int) -> Iterator[None]:
    """What runs in this block runs as if the jvp of this number were the innermost; 0
    for none.

    A rule of an op needs it that itself uses transforms: the rule belongs to the level
    of its inputs, and may be called further inside.
    """
    token = _innermost.set(level)
    try:
        yield
    finally:
        _innermost.reset(token)
