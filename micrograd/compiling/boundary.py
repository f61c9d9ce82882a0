"""The boundary: numbers of the caller's values go into the arrays of a program, and
results and gradients come back.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.node import Node, add_grad, data_of, grad_of, set_data, set_grad


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


def read_array(value: Any, buffer: Any) -> None:
    """Put the array of a value into a flat buffer."""
    buffer[:] = np.reshape(data_of(value), -1)


def read_array_grad(value: Any, buffer: Any) -> None:
    """Put the gradient of a value into a flat buffer; 0 where there is none."""
    grad = grad_of(value)
    buffer[:] = 0.0 if grad is None else np.reshape(grad, -1)


def add_array_grad(value: Any, buffer: Any) -> None:
    """Add a flat buffer to the gradient of a value."""
    add_grad(value, buffer.reshape(data_of(value).shape).astype(data_of(value).dtype))


def write_array(values: list[Any], buffer: Any) -> None:
    """Let a flat buffer be the data of a value."""
    data = data_of(values[0])
    set_data(values[0], buffer.reshape(data.shape).astype(data.dtype))


def set_array_grad(values: list[Any], buffer: Any) -> None:
    """Let a flat buffer be the gradient of a value."""
    data = data_of(values[0])
    set_grad(values[0], buffer.reshape(data.shape).astype(data.dtype))


def write(values: list[Any], buffer: Any) -> None:
    """Put doubles into the data of values."""
    for i in range(len(values)):
        node: Node = values[i]
        node._is_float = True
        node._float = float(buffer[i])


def add_to_grads(values: list[Any], buffer: Any, factor: float) -> None:
    """Add factor times each double to the gradient of the value."""
    for i in range(len(values)):
        node: Node = values[i]
        part = factor * float(buffer[i])
        if node._has_float_grad:
            node._float_grad += part
        else:
            add_grad(node, part)


def set_grads(values: list[Any], buffer: Any) -> None:
    """Let the gradients of values be these doubles."""
    for i in range(len(values)):
        node: Node = values[i]
        node._has_float_grad = True
        node._float_grad = float(buffer[i])
        node._has_gradient = False
        node._gradient = None


ARRAY = {write: write_array, set_grads: set_array_grad}  # what does the same for a value that is an array
