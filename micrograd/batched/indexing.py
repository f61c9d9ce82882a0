"""Elements taken out, put back and replaced, in all examples, where the index is the
same in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.batched.layouts import all_mapped, checked_shapes, count_of, moved, shapes_of_one, stand_in, with_rank
from micrograd.batched.rules import rule_for
from micrograd.interpreter import Array, shape_of
from micrograd.ops import add, getitem, index_add, index_set, reshape, rows_at, rows_put, scatter, scattered
from micrograd.ops.indices import are_plain, entries_of, is_basic, is_numbers
from micrograd.record import Op

_ALL = slice(None)


@rule_for(getitem)
def _getitem(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    (x,) = data
    index = params["index"]
    if _is_usual(index):
        return op(x, index=_within(index))
    op.shape(stand_in(shape_of(x)[1:]), index=index)
    return moved(op(x, index=_within(index)), _place(index), 0)


@rule_for(scatter)
def _scatter(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    (x,) = data
    index, shape = params["index"], params["shape"]
    if _is_usual(index) and len(shape_of(x)) == 1 + len(shape) + _more_axes(index):  # as it almost always is
        return op(x, index=_within(index), shape=(shape_of(x)[0], *shape))
    place = _place(index)
    x = moved(x, 0, place)
    count = shape_of(x)[place]
    return op(x, index=_within(index), shape=(count, *shape))


@rule_for(scattered)
def _scattered(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    indices, shape = params["indices"], params["shape"]
    shapes = shapes_of_one(data, mapped)
    if _are_usual(shapes, indices, len(shape)):
        count = count_of(data, mapped)
        return op(*all_mapped(data, mapped), indices=tuple(map(_within, indices)), shape=(count, *shape))
    checked_shapes(op, data, mapped, params)
    placed = [moved(x, 0, _place(index)) for x, index in zip(all_mapped(data, mapped), indices, strict=True)]
    return op(*placed, indices=tuple(map(_within, indices)), shape=(count_of(data, mapped), *shape))


@rule_for(index_set, index_add)
def _written(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    x, w = data
    index = params["index"]
    shapes = checked_shapes(op, data, mapped, params)
    if not mapped[0]:
        x, _ = all_mapped(data, mapped)
    if mapped[1]:
        taken = len(getitem.shape(stand_in(shapes[0]), index=index))
        w = moved(with_rank(w, taken), 0, _place(index))
    return op(x, w, index=_within(index))


@rule_for(rows_at)
def _rows_at(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    x, i = data
    if not mapped[0]:
        return op(x, i)
    if not mapped[1]:
        return moved(op(moved(x, 0, 1), i), len(shape_of(i)), 0)
    count, n, *rest = shape_of(x)
    return op(reshape(x, shape=(count * n, *rest)), _in_one_row(i, n))


@rule_for(rows_put)
def _rows_put(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    w, i = data
    n, rank = params["length"], len(shape_of(i))
    if not mapped[1]:
        return moved(op(moved(w, 0, rank), i, length=n), 1, 0)
    w, i = all_mapped(data, mapped)
    count = shape_of(i)[0]
    z = op(w, _in_one_row(i, n), length=count * n)
    return reshape(z, shape=(count, n, *shape_of(z)[1:]))


def _in_one_row(i: Array, n: int) -> Array:
    """Numbers below n in each example, where the examples stand one after the other."""
    shape = shape_of(i)
    return add(i, n * np.arange(shape[0]).reshape(-1, *(1,) * (len(shape) - 1)))


def _is_usual(index: Any) -> bool:
    """Whether an index has integers, slices, None and `...`, and at most one list of
    integers: then the axis of the examples stays the first.
    """
    if type(index) is slice or type(index) is int or are_plain(index):
        return True
    rest = [entry for entry in entries_of(index) if not is_numbers(entry)]
    return len(rest) == len(entries_of(index)) - 1 and not any(type(e) is int for e in rest) and are_plain(tuple(rest))


def _are_usual(shapes: list[tuple[int, ...]], indices: Sequence[Any], rank: int) -> bool:
    """Whether values of these shapes have as many axes as usual indices take from an
    array of this rank.
    """
    if len(shapes) != len(indices):
        return False
    for shape, index in zip(shapes, indices, strict=True):
        if not _is_usual(index) or len(shape) != rank + _more_axes(index):
            return False
    return True


def _more_axes(index: Any) -> int:
    """How many axes more a usual index gives."""
    more = 0
    for entry in entries_of(index):
        more += (entry is None) - (type(entry) is int)
    return more


def _within(index: Any) -> tuple[Any, ...]:
    """The index, behind all examples."""
    if type(index) is slice or type(index) is int:
        return (_ALL, index)
    return (_ALL, *map(_entry, entries_of(index)))


def _entry(entry: Any) -> Any:
    return np.asarray(entry, None if entry else int) if isinstance(entry, list) else entry


def _place(index: Any) -> int:
    """Where the axis of the examples is in what an index takes.

    NumPy puts the axes of index arrays first where slices part them.
    """
    if type(index) in (int, slice):
        return 0
    entries = [_entry(entry) for entry in entries_of(index)]
    arrays = [entry for entry in entries if not is_basic(entry)]
    if not arrays:
        return 0
    places = [i for i, e in enumerate(entries) if not (isinstance(e, slice) or e is None or e is Ellipsis)]
    if places[-1] - places[0] + 1 == len(places):
        return 0
    shapes = [np.shape(part) for e in arrays for part in (np.nonzero(e) if np.asarray(e).dtype == bool else (e,))]
    return len(np.broadcast_shapes(*shapes))
