"""What functions of matrices ask of their arguments, and how they say that numbers have no answer."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import TYPE_CHECKING, Any

from micrograd.errors import DomainError, ShapeError
from micrograd.op import Array, Op, ground, named, shape_of
from micrograd.ops.einsum import operand

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = ["answered", "axis_of", "matrix", "not_finite", "square"]


def matrix(name: str, x: Any) -> Array:
    """x, which has two axes at least; name is the function that asks.

    Raises:
        ShapeError: x has fewer than two axes.

    >>> matrix("svd", np.ones((2, 3))).shape
    (2, 3)
    """
    x = operand(name, x)
    if len(shape_of(x)) < 2:
        raise ShapeError(f"{name}: {named(x)} is not a matrix; it needs shape (m, n), or (..., m, n) for a batch")
    return x


def square(name: str, x: Any) -> Array:
    """x, a square matrix or a batch of them.

    Raises:
        ShapeError: x is not square.

    >>> square("inv", np.eye(2)).shape
    (2, 2)
    """
    x = operand(name, x)
    if len(shape_of(x)) < 2 or shape_of(x)[-1] != shape_of(x)[-2]:
        raise ShapeError(f"{name}: {named(x)} is not square; it needs shape (n, n), or (..., n, n) for a batch")
    return x


def axis_of(name: str, x: Array, axis: int) -> int:
    """The number of an axis, counted from the front.

    Raises:
        ShapeError: x has no such axis.

    >>> axis_of("norm", np.ones((2, 3)), -1)
    1
    """
    ndim = len(shape_of(x))
    if not isinstance(axis, Integral) or not -ndim <= axis < ndim:
        raise ShapeError(f"{name}: axis {axis!r} of {named(x)}: its axes are numbered from {-ndim} to {ndim - 1}")
    return int(axis) % ndim


def answered(
    name: str, op: Op, why: Callable[[Any], str], x: Array, *others: Array, asked: Array = None, **params: Any
) -> Array:
    """op(x, *others); where numbers have no answer, an error that says which matrix of x, and why.

    It names x, or what was asked about where x was made of that.

    Raises:
        DomainError: NumPy raised LinAlgError; why(matrix) says the reason for a matrix, "" if it has an answer.
    """
    try:
        return op(x, *others, **params)
    except np.linalg.LinAlgError:
        matrices = np.asarray(ground(x))
        found = ((place, why(matrices[place])) for place in np.ndindex(matrices.shape[:-2]))
        place, reason = next(
            ((place, reason) for place, reason in found if reason),
            ((), "has no answer: LAPACK gives up on it; scale it?"),
        )
        at = f" at {place}" if place else ""
        raise DomainError(f"{name}: {named(x if asked is None else asked)}{at} {reason}") from None


def not_finite(x: Any) -> str:
    """Why a decomposition of x fails, where the reason is nan or inf; else "".

    >>> not_finite(np.eye(2))
    ''
    """
    return "" if np.isfinite(x).all() else "holds nan or inf; find where they come from with detect_anomaly()"
