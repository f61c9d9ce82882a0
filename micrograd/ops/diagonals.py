"""The table, diagonals and triangles of matrices; composed of ops."""

from __future__ import annotations

from micrograd import on_demand as np
from micrograd.errors import ShapeError
from micrograd.op import Array, named, shape_of
from micrograd.ops.arithmetic import where
from micrograd.ops.axes import axes_of
from micrograd.ops.indexing import getitem, scatter
from micrograd.ops.matrices import matrix
from micrograd.ops.shapes import moveaxis, reshape

__all__ = [
    "diag",
    "diagonal",
    "tril",
    "triu",
]


def tril(x: Array, *, k: int = 0) -> Array:
    """The lower triangle of a matrix, or of each in a batch; zeros above diagonal k.

    Args:
        x: value of shape (..., n, m).
        k: the last diagonal to keep: 0 is the main one, 1 the one above it.

    Raises:
        ShapeError: x has fewer than two axes.

    >>> tril(np.ones((2, 2)))
    array([[1., 0.],
           [1., 1.]])
    """
    return where(_lower("tril", x, k), x, 0.0)


def triu(x: Array, *, k: int = 0) -> Array:
    """The upper triangle of a matrix, or of each in a batch; zeros below diagonal k.

    Args:
        x: value of shape (..., n, m).
        k: the first diagonal to keep: 0 is the main one, 1 the one above it.

    Raises:
        ShapeError: x has fewer than two axes.

    >>> triu(np.ones((2, 2)))
    array([[1., 1.],
           [0., 1.]])
    """
    return where(_lower("triu", x, k - 1), 0.0, x)


def _lower(name: str, x: Array, k: int) -> Array:
    """Where the lower triangle of x is, diagonal k included."""
    n, m = shape_of(matrix(name, x))[-2:]
    return np.tri(n, m, k=k, dtype=bool)


def diagonal(x: Array, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The diagonal of a matrix, or of each in a batch, as the last axis.

    Args:
        x: value with at least two axes.
        offset: which diagonal: 0 is the main one, 1 the one above it, -1 the one below.
        axis1: the axis of the rows.
        axis2: the axis of the columns.

    Raises:
        ShapeError: x has fewer than two axes, or an axis does not exist or is named
            twice.

    >>> diagonal(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 4.])
    """
    x = matrix("diagonal", x)
    x = moveaxis(x, axes_of("diagonal", x, (axis1, axis2)), (-2, -1))
    *batch, n, m = shape_of(x)
    count = _diagonal_length(n, m, offset)
    start = offset if offset >= 0 else -offset * m
    # In one row, a step down and to the right is m + 1 places long.
    row = reshape(x, shape=(*batch, n * m))
    return getitem(row, index=(..., slice(start, start + count * (m + 1), m + 1) if count else slice(0)))


def _diagonal_length(n: int, m: int, offset: int) -> int:
    return max(0, min(n, m - offset) if offset >= 0 else min(n + offset, m))


def diag(x: Array, *, k: int = 0) -> Array:
    """The diagonal of a matrix; or the matrix with a vector as its diagonal.

    Args:
        x: a matrix, or a vector; the matrix made of it is zero elsewhere.
        k: which diagonal: 0 is the main one, 1 the one above it, -1 the one below.

    Raises:
        ShapeError: x is neither a vector nor a matrix.

    >>> diag(np.array([1.0, 2.0]))
    array([[1., 0.],
           [0., 2.]])
    """
    shape = shape_of(x)
    if len(shape) == 2:
        return diagonal(x, offset=k)
    if len(shape) != 1:
        raise ShapeError(f"diag: {named(x)}: give a vector or a matrix; diagonal takes batches")
    n = shape[0] + abs(k)
    start = k if k >= 0 else -k * n
    row = scatter(x, index=slice(start, start + shape[0] * (n + 1), n + 1) if shape[0] else slice(0), shape=(n * n,))
    return reshape(row, shape=(n, n))
