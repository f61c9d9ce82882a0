"""The table, linear algebra: products, solutions, decompositions, norms; batched over leading axes as NumPy's are.

A function that can fail looks at its arguments first, and then calls the op behind it, which has NumPy's forward and
the derivative rules: `inv` calls the op `inverse`, `eigh` the op `eigenpairs`. An op has one output, so a decomposition
is packed, its numbers as the first row and its vectors below, and the function takes it apart.

The rules for matrices are from Giles (2008), "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation", doi:10.1007/978-3-540-68942-3_4, unless they name another source. In a rule the
derivative of an inverse that does not exist is nan, which meets no gradient as zero: `where(ok, slogdet(x)[1], 0)`.
"""

from __future__ import annotations

import builtins
import itertools
import math
import string
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd.arrays import float_type
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, ground, is_quiet, multilinear, named, primitive, shape_of, times
from micrograd.ops.arithmetic import (
    absolute,
    divide,
    equal,
    greater,
    isfinite,
    isnan,
    logical_and,
    multiply,
    stop_gradient,
    where,
)
from micrograd.ops.cofactors import cofactor
from micrograd.ops.diagonals import diagonal, tril
from micrograd.ops.einsum import contract, operand
from micrograd.ops.functions import raise_to
from micrograd.ops.indexing import getitem
from micrograd.ops.joining import concatenate
from micrograd.ops.lengths import euclidean_norm
from micrograd.ops.matrices import answered as _answered
from micrograd.ops.matrices import axis_of as _axis
from micrograd.ops.matrices import matrix as _matrix
from micrograd.ops.matrices import not_finite as _not_finite
from micrograd.ops.matrices import square as _square
from micrograd.ops.reductions import max, min, sum
from micrograd.ops.shapes import expand_dims, reshape, sum_to, transpose

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = [
    "cholesky",
    "cholesky_factor",
    "cross",
    "det",
    "determinant",
    "determinant_sign",
    "dot",
    "eigenpairs",
    "eigh",
    "eigvalsh",
    "inner",
    "inv",
    "inverse",
    "kron",
    "log_determinant",
    "lstsq",
    "matmul",
    "matrix_power",
    "multi_dot",
    "norm",
    "orthogonal_factors",
    "outer",
    "pinv",
    "pseudoinverse",
    "qr",
    "singular_triplets",
    "slogdet",
    "solution",
    "solve",
    "svd",
    "svdvals",
    "swap_last",
    "tensordot",
    "trace",
    "vdot",
]


# Why a matrix has no answer


def _singular(x: Any) -> str:
    try:
        np.linalg.inv(x)
    except np.linalg.LinAlgError:
        return (
            f"is singular: of rank {np.linalg.matrix_rank(x)}, not {len(x)}; "
            f"take lstsq or pinv, or add a multiple of the identity"
        )
    return ""


def _not_positive(x: Any) -> str:
    x = (x + x.T) / 2
    for k in range(1, len(x) + 1):
        try:
            np.linalg.cholesky(x[:k, :k])
        except np.linalg.LinAlgError:
            return f"is not positive definite: its leading minor of order {k} is not; add a multiple of the identity?"
    return ""


def _defined(f: Callable[..., Any], *matrices: Any) -> Any:
    """f of batches of matrices; within derivatives, nan for each matrix for which it has no answer."""
    try:
        return f(*matrices)
    except np.linalg.LinAlgError:
        if not is_quiet():
            raise
    batch = np.broadcast_shapes(*[x.shape[:-2] for x in matrices])
    matrices = tuple(np.broadcast_to(x, batch + x.shape[-2:]) for x in matrices)
    z = np.full(matrices[-1].shape, np.nan, np.result_type(*matrices))
    for place in np.ndindex(batch):
        try:
            z[place] = f(*[x[place] for x in matrices])
        except np.linalg.LinAlgError:
            continue
    return z


# Words of the rules


def swap_last(x: Array) -> Array:
    """The last two axes exchanged: the transpose of each matrix in a batch.

    >>> swap_last(np.ones((5, 2, 3))).shape
    (5, 3, 2)
    """
    ndim = len(shape_of(x))
    return transpose(x) if ndim == 2 else transpose(x, axes=(*range(ndim - 2), ndim - 1, ndim - 2))


def _symmetric(x: Array) -> Array:
    return 0.5 * (x + swap_last(x))


def _from_triangle(name: str, x: Array, uplo: Any) -> Array:
    """The symmetric matrix that has this triangle of x, "L" or "U": what NumPy, which reads no more, takes x for."""
    if uplo not in ("L", "U", "l", "u"):
        raise ArgumentError(f"{name}: UPLO={uplo!r} of {named(x)}: 'L' reads the lower triangle, 'U' the upper")
    x = swap_last(x) if uplo in ("U", "u") else x
    return tril(x) + swap_last(tril(x, k=-1))


def _eye(x: Array) -> Any:
    return np.eye(shape_of(x)[-1], dtype=bool)


def _on_diagonal(w: Array, x: Array) -> Array:
    """Matrix x with w for its diagonal."""
    return where(_eye(x), w[..., None, :], x)


def _diagonal_of(x: Array) -> Array:
    return diagonal(x, axis1=-2, axis2=-1)


def _per_matrix(g: Array) -> Array:
    """One number per matrix, so that it multiplies the matrix."""
    return reshape(g, shape=(*shape_of(g), 1, 1))


def _rows(*blocks: Array) -> Array:
    """Matrices of equally many columns, one below the other."""
    return concatenate(blocks, axis=-2)


# Products


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


def _as_matrices(g: Array, x: Array, y: Array) -> tuple[Array, Array, Array]:
    """Output cotangent and both inputs with two axes at least: vectors become a row, a column."""
    if len(shape_of(x)) == 1:
        x, g = expand_dims(x, axis=0), expand_dims(g, axis=-2 if len(shape_of(y)) > 1 else -1)
    if len(shape_of(y)) == 1:
        y, g = expand_dims(y, axis=-1), expand_dims(g, axis=-1)
    return g, x, y


