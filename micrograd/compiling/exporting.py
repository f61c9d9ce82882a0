"""Exporting: a program as a file of C99 and its header, which need nothing else.

The functions of the lines are those of c_lines.py. What they are called with is fixed
here: static arrays, and what the caller of the C gives.
"""

from __future__ import annotations

import math
import os
import re
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling import boundary
from micrograd.compiling.c import HEAD, SIZES, indented
from micrograd.compiling.c_lines import LineInC, c_type
from micrograd.compiling.c_memory import Argument, Block, check_puts, kept_by, written_back
from micrograd.compiling.c_names import identifier, paths_of
from micrograd.compiling.c_text import WIDEST, array, comment, index_from, loop, runs_of
from micrograd.compiling.derive import needed_for
from micrograd.compiling.lines import Buffer, Line
from micrograd.compiling.names import given_arguments
from micrograd.compiling.opaque import Opaque
from micrograd.compiling.plan import Plan
from micrograd.compiling.sheet import Sheet
from micrograd.compiling.tape_runner import TapeRunner
from micrograd.errors import ArgumentError, CaptureError
from micrograd.node import data_of
from micrograd.trees import leaves_of

LOOPS = 4  # copies of neighbours that are written out; more go by a table


def export(compiled: Any, plan: Plan | None, path: Any, gradient: bool, name: str | None) -> list[Any]:
    """Write the file and its header; see `Compiled.export_c`."""
    file = Path(os.fspath(path))
    if file.suffix != ".c":
        raise ArgumentError(f"export_c: {file.name!r} does not end in .c")
    name = file.stem if name is None else name
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise ArgumentError(f"export_c: {name!r} cannot begin the names of C functions; give one, as in name='model'")
    if plan is None:
        raise CaptureError(
            "export_c: the function was not called yet; call it once with arguments of the wanted shapes"
        )
    if isinstance(plan.runner, TapeRunner):
        raise CaptureError("export_c: this program runs on the tape, not as lines; compile with backend='c', not exact")
    made = Export(compiled, plan, name, gradient)
    source, header = made.source(file.stem), made.header()
    file.write_text(source, encoding="utf-8")
    file.with_suffix(".h").write_text(header, encoding="utf-8")
    return [state for block in made.blocks for state in block.states]


