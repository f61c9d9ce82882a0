"""The boundary: numbers of the caller's values go into the arrays of a program, and
results and gradients come back.
"""

from __future__ import annotations

from typing import Any

from micrograd.node import Node, add_grad, grad_of, set_data, set_grad


def read(values: list[Any], buffer: Any) -> int:
    """Put the data of values into a buffer of doubles.

    Returns:
        -1, or the number of the first value whose data is not a float.
    """
    for i in range(len(values)):
        node: Node = values[i]
        if not node._is_float:
            return i
        buffer[i] = node._float
    return -1


def read_grads(values: list[Any], buffer: Any) -> None:
    """Put the gradients of values into a buffer of doubles; 0 where there is none."""
    for i in range(len(values)):
        grad = grad_of(values[i])
        buffer[i] = 0.0 if grad is None else grad


def write(values: list[Any], buffer: Any) -> None:
    """Put doubles into the data of values."""
    for i in range(len(values)):
        set_data(values[i], float(buffer[i]))


def add_to_grads(values: list[Any], buffer: Any, factor: float) -> None:
    """Add factor times each double to the gradient of the value."""
    for i in range(len(values)):
        add_grad(values[i], factor * float(buffer[i]))


def set_grads(values: list[Any], buffer: Any) -> None:
    """Let the gradients of values be these doubles."""
    for i in range(len(values)):
        set_grad(values[i], float(buffer[i]))
