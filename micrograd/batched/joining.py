"""Values joined, in all examples: each is spread over the examples first."""

from __future__ import annotations

import functools
from typing import Any

from micrograd import on_demand as np
from micrograd.batched.layouts import all_mapped, count_of, shapes_of_one, stand_in
from micrograd.batched.rules import rule_for
from micrograd.interpreter import Array
from micrograd.ops.joining import concatenated, stacked
from micrograd.record import Op


@rule_for(stacked, concatenated)
def _joined(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    shapes = tuple(shapes_of_one(data, mapped))
    axis = _axis(op, shapes, params.get("axis", 0))
    if op is stacked and not any(shapes) and all(map(_is_plain, data)):  # numbers, as of np.array([x, y, 0.0])
        z = np.empty((count_of(data, mapped), len(data)))
        for i, x in enumerate(data):
            z[:, i] = x
        return z
    return op(*all_mapped(data, mapped), axis=axis)


@functools.lru_cache(1024)
def _axis(op: Op, shapes: tuple[tuple[int, ...], ...], axis: int) -> int:
    """The axis to join along, behind all examples."""
    return axis % len(op.shape(*map(stand_in, shapes), axis=axis)) + 1


def _is_plain(x: Any) -> bool:
    return isinstance(x, float) or (type(x) is np.ndarray and x.dtype == float)
