"""Elements taken out, put back and replaced, in all examples, where the index is the
same in each.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.batched.layouts import all_mapped, count_of, moved, shape_of_one, stand_in, with_rank
from micrograd.batched.rules import rule_for
from micrograd.interpreter import Array, shape_of
from micrograd.ops import getitem, index_add, index_set, scatter, scattered
from micrograd.ops.indices import entries_of, is_basic
from micrograd.record import Op


@rule_for(getitem)
def _getitem(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    (x,) = data
    index = params["index"]
    wanted = None if type(index) in (int, slice) else op.shape(stand_in(shape_of(x)[1:]), index=index)
    z = op(x, index=_within(index))
    return z if wanted is None else moved(z, _place(index), 0)


@rule_for(scatter)
def _scatter(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    (x,) = data
    index, shape = params["index"], params["shape"]
    op.shape(stand_in(shape_of(x)[1:]), **params)
    x = moved(x, 0, _place(index))
    count = shape_of(x)[_place(index)]
    return op(x, index=_within(index), shape=(count, *shape))


@rule_for(scattered)
def _scattered(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    indices, shape = params["indices"], params["shape"]
    shapes = [shape_of_one(v, m) for v, m in zip(data, mapped, strict=True)]
    op.shape(*map(stand_in, shapes), **params)
    placed = [moved(x, 0, _place(index)) for x, index in zip(all_mapped(data, mapped), indices, strict=True)]
    return op(*placed, indices=tuple(map(_within, indices)), shape=(count_of(data, mapped), *shape))


@rule_for(index_set, index_add)
def _written(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    x, w = data
    index = params["index"]
    shapes = [shape_of_one(v, m) for v, m in zip(data, mapped, strict=True)]
    op.shape(*map(stand_in, shapes), **params)
    if not mapped[0]:
        x, _ = all_mapped(data, mapped)
    if mapped[1]:
        taken = len(getitem.shape(stand_in(shapes[0]), index=index))
        w = moved(with_rank(w, taken), 0, _place(index))
    return op(x, w, index=_within(index))


def _within(index: Any) -> tuple[Any, ...]:
    """The index, behind all examples."""
    return (slice(None), *map(_entry, entries_of(index)))


def _entry(entry: Any) -> Any:
    return np.asarray(entry, None if entry else int) if isinstance(entry, list) else entry


def _place(index: Any) -> int:
    """Where the axis of the examples is in what an index takes.

    NumPy puts the axes of index arrays first where slices part them.
    """
    entries = [_entry(entry) for entry in entries_of(index)]
    arrays = [entry for entry in entries if not is_basic(entry)]
    if not arrays:
        return 0
    places = [i for i, e in enumerate(entries) if not (isinstance(e, slice) or e is None or e is Ellipsis)]
    if places[-1] - places[0] + 1 == len(places):
        return 0
    shapes = [np.shape(part) for e in arrays for part in (np.nonzero(e) if np.asarray(e).dtype == bool else (e,))]
    return len(np.broadcast_shapes(*shapes))
