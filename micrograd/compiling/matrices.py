"""Matrices: a large sum of products whose operands do not lie as matrices is copied
first, multiplied, and put in place.

So a convolution becomes a product of BLAS: the windows are rows, side by side. Each of
the three steps is a line of its own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from micrograd.compiling.groups import contiguous
from micrograd.compiling.lines import Buffer, Line, Program
from micrograd.compiling.maps import Map
from micrograd.compiling.nests import Nest, nest_of
from micrograd.compiling.products import LARGE, NARROWEST, blas, factors_of, product_of
from micrograd.compiling.terms import Part, Read, replaced

# What is done in a nanosecond, measured on one core with AVX-512; only ratios count.
BY_BLAS, BY_LOOPS, COPIED = 60.0, 14.0, 0.8  # multiplications in float32; elements
MOST = 2**24  # elements of a copy
VECTOR = {"float64": 4, "float32": 8}  # elements in 32 bytes

Axes = tuple[int, ...]


class Kinds(NamedTuple):
    """The axes of a product: which of the target and the two factors move along them.

    Attributes:
        repeated: all three.
        rows: the target and the first.
        columns: the target and the second.
        summed: the two factors.
    """

    repeated: Axes
    rows: Axes
    columns: Axes
    summed: Axes


class Matrices:
    """Copies that the lines of a program share.

    Args:
        program: what the lines belong to.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._copies: dict[Any, Buffer] = {}

    def lines_of(self, line: Line) -> list[Line]:
        """The line, or the lines that do the same by way of matrices."""
        made = self._by_matrices(line)
        for key in [key for key in self._copies if key[0] == line.target.name]:  # it holds other numbers now
            del self._copies[key]
        return made

    def _by_matrices(self, line: Line) -> list[Line]:
        if line.reduce != "sum" or math.prod(line.sizes) < LARGE or line.place.table is not None:
            return [line]
        found = factors_of(line.term)
        if found is None or blas(line.target.dtype) is None or product_of(line) is not None:
            return [line]
        factor, x, y = found
        kinds = _kinds(line, x, y)
        if kinds is None or any(r.buffer is line.target or r.buffer.dtype != line.target.dtype for r in (x, y)):
            return [line]
        if any(line.place.strides[a] == 1 for a in kinds.rows):  # columns lie side by side
            x, y, kinds = y, x, kinds._replace(rows=kinds.columns, columns=kinds.rows)
        if not self._pays(line, x, y, kinds):
            return [line]
        return self._in_steps(line, factor, x, y, kinds)

    def _pays(self, line: Line, x: Read, y: Read, kinds: Kinds) -> bool:
        """Whether copies and a product of BLAS take less time than loops."""
        total = math.prod(line.sizes)
        copies = [
            _count(line, (*kinds.repeated, *axes))
            for read, axes in ((x, (*kinds.rows, *kinds.summed)), (y, (*kinds.summed, *kinds.columns)))
            if _as_matrix(line, read, kinds.repeated, *self._order(line, read, kinds)) is None
        ]
        copies.append(_count(line, (*kinds.repeated, *kinds.rows, *kinds.columns)))
        if max(copies) > MOST:
            return False
        width = VECTOR[line.target.dtype] / VECTOR["float32"]
        by_loops = total / (BY_LOOPS * width * _fullness(line, nest_of(line, False)))
        return total / (BY_BLAS * width) + sum(copies) / COPIED < by_loops

    def _in_steps(self, line: Line, factor: Any, x: Read, y: Read, kinds: Kinds) -> list[Line]:
        made: list[Line] = []
        b, i, j, k = (_count(line, axes) for axes in kinds)
        sizes = (b, i, j, k)
        left = self._matrix(line, x, kinds, {"rows": 1, "summed": 3}, sizes, made)
        right = self._matrix(line, y, kinds, {"columns": 2, "summed": 3}, sizes, made)
        product = self._new((b, i, j), line.target.dtype)
        term: Any = left * right
        if isinstance(factor, Part) or factor != 1.0:
            term = term * _taken(factor, (0,) * len(sizes))  # it is the same at each point
        made.append(Line(product, Map(0, (i * j, j, 1, 0)), sizes, term, False))
        kept = (*kinds.repeated, *kinds.rows, *kinds.columns)
        shape = tuple(line.sizes[a] for a in kept)
        value: Any = self.program.terms.read(product, Map(0, contiguous(shape)))
        if line.start is not None:
            value = _taken(line.start, kept) + value
        made.append(Line(line.target, line.place.taken(kept), shape, value, line.grows))
        return made

    def _matrix(
        self, line: Line, read: Read, kinds: Kinds, axis_of: dict[str, int], sizes: Axes, made: list[Line]
    ) -> Any:
        """A read as a matrix, over the axes repeated, rows, columns and summed; a copy
        of it where it does not lie so.
        """
        names = sorted(axis_of, key=lambda name: name == self._last(line, read, kinds, tuple(axis_of)))
        outer, inner = (getattr(kinds, name) for name in names)
        strides = _as_matrix(line, read, kinds.repeated, outer, inner)
        buffer, offset = read.buffer, read.place.offset
        if strides is None:
            order = (*kinds.repeated, *outer, *inner)
            shape = tuple(line.sizes[a] for a in order)
            place = read.place.taken(order)
            key = (buffer.name, place.key, shape)
            if key not in self._copies:
                copy = self._copies[key] = self._new(shape, buffer.dtype)
                copy.is_weak = buffer.is_weak
                made.append(Line(copy, Map(0, contiguous(shape)), shape, self.program.terms.read(buffer, place), False))
            buffer, offset = self._copies[key], 0
            strides = (_count(line, (*outer, *inner)), _count(line, inner), 1)
        whole = [strides[0], 0, 0, 0]
        for name, stride in zip(names, strides[1:], strict=True):
            whole[axis_of[name]] = stride
        return self.program.terms.read(buffer, Map(offset, tuple(whole)))

    def _order(self, line: Line, read: Read, kinds: Kinds) -> tuple[Axes, Axes]:
        name = "rows" if not any(read.place.is_fixed(a) for a in kinds.rows) else "columns"
        last = self._last(line, read, kinds, (name, "summed"))
        outer, inner = (name, "summed") if last == "summed" else ("summed", name)
        return getattr(kinds, outer), getattr(kinds, inner)

    def _last(self, line: Line, read: Read, kinds: Kinds, names: Sequence[str]) -> str:
        """Which axes of a matrix stand last: those along which most lies side by
        side.
        """

        def run(name: str) -> int:
            return max((line.sizes[a] for a in getattr(kinds, name) if read.place.strides[a] == 1), default=0)

        return max(names, key=run)

    def _new(self, shape: Axes, dtype: str) -> Buffer:
        name = f"matrix{sum(n.startswith('matrix') for n in self.program.buffers)}"
        buffer = self.program.new(name, math.prod(shape), dtype=dtype)
        buffer.shape = shape
        return buffer


