"""What an index means: which elements it takes, and whether it takes one twice.

An index is plain data: it says where, and carries no gradient.
"""

from __future__ import annotations

import math
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import IndexingError
from micrograd.interpreter import Interpreter, is_one_of_many
from micrograd.op import Array, named, shape_of
from micrograd.record import Question

__all__ = [
    "entries_of",
    "in_bounds",
    "is_basic",
    "is_integer",
    "is_mask",
    "last_writes",
    "may_repeat",
    "refuse_values",
    "rounds_of",
    "taken_shape",
]


# The entries of an index


def entries_of(index: Any) -> tuple[Any, ...]:
    """The entries of an index; one that is not a tuple is its own entry."""
    return index if isinstance(index, tuple) else (index,)


def is_basic(entry: Any) -> bool:
    """Whether an entry copies nothing: it is an integer, a slice, None or `...`."""
    return type(entry) in (int, slice) or entry is None or entry is Ellipsis or is_integer(entry)


# Types of entries that take each element at most once, and that no Value hides behind.
PLAIN_ENTRIES = frozenset({int, slice, type(None), type(Ellipsis)})


def are_plain(index: Any) -> bool:
    """Whether an index is made of such entries alone.

    >>> are_plain((slice(2), 0)), are_plain([0, 0])
    (True, False)
    """
    return PLAIN_ENTRIES.issuperset(map(type, index)) if type(index) is tuple else type(index) in PLAIN_ENTRIES


def is_integer(entry: Any) -> bool:
    """Whether an entry is one integer: a Python int, a NumPy one, or an array of it."""
    if isinstance(entry, bool) or not hasattr(entry, "__index__") or getattr(entry, "shape", ()) != ():
        return False
    return not hasattr(entry, "dtype") or entry.dtype.kind in "iu"


def is_mask(entry: Any) -> bool:
    """Whether an entry holds booleans, so that it takes each element at most once."""
    if isinstance(entry, (bool, list)):
        entry = np.asarray(entry)
    return getattr(getattr(entry, "dtype", None), "kind", "") == "b"


def _is_traced(entry: Any) -> bool:
    """Whether an entry stands for integers that are not known: an Abstract of them."""
    return isinstance(entry, Interpreter) and np.dtype(entry.dtype).kind in "iu"


def refuse_values(name: str, index: Any) -> None:
    """Raise IndexingError where an index holds a Value: it would lose its gradient."""
    pending = list(entries_of(index))
    while pending:
        x = pending.pop()
        if isinstance(x, (list, tuple)):
            pending += x
        elif is_one_of_many(x):
            raise IndexingError(
                f"{name}: inside vmap the index {shape_of(x)} differs from example to example;"
                + _repair_of(name, np.dtype(x.dtype).kind)
            )
        elif isinstance(x, Interpreter) and not _is_traced(x):
            raise IndexingError(
                f"{name}: the index holds {type(x).__name__} {named(x)}: an index carries no gradient; "
                f"give plain integers, such as int(v), or v.numpy().astype(int)"
            )


def _repair_of(name: str, kind: str) -> str:
    """What to write for an index that differs from example to example."""
    if kind == "b":
        return " the sizes would differ, too;\nwrite np.where(mask, x, 0.0) for x[mask], or multiply by the mask"
    if kind == "f":
        return " an index must be made of integers, such as those of argmax"
    if name == "getitem":
        return "\nwrite micrograd.numpy.take(x, i, axis=0) for x[i], or np.take_along_axis"
    return "\nwrite np.where(np.arange(n) == i, w, x) for x.at[i].set(w)"


# The shape of what is taken


def taken_shape(x: Array, *, index: Any, name: str = "getitem") -> tuple[int, ...]:
    """Shape of x[index]. Raises IndexingError, which names the axis and its size."""
    refuse_values(name, index)
    shape = shape_of(x)
    entries = [_stand_in(name, x, index, entry) for entry in entries_of(index)]
    arrays = [entry for entry in entries if hasattr(entry, "shape")]
    spans = [getattr(entry, "ndim", 1) if is_mask(entry) else 0 if entry is None else 1 for entry in entries]
    dots = [i for i, entry in enumerate(entries) if entry is Ellipsis]
    if len(dots) > 1:
        raise _no_such(name, x, index, "`...` stands for all axes that are not named, so give it once")
    used = sum(spans) - len(dots)
    if used > len(shape):
        raise _no_such(name, x, index, f"too many indices for array: it has {len(shape)} axes, and {used} were indexed")
    axis = 0
    for entry, span in zip(entries, spans, strict=True):
        why = "" if entry is None or entry is Ellipsis else _misses(entry, shape[axis : axis + span], axis)
        if why:
            raise _no_such(name, x, index, why)
        axis += len(shape) - used if entry is Ellipsis else span
    # NumPy itself answers, on an array of that shape that needs no memory.
    ghost = np.broadcast_to(0.0, shape)
    try:
        return tuple(ghost[tuple(entries)].shape)
    except IndexError:
        given = " and ".join(str(np.nonzero(array)[0].shape if is_mask(array) else array.shape) for array in arrays)
        why = f"index arrays of shapes {given} do not broadcast; give them one shape, or np.ix_ for a grid"
        raise _no_such(name, x, index, why) from None


