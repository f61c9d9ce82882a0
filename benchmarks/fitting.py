"""Row 14: what `fit` adds to the loop that one writes by hand: the same steps, in the
same order, to the same losses.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from benchmarks.contest import compare
from benchmarks.row import COMPILED, OURS, PLAIN, Case, Goal, Outcome, Row, Settings, Trial, ratio

BARE = "the loop by hand"
SEED = 1337


def parts(sizes: list[int], rows: int, dtype: str) -> tuple[Any, Any, Any, Any]:
    """A model, a loss function, an optimiser and data."""
    from micrograd import nn, ops, optim

    generator = np.random.default_rng(SEED)
    layers: list[Any] = []
    for nin, nout in itertools.pairwise(sizes[:-1]):
        layers += [nn.Linear(nin, nout, rng=generator, dtype=dtype), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1], rng=generator, dtype=dtype))
    X = generator.standard_normal((rows, sizes[0])).astype(dtype)
    y = np.sign(X[:, :1] * X[:, 1:2]).astype(dtype)

    def loss(prediction: Any, y: Any) -> Any:
        return ops.mean(ops.relu(1.0 - prediction * y))

    return model, loss, optim.Adam(model.parameters(), 0.001), (X, y)


def fitted(sizes: list[int], rows: int, batch: int, epochs: int, dtype: str) -> Trial:
    """With fit."""
    from micrograd.train import fit

    model, loss, optimizer, data = parts(sizes, rows, dtype)

    def step() -> Any:
        return fit(model, loss, data, optimizer, epochs=epochs, batch_size=batch, seed=SEED)

    return step()["loss"], step


def by_hand(sizes: list[int], rows: int, batch: int, epochs: int, dtype: str) -> Trial:
    """As one writes it: with the mean loss of each epoch, and nothing else."""
    from micrograd.data import batches

    model, loss, optimizer, (X, y) = parts(sizes, rows, dtype)

    def step() -> list[float]:
        loader = batches(X, y, batch_size=batch, shuffle=True, seed=SEED)
        losses = []
        for _ in range(epochs):
            total = 0.0
            for inputs, targets in loader:
                optimizer.zero_grad()
                value = loss(model(inputs), targets)
                value.backward()
                optimizer.step()
                total += float(value.data) * len(targets)
            losses.append(total / rows)
        return losses

    return step(), step


CONTESTANTS = {COMPILED: fitted, PLAIN: fitted, BARE: by_hand}


def measure(settings: Settings) -> list[Outcome]:
    """A small network, where each microsecond of a step counts, and a larger one."""
    small: dict[str, Any] = {"sizes": [2, 16, 16, 1], "rows": 1000, "batch": 100, "epochs": 50, "dtype": "float64"}
    large: dict[str, Any] = {"sizes": [784, 128, 64, 1], "rows": 2560, "batch": 128, "epochs": 5, "dtype": "float32"}
    if settings.small:
        small |= {"rows": 20, "batch": 10, "epochs": 2}
        large |= {"sizes": [8, 4, 4, 1], "rows": 20, "batch": 10}
    cases = [
        Case("MLP 2-16-16-1, 50 epochs of 10 batches of 100", small),
        Case("MLP 784-128-64-1, 5 epochs of 20 batches of 128, float32", large, tolerance=1e-5),
    ]
    return compare("fitting", CONTESTANTS, cases, settings)


ROW = Row(
    14,
    "What fit adds to the loop by hand: Adam, shuffled batches",
    measure,
    [
        Goal(
            "fit takes at most 1.03 times as long as the loop by hand, small network", ratio(OURS, BARE), at_most=1.03
        ),
        Goal("the same, larger network", ratio(OURS, BARE, case=1), at_most=1.03),
    ],
)
