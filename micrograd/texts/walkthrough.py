"""Text 003: a blog post about the video in which Andrej Karpathy builds micrograd.

Our copy of the text does not name its author or its title.

The text first makes two mistakes on purpose, and shows what they do: rules that assign
gradients (`=`) instead of adding to them (`+=`), and a sort that visits a node twice.
Here both are right from the start.

The text has one error that it does not see. Its `**` puts the exponent, a raw number,
among the children, and its sort fails on that number. Here `x**2` has one input.

>>> a = Value(3.0, label="a")
>>> b = a + a
>>> b.backward()
>>> a.grad
2.0
"""

from __future__ import annotations

from micrograd import engine
from micrograd.draw import draw_dot, trace
from micrograd.texts import tanh_network

__all__ = ["MLP", "Layer", "Neuron", "Value", "draw_dot", "trace"]


class Value(engine.Value):
    """Our Value, printed as in the text: the data only.

    >>> Value(2.0, label="x1")
    Value(data=2.0)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Value(data={self.data})"


class Neuron(tanh_network.Neuron):
    """The text's neuron: `w`, `b`, tanh(w . x + b), all drawn from [-1, 1].

    >>> len(Neuron(2).parameters())
    3
    """

    Value = Value


class Layer(tanh_network.Layer):
    """The text's layer: `neurons`.

    >>> len(Layer(2, 3)([2.0, 3.0]))
    3
    """

    Neuron = Neuron


class MLP(tanh_network.MLP):
    """The text's network: `layers`.

    >>> n = MLP(3, [4, 4, 1])
    >>> samples = [([2.0, 3.0, -1.0], 1.0), ([3.0, -1.0, 0.5], -1.0)]
    >>> loss = sum([(n(x) - y) ** 2 for x, y in samples])
    >>> loss.backward()
    >>> len([p.grad for p in n.parameters()])
    41
    """

    Layer = Layer
