"""The table, determinants, and cofactors, which are their derivatives.

A determinant is a polynomial of the elements, so its derivatives are finite for
singular matrices too. They are computed by way of singular values, not by way of an
inverse.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.chain import times
from micrograd.errors import ShapeError
from micrograd.op import Array, named, primitive, question, shape_of
from micrograd.ops.indexing import getitem, scatter
from micrograd.ops.inverses import inverse
from micrograd.ops.matrices import square, swap_last
from micrograd.ops.reductions import sum
from micrograd.ops.shapes import reshape

__all__ = ["cofactor", "cofactor_slope", "det", "determinant", "determinant_sign", "log_determinant", "slogdet"]


# Cofactors


def _decomposed(x: Any) -> tuple[Any, Any, Any, Any]:
    """U, S, V^T of x = U S V^T, and det(U V^T), nan where x is not finite."""
    good = np.all(np.isfinite(x), axis=(-2, -1), keepdims=True)
    u, s, vh = np.linalg.svd(np.where(good, x, 0.0))
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return u, s, vh, np.where(good, sign[..., None, None], np.nan).astype(u.dtype)


def _products_of_others(s: Any, count: int) -> Any:
    """Products of all numbers in a row of s but one, or but two, as count says.

    For two, the result is a matrix over the pairs. Its diagonal, a number paired with
    itself, is 0.
    """
    eye = np.eye(s.shape[-1], dtype=bool)
    if count == 1:
        return np.where(eye, 1.0, s[..., None, :]).prod(axis=-1)
    left_out = eye[:, None, :] | eye[None, :, :]
    return np.where(eye, 0.0, np.where(left_out, 1.0, s[..., None, None, :]).prod(axis=-1))


@primitive(
    "cofactor",
    # The slope is symmetric as a linear map, so the vjp and the jvp are the same.
    vjp=[lambda g, z, x: cofactor_slope(g, x)],
    jvp=[lambda t, z, x: cofactor_slope(t, x)],
    shape=lambda x: shape_of(square("cofactor", x)),
    axes=2,
)
def cofactor(x: Array) -> Array:
    """Cofactors of a matrix: the derivative of its determinant, for singular ones too.

    z_ij = (-1)^(i + j) det(x without row i and column j)

    They are computed from x = U S V^T. The cofactors of a product are the product of
    the cofactors, and those of S are the products of all other singular values.

    Args:
        x: value of shape (..., n, n).

    Raises:
        ShapeError: x is not square.

    >>> cofactor(np.diag([2.0, 3.0, 0.0])).round()
    array([[0., 0., 0.],
           [0., 0., 0.],
           [0., 0., 6.]])
    """
    u, s, vh, sign = _decomposed(x)
    return (sign * (u * _products_of_others(s, 1)[..., None, :]) @ vh).astype(u.dtype)


def _slope_shape(t: Array, x: Array) -> tuple[int, ...]:
    if shape_of(t) != shape_of(square("cofactor_slope", x)):
        raise ShapeError(f"cofactor_slope: {named(t)} for {named(x)}; give a direction of the same shape")
    return shape_of(x)


def _slope_by_matrix(g: Array, t: Array, x: Array) -> Array:
    """The gradient of sum(g * cofactor_slope(t, x)) with respect to x.

    A cofactor is a determinant of a smaller matrix, so the slope of its slope is a
    slope of the cofactors of that matrix.
    """
    n = shape_of(x)[-1]
    if n < 2:
        return 0.0 * x
    kept = np.array([[k for k in range(n) if k != i] for i in range(n)])
    index = (..., kept[:, None, :, None], kept[None, :, None, :])
    checkers = np.where(np.add.outer(np.arange(n), np.arange(n)) % 2, -1.0, 1.0).astype(x.dtype)
    within = cofactor_slope(getitem(t, index=index), getitem(x, index=index))
    return scatter(_per_matrix(g * checkers) * within, index=index, shape=shape_of(x))


@primitive(
    "cofactor slope",
    vjp=[lambda g, z, t, x: cofactor_slope(g, x), lambda g, z, t, x: _slope_by_matrix(g, t, x)],
    jvp=[lambda h, z, t, x: cofactor_slope(h, x), lambda h, z, t, x: _slope_by_matrix(h, t, x)],
    shape=_slope_shape,
    axes=2,
)
def cofactor_slope(t: Array, x: Array) -> Array:
    """The rate at which the cofactors of x change as x moves along t.

    z = U s(U^T t V) V^T

    Here x = U S V^T, and s(m) is the change of the cofactors of the diagonal matrix S:

    s(m)_ij = -m_ji prod_{k != i, j} S_k
    s(m)_ii = sum_{l != i} m_ll prod_{k != i, l} S_k

    Args:
        t: the direction, of the shape of x.
        x: value of shape (..., n, n).

    Raises:
        ShapeError: x is not square, or t has another shape.

    >>> cofactor_slope(np.eye(2), np.zeros((2, 2)))
    array([[1., 0.],
           [0., 1.]])
    """
    u, s, vh, sign = _decomposed(x)
    m = np.swapaxes(u, -1, -2) @ t @ np.swapaxes(vh, -1, -2)
    others = _products_of_others(s, 2)
    diagonal = np.einsum("...il,...ll->...i", others, m)
    change = np.where(np.eye(s.shape[-1], dtype=bool), diagonal[..., None], -np.swapaxes(m, -1, -2) * others)
    return (sign * (u @ change @ vh)).astype(u.dtype)


# Determinants


def _per_matrix(g: Array) -> Array:
    """One number for each matrix, with two more axes, to multiply the matrix."""
    return reshape(g, shape=(*shape_of(g), 1, 1))


@primitive(
    "det",
    vjp=[lambda g, z, x: _per_matrix(g) * cofactor(x)],
    jvp=[lambda t, z, x: sum(t * cofactor(x), axis=(-2, -1))],
    shape=lambda x: shape_of(square("det", x))[:-2],
    tex=r"\det\left({0}\right)",
    axes=2,
)
def determinant(x: Array) -> Array:
    """The op behind `det`.

    >>> round(float(determinant(2.0 * np.eye(3))), 9)
    8.0
    """
    return np.linalg.det(x)


def det(x: Array) -> Array:
    """Determinant of a matrix; its gradient is finite for singular matrices too.

    Args:
        x: value of shape (..., n, n).

    Returns:
        Value of shape (...).

    Raises:
        ShapeError: x is not square.

    >>> round(float(det(np.array([[1.0, 2.0], [3.0, 4.0]]))), 9)
    -2.0
    """
    return determinant(square("det", x))


@question("sign det", shape=lambda x: shape_of(square("slogdet", x))[:-2], kind=None, axes=2)
def determinant_sign(x: Array) -> Array:
    """The sign of the determinant: -1, 0 or 1, as plain data without a gradient.

    >>> float(determinant_sign(-np.eye(3)))
    -1.0
    """
    return np.linalg.slogdet(x)[0]


@primitive(
    "log |det|",
    vjp=[lambda g, z, x: times(_per_matrix(g), swap_last(inverse(x)))],
    jvp=[lambda t, z, x: sum(times(t, swap_last(inverse(x))), axis=(-2, -1))],
    shape=lambda x: shape_of(square("slogdet", x))[:-2],
    tex=r"\ln \left|\det\left({0}\right)\right|",
    axes=2,
)
def log_determinant(x: Array) -> Array:
    """Logarithm of |det x|, without overflow; -inf where x is singular.

    >>> round(float(log_determinant(1e200 * np.eye(2))), 6)
    921.034037
    """
    return np.linalg.slogdet(x)[1]


class SlogdetResult(NamedTuple):
    """What `slogdet` returns: determinant = sign * exp(logabsdet)."""

    sign: Any
    logabsdet: Any


def slogdet(x: Array) -> SlogdetResult:
    """Sign and logarithm of the determinant, for determinants that would overflow.

    det(x) = sign exp(logabsdet)

    Args:
        x: value of shape (..., n, n).

    Returns:
        The pair (sign, logabsdet), each of shape (...). The sign is plain data without
        a gradient.

    Raises:
        ShapeError: x is not square.

    >>> sign, logabsdet = slogdet(np.diag([-2.0, 0.5]))
    >>> float(sign), float(logabsdet)
    (-1.0, 0.0)
    """
    x = square("slogdet", x)
    return SlogdetResult(determinant_sign(x), log_determinant(x))
