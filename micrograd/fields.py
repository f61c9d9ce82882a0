"""Floats of many nodes, read and changed in one loop each.

`fields.pxd` holds the same functions for C, where they touch nothing but the fields:
all objects stay where they are. What these functions say of gradients is of those in
the nodes: call them under the lock, while there are no walks.
"""

from __future__ import annotations

from typing import Any


def gradient_of(node: Any) -> Any:
    """What is in the place of a gradient that is not a float; in C, not counted as a
    reference.
    """
    return node._gradient


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


def set_floats(nodes: list[Any], numbers: Any, at: int) -> int:
    """Let numbers be the data of nodes, from one node on, while these hold floats.

    Returns:
        The first node that does not hold a float, or how many nodes there are.
    """
    for i in range(at, len(nodes)):
        if not nodes[i]._is_float:
            return i
        nodes[i]._float = float(numbers[i])
    return len(nodes)


def grads_into(nodes: list[Any], numbers: Any, at: int) -> int:
    """Put the gradients of nodes into an array, from one node on, while they are floats
    or none: 0 for none.

    Returns:
        The first node with another gradient, or how many nodes there are.
    """
    for i in range(at, len(nodes)):
        if nodes[i]._has_gradient:
            return i
        numbers[i] = nodes[i]._float_grad if nodes[i]._has_float_grad else 0.0
    return len(nodes)


def set_float_grads(nodes: list[Any], numbers: Any, at: int) -> int:
    """Let numbers be the gradients of nodes, from one node on, while they have floats
    or none.

    Returns:
        The first node with another gradient, or how many nodes there are.
    """
    for i in range(at, len(nodes)):
        if nodes[i]._has_gradient:
            return i
        nodes[i]._has_float_grad = True
        nodes[i]._float_grad = float(numbers[i])
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


def forget_float_grads(nodes: list[Any], at: int) -> int:
    """Let nodes have no gradient, from one node on, while they have floats or none.

    Returns:
        The first node with another gradient, or how many nodes there are.
    """
    for i in range(at, len(nodes)):
        if nodes[i]._has_gradient:
            return i
        nodes[i]._has_float_grad = False
    return len(nodes)


def as_expected(nodes: list[Any], expected: list[bool], at: int) -> int:
    """Compare which nodes have a gradient, from one node on, while they have floats or
    none, and those that are to have one.

    Returns:
        The first node that differs or has another gradient, or how many nodes there
        are.
    """
    for i in range(at, len(nodes)):
        if nodes[i]._has_gradient or nodes[i]._has_float_grad != expected[i]:
            return i
    return len(nodes)
