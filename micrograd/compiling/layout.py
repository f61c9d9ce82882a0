"""Layout: the shapes in which a printed program shows its buffers.

A buffer is flat; lines say how they go through it. The shape of a buffer of numbers is
the finest that its lines go through: 1,600 numbers that a line reads with strides
(16, 1) are shown as (100, 16). `theta`, in which the caller's numbers lie one after the
other, is shown as blocks: the ranges that lines read.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from micrograd import on_demand as np
from micrograd.compiling.groups import contiguous
from micrograd.compiling.lines import Buffer, Line
from micrograd.compiling.maps import Map, Sizes
from micrograd.compiling.opaque import Opaque

ROUNDS = 8  # of shapes that make lines finer, which make shapes finer
BLOCKED = ("theta", "constants")  # buffers that are shown in blocks


class Block(NamedTuple):
    """A range of a buffer that has a shape of its own.

    Attributes:
        family: the buffer; or the one that it is the gradient of.
        start: where the range begins.
        shape: its shape.
    """

    family: str
    start: int
    shape: Sizes

    @property
    def size(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)


class Layout:
    """The blocks of all buffers of some lines.

    Args:
        lines: the lines.
        known: the shapes that are known, by the name of the buffer.
        alike: buffers that have the blocks of another one, by name.
        cuts: where a buffer is cut in any case, by name.

    Attributes:
        lines: the same, with axes cut as the shapes of the buffers are.
        blocks: by family, in order.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        known: dict[str, Sizes],
        alike: dict[str, str],
        cuts: Mapping[str, Sequence[tuple[int, Sizes]]],
    ) -> None:
        self.lines = list(lines)
        self.known = known
        self.alike = alike
        self.cuts = cuts
        self.blocks: dict[str, list[Block]] = {}
        self._opaque = {line.target.name for line in lines if isinstance(line, Opaque)}
        for _ in range(ROUNDS):
            self.blocks = self._found()
            finer = [self._finer(line) for line in self.lines]
            is_done = all(line is other for line, other in zip(finer, self.lines, strict=True))
            self.lines = finer
            if is_done:
                return

    def family(self, buffer: Buffer) -> str:
        """The buffer whose shape this one has."""
        while buffer.of is not None:
            buffer = buffer.of
        name = buffer.name.removeprefix("count_")
        return self.alike.get(name, name)

    def block_of(self, buffer: Buffer, place: Map, sizes: Sizes) -> Block:
        """The block in which a map goes; the whole buffer where it leaves each."""
        low, high = reach(place, sizes)
        family = self.family(buffer)
        for block in sorted(self.blocks.get(family, ()), key=lambda block: block.size):
            if block.start <= low and high < block.start + block.size:
                return block
        return Block(family, 0, (buffer.size,))

    def _found(self) -> dict[str, list[Block]]:
        maps: dict[str, list[tuple[Map, Sizes]]] = {}
        buffers: dict[str, Buffer] = {}
        for line in self.lines:
            for buffer, place, sizes in places_of(line):
                name = self.family(buffer)
                maps.setdefault(name, []).append((place, sizes))
                while buffer.of is not None:
                    buffer = buffer.of
                if name == buffer.name or name not in buffers:
                    buffers[name] = buffer
        return {name: self._blocks(name, buffers[name], found) for name, found in maps.items()}

    def _blocks(self, name: str, buffer: Buffer, maps: list[tuple[Map, Sizes]]) -> list[Block]:
        if name in self.cuts:
            return [Block(name, start, shape) for start, shape in self.cuts[name]]
        if name in self.known:
            return [Block(name, 0, self.known[name])]
        if not buffer.is_weak:
            shape = buffer.shape if math.prod(buffer.shape) == buffer.size else (buffer.size,)
            is_kept = buffer.kind != "inner" or name in self._opaque
            return [Block(name, 0, shape if is_kept else tuple(n for n in shape if n != 1))]
        reaches = [reach(place, sizes) for place, sizes in maps]
        ranges = [(0, buffer.size - 1)]
        if name == "theta":
            ranges = _ranges(reaches, buffer.size)
        elif name == "constants":  # nobody writes there, so blocks may lie on each other
            ranges = sorted(set(reaches))
        blocks = []
        for low, high in ranges:
            inside = [found for found, (a, b) in zip(maps, reaches, strict=True) if low <= a and b <= high]
            blocks.append(Block(name, low, _shape(high - low + 1, inside)))
        return blocks

    def _finer(self, line: Line) -> Line:
        """The line with its axes cut where a shape is."""
        if isinstance(line, Opaque):
            return line
        axis = 0
        while axis < len(line.sizes):
            inner = self._cut(line, axis)
            if inner:
                line = line.split(axis, inner)
            else:
                axis += 1
        return line

    def _cut(self, line: Line, axis: int) -> int:
        """The size of the inner part of an axis that runs through several of a shape; 0
        for one that does not.
        """
        size = line.sizes[axis]
        places = list(places_of(line))
        if any(axis in place.axes for _, place, _ in places):
            return 0
        for buffer, place, sizes in places:
            stride = abs(place.strides[axis])
            if not stride or size == 1:
                continue
            block = self.block_of(buffer, place, sizes)
            low = reach(place, sizes)[0] - block.start
            for step in sorted(contiguous(block.shape)):
                if stride < step < stride * size and step % stride == 0 and size % (step // stride) == 0:
                    return step // stride if low % step < stride else 0
        return 0


def places_of(line: Line) -> Iterable[tuple[Buffer, Map, Sizes]]:
    """Each buffer that a line touches, by which map, over which domain."""
    if isinstance(line, Opaque):
        yield line.target, Map(0, contiguous(line.target.shape)), line.target.shape
        for read, shape in zip(line.inputs, line.shapes, strict=True):
            yield read.buffer, read.place, shape
        return
    yield line.target, line.place, line.sizes
    for read in line.reads():
        yield read.buffer, read.place, line.sizes


def reach(place: Map, sizes: Sizes) -> tuple[int, int]:
    """The first and the last element that a map goes to."""
    low = high = place.offset
    for stride, size in zip(place.strides, sizes, strict=True):
        low, high = low + min(0, stride * (size - 1)), high + max(0, stride * (size - 1))
    if place.table is not None and place.table.size:
        low, high = low + int(place.table.min()), high + int(place.table.max())
    return low, high


def _ranges(reaches: list[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """Ranges that cover a buffer, each of which is read by itself, or by nobody.

    A range of which the half is read in smaller ranges, such as all parameters in the
    sum of their squares, is not one of them.
    """
    found = sorted(set(reaches), key=lambda r: (r[0] - r[1], r[0]))
    owner = np.full(size, -1, np.int64)
    number = 0
    for low, high in found:
        inner = np.zeros(high - low + 1, bool)
        for a, b in found:
            if low <= a and b <= high and (a, b) != (low, high):
                inner[a - low : b - low + 1] = True
        if 2 * inner.sum() < len(inner) and (owner[low : high + 1] < 0).all():
            owner[low : high + 1] = number
            number += 1
    edges = [0, *(np.flatnonzero(np.diff(owner)) + 1).tolist(), size]
    return [(a, b - 1) for a, b in itertools.pairwise(edges) if b > a]


def _shape(size: int, maps: list[tuple[Map, Sizes]]) -> Sizes:
    """The finest shape through which all maps go evenly."""
    if size == 1:
        return ()
    steps = {1, size}
    for place, sizes in maps:
        for stride, count in zip(place.strides, sizes, strict=True):
            step = abs(stride)
            if step and count > 1 and size % step == 0 and all(step % s == 0 or s % step == 0 for s in steps):
                steps.add(step)
    order = sorted(steps)
    return tuple(b // a for a, b in itertools.pairwise(order))[::-1]
