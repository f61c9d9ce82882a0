"""The table, indexing: elements taken out, put back, replaced, stacked.

An index is plain data, a param and not an input: it says where, and carries no gradient.
"""

from __future__ import annotations

import contextlib
import math
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from micrograd.arrays import as_data
from micrograd.errors import ArgumentError, IndexingError, OpError, ShapeError
from micrograd.op import Array, linear, multilinear, named, shape_of
from micrograd.ops.arithmetic import multiply, where

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

X = TypeVar("X")  # what is changed: a Value, or an array

__all__ = [
    "At",
    "getitem",
    "index_add",
    "index_multiply",
    "index_set",
    "scatter",
    "stack",
    "stacked",
    "take",
    "take_along_axis",
]

# Reading an index


def _entries(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _is_basic(entry: Any) -> bool:
    """Whether an entry of an index is one of those that copy nothing: an integer, a slice, None or `...`."""
    return type(entry) in (int, slice) or entry is None or entry is Ellipsis or _is_integer(entry)


def _is_integer(entry: Any) -> bool:
    """Whether an entry is one integer: Python's, NumPy's, or an array without axes."""
    if isinstance(entry, bool) or not hasattr(entry, "__index__") or getattr(entry, "shape", ()) != ():
        return False
    return not hasattr(entry, "dtype") or entry.dtype.kind in "iu"


def _is_mask(entry: Any) -> bool:
    """Whether an entry is of booleans, and so takes each element once at most."""
    if isinstance(entry, (bool, list)):
        entry = np.asarray(entry)
    return getattr(getattr(entry, "dtype", None), "kind", "") == "b"


def _may_repeat(index: Any) -> bool:
    """Whether an index can take one element twice: only integer arrays can."""
    return not all(_is_basic(entry) or _is_mask(entry) for entry in _entries(index))


def _is_traced(entry: Any) -> bool:
    return hasattr(entry, "_apply_op") and np.dtype(entry.dtype).kind in "iu"  # an Abstract of integers is well


def _refuse_values(name: str, index: Any) -> None:
    pending = list(_entries(index))
    while pending:
        x = pending.pop()
        if isinstance(x, (list, tuple)):
            pending += x
        elif hasattr(x, "_apply_op") and not _is_traced(x):
            raise IndexingError(
                f"{name}: the index holds {type(x).__name__} {named(x)}: an index carries no gradient; "
                f"give plain integers, such as int(v), or v.numpy().astype(int)"
            )


def _stand_in(name: str, x: Array, index: Any, entry: Any) -> Any:
    """The entry, an array where it was a list; for a traced array of integers one of its shape."""
    if _is_basic(entry):
        return entry
    if _is_traced(entry):
        return np.zeros(shape_of(entry), int)
    if isinstance(entry, list) and not entry:
        return np.zeros(0, int)
    try:
        array = np.asarray(entry)
    except ValueError:  # ragged
        array = np.asarray("")
    if array.dtype.kind not in "iub":
        raise _no_such(
            name, x, index, "only integers, slices, None, `...` and arrays of integers or booleans are indices"
        )
    return array


def _no_such(name: str, x: Array, index: Any, why: str) -> IndexingError:
    text = " ".join(repr(index).split())
    return IndexingError(f"{name}: index {text if len(text) <= 60 else text[:57] + '...'} of {named(x)}: {why}")


def _taken(x: Array, *, index: Any, name: str = "getitem") -> tuple[int, ...]:
    """Shape of x[index]. Raises IndexingError, which says the axis and what it has."""
    _refuse_values(name, index)
    shape = shape_of(x)
    entries = [_stand_in(name, x, index, entry) for entry in _entries(index)]
    arrays = [entry for entry in entries if hasattr(entry, "shape")]
    spans = [getattr(entry, "ndim", 1) if _is_mask(entry) else 0 if entry is None else 1 for entry in entries]
    dots = [i for i, entry in enumerate(entries) if entry is Ellipsis]
    if len(dots) > 1:
        raise _no_such(name, x, index, "`...` stands for all axes not named, and so can stand once")
    used = sum(spans) - len(dots)
    if used > len(shape):
        raise _no_such(name, x, index, f"too many indices for array: it has {len(shape)} axes, and {used} were indexed")
    axis = 0
    for entry, span in zip(entries, spans, strict=True):
        why = "" if entry is None or entry is Ellipsis else _misses(entry, shape[axis : axis + span], axis)
        if why:
            raise _no_such(name, x, index, why)
        axis += len(shape) - used if entry is Ellipsis else span
    ghost = np.broadcast_to(0.0, shape)  # an array of that shape without memory: NumPy itself answers
    try:
        return tuple(ghost[tuple(entries)].shape)
    except IndexError:
        given = " and ".join(str(np.nonzero(array)[0].shape if _is_mask(array) else array.shape) for array in arrays)
        why = f"index arrays of shapes {given} do not broadcast; give them one shape, or np.ix_ for a grid"
        raise _no_such(name, x, index, why) from None


def _misses(entry: Any, sizes: tuple[int, ...], axis: int) -> str:
    """What the entry asks of its axis, or axes, that is not there; "" where all is well."""
    if isinstance(entry, slice):
        return _misses_slice(entry, sizes[0])
    if _is_mask(entry):
        given = tuple(np.shape(entry))
        return "" if given == sizes else f"boolean index did not match: its shape is {given}, that of its axes {sizes}"
    (n,) = sizes
    asked = np.ravel(entry)
    outside = asked[(asked < -n) | (asked >= n)]
    if not len(outside):
        return ""
    range_ = f"it takes {-n} to {n - 1}" if n else "it has no element"
    return f"index {outside[0]} is out of bounds for axis {axis} with size {n}; {range_}"


def _misses_slice(entry: slice, n: int) -> str:
    try:
        entry.indices(n)
    except (TypeError, ValueError) as error:
        return f"{error}"
    return ""


# Taking out, and putting back


@multilinear("[{index}]", lambda g, x, *, index: scatter(g, index=index, shape=shape_of(x)), shape=_taken)
def getitem(x: Array, *, index: Any) -> Array:
    """Elements of an array, by NumPy's rules of indexing.

    Args:
        x: value of any shape.
        index: whatever NumPy takes: integers, slices, None, `...`, arrays of integers, masks, and tuples of them.

    Raises:
        IndexingError: the array has no such element, or the index is a Value.

    >>> getitem(np.array([1.0, 2.0, 3.0]), index=slice(1, None))
    array([2., 3.])
    """
    if type(index) not in (int, slice):
        _refuse_values("getitem", index)
    return np.asarray(x)[index] if isinstance(x, (int, float)) else x[index]


def _fits(name: str, x: Array, w: Array, index: Any) -> tuple[int, ...]:
    """Shape of x[index], to which w must broadcast. Raises ShapeError where it does not."""
    wanted = _taken(x, index=index, name=name)
    given = shape_of(w)
    try:
        fits = np.broadcast_shapes(given, wanted) == wanted
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"{name}: {named(w)} for the elements of {named(x)} at the index, which have shape {wanted}")
    return wanted


