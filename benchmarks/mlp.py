"""Row 5: a step of a 784-512-512-10 network in float32, against PyTorch and against its
matrix products alone.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from benchmarks.contest import compare
from benchmarks.row import COMPILED, OURS, PLAIN, TORCH, Case, Goal, Outcome, Row, Settings, Trial, ratio

PRODUCTS = "its matrix products alone, in NumPy"
RATE = 0.1
Arrays = list[Any]


def data(sizes: list[int], batch: int) -> tuple[Any, Any, Arrays]:
    """Inputs, labels, and a matrix and a bias for each layer."""
    generator = np.random.default_rng(1337)
    X = generator.standard_normal((batch, sizes[0]), np.float32)
    labels = generator.integers(sizes[-1], size=batch)
    parameters: Arrays = []
    for nin, nout in itertools.pairwise(sizes):
        parameters += [generator.standard_normal((nin, nout), np.float32) / np.float32(nin**0.5)]
        parameters += [np.zeros(nout, np.float32)]
    return X, labels, parameters


def summary(loss: Any, gradients: Arrays) -> list[float]:
    """The loss, and of each gradient its size and its first elements."""
    arrays = [np.asarray(g) for g in gradients]
    return [float(loss), *(float(x) for g in arrays for x in (np.linalg.norm(g), *g.ravel()[:9]))]


def ours(sizes: list[int], batch: int) -> Trial:
    """Values and operators; the cross-entropy from exp and log."""
    from micrograd.engine import Value

    X, labels, arrays = data(sizes, batch)
    parameters = [Value(p) for p in arrays]
    w1, b1, w2, b2, w3, b3 = parameters
    rows = np.arange(batch)

    def backward() -> Value:
        h = (X @ w1 + b1).tanh()
        h = (h @ w2 + b2).tanh()
        logits = h @ w3 + b3
        logits = logits - logits.data.max(axis=1, keepdims=True)
        loss = (logits.exp().sum(axis=1).log() - logits[rows, labels]).mean()
        for p in parameters:
            p.grad = None
        loss.backward()
        return loss

    def step() -> None:
        backward()
        for p in parameters:
            p.data -= RATE * p.grad

    loss = backward()
    return summary(loss.data, [p.grad for p in parameters]), step


def torch(sizes: list[int], batch: int) -> Trial:
    """Tensors and operators; PyTorch's own cross-entropy."""
    import torch

    X, labels, arrays = data(sizes, batch)
    X, labels = torch.tensor(X), torch.tensor(labels)
    parameters = [torch.tensor(p, requires_grad=True) for p in arrays]
    w1, b1, w2, b2, w3, b3 = parameters

    def backward() -> Any:
        h = torch.addmm(b1, X, w1).tanh()
        h = torch.addmm(b2, h, w2).tanh()
        loss = torch.nn.functional.cross_entropy(torch.addmm(b3, h, w3), labels)
        for p in parameters:
            p.grad = None
        loss.backward()
        return loss

    def step() -> None:
        backward()
        with torch.no_grad():
            for p in parameters:
                p.sub_(p.grad, alpha=RATE)

    loss = backward()
    return summary(loss.detach(), [p.grad for p in parameters]), step


def products(sizes: list[int], batch: int) -> Trial:
    """The eight products of a step: forward, and back to the weights and to the hidden
    layers.
    """
    h0, _, (w1, _, w2, _, w3, _) = data(sizes, batch)
    h1, h2, out = h0 @ w1, h0 @ w1 @ w2, h0 @ w1 @ w2 @ w3

    def step() -> None:
        _ = h0 @ w1, h1 @ w2, h2 @ w3
        _ = h2.T @ out, out @ w3.T
        _ = h1.T @ h2, h2 @ w2.T
        _ = h0.T @ h1

    return None, step


CONTESTANTS = {COMPILED: ours, PLAIN: ours, TORCH: torch, PRODUCTS: products}


def measure(settings: Settings) -> list[Outcome]:
    """One case: forward, backward and update."""
    given = {"sizes": [8, 6, 6, 3], "batch": 4} if settings.small else {"sizes": [784, 512, 512, 10], "batch": 256}
    return compare("mlp", CONTESTANTS, [Case("step", given, tolerance=1e-4)], settings)


ROW = Row(
    5,
    "MLP 784-512-512-10, batch 256, float32, tanh, cross-entropy, SGD, eager",
    measure,
    [
        Goal("ours takes at most 1.1 times as long as PyTorch", ratio(OURS, TORCH), at_most=1.1),
        Goal("ours takes at most 1.5 times as long as its products", ratio(OURS, PRODUCTS), at_most=1.5),
    ],
)
