"""Plan: one program of a compiled function, from the notes of a capture to what runs.

The rooms are passed in this order: transcript (a tape), roll (lines), derive (lines of
gradients), simplify, and a back end that runs them.
"""

from __future__ import annotations

import math
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling import arguments, boundary
from micrograd.compiling.backends import runner_of
from micrograd.compiling.capture import Capture
from micrograd.compiling.derive import derived, needed_for
from micrograd.compiling.exactness import agree
from micrograd.compiling.forms import FORMS
from micrograd.compiling.groups import shape_of
from micrograd.compiling.lines import Line
from micrograd.compiling.results import Call
from micrograd.compiling.roll import Roller
from micrograd.compiling.simplify import simplified
from micrograd.compiling.tape_runner import TapeRunner
from micrograd.compiling.transcript import Transcript
from micrograd.errors import CaptureError
from micrograd.node import Node, data_of, grad_of
from micrograd.trees import leaves_of, like


class Plan:
    """One program: lines, memory, and how to run them.

    The buffers that a call fills and reads, where the program has them:

    - theta: the data of the states; before: their gradients; arg0, arg1: arguments;
    - outputs: the results; d_outputs: their gradients, given; d_theta: the answer;
    - written, grads: the new data of states, and their new gradients.

    Attributes:
        program: all lines and buffers.
        forward: the lines of a call.
        back: the lines of `backward()` from its results.
        runner: what runs them.
        theta: the states that are numbers, in the order of their buffer.
        states: all states.
        starts: where each result begins in the outputs.
        given: the arguments of the call that was captured.
        exact: whether every number is to the last bit what eager gives.
        count: how many numbers the captured run computed and read.
        script, roller: of a plan that is only looked at, how it was made; else None.
    """

    given: tuple[Any, Any] = ((), {})
    script: Transcript | None = None
    roller: Roller | None = None
    runner: Any = None
    forward: list[Line]
    back: list[Line]

    def __init__(self, capture: Capture, result: Any, leaves: list[Any], exact: bool, backend: str) -> None:
        script = Transcript(capture)
        tape = script.tape
        self.count = len(tape)
        self.exact = exact
        tape.argument_sizes = [len(arguments.flat(leaf)) for leaf in leaves]
        self.tree = result
        results = leaves_of(result)
        self.is_value = [isinstance(x, Node) for x in results]
        entries = [script.entry_of(x) for x in results]
        self._kinds = [type(tape.numbers[e]) for e in entries]
        self._dtypes = [getattr(tape.numbers[e], "dtype", None) for e in entries]
        self.shapes = [shape_of(tape.numbers[e]) for e in entries]
        self.starts = np.cumsum([0, *map(math.prod, self.shapes)]).tolist()
        grads = {state: e for state, e in script.grads.items() if e is not None}
        tape.outputs = [*entries, *script.written.values(), *grads.values()]
        if script.root is not None:
            assert script.seed is not None
            tape.outputs += [script.root, script.seed]
        self.states = script.states
        self.is_step = script.root is not None or bool(script.written)
        self.cleared = [script.states[s] for s, e in script.grads.items() if e is None]
        self.writes: dict[str, tuple[list[Any], Any]] = {}
        self._pool: list[Any] = []
        if backend == "tape":
            self._on_tape(script, entries, grads)
            return
        roller = Roller(tape, FORMS, exact)
        self.program = roller.rolled()
        if self.is_step:
            self._write(roller, "written", script.written, boundary.write)
            self._write(roller, "grads", grads, boundary.set_grads)
        roller.write("outputs", entries)
        self.kept = {"outputs", *self.writes}
        if script.root is not None:
            root = roller.write("root", [script.root])
            assert script.seed is not None
            roller.write("d_root", [script.seed]).of = root
            forward, rest = needed_for(self.program.lines, {"root", "d_root"})
            self.program.lines = [*forward, *derived(self.program, forward, root, self._wanted()), *rest]
        if self.is_step:
            self.forward = simplified(self.program, self.program.lines, self.kept)
            self.back: list[Line] = []
        else:
            self._loss_lines()
        self.theta = [script.states[i] for i in self.program.theta]
        self.array_states = self._array_states("state")
        self.array_befores = self._array_states("before")
        if not backend:
            self.script, self.roller = script, roller
            return
        self.runner = runner_of(backend, self.program, self.forward, self.back, exact)
        if exact:
            self._exactly(script, entries, grads, leaves)

    def _exactly(self, script: Transcript, entries: list[int], grads: dict[int, int], leaves: list[Any]) -> None:
        """Run on the tape, which is exact, where C gives other bits."""
        in_c = self.theta, self.array_states, self.array_befores, self.writes, self.runner
        self.writes = {}
        try:
            self._on_tape(script, entries, grads)
        except CaptureError:
            raise CaptureError(
                "compile: exact=True is for programs of single numbers; NumPy adds arrays up in orders of its own;\n"
                "leave exact=True out"
            ) from None
        before = [grad_of(s) for s in in_c[0]]
        numbers = {
            "theta": np.array([data_of(s) for s in in_c[0]], float),
            "before": np.array([0.0 if g is None else g for g in before], float),
            **{f"arg{k}": np.array(arguments.flat(leaf), float) for k, leaf in enumerate(leaves)},
        }
        places = {id(state): i for i, state in enumerate(self.states)}
        order = [places[id(s)] for s in in_c[0]]
        orders = {"theta": order, "before": order, "d_theta": order}
        for name, (states, _) in self.writes.items():
            there = {id(s): i for i, s in enumerate(states)}
            orders[name] = [there[id(s)] for s in in_c[3].get(name, ((), None))[0]]
        if agree(in_c[-1], self.runner, numbers, orders, self.is_step):
            self.theta, self.array_states, self.array_befores, self.writes, self.runner = in_c

    def _on_tape(self, script: Transcript, entries: list[int], grads: dict[int, int]) -> None:
        """Run the tape as it is, without lines."""
        written = script.written
        self.theta = self.states
        self.array_states, self.array_befores = [], []
        self.writes["written"] = ([self.states[s] for s in written], boundary.write)
        self.writes["grads"] = ([self.states[s] for s in grads], boundary.set_grads)
        self.runner = TapeRunner(
            script.tape,
            len(self.states),
            entries,
            [*written.values()],
            [*grads.values()],
            script.root,
            script.seed,
        )

    def _array_states(self, kind: str) -> list[tuple[str, Any]]:
        """The buffers of states that are arrays, and these states."""
        names = [name for name in self.program.buffers if name.startswith(kind) and name[len(kind) :].isdigit()]
        return [(name, self.states[int(name[len(kind) :])]) for name in names]

    def _wanted(self) -> set[str]:
        return {"theta", *[name for name, _ in self._array_states("state")]}

    def _loss_lines(self) -> None:
        program = self.program
        back = derived(program, program.lines, program.buffers["outputs"], self._wanted())
        kept = {r.buffer.name for line in back for r in line.reads()} | self.kept
        self.forward = simplified(program, program.lines, kept)
        self.back = simplified(program, back, {f"d_{name}" for name in self._wanted()})

    def _write(self, roller: Roller, name: str, entries: dict[int, int], put: Any) -> None:
        """Lines for the new data, or gradients, of states: numbers together, in the
        order of theta, and each array by itself.
        """
        numbers = [s for s, e in entries.items() if not shape_of(roller.tape.numbers[e])]
        numbers.sort(key=lambda s: int(roller.numbered[s]))
        if numbers:
            roller.write(name, [entries[s] for s in numbers])
            self.writes[name] = ([self.states[s] for s in numbers], put)
        for s, entry in entries.items():
            if shape_of(roller.tape.numbers[entry]):
                roller.write(f"{name}{s}", [entry])
                self.writes[f"{name}{s}"] = ([self.states[s]], boundary.ARRAY[put])

    def results_of_entries(self) -> list[tuple[Any, int]]:
        """The entry of the tape that each result is, for a plan that is only looked at.

        A result is an output and its number, or the name of a buffer of new data or
        gradients.
        """
        script = self.script
        assert script is not None
        found: list[tuple[Any, int]] = [
            (("outputs", i), script.entry_of(x)) for i, x in enumerate(leaves_of(self.tree))
        ]
        for name, entries in (("written", script.written), ("grads", script.grads)):
            for s, entry in entries.items():
                if entry is not None:
                    found.append((f"{name}{s}" if f"{name}{s}" in self.program.buffers else name, entry))
        return found

    def run(self, leaves: list[Any]) -> Any:
        """The results for these arguments."""
        space = self._pool.pop() if self._pool else self.runner.workspace()
        arrays = space.arrays
        self._fill(arrays, leaves)
        self.runner.forward(space)
        for name, (states, put) in self.writes.items():
            put(states, arrays[name])
        for state in self.cleared:
            state._grad = None
        call = Call(self, space)
        numbers = arrays["outputs"]
        results = []
        for i, (start, shape, kind) in enumerate(zip(self.starts, self.shapes, self._kinds, strict=False)):
            if shape:
                number = numbers[start : start + math.prod(shape)].reshape(shape).astype(self._dtypes[i])
            else:
                number = kind(numbers[start])
            results.append(call.value(number, i) if self.is_value[i] else number)
        return like(self.tree, results)

    def _fill(self, arrays: dict[str, Any], leaves: list[Any]) -> None:
        """Put the numbers of states and arguments into the arrays of a call."""
        wrong = boundary.read(self.theta, arrays["theta"])
        if wrong >= 0:
            raise CaptureError(f"compile: {self.theta[wrong]} was a number when the function was captured")
        for name, state in self.array_states:
            boundary.read_array(state, arrays[name])
        if self.is_step:
            boundary.read_grads(self.theta, arrays["before"])
            for name, state in self.array_befores:
                boundary.read_array_grad(state, arrays[name])
        for k, leaf in enumerate(leaves):
            if f"arg{k}" in arrays:
                arrays[f"arg{k}"][:] = arguments.flat(leaf)

    def rehearsed(self) -> Any:
        """A workspace in which the captured call was run, without a trace outside."""
        space = self.runner.workspace()
        leaves: list[Any] = []
        arguments.replaced(self.given, leaves.append)
        self._fill(space.arrays, leaves)
        self.runner.forward(space)
        if self.back:
            space.arrays["d_outputs"][:] = 1.0
            self.runner.backward(space)
        return space

    def give_back(self, space: Any) -> None:
        """A workspace that no result needs any more."""
        self._pool.append(space)
