"""Row 6: single ops on arrays of 1 to a million elements, forward alone and with
backward, against PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contest import compare
from benchmarks.report import digits
from benchmarks.row import COMPILED, OURS, PLAIN, TORCH, Case, Outcome, Row, Settings, Trial

# Both libraries spell them alike. All on square arrays of positive numbers, so that
# every op has its domain.
OPS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "exp": lambda x, y: x.exp(),
    "log": lambda x, y: x.log(),
    "tanh": lambda x, y: x.tanh(),
    "relu": lambda x, y: x.relu(),
    "sum": lambda x, y: x.sum(),
    "mean": lambda x, y: x.mean(),
    "reshape": lambda x, y: x.reshape(-1),
    "transpose": lambda x, y: x.T,
    "getitem": lambda x, y: x[::2],
    "matmul": lambda x, y: x @ y,
}
SIDES = [1, 10, 100, 1000]
FORWARD, BOTH = "forward", "forward and backward"


def inputs(side: int) -> list[Any]:
    """Two square arrays of numbers from 0.5 to 1.5."""
    return list(np.random.default_rng(1337).uniform(0.5, 1.5, (2, side, side)))


def make(x: Any, y: Any, g: Callable[[Any], Any], op: str, backward: bool) -> Trial:
    """One op, and for backward the cotangent that g makes for its result."""
    f = OPS[op]
    if not backward:
        return None, lambda: f(x, y)
    cotangent = g(f(x, y))

    def step() -> None:
        x.grad = y.grad = None
        f(x, y).backward(cotangent)

    step()
    sums = [float(z.grad.sum()) for z in (x, y) if z.grad is not None]
    return [sums[0], float(f(x, y).detach().sum())], step


def ours(side: int, **given: Any) -> Trial:
    """Values."""
    from micrograd.engine import Value

    x, y = map(Value, inputs(side))
    return make(x, y, lambda z: np.ones_like(z.data)[()], **given)


def torch(side: int, **given: Any) -> Trial:
    """Tensors."""
    import torch

    x, y = (torch.tensor(x, requires_grad=True) for x in inputs(side))
    return make(x, y, torch.ones_like, **given)


CONTESTANTS = {COMPILED: ours, PLAIN: ours, TORCH: torch}


def measure(settings: Settings) -> list[Outcome]:
    """A case per op and size and way."""
    cases = [
        Case(f"{op}, {side * side} elements, {way}", {"op": op, "side": side, "backward": way == BOTH})
        for way in (FORWARD, BOTH)
        for side in (SIDES[:2] if settings.small else SIDES)
        for op in OPS
    ]
    return compare("single_ops", CONTESTANTS, cases, settings, turn=settings.turn / 5)


def condense(outcomes: list[Outcome]) -> list[Outcome]:
    """One line per size and way: the geometric mean over the ops, of every
    contestant.
    """
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.case.partition(", ")[2], []).append(outcome)
    condensed = []
    for case, group in groups.items():
        line = Outcome(f"mean of {len(group)} ops, {case}", missing=group[0].missing)
        for name in group[0].samples:
            medians = [value for outcome in group if (value := outcome.value(name)) is not None]
            line.samples[name] = [float(np.exp(np.mean(np.log(medians))))]
        condensed.append(line)
    return condensed


def detail(outcomes: list[Outcome]) -> list[str]:
    """PyTorch's time over ours: a line per op, a column per size and way; nothing
    without PyTorch.
    """
    if not any(TORCH in x.samples for x in outcomes):
        return []
    cases = {x.case: x for x in outcomes}
    columns = [case.partition(", ")[2] for case in cases if case.startswith("add, ")]
    lines = ["| PyTorch's time over ours | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for op in OPS:
        ratios = [cases[f"{op}, {column}"].ratio(TORCH, OURS) for column in columns]
        lines.append(f"| {op} | " + " | ".join("" if r is None else digits(r) for r in ratios) + " |")
    return lines


ROW = Row(6, "Single ops, float64, against PyTorch", measure, condense=condense, detail=detail)
