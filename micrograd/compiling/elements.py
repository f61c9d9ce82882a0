"""Elements: the text of a line that has no form on whole arrays: with the indices of
its elements.

    v1[i] = sum(x[i + j] for j < 3)  for i < 4
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd.compiling.groups import contiguous
from micrograd.compiling.lines import Buffer, Line
from micrograd.compiling.maps import Map
from micrograd.compiling.terms import Part, Read, Term
from micrograd.compiling.views import ATOM, SUM, Axes, Text, digits_of
from micrograd.compiling.writing import LETTERS, Statement, Writer, assigned, flat, is_number, numeral


class Elements(Writer):
    """Writes one line element by element."""

    def __init__(self, notation: Any, line: Line) -> None:
        self.notation = notation
        self.line = line
        self.names = {}
        self.shows_stops = notation.is_derived(line)
        self.letters = [LETTERS[a] if a < len(LETTERS) else f"i{a}" for a in range(len(line.sizes))]

    def axes_of(self, part: Any) -> frozenset[int]:
        return frozenset()

    def statements(self) -> list[Statement]:
        line = self.line
        everywhere = self._ranges(range(len(line.sizes)))
        made = []
        for statement in [*self._shared(line.start, ()), *self._shared(line.term, ())]:
            made.append(Statement(f"{statement.text}  {everywhere}", line.sizes, None))
        term = self.write(line.term)
        if line.summed or line.reduce != "sum":
            term = Text(f"{line.reduce}({term.text} {self._ranges(line.summed)})", ATOM)
        if line.start is not None and not is_number(line.start, 0):
            term = Text(f"{self.write(line.start).within(SUM)} + {term.within(SUM)}", SUM)
        free = [a for a in range(len(line.sizes)) if a not in line.summed]
        text = assigned(self._element(line.target, line.place), line.grows, term)
        if free:
            text += f"  {self._ranges(free)}"
        return [*made, Statement(text, tuple(line.sizes[a] for a in free), line)]

    def write(self, part: Any, order: Axes = ()) -> Text:
        if not isinstance(part, Part):
            return numeral(part)
        if id(part) in self.names:
            return Text(f"{self.names[id(part)].text}[{', '.join(self.letters)}]", ATOM)
        if isinstance(part, Read):
            return Text(self._element(part.buffer, part.place), ATOM)
        assert isinstance(part, Term)
        return self._operation(part, ())

    def _extreme(self, part: Term, order: Axes) -> None:
        return None

    def _element(self, buffer: Buffer, place: Map) -> str:
        notation = self.notation
        block = notation.layout.block_of(buffer, place, self.line.sizes)
        name = str(notation.name(buffer, block))
        if not block.shape:
            return name
        digits = digits_of(block, place, self.line.sizes) if place.table is None else None
        if digits is not None:
            steps = zip(digits, contiguous(block.shape), strict=True)
            return f"{name}[{', '.join(self._index(place, first, axes, step) for (first, *axes), step in steps)}]"
        tables = []
        if place.table is not None:
            tables = [f"{notation.table(place.table)}[{', '.join(self.letters[a] for a in place.axes)}]"]
        index = self._index(place, place.offset - block.start, range(len(place.strides)), 1, tables)
        return f"{flat(name, block)}[{index}]"

    def _index(self, place: Map, first: int, axes: Sequence[int], unit: int, more: Sequence[str] = ()) -> str:
        """A sum of letters, each times its stride in units, and of the rest."""
        strides = [(self.letters[a], place.strides[a] // unit) for a in axes if place.strides[a]]
        terms = [letter if s == 1 else f"{letter} * {s}" for letter, s in strides]
        terms += [*more, *([str(first)] if first or not (terms or more) else [])]
        return " + ".join(terms).replace("+ -", "- ")

    def _ranges(self, axes: Sequence[int]) -> str:
        return f"for {', '.join(f'{self.letters[a]} < {self.line.sizes[a]}' for a in axes)}"
