"""The table, products of arrays: `matmul`, and NumPy's other products."""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Sequence
from numbers import Integral
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ShapeError
from micrograd.op import Array, broadcast_shape, multilinear, named, numbers_below, shape_of
from micrograd.ops.arguments import operand
from micrograd.ops.arithmetic import multiply
from micrograd.ops.axes import axis_of
from micrograd.ops.einsum import contract
from micrograd.ops.matrices import broadcast_batch, swap_last
from micrograd.ops.shapes import expand_dims, moveaxis, reshape, sum_to, transpose

__all__ = ["cross", "crossed", "dot", "inner", "kron", "matmul", "multi_dot", "outer", "tensordot", "vdot"]


# The product of matrices


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
    return (*broadcast_batch("matmul: {} @ {}", x, y), *rows, *columns)


def _matmul_left(g: Array, x: Array, y: Array) -> Array:
    """What x receives: g y^T."""
    rows, columns = len(shape_of(x)), len(shape_of(y))
    if rows == columns == 2:
        return matmul(g, transpose(y))
    if columns == 1:
        return multiply(g if rows == 1 else reshape(g, shape=(*shape_of(g), 1)), y)
    if rows == 1 and columns == 2:
        return matmul(y, g)
    g2, x2, y2 = _as_matrices(g, x, y)
    return reshape(sum_to(matmul(g2, swap_last(y2)), shape_of(x2)), shape=shape_of(x))


def _matmul_right(g: Array, x: Array, y: Array) -> Array:
    """What y receives: x^T g."""
    rows, columns = len(shape_of(x)), len(shape_of(y))
    if rows == columns == 2:
        # For y = w^T the transpose of this goes to w: laid out as y is, it need not be
        # rearranged, which would take half as long as the product.
        return transpose(matmul(transpose(g), x)) if _is_transposed(y) else matmul(transpose(x), g)
    if rows == 1 and columns < 3:
        return multiply(x if columns == 1 else reshape(x, shape=(-1, 1)), g)
    if rows == 2 and columns == 1:
        return matmul(g, x)
    g2, x2, y2 = _as_matrices(g, x, y)
    return reshape(sum_to(matmul(swap_last(x2), g2), shape_of(y2)), shape=shape_of(y))


def _is_transposed(y: Array) -> bool:
    """Whether columns lie in one piece in memory, and rows do not."""
    data = numbers_below(y)
    return type(data) is np.ndarray and data.flags.f_contiguous and not data.flags.c_contiguous


def _as_matrices(g: Array, x: Array, y: Array) -> tuple[Array, Array, Array]:
    """The same as matrices: a vector x becomes a row, a vector y a column."""
    if len(shape_of(x)) == 1:
        x, g = expand_dims(x, axis=0), expand_dims(g, axis=-2 if len(shape_of(y)) > 1 else -1)
    if len(shape_of(y)) == 1:
        y, g = expand_dims(y, axis=-1), expand_dims(g, axis=-1)
    return g, x, y


@multilinear("@", _matmul_left, _matmul_right, shape=_matmul_shape)
def matmul(x: Array, y: Array) -> Array:
    """Matrix product, batched over leading axes.

    z_ij = sum_k x_ik y_kj

    A vector is a row on the left and a column on the right.

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


def multi_dot(arrays: Sequence[Array]) -> Array:
    """Product of several matrices, multiplied in the order that costs least.

    z = x_1 x_2 ... x_n

    Args:
        arrays: at least two matrices; the first and the last may be vectors, a row and
            a column.

    Raises:
        ShapeError: there are fewer than two, one is not a matrix, or inner sizes
            differ.

    >>> multi_dot([np.ones((2, 9)), np.ones((9, 9)), np.ones((9, 3))]).shape
    (2, 3)
    """
    xs = [operand("multi_dot", x) for x in arrays]
    ndims = [len(shape_of(x)) for x in xs]
    ends = {*ndims[:1], *ndims[-1:]}
    if len(xs) < 2 or not ends <= {1, 2} or any(ndim != 2 for ndim in ndims[1:-1]):
        given = ", ".join(named(x) for x in xs) or "nothing"
        raise ShapeError(f"multi_dot: {given}: give at least two matrices; only the first and the last may be vectors")
    for x, y in itertools.pairwise(xs):
        if shape_of(x)[-1] != shape_of(y)[0]:
            raise ShapeError(f"multi_dot: {named(x)} meets {named(y)}: inner sizes differ; transpose one of them?")
    terms = [string.ascii_letters[i : i + 2] for i in range(len(xs))]
    terms[0] = terms[0][-ndims[0] :]
    terms[-1] = terms[-1][: ndims[-1]]
    return contract(*xs, subscripts=f"{','.join(terms)}->{terms[0][:-1]}{terms[-1][1:]}")


# Sums of products over axes of any arrays


def dot(x: Array, y: Array) -> Array:
    """NumPy's `dot`: a product of numbers, vectors or matrices; `matmul` has batches.

    z[a..., b..., c] = sum_k x[a..., k] y[b..., k, c]

    The last axis of x meets the last but one of y, or its only one.

    Args:
        x: value of any shape.
        y: value of any shape. If x or y is a number, z is the elementwise product.

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
    """Inner products of the vectors along the last axes: each of x with each of y.

    z[a..., b...] = sum_k x[a..., k] y[b..., k]

    Args:
        x: value of shape (..., n).
        y: value of shape (..., n). If x or y is a number, z is the elementwise product.

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


def tensordot(x: Array, y: Array, *, axes: Any = 2) -> Array:
    """Sum of products over chosen axes of x and y.

    The axes that remain are first those of x, then those of y.

    Args:
        x: value of any shape.
        y: value of any shape.
        axes: a number n: the last n axes of x meet the first n of y. Or a pair: the
            axes of x, and the axes of y that they meet.

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
    left, right = [axis_of("tensordot", x, a) for a in left], [axis_of("tensordot", y, a) for a in right]
    _check_sizes("tensordot", x, y, left, right)
    return _summed_over(x, y, left, right)


