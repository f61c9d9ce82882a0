"""Plan: one program of a compiled function, from the notes of a capture to what runs.

The rooms are passed in this order: transcript (a tape), roll (lines), derive (lines of
gradients), simplify, and a back end that runs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling import arguments, boundary
from micrograd.compiling.audit import Seen
from micrograd.compiling.backends import runner_of
from micrograd.compiling.capture import Capture
from micrograd.compiling.derive import derived, gradient_of, needed_for
from micrograd.compiling.exactness import agree
from micrograd.compiling.forms import FORMS
from micrograd.compiling.groups import shape_of
from micrograd.compiling.lines import Line
from micrograd.compiling.reach import reached_states
from micrograd.compiling.results import Returned
from micrograd.compiling.roll import Roller
from micrograd.compiling.simplify import simplified
from micrograd.compiling.tape_runner import TapeRunner
from micrograd.compiling.transcript import Transcript
from micrograd.errors import CaptureError
from micrograd.node import data_of, grad_of
from micrograd.trees import leaves_of, like

# What a plan has for the way in which it runs.
OF_RUNNER = "runner theta array_states array_befores writes reads_before looked_at numbers".split()


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
        numbers: for each of them, which of all states it is.
        array_states, array_befores: the buffers of states that are arrays, and of the
            gradients that these have before the call; each with its state.
        states: all states.
        reached: for each state, the results that depend on it: 2**i for result i.
        returned: what the results are.
        starts, shapes: where each result begins in the outputs, and its shape.
        tree: the results; of a plan that runs, numbers in their places.
        given: the arguments of the call that was captured.
        argument_shapes: of the arrays among them; (-1,) for others.
        reads: what gives more arguments at each call.
        checks: whether what our own objects told the capture is still so.
        puts: results that our own objects get, each with what takes it.
        reads_before: whether it reads gradients that numbers have before the call.
        looked_at: the buffers that must not be nan, and whether they hold doubles.
        writes: by the name of the buffer, the states that get its numbers, and how.
        cleared: the states that lose their gradients.
        exact: whether every number is to the last bit what eager gives.
        count: how many numbers the captured run computed and read.
        script, roller: of a plan that is only looked at, how it was made; else None.
        is_step: whether a call changes data or gradients of states.
        function: gives the function that was captured; None when it is gone.
    """

    given: tuple[Any, Any] = ((), {})
    script: Transcript | None = None
    roller: Roller | None = None
    runner: Any = None
    numbers: Sequence[int]
    forward: list[Line]
    back: list[Line]

    def __init__(self, capture: Capture, result: Any, leaves: list[Any], exact: bool, backend: str) -> None:
        script = Transcript(capture)
        tape = script.tape
        self.count = len(tape)
        self.exact = exact
        self.function: Any = _nothing
        tape.argument_sizes = [len(arguments.flat(leaf)) for leaf in leaves]
        results = leaves_of(result)
        self.returned = returned_by(capture, result, script)
        self.puts = [(len(results) + i, write) for i, (write, _) in enumerate(capture.puts)]
        self.reads, self.checks = capture.reads, capture.checks
        self.starts, self.shapes = self.returned.starts, self.returned.shapes
        self.tree = like(result, range(len(results))) if backend else result
        self.argument_shapes = [leaf.shape if type(leaf) is np.ndarray else (-1,) for leaf in leaves]
        entries = self.returned.entries
        self.seen = Seen(script, result, entries)
        grads = {s: e for s, e in script.grads.items() if e is not None and not script.is_as_before(s, e)}
        tape.outputs = [*entries, *script.written.values(), *grads.values()]
        if script.root is not None:
            assert script.seed is not None
            tape.outputs += [script.root, script.seed]
        self.reached = reached_states(tape, self.returned.entry_of)
        self.states = script.states
        self.is_step = script.root is not None or bool(script.written) or bool(grads)
        self.cleared = [script.states[s] for s, e in script.grads.items() if e is None]
        self.writes: dict[str, tuple[list[Any], Any]] = {}
        if backend == "tape":
            self._on_tape(script, entries, grads)
            return
        roller = Roller(tape, FORMS, exact)
        self.program = roller.rolled()
        if self.is_step:
            self._write(roller, "written", script.written, boundary.write)
            self._write_in_place(capture.in_place)
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
        self.reads_before = any(
            read.buffer.name == "before" for line in [*self.forward, *self.back] for read in line.reads()
        )
        self.numbers = self.program.theta
        self.looked_at = [(name, self.program.buffers[name].dtype == "float64") for name in self.kept]
        if not backend:
            self.script, self.roller = script, roller
            return
        self.runner = runner_of(backend, self.program, self.forward, self.back, exact)
        if exact:
            self._exactly(script, entries, grads, leaves)

    def _exactly(self, script: Transcript, entries: list[int], grads: dict[int, int], leaves: list[Any]) -> None:
        """Run on the tape, which is exact, where C gives other bits."""
        in_c = {name: getattr(self, name) for name in OF_RUNNER}
        self.writes = {}
        try:
            self._on_tape(script, entries, grads)
        except CaptureError:
            raise CaptureError(
                "compile: exact=True is for programs of single numbers; NumPy adds arrays up in orders of its own;\n"
                "leave exact=True out"
            ) from None
        theta = in_c["theta"]
        before = [grad_of(s) for s in theta]
        numbers = {
            "theta": np.array([data_of(s) for s in theta], float),
            "before": np.array([0.0 if g is None else g for g in before], float),
            **{f"arg{k}": np.array(arguments.flat(leaf), float) for k, leaf in enumerate(leaves)},
        }
        places = {id(state): i for i, state in enumerate(self.states)}
        order = [places[id(s)] for s in theta]
        orders = {"theta": order, "before": order, "d_theta": order}
        for name, (states, _) in self.writes.items():
            there = {id(s): i for i, s in enumerate(states)}
            orders[name] = [there[id(s)] for s in in_c["writes"].get(name, ((), None))[0]]
        if agree(in_c["runner"], self.runner, numbers, orders, self.is_step):
            vars(self).update(in_c)

    def _on_tape(self, script: Transcript, entries: list[int], grads: dict[int, int]) -> None:
        """Run the tape as it is, without lines."""
        written = script.written
        self.theta = self.states
        self.array_states, self.array_befores = [], []
        self.writes["written"] = ([self.states[s] for s in written], boundary.write)
        self.writes["grads"] = ([self.states[s] for s in grads], boundary.set_grads)
        self.reads_before = True
        self.looked_at = [("outputs", True), ("written", True), ("grads", True)]
        self.numbers = range(len(self.states))
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
        for name, _ in self._array_states("state"):  # of one without elements no line is made
            gradient_of(program, program.buffers[name])
        back = derived(program, program.lines, program.buffers["outputs"], self._wanted())
        kept = {r.buffer.name for line in back for r in line.reads()} | self.kept
        self.forward = simplified(program, program.lines, kept)
        self.back = simplified(program, back, {f"d_{name}" for name in self._wanted()})

    def _write(self, roller: Roller, name: str, entries: dict[int, int], put: Any) -> None:
        """Lines for the new data, or gradients, of states: numbers together, in the
        order of theta, and each array by itself.
        """
        numbers = [s for s, e in entries.items() if not shape_of(roller.tape.numbers[e])]
        count = len(roller.numbered)  # a state that is only written may have no number
        numbers.sort(key=lambda s: int(roller.numbered[s]) if s < count else -1)
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

    def _write_in_place(self, which: set[int]) -> None:
        for name, (states, put) in self.writes.items():
            if put is boundary.write_array and id(states[0]) in which:
                self.writes[name] = (states, boundary.write_in_place)


def returned_by(capture: Capture, result: Any, script: Transcript) -> Returned:
    """What a call returns, and after it what it hands to our own objects."""
    return Returned([*leaves_of(result), *[number for _, number in capture.puts]], script)


def _nothing() -> None:
    return None
