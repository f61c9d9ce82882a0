"""The table, functions of matrices: exponential, square root and logarithm, batched.

The derivative of f at a matrix A in direction E is L(A, E). It is a block of f itself,
at a matrix that is twice as large:

    f([[A, E], [0, A]]) = [[f(A), L(A, E)], [0, f(A)]]

So a rule is the op on a block matrix. It holds for equal eigenvalues and for defective
matrices too, and it has derivatives of its own. The transpose of the map from E to L(A,
E) is the map from G to L(A^T, G).

Source: Mathias (1996), "A chain rule for matrix functions and applications",
doi:10.1137/S0895479895283409.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import float_type
from micrograd.modes import is_quiet
from micrograd.op import Array, Op, numbers_below, primitive, shape_of
from micrograd.ops import reductions
from micrograd.ops.arithmetic import absolute, divide, stop_gradient, where
from micrograd.ops.comparisons import greater
from micrograd.ops.indexing import getitem
from micrograd.ops.joining import concatenate
from micrograd.ops.matrices import apply_or_explain, not_finite, numpy_array, square, swap_last

__all__ = [
    "expm",
    "logm",
    "matrix_exponential",
    "matrix_logarithm",
    "matrix_square_root",
    "sqrtm",
]


# Words of the rules


def _derivative(op: Op, x: Array, e: Array) -> Array:
    """L(x, e): how op(x) changes when x changes by e."""
    n = shape_of(x)[-1]
    size = _size_beside(e, x)
    upper = concatenate([x, e / size], axis=-1)
    lower = concatenate([np.zeros(shape_of(x), x.dtype), x], axis=-1)
    return op(concatenate([upper, lower], axis=-2))[..., :n, n:] * size


def _size_beside(e: Array, x: Array) -> Any:
    """How much larger e is than x: one plain number for each matrix.

    L(x, e) is linear in e, so it can be computed for e divided by any number. Where e
    is much larger than x, the block matrix would be scaled by e, and digits of x would
    be lost.
    """
    if numbers_below(e) is None or numbers_below(x) is None or not shape_of(x)[-1]:  # shapes without numbers
        return 1.0
    size, own = _constant_norm(e), _constant_norm(x)
    size = where(greater(own, 0), divide(size, where(greater(own, 0), own, 1.0)), size)
    return getitem(where(greater(size, 0), size, 1.0), index=(..., None, None))


def _norm(x: Any) -> Any:
    """The largest sum over a column, per matrix."""
    return np.abs(x).sum(axis=-2).max(axis=-1, initial=0.0)


def _constant_norm(x: Array) -> Array:
    """The same by ops, in any interpreter, and without a gradient."""
    return reductions.max(reductions.sum(absolute(stop_gradient(x)), axis=-2), axis=-1)


def _in_doubles(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """f of a stack of float64 matrices becomes a function for any dtype and any batch.

    Where there is no answer, that function gives nan within a derivative.
    """

    @functools.wraps(f)
    def wrapped(x: Any) -> Any:
        x = numpy_array(x)
        if not x.size:
            return x + 0.0
        try:
            with np.errstate(all="ignore"):
                return f(x.reshape(-1, *x.shape[-2:]).astype(float)).reshape(x.shape).astype(float_type(x))
        except np.linalg.LinAlgError:
            if not is_quiet():
                raise
            return np.full_like(x, np.nan, float_type(x))

    return wrapped


# The exponential

_ORDER = 13
# Up to this norm the approximant is exact to rounding, by the source.
_LARGEST = 4.25
# The first coefficient is 1, so exp(0) is the identity to the last bit.
_COEFFICIENTS = [
    math.comb(_ORDER, j) * math.factorial(2 * _ORDER - j) / math.factorial(2 * _ORDER) for j in range(_ORDER + 1)
]
_FIRST_LEFT_OUT = 1.0 / (math.comb(2 * _ORDER, _ORDER) * math.factorial(2 * _ORDER + 1))


def _halvings(x: Any) -> Any:
    """How often each matrix is halved until it is small enough for the approximant.

    This asks for norms of powers, not for powers of norms. By the latter, a matrix that
    is far from normal would be halved too often and lose digits.
    """
    size = _norm(x)
    x = x / np.where(size > 0, size, 1.0)[:, None, None]
    x2 = x @ x
    x4 = x2 @ x2
    d6, d8, d10 = (_norm(p) ** (1 / k) for p, k in ((x4 @ x2, 6), (x4 @ x4, 8), (x4 @ x4 @ x2, 10)))
    s = np.log2(size * np.minimum(np.maximum(d6, d8), np.maximum(d8, d10)) / _LARGEST)
    s = np.maximum(np.ceil(s), 0.0)
    row = np.ones((len(x), 1, x.shape[-1]))
    for _ in range(2 * _ORDER + 1):
        row = row @ np.abs(x)
    log_left_out = np.log2(row.max(axis=(1, 2)) * _FIRST_LEFT_OUT / np.finfo(float).eps * 2.0)
    more = np.ceil((log_left_out + 2 * _ORDER * (np.log2(size) - s)) / (2 * _ORDER))
    return (s + np.maximum(more, 0.0)).astype(int)


@_in_doubles
def _exponential(x: Any) -> Any:
    finite = np.isfinite(x).all(axis=(1, 2), keepdims=True)
    x = np.where(finite, x, 0.0)
    s = _halvings(x)
    x = np.ldexp(x, -s[:, None, None])
    eye, b = np.eye(x.shape[-1]), _COEFFICIENTS
    x2 = x @ x
    x4 = x2 @ x2
    x6 = x4 @ x2
    odd = x @ (x6 @ (b[13] * x6 + b[11] * x4 + b[9] * x2) + b[7] * x6 + b[5] * x4 + b[3] * x2 + b[1] * eye)
    even = x6 @ (b[12] * x6 + b[10] * x4 + b[8] * x2) + b[6] * x6 + b[4] * x4 + b[2] * x2 + b[0] * eye
    z = np.linalg.solve(even - odd, even + odd)
    for k in range(int(s.max())):
        z[s > k] = z[s > k] @ z[s > k]
    return np.where(finite, z, np.nan)


@primitive(
    "expm",
    vjp=[lambda g, z, x: _derivative(matrix_exponential, swap_last(x), g)],
    jvp=[lambda t, z, x: _derivative(matrix_exponential, x, t)],
    shape=lambda x: shape_of(square("expm", x)),
    tex="e^{{{0}}}",
    axes=2,
)
def matrix_exponential(x: Array) -> Array:
    """The op behind `expm`.

    >>> matrix_exponential(np.array([[0.0, 1.0], [0.0, 0.0]]))
    array([[1., 1.],
           [0., 1.]])
    """
    return _exponential(x)


def expm(x: Array) -> Array:
    """Exponential of a matrix.

    z = I + x + x^2 / 2! + x^3 / 3! + ...

    Computed in float64, by scaling and squaring with the Pade approximant of order 13.
    It has derivatives of all orders at any matrix. One of order k costs as much as the
    exponential of a matrix that is 2^k times as large.

    Args:
        x: value of shape (..., n, n).

    Raises:
        ShapeError: x is not square.

    Source: Higham (2005), doi:10.1137/04061101X; for the scaling Al-Mohy and Higham
    (2009), doi:10.1137/09074721X.

    >>> expm(np.zeros((2, 2)))
    array([[1., 0.],
           [0., 1.]])
    """
    return matrix_exponential(square("expm", x))


# Square root and logarithm

_NEAR = 1e-2  # from here on steps need no scaling
_LAST = 1e-9  # each step squares the error: one more step, and it is below rounding
_STEPS = 100


def _root(x: Any) -> Any:
    """Square roots of a stack of matrices, by the iteration of Denman and Beavers."""
    n, eye = x.shape[-1], np.eye(x.shape[-1])
    z, m, error = x, x, _norm(x - eye)
    for _ in range(_STEPS):
        inverse = np.linalg.inv(m)
        scale = np.where(error > _NEAR, np.exp(-np.linalg.slogdet(m)[1] / n), 1.0)[:, None, None]
        z = 0.5 * np.sqrt(scale) * (z + z @ inverse / scale)
        m = 0.5 * (eye + 0.5 * (scale * m + inverse / scale))
        last, error = error, _norm(m - eye)
        if not np.isfinite(error).all():
            break
        if (last < _LAST).all() or not error.any():
            if (_norm(z @ z - x) <= 1e-6 * _norm(z) ** 2).all():
                return z
            break
    raise np.linalg.LinAlgError("the iteration does not converge")


_square_roots = _in_doubles(_root)


def _has_no_root(x: Any) -> str:
    """The reason why x has no principal square root; "" if it has one."""
    if not np.isfinite(x).all():
        return not_finite(x)
    try:
        _square_roots(x)
        return ""
    except np.linalg.LinAlgError:
        w = np.linalg.eigvals(x)
    low = w[np.argmin(np.where(np.abs(w.imag) <= 1e-7 * np.abs(w).max(), w.real, np.inf))]
    if low.real > 0 or abs(low.imag) > 1e-7 * np.abs(w).max():
        return "is too close to a matrix without a root: it is badly scaled, or an eigenvalue is nearly 0 or negative"
    return f"has the eigenvalue {low.real:.3g}, and none may be 0 or negative; add a multiple of the identity?"


@primitive(
    "sqrtm",
    vjp=[lambda g, z, x: _derivative(matrix_square_root, swap_last(x), g)],
    jvp=[lambda t, z, x: _derivative(matrix_square_root, x, t)],
    shape=lambda x: shape_of(square("sqrtm", x)),
    tex=r"\left({0}\right)^{{1/2}}",
    axes=2,
)
def matrix_square_root(x: Array) -> Array:
    """The op behind `sqrtm`.

    >>> matrix_square_root(np.array([[4.0]]))
    array([[2.]])
    """
    return _square_roots(x)


def sqrtm(x: Array) -> Array:
    """Principal square root of a matrix: its eigenvalues have positive real parts.

    z z = x

    Computed in float64, by the iteration of Denman and Beavers in its product form. It
    has derivatives of all orders.

    Args:
        x: value of shape (..., n, n). No eigenvalue may be 0 or negative: at 0 there is
            no derivative, and the square root of a negative number is not real.

    Raises:
        DomainError: a matrix has an eigenvalue that is 0 or negative.
        ShapeError: x is not square.

    Source: Cheng, Higham, Kenney and Laub (2001), doi:10.1137/S0895479899364015.

    >>> sqrtm(np.array([[4.0, 0.0], [0.0, 9.0]]))
    array([[2., 0.],
           [0., 3.]])
    """
    return apply_or_explain("sqrtm", matrix_square_root, _has_no_root, square("sqrtm", x))


_NEAR_IDENTITY = 0.5
_NODES = 14


@_in_doubles
def _logarithm(x: Any) -> Any:
    if not np.isfinite(x).all():
        raise np.linalg.LinAlgError("nan or inf")
    eye, roots = np.eye(x.shape[-1]), np.zeros(len(x), int)
    x, beyond = x.copy(), x - eye
    for _ in range(_STEPS):
        far = _norm(beyond) > _NEAR_IDENTITY
        if not far.any():
            break
        x[far] = _root(x[far])
        # y - I = (y^2 - I) (y + I)^-1: the difference would lose a bit with each root.
        beyond[far] = beyond[far] @ np.linalg.inv(x[far] + eye)
        roots += far
    else:
        raise np.linalg.LinAlgError("the roots do not come near the identity")
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    # log(I + b) is the integral of b (I + u b)^-1 over u from 0 to 1. Gauss's rule for
    # it is the Pade approximant.
    parts = (w / 2 * np.linalg.solve(eye + (u + 1) / 2 * beyond, beyond) for u, w in zip(nodes, weights, strict=True))
    return np.ldexp(sum(parts), roots[:, None, None])


@primitive(
    "logm",
    vjp=[lambda g, z, x: _derivative(matrix_logarithm, swap_last(x), g)],
    jvp=[lambda t, z, x: _derivative(matrix_logarithm, x, t)],
    shape=lambda x: shape_of(square("logm", x)),
    tex=r"\ln\left({0}\right)",
    axes=2,
)
def matrix_logarithm(x: Array) -> Array:
    """The op behind `logm`.

    >>> matrix_logarithm(np.eye(2))
    array([[0., 0.],
           [0., 0.]])
    """
    return _logarithm(x)


def logm(x: Array) -> Array:
    """Principal logarithm of a matrix: its eigenvalues have |imaginary part| < pi.

    exp(z) = x

    Computed in float64, by square roots until x is near the identity, and then by a
    Pade approximant. It has derivatives of all orders.

    Args:
        x: value of shape (..., n, n). No eigenvalue may be 0 or negative.

    Raises:
        DomainError: a matrix has an eigenvalue that is 0 or negative.
        ShapeError: x is not square.

    Source: Higham (2001), doi:10.1023/A:1016670810246; Dieci, Morini and Papini (1996),
    doi:10.1137/S0895479894273614.

    >>> logm(np.eye(2))
    array([[0., 0.],
           [0., 0.]])
    """
    return apply_or_explain("logm", matrix_logarithm, _has_no_root, square("logm", x))
