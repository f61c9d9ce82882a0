"""Row 14: what `fit` adds to the loop that one writes by hand: the same steps, in the
same order, to the same losses.

Both run in one process, in turn, on one model: between two processes, times differ by
more than what is to be seen. What counts is the time of the processor.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contest import compare
from benchmarks.row import COMPILED, PLAIN, Case, Goal, Outcome, Row, Settings, Trial

SEED = 1337
WITH_FIT, BY_HAND = "with fit", "by hand"
ROUNDS = 30


def network(sizes: list[int], dtype: str) -> Any:
    """Linear layers with relu between them."""
    from micrograd import nn

    generator = np.random.default_rng(SEED)
    layers: list[Any] = []
    for nin, nout in itertools.pairwise(sizes[:-1]):
        layers += [nn.Linear(nin, nout, rng=generator, dtype=dtype), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1], rng=generator, dtype=dtype))


def hinge(prediction: Any, y: Any) -> Any:
    """The mean of max(0, 1 - prediction * y)."""
    from micrograd import ops

    return ops.mean(ops.relu(1.0 - prediction * y))


def with_fit(model: Any, optimizer: Any, data: Any, batch: int, epochs: int) -> list[float]:
    """The losses of the epochs, by fit."""
    from micrograd.train import fit

    history = fit(model, hinge, data, optimizer, epochs=epochs, batch_size=batch, seed=SEED)
    return list(history["loss"])


def by_hand(model: Any, optimizer: Any, data: Any, batch: int, epochs: int) -> list[float]:
    """The same, as one writes it, and nothing else."""
    from micrograd.data import batches

    X, y = data
    loader = batches(X, y, batch_size=batch, shuffle=True, seed=SEED)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for inputs, targets in loader:
            optimizer.zero_grad()
            value = hinge(model(inputs), targets)
            value.backward()
            optimizer.step()
            total += float(value.data) * len(targets)
        losses.append(total / len(X))
    return losses


WAYS: dict[str, Callable[..., list[float]]] = {WITH_FIT: with_fit, BY_HAND: by_hand}


def ours(sizes: list[int], rows: int, batch: int, epochs: int, dtype: str) -> Trial:
    """Both ways: their losses, and a step that measures both, in seconds."""
    from micrograd.optim import Adam

    generator = np.random.default_rng(SEED)
    X = generator.standard_normal((rows, sizes[0])).astype(dtype)
    data = X, np.sign(X[:, :1] * X[:, 1:2])

    def fresh() -> tuple[Any, Any]:
        model = network(sizes, dtype)
        return model, Adam(model.parameters(), 0.001)

    first, second = (way(*fresh(), data, batch, epochs) for way in WAYS.values())
    assert first == second, "fit and the loop by hand have other losses"
    model, optimizer = fresh()
    order = list(WAYS.items())

    def step() -> dict[str, float]:
        measured = {}
        order.reverse()  # who comes first after a pause is slower
        for name, way in order:
            start = time.process_time()
            way(model, optimizer, data, batch, epochs)
            measured[name] = time.process_time() - start
        return {name: measured[name] for name in WAYS}

    return first, step


CONTESTANTS = {COMPILED: ours, PLAIN: ours}


def measure(settings: Settings) -> list[Outcome]:
    """A small network, where each microsecond of a step counts, and a larger one."""
    small: dict[str, Any] = {"sizes": [2, 16, 16, 1], "rows": 1000, "batch": 100, "epochs": 20, "dtype": "float64"}
    large: dict[str, Any] = {"sizes": [784, 128, 64, 1], "rows": 2560, "batch": 128, "epochs": 2, "dtype": "float32"}
    if settings.small:
        small |= {"rows": 20, "batch": 10, "epochs": 2}
        large |= {"sizes": [8, 4, 4, 1], "rows": 20, "batch": 10}
    cases = [
        Case("MLP 2-16-16-1, 20 epochs of 10 batches of 100", small),
        Case("MLP 784-128-64-1, 2 epochs of 20 batches of 128, float32", large, tolerance=1e-5),
    ]
    return compare("fitting", CONTESTANTS, cases, settings, rounds=2 if settings.small else ROUNDS, turn=0)


def added(case: int) -> Callable[[list[Outcome]], float | None]:
    """How many times as long a training takes with fit: the median over the rounds."""

    def of(outcomes: list[Outcome]) -> float | None:
        fitted, bare = outcomes[2 * case : 2 * case + 2]
        pairs = zip(fitted.samples.get(fitted.base, ()), bare.samples.get(bare.base, ()), strict=True)
        ratios = [a / b for a, b in pairs if b]
        return statistics.median(ratios) if ratios else None

    return of


ROW = Row(
    14,
    "What fit adds to the loop by hand: Adam, shuffled batches",
    measure,
    [
        Goal("fit takes at most 1.03 times as long as the loop by hand, small network", added(0), at_most=1.03),
        Goal("the same, larger network", added(1), at_most=1.03),
    ],
)
