"""Products of two arrays that are added up, as NumPy's `dot` and `matmul`: so BLAS does
them.

An axis that only the first has is a row, one that only the second has is a column, one
that both have and that stays is a batch. Several axes are one where a single stride
runs through all of them; an array that does not lie so is copied first.

>>> runs_through((32, 8, 1), (5, 4, 8), (0, 1))
8
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from micrograd.compiling.numpy_terms import Calls, joint_kind
from micrograd.compiling.places import Place

Sizes = tuple[int, ...]
Axes = Sequence[int]


def runs_through(strides: Sizes, shape: Sizes, axes: Axes) -> int | None:
    """The stride that runs through these axes, the outermost first, as through one; 0
    for none. None where there is no such stride.
    """
    for a, b in itertools.pairwise(axes):
        if strides[a] != strides[b] * shape[b]:
            return None
    return strides[axes[-1]] if axes else 0


def by_stride(place: Place, axes: Axes) -> list[int]:
    """The axes, that of the largest stride first."""
    return sorted(axes, key=lambda a: -abs(place.strides[a]))


def lies_well(place: Place, rows: Axes, columns: Axes) -> bool:
    """Whether an array is a matrix, or a vector, as BLAS takes it."""
    down, along = (runs_through(place.strides, place.shape, axes) for axes in (rows, columns))
    if down is None or along is None:
        return False
    if not rows or not columns:
        return True
    height, width = (_count(place, axes) for axes in (rows, columns))
    return (along == 1 and down >= width) or (down == 1 and along >= height)


def product(calls: Calls, x: Place, y: Place, summed: Axes, out: Place | None) -> Place:
    """Write the calls for the sum of x * y along axes that both have.

    Args:
        calls: what is written to.
        x, y: the arrays.
        summed: the axes.
        out: where the sum is wanted; it may come to lie elsewhere.

    Returns:
        The sum, with the length 1 along the summed axes.
    """
    x, y = calls.as_floats([x, y], set())  # type: ignore[assignment]
    kind = joint_kind([x, y])
    dtype = "float32" if kind == "float32" else "float64"
    kept = [a for a in range(len(x.shape)) if a not in summed]
    batch = [a for a in kept if x.shape[a] > 1 and y.shape[a] > 1]
    rows = [a for a in kept if x.shape[a] > 1 and y.shape[a] == 1]
    columns = [a for a in kept if y.shape[a] > 1 and x.shape[a] == 1]
    if out is not None and any(out.strides[a] == 1 for a in rows):  # the transposed product lies as it is wanted
        x, y, rows, columns = y, x, columns, rows
    shape = tuple(max(x.shape[a], y.shape[a]) if a in kept else 1 for a in range(len(x.shape)))
    target = None
    if out is not None and out.dtype == dtype and out.shape == shape:
        rows, columns = by_stride(out, rows), by_stride(out, columns)
        if _is_dense(out, rows, columns):
            target = out
    if target is None:
        rows, columns = by_stride(x, rows), by_stride(y, columns)
        target = _new(calls, shape, dtype, (*batch, *rows, *columns))._replace(is_weak=kind == "weak")
    summed = _order(x, y, summed)
    x = _laid(calls, x, batch, rows, summed)
    y = _laid(calls, y, batch, summed, columns)
    words = [
        calls.name(_matrix(place, batch, *axes))
        for place, axes in ((x, (rows, summed)), (y, (summed, columns)), (target, (rows, columns)))
    ]
    calls.say(f"{'matmul' if batch else 'dot'}({', '.join(words)})")
    return target


def _order(x: Place, y: Place, summed: Axes) -> list[int]:
    """The order of the summed axes in which most can be left as it lies."""
    orders = [by_stride(x, summed), by_stride(y, summed), list(summed)]

    def copies(order: list[int]) -> int:
        return sum(runs_through(p.strides, p.shape, order) is None for p in (x, y))

    return min(orders, key=copies)


def _laid(calls: Calls, place: Place, batch: Axes, rows: Axes, columns: Axes) -> Place:
    """The array, or a copy that is a matrix, or a vector, along these axes."""
    if lies_well(place, rows, columns):
        return place
    copy = _new(calls, place.shape, place.dtype, (*batch, *rows, *columns))._replace(is_weak=place.is_weak)
    calls.put(copy, place)
    return copy


def _new(calls: Calls, shape: Sizes, dtype: str, order: Axes) -> Place:
    """A temporary array whose axes lie in this order."""
    strides = [0] * len(shape)
    step = 1
    for axis in reversed(order):
        if shape[axis] > 1:
            strides[axis] = step
            step *= shape[axis]
    return calls.scratch.take(shape, dtype)._replace(strides=tuple(strides))


def _is_dense(place: Place, rows: Axes, columns: Axes) -> bool:
    """Whether the elements of the matrix lie one after the other, row by row."""
    down, along = (runs_through(place.strides, place.shape, axes) for axes in (rows, columns))
    return (not rows or down == _count(place, columns)) and (not columns or along == 1)


def _matrix(place: Place, batch: Axes, rows: Axes, columns: Axes) -> Place:
    """The array as a matrix; as a vector, or a number, where it has no such axes."""
    shape = [place.shape[a] for a in batch]
    strides = [place.strides[a] for a in batch]
    down, along = (runs_through(place.strides, place.shape, axes) for axes in (rows, columns))
    assert down is not None and along is not None
    if rows or batch:
        shape.append(_count(place, rows))
        strides.append(down if rows else _count(place, columns) * max(along, 1))
    if columns or batch:
        shape.append(_count(place, columns))
        strides.append(along if columns else 1)
    return place._replace(shape=tuple(shape), strides=tuple(strides))


def _count(place: Place, axes: Axes) -> int:
    return math.prod(place.shape[a] for a in axes)
