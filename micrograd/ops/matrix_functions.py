"""The table, functions of matrices: `expm`, `sqrtm`, `logm`, and any function of a symmetric matrix; batched.

The derivative of f at a matrix A in direction E is a block of f itself, of a matrix twice as large:

    f([[A, E], [0, A]]) = [[f(A), L(A, E)], [0, f(A)]]

Source: Mathias (1996), "A chain rule for matrix functions and applications", doi:10.1137/S0895479895283409. So a rule
is the op on a block matrix, at equal eigenvalues and for defective matrices too, and has derivatives of its own. The
transpose of E -> L(A, E) is G -> L(A^T, G).

`funm_symmetric` has divided differences of f in place of blocks: there the op of k + 1 inputs is the k-th derivative.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from micrograd.arrays import float_type
from micrograd.errors import GradientError, OpError
from micrograd.op import Array, Op, ground, is_quiet, named, primitive, shape_of
from micrograd.ops.joining import concatenate
from micrograd.ops.linalg import swap_last
from micrograd.ops.matrices import answered, not_finite, square

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = [
    "expm",
    "funm_symmetric",
    "logm",
    "matrix_exponential",
    "matrix_logarithm",
    "matrix_square_root",
    "sqrtm",
    "symmetric_function",
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
    """How much larger e is than x, one plain number per matrix: L(x, e) is computed for e of the size of x.

    L is linear in e, so any number would do; but a block matrix with a large e is scaled by e and loses digits of x.
    """
    below, beside = ground(e), ground(x)
    if below is None or beside is None:  # shapes without numbers
        return 1.0
    size, own = (_norm(np.asarray(m)) for m in (below, beside))
    size = np.where(own > 0, size / np.where(own > 0, own, 1), size)
    return np.where(size > 0, size, 1).astype(size.dtype)[..., None, None]


def _norm(x: Any) -> Any:
    """The largest sum over a column, per matrix."""
    return np.abs(x).sum(axis=-2).max(axis=-1, initial=0.0)


def _here(x: Any) -> Any:
    if not isinstance(x, np.ndarray):
        raise OpError(
            f"functions of matrices look at the numbers, and an array of {type(x).__module__.partition('.')[0]} "
            f"may not have them here: make it a NumPy array first, as x.compute() does for Dask"
        )
    return x


def _in_doubles(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """f, which takes a stack of float64 matrices, on matrices of any dtype and batch; nan for none, in derivatives."""

    @functools.wraps(f)
    def wrapped(x: Any) -> Any:
        x = _here(x)
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
_LARGEST = 4.25  # the norm up to which the approximant of this order is exact to rounding, by the source
_COEFFICIENTS = [  # the first is 1, so that exp(0) is the identity to the last bit
    math.comb(_ORDER, j) * math.factorial(2 * _ORDER - j) / math.factorial(2 * _ORDER) for j in range(_ORDER + 1)
]
_FIRST_LEFT_OUT = 1.0 / (math.comb(2 * _ORDER, _ORDER) * math.factorial(2 * _ORDER + 1))


def _halvings(x: Any) -> Any:
    """How often each matrix is halved, before it is small enough for the approximant.

    By norms of powers, not by powers of norms: a matrix far from normal would be halved too often and lose digits.
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

    By scaling and squaring with the Pade approximant of order 13, computed in float64. Derivatives of all orders, at
    any matrix; one of order k costs as much as the exponential of a matrix 2^k times as large.

    Args:
        x: value of shape (..., n, n).

    Raises:
        ShapeError: x is not square.

    Source: Higham (2005), doi:10.1137/04061101X; Al-Mohy and Higham (2009), doi:10.1137/09074721X, for the scaling.

    >>> expm(np.zeros((2, 2)))
    array([[1., 0.],
           [0., 1.]])
    """
    return matrix_exponential(square("expm", x))


# Square root and logarithm

_NEAR = 1e-2  # from here on steps need no scaling
_LAST = 1e-9  # an error below this is below rounding after one more step, as each step squares it
_STEPS = 100


def _root(x: Any) -> Any:
    """Square roots of a stack of matrices, by the product form of the iteration of Denman and Beavers."""
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
    if not np.isfinite(x).all():
        return not_finite(x)
    try:
        _square_roots(x)
        return ""
    except np.linalg.LinAlgError:
        w = np.linalg.eigvals(x)
    low = w[np.argmin(np.where(np.abs(w.imag) <= 1e-7 * np.abs(w).max(), w.real, np.inf))]
    if low.real > 0 or abs(low.imag) > 1e-7 * np.abs(w).max():
        return "is too close to one that has none: it is badly scaled, or an eigenvalue is nearly 0 or negative"
    return f"has the eigenvalue {low.real:.3g}: all must be off the half-line from 0 to -inf; add a multiple of I?"


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
    """Principal square root of a matrix: the one whose eigenvalues have positive real parts.

    z z = x

    By an iteration of Denman and Beavers in its product form, computed in float64. Derivatives of all orders.

    Args:
        x: value of shape (..., n, n). No eigenvalue is 0 or negative: at 0 there is no derivative, and the square
            root of a negative number is not real.

    Raises:
        DomainError: a matrix has an eigenvalue that is 0 or negative.
        ShapeError: x is not square.

    Source: Cheng, Higham, Kenney and Laub (2001), doi:10.1137/S0895479899364015.

    >>> sqrtm(np.array([[4.0, 0.0], [0.0, 9.0]]))
    array([[2., 0.],
           [0., 3.]])
    """
    return answered("sqrtm", matrix_square_root, _has_no_root, square("sqrtm", x))


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
        # y - I = (y^2 - I) (y + I)^-1: the difference itself would lose a bit with each root.
        beyond[far] = beyond[far] @ np.linalg.inv(x[far] + eye)
        roots += far
    else:
        raise np.linalg.LinAlgError("the roots do not come near the identity")
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    # log(I + b) is the integral of b (I + u b)^-1 over u from 0 to 1; Gauss's rule is the Pade approximant.
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
    """Principal logarithm of a matrix: the one whose eigenvalues have imaginary parts between -pi and pi.

    exp(z) = x

    By square roots until x is near the identity, then a Pade approximant, computed in float64. Derivatives of all
    orders.

    Args:
        x: value of shape (..., n, n). No eigenvalue is 0 or negative.

    Raises:
        DomainError: a matrix has an eigenvalue that is 0 or negative.
        ShapeError: x is not square.

    Source: Higham (2001), doi:10.1023/A:1016670810246; Dieci, Morini and Papini (1996), doi:10.1137/S0895479894273614.

    >>> logm(np.eye(2))
    array([[0., 0.],
           [0., 0.]])
    """
    return answered("logm", matrix_logarithm, _has_no_root, square("logm", x))


# Any function of a symmetric matrix

_MOST_CHANGES = 4


def _changed(i: int, g: Array, z: Array, *inputs: Array, functions: tuple[Any, ...]) -> Array:
    # The derivative by x takes one change more, that by a change takes g in its place. Each map is its own transpose,
    # as it is a derivative of tr F(x), where F' = f: so this is the vjp and the jvp.
    others = (*inputs, g) if i == 0 else (*inputs[:i], g, *inputs[i + 1 :])
    return symmetric_function(*others, functions=functions)


_CHANGES = [functools.partial(_changed, i) for i in range(_MOST_CHANGES + 1)]


@primitive(
    "funm_symmetric",
    vjp=_CHANGES,
    jvp=_CHANGES,
    shape=lambda x, *changes, functions: shape_of(square("funm_symmetric", x)),
)
def symmetric_function(x: Array, *changes: Array, functions: tuple[Any, ...]) -> Array:
    """The op behind `funm_symmetric`; with k changes, the k-th derivative of f(x) in these directions.

    z = V (sum over the orders of the changes of sum_j .. f[w_i, w_j, ..] e1_ij e2_j. ..) V^T, where e = V^T change V
    and f[...] are divided differences at the eigenvalues w.

    Source: Daleckii and Krein (1965); Higham (2008), "Functions of Matrices", theorem 3.11.

    >>> symmetric_function(np.diag([1.0, 3.0]), functions=(np.square,))
    array([[1., 0.],
           [0., 9.]])
    """
    count = len(changes)
    if count >= len(functions) or count > _MOST_CHANGES:
        raise GradientError(
            f"funm_symmetric: derivative {count} of {named(x)} needs that of f; {len(functions) - 1} of f were given, "
            f"and it takes {_MOST_CHANGES} at most: funm_symmetric(x, f, df, d2f, ...)"
        )
    w, v = np.linalg.eigh(_symmetric(_here(x)))
    turned = [np.swapaxes(v, -1, -2) @ _symmetric(_here(e)) @ v for e in changes]
    differences = _divided_differences(functions, w, count)
    if not changes:
        return ((v * differences[..., None, :]) @ np.swapaxes(v, -1, -2)).astype(float_type(x))
    letters = "abcdefgh"[: count + 1]
    terms = ",".join("..." + letters[i : i + 2] for i in range(count))
    inside = sum(
        np.einsum(f"...{letters},{terms}->...{letters[0]}{letters[-1]}", differences, *order, optimize=True)
        for order in itertools.permutations(turned)
    )
    return (v @ inside @ np.swapaxes(v, -1, -2)).astype(float_type(x))


def _symmetric(x: Any) -> Any:
    x = x.astype(float)
    return (x + np.swapaxes(x, -1, -2)) / 2


def _of_eigenvalues(f: Callable[[Any], Any], w: Any) -> Any:
    values = f(w)
    if hasattr(values, "_apply_op"):
        raise OpError(
            f"funm_symmetric: f gives a Value {named(values)}: f works on plain eigenvalues, and what else it uses "
            f"would have no gradient; take eigh apart instead"
        )
    return np.broadcast_to(np.asarray(values, float), w.shape)


def _divided_differences(functions: tuple[Any, ...], w: Any, count: int) -> Any:
    """f[w_i, w_j, ...] for all choices of count + 1 eigenvalues, which are ascending.

    (f[b, .., c] - f[a, .., b]) / (c - a) loses digits where the points are close. There the derivative over the
    simplex of the points takes over, by a rule exact for quadratics: where it agrees with the quotient to within the
    rounding error of that, so that it is never used between points that are far apart.
    """
    eps, n = np.finfo(float).eps, w.shape[-1]
    values = _of_eigenvalues(functions[0], w)
    errors = eps * np.abs(values)
    for order in range(1, count + 1):
        places = np.sort(np.indices((n,) * (order + 1)).reshape(order + 1, -1), axis=0)
        low, high = (..., *places[:-1]), (..., *places[1:])
        points = w[..., places]
        derivative = _of_eigenvalues(functions[order], w)[..., places] / math.factorial(order)
        centre = _of_eigenvalues(functions[order], points.mean(axis=-2)) / math.factorial(order)
        corners = derivative.mean(axis=-2)
        mean = ((order + 1) * centre + corners) / (order + 2)
        with np.errstate(all="ignore"):
            spread = points[..., -1, :] - points[..., 0, :]
            quotient = (values[high] - values[low]) / spread
            rounding = errors[high] + errors[low] + eps * (np.abs(values[high]) + np.abs(values[low]))
            rounding = rounding / spread
            near = (spread == 0) | (np.abs(mean - quotient) <= 8 * rounding)
            known = np.fmin(8 * rounding, np.abs(corners - centre)) + eps * np.abs(mean)
        shape = (*w.shape[:-1], *(n,) * (order + 1))
        values = np.where(near, mean, quotient).reshape(shape)
        errors = np.where(near, known, rounding).reshape(shape)
    return values


def funm_symmetric(x: Array, f: Callable[[Any], Any], *derivatives: Callable[[Any], Any]) -> Array:
    """A function of a symmetric matrix, by its eigenvalues; with derivatives where these are equal, too.

    z = V diag(f(w)) V^T, where (x + x^T) / 2 = V diag(w) V^T

    Args:
        x: value of shape (..., n, n); its symmetric part is meant.
        f: function of an array of eigenvalues, in plain NumPy.
        derivatives: those of f, one per order of differentiation: f' for a gradient, f'' too for a Hessian. Each is a
            function of an array, in plain NumPy. There may be four.

    Raises:
        ShapeError: x is not square.
        OpError: f gives a Value.
        GradientError: while differentiating: a derivative of f that is needed was not given.

    Source: Daleckii and Krein (1965); Higham (2008), "Functions of Matrices", theorem 3.11.

    >>> funm_symmetric(np.diag([4.0, 9.0]), np.sqrt, lambda w: 0.5 / np.sqrt(w))
    array([[2., 0.],
           [0., 3.]])
    """
    return symmetric_function(square("funm_symmetric", x), functions=(f, *derivatives))
