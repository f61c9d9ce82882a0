"""The table, layouts: elements turned, moved, repeated, padded; composed of ops."""

from __future__ import annotations

import itertools
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, ShapeError
from micrograd.interpreter import Interpreter
from micrograd.op import Array, named, shape_of
from micrograd.ops.alarms import integer_of
from micrograd.ops.axes import Axis, along, axes_of, axis_of, means_all, with_length
from micrograd.ops.indexing import getitem, index_set, scatter
from micrograd.ops.joining import concatenated
from micrograd.ops.shapes import broadcast_to, expand_dims, ravel, reshape, sizes_of, swapaxes, with_axes
from micrograd.ops.taking import take

__all__ = [
    "flip",
    "fliplr",
    "flipud",
    "pad",
    "repeat",
    "roll",
    "rot90",
    "tile",
]


# Turning and moving


def flip(x: Array, *, axis: Axis = None) -> Array:
    """x with the elements in the opposite order along axes.

    Args:
        x: value of any shape.
        axis: the axes to reverse; None for all.

    Raises:
        ShapeError: an axis does not exist.

    >>> flip(np.array([1.0, 2.0, 3.0]))
    array([3., 2., 1.])
    """
    axes = axes_of("flip", x, axis)
    return getitem(x, index=tuple(slice(None, None, -1 if a in axes else None) for a in range(len(shape_of(x)))))


def fliplr(m: Array) -> Array:
    """m with the columns in the opposite order: the second axis is reversed.

    Raises:
        ShapeError: there are fewer than two axes.

    >>> fliplr([[1.0, 2.0]])
    array([[2., 1.]])
    """
    return flip(with_axes("fliplr", m, 2), axis=1)


def flipud(m: Array) -> Array:
    """m with the rows in the opposite order: the first axis is reversed.

    Raises:
        ShapeError: there is no axis.

    >>> flipud([1.0, 2.0])
    array([2., 1.])
    """
    return flip(with_axes("flipud", m, 1), axis=0)


