"""Two moons: the network of the tutorial, with `Sequential` and `fit`.

    python examples/moons.py --picture moons.png

The tutorial's `MLP` computes one number after the other, and its loop is written by
hand. Here the same network is made of layers: an array for each parameter. It starts
with the tutorial's weights, so the losses are those that the tutorial prints.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Any

import numpy as np

from micrograd import no_grad, ops
from micrograd.data import make_moons
from micrograd.nn import MLP, Sequential
from micrograd.optim import SGD
from micrograd.train import accuracy, fit

SEED = 1337
ALPHA = 1e-4  # of the regularisation


def data() -> tuple[Any, Any]:
    """The tutorial's 100 points, and their classes -1 and 1."""
    np.random.seed(SEED)
    X, y = make_moons(n_samples=100, noise=0.1)
    return X, 2.0 * y[:, None] - 1.0


def network() -> Sequential:
    """The tutorial's network with its first weights, as layers of arrays."""
    random.seed(SEED)
    return Sequential.from_neurons(MLP(2, [16, 16, 1]))


def picture(model: Sequential, X: Any, y: Any, path: Path) -> None:
    """Draw where the network draws the line."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lowest, highest = X.min(axis=0) - 0.5, X.max(axis=0) + 0.5
    xx, yy = np.meshgrid(*(np.linspace(a, b, 200) for a, b in zip(lowest, highest, strict=True)))
    with no_grad():
        scores = model(np.column_stack([xx.ravel(), yy.ravel()])).numpy().reshape(xx.shape)
    figure = Figure(figsize=(5.6, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.contourf(xx, yy, scores > 0, levels=1, cmap="Spectral", alpha=0.6)
    axes.contour(xx, yy, scores, levels=[-1.0, 0.0, 1.0], colors="black", linewidths=[0.5, 1.5, 0.5])
    axes.scatter(X[:, 0], X[:, 1], c=y[:, 0], cmap="Spectral", edgecolors="black", linewidths=0.5)
    axes.set(xlabel="x[0]", ylabel="x[1]", title="Two moons: the line, and the margin of 1 on its sides")
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Train, print what the tutorial prints, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=100, help="steps of training (default: %(default)s)")
    parser.add_argument("--small", action="store_true", help="5 steps")
    parser.add_argument("--picture", type=Path, help="file for the picture of the decision boundary")
    options = parser.parse_args(arguments)
    steps = 5 if options.small else options.steps

    X, y = data()
    model = network()

    def loss(scores: Any, y: Any) -> Any:
        """The max-margin loss, and the squares of all parameters."""
        squares = sum((p * p).sum() for p in model.parameters())
        return ops.relu(1.0 - y * scores).mean() + ALPHA * squares

    def slower(training: Any) -> None:
        training.optimizer.param_groups[0]["lr"] = 1.0 - 0.9 * training.epoch / 100

    # All points in one batch, so an epoch is a step of the tutorial.
    optimizer = SGD(model.parameters(), lr=1.0)
    history = fit(
        model, loss, (X, y), optimizer, epochs=steps, batch_size=None, shuffle=False, metrics=accuracy, callbacks=slower
    )
    for row in history:
        print(f"step {row['epoch'] - 1} loss {row['loss']:.6f}, accuracy {100 * row['accuracy']:.0f}%")
    if options.picture:
        picture(model, X, y, options.picture)
        print(f"picture in {options.picture}")
    return {"history": history, "model": model}


if __name__ == "__main__":
    main()
