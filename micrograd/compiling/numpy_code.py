"""NumPy code of a program: a function of calls into arrays that are made once.

Each workspace has views of its own: the source is a function that makes them, and gives
back the functions of a call and of `backward()`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.lines import Line, Program
from micrograd.compiling.maps import is_each_once
from micrograd.compiling.numpy_sums import Sums
from micrograd.compiling.numpy_terms import Calls, Given
from micrograd.compiling.opaque import Opaque
from micrograd.compiling.places import SCRATCH, Place
from micrograd.modes import quietly

NEEDED = ("array", "copyto", "dot", "empty", "inf", "matmul", "nan", "ndarray", "putmask", "take")
UNROLLED = 32  # places that overlap are added to one after the other, at most so often


class Writer:
    """Writes the calls of lines."""

    def __init__(self, program: Program) -> None:
        self.calls = Calls(program)

    def line(self, line: Line) -> None:
        """The calls of a line."""
        calls = self.calls
        calls.scratch.clear()
        if isinstance(line, Opaque):
            calls.say(f"{calls.bind(line.op.name, line.run)}(arrays)")
        elif calls.is_of_python(line):
            calls.in_python(line)
        else:
            self._arrays(line)

    def _arrays(self, line: Line) -> None:
        calls = self.calls
        shape = tuple(1 if line.place.is_fixed(a) else n for a, n in enumerate(line.sizes))
        place = self._target(line, shape)
        is_read = any(read.buffer is line.target for read in line.reads())
        is_direct = place is not None and not is_read and (line.start is not None or not line.grows)
        value = self._value(line, place if is_direct else None)
        if line.start is not None:
            begin = calls.value(line.start, line.sizes)
            if not isinstance(begin, Place) and not begin and is_direct:
                return
            total = place if is_direct and place is not None else calls.scratch.take(shape, line.target.dtype)
            calls.call("add", calls.as_floats([value, begin], set()), total)
            value = total
        if is_direct:
            return
        if place is None:
            self._scattered(line, shape, value, is_read)
        elif line.grows and line.start is None:
            calls.call("add", calls.as_floats([place, value], set()), place)
        else:
            calls.put(place, value)

    def _value(self, line: Line, out: Place | None) -> Given:
        """What a line puts, or adds, in its places."""
        summed = line.summed
        if not summed:
            return self.calls.value(line.term, line.sizes, out)
        sums = Sums(self.calls, line.sizes, summed)
        if line.reduce == "sum":
            return sums.total(line.term, out)
        value = self.calls.value(line.term, line.sizes)
        moving = [a for a in summed if isinstance(value, Place) and value.shape[a] != 1]
        if moving and isinstance(value, Place):
            value = sums.reduced({"max": "maximum", "min": "minimum"}[line.reduce], value, moving, out)
        if out is not None and value != out:
            self.calls.put(out, value)
            return out
        return value

    def _target(self, line: Line, shape: tuple[int, ...]) -> Place | None:
        """The places that a line writes, as a view; None where strides do not say them,
        or an element stands in several.
        """
        if line.place.table is not None or not _are_apart(line.place.strides, shape):
            return None
        strides = tuple(0 if n == 1 else s for n, s in zip(shape, line.place.strides, strict=True))
        return Place(line.target.name, line.place.offset, shape, strides, line.target.dtype, line.target.is_weak)

    def _scattered(self, line: Line, shape: tuple[int, ...], value: Given, is_read: bool) -> None:
        """Put, or add, a value at places that are no view."""
        calls, name = self.calls, line.target.name
        if is_read and isinstance(value, Place) and not value.is_scratch:
            copy = calls.scratch.take(value.shape, value.dtype)
            calls.put(copy, value)
            value = copy
        if line.place.table is None and line.grows and self._windows(line, shape, value):
            return
        numbers = line.place.indices(shape)
        index = calls.index(line.place, shape)
        word = calls.name(value, line.target.dtype)
        if not line.grows:
            calls.say(f"{name}[{index}] = {word}")
        elif is_each_once(numbers):
            calls.say(f"{name}[{index}] += {word}")
        else:
            calls.functions.add("add")
            calls.say(f"add.at({name}, {index}, {word})")

    def _windows(self, line: Line, shape: tuple[int, ...], value: Given) -> bool:
        """Add a value to places that overlap, one after the other; False where these
        are too many.
        """
        order = sorted((a for a, n in enumerate(shape) if n > 1), key=lambda a: shape[a])
        turns: list[int] = []
        rest = list(shape)
        while not _are_apart(line.place.strides, tuple(rest)):
            turns.append(order.pop(0))
            rest[turns[-1]] = 1
        if math.prod(shape[a] for a in turns) > UNROLLED:
            return False
        target = line.target
        strides = tuple(0 if n == 1 else s for n, s in zip(shape, line.place.strides, strict=True))
        whole = Place(target.name, line.place.offset, shape, strides, target.dtype, target.is_weak)
        for point in itertools.product(*(range(shape[a]) for a in turns)):
            here, part = whole, value
            for axis, i in zip(turns, point, strict=True):
                here = here.at(axis, i)
                if isinstance(part, Place) and part.shape[axis] > 1:
                    part = part.at(axis, i)
            self.calls.call("add", self.calls.as_floats([here, part], set()), here)
        return True


def _are_apart(strides: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether no two points of a shape stand at one element, as strides show."""
    reach = 0
    for stride, size in sorted((abs(s), n) for s, n in zip(strides, shape, strict=True) if n > 1):
        if stride <= reach:
            return False
        reach += stride * (size - 1)
    return True


