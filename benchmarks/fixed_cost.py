"""Row 22: what a transform costs on one number, where f itself costs almost nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.contest import compare
from benchmarks.row import COMPILED, OURS, PLAIN, Case, Goal, Outcome, Row, Settings, Trial

TRANSFORMS = {"grad": "grad(f)(x)", "jvp": "jvp(f, (x,), (t,))", "vjp": "vjp(f, x), and back"}
HAND = "Values and backward() by hand"


def square(x: Any) -> Any:
    """One op."""
    return x * x


def ours(transform: str) -> Trial:
    """One of the transforms, made before."""
    from micrograd import grad, jvp, vjp

    gradient = grad(square)
    steps: dict[str, Callable[[], Any]] = {
        "grad": lambda: gradient(3.0),
        "jvp": lambda: jvp(square, (3.0,), (1.0,))[1],
        "vjp": lambda: vjp(square, 3.0)[1](1.0)[0],
    }
    step = steps[transform]
    return [step()], step


def by_hand(transform: str) -> Trial:
    """The same number without a transform."""
    from micrograd import Value

    def step() -> Any:
        x = Value(3.0)
        square(x).backward()
        return x.grad

    return [step()], step


CONTESTANTS = {COMPILED: ours, PLAIN: ours, HAND: by_hand}


def measure(settings: Settings) -> list[Outcome]:
    """One case per transform."""
    cases = [Case(name, {"transform": transform}) for transform, name in TRANSFORMS.items()]
    return compare("fixed_cost", CONTESTANTS, cases, settings)


def _microseconds(case: int) -> Callable[[list[Outcome]], float | None]:
    def measured(outcomes: list[Outcome]) -> float | None:
        seconds = outcomes[case].value(OURS)
        return None if seconds is None else 1e6 * seconds

    return measured


ROW = Row(
    22,
    "Fixed cost of a transform: x * x of one number",
    measure,
    [
        Goal(f"microseconds of {name}: at most 6", _microseconds(i), at_most=6.0)
        for i, name in enumerate(TRANSFORMS.values())
    ],
)
