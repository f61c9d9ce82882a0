"""The table, cofactors: the slopes of a determinant. It is a polynomial, so they are finite for singular matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from micrograd.errors import ShapeError
from micrograd.op import Array, named, primitive, shape_of
from micrograd.ops.indexing import getitem, scatter
from micrograd.ops.shapes import reshape

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = ["cofactor", "cofactor_slope"]


def _square_shape(name: str, x: Array) -> tuple[int, ...]:
    shape = shape_of(x)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(f"{name}: {named(x)} is not square; it needs shape (n, n), or (..., n, n) for a batch")
    return shape


def _slope_shape(t: Array, x: Array) -> tuple[int, ...]:
    if shape_of(t) != _square_shape("cofactor_slope", x):
        raise ShapeError(f"cofactor_slope: {named(t)} for {named(x)}; give a direction of the same shape")
    return shape_of(x)


def _factors(x: Any) -> tuple[Any, Any, Any, Any]:
    """U, S, V^T of x = U S V^T, and the determinant of U V^T; nan where x holds nan or inf."""
    good = np.all(np.isfinite(x), axis=(-2, -1), keepdims=True)
    u, s, vh = np.linalg.svd(np.where(good, x, 0.0))
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return u, s, vh, np.where(good, sign[..., None, None], np.nan).astype(u.dtype)


def _products_of_others(s: Any, count: int) -> Any:
    """For one number, or two, in each row of s, the product of all others; for a number with itself 0."""
    eye = np.eye(s.shape[-1], dtype=bool)
    if count == 1:
        return np.where(eye, 1.0, s[..., None, :]).prod(axis=-1)
    left_out = eye[:, None, :] | eye[None, :, :]
    return np.where(eye, 0.0, np.where(left_out, 1.0, s[..., None, None, :]).prod(axis=-1))


@primitive(
    "cofactor",
    vjp=[lambda g, z, x: cofactor_slope(g, x)],  # the slope is symmetric, so this is the vjp and the jvp
    jvp=[lambda t, z, x: cofactor_slope(t, x)],
    shape=lambda x: _square_shape("cofactor", x),
    axes=2,
)
def cofactor(x: Array) -> Array:
    """Cofactors of a matrix, the slope of its determinant; finite for singular matrices, where no inverse is.

    z_ij = (-1)^(i + j) det(x without row i and column j)

    By way of x = U S V^T: the cofactors of a product are the product of the cofactors, and those of S are the
    products of all other singular values.

    >>> cofactor(np.diag([2.0, 3.0, 0.0])).round()
    array([[0., 0., 0.],
           [0., 0., 0.],
           [0., 0., 6.]])
    """
    u, s, vh, sign = _factors(x)
    return (sign * (u * _products_of_others(s, 1)[..., None, :]) @ vh).astype(u.dtype)


def _slope_by_matrix(g: Array, t: Array, x: Array) -> Array:
    """The gradient of sum(g * cofactor_slope(t, x)) by x.

    As a cofactor is a determinant of a smaller matrix, its slope's slope is a slope of cofactors of that.
    """
    n = shape_of(x)[-1]
    if n < 2:
        return 0.0 * x
    kept = np.array([[k for k in range(n) if k != i] for i in range(n)])
    index = (..., kept[:, None, :, None], kept[None, :, None, :])
    checkers = np.where(np.add.outer(np.arange(n), np.arange(n)) % 2, -1.0, 1.0).astype(x.dtype)
    within = cofactor_slope(getitem(t, index=index), getitem(x, index=index))
    weights = reshape(g * checkers, shape=(*shape_of(g), 1, 1))
    return scatter(weights * within, index=index, shape=shape_of(x))


@primitive(
    "cofactor slope",
    vjp=[lambda g, z, t, x: cofactor_slope(g, x), lambda g, z, t, x: _slope_by_matrix(g, t, x)],
    jvp=[lambda h, z, t, x: cofactor_slope(h, x), lambda h, z, t, x: _slope_by_matrix(h, t, x)],
    shape=_slope_shape,
    axes=2,
)
def cofactor_slope(t: Array, x: Array) -> Array:
    """The rate at which the cofactors of x change when x moves along t; finite for singular matrices.

    z = U s(U^T t V) V^T, where x = U S V^T, and of the diagonal S the cofactors change by
    s(m)_ij = -m_ji prod_{k != i, j} S_k and s(m)_ii = sum_{l != i} m_ll prod_{k != i, l} S_k

    Args:
        t: the direction, of the shape of x.
        x: value of shape (..., n, n).

    >>> cofactor_slope(np.eye(2), np.zeros((2, 2)))
    array([[1., 0.],
           [0., 1.]])
    """
    u, s, vh, sign = _factors(x)
    m = np.swapaxes(u, -1, -2) @ t @ np.swapaxes(vh, -1, -2)
    others = _products_of_others(s, 2)
    diagonal = np.einsum("...il,...ll->...i", others, m)
    change = np.where(np.eye(s.shape[-1], dtype=bool), diagonal[..., None], -np.swapaxes(m, -1, -2) * others)
    return (sign * (u @ change @ vh)).astype(u.dtype)
