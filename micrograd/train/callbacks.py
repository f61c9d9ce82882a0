"""Callbacks: what a training calls at the end of each step and each epoch."""

from __future__ import annotations

import importlib
import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from micrograd.errors import ArgumentError, MissingExtraError
from micrograd.integers import integer_at_least
from micrograd.train.checkpoints import save

if TYPE_CHECKING:
    from micrograd.train.training import Training


class Callback:
    """Base of callbacks. A subclass overrides what it needs.

    The argument is the `Training`, with `model`, `optimizer`, `epoch` (how many are
    done), `step` (how many are done), `logs` (the newest numbers) and `history`. Its
    `stop(reason)` ends the training after the epoch, or after the step.

    >>> class Aloud(Callback):
    ...     def on_epoch_end(self, training):
    ...         print(training.epoch, training.logs["loss"] < 1.0)
    """

    def on_train_begin(self, training: Training) -> None:
        """Called before the first step."""

    def on_step_end(self, training: Training) -> None:
        """Called after each step of the optimiser."""

    def on_epoch_end(self, training: Training) -> None:
        """Called after each epoch, when its numbers are in the history."""

    def on_train_end(self, training: Training) -> None:
        """Called at the end, however the training ends."""

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of this callback."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from such a state."""


class OnEpochEnd(Callback):
    """A function as a callback: it is called with the `Training` after each epoch."""

    def __init__(self, function: Callable[[Training], Any]) -> None:
        self.function = function

    def on_epoch_end(self, training: Training) -> None:
        """Call the function."""
        self.function(training)


