"""The table, inverses of matrices, and solutions of linear equations.

A public function checks its arguments and then calls an op, which has NumPy's forward
and the derivative rules: `inv` calls the op `inverse`, `solve` the op `solution`. In a
rule, the derivative of an inverse that does not exist is nan. A gradient of zero that
meets this nan stays zero, as in `where(ok, slogdet(x)[1], 0)`.

Source of the rules, unless an op names another: Giles (2008), "Collected matrix
derivative results for forward and reverse mode algorithmic differentiation",
doi:10.1007/978-3-540-68942-3_4.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral
from typing import Any

from micrograd import on_demand as np
from micrograd.alignment import any_of_many, by_example
from micrograd.arrays import float_type
from micrograd.errors import ShapeError
from micrograd.integers import integer_at_least
from micrograd.modes import is_quiet
from micrograd.op import Array, ground, named, numbers_below, primitive, shape_of
from micrograd.ops.alarms import integer_of
from micrograd.ops.arguments import operand
from micrograd.ops.arithmetic import where
from micrograd.ops.matrices import apply_or_explain, broadcast_batch, matrix, not_finite, square, swap_last
from micrograd.ops.products import matmul
from micrograd.ops.reductions import sum
from micrograd.ops.shapes import expand_dims, moveaxis, reshape, sum_to

__all__ = [
    "inv",
    "inverse",
    "lstsq",
    "matrix_power",
    "pinv",
    "pseudoinverse",
    "solution",
    "solve",
    "tensorinv",
    "tensorsolve",
]


# Singular matrices


def _singular(x: Any) -> str:
    """The reason why x has no inverse; "" if it has one."""
    try:
        np.linalg.inv(x)
    except np.linalg.LinAlgError:
        return (
            f"is singular: its rank is {np.linalg.matrix_rank(x)}, not {len(x)}; "
            f"use lstsq or pinv, or add a multiple of the identity"
        )
    return ""


def _nan_if_singular(f: Callable[..., Any], *matrices: Any) -> Any:
    """f of batches of matrices; in a derivative, nan where there is no answer."""
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


# Inverses and powers


@primitive(
    "inv",
    vjp=[lambda g, z, x: -swap_last(z) @ g @ swap_last(z)],
    jvp=[lambda t, z, x: -z @ t @ z],
    shape=lambda x: shape_of(square("inv", x)),
    tex=r"\left({0}\right)^{{-1}}",
    axes=2,
)
def inverse(x: Array) -> Array:
    """The op behind `inv`.

    >>> inverse(np.array([[2.0]]))
    array([[0.5]])
    """
    return _nan_if_singular(np.linalg.inv, x)


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
    return apply_or_explain("inv", inverse, _singular, square("inv", x))


def matrix_power(x: Array, n: int) -> Array:
    """A matrix to a whole power, by repeated squaring.

    z = x^n

    Args:
        x: value of shape (..., m, m).
        n: an integer. If it is negative, z is the inverse of x to the power -n.

    Raises:
        ArgumentError: n is not an integer.
        DomainError: n is negative and x is singular.
        ShapeError: x is not square.

    >>> matrix_power(np.array([[1.0, 1.0], [0.0, 1.0]]), 5)
    array([[1., 5.],
           [0., 1.]])
    """
    x = square("matrix_power", x)
    n = integer_of("matrix_power", "n", n)
    if n < 0:
        x, n = apply_or_explain("matrix_power", inverse, _singular, x), -n
    if n == 0:
        return where(np.ones(shape_of(x), bool), np.eye(shape_of(x)[-1], dtype=getattr(x, "dtype", None)), x)
    z = None
    while n:
        if n % 2:
            z = x if z is None else matmul(z, x)
        n //= 2
        x = matmul(x, x) if n else x
    return z


# Linear equations


def _other_rows(a: Array, b: Array) -> ShapeError:
    return ShapeError(f"solve: {named(a)} x = {named(b)}: sizes differ; b needs as many rows as a")


def _solution_shape(a: Array, b: Array) -> tuple[int, ...]:
    """The shape of x in a x = b, for square a and a matrix b."""
    if len(shape_of(b)) < 2 or shape_of(a)[-1] != shape_of(b)[-2]:
        raise _other_rows(a, b)
    return (*broadcast_batch("solve: {} x = {}", a, b), *shape_of(b)[-2:])


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
    """The op behind `solve`, for a matrix b.

    >>> solution(np.array([[2.0]]), np.array([[3.0]]))
    array([[1.5]])
    """
    return _nan_if_singular(np.linalg.solve, a, b)


def solve(a: Array, b: Array) -> Array:
    """Solution of a system of linear equations.

    a z = b

    Args:
        a: value of shape (..., n, n).
        b: value of shape (n,) for one right-hand side, or (..., n, k) for k of them.

    Returns:
        Value of shape (..., n) for one right-hand side, or (..., n, k) for k.

    Raises:
        DomainError: a matrix is singular.
        ShapeError: a is not square, or b has another number of rows.

    >>> solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([1.0, 1.0]))
    array([0.5 , 0.25])
    """
    a, b = square("solve", a), operand("solve", b)
    if len(shape_of(b)) > 1:
        _solution_shape(a, b)
        return apply_or_explain("solve", solution, _singular, a, b)
    if shape_of(b) != shape_of(a)[-1:]:
        raise _other_rows(a, b)
    return apply_or_explain("solve", solution, _singular, a, expand_dims(b, axis=-1))[..., 0]


def tensorsolve(a: Array, b: Array, axes: Any = None) -> Array:
    """Solution of linear equations whose unknowns form an array.

    tensordot(a, z, axes=z.ndim) = b

    Args:
        a: value of shape (*b.shape, *z.shape), with as many equations as unknowns.
        b: value of any shape.
        axes: axes of a that are moved to its end first.

    Raises:
        DomainError: the equations are singular.
        ShapeError: there are not as many equations as unknowns.

    >>> tensorsolve(2.0 * np.eye(4).reshape(2, 2, 4), np.ones((2, 2)))
    array([0.5, 0.5, 0.5, 0.5])
    """
    a, b = operand("tensorsolve", a), operand("tensorsolve", b)
    if axes is not None:
        moved = (axes,) if isinstance(axes, Integral) else tuple(axes)
        a = moveaxis(a, moved, tuple(range(-len(moved), 0)))
    unknowns = shape_of(a)[len(shape_of(b)) :]
    count = math.prod(unknowns)
    if count * math.prod(shape_of(b)) != math.prod(shape_of(a)) or count != math.prod(shape_of(b)):
        raise ShapeError(
            f"tensorsolve: {named(a)} z = {named(b)}: give as many equations as unknowns, the equations first"
        )
    z = solve(reshape(a, shape=(count, count)), reshape(b, shape=(count,)))
    return reshape(z, shape=unknowns)


def tensorinv(a: Array, ind: int = 2) -> Array:
    """Inverse of an array, taken as a linear map from its last axes to its first.

    tensordot(z, a, axes=ind) = identity

    Args:
        a: value whose first ind axes hold as many elements as the others.
        ind: how many axes are the first.

    Raises:
        ArgumentError: ind is not an integer of at least 1.
        DomainError: the map is singular.
        ShapeError: the two sides differ in size.

    >>> tensorinv(np.eye(4).reshape(2, 2, 4)).shape
    (4, 2, 2)
    """
    a, ind = operand("tensorinv", a), integer_at_least(1, "tensorinv", "ind", ind)
    first, others = shape_of(a)[:ind], shape_of(a)[ind:]
    if math.prod(first) != math.prod(others):
        raise ShapeError(f"tensorinv: {named(a)} with ind {ind}: {first} and {others} must hold as many elements")
    n = math.prod(first)
    return reshape(inv(reshape(a, shape=(n, n))), shape=(*others, *first))


# Least squares


def _pseudoinverse_pull(g: Array, z: Array, x: Array, *, rcond: Any = None) -> Array:
    h, p = swap_last(z), swap_last(g)
    beside, above = p - x @ (z @ p), p - (p @ z) @ x
    return -h @ g @ h + (beside @ z) @ h + h @ (z @ above)


def _pseudoinverse_push(t: Array, z: Array, x: Array, *, rcond: Any = None) -> Array:
    h, p = swap_last(z), swap_last(t)
    return -z @ t @ z + z @ (h @ (p - (p @ x) @ z)) + ((p - z @ (x @ p)) @ h) @ z


def _pseudoinverse_shape(x: Array, *, rcond: Any = None) -> tuple[int, ...]:
    *batch, rows, columns = shape_of(matrix("pinv", x))
    return (*batch, columns, rows)


@primitive(
    "pinv",
    vjp=[_pseudoinverse_pull],
    jvp=[_pseudoinverse_push],
    shape=_pseudoinverse_shape,
    kink="where the rank changes, as if it were constant",
    tex=r"\left({0}\right)^{{+}}",
    axes=2,
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

    The gradient is for changes of x that keep its rank.

    Args:
        x: value of shape (..., m, n).
        rcond: singular values below rcond times the largest count as 0; by default
            1e-15.

    Returns:
        Value of shape (..., n, m).

    Raises:
        DomainError: a matrix holds nan or inf.
        ShapeError: x has fewer than two axes.

    >>> pinv(np.array([[2.0], [0.0]]))
    array([[0.5, 0. ]])
    """
    return apply_or_explain("pinv", pseudoinverse, not_finite, matrix("pinv", x), rcond=rcond)


