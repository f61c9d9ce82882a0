"""Printing: a program as text in matrix form, with the names and the lines of the
caller.
"""

from __future__ import annotations

import functools
import linecache
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.compiling import names
from micrograd.compiling.layout import BLOCKED, Block, Layout, places_of
from micrograd.compiling.lines import Buffer, Line
from micrograd.compiling.maps import is_whole as is_whole_map
from micrograd.compiling.notation import Notation
from micrograd.compiling.origins import Origins, Place, located
from micrograd.compiling.terms import Read
from micrograd.compiling.writing import number
from micrograd.errors import CaptureError
from micrograd.node import data_of
from micrograd.trees import like

WIDEST = 64  # columns for the text of a line; a longer one is followed by nothing
MOST = 6  # numbers of a constant that are shown
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


class Printout:
    """A program of a compiled function: `print` shows it, `html()` makes a page of it.

    Attributes:
        title: the function with its arguments.
        lines: the lines that run.
        buffers: the arrays that they read and write, by name.

    >>> import micrograd
    >>> from micrograd import Value
    >>> w, b = Value(2.0), Value(1.0)
    >>> loss = micrograd.compile(lambda xs: sum((w * x + b) ** 2 for x in xs))
    >>> z = loss([1.0, 2.0, 3.0])
    >>> for row in loss.program.rows:
    ...     print(row.text)
    b = theta[0]
    w = theta[1]
    result = sum((b + w * xs) ** 2)
    return result
    d_result = result.grad
    d_v1 = d_result
    d_b = 2 * (d_v1 @ (b + w * xs))
    d_w = 2 * sum(d_v1 * (b + w * xs) * xs)
    """

    def __init__(self, compiled: Any, plan: Any) -> None:
        self._compiled = compiled
        self._ran = plan
        if not hasattr(plan, "forward"):  # it runs on the tape: this is what it is as lines
            if self.origins is None:
                raise CaptureError("compile: the function does not do again what it did, so it cannot be printed")
            plan = self.origins.plan
            plan.given = self._ran.given
        self._plan = plan
        self.lines: list[Line] = [*plan.forward, *plan.back]
        self.buffers: dict[str, Buffer] = plan.program.buffers

    @functools.cached_property
    def origins(self) -> Origins | None:
        """Which of the caller's lines made which line; the function runs once more for
        this. None where it does not do again what it did.
        """
        return located(self._compiled, self._ran)

    @functools.cached_property
    def sheet(self) -> Sheet:
        """The names of all blocks, and the lines as they are written."""
        return Sheet(self._compiled, self._plan, self.origins)

    @functools.cached_property
    def rows(self) -> list[Row]:
        """All printed lines."""
        return self.sheet.rows()

    def rows_of_lines(self) -> list[Row]:
        """A printed line for each line that runs, also for those that only copy a
        result.
        """
        return self.sheet.rows_of_lines()

    def rehearsed(self) -> dict[str, Any]:
        """The arrays of the captured call, by the name of their buffer."""
        return dict(self._plan.rehearsed().arrays)

    @property
    def title(self) -> str:
        """The function with its arguments."""
        return f"{getattr(self._compiled, '__name__', 'function')}({', '.join(self.arguments)})"

    @functools.cached_property
    def arguments(self) -> list[str]:
        """The names of the arguments."""
        return [part.name for part in self.given]

    @functools.cached_property
    def given(self) -> list[names.Given]:
        """The arguments."""
        leaves = names.given_arguments(self._compiled.__wrapped__, *self._plan.given)
        return [part for leaf in leaves for part in leaf]

    def __str__(self) -> str:
        return as_text(self)

    __repr__ = __str__

    def html(self) -> str:
        """A page of the program beside the caller's lines: one file, which needs
        nothing else.
        """
        from micrograd.compiling.pages import as_html

        return as_html(self)


