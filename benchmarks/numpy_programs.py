"""Row 18: gradients of programs that are written in NumPy, against PyTorch, and against
our ops without NumPy in between.
"""

from __future__ import annotations

from typing import Any

from benchmarks.contest import compare
from benchmarks.programs import contestants
from benchmarks.row import COMPILED, OURS, PLAIN, TORCH, Case, Goal, Outcome, Row, Settings, Trial, ratio

DIRECT = "micrograd.ops in place of NumPy"

# The program, and its size: as measured, and so small that it only runs.
PROGRAMS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "log-sum-exp, 2500": ("log_sum_exp", {"n": 2500}, {"n": 5}),
    "mixture, d 2, k 5, n 1000": ("mixture", {"d": 2, "k": 5, "n": 1000}, {"d": 2, "k": 3, "n": 4}),
    "mixture, d 10, k 25, n 1000": ("mixture", {"d": 10, "k": 25, "n": 1000}, {"d": 3, "k": 2, "n": 4}),
    "least squares, 1024 x 128": (
        "least_squares",
        {"rows": 1024, "columns": 128, "loop": False},
        {"rows": 4, "columns": 3, "loop": False},
    ),
    "least squares, in a loop": (
        "least_squares",
        {"rows": 1024, "columns": 128, "loop": True},
        {"rows": 4, "columns": 3, "loop": True},
    ),
    "equations by Taylor series, 1000": (
        "series",
        {"n": 1000, "steps": 20, "order": 4},
        {"n": 5, "steps": 2, "order": 3},
    ),
    "LSTM 2 x 14, 1024 steps": (
        "diagonal_lstm",
        {"layers": 2, "width": 14, "steps": 1024},
        {"layers": 2, "width": 3, "steps": 4},
    ),
    "determinant 7 x 7 by minors": ("minors", {"n": 7}, {"n": 3}),
}


def ours(program: str, **size: Any) -> Trial:
    """Written in NumPy, differentiated by micrograd."""
    import numpy

    return contestants.gradient(numpy, program, **size)


def direct(program: str, **size: Any) -> Trial:
    """The same text, where np is micrograd.ops."""
    from micrograd import ops

    return contestants.gradient(ops, program, **size)


CONTESTANTS = {COMPILED: ours, PLAIN: ours, DIRECT: direct, TORCH: contestants.gradient_in_torch}


def cases(small: bool) -> list[Case]:
    """One per program."""
    return [
        Case(name, {"program": program, **(tiny if small else full)})
        for name, (program, full, tiny) in PROGRAMS.items()
    ]


def measure(settings: Settings) -> list[Outcome]:
    """All programs."""
    return compare("numpy_programs", CONTESTANTS, cases(settings.small), settings)


def _goals() -> list[Goal]:
    goals = []
    for i, (name, (program, _, _)) in enumerate(PROGRAMS.items()):
        most = 0.4 if program == "minors" else 0.8
        goals.append(Goal(f"{name}: at most {most} of PyTorch", ratio(OURS, TORCH, i), at_most=most))
        goals.append(Goal(f"{name}: at most 1.15 of ops called directly", ratio(OURS, DIRECT, i), at_most=1.15))
    return goals


ROW = Row(18, "Gradients of programs written in NumPy, eager", measure, _goals())
