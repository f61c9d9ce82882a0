"""Guards: what a captured function looked at besides its arguments and Values.

Numbers, strings, booleans and None in closures, globals and attributes are frozen into
a program, and so is which objects there are. Guards are looked at before each call: a
program only runs while all is as it was.
"""

from __future__ import annotations

import copy
import dis
import functools
import pickle
import random
import sys
from collections import deque
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.counts import counted_by
from micrograd.errors import CaptureError
from micrograd.node import Node

PRIMITIVE = (bool, int, float, complex, str, bytes, type(None))
OURS = ("micrograd", "numpy", "scipy", "builtins")
HAND_OVER = ("micrograd.optim", "micrograd.train")  # their objects tell the capture themselves what changes
DEPTH = 3  # of functions that name functions
MOST = 100_000  # items of a container that are looked into
BY_TEXT = {"getattr", "vars", "__dict__", "attrgetter"}  # names in code that read attributes by a string
MISSING = object()


class Guards:
    """All that a function reads and that is not traced, as it was at the capture.

    Args:
        function: the function.
        objects: by name, objects among its arguments.

    Attributes:
        modules: the names of the user's modules whose code calls `type`.
        read: the names of attributes that its code reads.
        values: the Values that it reaches.
    """

    def __init__(self, function: Callable[..., Any], objects: Iterable[tuple[str, Any]] = ()) -> None:
        roots = [("", function), *objects]
        names = _Names()
        for name, x in roots:
            names.visit(x, name, 0)
        self._generators = [(g, _state_of(g), name) for g, name in names.generators]
        self._items: list[tuple[Any, Any, Any, str]] = []  # container, key, what it held, name
        self._wholes: list[tuple[Any, Any, str]] = []  # a container of containers, a copy, name
        self._arrays: list[tuple[Any, bytes | None, str]] = []
        self.modules = names.modules
        self.read = names.names
        walk = _Walk(self, names.names)
        for name, x in roots:
            walk.visit(x, name, 0)
        self.values = walk.values

    def put_back(self) -> list[str]:
        """After the run: put generators of random numbers back.

        Returns:
            The names of those that the run has drawn from.
        """
        drawn = [name for g, state, name in self._generators if pickle.dumps(_state_of(g)) != pickle.dumps(state)]
        for g, state, _ in self._generators:
            _put_state(g, state)
        return drawn

    def settle(self, drawn: list[str]) -> None:
        """After the run: forget what the run itself has changed. The second capture
        sees whether that matters.

        Raises:
            CaptureError: it has drawn random numbers.
        """
        if drawn:
            raise CaptureError(
                f"compile: the function draws random numbers from {drawn[0] or 'a generator'}, and they would be "
                f"frozen in;\ndraw them outside, and give them as an argument"
            )
        self._items = [item for item in self._items if not _item_changed(*item[:3])]
        self._wholes = [item for item in self._wholes if not _whole_changed(*item[:2])]
        self._arrays = [item for item in self._arrays if not _array_changed(*item[:2])]

    def changed_items(self) -> list[tuple[Any, Any, Any, str]]:
        """The entries that a run has changed: the mapping, the key, what it held, and
        the name.
        """
        return [item for item in self._items if item[0].get(item[1], MISSING) is not item[2]]

    def changed_wholes(self) -> list[tuple[Any, Any, str]]:
        """The containers that a run has changed: each, what it held, and the name."""
        return [item for item in self._wholes if _whole_changed(*item[:2])]

    def leave_out(self, drops: Callable[[Any, Any], bool]) -> None:
        """Compare no longer what is read and written at each call.

        Args:
            drops: whether to leave out a container, and a key in it; None for the key
                of all that it holds.
        """
        self._items = [item for item in self._items if not drops(item[0], item[1])]
        self._wholes = [whole for whole in self._wholes if not drops(whole[0], None)]
        self._arrays = [array for array in self._arrays if not drops(array[0], None)]

    def hold(self) -> bool:
        """Whether all is as it was."""
        for container, key, expected, _ in self._items:
            found = container.get(key, MISSING)
            if found is not expected and not _are_same(found, expected):
                return False
        for whole, held, _ in self._wholes:
            if _whole_changed(whole, held):
                return False
        return not any(_array_changed(array, held) for array, held, _ in self._arrays)

    def difference(self) -> tuple[str, Any, Any]:
        """The first thing that has changed: its name, what it was, and what it is; the
        latter two are MISSING where they are not numbers or words.
        """
        for container, key, expected, name in self._items:
            if _item_changed(container, key, expected):
                found = container.get(key, MISSING)
                if type(found) in PRIMITIVE and type(expected) in PRIMITIVE:
                    return name, expected, found
                return name, MISSING, MISSING
        names = [name for whole, held, name in self._wholes if _whole_changed(whole, held)]
        names += [name for array, held, name in self._arrays if _array_changed(array, held)]
        return (names or [""])[0], MISSING, MISSING

    def names(self) -> list[str]:
        """The names of all that is looked at before each call."""
        return [str(guard[-1]) for guard in (*self._items, *self._wholes, *self._arrays)]

    def __len__(self) -> int:
        return len(self._items) + len(self._wholes) + len(self._arrays)

    # What a walk finds

    def keep(self, container: Any, key: Any, name: str) -> None:
        """Guard one entry of a mapping."""
        self._items.append((container, key, container.get(key, MISSING), name))

    def keep_whole(self, container: Any, name: str) -> None:
        """Guard a list, a dict or a set, and those inside of it."""
        self._wholes.append((container, _copied(container), name))

    def keep_array(self, array: Any, name: str) -> None:
        """Guard the numbers of an array: all of them, unless nobody can change it."""
        self._arrays.append((array, None if _is_read_only(array) else _bytes_of(array), name))


