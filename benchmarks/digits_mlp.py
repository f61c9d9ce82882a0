"""Row 11: a step of a 784-512-512-10 network in float32, through nn, losses and optim,
against PyTorch's modules and optimisers.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from benchmarks.contest import compare
from benchmarks.mlp import Arrays, summary
from benchmarks.row import COMPILED, OURS, PLAIN, TORCH, Case, Goal, Outcome, Row, Settings, Trial, ratio

OPTIMIZERS = {"SGD": {"lr": 0.05, "momentum": 0.9}, "Adam": {"lr": 1e-3}}
STEPS = 3  # before the numbers are compared


def data(sizes: list[int], batch: int) -> tuple[Any, Any, Arrays]:
    """Inputs, labels, and a matrix (out, in) and a bias for each layer."""
    generator = np.random.default_rng(1337)
    X = generator.standard_normal((batch, sizes[0]), np.float32)
    labels = generator.integers(sizes[-1], size=batch)
    parameters: Arrays = []
    for nin, nout in itertools.pairwise(sizes):
        bound = nin**-0.5
        parameters += [generator.uniform(-bound, bound, shape).astype(np.float32) for shape in ((nout, nin), nout)]
    return X, labels, parameters


def layers_of(nn: Any, sizes: list[int], **options: Any) -> Any:
    """A row of Linear and Tanh, in our names, which are PyTorch's."""
    layers = []
    for nin, nout in itertools.pairwise(sizes):
        layers += [nn.Linear(nin, nout, **options), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def ours(sizes: list[int], batch: int, optimizer: str) -> Trial:
    """Sequential, losses.cross_entropy, and an optimiser of optim."""
    from micrograd import nn, optim
    from micrograd.nn import losses

    X, labels, arrays = data(sizes, batch)
    model = layers_of(nn, sizes, dtype=np.float32)
    for p, array in zip(model.parameters(), arrays, strict=True):
        p.data = array
    rule = getattr(optim, optimizer)(model.parameters(), **OPTIMIZERS[optimizer])

    def step() -> Any:
        rule.zero_grad()
        loss = losses.cross_entropy(model(X), labels)
        loss.backward()
        rule.step()
        return loss

    def train() -> None:
        step()

    for _ in range(STEPS):
        loss = step()
    return summary(loss.data, [p.data for p in model.parameters()]), train


def torch(sizes: list[int], batch: int, optimizer: str) -> Trial:
    """The same in PyTorch's names."""
    import torch

    X, labels, arrays = data(sizes, batch)
    X, labels = torch.tensor(X), torch.tensor(labels)
    model = layers_of(torch.nn, sizes)
    with torch.no_grad():
        for p, array in zip(model.parameters(), arrays, strict=True):
            p.copy_(torch.tensor(array))
    rule = getattr(torch.optim, optimizer)(model.parameters(), **OPTIMIZERS[optimizer])

    def step() -> Any:
        rule.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(X), labels)
        loss.backward()
        rule.step()
        return loss

    def train() -> None:
        step()

    for _ in range(STEPS):
        loss = step()
    parameters = [p.detach() for p in model.parameters()]
    return summary(loss.detach(), parameters), train


CONTESTANTS = {COMPILED: ours, PLAIN: ours, TORCH: torch}


def measure(settings: Settings) -> list[Outcome]:
    """A case for each optimiser."""
    given = {"sizes": [8, 6, 6, 3], "batch": 4} if settings.small else {"sizes": [784, 512, 512, 10], "batch": 256}
    cases = [Case(f"step with {name}", {**given, "optimizer": name}, tolerance=1e-4) for name in OPTIMIZERS]
    return compare("digits_mlp", CONTESTANTS, cases, settings)


ROW = Row(
    11,
    "MLP 784-512-512-10 through nn, losses and optim, batch 256, float32, tanh, cross-entropy",
    measure,
    [
        Goal("ours with SGD takes at most 1.15 times as long as PyTorch", ratio(OURS, TORCH), at_most=1.15),
        Goal("ours with Adam takes at most 1.15 times as long as PyTorch", ratio(OURS, TORCH, case=1), at_most=1.15),
    ],
)
