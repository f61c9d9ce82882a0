"""Transcript: the notes of a capture, put on a tape.

Values older than the capture are states: read at each call. What was put into them
later is a new version, and a node reads the version that was current when it was made.
"""

from __future__ import annotations

from typing import Any

from micrograd.compiling.capture import Capture, Captured
from micrograd.compiling.params import key_of
from micrograd.compiling.spelled import SPELLED, Written
from micrograd.compiling.tape import ARGUMENT, BEFORE, CONSTANT, GRADIENT, RECORDED, STATE, Tape
from micrograd.errors import CaptureError
from micrograd.interpreter import PLAIN, named
from micrograd.node import Node, data_of, inputs_of
from micrograd.ops.arithmetic import add, stop_gradient
from micrograd.record import CONSTANT as NO_HISTORY
from micrograd.record import LEAF, HandMade


class Transcript:
    """A tape, and what its leaves are.

    Attributes:
        tape: the columns.
        states: the values that are read, in the order in which they were met.
        written: per state that was assigned to, by its number, the entry of its last
            version.
        grads: per state whose gradient was assigned or computed, its last gradient: an
            entry, or None for zero.
        root: the entry at which `backward()` began; None where it was not called.
        inner_grads: the same as `grads` for values that the run has made, by their ids:
            those that the function has assigned.
    """

    def __init__(self, capture: Capture) -> None:
        self.tape = Tape()
        self.states: list[Any] = []
        self.written: dict[int, int] = {}
        self.grads: dict[int, int | None] = {}
        self.inner_grads: dict[int, int | None] = {}
        self.root: int | None = None
        self.seed: int | None = None
        self._number_of: dict[int, int] = {}  # of a state, by its id
        self._entry: dict[int, int] = {}  # of a node or a Captured, by its id
        self._array_ops: dict[Any, int] = {}  # entries of ops on arrays, by what they compute
        self._inside: set[int] = set()
        self._assigned: set[int] = set()  # after they were made
        self._capture = capture  # keeps all objects alive, so that ids stay unique
        _read_all(self, capture.notes, self.tape, self._entry)

    def read(self, note: Any) -> None:
        """Put a note on the tape."""
        node = note if isinstance(note, Node) else note[0] if isinstance(note, tuple) else None
        if isinstance(node, Node) and type(data_of(node)) not in PLAIN:
            return  # a transform's: it works on numbers of the run, which are noted themselves
        if isinstance(note, Node):
            record = note._record
            if record is LEAF or record is NO_HISTORY:
                self._inside.add(id(note))
                self._entry[id(note)] = -1  # until its data is set
            else:
                self._put(note, record, inputs_of(note), note._params)
        elif isinstance(note, Captured):
            if note.source[0] == "argument":  # an entry when it is used
                return
            self._entry[id(note)] = self._of_captured(note)
        elif isinstance(note[0], Node):
            self._put(*note)
        else:
            self._event(*note)

    def _put(self, node: Any, record: Any, inputs: Any, params: Any) -> None:
        if isinstance(record, HandMade):
            raise CaptureError(
                f"compile: {record.symbol!r} was made by hand: it has no rule; use an op of micrograd.ops"
            )
        entries = tuple([self.entry_of(x) for x in inputs])
        entry = self._op(record, entries, params, data_of(node))
        if record is stop_gradient and node._record is stop_gradient:
            self.tape.origin[entry] = RECORDED
        is_cut = node._record is NO_HISTORY and record is not stop_gradient  # under no_grad(), perhaps
        if is_cut and any(isinstance(x, Node) and x._record is not NO_HISTORY for x in inputs):
            entry = self.tape.add(stop_gradient, (entry,), None, data_of(node))
        self._entry[id(node)] = entry

    def _op(self, op: Any, entries: tuple[int, ...], params: Any, number: Any) -> int:
        """The entry of an op: on arrays, of the same op on the same, if it ran."""
        if op is stop_gradient or not getattr(number, "shape", ()):
            return self._new_op(op, entries, params, number)
        key = (op, key_of(params or {}), *[self._operand(e) for e in entries])
        if key not in self._array_ops:
            self._array_ops[key] = self._new_op(op, entries, params, number)
        return self._array_ops[key]

    def _operand(self, entry: int) -> Any:
        """What tells operands apart: constants that are Python's numbers by what they
        are.
        """
        number = self.tape.numbers[entry]
        is_number = self.tape.records[entry] is CONSTANT and type(number) in (float, int, bool)
        return (type(number), repr(number)) if is_number else entry

    def _new_op(self, op: Any, entries: tuple[int, ...], params: Any, number: Any) -> int:
        """A new entry; some ops are spelled in other ops."""
        spelling = SPELLED.get(op.name)
        if spelling is None:
            return self.tape.add(op, entries, params or None, number)
        written = spelling(*[Written(self.tape, e, self.tape.numbers[e]) for e in entries], **(params or {}))
        return int(written.entry)

    def _event(self, kind: str, node: Any, data: Any) -> None:
        if kind == "set":
            if self._entry.get(id(node), -1) >= 0 or id(node) not in self._inside:
                self._assigned.add(id(node))
            if id(node) in self._entry and id(node) not in self._inside and id(node) not in self._number_of:
                raise CaptureError(
                    f"compile: data is assigned to {named(node)}, the result of an op; make a Value of the new number"
                )
            if id(node) in self._inside:
                if isinstance(data, Captured):
                    self._entry[id(node)] = self.entry_of(data)
                else:
                    self._entry[id(node)] = self.tape.add(CONSTANT, number=data_of(node))
            else:
                number = self.state_of(node)
                self._entry[id(node)] = self.written[number] = self.entry_of(data)
        elif kind == "set grad":
            is_zero = data is None or (isinstance(data, (int, float)) and data == 0)
            grad = None if is_zero else self.entry_of(data)
            if self.is_state(node):
                self.grads[self.state_of(node)] = grad
            else:
                self.inner_grads[id(node)] = grad
        else:
            if self.root is not None:
                raise CaptureError("compile: backward() is called twice in one step; compile each step alone")
            self.inner_grads.clear()  # what leaves among them get is not known
            self.root = self.entry_of(node)
            self.seed = self.entry_of(data[0])
            for leaf in data[1]:
                if id(leaf) in self._assigned:
                    raise CaptureError(
                        f"compile: {named(leaf)} is assigned data before backward() of the same step, which would "
                        f"take the gradient at the old data; assign after backward(), or compile a step of its own"
                    )
                if id(leaf) not in self._inside:
                    self._add_gradient(self.state_of(leaf), leaf)

    def _of_captured(self, x: Captured) -> int:
        kind = x.source[0]
        if kind == "data":
            entry = self.entry_of(x.source[1])
            is_leaf = isinstance(self.tape.records[entry], str)
            return (
                entry
                if is_leaf and self.tape.records[entry] != STATE
                else self.tape.add(stop_gradient, (entry,), None, x.number)
            )
        if kind == "grad":
            return self._gradient_of(x.source[1], x.number)
        if kind == "argument":
            return self.tape.add(ARGUMENT, number=x.number, origin=x.source[1:])
        _, op, inputs, params = x.source
        return self._op(op, tuple([self.entry_of(y) for y in inputs]), params, x.number)

    def _gradient_of(self, node: Any, number: Any) -> int:
        if not self.is_state(node):
            if self.root is not None and id(node) not in self.inner_grads:
                raise CaptureError(
                    "compile: the gradient of a value is read that the function has made itself;\n"
                    "make the value outside, or compile a derivative: micrograd.compile(grad(f))"
                )
            inner = self.inner_grads.get(id(node))
            return self.tape.add(CONSTANT, number=number) if inner is None else inner
        state = self.state_of(node)
        if state not in self.grads:
            self.grads[state] = self.tape.add(BEFORE, number=number, origin=state)
        known = self.grads[state]
        return self.tape.add(CONSTANT, number=number) if known is None else known

    def _add_gradient(self, state: int, leaf: Any) -> None:
        """What `backward()` adds to the gradient of a leaf."""
        number = data_of(leaf)  # gradients have its shape and dtype
        if state not in self.grads:
            self.grads[state] = self.tape.add(BEFORE, number=number, origin=state)
        before = self.grads[state]
        part = self.tape.add(GRADIENT, number=number, origin=state)
        self.grads[state] = part if before is None else self.tape.add(add, (part, before), number=number)

    def known(self, x: Any) -> int | None:
        """The entry of a node or a number of the run that is on the tape already."""
        entry = self._entry.get(id(x)) if isinstance(x, (Node, Captured)) else None
        return None if entry is None or entry < 0 else entry

    def entry_of(self, x: Any) -> int:
        """The entry of a node, a number of the run, or a raw number."""
        known = self.known(x)
        if known is not None:
            return known
        if isinstance(x, Node) and type(data_of(x)) not in PLAIN:
            return self.entry_of(data_of(x))
        if isinstance(x, Node):
            entry = self.tape.add(STATE, number=data_of(x), origin=self.state_of(x))
            self._entry[id(x)] = entry
            return entry
        if isinstance(x, Captured) and x.source[0] == "argument" and x.capture is self._capture:
            self._entry[id(x)] = entry = self._of_captured(x)
            return entry
        if isinstance(x, Captured):
            raise CaptureError("compile: a number of another capture is used; return it, do not keep it")
        return self.tape.add(CONSTANT, number=x)

    def is_state(self, x: Any) -> bool:
        """Whether a value is older than the capture."""
        return id(x) in self._number_of or id(x) not in self._entry

    def is_as_before(self, state: int, entry: int) -> bool:
        """Whether this is the gradient that the state had before the call."""
        return bool(self.tape.records[entry] == BEFORE and self.tape.origin[entry] == state)

    def state_of(self, node: Any) -> int:
        """The number of a state."""
        number = self._number_of.get(id(node))
        if number is None:
            number = self._number_of[id(node)] = len(self.states)
            self.states.append(node)
        return number


def _read_all(script: Transcript, notes: list[Any], tape: Tape, known: dict[int, int]) -> None:
    """Put all notes on the tape. Most are ops on single numbers: these go the short
    way.

    Args:
        script: the transcript.
        notes: those of the capture.
        tape: that of the transcript.
        known: its entries, by the ids of nodes.
    """
    short: dict[Any, bool] = {LEAF: False, NO_HISTORY: False}
    for note in notes:
        if not isinstance(note, Node):
            script.read(note)
            continue
        node = note
        record = node._record
        is_short = short.get(record)
        if is_short is None:
            is_short = short[record] = not isinstance(record, HandMade) and record.name not in SPELLED
        if not is_short or not node._is_float:
            script.read(note)
            continue
        entries = []
        for x in inputs_of(node):
            entry = known.get(id(x))  # a raw number has an id that no value of the run has
            entries.append(script.entry_of(x) if entry is None or entry < 0 else entry)
        known[id(note)] = tape.add(record, tuple(entries), node._params or None, node._float)
