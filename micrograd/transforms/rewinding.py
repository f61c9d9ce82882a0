"""A second run of a function like its first: the generators that it draws from are
wound back, and the buffers of its modules are left as they are.
"""

from __future__ import annotations

import contextlib
import functools
import random
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from micrograd import on_demand as np
from micrograd.node import Node
from micrograd.trees import Branching

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
        has_numpy = "numpy" in sys.modules
        generators, self._modules = found_in(things) if has_numpy else ([], [])
        self._own = [(found, _state(found)) for found in generators]
        self._python = _same_as_last(random.getstate())
        self._numpy = np.random.get_state() if has_numpy else None

    @contextlib.contextmanager
    def again(self) -> Iterator[None]:
        """What runs in this block draws the same numbers once more. After it, all
        generators and all buffers are as they were before the block.
        """
        now = [(found, _state(found)) for found, _ in self._own]
        python, numpy = random.getstate(), None if self._numpy is None else np.random.get_state()
        buffers = [(x, x.copy()) for module in self._modules for x in vars(module).values() if type(x) is np.ndarray]
        try:
            _set(self._own, self._python, self._numpy)
            yield
        finally:
            _set(now, python, numpy)
            for x, before in buffers:
                if not np.array_equal(x, before, equal_nan=x.dtype.kind == "f"):
                    x[...] = before


_last: list[Any] = [None]  # the state that Python's `random` had last


def _same_as_last(state: Any) -> Any:
    """An equal state that is in memory already, or this one: each takes 20 kB, and
    most functions never draw from that generator.
    """
    if state != _last[0]:
        _last[0] = state
    return _last[0]


def _set(own: list[tuple[Any, Any]], python: Any, numpy: Any) -> None:
    for found, state in own:
        if isinstance(found, np.random.Generator):
            found.bit_generator.state = state
        else:
            found.set_state(state)
    random.setstate(python)
    if numpy is not None:
        np.random.set_state(numpy)


def _state(found: Any) -> Any:
    return found.bit_generator.state if isinstance(found, np.random.Generator) else found.get_state()


def found_in(things: list[Any]) -> tuple[list[Any], list[Any]]:
    """NumPy's generators and the modules that these things refer to, each once."""
    pending, seen = list(things), set[int]()
    generators, modules = [], []
    while pending and len(seen) < ENOUGH:
        x = pending.pop()
        if id(x) in seen or isinstance(x, (str, bytes, float, int, type, ModuleType, Node, np.ndarray)):
            continue
        seen.add(id(x))
        if isinstance(x, (np.random.Generator, np.random.RandomState)):
            generators.append(x)
            continue
        if isinstance(x, Branching):
            modules.append(x)
        pending += _referred(x)
    return generators, modules


def _referred(x: Any) -> list[Any]:
    """What an object refers to, as far as a function may draw from it."""
    if isinstance(x, dict):
        return [*x.values()]
    if isinstance(x, (list, tuple, set, frozenset)):
        return [*x]
    if isinstance(x, MethodType):
        return [x.__self__, x.__func__]
    if isinstance(x, functools.partial):
        return [x.func, x.args, x.keywords]
    if isinstance(x, FunctionType):
        cells = [cell.cell_contents for cell in x.__closure__ or () if _is_filled(cell)]
        known = [x.__globals__[name] for name in _names_in(x.__code__) if name in x.__globals__]
        return [*cells, *known, x.__defaults__, x.__kwdefaults__]
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
