"""Values joined, in all examples: each is spread over the examples first."""

from __future__ import annotations

from typing import Any

from micrograd.batched.layouts import all_mapped, shape_of_one, stand_in
from micrograd.batched.rules import rule_for
from micrograd.interpreter import Array
from micrograd.ops.joining import concatenated, stacked
from micrograd.record import Op


@rule_for(stacked, concatenated)
def _joined(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    shapes = [shape_of_one(x, m) for x, m in zip(data, mapped, strict=True)]
    rank = len(op.shape(*map(stand_in, shapes), **params))
    return op(*all_mapped(data, mapped), axis=params.get("axis", 0) % rank + 1)
