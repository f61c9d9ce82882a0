"""Own: numbers that a function keeps itself from call to call, as the momentum in a
list `v[i] = 0.9 * v[i] + p.grad`, or a count of its steps.

The first run of the function shows which they are. It is then captured once more, and
they are read and written at each call.
"""

from __future__ import annotations

from types import CellType
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.captured import Captured
from micrograd.compiling.guards import Guards
from micrograd.compiling.surroundings import CONTAINERS, Slots, found


class Own:
    """A place where a function keeps a number, an array, or a list of floats.

    Args:
        container: what it is in: a list, a dictionary, the cell of a closure, or slots.
        key: of it there; None for all of a list.
        was: what was there before the run.
        name: of it.
    """

    def __init__(self, container: Any, key: Any, was: Any, name: str) -> None:
        self.container = container
        self.key = key
        self.name = name
        self.is_read = was is not None
        self.was = was
        self._form = _form(was)
        self.put(was)

    def get(self) -> Any:
        """What is there."""
        if self.key is None:
            return self.container
        if type(self.container) is list:
            return self.container[self.key]
        return found(self.container, self.key)

    def put(self, x: Any) -> None:
        """Let this be there."""
        if isinstance(x, np.ndarray) and self._form[:1] == (list,):
            x = x.tolist()
        if isinstance(self.container, CellType):
            self.container.cell_contents = x
        elif isinstance(self.container, Slots):
            setattr(self.container.of, self.key, x)
        elif isinstance(self.container, type):
            setattr(self.container, self.key, x)
        elif self.key is None:
            self.container[:] = x
        else:
            self.container[self.key] = x

    def is_that_of(self, other: Own) -> bool:
        """Whether the other one is the same place."""
        return self.home is other.home and self.key == other.key

    def is_alike(self) -> bool:
        """Whether what is there has the form that it had."""
        return _form(self.get()) == self._form

    @property
    def home(self) -> Any:
        """The object that the place belongs to."""
        return _home_of(self.container)


class Places:
    """A context in which a run finds numbers of its capture in these places. At its
    end they are as they were, and the capture has been told what the run has put there.
    """

    def __init__(self, capture: Any, places: list[Own]) -> None:
        self._capture = capture
        self._places = places

    def __enter__(self) -> Places:
        self._before = [list(p.container) if p.key is None else p.get() for p in self._places]
        self._given = []
        for place in self._places:
            if place.is_read:
                self._capture.check(place.is_alike)
                place.put(self._capture.hold(place.get, place.home, place.name))
            self._given.append(list(place.container) if place.key is None else place.get())
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        for place, before, given in zip(self._places, self._before, self._given, strict=True):
            now = list(place.container) if place.key is None else place.get()
            place.put(before)
            if kind is None and (now is not given if place.key is not None else _differ(now, given)):
                self._capture.put(place.put, now, place.home, (place.name,))


def kept_by(guards: Guards, counts: bool) -> list[Own]:
    """The places that a run has left with other numbers; what was there is put back.

    Args:
        guards: what the function reads, as it was before the run.
        counts: also those with plain numbers, as a count of calls.
    """
    places: list[Own] = []
    for container, key, was, name in guards.changed_items():
        now = found(container, key)
        if not counts and not _is_of_run(now):
            continue
        form = _form(was)
        is_new_row = form[:1] == (list,) and _is_row(now, form[1])
        if (was is None and type(now) is Captured) or (form and _is_number(now)) or is_new_row:
            places.append(Own(container, key, was, name))
    for whole, was, name in guards.changed_wholes():
        if counts or _is_of_run(whole):
            places += _kept_in(whole, was, name)
    return places


def leave_out(guards: Guards, places: list[Own]) -> None:
    """What is read at each call is not compared."""
    read = [place for place in places if place.is_read]

    def drops(container: Any, key: Any) -> bool:
        home = _home_of(container)
        return any(
            (home is place.home and key == place.key) if key is not None else _holds(container, place) for place in read
        )

    if read:
        guards.leave_out(drops)


def _holds(container: Any, place: Own) -> bool:
    """Whether a container, or an array, is in a place, or has the place in it."""
    if container is place.was or container is place.container:
        return True
    if not isinstance(container, CONTAINERS):
        return False
    parts = container.values() if isinstance(container, dict) else container
    return any(_holds(part, place) for part in parts if isinstance(part, CONTAINERS))


def _home_of(container: Any) -> Any:
    """The object that has the attributes of a container."""
    return container.of if isinstance(container, Slots) else container


def _kept_in(whole: Any, was: Any, name: str) -> list[Own]:
    """The places in a list or a dictionary, and in those that it holds."""
    if type(whole) is not type(was) or type(whole) not in (list, dict, tuple) or len(whole) != len(was):
        return []
    if type(whole) is list and _form(was) and _is_row(whole, len(was)):
        return [Own(whole, None, was, name)] if _differ(whole, was) else []
    keys = list(was) if type(was) is dict else range(len(was))
    if type(was) is dict and keys != list(whole):
        return []
    places = []
    for key in keys:
        if type(was[key]) in (list, dict, tuple):
            places += _kept_in(whole[key], was[key], name)
        elif type(whole) is not tuple and whole[key] is not was[key] and _form(was[key]) and _is_number(whole[key]):
            places.append(Own(whole, key, was[key], name))
    return places


def _is_of_run(x: Any) -> bool:
    """Whether this is, or holds, a number that the run computes."""
    if isinstance(x, (list, tuple, dict)):
        return any(map(_is_of_run, x.values() if isinstance(x, dict) else x))
    return type(x) is Captured


def _is_number(x: Any) -> bool:
    return type(x) in (Captured, float, int, np.ndarray)


def _is_row(x: Any, length: int) -> bool:
    return type(x) is list and len(x) == length and all(type(y) in (Captured, float) for y in x)


def _differ(a: list[Any], b: list[Any]) -> bool:
    return any(x is not y for x, y in zip(a, b, strict=True))


def _form(x: Any) -> tuple[Any, ...]:
    """What stays the same from call to call: types, shapes; empty for other things than
    numbers.
    """
    if type(x) in (float, int):
        return (type(x),)
    if type(x) is np.ndarray and x.dtype.kind == "f":
        return (np.ndarray, x.shape, x.dtype)
    if type(x) is list and x and all(type(y) is float for y in x):
        return (list, len(x))
    return ()
