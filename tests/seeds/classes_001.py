"""The classes text 001 builds step by step, each by `class Value(Value)`, here on top of our Value."""

from __future__ import annotations

import math
from typing import Any


def first_class(Value: type[Any]) -> type[Any]:
    """The text's first class, which computes and records but has no backward yet.

    Its constructor and its repr are ours: the text prints Value(data='-8.0', label='L'), we print
    Value(data=-8.0, grad=0.0, label='L').
    """

    class Value(Value):
        def __add__(self, other):
            return self.__class__(data=(self.data + other.data), prev=(self, other), op="+")

        def __radd__(self, other):
            return self + other

        def __mul__(self, other):
            return self.__class__(data=(self.data * other.data), prev=(self, other), op="*")

        def __rmul__(self, other):
            return self * other

        def __neg__(self):
            return self * -1

        def __sub__(self, other):
            return self + (-other)

        def tanh(self):
            return self.__class__(data=math.tanh(self.data), prev=(self,), op="tanh")

    return Value


def chain(Value: type[Any]) -> dict[str, type[Any]]:
    """The classes that follow, by what each adds to the one before."""
    classes = {}

    class Value(Value):
        def tanh(self):
            return self.__class__(data=math.tanh(self.data), prev=(self,), op="tanh")

    classes["tanh"] = Value

    class Value(Value):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self._backward = lambda: None

        def __add__(self, other):
            other = other if isinstance(other, self.__class__) else self.__class__(other)
            out = super().__add__(other)

            def _backward():
                self.grad += 1.0 * out.grad
                other.grad += 1.0 * out.grad

            out._backward = _backward
            return out

        def __mul__(self, other):
            other = other if isinstance(other, self.__class__) else self.__class__(other)
            out = super().__mul__(other)

            def _backward():
                self.grad += other.data * out.grad
                other.grad += self.data * out.grad

            out._backward = _backward
            return out

        def tanh(self):
            out = super().tanh()

            def _backward():
                self.grad += (1 - out.data**2) * out.grad

            out._backward = _backward
            return out

    classes["_backward"] = Value

    class Value(Value):
        def backward(self):
            topo = []
            visited = set()

            def build_topo(v):
                if v not in visited:
                    visited.add(v)
                    for child in v.prev:
                        build_topo(child)
                    topo.append(v)

            build_topo(self)
            self.grad = 1.0
            for node in reversed(topo):
                node._backward()

    classes["backward"] = Value

    class Value(Value):
        def __pow__(self, other):
            assert isinstance(other, (int, float)), "only supporting int/float powers for now"
            out = self.__class__(data=self.data**other, prev=(self,), op=f"**{other}")

            def _backward():
                self.grad += other * (self.data ** (other - 1)) * out.grad

            out._backward = _backward
            return out

    classes["power"] = Value

    class Value(Value):
        def __truediv__(self, other):
            return self * other**-1

    classes["division"] = Value

    class Value(Value):
        def exp(self):
            out = self.__class__(data=math.exp(self.data), prev=(self,), op="exp")

            def _backward():
                self.grad += out.data * out.grad

            out._backward = _backward
            return out

    classes["exp"] = Value

    class Value(Value):
        def tanh(self):
            e = (2 * self).exp()
            return (e - 1) / (e + 1)

    classes["composite tanh"] = Value
    return classes
