"""Runs of one model with batches of several sizes, joined into one that is right for
all: what differs between them has to be a multiple of the size plus a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.exporting.program import Size, Spread
from micrograd.exporting.recorded import Call, Place
from micrograd.node import Node, data_of


class BatchError(Exception):
    """The runs do not follow the size of the batch in a way that is known.

    Args:
        what: differs.
        module: in which module.
    """

    def __init__(self, what: str, module: Any = None) -> None:
        super().__init__(what)
        self.module = module


def joined_calls(runs: Sequence[Sequence[Call]], sizes: Sequence[int]) -> list[Call]:
    """The calls of all runs as one list.

    Args:
        runs: the calls of each run, the first for the example itself.
        sizes: the size of the batch in each.

    Raises:
        BatchError: they are not the same ops, or a number follows the batch in another
            way.
    """
    for calls in zip(*runs, strict=False):
        if len({call.op for call in calls}) > 1 or len({len(call.inputs) for call in calls}) > 1:
            raise BatchError(f"it applies {' or '.join(dict.fromkeys(c.op.name for c in calls))}", calls[0].module)
    if len({len(calls) for calls in runs}) > 1:
        raise BatchError("it applies more ops for one batch than for another")
    return [_call(calls, sizes) for calls in zip(*runs, strict=True)]


def _call(calls: Sequence[Call], sizes: Sequence[int]) -> Call:
    first = calls[0]
    if len(calls) == 1:
        return first
    if len({call.dtype for call in calls}) > 1:
        raise BatchError("the dtype of a result differs", first.module)
    try:
        inputs = [joined(each, sizes) for each in zip(*(call.inputs for call in calls), strict=True)]
        params = {name: joined([call.params[name] for call in calls], sizes) for name in first.params}
        shape = joined([call.shape for call in calls], sizes)
    except BatchError as error:
        raise BatchError(f"{first.op.name}: {error}", first.module) from None
    return first._replace(inputs=inputs, params=params, shape=shape)


def joined(each: Sequence[Any], sizes: Sequence[int]) -> Any:
    """What stands for all of these, one of each run.

    Raises:
        BatchError: nothing does.
    """
    first = each[0]
    if isinstance(first, Place) or any(isinstance(x, Place) for x in each):
        return _same(each)
    if isinstance(first, Node):
        return first if all(_are_equal(data_of(first), data_of(x)) for x in each) else _spread(each, sizes)
    if type(first) in (tuple, list):
        if len({len(x) for x in each}) > 1:
            raise BatchError("a list has more entries in one batch than in another")
        return type(first)(joined(entries, sizes) for entries in zip(*each, strict=True))
    if isinstance(first, slice):
        return slice(*(joined([getattr(x, end) for x in each], sizes) for end in ("start", "stop", "step")))
    if isinstance(first, np.ndarray):
        return first if all(_are_equal(first, x) for x in each) else _spread(each, sizes)
    if type(first) is int or isinstance(first, np.integer):
        return first if len(set(each)) == 1 else _size(each, sizes)
    return _same(each)


def _same(each: Sequence[Any]) -> Any:
    if all(type(x) is type(each[0]) and (x is each[0] or x == each[0] or x != x) for x in each):
        return each[0]
    raise BatchError(f"{each[0]} in one batch is {next(x for x in each if x != each[0])} in another")


def _are_equal(x: Any, y: Any) -> bool:
    return x is y or (np.shape(x) == np.shape(y) and bool(np.array_equal(x, y, equal_nan=True)))


def _size(each: Sequence[Any], sizes: Sequence[int]) -> Size:
    times, rest = divmod(int(each[1]) - int(each[0]), sizes[1] - sizes[0])
    size = Size(times, int(each[0]) - times * sizes[0])
    if rest or times <= 0 or any(size.at(n) != x for n, x in zip(sizes, each, strict=True)):
        raise BatchError(f"the sizes {', '.join(map(str, each))} for batches of {', '.join(map(str, sizes))}")
    return size


def _spread(each: Sequence[Any], sizes: Sequence[int]) -> Spread:
    """Arrays that are the same for each example, and as long as the batch."""
    each = [np.asarray(data_of(x) if isinstance(x, Node) else x) for x in each]
    shape = joined([x.shape for x in each], sizes)
    first = tuple(slice(0, 1) if isinstance(n, Size) else slice(None) for n in shape)
    data = each[0][first]
    if data.dtype.kind in "fiub" and all(_are_equal(np.broadcast_to(data, x.shape), x) for x in each):
        return Spread(np.ascontiguousarray(data), shape)
    raise BatchError("an array of constants differs from batch to batch")
