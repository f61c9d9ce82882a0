"""Colors for the columns of a sparse matrix: columns of one color can share a
direction.

J times the sum of some columns' unit vectors is the sum of these columns. If no two of
them have an element in the same row, every element of the sum is an element of J. So
there are as many products as colors, however many columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np


def column_colors(starts: Any, members: Any, columns: int) -> Any:
    """A color for each column, so that no two columns with an element in the same row
    have the same.

    Columns get the first color that is free, those with many elements first; or in
    their order, if that needs fewer colors.

    Args:
        starts, members: the pattern by rows: see `Pattern`.
        columns: the number of columns.

    Returns:
        Array of shape (columns,) with numbers from 0; -1 for a column without elements.

    Source: Curtis, Powell, Reid (1974), doi:10.1093/imamat/13.1.117.

    >>> column_colors([0, 2, 5, 7], [0, 1, 0, 1, 2, 1, 2], 3)  # a tridiagonal matrix
    array([0, 1, 2])
    """
    starts, members = np.asarray(starts), np.asarray(members)
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    order = np.argsort(members, kind="stable")
    counts = np.bincount(members, minlength=columns)
    by_column = np.split(rows[order], np.cumsum(counts)[:-1]) if columns else []
    lists = [part.tolist() for part in by_column]
    least = int(np.diff(starts).max()) if len(starts) > 1 else 0
    best = _greedy(lists, range(columns), len(starts) - 1)
    if int(best.max(initial=-1)) + 1 > least:  # a full row needs as many: then none can have fewer
        other = _greedy(lists, np.argsort(-counts, kind="stable").tolist(), len(starts) - 1)
        best = other if other.max(initial=-1) < best.max(initial=-1) else best
    return best


def _greedy(by_column: Sequence[Sequence[int]], order: Sequence[int], rows: int) -> Any:
    """The first color that no column before has in any of the same rows."""
    taken = [0] * rows  # per row the colors that its columns have, as bits
    colors = np.full(len(by_column), -1)
    for j in order:
        if own := by_column[j]:
            used = 0
            for i in own:
                used |= taken[i]
            bit = ~used & (used + 1)  # the lowest bit that is 0
            for i in own:
                taken[i] |= bit
            colors[j] = bit.bit_length() - 1
    return colors


def star_colors(starts: Any, members: Any) -> Any:
    """A color for each row and column of a symmetric matrix, so that each element can
    be read from the sum of one color's columns.

    Neighbors have different colors, and a path over four vertices has at least three.
    Of the edge between i and j, one end is then the only neighbor of the other with its
    color.

    Args:
        starts, members: the pattern by rows; it is symmetric.

    Returns:
        Array of shape (n,) with numbers from 0; -1 for an empty row.

    Source: Coleman, Moré (1984), doi:10.1007/BF02612334; Gebremedhin, Tarafdar, Manne,
    Pothen (2007), doi:10.1137/050639879, algorithm 4.1.

    >>> star_colors([0, 3, 5, 7], [0, 1, 2, 0, 1, 0, 2])  # a full row and column
    array([0, 1, 1])
    """
    starts, members = np.asarray(starts), np.asarray(members)
    n = len(starts) - 1
    if n == 0 or (n > 30 and 2 * len(members) > n * n):  # most are neighbors of most others
        best = np.arange(n)
    else:
        parts = [part.tolist() for part in np.split(members, starts[1:-1])]
        graph = [[j for j in part if j != i] for i, part in enumerate(parts)]
        by_degree = sorted(range(n), key=lambda i: -len(graph[i]))
        found = [_Stars(graph).colored(order) for order in (range(n), by_degree)]
        best = np.array(min(found, key=lambda colors: max(colors, default=0)), int)
    best[np.diff(starts) == 0] = -1
    return best


class _Stars:
    """The edges between vertices of two colors form stars: all share one vertex, the
    hub. A new vertex gets the first color with which that stays so.
    """

    def __init__(self, graph: Sequence[Sequence[int]]) -> None:
        self.graph = graph
        self.colors = [-1] * len(graph)
        self.near: list[dict[int, int]] = [{} for _ in graph]  # by vertex and color, the first such neighbor
        self.star: dict[tuple[int, int], int] = {}  # by edge, its smaller end first
        self.hubs: list[int] = []  # by star; -1 where it has one edge

    def colored(self, order: Sequence[int]) -> list[int]:
        """A color for each vertex, given in this order."""
        for v in order:
            neighbors = [*self.near[v].values()]  # the first of each color before the others
            neighbors += [w for w in self.graph[v] if self.colors[w] >= 0 and self.near[v][self.colors[w]] != w]
            taken = self._taken(v, neighbors)
            color = 0
            while color in taken:
                color += 1
            self.colors[v] = color
            self._extend(v, color, neighbors)
            for w in self.graph[v]:
                self.near[w].setdefault(color, v)
        return self.colors

    def _taken(self, v: int, neighbors: Sequence[int]) -> set[int]:
        """The colors that v must not have."""
        taken: set[int] = set()
        for w in neighbors:
            color = self.colors[w]
            taken.add(color)
            if (other := self.near[v][color]) != w:  # between two of one color, v has to be the hub
                taken.update(self.near[other], self.near[w])
                continue
            for c, x in self.near[w].items():  # at the end of an edge whose hub is the other end
                if self.hubs[self.star[_edge(w, x)]] == x:
                    taken.add(c)
        return taken

    def _extend(self, v: int, color: int, neighbors: Sequence[int]) -> None:
        """Each edge of v joins a star, or begins one."""
        for w in neighbors:
            first = self.near[v][self.colors[w]]
            if color in self.near[w]:
                k = self.star[_edge(w, self.near[w][color])]
                self.hubs[k] = w
            elif first != w:
                k = self.star[_edge(v, first)]
                self.hubs[k] = v
            else:
                k = len(self.hubs)
                self.hubs.append(-1)
            self.star[_edge(v, w)] = k


def _edge(v: int, w: int) -> tuple[int, int]:
    return (v, w) if v < w else (w, v)
