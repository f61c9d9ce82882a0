"""Which transforms are running. Each has its own number, which is used only once.

So a Dual that is left over from one transform is never taken for part of another. A
`jvp` gives its number to the Duals that it makes. An inner jvp begins later, so its
number is larger. The reverse-mode transforms (`grad`, `vjp` and others) only say that
they are running. While one runs, the Values that it differentiates must keep their
graph, so they may not be turned into plain numbers.
"""

from __future__ import annotations

import itertools
from contextvars import ContextVar, Token

_numbers = itertools.count(1)
_pushing: set[int] = set()  # numbers of the jvps that are running in any thread
_recording: set[int] = set()  # numbers of the reverse-mode transforms, likewise
_innermost: ContextVar[int] = ContextVar("innermost", default=0)


class pushing:  # noqa: N801 - it is used like a function
    """A jvp runs in this block, which gives its number."""

    __slots__ = ("_number", "_token")

    def __enter__(self) -> int:
        self._number = next(_numbers)
        _pushing.add(self._number)
        self._token: Token[int] = _innermost.set(self._number)
        return self._number

    def __exit__(self, *error: object) -> None:
        _innermost.reset(self._token)
        _pushing.discard(self._number)


def begin_recording() -> int:
    """A reverse-mode transform begins to record; its number."""
    number = next(_numbers)
    _recording.add(number)
    return number


def end_recording(number: int) -> None:
    """The transform with this number has ended."""
    _recording.discard(number)


def innermost() -> int:
    """The number of the innermost jvp around this call; 0 if there is none."""
    return _innermost.get()


def is_pushing(level: int) -> bool:
    """Whether the jvp with this number is still running."""
    return level in _pushing


def is_recording() -> bool:
    """Whether a reverse-mode transform is recording a function, in any thread."""
    return bool(_recording)
