"""Arrays of examples, along axis 0: their axes moved, joined and added.

All of it is done by ops, so it keeps the history of Values. `x` holds all examples
here, and `shape` or `rank` is that of one.
"""

from __future__ import annotations

import math
from typing import Any

from micrograd import on_demand as np
from micrograd.interpreter import Array, Interpreter, shape_of
from micrograd.ops import broadcast_to, getitem, moveaxis, reshape
from micrograd.record import Op


def shapes_of_one(data: list[Array], mapped: list[bool]) -> list[tuple[int, ...]]:
    """The shape of each input in one example."""
    return [shape_of(x)[1:] if m else shape_of(x) for x, m in zip(data, mapped, strict=True)]


def checked_shapes(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> list[tuple[int, ...]]:
    """The same, after the op has refused shapes of one example that do not fit."""
    shapes = shapes_of_one(data, mapped)
    op.shape(*map(stand_in, shapes), **params)
    return shapes


def rank_of(x: Array) -> int:
    """How many axes x has, with that of the examples."""
    return x.ndim if type(x) is np.ndarray else len(shape_of(x))


class stand_in:  # noqa: N801 - it is used like a function
    """What rules of shapes see of an array: its shape."""

    __slots__ = ("shape",)

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape


def with_rank(x: Array, rank: int) -> Array:
    """x with axes of length 1 before those of an example, so that it has this many."""
    shape = shape_of(x)
    if len(shape) > rank:
        return x
    wider = (shape[0], *(1,) * (rank + 1 - len(shape)), *shape[1:])
    return x.reshape(wider) if type(x) is np.ndarray else reshape(x, shape=wider)


def moved(x: Array, source: int, destination: int) -> Array:
    """x with one axis in another place."""
    if source == destination:
        return x
    return np.moveaxis(x, source, destination) if type(x) is np.ndarray else moveaxis(x, source, destination)


def for_each(x: Array, count: int) -> Array:
    """What is the same in each example, for all of them."""
    return broadcast_to(x, shape=(count, *shape_of(x)))


def repeated(x: Array, count: int) -> Array:
    """The same, in arrays that may be changed."""
    z = for_each(x, count)
    return z if isinstance(z, Interpreter) else z.copy()


def all_mapped(data: list[Array], mapped: list[bool]) -> list[Array]:
    """The inputs, where each holds all examples now."""
    count = count_of(data, mapped)
    return [x if m else for_each(x, count) for x, m in zip(data, mapped, strict=True)]


def count_of(data: list[Array], mapped: list[bool]) -> int:
    """How many examples there are."""
    return int(shape_of(data[mapped.index(True)])[0])


def example(x: Array, b: int) -> Array:
    """Example number b."""
    return getitem(x, index=b)


def joined_rows(x: Array, keep: int) -> Array:
    """x with all axes in one but the last few."""
    shape = shape_of(x)
    cut = len(shape) - keep
    return reshape(x, shape=(math.prod(shape[:cut]), *shape[cut:]))
