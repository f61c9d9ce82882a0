"""The table, shapes: the same numbers laid out anew, joined, cut, or repeated by broadcasting."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import OPS, Array, linear, multilinear, named, shape_of
from micrograd.ops.arithmetic import where
from micrograd.ops.indexing import axis_number, getitem, index_set, listed, numbered, own_axis, scatter, take

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = [
    "array_split",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_to",
    "column_stack",
    "concatenate",
    "concatenated",
    "diag",
    "diagonal",
    "dstack",
    "expand_dims",
    "flip",
    "hstack",
    "moveaxis",
    "pad",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "split",
    "squeeze",
    "sum_to",
    "swapaxes",
    "tile",
    "transpose",
    "tril",
    "triu",
    "vstack",
]

Axes = int | tuple[int, ...] | None


def sizes_of(name: str, given: Any) -> tuple[int, ...]:
    """A shape, or any run of integers, from one integer or a sequence.

    Raises:
        ArgumentError: there is something else than integers.

    >>> sizes_of("reshape", 3)
    (3,)
    """
    try:
        return tuple(operator.index(n) for n in (given if hasattr(given, "__iter__") else (given,)))
    except TypeError:
        raise ArgumentError(f"{name}: {given!r}: give an integer, or a tuple of integers") from None


# What lets a number have axis 0, as NumPy's ufuncs do and SciPy's softmax does
_ON_NUMBERS = {"sum", "prod", "max", "min", "any", "all", "softmax", "log_softmax", "logsumexp", "squeeze"}


def own_axes(name: str, x: Array, axis: Any) -> tuple[int, ...]:
    """Axes of x, counted from the front; all of them for None.

    Raises:
        ShapeError: x has no such axis, or one is named twice.
        ArgumentError: an axis is no integer.

    >>> own_axes("sum", np.ones((2, 3)), (0, -1))
    (0, 1)
    """
    ndim = len(shape_of(x))
    if axis is None:
        return tuple(range(ndim))
    if ndim == 0 and name in _ON_NUMBERS and isinstance(axis, int) and axis in (0, -1):
        return ()
    given = axis if isinstance(axis, tuple) else (axis,)
    if not all(isinstance(a, int) or hasattr(a, "__index__") for a in given) or isinstance(axis, np.ndarray):
        raise ArgumentError(f"{name}: axis {axis!r}: give an integer, or a tuple of integers")
    if not all(-ndim <= a < ndim for a in given):
        raise ShapeError(f"{name}: axis {axis} of {numbered(x)}")
    found = tuple(operator.index(a) % ndim for a in given)
    if len(set(found)) < len(found):
        raise ShapeError(f"{name}: axis {axis} of {named(x)}: an axis is named twice; name each once")
    return found


def _reshaped(x: Array, *, shape: int | tuple[int, ...]) -> tuple[int, ...]:
    shape = sizes_of("reshape", shape)
    size, known = math.prod(shape_of(x)), math.prod(n for n in shape if n != -1)
    unknown = shape.count(-1)
    if (
        unknown > 1
        or any(n < -1 for n in shape)
        or (unknown == 0 and known != size)
        or (unknown == 1 and (known == 0 or size % known))
    ):
        raise ShapeError(
            f"reshape: {named(x)} has {size} elements, and {shape} does not hold as many; "
            f"-1 stands for one size to be computed"
        )
    return tuple(size // known if n == -1 else n for n in shape)


@multilinear("reshape", lambda g, x, *, shape: reshape(g, shape=shape_of(x)), shape=_reshaped)
def reshape(x: Array, *, shape: int | Sequence[int]) -> Array:
    """The same elements in the same order, in another shape.

    Args:
        x: value of any shape.
        shape: the new shape; one size may be -1, to be computed.

    Raises:
        ShapeError: the new shape does not hold as many elements.
        ArgumentError: the shape is of something else than integers.

    >>> reshape(np.arange(4.0), shape=(2, 2))
    array([[0., 1.],
           [2., 3.]])
    """
    if type(x) is np.ndarray:
        return x.reshape(shape)
    return x if type(x) is float and shape == () else np.reshape(x, sizes_of("reshape", shape))


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=lambda axis: axes[axis] % len(axes)))


def _transposed(x: Array, *, axes: Sequence[int] | None = None) -> tuple[int, ...]:
    shape = shape_of(x)
    axes = tuple(range(len(shape)))[::-1] if axes is None else sizes_of("transpose", axes)
    if sorted(axis % len(shape) if -len(shape) <= axis < len(shape) else -1 for axis in axes) != [*range(len(shape))]:
        raise ShapeError(f"transpose: axes {tuple(axes)} of {named(x)}: name each of its {len(shape)} axes once")
    return tuple(shape[axis] for axis in axes)


@multilinear(
    "transpose",
    lambda g, x, *, axes=None: transpose(g, axes=None if axes is None else _inverse(sizes_of("transpose", axes))),
    shape=_transposed,
    tex=r"\left({0}\right)^\top",
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
    return x.transpose(axes) if type(x) is np.ndarray else np.transpose(x, axes)


def _broadcast(x: Array, *, shape: int | tuple[int, ...]) -> tuple[int, ...]:
    given, shape = shape_of(x), sizes_of("broadcast_to", shape)
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
    if isinstance(x, (float, int, np.generic)):  # a number: quicker than a view, and the reader's own to change
        z = np.empty(shape, type(x))
        z.fill(x)
        return z
    return np.broadcast_to(x, shape)


def sum_to(g: Array, shape: tuple[int, ...]) -> Array:
    """The transpose of broadcasting: sums over the axes along which `shape` was repeated to that of g.

    >>> sum_to(np.ones((2, 3)), (3,))
    array([2., 2., 2.])
    """
    given = shape_of(g)
    if given == shape:
        return g
    sum = OPS["sum"]  # defined later, as its rule needs broadcast_to: the two are each other's transpose
    extra = len(given) - len(shape)
    repeated = [i for i, n in enumerate(shape, extra) if n == 1 and given[i] != 1]
    if not repeated:
        return sum(g, axis=tuple(range(extra)))
    g = sum(g, axis=(*range(extra), *repeated), keepdims=True)
    return reshape(g, shape=shape) if extra else g


def expand_dims(x: Array, *, axis: int | tuple[int, ...]) -> Array:
    """New axes of length 1.

    Args:
        x: value of any shape.
        axis: where the new axes stand in the result, counted from the end when negative.

    Raises:
        ShapeError: the result has no such axis, or one is named twice.

    >>> expand_dims(np.ones(3), axis=0).shape
    (1, 3)
    """
    given = axis if isinstance(axis, tuple) else (axis,)
    ndim = len(shape_of(x)) + len(given)
    why = f" of {named(x)}: the result has {ndim} axes"
    new = [axis_number("expand_dims", a, ndim, why) for a in given]
    if len(set(new)) < len(new):
        raise ShapeError(f"expand_dims: axis {axis} of {named(x)}: an axis is named twice; name each once")
    old = iter(shape_of(x))
    return reshape(x, shape=tuple(1 if a in new else next(old) for a in range(ndim)))


def squeeze(x: Array, *, axis: Axes = None) -> Array:
    """Axes of length 1 taken away.

    Args:
        x: value of any shape.
        axis: the axes to take away; None for all of length 1.

    Raises:
        ShapeError: an axis does not exist, or is longer.

    >>> squeeze(np.ones((1, 3, 1))).shape
    (3,)
    """
    shape = shape_of(x)
    axes = [i for i, n in enumerate(shape) if n == 1] if axis is None else own_axes("squeeze", x, axis)
    if any(shape[a] != 1 for a in axes):
        raise ShapeError(f"squeeze: axis {axis} of {named(x)}: only axes of length 1 can go")
    return reshape(x, shape=tuple(n for i, n in enumerate(shape) if i not in axes))


def ravel(x: Array) -> Array:
    """All elements in one row, the last axis running fastest.

    >>> ravel(np.ones((2, 3))).shape
    (6,)
    """
    return reshape(x, shape=(-1,) if math.prod(shape_of(x)) else (0,))


def atleast_1d(*values: Array) -> Any:
    """Values with one axis at least: a number becomes an array of one element. Several give a tuple.

    >>> atleast_1d(2.0)
    array([2.])
    """
    found = tuple(x if shape_of(x) else reshape(x, shape=(1,)) for x in values)
    return found[0] if len(found) == 1 else found


def atleast_2d(*values: Array) -> Any:
    """Values with two axes at least: a vector becomes a row. Several give a tuple.

    >>> atleast_2d(np.ones(3)).shape
    (1, 3)
    """
    found = tuple(x if len(shape_of(x)) > 1 else reshape(x, shape=(1, *(shape_of(x) or (1,)))) for x in values)
    return found[0] if len(found) == 1 else found


def atleast_3d(*values: Array) -> Any:
    """Values with three axes at least, as NumPy places them: (n,) becomes (1, n, 1), (n, m) becomes (n, m, 1).

    >>> atleast_3d(np.ones(3)).shape
    (1, 3, 1)
    """
    found = tuple(x if len(shape_of(x)) > 2 else reshape(x, shape=_three(*shape_of(x))) for x in values)
    return found[0] if len(found) == 1 else found


def _three(n: int = 1, m: int | None = None) -> tuple[int, int, int]:
    return (1, n, 1) if m is None else (n, m, 1)


# Axes in another order


def moveaxis(x: Array, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Array:
    """Axes moved to other places, the others in their old order.

    Args:
        x: value of any shape.
        source: the axes to move.
        destination: where each of them goes.

    Raises:
        ShapeError: an axis does not exist or is named twice, or one has nowhere to go.

    >>> moveaxis(np.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    source, destination = (tuple(a) if isinstance(a, list) else a for a in (source, destination))
    origin, goal = own_axes("moveaxis", x, source), own_axes("moveaxis", x, destination)
    if len(origin) != len(goal):
        raise ShapeError(f"moveaxis: axes {source} of {named(x)} to {destination}: name as many places as axes")
    moved = dict(zip(goal, origin, strict=True))
    others = (a for a in range(len(shape_of(x))) if a not in origin)
    return transpose(x, axes=tuple(moved[a] if a in moved else next(others) for a in range(len(shape_of(x)))))


def swapaxes(x: Array, axis1: int, axis2: int) -> Array:
    """Two axes exchanged.

    Args:
        x: value of any shape.
        axis1: one of them.
        axis2: the other.

    Raises:
        ShapeError: an axis does not exist.

    >>> swapaxes(np.ones((2, 3, 4)), 0, 2).shape
    (4, 3, 2)
    """
    one, other = own_axis("swapaxes", x, axis1), own_axis("swapaxes", x, axis2)
    axes = list(range(len(shape_of(x))))
    axes[one], axes[other] = other, one
    return transpose(x, axes=tuple(axes))


def _along(axis: int, entry: Any) -> tuple[Any, ...]:
    """The index that takes all of the axes before, and the entry along this one."""
    return (slice(None),) * axis + (entry,)


def flip(x: Array, *, axis: Axes = None) -> Array:
    """Elements in the opposite order along axes.

    Args:
        x: value of any shape.
        axis: the axes to turn around; None for all.

    Raises:
        ShapeError: an axis does not exist.

    >>> flip(np.array([1.0, 2.0, 3.0]))
    array([3., 2., 1.])
    """
    axes = own_axes("flip", x, axis)
    return getitem(x, index=tuple(slice(None, None, -1 if a in axes else None) for a in range(len(shape_of(x)))))


def roll(x: Array, shift: int | tuple[int, ...], *, axis: Axes = None) -> Array:
    """Elements moved along axes; what falls off at the end comes in at the front.

    Args:
        x: value of any shape.
        shift: by how many places; one number per axis, or one for all.
        axis: the axes to move along; None for the elements in their order.

    Raises:
        ShapeError: an axis does not exist, or the shifts are not as many as the axes.

    >>> roll(np.array([1.0, 2.0, 3.0]), 1)
    array([3., 1., 2.])
    """
    if axis is None:
        return reshape(roll(ravel(x), shift, axis=0), shape=shape_of(x))
    axes = tuple(own_axis("roll", x, a) for a in (axis if isinstance(axis, tuple) else (axis,)))
    shifts = sizes_of("roll", shift)
    if 1 not in (len(axes), len(shifts)) and len(axes) != len(shifts):
        raise ShapeError(f"roll: shift {shift} along axis {axis} of {named(x)}: give one shift per axis")
    for a, by in np.broadcast(axes, shifts):
        n = shape_of(x)[a]
        cut = n - int(by) % n if n else 0
        if cut != n:
            x = concatenated(
                getitem(x, index=_along(a, slice(cut, n))), getitem(x, index=_along(a, slice(cut))), axis=a
            )
    return x


# Joining and cutting


def _concatenated(*values: Array, axis: int = 0) -> tuple[int, ...]:
    given = ", ".join(named(x) for x in values) or "nothing"
    shapes = [shape_of(x) for x in values]
    if () in shapes:
        raise ShapeError(f"concatenate: {given}: a number has no axis to join along; use stack")
    if len({len(shape) for shape in shapes}) != 1:
        raise ShapeError(f"concatenate: {given}: give one value at least, all with the same number of axes")
    a = axis_number("concatenate", axis, len(shapes[0]), f" of {named(values[0])}: it has {len(shapes[0])} axes")
    if len({shape[:a] + shape[a + 1 :] for shape in shapes}) != 1:
        raise ShapeError(f"concatenate: {given}: sizes must be equal on all axes but axis {axis}")
    return (*shapes[0][:a], sum(shape[a] for shape in shapes), *shapes[0][a + 1 :])


def _cut_out(i: int, g: Array, values: Sequence[Array], *, axis: int = 0) -> Array:
    a = axis % len(shape_of(g))
    start = sum(shape_of(x)[a] for x in values[:i])
    return getitem(g, index=_along(a, slice(start, start + shape_of(values[i])[a])))


@linear("concatenate", _cut_out, shape=_concatenated)
def concatenated(*values: Array, axis: int = 0) -> Array:
    """The op behind `concatenate`, its inputs one by one.

    >>> concatenated(np.array([1.0]), np.array([2.0, 3.0]))
    array([1., 2., 3.])
    """
    return np.concatenate(values, axis=axis)


def concatenate(arrays: Iterable[Array], *, axis: int | None = 0) -> Array:
    """Several values one after the other, along an axis that they have.

    Args:
        arrays: one value at least, all of one shape but for that axis.
        axis: the axis to join along, counted from the end when negative; None joins all elements into one row.

    Raises:
        ShapeError: no value is given, their shapes do not fit, or the axis does not exist.
        ArgumentError: what was given is no sequence.

    >>> concatenate([np.array([1.0]), np.array([2.0, 3.0])])
    array([1., 2., 3.])
    """
    values = listed("concatenate", arrays)
    if axis is None:
        values, axis = tuple(ravel(x) for x in values), 0
    if not values or not all(shape_of(x) for x in values):
        _concatenated(*values, axis=axis)
    return concatenated(*values, axis=axis)


def vstack(arrays: Iterable[Array]) -> Array:
    """Values one below the other: joined along the first axis, vectors as rows.

    Raises:
        ShapeError: no value is given, or sizes on the other axes differ.
        ArgumentError: what was given is no sequence.

    >>> vstack([np.zeros(2), np.ones(2)])
    array([[0., 0.],
           [1., 1.]])
    """
    return concatenate([atleast_2d(x) for x in listed("vstack", arrays)])


def hstack(arrays: Iterable[Array]) -> Array:
    """Values side by side: joined along the second axis, vectors along their only one.

    Raises:
        ShapeError: no value is given, or sizes on the other axes differ.
        ArgumentError: what was given is no sequence.

    >>> hstack([np.zeros(1), np.ones(2)])
    array([0., 1., 1.])
    """
    values = [atleast_1d(x) for x in listed("hstack", arrays)]
    return concatenate(values, axis=1 if values and len(shape_of(values[0])) > 1 else 0)


def dstack(arrays: Iterable[Array]) -> Array:
    """Values one behind the other: joined along the third axis.

    Raises:
        ShapeError: no value is given, or sizes on the other axes differ.
        ArgumentError: what was given is no sequence.

    >>> dstack([np.zeros(2), np.ones(2)])
    array([[[0., 1.],
            [0., 1.]]])
    """
    return concatenate([atleast_3d(x) for x in listed("dstack", arrays)], axis=2)


def column_stack(arrays: Iterable[Array]) -> Array:
    """Values side by side, vectors as columns.

    Raises:
        ShapeError: no value is given, or sizes on the other axes differ.
        ArgumentError: what was given is no sequence.

    >>> column_stack([np.zeros(2), np.ones(2)])
    array([[0., 1.],
           [0., 1.]])
    """
    columns = [x if len(shape_of(x)) > 1 else reshape(x, shape=(-1, 1)) for x in listed("column_stack", arrays)]
    return concatenate(columns, axis=1)


def split(x: Array, indices_or_sections: Any, *, axis: int = 0) -> list[Array]:
    """Parts along an axis: of equal length, or between given places.

    Args:
        x: value of any shape.
        indices_or_sections: how many parts, or the places to cut at.
        axis: the axis to cut, counted from the end when negative.

    Returns:
        A list of values.

    Raises:
        ShapeError: the axis does not exist, or its length is no multiple of the number of parts.
        ArgumentError: the number of parts is not positive.

    >>> split(np.array([1.0, 2.0, 3.0, 4.0]), 2)
    [array([1., 2.]), array([3., 4.])]
    """
    parts, n = sizes_of("split", indices_or_sections), shape_of(x)[own_axis("split", x, axis)]
    if not hasattr(indices_or_sections, "__iter__") and parts[0] > 0 and n % parts[0]:
        raise ShapeError(
            f"split: axis {axis} of {named(x)} does not make {parts[0]} equal parts; use array_split for unequal ones"
        )
    return _cut("split", x, indices_or_sections, axis)


def array_split(x: Array, indices_or_sections: Any, *, axis: int = 0) -> list[Array]:
    """Parts along an axis, the first ones longer by 1 where they cannot be equal.

    Args:
        x: value of any shape.
        indices_or_sections: how many parts, or the places to cut at.
        axis: the axis to cut, counted from the end when negative.

    Returns:
        A list of values.

    Raises:
        ShapeError: the axis does not exist.
        ArgumentError: the number of parts is not positive.

    >>> array_split(np.array([1.0, 2.0, 3.0]), 2)
    [array([1., 2.]), array([3.])]
    """
    return _cut("array_split", x, indices_or_sections, axis)


def _cut(name: str, x: Array, indices_or_sections: Any, axis: int) -> list[Array]:
    axis = own_axis(name, x, axis)
    places = sizes_of(name, indices_or_sections)
    if not hasattr(indices_or_sections, "__iter__"):
        (parts,) = places
        if parts < 1:
            raise ArgumentError(f"{name}: {parts} parts of {named(x)}; give 1 at least")
        least, longer = divmod(shape_of(x)[axis], parts)
        places = tuple(itertools.accumulate(least + (i < longer) for i in range(parts - 1)))
    ends = itertools.pairwise((None, *places, None))
    return [getitem(x, index=_along(axis, slice(start, stop))) for start, stop in ends]


# Repeating


def tile(x: Array, reps: int | tuple[int, ...]) -> Array:
    """Copies of the whole side by side, along each axis.

    Args:
        x: value of any shape.
        reps: how many copies along each axis, the last axis last; further ones make new axes in front.

    Raises:
        ArgumentError: the number of copies is no integer, or negative.

    >>> tile(np.array([1.0, 2.0]), 2)
    array([1., 2., 1., 2.])
    """
    copies = sizes_of("tile", reps)
    if any(k < 0 for k in copies):
        raise ArgumentError(f"tile: {reps} copies of {named(x)}; give 0 at least")
    shape = (1,) * (len(copies) - len(shape_of(x))) + shape_of(x)
    copies = (1,) * (len(shape) - len(copies)) + copies
    laid = reshape(x, shape=tuple(n for size in shape for n in (1, size)))
    pairs = tuple(zip(copies, shape, strict=True))
    return reshape(
        broadcast_to(laid, shape=tuple(itertools.chain.from_iterable(pairs))), shape=tuple(k * n for k, n in pairs)
    )


def repeat(x: Array, repeats: Any, *, axis: int | None = None) -> Array:
    """Each element several times, one after the other.

    Args:
        x: value of any shape.
        repeats: how many times; one number, or one per element along the axis.
        axis: the axis to repeat along; None repeats the elements in their order.

    Raises:
        ShapeError: the axis does not exist, or the numbers are not one per element.
        ArgumentError: a number of times is no integer, or negative.

    >>> repeat(np.array([1.0, 2.0]), 2)
    array([1., 1., 2., 2.])
    """
    if axis is None or (not shape_of(x) and axis in (0, -1)):
        x, axis = ravel(x), 0
    axis = own_axis("repeat", x, axis)
    shape, times = shape_of(x), sizes_of("repeat", repeats)
    if any(k < 0 for k in times):
        raise ArgumentError(f"repeat: {repeats} times; give 0 at least")
    if len(times) not in (1, shape[axis]):
        raise ShapeError(f"repeat: {len(times)} numbers for axis {axis} of {named(x)}; give one, or {shape[axis]}")
    if len(times) > 1:
        return take(x, np.repeat(np.arange(shape[axis]), times), axis=axis)
    wide = broadcast_to(expand_dims(x, axis=axis + 1), shape=(*shape[: axis + 1], times[0], *shape[axis + 1 :]))
    return reshape(wide, shape=(*shape[:axis], shape[axis] * times[0], *shape[axis + 1 :]))


_FILLED_BY_INDEX = ("edge", "reflect", "symmetric", "wrap")


def pad(x: Array, pad_width: Any, *, mode: str = "constant", constant_values: Any = 0.0) -> Array:
    """Elements added before and after, along each axis.

    Args:
        x: value of any shape.
        pad_width: how many: one number for all, (before, after) for every axis, or one such pair per axis.
        mode: what they are: "constant", or copies of elements of x: "edge", "reflect", "symmetric" or "wrap".
        constant_values: the constant, plain numbers, given as pad_width is.

    Raises:
        ArgumentError: the mode is unknown, or a width is negative or no integer.
        ShapeError: the widths are not as many as the axes, or an empty axis has nothing to copy.

    >>> pad(np.array([1.0, 2.0]), (1, 2))
    array([0., 1., 2., 0., 0.])
    """
    widths = _widths(x, pad_width)
    if mode in _FILLED_BY_INDEX:
        return _pad_with_copies(x, widths, mode)
    if mode != "constant":
        raise ArgumentError(f"pad: mode {mode!r}: give 'constant', {', '.join(map(repr, _FILLED_BY_INDEX))}")
    if hasattr(constant_values, "_apply_op"):
        raise ArgumentError(f"pad: constant_values {named(constant_values)} carry no gradient; concatenate a Value")
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
        raise ArgumentError(f"pad: widths {pad_width}: give integers, 0 at least")
    return [(int(before), int(after)) for before, after in widths]


def _pad_with_copies(x: Array, widths: list[tuple[int, int]], mode: str) -> Array:
    for axis, width in enumerate(widths):
        n = shape_of(x)[axis]
        if n == 0 and any(width):
            raise ShapeError(f"pad: axis {axis} of {named(x)} is empty: mode {mode!r} has nothing to copy")
        if any(width):
            x = getitem(x, index=_along(axis, np.pad(np.arange(n), width, mode=mode)))  # type: ignore[call-overload]
    return x


# Triangles and diagonals


def tril(x: Array, *, k: int = 0) -> Array:
    """The lower triangle of a matrix, or of each in a batch; zeros above diagonal k.

    Args:
        x: value of shape (..., n, m).
        k: the last diagonal kept: 0 the main one, 1 that above it.

    Raises:
        ShapeError: x has fewer than two axes.

    >>> tril(np.ones((2, 2)))
    array([[1., 0.],
           [1., 1.]])
    """
    return where(np.tri(*_matrix("tril", x), k=k, dtype=bool), x, 0.0)


def triu(x: Array, *, k: int = 0) -> Array:
    """The upper triangle of a matrix, or of each in a batch; zeros below diagonal k.

    Args:
        x: value of shape (..., n, m).
        k: the first diagonal kept: 0 the main one, 1 that above it.

    Raises:
        ShapeError: x has fewer than two axes.

    >>> triu(np.ones((2, 2)))
    array([[1., 1.],
           [0., 1.]])
    """
    return where(np.tri(*_matrix("triu", x), k=k - 1, dtype=bool), 0.0, x)


def _matrix(name: str, x: Array) -> tuple[int, int]:
    if len(shape_of(x)) < 2:
        raise ShapeError(f"{name}: {named(x)} is no matrix: give a value with two axes at least")
    n, m = shape_of(x)[-2:]
    return n, m


def diagonal(x: Array, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The diagonal of a matrix, or of each in a batch, as the last axis.

    Args:
        x: value with two axes at least.
        offset: which diagonal: 0 the main one, 1 that above it, -1 that below.
        axis1: the axis of the rows.
        axis2: the axis of the columns.

    Raises:
        ShapeError: x has fewer than two axes, or an axis does not exist or is named twice.

    >>> diagonal(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 4.])
    """
    _matrix("diagonal", x)
    x = moveaxis(x, own_axes("diagonal", x, (axis1, axis2)), (-2, -1))
    *batch, n, m = shape_of(x)
    count = _diagonal_length(n, m, offset)
    start = offset if offset >= 0 else -offset * m
    row = reshape(x, shape=(*batch, n * m))  # in which one step down and one to the right are m + 1 places
    return getitem(row, index=(..., slice(start, start + count * (m + 1), m + 1) if count else slice(0)))


def _diagonal_length(n: int, m: int, offset: int) -> int:
    return max(0, min(n, m - offset) if offset >= 0 else min(n + offset, m))


def diag(x: Array, *, k: int = 0) -> Array:
    """The diagonal of a matrix; or of a vector, the matrix that has it there and is zero elsewhere.

    Args:
        x: value with one axis or two.
        k: which diagonal: 0 the main one, 1 that above it, -1 that below.

    Raises:
        ShapeError: x has another number of axes.

    >>> diag(np.array([1.0, 2.0]))
    array([[1., 0.],
           [0., 2.]])
    """
    shape = shape_of(x)
    if len(shape) == 2:
        return diagonal(x, offset=k)
    if len(shape) != 1:
        raise ShapeError(f"diag: {named(x)}: give a vector or a matrix; diagonal takes batches")
    n = shape[0] + abs(k)
    start = k if k >= 0 else -k * n
    row = scatter(x, index=slice(start, start + shape[0] * (n + 1), n + 1) if shape[0] else slice(0), shape=(n * n,))
    return reshape(row, shape=(n, n))
