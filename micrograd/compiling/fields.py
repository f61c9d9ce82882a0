"""Floats of many nodes, read and changed in one loop each.

`fields.pxd` holds the same functions for C, where they touch nothing but the fields:
all objects stay where they are.
"""

from __future__ import annotations

from typing import Any


def floats_into(nodes: list[Any], numbers: Any, at: int) -> int:
    """Put the data of nodes into an array, from one node on, while they are floats.

    Returns:
        The first node that does not hold a float, or how many nodes there are.
    """
    for i in range(at, len(nodes)):
        if not nodes[i]._is_float:
            return i
        numbers[i] = nodes[i]._float
    return len(nodes)


def add_to_float_grads(nodes: list[Any], numbers: Any, at: int) -> int:
    """Add numbers to the gradients of nodes, from one node on, while they are floats.

    Returns:
        The first node whose gradient is not a float, or how many nodes there are.
    """
    for i in range(at, len(nodes)):
        if not nodes[i]._has_float_grad:
            return i
        nodes[i]._float_grad += float(numbers[i])
    return len(nodes)
