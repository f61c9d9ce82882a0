"""Row 30: an epoch of a convolution net on scikit-learn's digits, in float32: steps by
`micrograd.compile`, against PyTorch eager.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contest import compare
from benchmarks.mlp import Arrays, summary
from benchmarks.row import BY_COMPILE, COMPILED, TORCH, Case, Goal, Outcome, Row, Settings, Trial, ratio, threads

CLASSES, SIDE, RATE = 10, 8, 1e-3
STEPS = 3  # before the numbers are compared


def data(is_drawn: bool, channels: list[int], batch: int) -> tuple[Any, Any, Arrays]:
    """Pictures and their digits, in whole batches; a weight and a bias for each layer.

    Args:
        is_drawn: the pictures are random: no library has to be there.
        channels: of the pictures, and after each convolution.
        batch: pictures of a step.
    """
    generator = np.random.default_rng(1337)
    if is_drawn:
        X, labels = generator.uniform(0.0, 16.0, (2 * batch, SIDE * SIDE)), generator.integers(CLASSES, size=2 * batch)
    else:
        from sklearn.datasets import load_digits

        X, labels = load_digits(return_X_y=True)
    count = len(X) // batch * batch
    shapes = [(nout, nin, 3, 3) for nin, nout in itertools.pairwise(channels)]
    parameters: Arrays = []
    for shape in [*shapes, (CLASSES, flattened(channels))]:
        bound = float(np.prod(shape[1:])) ** -0.5
        parameters += [generator.uniform(-bound, bound, s).astype(np.float32) for s in (shape, shape[0])]
    return (X[:count] / 16.0).reshape(-1, 1, SIDE, SIDE).astype(np.float32), labels[:count], parameters


def flattened(channels: list[int]) -> int:
    """How many numbers of a picture come out of the pools, each of which halves it."""
    return int(channels[-1] * (SIDE >> (len(channels) - 1)) ** 2)


def network(nn: Any, channels: list[int], **options: Any) -> Any:
    """Convolutions, each with ReLU and a pool, and a linear layer; in our names, which
    are PyTorch's.
    """
    layers = []
    for nin, nout in itertools.pairwise(channels):
        layers += [nn.Conv2d(nin, nout, 3, padding=1, **options), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(flattened(channels), CLASSES, **options))


def begun(step: Callable[..., Any], X: Any, labels: Any, batch: int) -> tuple[Any, Callable[[], None]]:
    """The loss after the first steps, and what takes the steps of an epoch."""
    batches = [(X[i : i + batch], labels[i : i + batch]) for i in range(0, len(X), batch)]

    def epoch() -> None:
        for given in batches:
            step(*given)

    for _ in range(STEPS):
        loss = step(*batches[0])
    return loss, epoch


def _ours(is_compiled: bool, is_drawn: bool, channels: list[int], batch: int) -> Trial:
    import micrograd
    from micrograd import nn, optim
    from micrograd.nn import losses

    X, labels, arrays = data(is_drawn, channels, batch)
    model = network(nn, channels, dtype=np.float32)
    for p, array in zip(model.parameters(), arrays, strict=True):
        p.data = array
    optimizer = optim.Adam(model.parameters(), lr=RATE)

    def step(X: Any, labels: Any) -> Any:
        optimizer.zero_grad()
        loss = losses.cross_entropy(model(X), labels)
        loss.backward()
        optimizer.step()
        return loss.data

    if is_compiled:
        step = micrograd.compile(step, threads=threads())
    loss, epoch = begun(step, X, labels, batch)
    return summary(loss, [p.data for p in model.parameters()]), epoch


def compiled(**given: Any) -> Trial:
    """Loss, backward and update, compiled as one."""
    return _ours(True, **given)


def eager(**given: Any) -> Trial:
    """Our own engine."""
    return _ours(False, **given)


def torch(is_drawn: bool, channels: list[int], batch: int) -> Trial:
    """The same in PyTorch, eager."""
    import torch

    X, labels, arrays = data(is_drawn, channels, batch)
    X, labels = torch.tensor(X), torch.tensor(labels)
    model = network(torch.nn, channels)
    with torch.no_grad():
        for p, array in zip(model.parameters(), arrays, strict=True):
            p.copy_(torch.tensor(array))
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)

    def step(X: Any, labels: Any) -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(X), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    loss, epoch = begun(step, X, labels, batch)
    return summary(loss, [p.detach() for p in model.parameters()]), epoch


CONTESTANTS = {BY_COMPILE: compiled, COMPILED: eager, TORCH: torch}


def measure(settings: Settings) -> list[Outcome]:
    """One case: a whole epoch."""
    given: dict[str, Any] = {"is_drawn": False, "channels": [1, 16, 32], "batch": 64}
    if settings.small:
        given = {"is_drawn": True, "channels": [1, 2, 3], "batch": 4}
    return compare("digits_convolutions", CONTESTANTS, [Case("epoch", given, tolerance=1e-3)], settings)


ROW = Row(
    30,
    "Digits, convolutions 1-16-32 with ReLU and max-pools, Adam, batch 64, float32: an epoch by micrograd.compile",
    measure,
    [Goal("PyTorch takes at least as long", ratio(TORCH, BY_COMPILE), at_least=1.0)],
)
