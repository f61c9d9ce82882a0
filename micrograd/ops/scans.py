"""The table, scans: what runs along an axis, such as sums, products and recurrences."""

from __future__ import annotations

import math

from micrograd import on_demand as np
from micrograd.errors import ShapeError
from micrograd.op import Array, multilinear, named, primitive, shape_of
from micrograd.ops.arithmetic import as_long, where
from micrograd.ops.axes import along, axis_of, means_all, running_shape
from micrograd.ops.comparisons import equal
from micrograd.ops.functions import exp
from micrograd.ops.indexing import getitem
from micrograd.ops.joining import concatenated
from micrograd.ops.layouts import flip, pad
from micrograd.ops.shapes import moveaxis, ravel, reshape

__all__ = [
    "cumprod",
    "cumsum",
    "logcumsumexp",
    "recurrence",
]


def _cumsum_pull(g: Array, x: Array, *, axis: int | None = None) -> Array:
    line = 0 if axis is None else axis
    return reshape(flip(cumsum(flip(g, axis=line), axis=line), axis=line), shape=shape_of(x))


@multilinear("cumsum", _cumsum_pull, shape=lambda x, *, axis=None: running_shape("cumsum", x, axis), axes="axis")
def cumsum(x: Array, *, axis: int | None = None) -> Array:
    """Running sum along an axis.

    z_i = sum_{j <= i} x_j

    Args:
        x: value of any shape.
        axis: the axis to run along; None for all elements in one row.

    Raises:
        ShapeError: the axis does not exist.

    >>> cumsum(np.array([1.0, 2.0, 3.0]))
    array([1., 3., 6.])
    """
    return np.cumsum(x, axis=axis)


def cumprod(x: Array, *, axis: int | None = None) -> Array:
    """Running product along an axis, with an exact gradient where elements are zero.

    z_i = prod_{j <= i} x_j

    Args:
        x: value of any shape.
        axis: the axis to run along; None for all elements in one row.

    Raises:
        ShapeError: the axis does not exist.

    Source: the doubling of steps is by Hillis and Steele (1986),
    doi:10.1145/7902.7903.

    >>> cumprod(np.array([2.0, 3.0, 4.0]))
    array([ 2.,  6., 24.])
    """
    if means_all(x, axis):
        x, axis = ravel(x), 0
    x, axis = as_long(x), axis_of("cumprod", x, axis)
    n, step = shape_of(x)[axis], 1
    while step < n:
        head, tail = getitem(x, index=along(axis, slice(step))), getitem(x, index=along(axis, slice(step, None)))
        x = concatenated(head, tail * getitem(x, index=along(axis, slice(n - step))), axis=axis)
        step *= 2
    return x


# With a factor at each step


def _previous(x: Array, first: float = 0.0) -> Array:
    """x moved one place later along the last axis; `first` enters in front."""
    if 0 in shape_of(x):
        return x
    return pad(x[..., :-1], [(0, 0)] * (len(shape_of(x)) - 1) + [(1, 0)], constant_values=first)


def _backwards(factors: Array, g: Array) -> Array:
    """The transpose of the recurrence: it runs from the last element to the first."""
    return flip(recurrence(_previous(flip(factors, axis=-1)), flip(g, axis=-1)), axis=-1)


def _recurrence_shape(factors: Array, x: Array) -> tuple[int, ...]:
    if shape_of(factors) != shape_of(x) or not shape_of(x):
        raise ShapeError(
            f"recurrence: {named(factors)} and {named(x)}: give two arrays of one shape, with at least one axis"
        )
    return shape_of(x)


@primitive(
    "recurrence",
    vjp=[
        lambda g, z, factors, x: _backwards(factors, g) * _previous(z),
        lambda g, z, factors, x: _backwards(factors, g),
    ],
    jvp=[
        lambda t, z, factors, x: recurrence(factors, t * _previous(z)),
        lambda t, z, factors, x: recurrence(factors, t),
    ],
    shape=_recurrence_shape,
    axes=1,
)
def recurrence(factors: Array, x: Array) -> Array:
    """Linear recurrence along the last axis: a running sum with a factor at each step.

    z_i = factors_i z_(i-1) + x_i, where z_(-1) = 0

    Args:
        factors: value of shape (..., n); the first one multiplies 0.
        x: value of the same shape.

    Raises:
        ShapeError: the shapes differ, or the inputs are numbers.

    >>> recurrence(np.array([0.0, 0.5, 0.5]), np.array([4.0, 0.0, 1.0]))
    array([4., 2., 2.])
    """
    _recurrence_shape(factors, x)
    z = x + 0.0 * factors[..., :1]
    for i in range(1, z.shape[-1]):
        z[..., i] += factors[..., i] * z[..., i - 1]
    return z


# Logarithms of sums of exponentials; the gradient is a recurrence


def _running(x: Array, z: Array, axis: int) -> tuple[Array, Array]:
    """Which share of each sum was there before, and which one its element adds."""
    x, z = moveaxis(x, axis, -1), moveaxis(z, axis, -1)
    seen = where(equal(z, -math.inf), 0.0, z)
    return exp(_previous(z, -math.inf) - seen), exp(x - seen)


def _logcumsumexp_pull(g: Array, z: Array, x: Array, *, axis: int = -1) -> Array:
    stays, shares = _running(x, z, axis)
    return moveaxis(shares * _backwards(stays, moveaxis(g, axis, -1)), -1, axis)


def _logcumsumexp_push(t: Array, z: Array, x: Array, *, axis: int = -1) -> Array:
    stays, shares = _running(x, z, axis)
    return moveaxis(recurrence(stays, shares * moveaxis(t, axis, -1)), -1, axis)


def _logcumsumexp_shape(x: Array, *, axis: int = -1) -> tuple[int, ...]:
    axis_of("logcumsumexp", x, axis)
    return shape_of(x)


@primitive("logcumsumexp", vjp=[_logcumsumexp_pull], jvp=[_logcumsumexp_push], shape=_logcumsumexp_shape, axes="axis")
def logcumsumexp(x: Array, *, axis: int = -1) -> Array:
    """Running logarithm of the sum of exponentials along an axis, without overflow.

    It is -inf, with gradient 0, as long as all elements so far are -inf.

    z_i = ln sum_(j <= i) exp(x_j)

    Args:
        x: value of any shape.
        axis: the axis to run along.

    Raises:
        ShapeError: the axis does not exist.

    >>> logcumsumexp(np.array([0.0, 0.0, 1000.0]))
    array([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """
    _logcumsumexp_shape(x, axis=axis)
    return np.logaddexp.accumulate(x, axis=axis)
