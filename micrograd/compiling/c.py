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
from micrograd.compiling import boundary, c_vectors, compilers, objects, teams, vectors
from micrograd.compiling.c_lines import LineInC
from micrograd.compiling.joined import joined
from micrograd.compiling.lines import Line, Program
from micrograd.compiling.lives import homes_of
from micrograd.compiling.matrices import Matrices
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
        own: those that it has been made with.
        borrowed: the names of buffers that are arrays of the caller now.
        pointers: the address of all pointers that lines get.
    """

    def __init__(self, program: Program, shared: dict[str, str], pointers: list[Any], tables: dict[int, Any]) -> None:
        self.arrays = program.memory(shared)
        self.arrays |= {name: self.arrays[other] for name, other in shared.items()}
        self.own = dict(self.arrays)
        self.borrowed: list[str] = []
        self._places: dict[str, list[tuple[int, int]]] = {}  # of a buffer among the pointers, and how far in
        for i, x in enumerate(pointers):
            if not isinstance(x, (Function, np.ndarray)):
                self._places.setdefault(x[0].name, []).append((i, x[1] * SIZES[x[0].dtype]))
        self._addresses = addresses = {name: a.ctypes.data for name, a in self.arrays.items()}

        def address(x: Any) -> int:
            if isinstance(x, Function):
                return x.address
            if isinstance(x, np.ndarray):
                return int(tables[id(x)].ctypes.data)
            return int(addresses[x[0].name] + x[1] * SIZES[x[0].dtype])

        self.arguments = [address(x) for x in pointers]
        self._pointers = (ctypes.c_void_p * len(pointers))(*self.arguments)
        self.pointers = ctypes.addressof(self._pointers)

    def bind(self, name: str, array: Any) -> bool:
        """Let a buffer be in the memory of an array.

        Returns:
            Whether that was done: False where the array does not lie in one piece, or
            is of another size or dtype.
        """
        address = boundary.address_like(array, self.own[name])
        if not address:
            return False
        self.arrays[name] = array.reshape(-1)
        self._point(name, address)
        return True

    def unbind(self, name: str) -> None:
        """Let a buffer be in its own memory."""
        self.arrays[name] = self.own[name]
        self._point(name, self._addresses[name])

    def _point(self, name: str, address: int) -> None:
        for i, offset in self._places.get(name, ()):
            self._pointers[i] = address + offset


class TooManyFunctionsError(Exception):
    """A compiler would take long for all the functions of a program."""


class CRunner:
    """Runs lines as C.

    Args:
        program: what the lines belong to.
        forward: the lines of a call.
        back: the lines of `backward()`.
        kept: names of buffers that somebody reads afterwards.
        exact: to the last bit as without compiling.
        most: how many functions of C there may be; None for any number.
        threads: how many share large loops and products; None for one, and as many as
            BLAS takes.

    Attributes:
        source: the C.
        forward: runs the lines of a call, in a workspace.
        backward: runs those of `backward()`.
        compiler: the one that made a library of it.
        threads: as given; None where there are no threads here.
        count_of_shared: how many lines they share.

    Raises:
        TooManyFunctionsError: there are more.
        CaptureError: no compiler makes a library of it.
    """

    def __init__(
        self,
        program: Program,
        forward: list[Line],
        back: list[Line],
        kept: set[str],
        exact: bool,
        most: int | None = None,
        threads: int | None = None,
    ) -> None:
        self.program = program
        lines = [*forward, *back]
        runs, self._shared = joined(lines, kept, exact)
        self._functions: dict[str, int] = {}
        # By the id of what runs, each of its functions and the first of its pointers
        self._where: dict[int, list[tuple[int, int]]] = {}
        self._instead = {id(line): run for line, run in zip(lines, runs, strict=True)}
        self._matrices = None if exact else Matrices(program)
        self._team = teams.team_of(threads) if threads else 0
        self.threads = threads if self._team else None
        self.count_of_shared = 0
        self._called: set[str] = set()  # functions of C that long lines call
        self._runs: dict[str, list[Line]] = {"forward": [], "backward": []}
        self._pointers: list[Any] = []  # what all calls get, one call after the other
        self._steps = {
            name: self._steps_of([line for line in part if line is not None], exact, self._runs[name])
            for name, part in (("forward", runs[: len(forward)]), ("backward", runs[len(forward) :]))
        }
        homes = homes_of(self._runs["forward"], self._runs["backward"], kept)
        self._shared |= homes | {name: homes[other] for name, other in self._shared.items() if other in homes}
        if most is not None and len(self._functions) > most:
            raise TooManyFunctionsError(f"its lines are {len(self._functions):,} functions of C, more than {most:,}")
        self._tables = {id(x): np.ascontiguousarray(x, np.int32) for x in self._pointers if isinstance(x, np.ndarray)}
        there = vectors.available(self._called, exact) if self._called else frozenset()
        declared = vectors.declared(there)
        functions = "\n".join(indented(self._functions))
        names = {"VECTOR": c_vectors.TYPES, "WIDE": c_vectors.WIDE, "team *": teams.TYPE}
        types = "".join(text for name, text in names.items() if name in functions)
        self.source = HEAD + types + declared + functions + _runner(len(self._functions))
        libraries = vectors.LIBRARIES if there else ()
        self._function = objects.loaded(self.source, exact, libraries).micrograd_run
        self._function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
        self._function.restype = None
        address = ctypes.cast(self._function, ctypes.c_void_p).value or 0
        self.forward, self.backward = (
            functools.partial(boundary.run_steps, self._steps[name], self._function, address) for name in self._steps
        )
        self.compiler = compilers.found(exact)[0]

    def _steps_of(self, lines: list[Line], exact: bool, runs: list[Line]) -> list[Any]:
        """What runs one after the other: lines of C together, opaque ones alone.

        Args:
            lines: the lines.
            exact: to the last bit as without compiling.
            runs: gets the lines that run for them.
        """
        steps: list[Any] = []
        for is_opaque, run in itertools.groupby(lines, lambda line: isinstance(line, Opaque)):
            if is_opaque:
                opaque = [*run]
                steps += opaque
                runs += opaque
                continue
            which, first = [], []
            for line, part in self._parts(run):
                runs.append(part)
                writer = LineInC(part, exact, team=self._team)
                text = writer.text("{name}")
                which.append(self._functions.setdefault(text, len(self._functions)))
                if not exact and which[-1] == len(self._functions) - 1 and math.prod(part.sizes) >= FEWEST:
                    self._called |= set(CALLS.findall(text))
                first.append(len(self._pointers))
                self._where.setdefault(id(line), []).append((which[-1], first[-1]))
                self._pointers += writer.pointers
                self.count_of_shared += writer.is_shared
            count = len(which)
            numbers = (ctypes.c_int * count)(*which), (ctypes.c_int * count)(*first)
            steps.append((*map(ctypes.addressof, numbers), count, numbers))
        return steps

    def _parts(self, lines: Iterable[Line]) -> Iterator[tuple[Line, Line]]:
        """Each line, with what runs for it: itself, or its steps by way of matrices."""
        for line in lines:
            for part in self._matrices.lines_of(line) if self._matrices else [line]:
                yield line, part

    def workspace(self) -> Workspace:
        """Memory for one call."""
        return Workspace(self.program, self._shared, self._pointers, self._tables)

    def repeated(self, line: Line, count: int, space: Workspace) -> Callable[[], Any]:
        """A function that runs one line many times, to measure it; one that is part of
        another takes no time.
        """
        run = self._instead[id(line)]
        if run is None:
            return lambda: None
        if isinstance(run, Opaque):
            return functools.partial(run.repeat, count, space.arrays)
        which, first = zip(*self._where[id(run)], strict=True)
        count *= len(which)
        numbers = ((ctypes.c_int * count)(*itertools.islice(itertools.cycle(x), count)) for x in (which, first))
        return functools.partial(self._function, *numbers, count, space.pointers)


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
        for line in function.replace("{name}", f"line{i}").splitlines():
            depth -= line.startswith("}")
            yield "    " * depth + line
            depth += line.endswith("{")
