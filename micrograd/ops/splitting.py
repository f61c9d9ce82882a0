"""The table, splitting: one value cut along an axis into several; composed of ops."""

from __future__ import annotations

import itertools
from typing import Any

from micrograd.arrays import as_data
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, named, shape_of
from micrograd.ops.axes import along, axis_of
from micrograd.ops.indexing import getitem
from micrograd.ops.shapes import sizes_of, with_axes

__all__ = [
    "array_split",
    "dsplit",
    "hsplit",
    "split",
    "unstack",
    "vsplit",
]


def split(x: Array, indices_or_sections: Any, *, axis: int = 0) -> list[Array]:
    """Parts of x along an axis: of equal length, or cut at given places.

    Args:
        x: value of any shape.
        indices_or_sections: how many parts, or the places to cut at.
        axis: the axis to cut.

    Returns:
        A list of values.

    Raises:
        ShapeError: the axis does not exist, or does not make equal parts.
        ArgumentError: the number of parts is not positive.

    >>> split([1.0, 2.0, 3.0, 4.0], 2)
    [array([1., 2.]), array([3., 4.])]
    """
    parts, n = sizes_of("split", indices_or_sections), shape_of(x)[axis_of("split", x, axis)]
    if not hasattr(indices_or_sections, "__iter__") and parts[0] > 0 and n % parts[0]:
        raise ShapeError(
            f"split: axis {axis} of {named(x)} does not make {parts[0]} equal parts; array_split makes unequal ones"
        )
    return _cut("split", x, indices_or_sections, axis)


def array_split(x: Array, indices_or_sections: Any, *, axis: int = 0) -> list[Array]:
    """Parts of x along an axis; where they cannot be equal, the first are longer by 1.

    Args:
        x: value of any shape.
        indices_or_sections: how many parts, or the places to cut at.
        axis: the axis to cut.

    Returns:
        A list of values.

    Raises:
        ShapeError: the axis does not exist.
        ArgumentError: the number of parts is not positive.

    >>> array_split([1.0, 2.0, 3.0], 2)
    [array([1., 2.]), array([3.])]
    """
    return _cut("array_split", x, indices_or_sections, axis)


def _cut(name: str, x: Array, indices_or_sections: Any, axis: int) -> list[Array]:
    axis = axis_of(name, x, axis)
    places = sizes_of(name, indices_or_sections)
    if not hasattr(indices_or_sections, "__iter__"):
        (parts,) = places
        if parts < 1:
            raise ArgumentError(f"{name}: {parts} parts of {named(x)}; give at least 1")
        least, longer = divmod(shape_of(x)[axis], parts)
        places = tuple(itertools.accumulate(least + (i < longer) for i in range(parts - 1)))
    ends = itertools.pairwise((None, *places, None))
    return [getitem(x, index=along(axis, slice(start, stop))) for start, stop in ends]


def hsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    """Parts along the second axis; of a vector, along its only one: see `split`.

    Raises:
        ShapeError: there is no axis, or it does not make equal parts.

    >>> hsplit([1.0, 2.0, 3.0], [1])
    [array([1.]), array([2., 3.])]
    """
    ary = with_axes("hsplit", ary, 1)
    return split(ary, indices_or_sections, axis=1 if len(shape_of(ary)) > 1 else 0)


def vsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    """Parts along the first axis, of a matrix or a value with more axes: see `split`.

    Raises:
        ShapeError: there are fewer than two axes, or the axis does not make equal
            parts.

    >>> vsplit([[1.0], [2.0]], 2)
    [array([[1.]]), array([[2.]])]
    """
    return split(with_axes("vsplit", ary, 2), indices_or_sections, axis=0)


def dsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    """Parts along the third axis: see `split`.

    Raises:
        ShapeError: there are fewer than three axes, or the axis does not make equal
            parts.

    >>> dsplit([[[1.0, 2.0]]], 2)
    [array([[[1.]]]), array([[[2.]]])]
    """
    return split(with_axes("dsplit", ary, 3), indices_or_sections, axis=2)


def unstack(x: Array, *, axis: int = 0) -> tuple[Array, ...]:
    """The slices along an axis, each without that axis: the inverse of `stack`.

    Args:
        x: value with at least one axis.
        axis: the axis to split.

    Raises:
        ShapeError: the axis does not exist.

    >>> unstack([1.0, 2.0])
    (np.float64(1.0), np.float64(2.0))
    """
    x = as_data(x, "unstack")
    axis = axis_of("unstack", x, axis)
    return tuple(getitem(x, index=along(axis, i)) for i in range(shape_of(x)[axis]))
