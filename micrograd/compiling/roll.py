"""Rolling: the numbers of a tape that were computed alike become one group, and a
group becomes lines.

Two numbers are alike if the same ops made them from inputs that are alike, down to the
leaves, which are all alike if they are of one kind. So the 1,600 neurons of a layer
over 100 samples are one group. Which inputs each of them read is then said by maps.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.lines import Buffer, Line, Program
from micrograd.compiling.maps import Map, common_sizes, digits, fitted, merged, shrunk
from micrograd.compiling.tape import ARGUMENT, BEFORE, CONSTANT, GRADIENT, STATE, Tape
from micrograd.compiling.terms import Read, Terms, replaced
from micrograd.ops.arithmetic import add, multiply, negative, stop_gradient, subtract, where
from micrograd.record import Comparison
from micrograd.table import OPS

COMPARISONS = frozenset(op for op in OPS.values() if isinstance(op, Comparison))
CHEAP = COMPARISONS | {add, multiply, negative, subtract, where, stop_gradient}  # computed again rather than kept
DEEPEST = 40  # ops in one term
FEW = 2  # a sum of so few leaves alike is written as a term


class Group:
    """Entries that were computed alike.

    Attributes:
        number: of its signature.
        record: the op of all, or the kind of leaf.
        params: of the op.
        members: the entries, in order.
        inputs: per input of the op, the entries read by each member; for a sum, per run
            of like terms an array of (members, count) entries.
        runs: for a sum, how many terms each run has.
    """

    def __init__(self, number: int, record: Any, params: Any, runs: tuple[tuple[int, int], ...] | None) -> None:
        self.number = number
        self.record = record
        self.params = params
        self.runs = runs
        self.members: list[int] = []
        self.terms: list[tuple[int, ...]] = []
        self.inputs: list[Any] = []
        self.buffer: Buffer | None = None
        self.is_inlined = False


def groups_of(tape: Tape, exact: bool) -> list[Group]:
    """The groups of a tape, inputs before users."""
    records, inputs = tape.records, tape.inputs
    uses = tape.uses()
    added: list[list[int] | None] = [None] * len(records)  # per add, the terms of the whole sum
    signature = [-1] * len(records)
    known: dict[Any, Group] = {}
    groups: list[Group] = []
    absorbed = _absorbed(tape, uses, exact)
    for i, record in enumerate(records):
        runs: Any = None
        if record is add:
            terms: list[int] = []
            for position, x in enumerate(inputs[i]):
                of_x = added[x]
                if absorbed[x] and of_x is not None and (position == 0 or not exact):
                    terms = of_x + terms if position else of_x
                    added[x] = None
                else:
                    terms.append(x)
            added[i] = terms
            if absorbed[i]:
                continue
            given, runs = _as_runs(tape, terms, signature, exact)
            key: Any = ("sum", runs)
        elif isinstance(record, str):
            given, key = (), (record, tape.origin[i][0] if record == ARGUMENT else None)
        else:
            given = inputs[i]
            marks = [signature[x] for x in given]
            if record.facts.commutative and not exact and marks[0] > marks[1]:
                given, marks = given[::-1], marks[::-1]
            key = (record, tuple(marks), _frozen(tape.params[i]))
        group = known.get(key)
        if group is None:
            group = known[key] = Group(len(groups), record, tape.params[i], runs)
            groups.append(group)
        signature[i] = group.number
        group.members.append(i)
        group.terms.append(given)
    for group in groups:
        _make_arrays(group)
    return groups


def _absorbed(tape: Tape, uses: list[int], exact: bool) -> list[bool]:
    """Per entry, whether it is a sum that is only part of another one."""
    absorbed = [False] * len(tape)
    for i, record in enumerate(tape.records):
        if record is add:
            for position, x in enumerate(tape.inputs[i]):
                if tape.records[x] is add and uses[x] == 1 and (position == 0 or not exact):
                    absorbed[x] = True
    for x in tape.outputs:
        absorbed[x] = False
    return absorbed


def _as_runs(tape: Tape, terms: list[int], signature: list[int], exact: bool) -> tuple[tuple[int, ...], Any]:
    """The terms of a sum, like ones beside each other, and how many of each."""
    if not exact:
        terms = [x for x in terms if not (tape.records[x] is CONSTANT and tape.numbers[x] == 0)] or terms[:1]
        terms.sort(key=lambda x: signature[x])
    runs: list[tuple[int, int]] = []
    for x in terms:
        mark = signature[x]
        if runs and runs[-1][0] == mark:
            runs[-1] = (mark, runs[-1][1] + 1)
        else:
            runs.append((mark, 1))
    return tuple(terms), tuple(runs)


def _frozen(params: Any) -> Any:
    return tuple((k, type(v), v) for k, v in params.items()) if params else ()


def _make_arrays(group: Group) -> None:
    """The inputs of all members as arrays of entries."""
    if not group.terms[0]:
        return
    table = np.array(group.terms, np.int64)
    if group.runs is None:
        group.inputs = list(table.T)
        return
    start = 0
    for _, count in group.runs:
        group.inputs.append(table[:, start : start + count])
        start += count


class Hole(Read):
    """A read whose map is not known yet: the number of the operand."""

    __slots__ = ("number",)

    def __init__(self, table: Terms, number: int) -> None:
        self.table = table
        self.number = number


class Roller:
    """Makes lines of the groups of a tape."""

    def __init__(self, tape: Tape, exact: bool = False) -> None:
        self.tape = tape
        self.exact = exact
        self.groups = groups_of(tape, exact)
        self.program = Program(exact)
        self.position = np.zeros(len(tape), np.int64)  # of an entry in the buffer of its group
        self.group_of = np.full(len(tape), -1, np.int64)
        for group in self.groups:
            self.position[group.members] = np.arange(len(group.members))
            self.group_of[group.members] = group.number
        new = self.program.new
        self.theta = new("theta", 0, "state")
        self.homes = {STATE: self.theta, GRADIENT: new("d_theta", 0, "gradient", self.theta), BEFORE: new("before", 0, "state")}
        self.numbered = np.full(1 + max([-1, *self._origins()]), -1, np.int64)  # of a state in theta
        self.state = np.array([o if r in self.homes else -1 for r, o in zip(tape.records, tape.origin, strict=True)])
        self.numbers = self._numbers()
        self.depth = [0] * len(self.groups)

    def _numbers(self) -> Any:
        is_constant = [record is CONSTANT for record in self.tape.records]
        return np.array([float(n) if k else 0.0 for n, k in zip(self.tape.numbers, is_constant, strict=True)])

    def rolled(self) -> Program:
        """The program."""
        self._inline()
        self._make_buffers()
        for group in self.groups:
            if not isinstance(group.record, str) and not group.is_inlined:
                self._write(group)
        self.resize()
        return self.program

    def resize(self) -> None:
        """Give the buffers of states the sizes that are known now."""
        for buffer in self.homes.values():
            buffer.size = len(self.program.theta)

    def write(self, name: str, entries: list[int]) -> None:
        """Lines that put these entries into a buffer of this name."""
        buffer = self.program.new(name, len(entries))
        given = np.array(entries, np.int64)
        for number in dict.fromkeys(self.group_of[given].tolist()):
            places = np.flatnonzero(self.group_of[given] == number)
            self._line(buffer, places, [given[places][:, None]], lambda parts: parts[0], False)
        self.resize()

    def _origins(self) -> list[int]:
        tape = self.tape
        return [o for r, o in zip(tape.records, tape.origin, strict=True) if r in (STATE, GRADIENT, BEFORE)]

    def home_of(self, entry: int) -> tuple[Buffer, int]:
        """The buffer of an entry, and its place there."""
        group = self.groups[int(self.group_of[entry])]
        return self._home(group), int(self._index(group, np.array([entry]))[0])

    def _inline(self) -> None:
        """Mark the groups that are computed where they are used: cheap ones, each
        member of which is used once, all by one group.
        """
        uses = self.tape.uses()
        users: dict[int, set[int]] = {}
        for group in self.groups:
            for entries in group.inputs:
                for number in np.unique(self.group_of[entries]).tolist():
                    users.setdefault(number, set()).add(group.number)
        outputs = {int(self.group_of[x]) for x in self.tape.outputs}
        for group in self.groups:
            is_cheap = group.record in CHEAP and (group.runs is None or all(count == 1 for _, count in group.runs))
            used = users.get(group.number, set())
            if not is_cheap or len(used) != 1 or group.number in outputs:
                continue
            below = max([0, *(self.depth[int(self.group_of[e.flat[0]])] for e in group.inputs)])
            if below < DEEPEST and all(uses[x] == 1 for x in group.members):
                group.is_inlined = True
                self.depth[group.number] = below + 1

    def _make_buffers(self) -> None:
        for group in self.groups:
            if group.record == ARGUMENT:
                k = self.tape.origin[group.members[0]][0]
                group.buffer = self.program.new(f"arg{k}", self.tape.argument_sizes[k], ARGUMENT)
                self.position[group.members] = [self.tape.origin[i][1] for i in group.members]
            elif not isinstance(group.record, str) and not group.is_inlined:
                name = f"v{sum(b.kind == 'inner' for b in self.program.buffers.values()) + 1}"
                group.buffer = self.program.new(name, len(group.members))
        self.constants = self.program.new("constants", 0, "constants")

    def _write(self, group: Group) -> None:
        """The lines of a group."""
        self._reorder(group)
        members = np.arange(len(group.members))
        if group.runs is None:
            self._line(group.buffer, members, [e[:, None] for e in group.inputs], lambda parts: self._apply(group, parts), False)
            return
        alone = [j for j, (_, n) in enumerate(group.runs) if n == 1 or (n <= FEW and self._is_leaf(group.inputs[j]))]
        begun = False
        if alone:
            columns = [group.inputs[j][:, [c]] for j in alone for c in range(group.runs[j][1])]
            self._line(group.buffer, members, columns, _sum_of, False)
            begun = True
        for j in range(len(group.runs)):
            if j not in alone:
                self._line(group.buffer, members, [group.inputs[j]], lambda parts: parts[0], begun)
                begun = True

    def _reorder(self, group: Group) -> None:
        """Let the members stand in the order of the states that they read, if that is
        no order of their own: so updates of parameters run along theta.
        """
        for entries in group.inputs if group.runs is None else ():
            states = self._states_of(entries)
            if states is None or len(states) < 2:
                continue
            numbers = self.numbered[states]
            if (numbers >= 0).all() and digits(numbers) is None and len(np.unique(numbers)) == len(numbers):
                order = np.argsort(numbers)
                group.members = np.array(group.members)[order].tolist()
                group.inputs = [e[order] for e in group.inputs]
                self.position[group.members] = np.arange(len(group.members))
            return

    def _states_of(self, entries: Any) -> Any:
        """The states that these entries are, or that they only stand for; None where
        they are something else.
        """
        group = self.groups[int(self.group_of[entries[0]])]
        while group.is_inlined and group.record is stop_gradient:
            entries = group.inputs[0][self.position[entries]]
            group = self.groups[int(self.group_of[entries[0]])]
        return self.state[entries] if group.record in self.homes else None

    def _is_leaf(self, entries: Any) -> bool:
        return isinstance(self.groups[int(self.group_of[entries.flat[0]])].record, str)

    def _apply(self, group: Group, parts: list[Any]) -> Any:
        return self.program.terms.apply(group.record, parts, group.params or {})

    def _line(self, home: Any, members: Any, entries: list[Any], combine: Any, grows: bool) -> None:
        """One line: over the places of members, and over the terms that are added up."""
        count = entries[0].shape[1]
        if len(members) == 1 and count > 1 and not self.exact:  # in the order of what is read
            entries = [e[:, np.argsort(self._rank(e[0]), kind="stable")] for e in entries]
        self._operands: list[tuple[Any, Any]] = []  # what is read: a buffer or None for constants, and indices
        term = combine([self._part(e.reshape(-1)) for e in entries])
        target = np.repeat(members, count)
        wanted = [[len(members), count]]
        for buffer, numbers in [(home, target), *self._operands]:
            if buffer is not None and len(numbers) > 1 and (found := digits(numbers)) is not None:
                wanted.append(found[0])
        sizes = common_sizes(wanted, len(target)) or common_sizes([[len(members), count]], len(target))
        assert sizes is not None
        places = [self._placed(buffer, numbers, sizes) for buffer, numbers in self._operands]
        maps = [fitted(target, sizes), *[place for _, place in places if place is not None]]
        sizes, maps = merged(sizes, maps)
        rest = iter(maps[1:])
        reads = [
            number if place is None else self.program.terms.read(self._buffer(buffer), next(rest))
            for (buffer, _), (number, place) in zip(self._operands, places, strict=True)
        ]
        term = replaced(term, lambda hole: reads[hole.number])
        self.program.lines.append(Line(home, maps[0], sizes, term, grows))

    def _buffer(self, buffer: Any) -> Buffer:
        return self.constants if buffer is None else buffer

    def _rank(self, entries: Any) -> Any:
        """A number by which to order what is added up: where the first leaf lies."""
        while True:
            group = self.groups[int(self.group_of[entries[0]])]
            if not group.is_inlined:
                return self._index(group, entries)
            positions = self.position[entries]
            entries = group.inputs[0].reshape(len(group.members), -1)[positions][:, 0]

    def _part(self, entries: Any) -> Any:
        """What is computed for these entries: a read, or the term of an inlined group.

        The reads are holes at first: the number of the operand stands for its map.
        """
        group = self.groups[int(self.group_of[entries[0]])]
        if group.is_inlined:
            positions = self.position[entries]
            if group.runs is None:
                return self._apply(group, [self._part(e[positions]) for e in group.inputs])
            columns = [e[positions][:, c] for e in group.inputs for c in range(e.shape[1])]
            return _sum_of([self._part(column) for column in columns])
        if group.record == CONSTANT:
            numbers = self.numbers[entries]
            if (numbers == numbers[0]).all():
                return float(numbers[0])
            self._operands.append((None, numbers))
        else:
            self._operands.append((self._home(group), self._index(group, entries)))
        return Hole(self.program.terms, len(self._operands) - 1)

    def _home(self, group: Group) -> Buffer:
        if isinstance(group.record, str) and group.record in self.homes:
            return self.homes[group.record]
        assert group.buffer is not None
        return group.buffer

    def _index(self, group: Group, entries: Any) -> Any:
        """Where in its buffer each entry lies. A state is numbered when first met."""
        if not isinstance(group.record, str) or group.record not in self.homes:
            return self.position[entries]
        states = self.state[entries]
        unknown = states[self.numbered[states] < 0]
        if len(unknown):
            _, first = np.unique(unknown, return_index=True)
            new = unknown[np.sort(first)]
            self.numbered[new] = len(self.program.theta) + np.arange(len(new))
            self.program.theta += new.tolist()
        return self.numbered[states]

    def _placed(self, buffer: Any, numbers: Any, sizes: Any) -> tuple[Any, Map | None]:
        """Where an operand is read; constants are laid out densely."""
        if buffer is not None:
            return None, fitted(numbers, sizes)
        kept, axes = shrunk(numbers.reshape(sizes))
        if not axes:
            return float(numbers[0]), None
        strides = [0] * len(sizes)
        step = 1
        for axis in reversed(axes):
            strides[axis] = step
            step *= sizes[axis]
        return None, Map(self.program.constant(kept.reshape(-1).tolist()), tuple(strides))


def _sum_of(parts: list[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
