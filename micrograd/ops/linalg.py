"""The table, linear algebra."""

from __future__ import annotations

from typing import TYPE_CHECKING

from micrograd.errors import ShapeError
from micrograd.op import Array, multilinear, named, shape_of
from micrograd.ops.shapes import expand_dims, reshape, sum_to, transpose

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np


def _matmul_shape(x: Array, y: Array) -> tuple[int, ...]:
    a, b = shape_of(x), shape_of(y)
    if not a or not b:
        raise ShapeError(f"matmul: {named(x)} @ {named(y)}: a number has no axis to sum over; use * instead")
    rows, inner = a[-2:-1], a[-1]
    inner_too, columns = (b[-2], b[-1:]) if len(b) > 1 else (b[0], ())
    if inner != inner_too:
        raise ShapeError(
            f"matmul: {named(x)} @ {named(y)}: inner sizes {inner} and {inner_too} differ; transpose one operand?"
        )
    try:
        batch = np.broadcast_shapes(a[:-2], b[:-2])
    except ValueError:
        raise ShapeError(
            f"matmul: {named(x)} @ {named(y)}: batch axes {a[:-2]} and {b[:-2]} do not broadcast; "
            f"sizes must be equal or 1"
        ) from None
    return (*batch, *rows, *columns)


def swap_last(x: Array) -> Array:
    """The last two axes exchanged: the transpose of each matrix in a batch.

    >>> swap_last(np.ones((5, 2, 3))).shape
    (5, 3, 2)
    """
    ndim = len(shape_of(x))
    return transpose(x) if ndim == 2 else transpose(x, axes=(*range(ndim - 2), ndim - 1, ndim - 2))


def _as_matrices(g: Array, x: Array, y: Array) -> tuple[Array, Array, Array]:
    """Output cotangent and both inputs with two axes at least: vectors become a row, a column."""
    if len(shape_of(x)) == 1:
        x, g = expand_dims(x, axis=0), expand_dims(g, axis=-2 if len(shape_of(y)) > 1 else -1)
    if len(shape_of(y)) == 1:
        y, g = expand_dims(y, axis=-1), expand_dims(g, axis=-1)
    return g, x, y


def _matmul_left(g: Array, x: Array, y: Array) -> Array:
    g2, x2, y2 = _as_matrices(g, x, y)
    return reshape(sum_to(matmul(g2, swap_last(y2)), shape_of(x2)), shape=shape_of(x))


def _matmul_right(g: Array, x: Array, y: Array) -> Array:
    g2, x2, y2 = _as_matrices(g, x, y)
    return reshape(sum_to(matmul(swap_last(x2), g2), shape_of(y2)), shape=shape_of(y))


@multilinear("@", _matmul_left, _matmul_right, shape=_matmul_shape)
def matmul(x: Array, y: Array) -> Array:
    """Matrix product, batched over leading axes; a vector is a row on the left, a column on the right.

    z_ij = sum_k x_ik y_kj

    Args:
        x: value of shape (..., n, k) or (k,).
        y: value of shape (..., k, m) or (k,).

    Returns:
        Value of shape (..., n, m), without n or m where that input is a vector.

    Raises:
        ShapeError: the inner sizes differ, or batch axes do not broadcast.

    >>> matmul(np.array([[1.0, 2.0]]), np.array([3.0, 4.0]))
    array([11.])
    """
    return x @ y
