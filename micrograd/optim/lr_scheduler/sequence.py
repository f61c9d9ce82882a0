"""SequentialLR: one schedule after the other."""

from __future__ import annotations

import bisect
from typing import Any

from micrograd.errors import ArgumentError, StateError
from micrograd.optim.lr_scheduler.plateau import ReduceLROnPlateau
from micrograd.optim.lr_scheduler.schedule import LRScheduler, check_optimizer
from micrograd.optim.optimizer import Optimizer


class SequentialLR(LRScheduler):
    """One schedule after the other, each from its own beginning.

    Args:
        optimizer: whose `param_groups` they change.
        schedulers: schedules of this optimiser, in their order.
        milestones: the epochs at which the next begins: one less than schedules.

    Raises:
        ArgumentError: their numbers do not fit, or one is a schedule of another
            optimiser, or a `ReduceLROnPlateau`.

    >>> from micrograd import Value
    >>> from micrograd.optim import SGD
    >>> from micrograd.optim.lr_scheduler import ExponentialLR, LinearLR
    >>> optimizer = SGD([Value(1.0)], lr=1.0)
    >>> warm_up = LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> fall = ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = SequentialLR(optimizer, [warm_up, fall], milestones=[2])
    >>> for _ in range(4):
    ...     print(schedule.get_last_lr())
    ...     schedule.step()
    [0.5]
    [0.75]
    [1.0]
    [0.5]
    """

    not_in_state = ("optimizer", "schedulers")

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        check_optimizer("SequentialLR", optimizer)
        schedulers = list(schedulers)
        for i, schedule in enumerate(schedulers):
            if not isinstance(schedule, LRScheduler) or isinstance(schedule, ReduceLROnPlateau):
                kind = type(schedule).__name__
                raise ArgumentError(f"SequentialLR: schedule {i} is a {kind}; give schedules that need only step()")
            if schedule.optimizer is not optimizer:
                raise ArgumentError(f"SequentialLR: schedule {i} is of another optimiser; make it for this one")
        if not schedulers or len(milestones) != len(schedulers) - 1:
            raise ArgumentError(
                f"SequentialLR: {len(schedulers)} schedules and {len(milestones)} milestones; give one milestone "
                f"between two schedules each"
            )
        self.schedulers = schedulers
        self.milestones = list(milestones)
        self.optimizer = optimizer
        self.base_lrs = [float(group["initial_lr"]) for group in optimizer.param_groups]
        self.go_to(last_epoch + 1)

    def go_to(self, t: int, multiplies: bool = False) -> None:
        """Set the rates of an epoch."""
        i = bisect.bisect_right(self.milestones, t)
        begin = self.milestones[i - 1] if i else 0
        schedule = self.schedulers[i]
        schedule.go_to(t - begin, multiplies and schedule.multiplies and t != begin)
        self.last_epoch = t
        self._last_lr = schedule.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        """All that a checkpoint needs; the state of each schedule is in it."""
        return {**super().state_dict(), "schedulers": [schedule.state_dict() for schedule in self.schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state; load that of the optimiser as well.

        Raises:
            StateError: the state does not fit.
        """
        inner = state_dict.get("schedulers")
        if not isinstance(inner, list) or len(inner) != len(self.schedulers):
            raise StateError(
                f"SequentialLR: the state does not fit: it has not the states of {len(self.schedulers)} schedules"
            )
        for name in self.state_dict().keys() - {"schedulers"}:
            if name not in state_dict:
                raise StateError(f"SequentialLR: the state does not fit: it lacks {name}")
        for schedule, state in zip(self.schedulers, inner, strict=True):
            schedule.load_state_dict(state)
        self.milestones = list(state_dict["milestones"])
        self.last_epoch = state_dict["last_epoch"]
        self.base_lrs, self._last_lr = list(state_dict["base_lrs"]), list(state_dict["_last_lr"])