def _matmul_left(g: Array, x: Array, y: Array) -> Array:
    if len(shape_of(x)) == len(shape_of(y)) == 2:
        return matmul(g, transpose(y))
    g2, x2, y2 = _as_matrices(g, x, y)
    return reshape(sum_to(matmul(g2, swap_last(y2)), shape_of(x2)), shape=shape_of(x))


def _matmul_right(g: Array, x: Array, y: Array) -> Array:
    if len(shape_of(x)) == len(shape_of(y)) == 2:
        return matmul(transpose(x), g)
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


def dot(x: Array, y: Array) -> Array:
    """Product by NumPy's oldest rule: of numbers, vectors, matrices; no batches, see `matmul`.

    z[..., a] = sum_k x[..., k] y[a..., k, b...]: the last axis of x against the last but one of y, or its only one

    Args:
        x: value of any shape.
        y: value of any shape; with a number on either side it is the elementwise product.

    Raises:
        ShapeError: the sizes of the two axes differ.

    >>> float(dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0
    """
    x, y = operand("dot", x), operand("dot", y)
    if not shape_of(x) or not shape_of(y):
        return multiply(x, y)
    axes = [len(shape_of(x)) - 1], [len(shape_of(y)) - 2 if len(shape_of(y)) > 1 else 0]
    _check_sizes("dot", x, y, *axes)
    return matmul(x, y) if len(shape_of(y)) < 3 else _summed_over(x, y, *axes)


def inner(x: Array, y: Array) -> Array:
    """Products of the vectors along the last axes, each of x with each of y.

    z[a..., b...] = sum_k x[a..., k] y[b..., k]

    Args:
        x: value of shape (..., n); with a number on either side it is the elementwise product.
        y: value of shape (..., n).

    Raises:
        ShapeError: the sizes of the last axes differ.

    >>> float(inner(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0
    """
    x, y = operand("inner", x), operand("inner", y)
    if not shape_of(x) or not shape_of(y):
        return multiply(x, y)
    axes = [len(shape_of(x)) - 1], [len(shape_of(y)) - 1]
    _check_sizes("inner", x, y, *axes)
    return _summed_over(x, y, *axes)


def vdot(x: Array, y: Array) -> Array:
    """Product of all elements of x with those of y, in order, and their sum.

    z = sum_k x_k y_k

    Args:
        x: value of any shape.
        y: value of as many elements.

    Raises:
        ShapeError: the numbers of elements differ.

    >>> float(vdot(np.eye(2), np.ones((2, 2))))
    2.0
    """
    x, y = operand("vdot", x), operand("vdot", y)
    if math.prod(shape_of(x)) != math.prod(shape_of(y)):
        raise ShapeError(f"vdot: {named(x)} and {named(y)} differ in their number of elements; give equally many")
    return matmul(reshape(x, shape=(-1,)), reshape(y, shape=(-1,)))


def outer(x: Array, y: Array) -> Array:
    """All products of an element of x with one of y, both laid out flat.

    z_ij = x_i y_j

    Args:
        x: value of n elements.
        y: value of m elements.

    Returns:
        Value of shape (n, m).

    >>> outer(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([[3., 4.],
           [6., 8.]])
    """
    return multiply(reshape(operand("outer", x), shape=(-1, 1)), reshape(operand("outer", y), shape=(1, -1)))


def tensordot(x: Array, y: Array, *, axes: Any = 2) -> Array:
    """Sum of products over chosen axes of both; what is left of x stands before what is left of y.

    Args:
        x: value of any shape.
        y: value of any shape.
        axes: how many, the last of x against the first of y; or a pair: the axes of x, and as many of y.

    Raises:
        ShapeError: an axis does not exist, or sizes that meet differ.

    >>> tensordot(np.ones((2, 3, 4)), np.ones((4, 3, 5)), axes=([1, 2], [1, 0])).shape
    (2, 5)
    """
    x, y = operand("tensordot", x), operand("tensordot", y)
    if isinstance(axes, Integral):
        left, right = [*range(-int(axes), 0)], [*range(int(axes))]
    else:
        left, right = ([a] if isinstance(a, Integral) else [*a] for a in axes)
    left, right = [_axis("tensordot", x, a) for a in left], [_axis("tensordot", y, a) for a in right]
    _check_sizes("tensordot", x, y, left, right)
    return _summed_over(x, y, left, right)


def _check_sizes(name: str, x: Array, y: Array, left: Sequence[int], right: Sequence[int]) -> None:
    sizes = [shape_of(x)[a] for a in left], [shape_of(y)[a] for a in right]
    if sizes[0] != sizes[1] or len({*left}) < len(left) or len({*right}) < len(right):
        raise ShapeError(
            f"{name}: {named(x)} and {named(y)}: axes {[*left]} of sizes {sizes[0]} meet axes {[*right]} "
            f"of sizes {sizes[1]}; name as many of both, each once, of equal sizes"
        )


def _summed_over(x: Array, y: Array, left: Sequence[int], right: Sequence[int]) -> Array:
    """The sum of products over axes left of x and right of y."""
    count = len(shape_of(x))
    xs = string.ascii_letters[:count]
    ys = [*string.ascii_letters[count : count + len(shape_of(y))]]
    for a, b in zip(left, right, strict=True):
        ys[b] = xs[a]
    kept = [a for a in xs if a not in ys] + [b for b in ys if b not in xs]
    return contract(x, y, subscripts=f"{xs},{''.join(ys)}->{''.join(kept)}")