class Cell:
    """A cell of a closure, with the interface of a mapping of one entry."""

    __slots__ = ("cell",)

    def __init__(self, cell: Any) -> None:
        self.cell = cell

    def get(self, key: Any, default: Any) -> Any:
        """What the cell holds."""
        try:
            return self.cell.cell_contents
        except ValueError:  # it is empty
            return default


class Slots:
    """An object with slots, with the interface of a mapping."""

    __slots__ = ("of",)

    def __init__(self, of: Any) -> None:
        self.of = of

    def get(self, key: Any, default: Any) -> Any:
        """What a slot holds."""
        return getattr(self.of, key, default)


def _state_of(generator: Any) -> Any:
    if isinstance(generator, random.Random):
        return generator.getstate()
    if isinstance(generator, np.random.RandomState):
        return generator.get_state(legacy=False)
    return generator.bit_generator.state


def _put_state(generator: Any, state: Any) -> None:
    if isinstance(generator, random.Random):
        generator.setstate(state)
    elif isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    else:
        generator.bit_generator.state = state


def _are_same(found: Any, expected: Any) -> bool:
    """Whether two words or numbers are equal; nan is equal to itself."""
    if type(found) is not type(expected) or type(found) not in PRIMITIVE:
        return False
    return bool(found == expected or (found != found and expected != expected))


def _item_changed(container: Any, key: Any, expected: Any) -> bool:
    found = container.get(key, MISSING)
    return found is not expected and not _are_same(found, expected)


def _whole_changed(whole: Any, held: Any) -> bool:
    try:  # Python compares by identity first: the same Value is equal
        return not bool(whole == held)
    except Exception:  # two arrays, for example: they are not the same object
        return True


def _array_changed(array: Any, held: bytes | None) -> bool:
    return not _is_read_only(array) if held is None else _bytes_of(array) != held


def _bytes_of(array: Any) -> bytes:
    """The numbers of an array, or of what NumPy makes one of, such as pandas' data."""
    numbers = np.asarray(array)
    return repr(numbers.tolist()).encode() if numbers.dtype.hasobject else bytes(numbers.tobytes())


def _is_of_pandas(kind: type) -> bool:
    return str(kind.__module__).partition(".")[0] == "pandas" and hasattr(kind, "__array__")


def _is_read_only(array: Any) -> bool:
    """Whether nobody can write into an array, nor into one that it is a view of."""
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            return False
        array = array.base
    return array is None or isinstance(array, bytes)


def _copied(x: Any) -> Any:
    """A container and the containers in it copied, with the same leaves."""
    if isinstance(x, tuple):
        return tuple([_copied(y) if isinstance(y, CONTAINERS) else y for y in x])
    twin = copy.copy(x)
    if isinstance(x, (list, deque)):
        for i, y in enumerate(x):
            if isinstance(y, CONTAINERS):
                twin[i] = _copied(y)
    elif isinstance(x, dict):
        for key, y in x.items():
            if isinstance(y, CONTAINERS):
                twin[key] = _copied(y)
    return twin


CONTAINERS = (list, tuple, dict, set, frozenset, deque)


