"""Which transforms are running. Each has its own number, which is used only once.

So a Dual that is left over from one transform is never taken for part of another. A
`jvp` gives its number to the Duals that it makes, a `vmap` to its Batches. An inner one
begins later, so its number is larger. The reverse-mode transforms (`grad`, `vjp` and
others) only say that they are running. While one runs, the Values that it
differentiates must keep their graph, so they may not be turned into plain numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any

Constant = Callable[[Any, int], Any]  # makes a constant of a transform, given its number

_numbers = itertools.count(1)
# The jvps and vmaps that are running in any thread, by number; each with the one
# around it.
_open: dict[int, tuple[Constant, int]] = {}
_recording: set[int] = set()  # numbers of the reverse-mode transforms, likewise
_innermost: ContextVar[tuple[int, Any]] = ContextVar("innermost", default=(0, None))
_mapping: ContextVar[bool] = ContextVar("mapping", default=False)


class pushing:  # noqa: N801 - it is used like a function
    """A jvp runs in this block, which gives its number.

    Args:
        constant: a function that makes a Dual that does not move, of anything and the
            number.
    """

    __slots__ = ("_constant", "_number", "_token")

    def __init__(self, constant: Constant) -> None:
        self._constant = constant

    def __enter__(self) -> int:
        self._number = next(_numbers)
        _open[self._number] = (self._constant, innermost())
        self._token: Token[tuple[int, Any]] = _innermost.set((self._number, self._constant))
        return self._number

    def __exit__(self, *error: object) -> None:
        _innermost.reset(self._token)
        _open.pop(self._number, None)


class mapping(pushing):  # noqa: N801
    """A vmap runs in this block, which gives its number.

    Args:
        constant: a function that makes a Batch that is the same in each example, of
            anything and the number.
    """

    __slots__ = ("_mapping_token",)

    def __enter__(self) -> int:
        self._mapping_token: Token[bool] = _mapping.set(True)
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        _mapping.reset(self._mapping_token)


def begin_recording() -> int:
    """A reverse-mode transform begins to record; its number."""
    number = next(_numbers)
    _recording.add(number)
    return number


def end_recording(number: int) -> None:
    """The transform with this number has ended."""
    _recording.discard(number)


class within:  # noqa: N801
    """What runs in this block runs as if this jvp or vmap were the innermost; 0 for
    none.

    A rule of an op that itself uses transforms needs it: it belongs to the level of its
    inputs, and may be called further inside.
    """

    __slots__ = ("_innermost", "_mapping_token", "_token")

    def __init__(self, level: int) -> None:
        constant, _ = _open.get(level, (None, 0))
        self._innermost = (0, None) if constant is None else (level, constant)

    def __enter__(self) -> None:
        self._token: Token[tuple[int, Any]] = _innermost.set(self._innermost)
        self._mapping_token: Token[bool] = _mapping.set(_mapping.get() and self._innermost[0] > 0)

    def __exit__(self, *error: object) -> None:
        _mapping.reset(self._mapping_token)
        _innermost.reset(self._token)


class recording:  # noqa: N801 - it is used like a function
    """A reverse-mode transform records in this block, which gives its number."""

    __slots__ = ("_number",)

    def __enter__(self) -> int:
        self._number = begin_recording()
        return self._number

    def __exit__(self, *error: object) -> None:
        end_recording(self._number)


def innermost() -> int:
    """The number of the innermost jvp or vmap around this call; 0 if there is none."""
    return _innermost.get()[0]


def lifted(x: Any) -> Any:
    """x as a constant of the innermost jvp or vmap around, so that what is made of it
    now is inside of that one.
    """
    level, constant = _innermost.get()
    return x if level == 0 or getattr(x, "_level", 0.0) >= level else constant(x, level)


def lifted_to(x: Any, level: int) -> Any:
    """x as a constant of the jvp or vmap with this number, unless it is inside."""
    constant, _ = _open.get(level, (None, 0))
    return x if constant is None or getattr(x, "_level", 0.0) >= level else constant(x, level)


def outside(level: float) -> int:
    """The number of the jvp or vmap in which that was made on which values of a level
    stand; 0 for none.

    A Value of level 3.5 stands on data of the jvp number 3. A Dual of that jvp stands
    on what came from around it.
    """
    number = int(level)
    return number if level > number else _open.get(number, (None, 0))[1]


def is_running(level: int) -> bool:
    """Whether the jvp or vmap with this number is still running."""
    return level in _open


def is_mapping() -> bool:
    """Whether a vmap runs around this call."""
    return _mapping.get()


def is_recording() -> bool:
    """Whether a reverse-mode transform is recording a function, in any thread."""
    return bool(_recording)
