"""Reverse mode on lines.

Where a line reads, its transpose writes: reads and target change places. This is the
transpose of every view, broadcast, gather, sum and product at once.

    target[m]  =  term(x[n], ...)      gives      d_x[n]  +=  d_target[m] * d term / d x
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.lines import Buffer, Line, Program
from micrograd.compiling.maps import Map, is_each_once
from micrograd.compiling.opaque import Opaque
from micrograd.compiling.terms import Term, partials
from micrograd.ops.arithmetic import divide, where
from micrograd.ops.comparisons import equal


def needed(lines: list[Line], wanted: set[str]) -> set[str]:
    """The buffers whose gradient leads to that of a wanted buffer."""
    found = set(wanted)
    for line in lines:
        if not any(read.buffer.name in found for read in line.reads()):
            continue
        if isinstance(line, Opaque):
            reads = line.inputs if line.op.differentiable else []
        else:
            reads = [read for read, _ in partials(line.term, None).values()]
        if any(read.buffer.name in found for read in reads):
            found.add(line.target.name)
    return found


def needed_for(lines: list[Line], names: set[str]) -> tuple[list[Line], list[Line]]:
    """The lines that make these buffers, and the others."""
    live = set(names)
    needs = []
    for line in reversed(lines):
        if line.target.name in live:
            live |= {read.buffer.name for read in line.reads()}
            needs.append(line)
    needs.reverse()
    return needs, [line for line in lines if not any(line is other for other in needs)]


def derived(program: Program, lines: list[Line], root: Buffer, wanted: set[str]) -> list[Line]:
    """The lines that give the gradients of the wanted buffers, each in `d_` and its
    name.

    Args:
        program: what all belong to.
        lines: those that make the root.
        root: the buffer that gradients begin at; its own gradient is given.
        wanted: names of buffers.
    """
    need = needed(lines, wanted)
    gradient_of(program, root).kind = "seeds"
    reached = {root.name}
    made: list[Line] = []
    for line in reversed(lines):
        if line.target.name in reached:
            if isinstance(line, Opaque):
                parts = line.transposed(program, gradient_of(program, line.target), need, gradient_of)
            else:
                parts = _transposed(program, line, need)
            reached |= {part.target.of.name for part in parts if part.target.of is not None}
            made += parts
    if program.terms.exact:  # the walk back of eager takes the last user first
        made = [line if isinstance(line, Opaque) else line.backwards() for line in made]
    return begun(program, made)


def gradient_of(program: Program, buffer: Buffer) -> Buffer:
    """The buffer of the gradient of a buffer."""
    name = f"d_{buffer.name}"
    if name not in program.buffers:
        program.new(name, buffer.size, "gradient", buffer)
    return program.buffers[name]


def _transposed(program: Program, line: Line, need: set[str]) -> list[Line]:
    """What the gradient of the target gives to those of the reads."""
    g = program.terms.read(gradient_of(program, line.target), line.place)
    if line.reduce != "sum":
        return _transposed_extremum(program, line, g, need)
    is_alone = not line.grows and not line.summed
    output = program.terms.read(line.target, line.place) if is_alone else None
    made = []
    for read, slope in partials(line.term, output).values():
        if read.buffer.name in need:
            made.append(Line(gradient_of(program, read.buffer), read.place, line.sizes, _chosen(g, slope), True))
    return made


def _transposed_extremum(program: Program, line: Line, g: Any, need: set[str]) -> list[Line]:
    """Elements that tie share the gradient: first a line that counts them."""
    terms = program.terms
    is_it = where(equal(line.term, terms.read(line.target, line.place)), 1.0, 0.0)
    count = program.new(f"count_{line.target.name}", line.target.size, dtype=line.target.dtype)
    count.is_weak = line.target.is_weak
    made = [Line(count, line.place, line.sizes, is_it, False)]
    share = divide(g, terms.read(count, line.place))
    for read, slope in partials(line.term, None).values():
        if read.buffer.name in need:
            term = where(equal(line.term, terms.read(line.target, line.place)), share * slope, 0.0)
            made.append(Line(gradient_of(program, read.buffer), read.place, line.sizes, term, True))
    return made


def _chosen(g: Any, slope: Any) -> Any:
    """g * slope, where a slope that is 0 unless something holds chooses."""
    if isinstance(slope, Term) and slope.op is where:
        choice, x, y = slope.inputs
        if isinstance(y, (int, float)) and y == 0:
            return where(choice, g * x, 0.0)
    return g * slope


def begun(program: Program, lines: list[Line]) -> list[Line]:
    """The same lines, where the first that writes an element sets it: `=` in place of
    `+=`; a buffer that is not begun by whole lines is cleared first.
    """
    made: list[Line] = []
    written: dict[str, Any] = {}
    cleared: set[str] = set()
    for line in lines:
        name, size = line.target.name, line.target.size
        if name in cleared or not line.grows:
            made.append(line)
            continue
        known = written.get(name)
        if known is None:
            known = written[name] = np.zeros(size, bool)
        elements = _elements(line)
        is_new = is_each_once(elements) and not known[elements].any()
        if is_new:
            line.grows = False
        elif not known[elements].all():
            first = next(i for i, other in enumerate([*made, line]) if other.target.name == name)
            made.insert(first, Line(line.target, Map(0, (1,)), (size,), 0.0, False))
            cleared.add(name)
            for other in made[first + 1 :]:
                if other.target.name == name:
                    other.grows = True
        known[elements] = True
        made.append(line)
    return _filled(program, made, written, cleared)


def _elements(line: Line) -> Any:
    """The elements that a line writes, each as often as it is set."""
    kept = [a for a in range(len(line.sizes)) if a not in line.summed]
    place = line.place.taken(kept)
    return place.indices(tuple(line.sizes[a] for a in kept)).reshape(-1)


def _filled(program: Program, lines: list[Line], written: dict[str, Any], cleared: set[str]) -> list[Line]:
    """Clear what is read or given out but not written by any line."""
    missing = [name for name, known in written.items() if name not in cleared and not known.all()]
    for name in missing:
        buffer = program.buffers[name]
        first = next(i for i, line in enumerate(lines) if line.target is buffer)
        lines.insert(first, Line(buffer, Map(0, (1,)), (buffer.size,), 0.0, False))
        for line in lines[first + 1 :]:
            if line.target is buffer:
                line.grows = True
    return lines
