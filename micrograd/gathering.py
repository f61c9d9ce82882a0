"""The numbers of many values in one array, and from one array back to them.

An optimiser computes with one array for all its scalar parameters. Between that array
and thousands of values, these loops are all that is done number by number.

`numbers` is a `memoryview` of a NumPy array of floats with one axis: in plain Python
its items are read and set quicker than those of the array.
"""

from __future__ import annotations

from typing import Any

from micrograd import fields
from micrograd.captures import CAPTURES
from micrograd.interpreter import Interpreter
from micrograd.node import Node, data_of, forget_grad, grad_at, holds_grad, known_grad, set_data
from micrograd.walks import ACTIVE, LOCK, place_of


def view(array: Any) -> Any:
    """The numbers of an array of floats with one axis, for the loops of this room."""
    return memoryview(array)


def gradient_of(node: Node) -> Any:
    """The gradient that this thread sees, as a number or an array; None for none."""
    g = known_grad(node) if not ACTIVE else grad_at(node, place_of(node))
    while isinstance(g, Interpreter):  # of `backward(create_graph=True)`
        g = g._below
    return g


def gradients_of(nodes: list[Any]) -> list[Any]:
    """The gradient of each node, an array or a number; None for none."""
    with LOCK:
        return [gradient_of(node) for node in nodes]


def forget_gradients(nodes: list[Any]) -> None:
    """Let no node have a gradient."""
    with LOCK:
        for x in nodes if CAPTURES else ():
            x.grad = None  # so that the capture is told
        i = fields.forget_float_grads(nodes, 0) if not ACTIVE else 0
        while i < len(nodes):
            node: Node = nodes[i]
            if ACTIVE:
                node._grad = None
            else:
                forget_grad(node)
            i += 1
            if not ACTIVE:
                i = fields.forget_float_grads(nodes, i)


def are_reached(nodes: list[Any], reached: list[bool]) -> bool:
    """Whether these nodes have a gradient, and no others of the list.

    Args:
        nodes: the nodes.
        reached: for each, whether it is to have one.
    """
    with LOCK:
        i = fields.as_expected(nodes, reached, 0) if not ACTIVE else 0
        while i < len(nodes):
            if holds_grad(nodes[i]) != reached[i]:
                return False
            i += 1
            if not ACTIVE:
                i = fields.as_expected(nodes, reached, i)
    return True


def gradients_into(nodes: list[Any], numbers: Any) -> int:
    """Put the gradients of nodes that hold floats into an array; say how many have one.

    Where a node has none, the array keeps what it held.
    """
    found = 0
    with LOCK:
        in_nodes = not ACTIVE
        for i, node in enumerate(nodes):
            if node._has_float_grad and in_nodes:
                numbers[i] = node._float_grad
                found += 1
                continue
            g = gradient_of(node)
            if g is not None:
                numbers[i] = float(g)
                found += 1
    return found


def data_into(nodes: list[Any], numbers: Any) -> bool:
    """Put the data of nodes into an array; False if one does not hold a number."""
    for i, node in enumerate(nodes):
        if node._is_float:
            numbers[i] = node._float
        elif type(node._array) is int:
            numbers[i] = float(node._array)
        else:
            return False
    return True


def are_numbers(nodes: list[Any]) -> bool:
    """Whether each node holds a float or an int."""
    for node in nodes:  # noqa: SIM110 - in C a loop is quicker than a generator
        if not node._is_float and type(node._array) is not int:
            return False
    return True


def add_to_data(nodes: list[Any], numbers: Any) -> None:
    """Add to the data of each node its number of the array; an int becomes a float."""
    for i, node in enumerate(nodes):
        if node._is_float:
            node._float += numbers[i]
        else:
            set_data(node, data_of(node) + numbers[i])