def _kinds(line: Line, x: Read, y: Read) -> Kinds | None:
    """The axes by kind; None where a line is not a product of matrices."""
    found: dict[tuple[bool, bool, bool], list[int]] = {}
    for axis in range(len(line.sizes)):
        kind = tuple(not place.is_fixed(axis) for place in (line.place, x.place, y.place))
        found.setdefault(kind, []).append(axis)  # type: ignore[arg-type]
    T, F = True, False
    order = ((T, T, T), (T, T, F), (T, F, T), (F, T, T))
    if set(found) - set(order):
        return None
    kinds = Kinds(*(tuple(found.get(kind, ())) for kind in order))
    return kinds if all(_count(line, axes) >= NARROWEST for axes in kinds[1:]) else None


def _count(line: Line, axes: Axes) -> int:
    return math.prod(line.sizes[a] for a in axes)


def _fullness(line: Line, nest: Nest) -> float:
    """How much of the vectors of a processor the loops of a line fill."""
    vector = VECTOR[line.target.dtype]
    if nest.width:
        return min(1.0, nest.width / vector)
    return min(0.3, line.sizes[nest.wide] / vector / 8)  # type: ignore[index] # dots: two reads for each product


def _as_matrix(line: Line, read: Read, repeated: Axes, outer: Axes, inner: Axes) -> tuple[int, int, int] | None:
    """The strides of a read as matrices, the last 1; None where it lies otherwise."""
    if read.place.table is not None:
        return None
    strides = tuple(_runs_through(line, read.place, axes) for axes in (repeated, outer, inner))
    if None in strides or strides[2] != 1 or strides[1] < _count(line, inner):  # type: ignore[operator]
        return None
    return strides  # type: ignore[return-value]


def _runs_through(line: Line, place: Map, axes: Axes) -> int | None:
    """The stride that runs through these axes as through one; None where none does."""
    for a, b in itertools.pairwise(axes):
        if place.strides[a] != place.strides[b] * line.sizes[b]:
            return None
    return place.strides[axes[-1]] if axes else 0


def _taken(term: Any, axes: Axes) -> Any:
    """A term over these axes of its line alone."""
    if not isinstance(term, Part):
        return term
    return replaced(term, lambda read: read.table.read(read.buffer, read.place.taken(axes)))
