"""Row 24: the loss of text 001, its scalar program unchanged, and the way back, by
`micrograd.compile`: against the engines, against CasADi's function of the same scalar
program, and against JAX's jit of a loss on arrays that was vectorised by hand.
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
    CASADI,
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


def casadi(points: list[list[float]], signs: list[int]) -> Trial:
    """CasADi: a function of loss, accuracy and gradient, of the same scalar program.

    It runs on buffers that are set once: CasADi's quickest call.
    """
    import casadi

    model, _ = program()
    layers = [[[*neuron.w, neuron.b] for neuron in layer.neurons] for layer in model.layers]
    parameters = np.array([p.data for p in model.parameters()])
    symbols = casadi.SX.sym("p", len(parameters))
    X, y = casadi.SX.sym("X", len(points), len(points[0])), casadi.SX.sym("y", len(signs))
    supply = iter(range(len(parameters)))
    network = [[[symbols[next(supply)] for _ in neuron] for neuron in layer] for layer in layers]

    def score(h: list[Any]) -> Any:
        for i, layer in enumerate(network):
            h = [sum((w * x for w, x in zip(weights, h, strict=True)), bias) for *weights, bias in layer]
            h = [casadi.fmax(x, 0.0) for x in h] if i < len(network) - 1 else h
        return h[0]

    scores = [score([X[i, 0], X[i, 1]]) for i in range(len(points))]
    losses = [casadi.fmax(1.0 - y[i] * scores[i], 0.0) for i in range(len(points))]
    total = sum(losses) / len(losses) + ALPHA * sum(symbols[i] ** 2 for i in range(len(parameters)))
    accuracy = sum((y[i] > 0) == (scores[i] > 0) for i in range(len(points))) / len(points)
    function = casadi.Function("loss", [symbols, X, y], [total, accuracy, casadi.gradient(total, symbols)])

    buffers, run = function.buffer()
    given = [parameters, np.array(points).ravel(order="F"), np.array(signs, float)]
    found = [np.zeros(1), np.zeros(1), np.zeros(len(parameters))]
    for i in range(3):
        buffers.set_arg(i, memoryview(given[i]))
        buffers.set_res(i, memoryview(found[i]))
    run()
    # The run knows addresses only: the arrays live as long as it does.
    return [found[0][0], math.hypot(*found[2])], lambda kept=(buffers, given, found): run() and None


CONTESTANTS = {
    BY_COMPILE: made(compiled()),
    EXACTLY: made(compiled(exact=True)),
    ON_NUMPY: made(compiled(backend="numpy")),
    ON_TAPE: made(compiled(backend="tape")),
    COMPILED: made(lambda loss: loss),
    CASADI: casadi,
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
        Goal("CasADi's function takes at least 18 times as long", ratio(CASADI, BY_COMPILE), at_least=18.0),
        Goal("JAX's jit, vectorised by hand, takes at least 4.5 times as long", ratio(JAX, BY_COMPILE), at_least=4.5),
        Goal("exact takes at most 1.25 times as long", ratio(EXACTLY, BY_COMPILE), at_most=1.25),
        Goal("our eager engine takes at least 150 times NumPy's", ratio(COMPILED, ON_NUMPY), at_least=150.0),
        Goal("our eager engine takes at least 40 times the tape's", ratio(COMPILED, ON_TAPE), at_least=40.0),
        Goal("the tape takes at most 15 ns a node", nanoseconds(ON_TAPE, NODES), at_most=15.0),
    ],
)
