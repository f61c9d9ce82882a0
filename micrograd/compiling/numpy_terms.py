"""What NumPy computes at all points of a line: a call for each op of a term.

A part of a term that stays the same along an axis is computed once for it: its array
has the length 1 there, as in NumPy's broadcasting.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.lines import Line, Program
from micrograd.compiling.maps import Map
from micrograd.compiling.places import Names, Place, Scratch
from micrograd.compiling.terms import Part, Read, Term, in_order
from micrograd.ops.arithmetic import positive, stop_gradient, where
from micrograd.ops.functions import raise_to, relu
from micrograd.record import Comparison, Op

SAME = frozenset({positive, stop_gradient})  # their output is their input
BY_KEYWORD = frozenset({"maximum", "minimum"})  # NumPy warns of a third input by position
# Ops of a line of one point, as Python computes them without an error: no division.
IN_PYTHON = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "{} * {}",
    "negative": "-{}",
    "positive": "{}",
    "stop_gradient": "{}",
    "where": "{1} if {0} else {2}",
    "equal": "{} == {}",
    "not_equal": "{} != {}",
    "greater": "{} > {}",
    "less": "{} < {}",
    "greater_equal": "{} >= {}",
    "less_equal": "{} <= {}",
}
Given = Place | float


class Calls:
    """The calls of a program, as text, and what they name.

    Attributes:
        text: of the calls, a line each.
        names: of views.
        scratch: temporary arrays.
        bound: objects that the text names and that all workspaces share.
        numbers: the text that makes constants.
        ones: how many ones are needed beside each other.
        functions: the ufuncs that the text names.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.text: list[str] = []
        self.names = Names()
        self.scratch = Scratch()
        self.bound: dict[str, Any] = {}
        self.numbers: dict[str, str] = {}
        self.ones = 0
        self.functions: set[str] = set()
        self._indices: dict[Any, str] = {}

    # What the text says

    def say(self, text: str) -> None:
        """Write a line of text."""
        self.text.append(text)

    def bind(self, stem: str, value: Any) -> str:
        """A name for an object."""
        name = f"{stem}_{len(self.bound)}"
        self.bound[name] = value
        return name

    def name(self, given: Given, dtype: str = "float64") -> str:
        """How the text names an array, or a number beside arrays of this dtype."""
        if isinstance(given, Place):
            buffer = self.program.buffers.get(given.base)
            return self.names.of(given, -1 if buffer is None else buffer.size)
        key = f"array({_spelled(given)}, {dtype!r})"
        return self.numbers.setdefault(key, f"n{len(self.numbers)}")

    def put(self, place: Place, given: Given) -> None:
        """An array becomes a copy of another, or all one number."""
        place, given = squeezed([place, given])  # type: ignore[assignment]
        value = self.name(given) if isinstance(given, Place) else _spelled(given)
        self.say(f"{self.name(place)}[...] = {value}")

    def call(self, function: str, inputs: Sequence[Given], out: Place) -> None:
        """An array becomes what a ufunc gives."""
        self.functions.add(function)
        dtype = "float32" if any(isinstance(x, Place) and x.dtype == "float32" for x in inputs) else "float64"
        *inputs, out = squeezed([*inputs, out])  # type: ignore[assignment]
        given = ", ".join(self.name(x, dtype) for x in inputs)
        self.say(f"{function}({given}, {'out=' if function in BY_KEYWORD else ''}{self.name(out)})")

    def reduce(self, function: str, x: Place, axes: Sequence[int], out: Place) -> None:
        """An array becomes what a ufunc makes of another along axes."""
        self.functions.add(function)
        along = f"({', '.join(map(str, axes))}{',' if len(axes) == 1 else ''})"
        self.say(f"{function}.reduce({self.name(x)}, {along}, None, {self.name(out)}, True)")

    # Terms

    def read(self, read: Read, sizes: tuple[int, ...]) -> Place:
        """What a read gives at all points of a domain."""
        buffer, place = read.buffer, read.place
        shape = tuple(1 if place.is_fixed(a) else n for a, n in enumerate(sizes))
        if place.table is None:
            strides = tuple(0 if n == 1 else s for n, s in zip(shape, place.strides, strict=True))
            return Place(buffer.name, place.offset, shape, strides, buffer.dtype, buffer.is_weak)
        out = self.scratch.take(shape, buffer.dtype)._replace(is_weak=buffer.is_weak)
        self.say(f"take({buffer.name}, {self.index(place, shape)}, None, {self.name(out)}, 'clip')")
        return out

    def index(self, place: Map, shape: tuple[int, ...]) -> str:
        """The name of an array of element numbers."""
        numbers = place.indices(shape).astype(np.intp)
        key = (shape, numbers.tobytes())
        if key not in self._indices:
            self._indices[key] = self.bind("index", numbers)
        return self._indices[key]

    def value(self, term: Any, sizes: tuple[int, ...], out: Place | None = None) -> Given:
        """What a term is at all points of a domain.

        Args:
            term: the term.
            sizes: of the domain.
            out: where it is wanted; None for anywhere.
        """
        if not isinstance(term, Part):
            if out is None:
                return float(term)
            self.put(out, float(term))
            return out
        parts, inputs = _without_same(term)
        last = {id(x): i for i, part in enumerate(parts) for x in inputs[id(part)] if isinstance(x, Part)}
        wanted = _wanted(parts, inputs, out)
        places: dict[int, Place] = {}
        for i, part in enumerate(parts):
            if isinstance(part, Read):
                places[id(part)] = self.read(part, sizes)
                continue
            given = [places[id(x)] if isinstance(x, Part) else float(x) for x in inputs[id(part)]]
            free = {places[id(x)] for x in inputs[id(part)] if isinstance(x, Part) and last[id(x)] == i}
            free = {place for place in free if place.is_scratch}
            made = places[id(part)] = self._apply(part, given, free, wanted.get(id(part)))
            for place in free:
                if place.offset != made.offset or not made.is_scratch:
                    self.scratch.give_back(place)
        found = places[id(parts[-1])]
        if out is not None and found != out:
            self.put(out, found)
            return out
        return found

    def _apply(self, part: Term, given: list[Given], free: set[Place], out: Place | None) -> Place:
        """The output of one op; where it may, in the place of an input that is free."""
        if part.op is where:
            return self._choose(given, free, out)
        is_question = isinstance(part.op, Comparison)
        given = self.as_floats(given, free, is_question)
        kind = joint_kind(given)
        shape = joint_shape(given)
        dtype = "bool" if is_question else "float32" if kind == "float32" else "float64"
        target = out or self._in_place(shape, dtype, free)
        function, inputs = self._function(part, given)
        if function in self.bound:
            *inputs, place = squeezed([*inputs, target])
            words = ", ".join(self.name(x) if isinstance(x, Place) else _spelled(x) for x in inputs)
            self.say(f"{self.name(place)}[...] = {function}({words})")
        else:
            self.call(function, inputs, target)
        return target if out else target._replace(is_weak=kind == "weak")

    def _function(self, part: Term, given: list[Given]) -> tuple[str, list[Given]]:
        """The ufunc of an op, or the record's forward, and what it is given."""
        op = part.op
        if op is relu:
            return "maximum", [*given, 0.0]
        if op is raise_to:
            return "power", [*given, float(part.params["exponent"])]
        if not part.params and ufunc_of(op) is not None:
            return op.name, given
        forward = functools.partial(op.forward, **part.params) if part.params else op.forward
        for name, other in self.bound.items():
            if other is forward:
                return name, given
        return self.bind(op.name, forward), given

    def as_floats(self, given: Sequence[Given], free: set[Place], is_question: bool = False) -> list[Given]:
        """The same inputs in the dtype that an op computes in: Python's numbers beside
        float32 are float32, truth values alone are numbers.
        """
        kind = joint_kind(given)
        has_numbers = bool(_kinds(given))
        made = list(given)
        for i, x in enumerate(given):
            if not isinstance(x, Place):
                continue
            is_truth = x.dtype == "bool" and not has_numbers and not is_question
            if is_truth or (x.is_weak and x.dtype == "float64" and kind == "float32"):
                cast = self.scratch.take(x.shape, "float64" if is_truth else "float32")
                self.put(cast, x)
                cast = made[i] = cast._replace(is_weak=is_truth)
                free.add(cast)
        return made

    def _in_place(self, shape: tuple[int, ...], dtype: str, free: set[Place]) -> Place:
        for place in sorted(free):
            if place.shape == shape and place.dtype == dtype:
                return place
        return self.scratch.take(shape, dtype)

    def _choose(self, given: list[Given], free: set[Place], out: Place | None) -> Place:
        """x where c holds, else y: one is put down first, the other over it."""
        c, x, y = given
        if not isinstance(c, Place):
            c = self.scratch.take((1,) * len(joint_shape(given)), "bool")
            self.put(c, float(bool(given[0])))
        elif c.dtype != "bool":
            mask = self.scratch.take(c.shape, "bool")
            self.call("not_equal", [c, 0.0], mask)
            c = mask
        kind = joint_kind([x, y])
        shape = joint_shape([c, x, y])
        dtype = "float32" if kind == "float32" else "float64"
        first, second, is_turned = (x, y, True) if isinstance(x, Place) and not isinstance(y, Place) else (y, x, False)
        if out is not None and out.shape == shape:
            target = out
        elif isinstance(first, Place) and first in free and first.shape == shape and first.dtype == dtype:
            target = first
        else:
            others = {p for p in (c, second) if isinstance(p, Place)}
            target = self._in_place(shape, dtype, {p for p in free if p not in others and p != first})
        if first != target:
            self.put(target, first)
        if is_turned:
            turned = c if c in free else self.scratch.take(c.shape, "bool")
            self.call("logical_not", [c], turned)
            c = turned
        is_alike = not isinstance(second, Place) or (second.shape == shape and second.dtype == target.dtype)
        value = self.name(second) if isinstance(second, Place) else _spelled(second)
        if c.shape == shape and is_alike:
            self.say(f"putmask({self.name(target)}, {self.name(c)}, {value})")
        else:
            self.say(f"copyto({self.name(target)}, {value}, 'same_kind', {self.name(c)})")
        return target if target is out else target._replace(is_weak=kind == "weak")

    # Lines of one point

    def is_of_python(self, line: Line) -> bool:
        """Whether a line is one point that Python computes as NumPy would."""
        if math.prod(line.sizes) != 1 or line.place.table is not None:
            return False
        parts = [*in_order(line.term), *in_order(line.start)]
        return line.target.dtype == "float64" and all(
            part.buffer.dtype == "float64" and part.place.table is None
            if isinstance(part, Read)
            else part.op.name in IN_PYTHON
            for part in parts
        )

    def in_python(self, line: Line) -> None:
        """The statements of such a line."""
        here = f"{line.target.name}[{line.place.offset}]"
        value = self._python(line.term, "x")
        if line.start is not None:
            value = f"{self._python(line.start, 's')} + {value}"
        elif line.grows:
            value = f"{line.target.name}.item({line.place.offset}) + {value}"
        self.say(f"{here} = {value}")

    def _python(self, term: Any, letter: str) -> str:
        if not isinstance(term, Part):
            return _spelled(term)
        words: dict[int, str] = {}
        for part in in_order(term):
            if isinstance(part, Read):
                words[id(part)] = f"{part.buffer.name}.item({part.place.offset})"
                continue
            given = [words[id(x)] if isinstance(x, Part) else _spelled(x) for x in part.inputs]
            word = words[id(part)] = f"{letter}{len(words)}"
            self.say(f"{word} = {IN_PYTHON[part.op.name].format(*given)}")
        return words[id(term)]


