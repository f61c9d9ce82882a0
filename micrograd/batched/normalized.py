"""Normalization in all examples: its axes are counted from the front."""

from __future__ import annotations

from typing import Any

from micrograd.batched.rules import rule_for
from micrograd.interpreter import Array
from micrograd.ops.normalization import standardized
from micrograd.record import Op


@rule_for(standardized)
def _standardized(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    return op(data[0], axes=tuple(a + 1 for a in params["axes"]), eps=params["eps"])
