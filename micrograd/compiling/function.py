"""Compiled: a function that was captured once and runs as a program from then on.

A program is found by the structure of the arguments, and runs while its guards hold.
Its second call captures again: see audit.py.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import sys
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterator
from typing import Any

from micrograd import levels
from micrograd.anomaly import OPEN
from micrograd.arrays import is_foreign
from micrograd.captures import CAPTURES
from micrograd.compiling import arguments, compilers
from micrograd.compiling.audit import Nudged, Seen
from micrograd.compiling.bound import Bound
from micrograd.compiling.capture import BecomesKey, Capture, Captured, RunsUncompiled, argument
from micrograd.compiling.counts import check_not_read
from micrograd.compiling.guards import Guards
from micrograd.compiling.kept import NOTHING, Entry, Kept
from micrograd.compiling.nudges import turned
from micrograd.compiling.own import Own, Places, kept_by, leave_out
from micrograd.compiling.plan import Plan, returned_by
from micrograd.compiling.surroundings import MISSING
from micrograd.compiling.transcript import Transcript
from micrograd.engine import Value
from micrograd.errors import CaptureError, CompileWarning, StateChangedError
from micrograd.node import Node, data_of, inputs_of
from micrograd.record import HandMade
from micrograd.unknown import warn_user
from micrograd.walking import StepBack

OFTEN = 16  # captures after which there is a warning
CHANGES = 3  # of a number in a closure, or the like: the third is an error
CHECKED = (1, 7, 31)  # calls at which there is a second capture, while other threads use the true numbers
APART = 1e-3  # by how much the numbers of a second capture differ


class Compiled:
    """A function that runs as a program; see `micrograd.compile`."""

    def __init__(self, function: Callable[..., Any], exact: bool, backend: str, threads: int | None = None) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._exact = exact
        self._backend = backend
        self._threads = threads
        self._kept = Kept()
        self._refusals: list[str] = []
        itself = weakref.ref(self)  # a program of its own must not keep it alive: its function may hold results
        self._reference = lambda: None if (compiled := itself()) is None else compiled._function
        self._lock = threading.RLock()
        self._why = ""  # why it runs uncompiled, if it does
        self._has_waited = False  # whether calls ran uncompiled, until an optimiser had what it keeps
        self._captures = 0
        self._changes: dict[str, list[Any]] = {}  # per name of a guard: what it was, each time

    def __call__(self, *args: Any, **options: Any) -> Any:
        """What the function gives."""
        if (CAPTURES and threading.get_ident() in CAPTURES) or OPEN or levels.is_recording() or levels.innermost():
            return self._function(*args, **options)
        if self._why:
            return self._function(*args, **options)
        given = (args, options)
        result = self._kept.result(given)
        if result is not NOTHING:
            return result
        with self._lock:
            try:
                return self._prepared(given)
            except RunsUncompiled as reason:
                self._why = str(reason)
                if not self._why:  # it is this call only
                    self._has_waited = True
                    return self._begun(given)
        name = getattr(self._function, "__name__", "the function")
        warn_user(f"compile: {name} runs uncompiled, as {self._why}", CompileWarning)
        return self._function(*args, **options)

    def __reduce__(self) -> Any:
        """Pickles and copies are of the function: its programs are of this process, and
        of its Values.
        """
        name: str = getattr(self, "__qualname__", "")
        found: Any = sys.modules.get(self.__module__)
        for part in name.split("."):
            found = getattr(found, part, None)
        options = self._exact, self._backend, self._threads
        return name if found is self else (Compiled, (self._function, *options))

    @property
    def _last(self) -> Plan | None:
        """The program that ran last."""
        return self._kept.last

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else Bound(self, instance)

    def of(self, instance: Any) -> Plan | None:
        """The program that ran last for an object whose method the function is."""
        own = [x for x in self._kept.all() if x.plan.given[0] and x.plan.given[0][0] is instance]
        return max(own, key=lambda entry: entry.used).plan if own else None

    def export_c(self, path: Any, *, gradient: bool = False, name: str | None = None) -> list[Any]:
        """Write the program that ran last as a file of C99, and a header beside it.

        The C needs no library but C's own, and no memory but its static arrays. It has
        functions that begin with the name, as in `model.c`:

        - model_forward(arguments, outputs): the results; or, where the function is a
          whole step, model_step(arguments, outputs): also the new parameters. What an
          optimiser keeps has functions as well, such as model_lr(&count);
        - model_gradient(d_outputs, d_parameters): the way back, where asked for;
        - model_parameters(&count): the numbers of the Values that the function reads.

        Args:
            path: of the file; it ends in .c.
            gradient: also the way back. Of a step: model_gradients(&count), too.
            name: with which the functions begin; that of the file if left out.

        Returns:
            The Values whose numbers model_parameters(&count) gives, in that order.

        Raises:
            CaptureError: the function was not called yet, or has an op that only Python
                can run.
            ArgumentError: the file is not called .c, or the name is not one of C.

        >>> import pathlib, tempfile
        >>> from micrograd import Value, compile
        >>> w = Value(2.0)
        >>> fast = compile(lambda x: w * x)
        >>> _ = fast(3.0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     states = fast.export_c(folder + "/line.c")
        ...     header = pathlib.Path(folder, "line.h").read_text()
        >>> print("\\n".join(row for row in header.splitlines() if row.endswith(";")))
        void line_forward(double x, double *outputs);
        double *line_parameters(int *count);
        >>> states == [w]
        True
        """
        return self._exported(self._last, path, gradient, name)

    def _exported(self, plan: Plan | None, path: Any, gradient: bool, name: str | None) -> list[Any]:
        from micrograd.compiling.exporting import export

        return export(self, plan, path, gradient, name)

    @property
    def program(self) -> Any:
        """The program that ran last: it prints itself. Where there is none, this is
        false, and prints why.
        """
        return self._printed(self._last)

    def _printed(self, plan: Plan | None) -> Any:
        from micrograd.compiling.printing import NoProgram, Printout

        return NoProgram(self._explained(None, False)) if plan is None else Printout(self, plan)

    @property
    def source(self) -> str:
        """The C of the program that ran last."""
        return "" if self._last is None else self._last.runner.source

    def explain(self, profile: bool = False) -> str:
        """What was compiled, and as what it runs; what was not, and why; what is
        watched; memory.

        Args:
            profile: also the time of each line, measured now.
        """
        return self._explained(self._last, profile)

    def _explained(self, plan: Plan | None, profile: bool) -> str:
        from micrograd.compiling.explaining import State, explained

        kept = self._kept.all()
        entry = next((entry for entry in kept if entry.plan is plan), None)
        state = State(
            plan,
            [] if entry is None else entry.guards.names(),
            entry is not None and entry.is_checked,
            len(kept),
            self._backend,
            self._refusals,
            self._why,
            self._has_waited,
        )
        return explained(self, state, profile)

    def captured_by(self, capture: Capture, args: Any, options: Any) -> tuple[Any, list[Any]]:
        """Run the function within a capture: its result, and the traced leaves of its
        arguments.
        """
        keyed = self._kept.keyed.get(self._kept.base((args, options), []), frozenset())
        entry = self._kept.fitting(self._kept.key((args, options), []))
        _, result = self._run_within(capture, (args, options), keyed, [] if entry is None else entry.own)
        return result, capture.leaves

    def audit(self, *args: Any, **options: Any) -> None:
        """Capture again, and compare with what was captured before.

        The function is run once with these arguments. The Values that it reads hold
        slightly other numbers meanwhile. So a number that is read past what is traced
        shows. The second call does this by itself.

        Raises:
            CaptureError: the function does something else now; the program that was
                kept is given up.
        """
        with self._lock:
            entry = self._kept.fitting(self._kept.key((args, options), []))
            if entry is None:
                entry, _ = self._first((args, options))
            self._check(entry, (args, options))

    # Which program

    def _prepared(self, given: Any) -> Any:
        """The call, where the program is not there yet, or not checked."""
        kept = self._kept
        leaves: list[Any] = []
        key = kept.key(given, leaves)
        entry = kept.fitting(key)
        if entry is not None:
            if entry.refusal or (not entry.is_checked and entry.calls in CHECKED):
                self._check(entry, given)
            entry.calls += 1
            try:
                return kept.run(entry, leaves, given)
            except StateChangedError:
                kept.drop(key, entry)
        else:
            self._count_changes(key)
        entry, leaves = self._first(given)
        entry.calls = 1
        try:
            return kept.run(entry, leaves, given)
        except StateChangedError:
            raise CaptureError(
                "compile: a Value that the function reads holds no float and no array of floats;\n"
                "give it data of floats"
            ) from None

    def _begun(self, given: Any) -> Any:
        """The first step of an optimiser, as the function takes it; the program of the
        next ones is there afterwards.
        """
        args, options = given
        result = self._function(*args, **options)
        with contextlib.suppress(RunsUncompiled, CaptureError):  # the next call says why
            self._kept.last = self._first(given)[0].plan
        return result

    def _first(self, given: Any) -> tuple[Entry, list[Any]]:
        """Capture, and keep the program: it, and the traced leaves of the arguments."""
        with compilers.begun(self._exact) if self._backend in ("auto", "c") else contextlib.nullcontext():
            return self._made(given)

    def _made(self, given: Any) -> tuple[Entry, list[Any]]:
        own: list[Own] = []
        counts = True
        while True:
            base = self._kept.base(given, [])
            keyed = self._kept.keyed.get(base, frozenset())
            guards = Guards(self._function, arguments.objects_of(given))
            try:
                capture, result = self._captured(given, keyed, guards, own)
                more = kept_by(guards, counts)
                if not more or any(place.is_that_of(known) for place in more for known in own):
                    break
                own += more
            except (BecomesKey, CaptureError, RunsUncompiled) as signal:
                kept_by(guards, counts)  # puts back what the run has changed
                if isinstance(signal, BecomesKey):
                    self._kept.keyed[base] = keyed | {signal.argument}
                    continue
                if own and counts and isinstance(signal, CaptureError):  # a count may be a branch: `if not self.ready`
                    own, counts = [], False
                    continue
                if isinstance(signal, CaptureError):
                    self._refusals.append(str(signal))
                raise
            finally:
                guards.draws.put_back()
        guards.draws.refuse()
        guards.settle()
        check_not_read(capture.told, guards.read)
        leave_out(guards, own)
        with uncollected():
            plan = Plan(capture, result, capture.leaves, self._exact, self._backend, self._threads)
            entry = Entry(plan, guards, own)
        capture.forget()
        entry.plan.function = self._reference
        entry.plan.given = given
        leaves: list[Any] = []
        self._kept.add(self._kept.key(given, leaves), entry)
        self._count_captures()
        return entry, leaves

    def _count_captures(self) -> None:
        """Warn if there is a new program again and again."""
        self._captures += 1
        if self._captures == OFTEN:
            name = getattr(self._function, "__name__", "the function")
            warn_user(
                f"compile: {name} was captured {OFTEN} times, as each new shape, length, string, bool, None, index "
                f"and closed-over number makes a program of its own;\ngive arrays of one shape, and numbers as "
                f"arguments",
                CompileWarning,
            )

    def _count_changes(self, key: Any) -> None:
        """The guards of the newest program for this key do not hold: note why.

        Raises:
            CaptureError: a number changes again and again.
        """
        kept = self._kept.entries.get(key)
        if not kept:
            return
        name, was, now = kept[0].guards.difference()
        if now is MISSING or isinstance(now, (bool, str, bytes, type(None))):
            return
        history = self._changes.setdefault(name, [was])
        if len(history) < CHANGES:
            history.append(now)
        else:
            raise CaptureError(
                f"compile: `{name}` was {', then '.join(map(repr, [*history, now]))}: "
                f"each number is a program of its own;\npass it as an argument, or hold it in a Value"
            )

    # Capturing

    def _check(self, entry: Entry, given: Any) -> None:
        """The second capture: refuse what has changed."""
        if entry.refusal:
            raise CaptureError(entry.refusal)
        seen = entry.plan.seen
        keyed = self._kept.keyed.get(self._kept.base(given, []), frozenset())
        is_alone = threading.active_count() == 1 or entry.plan.is_step
        ways = [(APART, True), (APART, False)] if is_alone else []
        for by, turns in [*ways, (0.0, False)]:
            try:
                now = self._seen(given, keyed, entry, by, turns)
                break
            except BecomesKey:
                raise CaptureError("compile: the function did not do the same in its second run") from None
            except CaptureError:
                raise
            except Exception:  # not all numbers are in the domain of all functions: with the true ones, at last
                if not by:
                    raise
        try:
            seen.compare(now)
        except CaptureError as refusal:
            entry.is_checked, entry.refusal = False, str(refusal)
            raise
        entry.is_checked = is_alone or entry.calls >= CHECKED[-1]

    def _seen(self, given: Any, keyed: frozenset[int], entry: Entry, by: float, turns: bool) -> Seen:
        reached = {id(node): node for node in (*entry.plan.seen.states, *entry.guards.values)}
        with Nudged(list(reached.values()), by):
            capture, result = self._captured(given, keyed, entry.guards, entry.own, by, turns)
        script = Transcript(capture)
        seen = Seen(script, result, returned_by(capture, result, script).entries)
        capture.spoil(script.is_state)
        capture.forget()
        return seen

    def _captured(
        self,
        given: Any,
        keyed: frozenset[int],
        guards: Guards,
        own: list[Own],
        by: float = 0.0,
        turns: bool = False,
    ) -> tuple[Capture, Any]:
        """Run the function once.

        Its arguments are nudged by this much; if asked for, whole numbers are turned.
        """
        return self._run_within(Capture(guards.modules), given, keyed, own, by, turns)

    def _run_within(
        self,
        capture: Capture,
        given: Any,
        keyed: frozenset[int],
        own: list[Own],
        by: float = 0.0,
        turns: bool = False,
    ) -> tuple[Capture, Any]:
        def make(leaf: Any) -> Any:
            capture.leaves.append(leaf)
            k = len(capture.leaves) - 1
            return leaf if k in keyed else argument(capture, k, turned(leaf) if turns else leaf, by)

        try:
            with capture:
                args, named = arguments.replaced_in_call(given, make)
                with Places(capture, own):
                    result = self._function(*args, **named)
        except CaptureError:
            _check_nodes(capture)  # a class of the user's may do what is refused otherwise
            raise
        if isinstance(result, (Generator, Coroutine, AsyncGenerator)):
            if not isinstance(result, AsyncGenerator):
                result.close()
            raise CaptureError(
                f"compile: {self._function.__name__} is a generator or a coroutine, and runs later;\n"
                f"compile a function that returns its results, as a list"
            )
        _check_nodes(capture)
        return capture, result


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Without garbage collections: all that a plan is made of stays, and each would
    look at all of it again.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _operators() -> dict[str, Any]:
    return {name: x for name, x in vars(Value).items() if callable(x)}


OPERATORS = _operators()


def _check_nodes(capture: Capture) -> None:
    """Find what a program would not do as the function does.

    Raises:
        RunsUncompiled: the message says why.
    """
    now = _operators()
    if now != OPERATORS:
        changed = [name for name, x in now.items() if OPERATORS.get(name) is not x]
        raise RunsUncompiled(f"Value.{changed[0] if changed else '...'} was replaced by another function")
    for note in capture.notes:
        node = note[0] if type(note) is tuple else note
        if type(node) is Value:
            if not node._is_float and is_foreign(data_of(node)):
                raise RunsUncompiled(f"a Value holds an array of {type(data_of(node)).__module__.partition('.')[0]}")
            if node._has_own_step and not isinstance(node._own_step, StepBack):
                raise RunsUncompiled(f"the `_backward` of {node.label or 'a node'!r} is a function of yours")
            if hasattr(node._record, "cotangents"):  # of a call: see transforms/calls.py
                raise RunsUncompiled(f"{node._record.name} calls a function whose rule is yours")
            if isinstance(node._record, HandMade) and inputs_of(node):
                raise RunsUncompiled(f"a node with the symbol {node.op!r} was made by hand")
            continue
        if isinstance(node, Captured) and node.source[0] == "data":
            node = node.source[1]
        if isinstance(node, Node) and type(node) is not Value and not type(node)._is_of_transform:
            raise RunsUncompiled(f"{type(node).__name__} is a subclass of Value")
