"""The table, products of vectors and further linear algebra under NumPy's names; all composed of ops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd.errors import ArgumentError, DataError, DomainError, ShapeError
from micrograd.op import Array, ground, named, shape_of
from micrograd.ops.axes import axes_of
from micrograd.ops.einsum import einsum, operand
from micrograd.ops.indexing import getitem
from micrograd.ops.linalg import inv, norm, solve, svdvals, swap_last
from micrograd.ops.matrices import matrix, square
from micrograd.ops.shapes import expand_dims, moveaxis, reshape, transpose

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = [
    "cond",
    "matrix_norm",
    "matrix_rank",
    "matrix_transpose",
    "matvec",
    "tensorinv",
    "tensorsolve",
    "vecdot",
    "vecmat",
    "vector_norm",
]


# Products


def _laid(name: str, values: Sequence[Any], terms: Sequence[str], axes: Any) -> list[Array]:
    """The inputs with the axes that the product is over moved to the end; terms say how many each has."""
    xs = [operand(name, x) for x in values]
    given = " and ".join(named(x) for x in xs)
    for x, term in zip(xs, terms, strict=True):
        if len(shape_of(x)) < len(term):
            kind = "a vector" if len(term) == 1 else "a matrix"
            raise ShapeError(f"{name}: {given}: {named(x)} has too few axes; give {kind}, or a batch")
    if axes is not None:
        if len(axes) not in (len(terms), len(terms) + 1):
            raise ArgumentError(f"{name}: axes {axes}: give a list of the axes of each input and of the result")
        xs = [moveaxis(x, _tuple(a), tuple(range(-len(_tuple(a)), 0))) for x, a in zip(xs, axes, strict=False)]
    sizes: dict[str, int] = {}
    for x, term in zip(xs, terms, strict=True):
        for letter, n in zip(term, shape_of(x)[-len(term) :], strict=True):
            if sizes.setdefault(letter, n) != n:
                raise ShapeError(f"{name}: {given}: sizes {sizes[letter]} and {n} meet, and differ; transpose one?")
    return xs


def _tuple(axis: Any) -> tuple[int, ...]:
    return (axis,) if hasattr(axis, "__index__") else tuple(axis)


def _placed(z: Array, axes: Any) -> Array:
    """The result with its last axis where axes want it."""
    return z if axes is None or len(axes) < 3 else moveaxis(z, -1, _tuple(axes[2])[0])


def vecdot(x1: Array, x2: Array, *, axis: int = -1, axes: Any = None, keepdims: bool = False) -> Array:
    """Inner products of vectors, batched over the other axes, which broadcast.

    z = sum_i x1_i x2_i

    Args:
        x1: value of shape (..., n).
        x2: value of shape (..., n).
        axis: the axis of the vectors, in both.
        axes: the axis of the vectors in each, as [a, b].
        keepdims: keep that axis, at length 1.

    Raises:
        ShapeError: the lengths differ, or the other axes do not broadcast.

    >>> float(vecdot(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0
    """
    axes = [axis, axis] if axes is None else axes
    z = einsum("...i,...i->...", *_laid("vecdot", (x1, x2), ("i", "i"), axes))
    return expand_dims(z, axis=_tuple(axes[-1])[0]) if keepdims else z


def matvec(x1: Array, x2: Array, *, axes: Any = None) -> Array:
    """Products of a matrix with a vector, batched over the other axes, which broadcast.

    z_i = sum_j x1_ij x2_j

    Args:
        x1: value of shape (..., m, n).
        x2: value of shape (..., n).
        axes: which axes are meant, as [(-2, -1), -1, -1]: of each input and of the result.

    Raises:
        ShapeError: sizes differ, or the other axes do not broadcast.

    >>> matvec(np.array([[1.0, 2.0]]), np.array([3.0, 4.0]))
    array([11.])
    """
    return _placed(einsum("...ij,...j->...i", *_laid("matvec", (x1, x2), ("ij", "j"), axes)), axes)


def vecmat(x1: Array, x2: Array, *, axes: Any = None) -> Array:
    """Products of a vector with a matrix, batched over the other axes, which broadcast.

    z_j = sum_i x1_i x2_ij

    Args:
        x1: value of shape (..., m).
        x2: value of shape (..., m, n).
        axes: which axes are meant, as [-1, (-2, -1), -1]: of each input and of the result.

    Raises:
        ShapeError: sizes differ, or the other axes do not broadcast.

    >>> vecmat(np.array([3.0, 4.0]), np.array([[1.0], [2.0]]))
    array([11.])
    """
    return _placed(einsum("...i,...ij->...j", *_laid("vecmat", (x1, x2), ("i", "ij"), axes)), axes)


def matrix_transpose(x: Array) -> Array:
    """The last two axes exchanged: the transpose of each matrix in a batch.

    Raises:
        ShapeError: there are fewer than two axes.

    >>> matrix_transpose(np.ones((5, 2, 3))).shape
    (5, 3, 2)
    """
    return swap_last(matrix("matrix_transpose", x))


# Norms


def vector_norm(x: Array, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Array:
    """Norm of all elements along axes, taken as one vector.

    z = (sum_i |x_i|^ord)^(1/ord); see `norm` for inf, -inf and 0

    Args:
        x: value of any shape.
        axis: one axis or several; None for all.
        keepdims: keep these axes, at length 1.
        ord: a number, inf or -inf.

    Raises:
        ArgumentError: there is no such ord.
        ShapeError: an axis does not exist.

    >>> float(vector_norm(np.array([[3.0, 0.0], [0.0, 4.0]])))
    5.0
    """
    x = operand("vector_norm", x)
    axes = axes_of("vector_norm", x, tuple(axis) if isinstance(axis, list) else axis)
    shape = shape_of(x)
    others = tuple(a for a in range(len(shape)) if a not in axes)
    row = reshape(transpose(x, axes=(*others, *axes)), shape=(*(shape[a] for a in others), _size(shape, axes)))
    z = norm(row, ord=ord, axis=-1)
    return reshape(z, shape=tuple(1 if a in axes else n for a, n in enumerate(shape))) if keepdims else z


def _size(shape: tuple[int, ...], axes: Sequence[int]) -> int:
    return math.prod(shape[a] for a in axes)


def matrix_norm(x: Array, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    """Norm of matrices, the last two axes; see `norm` for what ord says.

    Args:
        x: value of shape (..., m, n).
        keepdims: keep these axes, at length 1.
        ord: "fro", "nuc", 1, 2, inf, or a negative of these.

    Raises:
        ArgumentError: there is no such ord.
        ShapeError: there are fewer than two axes.

    >>> float(matrix_norm(np.array([[3.0, 0.0], [0.0, 4.0]])))
    5.0
    """
    return norm(matrix("matrix_norm", x), ord=ord, axis=(-2, -1), keepdims=keepdims)


def cond(x: Array, p: Any = None) -> Array:
    """Condition number of a matrix: how much it enlarges relative errors.

    z = |x| |x^-1|, in the norm p; the largest over the smallest singular value by default

    Args:
        x: value of shape (..., m, n), square unless p is None, 2 or -2.
        p: the norm, as `norm` takes it.

    Raises:
        DomainError: x is singular, so that the number is infinite and has no gradient.
        ShapeError: x is not square, or has no element.

    >>> float(cond(np.diag([4.0, 0.5])))
    8.0
    """
    x = matrix("cond", x)
    if not math.prod(shape_of(x)):
        raise ShapeError(f"cond: {named(x)} has no element; it needs one at least")
    if p is not None and p not in (2, -2):
        return norm(x, ord=p, axis=(-2, -1)) * norm(inv(square("cond", x)), ord=p, axis=(-2, -1))
    s = svdvals(x)
    largest, smallest = getitem(s, index=(..., 0)), getitem(s, index=(..., -1))
    data = ground(smallest)
    if data is not None and not np.all(data):
        raise DomainError(f"cond: {named(x)} is singular: its condition number is infinite and has no gradient")
    return smallest / largest if p == -2 else largest / smallest


def matrix_rank(A: Array, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Number of singular values that are not 0 to rounding; plain integers, without gradient.

    Args:
        A: value of shape (..., m, n), or a vector.
        tol: from which size on a singular value counts.
        hermitian: whether A is symmetric, which is quicker.
        rtol: the same relative to the largest singular value.

    >>> int(matrix_rank(np.diag([1.0, 0.0])))
    1
    """
    data = ground(A)
    if data is None:
        raise DataError(f"matrix_rank: {named(A)} is a shape without numbers, and the rank depends on them")
    return np.linalg.matrix_rank(data, tol, hermitian, rtol=rtol)


# Equations of tensors


def tensorsolve(a: Array, b: Array, axes: Any = None) -> Array:
    """Solution of linear equations whose unknowns form an array.

    tensordot(a, z, axes=z.ndim) = b

    Args:
        a: value of shape (*b.shape, *z.shape), of as many equations as unknowns.
        b: value of any shape.
        axes: axes of a to be moved to its end first.

    Raises:
        ShapeError: there are not as many equations as unknowns.
        DomainError: the equations are singular.

    >>> tensorsolve(2.0 * np.eye(4).reshape(2, 2, 4), np.ones((2, 2)))
    array([0.5, 0.5, 0.5, 0.5])
    """
    a, b = operand("tensorsolve", a), operand("tensorsolve", b)
    if axes is not None:
        moved = _tuple(axes)
        a = moveaxis(a, moved, tuple(range(-len(moved), 0)))
    unknowns = shape_of(a)[len(shape_of(b)) :]
    count = math.prod(unknowns)
    if count * math.prod(shape_of(b)) != math.prod(shape_of(a)) or count != math.prod(shape_of(b)):
        raise ShapeError(f"tensorsolve: {named(a)} z = {named(b)}: give as many equations, in front, as unknowns")
    z = solve(reshape(a, shape=(count, count)), reshape(b, shape=(count,)))
    return reshape(z, shape=unknowns)


def tensorinv(a: Array, ind: int = 2) -> Array:
    """Inverse of an array as a linear map from its last axes to its first.

    tensordot(z, a, axes=ind) = identity

    Args:
        a: value whose first ind axes hold as many elements as the others.
        ind: how many axes are the first.

    Raises:
        ShapeError: the two sides differ in size.
        ArgumentError: ind is not positive.
        DomainError: the map is singular.

    >>> tensorinv(np.eye(4).reshape(2, 2, 4)).shape
    (4, 2, 2)
    """
    a = operand("tensorinv", a)
    if ind <= 0:
        raise ArgumentError(f"tensorinv: ind {ind}: give 1 at least")
    first, others = shape_of(a)[:ind], shape_of(a)[ind:]
    if math.prod(first) != math.prod(others):
        raise ShapeError(f"tensorinv: {named(a)} with ind {ind}: {first} and {others} must be of one size")
    n = math.prod(first)
    return reshape(inv(reshape(a, shape=(n, n))), shape=(*others, *first))