class Sheet:
    """Names all blocks, and writes all lines."""

    def __init__(self, compiled: Any, plan: Any, origins: Origins | None) -> None:
        self.plan = plan
        self.origins = origins
        self.program = plan.program
        self.function = compiled.__wrapped__
        given = names.given_arguments(self.function, *plan.given)
        taken = {"theta", *[part.name for parts in given for part in parts]}
        given += [
            [names.Given(names.free_name(hold.home.name, taken), np.shape(number))]
            for hold, number in zip(plan.held, plan.numbers_held(), strict=True)
        ]
        known: dict[str, Any] = {}
        known |= {name: np.shape(data_of(state)) for name, state in [*plan.array_states, *plan.array_befores]}
        known = {
            name: tuple(shape)
            for name, shape in known.items()
            if name in self.program.buffers and math.prod(shape) == self.program.buffers[name].size
        }
        alike = {"before": "theta", **{name: name.replace("before", "state") for name, _ in plan.array_befores}}
        for name, (states, _) in plan.writes.items():
            if [id(s) for s in states] == [id(s) for s in plan.theta]:
                alike[name] = "theta"
            elif name[-1:].isdigit():
                known[name] = np.shape(data_of(states[0]))
        cuts = {"outputs": list(zip(plan.starts, plan.shapes, strict=False))}
        self.arguments: dict[tuple[str, int], str] = {}
        for k, parts in enumerate(given):
            sizes = [math.prod(part.shape) for part in parts]
            starts = [sum(sizes[:i]) for i in range(len(parts))]
            cuts[f"arg{k}"] = [(start, part.shape) for start, part in zip(starts, parts, strict=True)]
            self.arguments |= {(f"arg{k}", start): part.name for start, part in zip(starts, parts, strict=True)}
        lines = [*plan.forward, *plan.back]
        self.layout = Layout(lines, known, alike, cuts)
        self.notation = Notation(self.layout, self.name, self._is_derived)
        self.results = [names.free_name(name, taken) for name in self._result_names()]
        self.blocks: dict[tuple[str, int], names.Named] = {}
        self.constants: dict[Block, str] = {}
        self._name_states(taken)
        self.inner: dict[str, str] = {}
        self.copies = self._copies(self.layout.lines)
        self.inner |= {name: self.results[i] for name, i in self.copies.values()}
        touched = {buffer.name for line in lines for buffer, _, _ in places_of(line)}
        for buffer, name in (origins.variables if origins else {}).items():
            if buffer in self.inner:
                continue
            is_result = name in self.results and buffer not in touched  # only its gradient is there
            self.inner[buffer] = name if is_result else names.free_name(name, taken)

    def _copies(self, lines: list[Line]) -> dict[int, tuple[str, int]]:
        """The lines that only copy a whole buffer to a result, by their ids: the buffer
        has the name of the result, and the line is not shown.
        """
        found: dict[int, tuple[str, int]] = {}
        for line in lines:
            read = line.term
            if line.target.name != "outputs" or line.start is not None or not isinstance(read, Read):
                continue
            which = next((i for i, s in enumerate(self.plan.starts[:-1]) if s == line.place.offset), -1)
            size, name = math.prod(line.sizes), read.buffer.name
            is_whole = is_whole_map(read.place, line.sizes, read.buffer.size) and which >= 0
            blocks = self.layout.blocks.get(name, [])
            if not is_whole or read.buffer.kind != "inner" or name in [n for n, _ in found.values()]:
                continue
            shape = self.plan.shapes[which]
            is_alike = blocks[0].shape == shape and tuple(read.place.strides) == tuple(line.place.strides)
            if size == math.prod(shape) and is_alike:
                found[id(line)] = (name, which)
        return found

    def _is_derived(self, line: Line) -> bool:
        """Whether gradients go through a line."""
        if line.target.of is not None or line.target.name.startswith(("written", "grads", "count_", "part")):
            return False
        return not (self.plan.is_step and (line.target.name == "outputs" or line.target.name in self.plan.apart))

    def _result_names(self) -> list[str]:
        count = len(self.plan.shapes) - len(self.plan.puts)
        found = self.origins.results if self.origins else [""] * count
        given = [name or ("result" if count == 1 else f"result{i + 1}") for i, name in enumerate(found)]
        return given + [f"next_{put.home.name}" if put.home else "told" for put in self.plan.puts]

    def _name_states(self, taken: set[str]) -> None:
        """Names for the blocks of theta, of arrays of the caller, and of constants."""
        plan, layout = self.plan, self.layout
        paths = names.paths_of(self.function, plan.given[0], plan.states)
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

    def whole(self, buffer: Buffer) -> str:
        """What a whole buffer is called."""
        return self.name(buffer, Block(self.layout.family(buffer), 0, (buffer.size,)))

    def name(self, buffer: Buffer, block: Block) -> str:
        """What a block of a buffer is called."""
        if buffer.of is not None:
            name = self.name(buffer.of, block)
            return f"{name}.grad" if buffer.name == "d_outputs" else f"d_{name}"
        if buffer.name in self.plan.apart:
            return f"next_{self.plan.apart[buffer.name].home.name}"
        if buffer.name == "outputs":
            whole = next((i for i, s in enumerate(self.plan.starts) if s == block.start), None)
            is_one = whole is not None and block.size == math.prod(self.plan.shapes[whole])
            return self.results[whole] if is_one and whole is not None else "results"
        if block in self.constants:
            return self.constants[block]
        kind = buffer.name.rstrip("0123456789")
        family = self.layout.family(buffer)
        named = self.blocks.get((family, block.start))
        is_whole = block.size == buffer.size and len(self.layout.blocks.get(family, ())) > 1
        base = named.short if named is not None and not is_whole else family
        if kind in ("written", "grads", "before") and family in ("theta", buffer.name.replace(kind, "state")):
            return f"{base}.{'data' if kind == 'written' else 'grad'}"
        if kind == "written" or kind == "grads":
            state = self.blocks.get((buffer.name.replace(kind, "state"), 0))
            what = "data" if kind == "written" else "grad"
            return f"{state.short}.{what}" if state else f"{buffer.name}.{what}"
        if named is not None or family in BLOCKED:
            return base
        return self._argument(buffer.name, block) or self.inner.get(buffer.name) or buffer.name

    def _argument(self, name: str, block: Block) -> str:
        """The name of an argument; of a part of several, the names of all."""
        if block in self.layout.blocks.get(name, ()):
            return self.arguments.get((name, block.start), "")
        return ", ".join(part for (of, _), part in self.arguments.items() if of == name).join("()").removeprefix("()")

    def rows(self) -> list[Row]:
        """What is printed, in order."""
        rows: list[Row] = []
        section = FORWARD
        for line in self.layout.lines:
            now = self._section(line, section)
            if now != section and section == FORWARD and not self.plan.is_step:
                rows.append(self._returned(FORWARD))
            section = now
            if id(line) in self.copies:
                continue
            for statement in self.notation.statements(line):
                text = self._with_results(statement.text)
                rows.append(Row(section, text, statement.shape, self._places(line), statement.line))
        if section == FORWARD or self.plan.is_step:
            rows.append(self._returned(section))
        return [*self._header(), *rows]

    def _with_results(self, text: str) -> str:
        """`a, b = ...` for a line that writes all results, which are numbers."""
        name, sign, rest = text.partition(" = ")
        if name != "results" or any(self.plan.shapes) or len(self.results) > MOST:
            return text
        return f"{', '.join(self.results)}{sign}{rest}"

    def rows_of_lines(self) -> list[Row]:
        """A row for each line of the program, in order."""
        made = []
        section = FORWARD
        for line in self.layout.lines:
            section = self._section(line, section)
            statement = self.notation.statements(line)[-1]
            text = self._with_results(statement.text)
            if id(line) in self.copies:
                text = f"{text.partition(' ')[0]} is copied out"
            made.append(Row(section, text, statement.shape, self._places(line), line))
        return made

    def _section(self, line: Line, before: str) -> str:
        name = line.target.name
        if not self.plan.is_step:
            return GRADIENTS if any(line is other for other in self.layout.lines[len(self.plan.forward) :]) else FORWARD
        if line.target.of is not None or name.startswith(("count_", "part")):
            return GRADIENTS
        return FORWARD if before == FORWARD and not name.startswith(("written", "grads")) else UPDATES

    def _places(self, line: Line) -> Sequence[Place]:
        origins, name = self.origins, line.target.name
        if origins is None:
            return ()
        if line.target.of is not None or name.startswith(("count_", "part")):
            return [origins.backward] if origins.backward else ()
        if name == "outputs":
            start = line.place.offset
            which = max((i for i, s in enumerate(self.plan.starts[:-1]) if s <= start), default=0)
            return origins.places.get((name, which), ())
        return origins.places.get(name, ())

    def _returned(self, section: str) -> Row:
        tree = like(self.plan.tree, [_Word(name) for name in self.results])
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


