"""`grade(Value)`: a learner's class, checked stage by stage."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from micrograd.errors import ArgumentError
from micrograd.grading.checks import Grading
from micrograd.grading.networks import networks
from micrograd.grading.random_expressions import random_expressions
from micrograd.grading.report import TITLES, Report, Result
from micrograd.grading.stages import STAGES
from micrograd.grading.student import Student

ALL = {**STAGES, 9: random_expressions, 10: networks}


def grade(Value: Any, *, upto: int | None = None, module: Any = None, seed: int = 0) -> Report:
    """Check a `Value` of your own, stage by stage, and name its slips.

    A check says what it did, what came, what is right, and which slip gives just that
    number: a wrong engine with this slip is run on the same program. The right numbers
    are those of `micrograd.Value`. See docs/grader.md.

    The class needs `Value(data)`, `data`, `grad`, `+`, `*` and `backward()`. Other ops
    are checked where they are there. Its code runs here, its prints are dropped, and
    what calls itself without end is stopped.

    Args:
        Value: the class.
        upto: the last stage, from 1 to 10; None takes all.
        module: where `Neuron`, `Layer` and `MLP` are; None takes the module of the
            class.
        seed: of the random expressions and weights.

    Returns:
        A Report. It prints itself; `.passed` is True where nothing failed.

    Raises:
        ArgumentError: there is no such stage, or the class is not a class.

    >>> class Value:
    ...     def __init__(self, data, inputs=()):
    ...         self.data, self.grad, self._prev = data, 0.0, set(inputs)
    ...         self._backward = lambda: None
    ...
    ...     def __add__(self, other):
    ...         out = Value(self.data + other.data, (self, other))
    ...
    ...         def _backward():
    ...             self.grad = out.grad
    ...             other.grad = out.grad
    ...
    ...         out._backward = _backward
    ...         return out
    >>> report = grade(Value, upto=2)
    >>> report.passed
    False
    >>> print(report.failed()[0])
    ✗ a * b: there is no `__mul__`
        write the method with this name: Python calls __mul__ for the operator
    """
    *_, report = stage_by_stage(Value, upto=upto, module=module, seed=seed)
    return report


def stage_by_stage(Value: Any, *, upto: int | None = None, module: Any = None, seed: int = 0) -> Iterator[Report]:
    """The report after each stage, as of `grade`."""
    if not isinstance(Value, type):
        raise ArgumentError(f"grade: {Value!r} is not a class; give the class itself, as grade(Value)")
    last = _stage(upto)
    found = sys.modules.get(Value.__module__) if module is None else module
    grading = Grading(Student(Value), found, seed)
    for stage in range(1, last + 1):
        if stage > 1 and any(x.stage == 1 and x.status == "failed" for x in grading.results):
            grading.results.append(Result(stage, TITLES[stage], "failed", follows=grading.failed[0]))
        else:
            ALL[stage](grading)
        yield Report(grading.results)


def _stage(upto: Any) -> int:
    if upto is None:
        return max(ALL)
    if isinstance(upto, bool) or not isinstance(upto, int) or upto not in ALL:
        raise ArgumentError(f"grade: upto={upto!r}: there is no such stage; take 1 to {max(ALL)}")
    return upto


def answer_of(Value: Any, upto: int | str | None = None) -> dict[str, Any]:
    """What the live page shows of `grade`: plain data.

    Args:
        Value: the class.
        upto: the last stage, also as text.
    """
    report = grade(Value, upto=int(upto) if isinstance(upto, str) and upto.isdecimal() else upto)  # type: ignore[arg-type]
    return {"report": str(report), **report.to_dict()}
