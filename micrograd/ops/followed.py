"""Indices that a capture follows: their numbers differ from call to call, and are read
and checked in each. See micrograd/compiling/capture.py.
"""

from __future__ import annotations

import math
from typing import Any

from micrograd import on_demand as np
from micrograd.captures import CAPTURES, is_followed
from micrograd.errors import CaptureError, IndexingError
from micrograd.interpreter import Array, numbers_below
from micrograd.op import shape_of
from micrograd.ops.arithmetic import add, multiply
from micrograd.ops.indexing import getitem
from micrograd.ops.indices import entries_of, in_bounds
from micrograd.ops.joining import stack
from micrograd.ops.shapes import moveaxis, reshape
from micrograd.ops.taking import rows_at


def is_followed_index(i: Any) -> bool:
    """Whether i stands for integers that a capture follows."""
    return bool(CAPTURES) and is_followed(i) and np.asarray(numbers_below(i)).dtype.kind in "iu"


def holds_followed(index: Any) -> bool:
    """Whether an entry of an index is followed by a capture."""
    return any(is_followed(e) or _is_list_of_followed(e) for e in entries_of(index))


def _is_list_of_followed(entry: Any) -> bool:
    return isinstance(entry, list) and any(map(is_followed, entry))


def at(x: Array, index: Any) -> Array:
    """x[index] while a capture runs."""
    return gathered(x, index) if holds_followed(index) else getitem(x, index=index)


def gathered(x: Array, index: Any) -> Array:
    """x[index], where entries of the index are followed.

    Raises:
        CaptureError: the shape would depend on data; or index arrays and slices are
            mixed in a way that is not followed.
    """
    entries = [stack(e) if _is_list_of_followed(e) else e for e in entries_of(index)]
    if not all(map(is_followed_index, filter(is_followed, entries))):
        raise CaptureError(
            "compile: an index by a mask or by floats: its shape, or the list, would depend on data;\n"
            "use np.where(mask, x, 0.0) in place of x[mask], or indices that are integers"
        )
    if all(is_followed(e) or _is_whole(e) for e in entries):
        return _at_places(x, entries)
    others = [e for e in entries if not is_followed(e)]
    if len(entries) - len(others) > 1 or not all(e is None or e is ... or isinstance(e, slice) for e in others):
        raise CaptureError(
            "compile: an index array that is followed stands beside others and slices; index step by step, "
            "with np.take(x, i, axis=...)"
        )
    return _along_axis(x, entries)


def _is_whole(entry: Any) -> bool:
    return not isinstance(entry, (bool, slice)) and np.asarray(entry).dtype.kind in "iu"


def _at_places(x: Array, entries: list[Any]) -> Array:
    """Elements by an index array for each of the first axes."""
    shape = shape_of(x)
    sizes = shape[: len(entries)]
    if len(sizes) < len(entries):
        raise IndexingError(f"too many indices for array: it has {len(shape)} axes, and {len(entries)} were indexed")
    places: Any = 0
    for k, (entry, n) in enumerate(zip(entries, sizes, strict=True)):
        one = in_bounds(entry, length=n)
        places = add(places, multiply(one, math.prod(sizes[k + 1 :])))
    return rows_at(reshape(x, shape=(math.prod(sizes), *shape[len(entries) :])), places)


def _along_axis(x: Array, entries: list[Any]) -> Array:
    """Elements by one index array, with slices of other axes."""
    used = sum(e is not None and e is not ... for e in entries)
    if any(e is ... for e in entries):
        k = next(k for k, e in enumerate(entries) if e is ...)
        entries = [*entries[:k], *[slice(None)] * (len(shape_of(x)) - used), *entries[k + 1 :]]
    axis = next(k for k, e in enumerate(entries) if is_followed(e))
    index = entries[axis]
    part = getitem(x, index=tuple(slice(None) if k == axis else e for k, e in enumerate(entries)))
    rank = len(shape_of(index))
    z = rows_at(moveaxis(part, axis, 0), in_bounds(index, length=shape_of(part)[axis]))
    return moveaxis(z, tuple(range(rank)), tuple(range(axis, axis + rank)))
