"""Schedules that go up and down: warm restarts, cycles, one cycle."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from micrograd.captures import postponed
from micrograd.errors import ArgumentError
from micrograd.integers import integer_at_least
from micrograd.optim.lr_scheduler.schedule import (
    LRScheduler,
    check_momentum,
    check_optimizer,
    for_groups,
    set_momentum,
)
from micrograd.optim.optimizer import Optimizer
from micrograd.optim.options import number


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a wave of the cosine from base to eta_min, again and again.

    lr = eta_min + (base - eta_min) (1 + cos(pi s / T)) / 2, s epochs after a restart

    Args:
        optimizer: whose `param_groups` it changes.
        T_0: epochs of the first wave.
        T_mult: each wave is so many times as long as the one before.
        eta_min: the smallest learning rate.
        last_epoch: -1 at the start.

    Raises:
        ArgumentError: T_0 or T_mult is not a whole number of 1 or more.

    Source: Loshchilov, Hutter (2017), arXiv:1608.03983.

    >>> from micrograd import Value
    >>> from micrograd.optim import SGD
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> schedule = CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2)
    >>> [round(schedule.rate(1.0, t), 3) for t in range(7)]
    [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """

    multiplies = False

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_0 = integer_at_least(1, "CosineAnnealingWarmRestarts", "T_0", T_0)
        self.T_mult = integer_at_least(1, "CosineAnnealingWarmRestarts", "T_mult", T_mult)
        self.eta_min = number("CosineAnnealingWarmRestarts", "eta_min", eta_min, least=0.0)
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, t: float) -> float:
        """The learning rate at epoch t, which may be a fraction, of a group whose own
        is base.
        """
        length = self.T_0
        if self.T_mult == 1:
            t = t % length
        while t >= length:
            t -= length
            length *= self.T_mult
        return self.eta_min + (base - self.eta_min) * (1.0 + math.cos(math.pi * t / length)) / 2.0

    @postponed
    def step(self, epoch: float | None = None) -> None:
        """The next epoch.

        Args:
            epoch: go to this epoch instead; a fraction is within an epoch, as in
                `step(epoch + batch / batches)`.

        Raises:
            ArgumentError: epoch is negative.
        """
        if epoch is not None and epoch < 0:
            raise ArgumentError(f"CosineAnnealingWarmRestarts: epoch is {epoch}; give a number of 0 or more")
        t = self.last_epoch + 1 if epoch is None else epoch
        self.go_to(t)  # type: ignore[arg-type]
        self.last_epoch = math.floor(t)


class CyclicLR(LRScheduler):
    """Up from base_lr to max_lr in a line, and down again, again and again.

    The momentum goes the other way: down from max_momentum to base_momentum, and up.

    Args:
        optimizer: whose `param_groups` it changes.
        base_lr: the smallest learning rate; or a list, one for each group.
        max_lr: the largest.
        step_size_up: steps up.
        step_size_down: steps down; as many as up by default.
        mode: "triangular"; "triangular2" halves the height with each cycle;
            "exp_range" multiplies it with gamma at each step.
        gamma: for "exp_range".
        scale_fn: a function of your own for the factor of the height, in place of mode.
        scale_mode: "cycle" calls it with the number of the cycle, from 1 on,
            "iterations" with t.
        cycle_momentum: whether the momentum goes, too.
        base_momentum: the smallest momentum; or a list.
        max_momentum: the largest.
        last_epoch: -1 at the start.

    Raises:
        ArgumentError: an option is out of range, or the optimiser has no momentum.

    Source: Smith (2017), arXiv:1506.01186.

    >>> from micrograd import Value
    >>> from micrograd.optim import SGD
    >>> optimizer = SGD([Value(1.0)], momentum=0.9)
    >>> schedule = CyclicLR(optimizer, base_lr=0.0, max_lr=1.0, step_size_up=2)
    >>> [schedule.rates(t)[0] for t in range(6)]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.5]
    """

    multiplies = False
    not_in_state = ("optimizer", "scale_fn")

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer("CyclicLR", optimizer)
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ArgumentError(f"CyclicLR: mode is {mode!r}; give 'triangular', 'triangular2' or 'exp_range'")
        if scale_mode not in ("cycle", "iterations"):
            raise ArgumentError(f"CyclicLR: scale_mode is {scale_mode!r}; give 'cycle' or 'iterations'")
        self.mode, self.gamma = mode, number("CyclicLR", "gamma", gamma)
        self.scale_fn, self.scale_mode = scale_fn, scale_mode
        self.step_size_up = integer_at_least(1, "CyclicLR", "step_size_up", step_size_up)
        down = step_size_up if step_size_down is None else step_size_down
        self.step_size_down = integer_at_least(1, "CyclicLR", "step_size_down", down)
        self.max_lrs = for_groups("CyclicLR", "max_lr", max_lr, optimizer)
        self.least_lrs = for_groups("CyclicLR", "base_lr", base_lr, optimizer)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            check_momentum("CyclicLR", optimizer)
            self.base_momentums = for_groups("CyclicLR", "base_momentum", base_momentum, optimizer)
            self.max_momentums = for_groups("CyclicLR", "max_momentum", max_momentum, optimizer)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, self.least_lrs, strict=True):
                group["lr"] = lr
        super().__init__(optimizer, last_epoch)

    def height(self, t: int) -> float:
        """Where in the cycle epoch t is: 0 for the smallest rate, up to 1."""
        length = self.step_size_up + self.step_size_down
        cycle, place = 1 + t // length, t % length
        height = place / self.step_size_up
        if place > self.step_size_up:
            height = (length - place) / self.step_size_down
        if self.scale_fn is not None:
            return height * self.scale_fn(cycle if self.scale_mode == "cycle" else t)
        factors = {"triangular": 1.0, "triangular2": 0.5 ** (cycle - 1), "exp_range": self.gamma**t}
        return float(height * factors[self.mode])

    def rates(self, t: int) -> list[float]:
        """The learning rate of each group at epoch t."""
        height = self.height(t)
        return [low + (high - low) * height for low, high in zip(self.least_lrs, self.max_lrs, strict=True)]

    def go_to(self, t: int, multiplies: bool = False) -> None:
        """Set the rates and the momentums of an epoch."""
        super().go_to(t, multiplies)
        if self.cycle_momentum:
            height = self.height(t)
            pairs = zip(self.base_momentums, self.max_momentums, strict=True)
            set_momentum(self.optimizer, [high - (high - low) * height for low, high in pairs])


