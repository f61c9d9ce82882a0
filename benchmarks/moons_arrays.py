"""Row 4: the moons step on arrays, eager: the same loss in every library's own way, and
by hand in NumPy.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contest import compare
from benchmarks.moons_scalar import moons
from benchmarks.row import AUTOGRAD, COMPILED, JAX, OURS, PLAIN, TORCH, Case, Goal, Outcome, Row, Settings, Trial, ratio

BY_HAND = "NumPy, by hand"
SAME_CALLS = "NumPy, the calls that ours makes"
RATE, ALPHA = 0.1, 1e-4
Arrays = list[Any]


def weights() -> Arrays:
    """Of the text's 2-16-16-1 network: a matrix and a bias for each layer, in its draw
    order.
    """
    generator = random.Random(1337)
    found: Arrays = []
    for nin, nout in ((2, 16), (16, 16), (16, 1)):
        found.append(np.array([[generator.uniform(-1, 1) for _ in range(nin)] for _ in range(nout)]).T.copy())
        found.append(np.zeros(nout))
    return found


def flat(loss: Any, gradients: Arrays) -> list[float]:
    """The loss and all gradients, as numbers to compare."""
    return [float(loss), *np.concatenate([np.asarray(g).ravel() for g in gradients])]


def ours(points: Arrays, signs: list[int]) -> Trial:
    """Values and operators."""
    from micrograd.engine import Value

    X: Any = np.array(points)
    y: Any = np.array(signs, float).reshape(-1, 1)
    parameters = [Value(p) for p in weights()]
    w1, b1, w2, b2, w3, b3 = parameters

    def backward() -> Value:
        h = (X @ w1 + b1).relu()
        h = (h @ w2 + b2).relu()
        scores = h @ w3 + b3
        loss = (1.0 - y * scores).relu().mean() + ALPHA * sum((p * p).sum() for p in parameters)
        for p in parameters:
            p.grad = None
        loss.backward()
        return loss

    def step() -> None:
        backward()
        for p in parameters:
            p.data -= RATE * p.grad

    loss = backward()
    return flat(loss.data, [p.grad for p in parameters]), step


def torch(points: Arrays, signs: list[int]) -> Trial:
    """Tensors and operators."""
    import torch

    X, y = torch.tensor(points, dtype=torch.float64), torch.tensor(signs, dtype=torch.float64).reshape(-1, 1)
    parameters = [torch.tensor(p, requires_grad=True) for p in weights()]
    w1, b1, w2, b2, w3, b3 = parameters

    def backward() -> Any:
        h = (X @ w1 + b1).relu()
        h = (h @ w2 + b2).relu()
        scores = h @ w3 + b3
        loss = (1.0 - y * scores).relu().mean() + ALPHA * sum((p * p).sum() for p in parameters)
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
    return flat(loss.detach(), [p.grad for p in parameters]), step


def functional(value_and_grad: Callable[..., Any], numpy: Any, finish: Callable[[Any], Any]) -> Callable[..., Trial]:
    """The same by a transform of a function, as HIPS autograd and JAX want it."""

    def make(points: Arrays, signs: list[int]) -> Trial:
        X, y = numpy.array(points), numpy.array(signs, float).reshape(-1, 1)
        parameters = [numpy.array(p) for p in weights()]

        def loss(parameters: Arrays) -> Any:
            w1, b1, w2, b2, w3, b3 = parameters
            h = numpy.maximum(X @ w1 + b1, 0.0)
            h = numpy.maximum(h @ w2 + b2, 0.0)
            scores = h @ w3 + b3
            margins = numpy.maximum(1.0 - y * scores, 0.0)
            return numpy.mean(margins) + ALPHA * sum(numpy.sum(p * p) for p in parameters)

        both = value_and_grad(loss)

        def step() -> None:
            nonlocal parameters
            _, gradients = both(parameters)
            parameters = [finish(p - RATE * g) for p, g in zip(parameters, gradients, strict=True)]

        return flat(*both(parameters)), step

    return make


def autograd(**given: Any) -> Trial:
    """HIPS autograd."""
    from autograd import numpy, value_and_grad

    return functional(value_and_grad, numpy, lambda p: p)(**given)


def jax(**given: Any) -> Trial:
    """JAX without jit; a step ends when its arrays are there."""
    from jax import numpy, value_and_grad

    return functional(value_and_grad, numpy, lambda p: p.block_until_ready())(**given)


def by_hand(points: Arrays, signs: list[int]) -> Trial:
    """The derivative written out: the floor."""
    X, y = np.array(points), np.array(signs, float).reshape(-1, 1)
    parameters = weights()

    def backward() -> tuple[float, Arrays]:
        w1, b1, w2, b2, w3, b3 = parameters
        h1 = np.maximum(X @ w1 + b1, 0.0)
        h2 = np.maximum(h1 @ w2 + b2, 0.0)
        margins = np.maximum(1.0 - y * (h2 @ w3 + b3), 0.0)
        loss = margins.sum() / len(y) + ALPHA * sum(np.vdot(p, p) for p in parameters)
        g3 = (margins > 0) * y * (-1.0 / len(y))
        g2 = (g3 @ w3.T) * (h2 > 0)
        g1 = (g2 @ w2.T) * (h1 > 0)
        gradients = [X.T @ g1, g1.sum(axis=0), h1.T @ g2, g2.sum(axis=0), h2.T @ g3, g3.sum(axis=0)]
        return loss, [g + 2 * ALPHA * p for g, p in zip(gradients, parameters, strict=True)]

    def step() -> None:
        for p, g in zip(parameters, backward()[1], strict=True):
            p -= RATE * g

    return flat(*backward()), step


def same_calls(points: Arrays, signs: list[int]) -> Trial:
    """Every call of NumPy that ours makes, and nothing else: the floor of an engine
    that records op by op.
    """
    X, y = np.array(points), np.array(signs, float).reshape(-1, 1)
    parameters = weights()

    def filled(shape: tuple[int, ...], number: float) -> Any:
        z = np.empty(shape)
        z.fill(number)
        return z

    def checked(g: Any) -> Any:
        flat = g.ravel("K")
        assert not math.isnan(flat.dot(flat))
        return g

    def backward() -> tuple[float, Arrays]:
        w1, b1, w2, b2, w3, b3 = parameters
        a1 = X @ w1 + b1
        h1 = np.maximum(a1, 0)
        a2 = h1 @ w2 + b2
        h2 = np.maximum(a2, 0)
        margins = 1.0 - y * (h2 @ w3 + b3)
        squares = [np.add.reduce(p * p, None) for p in parameters]
        loss = np.add.reduce(np.maximum(margins, 0), None) / len(y) + ALPHA * sum(squares)
        with np.errstate(all="ignore"):
            halves = [checked(filled(p.shape, ALPHA) * p) for p in parameters]
            g3 = checked(-np.where(margins > 0.0, filled(margins.shape, 1.0 / len(y)), 0.0) * y)
            g2 = np.where(a2 > 0.0, g3 @ w3.transpose(), 0.0)
            g1 = np.where(a1 > 0.0, g2 @ w2.transpose(), 0.0)
            gradients: Arrays = []
            for h, g in ((X, g1), (h1, g2), (h2, g3)):
                gradients += [h.transpose() @ g, np.add.reduce(g, 0)]
            return loss, [half + half + g for half, g in zip(halves, gradients, strict=True)]

    def step() -> None:
        for p, g in zip(parameters, backward()[1], strict=True):
            p -= RATE * g

    return flat(*backward()), step


CONTESTANTS = {
    COMPILED: ours,
    PLAIN: ours,
    TORCH: torch,
    AUTOGRAD: autograd,
    JAX: jax,
    BY_HAND: by_hand,
    SAME_CALLS: same_calls,
}


def measure(settings: Settings) -> list[Outcome]:
    """One case: forward, backward and update."""
    return compare("moons_arrays", CONTESTANTS, [Case("step", moons(settings.small))], settings)


ROW = Row(
    4,
    "Moons step on arrays: 100 points at once, float64, eager (JAX without jit)",
    measure,
    [Goal("PyTorch takes at least 2.5 times as long as ours", ratio(TORCH, OURS), at_least=2.5)],
)
