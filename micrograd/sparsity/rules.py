"""How sets of indices go through the ops of the table.

What a record says is enough for most: an elementwise op unites the sets of its inputs
place by place, and one with the fact `axes` unites along these. What only moves
elements runs on the numbers of the sets. For the rest of the linear ops there are rules
here, by the name of the op. Whatever has none depends on all elements of its inputs,
which is always right, and only costs directions.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.abstract import Abstract
from micrograd.interpreter import Interpreter, shape_of
from micrograd.ops.axes import axes_of, named_axis
from micrograd.ops.indices import entries_of, is_mask
from micrograd.record import Elementwise, Linear, Op
from micrograd.sparsity.sets import Sets, joined, numbered, united
from micrograd.table import OPS

Parts = Sequence[Sets | None]  # one per input; None where it does not depend on anything


def pushed(op: Op, inputs: Sequence[Any], parts: Parts, params: dict[str, Any], shape: tuple[int, ...]) -> Sets:
    """On which inputs of the program the elements of op(*inputs, **params) depend.

    Args:
        op: the record.
        inputs: its inputs, of which the shapes are asked, and the numbers of params.
        parts: the sets of each input, None where they are empty.
        params: the keyword arguments.
        shape: the shape of the result.
    """
    if not op.differentiable:
        return Sets.empty(shape)
    if isinstance(op, Elementwise):
        matter = _matter(op, params)
        return united(shape, [x for x, counts in zip(parts, matter, strict=True) if counts and x is not None])
    parts = [None if _has_no_rule(op, i) else x for i, x in enumerate(parts)]
    if all(x is None for x in parts):
        return Sets.empty(shape)
    rule = RULES.get(op.name)
    if rule is not None:
        return rule(inputs, parts, shape, params)
    if op.facts.axes is not None:
        return united(shape, [_joint(op, inputs, x, params, shape) for x in parts if x is not None])
    whole = [x.together() for x in parts if x is not None]
    return united((), whole).spread(shape)


def _has_no_rule(op: Op, i: int) -> bool:
    return not isinstance(op, Linear) and len(op.rules) > i and op.rules[i] is None


def _matter(op: Elementwise, params: dict[str, Any]) -> Sequence[bool]:
    """For each input whether the slope can be other than 0.

    It cannot where the rule is the number 0 and does not look at the data, as that of
    `floor`.
    """
    try:
        return _matter_of(op, tuple(params.items()))
    except TypeError:  # params that cannot be hashed
        return [rule is not None for rule in op.rules]


@functools.lru_cache(256)
def _matter_of(op: Elementwise, params: tuple[Any, ...]) -> tuple[bool, ...]:
    ghosts = [Abstract(()) for _ in op.rules]
    return tuple(_can_move(rule, ghosts, dict(params)) for rule in op.rules)


def _can_move(rule: Any, ghosts: Sequence[Abstract], params: dict[str, Any]) -> bool:
    if rule is None:
        return False
    try:
        slope = rule(Abstract(()), *ghosts, **params)
    except Exception:  # to be safe
        return True
    return isinstance(slope, Interpreter) or bool(np.any(slope != 0))


def _joint(op: Op, inputs: Sequence[Any], x: Sets, params: dict[str, Any], shape: tuple[int, ...]) -> Sets:
    """The union along the axes that the record names, in the shape of the result."""
    ndim, named = x.which.ndim, op.facts.axes
    if isinstance(named, int):  # the last axes; those before hold separate calls
        before = max(0, ndim - named)
        whole = x.over(range(before, ndim))
        tail = len(shape) - max(max(0, len(shape_of(y)) - named) for y in inputs)
        return whole.moved(lambda which: which.reshape((*which.shape[:before], *(1,) * tail))).spread(shape)
    axis = named_axis(op, params)
    if (axis is None and len(shape) == 1) or not ndim:  # one row of all elements, as cumsum makes
        return x.together().spread(shape)
    axes = axes_of(op.name, np.broadcast_to(0.0, x.which.shape), axis)
    whole = x.over(axes)
    if len(shape) < ndim:
        whole = whole.moved(lambda which: which.reshape([n for a, n in enumerate(which.shape) if a not in axes]))
    return whole.spread(shape)


# What moves elements


def _moves(name: str) -> Callable[..., Sets]:
    """A rule for an op whose result holds elements of its inputs: it runs on the
    numbers of the sets.
    """

    def rule(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
        filled = joined(
            [Sets.empty(shape_of(x)) if part is None else part for x, part in zip(inputs, parts, strict=True)]
        )
        first = filled[0]
        # index_set gives floats, which hold these numbers exactly
        which = np.asarray(OPS[name].forward(*[x.which for x in filled], **params)).astype(int, copy=False)
        return Sets(which, first.starts, first.members)

    return rule


def _taken(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    """An index of numbers that are not known may take any element of its axis."""
    (x,), index = parts, params["index"]
    assert x is not None
    entries = list(entries_of(index))
    unknown = [isinstance(entry, Interpreter) for entry in entries]
    if not any(unknown):
        return x.moved(lambda which: which[index])
    spans = [np.ndim(e) if is_mask(e) else 0 if e is None else 1 for e in entries]
    if Ellipsis in [e for e in entries if e is None or e is Ellipsis]:
        return x.together().spread(shape)
    axes = [sum(spans[:i]) for i, is_unknown in enumerate(unknown) if is_unknown]
    whole = x.over(axes).spread(x.which.shape)
    known = tuple(np.zeros(shape_of(e), int) if u else e for e, u in zip(entries, unknown, strict=True))
    return whole.moved(lambda which: which[known])


def _is_unknown(index: Any) -> bool:
    return any(isinstance(entry, Interpreter) for entry in entries_of(index))


def _scattered(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    (x,), index = parts, params["index"]
    assert x is not None
    if _is_unknown(index):
        return x.together().spread(shape)
    places = numbered(shape)[index]
    return x.spread(places.shape).merged(places, shape)


def _replaced(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    if _is_unknown(params["index"]):
        return united(shape, [x for x in (parts[0], parts[1] and parts[1].together()) if x is not None])
    return _moves("index_set")(inputs, parts, shape, params)


def _increased(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    x, w = parts
    found = [] if x is None else [x]
    if w is not None:
        found.append(_scattered(inputs[1:], [w], shape, params))
    return united(shape, found)


def _added_up(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    """Several arrays, each added to zeros at an index of its own: at once, as a loop
    over the elements of an array makes many.
    """
    pairs = [(x, index) for x, index in zip(parts, params["indices"], strict=True) if x is not None]
    if any(_is_unknown(index) for _, index in pairs):
        return united((), [x.together() for x, _ in pairs]).spread(shape)
    numbers = numbered(shape)
    places = [numbers[index] for _, index in pairs]
    moved = joined([x.spread(np.shape(place)) for (x, _), place in zip(pairs, places, strict=True)])
    which = np.concatenate([np.ravel(x.which) for x in moved])
    return Sets(which, moved[0].starts, moved[0].members).merged(np.concatenate([*map(np.ravel, places)]), shape)


def _rows(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    return _taken(inputs[:1], parts[:1], shape, {"index": _whole(inputs[1])})


def _rows_back(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    return _scattered(inputs[:1], parts[:1], shape, {"index": _whole(inputs[1])})


def _whole(i: Any) -> Any:
    return i if isinstance(i, Interpreter) else np.asarray(i).astype(int)


def _overlapped(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    (x,) = parts
    assert x is not None
    op = OPS["overlap_add"]
    numbers = numbered(shape)
    return x.merged(op.pull(0, numbers, None, [np.broadcast_to(0, x.which.shape)], params), shape)


# Products


def _matmul(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    """Row i of x and column k of y decide element (i, k)."""
    x, y = parts
    found = []
    is_row, is_column = len(shape_of(inputs[0])) == 1, len(shape_of(inputs[1])) == 1
    if x is not None:
        rows = x.over([x.which.ndim - 1])  # (..., i, 1)
        found.append(rows.moved(lambda which: which[..., 0]) if is_column else rows)
    if y is not None:
        columns = y.over([max(y.which.ndim - 2, 0)])  # (..., 1, k)
        found.append(columns if not is_row or is_column else columns.moved(lambda which: which[..., 0, :]))
    return united(shape, [_fitted(part, shape) for part in found])


def _fitted(x: Sets, shape: tuple[int, ...]) -> Sets:
    """Without axes of length 1 in front that the shape does not have."""
    while x.which.ndim > len(shape):
        x = x.moved(lambda which: which[0])
    return x


def _contracted(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    terms, output = params["subscripts"].split("->")
    found = []
    for term, x in zip(terms.split(","), parts, strict=True):
        if x is not None:
            x = x.over([a for a, letter in enumerate(term) if letter not in output])
            kept = [a for a, letter in enumerate(term) if letter in output]
            order = sorted(kept, key=lambda a: output.index(term[a]))
            rest = [a for a in range(len(term)) if a not in kept]
            sizes = [x.which.shape[term.index(letter)] if letter in term else 1 for letter in output]
            found.append(x.moved(lambda which: np.transpose(which, order + rest).reshape(sizes)))  # noqa: B023
    return united(shape, found)


def _convolved(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    n, m = (shape_of(x)[0] for x in inputs)
    places = np.arange(n)[:, None] + np.arange(m)
    x, y = parts
    found = [] if x is None else [x.moved(lambda which: which[:, None]).spread((n, m)).merged(places, shape)]
    if y is not None:
        found.append(y.spread((n, m)).merged(places, shape))
    return united(shape, found)


def _linear(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    x, weight, bias = parts
    found = [] if x is None else [x.over([x.which.ndim - 1])]
    if weight is not None:
        found.append(weight.over([1]).moved(lambda which: which[:, 0]))
    return united(shape, found if bias is None else [*found, bias])


def _solved(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    """The matrix decides all, a column of the right side one column."""
    a, b = parts
    found = [] if a is None else [a.over([a.which.ndim - 2, a.which.ndim - 1])]
    return united(shape, found if b is None else [*found, b.over([b.which.ndim - 2])])


def _chosen(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    """Either side of a `where`, or of what else acts element by element."""
    return united(shape, [x for x in parts if x is not None])


def _crossed(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    """Component k depends on both others, of both vectors."""
    others = [[1, 2], [0, 2], [0, 1]]
    found = []
    for x in parts:
        if x is not None:
            first, second = (x.moved(lambda which: which[..., [pair[k] for pair in others]]) for k in (0, 1))  # noqa: B023
            found += [first, second]
    return united(shape, found)


def _standardized(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    (x,) = parts
    assert x is not None
    return x.over(axes_of("standardized", inputs[0], params["axes"])).spread(shape)


def _as_it_is(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    (x,) = parts
    assert x is not None
    return x


def _run_up(inputs: Sequence[Any], parts: Parts, shape: tuple[int, ...], params: Any) -> Sets:
    """Element k of a running sum depends on elements 0 to k."""
    (x,) = parts
    assert x is not None
    axis = params.get("axis")
    if axis is None or not x.which.ndim:
        x, axis = x.moved(lambda which: which.reshape(-1)), 0
    turned = x.moved(lambda which: np.moveaxis(which, axis, 0))
    n, rest = turned.which.shape[0], turned.which.shape[1:]
    first, last = np.triu_indices(n)  # element `first` goes to all from itself on
    size = math.prod(rest)
    places = last[:, None] * size + np.arange(size)
    added = turned.moved(lambda which: which.reshape(n, size)[first]).merged(places, (n, *rest))
    return added.moved(lambda which: np.moveaxis(which, 0, axis))


RULES: dict[str, Callable[..., Sets]] = {
    **{name: _moves(name) for name in ("reshape", "transpose", "broadcast_to", "windows", "stacked", "concatenated")},
    "cast": _as_it_is,
    "getitem": _taken,
    "scatter": _scattered,
    "index_set": _replaced,
    "index_add": _increased,
    "scattered": _added_up,
    "rows_at": _rows,
    "rows_put": _rows_back,
    "crossed": _crossed,
    "overlap_add": _overlapped,
    "where": _chosen,
    "cosine": _chosen,
    "matmul": _matmul,
    "contract": _contracted,
    "convolved": _convolved,
    "linear": _linear,
    "solution": _solved,
    "standardized": _standardized,
    "cumsum": _run_up,
}
