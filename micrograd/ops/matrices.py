"""The table, matrices: checks, the transpose, and errors where a matrix has no answer.

The last two axes of an array are the rows and the columns. The axes before them are a
batch of matrices. `name` is the function that asks: errors begin with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import DomainError, OpError, ShapeError
from micrograd.op import Array, Op, ground, named, shape_of
from micrograd.ops.arguments import operand
from micrograd.ops.shapes import transpose

__all__ = ["matrix_transpose", "swap_last"]


def matrix(name: str, x: Any) -> Array:
    """x, after a check that it has at least two axes.

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
    """x, after a check that it is square.

    Raises:
        ShapeError: x is not square.

    >>> square("inv", np.eye(2)).shape
    (2, 2)
    """
    x = operand(name, x)
    if len(shape_of(x)) < 2 or shape_of(x)[-1] != shape_of(x)[-2]:
        raise ShapeError(f"{name}: {named(x)} is not square; it needs shape (n, n), or (..., n, n) for a batch")
    return x


def broadcast_batch(said: str, x: Array, y: Array) -> tuple[int, ...]:
    """The batch axes of two matrices, broadcast against each other.

    Args:
        said: what the error begins with, with places for both: "matmul: {} @ {}".
        x: the one.
        y: the other.

    Raises:
        ShapeError: they do not broadcast.

    >>> broadcast_batch("matmul: {} @ {}", np.ones((5, 1, 2, 3)), np.ones((4, 3, 2)))
    (5, 4)
    """
    a, b = shape_of(x)[:-2], shape_of(y)[:-2]
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        raise ShapeError(
            f"{said.format(named(x), named(y))}: batch axes {a} and {b} do not broadcast; sizes must be equal or 1"
        ) from None


def numpy_array(x: Any) -> Any:
    """x, after a check that it is a NumPy array, for a forward that needs the numbers.

    Raises:
        OpError: x is an array of another library.

    >>> numpy_array(np.zeros(1))
    array([0.])
    """
    if not isinstance(x, np.ndarray):
        raise OpError(
            f"functions of matrices need the numbers, and an array of {type(x).__module__.partition('.')[0]} "
            f"may not have them yet; make it a NumPy array first, as x.compute() does for Dask"
        )
    return x


def swap_last(x: Array) -> Array:
    """The transpose of each matrix in a batch: the last two axes are exchanged.

    >>> swap_last(np.ones((5, 2, 3))).shape
    (5, 3, 2)
    """
    ndim = len(shape_of(x))
    return transpose(x) if ndim == 2 else transpose(x, axes=(*range(ndim - 2), ndim - 1, ndim - 2))


def matrix_transpose(x: Array) -> Array:
    """The transpose of each matrix in a batch: the last two axes are exchanged.

    Args:
        x: value of shape (..., m, n).

    Raises:
        ShapeError: x has fewer than two axes.

    >>> matrix_transpose(np.ones((5, 2, 3))).shape
    (5, 3, 2)
    """
    return swap_last(matrix("matrix_transpose", x))


# Where there is no answer


def apply_or_explain(
    name: str, op: Op, why: Callable[[Any], str], x: Array, *others: Array, asked: Array = None, **params: Any
) -> Array:
    """op(x, *others); the error names the first matrix that has no answer.

    Args:
        name: the function that asks.
        op: the op to apply; its forward is a function of np.linalg.
        why: of one matrix, the reason why it has no answer; "" if it has one.
        x: the matrices.
        others: further inputs of the op.
        asked: what the user gave, if x was made from it: the error names this.
        params: those of the op.

    Raises:
        DomainError: NumPy raised LinAlgError.
    """
    try:
        return op(x, *others, **params)
    except np.linalg.LinAlgError:
        matrices = np.asarray(ground(x))
        found = ((place, why(matrices[place])) for place in np.ndindex(matrices.shape[:-2]))
        place, reason = next(
            ((place, reason) for place, reason in found if reason),
            ((), "has no answer: LAPACK gave up on it; scale the matrix?"),
        )
        at = f" at {place}" if place else ""
        raise DomainError(f"{name}: {named(x if asked is None else asked)}{at} {reason}") from None


def not_finite(x: Any) -> str:
    """The reason why x has no decomposition if it holds nan or inf; else "".

    >>> not_finite(np.eye(2))
    ''
    """
    return "" if np.isfinite(x).all() else "holds nan or inf; find where they come from with detect_anomaly()"
