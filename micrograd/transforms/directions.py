"""Many directions at once: cotangents pulled back, and tangents pushed forward.

They lie along axis 0 of arrays, and each is an example of a `vmap`: so the slopes of an
op are worked out once for all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from micrograd import levels
from micrograd import on_demand as np
from micrograd.batch import Batch, unmapped
from micrograd.batched.layouts import repeated
from micrograd.errors import ArgumentError
from micrograd.interpreter import numbers_below, shape_of, zeros_like
from micrograd.leaves import as_array, basis, size_of
from micrograd.ops import concatenate
from micrograd.tracing import none_around

ROOM = 1 << 22  # elements of an array with all directions of a chunk: 32 MB of doubles


def chunk_of(name: str, given: Any) -> int | None:
    """The chunk_size= of a transform: a whole number from 1, or None.

    Raises:
        ArgumentError: it is neither.
    """
    if given is None:
        return None
    if isinstance(given, bool) or not hasattr(given, "__index__") or given.__index__() < 1:
        raise ArgumentError(
            f"{name}: chunk_size={given!r}; give how many directions to take at once, from 1, or None for many"
        )
    return int(given.__index__())


def at_once(leaves: Sequence[Any], chunk_size: int | None) -> int:
    """How many directions to take at once, for inputs and outputs like these.

    Exact numbers, arrays of other libraries and values without numbers are taken one by
    one.
    """
    for x in leaves:
        below = numbers_below(x)
        if type(below) is not float and not (
            isinstance(below, (np.ndarray, np.generic)) and below.dtype.kind in "fiub"
        ):
            return 1
    if chunk_size is not None:
        return chunk_size
    return max(1, ROOM // max([1, *map(size_of, leaves)]))


def unit_vectors(leaves: Sequence[Any], start: int, stop: int) -> list[Any]:
    """Directions in which one element moves, of all elements of some arrays: those with
    numbers from start to stop, along axis 0 of an array for each leaf.

    >>> unit_vectors([np.zeros(2), np.zeros(1)], 1, 3)
    [array([[0., 1.],
           [0., 0.]]), array([[0.],
           [1.]])]
    """
    found, first = [], 0
    for x in leaves:
        shape, zero = shape_of(x), zeros_like(x)
        rows = np.zeros((stop - start, math.prod(shape)), getattr(zero, "dtype", float))
        places = np.arange(max(start, first), max(start, first, min(stop, first + rows.shape[1])))
        rows[places - start, places - first] = 1.0
        found.append(rows.reshape(stop - start, *shape))
        first += rows.shape[1]
    return found


def single_moves(leaves: Sequence[Any]) -> Iterator[list[Any]]:
    """The same directions one by one: for each an array for each leaf, in the kind of
    numbers that the leaf has.
    """
    for j, x in enumerate(leaves):
        for direction in basis(x):
            yield [direction if i == j else zeros_like(y) for i, y in enumerate(leaves)]


def in_chunks(f: Callable[[list[Any]], list[Any]], leaves: list[Any], chunk: int) -> list[Any]:
    """f of all directions in which one element moves, some of them at once; the
    results lie along axis 0.

    Args:
        f: a function of a direction, with an array for each leaf, to a list of arrays.
        leaves: the arrays whose elements move.
        chunk: how many directions to take at once.
    """
    count = sum(map(size_of, leaves))
    starts = range(0, count, chunk)
    chunks = [over(f, unit_vectors(leaves, start, min(count, start + chunk))) for start in starts]
    if len(chunks) == 1:
        return chunks[0]
    return [concatenate(parts, axis=0) for parts in zip(*chunks, strict=True)]


def over(f: Callable[[list[Any]], list[Any]], arrays: list[Any]) -> list[Any]:
    """f of each example of some arrays, at once; the examples lie along axis 0.

    Args:
        f: a function of a list of arrays to a list of arrays.
        arrays: at least one.
    """
    count = shape_of(arrays[0])[0]
    with levels.mapping(unmapped) as level, none_around():
        return [_examples(z, count, level) for z in f([Batch(x, True, level) for x in arrays])]


def _examples(z: Any, count: int, level: int) -> Any:
    if isinstance(z, Batch) and z._number == level:
        if z.is_mapped:
            return z.examples
        z = z.examples
    return repeated(as_array(z), count)
