"""A learning-rate finder: a short training in which the rate grows."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from micrograd.data.batching import seed_of
from micrograd.errors import ArgumentError
from micrograd.integers import integer_at_least
from micrograd.nn.untouched import restore_modes, training_modes
from micrograd.plots.figures import figure_of, save_figure
from micrograd.train.checkpoints import generators_of
from micrograd.train.feeds import Feed
from micrograd.train.history import History
from micrograd.train.pairs import check_pairs
from micrograd.train.scores import number_of
from micrograd.train.steps import check_parts, check_reached

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMOOTHING = 0.9  # share of the past in the smoothed loss
TOO_LARGE = 4.0  # times the lowest smoothed loss: the training has diverged


class LearningRates:
    """What `find_learning_rate` returns.

    Attributes:
        table: a row for each step: "lr", "loss", and "smoothed", the running mean.
        suggestion: a rate to train with: a tenth of that with the lowest smoothed loss.
            None if that is below the rates that were tried: then the loss was least
            at the first of them, by chance or because they are too large.
    """

    def __init__(self, table: History) -> None:
        self.table = table
        smoothed = table["smoothed"]
        rate: float = table["lr"][smoothed.index(min(smoothed))] / 10.0
        self.suggestion = rate if rate >= table["lr"][0] else None

    def plot(self, path: str | os.PathLike[str] | None = None) -> Figure:
        """Draw the loss over the rate, as a figure of matplotlib.

        Args:
            path: a file for the picture, or None.

        Raises:
            ArgumentError: the name of the file does not end like that of a picture.
            MissingExtraError: matplotlib is not installed.
        """
        figure, (axes,) = figure_of("plot")
        axes.plot(self.table["lr"], self.table["loss"], alpha=0.3, label="loss")
        axes.plot(self.table["lr"], self.table["smoothed"], label="smoothed")
        if self.suggestion is not None:
            axes.axvline(self.suggestion, color="black", linestyle=":", label=f"suggestion: {self.suggestion:.2g}")
        axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
        axes.legend()
        if path is not None:
            save_figure("plot", figure, path)
        return figure

    def __repr__(self) -> str:
        said = (
            "nothing learnt at the first ones; try others" if self.suggestion is None else f"try {self.suggestion:.2g}"
        )
        return f"<learning rates {self.table['lr'][0]:.2g} to {self.table['lr'][-1]:.2g}: {said}>"


def find_learning_rate(
    model: Any,
    loss: Callable[[Any, Any], Any],
    data: Any,
    optimizer: Any,
    *,
    start: float = 1e-6,
    end: float = 10.0,
    steps: int = 100,
    batch_size: int | None = 32,
    seed: int | None = 0,
) -> LearningRates:
    """Find a learning rate: train for some steps while the rate grows, and look where
    the loss falls.

    The rate grows from start to end, by the same factor in each step. It ends early
    when the loss is four times the lowest one, or not finite. Afterwards the model and
    the optimiser are as they were.

    Args:
        model: a Module, called with a batch of X.
        loss: a function of (prediction, y) that returns the mean loss of a batch.
        data: (X, y) arrays, or an iterable of batches (X, y), as for `fit`.
        optimizer: an optimiser of the model's parameters; all groups get the same rate.
        start: the first rate.
        end: the last rate.
        steps: number of steps.
        batch_size: rows of a batch of arrays; None for all rows.
        seed: of the order of the rows; None draws one.

    Returns:
        `LearningRates`, with the table and a suggestion.

    Raises:
        ArgumentError: an argument is out of range or of a wrong kind, or the loss is
            not finite at start.
        GradientError: the loss does not depend on the parameters of the optimiser.

    Source: Smith (2017), Cyclical Learning Rates for Training Neural Networks,
    doi:10.1109/WACV.2017.58.

    >>> import numpy as np
    >>> from micrograd.nn import Linear
    >>> from micrograd.optim import SGD
    >>> X = np.linspace(-1.0, 1.0, 64).reshape(-1, 1)
    >>> model = Linear(1, 1, rng=np.random.default_rng(0))
    >>> def mse(prediction, y):
    ...     return ((prediction - y) ** 2).mean()
    >>> found = find_learning_rate(model, mse, (X, 3 * X), SGD(model.parameters()))
    >>> 0.01 < found.suggestion < 1.0
    True
    """
    check_parts("find_learning_rate", model, loss, optimizer)
    if not 0.0 < start < end < math.inf:
        raise ArgumentError(
            f"find_learning_rate: start={start!r} and end={end!r} are out of range; give 0 < start < end"
        )
    steps = integer_at_least(2, "find_learning_rate", "steps", steps)
    feed = Feed("find_learning_rate", data, batch_size, True, seed_of("find_learning_rate", seed))
    groups = optimizer.param_groups
    before = model.state_dict(), copy.deepcopy(optimizer.state_dict()), [group["lr"] for group in groups]
    generators = [(g.bit_generator, g.bit_generator.state) for g in generators_of(model).values()]
    modes = training_modes(model)
    try:
        model.train()
        return LearningRates(_tried(model, loss, feed, optimizer, (start, (end / start) ** (1.0 / (steps - 1)), steps)))
    finally:
        model.load_state_dict(before[0])
        optimizer.load_state_dict(before[1])
        for group, rate in zip(groups, before[2], strict=True):
            group["lr"] = rate
        for bits, state in generators:
            bits.state = state
        restore_modes(modes)
        optimizer.zero_grad()


def _tried(
    model: Any, loss: Callable[[Any, Any], Any], feed: Feed, optimizer: Any, rates: tuple[float, float, int]
) -> History:
    """The loss at each rate: the first rate, the factor between two, their number."""
    rate, factor, steps = rates
    table, mean, lowest, number = History(), 0.0, math.inf, 0
    while True:
        for X, y in feed.batches(number):
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad()
            prediction = model(X)
            value = loss(prediction, y)
            found = number_of(value)
            if not len(table):
                check_pairs("find_learning_rate", prediction, y, value)
            mean = SMOOTHING * mean + (1.0 - SMOOTHING) * found
            smoothed = mean / (1.0 - SMOOTHING ** (len(table) + 1))  # without the bias of a mean that begins at 0
            if not math.isfinite(smoothed) and not len(table):
                raise ArgumentError(
                    f"find_learning_rate: the loss is {found} before the first step; look at the data and the model"
                )
            if not math.isfinite(smoothed) or (len(table) > steps // 10 and smoothed > TOO_LARGE * lowest > 0.0):
                return table
            lowest = min(lowest, smoothed)
            table.append({"lr": rate, "loss": found, "smoothed": smoothed})
            if len(table) == steps:
                return table
            value.backward()
            if len(table) == 1:
                check_reached("find_learning_rate", optimizer)
            optimizer.step()
            rate *= factor
        number += 1
