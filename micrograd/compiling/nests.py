"""Loop nests: in which order a line goes through its domain, and what it keeps in
registers meanwhile.

A line that adds up keeps the sums of a tile of outputs, `wide` of them beside each
other: the compiler makes vector code of that loop. Sums are never split over a vector,
so no reordering by the compiler is needed.
"""

from __future__ import annotations

from micrograd.compiling.lines import Line
from micrograd.compiling.maps import Map
from micrograd.compiling.terms import Read, reads_of
from micrograd.compiling.tuples import Nest as Nest

NARROWEST = 4  # a vector axis is at least as long
TILE = 160  # sums that are kept at once
HEIGHTS = (8, 5, 4, 3, 2)
PACKED = 2**14  # elements of a read that are copied at most: they lie on the stack


def nest_of(line: Line, exact: bool) -> Nest:
    """The loops of a line."""
    summed = line.summed
    free = [a for a in range(len(line.sizes)) if a not in summed]
    reads = reads_of(line.term)
    if not summed:
        wide = _smoothest(line, free, reads)
        outer = tuple(a for a in free if a != wide)
        return Nest(outer, None, (), wide, line.sizes[wide] if wide is not None else 1, 1, ())
    candidates = [a for a in free if line.sizes[a] >= NARROWEST and a not in line.place.axes]
    wide, packed = _best(line, candidates, reads)
    if wide is None or line.place.table is not None:
        return _along_sums(line, free, summed, reads, exact)
    width = _width(line.sizes[wide])
    others = [a for a in free if a != wide]
    return Nest(tuple(others), _tile(line, others, wide, width), summed, wide, width, 1, packed)


def _tile(line: Line, others: list[int], wide: int, width: int) -> tuple[int, int] | None:
    """The outputs that are kept at once: no two of them are one element."""
    for axis in reversed(others):
        for height in HEIGHTS:
            if line.sizes[axis] % height == 0 and height * width <= TILE:
                if _are_apart(line.place, (axis, height), (wide, width)):
                    return axis, height
                break
    return None


def _smoothest(line: Line, axes: list[int], reads: list[Read]) -> int | None:
    """The axis along which most is read and written one element after the other."""

    def roughness(axis: int) -> tuple[int, int]:
        maps = [line.place, line.place, *[read.place for read in reads]]
        bad = sum(axis in m.axes or m.strides[axis] not in (0, 1) for m in maps)
        return bad, -line.sizes[axis]

    return min(axes, key=roughness, default=None)


def _best(line: Line, candidates: list[int], reads: list[Read]) -> tuple[int | None, tuple[Read, ...]]:
    """The axis for vectors, and what must be copied for it; None where a loop over sums
    is better.
    """
    best: tuple[int | None, tuple[Read, ...]] = (None, ())
    least = None
    for axis in candidates:
        rough = [r for r in reads if axis in r.place.axes or r.place.strides[axis] not in (0, 1)]
        packed = tuple(r for r in rough if _is_worth_packing(line, r))
        cost = (len(rough) - len(packed), len(packed), line.place.strides[axis] != 1, -line.sizes[axis])
        if len(rough) == len(packed) and (least is None or cost < least):
            best, least = (axis, packed), cost
    return best


def _is_worth_packing(line: Line, read: Read) -> bool:
    """Whether a read is of few elements, each read often."""
    if read.place.table is not None:
        return False
    count = total = 1
    for axis, size in enumerate(line.sizes):
        total *= size
        if read.place.strides[axis]:
            count *= size
    return count * 8 <= total and count <= PACKED


def _are_apart(place: Map, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether the points of two axes, of these sizes, are elements of their own.

    In d_x[i + j] += sum of g[i] w[j] they are not: a tile would hold one element twice,
    and lose what is added to one of them.
    """
    (step, size), (by, _) = sorted((abs(place.strides[axis]), size) for axis, size in (one, other))
    return bool(step * size <= by)


def _width(size: int) -> int:
    """How much of a vector axis is kept at once."""
    if size <= TILE:
        return size
    return max((w for w in (128, 96, 64, 48, 32, 16, 8) if size % w == 0), default=size)


def _along_sums(line: Line, free: list[int], summed: tuple[int, ...], reads: list[Read], exact: bool) -> Nest:
    """One sum for each output; the innermost loop is over what is added up."""
    wide = summed[-1] if exact else _smoothest(line, list(summed), reads)
    assert wide is not None
    rest = tuple(a for a in summed if a != wide)
    lanes = 1 if exact or line.reduce != "sum" or line.sizes[wide] < 2 * 8 else 8
    return Nest(tuple(free), None, rest, wide, 0, lanes, ())
