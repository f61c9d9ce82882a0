"""What the parameters of the estimators may be.

An estimator keeps its parameters as they are given, as scikit-learn asks. `check` looks
at them when a fit begins.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError

LEARNING_RATES = ("constant", "invscaling", "adaptive")

Rule = tuple[Callable[[Any], bool], str]  # whether a value is right, and what is wanted


def _is_number(x: Any) -> bool:
    return isinstance(x, Real) and not isinstance(x, (bool, np.bool_)) and not math.isnan(x)


def _is_count(x: Any) -> bool:
    return isinstance(x, Integral) and not isinstance(x, (bool, np.bool_)) and int(x) >= 1


def _is_flag(x: Any) -> bool:
    return isinstance(x, (bool, np.bool_))


def _between(low: float, high: float, with_low: bool = True, with_high: bool = False) -> Rule:
    """A number in an interval, with its ends or without them."""

    def is_inside(x: Any) -> bool:
        return _is_number(x) and (low < x < high or (with_low and x == low) or (with_high and x == high))

    if high == math.inf:
        return is_inside, f"give a number {'of at least' if with_low else 'above'} {low:g}"
    ends = f"{low:g}{'' if with_low else ' (excluded)'} to {high:g}{'' if with_high else ' (excluded)'}"
    return is_inside, f"give a number from {ends}"


COUNT: Rule = (_is_count, "give an integer of at least 1")
FLAG: Rule = (_is_flag, "give True or False")

RULES: dict[str, Rule] = {
    "alpha": _between(0.0, math.inf),
    "batch_size": (lambda x: _is_count(x) or (isinstance(x, str) and x == "auto"), "give an integer, or 'auto'"),
    "learning_rate": (
        lambda x: isinstance(x, str) and x in LEARNING_RATES,
        f"give one of {', '.join(map(repr, LEARNING_RATES))}",
    ),
    "learning_rate_init": _between(0.0, math.inf, with_low=False),
    "power_t": _between(0.0, math.inf),
    "max_iter": COUNT,
    "shuffle": FLAG,
    "tol": _between(0.0, math.inf),
    "verbose": (lambda x: _is_flag(x) or isinstance(x, Integral), "give True or False"),
    "warm_start": FLAG,
    "momentum": _between(0.0, 1.0, with_high=True),
    "nesterovs_momentum": FLAG,
    "early_stopping": FLAG,
    "validation_fraction": _between(0.0, 1.0, with_low=False),
    "beta_1": _between(0.0, 1.0),
    "beta_2": _between(0.0, 1.0),
    "epsilon": _between(0.0, math.inf, with_low=False),
    "n_iter_no_change": (
        lambda x: _is_count(x) or (_is_number(x) and x == math.inf),
        "give an integer of at least 1, or math.inf",
    ),
    "max_fun": COUNT,
    "compile": FLAG,
    "class_weight": (
        lambda x: x is None or isinstance(x, (Mapping, list)) or (isinstance(x, str) and x == "balanced"),
        "give a dict of weights by class, 'balanced' or None",
    ),
}


def check(owner: str, settings: Mapping[str, Any]) -> None:
    """Refuse the first parameter that is out of range.

    Args:
        owner: the name of the estimator, for the error.
        settings: the parameters by name; those without a rule are not looked at.

    Raises:
        ArgumentError: names the parameter, what is given and what is wanted.

    >>> check("MLPClassifier", {"alpha": 0.0, "max_iter": 10})
    """
    for name, value in settings.items():
        is_right, wanted = RULES.get(name, (None, ""))
        if is_right is not None and not is_right(value):
            raise ArgumentError(f"{owner}: {name}={value!r}: {wanted}")


def hidden_sizes(owner: str, given: Any) -> list[int]:
    """The sizes of the hidden layers as a list; one number is one layer.

    Raises:
        ArgumentError: a size is not an integer of at least 1.

    >>> hidden_sizes("MLPClassifier", 100), hidden_sizes("MLPClassifier", ())
    ([100], [])
    """
    sizes = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    if not all(map(_is_count, sizes)):
        raise ArgumentError(
            f"{owner}: hidden_layer_sizes={given!r}: sizes must be > 0; give integers of at least 1, as in (100, 50)"
        )
    return [int(size) for size in sizes]


def chosen(owner: str, name: str, given: Any, known: Mapping[str, Any]) -> Any:
    """What a name stands for, or the function that is given itself.

    Raises:
        ArgumentError: there is no such name.

    >>> chosen("MLPClassifier", "activation", "double", {"double": abs})
    <built-in function abs>
    """
    if isinstance(given, str) and given in known:
        return known[given]
    if callable(given):
        return given
    raise ArgumentError(f"{owner}: {name}={given!r}: give a function, or one of {', '.join(map(repr, known))}")
