"""Handwritten digits: a small convolutional network reads 98 of 100, or more.

    python examples/digits.py --picture digits.png

The data are scikit-learn's 1,797 pictures of 8 by 8 pixels. The network learns from
four fifths of them, moved at random by up to one pixel, and is tested once on the
fifth that it has never seen.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from micrograd import no_grad
from micrograd.data import load_digits, train_test_split
from micrograd.nn import BatchNorm2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential, losses
from micrograd.optim import AdamW
from micrograd.optim.lr_scheduler import CosineAnnealingLR
from micrograd.train import Schedule, accuracy, fit

BATCH = 64
SIZE = 8  # pixels of a side


def data(seed: int) -> list[Any]:
    """Pictures of shape (n, 1, 8, 8) to learn from and to test on, and their digits."""
    X, y = load_digits()
    X = (X / 16.0).reshape(-1, 1, SIZE, SIZE).astype("float32")
    return train_test_split(X, y, test_size=0.2, stratify=y, seed=seed)


def network(width: int, rng: Any) -> Sequential:
    """Two convolutions see strokes and corners; two linear layers name the digit."""
    options: dict[str, Any] = {"dtype": "float32", "rng": rng}
    return Sequential(
        Conv2d(1, width, 3, padding=1, **options),
        BatchNorm2d(width, dtype="float32"),
        ReLU(),
        Conv2d(width, 2 * width, 3, padding=1, **options),
        BatchNorm2d(2 * width, dtype="float32"),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Dropout(0.3, rng=rng),
        Linear(2 * width * (SIZE // 2) ** 2, 64, **options),
        ReLU(),
        Linear(64, 10, **options),
    )


def moved(X: Any, rng: Any) -> Any:
    """Each picture, moved by up to one pixel down or up, and to a side."""
    framed = np.pad(X, [(0, 0), (0, 0), (1, 1), (1, 1)])
    places = np.lib.stride_tricks.sliding_window_view(framed, (SIZE, SIZE), axis=(2, 3))
    down, across = rng.integers(0, 3, size=(2, len(X)))
    return places[np.arange(len(X)), :, down, across]


def train(model: Sequential, X: Any, y: Any, epochs: int, rng: Any) -> Any:
    """Train with AdamW and a learning rate that falls along a cosine."""

    def batches() -> Iterator[tuple[Any, Any]]:
        for rows in np.array_split(rng.permutation(len(X)), len(X) // BATCH):
            yield moved(X[rows], rng), y[rows]

    optimizer = AdamW(model.parameters(), lr=0.003)
    cooling = Schedule(CosineAnnealingLR(optimizer, T_max=epochs))
    return fit(model, losses.cross_entropy, batches, optimizer, epochs=epochs, metrics=accuracy, callbacks=cooling)


def picture(X: Any, y: Any, scores: Any, path: Path) -> None:
    """The pictures that were read wrongly, and beside them some of the others."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    read = scores.argmax(axis=1)
    order = np.argsort(read == y, kind="stable")[:24]  # the wrong ones first
    figure = Figure(figsize=(8.0, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, i in zip(figure.subplots(3, 8).flat, order, strict=True):
        axes.imshow(X[i, 0], cmap="gray_r")
        axes.set(xticks=[], yticks=[])
        is_wrong = read[i] != y[i]
        color = "red" if is_wrong else "black"
        axes.set_title(f"{read[i]}, is {y[i]}" if is_wrong else f"{read[i]}", color=color, size=9)
    wrong = int(np.sum(read != y))
    figure.suptitle(f"{wrong} of {len(y)} digits {'is' if wrong == 1 else 'are'} read wrongly")
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Train, test, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40, help="passes over the data (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the split and of the training (default: %(default)s)")
    parser.add_argument("--small", action="store_true", help="a narrower network and 3 epochs")
    parser.add_argument("--picture", type=Path, help="file for the picture of digits as they were read")
    options = parser.parse_args(arguments)
    epochs, width = (3, 4) if options.small else (options.epochs, 16)

    X, X_test, y, y_test = data(options.seed)
    rng = np.random.default_rng(options.seed)
    model = network(width, rng)
    print(model.summary())
    history = train(model, X, y, epochs, rng)
    for row in list(history)[:: max(1, epochs // 8)]:
        print(f"epoch {row['epoch']:2d} loss {row['loss']:.4f}")

    model.eval()
    with no_grad():
        scores = model(X_test).numpy()
    tested = accuracy(scores, y_test)
    print(f"test accuracy {100 * tested:.2f}% of {len(y_test)} digits")
    if options.picture:
        picture(X_test, y_test, scores, options.picture)
        print(f"picture in {options.picture}")
    return {"history": history, "model": model, "accuracy": tested}


if __name__ == "__main__":
    main()