class Workspace:
    """The arrays of one call, and the functions that work on them.

    Attributes:
        arrays: flat arrays by the name of the buffer.
        forward: runs the lines of a call.
        backward: runs the lines of `backward()`.
    """

    def __init__(self, program: Program, bind: Callable[[Any], Any]) -> None:
        self.arrays = program.memory()
        self.forward, self.backward = bind(self.arrays)


class NumpyRunner:
    """Runs lines as calls of NumPy.

    Attributes:
        source: the Python.
    """

    def __init__(self, program: Program, forward: list[Line], back: list[Line]) -> None:
        self.program = program
        writer = Writer(program)
        calls = writer.calls
        functions: dict[str, list[str]] = {}
        for name, lines in (("forward", forward), ("backward", back)):
            calls.text = functions[name] = []
            for line in lines:
                calls.say(f"# {line.target.name}, {line.sizes}")
                writer.line(line)
        self.source = _source(calls, functions)
        room = {name: getattr(np, name) for name in (*NEEDED, *sorted(calls.functions))}
        room |= calls.bound
        with quietly():
            exec(compile(self.source, "<compiled by micrograd>", "exec"), room)
        self._bind = room["bind"]

    def workspace(self) -> Workspace:
        """Memory for one call."""
        return Workspace(self.program, self._bind)

    def forward(self, space: Workspace) -> None:
        """Run the lines of a call."""
        with quietly():
            space.forward()

    def backward(self, space: Workspace) -> None:
        """Run the lines of `backward()`."""
        with quietly():
            space.backward()


def _source(calls: Calls, functions: dict[str, list[str]]) -> str:
    """The module: constants, and the function that makes views and gives back these
    functions.
    """
    head = [f"{name} = {text}" for text, name in calls.numbers.items()]
    if calls.ones:
        head.append(f"ones = array([1.0] * {calls.ones})")
    body = [f"{name} = arrays[{name!r}]" for name in calls.program.buffers]
    body += [f"{SCRATCH} = empty({max(calls.scratch.size, 1)}, 'uint8')", *calls.names.text]
    for name, text in functions.items():
        body += ["", f"def {name}():", *("    " + statement for statement in text), "    return"]
    body += ["", f"return {', '.join(functions)}"]
    return "\n".join([*head, "", "", "def bind(arrays):", *(f"    {text}".rstrip() for text in body), ""])