def _listed(numbers: Sequence[float]) -> str:
    shown = [number(x) if math.isfinite(x) else str(x) for x in numbers[:MOST]]
    return f"[{', '.join(shown)}{', ...' if len(numbers) > MOST else ''}]"


def shown(place: Place) -> str:
    """The text of one of the caller's lines."""
    return linecache.getline(place.file, place.line).strip()


def as_text(printout: Printout) -> str:
    """The program as text: a column of lines, one of shapes, one of the caller's."""
    rows = printout.rows
    width = min(max((len(row.text) for row in rows), default=0), WIDEST)
    tall = max((len(str(row.shape)) for row in rows), default=0)
    files = [row.places[-1].file for row in rows if row.places]
    home = max(files, key=files.count) if files else ""
    text = [printout.title + (f"  # {Path(home).name}" if home else "")]
    section, said = "", None
    for row in rows:
        if row.section != section:
            section, said = row.section, None
            text += ["", section]
        note = row.note
        if row.places and row.places[-1] != said:
            said = place = row.places[-1]
            name = "" if place.file == home else f"{Path(place.file).name}:"
            note = f"# {name}{place.line}: {shown(place)}"
        shape = "" if row.text.startswith("return ") else str(row.shape)
        line = f"  {row.text:{width}}  {shape:{tall}}  {note}"
        text.append(line.rstrip())
    return "\n".join(text)
