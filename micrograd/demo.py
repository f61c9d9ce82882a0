"""The demo: the tutorial's classifier learns two moons, and draws three pictures."""

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

from micrograd import on_demand as np
from micrograd.data import make_moons
from micrograd.engine import Value, toposort
from micrograd.errors import ArgumentError, MissingExtraError
from micrograd.nn import MLP
from micrograd.plots import plot_decision_boundary, plot_loss
from micrograd.plots.figures import figure_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED = 1337
LOSS, BOUNDARY, NEURON = "loss.png", "boundary.png", "neuron.svg"


class Moons:
    """The tutorial's program: a network learns to separate 100 points on two moons.

    `Moons()` seeds the global generators of NumPy and Python with 1337, as the tutorial
    does.

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
        """The max-margin loss with its L2 term, and the accuracy from 0 to 1.

        It is computed one point and one number at a time, as in the tutorial: 65,818
        Values.
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
        """Take steps of gradient descent.

        The learning rate falls from 1.0 to 0.1 within 100 steps, as in the tutorial.

        Args:
            steps: number of steps. Fewer than 100 are the tutorial's first steps. With
                more, the rate falls more slowly.

        Yields:
            The number of the step, from 0; and the loss and the accuracy (0 to 1)
            before the step.
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
    """The tutorial's training from its start: (step, loss, accuracy) for each step.

    See `Moons.train`.
    """
    return Moons().train(steps)


def run(out: Path, *, steps: int = 100) -> None:
    """Train, print a line per step, and draw the pictures.

    If the demo is interrupted, no incomplete picture is left. A folder that the demo
    made is removed again.

    Args:
        out: folder for the pictures. It is made if it does not exist.
        steps: number of training steps.

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
            f"Not all pictures were drawn; the others need {' and '.join(missing.values())}: "
            f"python -m pip install 'micrograd-nd[{','.join(missing)}]'"
        )


@contextlib.contextmanager
def _folder(out: Path) -> Iterator[Path]:
    """Make the folder, and one inside it for unfinished pictures.

    An error removes both.
    """
    # The innermost folder comes first.
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        try:
            out.mkdir(parents=True, exist_ok=True)
            unfinished = tempfile.TemporaryDirectory(dir=out, prefix=".unfinished-", ignore_cleanup_errors=True)
        except OSError as error:
            raise ArgumentError(
                f"demo: the folder --out {out} cannot be made ({error.strerror}); name another"
            ) from None
        with unfinished:
            yield Path(unfinished.name)
    except BaseException:
        for folder in made:
            # An error means: it was not made, or another program uses it now.
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def _train_aloud(moons: Moons, steps: int) -> list[float]:
    """Train, print a line per step, and show a progress bar below the lines.

    If the lines go to a file or a pipe, there is no bar.
    """
    from tqdm import tqdm

    piped = not (sys.stdout.isatty() and sys.stderr.isatty())
    losses = []
    with tqdm(moons.train(steps), total=steps, unit=" steps", leave=False, disable=piped) as bar:
        for k, loss, accuracy in bar:
            tqdm.write(f"step {k} loss {loss}, accuracy {accuracy * 100}%")
            # So a pipe gets each line at once, and `| head` ends the training.
            sys.stdout.flush()
            losses.append(loss)
    return losses


def _draw_pictures(moons: Moons, losses: list[float], out: Path) -> tuple[list[str], dict[str, str]]:
    """Draw the pictures that can be drawn here.

    Returns:
        The names of the files, and the extras that are missing, each with its package.
    """
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


def _loss_curve(losses: list[float]) -> Figure:
    figure, (axes,) = figure_of("demo")
    plot_loss(losses, scale="log", ylabel="max-margin loss + L2", ax=axes)
    axes.set_title(f"Loss: {losses[0]:.3f} at step 0, {losses[-1]:.3f} at step {len(losses) - 1}")
    return figure


def _decision_boundary(moons: Moons) -> Figure:
    figure, (axes,) = figure_of("demo")
    plot_decision_boundary(moons.model, moons.X, moons.y, ax=axes)
    axes.set_title("Two moons, and where the network draws the line")
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
