"""Sliding windows in all examples: they slide along the last axes alone."""

from __future__ import annotations

from typing import Any

from micrograd.batched.layouts import stand_in
from micrograd.batched.rules import rule_for
from micrograd.interpreter import Array, shape_of
from micrograd.ops.sliding import overlap_add, windows
from micrograd.record import Op


@rule_for(windows, overlap_add)
def _windowed(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    op.shape(stand_in(shape_of(data[0])[1:]), **params)
    return op(data[0], **params)
