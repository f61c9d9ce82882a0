"""Row 17: a step of Adam on 4,192 scalar parameters, against the loop that a learner
writes, and against PyTorch with one array of as many numbers.
"""

from __future__ import annotations

import math

import numpy as np

from benchmarks.contest import compare
from benchmarks.row import COMPILED, OURS, PLAIN, TORCH, Case, Goal, Outcome, Row, Settings, Trial

RATE, BETA1, BETA2, EPS = 0.001, 0.9, 0.999, 1e-8
LOOP = "a loop in Python"
STEPS = 3


def data(count: int) -> tuple[list[float], list[float]]:
    """Parameters and gradients."""
    rng = np.random.default_rng(0)
    return rng.normal(size=count).tolist(), rng.normal(size=count).tolist()


def ours(count: int) -> Trial:
    """`optim.Adam` on Values."""
    from micrograd import Value
    from micrograd.optim import Adam

    numbers, gradients = data(count)
    parameters = [Value(x) for x in numbers]
    for p, g in zip(parameters, gradients, strict=True):
        p.grad = g
    optimizer = Adam(parameters, RATE)
    for _ in range(STEPS):
        optimizer.step()
    return [p.data for p in parameters], optimizer.step


def loop(count: int) -> Trial:
    """Adam as in a tutorial: a loop over Values, the averages in lists."""
    from micrograd import Value

    numbers, gradients = data(count)
    parameters = [Value(x) for x in numbers]
    for p, g in zip(parameters, gradients, strict=True):
        p.grad = g
    means, squares, steps = [0.0] * count, [0.0] * count, 0

    def step() -> None:
        nonlocal steps
        steps += 1
        first, second = 1.0 - BETA1**steps, 1.0 - BETA2**steps
        for i, p in enumerate(parameters):
            means[i] = BETA1 * means[i] + (1.0 - BETA1) * p.grad
            squares[i] = BETA2 * squares[i] + (1.0 - BETA2) * p.grad**2
            p.data -= RATE * (means[i] / first) / (math.sqrt(squares[i] / second) + EPS)

    for _ in range(STEPS):
        step()
    return [p.data for p in parameters], step


def torch(count: int) -> Trial:
    """`torch.optim.Adam` on one tensor: PyTorch has no scalars of its own."""
    import torch

    numbers, gradients = data(count)
    parameter = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
    parameter.grad = torch.tensor(gradients, dtype=torch.float64)
    optimizer = torch.optim.Adam([parameter], RATE)
    for _ in range(STEPS):
        optimizer.step()
    return parameter.tolist(), optimizer.step


CONTESTANTS = {COMPILED: ours, PLAIN: ours, LOOP: loop, TORCH: torch}


def measure(settings: Settings) -> list[Outcome]:
    """One case: the optimiser alone; the gradients are there."""
    given = {"count": 40 if settings.small else 4192}
    return compare("adam_scalars", CONTESTANTS, [Case("step", given, tolerance=1e-9)], settings)


def milliseconds(outcomes: list[Outcome]) -> float | None:
    """Of ours."""
    value = outcomes[0].value(OURS)
    return None if value is None else value * 1e3


ROW = Row(
    17,
    "Adam on 4,192 scalar parameters: the step of the optimiser",
    measure,
    [Goal("ours takes at most 0.5 ms", milliseconds, at_most=0.5)],
)
