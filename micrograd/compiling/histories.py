"""Histories: through which entries of a tape gradients go, and in which order eager's
walk takes them.
"""

from __future__ import annotations

from collections.abc import Iterator

from micrograd.compiling.tape import RECORDED, STATE, Tape
from micrograd.ops.arithmetic import stop_gradient


class Histories:
    """What eager's walk knows of a tape.

    Args:
        tape: the columns.

    Attributes:
        is_useful: per entry, whether a gradient goes through it to a state.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._has_history = history = bytearray(len(tape))
        self.is_useful = useful = bytearray(len(tape))
        for i, record in enumerate(tape.records):
            if type(record) is str:
                history[i] = useful[i] = record == STATE
            elif record.differentiable and (record is not stop_gradient or tape.origin[i] == RECORDED):
                inputs = tape.inputs[i]
                history[i] = any(history[x] for x in inputs)
                useful[i] = history[i] and any(useful[x] and record.rules[m] is not None for m, x in enumerate(inputs))

    def order(self, root: int) -> list[int]:
        """The entries in the order of `engine.in_order`: inputs before users."""
        inputs, history, seen = self.tape.inputs, self._has_history, bytearray(len(self.tape))
        order: list[int] = []
        stack = [root]
        while stack:
            i = stack[-1]
            if not seen[i]:
                ahead = [x for x in inputs[i] if history[x] and not seen[x]]
                if ahead:
                    stack += ahead[:1] if len(inputs[i]) <= 2 else reversed(ahead)
                    continue
                seen[i] = 1
                order.append(i)
            stack.pop()
        return order

    def walk(self, root: int) -> Iterator[tuple[int, list[int]]]:
        """The entries that gradients reach from a root, users before inputs; for each
        the numbers of the inputs that get a part.
        """
        tape, useful = self.tape, self.is_useful
        reached = {root} if useful[root] else set()
        for i in reversed(self.order(root)):
            if i not in reached:
                continue
            wanted: list[int] = []
            if type(tape.records[i]) is not str:
                rules = tape.records[i].rules
                wanted = [m for m, x in enumerate(tape.inputs[i]) if useful[x] and rules[m] is not None]
                reached.update([tape.inputs[i][m] for m in wanted])
            yield i, wanted