def rot90(m: Array, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Array:
    """m turned by right angles, from the first of two axes towards the second.

    Args:
        m: value with at least two axes.
        k: how many right angles; a negative number turns the other way.
        axes: the two axes.

    Raises:
        ShapeError: an axis does not exist, or not two are named.
        ArgumentError: k is not an integer.

    >>> rot90([[1.0, 2.0]])
    array([[2.],
           [1.]])
    """
    m = with_axes("rot90", m, 2)
    plane = axes_of("rot90", m, tuple(axes))
    if len(plane) != 2:
        raise ShapeError(f"rot90: axes {axes} of {named(m)}: name two axes")
    k = integer_of("rot90", "k", k) % 4
    first, second = plane
    if k == 0:
        return getitem(m, index=...)
    if k == 2:
        return flip(m, axis=plane)
    return swapaxes(flip(m, axis=second if k == 1 else first), first, second)


def roll(x: Array, shift: int | tuple[int, ...], *, axis: Axis = None) -> Array:
    """x with the elements moved along axes; what leaves at one end enters at the other.

    Args:
        x: value of any shape.
        shift: by how many places; one number per axis, or one for all.
        axis: the axes to move along; None for all elements in one row.

    Raises:
        ShapeError: an axis does not exist, or the shifts and axes differ in number.

    >>> roll(np.array([1.0, 2.0, 3.0]), 1)
    array([3., 1., 2.])
    """
    if axis is None:
        return reshape(roll(ravel(x), shift, axis=0), shape=shape_of(x))
    axes = tuple(axis_of("roll", x, a) for a in (axis if isinstance(axis, tuple) else (axis,)))
    shifts = sizes_of("roll", shift)
    if 1 not in (len(axes), len(shifts)) and len(axes) != len(shifts):
        raise ShapeError(f"roll: shift {shift} along axis {axis} of {named(x)}: give one shift per axis")
    for a, by in np.broadcast(axes, shifts):
        n = shape_of(x)[a]
        cut = n - int(by) % n if n else 0
        if cut != n:
            x = concatenated(getitem(x, index=along(a, slice(cut, n))), getitem(x, index=along(a, slice(cut))), axis=a)
    return x


# Repeating


def tile(x: Array, reps: int | tuple[int, ...]) -> Array:
    """Copies of x side by side, along each axis.

    Args:
        x: value of any shape.
        reps: how many copies along each axis, the last axis last; more numbers than
            axes make new axes in front.

    Raises:
        ArgumentError: a number of copies is negative, or not an integer.

    >>> tile(np.array([1.0, 2.0]), 2)
    array([1., 2., 1., 2.])
    """
    copies = sizes_of("tile", reps)
    if any(k < 0 for k in copies):
        raise ArgumentError(f"tile: {reps} copies of {named(x)}; give at least 0")
    shape = (1,) * (len(copies) - len(shape_of(x))) + shape_of(x)
    copies = (1,) * (len(shape) - len(copies)) + copies
    laid = reshape(x, shape=tuple(n for size in shape for n in (1, size)))
    pairs = tuple(zip(copies, shape, strict=True))
    return reshape(
        broadcast_to(laid, shape=tuple(itertools.chain.from_iterable(pairs))), shape=tuple(k * n for k, n in pairs)
    )


def repeat(x: Array, repeats: Any, *, axis: int | None = None) -> Array:
    """x with each element repeated, one after the other.

    Args:
        x: value of any shape.
        repeats: how many times; one number, or one per element along the axis.
        axis: the axis to repeat along; None repeats all elements in one row.

    Raises:
        ShapeError: the axis does not exist, or there is not one number per element.
        ArgumentError: a number is negative, or not an integer.

    >>> repeat(np.array([1.0, 2.0]), 2)
    array([1., 1., 2., 2.])
    """
    if means_all(x, axis):
        x, axis = ravel(x), 0
    axis = axis_of("repeat", x, axis)
    shape, times = shape_of(x), sizes_of("repeat", repeats)
    if any(k < 0 for k in times):
        raise ArgumentError(f"repeat: {repeats} times; give at least 0")
    if len(times) not in (1, shape[axis]):
        raise ShapeError(f"repeat: {len(times)} numbers for axis {axis} of {named(x)}; give one, or {shape[axis]}")
    if len(times) > 1:
        return take(x, np.repeat(np.arange(shape[axis]), times), axis=axis)
    wide = broadcast_to(expand_dims(x, axis=axis + 1), shape=(*shape[: axis + 1], times[0], *shape[axis + 1 :]))
    return reshape(wide, shape=with_length(shape, axis, shape[axis] * times[0]))


# Padding


_FILLED_BY_INDEX = ("edge", "reflect", "symmetric", "wrap")


def pad(x: Array, pad_width: Any, *, mode: str = "constant", constant_values: Any = 0.0) -> Array:
    """x with elements added before and after, along each axis.

    Args:
        x: value of any shape.
        pad_width: how many: one number for all, one pair (before, after) for all axes,
            or one such pair per axis.
        mode: "constant", or which elements of x are copied: "edge", "reflect",
            "symmetric" or "wrap".
        constant_values: the constant: plain numbers, given as pad_width is.

    Raises:
        ArgumentError: the mode is unknown, or a width is negative or not an integer.
        ShapeError: the widths do not fit the axes, or an empty axis has nothing to
            copy.

    >>> pad(np.array([1.0, 2.0]), (1, 2))
    array([0., 1., 2., 0., 0.])
    """
    widths = _widths(x, pad_width)
    if mode in _FILLED_BY_INDEX:
        return _pad_with_copies(x, widths, mode)
    if mode != "constant":
        raise ArgumentError(f"pad: mode {mode!r}: give 'constant', {', '.join(map(repr, _FILLED_BY_INDEX))}")
    if isinstance(constant_values, Interpreter):
        raise ArgumentError(
            f"pad: constant_values {named(constant_values)} carry no gradient; give plain numbers, or concatenate"
        )
    shape = tuple(before + n + after for n, (before, after) in zip(shape_of(x), widths, strict=True))
    inside = tuple(slice(before, before + n) for n, (before, _) in zip(shape_of(x), widths, strict=True))
    if isinstance(constant_values, (int, float)) and constant_values == 0:
        return scatter(x, index=inside, shape=shape)
    frame = np.pad(np.zeros(shape_of(x), getattr(x, "dtype", float)), widths, constant_values=constant_values)
    return index_set(frame, x, index=inside)


def _widths(x: Array, pad_width: Any) -> list[tuple[int, int]]:
    ndim = len(shape_of(x))
    try:
        widths = np.broadcast_to(pad_width, (ndim, 2))
    except ValueError:
        raise ShapeError(
            f"pad: widths {pad_width} for {named(x)}: give one number, one pair, or {ndim} pairs of (before, after)"
        ) from None
    if widths.dtype.kind not in "iu" or (widths < 0).any():
        raise ArgumentError(f"pad: widths {pad_width}: give integers of at least 0")
    return [(int(before), int(after)) for before, after in widths]


def _pad_with_copies(x: Array, widths: list[tuple[int, int]], mode: str) -> Array:
    for axis, width in enumerate(widths):
        n = shape_of(x)[axis]
        if n == 0 and any(width):
            raise ShapeError(f"pad: axis {axis} of {named(x)} is empty: mode {mode!r} has nothing to copy")
        if any(width):
            x = getitem(x, index=along(axis, np.pad(np.arange(n), width, mode=mode)))  # type: ignore[call-overload]
    return x
