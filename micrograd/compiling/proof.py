"""Proof that lines give what eager gives, to the last bit, whatever the numbers are.

The tape is run on marks (marks.py) in the order of eager, there and back; and so are
the lines, in the order of their loops in C. Where the marks of all answers agree, each
answer is the same formula, rounded at the same places.

Two numbers are the same here if they are equal, or both nan. So in gradients the sign
of a zero may be another one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling import marks
from micrograd.compiling.groups import dtype_of, shape_of
from micrograd.compiling.histories import Histories
from micrograd.compiling.lines import Buffer, Line, Program
from micrograd.compiling.maps import Map
from micrograd.compiling.nests import Nest, nest_of
from micrograd.compiling.opaque import Opaque
from micrograd.compiling.tape import ARGUMENT, BEFORE, CONSTANT, GRADIENT, STATE, Tape
from micrograd.compiling.terms import Terms, Unknown, is_spelled
from micrograd.ops.arithmetic import multiply
from micrograd.record import Primitive

LONGEST = 20_000  # parts of one sum: of a longer one nothing is proved


class NotProvedError(Exception):
    """Lines, or a tape, do what marks cannot follow."""


class TapeOnMarks:
    """A tape of numbers run on marks, in the order of eager.

    Attributes:
        marks: of each entry.
    """

    def __init__(self, tape: Tape, root: int | None, seed: int | None) -> None:
        self.tape = tape
        self.marks = np.zeros(len(tape), np.uint64)
        self._histories = Histories(tape)
        self._parts: dict[Any, Any] = {}
        gradients = [i for i, record in enumerate(tape.records) if record == GRADIENT]
        self._leaves()
        first, rest = self._batches(gradients)
        self._run(first)
        if gradients:
            assert root is not None and seed is not None
            found = self.gradients(root, self.marks[seed])
            self.marks[gradients] = [found.get(tape.origin[i], marks.NIL) for i in gradients]
        self._run(rest)

    def _leaves(self) -> None:
        tape = self.tape
        for kind in (STATE, BEFORE):
            which = [i for i, record in enumerate(tape.records) if record == kind]
            self.marks[which] = marks.leaves(kind, [tape.origin[i] for i in which])
        which = [i for i, record in enumerate(tape.records) if record == CONSTANT]
        self.marks[which] = marks.constants([tape.numbers[i] for i in which])
        of_argument: dict[int, list[int]] = {}
        for i, record in enumerate(tape.records):
            if record == ARGUMENT:
                of_argument.setdefault(tape.origin[i][0], []).append(i)
        for k, which in of_argument.items():
            self.marks[which] = marks.leaves(f"arg{k}", [int(tape.origin[i][1]) for i in which])

    def _batches(self, gradients: list[int]) -> tuple[list[Any], list[Any]]:
        """Entries of one op that need nothing of each other, those first that come
        first; and apart from them what follows from gradients.
        """
        tape = self.tape
        level, is_after = [0] * len(tape), bytearray(len(tape))
        for i in gradients:
            is_after[i] = 1
        found: tuple[dict[Any, list[int]], dict[Any, list[int]]] = {}, {}
        for i, record in enumerate(tape.records):
            if type(record) is str:
                continue
            inputs = tape.inputs[i]
            level[i] = 1 + max([level[x] for x in inputs], default=0)
            is_after[i] = max([is_after[x] for x in inputs], default=0)
            params = tape.params[i]
            found[is_after[i]].setdefault((level[i], record, repr(params) if params else "", len(inputs)), []).append(i)
        first, rest = (sorted(batches.items(), key=lambda batch: batch[0][0]) for batches in found)
        return [which for _, which in first], [which for _, which in rest]

    def _run(self, batches: list[list[int]]) -> None:
        tape = self.tape
        for which in batches:
            op, params = tape.records[which[0]], tape.params[which[0]]
            inputs = np.array([tape.inputs[i] for i in which]).T
            self.marks[which] = marks.applied(op, params, [self.marks[x] for x in inputs])

    def gradients(self, root: int, seed: int) -> dict[int, int]:
        """The marks of the gradients of states, by their numbers."""
        tape = self.tape
        incoming: dict[int, list[int]] = {}  # per entry, the parts that it gets, in order
        level: dict[int, int] = {root: 0}
        batches: dict[Any, list[tuple[int, int]]] = {}  # per level, op and input: the entry, and the number of its part
        states: dict[int, int] = {}
        count = 0
        reached: list[list[int]] = [[root]]
        for i, wanted in self._histories.walk(root):
            here = level[i]
            while len(reached) <= here:
                reached.append([])
            if here and wanted:
                reached[here].append(i)
            for m in wanted:
                x = tape.inputs[i][m]
                if tape.records[x] == STATE:
                    x = states.setdefault(tape.origin[x], x)
                level[x] = max(level.get(x, 0), here + 1)
                incoming.setdefault(x, []).append(count)
                params = tape.params[i]
                key = here, tape.records[i], repr(params) if params else "", m
                batches.setdefault(key, []).append((i, count))
                count += 1
        if max(map(len, incoming.values()), default=0) > LONGEST:
            raise NotProvedError
        for x in states.values():  # other entries of one state pass theirs to this one
            while len(reached) <= level[x]:
                reached.append([])
            reached[level[x]].append(x)
        grads = np.full(len(tape), marks.NIL, np.uint64)
        grads[root] = seed
        parts = np.zeros(count, np.uint64)
        of_level: dict[int, list[Any]] = {}
        for key, members in batches.items():
            of_level.setdefault(key[0], []).append((key, members))
        for here, entries in enumerate(reached):
            if here:
                _add_up(grads, parts, [(x, incoming[x]) for x in entries if x in incoming])
            for (_, _, _, m), members in of_level.get(here, ()):
                which = np.array([i for i, _ in members])
                parts[[part for _, part in members]] = self._part(which, m, grads[which])
        return {s: int(grads[x]) for s, x in states.items()}

    def _part(self, which: Any, m: int, g: Any) -> Any:
        """What entries of one op give to input m of theirs."""
        tape = self.tape
        op, params = tape.records[which[0]], tape.params[which[0]] or {}
        given = [self.marks[x] for x in np.array([tape.inputs[i] for i in which]).T]
        if not is_spelled(op, params):
            return pulled(op, params, m, [g, self.marks[which], *given])
        key = (op, repr(params), m)
        if key not in self._parts:
            self._parts[key] = _part_of(op, params, m, len(given))
        term, reads = self._parts[key]
        known = {id(read): x for read, x in zip(reads, [g, self.marks[which], *given], strict=True)}
        return marks.of_term(term, lambda read: known[id(read)])


def _part_of(op: Any, params: Any, m: int, count: int) -> tuple[Any, list[Any]]:
    """What an op gives to an input, as a term; and the reads of the gradient, of the
    output and of the inputs.
    """
    terms = Terms(True)
    reads = [Unknown(terms) for _ in range(2 + count)]
    g, z, *inputs = reads
    if isinstance(op, Primitive):
        return op.rules[m](g, z, *inputs, **params), reads
    return terms.apply(multiply, [g, op.rules[m](z, *inputs, **params)], {}), reads


def pulled(op: Any, params: Any, m: int, given: Sequence[Any]) -> Any:
    """What the rule of an op gives, where no more is known of it."""
    return marks.mixed(marks.word("rule", op.name, repr(params), m), *given)


def _add_up(grads: Any, parts: Any, incoming: list[tuple[int, list[int]]]) -> None:
    """The gradients of entries, from their parts in order."""
    incoming.sort(key=lambda each: -len(each[1]))
    entries = np.array([x for x, _ in incoming], np.int64)
    lengths = np.array([len(numbers) for _, numbers in incoming])
    total = np.full(len(entries), marks.NOTHING, np.uint64)
    for rank in range(int(lengths.max(initial=0))):
        some = int(np.searchsorted(-lengths, -rank))  # those with more than `rank` parts
        here = [numbers[rank] for _, numbers in incoming[:some]]
        total[:some] = marks.add(total[:some], parts[here])
    grads[entries] = total


class LinesOnMarks:
    """Lines run on marks, in the order of their loops in C.

    Args:
        program: what they belong to.
        inputs: the marks of buffers that are given.
    """

    def __init__(self, program: Program, inputs: Mapping[str, Any]) -> None:
        unknown = np.uint64(marks.word("not written"))
        self.arrays = {name: np.full(b.size, unknown) for name, b in program.buffers.items()}
        self.arrays["constants"] = marks.constants(program.constants)
        for name, numbers in program.arrays.items():
            self.arrays[name] = marks.constants(numbers)
        for name, given in inputs.items():
            if name in self.arrays:
                self.arrays[name][:] = given[: len(self.arrays[name])]

    def run(self, lines: Iterable[Line]) -> None:
        """Run lines, one after the other."""
        for line in lines:
            if isinstance(line, Opaque):
                self._run_opaque(line)
            else:
                self._run_line(line)

    def _run_opaque(self, line: Opaque) -> None:
        if line.target.size != 1 or any(math.prod(shape) != 1 for shape in line.shapes):
            raise NotProvedError
        given = [self.arrays[read.buffer.name][read.place.offset] for read in line.inputs]
        if line.pulled is None:
            found = marks.applied(line.op, line.params, given)
        else:
            found = pulled(line.op, line.params, line.pulled, given)
        self.arrays[line.target.name][:] = found

    def _run_line(self, line: Line) -> None:
        name = line.target.name
        if line.target.of is not None and not line.reads() and line.term == 0:
            self.arrays[name][:] = marks.NIL  # cleared; what stays so is a gradient that eager does not compute
            return
        is_read = any(read.buffer is line.target for read in line.reads())
        if is_read or line.reduce != "sum" or line.target.dtype != "float64":
            raise NotProvedError
        nest = nest_of(line, True)
        if math.prod(line.sizes[a] for a in line.summed) > LONGEST:
            raise NotProvedError
        free = tuple(_free_axes(nest, line))
        order = (*nest.summed, *([nest.wide] if nest.wide in line.summed else ()), *free)
        count = math.prod(line.sizes[a] for a in free)

        def of(term: Any) -> Any:
            found = marks.of_term(term, lambda read: self._read(read.buffer, read.place, line.sizes))
            return np.broadcast_to(found, line.sizes).transpose(order).reshape(-1, count)

        places = np.broadcast_to(line.place.indices(line.sizes), line.sizes).transpose(order).reshape(-1, count)[0]
        parts = of(line.term)
        start = None if line.start is None else of(line.start)[0]
        target = self.arrays[name]
        for some in _in_turn(places):
            if start is not None:
                begin = start[some]
            elif line.grows:
                begin = target[places[some]]
            else:
                begin = np.uint64(marks.NOTHING)
            target[places[some]] = marks.summed(begin, parts[:, some])

    def _read(self, buffer: Buffer, place: Map, sizes: Any) -> Any:
        return self.arrays[buffer.name][place.indices(sizes)]


def _free_axes(nest: Nest, line: Line) -> Iterator[int]:
    """The loops over what is written, from the outermost in; what a tile holds at once
    are elements of their own.
    """
    yield from nest.outer
    if nest.wide is not None and nest.wide not in line.summed:
        yield nest.wide


def _in_turn(places: Any) -> Iterator[Any]:
    """Points in order, in sets in which each element is written once."""
    order = np.argsort(places, kind="stable")
    kept = places[order]
    first = np.flatnonzero(np.r_[True, kept[1:] != kept[:-1]]) if len(kept) else np.zeros(0, int)
    rank = np.arange(len(kept)) - np.repeat(first, np.diff(np.r_[first, len(kept)]))
    if rank.max(initial=0) > LONGEST:
        raise NotProvedError
    by_rank = order[np.argsort(rank, kind="stable")]
    yield from np.split(by_rank, np.cumsum(np.bincount(rank))[:-1]) if len(kept) else ()


def proves(
    tape: Tape,
    program: Program,
    forward: Sequence[Line],
    back: Sequence[Line],
    answers: Mapping[str, Sequence[int]],
    root: int | None,
    seed: int | None,
) -> bool:
    """Whether lines give the answers of eager.

    Args:
        tape: what eager does.
        program: what the lines belong to.
        forward: the lines of a call.
        back: the lines of `backward()`.
        answers: by the name of a buffer of the program, the entries that it holds.
        root: the entry at which `backward()` begins within the call, if it does.
        seed: the entry of the gradient that it begins with.
    """
    with np.errstate(over="ignore"):
        try:
            return not _holds_arrays(tape) and _proves(tape, program, forward, back, answers, root, seed)
        except NotProvedError:
            return False


def _holds_arrays(tape: Tape) -> bool:
    """Whether there are arrays, or numbers of float32."""
    return any(type(x) is not float and (shape_of(x) or dtype_of(x) != "float64") for x in tape.numbers)


def _proves(
    tape: Tape,
    program: Program,
    forward: Sequence[Line],
    back: Sequence[Line],
    answers: Mapping[str, Sequence[int]],
    root: int | None,
    seed: int | None,
) -> bool:
    wanted = TapeOnMarks(tape, root, seed)
    numbers = np.array(program.theta, np.int64)
    inputs = {
        "theta": marks.leaves(STATE, numbers),
        "before": marks.leaves(BEFORE, numbers),
        **{f"arg{k}": marks.leaves(f"arg{k}", np.arange(n)) for k, n in enumerate(tape.argument_sizes)},
    }
    lines = LinesOnMarks(program, inputs)
    lines.run(forward)
    for name, entries in answers.items():
        if not np.array_equal(lines.arrays[name], wanted.marks[list(entries)]):
            return False
    if not back:
        return True
    seeds = marks.leaves("seed", np.arange(len(answers["outputs"])))
    for k, entry in enumerate(answers["outputs"]):
        lines.arrays["d_outputs"][:] = marks.NIL
        lines.arrays["d_outputs"][k] = seeds[k]
        lines.run(back)
        found = dict(zip(program.theta, lines.arrays["d_theta"].tolist(), strict=True))
        for state, gradient in wanted.gradients(entry, seeds[k]).items():
            if found.get(state) != gradient:
                return False
    return True
