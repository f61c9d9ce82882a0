"""One set of numbers per element of an array: which inputs the element depends on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np


class Sets:
    """An array with a set of whole numbers per element.

    Many elements may share a set: so broadcasting, indexing and a product with a full
    matrix cost nothing per member.

    Attributes:
        which: for each element the number of its set; its shape is that of the array.
        starts: set k is members[starts[k] : starts[k + 1]].
        members: the numbers in the sets, in each set in rising order.

    >>> x = Sets.singles((3,), 0)
    >>> y = united((3,), [x, x.moved(lambda which: which[::-1])])
    >>> [set(map(int, y.of(i))) for i in range(3)]
    [{0, 2}, {1}, {0, 2}]
    """

    __slots__ = ("members", "starts", "which")

    def __init__(self, which: Any, starts: Any, members: Any) -> None:
        self.which = which
        self.starts = starts
        self.members = members

    @classmethod
    def singles(cls, shape: tuple[int, ...], first: int) -> Sets:
        """Each element depends on itself alone; they are numbered from first."""
        size = math.prod(shape)
        return cls(numbered(shape), np.arange(size + 1), np.arange(first, first + size))

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> Sets:
        """No element depends on anything."""
        return cls(np.zeros(shape, int), np.zeros(2, int), np.zeros(0, int))

    @property
    def is_empty(self) -> bool:
        """Whether no element depends on anything."""
        return not len(self.members)

    def of(self, k: int) -> Any:
        """The set of the element with number k."""
        row = self.which.reshape(-1)[k]
        return self.members[self.starts[row] : self.starts[row + 1]]

    def moved(self, f: Callable[[Any], Any]) -> Sets:
        """The same sets at other places: f says where, on an array of whole numbers."""
        return Sets(np.asarray(f(self.which)), self.starts, self.members)

    def spread(self, shape: tuple[int, ...]) -> Sets:
        """The sets broadcast to a shape."""
        return self if self.which.shape == shape else self.moved(lambda which: np.broadcast_to(which, shape))

    def merged(self, places: Any, shape: tuple[int, ...]) -> Sets:
        """The union of all sets that go to one place.

        Args:
            places: for each element where it goes, as a number of an element of the
                result.
            shape: the shape of the result.
        """
        size, kinds = math.prod(shape), len(self.starts) - 1
        pairs = np.unique(np.broadcast_to(places, self.which.shape).reshape(-1) * kinds + self.which.reshape(-1))
        rows, chosen = np.divmod(pairs, max(kinds, 1))
        if len(rows) == size and np.array_equal(rows, np.arange(size)):  # one set for each place
            return Sets(chosen.reshape(shape), self.starts, self.members)
        return Sets(numbered(shape), *_collected(rows, size, chosen, self.starts, self.members))

    def over(self, axes: Sequence[int]) -> Sets:
        """The union along axes, which stay with length 1."""
        shape = self.which.shape
        kept = tuple(1 if a in axes else n for a, n in enumerate(shape))
        if math.prod(kept) == math.prod(shape):
            return self
        return self.merged(numbered(kept), kept)

    def together(self) -> Sets:
        """The union of all sets, for one element of shape ()."""
        return self.over(range(self.which.ndim)).moved(lambda which: which.reshape(()))


def numbered(shape: tuple[int, ...]) -> Any:
    """An array of this shape that holds the number of each element."""
    return np.arange(math.prod(shape)).reshape(shape)


def collected_rows(parts: Sequence[Sets]) -> tuple[Any, Any]:
    """All pairs of an element and a member of its set. The elements of all parts are
    numbered in one row.

    >>> rows, members = collected_rows([Sets.singles((2,), 5), Sets.singles((), 3)])
    >>> rows.tolist(), members.tolist()
    ([0, 1, 2], [5, 6, 3])
    """
    rows, members, first = [np.zeros(0, int)], [np.zeros(0, int)], 0
    for x in parts:
        chosen = x.which.reshape(-1)
        starts, found = _collected(np.arange(len(chosen)), len(chosen), chosen, x.starts, x.members)
        rows.append(first + np.repeat(np.arange(len(chosen)), np.diff(starts)))
        members.append(found)
        first += len(chosen)
    return np.concatenate(rows), np.concatenate(members)


def joined(parts: Sequence[Sets]) -> list[Sets]:
    """The same arrays, with the sets of all of them in one family."""
    first = parts[0]
    if all(x.starts is first.starts and x.members is first.members for x in parts):
        return list(parts)
    kinds = np.cumsum([0, *(len(x.starts) - 1 for x in parts)])
    sizes = np.cumsum([0, *(len(x.members) for x in parts)])
    starts = np.concatenate([[0], *(x.starts[1:] + n for x, n in zip(parts, sizes, strict=False))])
    members = np.concatenate([x.members for x in parts])
    return [Sets(x.which + k, starts, members) for x, k in zip(parts, kinds, strict=False)]


def united(shape: tuple[int, ...], parts: Sequence[Sets]) -> Sets:
    """The union of sets element by element, of arrays that are broadcast to a shape."""
    found = [x for x in parts if not x.is_empty]
    if not found:
        return Sets.empty(shape)
    whole = found[0].spread(shape)
    for x in found[1:]:
        whole = _pair(shape, whole, x.spread(shape))
    return whole


def _pair(shape: tuple[int, ...], x: Sets, y: Sets) -> Sets:
    if math.prod(shape) == 1:
        return _single(shape, x, y)
    parts = x, y
    x, y = joined(parts)
    if x.which is y.which or np.array_equal(x.which, y.which):
        return x
    kinds = len(x.starts) - 1
    pairs, places = np.unique(x.which.reshape(-1) * kinds + y.which.reshape(-1), return_inverse=True)
    places = places.reshape(shape)
    left, right = np.divmod(pairs, kinds)
    rows = np.arange(len(pairs))
    both = np.concatenate([rows, rows]), len(pairs), np.concatenate([left, right])
    starts, members = _collected(*both, x.starts, x.members)
    sizes, known = np.diff(starts), np.diff(x.starts)
    for part, own in zip(parts, (left, right), strict=True):  # nothing new: the sets that there are stay shared
        if np.array_equal(sizes, known[own]):
            return part
    return Sets(places, starts, members)


def _single(shape: tuple[int, ...], x: Sets, y: Sets) -> Sets:
    """The union for one element: programs with a loop over numbers make many."""
    mine, other = x.of(0), y.of(0)
    if mine is other or (len(mine) == len(other) and (mine == other).all()):
        return x
    both = np.union1d(mine, other)
    if len(both) == len(mine):
        return x
    return y if len(both) == len(other) else Sets(np.zeros(shape, int), np.array([0, len(both)]), both)


def _collected(rows: Any, size: int, chosen: Any, starts: Any, members: Any) -> tuple[Any, Any]:
    """The union per row of the chosen sets, as starts and members of a new family."""
    lengths = starts[chosen + 1] - starts[chosen]
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    places = np.arange(total) + np.repeat(starts[chosen] - (ends - lengths), lengths)
    span = int(members.max()) + 1 if len(members) else 1
    keys = np.unique(np.repeat(rows, lengths) * span + members[places])
    owners, found = np.divmod(keys, span)
    return np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=size))]), found