def _stand_in(name: str, x: Array, index: Any, entry: Any) -> Any:
    """The entry with lists as arrays; integers that are not known become zeros."""
    if is_basic(entry):
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
        raise _no_such(name, x, index, "give integers, slices, None, `...`, or arrays of integers or booleans")
    return array


def _no_such(name: str, x: Array, index: Any, why: str) -> IndexingError:
    text = " ".join(repr(index).split())
    return IndexingError(f"{name}: index {text if len(text) <= 60 else text[:57] + '...'} of {named(x)}: {why}")


def _misses(entry: Any, sizes: tuple[int, ...], axis: int) -> str:
    """Why the entry does not fit its axis, or axes; "" where it does."""
    if isinstance(entry, slice):
        return _misses_slice(entry, sizes[0])
    if is_mask(entry):
        given = tuple(np.shape(entry))
        return "" if given == sizes else f"boolean index did not match: its shape is {given}, that of its axes {sizes}"
    (n,) = sizes
    asked = np.ravel(entry)
    outside = asked[(asked < -n) | (asked >= n)]
    if not len(outside):
        return ""
    range_ = f"give {-n} to {n - 1}" if n else "it has no element"
    return f"index {outside[0]} is out of bounds for axis {axis} with size {n}; {range_}"


def _misses_slice(entry: slice, n: int) -> str:
    try:
        entry.indices(n)
    except (TypeError, ValueError) as error:
        return f"{error}"
    return ""


# Elements that are taken twice


def may_repeat(index: Any) -> bool:
    """Whether an index can take one element twice: only integer arrays can.

    >>> may_repeat([1, 2, 0]), may_repeat([1, 1, 0])
    (False, True)
    """
    arrays = [entry for entry in entries_of(index) if not is_basic(entry) and (is_numbers(entry) or not is_mask(entry))]
    return bool(arrays) and not (len(arrays) == 1 and is_numbers(arrays[0]) and len(set(arrays[0])) == len(arrays[0]))


def is_numbers(entry: Any) -> bool:
    """Whether an entry is a list of places counted from the front, as [1, 2, 0]."""
    return type(entry) is list and all(type(n) is int and n >= 0 for n in entry)


def last_writes(shape: tuple[int, ...], index: Any) -> tuple[Any, Any] | None:
    """Which writes to x[index] come last at their element; None where none repeats.

    The first result numbers the places of x[index]. The second holds, at each place,
    the last number that meets the same element.
    """
    if not may_repeat(index):
        return None
    stamps = np.zeros(shape, int)
    places = stamps[index].shape
    own = np.arange(math.prod(places)).reshape(places)
    np.maximum.at(stamps, index, own)
    last = stamps[index]
    return None if np.array_equal(own, last) else (own, last)


def rounds_of(shape: tuple[int, ...], index: Any) -> list[tuple[Any, Any]] | None:
    """An index split into rounds in which no element repeats; None where none does.

    Each round says where its elements are in x, and where in x[index].
    """
    repeats = last_writes(shape, index)
    if repeats is None:
        return None
    own, last = repeats
    order = np.argsort(last, axis=None, kind="stable")
    grouped = last.reshape(-1)[order]
    first = np.searchsorted(grouped, grouped)
    turn = np.arange(len(order)) - first  # how often the element came before
    elements = np.arange(math.prod(shape)).reshape(shape)[index].reshape(-1)
    cut = [order[turn == k] for k in range(int(turn.max()) + 1)]
    return [(np.unravel_index(elements[part], shape), np.unravel_index(part, own.shape)) for part in cut]


# Indices that are known only when a compiled program runs


def _in_bounds(i: Array, *, length: int, wraps: bool = True) -> Any:
    """Indices counted from the front.

    Args:
        i: integers.
        length: of the axis.
        wraps: whether a negative one counts from the end.

    Raises:
        IndexingError: one is outside.
    """
    i = np.asarray(i).astype(int)  # beside a Value they became floats
    wrong = i[(i >= length) | (i < (-length if wraps else 0))]
    if wrong.size:
        raise IndexingError(f"index {wrong.flat[0]} is out of bounds for an axis of size {length}")
    return np.where(i < 0, i + length, i)


in_bounds = Question(_in_bounds, "in bounds", lambda i, *, length, wraps=True: shape_of(i), int)
