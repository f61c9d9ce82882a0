"""The table, reductions: many numbers become fewer, along all axes or some."""

from __future__ import annotations

import builtins
import math
from typing import TYPE_CHECKING

from micrograd.errors import ShapeError
from micrograd.op import Array, multilinear, named, primitive, shape_of
from micrograd.ops.arithmetic import divide, equal, multiply
from micrograd.ops.shapes import broadcast_to, reshape

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

Axis = int | tuple[int, ...] | None


def _axes(name: str, x: Array, axis: Axis) -> tuple[int, ...]:
    """The reduced axes of x, counted from the front."""
    ndim = len(shape_of(x))
    axes = tuple(range(ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if not all(-ndim <= a < ndim for a in axes):
        raise ShapeError(f"{name}: axis {axis} of {named(x)}: its axes are numbered from {-ndim} to {ndim - 1}")
    found = tuple(a % ndim for a in axes)
    if len(set(found)) < len(found):
        raise ShapeError(f"{name}: axis {axis} of {named(x)}: an axis is named twice; name each once")
    return found


def _kept(x: Array, axis: Axis) -> tuple[int, ...]:
    """Shape of a reduction of x that keeps its axes, at length 1: it broadcasts against x."""
    axes = _axes("sum", x, axis)
    return tuple(1 if i in axes else n for i, n in enumerate(shape_of(x)))


def _reduced(name: str, x: Array, axis: Axis, keepdims: bool) -> tuple[int, ...]:
    axes = _axes(name, x, axis)
    return _kept(x, axis) if keepdims else tuple(n for i, n in enumerate(shape_of(x)) if i not in axes)


@multilinear(
    "sum",
    lambda g, x, *, axis=None, keepdims=False: broadcast_to(reshape(g, shape=_kept(x, axis)), shape=shape_of(x)),
    shape=lambda x, *, axis=None, keepdims=False: _reduced("sum", x, axis, keepdims),
)
def sum(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Sum of elements along axes.

    z = sum_i x_i

    Args:
        x: value of any shape.
        axis: the axes to sum over, counted from the end when negative; None for all.
        keepdims: keep summed axes, at length 1.

    Raises:
        ShapeError: an axis does not exist.

    >>> float(sum(np.array([1.0, 2.0, 3.0])))
    6.0
    """
    return np.sum(x, axis=axis, keepdims=keepdims)


def _share(x: Array, z: Array, axis: Axis) -> Array:
    """The part of each element of x in its extremum z: 1, or 1/k where k elements tie; 0 below."""
    hit = equal(x, reshape(z, shape=_kept(x, axis)))
    return divide(hit, sum(hit, axis=axis, keepdims=True))


def _extremum_pull(g: Array, z: Array, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    return multiply(reshape(g, shape=_kept(x, axis)), _share(x, z, axis))


def _extremum_push(t: Array, z: Array, x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    return sum(multiply(t, _share(x, z, axis)), axis=axis, keepdims=keepdims)


def _nonempty(name: str, x: Array, axis: Axis) -> None:
    """An empty set has no largest element."""
    if 0 in (shape_of(x)[a] for a in _axes(name, x, axis)):
        raise ShapeError(f"{name}: {named(x)} has no element along axis {axis}; it needs one at least")


def _extremum_shape(name: str, x: Array, axis: Axis, keepdims: bool) -> tuple[int, ...]:
    _nonempty(name, x, axis)
    return _reduced(name, x, axis, keepdims)


@primitive(
    "max",
    vjp=[_extremum_pull],
    jvp=[_extremum_push],
    shape=lambda x, *, axis=None, keepdims=False: _extremum_shape("max", x, axis, keepdims),
    kink="ties share equally",
)
def max(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Largest element along axes; where several tie, each gets an equal share of the gradient.

    Args:
        x: value of any shape.
        axis: the axes to look along, counted from the end when negative; None for all.
        keepdims: keep these axes, at length 1.

    Raises:
        ShapeError: an axis does not exist, or has no element.

    >>> float(max(np.array([1.0, 3.0, 2.0])))
    3.0
    """
    return np.max(x, axis=axis, keepdims=keepdims)


@primitive(
    "min",
    vjp=[_extremum_pull],
    jvp=[_extremum_push],
    shape=lambda x, *, axis=None, keepdims=False: _extremum_shape("min", x, axis, keepdims),
    kink="ties share equally",
)
def min(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Smallest element along axes; where several tie, each gets an equal share of the gradient.

    Args:
        x: value of any shape.
        axis: the axes to look along, counted from the end when negative; None for all.
        keepdims: keep these axes, at length 1.

    Raises:
        ShapeError: an axis does not exist, or has no element.

    >>> float(min(np.array([1.0, 3.0, 2.0])))
    1.0
    """
    return np.min(x, axis=axis, keepdims=keepdims)


def mean(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Arithmetic mean along axes.

    z = sum_i x_i / n

    Args:
        x: value of any shape.
        axis: the axes to average over, counted from the end when negative; None for all.
        keepdims: keep these axes, at length 1.

    Raises:
        ShapeError: an axis does not exist, or has no element.

    >>> float(mean(np.array([1.0, 2.0, 3.0])))
    2.0
    """
    _nonempty("mean", x, axis)
    count = math.prod(shape_of(x)[a] for a in _axes("mean", x, axis))
    return sum(x, axis=axis, keepdims=keepdims) / builtins.max(count, 1)
