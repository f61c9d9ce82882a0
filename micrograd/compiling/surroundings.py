"""Surroundings: what the code of a function reads besides its arguments.

That is what closures, globals and attributes hold, in the function and in what it
calls. Two walks find it. The first one finds the names of attributes that any code
reads; it goes again while a new name leads to more code. The second one finds what
stands under these names.
"""

from __future__ import annotations

import dis
import functools
import random
import sys
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.counts import counted_by
from micrograd.node import Node

PRIMITIVE = (bool, int, float, complex, str, bytes, type(None))
CONTAINERS = (list, tuple, dict, set, frozenset, deque)
OURS = ("micrograd", "numpy", "scipy", "builtins")
HAND_OVER = ("micrograd.optim", "micrograd.train")  # their objects tell the capture themselves what changes
DEPTH = 3  # of functions that name functions
MOST = 100_000  # items of a container that are looked into
# Names in code that read attributes by a string: then all of them count. Code of
# installed packages does so everywhere, and rarely for an attribute of the user's.
BY_TEXT = {"getattr", "vars", "__dict__", "attrgetter"}
MISSING = object()


class Surroundings:
    """All that functions and objects read and that is not traced.

    Args:
        roots: the functions and objects, each after its name.

    Attributes:
        entries: (container, key, name): what stands under the key; see `found`.
        wholes: lists, dicts and sets, each with a name.
        arrays: NumPy's arrays, each with a name.
        generators: of random numbers, each with a name.
        modules: the names of the user's modules whose code calls `type`.
        read: the names of attributes that code reads.
        values: the Values that are reached.
    """

    def __init__(self, roots: Iterable[tuple[str, Any]]) -> None:
        self.entries: list[tuple[Any, Any, str]] = []
        self.wholes: list[tuple[Any, str]] = []
        self.arrays: list[tuple[Any, str]] = []
        roots = list(roots)
        names = _Names(set())
        while names.grows(roots):  # a name that is read leads to more code
            names = _Names(names.names)
        walk = _Walk(self, names.names)
        for name, x in roots:
            walk.visit(x, name, 0)
        self.generators = names.generators
        self.modules = names.modules
        self.read = names.names
        self.values = walk.values


class Slots:
    """An object whose attributes are in no dict, as a container of what they hold."""

    __slots__ = ("of",)

    def __init__(self, of: Any) -> None:
        self.of = of


def found(container: Any, key: Any) -> Any:
    """What stands under a key: of a dict, a class, a function, the slots of an object,
    or in the cell of a closure; MISSING where nothing does.
    """
    if isinstance(container, dict):
        return dict.get(container, key, MISSING)
    if isinstance(container, FunctionType):
        return getattr(container, key)
    if isinstance(container, Slots):
        return getattr(container.of, key, MISSING)
    if not isinstance(container, CellType):
        return container.__dict__.get(key, MISSING)
    try:
        return container.cell_contents
    except ValueError:  # it is empty
        return MISSING


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


@functools.lru_cache(maxsize=4096)
def _is_installed(module: str) -> bool:
    """Whether a module stands in the folder of installed packages."""
    file = str(getattr(sys.modules.get(module), "__file__", None) or "")
    return not {"site-packages", "dist-packages"}.isdisjoint(Path(file).parts)


def _is_of_pandas(kind: type) -> bool:
    return str(kind.__module__).partition(".")[0] == "pandas" and hasattr(kind, "__array__")


