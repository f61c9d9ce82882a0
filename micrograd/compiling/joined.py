"""Lines joined for C: a copy is the buffer itself, and an update is part of the product
that it takes.

The printed program keeps all lines. What runs has fewer:

    d_w = X.T @ d_v;  w.grad = d_w              w.grad = X.T @ d_v
    d_w = X.T @ d_v;  w.data = w - rate * d_w   w.data = w + (-rate * X.T) @ d_v

    d_x = 0;  d_x[1:] += d_v                    d_x[0] = 0;  d_x[1:] = d_v

The second is for large products, where BLAS multiplies and adds on the way, and for
gradients that nobody reads. The third saves two ways through memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.lines import Buffer, Line
from micrograd.compiling.maps import Map, Sizes, is_whole
from micrograd.compiling.opaque import Opaque
from micrograd.compiling.products import blas, is_fixed, product_of
from micrograd.compiling.terms import Part, Read, Term, reads_of, replaced
from micrograd.ops.arithmetic import add, multiply, negative, subtract


def joined(lines: Sequence[Line], kept: set[str], exact: bool) -> tuple[list[Line | None], dict[str, str]]:
    """What runs in the place of each line, None where nothing does; and the buffers
    that are another one, by name.

    Args:
        lines: all lines of a program, in the order in which they first run.
        kept: names of buffers that somebody reads afterwards.
        exact: keep every op and every order.
    """
    made, shared = without_copies(lines, kept)
    return made if exact else set_at_once(with_updates(made, kept)), shared


def without_copies(lines: Sequence[Line], kept: set[str]) -> tuple[list[Line | None], dict[str, str]]:
    """Where a buffer is a copy of another, both are one; it has the name of the one
    that is kept.
    """
    count: dict[str, int] = {}
    last: dict[str, int] = {}  # where a buffer is written for the last time
    barred: set[str] = set()  # read before it is written, or by an op
    for i, line in enumerate(lines):
        barred |= {r.buffer.name for r in line.reads() if isinstance(line, Opaque) or r.buffer.name not in count}
        if isinstance(line, Opaque):
            barred.add(line.target.name)
        count[line.target.name] = count.get(line.target.name, 0) + 1
        last[line.target.name] = i
    homes: dict[str, Buffer] = {}

    def home(buffer: Buffer) -> Buffer:
        while buffer.name in homes:
            buffer = homes[buffer.name]
        return buffer

    made: list[Line | None] = list(lines)
    for i, line in enumerate(lines):
        source = _copied(line)
        if source is None or {source.name, line.target.name} & barred or count[line.target.name] != 1:
            continue
        first = home(source)
        if last[first.name] > i or (first.name in kept and line.target.name in kept):
            continue
        if line.target.name in kept:
            homes[first.name] = line.target
            last[line.target.name] = last[first.name]
        else:
            homes[line.target.name] = first
        made[i] = None
    shared = {name: home(buffer).name for name, buffer in homes.items()}
    return [line if line is None else _moved(line, homes.keys(), home) for line in made] if homes else made, shared


def _copied(line: Line) -> Buffer | None:
    """The buffer that a line copies whole, element by element; None where it does
    something else.
    """
    read, target = line.term, line.target
    if not isinstance(read, Read) or line.grows or line.start is not None or line.summed:
        return None
    source = read.buffer
    if read.place.key != line.place.key or not is_whole(line.place, line.sizes, target.size):
        return None
    if source.size != target.size or source.dtype != target.dtype or source.is_weak != target.is_weak:
        return None
    return source if {source.kind, target.kind} <= {"inner", "gradient"} else None


def _moved(line: Line, names: Any, home: Any) -> Line:
    """A line that reads and writes the buffers that are left."""
    if line.target.name not in names and not any(read.buffer.name in names for read in line.reads()):
        return line

    def change(read: Read) -> Read:
        return read.table.read(home(read.buffer), read.place)

    term = replaced(line.term, change)
    start = None if line.start is None else replaced(line.start, change)
    return Line(home(line.target), line.place, line.sizes, term, line.grows, start, line.reduce)


def with_updates(lines: Sequence[Line | None], kept: set[str]) -> list[Line | None]:
    """Large products whose one use is an update become the update."""
    made = list(lines)
    writers: dict[str, list[int]] = {}
    users: dict[str, list[int]] = {}
    for i, line in enumerate(made):
        if line is not None:
            writers.setdefault(line.target.name, []).append(i)
            for read in line.reads():
                users.setdefault(read.buffer.name, []).append(i)
    for i, line in enumerate(lines):
        if line is None or line.target.name in kept or isinstance(line, Opaque):
            continue
        using = users.get(line.target.name, [])
        if len(using) != 1 or writers[line.target.name] != [i] or using[0] < i or not _is_product(line):
            continue
        user = made[using[0]]
        names = {read.buffer.name for read in line.reads()}
        is_changed = any(i < k < using[0] for name in names for k in writers.get(name, ()))
        together = None if is_changed or user is None else _updated(user, line)
        if together is not None:
            made[i], made[using[0]] = None, together
    return made


def set_at_once(lines: Sequence[Line | None]) -> list[Line | None]:
    """A buffer that is cleared, and grows then, is set where it grows, and cleared
    elsewhere.
    """
    made = list(lines)
    cleared: dict[str, int] = {}  # by buffer, the line that clears it and that nothing has followed
    for i, line in enumerate(made):
        if line is None:
            continue
        for read in line.reads():
            cleared.pop(read.buffer.name, None)
        before = cleared.pop(line.target.name, None)
        if isinstance(line, Opaque):
            continue
        if _clears(line):
            cleared[line.target.name] = i
        elif before is not None and line.grows and line.reduce == "sum" and line.writes_each_once():
            made[i] = Line(line.target, line.place, line.sizes, line.term, False)
            made[before] = _cleared_around(line)
    return made


def _clears(line: Line) -> bool:
    """Whether a line sets its whole target to 0."""
    if isinstance(line.term, Part) or line.term != 0 or line.grows or line.start is not None:
        return False
    return is_whole(line.place, line.sizes, line.target.size)


def _cleared_around(line: Line) -> Line | None:
    """What clears the target of a line where the line does not set it: the piece that
    is left, else all of it.
    """
    left = np.ones(line.target.size, bool)
    left[line.elements()] = False
    found = np.flatnonzero(left)
    if not len(found):
        return None
    first, count = int(found[0]), len(found)
    if found[-1] - first + 1 != count:
        first, count = 0, line.target.size
    return Line(line.target, Map(first, (1,)), (count,), 0.0, False)


def _is_product(line: Line) -> bool:
    """Whether BLAS computes a line, from numbers that no update has changed."""
    if line.grows or line.start is not None or any(read.buffer.kind == "state" for read in line.reads()):
        return False
    product = product_of(line)
    return product is not None and not product.sums and blas(line.target.dtype) is not None


def _updated(user: Line, product: Line) -> Line | None:
    """Both as one line: a product that begins with the rest of the update."""
    if isinstance(user, Opaque) or user.grows or user.summed or user.start is not None:
        return None
    if user.target.dtype != product.target.dtype or user.place.table is not None:
        return None
    kept = [a for a in range(len(product.sizes)) if a not in product.summed]
    kept.sort(key=lambda a: -product.place.strides[a])
    sizes = tuple(product.sizes[a] for a in kept)
    moved = _cut(user, sizes)
    if moved is None or not is_whole(product.place, _without(product.sizes, product.summed), product.target.size):
        return None
    read = next((r for r in reads_of(moved.term) if r.buffer is product.target), None)
    if read is None or read.place != product.place.taken(kept) or any(r.place.table is not None for r in moved.reads()):
        return None
    split = _linear(moved.term, read)
    if split is None:
        return None
    factor, rest = split

    def spread(place: Map) -> Map:
        strides = [0] * len(product.sizes)
        for a, stride in zip(kept, place.strides, strict=True):
            strides[a] = stride
        return Map(place.offset, tuple(strides))

    def move(term: Any) -> Any:
        return replaced(term, lambda r: r.table.read(r.buffer, spread(r.place))) if isinstance(term, Part) else term

    return Line(user.target, spread(moved.place), product.sizes, move(factor) * product.term, False, move(rest))


def _without(sizes: Sizes, axes: Sequence[int]) -> Sizes:
    return tuple(1 if a in axes else n for a, n in enumerate(sizes))


def _cut(line: Line, sizes: Sizes) -> Line | None:
    """The line with its axes cut to these sizes; None where they do not fit."""
    for axis in range(len(sizes)):
        if axis >= len(line.sizes):
            return None
        inner, size = 1, line.sizes[axis]
        if size != sizes[axis]:
            inner, rest = divmod(size, sizes[axis])
            if rest:
                return None
            line = line.split(axis, inner)
    return line if line.sizes == sizes else None


def _linear(term: Any, read: Read) -> tuple[Any, Any] | None:
    """A term as factor * read + rest, the factor being the same number everywhere."""
    if term is read:
        return 1.0, 0.0
    if not isinstance(term, Term):
        return None
    inside = [x for x in term.inputs if isinstance(x, Part) and any(r is read for r in reads_of(x))]
    if len(inside) != 1:
        return None
    found = _linear(inside[0], read)
    if found is None:
        return None
    factor, rest = found
    if term.op is negative:
        return -factor, -rest
    if len(term.inputs) != 2:  # tanh of the product, say
        return None
    is_first = term.inputs[0] is inside[0]
    other = term.inputs[1] if is_first else term.inputs[0]
    if term.op is add:
        return factor, rest + other
    if term.op is subtract:
        return (factor, rest - other) if is_first else (-factor, other - rest)
    if term.op is multiply and is_fixed(other):
        return factor * other, rest * other
    return None
