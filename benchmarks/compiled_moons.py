"""Row 24: the loss of text 001, its scalar program unchanged, and the way back, by
`micrograd.compile`: against the engines, and against JAX's jit of a loss on arrays that
was vectorised by hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contest import compare
from benchmarks.moons_scalar import moons, program
from benchmarks.row import (
    BY_COMPILE,
    COMPILED,
    EXACTLY,
    JAX,
    ON_NUMPY,
    ON_TAPE,
    ORIGINAL,
    Case,
    Goal,
    Outcome,
    Row,
    Settings,
    Trial,
    nanoseconds,
    ratio,
)

ALPHA = 1e-4
NODES = 65_818  # of the loss, as the engine runs it


def made(change: Callable[[Any], Any]) -> Callable[..., Trial]:
    """The text's program, its loss changed so before it runs."""

    def make(points: list[list[float]], signs: list[int]) -> Trial:
        X, y = np.array(points), np.array(signs)
        model, loss = program()
        loss = change(loss)

        def step() -> Any:
            total, _ = loss(X, y)
            total.backward()
            return total

        first = step().data
        length = math.hypot(*[p.grad for p in model.parameters()])
        return [first, length], lambda: step() and None

    return make


def compiled(**options: Any) -> Callable[[Any], Any]:
    """What makes a compiled function."""

    def change(loss: Any) -> Any:
        import micrograd

        return micrograd.compile(loss, **options)

    return change


def jax(points: list[list[float]], signs: list[int]) -> Trial:
    """JAX's jit of value_and_grad, the network as matrices."""
    import jax

    X, y = jax.numpy.array(points), jax.numpy.array(signs, float)
    model, _ = program()
    layers = [
        (
            jax.numpy.array([[w.data for w in n.w] for n in layer.neurons]),
            jax.numpy.array([n.b.data for n in layer.neurons]),
        )
        for layer in model.layers
    ]

    def loss(layers: Any) -> Any:
        h = X
        for i, (w, b) in enumerate(layers):
            h = h @ w.T + b
            h = jax.numpy.maximum(h, 0.0) if i < len(layers) - 1 else h
        margins = jax.numpy.maximum(1.0 - y * h[:, 0], 0.0)
        total = margins.mean() + ALPHA * sum((p * p).sum() for layer in layers for p in layer)
        return total, ((y > 0) == (h[:, 0] > 0)).mean()

    both = jax.jit(jax.value_and_grad(loss, has_aux=True))
    (first, _), gradients = both(layers)
    length = math.hypot(*[float(x) for layer in gradients for p in layer for x in np.ravel(p)])
    return [first, length], lambda: jax.block_until_ready(both(layers)) and None


CONTESTANTS = {
    BY_COMPILE: made(compiled()),
    EXACTLY: made(compiled(exact=True)),
    ON_NUMPY: made(compiled(backend="numpy")),
    ON_TAPE: made(compiled(backend="tape")),
    COMPILED: made(lambda loss: loss),
    JAX: jax,
    ORIGINAL: made(lambda loss: loss),
}


def measure(settings: Settings) -> list[Outcome]:
    """One case: loss, accuracy and gradients."""
    return compare("compiled_moons", CONTESTANTS, [Case("loss and backward", moons(settings.small))], settings)


ROW = Row(
    24,
    "Moons loss of 001, scalar program unchanged, by micrograd.compile; forward, backward",
    measure,
    [
        Goal(f"{ORIGINAL} takes at least 100,000 times as long", ratio(ORIGINAL, BY_COMPILE), at_least=100_000),
        Goal("JAX's jit, vectorised by hand, takes at least 4.5 times as long", ratio(JAX, BY_COMPILE), at_least=4.5),
        Goal("exact takes at most 1.25 times as long", ratio(EXACTLY, BY_COMPILE), at_most=1.25),
        Goal("our eager engine takes at least 150 times NumPy's", ratio(COMPILED, ON_NUMPY), at_least=150.0),
        Goal("our eager engine takes at least 40 times the tape's", ratio(COMPILED, ON_TAPE), at_least=40.0),
        Goal("the tape takes at most 15 ns a node", nanoseconds(ON_TAPE, NODES), at_most=15.0),
    ],
)