def _check_sizes(name: str, x: Array, y: Array, left: Sequence[int], right: Sequence[int]) -> None:
    sizes = [shape_of(x)[a] for a in left], [shape_of(y)[a] for a in right]
    if sizes[0] != sizes[1] or len({*left}) < len(left) or len({*right}) < len(right):
        raise ShapeError(
            f"{name}: {named(x)} and {named(y)}: axes {[*left]} of sizes {sizes[0]} meet axes {[*right]} "
            f"of sizes {sizes[1]}; name as many axes of both, each once, of equal sizes"
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


def vdot(x: Array, y: Array) -> Array:
    """Inner product of x and y, each taken as one long vector.

    z = sum_k x_k y_k

    Args:
        x: value of any shape.
        y: value with as many elements as x.

    Raises:
        ShapeError: the numbers of elements differ.

    >>> float(vdot(np.eye(2), np.ones((2, 2))))
    2.0
    """
    x, y = operand("vdot", x), operand("vdot", y)
    if math.prod(shape_of(x)) != math.prod(shape_of(y)):
        raise ShapeError(f"vdot: {named(x)} and {named(y)} have different numbers of elements; give as many of both")
    return matmul(reshape(x, shape=(-1,)), reshape(y, shape=(-1,)))


# All products of two elements


def outer(x: Array, y: Array) -> Array:
    """Each element of x times each element of y, both taken as one long vector.

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


def kron(x: Array, y: Array) -> Array:
    """Kronecker product: a block for each element of x, which is that element times y.

    z[p i + k, q j + l] = x_ij y_kl

    Here y has p rows and q columns.

    Args:
        x: value of any shape.
        y: value of any shape. The one with fewer axes gets leading axes of length 1.

    >>> kron(np.eye(2), np.array([[1.0, 2.0]]))
    array([[1., 2., 0., 0.],
           [0., 0., 1., 2.]])
    """
    x, y = operand("kron", x), operand("kron", y)
    ndim = max(len(shape_of(x)), len(shape_of(y)))
    a, b = ((1,) * (ndim - len(s)) + s for s in (shape_of(x), shape_of(y)))
    x = reshape(x, shape=tuple(n for size in a for n in (size, 1)))
    y = reshape(y, shape=tuple(n for size in b for n in (1, size)))
    return reshape(multiply(x, y), shape=tuple(n * m for n, m in zip(a, b, strict=True)))


_AFTER, _BEFORE = (1, 2, 0), (2, 0, 1)  # of each axis the next one, and the one before


def _crossed_shape(x: Array, y: Array) -> tuple[int, ...]:
    for v in (x, y):
        if shape_of(v)[-1:] != (3,):
            raise ShapeError(f"crossed: {named(x)} and {named(y)}: the last axis must have length 3 in both")
    return broadcast_shape("crossed", x, y)


@multilinear(
    "×",
    lambda g, x, y: crossed(y, g),
    lambda g, x, y: crossed(g, x),
    shape=_crossed_shape,
    tex=r"{0} \times {1}",
)
def crossed(x: Array, y: Array) -> Array:
    """The op behind `cross`: vectors are along the last axis.

    >>> crossed(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    array([0., 0., 1.])
    """
    if shape_of(x)[-1:] != (3,) or shape_of(y)[-1:] != (3,):
        _crossed_shape(x, y)
    if type(x) is np.ndarray and type(y) is np.ndarray:
        return x.take(_AFTER, -1) * y.take(_BEFORE, -1) - x.take(_BEFORE, -1) * y.take(_AFTER, -1)
    after, before = [*_AFTER], [*_BEFORE]
    return x[..., after] * y[..., before] - x[..., before] * y[..., after]


def cross(x: Array, y: Array, *, axis: int | None = -1) -> Array:
    """Cross product of vectors in three dimensions.

    z_0 = x_1 y_2 - x_2 y_1

    z_1 and z_2 follow in the same cyclic order.

    Args:
        x: value with an axis of length 3.
        y: value with an axis of length 3; the other axes broadcast.
        axis: the axis of length 3, in both; None, as in NumPy, is the last.

    Raises:
        ShapeError: that axis has another length, or the others do not broadcast.

    >>> cross(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    array([0., 0., 1.])
    """
    x, y, axis = operand("cross", x), operand("cross", y), -1 if axis is None else axis
    for v in (x, y):
        if shape_of(v)[axis_of("cross", v, axis)] != 3:
            raise ShapeError(f"cross: {named(x)} and {named(y)}: axis {axis} must have length 3 in both")
    if axis == -1:
        return crossed(x, y)
    return moveaxis(crossed(moveaxis(x, axis, -1), moveaxis(y, axis, -1)), -1, axis)
