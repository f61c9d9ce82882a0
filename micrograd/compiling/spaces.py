"""Spaces: the memory of calls."""

from __future__ import annotations

from typing import Any


class Doubles:
    """A flat array of doubles, as loops over its elements read it.

    In C it is found once, and not at each call.
    """

    def __init__(self, array: Any) -> None:
        self.numbers = array


class Space:
    """The memory of one call.

    Attributes:
        work: the workspace of the runner.
        arrays: its flat arrays, by the name of the buffer.
        theta, before, seeds, d_theta: the data of numbers, the gradients that they have
            before the call, the gradients of the results, and those of the numbers;
            None where the program has none.
        arguments: for each argument, its array in the shape that it comes in; None
            where the program does not read it.
        looked_at: what must not be nan: doubles, or an array of another kind.
        writes: the states that get new data or gradients, how, and what.
    """

    def __init__(self, plan: Any, count: int) -> None:
        self.work = plan.runner.workspace()
        self.arrays: dict[str, Any] = self.work.arrays
        arrays = self.arrays
        self.theta = Doubles(arrays["theta"]) if plan.theta else None
        self.d_theta = Doubles(arrays["d_theta"]) if plan.theta and "d_theta" in arrays else None
        self.before = Doubles(arrays["before"]) if plan.theta and plan.reads_before else None
        self.outputs = arrays["outputs"]
        self.d_outputs = arrays.get("d_outputs")
        is_double = self.d_outputs is not None and self.d_outputs.dtype == float
        self.seeds = Doubles(self.d_outputs) if is_double else None
        self.arguments = [
            arrays[f"arg{k}"].reshape(shape if k < count else -1) if f"arg{k}" in arrays else None
            for k, shape in enumerate(plan.argument_shapes)
        ]
        self.looked_at = [Doubles(arrays[name]) if is_double else arrays[name] for name, is_double in plan.looked_at]
        self.writes = [(states, put, arrays[name]) for name, (states, put) in plan.writes.items()]