def kron(x: Array, y: Array) -> Array:
    """Kronecker product: every element of x times all of y, as a block.

    z[p i + k, q j + l] = x_ij y_kl, where y has p rows and q columns

    Args:
        x: value of any shape.
        y: value of any shape; the one of fewer axes gets leading axes of length 1.

    >>> kron(np.eye(2), np.array([[1.0, 2.0]]))
    array([[1., 2., 0., 0.],
           [0., 0., 1., 2.]])
    """
    x, y = operand("kron", x), operand("kron", y)
    ndim = builtins.max(len(shape_of(x)), len(shape_of(y)))
    a, b = ((1,) * (ndim - len(s)) + s for s in (shape_of(x), shape_of(y)))
    x = reshape(x, shape=tuple(n for size in a for n in (size, 1)))
    y = reshape(y, shape=tuple(n for size in b for n in (1, size)))
    return reshape(multiply(x, y), shape=tuple(n * m for n, m in zip(a, b, strict=True)))


def multi_dot(arrays: Sequence[Array]) -> Array:
    """Product of several matrices, in the order of multiplications that costs least.

    z = x_1 x_2 ... x_n

    Args:
        arrays: two or more matrices; the first may be a row, the last a column, of one axis.

    Raises:
        ShapeError: there are fewer than two, one is no matrix, or inner sizes differ.

    >>> multi_dot([np.ones((2, 9)), np.ones((9, 9)), np.ones((9, 3))]).shape
    (2, 3)
    """
    xs = [operand("multi_dot", x) for x in arrays]
    first, last = 0, len(xs) - 1
    if len(xs) < 2 or any(
        len(shape_of(x)) != 2 and (len(shape_of(x)), i) not in ((1, first), (1, last)) for i, x in enumerate(xs)
    ):
        given = ", ".join(named(x) for x in xs) or "nothing"
        raise ShapeError(f"multi_dot: {given}: give two matrices at least; only the first and the last may be vectors")
    for x, y in itertools.pairwise(xs):
        if shape_of(x)[-1] != shape_of(y)[0]:
            raise ShapeError(f"multi_dot: {named(x)} meets {named(y)}: inner sizes differ; transpose one of them?")
    terms = [string.ascii_letters[i : i + 2] for i in range(len(xs))]
    terms[first] = terms[first][-len(shape_of(xs[first])) :]
    terms[last] = terms[last][: len(shape_of(xs[last]))]
    ends = terms[first][:-1] + terms[last][1:]
    return contract(*xs, subscripts=f"{','.join(terms)}->{ends}")


def cross(x: Array, y: Array, *, axis: int | None = -1) -> Array:
    """Vector product in three dimensions.

    z_0 = x_1 y_2 - x_2 y_1, and so on around

    Args:
        x: value with an axis of length 3.
        y: another; the other axes broadcast.
        axis: the axis of the three coordinates, in both; None, as in NumPy, is the last.

    Raises:
        ShapeError: that axis has another length, or the others do not broadcast.

    >>> cross(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    array([0., 0., 1.])
    """
    x, y, axis = operand("cross", x), operand("cross", y), -1 if axis is None else axis
    for v in (x, y):
        if shape_of(v)[_axis("cross", v, axis)] != 3:
            raise ShapeError(f"cross: {named(x)} and {named(y)}: axis {axis} must have length 3 in both")
    x1, x2 = _turned(x, axis, [1, 2, 0]), _turned(x, axis, [2, 0, 1])
    y1, y2 = _turned(y, axis, [1, 2, 0]), _turned(y, axis, [2, 0, 1])
    return x1 * y2 - x2 * y1


def _turned(x: Array, axis: int, order: list[int]) -> Array:
    return getitem(x, index=(slice(None),) * _axis("cross", x, axis) + (order,))


def matrix_power(x: Array, n: int) -> Array:
    """Matrix times itself, by repeated squaring.

    z = x^n; for negative n the inverse of x to the power -n

    Args:
        x: value of shape (..., m, m).
        n: an integer.

    Raises:
        ArgumentError: n is no integer.
        DomainError: n is negative and x singular.
        ShapeError: x is not square.

    >>> matrix_power(np.array([[1.0, 1.0], [0.0, 1.0]]), 5)
    array([[1., 5.],
           [0., 1.]])
    """
    x = _square("matrix_power", x)
    if not isinstance(n, Integral):
        raise ArgumentError(f"matrix_power: exponent {n!r} of {named(x)}: give an integer")
    if n < 0:
        x, n = _answered("matrix_power", inverse, _singular, x), -n
    if n == 0:
        return where(np.ones(shape_of(x), bool), np.eye(shape_of(x)[-1], dtype=getattr(x, "dtype", None)), x)
    z = None
    while n:
        if n % 2:
            z = x if z is None else matmul(z, x)
        n //= 2
        x = matmul(x, x) if n else x
    return z


