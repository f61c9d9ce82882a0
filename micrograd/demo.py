"""The demo: the tutorial's classifier learns two moons, and three pictures show what it has learned."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micrograd.data import make_moons
from micrograd.engine import Value, no_grad, toposort
from micrograd.errors import ArgumentError, MissingExtraError
from micrograd.nn import MLP

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
else:
    from micrograd import on_demand as np

SEED = 1337
LOSS, BOUNDARY, NEURON = "loss.png", "boundary.png", "neuron.svg"


class Moons:
    """The tutorial's program: 100 points on two moons, and the network that tells the moons apart.

    Making one seeds NumPy's and Python's global generators with 1337, as the tutorial does.

    >>> moons = Moons()
    >>> step, loss, accuracy = next(moons.train())
    >>> print(f"step {step} loss {loss:.6f}, accuracy {accuracy * 100}%")
    step 0 loss 0.895844, accuracy 50.0%
    """

    def __init__(self) -> None:
        np.random.seed(SEED)
        random.seed(SEED)
        self.X, y = make_moons(n_samples=100, noise=0.1)
        self.y = y * 2 - 1  # make y be -1 or 1
        self.model = MLP(2, [16, 16, 1])  # 2-layer neural network

    def loss(self) -> tuple[Value, float]:
        """The max-margin loss with its L2 term, and the share of points on the right side.

        One point and one number at a time, as the tutorial writes it: 65,818 values.
        """
        inputs = [list(map(Value, xrow)) for xrow in self.X]
        scores = list(map(self.model, inputs))

        # svm "max-margin" loss
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(self.y, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        # L2 regularization
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in self.model.parameters())
        total_loss = data_loss + reg_loss

        accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(self.y, scores, strict=True)]
        return total_loss, float(sum(accuracy) / len(accuracy))

    def train(self, steps: int = 100) -> Iterator[tuple[int, float, float]]:
        """Take steps of gradient descent; the learning rate falls from 1.0 to 0.1 within the tutorial's 100.

        Args:
            steps: how many; fewer than 100 are the tutorial's first ones, more make the rate fall more slowly.

        Yields:
            The step's number from 0, and the loss and the accuracy (0 to 1) that it started from.
        """
        for k in range(steps):
            total_loss, accuracy = self.loss()

            self.model.zero_grad()
            total_loss.backward()

            learning_rate = 1.0 - 0.9 * k / max(steps, 100)
            for p in self.model.parameters():
                p.data -= learning_rate * p.grad
            yield k, total_loss.item(), accuracy


def train(steps: int = 100) -> Iterator[tuple[int, float, float]]:
    """The tutorial's training from its start: (step, loss, accuracy) of each step; see `Moons.train`."""
    return Moons().train(steps)


def run(out: Path, *, steps: int = 100) -> None:
    """Train, print a line per step, and draw the pictures.

    Whatever interrupts it, no half a picture is left, and a folder made for them is removed again.

    Args:
        out: folder for the pictures; made where it does not exist.
        steps: how many steps to train.

    Raises:
        ArgumentError: the folder cannot be made.
    """
    with _folder(out) as unfinished:
        moons = Moons()
        losses = _train_aloud(moons, steps)
        pictures, missing = _draw_pictures(moons, losses, unfinished)
        for name in pictures:
            os.replace(unfinished / name, out / name)
    if pictures:
        print(f"Pictures in {out}: {', '.join(pictures)}")
    if missing:
        print(
            f"Not drawn, for want of {' and '.join(missing.values())}: "
            f"python -m pip install 'micrograd-nd[{','.join(missing)}]'"
        )


@contextlib.contextmanager
def _folder(out: Path) -> Iterator[Path]:
    """Make the folder, and one within it for what is not finished; an error removes all that was made."""
    made = [folder for folder in (out, *out.parents) if not folder.exists()]  # the innermost first
    try:
        try:
            out.mkdir(parents=True, exist_ok=True)
            unfinished = tempfile.TemporaryDirectory(dir=out, prefix=".unfinished-", ignore_cleanup_errors=True)
        except OSError as error:
            raise ArgumentError(f"demo: --out {out} cannot be made a folder ({error.strerror}); name another") from None
        with unfinished:
            yield Path(unfinished.name)
    except BaseException:
        for folder in made:
            with contextlib.suppress(OSError):  # not there yet, or in use by somebody else by now
                folder.rmdir()
        raise


