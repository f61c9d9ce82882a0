"""Row 23: loops. `scan` against the loop by hand, and the gradient of a loop over the
elements of one array.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contest import compare
from benchmarks.row import COMPILED, PLAIN, TORCH, Case, Goal, Outcome, Row, Settings, Trial, ratio

HAND = "the loop by hand"  # by micrograd, without `scan`


def _data(steps: int, size: int) -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    return generator.normal(size=(size, size)) * (0.5 / size**0.5), generator.normal(size=(steps, size))


def _rnn(steps: int, size: int, with_scan: bool) -> Trial:
    from micrograd import Value, scan

    weights, rows = _data(steps, size)
    w = Value(weights)

    def cell(h: Any, x: Any) -> Any:
        h = np.tanh(w @ h + x)
        return h, h

    def by_hand(h: Any) -> Any:
        outs = []
        for i in range(len(rows)):
            h, y = cell(h, rows[i])
            outs.append(y)
        return h, np.stack(outs)

    def step() -> Any:
        w.grad = None
        _, ys = scan(cell, np.zeros(size), rows) if with_scan else by_hand(np.zeros(size))
        np.sum(ys * ys).backward()
        return w.grad

    return step().ravel().tolist(), step


def _elements(steps: int) -> Trial:
    from micrograd import Value

    v = Value(np.linspace(0.5, 1.0, steps))

    def step() -> Any:
        v.grad = None
        total: Any = 0.0
        for i in range(steps):
            total = total + v[i] * v[i]
        total.backward()
        return v.grad

    return step().tolist(), step


def ours(program: str, steps: int, size: int = 0) -> Trial:
    """`scan`; and v[i] in a loop."""
    return _elements(steps) if program == "elements" else _rnn(steps, size, with_scan=True)


def by_hand(program: str, steps: int, size: int = 0) -> Trial:
    """A Python loop in place of `scan`."""
    return _elements(steps) if program == "elements" else _rnn(steps, size, with_scan=False)


def torch(program: str, steps: int, size: int = 0) -> Trial:
    """PyTorch, with a Python loop."""
    import torch

    weights, rows = _data(steps, size or 1)
    w = torch.tensor(weights if size else np.linspace(0.5, 1.0, steps), requires_grad=True)
    inputs = torch.tensor(rows)

    def step() -> Any:
        w.grad = None
        if program == "elements":
            total: Any = 0.0
            for i in range(steps):
                total = total + w[i] * w[i]
        else:
            h, outs = torch.zeros(size, dtype=torch.float64), []
            for x in inputs:
                h = torch.tanh(w @ h + x)
                outs.append(h)
            total = torch.sum(torch.stack(outs) ** 2)
        total.backward()
        return w.grad

    return step().reshape(-1).tolist(), step


CONTESTANTS = {COMPILED: ours, PLAIN: ours, HAND: by_hand, TORCH: torch}
SCAN, ELEMENTS = "RNN of 64, 500 steps, gradient", "gradient of a loop over v[i]"


def measure(settings: Settings) -> list[Outcome]:
    """A recurrent network by `scan`, and a loop over elements."""
    steps = 10 if settings.small else 500
    cases = [
        Case(SCAN, {"program": "scan", "steps": steps, "size": 64}),
        Case(ELEMENTS, {"program": "elements", "steps": steps if settings.small else 4000}),
    ]
    return compare("loops", CONTESTANTS, cases, settings)


ROW = Row(
    23,
    "Loops: scan, and elements of one array",
    measure,
    [
        Goal("scan: times the loop by hand", ratio("ours", HAND, 0), at_most=1.1),
        Goal("elements: times PyTorch", ratio("ours", TORCH, 1), at_most=0.4),
    ],
)
