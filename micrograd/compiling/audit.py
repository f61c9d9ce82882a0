"""Audit: two captures of one function compared. What differs was frozen in.

The second run gets other numbers in its states and arguments, a little apart from the
true ones. So a number that the function, or the library, read past all doors differs,
too.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.nudges import nudged
from micrograd.compiling.tape import CONSTANT
from micrograd.compiling.transcript import Transcript
from micrograd.errors import CaptureError
from micrograd.node import Node, data_of, grad_of, set_data, set_grad
from micrograd.trees import fixed_of


class Seen:
    """What one capture has seen.

    Args:
        script: the transcript of the capture.
        result: what the function gave.
        entries: those of its leaves.

    Attributes:
        states: the values that were read.
    """

    def __init__(self, script: Transcript, result: Any, entries: list[int]) -> None:
        tape = script.tape
        self.entries = list(entries)
        self.fixed = fixed_of(result)
        self.states = script.states
        self.ends = (script.root, script.seed, dict(script.written), dict(script.grads))
        self.columns = (list(tape.records), list(tape.inputs), list(tape.params), list(tape.origin))
        self.constants = {i: tape.numbers[i] for i, record in enumerate(tape.records) if record is CONSTANT}

    def compare(self, other: Seen) -> None:
        """Refuse if the other capture has seen something else.

        Raises:
            CaptureError: it has; the message names the first difference.
        """
        i = self._first_difference(other)
        if i is not None:
            raise _error(f"operation {i} was {self._named(i)}, now {other._named(i)}")
        for i, number in self.constants.items():
            if not _same(number, other.constants[i]):
                raise _error(f"constant {i} was {_shown(number)}, now {_shown(other.constants[i])}")
        if len(self.states) != len(other.states) or any(
            a is not b for a, b in zip(self.states, other.states, strict=True)
        ):
            raise _error("it read other Values")
        if (self.entries, self.ends) != (other.entries, other.ends):
            raise _error("it gave other results")
        if not _same(self.fixed, other.fixed):
            raise _error(f"it gave {self.fixed!r}, now {other.fixed!r}")

    def _first_difference(self, other: Seen) -> int | None:
        records, inputs, params, origins = self.columns
        for i, (record, x, param, origin, *now) in enumerate(
            zip(records, inputs, params, origins, *other.columns, strict=False)
        ):
            same = _same_record(record, now[0]) and x == now[1]
            if not (same and (param is now[2] or _same(param, now[2])) and (origin is now[3] or _same(origin, now[3]))):
                return i
        return None if len(records) == len(other.columns[0]) else min(len(records), len(other.columns[0]))

    def _named(self, i: int) -> str:
        records, _, params, _ = self.columns
        if i >= len(records):
            return "not there"
        if isinstance(records[i], str):
            return f"a {records[i]}"
        given = ", ".join(f"{k}={_shown(x)}" for k, x in (params[i] or {}).items())
        return f"{records[i].name}({given})"


def _error(what: str) -> CaptureError:
    return CaptureError(
        f"compile: the function did not do the same in its second run: {what};\n"
        f"it reads something that changes or that follows from data past what is traced: "
        f"pass it as an argument, hold it in a Value, or compute it by ops"
    )


def _same_record(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if isinstance(a, str) or isinstance(b, str):
        return bool(a == b)
    code = getattr(a.forward, "__code__", None)  # an op that the function itself makes
    return bool(a.name == b.name) and code is not None and code is getattr(b.forward, "__code__", None)


def _same(a: Any, b: Any) -> bool:
    """Whether two constants or params are equal; nan is equal to itself."""
    if a is b:
        return True
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(_same(x, b[k]) for k, x in a.items())
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, slice):
        return isinstance(b, slice) and _same((a.start, a.stop, a.step), (b.start, b.stop, b.step))
    if isinstance(a, (np.ndarray, np.generic)) or isinstance(b, (np.ndarray, np.generic)):
        x, y = np.asarray(a), np.asarray(b)
        return x.shape == y.shape and x.dtype == y.dtype and x.tobytes() == y.tobytes()
    if isinstance(a, (Node, type)) or callable(a):
        return getattr(a, "__code__", None) is not None and a.__code__ is getattr(b, "__code__", None)
    return type(a) is type(b) and bool(a == b or (a != a and b != b))


def _shown(x: Any) -> str:
    return f"an array {np.shape(x)}" if np.shape(x) else repr(x)


class Nudged:
    """A context in which states hold other numbers, a little closer to 0, and 0 is a
    little more.

    It tells whether a number has been read without being followed. It also notes the
    data of states that change without having been told to the capture. With `by` 0 the
    states are left alone: other threads may be using them.
    """

    def __init__(self, states: list[Any], by: float) -> None:
        self._before = [(node, data_of(node), grad_of(node)) for node in states]
        self._by = by

    def __enter__(self) -> Nudged:
        for i, (node, data, _) in enumerate(self._before if self._by else ()):
            set_data(node, nudged(data, i, self._by))
        self._given = [data_of(node) for node, _, _ in self._before]
        self._copies = [np.array(x) if np.shape(x) else x for x in self._given]
        return self

    def __exit__(self, *error: Any) -> None:
        if not self._by:
            return
        changed = None
        for (node, data, grad), given, copy in zip(self._before, self._given, self._copies, strict=True):
            if changed is None and not (_same(given, copy) and _same(data_of(node), copy)):
                changed = node
            set_data(node, data)
            set_grad(node, grad)
        if changed is not None and error[0] is None:
            raise CaptureError(
                "compile: the function, or a library that it calls, changes the numbers of a Value "
                f"{changed.label!r} {changed.shape}\nand not by `p.data = ...`: the change would be lost; "
                "write the update as p.data -= lr * p.grad"
            )
