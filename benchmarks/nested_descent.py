"""Row 20: gradient descent within a function that gradient descent minimises, against
PyTorch.
"""

from __future__ import annotations

from typing import Any

from benchmarks.contest import compare
from benchmarks.programs.contestants import room_of
from benchmarks.row import COMPILED, OURS, PLAIN, TORCH, Case, Goal, Outcome, Row, Settings, Trial, ratio


def ours(program: str, **size: Any) -> Trial:
    """micrograd: grad of grad."""
    trial: Trial = room_of(program).ours(**size)
    return trial


def torch(program: str, **size: Any) -> Trial:
    """PyTorch: torch.autograd.grad with create_graph."""
    trial: Trial = room_of(program).torch(**size)
    return trial


CONTESTANTS = {COMPILED: ours, PLAIN: ours, TORCH: torch}


def measure(settings: Settings) -> list[Outcome]:
    """Two programs."""
    particle = {"descents": 1, "step": 2.0} if settings.small else {"descents": 2, "step": 0.1}
    cases = [
        Case("particle", {"program": "particle", **particle}),
        Case("saddle point", {"program": "saddle", "rate": 0.4 if settings.small else 0.01}),
    ]
    return compare("nested_descent", CONTESTANTS, cases, settings)


ROW = Row(
    20,
    "Gradient descent in gradient descent, reverse over reverse",
    measure,
    [
        Goal("particle: at most 0.5 of PyTorch", ratio(OURS, TORCH, 0), at_most=0.5),
        Goal("saddle point: at most 0.5 of PyTorch", ratio(OURS, TORCH, 1), at_most=0.5),
    ],
)
