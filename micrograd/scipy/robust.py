"""The losses of `least_squares`, in ops: how much a residual counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd.errors import GradientError
from micrograd.leaves import as_array, joined_leaves
from micrograd.ops import arctan, log1p, sqrt, where
from micrograd.ops import sum as total
from micrograd.trees import leaves_of


def _huber(z: Any) -> Any:
    inside = z <= 1.0
    return where(inside, z, 2.0 * sqrt(where(inside, 1.0, z)) - 1.0)  # sqrt has no slope at 0


LOSSES: dict[str, Callable[[Any], Any]] = {
    "linear": lambda z: z,
    "soft_l1": lambda z: 2.0 * (sqrt(1.0 + z) - 1.0),
    "huber": _huber,
    "cauchy": log1p,
    "arctan": arctan,
}


def check_loss(loss: Any) -> None:
    """Refuse a loss of the user's, where it has to be differentiated.

    Raises:
        GradientError: it is a function.
    """
    if callable(loss):
        raise GradientError(
            f"least_squares: loss is a function of arrays, and the result has no gradient by args through it;\n"
            f"take one of {', '.join(map(repr, LOSSES))}, or minimize"
        )


def cost(residuals: Any, loss: str, scale: float) -> Any:
    """What least_squares minimises: scale^2 sum rho((residuals / scale)^2) / 2.

    >>> cost([3.0, [4.0]], "linear", 1.0)
    12.5
    """
    rho = LOSSES[loss]
    parts = [total(rho((as_array(z) / scale) ** 2)) for z in leaves_of(joined_leaves(residuals))]
    return 0.5 * scale**2 * sum(parts[1:], parts[0])
