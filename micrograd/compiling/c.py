"""C of a program: a function for each structure of lines, and one that runs them.

The source says only structure. Numbers, tables and addresses are data that it is given,
so programs of one structure share one object file, and equal lines one function.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling import boundary, objects, vectors
from micrograd.compiling.c_lines import LineInC
from micrograd.compiling.lines import Line, Program
from micrograd.compiling.opaque import Opaque
from micrograd.compiling.products import Function

CALLS = re.compile(r"\b([a-z]+[0-9]*f?)\(")
FEWEST = 16  # points of a line: for fewer, functions of several numbers gain nothing
HEAD = "#include <math.h>\n"
SIZES = {"float64": 8, "float32": 4}  # bytes


class Workspace:
    """The arrays of one call.

    Attributes:
        arrays: flat arrays of doubles, by the name of the buffer.
        pointers: the address of all pointers that lines get.
    """

    def __init__(self, program: Program, pointers: list[Any], tables: dict[int, Any]) -> None:
        self.arrays = program.memory()
        addresses = {name: a.ctypes.data for name, a in self.arrays.items()}

        def address(x: Any) -> int:
            if isinstance(x, Function):
                return x.address
            if isinstance(x, np.ndarray):
                return int(tables[id(x)].ctypes.data)
            return int(addresses[x[0].name] + x[1] * SIZES[x[0].dtype])

        self.arguments = [address(x) for x in pointers]
        self._pointers = (ctypes.c_void_p * len(pointers))(*self.arguments)
        self.pointers = ctypes.addressof(self._pointers)


class CRunner:
    """Runs lines as C.

    Attributes:
        source: the C.
    """

    def __init__(self, program: Program, forward: list[Line], back: list[Line], exact: bool) -> None:
        self.program = program
        self._functions: dict[str, int] = {}
        self._where: dict[int, tuple[int, int]] = {}  # the function and the pointers of a line, by its id
        self._called: set[str] = set()  # functions of C that long lines call
        self._pointers: list[Any] = []  # what all calls get, one call after the other
        self._steps = {"forward": self._steps_of(forward, exact), "backward": self._steps_of(back, exact)}
        self._tables = {id(x): np.ascontiguousarray(x, np.int32) for x in self._pointers if isinstance(x, np.ndarray)}
        there = vectors.available(self._called, exact) if self._called else frozenset()
        declared = vectors.declared(there)
        self.source = HEAD + declared + "\n".join(indented(self._functions)) + _runner(len(self._functions))
        libraries = vectors.LIBRARIES if there else ()
        self._function = objects.loaded(self.source, exact, libraries).micrograd_run
        self._function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
        self._function.restype = None
        self._address = ctypes.cast(self._function, ctypes.c_void_p).value or 0

    def _steps_of(self, lines: list[Line], exact: bool) -> list[Any]:
        """What runs one after the other: lines of C together, opaque ones alone."""
        steps: list[Any] = []
        for is_opaque, run in itertools.groupby(lines, lambda line: isinstance(line, Opaque)):
            if is_opaque:
                steps += run
                continue
            which, first = [], []
            for line in run:
                writer = LineInC(line, exact)
                text = writer.text("{name}")
                which.append(self._functions.setdefault(text, len(self._functions)))
                if not exact and which[-1] == len(self._functions) - 1 and math.prod(line.sizes) >= FEWEST:
                    self._called |= set(CALLS.findall(text))
                first.append(len(self._pointers))
                self._where[id(line)] = which[-1], first[-1]
                self._pointers += writer.pointers
            count = len(which)
            numbers = (ctypes.c_int * count)(*which), (ctypes.c_int * count)(*first)
            steps.append((*map(ctypes.addressof, numbers), count, numbers))
        return steps

    def workspace(self) -> Workspace:
        """Memory for one call."""
        return Workspace(self.program, self._pointers, self._tables)

    def forward(self, space: Workspace) -> None:
        """Run the lines of a call."""
        boundary.run_steps(self._steps["forward"], self._function, self._address, space.arrays, space.pointers)

    def backward(self, space: Workspace) -> None:
        """Run the lines of `backward()`."""
        boundary.run_steps(self._steps["backward"], self._function, self._address, space.arrays, space.pointers)

    def repeated(self, line: Line, count: int, space: Workspace) -> Callable[[], Any]:
        """A function that runs one line many times, to measure it."""
        if isinstance(line, Opaque):
            return functools.partial(line.repeat, count, space.arrays)
        which, first = ((ctypes.c_int * count)(*[x] * count) for x in self._where[id(line)])
        return functools.partial(self._function, which, first, count, space.pointers)


def _runner(count: int) -> str:
    """The function that calls lines."""
    names = ", ".join(f"line{i}" for i in range(count)) or "0"
    return f"""
typedef void (*line)(void **);
static const line lines[] = {{{names}}};
{objects.EXPORTED} void micrograd_run(
    const int *which, const int *first, int count, void **pointers)
{{
    for (int i = 0; i < count; i++) lines[which[i]](pointers + first[i]);
}}
"""


def indented(functions: Iterable[str]) -> Iterator[str]:
    """The functions, each under its own name."""
    for i, function in enumerate(functions):
        depth = 0
        for line in function.replace("{name}", f"line{i}", 1).splitlines():
            depth -= line.startswith("}")
            yield "    " * depth + line
            depth += line.endswith("{")
