"""Maps: which element of a buffer belongs to each point of a domain.

A domain is a grid of points, known by its sizes. A map is an offset and a stride for
each axis, as of a NumPy view. Where no strides say it, a table of numbers is added,
over the axes along which it changes.

>>> W = Map(16, (2, 0, 1))  # over a domain of (16, 100, 2) points
>>> W.indices((16, 100, 2))[3, 50].tolist()
[22, 23]
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.tuples import Map as Map
from micrograd.compiling.tuples import Sizes as Sizes


def is_whole(place: Map, sizes: Sizes, count: int) -> bool:
    """Whether a map without a table goes through elements 0 to count - 1, each once."""
    if place.table is not None or place.offset:
        return False
    expected = 1
    for stride, size in sorted((t, n) for t, n in zip(place.strides, sizes, strict=True) if n > 1):
        if stride != expected:
            return False
        expected *= size
    return expected == count


def is_each_once(numbers: Any) -> bool:
    """Whether no number stands twice in an array of numbers from 0 on.

    >>> is_each_once(np.array([3, 0, 1])), is_each_once(np.array([3, 0, 3]))
    (True, False)
    """
    return bool(np.bincount(numbers.reshape(-1)).max(initial=0) <= 1)  # np.unique takes ten times as long


def digits(numbers: Any) -> tuple[list[int], list[int]] | None:
    """An array of numbers as sizes and strides, the outermost first; None where no
    strides give them.

    >>> digits(np.array([0, 2, 4, 1, 3, 5]))
    ([2, 3], [1, 2])
    """
    sizes: list[int] = []
    strides: list[int] = []
    while len(numbers) > 1:
        stride = int(numbers[1] - numbers[0])
        breaks = np.flatnonzero(np.diff(numbers) != stride)
        run = int(breaks[0]) + 1 if len(breaks) else len(numbers)
        if len(numbers) % run:
            return None
        rows = numbers.reshape(-1, run)
        if run == 1 or not (rows == rows[:, :1] + stride * np.arange(run)).all():
            return None
        sizes.insert(0, run)
        strides.insert(0, stride)
        numbers = rows[:, 0]
    return sizes, strides


def common_sizes(wanted: Sequence[Sequence[int]], total: int) -> Sizes | None:
    """The sizes of a domain in which each of these lists of sizes can be said; None
    where they do not fit together.

    >>> common_sizes([[100, 32], [3200], [1600, 2]], 3200)
    (100, 16, 2)
    """
    if total == 1:
        return ()
    ends = {1, total}
    for sizes in wanted:
        end = 1
        for size in reversed(sizes):
            end *= size
            ends.add(end)
    order = sorted(ends)
    if any(b % a for a, b in itertools.pairwise(order)):
        return None
    return tuple(b // a for a, b in itertools.pairwise(order))[::-1]


def fitted(numbers: Any, sizes: Sizes) -> Map:
    """A map that gives these numbers, one for each point of a domain of these sizes."""
    if not sizes:
        return Map(int(numbers[0]), ())
    grid = numbers.reshape(sizes)
    if not grid.size:
        return Map(0, (0,) * len(sizes))
    offset = int(grid.flat[0])
    strides = tuple(
        int(grid[(0,) * a + (1,) + (0,) * (len(sizes) - a - 1)]) - offset if n > 1 else 0 for a, n in enumerate(sizes)
    )
    found = Map(offset, strides)
    if (found.indices(sizes) == grid).all():
        return found
    return _tabled(grid, sizes)


def _tabled(grid: Any, sizes: Sizes) -> Map:
    """A map with a table over the axes along which the numbers change unevenly."""
    strides = []
    for axis in range(len(sizes)):  # along an axis with one step everywhere, strides are enough
        steps = np.diff(grid, axis=axis)
        strides.append(int(steps.flat[0]) if steps.size and (steps == steps.flat[0]).all() else 0)
    rest = grid - Map(0, tuple(strides)).indices(sizes)
    table, axes = shrunk(rest)
    return Map(0, tuple(strides), table.astype(np.int32), axes)


def shrunk(grid: Any) -> tuple[Any, Sizes]:
    """An array without the axes along which it does not change, and those that stay."""
    axes = tuple(a for a in range(grid.ndim) if not (grid == grid.take([0], axis=a)).all())
    kept = grid[tuple(slice(None) if a in axes else 0 for a in range(grid.ndim))]
    return np.ascontiguousarray(kept), axes


def merged(sizes: Sizes, maps: Sequence[Map]) -> tuple[Sizes, list[Map]]:
    """The same domain with neighbouring axes joined where all maps run through them as
    through one; axes of size 1 go.
    """
    maps = list(maps)
    axis = len(sizes) - 1
    while axis >= 0:
        if sizes[axis] == 1:
            sizes = sizes[:axis] + sizes[axis + 1 :]
            maps = [_without(m, axis) for m in maps]
        elif axis + 1 < len(sizes) and all(_runs_on(m, axis, sizes[axis + 1]) for m in maps):
            sizes = (*sizes[:axis], sizes[axis] * sizes[axis + 1], *sizes[axis + 2 :])
            maps = [_joined(m, axis) for m in maps]
        axis -= 1
    return sizes, maps


def _without(m: Map, axis: int) -> Map:
    strides = m.strides[:axis] + m.strides[axis + 1 :]
    if m.table is None:
        return Map(m.offset, strides)
    table = m.table.squeeze(m.axes.index(axis)) if axis in m.axes else m.table
    return Map(m.offset, strides, table, tuple(a - (a > axis) for a in m.axes if a != axis))


def _runs_on(m: Map, axis: int, inner: int) -> bool:
    if (axis in m.axes) != (axis + 1 in m.axes):
        return False
    return m.strides[axis] == m.strides[axis + 1] * inner


def _joined(m: Map, axis: int) -> Map:
    strides = m.strides[:axis] + m.strides[axis + 1 :]
    if m.table is None:
        return Map(m.offset, strides)
    table, axes = m.table, m.axes
    if axis in axes:
        i = axes.index(axis)
        table = table.reshape(table.shape[:i] + (-1,) + table.shape[i + 2 :])
        axes = axes[: i + 1] + axes[i + 2 :]
    return Map(m.offset, strides, table, tuple(a - (a > axis) for a in axes))
