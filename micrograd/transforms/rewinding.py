"""A second run of a function like its first: the variables that it uses are those of
the first run, the generators that it draws from are wound back, and the buffers of its
modules are left as they are.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import random
import sys
from collections.abc import Iterator
from types import BuiltinMethodType, CellType, CodeType, FunctionType, MethodType, ModuleType, NoneType
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.node import Node
from micrograd.transforms.derived import Derived
from micrograd.trees import Branching

DEAD_ENDS = {str, bytes, float, int, bool, NoneType}
ENOUGH = 20_000  # objects to look at; a function that refers to more is walked no further


class Rewind:
    """What a function draws from, and what its modules keep, before its first run.

    It finds NumPy's Generators and RandomStates in closures, arguments, attributes and
    global names. The global generators of `numpy.random` and `random` belong to it too.

    Args:
        things: where to look: the function, and its arguments.

    >>> rng = np.random.default_rng(0)
    >>> rewind = Rewind([lambda: rng.random()])
    >>> first, second = rng.random(), rng.random()
    >>> with rewind.again():
    ...     rng.random() == first
    True
    >>> rng.random() in (first, second)
    False
    """

    def __init__(self, things: list[Any]) -> None:
        found = found_in(things)
        self._own = [(x, _state(x)) for x in found.generators]
        self._modules = found.modules
        self._is_global = "random" in found.names  # as in np.random.rand: these states are large
        self._python: Any = None
        self._numpy: Any = None
        if self._is_global:
            self._python, self._numpy = _global_states()

    @contextlib.contextmanager
    def again(self) -> Iterator[None]:
        """What runs in this block draws the same numbers once more. After it, all
        generators and all buffers are as they were before the block.
        """
        now = [(found, _state(found)) for found, _ in self._own]
        python, numpy = _global_states() if self._is_global else (None, None)
        buffers = [(x, x.copy()) for module in self._modules for x in vars(module).values() if type(x) is np.ndarray]
        try:
            _set(self._own, self._python, self._numpy)
            yield
        finally:
            _set(now, python, numpy)
            for x, before in buffers:
                if not np.array_equal(x, before, equal_nan=x.dtype.kind == "f"):
                    x[...] = before


def _global_states() -> tuple[Any, Any]:
    return random.getstate(), np.random.get_state() if "numpy" in sys.modules else None


def _set(own: list[tuple[Any, Any]], python: Any, numpy: Any) -> None:
    for found, state in own:
        if isinstance(found, random.Random):
            found.setstate(state)
        elif isinstance(found, np.random.Generator):
            found.bit_generator.state = state
        else:
            found.set_state(state)
    if python is not None:
        random.setstate(python)
    if numpy is not None:
        np.random.set_state(numpy)


def _state(found: Any) -> Any:
    if isinstance(found, random.Random):
        return found.getstate()
    return found.bit_generator.state if isinstance(found, np.random.Generator) else found.get_state()


class Found(NamedTuple):
    """What functions and arguments refer to: generators, modules, and the names that
    the functions use.
    """

    generators: list[Any]
    modules: list[Any]
    names: set[str]


def found_in(things: list[Any]) -> Found:
    """What these things refer to, each once."""
    pending, seen, found = list(things), set[int](), Found([], [], set())
    kinds = (random.Random, np.random.Generator, np.random.RandomState) if "numpy" in sys.modules else (random.Random,)
    while pending and len(seen) < ENOUGH:
        x = pending.pop()
        kind = type(x)
        if kind in DEAD_ENDS or id(x) in seen or isinstance(x, (type, ModuleType, Node)):
            continue
        seen.add(id(x))
        if isinstance(x, kinds):
            found.generators.append(x)
            continue
        if isinstance(x, Branching):
            found.modules.append(x)
        if isinstance(x, FunctionType):
            found.names.update(_names_in(x.__code__))
        pending += _referred(x)
    return found


def _referred(x: Any) -> list[Any]:
    """What an object refers to, as far as a function may draw from it."""
    if isinstance(x, dict):
        return [*x.values()]
    if isinstance(x, (list, tuple, set, frozenset)):
        return [*x]
    if isinstance(x, MethodType):
        return [x.__self__, x.__func__]
    if isinstance(x, BuiltinMethodType):  # np.random.rand is a method of a RandomState
        return [x.__self__]
    if isinstance(x, functools.partial):
        return [x.func, x.args, x.keywords]
    if isinstance(x, FunctionType):
        cells = [cell.cell_contents for cell in x.__closure__ or () if _is_filled(cell)]
        known = [x.__globals__[name] for name in _names_in(x.__code__) if name in x.__globals__]
        return [*cells, *known, x.__defaults__, x.__kwdefaults__]
    if getattr(x, "dtype", None) is not None:  # an array
        return []
    kind = type(x)
    call = kind.__dict__.get("__call__")
    slots = [getattr(x, name) for name in getattr(kind, "__slots__", ()) if isinstance(name, str) and hasattr(x, name)]
    return [*vars(x).values(), call, *slots] if hasattr(x, "__dict__") else slots


def _names_in(code: CodeType) -> Iterator[str]:
    """The names that a function and the functions in it use."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:  # a name that has no value yet
        return False


def frozen(f: Any) -> Any:
    """The same function, which goes on to use the variables as they are now.

    Python looks a variable up when a function runs. In a loop over layers, all
    functions that were made in it use the last layer afterwards.

    >>> layer = 1.0
    >>> f = lambda x: x * layer
    >>> g = frozen(f)
    >>> layer = 5.0
    >>> f(2.0), g(2.0)
    (10.0, 2.0)
    """
    return _frozen(f, {})


def _frozen(f: Any, known: dict[int, Any]) -> Any:
    if id(f) in known:
        return known[id(f)]
    if isinstance(f, MethodType):
        return MethodType(_frozen(f.__func__, known), f.__self__)
    if isinstance(f, functools.partial):
        return functools.partial(_frozen(f.func, known), *f.args, **f.keywords)
    if isinstance(f, Derived):
        derived = copy.copy(f)
        derived.f = _frozen(f.f, known)
        return derived
    if type(f) is not FunctionType:
        return f
    names = {"__builtins__", "__name__", *_names_in(f.__code__)}
    variables = {name: f.__globals__[name] for name in names if name in f.__globals__}
    cells = tuple(CellType() for _ in f.__closure__ or ())
    twin = known[id(f)] = FunctionType(f.__code__, variables, f.__name__, f.__defaults__, cells or None)
    twin.__kwdefaults__ = f.__kwdefaults__
    for cell, old in zip(cells, f.__closure__ or (), strict=True):
        if _is_filled(old):
            held = old.cell_contents
            cell.cell_contents = _frozen(held, known) if type(held) in (FunctionType, Derived) else held
    return twin