class OneCycleLR(LRScheduler):
    """One cycle: up to max_lr, then down far below where it began.

    The momentum goes the other way: down to base_momentum, and up.

    Args:
        optimizer: whose `param_groups` it changes.
        max_lr: the largest learning rate; or a list, one for each group.
        total_steps: the number of steps of the training; or else
        epochs: and
        steps_per_epoch: the product of both.
        pct_start: the share of the steps that go up.
        anneal_strategy: "cos", or "linear".
        cycle_momentum: whether the momentum goes, too.
        base_momentum: the smallest momentum; or a list.
        max_momentum: the largest.
        div_factor: it begins at max_lr / div_factor,
        final_div_factor: and ends at so many times less than that.
        three_phase: down to where it began in as many steps as up, then far below.
        last_epoch: -1 at the start.

    Raises:
        ArgumentError: an option is out of range, or the optimiser has no momentum; or,
            at a step, there are more steps than total_steps.

    Source: Smith, Topin (2018), arXiv:1708.07120.

    >>> from micrograd import Value
    >>> from micrograd.optim import SGD
    >>> optimizer = SGD([Value(1.0)], momentum=0.9)
    >>> schedule = OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
    >>> [round(schedule.rates(t)[0], 3) for t in (0, 1, 2, 9)]
    [0.04, 0.52, 1.0, 0.0]
    """

    multiplies = False

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer("OneCycleLR", optimizer)
        if total_steps is None and (epochs is None or steps_per_epoch is None):
            raise ArgumentError(
                "OneCycleLR: the number of steps is missing; give total_steps, or epochs and steps_per_epoch"
            )
        if total_steps is None:
            steps = integer_at_least(1, "OneCycleLR", "steps_per_epoch", steps_per_epoch)
            total_steps = integer_at_least(1, "OneCycleLR", "epochs", epochs) * steps
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(f"OneCycleLR: anneal_strategy is {anneal_strategy!r}; give 'cos' or 'linear'")
        share = number("OneCycleLR", "pct_start", pct_start, least=0.0)
        if share > 1.0:
            raise ArgumentError(f"OneCycleLR: pct_start is {pct_start!r}; give a share from 0 to 1")
        self.total_steps = integer_at_least(1, "OneCycleLR", "total_steps", total_steps)
        self.anneal_strategy = anneal_strategy
        self.cycle_momentum = cycle_momentum
        self.max_lrs = for_groups("OneCycleLR", "max_lr", max_lr, optimizer)
        self.first_lrs = [lr / div_factor for lr in self.max_lrs]
        self.last_lrs = [lr / final_div_factor for lr in self.first_lrs]
        self.ends = [share * self.total_steps - 1.0, self.total_steps - 1.0]
        if three_phase:
            self.ends.insert(1, 2.0 * share * self.total_steps - 2.0)
        if cycle_momentum:
            check_momentum("OneCycleLR", optimizer)
            self.base_momentums = for_groups("OneCycleLR", "base_momentum", base_momentum, optimizer)
            self.max_momentums = for_groups("OneCycleLR", "max_momentum", max_momentum, optimizer)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, self.first_lrs, strict=True):
                group["initial_lr"] = lr
        super().__init__(optimizer, last_epoch)

    def _between(self, corners: list[float], t: int) -> float:
        """What goes from corner to corner, at epoch t."""
        phase = next((i for i, end in enumerate(self.ends) if t <= end), len(self.ends) - 1)
        begin = self.ends[phase - 1] if phase else 0.0
        part = (t - begin) / (self.ends[phase] - begin) if self.ends[phase] != begin else 1.0
        start, end = corners[phase], corners[phase + 1]
        if self.anneal_strategy == "linear":
            return start + (end - start) * part
        return end + (start - end) / 2.0 * (1.0 + math.cos(math.pi * part))

    def rates(self, t: int) -> list[float]:
        """The learning rate of each group at epoch t."""
        if t > self.total_steps:
            raise ArgumentError(f"OneCycleLR: step {t} of {self.total_steps}; give a larger total_steps")
        middle: list[Any] = [[]] * len(self.max_lrs) if len(self.ends) == 2 else [[lr] for lr in self.first_lrs]
        corners = zip(self.first_lrs, self.max_lrs, middle, self.last_lrs, strict=True)
        return [self._between([first, high, *back, last], t) for first, high, back, last in corners]

    def go_to(self, t: int, multiplies: bool = False) -> None:
        """Set the rates and the momentums of an epoch."""
        super().go_to(t, multiplies)
        if self.cycle_momentum:
            pairs = zip(self.base_momentums, self.max_momentums, strict=True)
            corners = [[high, low, *[high] * (len(self.ends) - 1)] for low, high in pairs]
            set_momentum(self.optimizer, [self._between(c, t) for c in corners])
