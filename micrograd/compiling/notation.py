"""Notation: a line as a person would write it, in matrix form.

    v1[i, j]  =  b[j] + sum of X[i, k] * W[j, k]      is written      v1 = b + X @ W.T

A sum of products of two reads is a matrix product where their axes allow it, and else
an einsum. A line that has no matrix form is written with the indices of its elements.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from micrograd.compiling.elements import Elements
from micrograd.compiling.groups import contiguous
from micrograd.compiling.layout import Block, Layout
from micrograd.compiling.lines import Buffer, Line
from micrograd.compiling.maps import Map, Sizes
from micrograd.compiling.opaque import Opaque
from micrograd.compiling.views import NoMatrixFormError, View, aligned, digits_of, sliced
from micrograd.compiling.writing import Statement, Writer, flat, op_name

SHORTEST = 4  # a table of more places has a name


class Notation:
    """Writes the lines of a layout.

    Args:
        layout: the lines and the shapes of buffers.
        name: gives the name of a block of a buffer.
        is_derived: whether gradients go through a line, which then says where they
            stop.
        free: gives a name that is not taken: a word and a number.

    Attributes:
        tables: the tables of places that have a name, by name.
    """

    def __init__(
        self,
        layout: Layout,
        name: Callable[[Buffer, Block], str],
        is_derived: Callable[[Line], bool],
        free: Callable[[str], str],
    ) -> None:
        self.layout = layout
        self.name = name
        self.is_derived = is_derived
        self.tables: dict[str, Any] = {}
        self._table_names: dict[Any, str] = {}
        self.free = free

    def statements(self, line: Line) -> list[Statement]:
        """A line, after the parts of it that are written by themselves."""
        if isinstance(line, Opaque):
            return [self._opaque(line)]
        try:
            return Writer(self, line).statements()
        except NoMatrixFormError:
            return Elements(self, line).statements()

    def _opaque(self, line: Opaque) -> Statement:
        given = []
        for read, shape in zip(line.inputs, line.shapes, strict=True):
            try:
                text = aligned(self.view(read.buffer, read.place, shape), tuple(range(len(shape)))).text
            except NoMatrixFormError:
                text = f"take({self.whole(read.buffer)}, {self.table(read.place.indices(shape))})"
            given.append(text)
        target = self.whole(line.target)
        params = [f"{k}={self.param(v)}" for k, v in line.params.items()]
        if line.pulled is None:
            call = f"{op_name(line.op)}({', '.join([*given, *params])})"
        else:
            call = f"pull({op_name(line.op)}, {line.pulled})({', '.join([*given, *params])})"
        return Statement(f"{target} = {call}", line.target.shape, line)

    def param(self, x: Any) -> str:
        """A keyword argument of an op."""
        return self.table(x) if getattr(x, "ndim", 0) else repr(x)

    def whole(self, buffer: Buffer) -> str:
        """The name of a whole buffer."""
        return self.name(buffer, Block(self.layout.family(buffer), 0, (buffer.size,)))

    def table(self, places: Any) -> str:
        """A list of places: in full where it is short, else its name."""
        if places.ndim == 1 and places.size <= SHORTEST:
            return str(places.tolist())
        key = (places.shape, places.tobytes())
        if key not in self._table_names:
            name = self._table_names[key] = self.free("t")
            self.tables[name] = places
        return self._table_names[key]

    def view(self, buffer: Buffer, place: Map, sizes: Sizes) -> View:
        """What a map sees of a buffer."""
        block = self.layout.block_of(buffer, place, sizes)
        name = self.name(buffer, block)
        if place.table is not None:
            return self._taken(block, name, place, sizes)
        found = digits_of(block, place, sizes)
        if found is not None:
            return sliced(name, block.shape, found, place, sizes)
        axes = tuple(sorted((a for a, s in enumerate(place.strides) if s), key=lambda a: -place.strides[a]))
        shape = tuple(sizes[a] for a in axes)
        first = place.offset - block.start
        if first >= 0 and tuple(place.strides[a] for a in axes) == contiguous(shape):
            end = first + math.prod(shape)
            index = f"[{first or ''}:{end if end < block.size else ''}]"
            part = name if index == "[:]" else f"{flat(name, block)}{index}"
            text = part if len(shape) == 1 and part != name else f"{part}.reshape({', '.join(map(str, shape))})"
            return View(text, axes, text, axes)
        raise NoMatrixFormError

    def _taken(self, block: Block, name: str, place: Map, sizes: Sizes) -> View:
        """Elements, or rows, at the places of a table."""
        row = math.prod(block.shape[1:])
        rest = [a for a, s in enumerate(place.strides) if s and a not in place.axes]
        if len(block.shape) > 1 and rest:
            strides = [s if a in place.axes else 0 for a, s in enumerate(place.strides)]
            axes = place.axes
            places = Map(place.offset - block.start, tuple(strides), place.table, place.axes).indices(sizes)
            places = places[tuple(slice(None) if a in axes else 0 for a in range(len(sizes)))]
            inner = Map(0, tuple(0 if a in axes else s for a, s in enumerate(place.strides)))
            found = digits_of(Block("", 0, block.shape[1:]), inner, sizes)
            if (places % row == 0).all() and found is not None and all(len(dim) == 2 for dim in found):
                order = tuple(dim[1] for dim in found)
                if tuple(sizes[a] for a in order) == block.shape[1:] and all(inner.strides[a] > 0 for a in order):
                    text = f"{name}[{self.table(places // row)}]"
                    return View(text, (*axes, *order), text, (*axes, *order))
        axes = tuple(a for a in range(len(sizes)) if not place.is_fixed(a))
        places = place.indices(sizes)[tuple(slice(None) if a in axes else 0 for a in range(len(sizes)))] - block.start
        text = f"{flat(name, block)}[{self.table(places)}]"
        return View(text, axes, text, axes)
