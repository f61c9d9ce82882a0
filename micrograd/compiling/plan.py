"""Plan: one program of a compiled function, from the notes of a capture to what runs.

The rooms are passed in this order: transcript (a tape), roll (lines), derive (lines of
gradients), simplify, and a back end that runs them.
"""

from __future__ import annotations

from typing import Any

from micrograd.compiling import arguments, boundary
from micrograd.compiling.c import CRunner
from micrograd.compiling.capture import Capture, Captured
from micrograd.compiling.derive import derived, needed_for
from micrograd.compiling.lines import Line
from micrograd.compiling.results import Call
from micrograd.compiling.roll import Roller
from micrograd.compiling.simplify import simplified
from micrograd.compiling.transcript import Transcript
from micrograd.errors import CaptureError
from micrograd.node import Node
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
        theta: the states in the order of their buffer.
    """

    def __init__(self, capture: Capture, result: Any, leaves: list[Any], exact: bool, backend: str) -> None:
        script = Transcript(capture)
        tape = script.tape
        tape.argument_sizes = [len(arguments.flat(leaf)) for leaf in leaves]
        self._tree = result
        results = leaves_of(result)
        self.is_value = [isinstance(x, Node) for x in results]
        self._kinds = [type(x.number) if isinstance(x, Captured) else float for x in results]
        entries = [script.entry_of(x) for x in results]
        grads = {state: e for state, e in script.grads.items() if e is not None}
        tape.outputs = [*entries, *script.written.values(), *grads.values()]
        if script.root is not None:
            tape.outputs.append(script.root)
        roller = Roller(tape, exact)
        self.program = roller.rolled()
        self.is_step = script.root is not None or bool(script.written)
        self.written: list[Any] = []
        self.held: list[Any] = []
        self.cleared = [script.states[s] for s, e in script.grads.items() if e is None]
        if self.is_step:
            self.forward = self._step_lines(script, roller, grads)
        roller.write("outputs", entries)
        if self.is_step:
            self.forward = simplified(self.program, self.program.lines, {"outputs", "written", "grads"})
            self.back: list[Line] = []
        else:
            self._loss_lines()
        self.theta = [script.states[i] for i in self.program.theta]
        self.runner = CRunner(self.program, self.forward, self.back, exact)
        self._pool: list[Any] = []

    def _loss_lines(self) -> None:
        program = self.program
        back = derived(program, program.lines, program.buffers["outputs"], {"theta"})
        kept = {r.buffer.name for line in back for r in line.reads()} | {"outputs"}
        self.forward = simplified(program, program.lines, kept)
        self.back = simplified(program, back, {"d_theta"})

    def _step_lines(self, script: Transcript, roller: Roller, grads: dict[int, int]) -> list[Line]:
        """Forward, gradients and updates as one program."""
        program = self.program
        if script.root is not None:
            roller.write("root", [script.root])
        written = sorted(script.written, key=lambda s: int(roller.numbered[s]))
        self.written = [script.states[s] for s in written]
        roller.write("written", [script.written[s] for s in written])
        held = sorted(grads, key=lambda s: int(roller.numbered[s]))
        self.held = [script.states[s] for s in held]
        roller.write("grads", [grads[s] for s in held])
        if script.root is not None:
            forward, rest = needed_for(program.lines, {"root"})
            program.lines = [*forward, *derived(program, forward, program.buffers["root"], {"theta"}), *rest]
        return program.lines

    def run(self, leaves: list[Any]) -> Any:
        """The results for these arguments."""
        space = self._pool.pop() if self._pool else self.runner.workspace()
        arrays = space.arrays
        wrong = boundary.read(self.theta, arrays["theta"])
        if wrong >= 0:
            raise CaptureError(f"compile: {self.theta[wrong]} was a number when the function was captured")
        if len(arrays["before"]) == len(self.theta):
            boundary.read_grads(self.theta, arrays["before"])
        for k, leaf in enumerate(leaves):
            if f"arg{k}" in arrays:
                arrays[f"arg{k}"][:] = arguments.flat(leaf)
        self.runner.forward(space)
        if self.is_step:
            self._put_back(arrays)
        call = Call(self, space)
        numbers = arrays["outputs"]
        results = [
            call.value(float(numbers[i]), i) if is_value else kind(numbers[i])
            for i, (is_value, kind) in enumerate(zip(self.is_value, self._kinds, strict=True))
        ]
        return like(self._tree, results)

    def _put_back(self, arrays: Any) -> None:
        """Put new data and new gradients into the states."""
        boundary.write(self.written, arrays["written"])
        boundary.set_grads(self.held, arrays["grads"])
        for state in self.cleared:
            state._grad = None

    def give_back(self, space: Any) -> None:
        """A workspace that no result needs any more."""
        self._pool.append(space)