class _Visitor:
    """A walk over functions and the objects that they reach.

    Args:
        names: of the attributes that are looked at.
    """

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.values: list[Any] = []
        self._all = bool(names & BY_TEXT)
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
        self.entry(function, "__code__", f"the code of {function.__name__}", depth)
        read = attributes | names
        self.attributes(read - BY_TEXT if _is_installed(str(function.__module__)) else read)
        if "type" in names and "type" not in function.__globals__:
            self.asks_type(function.__globals__)
        for key, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self.entry(cell, key, key, depth + 1)
        for key in sorted(names & function.__globals__.keys()):
            self.entry(function.__globals__, key, key, depth + 1)
        for kind in ("__defaults__", "__kwdefaults__"):
            self.entry(function, kind, "a default", depth + 1)
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
        if type(x) not in CONTAINERS:  # a class of the user's, with attributes of its own
            self._object(x, name, depth)
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
        made_by = str(kind.__module__)
        if made_by.startswith("micrograd.compiling"):
            self.visit(getattr(x, "__wrapped__", None), name, depth)  # another compiled function
            return
        if isinstance(x, (np.random.Generator, np.random.RandomState, random.Random)):
            self.generator(x, name)
            return
        held = getattr(x, "__dict__", None)
        if made_by.startswith(HAND_OVER):
            for key in [key for key in counted_by(x) if self.is_read(key, made_by)]:
                self.entry(held, key, f"{name}.{key}", depth)
            return
        all_of_them = any(str(base.__module__).partition(".")[0] == "micrograd" for base in kind.__mro__)
        dotted = f"{name}." if name else ""
        if isinstance(held, dict):
            if all_of_them:  # a buffer that changes is handed over, too
                self._seen |= {id(part) for part in held.values() if isinstance(part, np.ndarray)}
            for key in [key for key in held if all_of_them or self.is_read(key, made_by)]:
                self.entry(held, key, f"{dotted}{key}", depth)
            users = [base for base in kind.__mro__ if not _is_ours(base.__module__)]
            for key in {key for base in users for key in base.__dict__ if self.is_read(key, made_by)} - held.keys():
                if not key.startswith("__"):
                    self.absent(held, key, f"{dotted}{key}")  # it would hide that of the class
        for base in kind.__mro__:
            slots = base.__dict__.get("__slots__", ())
            for key in (slots,) if isinstance(slots, str) else slots:
                if key not in ("__dict__", "__weakref__") and (all_of_them or self.is_read(key, made_by)):
                    self.entry(Slots(x), key, f"{dotted}{key}", depth)
            if base is not object and not _is_ours(base.__module__):
                self.visit(base, name or base.__name__, depth)

    # What the two walks do differently

    def attributes(self, names: set[str]) -> None:
        """Code reads attributes of these names."""

    def asks_type(self, names: dict[str, Any]) -> None:
        """Code of the module with these names calls `type`."""

    def is_read(self, key: str, module: str) -> bool:
        """Whether code reads an attribute of this name, of an object that a module or
        its classes made.
        """
        if key in self.names:
            return True
        return self._all and not key.startswith("__") and not _is_installed(module)

    def entry(self, container: Any, key: Any, name: str, depth: int) -> None:
        """One entry of a closure, of globals or of an object."""
        held = found(container, key)
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
        if not _is_ours(x.__name__) and depth <= DEPTH:
            for key in [key for key in x.__dict__ if self.is_read(key, x.__name__)]:
                held = x.__dict__[key]
                is_part = issubclass(type(held), ModuleType) and held.__name__.startswith(f"{x.__name__}.")
                self.entry(x.__dict__, key, f"{name}.{key}", depth if is_part else depth + 1)

    def attributes_of_class(self, x: type, name: str, depth: int) -> None:
        """The methods, numbers and objects of a class."""
        for key, held in list(x.__dict__.items()):
            if key in ("__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__slots__"):
                continue
            is_read = self.is_read(key, str(x.__module__))
            if isinstance(held, FunctionType) and (key.startswith("__") or is_read):
                self.entry(x, key, key, depth)
            elif is_read and not key.startswith("__"):
                self.entry(x, key, f"{name}.{key}", depth)


class _Names(_Visitor):
    """The first walk: which names of attributes all code that is reached reads."""

    def __init__(self, names: set[str]) -> None:
        super().__init__(names)
        self.modules: list[dict[str, Any]] = []
        self.generators: list[tuple[Any, str]] = []
        self._known = set(names)

    def grows(self, roots: list[tuple[str, Any]]) -> bool:
        """Walk from the roots, and tell whether that brought new names."""
        for name, x in roots:
            self.visit(x, name, 0)
        return self.names != self._known

    def generator(self, x: Any, name: str) -> None:
        self.generators.append((x, name))

    def asks_type(self, names: dict[str, Any]) -> None:
        if not any(names is known for known in self.modules):
            self.modules.append(names)

    def attributes(self, names: set[str]) -> None:
        self.names |= names


class _Walk(_Visitor):
    """The second walk: it keeps what is read."""

    def __init__(self, around: Surroundings, names: set[str]) -> None:
        super().__init__(names)
        self._around = around

    def entry(self, container: Any, key: Any, name: str, depth: int) -> None:
        if not isinstance(found(container, key), ModuleType):
            self._around.entries.append((container, key, name))
        super().entry(container, key, name, depth)

    def absent(self, container: Any, key: Any, name: str) -> None:
        self._around.entries.append((container, key, name))

    def array(self, x: Any, name: str) -> None:
        self._around.arrays.append((x, name))

    def whole(self, x: Any, name: str) -> None:
        self._around.wholes.append((x, name))
