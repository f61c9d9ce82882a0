"""Schedules by a formula of t: steps, exponentials, lines, polynomials, a cosine."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable

from micrograd.errors import ArgumentError
from micrograd.integers import integer_at_least
from micrograd.optim.lr_scheduler.schedule import LRScheduler
from micrograd.optim.optimizer import Optimizer
from micrograd.optim.options import number


class StepLR(LRScheduler):
    """Times gamma after every step_size epochs: lr = base gamma^(t // step_size).

    Args:
        optimizer: whose `param_groups` it changes.
        step_size: epochs between two changes.
        gamma: the factor.
        last_epoch: -1 at the start.

    Raises:
        ArgumentError: step_size is not a whole number of 1 or more.

    >>> from micrograd import Value
    >>> from micrograd.optim import SGD
    >>> schedule = StepLR(SGD([Value(1.0)], lr=1.0), step_size=2, gamma=0.5)
    >>> [schedule.rate(1.0, t) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = integer_at_least(1, "StepLR", "step_size", step_size)
        self.gamma = number("StepLR", "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, t: int) -> float:
        """The learning rate at epoch t of a group whose own is base."""
        return float(base * self.gamma ** (t // self.step_size))


class MultiStepLR(LRScheduler):
    """Times gamma at each of some epochs.

    Args:
        optimizer: whose `param_groups` it changes.
        milestones: these epochs; one that comes twice counts twice.
        gamma: the factor.
        last_epoch: -1 at the start.

    >>> from micrograd import Value
    >>> from micrograd.optim import SGD
    >>> schedule = MultiStepLR(SGD([Value(1.0)], lr=1.0), milestones=[1, 4], gamma=0.5)
    >>> [schedule.rate(1.0, t) for t in range(5)]
    [1.0, 0.5, 0.5, 0.5, 0.25]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        if not isinstance(milestones, Iterable) or isinstance(milestones, str):
            raise ArgumentError(f"MultiStepLR: milestones={milestones!r}; give a list of epochs, as in [30, 80]")
        self.milestones = sorted(milestones)
        self.gamma = number("MultiStepLR", "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, t: int) -> float:
        """The learning rate at epoch t of a group whose own is base."""
        return float(base * self.gamma ** bisect.bisect_right(self.milestones, t))


class ExponentialLR(LRScheduler):
    """Times gamma after every epoch: lr = base gamma^t.

    Args:
        optimizer: whose `param_groups` it changes.
        gamma: the factor.
        last_epoch: -1 at the start.

    >>> from micrograd import Value
    >>> from micrograd.optim import SGD
    >>> schedule = ExponentialLR(SGD([Value(1.0)], lr=1.0), gamma=0.5)
    >>> [schedule.rate(1.0, t) for t in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = number("ExponentialLR", "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, t: int) -> float:
        """The learning rate at epoch t of a group whose own is base."""
        return float(base * self.gamma**t)


class ConstantLR(LRScheduler):
    """Times factor for the first total_iters epochs, then as it is.

    Args:
        optimizer: whose `param_groups` it changes.
        factor: from 0 to 1.
        total_iters: the number of these epochs.
        last_epoch: -1 at the start.

    Raises:
        ArgumentError: factor is out of range.

    >>> from micrograd import Value
    >>> from micrograd.optim import SGD
    >>> schedule = ConstantLR(SGD([Value(1.0)], lr=1.0), factor=0.25, total_iters=2)
    >>> [schedule.rate(1.0, t) for t in range(4)]
    [0.25, 0.25, 1.0, 1.0]
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        self.factor = within("ConstantLR", "factor", factor)
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, t: int) -> float:
        """The learning rate at epoch t of a group whose own is base."""
        return base if t >= self.total_iters else base * self.factor


class LinearLR(LRScheduler):
    """A line from start_factor to end_factor over total_iters epochs: a warm-up.

    lr = base (start_factor + (end_factor - start_factor) min(t / total_iters, 1))

    Args:
        optimizer: whose `param_groups` it changes.
        start_factor: above 0, up to 1.
        end_factor: from 0 to 1.
        total_iters: epochs until the end.
        last_epoch: -1 at the start.

    Raises:
        ArgumentError: an option is out of range.

    >>> from micrograd import Value
    >>> from micrograd.optim import SGD
    >>> schedule = LinearLR(SGD([Value(1.0)], lr=1.0), start_factor=0.25, total_iters=3)
    >>> [schedule.rate(1.0, t) for t in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.start_factor = within("LinearLR", "start_factor", start_factor)
        if self.start_factor == 0.0:
            raise ArgumentError("LinearLR: start_factor is 0; give a number above 0, up to 1")
        self.end_factor = within("LinearLR", "end_factor", end_factor)
        self.total_iters = integer_at_least(1, "LinearLR", "total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, t: int) -> float:
        """The learning rate at epoch t of a group whose own is base."""
        return base * (self.start_factor + (self.end_factor - self.start_factor) * min(t / self.total_iters, 1.0))


class PolynomialLR(LRScheduler):
    """Down to 0 at total_iters: lr = base (1 - min(t / total_iters, 1))^power.

    Args:
        optimizer: whose `param_groups` it changes.
        total_iters: epochs until it is 0.
        power: 1 for a line.
        last_epoch: -1 at the start.

    Raises:
        ArgumentError: total_iters is not a whole number of 1 or more.

    >>> from micrograd import Value
    >>> from micrograd.optim import SGD
    >>> schedule = PolynomialLR(SGD([Value(1.0)], lr=1.0), total_iters=4, power=2.0)
    >>> [schedule.rate(1.0, t) for t in range(6)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = integer_at_least(1, "PolynomialLR", "total_iters", total_iters)
        self.power = number("PolynomialLR", "power", power)
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, t: int) -> float:
        """The learning rate at epoch t of a group whose own is base."""
        return float(base * (1.0 - min(t / self.total_iters, 1.0)) ** self.power)


class CosineAnnealingLR(LRScheduler):
    """Half a wave of the cosine from base to eta_min, over T_max epochs; then up again.

    lr = eta_min + (base - eta_min) (1 + cos(pi t / T_max)) / 2

    Args:
        optimizer: whose `param_groups` it changes.
        T_max: epochs until eta_min.
        eta_min: the smallest learning rate.
        last_epoch: -1 at the start.

    Raises:
        ArgumentError: T_max is not a whole number of 1 or more.

    Source: Loshchilov, Hutter (2017), arXiv:1608.03983.

    >>> from micrograd import Value
    >>> from micrograd.optim import SGD
    >>> schedule = CosineAnnealingLR(SGD([Value(1.0)], lr=1.0), T_max=4)
    >>> [round(schedule.rate(1.0, t), 3) for t in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = integer_at_least(1, "CosineAnnealingLR", "T_max", T_max)
        self.eta_min = number("CosineAnnealingLR", "eta_min", eta_min, least=0.0)
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, t: int) -> float:
        """The learning rate at epoch t of a group whose own is base."""
        return self.eta_min + (base - self.eta_min) * (1.0 + math.cos(math.pi * t / self.T_max)) / 2.0

    def scaled(self, rate: float, now: float, last: float) -> float:
        """The new rate: what is above eta_min is in proportion."""
        above = last - self.eta_min
        return self.eta_min + (rate - self.eta_min) * ((now - self.eta_min) / above) if above else rate


def within(name: str, option: str, given: float) -> float:
    """A factor from 0 to 1.

    Raises:
        ArgumentError: it is out of range.
    """
    factor = number(name, option, given)
    if not 0.0 <= factor <= 1.0:
        raise ArgumentError(f"{name}: {option} is {given!r}; give a number from 0 to 1")
    return factor
