"""LRScheduler: the base of schedules, which say what the learning rate is after t
steps.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from micrograd.captures import check_is_not_captured, current, postponed
from micrograd.errors import ArgumentError, StateError
from micrograd.optim.optimizer import Optimizer


class LRScheduler:
    """Base of schedules: a subclass says in `rate` what the rate is at epoch t.

    A schedule sets `lr` in the groups of an optimiser when it is made, and at each
    `step()`. If something else has changed `lr` since, a second schedule or the user,
    then the new rate is scaled in proportion. So schedules multiply.

    Args:
        optimizer: whose `param_groups` it changes.
        last_epoch: -1 at the start; to resume without a state, the last epoch that was
            done.

    Attributes:
        base_lrs: the learning rate of each group before any schedule.
        last_epoch: the t that the rates are of.

    Raises:
        ArgumentError: this is not an optimiser, or its groups have no lr.

    >>> from micrograd import Value
    >>> from micrograd.optim import SGD
    >>> class Halved(LRScheduler):
    ...     def rate(self, base, t):
    ...         return base * 0.5**t
    >>> optimizer = SGD([Value(1.0)], lr=0.8)
    >>> schedule = Halved(optimizer)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.4]
    """

    multiplies: ClassVar[bool] = True  # False: it sets the rate, whatever has changed it
    not_in_state: ClassVar[tuple[str, ...]] = ("optimizer",)

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(type(self).__name__, optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch != -1 and "initial_lr" not in group:
                raise ArgumentError(
                    f"{type(self).__name__}: last_epoch is {last_epoch}, but group {i} has no 'initial_lr'; load the "
                    f"state of the optimiser first, or leave last_epoch out"
                )
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs = [float(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._last_lr = list(self.base_lrs)
        self.go_to(last_epoch + 1, self.multiplies)

    def rate(self, base: float, t: int) -> float:
        """The learning rate at epoch t of a group whose own is base."""
        raise NotImplementedError

    def rates(self, t: int) -> list[float]:
        """The learning rate of each group at epoch t."""
        return [self.rate(base, t) for base in self.base_lrs]

    def scaled(self, rate: float, now: float, last: float) -> float:
        """The new rate, where something has made the last rate of this schedule now."""
        return rate * (now / last) if last else rate

    @postponed
    def step(self) -> None:
        """The next epoch: call it after `optimizer.step()`."""
        self.go_to(self.last_epoch + 1, self.multiplies)

    def go_to(self, t: int, multiplies: bool = False) -> None:
        """Set the rates of an epoch.

        Args:
            t: the epoch.
            multiplies: scale the rates by what else has changed them.
        """
        rates = self.rates(t)
        if multiplies:
            before = self.base_lrs if self.last_epoch == -1 else self.rates(self.last_epoch)
            places = zip(rates, self._rates_now(), before, strict=True)
            rates = [rate if now == last else self.scaled(rate, now, last) for rate, now, last in places]
        self.last_epoch = t
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = rates

    def _rates_now(self) -> list[float]:
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group, as this schedule has set it."""
        capture = current()
        if capture is None:
            return list(self._last_lr)
        capture.check_is_not_ending("get_last_lr()")
        return [capture.hold(functools.partial(self._last, i), self, "lr") for i in range(len(self._last_lr))]

    def _last(self, i: int) -> float:
        return self._last_lr[i]

    def state_dict(self) -> dict[str, Any]:
        """All that a checkpoint needs: numbers, strings and lists; no functions."""
        check_is_not_captured(f"{type(self).__name__}.state_dict()")
        kept = {name: x for name, x in vars(self).items() if name not in self.not_in_state and not callable(x)}
        return {name: list(x) if isinstance(x, (list, tuple)) else x for name, x in kept.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state; load that of the optimiser as well.

        Raises:
            StateError: the state does not fit; the error lists all that does not.
        """
        own = self.state_dict()
        wrong = [f"it lacks {name}" for name in own if name not in state_dict]
        wrong += [f"there is no {name}" for name in state_dict if name not in own]
        count, given = len(self.base_lrs), state_dict.get("base_lrs", self.base_lrs)
        if len(given) != count:
            wrong.append(f"it has {len(given)} groups, not {count}")
        if wrong:
            raise StateError(f"{type(self).__name__}: the state does not fit: {'; '.join(wrong)}")
        for name, x in state_dict.items():
            setattr(self, name, list(x) if isinstance(x, (list, tuple)) else x)


def check_optimizer(name: str, optimizer: Any) -> None:
    """Refuse what has no learning rate.

    Raises:
        ArgumentError: it is not an optimiser, or its groups have no lr.
    """
    if not isinstance(optimizer, Optimizer):
        raise ArgumentError(f"{name}: {type(optimizer).__name__} is not an optimiser; give one, such as Adam(params)")
    if "lr" not in optimizer.defaults:
        raise ArgumentError(
            f"{name}: this optimiser has no lr that a schedule could change; make it with one, such as "
            f"Optimizer(params, lambda lr: chain(clip(1.0), adam(lr)), lr=0.001)"
        )


def for_groups(name: str, option: str, given: Any, optimizer: Optimizer) -> list[float]:
    """An option for each group: one number for all, or a list of numbers.

    Raises:
        ArgumentError: there are not as many as groups.
    """
    count = len(optimizer.param_groups)
    if not isinstance(given, (list, tuple)):
        return [float(given)] * count
    if len(given) != count:
        raise ArgumentError(f"{name}: {option} has {len(given)} numbers for {count} groups; give one for each")
    return [float(x) for x in given]


def set_momentum(optimizer: Optimizer, momentums: Sequence[float]) -> None:
    """Set the momentum of each group, which Adam and its like call betas[0]."""
    for group, momentum in zip(optimizer.param_groups, momentums, strict=True):
        if "betas" in optimizer.defaults:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


def check_momentum(name: str, optimizer: Optimizer) -> None:
    """Refuse an optimiser without momentum.

    Raises:
        ArgumentError: it has neither betas nor momentum.
    """
    if not {"momentum", "betas"} & optimizer.defaults.keys():
        raise ArgumentError(f"{name}: {type(optimizer).__name__} has no momentum to cycle; give cycle_momentum=False")


class LambdaLR(LRScheduler):
    """The rate by a function of your own: lr = base f(t).

    Args:
        optimizer: whose `param_groups` it changes.
        lr_lambda: gives the factor at epoch t; or a list of functions, one for each
            group. Functions are not in the state.
        last_epoch: -1 at the start.

    Raises:
        ArgumentError: there are not as many functions as groups.

    >>> from micrograd import Value
    >>> from micrograd.optim import SGD
    >>> schedule = LambdaLR(SGD([Value(1.0)], lr=0.8), lambda t: 1 / (1 + t))
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.4]
    """

    multiplies = False
    not_in_state = ("optimizer", "lr_lambdas")

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        check_optimizer("LambdaLR", optimizer)
        count = len(optimizer.param_groups)
        self.lr_lambdas = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * count
        if len(self.lr_lambdas) != count:
            raise ArgumentError(
                f"LambdaLR: {len(self.lr_lambdas)} functions for {count} groups; give one function, or one for each"
            )
        for f in self.lr_lambdas:
            if not callable(f):
                raise ArgumentError(f"LambdaLR: {f!r} is not a function; give one of the epoch, as in lambda t: 0.9**t")
        super().__init__(optimizer, last_epoch)

    def rates(self, t: int) -> list[float]:
        """The learning rate of each group at epoch t."""
        return [base * f(t) for base, f in zip(self.base_lrs, self.lr_lambdas, strict=True)]
