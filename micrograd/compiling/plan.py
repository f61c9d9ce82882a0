"""Plan: one program of a compiled function, from the notes of a capture to what runs.

The rooms are passed in this order: transcript (a tape), roll (lines), derive (lines of
gradients), simplify, and a back end that runs them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling import arguments, boundary, lending
from micrograd.compiling.audit import Seen
from micrograd.compiling.backends import runner_of, why_unrolled
from micrograd.compiling.c import CRunner
from micrograd.compiling.capture import Capture, Captured, RunsUncompiled
from micrograd.compiling.derive import derived, gradient_of, needed_for
from micrograd.compiling.forms import FORMS
from micrograd.compiling.groups import shape_of
from micrograd.compiling.held import Put
from micrograd.compiling.histories import Histories
from micrograd.compiling.lines import Line
from micrograd.compiling.proof import proves
from micrograd.compiling.reach import reached
from micrograd.compiling.results import Returned, check_objects
from micrograd.compiling.roll import Roller
from micrograd.compiling.simplify import simplified
from micrograd.compiling.tape import BEFORE, CONSTANT, Tape
from micrograd.compiling.tape_runner import TapeRunner
from micrograd.compiling.transcript import Transcript
from micrograd.errors import CaptureError
from micrograd.node import data_of
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
        checks: whether what our own objects told the capture is still so.
        reads_before: whether it reads gradients that numbers have before the call.
        looked_at: the buffers that must not be nan, and whether they hold doubles.
        writes: by the name of the buffer, the states that get its numbers, and how.
        cleared: the states that lose their gradients.
        threads: how many share large loops in C; None for one.
        exact: whether every number is to the last bit what eager gives: see proof.py.
        count: how many numbers the captured run computed and read.
        why: where "auto" took the tape or NumPy, the reason; else empty.
        is_unrolled: whether no lines were made, as they would be too many.
        script, roller: of a plan that is only looked at, how it was made; else None.
        is_step: whether a call changes data or gradients of states.
        above: for each result that other results depend on, these: the sum of 2**i.
        ended: of a whole step, for each result that has a gradient after it: that
            gradient, or None where it is not known.
        held: what is read besides states, as arguments after those of the caller.
        reads: what gives these.
        puts: what is done with the last results, which the caller does not get.
        put_at: which results these are, each with what takes it.
        apart: what is done with large arrays that stand in buffers of their own.
        lending: the large arrays that it writes where they are, if any.
        borrows: whether it reads large arrays where they are: nobody needs them later.
        gives_away: whether the array of the results itself is the result.
        function: gives the function that was captured; None when it is gone.
    """

    given: tuple[Any, Any] = ((), {})
    script: Transcript | None = None
    roller: Roller | None = None
    runner: Any = None
    why = ""
    is_unrolled = False
    lending: lending.Lending | None = None
    borrows = gives_away = False
    numbers: Sequence[int]
    forward: list[Line]
    back: list[Line]

    def __init__(
        self,
        capture: Capture,
        result: Any,
        leaves: list[Any],
        exact: bool,
        backend: str,
        threads: int | None = None,
    ) -> None:
        script = Transcript(capture)
        tape = script.tape
        self.count = len(tape)
        self.exact, self.threads = exact, threads
        self.function: Any = _nothing
        tape.argument_sizes = [len(arguments.flat(leaf)) for leaf in leaves]
        self.tree = like(result, range(len(leaves_of(result)))) if backend else result
        self.argument_shapes = [leaf.shape if type(leaf) is np.ndarray else (-1,) for leaf in leaves]
        self._take(capture, leaves_of(result), script)
        self.seen = Seen(script, result, returned_by(capture, result, script).entries)
        entries = self.returned.entries
        grads = {s: e for s, e in script.grads.items() if e is not None and not script.is_as_before(s, e)}
        tape.outputs = [*entries, *script.written.values(), *grads.values()]
        tape.outputs += [entry for found in self._entries_apart.values() for entry in found]
        if script.root is not None:
            assert script.seed is not None
            tape.outputs += [script.root, script.seed]
        self._find_reached(script)
        self.states = script.states
        self.is_step = script.root is not None or bool(script.written) or bool(grads)
        self.cleared = [script.states[s] for s, e in script.grads.items() if e is None]
        self.writes: dict[str, tuple[list[Any], Any]] = {}
        if backend == "tape":
            self._on_tape(script, entries, grads)
            return
        order = self._order(tape, script.root, entries) if exact else None
        roller = Roller(tape, FORMS, exact, order)
        is_for_tape = all(not group.shape for group in roller.groups)
        if backend == "auto" and is_for_tape and (why := why_unrolled(roller.count_of_lines(), len(tape))):
            with contextlib.suppress(CaptureError):  # it runs on Python's numbers alone
                self._on_tape(script, entries, grads, why)
                self.is_unrolled = True
                return
        self._roll(roller, script, order, grads, capture.in_place)
        if not backend:
            self.script, self.roller = script, roller
            return
        self._choose(backend, script, grads, is_for_tape)

    def _take(self, capture: Capture, results: list[Any], script: Transcript) -> None:
        """Note what calls read besides states, what they return, and what they hand to
        our own objects.
        """
        puts = [put for put in capture.puts if not _is_apart(put)]
        apart = {f"kept{i}": put for i, put in enumerate(put for put in capture.puts if put not in puts)}
        self.returned = Returned([*results, *[put.number for put in puts]], script)
        self.starts, self.shapes = self.returned.starts, self.returned.shapes
        self.held = capture.reads
        self.reads, self.checks = [hold.read for hold in capture.reads], capture.checks
        self.puts = [put.without_number() for put in puts]
        self.put_at = [(len(results) + i, put.write) for i, put in enumerate(puts)]
        self.apart = {name: put.without_number() for name, put in apart.items()}
        self._entries_apart = {
            name: [script.entry_of(x) for x in (put.number if isinstance(put.number, list) else [put.number])]
            for name, put in apart.items()
        }

    def _roll(
        self,
        roller: Roller,
        script: Transcript,
        order: list[int] | None,
        grads: dict[int, int],
        in_place: set[int],
    ) -> None:
        """Make lines of the tape, also those of the way back."""
        self.program = roller.rolled()
        if self.is_step:
            self._write(roller, "written", script.written, boundary.write)
            self._write_in_place(in_place)
            self._write(roller, "grads", grads, boundary.set_grads)
        roller.write("outputs", self.returned.entries)
        for name, found in self._entries_apart.items():
            roller.write(name, found)
        self.kept = {"outputs", *self.writes, *self._entries_apart}
        if script.root is not None:
            root = roller.write("root", [script.root])
            assert script.seed is not None
            roller.write("d_root", [script.seed]).of = root
            forward, rest = needed_for(self.program.lines, {"root", "d_root"})
            back = derived(self.program, forward, root, self._wanted(), self._latest(roller, order))
            self.program.lines = [*forward, *back, *rest]
        if self.is_step:
            self.forward = simplified(self.program, self.program.lines, self.kept)
            self.back: list[Line] = []
        else:
            self._loss_lines(self._latest(roller, order))
        self.theta = [script.states[i] for i in self.program.theta]
        self.array_states = self._array_states("state")
        self.array_befores = self._array_states("before")
        self.reads_before = any(
            read.buffer.name == "before" for line in [*self.forward, *self.back] for read in line.reads()
        )
        self.numbers = self.program.theta
        looked_at = sorted({"outputs", *self.writes})  # without states of optimisers: they follow from gradients
        self.looked_at = [(name, self.program.buffers[name].dtype == "float64") for name in looked_at]

    def _choose(self, backend: str, script: Transcript, grads: dict[int, int], is_for_tape: bool) -> None:
        """Find what runs the lines."""
        lines = self.program, self.forward, self.back, self._kept_to_the_end(), self.exact
        self.runner, self.why = runner_of(backend, *lines, is_for_tape, self.threads)
        if self.exact:
            self._exactly(script, self.returned.entries, grads)
        elif self.runner is None:
            try:
                self._on_tape(script, self.returned.entries, grads, self.why)
            except CaptureError:
                self.runner, self.why = runner_of("c", *lines, False, self.threads)
        if isinstance(self.runner, CRunner):
            self.borrows = self.is_step or not self.returned.has_values
            self.gives_away = not self.put_at and self.returned.is_one_array(self.program.buffers["outputs"].dtype)
            if self.is_step:
                self._lend()

    def _lend(self) -> None:
        """Large arrays change places with those of the program."""
        loans = [
            lending.of_state(name, states[0], put is not boundary.set_array_grad, put is boundary.write_in_place)
            for name, (states, put) in self.writes.items()
            if put in (boundary.write_array, boundary.write_in_place, boundary.set_array_grad)
        ]
        loans += [lending.of_put(name, put, self.held) for name, put in self.apart.items()]
        found = [loan for loan in loans if loan.is_possible(self.program.buffers[loan.name].dtype)]
        self.lending = lending.Lending(found)

    def _find_reached(self, script: Transcript) -> None:
        """Which states and results get a gradient from which results."""
        values, leaves, root = self.returned.entry_of, self.returned.leaf_of, script.root
        self.ended: dict[int, float | None] = {}
        if root is None:
            self.reached, self.above = reached(script.tape, values, leaves)
            return
        end = len(self.returned.shapes)
        self.reached, above = reached(script.tape, {**values, end: root}, leaves)
        self.above = {}
        assert script.seed is not None
        seed: Any = script.tape.numbers[script.seed] if script.tape.records[script.seed] == CONSTANT else None
        for which, entry in [*values.items(), *leaves.items()]:
            if above.get(which, 0) >> end & 1:
                self.ended[which] = seed if entry == root and not np.shape(seed) else None
        if any(which in leaves for which in self.ended):
            raise CaptureError(
                "compile: a value that the step makes and returns gets a gradient from its backward();\n"
                "make the value outside, or return its .data"
            )

    def _exactly(self, script: Transcript, entries: list[int], grads: dict[int, int]) -> None:
        """Run on the tape, which is exact, unless it is proved that the lines are.

        Raises:
            RunsUncompiled: the tape holds arrays, say, which NumPy adds up in orders of
                its own.
        """
        if self.runner is not None and self._is_proved(script, entries, grads):
            return
        why = self.why or "in C the order of its sums would not be that of the function itself"
        self.writes = {}
        try:
            self._on_tape(script, entries, grads, why)
        except CaptureError:
            raise RunsUncompiled(
                "exact=True keeps the orders in which NumPy adds arrays up; leave exact=True out"
            ) from None

    def _is_proved(self, script: Transcript, entries: list[int], grads: dict[int, int]) -> bool:
        """Whether the lines give eager's numbers whatever the numbers are."""
        numbers = {id(state): s for s, state in enumerate(self.states)}
        answers = {"outputs": entries}
        for name, (states, _) in self.writes.items():
            of = script.written if name.startswith("written") else grads
            answers[name] = [of[numbers[id(state)]] for state in states]
        return proves(script.tape, self.program, self.forward, self.back, answers, script.root, script.seed)

    def _on_tape(self, script: Transcript, entries: list[int], grads: dict[int, int], why: str = "") -> None:
        """Run the tape as it is, without lines."""
        written = script.written
        self.why = why
        self.theta = self.states
        self.array_states, self.array_befores = [], []
        self.writes = {
            "written": ([self.states[s] for s in written], boundary.write),
            "grads": ([self.states[s] for s in grads], boundary.set_grads),
        }
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
            self._entries_apart,
        )
        self.reads_before = BEFORE in self.runner.leaves

    def _array_states(self, kind: str) -> list[tuple[str, Any]]:
        """The buffers of states that are arrays, and these states."""
        names = [name for name in self.program.buffers if name.startswith(kind) and name[len(kind) :].isdigit()]
        return [(name, self.states[int(name[len(kind) :])]) for name in names]

    def _kept_to_the_end(self) -> set[str]:
        """The buffers that are read when lines have run."""
        return self.kept if self.is_step else self.kept | {f"d_{name}" for name in self._wanted()}

    def _wanted(self) -> set[str]:
        return {"theta", *[name for name, _ in self._array_states("state")]}

    def _order(self, tape: Tape, root: int | None, entries: list[int]) -> list[int] | None:
        """The entries in the order of eager's walk, from where it begins."""
        if root is None and not entries:
            return None
        return Histories(tape).order(entries[0] if root is None else root)

    def _latest(self, roller: Roller, order: list[int] | None) -> dict[str, int] | None:
        """When eager computes the last element of each buffer, for exact programs."""
        if order is None:
            return None
        place = {entry: at for at, entry in enumerate(order)}
        found: dict[str, int] = {}
        for group in roller.groups:
            if group.home is not None:
                at = max([place.get(i, -1) for i in group.members])
                found[group.home.name] = max(found.get(group.home.name, -1), at)
        return found

    def _loss_lines(self, latest: dict[str, int] | None) -> None:
        program = self.program
        for name, _ in self._array_states("state"):  # of one without elements no line is made
            gradient_of(program, program.buffers[name])
        back = derived(program, program.lines, program.buffers["outputs"], self._wanted(), latest)
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
        known = [script.known(x) for x in leaves_of(self.tree)]  # None for what the run has not made
        found: list[tuple[Any, int]] = [(("outputs", i), e) for i, e in enumerate(known) if e is not None]
        for name, entries in (("written", script.written), ("grads", script.grads)):
            for s, entry in entries.items():
                if entry is not None:
                    found.append((f"{name}{s}" if f"{name}{s}" in self.program.buffers else name, entry))
        return found

    def _write_in_place(self, which: set[int]) -> None:
        """Arrays that the function changes in place are written in place.

        Raises:
            CaptureError: one of them is shared with another Value.
        """
        arrays = [(x, data_of(x)) for x in self.states if np.shape(data_of(x))]
        for one, data in arrays:
            if id(one) in which and any(x is not one and np.may_share_memory(data, other) for x, other in arrays):
                raise CaptureError(
                    f"compile: the array of {boundary.described(one)} is changed in place, and another Value shares "
                    f"it;\nuse one Value in both places, or give each a copy"
                )
        for name, (states, put) in self.writes.items():
            if put is boundary.write_array and id(states[0]) in which:
                self.writes[name] = (states, boundary.write_in_place)

    def numbers_held(self) -> list[Any]:
        """What the program reads besides arguments and states, as it is now."""
        return [read() for read in self.reads]


def _is_apart(put: Put) -> bool:
    """Whether a large array is written by itself, and not among the results."""
    number = put.number.number if isinstance(put.number, Captured) else put.number
    size = len(number) if isinstance(number, list) else np.size(number)
    return put.replaces and size >= lending.LARGE


def returned_by(capture: Capture, result: Any, script: Transcript) -> Returned:
    """What a call returns, and after it what it hands to our own objects."""
    check_objects(result, script)
    return Returned([*leaves_of(result), *[put.number for put in capture.puts]], script)


def _nothing() -> None:
    return None