@functools.cache
def ufunc_of(op: Op) -> Any:
    """NumPy's ufunc of the same name as an op; None where there is none."""
    found = getattr(np, op.name, None)
    return found if isinstance(found, np.ufunc) and found.nout == 1 else None


def joint_kind(given: Sequence[Given]) -> str:
    """The kind of an op on these: "weak" where all are Python's own numbers."""
    kinds = _kinds(given)
    return "float64" if "float64" in kinds else "float32" if "float32" in kinds else "weak"


def _kinds(given: Sequence[Given]) -> list[str]:
    places = [x for x in given if isinstance(x, Place) and x.dtype != "bool"]
    return ["weak" if p.is_weak and p.dtype == "float64" else p.dtype for p in places]


def joint_shape(given: Sequence[Given]) -> tuple[int, ...]:
    """The shape of an op on these."""
    shapes = [x.shape for x in given if isinstance(x, Place)]
    return tuple(next((n for n in along if n != 1), 1) for along in zip(*shapes, strict=True))


def squeezed(given: Sequence[Given]) -> list[Given]:
    """The same without the axes along which all have the length 1."""
    places = [x for x in given if isinstance(x, Place)]
    kept = [a for a in range(len(places[0].shape)) if any(p.shape[a] != 1 for p in places)]
    return [
        x._replace(shape=tuple(x.shape[a] for a in kept), strides=tuple(x.strides[a] for a in kept))
        if isinstance(x, Place)
        else x
        for x in given
    ]


