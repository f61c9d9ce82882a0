"""Row 1: a training step of text 001's moons demo, its scalar program unchanged,
against micrograd 0.1.0.

The program is the same for all contestants; which `micrograd` it imports is the
worker's business.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from benchmarks.contest import compare
from benchmarks.row import COMPILED, ORIGINAL, PLAIN, Case, Goal, Outcome, Row, Settings, Trial, ratio


def program() -> tuple[Any, Any]:
    """The text's network, and its loss of points and signs."""
    from micrograd.engine import Value
    from micrograd.nn import MLP

    random.seed(1337)
    model = MLP(2, [16, 16, 1])

    def loss(X: Any, y: Any) -> Any:
        inputs = [list(map(Value, xrow)) for xrow in X]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(y, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in model.parameters())
        total_loss = data_loss + reg_loss
        accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(y, scores, strict=True)]
        return total_loss, sum(accuracy) / len(accuracy)

    return model, loss


def make(points: list[list[float]], signs: list[int]) -> Trial:
    """The text's program on these points."""
    X, y = np.array(points), np.array(signs)
    model, loss = program()
    steps = 0
    total_loss: Any = None

    def step() -> None:
        nonlocal steps, total_loss  # as in the text, the graph of a step is alive until the next one takes its name
        total_loss, _ = loss(X, y)
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * min(steps, 99) / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        steps += 1

    first, _ = loss(X, y)
    first.backward()
    return [first.data, *(p.grad for p in model.parameters())], step


CONTESTANTS = {COMPILED: make, PLAIN: make, ORIGINAL: make}


def moons(small: bool) -> dict[str, Any]:
    """The text's points, and -1 or 1 for the moon of each."""
    from micrograd.data import make_moons

    X, y = make_moons(10 if small else 100, noise=0.1, random_state=1337)
    return {"points": X.tolist(), "signs": (y * 2 - 1).tolist()}


def measure(settings: Settings) -> list[Outcome]:
    """One case: forward, backward and update."""
    # Half a second a turn: after the original's second of other memory, one step of
    # ours would time cold caches.
    turn = settings.turn if settings.small else 0.5
    return compare("moons_scalar", CONTESTANTS, [Case("step", moons(settings.small))], settings, turn=turn)


ROW = Row(
    1,
    "Moons step of 001, scalar program unchanged: 100 points, 65,818 nodes; forward, backward, update",
    measure,
    [
        Goal(f"{ORIGINAL} takes at least 100 times as long as {COMPILED}", ratio(ORIGINAL, COMPILED), at_least=100.0),
        Goal(f"{ORIGINAL} takes at least 5 times as long as {PLAIN}", ratio(ORIGINAL, PLAIN), at_least=5.0),
    ],
)
