"""Rolling: a group of numbers that were computed alike becomes lines.

Which inputs each member reads is said by maps. Members are numbers or arrays: an array
of shape (4, 3) adds two axes to the domain of its lines.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.groups import Group, contiguous, dtype_of, groups_of, placed, put_in_order
from micrograd.compiling.lines import Buffer, Line, Program
from micrograd.compiling.maps import Map, common_sizes, digits, fitted, is_each_once, merged, shrunk
from micrograd.compiling.tape import ARGUMENT, BEFORE, CONSTANT, GRADIENT, STATE, Tape
from micrograd.compiling.terms import Read, Terms, is_spelled, replaced
from micrograd.compiling.tuples import Operand as Operand
from micrograd.compiling.tuples import Sizes
from micrograd.errors import CaptureError
from micrograd.ops.arithmetic import add, multiply, negative, stop_gradient, subtract, where
from micrograd.record import Comparison
from micrograd.table import OPS

COMPARISONS = frozenset(op for op in OPS.values() if isinstance(op, Comparison))
CHEAP = COMPARISONS | {add, multiply, negative, subtract, where, stop_gradient}  # computed again rather than kept
DEEPEST = 40  # ops in one term
FEW = 2  # a sum of so few leaves alike is written as a term
NAMES = {STATE: "theta", GRADIENT: "d_theta", BEFORE: "before"}  # of the buffers of all states that are numbers
ARRAY_NAMES = {STATE: "state{}", GRADIENT: "d_state{}", BEFORE: "before{}"}  # of those that are arrays


class Hole(Read):
    """A read whose map is not known yet: the number of the operand."""

    __slots__ = ("number",)

    def __init__(self, table: Terms, number: int) -> None:
        self.table = table
        self.number = number


class Roller:
    """Makes lines of the groups of a tape.

    Args:
        tape: the columns.
        forms: by the name of an op, how it is written as lines.
        exact: keep every op, and every order.
        order: of exact programs, the entries in the order of eager's walk.
    """

    def __init__(
        self, tape: Tape, forms: dict[str, Any], exact: bool = False, order: Sequence[int] | None = None
    ) -> None:
        self.tape = tape
        self.forms = forms
        self.exact = exact
        self.groups = groups_of(tape, exact)
        if order is not None:
            put_in_order(self.groups, order)
        self.program = Program(exact)
        # Per entry the number of its group, and where it begins in the buffer of that.
        self._number, positions = placed(self.groups, len(tape))
        self.group_of, self.position = np.array(self._number, np.int64), np.array(positions, np.int64)
        self.theta = self.program.new("theta", 0, "state")
        self.theta.is_weak = True
        self.program.new("d_theta", 0, "gradient", self.theta)
        self.program.new("before", 0, "state").is_weak = True
        self.constants = self.program.new("constants", 0, "constants")
        self.constants.is_weak = True
        self.state, self.numbers = np.full(len(tape), -1, np.int64), np.zeros(len(tape))
        for group in self.groups:
            if group.record in NAMES:
                self.state[group.members] = [tape.origin[i] for i in group.members]
            elif group.record == CONSTANT and not group.shape:
                self.numbers[group.members] = [float(tape.numbers[i]) for i in group.members]
        self.numbered = np.full(1 + self.state.max(initial=-1), -1, np.int64)  # of a state in theta
        self.depth = [0] * len(self.groups)
        self._homes = 0
        self._inline()

    def count_of_lines(self) -> int:
        """How many lines there will be; a few more, as a sum may take several."""
        return sum(not isinstance(group.record, str) and not group.is_inlined for group in self.groups)

    def rolled(self) -> Program:
        """The program."""
        for group in self.groups:
            if isinstance(group.record, str):
                self._place_leaf(group)
            elif not group.is_inlined:
                self._write(group)
        self.resize()
        return self.program

    def resize(self) -> None:
        """Give the buffers of states the sizes that are known now."""
        for name in NAMES.values():
            self.program.buffers[name].size = len(self.program.theta)
        self.constants.size = len(self.program.constants)

    def write(self, name: str, entries: list[int]) -> Buffer:
        """Lines that put these entries into a buffer of this name, one after the
        other.
        """
        given = np.array(entries, np.int64)
        sizes = [self.groups[g].size for g in self.group_of[given].tolist()]
        starts = np.cumsum([0, *sizes])
        kinds = {dtype_of(self.tape.numbers[e]) for e in entries}
        buffer = self.program.new(name, int(starts[-1]), dtype=kinds.pop() if len(kinds) == 1 else "float64")
        buffer.is_weak = starts[-1] == len(entries)
        for number in dict.fromkeys(self.group_of[given].tolist()):
            group = self.groups[number]
            chosen = np.flatnonzero(self.group_of[given] == number)
            operand = Operand(given[chosen][:, None], tuple(range(len(group.shape))))
            self.line(buffer, starts[chosen], contiguous(group.shape), group.shape, [operand], _first, False)
        self.resize()
        return buffer

    # Which groups are computed where they are used

    def _inline(self) -> None:
        """Mark them: cheap ones, whose members are used once each, all by one group."""
        uses = self.tape.uses()
        users: dict[int, set[int]] = {}
        for group in self.groups:
            for number in {self._number[x] for terms in group.terms for x in terms}:
                users.setdefault(number, set()).add(group.number)
        outputs = {self._number[x] for x in self.tape.outputs}
        for group in self.groups:
            is_cheap = group.record in CHEAP and (group.runs is None or all(count == 1 for _, count in group.runs))
            used = users.get(group.number, set())
            if not is_cheap or len(used) != 1 or group.number in outputs:
                continue
            user = self.groups[next(iter(used))]
            if not self._reads_alike(user, group):
                continue
            below = max((self.depth[self._number[x]] for x in group.terms[0]), default=0)
            if below < DEEPEST and all(uses[x] == 1 for x in group.members):
                group.is_inlined = True
                self.depth[group.number] = below + 1

    def _reads_alike(self, user: Group, group: Group) -> bool:
        """Whether the lines of a user read each element of the group once."""
        if user.runs is not None or user.record is OPS["sum"]:
            return True
        return self._is_elementwise(user) and user.shape == group.shape

    def _is_elementwise(self, group: Group) -> bool:
        return is_spelled(group.record, group.params or {})

    # Where things lie

    def _place_leaf(self, group: Group) -> None:
        record, first = group.record, group.members[0]
        if record == ARGUMENT:
            self._place_argument(group)
        elif record == CONSTANT:
            group.home = self._constant_arrays(group) if group.shape else self.constants
        elif group.shape:
            state = self.tape.origin[first]
            group.home = self.state_buffer(record, state, group.size, dtype_of(self.tape.numbers[first]))
        else:
            group.home = self.program.buffers[NAMES[record]]

    def _constant_arrays(self, group: Group) -> Buffer:
        """A buffer of all constant arrays of a group; what they share is there once."""
        known: dict[Any, int] = {}
        arrays: list[Any] = []
        for entry in group.members:
            array = np.asarray(self.tape.numbers[entry])
            key = (array.__array_interface__["data"][0], array.strides, array.dtype)
            if key not in known:
                known[key] = len(arrays) * group.size
                arrays.append(array)
            self.position[entry] = known[key]
        return self.program.array(np.stack(arrays) if len(arrays) > 1 else arrays[0])

    def state_buffer(self, record: str, state: int, size: int, dtype: str) -> Buffer:
        """The buffer of a state that is an array, or of its gradient."""
        name = ARRAY_NAMES[record].format(state)
        if name not in self.program.buffers:
            of = self.state_buffer(STATE, state, size, dtype) if record == GRADIENT else None
            self.program.new(name, size, "gradient" if of else "state", of, dtype)
        return self.program.buffers[name]

    def _place_argument(self, group: Group) -> None:
        k, places = self.tape.origin[group.members[0]]
        name = f"arg{k}"
        known = self.program.buffers
        if name not in known:
            dtype = dtype_of(self.tape.numbers[group.members[0]])
            self.program.new(name, self.tape.argument_sizes[k], ARGUMENT, dtype=dtype).is_weak = not group.shape
        group.home = known[name]
        if not group.shape:
            self.position[group.members] = [int(self.tape.origin[i][1]) for i in group.members]
            return
        place = fitted(places.reshape(-1), group.shape) if group.size else Map(0, contiguous(group.shape))
        group.strides = place.strides
        if group.size:
            self.position[group.members] = [int(self.tape.origin[i][1].flat[0]) for i in group.members]
        if place.table is not None:
            raise CaptureError("compile: an argument is indexed by an array before an op takes it; use np.take")

    def index(self, group: Group, entries: Any) -> Any:
        """Where in its buffer each entry begins. A state is numbered when first met."""
        if not isinstance(group.record, str) or group.record not in NAMES or group.shape:
            return self.position[entries]
        states = self.state[entries]
        unknown = states[self.numbered[states] < 0]
        if len(unknown):
            new = list(dict.fromkeys(unknown.tolist()))  # np.unique would import numpy.ma
            self.numbered[new] = len(self.program.theta) + np.arange(len(new))
            self.program.theta += new
        return self.numbered[states]

    def start_of(self, group: Group, entry: int) -> int:
        """Where one entry begins in its buffer; a constant number is put there."""
        if group.record == CONSTANT and not group.shape:
            return self.program.constant([float(self.numbers[entry])])
        return int(self.index(group, np.array([entry]))[0])

    def group(self, entry: int) -> Group:
        """The group of an entry."""
        return self.groups[self._number[entry]]

    # Lines

    def _write(self, group: Group) -> None:
        """The lines of a group."""
        self._reorder(group)
        members = np.arange(len(group.members)) * group.size
        if group.runs is not None:
            self.new_home(group)
            self._write_sum(group, members)
        elif self._is_elementwise(group):
            self.new_home(group)
            operands = [Operand(e[:, None], self.broadcast(e, group.shape)) for e in group.inputs]
            self.line(
                group.home,
                members,
                group.strides,
                group.shape,
                operands,
                lambda parts: self._apply(group, parts),
                False,
            )
        else:
            self.forms.get(group.record.name, self.forms["opaque"])(self, group)

    def new_home(self, group: Group) -> Buffer:
        """A buffer for the members of a group, one after the other."""
        self._homes += 1
        name = f"v{self._homes}"
        dtype = dtype_of(self.tape.numbers[group.members[0]])
        group.home = self.program.new(name, len(group.members) * group.size, dtype=dtype)
        group.home.is_weak = not group.shape
        group.home.shape = (len(group.members), *group.shape) if len(group.members) > 1 else group.shape
        group.strides = contiguous(group.shape)
        return group.home

    def clear(self, home: Buffer) -> None:
        """A line that sets a buffer to 0."""
        self.program.lines.append(Line(home, Map(0, (1,)), (home.size,), 0.0, False))

    def broadcast(self, entries: Any, shape: Sizes) -> Sizes:
        """The axes of a line of this shape that the axes of an input are."""
        given = self.group(entries.flat[0]).shape
        shift = len(shape) - len(given)
        return tuple(-1 if n == 1 and shape[a + shift] != 1 else a + shift for a, n in enumerate(given))

    def _write_sum(self, group: Group, members: Any) -> None:
        """A sum of numbers: a line for each run of like terms, one for all others."""
        few = [j for j, (_, n) in enumerate(group.runs) if n == 1 or (n <= FEW and self._is_leaf(group.inputs[j]))]
        if self.exact:  # only those that stand first: z + (a + b) is not (z + a) + b
            few = [j for i, j in enumerate(few) if i == j]
        begun = False
        if few:
            columns = [Operand(group.inputs[j][:, [c]], ()) for j in few for c in range(group.runs[j][1])]
            self.line(group.home, members, (), (), columns, _sum_of, False)
            begun = True
        for j in range(len(group.runs)):
            if j not in few:
                self.line(group.home, members, (), (), [Operand(group.inputs[j], ())], _first, begun)
                begun = True

    def _reorder(self, group: Group) -> None:
        """Let the members stand in the order of the states that they read, if that is
        no order of their own: so updates of parameters run along theta.
        """
        for entries in group.inputs if group.runs is None and not group.shape else ():
            states = self._states_of(entries)
            if states is None or len(states) < 2:
                continue
            numbers = self.numbered[states]
            if (numbers >= 0).all() and digits(numbers) is None and is_each_once(numbers):
                order = np.argsort(numbers)
                group.members = np.array(group.members)[order].tolist()
                group.inputs = [e[order] for e in group.inputs]
                self.position[group.members] = np.arange(len(group.members))
            return

    def _states_of(self, entries: Any) -> Any:
        """The states that these entries are, or that they only stand for; None where
        they are something else.
        """
        group = self.group(entries[0])
        while group.is_inlined and group.record is stop_gradient:
            entries = group.inputs[0][self._rows(group, entries)]
            group = self.group(entries[0])
        return self.state[entries] if group.record in NAMES else None

    def _rows(self, group: Group, entries: Any) -> Any:
        """Which members of a group these are."""
        return self.position[entries] // max(group.size, 1)

    def _is_leaf(self, entries: Any) -> bool:
        return isinstance(self.group(entries.flat[0]).record, str)

    def _apply(self, group: Group, parts: list[Any]) -> Any:
        return self.program.terms.apply(group.record, parts, group.params or {})

    def line(
        self,
        home: Any,
        starts: Any,
        strides: Sizes | Map,
        shape: Sizes,
        operands: Sequence[Operand],
        combine: Callable[[list[Any]], Any],
        grows: bool,
    ) -> None:
        """One line: over members, over terms that are added up, and over a shape.

        Args:
            home: the buffer that is written.
            starts: where in it each member begins.
            strides: of the target along each axis of the shape, 0 where it is added up;
                or a map of the shape.
            shape: the axes beside those of members and terms.
            operands: what is read.
            combine: the term, of the parts of the operands.
            grows: whether it adds to what is there.
        """
        count = operands[0].entries.shape[1]
        if not len(starts) * count * math.prod(shape):  # nothing to go through
            kept = [n for n, stride in zip(shape, strides, strict=True) if stride] if type(strides) is tuple else shape
            if len(starts) * math.prod(kept) and not grows:  # sums of no terms
                self.clear(home)
            return
        entries = [o.entries for o in operands]
        if len(starts) == 1 and count > 1 and not self.exact:  # in the order of what is read
            entries = [e[:, np.argsort(self._rank(e[0]), kind="stable")] for e in entries]
        inner = strides if isinstance(strides, Map) else Map(0, strides)
        is_one = len(starts) * count == 1 and (not shape or (len(shape) == 1 and shape[0] > 1))
        # A buffer or None for constants, indices, a map of the shape.
        self._found: list[tuple[Any, Any, Map]] | None = None if is_one else []
        parts = []
        for operand, e in zip(operands, entries, strict=True):
            if operand.places is None:
                parts.append(self._part(e.reshape(-1), operand.axes, len(shape)))
            else:
                parts.append(self._read(e.reshape(-1), fitted(operand.places.reshape(-1), shape)))
        term = combine(parts)
        if self._found is None:  # one member, one term: there is nothing to fit
            self.program.lines.append(Line(home, _with_inner(Map(int(starts[0]), ()), inner), shape, term, grows))
            return
        target = np.repeat(starts, count)
        wanted = [[len(starts), count]]
        for buffer, numbers in [(home, target), *[found[:2] for found in self._found]]:
            if buffer is not None and len(numbers) > 1 and (sizes_of := digits(numbers)) is not None:
                wanted.append(sizes_of[0])
        sizes = common_sizes(wanted, len(target)) or common_sizes([[len(starts), count]], len(target))
        assert sizes is not None
        places = [self._placed(*found, sizes) for found in self._found]
        first = _with_inner(fitted(target, sizes), inner)
        whole, maps = merged((*sizes, *shape), [first, *[place for _, place in places if place is not None]])
        rest = iter(maps[1:])
        reads = [
            number
            if place is None
            else self.program.terms.read(self.constants if buffer is None else buffer, next(rest))
            for (buffer, _, _), (number, place) in zip(self._found, places, strict=True)
        ]
        term = replaced(term, lambda hole: reads[hole.number])
        self.program.lines.append(Line(home, maps[0], whole, term, grows))

    def _rank(self, entries: Any) -> Any:
        """A number by which to order what is added up: where the first leaf lies."""
        while True:
            group = self.group(entries[0])
            if not group.is_inlined:
                return self.index(group, entries)
            entries = group.inputs[0].reshape(len(group.members), -1)[self._rows(group, entries)][:, 0]

    def _part(self, entries: Any, axes: Sizes, count: int) -> Any:
        """What is computed for these entries: a read, or the term of an inlined group.

        Where there are several points, the reads are holes at first: the number of the
        operand stands for its map.
        """
        group = self.group(entries[0])
        if group.is_inlined:
            rows = self._rows(group, entries)
            if group.runs is None:
                parts = []
                for e in group.inputs:
                    inner = tuple(-1 if a < 0 else axes[a] for a in self.broadcast(e, group.shape))
                    parts.append(self._part(e[rows], inner, count))
                return self._apply(group, parts)
            columns = [e[rows][:, c] for e in group.inputs for c in range(e.shape[1])]
            return _sum_of([self._part(column, (), count) for column in columns])
        strides = [0] * count
        for axis, stride in zip(axes, group.strides, strict=True):
            if axis >= 0:
                strides[axis] += stride
        return self._read(entries, Map(0, tuple(strides)))

    def _read(self, entries: Any, inner: Map) -> Any:
        """A read of these entries; a number where all are one constant."""
        group = self.group(entries[0])
        if group.record == CONSTANT and not group.shape:
            numbers = self.numbers[entries]
            bits = numbers.view(np.int64)  # -0.0 is another number than 0.0
            if self._found is None or (bits == bits[0]).all():
                return float(numbers[0])
            self._found.append((None, numbers, inner))
        elif self._found is None:
            place = _with_inner(Map(int(self.index(group, entries)[0]), ()), inner)
            return self.program.terms.read(group.home, place)  # type: ignore[arg-type]
        else:
            self._found.append((group.home, self.index(group, entries), inner))
        return Hole(self.program.terms, len(self._found) - 1)

    def _placed(self, buffer: Any, numbers: Any, inner: Map, sizes: Sizes) -> tuple[Any, Map | None]:
        """Where an operand is read; constants are laid out densely."""
        if buffer is not None:
            return None, _with_inner(fitted(numbers, sizes), inner)
        kept, axes = shrunk(numbers.view(np.int64).reshape(sizes))
        if not axes:
            return float(numbers[0]), None
        strides = [0] * len(sizes)
        step = 1
        for axis in reversed(axes):
            strides[axis] = step
            step *= sizes[axis]
        place = Map(self.program.constant(kept.view(float).reshape(-1).tolist()), tuple(strides))
        return None, _with_inner(place, inner)


def _with_inner(place: Map, inner: Map) -> Map:
    """The sum of two maps over different axes: those of the second come last."""
    offset, strides = place.offset + inner.offset, (*place.strides, *inner.strides)
    if inner.table is None:
        return Map(offset, strides, place.table, place.axes)
    axes = tuple(a + len(place.strides) for a in inner.axes)
    if place.table is None:
        return Map(offset, strides, inner.table, axes)
    table = np.add.outer(place.table, inner.table)
    return Map(offset, strides, table, (*place.axes, *axes))


def _first(parts: list[Any]) -> Any:
    return parts[0]


def _sum_of(parts: list[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
