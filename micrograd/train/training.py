"""Training: where a training stands. Callbacks see it, and checkpoints hold it."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Mapping
from typing import Any

from micrograd.errors import ArgumentError, CheckpointError
from micrograd.train.callbacks import Callback, is_better
from micrograd.train.history import History
from micrograd.train.scores import Tally


class Best:
    """A copy of the weights after the best epoch.

    Args:
        is_kept: False keeps none.
        monitor: the column that is watched; None for "val_loss" or "loss".
        mode: "min" if less is better, "max" if more is.

    Attributes:
        number: that of the best epoch; nan before the first one.
        epoch: the best epoch, from 1; 0 before the first one.
        weights: the `state_dict()` of the model after it; None before the first one.
    """

    def __init__(self, is_kept: bool, monitor: str | None, mode: str) -> None:
        self.is_kept, self.monitor, self.mode = is_kept, monitor, mode
        self.number, self.epoch = math.nan, 0
        self.weights: Any = None

    def look(self, training: Training) -> None:
        """Keep the weights, if this epoch is the best one."""
        number = training.monitored(self.monitor)
        if is_better(number, self.number, self.mode):
            self.number, self.epoch = number, training.epoch
            self.weights = training.model.state_dict()

    def restore(self, model: Any) -> None:
        """Put the best weights into the model, if they are kept and there are any."""
        if self.is_kept and self.weights is not None:
            model.load_state_dict(self.weights)


class Training:
    """Where a training stands.

    Attributes:
        model: the model.
        optimizer: the optimiser.
        epochs: after how many epochs it ends.
        epoch: how many epochs are done.
        step: how many steps of the optimiser are done, in all epochs.
        batch: how many batches of this epoch are done.
        loss: the loss of the last batch.
        logs: the numbers of the last epoch by name.
        history: those of all epochs.
        best: the best epoch.
        settings: what must be the same where a training is resumed.
        options: those of the groups of the optimiser, before the first step.
        stopped: why the training has been stopped; empty if it has not.
        is_fresh: whether no batch of this call of `fit` has been looked at.
    """

    def __init__(
        self,
        model: Any,
        optimizer: Any,
        epochs: int,
        callbacks: list[Callback],
        metrics: Mapping[str, Any],
        best: Best,
        settings: dict[str, Any],
    ) -> None:
        self.model, self.optimizer, self.epochs, self.callbacks = model, optimizer, epochs, callbacks
        self.best, self.settings, self.options = best, settings, options_of(optimizer)
        self.epoch = self.step = self.batch = 0
        self.loss = math.nan
        self.logs: dict[str, Any] = {}
        self.history = History()
        self.stopped, self.is_fresh = "", True
        self.tally = Tally(metrics)
        self._seconds, self._started = 0.0, time.perf_counter()

    def stop(self, reason: str = "stopped by a callback") -> None:
        """End the training after this epoch; or after this step, where it is called at
        the end of a step.
        """
        self.stopped = reason

    @property
    def is_over(self) -> bool:
        """Whether there is no more to do."""
        return bool(self.stopped) or self.epoch >= self.epochs

    def monitored(self, column: str | None) -> float:
        """The number of the last epoch in a column; None for "val_loss", or "loss" if
        there is no validation.

        Raises:
            ArgumentError: there is no such column.
        """
        name = column or ("val_loss" if "val_loss" in self.logs else "loss")
        if name not in self.logs:
            raise ArgumentError(
                f"fit: there is no column {name!r} to monitor; choose from {', '.join(self.logs)}, "
                f"or give validation= for those that begin with val_"
            )
        return float(self.logs[name])

    def end_epoch(self, numbers: Mapping[str, float]) -> None:
        """Count an epoch, with its numbers."""
        self.epoch += 1
        self.batch = 0
        self.logs = {"epoch": self.epoch, **numbers}
        groups = getattr(self.optimizer, "param_groups", None)
        if groups and "lr" in groups[0]:
            self.logs["lr"] = float(groups[0]["lr"])
        self.logs["seconds"] = self.seconds
        self.history.append(self.logs)
        self.tally = Tally(self.tally.metrics)
        if self.best.is_kept:
            self.best.look(self)

    @property
    def seconds(self) -> float:
        """How long the training has run, before it was resumed included."""
        return self._seconds + time.perf_counter() - self._started

    def state_dict(self) -> dict[str, Any]:
        """The state, for a checkpoint: all but the model, the optimiser and the best
        weights.
        """
        return {
            "epoch": self.epoch,
            "step": self.step,
            "batch": self.batch,
            "logs": self.logs,
            "history": self.history.columns,
            "tally": self.tally.state_dict(),
            "best": {"number": self.best.number, "epoch": self.best.epoch},
            "seconds": self.seconds,
            "settings": self.settings,
            "options": self.options,
            "callbacks": [[type(c).__name__, c.state_dict()] for c in self._stateful()],
        }

    def _stateful(self) -> list[Callback]:
        """The callbacks that have a state."""
        return [c for c in self.callbacks if c.state_dict()]

    def load_state_dict(self, state: Mapping[str, Any], weights: Any) -> None:
        """Go on from such a state.

        Args:
            state: what `state_dict` gave.
            weights: the best weights, or None.
        """
        self.epoch, self.step, self.batch = state["epoch"], state["step"], state["batch"]
        self.logs, self.history = state["logs"], History(state["history"])
        self.tally.load_state_dict(state["tally"])
        if self.best.is_kept:
            self.best.number, self.best.epoch = state["best"]["number"], state["best"]["epoch"]
            self.best.weights = weights
        self.options = state.get("options", self.options)
        self._seconds, self._started = state["seconds"], time.perf_counter()
        for callback, (_, own) in zip(self._stateful(), state["callbacks"], strict=True):
            callback.load_state_dict(own)

    def check_same(self, path: Any, state: Mapping[str, Any]) -> None:
        """Whether a state is one of this training: then it continues to the same bits.

        Raises:
            CheckpointError: it is not.
        """
        kinds = ["arrays" if "rows" in x else "batches" for x in (state["settings"], self.settings)]
        if state["settings"] and kinds[0] != kinds[1]:
            raise CheckpointError(
                f"fit: resume={path} was trained with data of {kinds[0]}, and data= here is {kinds[1]}; "
                f"give {'(X, y) arrays' if kinds[0] == 'arrays' else 'an iterable of batches'} as before"
            )
        for name, saved in state["settings"].items():
            if (given := self.settings.get(name)) == saved:
                continue
            if name == "data":
                raise CheckpointError(
                    f"fit: resume={path} was trained on other data: X or y holds other numbers. Give the same rows; "
                    f"or start anew without resume=, from its weights, which load({str(path)!r}, model) takes"
                )
            raise CheckpointError(
                f"fit: resume={path} was trained with {name}={saved!r}, and this is {name}={given!r}; "
                f"give what it was trained with, or start anew without resume="
            )
        saved_kinds, kinds = [kind for kind, _ in state["callbacks"]], [type(c).__name__ for c in self._stateful()]
        if saved_kinds != kinds:
            raise CheckpointError(
                f"fit: resume={path} holds the states of the callbacks {', '.join(saved_kinds) or '(none)'}, "
                f"and here are {', '.join(kinds) or 'none that have one'}; give the same callbacks"
            )
        if self.best.is_kept and state["epoch"] and not state["best"]["epoch"]:
            raise CheckpointError(
                f"fit: resume={path} holds no best weights: it was trained with restore_best=False; "
                f"give restore_best=False here as well, or start anew without resume="
            )

    def warn_of_options(self, path: Any, given: list[dict[str, Any]]) -> None:
        """Say that the options of the optimiser are those of the checkpoint, if others
        were given. Those that a schedule has reached may be given as well.
        """
        for first, now, new in zip(self.options, options_of(self.optimizer), given, strict=False):
            changed = [name for name, x in new.items() if x != first.get(name, x) and x != now.get(name, x)]
            if changed:
                said = ", ".join(f"{name}={first[name]!r}, not {new[name]!r}" for name in changed)
                warnings.warn(
                    f"fit: resume={path} goes on as it began, with {said}.\nTo change it from here on, "
                    f"set optimizer.param_groups[0][{changed[0]!r}] in on_train_begin of a Callback",
                    stacklevel=4,
                )
                return


def options_of(optimizer: Any) -> list[dict[str, Any]]:
    """The options of each group of an optimiser, such as lr, as far as they are plain.

    >>> from micrograd.optim import SGD
    >>> from micrograd.engine import Value
    >>> options_of(SGD([Value(1.0)], lr=0.5))[0]["lr"]
    0.5
    """
    plain = (bool, int, float, str, tuple, type(None))
    groups = getattr(optimizer, "param_groups", ())
    return [
        {
            name: x
            for name, x in group.items()
            if name not in ("params", "param_names", "initial_lr") and isinstance(x, plain)
        }
        for group in groups
    ]
