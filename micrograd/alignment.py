"""Plain numbers of values inside `vmap`s, with their axes side by side.

A value that differs from example to example has one more axis in its numbers for each
`vmap` around, and a value that does not has none. Here all get the same axes: one for
each `vmap`, the outermost first, and behind them those of one example.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import DataError
from micrograd.interpreter import PLAIN, Array, Interpreter, ground, is_one_of_many, numbers_below, shape_of


class Aligned:
    """The numbers of several values, all with the same axes.

    Args:
        values: numbers, arrays and values of interpreters.

    Attributes:
        levels: the numbers of the vmaps, the outermost first.
        arrays: per value an array with one axis for each level, of length 1 where the
            value is the same in each example, and behind them the axes of an example.
    """

    def __init__(self, values: Sequence[Array]) -> None:
        batches = [_batches(x) for x in values]
        kinds = {batch._number: type(batch) for found in batches for batch in found}
        self._kinds: dict[int, Any] = kinds
        self.levels = sorted(kinds)
        rank = max(len(shape_of(x)) for x in values)
        self.arrays = [self._aligned(x, found, rank) for x, found in zip(values, batches, strict=True)]

    def _aligned(self, x: Array, batches: list[Any], rank: int) -> Any:
        data, shape = np.asarray(numbers_below(x)), shape_of(x)
        sizes = dict(zip(sorted(batch._number for batch in batches), data.shape, strict=False))
        leading = [sizes.get(level, 1) for level in self.levels]
        return data.reshape(*leading, *(1,) * (rank - len(shape)), *shape)

    def wrapped(self, z: Any) -> Any:
        """An array with these axes as one value, which stands for an example."""
        for level in self.levels:
            z = self._kinds[level](z, True, level)
        return z


def by_example(f: Callable[..., Any], *values: Array) -> Any:
    """f of plain numbers, for a function of NumPy: where a value differs from example
    to example, f runs for each, and the answers are one value again.

    Raises:
        DataError: the answers have different shapes.

    >>> by_example(np.sum, np.ones(3))
    np.float64(3.0)
    """
    if not any_of_many(values):
        return f(*map(ground, values))
    rows = Aligned(values)
    depth = len(rows.levels)
    sizes = np.broadcast_shapes(*[x.shape[:depth] for x in rows.arrays])
    places = [dict(zip(rows.levels, place, strict=True)) for place in np.ndindex(sizes)]
    answers = [np.asarray(f(*[at_example(x, place) for x in values])) for place in places]
    if not answers:  # there are no examples: zeros in place of one say the shape and the dtype
        answer = np.asarray(f(*map(_zeros, values)))
        return rows.wrapped(np.zeros((*sizes, *answer.shape), answer.dtype))
    shapes = {answer.shape for answer in answers}
    if len(shapes) > 1:
        least, *_, most = sorted(shapes)
        raise DataError(
            f"vmap: the size of a result differs from example to example: {least} and {most};\n"
            f"call this function in a loop over the examples, outside vmap"
        )
    whole = np.stack(answers)
    return rows.wrapped(whole.reshape(*sizes, *whole.shape[1:]))


def _zeros(x: Array) -> Any:
    """Zeros in place of one example; what is the same in each example as it is."""
    data = numbers_below(x)
    return np.zeros(shape_of(x), data.dtype) if is_one_of_many(x) else data


def side_by_side(values: Sequence[Array]) -> list[Any]:
    """The plain numbers of several values: aligned, where one differs from example to
    example.
    """
    return Aligned(values).arrays if any_of_many(values) else [ground(x) for x in values]


def at_example(x: Array, place: dict[int, int]) -> Any:
    """The plain numbers of x in one example.

    Args:
        x: a number, an array, or a value of an interpreter.
        place: per vmap, by its number, which example.
    """
    data = numbers_below(x)
    numbers = sorted(batch._number for batch in _batches(x))
    return data[tuple(place[number] for number in numbers)] if numbers else data


def any_of_many(values: Sequence[Array]) -> bool:
    """Whether one of these differs from example to example."""
    return any(map(is_one_of_many, values))


def _batches(x: Array) -> list[Any]:
    """The values of vmaps, on the way down from x, that differ between examples."""
    found: list[Any] = []
    while type(x) not in PLAIN and isinstance(x, Interpreter):
        if x._is_batch and x.is_mapped:  # type: ignore[attr-defined]  # a Batch says so
            found.append(x)
        x = x._below
    return found