def _globals_and_attributes(code: CodeType) -> tuple[set[str], set[str]]:
    """The names of globals and of attributes that code reads, with the functions
    defined in it.
    """
    names, attributes = set(), set()
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names.add(step.argval)
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"):
            attributes.add(step.argval)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            more, other = _globals_and_attributes(inner)
            names |= more
            attributes |= other
    return names, attributes


_read_by: Any = functools.lru_cache(maxsize=4096)(_globals_and_attributes)


def _is_ours(module: Any) -> bool:
    """Whether a name of a module belongs to the library, NumPy or Python itself."""
    top = str(module).partition(".")[0]
    return top in OURS or (top in sys.stdlib_module_names and top != "__main__")


class _Visitor:
    """A walk over functions and the objects that they reach."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._seen: set[int] = set()
        self._kept: list[Any] = []  # so that ids stay unique

    def visit(self, x: Any, name: str, depth: int) -> None:
        """Look at x, and go on from there."""
        kind = type(x)
        if kind in PRIMITIVE or isinstance(x, (np.generic, BuiltinFunctionType, CodeType)) or id(x) in self._seen:
            return
        self._seen.add(id(x))
        self._kept.append(x)
        if isinstance(x, Node):
            self.values.append(x)
        elif kind is FunctionType:
            self._function(x, depth)
        elif kind is MethodType:
            self.visit(x.__func__, name, depth)
            self.visit(x.__self__, name or "self", depth)
        elif isinstance(x, functools.partial):
            for part in (x.func, *x.args, *x.keywords.values()):
                self.visit(part, name, depth)
        elif isinstance(x, property):
            self.visit(x.fget, name, depth)
        elif isinstance(x, (staticmethod, classmethod)):
            self.visit(x.__func__, name, depth)
        elif isinstance(x, np.ndarray) or _is_of_pandas(kind):
            self.array(x, name)
        elif isinstance(x, CONTAINERS):
            self._container(x, name, depth)
        elif isinstance(x, ModuleType):
            self.module(x, name, depth)
        elif isinstance(x, type):
            if not _is_ours(x.__module__):
                self.attributes_of_class(x, name, depth)
        else:
            self._object(x, name, depth)

    def _function(self, function: FunctionType, depth: int) -> None:
        wrapped = getattr(function, "__wrapped__", None)
        if _is_ours(function.__module__):
            self._library_function(function, depth)
            return
        if depth > DEPTH:
            return
        names, attributes = _read_by(function.__code__)
        self.entry(Slots(function), "__code__", f"the code of {function.__name__}", depth)
        self.attributes(attributes | names)
        if "type" in names and "type" not in function.__globals__:
            self.asks_type(function.__globals__)
        for key, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self.entry(Cell(cell), key, key, depth + 1)
        for key in sorted(names & function.__globals__.keys()):
            self.entry(function.__globals__, key, key, depth + 1)
        for kind in ("__defaults__", "__kwdefaults__"):
            self.entry(Slots(function), kind, "a default", depth + 1)
        if wrapped is not None:
            self.visit(wrapped, "", depth)

    def _library_function(self, function: FunctionType, depth: int) -> None:
        """A function that a transform gave: the user's is in its closure."""
        for key, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                held = cell.cell_contents
            except ValueError:
                continue
            if callable(held):
                self.visit(held, key, depth)

    def _container(self, x: Any, name: str, depth: int) -> None:
        self.whole(x, name)
        self._inside(x, name, depth)

    def _inside(self, x: Any, name: str, depth: int) -> None:
        items = list(x.items() if isinstance(x, dict) else enumerate(x))
        for count, (key, item) in enumerate(items):
            if count >= MOST:
                return
            if isinstance(item, CONTAINERS):  # it is compared with the outer one
                if id(item) not in self._seen:
                    self._seen.add(id(item))
                    self._kept.append(item)
                    self._inside(item, f"{name}[{key!r}]", depth)
            elif type(item) is not float:
                self.visit(item, f"{name}[{key!r}]", depth)

    def _object(self, x: Any, name: str, depth: int) -> None:
        kind = type(x)
        if str(kind.__module__).startswith("micrograd.compiling"):
            self.visit(getattr(x, "__wrapped__", None), name, depth)  # another compiled function
            return
        if isinstance(x, (np.random.Generator, np.random.RandomState, random.Random)):
            self.generator(x, name)
            return
        held = getattr(x, "__dict__", None)
        if str(kind.__module__).startswith(HAND_OVER):
            for key in filter(self.is_read, counted_by(x)):
                self.entry(held, key, f"{name}.{key}", depth)
            return
        all_of_them = any(str(base.__module__).partition(".")[0] == "micrograd" for base in kind.__mro__)
        dotted = f"{name}." if name else ""
        if isinstance(held, dict):
            if all_of_them:  # a buffer that changes is handed over, too
                self._seen |= {id(part) for part in held.values() if isinstance(part, np.ndarray)}
            for key in [key for key in held if all_of_them or self.is_read(key)]:
                self.entry(held, key, f"{dotted}{key}", depth)
            users = [base for base in kind.__mro__ if not _is_ours(base.__module__)]
            for key in {key for base in users for key in base.__dict__ if self.is_read(key)} - held.keys():
                if not key.startswith("__"):
                    self.absent(held, key, f"{dotted}{key}")  # it would hide that of the class
        for base in kind.__mro__:
            slots = base.__dict__.get("__slots__", ())
            for key in (slots,) if isinstance(slots, str) else slots:
                if key not in ("__dict__", "__weakref__") and (all_of_them or self.is_read(key)):
                    self.entry(Slots(x), key, f"{dotted}{key}", depth)
            if base is not object and not _is_ours(base.__module__):
                self.visit(base, name or base.__name__, depth)

    # What the two walks do differently

    def attributes(self, names: set[str]) -> None:
        """Code reads attributes of these names."""

    def asks_type(self, names: dict[str, Any]) -> None:
        """Code of the module with these names calls `type`."""

    def is_read(self, key: str) -> bool:
        """Whether code reads an attribute of this name."""
        return True

    def entry(self, container: Any, key: Any, name: str, depth: int) -> None:
        """One entry of a closure, of globals or of an object."""
        held = container.get(key, MISSING)
        if held is not MISSING:
            self.visit(held, name, depth)

    def generator(self, x: Any, name: str) -> None:
        """A generator of random numbers."""

    def absent(self, container: Any, key: Any, name: str) -> None:
        """An entry that is not there."""

    def array(self, x: Any, name: str) -> None:
        """An array."""

    def whole(self, x: Any, name: str) -> None:
        """A list, a dict or a set."""

    def module(self, x: ModuleType, name: str, depth: int) -> None:
        """A module: what is read of it, where it is the user's."""
        if not _is_ours(x.__name__):
            for key in [key for key in x.__dict__ if self.is_read(key)]:
                self.entry(x.__dict__, key, f"{name}.{key}", depth + 1)

    def attributes_of_class(self, x: type, name: str, depth: int) -> None:
        """The methods, numbers and objects of a class."""
        for key, held in list(x.__dict__.items()):
            if key in ("__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__slots__"):
                continue
            if isinstance(held, FunctionType) and (key.startswith("__") or self.is_read(key)):
                self.entry(x.__dict__, key, key, depth)
            elif self.is_read(key) and not key.startswith("__"):
                self.entry(x.__dict__, key, f"{name}.{key}", depth)


