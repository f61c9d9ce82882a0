"""Guards: what a captured function looked at besides its arguments and Values.

Numbers, strings, booleans and None in closures, globals and attributes are frozen into
a program, and so is which objects there are. Guards are looked at before each call: a
program only runs while all is as it was.

Almost always an object is still the very object that it was. That is looked at first,
for many of them at once: see identical.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from micrograd.compiling import identical
from micrograd.compiling.draws import Draws
from micrograd.compiling.surroundings import CONTAINERS, MISSING, PRIMITIVE, Surroundings, found

SMALL = 4096  # bytes: a smaller array is compared whole
SAMPLES = 64
BY_TEXT = (float, complex)  # whose text tells more than ==: the sign of zero, and nan is equal to itself


class Guards:
    """All that a function reads and that is not traced, as it was at the capture.

    Args:
        function: the function.
        objects: by name, objects among its arguments.

    Attributes:
        draws: the generators of random numbers that it reaches.
        modules: the names of the user's modules whose code calls `type`.
        values: the Values that it reaches.
    """

    def __init__(self, function: Callable[..., Any], objects: Iterable[tuple[str, Any]] = ()) -> None:
        around = Surroundings([("", function), *objects])
        self.draws = Draws(around.generators)
        self.modules = around.modules
        self.values = around.values
        self._keep_entries([(container, key, found(container, key), name) for container, key, name in around.entries])
        self._wholes = [(whole, Items(whole), name) for whole, name in around.wholes]
        self._arrays = [(array, Sample(array), name) for array, name in around.arrays]

    def _keep_entries(self, entries: list[tuple[Any, Any, Any, str]]) -> None:
        self._containers = [entry[0] for entry in entries]
        self._keys = [entry[1] for entry in entries]
        self._held = [entry[2] for entry in entries]
        self._names = [entry[3] for entry in entries]

    def settle(self) -> None:
        """After the run: forget what the run itself has changed. The second capture
        sees whether that matters.
        """
        entries = zip(self._containers, self._keys, self._held, self._names, strict=True)
        self._keep_entries([entry for entry in entries if _are_same(found(*entry[:2]), entry[2])])
        self._wholes = [each for each in self._wholes if each[1].are_in(each[0])]
        self._arrays = [each for each in self._arrays if each[1].is_of(each[0])]

    def hold(self) -> bool:
        """Whether all is as it was."""
        if self._changed_entry() >= 0:
            return False
        for whole, items, _ in self._wholes:
            if not identical.has_same(whole, items.items) and not items.are_in(whole):
                return False
        for array, sample, _ in self._arrays:  # noqa: SIM110 - a loop is quicker than a generator
            if not sample.is_of(array):
                return False
        return True

    def _changed_entry(self) -> int:
        """The number of the first entry that has changed; -1 for none."""
        count = len(self._keys)
        i = identical.first_doubtful(self._containers, self._keys, self._held, MISSING, 0)
        while i < count:
            if not _are_same(found(self._containers[i], self._keys[i]), self._held[i]):
                return i
            i = identical.first_doubtful(self._containers, self._keys, self._held, MISSING, i + 1)
        return -1

    def difference(self) -> tuple[str, Any, Any]:
        """The first thing that has changed: its name, what it was, and what it is; the
        latter two are MISSING where they are not numbers or words.
        """
        i = self._changed_entry()
        if i >= 0:
            was, now = self._held[i], found(self._containers[i], self._keys[i])
            if type(was) in PRIMITIVE and type(now) in PRIMITIVE:
                return self._names[i], was, now
            return self._names[i], MISSING, MISSING
        names = [name for whole, items, name in self._wholes if not items.are_in(whole)]
        names += [name for array, sample, name in self._arrays if not sample.is_of(array)]
        return (names or [""])[0], MISSING, MISSING

    def __len__(self) -> int:
        return len(self._keys) + len(self._wholes) + len(self._arrays)


class Items:
    """What a container held, and the containers in it.

    Words and numbers are compared by value, containers by what they hold, other objects
    by identity: two of them may be equal, and the program reads one.

    Attributes:
        items: in order; of a dict, keys and what stands there in turn.
    """

    def __init__(self, container: Any, around: tuple[Any, ...] = ()) -> None:
        around = (*around, container)
        self._kind = type(container)
        self.items: list[Any] = [
            Items(x, around) if isinstance(x, CONTAINERS) and not any(x is outer for outer in around) else x
            for x in _items_of(container)
        ]

    def are_in(self, container: Any) -> bool:
        """Whether a container holds the same, in the same order."""
        if type(container) is not self._kind:
            return False
        if identical.has_same(container, self.items):
            return True
        try:
            there = _items_of(container)
        except RuntimeError:  # another thread changes it now
            return False
        if len(there) != len(self.items):
            return False
        for x, expected in zip(there, self.items, strict=True):
            if not (expected.are_in(x) if type(expected) is Items else _are_same(x, expected)):
                return False
        return True


class Sample:
    """The numbers of an array: all of a small one, some of a large one."""

    def __init__(self, array: Any) -> None:
        self._step = 1 if array.nbytes <= SMALL else max(1, array.size // SAMPLES)
        self._bytes = self._taken(array)

    def is_of(self, array: Any) -> bool:
        """Whether an array has these numbers."""
        return self._taken(array) == self._bytes

    def _taken(self, array: Any) -> bytes:
        return bytes(array.tobytes() if self._step == 1 else array.flat[:: self._step].tobytes())


def _items_of(container: Any) -> list[Any]:
    if isinstance(container, dict):
        return [x for pair in container.items() for x in pair]
    return list(container)


def _are_same(x: Any, expected: Any) -> bool:
    """Whether it is the same object, or an equal word or number."""
    if x is expected:
        return True
    if type(x) is not type(expected) or type(x) not in PRIMITIVE:
        return False
    return repr(x) == repr(expected) if type(x) in BY_TEXT else bool(x == expected)
