"""The table, joining: several values joined along an axis."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_input
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, linear, named, shape_of
from micrograd.ops.axes import along, axis_of, new_axis, with_length
from micrograd.ops.shapes import atleast_1d, atleast_2d, atleast_3d, ravel, reshape

__all__ = [
    "block",
    "column_stack",
    "concatenate",
    "concatenated",
    "dstack",
    "hstack",
    "stack",
    "stacked",
    "vstack",
]


def listed(name: str, values: Any) -> tuple[Array, ...]:
    """The values of a sequence; one value is the sequence of its rows.

    Raises:
        ArgumentError: it is not a sequence.
        DataError: one of them is not a number and not an array.

    >>> listed("stack", [1.0, 2.0])
    (1.0, 2.0)
    """
    if type(values) is not list and type(values) is not tuple:
        shape = getattr(values, "shape", None)
        if not hasattr(values, "__iter__") or shape == () or isinstance(values, str):
            raise ArgumentError(f"{name}: {values!r} is not a sequence; give a list of values")
    return tuple([as_input(x, name) for x in values])


# Along a new axis


def _stacked(*values: Array, axis: int = 0) -> tuple[int, ...]:
    shapes = {shape_of(x): x for x in values}
    if len(shapes) != 1:
        given = ", ".join(named(x) for x in shapes.values()) or "nothing"
        raise ShapeError(f"stack: {given}: give at least one value, all of one shape")
    (shape,) = shapes
    position = new_axis("stack", axis, len(shape) + 1)
    return (*shape[:position], len(values), *shape[position:])


def _unstacked(i: int, g: Array, values: Sequence[Array], *, axis: int = 0) -> Array:
    position = axis % len(shape_of(g))
    return g[along(position, i)]


@linear("stack", _unstacked, shape=_stacked)
def stacked(*values: Array, axis: int = 0) -> Array:
    """The op behind `stack`; it takes the values one by one.

    >>> stacked(1.0, 2.0)
    array([1., 2.])
    """
    if axis in (0, -1) and builtins.all(isinstance(x, (float, int)) for x in values):  # several times as quick
        return np.array(values)
    return np.stack(values, axis=axis)


def stack(values: Iterable[Array], *, axis: int = 0) -> Array:
    """Several values of one shape joined along a new axis.

    Args:
        values: at least one value, all of one shape; numbers too.
        axis: the number of the new axis in the result.

    Raises:
        ShapeError: no value is given, or their shapes differ.
        ArgumentError: what was given is not a sequence.

    >>> stack([1.0, 2.0])
    array([1., 2.])
    """
    values = listed("stack", values)
    if not values:
        _stacked(axis=axis)
    return stacked(*values, axis=axis)


# Along an axis that they have


def _concatenated(*values: Array, axis: int = 0) -> tuple[int, ...]:
    given = ", ".join(named(x) for x in values) or "nothing"
    shapes = [shape_of(x) for x in values]
    if () in shapes:
        raise ShapeError(f"concatenate: {given}: a number has no axis to join along; use stack")
    if len({len(shape) for shape in shapes}) != 1:
        raise ShapeError(f"concatenate: {given}: give at least one value, all with the same number of axes")
    a = axis_of("concatenate", values[0], axis)
    if len({with_length(shape, a, 0) for shape in shapes}) != 1:
        raise ShapeError(f"concatenate: {given}: sizes must be equal, except on axis {axis}")
    return with_length(shapes[0], a, sum(shape[a] for shape in shapes))


def _cut_out(i: int, g: Array, values: Sequence[Array], *, axis: int = 0) -> Array:
    a, start = axis % len(shape_of(g)), 0
    for x in values[:i]:
        start += shape_of(x)[a]
    part = slice(start, start + shape_of(values[i])[a])
    return g[along(a, part) if a else part]


@linear("concatenate", _cut_out, shape=_concatenated)
def concatenated(*values: Array, axis: int = 0) -> Array:
    """The op behind `concatenate`; it takes the values one by one.

    >>> concatenated(np.array([1.0]), np.array([2.0, 3.0]))
    array([1., 2., 3.])
    """
    return np.concatenate(values, axis)


def concatenate(arrays: Iterable[Array], *, axis: int | None = 0) -> Array:
    """Several values joined one after the other, along one of their axes.

    Args:
        arrays: at least one value; shapes may differ along that axis only.
        axis: the axis to join along; None joins all elements in one row.

    Raises:
        ShapeError: no value is given, their shapes do not fit, or the axis does not
            exist.
        ArgumentError: what was given is not a sequence.

    >>> concatenate([np.array([1.0]), np.array([2.0, 3.0])])
    array([1., 2., 3.])
    """
    values = listed("concatenate", arrays)
    if axis is None:
        values, axis = tuple(ravel(x) for x in values), 0
    if not values or () in map(shape_of, values):
        _concatenated(*values, axis=axis)
    return concatenated(*values, axis=axis)


def vstack(arrays: Iterable[Array]) -> Array:
    """Values joined one below the other, along the first axis; a vector is a row.

    Raises:
        ShapeError: no value is given, or sizes on the other axes differ.
        ArgumentError: what was given is not a sequence.

    >>> vstack([np.zeros(2), np.ones(2)])
    array([[0., 0.],
           [1., 1.]])
    """
    return concatenate([atleast_2d(x) for x in listed("vstack", arrays)])


def hstack(arrays: Iterable[Array]) -> Array:
    """Values joined side by side, along the second axis; vectors along their only one.

    Raises:
        ShapeError: no value is given, or sizes on the other axes differ.
        ArgumentError: what was given is not a sequence.

    >>> hstack([np.zeros(1), np.ones(2)])
    array([0., 1., 1.])
    """
    values = [atleast_1d(x) for x in listed("hstack", arrays)]
    return concatenate(values, axis=1 if values and len(shape_of(values[0])) > 1 else 0)


def dstack(arrays: Iterable[Array]) -> Array:
    """Values joined one behind the other, along the third axis.

    Raises:
        ShapeError: no value is given, or sizes on the other axes differ.
        ArgumentError: what was given is not a sequence.

    >>> dstack([np.zeros(2), np.ones(2)])
    array([[[0., 1.],
            [0., 1.]]])
    """
    return concatenate([atleast_3d(x) for x in listed("dstack", arrays)], axis=2)


def column_stack(arrays: Iterable[Array]) -> Array:
    """Values joined side by side; a vector is a column.

    Raises:
        ShapeError: no value is given, or sizes on the other axes differ.
        ArgumentError: what was given is not a sequence.

    >>> column_stack([np.zeros(2), np.ones(2)])
    array([[0., 1.],
           [0., 1.]])
    """
    columns = [x if len(shape_of(x)) > 1 else reshape(x, shape=(-1, 1)) for x in listed("column_stack", arrays)]
    return concatenate(columns, axis=1)


# From nested lists


def block(arrays: Any) -> Array:
    """One value from nested lists of blocks.

    The blocks of an innermost list stand side by side, the lists below each other.

    Args:
        arrays: a value, or nested lists of values, all equally deep.

    Raises:
        ArgumentError: a list is empty, lists are not equally deep, or there is a tuple.
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
        raise ArgumentError("block: a tuple among the blocks; write it as a list, [...]")
    if not isinstance(x, list):
        return 0
    depths = {_depth(part) for part in x}
    if len(depths) != 1:
        why = "a list is empty" if not x else f"one list holds blocks of the depths {sorted(depths)}"
        raise ArgumentError(f"block: {why}; nest all blocks equally deep")
    return depths.pop() + 1


def _most_axes(x: Any) -> int:
    return builtins.max(map(_most_axes, x)) if isinstance(x, list) else len(shape_of(as_input(x, "block")))


def _blocks(x: Any, depth: int, ndim: int) -> Array:
    if depth:
        return concatenate([_blocks(part, depth - 1, ndim) for part in x], axis=-depth)
    x = as_input(x, "block")
    missing = ndim - len(shape_of(x))
    return reshape(x, shape=(1,) * missing + shape_of(x)) if missing or not ndim else x
