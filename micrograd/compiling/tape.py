"""Tape: what one run of a function computed, as columns in order.

Entry i is an op on earlier entries, or a leaf: a number that comes from outside.
"""

from __future__ import annotations

from typing import Any

# Kinds of leaves: the data of a state, its gradient by this run's backward(), and
# the one that it had before.
STATE, GRADIENT, BEFORE = "state", "gradient", "before"
CONSTANT, ARGUMENT = "constant", "argument"
# The origin of a `stop_gradient` that the function called on a value. Others stand for
# numbers without a history.
RECORDED = "recorded"


class Tape:
    """Columns of equal length, an entry for each number of the run.

    Attributes:
        records: the op of each entry, or the kind of leaf.
        inputs: the entries that it was made from, in order.
        params: the keyword arguments of the op; None where there are none.
        numbers: what came out in the captured run.
        origin: of a leaf: the number of a state, the number of a constant, the argument
            and the place in it.
        outputs: the entries that are results.
        argument_sizes: per argument, how many numbers it has.
    """

    def __init__(self) -> None:
        self.records: list[Any] = []
        self.inputs: list[tuple[int, ...]] = []
        self.params: list[Any] = []
        self.numbers: list[Any] = []
        self.origin: list[Any] = []
        self.outputs: list[int] = []
        self.argument_sizes: list[int] = []

    def add(
        self, record: Any, inputs: tuple[int, ...] = (), params: Any = None, number: Any = 0.0, origin: Any = None
    ) -> int:
        """A new entry; its number."""
        self.records.append(record)
        self.inputs.append(inputs)
        self.params.append(params)
        self.numbers.append(number)
        self.origin.append(origin)
        return len(self.records) - 1

    def uses(self) -> list[int]:
        """How often each entry is an input or an output."""
        count = [0] * len(self.records)
        for inputs in self.inputs:
            for x in inputs:
                count[x] += 1
        for x in self.outputs:
            count[x] += 1
        return count

    def __len__(self) -> int:
        return len(self.records)
