"""Spaces: the memory of calls."""

from __future__ import annotations

from typing import Any

from micrograd.compiling import lending


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
        theta, before, results, seeds, d_theta: the data of numbers, the gradients that
            they have before the call, the results, the gradients of the results, and
            those of the numbers; None where the program has none.
        views: of the small arrays that stay in their place, by name: their memory is
            known, and need not be asked for.
        arguments: for each argument, its array in the shape that it comes in; None
            where the program does not read it.
        argument_views: the same of small ones, as views.
        looked_at: what must not be nan: doubles, or an array of another kind.
        lent: the names of arrays that the caller gets, or that change places with those
            of the caller; they must not be nan, and are found by name, as there is
            another one at each call.
        writes: the states that get new data or gradients, how, and what.
        apart: what takes the numbers of a large array, and that array.
    """

    def __init__(self, plan: Any, count: int, runner: Any = None) -> None:
        self.work = (runner or plan.runner).workspace()
        if plan.lending is not None and runner is None:
            plan.lending.prepare(self.work)
        self.arrays: dict[str, Any] = self.work.arrays
        arrays = self.arrays
        self.theta = Doubles(arrays["theta"]) if plan.theta else None
        self.d_theta = Doubles(arrays["d_theta"]) if plan.theta and "d_theta" in arrays else None
        self.before = Doubles(arrays["before"]) if plan.theta and plan.reads_before else None
        self.outputs = arrays["outputs"]  # of a program that gives it away, that of the first call
        self.results = Doubles(self.outputs) if self.outputs.dtype == float else None
        self.d_outputs = arrays.get("d_outputs")
        is_double = self.d_outputs is not None and self.d_outputs.dtype == float
        self.seeds = Doubles(self.d_outputs) if is_double else None
        self.arguments = [
            arrays[f"arg{k}"].reshape(shape if k < count else -1) if f"arg{k}" in arrays else None
            for k, shape in enumerate(plan.argument_shapes)
        ]
        lent = set() if plan.lending is None else set(plan.lending.names)
        if plan.gives_away and runner is None:
            lending.provide(self.work, "outputs", plan.shapes[0])
            lent.add("outputs")
        looked_at = [each for each in plan.looked_at if each[0] not in lent]
        small = {name: x for name, x in arrays.items() if x.size < lending.LARGE and name not in lent}
        self.views = {name: memoryview(x) for name, x in small.items()}
        self.argument_views = [None if x is None or x.size >= lending.LARGE else memoryview(x) for x in self.arguments]
        self.looked_at = [Doubles(arrays[name]) if is_double else arrays[name] for name, is_double in looked_at]
        self.lent = [name for name, _ in plan.looked_at if name in lent]
        self.writes = [
            (*write, self.views.get(name, arrays[name])) for name, write in plan.writes.items() if name not in lent
        ]
        self.apart = [(put.write, arrays[name]) for name, put in plan.apart.items() if name not in lent]