class Export:
    """The text of one program.

    Args:
        compiled: the function, for names.
        plan: the program.
        name: with which the exported functions begin.
        gradient: also gradients.
    """

    def __init__(self, compiled: Any, plan: Plan, name: str, gradient: bool) -> None:
        self.plan = plan
        self.name = name
        self.title = getattr(compiled, "__name__", "function").replace("<lambda>", "lambda")
        self.buffers = plan.program.buffers
        self._functions: dict[str, tuple[int, list[Line]]] = {}  # per text: its number, and who uses it
        self._packed = 0  # bytes of static arrays within functions
        self._tables: dict[bytes, tuple[str, Any]] = {}
        self._homes: dict[str, tuple[str, int]] = {}  # per buffer: an array or a pointer of C, and where it begins
        self._statics: list[tuple[str, str, int, Any]] = []  # name, dtype, size, numbers of constants or None
        self._choose_lines(gradient)
        self.arguments = self._arguments(compiled.__wrapped__)
        self.sheet = Sheet(compiled, plan, None)
        lines = [*plan.forward, *plan.back]
        rows = self.sheet.rows_of_lines()
        self._texts = {id(line): row.text for line, row in zip(lines, rows, strict=True)}
        self.blocks = self._blocks()
        self._place()
        self._entries = self._written_entries()

    # What is exported

    def _choose_lines(self, gradient: bool) -> None:
        """The lines that are needed, and whether gradients are kept."""
        plan = self.plan
        check_puts(plan)
        self.results = len(leaves_of(plan.tree))  # those that the caller gets
        self.count = plan.starts[self.results]
        written = {name for name in plan.writes if name.startswith("written")} | plan.apart.keys()
        self.forward = needed_for(plan.forward, {"outputs", *written})[0]
        self.back: list[Line] = []
        self.has_gradient = gradient and not plan.is_step
        self.keeps_gradients = plan.is_step and (
            gradient or any(n.startswith("before") for n in names_in(self.forward))
        )
        if self.keeps_gradients:
            self.forward = needed_for(plan.forward, {"outputs", *plan.writes, *plan.apart})[0]
        elif plan.is_step and not written and not self.count:
            raise CaptureError("export_c: the step changes no parameter and gives no result; export with gradient=True")
        elif self.has_gradient:
            if not self.plan.theta and not self.plan.array_states:
                raise CaptureError("export_c: gradient=True, but no result follows from a Value")
            self.back = list(plan.back)
            self.forward = needed_for(plan.forward, {"outputs", *names_in(self.back)})[0]
        for line in [*self.forward, *self.back]:
            if isinstance(line, Opaque):
                raise CaptureError(
                    f"export_c: {line.op.name} runs in Python, and has no loops in C; compute it outside of the "
                    f"function, and give its result as an argument"
                )

    def _arguments(self, function: Callable[..., Any]) -> list[Argument]:
        """Those that the lines read."""
        taken = {name for name in self.buffers if not name.startswith("arg")}
        given = given_arguments(function, *self.plan.given)
        used = names_in([*self.forward, *self.back])
        found: list[Argument] = []
        for k in sorted(int(name[3:]) for name in used if re.fullmatch(r"arg\d+", name)):
            start = 0
            if k >= len(given):  # it is kept, and not given
                break
            for part in given[k]:
                name = identifier(part.name, len(found), taken)
                found.append(Argument(name, self.buffers[f"arg{k}"], start, part.shape))
                start += math.prod(part.shape)
        self.kept = [kept for kept in kept_by(self.plan, self.buffers, len(given), taken) if kept.buffer.name in used]
        return found

    def _blocks(self) -> list[Block]:
        """The parameters: numbers first, then arrays."""
        plan = self.plan
        given = [(self.buffers["theta"], plan.theta)] if plan.theta else []
        given += [(self.buffers[name], [state]) for name, state in plan.array_states]
        is_mixed = len({buffer.dtype for buffer, _ in given}) > 1
        ends = {"": 0, "_float": 0}
        blocks = []
        for buffer, states in given:
            ending = "_float" if is_mixed and buffer.dtype == "float32" else ""
            blocks.append(Block(buffer, ending, ends[ending], states))
            ends[ending] += buffer.size
        return blocks

    def _endings(self) -> dict[str, str]:
        """The arrays of parameters by their ending, and their dtypes."""
        return {block.ending: block.buffer.dtype for block in self.blocks}

    def _count(self, ending: str) -> int:
        return sum(block.size for block in self.blocks if block.ending == ending)

    # Where buffers lie

    def _place(self) -> None:
        late = names_in(self.back)
        for block in self.blocks:
            name, start = block.buffer.name, block.start
            before = "before" if name == "theta" else name.replace("state", "before")
            self._homes[name] = (f"parameters{block.ending}", start)
            self._homes[before] = (f"gradients{block.ending}", start)
            if not self.plan.is_step:
                self._homes[f"d_{name}"] = (f"d_parameters{block.ending}", start)
        for ending, dtype in self._endings().items():
            self._statics.append((f"parameters{ending}", dtype, self._count(ending), None))
            if self.keeps_gradients:
                self._statics.append((f"gradients{ending}", dtype, self._count(ending), None))
        for argument in self.arguments:
            if argument.buffer.name in self._homes:
                continue
            if argument.buffer.name in late or argument.buffer.size > math.prod(argument.shape):
                self._keep(argument.buffer)
            else:
                self._homes[argument.buffer.name] = (f"&{argument.name}" if argument.is_number else argument.name, 0)
        self._homes |= {kept.buffer.name: (kept.name, 0) for kept in self.kept}
        self._homes["outputs"] = ("outputs", 0)
        outputs = self.buffers["outputs"]
        if outputs.size > self.count:
            self._homes["outputs"] = ("results", 0)
            self._statics.append(("results", outputs.dtype, outputs.size, None))
        if not self.plan.is_step:
            self._homes["d_outputs"] = ("d_outputs", 0)
        used = names_in([*self.forward, *self.back])
        for name in [name for name in self.buffers if name in used and name not in self._homes]:
            if self.buffers[name].kind == "state":
                raise CaptureError(
                    "export_c: the gradient of a Value is read, but not its data; give that gradient as an argument"
                )
            self._homes[name] = (name, 0)
            self._statics.append((name, self.buffers[name].dtype, self.buffers[name].size, self._numbers(name)))

    def _keep(self, buffer: Buffer) -> None:
        """Memory of its own for what the caller gives or gets; `gradient` needs it."""
        self._homes[buffer.name] = (f"kept_{buffer.name}", 0)
        self._statics.append((f"kept_{buffer.name}", buffer.dtype, buffer.size, None))

    def _numbers(self, name: str) -> Any:
        """The numbers of a constant buffer; None for others."""
        if name == "constants":
            return np.array(self.plan.program.constants, float)
        return self.plan.program.arrays.get(name)

    def _pointer(self, pointer: Any) -> str:
        """What a function is called with."""
        if isinstance(pointer, np.ndarray):
            table = np.ascontiguousarray(pointer, np.int32)
            known = self._tables.setdefault(table.tobytes(), (f"table{len(self._tables)}", table.reshape(-1)))
            return known[0]
        buffer, offset = pointer
        home, start = self._homes[buffer.name]
        return home if start + offset == 0 else f"{home} + {start + offset}"

    # The functions

    def _called(self, line: Line) -> str:
        """A statement that runs a line."""
        writer = LineInC(line, self.plan.program.terms.exact, is_linked=False)
        writer.storage = "static "  # the stack of a microcontroller is small
        body = writer.body()
        text = f"static void {{name}}({', '.join(writer.parameters())}) {{\n{body}}}\n"
        if text not in self._functions:
            self._packed += sum(SIZES[buffer.dtype] * size for buffer, size in writer.packs())
        number, lines = self._functions.setdefault(text, (len(self._functions), []))
        lines.append(line)
        return f"line{number}({', '.join(self._pointer(x) for x in writer.pointers)});"

    def _written_entries(self) -> list[tuple[str, list[str]]]:
        """The exported functions: what their heads say, and their statements."""
        outputs = self.buffers["outputs"]
        given = [str(argument) for argument in self.arguments]
        if self.count:
            given.append(f"{c_type(outputs.dtype)} *outputs")
        kept = [a for a in self.arguments if self._homes[a.buffer.name][0].startswith("kept_")]
        statements = [
            f"kept_{a.buffer.name}[{a.start}] = {a.name};"
            if a.is_number
            else loop(math.prod(a.shape), f"kept_{a.buffer.name}[{index_from(a.start)}] = {a.name}[i];")
            for a in kept
        ]
        statements += [self._called(line) for line in self.forward]
        statements += self._updates()
        statements += written_back(self.plan, self.buffers, self.kept, self.results)
        if self.count < outputs.size and self.count:
            statements.append(loop(self.count, "outputs[i] = results[i];"))
        kind = "step" if self.plan.is_step else "forward"
        entries = [(f"void {self.name}_{kind}({', '.join(given) or 'void'})", statements)]
        if self.has_gradient:
            entries.append(self._gradient())
        for ending, dtype in self._endings().items():
            entries.append(self._door("parameters", ending, f"{c_type(dtype)} *"))
            if self.keeps_gradients:
                entries.append(self._door("gradients", ending, f"const {c_type(dtype)} *"))
        for own in self.kept:
            text = f"{c_type(own.buffer.dtype)} *{self.name}_{own.name}(int *count)"
            entries.append((text, [f"if (count) *count = {own.size};", f"return {own.name};"]))
        return entries

    def _door(self, what: str, ending: str, kind: str) -> tuple[str, list[str]]:
        head = f"{kind}{self.name}_{what}{ending}(int *count)"
        return head, [f"if (count) *count = {self._count(ending)};", f"return {what}{ending};"]

    def _gradient(self) -> tuple[str, list[str]]:
        seeds = self.buffers["d_outputs"]
        given = [f"const {c_type(seeds.dtype)} *d_outputs"]
        statements = []
        for ending, dtype in self._endings().items():
            given.append(f"{c_type(dtype)} *d_parameters{ending}")
            statements.append(loop(self._count(ending), f"d_parameters{ending}[i] = 0;"))
        statements += [self._called(line) for line in self.back]
        if "d_outputs" not in names_in(self.back):
            statements.insert(0, "(void)d_outputs;")
        return f"void {self.name}_gradient({', '.join(given)})", statements

    def _updates(self) -> list[str]:
        """What a step does at its end: new parameters, and their gradients."""
        statements: list[str] = []
        for name, (states, _) in self.plan.writes.items():
            what = "parameters" if name.startswith("written") else "gradients"
            if what == "gradients" and not self.keeps_gradients:
                continue
            source = self.buffers[name]
            if name in ("written", "grads"):
                statements += self._copies(what, states, f"{name}[{{}}]", source.dtype)
            else:
                block = self._block_of(states[0], what)
                if block is not None:
                    home = f"{what}{block.ending}[{f'{block.start} + ' if block.start else ''}i]"
                    statements.append(loop(source.size, f"{home} = {_cast(block, source.dtype)}{name}[i];"))
        if self.keeps_gradients:
            statements += self._cleared()
        return statements

    def _cleared(self) -> list[str]:
        numbers = [s for s in self.plan.cleared if any(s is x for x in self.plan.theta)]
        statements = self._copies("gradients", numbers, "0", "float64")
        for block in self.blocks:
            if block.buffer.name != "theta" and any(block.states[0] is s for s in self.plan.cleared):
                start = f"{block.start} + " if block.start else ""
                statements.append(loop(block.size, f"gradients{block.ending}[{start}i] = 0;"))
        return statements

    def _block_of(self, state: Any, what: str) -> Block | None:
        """Where a state lies; what is only written has no place."""
        for block in self.blocks:
            if any(state is x for x in block.states):
                return block
        if what == "parameters":
            raise CaptureError(
                "export_c: the step assigns data to a Value that it never reads; return that number as a result"
            )
        return None

    def _copies(self, what: str, states: list[Any], source: str, dtype: str) -> list[str]:
        """Statements that put numbers in the places of these states."""
        places = {id(state): i for i, state in enumerate(self.plan.theta)}
        pairs = [(k, places[id(s)]) for k, s in enumerate(states) if id(s) in places]
        if what == "parameters" and len(pairs) < len(states):
            missing = next(s for s in states if id(s) not in places)
            self._block_of(missing, what)
        if not pairs:
            return []
        cast = "" if dtype == "float64" else "(double)"
        runs = runs_of(pairs)
        if len(runs) <= LOOPS:
            return [
                loop(size, f"{what}[{index_from(place)}] = {cast}{source.format(index_from(k))};")
                for k, place, size in runs
            ]
        from_, to = ([pair[side] for pair in pairs] for side in (0, 1))
        one = self._pointer(np.array(to))
        other = "i" if from_ == list(range(len(from_))) else f"{self._pointer(np.array(from_))}[i]"
        return [loop(len(pairs), f"{what}[{one}[i]] = {cast}{source.format(other)};")]

    # The files

    def source(self, stem: str) -> str:
        """The file of C."""
        text = f"/* {comment(self._summary())}\n\n   {self._size()}\n   {self._flags()} */\n"
        text += HEAD + f'#include "{stem}.h"\n\n'
        text += f"typedef char {self.name}_needs_doubles_of_64_bits[sizeof(double) == 8 ? 1 : -1];\n"
        text += f"typedef char {self.name}_needs_ints_of_32_bits[sizeof(int) >= 4 ? 1 : -1];\n\n"
        for name, dtype, size, numbers in self._statics:
            if numbers is None and name.startswith("parameters"):
                text += array(f"static {c_type(dtype)} {name}", self._now(name.removeprefix("parameters"), dtype))
            elif numbers is None and name.startswith("gradients"):
                text += array(f"static {c_type(dtype)} {name}", self._before(name.removeprefix("gradients"), dtype))
            elif numbers is None:
                text += f"static {c_type(dtype)} {name}[{max(size, 1)}];\n"
            else:
                text += array(f"static const {c_type(dtype)} {name}", numbers)
        text += "".join(map(str, self.kept))
        for name, table in self._tables.values():
            text += array(f"static const int {name}", table)
        for function, (number, lines) in self._functions.items():
            text += f"\n{self._comment_of(lines)}"
            text += "\n".join(indented([function.replace("{name}", f"line{number}", 1)])) + "\n"
        for head, statements in self._entries:
            text += f"\n{head} {{\n" + "".join(f"    {s}\n" for s in statements) + "}\n"
        return text

    def header(self) -> str:
        """The header."""
        guard = f"{self.name.upper()}_H"
        doors = "".join(f"{head};\n" for head, _ in self._entries)
        return (
            f"/* {comment(self._summary())}\n\n{comment(self._manual())} */\n"
            f'#ifndef {guard}\n#define {guard}\n#ifdef __cplusplus\nextern "C" {{\n#endif\n\n'
            f"{doors}\n#ifdef __cplusplus\n}}\n#endif\n#endif\n"
        )

    def _summary(self) -> str:
        return f"{self.title} of Python, as its last call ran: one program, for arguments of these shapes."

    def _manual(self) -> str:
        """What the header says about arguments, results and parameters."""
        rows = ["   Arrays are flat, in row-major order, and do not overlap. One thread at a time.", ""]
        for a in self.arguments:
            rows.append(f"   {a.name}: {'a number' if a.is_number else a.shape}")
        plan = self.plan
        for start, shape, path in zip(plan.starts, plan.shapes, paths_of(plan.tree), strict=False):
            where = f"outputs[{start}]" if not shape else f"outputs[{start}] to [{start + math.prod(shape) - 1}]"
            rows.append(f"   {where}: result{path}{f' {shape}' if shape else ''}")
        for block in self.blocks:
            rows += self._names_of(block)
        if self.blocks:
            rows += ["", f"   {self.name}_parameters() gives them, to be read and set, and how many there are."]
        for kept in self.kept:
            what = "a number" if kept.size == 1 else f"{kept.size} numbers"
            rows.append(f"   {self.name}_{kept.name}(): {what} that the step keeps, to be read and set.")
        if self.has_gradient:
            rows.append(
                f"   {self.name}_gradient() comes after {self.name}_forward(), before parameters are set: of the\n"
                "   gradients of the outputs it makes those of the parameters, in their order."
            )
        if self.keeps_gradients:
            rows.append(f"   {self.name}_gradients(): those of the parameters, in their order, as the step left them.")
        return "\n".join(rows)

    def _names_of(self, block: Block) -> list[str]:
        """What the header says about parameters."""
        rows = []
        for part in self.sheet.layout.blocks.get(block.buffer.name, ()):  # none where no line reads them
            named = self.sheet.blocks[block.buffer.name, part.start]
            start = block.start + part.start
            end = f" to [{start + part.size - 1}]" if part.size > 1 else ""
            words = [f"{named.short}:" if named.path else "", str(part.shape) if part.shape else "a number"]
            words.append(named.path if named.path != named.short else "")
            rows.append(f"   parameters{block.ending}[{start}]{end}: {' '.join(filter(None, words))}")
        return rows

    def _size(self) -> str:
        """How much static memory the file takes."""
        size = {name: max(n, 1) * SIZES[dtype] for name, dtype, n, _ in self._statics}
        constant = sum(size[name] for name, _, _, numbers in self._statics if numbers is not None)
        constant += sum(4 * max(len(table), 1) for _, table in self._tables.values())
        changing = self._packed + sum(SIZES[kept.buffer.dtype] * kept.size for kept in self.kept)
        changing += sum(size[name] for name, _, _, numbers in self._statics if numbers is None)
        return f"Static memory: {changing:,} bytes, and {constant:,} bytes that do not change."

    def _flags(self) -> str:
        if self.plan.program.terms.exact:
            return "Compile it with -ffp-contract=off and -fno-builtin: the numbers are exact. No -ffast-math."
        return "Compile it without -ffast-math, which takes nan and inf for impossible."

    def _comment_of(self, lines: list[Line]) -> str:
        """A comment that says which lines a function runs."""
        texts = [textwrap.shorten(self._texts[id(line)], 2 * WIDEST, placeholder=" ...") for line in lines[:3]]
        if len(lines) > 3:
            texts.append(f"and {len(lines) - 3} more")
        return f"/* {comment(f'{chr(10)}   '.join(texts))} */\n"

    def _now(self, ending: str, dtype: str) -> Any:
        """The numbers that parameters have now."""
        numbers = np.zeros(self._count(ending), dtype)
        for block in self.blocks:
            if block.ending == ending:
                part = numbers[block.start : block.start + block.size]
                if block.buffer.name != "theta":
                    if np.size(data_of(block.states[0])) != block.size:
                        raise CaptureError("export_c: a Value has another shape now; call the function once more")
                    part[:] = np.reshape(data_of(block.states[0]), -1)
                elif boundary.read(block.states, part) >= 0:
                    raise CaptureError("export_c: a Value is not a number any more; call the function once more")
        return numbers

    def _before(self, ending: str, dtype: str) -> Any:
        """The gradients that parameters have now."""
        numbers = np.zeros(self._count(ending), dtype)
        for block in self.blocks:
            if block.ending == ending:
                part = numbers[block.start : block.start + block.size]
                if block.buffer.name == "theta":
                    boundary.read_grads(block.states, part)
                else:
                    boundary.read_array_grad(block.states[0], part)
        return numbers


def names_in(lines: Iterable[Line]) -> set[str]:
    """The buffers that lines read and write."""
    return {name for line in lines for name in (line.target.name, *(read.buffer.name for read in line.reads()))}


def _cast(block: Block, dtype: str) -> str:
    return "" if block.buffer.dtype == dtype else f"({c_type(block.buffer.dtype)})"
