"""What every loss checks before it computes, and how it ends: the reduction.

`name` is the loss that asks: errors begin with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_operand, float_type
from micrograd.errors import ArgumentError, DomainError, ShapeError
from micrograd.interpreter import Array, Interpreter, named, numbers_below, shape_of
from micrograd.ops import cast, mean, sum

REDUCTIONS = ("mean", "sum", "none")


def check_reduction(name: str, reduction: Any, known: tuple[str, ...] = REDUCTIONS) -> None:
    """Refuse a reduction that the loss does not have.

    Raises:
        ArgumentError: lists those that it has.
    """
    if reduction not in known:
        raise ArgumentError(
            f"{name}: reduction={reduction!r} does not exist; give one of {', '.join(map(repr, known))}"
        )


def number_from(name: str, what: str, given: Any, least: float, most: float = math.inf) -> None:
    """Refuse what is not a number from least to most. `what` names the argument.
    With least=-inf any number may be, but not nan.

    Raises:
        ArgumentError: says what numbers there may be.
    """
    if not isinstance(given, Real) or not least <= float(given) <= most:
        wanted = f" of at least {least:g}" if most == math.inf else f" from {least:g} to {most:g}"
        raise ArgumentError(f"{name}: {what}={given!r}: give a number{wanted if math.isfinite(least) else ''}")


def number_above(name: str, what: str, given: Any, bound: float) -> None:
    """Refuse what is not a number above a bound. `what` names the argument.

    Raises:
        ArgumentError: says what numbers there may be.
    """
    if not isinstance(given, Real) or not float(given) > bound:
        raise ArgumentError(f"{name}: {what}={given!r}: give a number above {bound:g}")


def prediction_of(name: str, given: Any) -> Array:
    """The prediction: a number, a value or an array of floating-point numbers.

    Raises:
        DataError: it does not hold numbers.

    >>> prediction_of("mse", [1, 2])
    array([1., 2.])
    """
    return as_operand(given, name)


def beside(name: str, given: Any, prediction: Array) -> Array:
    """A target or a weight as it stands beside the prediction: raw numbers take its
    dtype, so that a loss of float32 stays float32.

    Raises:
        DataError: it does not hold numbers.

    >>> beside("mse", [1, 2], np.ones(2, np.float32))
    array([1., 2.], dtype=float32)
    """
    x = as_operand(given, name)
    if isinstance(x, (Interpreter, float, int)):
        return x
    dtype = float_type(prediction)
    return x if x.dtype == dtype else cast(x, dtype=dtype)


def check_same_shape(name: str, what: str, x: Array, other: str, y: Array) -> None:
    """Refuse shapes that differ. Broadcasting would pair what does not belong together.

    A prediction of shape (n, 1) and a target of shape (n,) would give n * n losses.

    Args:
        name: the loss.
        what: the name of x, as "prediction".
        x: value of any shape.
        other: the name of y, as "target".
        y: value that must have the same shape.

    Raises:
        ShapeError: names both, and the repair.
    """
    wanted, given = shape_of(x), shape_of(y)
    if given == wanted:
        return
    if math.prod(given) == math.prod(wanted):
        repair = f"give {other}.reshape({', '.join(map(str, wanted))})" if wanted else f"give {other}.item()"
    elif not given:
        repair = f"give np.full({wanted}, {other})"
    else:
        repair = f"give one {other} for each number of the {what}"
    raise ShapeError(
        f"{name}: {what} {named(x)} and {other} {named(y)} differ in shape, and are not broadcast; {repair}"
    )


def check_broadcasts(name: str, what: str, x: Array, prediction: Array) -> None:
    """Refuse a weight that does not broadcast to the shape of the prediction.

    Raises:
        ShapeError: names both.
    """
    wanted = shape_of(prediction)
    try:
        fits = np.broadcast_shapes(shape_of(x), wanted) == wanted
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"{name}: {what} {named(x)} does not broadcast to the prediction {named(prediction)}; "
            f"give one number each, or a shape that ends like it"
        )


def check_numbers(name: str, what: str, x: Array, are_right: Callable[[Any], Any], repair: str) -> None:
    """Refuse numbers for which the loss has no answer. A shape alone is not looked at.

    Args:
        name: the loss.
        what: the name of x.
        x: value of any shape.
        are_right: of an array, says which elements may be; of nan it says no.
        repair: what numbers there may be, and what to do.

    Raises:
        DomainError: names the first number that is wrong.
    """
    data = numbers_below(x)
    if not isinstance(data, (np.ndarray, np.generic, float, int)):  # a shape, or not computed yet
        return
    right = np.asarray(are_right(np.asarray(data)))
    if not right.all():
        wrong = np.asarray(data)[~right].flat[0]
        raise DomainError(f"{name}: {what} {named(x)} holds {wrong:g}: {repair}")


def reduced(name: str, losses: Array, reduction: str, weight: Array | None = None) -> Array:
    """The losses, their sum or their mean.

    Args:
        name: the loss.
        losses: value of any shape.
        reduction: "mean", "sum" or "none".
        weight: what the losses were multiplied by: the mean is divided by its sum.

    Raises:
        ShapeError: a mean of no elements.
        DomainError: the weights of a mean sum to 0.
    """
    if reduction == "none":
        return losses
    if reduction == "sum":
        return sum(losses)
    if not math.prod(shape_of(losses)):
        raise ShapeError(
            f"{name}: {named(losses)} has no elements, and no mean; leave the batch out, or reduction='sum'"
        )
    if weight is None:
        return mean(losses)
    total = sum(weight)
    found = numbers_below(total)
    if isinstance(found, (float, np.generic, np.ndarray)) and np.any(np.equal(found, 0.0)):
        raise DomainError(f"{name}: the weights sum to 0, and there is no mean; give other weights, or reduction='sum'")
    return sum(losses) / total
