"""Sliding windows and convolutions in all examples: they slide along the last axes
alone.
"""

from __future__ import annotations

from typing import Any

from micrograd.batched.layouts import checked_shapes
from micrograd.batched.rules import rule_for
from micrograd.interpreter import Array, shape_of
from micrograd.ops import contract, flip, pad
from micrograd.ops.calculus import convolved
from micrograd.ops.sliding import overlap_add, windows
from micrograd.record import Op


@rule_for(windows, overlap_add)
def _windowed(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    checked_shapes(op, data, mapped, params)
    return op(data[0], **params)


@rule_for(convolved)
def _convolved(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    """Each sum of products is what a window over one row sees, times the other row
    backwards.
    """
    x, y = data
    checked_shapes(op, data, mapped, {})
    m = shape_of(y)[-1]
    row = pad(x, [(0, 0)] * mapped[0] + [(m - 1, m - 1)])
    seen = windows(row, size=(m,), stride=(1,), dilation=(1,))
    left, right = "b" * mapped[0], "b" * mapped[1]
    return contract(seen, flip(y, axis=-1), subscripts=f"{left}km,{right}m->bk")
