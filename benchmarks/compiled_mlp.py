"""Row 27: a whole step of a 784-512-512-10 network in float32 by `micrograd.compile`,
against its matrix products alone and JAX's jit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import mlp
from benchmarks.contest import compare
from benchmarks.mlp import PRODUCTS, RATE, data, summary
from benchmarks.row import BY_COMPILE, COMPILED, JAX, Case, Goal, Outcome, Row, Settings, Trial, ratio, threads


def compiled(sizes: list[int], batch: int) -> Trial:
    """Loss, backward and update, compiled as one; it gives no gradients out, as JAX's.

    They are read from an update with the rate 1, which is taken back.
    """
    import micrograd
    from micrograd import Value

    X, labels, arrays = data(sizes, batch)
    chosen = np.eye(sizes[-1], dtype=np.float32)[labels]
    parameters = [Value(p) for p in arrays]
    w1, b1, w2, b2, w3, b3 = parameters

    def function(X: Any, chosen: Any, rate: Any) -> Any:
        h = (X @ w1 + b1).tanh()
        h = (h @ w2 + b2).tanh()
        logits = h @ w3 + b3
        logits = logits - logits.data.max(axis=1, keepdims=True)
        loss = (logits.exp().sum(axis=1).log() - (logits * chosen).sum(axis=1)).mean()
        for p in parameters:
            p.grad = None
        loss.backward()
        for p in parameters:
            p.data = p.data - rate * p.grad
            p.grad = None
        return loss.data

    step = micrograd.compile(function, threads=threads())
    loss = step(X, chosen, 1.0)
    gradients = [old - p.data for old, p in zip(arrays, parameters, strict=True)]
    for old, p in zip(arrays, parameters, strict=True):
        p.data = old
    return summary(loss, gradients), lambda: step(X, chosen, RATE) and None


def jax(sizes: list[int], batch: int) -> Trial:
    """JAX: jit of the whole step; parameters are given away and come back."""
    import jax

    X, labels, arrays = data(sizes, batch)
    parameters = [jax.numpy.array(p) for p in arrays]
    chosen = jax.numpy.array(np.eye(sizes[-1], dtype=np.float32)[labels])
    X = jax.numpy.array(X)

    def loss(parameters: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = parameters
        h = jax.numpy.tanh(X @ w1 + b1)
        h = jax.numpy.tanh(h @ w2 + b2)
        logits = h @ w3 + b3
        return (jax.nn.logsumexp(logits, axis=1) - (logits * chosen).sum(axis=1)).mean()

    both = jax.value_and_grad(loss)
    first = both(parameters)

    @jax.jit
    def update(parameters: Any) -> Any:
        value, gradients = both(parameters)
        return value, [p - np.float32(RATE) * g for p, g in zip(parameters, gradients, strict=True)]

    def step() -> None:
        nonlocal parameters
        _, parameters = jax.block_until_ready(update(parameters))

    return summary(*first), step


CONTESTANTS = {BY_COMPILE: compiled, COMPILED: mlp.ours, PRODUCTS: mlp.products, JAX: jax}


def measure(settings: Settings) -> list[Outcome]:
    """One case: forward, backward and update."""
    given = {"sizes": [8, 6, 6, 3], "batch": 4} if settings.small else {"sizes": [784, 512, 512, 10], "batch": 256}
    return compare("compiled_mlp", CONTESTANTS, [Case("step", given, tolerance=1e-4)], settings)


ROW = Row(
    27,
    "MLP 784-512-512-10, batch 256, float32, whole step by micrograd.compile",
    measure,
    [
        Goal("at most 1.1 times its products", ratio(BY_COMPILE, PRODUCTS), at_most=1.1),
        Goal("at most 1.0 times JAX's jit", ratio(BY_COMPILE, JAX), at_most=1.0),
    ],
)
