"""Sheet: the blocks of a program have names, and its lines are written with them."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.compiling import names
from micrograd.compiling.layout import BLOCKED, Block, Layout, places_of
from micrograd.compiling.lines import Buffer, Line
from micrograd.compiling.maps import Sizes, is_whole
from micrograd.compiling.notation import Notation
from micrograd.compiling.origins import Origins, Place
from micrograd.compiling.simplify import simplified
from micrograd.compiling.terms import Read
from micrograd.compiling.writing import number
from micrograd.node import Node, data_of
from micrograd.trees import leaves_of, like

MOST = 6  # numbers of a constant that are shown
WIDEST = 60  # columns of a part of a line, in a note
FORWARD, GRADIENTS, UPDATES = "forward", "gradients", "updates and results"


class Row(NamedTuple):
    """A printed line.

    Attributes:
        section: what it belongs to: "forward", "gradients", "updates and results", or
            "theta" and "constants" for what lines read.
        text: the line in matrix form.
        shape: of what it computes.
        places: the caller's lines that it was made by; the last one made it what it is.
        line: the line of the program; None for a row that computes nothing.
        note: what is known besides.
    """

    section: str
    text: str
    shape: tuple[int, ...]
    places: Sequence[Place] = ()
    line: Line | None = None
    note: str = ""


class _Word:
    """A name that prints as it is, within a list or a dict."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