class _Names(_Visitor):
    """The first walk: which names of attributes all code that is reached reads."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.modules: list[dict[str, Any]] = []
        self.generators: list[tuple[Any, str]] = []

    def generator(self, x: Any, name: str) -> None:
        self.generators.append((x, name))

    def asks_type(self, names: dict[str, Any]) -> None:
        if not any(names is known for known in self.modules):
            self.modules.append(names)

    def attributes(self, names: set[str]) -> None:
        self.names |= names

    def module(self, x: ModuleType, name: str, depth: int) -> None:
        if not _is_ours(x.__name__) and depth <= DEPTH:
            super().module(x, name, depth)


class _Walk(_Visitor):
    """The second walk: it keeps what is read."""

    def __init__(self, guards: Guards, names: set[str]) -> None:
        super().__init__()
        self._guards = guards
        self._names = names
        self._all = bool(names & BY_TEXT)

    def is_read(self, key: str) -> bool:
        return self._all or key in self._names

    def entry(self, container: Any, key: Any, name: str, depth: int) -> None:
        if not isinstance(container.get(key, MISSING), ModuleType):
            self._guards.keep(container, key, name)
        super().entry(container, key, name, depth)

    def absent(self, container: Any, key: Any, name: str) -> None:
        self._guards.keep(container, key, name)

    def array(self, x: Any, name: str) -> None:
        self._guards.keep_array(x, name)

    def whole(self, x: Any, name: str) -> None:
        self._guards.keep_whole(x, name)
