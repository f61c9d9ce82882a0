"""Compiled: a function that was captured once and runs as a program from then on."""

from __future__ import annotations

import contextlib
import functools
import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from micrograd import levels
from micrograd.anomaly import OPEN
from micrograd.captures import CAPTURES
from micrograd.compiling import arguments
from micrograd.compiling.capture import BecomesKey, Capture, RunsUncompiled, argument
from micrograd.compiling.plan import Plan
from micrograd.errors import CaptureError
from micrograd.modes import is_recording
from micrograd.node import Node


class Compiled:
    """A function that runs as a program; see `micrograd.compile`."""

    def __init__(self, function: Callable[..., Any], exact: bool, backend: str) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._exact = exact
        self._backend = backend
        self._plans: dict[Any, Plan] = {}
        self._keyed: frozenset[int] = frozenset()
        self._last: Plan | None = None
        self._refusals: list[str] = []
        itself = weakref.ref(self)  # a program of its own must not keep it alive: its function may hold results
        self._reference = lambda: None if (compiled := itself()) is None else compiled._function

    def __call__(self, *args: Any, **options: Any) -> Any:
        """What the function gives."""
        if CAPTURES or OPEN or levels.is_recording() or levels.innermost():
            return self._function(*args, **options)
        key, leaves = arguments.split((args, options, is_recording()), self._keyed)
        plan = self._plans.get(key)
        if plan is None or not plan.holds():
            try:
                plan = self._captured(args, options)
            except RunsUncompiled:
                return self._function(*args, **options)
            key, leaves = arguments.split((args, options, is_recording()), self._keyed)
            plan.function = self._reference
            self._plans[key] = plan
        self._last = plan
        return plan.run(leaves, (args, options))

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def export_c(self, path: Any, *, gradient: bool = False, name: str | None = None) -> list[Any]:
        """Write the program that ran last as a file of C99, and a header beside it.

        The C needs no library but C's own, and no memory but its static arrays. It has
        functions that begin with the name, as in `model.c`:

        - model_forward(arguments, outputs): the results; or, where the function is a
          whole step, model_step(arguments, outputs): also the new parameters;
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
        from micrograd.compiling.exporting import export

        return export(self, self._last, path, gradient, name)

    @property
    def program(self) -> Any:
        """The program that ran last: it prints itself."""
        from micrograd.compiling.printing import Printout

        return None if self._last is None else Printout(self, self._last)

    @property
    def source(self) -> str:
        """The C of the program that ran last."""
        return "" if self._last is None else self._last.runner.source

    def explain(self, profile: bool = False) -> str:
        """What was compiled, and as what it runs; what was not, and why; memory.

        Args:
            profile: also the time of each line, measured now.
        """
        from micrograd.compiling.explaining import explained

        return explained(self, self._last, len(self._plans), self._refusals, profile)

    def _captured(self, args: Any, options: Any) -> Plan:
        while True:
            try:
                return self._capture_once(args, options)
            except BecomesKey as key:
                self._keyed |= {key.argument}
            except CaptureError as refusal:
                self._refusals.append(str(refusal))
                raise

    def _capture_once(self, args: Any, options: Any) -> Plan:
        capture = Capture()
        result, leaves = self.captured_by(capture, args, options)
        with uncollected():
            plan = Plan(capture, result, leaves, self._exact, self._backend)
        plan.given = (args, options)
        return plan

    def captured_by(self, capture: Capture, args: Any, options: Any) -> tuple[Any, list[Any]]:
        """Run the function within a capture: its result, and the traced leaves of its
        arguments.
        """
        leaves = capture.leaves

        def make(leaf: Any) -> Any:
            leaves.append(leaf)
            k = len(leaves) - 1
            return leaf if k in self._keyed else _argument(capture, k, leaf)

        with capture:
            given, named = arguments.replaced((args, options), make)
            result = self._function(*given, **named)
        return result, leaves


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


def _argument(capture: Capture, k: int, leaf: Any) -> Any:
    if isinstance(leaf, Node):
        raise CaptureError("compile: Values as arguments come later")
    return argument(capture, k, leaf)