class Sheet:
    """Names all blocks, and writes all lines.

    Attributes:
        layout: the shapes of the buffers.
        lines: those of the program, cut as the shapes are.
        inside: what is computed within a line, as lines, by the names of the buffers
            that it would have.
        notation: writes a line.
        results: the names of the results; those that our own objects get come last.
    """

    def __init__(self, compiled: Any, plan: Any, origins: Origins | None) -> None:
        self.plan = plan
        self.origins = origins
        self.program = plan.program
        self.function = compiled.__wrapped__
        given = names.given_arguments(self.function, *plan.given)
        taken = {"theta", *[part.name for parts in given for part in parts]}
        given += [
            [names.Given(hold.home.name, np.shape(number))]
            for hold, number in zip(plan.held, plan.numbers_held(), strict=True)
        ]
        self.arguments: dict[tuple[str, int], str] = {}
        self.starts = {a: i for i, (a, b) in enumerate(itertools.pairwise(plan.starts)) if a != b}  # of results
        cuts = {"outputs": [(start, plan.shapes[i]) for start, i in self.starts.items()]}
        for k, parts in enumerate(given):
            sizes = [math.prod(part.shape) for part in parts]
            starts = [sum(sizes[:i]) for i in range(len(parts))]
            cuts[f"arg{k}"] = [(start, part.shape) for start, part in zip(starts, parts, strict=True)]
            is_held = k >= len(given) - len(plan.held)
            for start, part in zip(starts, parts, strict=True):
                self.arguments[f"arg{k}", start] = names.free_name(part.name, taken) if is_held else part.name
        lines = [*plan.forward, *plan.back]
        touched = dict.fromkeys(buffer.name for line in lines for buffer, _, _ in places_of(line))
        inside = self._inside(lines, touched)
        self.layout = Layout([*lines, *inside], *self._known(), cuts)
        self.lines = self.layout.lines[: len(lines)]
        self.inside = {line.target.name: line for line in self.layout.lines[len(lines) :]}
        self.sections = self._sections()
        self._section_of = {id(line): name for line, name in zip(self.lines, self.sections, strict=True)}
        self.notation = Notation(self.layout, self.name, self._is_derived, lambda word: names.free_name(word, taken, 0))
        self.results = [names.free_name(name, taken) for name in self._result_names()]
        self.blocks: dict[tuple[str, int], names.Named] = {}
        self.constants: dict[Block, str] = {}
        returned = leaves_of(origins.plan.tree) if origins else []
        paths = names.paths_of(
            self.function, plan.given[0], [*plan.states, *[x for x in returned if isinstance(x, Node)]]
        )
        self._name_states(paths, taken)
        for i, x in enumerate(returned):
            if i not in self.starts.values():  # the run has not computed it
                self.results[i] = paths.get(id(x)) or self.results[i] if isinstance(x, Node) else repr(x)
        self.copies = self._copies(self.lines)
        self.inner = {name: self.results[i] for name, i in self.copies.values()}
        self._name_unseen(touched)
        variables = origins.variables if origins else {}
        kept = {*plan.kept, *self.inner, *variables}
        for name in [*touched, *self.inside]:
            if self.program.buffers[name].kind == "inner" and name not in kept:
                self.inner[name] = names.free_name(name, taken)
        for buffer, name in variables.items():
            if buffer not in self.inner:
                is_result = name in self.results and buffer not in touched  # only its gradient is there
                self.inner[buffer] = name if is_result else names.free_name(name, taken)

    def _inside(self, lines: list[Line], touched: dict[str, None]) -> list[Line]:
        """For each buffer that is computed within the line that reads it, and whose
        gradient has a line of its own: the line that it would be.
        """
        wanted = {line.target.of.name for line in lines if line.target.of is not None} - touched.keys()
        whole = [line for line in self.program.lines if line.target.of is None]
        made = simplified(self.program, whole, touched.keys() | wanted) if wanted else []
        return [line for line in made if line.target.name in wanted and line.target.kind == "inner"]

    def _known(self) -> tuple[dict[str, Sizes], dict[str, str]]:
        """The shapes that are known, and buffers that have the blocks of another one,
        by name.
        """
        plan, buffers = self.plan, self.program.buffers
        shapes = {name: np.shape(data_of(state)) for name, state in [*plan.array_states, *plan.array_befores]}
        known: dict[str, Sizes] = {
            name: tuple(shape)
            for name, shape in shapes.items()
            if name in buffers and math.prod(shape) == buffers[name].size
        }
        alike = {"before": "theta", **{name: name.replace("before", "state") for name, _ in plan.array_befores}}
        for name, (states, _) in plan.writes.items():
            if [id(s) for s in states] == [id(s) for s in plan.theta]:
                alike[name] = "theta"
            elif name[-1:].isdigit():
                known[name] = np.shape(data_of(states[0]))
        return known, alike

    def _copies(self, lines: list[Line]) -> dict[int, tuple[str, int]]:
        """The lines that only copy a whole buffer to a result, by their ids: the buffer
        has the name of the result, and the line is not shown.
        """
        found: dict[int, tuple[str, int]] = {}
        for line in lines:
            read = line.term
            if line.target.name != "outputs" or line.start is not None or not isinstance(read, Read):
                continue
            which = self.starts.get(line.place.offset, -1)
            size, name = math.prod(line.sizes), read.buffer.name
            is_all = is_whole(read.place, line.sizes, read.buffer.size) and which >= 0
            blocks = self.layout.blocks.get(name, [])
            if not is_all or read.buffer.kind != "inner" or name in [n for n, _ in found.values()]:
                continue
            shape = self.plan.shapes[which]
            is_alike = blocks[0].shape == shape and tuple(read.place.strides) == tuple(line.place.strides)
            if size == math.prod(shape) and is_alike:
                found[id(line)] = (name, which)
        return found

    def _name_unseen(self, touched: dict[str, None]) -> None:
        """A result of which only the gradient is in the lines has its name."""
        for line in self.lines:
            of, read = line.target.of, line.term
            if of is not None and of.name not in touched and isinstance(read, Read) and read.buffer.name == "d_outputs":
                which = self.starts.get(read.place.offset)
                if which is not None and math.prod(self.plan.shapes[which]) == of.size == math.prod(line.sizes):
                    self.inner.setdefault(of.name, self.results[which])

    def _sections(self) -> list[str]:
        """The section of each line."""
        found, section = [], FORWARD
        for i, line in enumerate(self.lines):
            name = line.target.name
            if not self.plan.is_step:
                section = GRADIENTS if i >= len(self.plan.forward) else FORWARD
            elif _is_of_gradients(line):
                section = GRADIENTS
            elif section != FORWARD or name.startswith(("written", "grads")) or name in self.plan.apart:
                section = UPDATES
            found.append(section)
        return found

    def _is_derived(self, line: Line) -> bool:
        """Whether gradients go through a line."""
        is_result_of_step = self.plan.is_step and line.target.name == "outputs"
        return self._section_of.get(id(line), FORWARD) == FORWARD and not is_result_of_step

    def _result_names(self) -> list[str]:
        puts = [f"new_{put.home.name}" if put.home else "told" for put in self.plan.puts]
        count = len(self.plan.shapes) - len(puts)
        found = self.origins.results if self.origins else [""] * count
        own = [name or ("result" if count == 1 else f"result{i + 1}") for i, name in enumerate(found)]
        return [*own, *puts]

    def _name_states(self, paths: dict[int, str], taken: set[str]) -> None:
        """Names for the blocks of theta, of arrays of the caller, and of constants.

        Args:
            paths: where the caller finds the states, by their ids.
            taken: names that are used already; new ones are added.
        """
        plan, layout = self.plan, self.layout
        keys, given, shapes = [], [], []
        for block in layout.blocks.get("theta", ()):
            keys.append(("theta", block.start))
            given.append([paths.get(id(s), "") for s in plan.theta[block.start : block.start + block.size]])
            shapes.append(block.shape)
        for name, state in plan.array_states:
            keys.append((name, 0))
            given.append([paths.get(id(state), "")])
            shapes.append(np.shape(data_of(state)))
        for key, named in zip(keys, names.block_names(given, shapes, taken), strict=True):
            self.blocks[key] = named
        for block in layout.blocks.get("constants", ()):
            if block.size == 1:
                text = number(self.program.constants[block.start])
                short = text if text.replace(".", "").isdigit() else f"({text})"
            else:
                short = names.free_name("c", taken, 0)
            self.constants[block] = short
        for name in self.program.arrays:
            self.blocks[name, 0] = names.Named(names.free_name("c", taken, 0), "")

    # The name of a block

    def whole(self, buffer: Buffer) -> str:
        """What a whole buffer is called."""
        return self.name(buffer, Block(self.layout.family(buffer), 0, (buffer.size,)))

    def name(self, buffer: Buffer, block: Block) -> str:
        """What a block of a buffer is called."""
        if buffer.of is not None:
            name = self.name(buffer.of, block)
            return f"{name}.grad" if buffer.name == "d_outputs" else f"d_{name}"
        if buffer.name in self.plan.apart:
            return f"new_{self.plan.apart[buffer.name].home.name}"
        if buffer.name == "outputs":
            which = self.starts.get(block.start)
            is_one = which is not None and block.size == math.prod(self.plan.shapes[which])
            return self.results[which] if is_one and which is not None else "results"
        if block in self.constants:
            return self.constants[block]
        kind = buffer.name.rstrip("0123456789")
        family = self.layout.family(buffer)
        named = self.blocks.get((family, block.start))
        is_all = block.size == buffer.size and len(self.layout.blocks.get(family, ())) > 1
        base = named.short if named is not None and not is_all else family
        if kind in ("written", "grads", "before"):
            what = "data" if kind == "written" else "grad"
            if family in ("theta", buffer.name.replace(kind, "state")):
                return f"{base}.{what}"
            state = self.blocks.get((buffer.name.replace(kind, "state"), 0))
            return f"{state.short if state else 'values'}.{what}"
        if named is not None or family in BLOCKED:
            return base
        return self._argument(buffer.name, block) or self.inner.get(buffer.name) or buffer.name

    def _argument(self, name: str, block: Block) -> str:
        """The name of an argument; of a part of several, the names of all."""
        if block in self.layout.blocks.get(name, ()):
            return self.arguments.get((name, block.start), "")
        return ", ".join(part for (of, _), part in self.arguments.items() if of == name)

    # Rows

    def rows(self) -> list[Row]:
        """What is printed, in order."""
        rows: list[Row] = []
        section = FORWARD
        given = list(self.results)  # whose gradients backward() is given: said where they are first read
        for line, now in zip(self.lines, self.sections, strict=True):
            if now != section and section == FORWARD and not self.plan.is_step:
                rows.append(self._returned(FORWARD))
            section = now
            if id(line) in self.copies:
                continue
            for statement in self.notation.statements(line):
                text = self._with_results(statement.text)
                note = self._note(line, text, given) if section == GRADIENTS else ""
                rows.append(Row(section, text, statement.shape, self._places(line), statement.line, note))
        if section == FORWARD or self.plan.is_step:
            rows.append(self._returned(section))
        return [*self._header(), *rows]

    def _note(self, line: Line, text: str, given: list[str]) -> str:
        """What a name in a line of gradients stands for, where it stands there first:
        the gradient of a result, or a part of a line above.
        """
        for name in given:
            if re.search(rf"(?<![\w.]){re.escape(name)}\.grad\b", text):
                given.remove(name)
                return f"# 1 in {name}.backward()"
        part = self.inside.pop(line.target.of.name, None) if line.target.of is not None else None
        if part is None:
            return ""
        name, _, term = self.notation.statements(part)[-1].text.partition(" = ")
        return f"# {name} is {term if len(term) <= WIDEST else 'a part of a line above'}"

    def _with_results(self, text: str) -> str:
        """`a, b = ...` for a line that writes all results, which are numbers."""
        name, sign, rest = text.partition(" = ")
        if name != "results" or any(self.plan.shapes) or len(self.results) > MOST:
            return text
        return f"{', '.join(self.results)}{sign}{rest}"

    def rows_of_lines(self) -> list[Row]:
        """A row for each line of the program, in order."""
        made = []
        for line, section in zip(self.lines, self.sections, strict=True):
            statement = self.notation.statements(line)[-1]
            text = self._with_results(statement.text)
            if id(line) in self.copies:
                text = f"{text.partition(' ')[0]} is copied out"
            made.append(Row(section, text, statement.shape, self._places(line), line))
        return made

    def _places(self, line: Line) -> Sequence[Place]:
        origins, name = self.origins, line.target.name
        if origins is None:
            return ()
        if _is_of_gradients(line):
            return [origins.backward] if origins.backward else ()
        if name == "outputs":
            start = line.place.offset
            which = max((i for s, i in self.starts.items() if s <= start), default=0)
            return origins.places.get((name, which), ())
        return origins.places.get(name, ())

    def _returned(self, section: str) -> Row:
        own = self.results[: len(self.results) - len(self.plan.puts)]
        tree = like(self.plan.tree, [_Word(name) for name in own])
        text = ", ".join(map(repr, tree)) if type(tree) is tuple and len(tree) > 1 else repr(tree)
        return Row(section, f"return {text}", (), (), None)

    def _header(self) -> list[Row]:
        """Where blocks lie, and what constants are."""
        rows = []
        layout = self.layout
        for block in layout.blocks.get("theta", ()):
            named = self.blocks["theta", block.start]
            end = block.start + block.size
            index = f"[{block.start}]" if block.size == 1 else f"[{block.start}:{end}]"
            text = f"{named.short} = theta{index}"
            rows.append(Row("theta", text, block.shape, note=named.path if named.path != named.short else ""))
        for name, state in self.plan.array_states:
            named = self.blocks[name, 0]
            note = named.path if named.path != named.short else ""
            rows.append(Row("theta", named.short, np.shape(data_of(state)), note=note))
        for block, short in self.constants.items():
            numbers = self.program.constants[block.start : block.start + block.size]
            if block.size > 1:
                rows.append(Row("constants", f"{short} = {_listed(numbers)}", block.shape))
        for name, array in self.program.arrays.items():
            if name in layout.blocks:
                text = f"{self.blocks[name, 0].short} = {_listed(array.reshape(-1).tolist())}"
                rows.append(Row("constants", text, layout.blocks[name][0].shape))
        for name, table in self.notation.tables.items():
            rows.append(Row("constants", f"{name} = {_listed(table.reshape(-1).tolist())}", table.shape))
        return rows


def _is_of_gradients(line: Line) -> bool:
    """Whether a line of a whole step belongs to its way back."""
    return line.target.of is not None or line.target.name.startswith(("count_", "part"))


def _listed(numbers: Sequence[float]) -> str:
    shown = [number(x) if math.isfinite(x) else str(x) for x in numbers[:MOST]]
    return f"[{', '.join(shown)}{', ...' if len(numbers) > MOST else ''}]"
