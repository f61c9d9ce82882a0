"""The table, layouts: values turned, joined from blocks, and cut along named axes; all composed of ops of shapes."""

from __future__ import annotations

import builtins
import operator
from typing import TYPE_CHECKING, Any

from micrograd.arrays import as_data
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, named, shape_of
from micrograd.ops.indexing import axis_number, getitem, own_axis
from micrograd.ops.shapes import concatenate, flip, moveaxis, own_axes, reshape, split, swapaxes

if TYPE_CHECKING:
    pass
else:
    pass

__all__ = [
    "block",
    "dsplit",
    "fliplr",
    "flipud",
    "hsplit",
    "rollaxis",
    "rot90",
    "unstack",
    "vsplit",
]


def _with_axes(name: str, x: Any, least: int) -> Array:
    x = as_data(x, name)
    if len(shape_of(x)) < least:
        raise ShapeError(f"{name}: {named(x)} has too few axes; it needs {least} at least, see reshape")
    return x


# Turning


def fliplr(m: Array) -> Array:
    """Columns in the opposite order: the second axis turned around.

    Raises:
        ShapeError: there are fewer than two axes.

    >>> fliplr([[1.0, 2.0]])
    array([[2., 1.]])
    """
    return flip(_with_axes("fliplr", m, 2), axis=1)


def flipud(m: Array) -> Array:
    """Rows in the opposite order: the first axis turned around.

    Raises:
        ShapeError: there is no axis.

    >>> flipud([1.0, 2.0])
    array([2., 1.])
    """
    return flip(_with_axes("flipud", m, 1), axis=0)


def rot90(m: Array, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Array:
    """Turned by right angles in the plane of two axes, from the first towards the second.

    Args:
        m: value of two axes at least.
        k: how many right angles; negative ones turn the other way.
        axes: the two axes.

    Raises:
        ShapeError: an axis does not exist, or there are not two.
        ArgumentError: k is not an integer.

    >>> rot90([[1.0, 2.0]])
    array([[2.],
           [1.]])
    """
    m = _with_axes("rot90", m, 2)
    plane = own_axes("rot90", m, tuple(axes))
    if len(plane) != 2:
        raise ShapeError(f"rot90: axes {axes} of {named(m)}: name two")
    try:
        k = operator.index(k) % 4
    except TypeError:
        raise ArgumentError(f"rot90: {k!r} right angles; give an integer") from None
    first, second = plane
    if k == 0:
        return getitem(m, index=...)
    if k == 2:
        return flip(m, axis=plane)
    return swapaxes(flip(m, axis=second if k == 1 else first), first, second)


def rollaxis(a: Array, axis: int, start: int = 0) -> Array:
    """One axis moved before another; `moveaxis` is easier to read.

    Args:
        a: value of any shape.
        axis: the axis to move.
        start: the axis that it stands before afterwards; the number of axes for the end.

    Raises:
        ShapeError: an axis does not exist.

    >>> rollaxis([[[1.0, 2.0, 3.0]]], 2).shape
    (3, 1, 1)
    """
    a = as_data(a, "rollaxis")
    ndim = len(shape_of(a))
    axis = own_axis("rollaxis", a, axis)
    if start != ndim:
        start = axis_number("rollaxis", start, ndim, f" of {named(a)}: start is from {-ndim} to {ndim}")
    return moveaxis(a, axis, start - 1 if axis < start else start)


# Joining and cutting


def block(arrays: Any) -> Array:
    """One value from nested lists of blocks: the innermost lists side by side, the next ones below each other.

    Args:
        arrays: a value, or nested lists of values, all lists equally deep.

    Raises:
        ArgumentError: a list is empty, or lists are not equally deep, or there is a tuple.
        ShapeError: the blocks do not fit together.

    >>> from micrograd import Value
    >>> block([[Value([1.0, 2.0]), 3.0], [Value([4.0, 5.0]), 6.0]]).data
    array([[1., 2., 3.],
           [4., 5., 6.]])
    """
    depth = _depth(arrays)
    return _blocks(arrays, depth, builtins.max(depth, _most_axes(arrays)))


def _depth(x: Any) -> int:
    if isinstance(x, tuple):
        raise ArgumentError("block: a tuple among the blocks; lists are nested, give [...] in its place")
    if not isinstance(x, list):
        return 0
    depths = {_depth(part) for part in x}
    if len(depths) != 1:
        why = "a list is empty" if not x else f"lists of depths {sorted(depths)} side by side"
        raise ArgumentError(f"block: {why}; nest all blocks equally deep")
    return depths.pop() + 1


def _most_axes(x: Any) -> int:
    return builtins.max(map(_most_axes, x)) if isinstance(x, list) else len(shape_of(as_data(x, "block")))


def _blocks(x: Any, depth: int, ndim: int) -> Array:
    if depth:
        return concatenate([_blocks(part, depth - 1, ndim) for part in x], axis=-depth)
    x = as_data(x, "block")
    missing = ndim - len(shape_of(x))
    return reshape(x, shape=(1,) * missing + shape_of(x)) if missing or not ndim else x


def hsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    """Parts along the second axis, of a vector along its only one; see `split`.

    Raises:
        ShapeError: there is no axis, or its length is no multiple of the number of parts.

    >>> hsplit([1.0, 2.0, 3.0], [1])
    [array([1.]), array([2., 3.])]
    """
    ary = _with_axes("hsplit", ary, 1)
    return split(ary, indices_or_sections, axis=1 if len(shape_of(ary)) > 1 else 0)


def vsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    """Parts along the first axis of a matrix, or of what has more axes; see `split`.

    Raises:
        ShapeError: there are fewer than two axes, or the length is no multiple of the number of parts.

    >>> vsplit([[1.0], [2.0]], 2)
    [array([[1.]]), array([[2.]])]
    """
    return split(_with_axes("vsplit", ary, 2), indices_or_sections, axis=0)


def dsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    """Parts along the third axis; see `split`.

    Raises:
        ShapeError: there are fewer than three axes, or the length is no multiple of the number of parts.

    >>> dsplit([[[1.0, 2.0]]], 2)
    [array([[[1.]]]), array([[[2.]]])]
    """
    return split(_with_axes("dsplit", ary, 3), indices_or_sections, axis=2)


def unstack(x: Array, *, axis: int = 0) -> tuple[Array, ...]:
    """The slices along an axis, which is gone in each; what `stack` joins.

    Args:
        x: value of one axis at least.
        axis: the axis to take apart.

    Raises:
        ShapeError: the axis does not exist.

    >>> unstack([1.0, 2.0])
    (np.float64(1.0), np.float64(2.0))
    """
    x = as_data(x, "unstack")
    axis = own_axis("unstack", x, axis)
    before = (slice(None),) * axis
    return tuple(getitem(x, index=(*before, i)) for i in range(shape_of(x)[axis]))
