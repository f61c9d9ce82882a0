"""Row 21: the most memory that a gradient takes beyond its arguments, against HIPS
autograd. Both hold NumPy's arrays, so tracemalloc sees what they take.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

from benchmarks import numpy_programs
from benchmarks.contest import compare
from benchmarks.programs import contestants
from benchmarks.row import AUTOGRAD, COMPILED, OURS, PLAIN, Case, Goal, Outcome, Row, Settings, Trial, ratio

CLUSTERS = "k-means, a matrix of 76 MB"


def measured(trial: Trial) -> Trial:
    """The same, where a step gives the bytes that it took at most."""
    numbers, step = trial

    def traced() -> dict[str, float]:
        tracemalloc.start()
        try:
            step()
            return {"bytes at most": float(tracemalloc.get_traced_memory()[1])}
        finally:
            tracemalloc.stop()

    return numbers, traced


def ours(program: str, **size: Any) -> Trial:
    """micrograd, on NumPy."""
    return measured(numpy_programs.ours(program, **size))


def autograd(program: str, **size: Any) -> Trial:
    """HIPS autograd."""
    return measured(contestants.gradient_in_autograd(program, **size))


CONTESTANTS: dict[str, Callable[..., Trial]] = {COMPILED: ours, PLAIN: ours, AUTOGRAD: autograd}


def measure(settings: Settings) -> list[Outcome]:
    """The gradients of row 18, and one of large matrices."""
    size = {"d": 2, "k": 3, "n": 20} if settings.small else {"d": 10, "k": 100, "n": 100_000}
    cases = [*numpy_programs.cases(settings.small), Case(CLUSTERS, {"program": "clusters", **size})]
    return compare("program_memory", CONTESTANTS, cases, settings, rounds=1 if settings.small else 3, turn=0)


ROW = Row(
    21,
    "Memory of the gradients of programs written in NumPy, by tracemalloc",
    measure,
    [
        Goal(f"{name}: at most that of HIPS autograd", ratio(OURS, AUTOGRAD, i), at_most=1.0)
        for i, name in enumerate([*numpy_programs.PROGRAMS, CLUSTERS])
    ],
)
