"""The table, norms and other numbers of a matrix: condition, rank, trace."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from micrograd import on_demand as np
from micrograd.alignment import by_example
from micrograd.errors import ArgumentError, DataError, DomainError, ShapeError
from micrograd.op import Array, named, numbers_below, shape_of
from micrograd.ops.arguments import operand
from micrograd.ops.arithmetic import absolute, as_floats, divide, stop_gradient, where
from micrograd.ops.axes import axes_of
from micrograd.ops.comparisons import equal, greater, isfinite, isnan, logical_and
from micrograd.ops.decompositions import singular_triplets, svdvals
from micrograd.ops.diagonals import diagonal
from micrograd.ops.functions import raise_to
from micrograd.ops.indexing import getitem
from micrograd.ops.inverses import inv
from micrograd.ops.lengths import euclidean_norm
from micrograd.ops.matrices import apply_or_explain, matrix, not_finite, square
from micrograd.ops.reductions import max, min, sum
from micrograd.ops.shapes import reshape, transpose

__all__ = ["cond", "matrix_norm", "matrix_rank", "norm", "trace", "vector_norm"]


# Norms


def norm(x: Array, *, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    """Norm of vectors, along one axis; or of matrices, along two.

    z = (sum_i |x_i|^ord)^(1/ord) for vectors

    Other orders of a vector: inf and -inf give the largest and the smallest |x_i|; 0
    counts the elements that are not 0, and has no gradient.

    Orders of a matrix: "fro" gives the square root of the sum of squares, 1 the largest
    sum of |x_ij| in a column, inf the largest in a row, 2 the largest singular value,
    "nuc" the sum of the singular values. -1, -inf and -2 give the smallest instead of
    the largest.

    The gradient at 0 is 0, the smallest of the subgradients. Elements that tie share
    the gradient.

    Args:
        x: value of any shape.
        ord: None is 2 for vectors and "fro" for matrices.
        axis: one axis, or two. By default all axes of x; if ord is None, these may be
            any number.
        keepdims: keep these axes, with length 1.

    Raises:
        ArgumentError: the order does not exist, or an axis is not an integer.
        DomainError: singular values are needed, and x holds nan or inf.
        ShapeError: an axis does not exist, or there are not one or two.

    >>> float(norm(np.array([3.0, 4.0])))
    5.0
    """
    x = as_floats(operand("norm", x))
    axes = tuple(range(len(shape_of(x)))) if axis is None else _given_axes(x, axis)
    if ord is None:
        z = euclidean_norm(x, axis=axes)
    elif len(axes) == 1:
        z = _vector_norm(x, ord, axes)
    elif len(axes) == 2:
        z = _matrix_norm(x, ord, axes)
    else:
        raise ShapeError(f"norm: {named(x)} with ord={ord!r}: name one axis for vectors, or two for matrices")
    if keepdims or not axes:
        return z
    return reshape(z, shape=tuple(n for i, n in enumerate(shape_of(x)) if i not in axes))


def _given_axes(x: Array, axis: Any) -> tuple[int, ...]:
    axes = axes_of("norm", x, tuple(axis) if isinstance(axis, list) else axis)
    if len(axes) not in (1, 2):
        raise ShapeError(f"norm: axis {axis!r} of {named(x)}: name one axis for vectors, or two for matrices")
    return axes


def _extremum(ord: Any, x: Array, size: Array, axis: int) -> Array:
    """The largest size along an axis, or for negative ord the smallest."""
    if not shape_of(size)[axis]:
        if ord > 0:  # no size is below 0, so 0 is the largest of none
            return sum(size, axis=axis, keepdims=True)
        raise ShapeError(f"norm: {named(x)} with ord={ord!r} has no element; it needs at least one")
    return (max if ord > 0 else min)(size, axis=axis, keepdims=True)


def _vector_norm(x: Array, ord: Any, axes: tuple[int, ...]) -> Array:
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


def _power_norm(x: Array, ord: Any, axes: tuple[int, ...]) -> Array:
    """(sum_i |x_i|^ord)^(1/ord), scaled by the largest |x_i| against overflow."""
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
    is_usual = logical_and(greater(total, 0.0), isfinite(total))
    root = raise_to(where(is_usual, total, 1.0), exponent=1.0 / ord)
    is_zero = equal(equal(total, 0.0), ord > 0)  # else the root is inf
    unusual = where(isnan(total), stop_gradient(total), where(is_zero, 0.0, stop_gradient(total) + math.inf))
    return scale * where(is_usual, root, unusual)


def _matrix_norm(x: Array, ord: Any, axes: tuple[int, ...]) -> Array:
    row, column = axes
    if ord == "fro":
        return euclidean_norm(x, axis=axes)
    if ord in (1, -1, math.inf, -math.inf):
        summed, sought = (row, column) if abs(ord) == 1 else (column, row)
        return _extremum(ord, x, sum(absolute(x), axis=summed, keepdims=True), sought)
    if ord not in ("nuc", 2, -2):
        raise ArgumentError(
            f"norm: ord={ord!r} of the matrices of {named(x)}: give 'fro', 'nuc', 1, 2, inf, or a negative of these"
        )
    others = [a for a in range(len(shape_of(x))) if a not in axes]
    matrices = transpose(x, axes=(*others, row, column))
    values = apply_or_explain("norm", singular_triplets, not_finite, matrices, asked=x)[..., 0, :]
    values = absolute(values)  # they are positive, but this gives the slope 0 at 0
    z = sum(values, axis=-1) if ord == "nuc" else _extremum(ord, x, values, -1)
    return reshape(z, shape=tuple(1 if i in axes else n for i, n in enumerate(shape_of(x))))


def vector_norm(x: Array, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Array:
    """Norm of all elements along some axes, taken as one vector.

    z = (sum_i |x_i|^ord)^(1/ord)

    `norm` says what the orders inf, -inf and 0 mean.

    Args:
        x: value of any shape.
        axis: one axis or several; None for all.
        keepdims: keep these axes, with length 1.
        ord: a number, inf or -inf.

    Raises:
        ArgumentError: the order does not exist.
        ShapeError: an axis does not exist.

    >>> float(vector_norm(np.array([[3.0, 0.0], [0.0, 4.0]])))
    5.0
    """
    x = operand("vector_norm", x)
    axes = axes_of("vector_norm", x, tuple(axis) if isinstance(axis, list) else axis)
    shape = shape_of(x)
    others = tuple(a for a in range(len(shape)) if a not in axes)
    length = math.prod(shape[a] for a in axes)
    row = reshape(transpose(x, axes=(*others, *axes)), shape=(*(shape[a] for a in others), length))
    z = norm(row, ord=ord, axis=-1)
    return reshape(z, shape=tuple(1 if a in axes else n for a, n in enumerate(shape))) if keepdims else z


def matrix_norm(x: Array, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    """Norm of matrices, which are the last two axes. `norm` says what the orders mean.

    Args:
        x: value of shape (..., m, n).
        keepdims: keep these axes, with length 1.
        ord: "fro", "nuc", 1, 2, inf, or a negative of these numbers.

    Raises:
        ArgumentError: the order does not exist.
        ShapeError: there are fewer than two axes.

    >>> float(matrix_norm(np.array([[3.0, 0.0], [0.0, 4.0]])))
    5.0
    """
    return norm(matrix("matrix_norm", x), ord=ord, axis=(-2, -1), keepdims=keepdims)


# Other numbers of a matrix


def cond(x: Array, p: Any = None) -> Array:
    """Condition number of a matrix: how much it enlarges relative errors.

    z = |x| |x^-1|

    Args:
        x: value of shape (..., m, n), square unless p is None, 2 or -2.
        p: the order of the norm, as in `norm`. By default z is the largest singular
            value divided by the smallest.

    Raises:
        DomainError: x is singular: the number is infinite and has no gradient.
        ShapeError: x is not square, or has no element.

    >>> float(cond(np.diag([4.0, 0.5])))
    8.0
    """
    x = matrix("cond", x)
    if not math.prod(shape_of(x)):
        raise ShapeError(f"cond: {named(x)} has no element; it needs at least one")
    if p is not None and p not in (2, -2):
        return norm(x, ord=p, axis=(-2, -1)) * norm(inv(square("cond", x)), ord=p, axis=(-2, -1))
    s = svdvals(x)
    largest, smallest = getitem(s, index=(..., 0)), getitem(s, index=(..., -1))
    data = numbers_below(smallest)
    if data is not None and not np.all(data):
        raise DomainError(f"cond: {named(x)} is singular: its condition number is infinite and has no gradient")
    return smallest / largest if p == -2 else largest / smallest


def matrix_rank(A: Array, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Number of singular values that are not 0 up to rounding; plain data.

    Args:
        A: value of shape (..., m, n), or a vector.
        tol: singular values above this count.
        hermitian: whether A is symmetric, which is quicker.
        rtol: the same relative to the largest singular value.

    Raises:
        DataError: A is a shape without numbers.

    >>> int(matrix_rank(np.diag([1.0, 0.0])))
    1
    """
    if numbers_below(A) is None:
        raise DataError(f"matrix_rank: {named(A)} is a shape without numbers, and the rank depends on them")
    return by_example(lambda data: np.linalg.matrix_rank(data, tol, hermitian, rtol=rtol), A)


def trace(x: Array, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """Sum of a diagonal.

    z = sum_i x_(i, i + offset)

    Args:
        x: value with at least two axes.
        offset: which diagonal: 0 is the main one, 1 the one above it.
        axis1: the axis of the rows.
        axis2: the axis of the columns.

    Returns:
        Value without these two axes.

    Raises:
        ArgumentError: an axis is not an integer.
        ShapeError: an axis does not exist, or is named twice.

    >>> float(trace(np.eye(3)))
    3.0
    """
    x = matrix("trace", x)
    rows, columns = axes_of("trace", x, (axis1, axis2))
    return sum(diagonal(x, offset=offset, axis1=rows, axis2=columns), axis=-1)
