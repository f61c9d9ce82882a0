"""Row 25: the moons step on arrays, whole, by `micrograd.compile`, against JAX's jit
and PyTorch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import moons_arrays
from benchmarks.contest import compare
from benchmarks.moons_arrays import ALPHA, RATE, Arrays, flat, weights
from benchmarks.moons_scalar import moons
from benchmarks.row import BY_COMPILE, COMPILED, JAX, TORCH, Case, Goal, Outcome, Row, Settings, Trial, ratio


def compiled(points: Arrays, signs: list[int]) -> Trial:
    """Loss, backward and update, compiled as one."""
    import micrograd
    from micrograd import Value

    X: Any = np.array(points)
    y: Any = np.array(signs, float).reshape(-1, 1)
    parameters = [Value(p) for p in weights()]
    w1, b1, w2, b2, w3, b3 = parameters

    @micrograd.compile
    def step(X: Any, y: Any, rate: float) -> Any:
        h = (X @ w1 + b1).relu()
        h = (h @ w2 + b2).relu()
        scores = h @ w3 + b3
        loss = (1.0 - y * scores).relu().mean() + ALPHA * sum((p * p).sum() for p in parameters)
        for p in parameters:
            p.grad = None
        loss.backward()
        for p in parameters:
            p.data -= rate * p.grad
        return loss.data

    loss = step(X, y, 0.0)
    return flat(loss, [p.grad for p in parameters]), lambda: step(X, y, RATE) and None


def jax(points: Arrays, signs: list[int]) -> Trial:
    """JAX: jit of the whole step."""
    import jax

    numpy = jax.numpy
    X, y = numpy.array(points), numpy.array(signs, float).reshape(-1, 1)
    parameters = [numpy.array(p) for p in weights()]

    def loss(parameters: Arrays) -> Any:
        w1, b1, w2, b2, w3, b3 = parameters
        h = numpy.maximum(X @ w1 + b1, 0.0)
        h = numpy.maximum(h @ w2 + b2, 0.0)
        margins = numpy.maximum(1.0 - y * (h @ w3 + b3), 0.0)
        return numpy.mean(margins) + ALPHA * sum(numpy.sum(p * p) for p in parameters)

    both = jax.value_and_grad(loss)

    @jax.jit
    def update(parameters: Arrays) -> Arrays:
        return [p - RATE * g for p, g in zip(parameters, both(parameters)[1], strict=True)]

    def step() -> None:
        nonlocal parameters
        parameters = jax.block_until_ready(update(parameters))

    return flat(*both(parameters)), step


CONTESTANTS = {BY_COMPILE: compiled, COMPILED: moons_arrays.ours, JAX: jax, TORCH: moons_arrays.torch}


def measure(settings: Settings) -> list[Outcome]:
    """One case: forward, backward and update."""
    return compare("compiled_arrays", CONTESTANTS, [Case("step", moons(settings.small))], settings)


ROW = Row(
    25,
    "Moons step on arrays, whole, by micrograd.compile",
    measure,
    [
        Goal("JAX's jit takes at least 5 times as long", ratio(JAX, BY_COMPILE), at_least=5.0),
        Goal("PyTorch takes at least 15 times as long", ratio(TORCH, BY_COMPILE), at_least=15.0),
    ],
)
