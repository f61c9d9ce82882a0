"""Held: numbers outside of all Values that a program reads and writes, as the state of
an optimiser and the running means of a module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from micrograd.compiling.captured import Captured


class Home(NamedTuple):
    """Where a number or an array is kept.

    Attributes:
        owner: the object that it belongs to.
        path: its name there; in dictionaries of dictionaries, several.
    """

    owner: Any
    path: tuple[str, ...]

    @property
    def name(self) -> str:
        """What to call it."""
        name = next(part for part in reversed(self.path) if not part.isdigit())
        return f"{name.removesuffix('s')}{int(self.path[-1]) + 1}" if self.path[-1].isdigit() else name

    def is_that_of(self, other: Home) -> bool:
        """Whether the other one is the same place."""
        return self.owner is other.owner and self.path == other.path


class Hold(NamedTuple):
    """What a program reads at each call.

    Attributes:
        read: gives the number or the array.
        home: where it is kept.
    """

    read: Callable[[], Any]
    home: Home


class Put(NamedTuple):
    """What is done at the end of each call.

    Attributes:
        write: takes a number or an array.
        number: what it takes, as the run has computed it.
        home: where that is written; None if something else is done with it.
        start: the first element that is written there.
        replaces: whether the array that it takes comes in the place of another one.
    """

    write: Callable[[Any], Any]
    number: Any
    home: Home | None
    start: int
    replaces: bool = False

    def without_number(self) -> Put:
        """The same for calls, which have numbers of their own: whether there is one."""
        return self._replace(number=isinstance(self.number, (list, Captured)))
