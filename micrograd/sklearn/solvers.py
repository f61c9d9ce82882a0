"""The optimiser of an estimator, by name or made by a function, and its rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd import optim
from micrograd.engine import Value
from micrograd.errors import ArgumentError, a_kind
from micrograd.sklearn.settings import chosen

LEAST_RATE = 1e-6  # scikit-learn's: below it, "adaptive" stops


def _sgd(params: list[Value], estimator: Any) -> Any:
    momentum = float(estimator.momentum)
    nesterov = bool(estimator.nesterovs_momentum) and momentum > 0.0
    return optim.SGD(params, lr=estimator.learning_rate_init, momentum=momentum, nesterov=nesterov)


def _with_betas(kind: str) -> Callable[[list[Value], Any], Any]:
    def make(params: list[Value], estimator: Any) -> Any:
        options = {"betas": (estimator.beta_1, estimator.beta_2), "eps": estimator.epsilon}
        return getattr(optim, kind)(params, lr=estimator.learning_rate_init, **options)

    return make


def _plain(kind: str) -> Callable[[list[Value], Any], Any]:
    return lambda params, estimator: getattr(optim, kind)(params, lr=estimator.learning_rate_init)


# How each is made from the parameters and the estimator's settings.
SOLVERS: dict[str, Callable[[list[Value], Any], Any]] = {
    "adam": _with_betas("Adam"),
    "sgd": _sgd,
    "adamw": _with_betas("AdamW"),
    "nadam": _with_betas("NAdam"),
    "radam": _with_betas("RAdam"),
    "adamax": _with_betas("Adamax"),
    "rmsprop": _plain("RMSprop"),
    "adagrad": _plain("Adagrad"),
    "lion": _plain("Lion"),
}


def optimizer_of(estimator: Any, params: list[Value]) -> Any:
    """The optimiser that the estimator's `solver` names, or that it makes.

    Raises:
        ArgumentError: there is no such name; or what the function made has no `step`,
            or no learning rate that could change.
    """
    owner = type(estimator).__name__
    make = chosen(owner, "solver", estimator.solver, {**SOLVERS, "lbfgs": None})
    if isinstance(estimator.solver, str):
        return make(params, estimator)
    optimizer = make(params)
    if not callable(getattr(optimizer, "step", None)):
        raise ArgumentError(
            f"{owner}: solver={estimator.solver!r} made {a_kind(optimizer)}, which has no step(); "
            f"give a function of the parameters that makes an optimiser, as optim.AdamW does"
        )
    if estimator.learning_rate != "constant" and not hasattr(optimizer, "param_groups"):
        raise ArgumentError(
            f"{owner}: learning_rate={estimator.learning_rate!r} changes the lr of param_groups, "
            f"which {a_kind(optimizer)} does not have; set learning_rate='constant'"
        )
    return optimizer


class Rate:
    """The learning rate over the epochs: "constant", "invscaling" or "adaptive".

    Args:
        optimizer: its `param_groups` have the rates.
        schedule: what `learning_rate` names.
        power_t: the exponent of "invscaling".
    """

    def __init__(self, optimizer: Any, schedule: str, power_t: float) -> None:
        self.groups = optimizer.param_groups if schedule != "constant" else []
        self.first = [group["lr"] for group in self.groups]
        self.schedule = schedule
        self.power_t = power_t

    def end_epoch(self, seen: int) -> None:
        """Set the rate for the next epoch, after so many samples in all."""
        if self.schedule == "invscaling":
            for group, first in zip(self.groups, self.first, strict=True):
                group["lr"] = first / (seen + 1) ** self.power_t

    def lowered(self) -> str:
        """Lower the rate where the loss stops falling; says so, or gives "" to stop."""
        if self.schedule != "adaptive":
            return ""
        if self.groups[0]["lr"] <= LEAST_RATE:
            return ""
        for group in self.groups:
            group["lr"] /= 5.0
        return f"Setting learning rate to {self.groups[0]['lr']:f}."
