"""TapeRunner: runs a tape of numbers as it was written, number by number.

It needs no compiler when it is used, and computes what eager computes, bit for bit: the
same operations in the same order, there and back. What a small program cannot do, the
ops themselves do; and where zero may meet infinity on the way back, the engine walks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling import flat
from micrograd.compiling.assembly import Assembly, Walk
from micrograd.compiling.replay import Doubts, gradients_by_engine, number_of, parts_by_rules, result_of
from micrograd.compiling.tape import ARGUMENT, BEFORE, CONSTANT, GRADIENT, STATE, Tape
from micrograd.gathering import view

SHOWN = 60  # lines of a listing; of a longer one the first and the last


class Workspace:
    """The arrays of one call.

    Attributes:
        arrays: arrays of doubles, by the name of the buffer.
        numbers: all leaves and results, in the order of the flat program.
        grads: their gradients, while a walk goes on.
    """

    def __init__(self, runner: TapeRunner) -> None:
        program = runner.assembly
        all_numbers = np.zeros(program.first + len(program.steps))
        for place, number in program.constants:
            all_numbers[place] = number
        self.all_grads = np.full(len(all_numbers), flat.NOTHING)
        self.numbers = view(all_numbers)
        self.grads = view(self.all_grads)
        self.all_numbers = all_numbers
        spans = program.spans
        self.arrays = {"theta": all_numbers[slice(*spans[STATE])], "d_theta": np.zeros(program.states)}
        self.arrays["before"] = (
            all_numbers[slice(*spans[BEFORE])] if BEFORE in runner.leaves else np.zeros(program.states)
        )
        for k in range(len(program.tape.argument_sizes)):
            self.arrays[f"arg{k}"] = all_numbers[slice(*spans[k])]
        for name, places in runner.results.items():
            self.arrays[name] = np.zeros(len(places))
        self.arrays["d_outputs"] = np.zeros(len(runner.outputs))


class TapeRunner:
    """Runs a tape of Python's numbers.

    Args:
        tape: the columns.
        states: how many states there are.
        outputs: the entries of the results.
        written: the entries that go into the data of states.
        grads: the entries that become gradients of states.
        root: the entry where `backward()` began; None where it was not called.
        seed: the entry of the gradient of the root; 1.0 without.
        kept: other entries that are wanted, by the name of their buffer.

    Attributes:
        assembly: the flat program.

    Raises:
        CaptureError: a number of the tape is an array, say.

    >>> from micrograd.ops import multiply
    >>> tape = Tape()
    >>> x = tape.add(STATE, number=3.0, origin=0)
    >>> runner = TapeRunner(tape, 1, [tape.add(multiply, (x, x), number=9.0)])
    >>> space = runner.workspace()
    >>> space.arrays["theta"][:] = 5.0
    >>> runner.forward(space)
    >>> space.arrays["outputs"]
    array([25.])
    >>> space.arrays["d_outputs"][:] = 1.0
    >>> runner.backward(space)
    >>> space.arrays["d_theta"]
    array([10.])
    >>> print(runner.source)
    v0 = multiply(theta[0], theta[0])
    return v0
    """

    def __init__(
        self,
        tape: Tape,
        states: int,
        outputs: Sequence[int],
        written: Sequence[int] = (),
        grads: Sequence[int] = (),
        root: int | None = None,
        seed: int | None = None,
        kept: Mapping[str, Sequence[int]] = MappingProxyType({}),
    ) -> None:
        self.assembly = program = Assembly(tape, states)
        self.leaves = {record for record in tape.records if type(record) is str}
        self.outputs = list(outputs)
        self.results = {
            name: np.array([program.places[i] for i in entries], np.intp)
            for name, entries in (("outputs", outputs), ("written", written), ("grads", grads), *kept.items())
        }
        self._seed = seed
        self._walks: dict[int, tuple[Walk, Any]] = {}
        self._programs = program.programs
        self._rows = flat.packed(program.rows, self._programs)
        self._root = root if GRADIENT in self.leaves else None

    def workspace(self) -> Workspace:
        """Memory for one call."""
        return Workspace(self)

    def forward(self, space: Workspace) -> None:
        """Compute the results; of a whole step also the gradients, and what comes
        after.
        """
        program, end = self.assembly, len(self.assembly.steps)
        after = end if self._root is None else program.after or 0
        self._run(space, 0, after)
        if self._root is not None:
            seed = 1.0 if self._seed is None else float(space.all_numbers[program.places[self._seed]])
            space.all_numbers[slice(*program.spans[GRADIENT])] = self._gradients(space, self._root, seed)
            self._run(space, after, end)
        for name, places in self.results.items():
            space.all_numbers.take(places, out=space.arrays[name], mode="clip")

    def backward(self, space: Workspace) -> None:
        """Compute the gradients of the states by the gradients of the results."""
        seeds = space.arrays["d_outputs"].tolist()
        asked = [k for k, seed in enumerate(seeds) if seed != 0.0] or list(range(len(seeds)))
        total = space.arrays["d_theta"]
        total[:] = 0.0
        for n, k in enumerate(asked):
            part = self._gradients(space, self.outputs[k], seeds[k])
            if n == 0:
                total[:] = part
            else:
                total += part

    def _run(self, space: Workspace, at: int, end: int) -> None:
        first = self.assembly.first
        while True:
            at = flat.forward(self._rows, self._programs, space.numbers, first, at, end)
            if at == end:
                return
            space.numbers[first + at] = result_of(self.assembly, self.assembly.steps[at], space.numbers)
            at += 1

    def _gradients(self, space: Workspace, root: int, seed: float) -> Any:
        """The gradients of the states, where the gradient of the root is the seed."""
        program = self.assembly
        if root not in self._walks:
            walk = program.walk(root)
            self._walks[root] = walk, flat.packed(walk.rows, self._programs)
        walk, rows = self._walks[root]
        if not program.is_useful[root]:
            return np.zeros(program.states)
        try:
            space.all_grads[: program.first] = flat.NOTHING
            space.grads[program.places[root]] = seed
            finished = self._walk_back(space, walk, rows)
        except BaseException:
            space.all_grads[:] = flat.NOTHING
            raise
        if not finished:
            space.all_grads[:] = flat.NOTHING
            return gradients_by_engine(program, root, seed, space.numbers)
        found = space.all_grads[slice(*program.spans[STATE])].copy()
        found[walk.unreached] = 0.0
        return found

    def _walk_back(self, space: Workspace, walk: Walk, rows: Any) -> bool:
        """Follow the rows of a walk; False where the engine has to walk."""
        program, numbers, grads = self.assembly, space.numbers, space.grads
        at, end = 0, len(walk.rows)
        doubts = None
        while True:
            at = flat.back(rows, self._programs, numbers, grads, self._rows, program.first, at)
            if at == end:
                return True
            head, z = walk.rows[at][:2]
            if head != flat.ASK:
                return False
            doubts = doubts or Doubts()
            step = program.steps[z - program.first]
            parts = parts_by_rules(program, step, grads[z], numbers, doubts)
            if parts is None:
                return False
            grads[z] = flat.NOTHING
            for place, part in parts:
                grads[place] += part
            at += 1

    # What it looks like

    @property
    def source(self) -> str:
        """The flat program, a line for each entry; of a long one the first lines and
        the last.
        """
        program, half = self.assembly, SHOWN // 2
        end = len(program.steps)
        after = -1 if self._root is None else end if program.after is None else program.after
        lines = [self._line(i) for i in program.steps[:half]]
        if end > SHOWN:
            lines.append(f"...  # {end - SHOWN} more")
        tail = max(half, end - half)
        lines += [self._line(i) for i in program.steps[tail:]]
        if after >= 0:
            place = after if after <= half else max(half, len(lines) - (end - after))
            lines.insert(place, f"backward({self._name(self._root)})")  # type: ignore[arg-type]
        return "\n".join([*lines, f"return {', '.join([self._name(i) for i in self.outputs])}".rstrip()])

    def _line(self, i: int) -> str:
        tape = self.assembly.tape
        inputs = [self._name(x) for x in tape.inputs[i]]
        params = [f"{name}={value!r}" for name, value in (tape.params[i] or {}).items()]
        return f"{self._name(i)} = {tape.records[i].name}({', '.join([*inputs, *params])})"

    def _name(self, i: int) -> str:
        tape = self.assembly.tape
        record, origin = tape.records[i], tape.origin[i]
        if record == CONSTANT:
            return repr(number_of(self.assembly, i, {self.assembly.places[i]: float(tape.numbers[i])}))
        if record == ARGUMENT:
            return f"arg{origin[0]}[{int(origin[1])}]"
        names = {STATE: "theta", BEFORE: "before", GRADIENT: "d_theta"}
        return (
            f"{names[record]}[{origin}]" if type(record) is str else f"v{self.assembly.places[i] - self.assembly.first}"
        )
