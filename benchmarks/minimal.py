"""A Value as small and quick as plain Python allows: slots, and local gradients stored
when a node is made.

The peer of row 2. It is what somebody writes who wants scalar backpropagation and no
more: no labels, no second order, no arrays, no safety.
"""

from __future__ import annotations

import math
from typing import Any

Number = float | int


class Value:
    """A number, its inputs, and its derivative by each of them."""

    __slots__ = ("_inputs", "_slopes", "data", "grad")

    def __init__(self, data: Number, inputs: tuple[Value, ...] = (), slopes: tuple[Number, ...] = ()) -> None:
        self.data = data
        self.grad: Number = 0.0
        self._inputs = inputs
        self._slopes = slopes

    def __add__(self, other: Any) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Any) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, exponent: Number) -> Value:
        return Value(self.data**exponent, (self,), (exponent * self.data ** (exponent - 1),))

    def exp(self) -> Value:
        """e to the power of it."""
        z = math.exp(self.data)
        return Value(z, (self,), (z,))

    def log(self) -> Value:
        """Natural logarithm."""
        return Value(math.log(self.data), (self,), (1.0 / self.data,))

    def relu(self) -> Value:
        """It, or 0 where it is negative."""
        return Value(max(0.0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self) -> Value:
        return self * -1

    def __radd__(self, other: Any) -> Value:
        return self + other

    def __sub__(self, other: Any) -> Value:
        return self + (-other)

    def __rsub__(self, other: Any) -> Value:
        return other + (-self)

    def __rmul__(self, other: Any) -> Value:
        return self * other

    def __truediv__(self, other: Any) -> Value:
        return self * other**-1

    def __rtruediv__(self, other: Any) -> Value:
        return other * self**-1

    def backward(self) -> None:
        """Add to the gradients of everything below."""
        order: list[Value] = []
        seen = set()

        def visit(node: Value) -> None:
            if node not in seen:
                seen.add(node)
                for x in node._inputs:
                    visit(x)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            g = node.grad
            for x, slope in zip(node._inputs, node._slopes, strict=True):
                x.grad += slope * g