def _spelled(x: float) -> str:
    """A number in Python: inf and nan are names."""
    text = repr(float(x))
    return f"({text})" if text.startswith("-") else text


def _without_same(term: Any) -> tuple[list[Any], dict[int, list[Any]]]:
    """The parts of a term in order, and the inputs of each, without ops that change
    nothing.
    """
    stands_for: dict[int, Any] = {}
    parts: list[Any] = []
    inputs: dict[int, list[Any]] = {}
    for part in in_order(term):
        if isinstance(part, Term) and part.op in SAME:
            x = part.inputs[0]
            stands_for[id(part)] = stands_for.get(id(x), x)
            continue
        parts.append(part)
        inputs[id(part)] = [stands_for.get(id(x), x) for x in part.inputs] if isinstance(part, Term) else []
    return parts, inputs


def _wanted(parts: list[Any], inputs: dict[int, list[Any]], out: Place | None) -> dict[int, Place]:
    """Which parts go where the whole goes: the last, and what it only writes over."""
    if out is None or isinstance(parts[-1], Read):
        return {}
    wanted = {id(parts[-1]): out}
    if parts[-1].op is where:
        _, x, y = inputs[id(parts[-1])]
        if isinstance(x, Term) and not isinstance(y, Part):
            wanted[id(x)] = out
    return wanted
