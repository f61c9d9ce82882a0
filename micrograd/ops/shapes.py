"""The table, shapes: the same numbers laid out anew, stacked, or repeated by broadcasting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from micrograd.errors import ShapeError
from micrograd.op import Array, multilinear, named, shape_of

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np


def _reshaped(x: Array, *, shape: tuple[int, ...]) -> tuple[int, ...]:
    size, known = math.prod(shape_of(x)), math.prod(n for n in shape if n != -1)
    unknown = shape.count(-1)
    if unknown > 1 or (unknown == 0 and known != size) or (unknown == 1 and (known == 0 or size % known)):
        raise ShapeError(
            f"reshape: {named(x)} has {size} elements, and {shape} does not hold as many; "
            f"-1 stands for one size to be computed"
        )
    return tuple(size // known if n == -1 else n for n in shape)


@multilinear("reshape", lambda g, x, *, shape: reshape(g, shape=shape_of(x)), shape=_reshaped)
def reshape(x: Array, *, shape: tuple[int, ...]) -> Array:
    """The same elements in the same order, in another shape.

    Args:
        x: value of any shape.
        shape: the new shape; one size may be -1, to be computed.

    Raises:
        ShapeError: the new shape does not hold as many elements.

    >>> reshape(np.arange(4.0), shape=(2, 2))
    array([[0., 1.],
           [2., 3.]])
    """
    return np.reshape(x, shape)


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=lambda axis: axes[axis] % len(axes)))


def _transposed(x: Array, *, axes: Sequence[int] | None = None) -> tuple[int, ...]:
    shape = shape_of(x)
    axes = tuple(range(len(shape)))[::-1] if axes is None else axes
    if sorted(axis % len(shape) if -len(shape) <= axis < len(shape) else -1 for axis in axes) != [*range(len(shape))]:
        raise ShapeError(f"transpose: axes {tuple(axes)} of {named(x)}: name each of its {len(shape)} axes once")
    return tuple(shape[axis] for axis in axes)


@multilinear(
    "transpose",
    lambda g, x, *, axes=None: transpose(g, axes=None if axes is None else _inverse(axes)),
    shape=_transposed,
)
def transpose(x: Array, *, axes: Sequence[int] | None = None) -> Array:
    """Axes in another order.

    Args:
        x: value of any shape.
        axes: the old number of each new axis; None reverses all.

    Raises:
        ShapeError: axes do not name every axis once.

    >>> transpose(np.ones((2, 3))).shape
    (3, 2)
    """
    return np.transpose(x, axes)


def _broadcast(x: Array, *, shape: tuple[int, ...]) -> tuple[int, ...]:
    given = shape_of(x)
    tail = shape[len(shape) - len(given) :]
    if len(given) > len(shape) or any(n not in (1, m) for n, m in zip(given, tail, strict=True)):
        raise ShapeError(
            f"broadcast_to: {named(x)} does not broadcast to {shape}: "
            f"each size, counted from the last, must be 1 or the wanted one"
        )
    return shape


@multilinear("broadcast", lambda g, x, *, shape: sum_to(g, shape_of(x)), shape=_broadcast)
def broadcast_to(x: Array, *, shape: tuple[int, ...]) -> Array:
    """The elements repeated to fill a larger shape, by NumPy's rule of broadcasting.

    Args:
        x: value of shape (..., n or 1, ...).
        shape: the shape to fill.

    Raises:
        ShapeError: a size of x is neither 1 nor the wanted one.

    >>> broadcast_to(2.0, shape=(3,))
    array([2., 2., 2.])
    """
    return np.broadcast_to(x, shape)


def sum_to(g: Array, shape: tuple[int, ...]) -> Array:
    """The transpose of broadcasting: sums over the axes along which `shape` was repeated to that of g.

    >>> sum_to(np.ones((2, 3)), (3,))
    array([2., 2., 2.])
    """
    from micrograd.ops.reductions import sum  # its rule needs broadcast_to: the two are each other's transpose

    given = shape_of(g)
    if given == shape:
        return g
    extra = len(given) - len(shape)
    repeated = [i for i, n in enumerate(shape, extra) if n == 1 and given[i] != 1]
    g = sum(g, axis=(*range(extra), *repeated), keepdims=True)
    return reshape(g, shape=shape) if extra else g


def expand_dims(x: Array, *, axis: int) -> Array:
    """A new axis of length 1.

    Args:
        x: value of any shape.
        axis: where the new axis stands, counted from the end when negative.

    >>> expand_dims(np.ones(3), axis=0).shape
    (1, 3)
    """
    shape = list(shape_of(x))
    if not -len(shape) - 1 <= axis <= len(shape):
        raise ShapeError(f"expand_dims: axis {axis} of {named(x)}: the result has {len(shape) + 1} axes")
    shape.insert(axis if axis >= 0 else axis + len(shape) + 1, 1)
    return reshape(x, shape=tuple(shape))
