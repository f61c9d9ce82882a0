"""Tuples with names that rooms hand to each other: a map, an operand, a nest of loops.

They stand apart from the rooms that make them, which are compiled: there a named tuple
would not show its signature.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd import on_demand as np

if TYPE_CHECKING:
    from micrograd.compiling.terms import Read

Sizes = tuple[int, ...]


class Map(NamedTuple):
    """An element's number for each point.

    Attributes:
        offset: the element of the first point.
        strides: per axis of the domain, how many elements one step along it is.
        table: numbers that are added, an array over the axes named; or None.
        axes: the axes of the table.
    """

    offset: int
    strides: Sizes
    table: Any = None
    axes: Sizes = ()

    def indices(self, sizes: Sizes) -> Any:
        """The numbers themselves, an array of these sizes."""
        total = np.full(sizes, self.offset, np.int64)
        for axis, (size, stride) in enumerate(zip(sizes, self.strides, strict=True)):
            if stride:
                total += (np.arange(size) * stride).reshape([-1 if a == axis else 1 for a in range(len(sizes))])
        if self.table is not None:
            total += self.table.reshape([sizes[a] if a in self.axes else 1 for a in range(len(sizes))])
        return total

    def is_fixed(self, axis: int) -> bool:
        """Whether a step along this axis stays at the same element."""
        return self.strides[axis] == 0 and axis not in self.axes

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells maps apart."""
        return self.offset, self.strides, None if self.table is None else self.table.tobytes(), self.axes

    def split(self, axis: int, inner: int) -> Map:
        """The same over a domain whose axis is cut in two, the second of this size."""
        strides = (*self.strides[:axis], self.strides[axis] * inner, *self.strides[axis:])
        axes = tuple(b for a in self.axes for b in ((a, a + 1) if a == axis else (a + (a > axis),)))
        table = self.table
        if axis in self.axes:  # each axis of a table is one of the domain
            i = self.axes.index(axis)
            table = table.reshape(*table.shape[:i], -1, inner, *table.shape[i + 1 :])
        return Map(self.offset, strides, table, axes)

    def flipped(self, axis: int, size: int) -> Map:
        """The same over a domain whose axis, of this size, is run through from its
        end.
        """
        stride = self.strides[axis]
        strides = (*self.strides[:axis], -stride, *self.strides[axis + 1 :])
        table = self.table
        if axis in self.axes:
            table = np.ascontiguousarray(np.flip(table, self.axes.index(axis)))
        return Map(self.offset + stride * (size - 1), strides, table, self.axes)

    def taken(self, order: Sequence[int]) -> Map:
        """The same over a domain whose axes stand in this order."""
        strides = tuple(self.strides[a] for a in order)
        if self.table is None:
            return Map(self.offset, strides)
        axes = tuple(sorted(order.index(a) for a in self.axes))
        moved = [self.axes.index(order[a]) for a in axes]
        return Map(self.offset, strides, np.ascontiguousarray(self.table.transpose(moved)), axes)


class Operand(NamedTuple):
    """What a line reads: entries, and which axes of the line their own axes are.

    Attributes:
        entries: numbers of entries, an array of (members, terms).
        axes: for each axis of an entry, the axis of the line; -1 for one of length 1.
        places: in place of axes, which element of an entry belongs to each point of the
            shape of the line, counted in memory.
    """

    entries: Any
    axes: Sizes
    places: Any = None


class Nest(NamedTuple):
    """The loops of a line, as axes of its domain.

    Attributes:
        outer: loops over outputs, the outermost first.
        tile: the axis and the number of outputs along it that are kept at once; or
            None.
        summed: loops over what is added up.
        wide: the innermost axis; None where it is a loop over sums.
        width: how much of the innermost axis is done at once; all of it, usually.
        lanes: how many partial sums a sum over the innermost axis has.
        packed: reads that are copied first, with wide as the last axis.
    """

    outer: tuple[int, ...]
    tile: tuple[int, int] | None
    summed: tuple[int, ...]
    wide: int | None
    width: int
    lanes: int
    packed: tuple[Read, ...]
