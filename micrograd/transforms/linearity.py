"""Whether a recorded graph is linear in some of its leaves: only then may it be
transposed.

A linear function has the same derivative everywhere, and is 0 at 0. Each op of the
graph is asked for both, by its record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.interpreter import numbers_below
from micrograd.modes import no_grad
from micrograd.node import Node, data_of, inputs_of
from micrograd.record import Elementwise, Linear, Multilinear, Op
from micrograd.reverse import Reach

# Ops of other kinds that are linear in these of their inputs, while the others stay.
LINEAR_IN = {"where": {1, 2}, "solution": {1}}
FAR = (0.0, 1e-9, -1e-9, 1e9, -1e9)  # a slope that changes with its input is not the same at all of these


def nonlinear_op(root: Any, ends: Sequence[Any]) -> str:
    """The name of an op by which root depends on the ends, but not linearly; "" where
    there is none.

    >>> from micrograd import Value
    >>> t, x = Value(2.0), Value(3.0)
    >>> nonlinear_op(t * x - t, [t]), nonlinear_op(t * x - t, [x])
    ('', 'add')
    """
    if not isinstance(root, Node):
        return "" if _is_zero(root) else "a constant"
    if any(root is x for x in ends):
        return ""
    path, nodes = Reach(root, list(ends)).path()
    if root not in nodes:
        return "" if _is_zero(root) else "a constant"
    for node in path:
        inputs = inputs_of(node)
        moving = [isinstance(x, Node) and x in nodes for x in inputs]
        if not _is_linear(node._record, node, inputs, moving, node._params or {}):
            return str(node._record.name)
    return ""


def _is_linear(op: Op, z: Any, inputs: Sequence[Any], moving: list[bool], params: dict[str, Any]) -> bool:
    """Whether an op is linear in those of its inputs that move."""
    if isinstance(op, Linear):
        return all(m or _is_zero(x) for m, x in zip(moving, inputs, strict=True))
    if isinstance(op, Multilinear):
        return sum(moving) == 1
    if isinstance(op, Elementwise):
        return _is_linear_by_element(op, data_of(z), [data_of(x) for x in inputs], moving, params)
    if op.name not in LINEAR_IN or not all(i in LINEAR_IN[op.name] for i, m in enumerate(moving) if m):
        return False
    if op.name == "where":
        return all(m or _is_zero(x) for m, x in zip(moving[1:], inputs[1:], strict=True))
    return True


def _is_linear_by_element(op: Op, z: Any, data: Sequence[Any], moving: list[bool], params: dict[str, Any]) -> bool:
    if op.name in ("add", "subtract", "negative", "positive"):
        return all(m or _is_zero(x) for m, x in zip(moving, data, strict=True))
    if op.name == "multiply":
        return sum(moving) == 1
    if op.name == "divide":
        return moving == [True, False]
    return _has_fixed_slopes(op, z, data, moving, params)


def _has_fixed_slopes(op: Op, z: Any, data: Sequence[Any], moving: list[bool], params: dict[str, Any]) -> bool:
    """Whether z is 0 where all inputs that move are 0, and the slopes are the same
    there, here, and far away on both sides.
    """
    rules = [op.rules[i] for i, m in enumerate(moving) if m]
    if any(rule is None for rule in rules):
        return False
    with no_grad():
        here = [numbers_below(rule(z, *data, **params)) for rule in rules]
        for number in FAR:
            there = [x * 0.0 + number if m else x for x, m in zip(data, moving, strict=True)]
            z = op(*there, **params)
            slopes = [numbers_below(rule(z, *there, **params)) for rule in rules]
            if not all(np.array_equal(x, y, equal_nan=True) for x, y in zip(here, slopes, strict=True)):
                return False
            if number == 0.0 and not _is_zero(z):
                return False
    return True


def _is_zero(x: Any) -> bool:
    """Whether x is 0 where it is a number: 0 times infinity is not known."""
    x = numbers_below(x)
    return x is not None and not np.any((x != 0) & (x == x))
