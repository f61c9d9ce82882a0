"""Stale nodes: those whose data no longer follows from their inputs, as something was
assigned since.
"""

from __future__ import annotations

from typing import Any

from micrograd.arrays import as_data
from micrograd.interpreter import NUMBERS, shape_of
from micrograd.node import data_of, inputs_of
from micrograd.record import HandMade


def is_stale(node: Any) -> bool:
    """Whether the op of a node, run again on its inputs as they are now, gives other
    data.
    """
    # What a transform did not keep (see traced.py) was not assigned either.
    if isinstance(node._record, HandMade) or any(hasattr(x, "refilled") for x in (node, *inputs_of(node))):
        return False
    inputs = [data_of(x) for x in inputs_of(node)]
    data = data_of(node)
    try:
        now = as_data(node._record.run(inputs, inputs, node._params or {}))
        if _are_same(now, data):
            return False
        # A function of the user's, as in custom_vjp, may draw random numbers.
        return _are_same(now, as_data(node._record.run(inputs, inputs, node._params or {})))
    except (ArithmeticError, ValueError, IndexError, TypeError):  # the op has no answer for these inputs
        return True


def _are_same(now: Any, data: Any) -> bool:
    if type(now) in NUMBERS and type(data) in NUMBERS:
        return bool(now == data or (now != now and data != data))  # nan is as good as nan
    if shape_of(now) != shape_of(data):
        return False
    return bool(((now == data) | ((now != now) & (data != data))).all())
