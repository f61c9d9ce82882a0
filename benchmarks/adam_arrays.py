"""Row 10: a training step of a small array MLP with Adam, against PyTorch eager.

The arrays are so small that all of the time goes into calls: into ops, nodes, and the
parameters of the optimiser.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contest import compare
from benchmarks.row import COMPILED, OURS, PLAIN, TORCH, Case, Goal, Outcome, Row, Settings, Trial, ratio

RATE = 0.01
STEPS = 5  # after so many, all contestants must hold the same parameters


def data(batch: int) -> tuple[Any, Any, list[Any]]:
    """Points, targets of -1 and 1, and weights (in, out) and biases of each layer."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(batch, 2)), np.sign(rng.normal(size=(batch, 1)))
    sizes = [(2, 16), (16,), (16, 16), (16,), (16, 1), (1,)]
    return X, y, [rng.normal(size=size) * 0.3 for size in sizes]


def ours(batch: int) -> Trial:
    """Values and operators, `optim.Adam`."""
    from micrograd import Value
    from micrograd.optim import Adam

    X, y, arrays = data(batch)
    parameters = [Value(a) for a in arrays]
    w1, b1, w2, b2, w3, b3 = parameters
    optimizer = Adam(parameters, RATE)

    def step() -> None:
        h = (X @ w1 + b1).tanh()
        h = (h @ w2 + b2).tanh()
        loss = ((h @ w3 + b3 - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    for _ in range(STEPS):
        step()
    return [float(x) for p in parameters for x in p.data.flat], step


def torch(batch: int) -> Trial:
    """Tensors, addmm, and `torch.optim.Adam` with its defaults."""
    import torch

    X, y, arrays = data(batch)
    X, y = torch.tensor(X), torch.tensor(y)
    parameters = [torch.tensor(a, requires_grad=True) for a in arrays]
    w1, b1, w2, b2, w3, b3 = parameters
    optimizer = torch.optim.Adam(parameters, RATE)

    def step() -> None:
        h = torch.addmm(b1, X, w1).tanh()
        h = torch.addmm(b2, h, w2).tanh()
        loss = ((torch.addmm(b3, h, w3) - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    for _ in range(STEPS):
        step()
    return [float(x) for p in parameters for x in p.detach().flatten()], step


CONTESTANTS = {COMPILED: ours, PLAIN: ours, TORCH: torch}


def measure(settings: Settings) -> list[Outcome]:
    """One case: forward, backward, and a step of Adam."""
    given = {"batch": 4 if settings.small else 100}
    return compare("adam_arrays", CONTESTANTS, [Case("step", given, tolerance=1e-7)], settings)


ROW = Row(
    10,
    "MLP 2-16-16-1 of arrays, batch 100, float64, tanh, mean squared error, Adam, eager",
    measure,
    [Goal("PyTorch takes at least 1.5 times as long as ours", ratio(TORCH, OURS), at_least=1.5)],
)
