"""The same elements in another shape, in all examples."""

from __future__ import annotations

import math
from typing import Any

from micrograd.batched.layouts import stand_in, with_rank
from micrograd.batched.rules import elementwise, rule_for
from micrograd.interpreter import Array, shape_of
from micrograd.ops import broadcast_to, cast, reshape, transpose
from micrograd.ops.lengths import cosine
from micrograd.record import Op

rule_for(cast, cosine)(elementwise)


@rule_for(reshape)
def _reshape(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    shape, wanted = shape_of(data[0]), params["shape"]
    if type(wanted) is not tuple or min(wanted, default=0) < 0 or math.prod(wanted) != math.prod(shape[1:]):
        wanted = op.shape(stand_in(shape[1:]), **params)  # refuses what does not fit
    return op(data[0], shape=(shape[0], *wanted))


@rule_for(transpose)
def _transpose(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    shape = shape_of(data[0])[1:]
    op.shape(stand_in(shape), **params)
    axes = params.get("axes")
    order = range(len(shape) - 1, -1, -1) if axes is None else [a % len(shape) for a in axes]
    return op(data[0], axes=(0, *(a + 1 for a in order)))


@rule_for(broadcast_to)
def _broadcast_to(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    shape, wanted = shape_of(data[0]), params["shape"]
    if type(wanted) is not tuple or shape[0] == 0 or len(wanted) < len(shape) - 1:
        wanted = op.shape(stand_in(shape[1:]), **params)  # refuses what does not fit
    return op(with_rank(data[0], len(wanted)), shape=(shape[0], *wanted))