def _train_aloud(moons: Moons, steps: int) -> list[float]:
    """Train under a progress bar; the lines go above it, and alone to a file or a pipe."""
    from tqdm import tqdm

    piped = not (sys.stdout.isatty() and sys.stderr.isatty())
    losses = []
    with tqdm(moons.train(steps), total=steps, unit=" steps", leave=False, disable=piped) as bar:
        for k, loss, accuracy in bar:
            tqdm.write(f"step {k} loss {loss}, accuracy {accuracy * 100}%")
            sys.stdout.flush()  # a pipe sees each line as it comes, and `| head` ends the training
            losses.append(loss)
    return losses


def _draw_pictures(moons: Moons, losses: list[float], out: Path) -> tuple[list[str], dict[str, str]]:
    """Draw what can be drawn here: the files written, and the extras that are missing, each with its package."""
    drawn, missing = [], {}
    if importlib.util.find_spec("matplotlib"):
        _loss_curve(losses).savefig(out / LOSS, dpi=120)
        _decision_boundary(moons).savefig(out / BOUNDARY, dpi=120)
        drawn += [LOSS, BOUNDARY]
    else:
        missing["plot"] = "matplotlib"
    try:
        _neuron_graph(moons).render(out / NEURON)
        drawn.append(NEURON)
    except MissingExtraError:
        missing["draw"] = "pygraphviz"
    return drawn, missing


def _figure(title: str) -> tuple[Figure, Any]:
    # Not pyplot: it would choose a window system, and keep the figure for good.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_title(title)
    return figure, axes


def _loss_curve(losses: list[float]) -> Figure:
    figure, axes = _figure(f"Loss: {losses[0]:.3f} at step 0, {losses[-1]:.3f} at step {len(losses) - 1}")
    axes.plot(losses, color="#3b6fb6", marker="." if len(losses) < 10 else None)
    axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel("max-margin loss + L2")
    axes.grid(which="both", alpha=0.25)
    return figure


def _decision_boundary(moons: Moons) -> Figure:
    h = 0.25
    X, y = moons.X, moons.y
    x_min, x_max = X[:, 0].min() - 1, X[:, 0].max() + 1
    y_min, y_max = X[:, 1].min() - 1, X[:, 1].max() + 1
    xx, yy = np.meshgrid(np.arange(x_min, x_max, h), np.arange(y_min, y_max, h))
    with no_grad():
        scores = moons.model(np.c_[xx.ravel(), yy.ravel()])  # the whole mesh as one batch
    Z = (scores.numpy() > 0).reshape(xx.shape)

    figure, axes = _figure("Two moons, and where the network draws the line")
    axes.contourf(xx, yy, Z, cmap="Spectral", alpha=0.8)
    axes.scatter(X[:, 0], X[:, 1], c=y, s=40, cmap="Spectral", edgecolors="black", linewidths=0.4)
    axes.set_xlim(xx.min(), xx.max())
    axes.set_ylim(yy.min(), yy.max())
    axes.set_xlabel("x[0]")
    axes.set_ylabel("x[1]")
    return figure


def _neuron_graph(moons: Moons) -> Any:
    """The first hidden neuron that fires for the first point, with its gradients."""
    from micrograd.draw import draw_dot

    point = [Value(xi, label=f"x{i}") for i, xi in enumerate(moons.X[0])]
    firing = [n for n in moons.model.layers[0].neurons if n(point).data > 0]
    neuron = firing[0] if firing else moons.model.layers[0].neurons[0]
    for i, wi in enumerate(neuron.w):
        wi.label = f"w{i}"
    neuron.b.label = "b"
    neuron.zero_grad()
    out = neuron(point)
    out.label = "out"
    (act,) = out.inputs
    act.label = "act"
    for node in toposort(out):
        if node._op == "*":
            node.label = "*".join(factor.label for factor in node.inputs)
    out.backward()
    return draw_dot(out)