def trace(x: Array, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """Sum of a diagonal.

    z = sum_i x_(i, i + offset)

    Args:
        x: value of two axes at least.
        offset: which diagonal, counted upwards from the main one.
        axis1: the axis of rows.
        axis2: the axis of columns.

    Returns:
        Value without these two axes.

    Raises:
        ShapeError: an axis does not exist, or the two are one.

    >>> float(trace(np.eye(3)))
    3.0
    """
    x = _matrix("trace", x)
    first, second = _axis("trace", x, axis1), _axis("trace", x, axis2)
    if first == second:
        raise ShapeError(f"trace: axes {axis1} and {axis2} of {named(x)} are one; name two")
    return sum(diagonal(x, offset=offset, axis1=first, axis2=second), axis=-1)


# Inverses and determinants


@primitive(
    "inv",
    vjp=[lambda g, z, x: -swap_last(z) @ g @ swap_last(z)],
    jvp=[lambda t, z, x: -z @ t @ z],
    shape=lambda x: shape_of(_square("inv", x)),
)
def inverse(x: Array) -> Array:
    """The op behind `inv`.

    >>> inverse(np.array([[2.0]]))
    array([[0.5]])
    """
    return _defined(np.linalg.inv, x)


def inv(x: Array) -> Array:
    """Inverse of a matrix.

    z x = identity

    Args:
        x: value of shape (..., n, n).

    Raises:
        DomainError: a matrix is singular.
        ShapeError: x is not square.

    >>> inv(np.array([[0.0, 2.0], [4.0, 0.0]]))
    array([[0.  , 0.25],
           [0.5 , 0.  ]])
    """
    return _answered("inv", inverse, _singular, _square("inv", x))


def _solution_shape(a: Array, b: Array) -> tuple[int, ...]:
    """Of a x = b, for a square and b of equally many rows."""
    if len(shape_of(b)) < 2 or shape_of(a)[-1] != shape_of(b)[-2]:
        raise ShapeError(f"solve: {named(a)} x = {named(b)}: sizes differ; b needs as many rows as a")
    try:
        batch = np.broadcast_shapes(shape_of(a)[:-2], shape_of(b)[:-2])
    except ValueError:
        raise ShapeError(
            f"solve: {named(a)} x = {named(b)}: batch axes do not broadcast; sizes must be equal or 1"
        ) from None
    return (*batch, *shape_of(b)[-2:])


@primitive(
    "solve",
    vjp=[
        lambda g, z, a, b: sum_to(-solution(swap_last(a), g) @ swap_last(z), shape_of(a)),
        lambda g, z, a, b: sum_to(solution(swap_last(a), g), shape_of(b)),
    ],
    jvp=[
        lambda t, z, a, b: -solution(a, t @ z),
        lambda t, z, a, b: solution(a, t),
    ],
    shape=_solution_shape,
)
def solution(a: Array, b: Array) -> Array:
    """The op behind `solve`, b a matrix.

    >>> solution(np.array([[2.0]]), np.array([[3.0]]))
    array([[1.5]])
    """
    return _defined(np.linalg.solve, a, b)


def solve(a: Array, b: Array) -> Array:
    """Solution of a system of linear equations.

    a z = b

    Args:
        a: value of shape (..., n, n).
        b: value of shape (n,), one right-hand side; or (..., n, k), k of them.

    Returns:
        Value of shape (..., n) for one right-hand side, (..., n, k) for k.

    Raises:
        DomainError: a matrix is singular.
        ShapeError: a is not square, or b has another number of rows.

    >>> solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([1.0, 1.0]))
    array([0.5 , 0.25])
    """
    a, b = _square("solve", a), operand("solve", b)
    if shape_of(b)[-2:][:1] != shape_of(a)[-1:]:
        raise ShapeError(f"solve: {named(a)} x = {named(b)}: sizes differ; b needs as many rows as a")
    if len(shape_of(b)) > 1:
        _solution_shape(a, b)
        return _answered("solve", solution, _singular, a, b)
    return _answered("solve", solution, _singular, a, expand_dims(b, axis=-1))[..., 0]


@primitive(
    "det",
    vjp=[lambda g, z, x: _per_matrix(g) * cofactor(x)],
    jvp=[lambda t, z, x: sum(t * cofactor(x), axis=(-2, -1))],
    shape=lambda x: shape_of(_square("det", x))[:-2],
)
def determinant(x: Array) -> Array:
    """The op behind `det`.

    >>> round(float(determinant(2.0 * np.eye(3))), 9)
    8.0
    """
    return np.linalg.det(x)


def det(x: Array) -> Array:
    """Determinant of a matrix. Its gradient, the cofactors, is finite where x is singular too.

    Args:
        x: value of shape (..., n, n).

    Returns:
        Value of shape (...).

    Raises:
        ShapeError: x is not square.

    >>> round(float(det(np.array([[1.0, 2.0], [3.0, 4.0]]))), 9)
    -2.0
    """
    return determinant(_square("det", x))


@primitive("sign det", vjp=[None], jvp=[None], shape=lambda x: shape_of(_square("slogdet", x))[:-2], kink="no gradient")
def determinant_sign(x: Array) -> Array:
    """The sign of the determinant: -1, 0 or 1; plain data.

    >>> float(determinant_sign(-np.eye(3)))
    -1.0
    """
    return np.linalg.slogdet(x)[0]


determinant_sign.differentiable = False


@primitive(
    "log |det|",
    vjp=[lambda g, z, x: times(_per_matrix(g), swap_last(inverse(x)))],
    jvp=[lambda t, z, x: sum(times(t, swap_last(inverse(x))), axis=(-2, -1))],
    shape=lambda x: shape_of(_square("slogdet", x))[:-2],
)
def log_determinant(x: Array) -> Array:
    """Logarithm of the absolute determinant, without overflow; -inf where x is singular.

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
        The pair (sign, logabsdet), each of shape (...); the sign is plain data, without gradient.

    Raises:
        ShapeError: x is not square.

    >>> sign, logabsdet = slogdet(np.diag([-2.0, 0.5]))
    >>> float(sign), float(logabsdet)
    (-1.0, 0.0)
    """
    x = _square("slogdet", x)
    return SlogdetResult(determinant_sign(x), log_determinant(x))


# Decompositions


def _halved(x: Array) -> Array:
    """The lower triangle, its diagonal halved."""
    return tril(where(_eye(x), 0.5 * x, x))


def _cholesky_pull(g: Array, z: Array, x: Array) -> Array:
    h = swap_last(z)
    half = solution(h, _halved(h @ g))
    return _symmetric(swap_last(solution(h, swap_last(half))))


def _cholesky_push(t: Array, z: Array, x: Array) -> Array:
    half = solution(z, _symmetric(t))
    return z @ _halved(swap_last(solution(z, swap_last(half))))


@primitive("cholesky", vjp=[_cholesky_pull], jvp=[_cholesky_push], shape=lambda x: shape_of(_square("cholesky", x)))
def cholesky_factor(x: Array) -> Array:
    """The op behind `cholesky`: the lower factor of the symmetric part of x.

    Source of the rules: Murray (2016), arXiv:1602.07527, equations 8 and 9.

    >>> cholesky_factor(np.array([[4.0]]))
    array([[2.]])
    """
    return np.linalg.cholesky(_symmetric(x))


def cholesky(x: Array, *, upper: bool = False) -> Array:
    """Triangular square root of a symmetric positive definite matrix.

    z z^T = x. One triangle of x is read alone, as in NumPy, and has the gradient: the lower one, and with `upper` the
    upper one.

    Args:
        x: value of shape (..., n, n).
        upper: return z^T, upper triangular, instead.

    Raises:
        DomainError: a matrix is not positive definite.
        ShapeError: x is not square.

    >>> cholesky(np.array([[4.0, 2.0], [2.0, 5.0]]))
    array([[2., 0.],
           [1., 2.]])
    """
    x = _square("cholesky", x)
    whole = _from_triangle("cholesky", x, "U" if upper else "L")
    z = _answered("cholesky", cholesky_factor, _not_positive, whole, asked=x)
    return swap_last(z) if upper else z


def _gaps(w: Array, scale: Array = None) -> Array:
    """h_ij = 1 / (w_j - w_i), times scale; 0 on the diagonal, infinite where two are equal."""
    gap = w[..., None, :] - w[..., :, None]
    gap = gap if scale is None else gap * scale
    return where(_eye(gap), 0.0, 1.0 / where(_eye(gap), 1.0, gap))


def _where_used(g: Array, part: Array) -> Array:
    """part, but 0 in each column in which cotangent g is 0 throughout, as no gradient is no gradient.

    So eigenvalues have a gradient where they are equal, which eigenvectors have not. A product that happens to be 0
    there does not count as none: zero times infinity may hide any number.
    """
    count = sum(where(equal(g, 0.0), 0.0, 1.0), axis=-2, keepdims=True)
    return where(greater(count, 0.0), part, 0.0)


def _eigen_parts(z: Array) -> tuple[Array, Array]:
    return z[..., 0, :], z[..., 1:, :]


def _eigen_pull(g: Array, z: Array, x: Array) -> Array:
    (gw, gv), (w, v) = _eigen_parts(g), _eigen_parts(z)
    inside = _where_used(gv, _gaps(w) * (swap_last(v) @ gv))
    return _symmetric(v @ _on_diagonal(gw, inside) @ swap_last(v))


def _eigen_push(t: Array, z: Array, x: Array) -> Array:
    w, v = _eigen_parts(z)
    inside = swap_last(v) @ _symmetric(t) @ v
    return _rows(_diagonal_of(inside)[..., None, :], v @ (_gaps(w) * inside))


def _eigen_shape(x: Array) -> tuple[int, ...]:
    *batch, n, _ = shape_of(_square("eigh", x))
    return (*batch, n + 1, n)


@primitive("eigh", vjp=[_eigen_pull], jvp=[_eigen_push], shape=_eigen_shape, kink="eigenvectors of equal eigenvalues")
def eigenpairs(x: Array) -> Array:
    """The op behind `eigh`: the eigenvalues of the symmetric part of x as the first row, the eigenvectors below.

    >>> eigenpairs(np.diag([3.0, 4.0]))
    array([[3., 4.],
           [1., 0.],
           [0., 1.]])
    """
    w, v = np.linalg.eigh(_symmetric(x))
    return np.concatenate([w[..., None, :], v], axis=-2)


class EighResult(NamedTuple):
    """What `eigh` returns."""

    eigenvalues: Any
    eigenvectors: Any


def eigh(x: Array, *, UPLO: str = "L") -> EighResult:
    """Eigenvalues and eigenvectors of a symmetric matrix.

    x = V diag(w) V^T. One triangle of x is read alone, as in NumPy, and has the gradient. The gradient of w is finite
    always; that of V is not where two eigenvalues are equal. The sign of an eigenvector is arbitrary: a gradient has a
    meaning for functions that do not depend on it.

    Args:
        x: value of shape (..., n, n).
        UPLO: the triangle that is read: "L", the lower one, or "U", the upper one.

    Returns:
        The pair (eigenvalues, eigenvectors): w of shape (..., n), ascending, and V of shape (..., n, n), in columns.

    Raises:
        ArgumentError: UPLO is neither.
        DomainError: LAPACK gives up, as it may where a matrix holds nan or inf.
        ShapeError: x is not square.

    >>> w, v = eigh(np.array([[2.0, 1.0], [1.0, 2.0]]))
    >>> w
    array([1., 3.])
    """
    x = _square("eigh", x)
    return EighResult(
        *_eigen_parts(_answered("eigh", eigenpairs, _not_finite, _from_triangle("eigh", x, UPLO), asked=x))
    )


def eigvalsh(x: Array, *, UPLO: str = "L") -> Array:
    """Eigenvalues of a symmetric matrix, as `eigh` gives them.

    Args:
        x: value of shape (..., n, n).
        UPLO: the triangle that is read: "L", the lower one, or "U", the upper one.

    Returns:
        Value of shape (..., n), ascending.

    Raises:
        ArgumentError: UPLO is neither.
        DomainError: LAPACK gives up, as it may where a matrix holds nan or inf.
        ShapeError: x is not square.

    >>> eigvalsh(np.array([[2.0, 1.0], [1.0, 2.0]]))
    array([1., 3.])
    """
    x = _square("eigvalsh", x)
    return _answered("eigvalsh", eigenpairs, _not_finite, _from_triangle("eigvalsh", x, UPLO), asked=x)[..., 0, :]


def _singular_parts(z: Array, x: Array) -> tuple[Array, Array, Array]:
    """The numbers s, and U and V below them, their vectors in columns."""
    rows = shape_of(x)[-2]
    return z[..., 0, :], z[..., 1 : rows + 1, :], z[..., rows + 1 :, :]


def _singular_gaps(s: Array) -> Array:
    """h_ij = 1 / (s_j^2 - s_i^2), 0 on the diagonal."""
    return _gaps(s, scale=s[..., None, :] + s[..., :, None])


def _outside(u: Array, y: Array) -> Array:
    """The part of y outside the columns of u."""
    return y - u @ (swap_last(u) @ y)


def _singular_pull(g: Array, z: Array, x: Array) -> Array:
    (s, u, v), (gs, gu, gv) = _singular_parts(z, x), _singular_parts(g, x)
    rows, columns = shape_of(x)[-2:]
    h, row = _singular_gaps(s), s[..., None, :]
    p, q = _where_used(gu, h * (swap_last(u) @ gu)), _where_used(gv, h * (swap_last(v) @ gv))
    inside = (p + swap_last(p)) * row + swap_last(row) * (q + swap_last(q))
    pulled = u @ _on_diagonal(gs, inside) @ swap_last(v)
    if rows > columns:  # else the columns of u span everything, and 0 / s would be nan where s is 0
        pulled = pulled + _where_used(gu, _outside(u, gu) / row) @ swap_last(v)
    if columns > rows:
        pulled = pulled + u @ swap_last(_where_used(gv, _outside(v, gv) / row))
    return pulled


def _singular_push(t: Array, z: Array, x: Array) -> Array:
    s, u, v = _singular_parts(z, x)
    rows, columns = shape_of(x)[-2:]
    h, row = _singular_gaps(s), s[..., None, :]
    p = swap_last(u) @ t @ v
    tu = u @ (h * (p * row + swap_last(p * row)))
    tv = v @ (h * (swap_last(row) * p + swap_last(swap_last(row) * p)))
    if rows > columns:
        tu = tu + _outside(u, t @ v) / row
    if columns > rows:
        tv = tv + _outside(v, swap_last(t) @ u) / row
    return _rows(_diagonal_of(p)[..., None, :], tu, tv)


def _singular_shape(x: Array) -> tuple[int, ...]:
    *batch, rows, columns = shape_of(_matrix("svd", x))
    return (*batch, 1 + rows + columns, builtins.min(rows, columns))


@primitive(
    "svd",
    vjp=[_singular_pull],
    jvp=[_singular_push],
    shape=_singular_shape,
    kink="singular vectors of equal singular values, or of 0",
)
def singular_triplets(x: Array) -> Array:
    """The op behind `svd`: the singular values as the first row; below, the left and then the right vectors.

    Source of the rules: Townsend (2016), "Differentiating the singular value decomposition".

    >>> singular_triplets(np.array([[2.0]])) ** 2
    array([[4.],
           [1.],
           [1.]])
    """
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return np.concatenate([s[..., None, :], u, swap_last(vh)], axis=-2)


class SVDResult(NamedTuple):
    """What `svd` returns: x = U diag(S) Vh."""

    U: Any
    S: Any
    Vh: Any


def svd(x: Array, *, full_matrices: bool = False, compute_uv: bool = True) -> Any:
    """Singular values and vectors of a matrix, in the thin form, k = min(m, n).

    x = U diag(S) Vh. The gradient of S is finite where values are equal; that of U and Vh is not, nor where one is 0.
    The sign of a pair of vectors is arbitrary: a gradient has a meaning for functions that do not depend on it.

    Args:
        x: value of shape (..., m, n).
        full_matrices: True, NumPy's default, is possible for square x only: the further vectors are not determined.
        compute_uv: False returns S alone.

    Returns:
        The triple (U, S, Vh), of shapes (..., m, k), (..., k), (..., k, n); S is descending.

    Raises:
        ArgumentError: full_matrices is asked for where x is not square.
        DomainError: a matrix holds nan or inf.
        ShapeError: x has fewer than two axes.

    >>> u, s, vh = svd(np.array([[0.0, 2.0], [1.0, 0.0], [0.0, 0.0]]))
    >>> s
    array([2., 1.])
    """
    x = _matrix("svd", x)
    if full_matrices and compute_uv and shape_of(x)[-1] != shape_of(x)[-2]:
        raise ArgumentError(
            f"svd: {named(x)} is not square, and vectors beyond the thin form have no derivative; "
            f"pass full_matrices=False"
        )
    s, u, v = _singular_parts(_answered("svd", singular_triplets, _not_finite, x), x)
    return SVDResult(u, s, swap_last(v)) if compute_uv else s


def svdvals(x: Array) -> Array:
    """Singular values of a matrix, descending.

    Args:
        x: value of shape (..., m, n).

    Raises:
        DomainError: a matrix holds nan or inf.
        ShapeError: x has fewer than two axes.

    >>> svdvals(np.diag([3.0, -4.0]))
    array([4., 3.])
    """
    x = _matrix("svdvals", x)
    return _answered("svdvals", singular_triplets, _not_finite, x)[..., 0, :]


def _factors(z: Array, x: Array) -> tuple[Array, Array]:
    rows = shape_of(x)[-2]
    return z[..., :rows, :], z[..., rows:, :]


def _orthogonal_pull(g: Array, z: Array, x: Array) -> Array:
    (q, r), (gq, gr) = _factors(z, x), _factors(g, x)
    m = r @ swap_last(gr) - swap_last(gq) @ q
    low = tril(m, k=-1)
    m = low + swap_last(low) + where(_eye(m), m, 0.0)
    return swap_last(solution(r, swap_last(gq + q @ m)))


def _orthogonal_push(t: Array, z: Array, x: Array) -> Array:
    q, r = _factors(z, x)
    c = swap_last(solution(swap_last(r), swap_last(t)))
    p = swap_last(q) @ c
    low = tril(p, k=-1)
    turn = low - swap_last(low)
    return _rows(c + q @ (turn - p), (p - turn) @ r)


def _orthogonal_shape(x: Array) -> tuple[int, ...]:
    *batch, rows, columns = shape_of(_matrix("qr", x))
    if rows < columns:
        raise ShapeError(f"orthogonal_factors: {named(x)} has more columns than rows; qr splits it first")
    return (*batch, rows + columns, columns)


@primitive("qr", vjp=[_orthogonal_pull], jvp=[_orthogonal_push], shape=_orthogonal_shape)
def orthogonal_factors(x: Array) -> Array:
    """The op behind `qr`, for as many rows as columns at least: Q, and R below.

    Source of the rules: Seeger et al. (2017), arXiv:1710.08717, section 4.3, there for LQ.

    >>> abs(orthogonal_factors(np.array([[2.0]])))
    array([[1.],
           [2.]])
    """
    q, r = np.linalg.qr(x)
    return np.concatenate([q, r], axis=-2)


class QRResult(NamedTuple):
    """What `qr` returns: x = Q R."""

    Q: Any
    R: Any


def qr(x: Array, *, mode: str = "reduced") -> Any:
    """Orthogonal and triangular factor of a matrix, k = min(m, n). The first k columns must be independent.

    x = Q R, Q^T Q = identity

    Args:
        x: value of shape (..., m, n).
        mode: "reduced", or "r" for R alone.

    Returns:
        The pair (Q, R), of shapes (..., m, k) and (..., k, n).

    Raises:
        ArgumentError: the mode is another.
        ShapeError: x has fewer than two axes.

    >>> q, r = qr(np.array([[0.0, 2.0], [3.0, 0.0]]))
    >>> abs(r)
    array([[3., 0.],
           [0., 2.]])
    """
    x = _matrix("qr", x)
    if mode not in ("reduced", "r"):
        raise ArgumentError(f"qr: mode {mode!r} of {named(x)}: 'reduced' and 'r' have a derivative; choose one")
    rows, columns = shape_of(x)[-2:]
    tall = x[..., :rows] if rows < columns else x
    q, r = _factors(orthogonal_factors(tall), tall)
    if rows < columns:
        rest = swap_last(q) @ x[..., rows:]
        r = swap_last(_rows(swap_last(r), swap_last(rest)))
    return r if mode == "r" else QRResult(q, r)


def _pseudoinverse_pull(g: Array, z: Array, x: Array, *, rcond: Any = None) -> Array:
    h, p = swap_last(z), swap_last(g)
    beside, above = p - x @ (z @ p), p - (p @ z) @ x
    return -h @ g @ h + (beside @ z) @ h + h @ (z @ above)


def _pseudoinverse_push(t: Array, z: Array, x: Array, *, rcond: Any = None) -> Array:
    h, p = swap_last(z), swap_last(t)
    return -z @ t @ z + z @ (h @ (p - (p @ x) @ z)) + ((p - z @ (x @ p)) @ h) @ z


def _pseudoinverse_shape(x: Array, *, rcond: Any = None) -> tuple[int, ...]:
    *batch, rows, columns = shape_of(_matrix("pinv", x))
    return (*batch, columns, rows)


@primitive(
    "pinv",
    vjp=[_pseudoinverse_pull],
    jvp=[_pseudoinverse_push],
    shape=_pseudoinverse_shape,
    kink="where the rank changes, as if it did not",
)
def pseudoinverse(x: Array, *, rcond: Any = None) -> Array:
    """The op behind `pinv`.

    Source of the rules: Golub and Pereyra (1973), doi:10.1137/0710036, equation 4.12.

    >>> pseudoinverse(np.array([[2.0, 0.0]]))
    array([[0.5],
           [0. ]])
    """
    return np.linalg.pinv(x, rcond)


def pinv(x: Array, *, rcond: Any = None) -> Array:
    """Inverse in the sense of Moore and Penrose, of a matrix of any shape and rank.

    The gradient is that for changes which keep the rank.

    Args:
        x: value of shape (..., m, n).
        rcond: singular values below this, relative to the largest, count as 0; 1e-15 by default.

    Returns:
        Value of shape (..., n, m).

    Raises:
        DomainError: a matrix holds nan or inf.
        ShapeError: x has fewer than two axes.

    >>> pinv(np.array([[2.0], [0.0]]))
    array([[0.5, 0. ]])
    """
    return _answered("pinv", pseudoinverse, _not_finite, _matrix("pinv", x), rcond=rcond)


def lstsq(a: Array, b: Array, *, rcond: Any = None) -> tuple[Array, Any, Any, Any]:
    """Least-squares solution of linear equations; of several, the smallest.

    z = the shortest of those that make |a z - b| least

    Args:
        a: value of shape (m, n).
        b: value of shape (m,), or (m, k) for k right-hand sides.
        rcond: singular values of a below this, relative to the largest, count as 0; the rounding error of the dtype
            times max(m, n) by default.

    Returns:
        NumPy's four: z of shape (n,) or (n, k); the squared residuals, with a gradient, of shape (1,) or (k,) (none
        where a has not rank n or m <= n); and as plain data the rank of a, and its singular values.

    Raises:
        DomainError: a holds nan or inf.
        ShapeError: a is no single matrix, or b has another number of rows.

    >>> lstsq(np.array([[1.0], [1.0]]), np.array([2.0, 4.0]))[0]
    array([3.])
    """
    a, b = _matrix("lstsq", a), operand("lstsq", b)
    if len(shape_of(a)) != 2 or len(shape_of(b)) not in (1, 2) or shape_of(a)[0] != shape_of(b)[0]:
        raise ShapeError(f"lstsq: {named(a)} x = {named(b)}: give one matrix (m, n), and b of shape (m,) or (m, k)")
    if rcond is None:
        rcond = np.finfo(float_type(a)).eps * builtins.max(shape_of(a))
    z = matmul(_answered("lstsq", pseudoinverse, _not_finite, a, rcond=rcond), b)
    if ground(z) is None:  # a shape alone has no rank
        return z, None, None, None
    _, residuals, rank, singular = np.linalg.lstsq(ground(a), ground(b), rcond)
    if residuals.size:
        apart = b - matmul(a, z)
        residuals = sum(apart * apart, axis=0, keepdims=len(shape_of(b)) == 1)
    return z, residuals, rank, singular


# Norms


def norm(x: Array, *, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    """Norm of vectors, along one axis; or of matrices, along two.

    Vectors: (sum_i |x_i|^ord)^(1/ord); inf and -inf are the largest and smallest |x_i|, 0 counts what is not 0, which
    has no gradient. Matrices: "fro" is the length of all elements, 1 and inf are the largest sum of |x_ij| over rows,
    over columns, 2 the largest singular value, -1, -inf and -2 the smallest, "nuc" the sum of singular values.
    The gradient at 0 is 0, the smallest of the subgradients; where several elements tie, they share.

    Args:
        x: value of any shape.
        ord: None is 2 for vectors and "fro" for matrices.
        axis: one axis, or two; by default all axes of x, of which there may be more than two if ord is None.
        keepdims: keep these axes, at length 1.

    Raises:
        ArgumentError: there is no such ord.
        DomainError: singular values are asked for, and x holds nan or inf.
        ShapeError: an axis does not exist, or there are not one or two.

    >>> float(norm(np.array([3.0, 4.0])))
    5.0
    """
    x = operand("norm", x)
    axes = tuple(range(len(shape_of(x)))) if axis is None else _norm_axes(x, axis)
    if ord is None:
        z = euclidean_norm(x, axis=axes)
    elif len(axes) == 1:
        z = _vector_norm(x, ord, axes)
    elif len(axes) == 2:
        z = _matrix_norm(x, ord, axes)
    else:
        raise ShapeError(f"norm: {named(x)} with ord={ord!r}: name one axis for vectors or two for matrices")
    if keepdims or not axes:
        return z
    return reshape(z, shape=tuple(n for i, n in enumerate(shape_of(x)) if i not in axes))


def _norm_axes(x: Array, axis: Any) -> tuple[int, ...]:
    axes = tuple(_axis("norm", x, a) for a in (axis if isinstance(axis, (tuple, list)) else (axis,)))
    if len(axes) not in (1, 2) or len(set(axes)) < len(axes):
        raise ShapeError(f"norm: axis {axis!r} of {named(x)}: name one axis for vectors, or two for matrices")
    return axes


def _extremum(ord: Any, x: Array, size: Array, axis: int) -> Array:
    """The largest for positive ord, the smallest for negative."""
    if not shape_of(size)[axis]:
        if ord > 0:  # no size is smaller than 0
            return sum(size, axis=axis, keepdims=True)
        raise ShapeError(f"norm: {named(x)} with ord={ord!r} has no element; it needs one at least")
    return (max if ord > 0 else min)(size, axis=axis, keepdims=True)


def _vector_norm(x: Array, ord: Any, axes: tuple[int]) -> Array:
    if not isinstance(ord, Real):
        raise ArgumentError(f"norm: ord={ord!r} of the vectors of {named(x)}: give a number, inf or -inf")
    if ord == 2:
        return euclidean_norm(x, axis=axes)
    if math.isinf(ord):
        return _extremum(ord, x, absolute(x), axes[0])
    if ord == 0:
        return sum(where(equal(x, 0.0), 0.0, 1.0), axis=axes, keepdims=True)
    if ord == 1:
        return sum(absolute(x), axis=axes, keepdims=True)
    return _power_norm(x, ord, axes)


def _power_norm(x: Array, ord: Any, axes: tuple[int]) -> Array:
    """(sum_i |x_i|^ord)^(1/ord), seen from the largest or smallest |x_i|, so that no power overflows."""
    size = absolute(x)
    if not shape_of(x)[axes[0]]:
        return sum(size, axis=axes, keepdims=True) + (0.0 if ord > 0 else math.inf)
    scale = stop_gradient(_extremum(ord, x, size, axes[0]))
    scale = where(logical_and(greater(scale, 0.0), isfinite(scale)), scale, 1.0)
    part = divide(size, scale)
    if ord < 1:  # the slope at 0 is infinite, of either sign
        zero = equal(part, 0.0)
        powers = where(zero, 0.0 if ord > 0 else math.inf, raise_to(where(zero, 1.0, part), exponent=ord))
    else:
        powers = raise_to(part, exponent=ord)
    total = sum(powers, axis=axes, keepdims=True)
    plain = logical_and(greater(total, 0.0), isfinite(total))
    root = raise_to(where(plain, total, 1.0), exponent=1.0 / ord)
    is_zero = equal(equal(total, 0.0), ord > 0)  # the root of 0, or of inf
    beyond = where(isnan(total), stop_gradient(total), where(is_zero, 0.0, stop_gradient(total) + math.inf))
    return scale * where(plain, root, beyond)


def _matrix_norm(x: Array, ord: Any, axes: tuple[int, int]) -> Array:
    row, column = axes
    if ord == "fro":
        return euclidean_norm(x, axis=axes)
    if ord in (1, -1, math.inf, -math.inf):
        summed, sought = (row, column) if abs(ord) == 1 else (column, row)
        return _extremum(ord, x, sum(absolute(x), axis=summed, keepdims=True), sought)
    if ord not in ("nuc", 2, -2):
        raise ArgumentError(f"norm: ord={ord!r} of the matrices of {named(x)}: 'fro', 'nuc', 1, 2, inf or a negative")
    others = [a for a in range(len(shape_of(x))) if a not in axes]
    matrices = transpose(x, axes=(*others, row, column))
    values = _answered("norm", singular_triplets, _not_finite, matrices, asked=x)[..., 0, :]
    values = absolute(values)  # they are positive; but this gives the slope 0 at 0
    z = sum(values, axis=-1) if ord == "nuc" else _extremum(ord, x, values, -1)
    return reshape(z, shape=tuple(1 if i in axes else n for i, n in enumerate(shape_of(x))))
