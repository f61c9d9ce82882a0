"""Elements put back where an index took them from, for `scatter` and `index_add`."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import OpError
from micrograd.ops.axes import along, with_length
from micrograd.ops.indices import are_plain, entries_of, is_basic, is_integer, is_mask, may_repeat

__all__ = [
    "add_in_place",
    "is_not_numpy",
    "scatter_foreign",
]


def add_in_place(z: Any, index: Any, x: Any) -> None:
    """Add x to the elements of z at an index; one that is indexed twice gets both."""
    if are_plain(index):
        part = z[index]
        if type(part) is np.ndarray:  # a view, so that nothing is copied back
            part += x
        else:
            z[index] = part + x
        return
    if isinstance(index, tuple) and len(index) == 1:
        (index,) = index
    if not may_repeat(index):
        z[index] += x
    elif isinstance(index, tuple) or z.ndim < 2 or not z.flags.c_contiguous:
        np.add.at(z, index, x)
    else:
        # Whole rows, as of an embedding. NumPy adds single elements three times faster
        # than rows.
        rows, width = np.asarray(index, int), math.prod(z.shape[1:])
        _check_rows(rows, z)
        places = rows[..., None] * width + np.arange(width)
        np.add.at(z.reshape(-1), places.reshape(-1), np.broadcast_to(x, (*rows.shape, *z.shape[1:])).reshape(-1))


def _check_rows(rows: Any, z: Any) -> None:
    n = z.shape[0]
    if rows.size and not (-n <= rows.min() and rows.max() < n):
        z[rows]  # raises


# Arrays of other libraries may be lazy, and nothing can be assigned to them. NumPy's
# functions, which they take part in, build the result.


def is_not_numpy(x: Any) -> bool:
    """Whether x is neither an array of NumPy nor a number, so that nothing can be
    assigned to it.
    """
    return not isinstance(x, (np.ndarray, np.generic, float, int))


def scatter_foreign(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """`scatter` for an array that cannot be assigned to, one axis after the other.

    A slice gets zeros between its elements and around them. Integers in an array
    become a product with a matrix of ones and zeros.
    """
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
    """Each entry of an index with the size of its axis, which is None for None."""
    entries = [e if is_basic(e) else np.asarray(e) for e in entries_of(index)]
    entries = [np.flatnonzero(e) if is_mask(e) and np.ndim(e) == 1 else e for e in entries]
    arrays = [e for e in entries if isinstance(e, np.ndarray)]
    integers = any(is_integer(e) for e in entries)
    if len(arrays) > 1 or any(e.ndim != 1 or e.dtype.kind == "b" for e in arrays) or (arrays and integers):
        raise OpError(
            f"getitem: an array of {type(x).__module__.partition('.')[0]} has no gradient at this index; "
            f"index by slices and integers, or slices and one 1-d array; for masks, use where"
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
    """The elements of x put where a slice took them from, along an axis of length n."""
    start, _, step = entry.indices(n)
    count = x.shape[axis]
    if step < 0:
        x, start, step = np.flip(x, axis), start + (count - 1) * step, -step
    if count == 0:
        return _zeros(x, axis, n)
    if step > 1 and count > 1:
        spaced = np.expand_dims(x, axis + 1)
        spaced = np.concatenate([spaced, _zeros(spaced, axis + 1, step - 1)], axis + 1)
        x = np.reshape(spaced, with_length(x.shape, axis, count * step))
        x = x[along(axis, slice(0, (count - 1) * step + 1))]
    after = n - start - x.shape[axis]
    parts = [_zeros(x, axis, start), x, _zeros(x, axis, after)]
    return np.concatenate([part for part in parts if part.shape[axis]], axis) if start or after else x


def _zeros(x: Any, axis: int, n: int) -> Any:
    return np.zeros_like(x, shape=with_length(x.shape, axis, n))
