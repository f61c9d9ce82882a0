"""Fewer loops for the same numbers: lines are computed where they are read, begin where
another ends, or go where nobody reads them.
"""

from __future__ import annotations

import math
from typing import Any

from micrograd.compiling.lines import Line, Program
from micrograd.compiling.maps import Map, Sizes, is_whole
from micrograd.compiling.opaque import Opaque
from micrograd.compiling.terms import Part, Read, in_order, reads_of, replaced

LARGEST = 60  # ops in one term: more are computed in two lines


def simplified(program: Program, lines: list[Line], kept: set[str]) -> list[Line]:
    """The lines, simplified.

    Args:
        program: what they belong to.
        lines: in order.
        kept: names of buffers that somebody reads afterwards.
    """
    lines = without_dead(lines, kept)
    lines = inlined(lines, kept)
    return started(lines)


def without_dead(lines: list[Line], kept: set[str]) -> list[Line]:
    """The lines that somebody needs."""
    live = set(kept)
    made = []
    for line in reversed(lines):
        if line.target.name in live:
            made.append(line)
            live |= {read.buffer.name for read in line.reads()}
    return made[::-1]


def inlined(lines: list[Line], kept: set[str]) -> list[Line]:
    """Lines without sums are computed where they are read, if each element is read
    once.
    """
    made: list[Line | None] = list(lines)
    writers: dict[str, list[int]] = {}
    users: dict[str, set[int]] = {}
    for i, line in enumerate(lines):
        writers.setdefault(line.target.name, []).append(i)
        for read in line.reads():
            users.setdefault(read.buffer.name, set()).add(i)
    for i in reversed(range(len(lines))):
        producer = made[i]
        name = lines[i].target.name
        if producer is None or name in kept or len(writers[name]) != 1 or len(users.get(name, ())) != 1:
            continue
        (j,) = users[name]
        user = made[j]
        names = {r.buffer.name for r in producer.reads()}
        if user is None or any(i < k < j for n in names for k in writers.get(n, ())):
            continue
        together = put_in(user, producer)
        if together is not None:
            made[i], made[j] = None, together
            for n in names:
                users[n].discard(i)
                users[n].add(j)
    return [line for line in made if line is not None]


def _is_all(line: Line) -> bool:
    return is_whole(line.place, line.sizes, line.target.size)


def put_in(user: Line, producer: Line) -> Line | None:
    """The user with the term of the producer in place of its reads; None where that is
    more work, or the maps do not fit.
    """
    if isinstance(producer, Opaque) or producer.grows or producer.summed or not _is_all(producer):
        return None
    mine = [r for r in user.reads() if r.buffer is producer.target]
    if isinstance(user, Opaque) or math.prod(user.sizes) > producer.target.size or len(mine) != 1:
        return None
    if len(in_order(user.term)) + len(in_order(producer.term)) > LARGEST or user.start is not None:
        return None
    found = composed(user, mine[0].place, producer)
    if found is None:
        return None
    user, moves, first = found
    strides_of = [r for r in reads_of(user.term) if r.buffer is producer.target]
    inner = replaced(producer.term, lambda r: r.table.read(r.buffer, _moved(r.place, moves, first)))
    assert len(strides_of) == 1
    term = replaced(user.term, lambda r: inner if r.buffer is producer.target else r)
    return Line(user.target, user.place, user.sizes, term, user.grows, None, user.reduce)


def composed(user: Line, place: Map, producer: Line) -> tuple[Line, list[tuple[int, ...]], tuple[int, ...]] | None:
    """How the axes of the user move along those of the producer.

    Returns:
        The user, its axes cut where they must be; for each axis, the step along each
        axis of the producer; and the point of the producer where the user begins. None
        where strides cannot say it.
    """
    if place.table is not None or any(r.place.table is not None for r in producer.reads()):
        return None
    digits = sorted(zip(producer.place.strides, producer.sizes, range(len(producer.sizes)), strict=True), reverse=True)
    first = [0] * len(producer.sizes)
    rest = place.offset
    for stride, _, k in digits:
        first[k], rest = divmod(rest, stride) if stride else (0, rest)
    axis = 0
    moves: list[list[int]] = []
    reach = list(first)
    while axis < len(user.sizes):
        step = (reads_place(user, producer)).strides[axis]
        move = [0] * len(producer.sizes)
        if step:
            digit = next(((s, n, k) for s, n, k in digits if s and step % s == 0), None)
            if digit is None or step < 0:
                return None
            stride, size, k = digit
            by = step // stride
            if (user.sizes[axis] - 1) * by + reach[k] > size - 1:  # it runs over into the next axis
                inner = size // by if size % by == 0 else 0
                if inner < 1 or inner == user.sizes[axis] or user.sizes[axis] % inner:
                    return None
                user = user.split(axis, inner)
                continue
            move[k] = by
            reach[k] += (user.sizes[axis] - 1) * by
        moves.append(move)
        axis += 1
    return user, [tuple(m) for m in moves], tuple(first)


def reads_place(user: Line, producer: Line) -> Map:
    """Where the user reads the target of the producer."""
    return next(r.place for r in user.reads() if r.buffer is producer.target)


def _moved(place: Map, moves: list[tuple[int, ...]], first: tuple[int, ...]) -> Map:
    offset = place.offset + sum(f * s for f, s in zip(first, place.strides, strict=True))
    strides = tuple(sum(m * s for m, s in zip(move, place.strides, strict=True)) for move in moves)
    return Map(offset, strides)


def started(lines: list[Line]) -> list[Line]:
    """A sum begins with what an earlier line put in its place: one line for `t = b` and
    `t += sum of w * x`.
    """
    made: list[Line | None] = []
    last: dict[str, int] = {}  # where a buffer was last written
    touched: dict[str, int] = {}  # where it was last read
    for line in lines:
        name = line.target.name
        before = last.get(name, -1)
        first = made[before] if before >= 0 else None
        if first is not None and line.grows and line.summed and line.start is None and line.reduce == "sum":
            start = _start_of(line, first)
            is_changed = any(last.get(r.buffer.name, -1) > before for r in first.reads())
            if start is not None and not is_changed and touched.get(name, -1) < before:
                made[before] = None
                line = Line(line.target, line.place, line.sizes, line.term, False, start)
        last[name] = len(made)
        for read in line.reads():
            touched[read.buffer.name] = len(made)
        made.append(line)
    return [line for line in made if line is not None]


def _start_of(line: Line, first: Line) -> Any:
    """What the first line puts where the other adds, as a term over its domain; None
    where they do not write the same elements in the same order.
    """
    if isinstance(first, Opaque) or first.grows or first.summed or first.start is not None:
        return None
    kept = [a for a in range(len(line.sizes)) if a not in line.summed]
    sizes: Sizes = tuple(line.sizes[a] for a in kept)
    place = line.place.taken(kept)
    if place.key != first.place.key or sizes != first.sizes:
        return None
    if any(r.place.table is not None for r in first.reads()) or place.table is not None:
        return None

    def spread(read: Read) -> Read:
        strides = [0] * len(line.sizes)
        for a, stride in zip(kept, read.place.strides, strict=True):
            strides[a] = stride
        return read.table.read(read.buffer, Map(read.place.offset, tuple(strides)))

    return replaced(first.term, spread) if isinstance(first.term, Part) else first.term
