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

from micrograd import on_demand as np
from micrograd.compiling import identical
from micrograd.compiling.draws import Draws
from micrograd.compiling.surroundings import CONTAINERS, MISSING, PRIMITIVE, Surroundings, found

WRITEABLE = 0x400  # a flag of NumPy's; asked by name, an array of `np.broadcast_arrays` warns
BY_TEXT = (float, complex)  # whose text tells more than ==: the sign of zero, and nan is equal to itself


class Guards:
    """All that a function reads and that is not traced, as it was at the capture.

    Args:
        function: the function.
        objects: by name, objects among its arguments.

    Attributes:
        draws: the generators of random numbers that it reaches.
        modules: the names of the user's modules whose code calls `type`.
        read: the names of attributes that its code reads.
        values: the Values that it reaches.
    """

    def __init__(self, function: Callable[..., Any], objects: Iterable[tuple[str, Any]] = ()) -> None:
        around = Surroundings([("", function), *objects])
        self.draws = Draws(around.generators)
        self.modules = around.modules
        self.read = around.read
        self.values = around.values
        self._keep_entries([(container, key, found(container, key), name) for container, key, name in around.entries])
        self._keep_wholes([(whole, Items(whole), name) for whole, name in around.wholes])
        self._arrays = [(array, Numbers(array), name) for array, name in around.arrays]

    def _keep_entries(self, entries: list[tuple[Any, Any, Any, str]]) -> None:
        self._containers = [entry[0] for entry in entries]
        self._keys = [entry[1] for entry in entries]
        self._held = [entry[2] for entry in entries]
        self._names = [entry[3] for entry in entries]

    def _keep_wholes(self, wholes: list[tuple[Any, Any, str]]) -> None:
        self._wholes = wholes
        parts = [(*part, i) for i, (_, items, _) in enumerate(wholes) for part in items.parts]
        self._parts = [part[0] for part in parts]
        self._parts_held = [part[1] for part in parts]
        self._whole_of = [part[2] for part in parts]

    def _entries(self) -> list[tuple[Any, Any, Any, str]]:
        return list(zip(self._containers, self._keys, self._held, self._names, strict=True))

    def settle(self) -> None:
        """After the run: forget what the run itself has changed. The second capture
        sees whether that matters.
        """
        self._keep_entries([entry for entry in self._entries() if _are_same(found(*entry[:2]), entry[2])])
        self._keep_wholes([each for each in self._wholes if each[1].are_in(each[0])])
        self._arrays = [each for each in self._arrays if each[1].are_of(each[0])]

    def changed_items(self) -> list[tuple[Any, Any, Any, str]]:
        """The entries that a run has changed: the container, the key, what it held, and
        the name.
        """
        return [entry for entry in self._entries() if found(*entry[:2]) is not entry[2]]

    def changed_wholes(self) -> list[tuple[Any, Any, str]]:
        """The containers that a run has changed: each, a copy of what it was, and the
        name.
        """
        return [(whole, items.copy(), name) for whole, items, name in self._wholes if not items.are_in(whole)]

    def leave_out(self, drops: Callable[[Any, Any], bool]) -> None:
        """Compare no longer what is read and written at each call.

        Args:
            drops: whether to leave out a container, and a key in it; None for the key
                of all that it holds.
        """
        self._keep_entries([entry for entry in self._entries() if not drops(entry[0], entry[1])])
        self._keep_wholes([whole for whole in self._wholes if not drops(whole[0], None)])
        self._arrays = [array for array in self._arrays if not drops(array[0], None)]

    def hold(self) -> bool:
        """Whether all is as it was."""
        if self._changed_entry() >= 0 or self._has_changed_whole():
            return False
        for array, numbers, _ in self._arrays:  # noqa: SIM110 - a loop is quicker than a generator
            if not numbers.are_of(array):
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

    def _has_changed_whole(self) -> bool:
        """Whether a container has changed, or one in it."""
        count = len(self._parts)
        i = identical.first_touched(self._parts, self._parts_held, 0)
        while i < count:
            whole, items, _ = self._wholes[self._whole_of[i]]
            if not items.are_in(whole):
                return True
            i = identical.first_touched(self._parts, self._parts_held, i + 1)
        return False

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
        names += [name for array, numbers, name in self._arrays if not numbers.are_of(array)]
        return (names or [""])[0], MISSING, MISSING

    def names(self) -> list[str]:
        """The names of all that is looked at before each call."""
        return [*self._names, *[str(guard[-1]) for guard in (*self._wholes, *self._arrays)]]

    def __len__(self) -> int:
        return len(self._keys) + len(self._wholes) + len(self._arrays)


class Items:
    """What a container held, and the containers in it.

    Words and numbers are compared by value, containers by what they hold, other objects
    by identity: two of them may be equal, and the program reads one.

    Attributes:
        items: in order; of a dict, keys and what stands there in turn.
        parts: the container and all containers in it, each with the objects it held.
    """

    def __init__(self, container: Any, around: tuple[Any, ...] = ()) -> None:
        around = (*around, container)
        self._kind = type(container)
        there = _items_of(container)
        self.items: list[Any] = [
            Items(x, around) if isinstance(x, CONTAINERS) and not any(x is outer for outer in around) else x
            for x in there
        ]
        self.parts: list[tuple[Any, list[Any]]] = [(container, there)]
        for part in self.items:
            if type(part) is Items:
                self.parts += part.parts

    def copy(self) -> Any:
        """The container as it was. A set or a deque becomes a list of its items."""
        items = [x.copy() if type(x) is Items else x for x in self.items]
        if self._kind is dict:
            return dict(zip(items[::2], items[1::2], strict=True))
        return tuple(items) if self._kind is tuple else items

    def are_in(self, container: Any) -> bool:
        """Whether a container holds the same, in the same order."""
        if type(container) is not self._kind:
            return False
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


class Numbers:
    """The numbers of an array, unless nobody can change them."""

    def __init__(self, array: Any) -> None:
        self._bytes = None if _is_read_only(array) else _bytes_of(array)

    def are_of(self, array: Any) -> bool:
        """Whether an array has these numbers."""
        if self._bytes is None:
            return _is_read_only(array)
        if isinstance(array, np.ndarray) and identical.has_bytes(array, self._bytes):
            return True
        return _bytes_of(array) == self._bytes


def _bytes_of(array: Any) -> bytes:
    """The numbers of an array, or of what NumPy makes one of, such as pandas' data."""
    numbers = np.asarray(array)
    return repr(numbers.tolist()).encode() if numbers.dtype.hasobject else bytes(numbers.tobytes())


def _is_read_only(array: Any) -> bool:
    """Whether nobody can write into an array, nor into one that it is a view of."""
    while isinstance(array, np.ndarray):
        if array.flags.num & WRITEABLE:
            return False
        array = array.base
    return array is None or isinstance(array, bytes)


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
