"""ReduceLROnPlateau: a smaller rate when a metric stops improving."""

from __future__ import annotations

import math
from typing import Any

from micrograd.captures import postponed
from micrograd.errors import ArgumentError
from micrograd.optim.lr_scheduler.schedule import LRScheduler, check_optimizer, for_groups
from micrograd.optim.optimizer import Optimizer
from micrograd.optim.options import number


class ReduceLROnPlateau(LRScheduler):
    """Times factor when a metric has not improved for more than patience epochs.

    Args:
        optimizer: whose `param_groups` it changes.
        mode: "min", the metric should fall, or "max".
        factor: below 1.
        patience: epochs without an improvement that are allowed.
        threshold: how much counts as an improvement,
        threshold_mode: "rel", as a share of the best, or "abs".
        cooldown: epochs after a change in which none is counted.
        min_lr: the smallest learning rate; or a list, one for each group.
        eps: a smaller change is not made.

    Raises:
        ArgumentError: an option is out of range.

    >>> from micrograd import Value
    >>> from micrograd.optim import SGD
    >>> schedule = ReduceLROnPlateau(SGD([Value(1.0)], lr=1.0), patience=1, factor=0.5)
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        check_optimizer("ReduceLROnPlateau", optimizer)
        if mode not in ("min", "max"):
            raise ArgumentError(f"ReduceLROnPlateau: mode is {mode!r}; give 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ArgumentError(f"ReduceLROnPlateau: threshold_mode is {threshold_mode!r}; give 'rel' or 'abs'")
        self.factor = number("ReduceLROnPlateau", "factor", factor)
        if self.factor >= 1.0:
            raise ArgumentError(f"ReduceLROnPlateau: factor is {factor!r}; give a number below 1")
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.patience, self.cooldown, self.eps = patience, cooldown, eps
        self.min_lrs = for_groups("ReduceLROnPlateau", "min_lr", min_lr, optimizer)
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0
        self.optimizer = optimizer
        self.base_lrs = self._rates_now()
        self._last_lr = self._rates_now()
        self.last_epoch = 0

    @postponed
    def step(self, metrics: Any = None) -> None:
        """The next epoch.

        Args:
            metrics: what is to improve, a number: the loss of the validation, say.

        Raises:
            ArgumentError: it is missing.
        """
        current = number("ReduceLROnPlateau", "the metric of step(metric)", metrics) if metrics == metrics else math.nan
        self.last_epoch += 1
        if self._is_better(current):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self._rates_now()

    def _is_better(self, current: float) -> bool:
        sign = 1.0 if self.mode == "max" else -1.0
        if self.threshold_mode == "abs":
            return sign * current > sign * self.best + self.threshold
        if math.isinf(self.best):  # the first
            return sign * current > sign * self.best
        return sign * current > sign * (self.best * (1.0 + sign * self.threshold))

    def _reduce(self) -> None:
        for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            before = float(group["lr"])
            after = max(before * self.factor, least)
            if before - after > self.eps:
                group["lr"] = after