class EarlyStopping(Callback):
    """Ends a training so many epochs after the best one.

    Args:
        patience: number of epochs without a better one after which it ends.
        monitor: the column that is watched; None for "val_loss", or "loss" if there is
            no validation.
        mode: "min" if less is better, "max" if more is.
        min_delta: by how much an epoch must be better to count.

    Raises:
        ArgumentError: an argument is out of range.

    Source: Prechelt (1998), Early Stopping - But When?, doi:10.1007/3-540-49430-8_3.
    """

    def __init__(self, patience: int, monitor: str | None = None, *, mode: str = "min", min_delta: float = 0.0) -> None:
        self.patience = integer_at_least(1, "EarlyStopping", "patience", patience)
        if mode not in ("min", "max"):
            raise ArgumentError(f"EarlyStopping: mode={mode!r} is unknown; choose from min, max")
        self.monitor, self.mode, self.min_delta = monitor, mode, min_delta
        self.best, self.waited = math.nan, 0

    def on_train_begin(self, training: Training) -> None:
        """Begin anew, or go on where the training is resumed."""
        if training.step == 0:
            self.best, self.waited = math.nan, 0
        self._look(training)

    def on_epoch_end(self, training: Training) -> None:
        """Stop, if the patience is at its end."""
        number = training.monitored(self.monitor)
        if is_better(number, self.best, self.mode, self.min_delta):
            self.best, self.waited = number, 0
        else:
            self.waited += 1
        self._look(training)

    def _look(self, training: Training) -> None:
        if self.waited >= self.patience:
            training.stop(f"no better epoch for {self.patience} epochs")

    def state_dict(self) -> dict[str, Any]:
        """The best number, and for how many epochs there was no better one."""
        return {"best": self.best, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from such a state."""
        self.best, self.waited = state["best"], state["waited"]


class Checkpoint(Callback):
    """Saves the whole training after each epoch, so that `resume=` can continue it.

    Args:
        path: the file; see `micrograd.train.save`.
        epochs: save after so many epochs.
        steps: save also after so many steps; None for never.

    Raises:
        ArgumentError: a number is out of range, or path is not one.
    """

    def __init__(self, path: str | os.PathLike[str], *, epochs: int = 1, steps: int | None = None) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise ArgumentError(f"Checkpoint: path={path!r} is not a path; give one, such as 'model.safetensors'")
        self.path = path
        self.epochs = integer_at_least(1, "Checkpoint", "epochs", epochs)
        self.steps = None if steps is None else integer_at_least(1, "Checkpoint", "steps", steps)

    def is_due(self, training: Training) -> bool:
        """Whether it is time to save, after an epoch."""
        return training.epoch % self.epochs == 0 or training.is_over

    def save(self, training: Training) -> None:
        """Save now."""
        save(
            self.path,
            training.model,
            training.optimizer,
            training.epoch,
            seed=training.settings["seed"],
            best=training.best.weights,
            extra={"fit": training.state_dict()},
        )


class Schedule(Callback):
    """A schedule of the learning rate, from `micrograd.optim.lr_scheduler`.

    Args:
        scheduler: its `step()` is called; with the watched number, if it takes one, as
            `ReduceLROnPlateau` does.
        every: "epoch" or "step".
        monitor: the column for a scheduler that takes a number; None for "val_loss", or
            "loss" if there is no validation.

    Raises:
        ArgumentError: every is unknown, or scheduler is not a schedule.
    """

    def __init__(self, scheduler: Any, every: str = "epoch", *, monitor: str | None = None) -> None:
        if every not in ("epoch", "step"):
            raise ArgumentError(f"Schedule: every={every!r} is unknown; choose from epoch, step")
        # An optimiser has a step() as well: it would take one more, with old gradients.
        if not callable(getattr(scheduler, "step", None)) or hasattr(scheduler, "zero_grad"):
            raise ArgumentError(
                f"Schedule: {type(scheduler).__name__} is not a schedule; give one of micrograd.optim.lr_scheduler, "
                f"such as StepLR(optimizer, step_size=10)"
            )
        self.scheduler, self.every, self.monitor = scheduler, every, monitor
        self._takes_number = "Plateau" in type(scheduler).__name__

    def on_step_end(self, training: Training) -> None:
        """A step of the schedule, if it goes by steps."""
        if self.every == "step":
            self.scheduler.step()

    def on_epoch_end(self, training: Training) -> None:
        """A step of the schedule, if it goes by epochs."""
        if self.every == "step":
            return
        if self._takes_number:
            self.scheduler.step(training.monitored(self.monitor))
        else:
            self.scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        """The state of the schedule."""
        return dict(self.scheduler.state_dict())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from such a state."""
        self.scheduler.load_state_dict(state)


class TensorBoard(Callback):
    """Writes the numbers of each epoch for TensorBoard, by tensorboardX.

    Args:
        folder: where TensorBoard reads them: `tensorboard --logdir folder`.

    Raises:
        MissingExtraError: tensorboardX is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str] = "runs") -> None:
        self.folder = folder
        try:
            self._library = importlib.import_module("tensorboardX")
        except ImportError:
            raise MissingExtraError(
                "TensorBoard: it needs tensorboardX, which is not installed; pip install 'micrograd-nd[tensorboard]'"
            ) from None
        self._writer: Any = None

    def on_epoch_end(self, training: Training) -> None:
        """Write a point of each curve."""
        if self._writer is None:
            self._writer = self._library.SummaryWriter(os.fspath(self.folder))
        for name, number in training.logs.items():
            if name != "epoch":
                self._writer.add_scalar(name, number, training.epoch)
        self._writer.flush()

    def on_train_end(self, training: Training) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class Plot(Callback):
    """Draws the history into a file after each epoch, for a picture that grows.

    Args:
        path: the picture, such as "loss.png".
        names: the columns to draw; see `History.plot`.
        every: draw after so many epochs, and at the end.
    """

    def __init__(self, path: str | os.PathLike[str], *names: str, every: int = 1) -> None:
        self.path, self.names = path, names
        self.every = integer_at_least(1, "Plot", "every", every)

    def on_epoch_end(self, training: Training) -> None:
        """Draw, if it is time to."""
        if training.epoch % self.every == 0 or training.is_over:
            training.history.plot(*self.names, path=self.path)


def is_better(number: float, best: float, mode: str, by: float = 0.0) -> bool:
    """Whether a number is better than the best one so far; nan is worse than all."""
    if math.isnan(number) or math.isnan(best):
        return not math.isnan(number)
    return number < best - by if mode == "min" else number > best + by