def _scattered_shape(x: Array, *, index: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    _fits("scatter", np.broadcast_to(0.0, shape), x, index)
    return tuple(shape)


@multilinear("scatter [{index}]", lambda g, x, *, index, shape: getitem(g, index=index), shape=_scattered_shape)
def scatter(x: Array, *, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros with x added at an index; the transpose of `getitem`. An element indexed twice receives twice.

    Args:
        x: value of the shape that `zeros(shape)[index]` has.
        index: whatever NumPy takes.
        shape: shape of the result.

    Raises:
        IndexingError: there is no such element in an array of this shape.
        ShapeError: x does not fit the elements at the index.

    >>> scatter(np.array([5.0, 7.0]), index=[1, 1], shape=(3,))
    array([ 0., 12.,  0.])
    """
    _refuse_values("scatter", index)
    if _is_foreign(x):
        return _scatter_foreign(x, index, shape)
    z = np.zeros(shape, getattr(x, "dtype", float))
    _add_in_place(z, index, x)
    return z


def _add_in_place(z: Any, index: Any, x: Any) -> None:
    if isinstance(index, tuple) and len(index) == 1:
        (index,) = index
    if not _may_repeat(index):
        z[index] += x
    elif isinstance(index, tuple) or z.ndim < 2 or not z.flags.c_contiguous:
        np.add.at(z, index, x)
    else:  # whole rows, as of an embedding: element by element NumPy is three times faster than row by row
        rows, width = np.asarray(index, int), math.prod(z.shape[1:])
        _check_rows(rows, z)
        places = rows[..., None] * width + np.arange(width)
        np.add.at(z.reshape(-1), places.reshape(-1), np.broadcast_to(x, (*rows.shape, *z.shape[1:])).reshape(-1))


def _check_rows(rows: Any, z: Any) -> None:
    n = z.shape[0]
    if rows.size and not (-n <= rows.min() and rows.max() < n):
        z[rows]  # raises


# Arrays of other libraries may be lazy and cannot be assigned to: their elements are put in place by NumPy's protocols


def _is_foreign(x: Any) -> bool:
    return not isinstance(x, (np.ndarray, np.generic, float, int))


def _scatter_foreign(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """`scatter`, axis by axis: zeros between the elements and around them; or a product with ones where they go."""
    axis = 0
    for entry, n in _by_axis(x, index, shape):
        if n is None:  # None made this axis
            x = np.squeeze(x, axis)
            continue
        if isinstance(entry, slice):
            x = _spread(x, axis, entry, n)
        elif isinstance(entry, int):
            at = entry % n
            x = _spread(np.expand_dims(x, axis), axis, slice(at, at + 1), n)
        else:
            ones = np.asarray(entry % n)[:, None] == np.arange(n)
            x = np.moveaxis(np.tensordot(x, ones.astype(x.dtype), (axis, 0)), -1, axis)
        axis += 1
    return x


def _by_axis(x: Any, index: Any, shape: tuple[int, ...]) -> Iterator[tuple[Any, int | None]]:
    """Entries of an index, one per axis of the result, with its size there, or None where the entry is None."""
    entries = [e if _is_basic(e) else np.asarray(e) for e in _entries(index)]
    entries = [np.flatnonzero(e) if _is_mask(e) and np.ndim(e) == 1 else e for e in entries]
    arrays = [e for e in entries if isinstance(e, np.ndarray)]
    integers = any(_is_integer(e) for e in entries)
    if len(arrays) > 1 or any(e.ndim != 1 or e.dtype.kind == "b" for e in arrays) or (arrays and integers):
        raise OpError(
            f"getitem: an array of {type(x).__module__.partition('.')[0]} has no gradient at this index; "
            f"it has at slices and integers, or slices and one 1-d array of integers; for masks, use where"
        )
    rest = len(shape) - sum(e is not None and e is not Ellipsis for e in entries)
    if not any(e is Ellipsis for e in entries):
        entries.append(Ellipsis)
    sizes = iter(shape)
    for entry in entries:
        if entry is None:
            yield None, None
        elif entry is Ellipsis:
            yield from ((slice(None), next(sizes)) for _ in range(rest))
        else:
            yield entry if isinstance(entry, (slice, np.ndarray)) else operator.index(entry), next(sizes)


def _spread(x: Any, axis: int, entry: slice, n: int) -> Any:
    """The elements of x along an axis where the slice took them from, among n."""
    start, _, step = entry.indices(n)
    count = x.shape[axis]
    if step < 0:
        x, start, step = np.flip(x, axis), start + (count - 1) * step, -step
    if count == 0:
        return _zeros(x, axis, n)
    if step > 1 and count > 1:
        spaced = np.expand_dims(x, axis + 1)
        spaced = np.concatenate([spaced, _zeros(spaced, axis + 1, step - 1)], axis + 1)
        x = np.reshape(spaced, (*x.shape[:axis], count * step, *x.shape[axis + 1 :]))
        x = x[(slice(None),) * axis + (slice(0, (count - 1) * step + 1),)]
    after = n - start - x.shape[axis]
    parts = [_zeros(x, axis, start), x, _zeros(x, axis, after)]
    return np.concatenate([part for part in parts if part.shape[axis]], axis) if start or after else x


def _zeros(x: Any, axis: int, n: int) -> Any:
    return np.zeros_like(x, shape=(*x.shape[:axis], n, *x.shape[axis + 1 :]))


# Replacing and adding, functionally


def _set_shape(x: Array, w: Array, *, index: Any) -> tuple[int, ...]:
    _fits("index_set", x, w, index)
    return shape_of(x)


def _last(shape: tuple[int, ...], index: Any) -> tuple[Any, Any] | None:
    """For each place of x[index] its number, and the last number at the same element; None where none repeats."""
    if not _may_repeat(index):
        return None
    stamps = np.zeros(shape, int)
    places = stamps[index].shape
    own = np.arange(math.prod(places)).reshape(places)
    np.maximum.at(stamps, index, own)
    last = stamps[index]
    return None if np.array_equal(own, last) else (own, last)


def _written(g: Array, w: Array, index: Any, last: Any = None) -> Array:
    """The part of a cotangent that belongs to what was written at an index, summed to its shape."""
    from micrograd.ops.shapes import sum_to  # which is built on this module

    part = getitem(g, index=index)
    return sum_to(part if last is None else where(last, part, 0.0), shape_of(w))


def _set_pull(i: int, g: Array, inputs: Sequence[Array], *, index: Any) -> Array:
    x, w = inputs
    if i == 0:
        return index_set(g, 0.0, index=index)
    repeats = _last(shape_of(x), index)
    return _written(g, w, index, None if repeats is None else repeats[0] == repeats[1])


@linear("set [{index}]", _set_pull, shape=_set_shape)
def index_set(x: Array, w: Array, *, index: Any) -> Array:
    """x with the elements at an index replaced by w; what `x.at[index].set(w)` records.

    z = x, but z[index] = w. Of several w for one element the last one is written, and has the gradient.

    Args:
        x: value of any shape; it stays as it is.
        w: value that broadcasts to the elements at the index.
        index: whatever NumPy takes.

    Raises:
        IndexingError: x has no such element, or the index is a Value.
        ShapeError: w does not fit the elements at the index.

    >>> index_set(np.array([1.0, 2.0, 3.0]), 7.0, index=slice(0, 2))
    array([7., 7., 3.])
    """
    _refuse_values("index_set", index)
    if _is_foreign(x) or _is_foreign(w):
        return _set_foreign(x, w, index)
    z = np.array(x, dtype=_joint(x, w))
    repeats = _last(z.shape, index)
    if repeats is not None:  # NumPy promises no order: let all that meet write the same
        w = np.broadcast_to(w, repeats[0].shape).reshape(-1)[repeats[1]]
    z[index] = w
    return z


def _set_foreign(x: Any, w: Any, index: Any) -> Any:
    if _is_mask(index) and tuple(index.shape) == shape_of(x) and shape_of(w) == ():
        return np.where(index, w, x)
    shape = shape_of(x)
    hit = np.zeros(shape, bool)
    hit[index] = True
    repeats = _last(shape, index)
    part = np.broadcast_to(w, hit[index].shape)
    part = part if repeats is None else np.where(repeats[0] == repeats[1], part, 0.0)
    return np.where(hit, scatter(part, index=index, shape=shape), x)


def _joint(*inputs: Array) -> Any:
    return np.result_type(float if all(isinstance(x, (int, float)) for x in inputs) else 0.0, *inputs)


def _add_shape(x: Array, w: Array, *, index: Any) -> tuple[int, ...]:
    _fits("index_add", x, w, index)
    return shape_of(x)


def _add_pull(i: int, g: Array, inputs: Sequence[Array], *, index: Any) -> Array:
    return g if i == 0 else _written(g, inputs[1], index)


@linear("add [{index}]", _add_pull, shape=_add_shape)
def index_add(x: Array, w: Array, *, index: Any) -> Array:
    """x with w added to the elements at an index; what `x.at[index].add(w)` records.

    z = x, but z[index] += w. An element indexed twice receives twice.

    Args:
        x: value of any shape; it stays as it is.
        w: value that broadcasts to the elements at the index.
        index: whatever NumPy takes.

    Raises:
        IndexingError: x has no such element, or the index is a Value.
        ShapeError: w does not fit the elements at the index.

    >>> index_add(np.array([1.0, 2.0, 3.0]), 7.0, index=[0, 0])
    array([15.,  2.,  3.])
    """
    _refuse_values("index_add", index)
    if _is_foreign(x) or _is_foreign(w):
        part = np.broadcast_to(w, _taken(x, index=index))
        return x + scatter(part, index=index, shape=shape_of(x))
    z = np.array(x, dtype=_joint(x, w))
    _add_in_place(z, index, w)
    return z


def index_multiply(x: Array, w: Array, *, index: Any) -> Array:
    """x with the elements at an index multiplied by w; what `x.at[index].multiply(w)` is.

    z = x, but z[index] *= w. An element indexed k times is multiplied k times, one product after the other, so that
    the gradient is exact where factors are zero, too.

    Args:
        x: value of any shape; it stays as it is.
        w: value that broadcasts to the elements at the index.
        index: whatever NumPy takes.

    Raises:
        IndexingError: x has no such element, or the index is a Value.
        ShapeError: w does not fit the elements at the index.

    >>> index_multiply(np.array([1.0, 2.0, 3.0]), np.array([2.0, 5.0]), index=[0, 0])
    array([10.,  2.,  3.])
    """
    from micrograd.ops.shapes import broadcast_to  # which is built on this module

    wanted = _fits("index_multiply", x, w, index)
    rounds = _rounds(shape_of(x), index)
    if rounds is None:
        return index_set(x, multiply(getitem(x, index=index), w), index=index)
    w = broadcast_to(w, shape=wanted)
    for places, chosen in rounds:
        part = multiply(getitem(x, index=places), getitem(w, index=chosen))
        x = index_set(x, part, index=places)
    return x


def _rounds(shape: tuple[int, ...], index: Any) -> list[tuple[Any, Any]] | None:
    """An index cut into rounds in which no element repeats: where in x, and where in x[index]; None where none does."""
    repeats = _last(shape, index)
    if repeats is None:
        return None
    own, last = repeats
    order = np.argsort(last, axis=None, kind="stable")
    grouped = last.reshape(-1)[order]
    first = np.searchsorted(grouped, grouped)
    turn = np.arange(len(order)) - first  # how often the element has been met before
    elements = np.arange(math.prod(shape)).reshape(shape)[index].reshape(-1)
    cut = [order[turn == k] for k in range(int(turn.max()) + 1)]
    return [(np.unravel_index(elements[part], shape), np.unravel_index(part, own.shape)) for part in cut]


class At(Generic[X]):
    """`x.at[index]`, with the methods `set`, `add` and `multiply`: a new value each, while x stays as it is.

    Args:
        x: value of any shape.

    >>> At(np.array([1.0, 2.0, 3.0]))[1:].set(0.0)
    array([1., 0., 0.])
    """

    __slots__ = ("x",)

    def __init__(self, x: X) -> None:
        self.x = x

    def __getitem__(self, index: Any) -> Elements[X]:
        return Elements(self.x, index)


class Elements(Generic[X]):
    """Some elements of a value, to be replaced, added to or multiplied; what `x.at[index]` gives."""

    __slots__ = ("index", "x")

    def __init__(self, x: X, index: Any) -> None:
        self.x = x
        self.index = index

    def set(self, w: Array) -> X:
        """The value with w in place of these elements: see `index_set`."""
        return index_set(self.x, w, index=self.index)

    def add(self, w: Array) -> X:
        """The value with w added to these elements: see `index_add`."""
        return index_add(self.x, w, index=self.index)

    def multiply(self, w: Array) -> X:
        """The value with these elements multiplied by w: see `index_multiply`."""
        return index_multiply(self.x, w, index=self.index)


# Taking along an axis


def axis_number(name: str, axis: Any, ndim: int, why: str) -> int:
    """An axis counted from the front.

    Args:
        name: the op that asks, for errors.
        axis: what was given.
        ndim: number of axes there are.
        why: what the error says of them: " of 'w' (2, 3): its axes are numbered from -2 to 1".

    Raises:
        ShapeError: there is no such axis.
        ArgumentError: the axis is no integer.

    >>> axis_number("sum", -1, 3, "")
    2
    """
    try:
        number = operator.index(axis)
    except TypeError:
        raise ArgumentError(f"{name}: axis {axis!r}: give an integer") from None
    if not -ndim <= number < ndim:
        raise ShapeError(f"{name}: axis {axis}{why}")
    return number % ndim


def own_axis(name: str, x: Array, axis: Any) -> int:
    """An axis of x, counted from the front.

    Raises:
        ShapeError: x has no such axis.
        ArgumentError: the axis is no integer.

    >>> own_axis("sum", np.ones((2, 3)), -1)
    1
    """
    return axis_number(name, axis, len(shape_of(x)), f" of {numbered(x)}")


def numbered(x: Array) -> str:
    """A value as errors about an axis show it.

    >>> numbered(np.ones((2, 3)))
    '(2, 3): its axes are numbered from -2 to 1'
    """
    ndim = len(shape_of(x))
    return f"{named(x)}: " + (f"its axes are numbered from {-ndim} to {ndim - 1}" if ndim else "a number has no axes")


def _getitem_for(name: str, x: Array, index: Any) -> Array:
    with contextlib.suppress(IndexError):
        return getitem(x, index=index)
    _taken(x, index=index, name=name)  # the same words, in the name of the function that was called
    return getitem(x, index=index)


def take(x: Array, indices: Any, *, axis: int | None = None, mode: str = "raise") -> Array:
    """Elements or slices along an axis, by their numbers.

    Args:
        x: value of any shape.
        indices: an integer, or integers in an array of any shape, which takes the place of the axis.
        axis: where to take; None takes from the elements in their order.
        mode: what numbers outside do: "raise" an error, "wrap" around, or "clip" to the nearest that there is.

    Raises:
        IndexingError: there is no such element, or the indices are a Value.
        ShapeError: the axis does not exist.
        ArgumentError: the mode is unknown.

    >>> take(np.array([1.0, 2.0, 3.0]), [0, 0, 2])
    array([1., 1., 3.])
    """
    from micrograd.ops.shapes import reshape  # which is built on this module

    if axis is None:
        x, axis = reshape(x, shape=(-1,)), 0
    axis = own_axis("take", x, axis)
    if mode not in ("raise", "wrap", "clip"):
        raise ArgumentError(f"take: mode {mode!r}: give 'raise', 'wrap' or 'clip'")
    _refuse_values("take", indices)
    n = shape_of(x)[axis]
    if isinstance(indices, (list, tuple)):
        indices = np.asarray(indices, None if indices else int)
    if mode != "raise":
        indices = np.clip(indices, 0, n - 1) if mode == "clip" else np.remainder(indices, n)
    return _getitem_for("take", x, (slice(None),) * axis + (indices,) if axis else indices)


def take_along_axis(x: Array, indices: Any, *, axis: int | None = -1) -> Array:
    """Elements along an axis, by numbers of their own in each row; what `argsort` gives them for.

    z_ij = x_{i, indices_ij}, with axis 1

    Args:
        x: value of any shape.
        indices: integers, of the shape of x but for the axis; sizes of 1 are broadcast.
        axis: where to take; None takes from the elements in their order.

    Raises:
        IndexingError: there is no such element, the indices have another number of axes, or are a Value.
        ShapeError: the axis does not exist.

    >>> take_along_axis(np.array([[3.0, 1.0], [5.0, 7.0]]), np.array([[1], [0]]), axis=1)
    array([[1.],
           [5.]])
    """
    from micrograd.ops.shapes import reshape  # which is built on this module

    if axis is None:
        x, axis = reshape(x, shape=(-1,)), 0
    axis = own_axis("take_along_axis", x, axis)
    _refuse_values("take_along_axis", indices)
    indices = indices if hasattr(indices, "shape") else np.asarray(indices)
    shape = shape_of(x)
    if len(shape_of(indices)) != len(shape):
        raise IndexingError(
            f"take_along_axis: indices of shape {shape_of(indices)} for {named(x)}: give them as many axes"
        )
    index: list[Any] = [
        np.arange(n).reshape([-1 if a == b else 1 for b in range(len(shape))]) for a, n in enumerate(shape)
    ]
    index[axis] = indices
    return _getitem_for("take_along_axis", x, tuple(index))


# Joining along a new axis


def _stacked(*values: Array, axis: int = 0) -> tuple[int, ...]:
    shapes = {shape_of(x): x for x in values}
    if len(shapes) != 1:
        given = ", ".join(named(x) for x in shapes.values()) or "nothing"
        raise ShapeError(f"stack: {given}: give one value at least, all of one shape")
    (shape,) = shapes
    position = axis_number("stack", axis, len(shape) + 1, f": the result has {len(shape) + 1} axes")
    return (*shape[:position], len(values), *shape[position:])


def _unstacked(i: int, g: Array, values: Sequence[Array], *, axis: int = 0) -> Array:
    position = axis % len(shape_of(g))
    return getitem(g, index=(slice(None),) * position + (i,))


@linear("stack", _unstacked, shape=_stacked)
def stacked(*values: Array, axis: int = 0) -> Array:
    """The op behind `stack`, its inputs one by one.

    >>> stacked(1.0, 2.0)
    array([1., 2.])
    """
    return np.stack(values, axis=axis)


def stack(values: Iterable[Array], *, axis: int = 0) -> Array:
    """Several values of one shape side by side, along a new axis.

    Args:
        values: one value at least, all of one shape; numbers too.
        axis: where the new axis stands, counted from the end when negative.

    Raises:
        ShapeError: no value is given, or their shapes differ.
        ArgumentError: what was given is no sequence.

    >>> stack([1.0, 2.0])
    array([1., 2.])
    """
    values = listed("stack", values)
    if not values:
        _stacked(axis=axis)
    return stacked(*values, axis=axis)


def listed(name: str, values: Any) -> tuple[Array, ...]:
    """The values of a sequence, a value itself being the sequence of its rows.

    Raises:
        ArgumentError: it is no sequence.
        DataError: one of them is a list that holds a Value, or no number and no array.

    >>> listed("stack", [1.0, 2.0])
    (1.0, 2.0)
    """
    shape = getattr(values, "shape", None)
    if not hasattr(values, "__iter__") or shape == () or isinstance(values, str):
        raise ArgumentError(f"{name}: {values!r} is no sequence of values; give a list of them")
    return tuple(as_value(name, x) for x in values)


def as_value(name: str, x: Any) -> Array:
    """x itself, or the array that a list of numbers stands for.

    Raises:
        DataError: it is a list that holds a Value, or no number and no array.

    >>> as_value("diff", [1, 2])
    array([1., 2.])
    """
    return x if hasattr(x, "shape") or isinstance(x, (int, float)) else as_data(x, name)
