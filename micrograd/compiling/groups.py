"""Groups: the numbers of a tape that were computed alike.

Two numbers are alike if the same ops made them from inputs that are alike, down to the
leaves, which are alike if they are of one kind. So the 1,600 neurons of a layer over
100 samples are one group.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.lines import Buffer
from micrograd.compiling.params import key_of
from micrograd.compiling.tape import ARGUMENT, CONSTANT, Tape
from micrograd.ops.arithmetic import add


class Group:
    """Entries that were computed alike.

    Attributes:
        number: of its signature.
        record: the op of all, or the kind of leaf.
        params: of the op.
        members: the entries, in order.
        inputs: per input of the op, the entries read by each member; for a sum, per run
            of like terms an array of (members, count) entries.
        runs: for a sum of numbers, the signature of each run and how many terms it has.
        shape: of each member.
        home: the buffer that they lie in; None while there is none.
        strides: from one element of a member to the next, along each axis.
        is_inlined: they are computed where they are used.
    """

    def __init__(self, number: int, record: Any, params: Any, runs: Any, shape: tuple[int, ...]) -> None:
        self.number = number
        self.record = record
        self.params = params
        self.runs = runs
        self.shape = shape
        self.size = math.prod(shape)
        self.members: list[int] = []
        self.terms: list[tuple[int, ...]] = []
        self.inputs: list[Any] = []
        self.home: Buffer | None = None
        self.strides = contiguous(shape)
        self.is_inlined = False


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of an array whose elements lie one after the other.

    >>> contiguous((2, 3))
    (3, 1)
    """
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def groups_of(tape: Tape, exact: bool) -> list[Group]:
    """The groups of a tape, inputs before users."""
    records, inputs, numbers = tape.records, tape.inputs, tape.numbers
    uses = tape.uses()
    swaps: dict[Any, bool] = {}  # per op, whether its inputs may be exchanged
    added: list[list[int] | None] = [None] * len(records)  # per add, the terms of the whole sum
    signature = [-1] * len(records)
    known: dict[Any, Group] = {}
    groups: list[Group] = []
    absorbed = _absorbed(tape, uses, exact)
    for i, record in enumerate(records):
        runs: Any = None
        number = numbers[i]
        shape = () if type(number) is float else shape_of(number)
        if record is add and not shape:
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
            given, key = (), _leaf_key(tape, i, shape)
        else:
            given, params = inputs[i], tape.params[i]
            marks = tuple([signature[x] for x in given])
            is_swapped = swaps.get(record)
            if is_swapped is None:
                is_swapped = swaps[record] = record.facts.commutative and not exact
            if is_swapped and marks[0] > marks[1]:
                given, marks = given[::-1], marks[::-1]
            key = (record, marks, key_of(params) if params else (), shape)
        group = known.get(key)
        if group is None:
            group = known[key] = Group(len(groups), record, tape.params[i], runs, shape)
            groups.append(group)
        signature[i] = group.number
        group.members.append(i)
        group.terms.append(given)
    for group in groups:
        _make_arrays(group)
    return groups


def shape_of(number: Any) -> tuple[int, ...]:
    """The shape of a number or array of the run."""
    return () if type(number) is float else tuple(getattr(number, "shape", ()))


def dtype_of(number: Any) -> str:
    """How the numbers of an entry are held: float32 is kept, all others are float64."""
    return "float32" if getattr(number, "dtype", None) == np.float32 else "float64"


def _leaf_key(tape: Tape, i: int, shape: tuple[int, ...]) -> Any:
    """Leaves are alike if they are numbers of one kind, or constant arrays of one
    shape; arrays that are states are each their own.
    """
    record, origin = tape.records[i], tape.origin[i]
    if record == ARGUMENT:
        return record, origin[0], shape
    if shape:
        return (record, shape, dtype_of(tape.numbers[i])) if record == CONSTANT else (record, origin)
    return record


def _absorbed(tape: Tape, uses: list[int], exact: bool) -> list[bool]:
    """Per entry, whether it is a sum that is only part of another one."""
    absorbed = [False] * len(tape)
    for i, record in enumerate(tape.records):
        if record is add and not shape_of(tape.numbers[i]):
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


def placed(groups: Sequence[Group], count: int) -> tuple[list[int], list[int]]:
    """Per entry, the number of its group, and where it begins in the buffer of that.

    Args:
        groups: all of them.
        count: how many entries there are.
    """
    numbers, positions = [-1] * count, [0] * count
    for group in groups:  # many have one member: an array of each would take longer
        for k, member in enumerate(group.members):
            numbers[member] = group.number
            positions[member] = k * group.size
    return numbers, positions


def put_in_order(groups: Sequence[Group], order: Sequence[int]) -> None:
    """Let the members of each group stand in the order in which eager computes them;
    those that it does not go back to come first.
    """
    place = {entry: at for at, entry in enumerate(order)}
    for group in groups:
        at = [place.get(i, -1) for i in group.members]
        if any(b < a for a, b in itertools.pairwise(at)):
            by_place = np.argsort(at, kind="stable")
            group.members = np.array(group.members)[by_place].tolist()
            group.inputs = [entries[by_place] for entries in group.inputs]