def _lstsq_data(a: Array, b: Array, rcond: Any) -> list[Any]:
    """Residuals, rank and singular values by NumPy, as plain data."""
    if not any_of_many([a, b]):
        return list(np.linalg.lstsq(ground(a), ground(b), rcond)[1:])
    return [by_example(lambda m, v, k=k: np.linalg.lstsq(m, v, rcond)[k], a, b) for k in (1, 2, 3)]


def lstsq(a: Array, b: Array, *, rcond: Any = None) -> tuple[Array, Any, Any, Any]:
    """Least-squares solution of linear equations.

    z = the shortest of the vectors for which |a z - b| is smallest

    Args:
        a: value of shape (m, n).
        b: value of shape (m,), or (m, k) for k right-hand sides.
        rcond: singular values of a below rcond times the largest count as 0; by default
            the rounding error of the dtype times max(m, n).

    Returns:
        NumPy's four results. First z, of shape (n,) or (n, k). Then the squared
        residuals, with a gradient, of shape (1,) or (k,); there are none if the rank of
        a is below n or m <= n. Then, as plain data, the rank of a and its singular
        values.

    Raises:
        DomainError: a holds nan or inf.
        ShapeError: a is not a single matrix, or b has another number of rows.

    >>> lstsq(np.array([[1.0], [1.0]]), np.array([2.0, 4.0]))[0]
    array([3.])
    """
    a, b = matrix("lstsq", a), operand("lstsq", b)
    if len(shape_of(a)) != 2 or len(shape_of(b)) not in (1, 2) or shape_of(a)[0] != shape_of(b)[0]:
        raise ShapeError(f"lstsq: {named(a)} x = {named(b)}: give one matrix (m, n), and b of shape (m,) or (m, k)")
    if rcond is None:
        rcond = np.finfo(float_type(a)).eps * max(shape_of(a))
    z = matmul(apply_or_explain("lstsq", pseudoinverse, not_finite, a, rcond=rcond), b)
    if numbers_below(z) is None:  # a shape without numbers has no rank
        return z, None, None, None
    residuals, rank, singular = _lstsq_data(a, b, rcond)
    if residuals.size:
        apart = b - matmul(a, z)
        residuals = sum(apart * apart, axis=0, keepdims=len(shape_of(b)) == 1)
    return z, residuals, rank, singular
