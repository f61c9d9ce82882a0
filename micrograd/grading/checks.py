"""How a check is made: a learner's numbers beside the right ones, the slip named."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from micrograd.engine import Value
from micrograd.grading.attempts import Fault, attempt, repair_of
from micrograd.grading.programs import Measure, Program, alone, factor, forward, spelled, told_apart
from micrograd.grading.report import Result
from micrograd.grading.slips import advice_on_slips, named
from micrograd.grading.student import SEED, Engine, Student

RIGHT = Engine(Value)
NEAR = {"rel_tol": 1e-6, "abs_tol": 1e-9}  # another order of additions, float32


UNREACHED = "nothing arrives: the result has to know its inputs, and its `_backward` has to add to their grad"


class Found(NamedTuple):
    """What a check found, before it is put into the report: see `Result`.

    Attributes:
        is_endless: whether the learner's code did not end.
    """

    status: str = "passed"
    said: str = ""
    advice: Sequence[str] = ()
    slips: Sequence[str] = ()
    is_endless: bool = False


class Grading:
    """A learner's class while it is graded.

    Args:
        student: the class, read.
        module: where Neuron, Layer and MLP are looked for.
        seed: of the random expressions.

    Attributes:
        results: what has been found.
        failed: the names of the checks that failed, in their order.
        endless: the names of the checks in which the learner's code did not end.
        cleared: slips that an earlier check would have shown.
    """

    def __init__(self, student: Student, module: Any, seed: int) -> None:
        self.student = student
        self.module = module
        self.seed = seed
        self.results: list[Result] = []
        self.failed: list[str] = []
        self.endless: set[str] = set()
        self.cleared: set[str] = set()

    def check(
        self,
        stage: int,
        name: str,
        find: Callable[..., Found],
        *given: Any,
        rests_on: Sequence[str] = (),
        own_first: bool = False,
    ) -> Found:
        """Run a check and keep its result.

        Args:
            stage: where it belongs.
            name: what later checks call it.
            find, given: `find(*given)` runs it.
            rests_on: the names of the checks without which it cannot pass.
            own_first: a slip that gives just the numbers is named, whatever failed.
        """
        if endless := next((x for x in rests_on if x in self.endless), ""):  # nor does this end
            self.results.append(Result(stage, name, "failed", follows=endless))
            return Found("failed")
        try:
            found = find(*given)
        except Fault as fault:
            found = Found("failed", f"{name} {fault}", is_endless=fault.is_endless)
        if found.is_endless:
            self.endless.add(name)
        if found.status == "limit" and any(x in self.failed for x in rests_on):
            found = Found("failed", found.said)
        is_own = found.status != "failed" or (own_first and found.slips)
        follows = "" if is_own else next((x for x in rests_on if x in self.failed), "")
        advice, slips = ((), ()) if follows else (tuple(found.advice), tuple(found.slips))
        self.results.append(Result(stage, name, found.status, found.said, advice, slips, follows))
        if found.status == "failed" and name not in self.failed:
            self.failed.append(name)
        return found

    def compare(
        self,
        measure: Measure,
        programs: Sequence[Program],
        topics: Sequence[str] = (),
        hint: str = "",
    ) -> Found:
        """Compare what programs give with what they give on our engine.

        Args:
            measure: what is compared.
            programs: one, or the same with other numbers.
            topics: where the slip may be: see `named`.
            hint: what to say where no slip gives the numbers.
        """
        given: list[dict[str, float]] = []
        right = [measure(program, RIGHT) for program in programs]
        for program in programs:
            try:
                given.append(attempt(measure, program, self.student))
            except Fault as fault:
                said = f"{_heading(measure, program)}: {fault}"
                repair = repair_of(fault) or ([hint] if hint else [])
                return Found("failed", said, repair, is_endless=fault.is_endless)
        wrong = [
            (program, key)
            for program, numbers, true in zip(programs, given, right, strict=True)
            for key in true
            if not is_near(numbers[key], true[key])
        ]
        if not wrong:
            return Found()
        (program, key), at = wrong[0], programs.index(wrong[0][0])
        said = f"{_heading(measure, program, key)}: {_beside(measure, program, key, given[at][key], right[at][key])}"
        more = [f"{_beside(measure, program, k, given[at][k], right[at][k])}" for p, k in wrong[1:] if p is program]
        slips = [slip for slip in self.named(measure, programs, given, topics) if slip not in self.cleared]
        if not slips and given[at][key] == 0.0 and measure is not forward:
            hint = hint or UNREACHED
        if measure is forward and key != "data":
            hint = "an op makes a new value, and leaves its inputs as they are"
        return Found("failed", said, [*more, *(advice_on_slips(slips) or ([hint] if hint else []))], slips)

    def named(
        self, measure: Measure, programs: Sequence[Program], given: list[dict[str, float]], topics: Sequence[str]
    ) -> list[str]:
        """The slips that give the learner's numbers."""

        def numbers(cls: Any) -> list[float]:
            engine = Engine(cls)
            return [x for program in programs for x in measure(program, engine).values()]

        return named(numbers, [x for numbers in given for x in numbers.values()], topics)


def is_near(x: float, right: float) -> bool:
    """Whether a number is right, up to rounding.

    >>> is_near(0.1 + 0.2, 0.3), is_near(0.31, 0.3), is_near(math.nan, 0.3)
    (True, False, False)
    """
    return math.isclose(x, right, **NEAR) or (math.isnan(x) and math.isnan(right))


def _heading(measure: Measure, program: Program, key: str = "") -> str:
    """What was done: "a**3: gradient of a, with a = 1.7 and out.grad = 3"."""
    if measure is alone:
        of = f": gradient of {key.partition('.')[0]}" if key else ""
        return f"{program.text}{of}, with {program.given} and out.grad = {spelled(SEED)}"
    return f"{program.text}, with {program.given}"


def _beside(measure: Measure, program: Program, key: str, given: float, right: float) -> str:
    """What came beside what is right: "a.grad is 10; it is 8"."""
    came, is_right = told_apart(given, right)
    if measure is alone:
        is_right = f"{spelled(SEED)} * {factor(right / SEED)} = {is_right}"
    return f"{key} is {came}; it is {is_right}"
