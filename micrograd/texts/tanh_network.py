"""The network of tanh neurons that texts 001, 002 and 003 share.

Each text makes it of its own Value.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from micrograd import engine
from micrograd.nn import Module
from micrograd.texts.weighted_sum import weighted_sum


class Neuron(Module):
    """Tanh of the weighted sum of the inputs plus a bias: tanh(w . x + b).

    Python's `random` draws the weights from [-1, 1], then the bias.

    Args:
        nin: number of inputs.

    >>> random.seed(1337)
    >>> neuron = Neuron(2)
    >>> neuron([2.0, 3.0])
    Value(data=0.3819165660454811, grad=0.0)
    """

    Value: type[Any] = engine.Value

    def __init__(self, nin: int) -> None:
        self.w = [self.Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = self.Value(random.uniform(-1, 1))

    def __call__(self, x: Any) -> Any:
        """The output, a Value.

        Raises:
            ShapeError: x has another number of inputs.
        """
        return weighted_sum(self.w, x, self.b).tanh()

    def parameters(self) -> list[Any]:
        """The weights, then the bias."""
        return self.w + [self.b]


class Layer(Module):
    """Neurons that read the same inputs.

    Args:
        nin: number of inputs.
        nout: number of neurons.

    >>> len(Layer(2, 3)([2.0, 3.0]))
    3
    """

    Neuron: type[Any] = Neuron

    def __init__(self, nin: int, nout: int) -> None:
        self.neurons = [self.Neuron(nin) for _ in range(nout)]

    def __call__(self, x: Any) -> Any:
        """The outputs as a list.

        The output of a single neuron comes without the list.
        """
        outs = [n(x) for n in self.neurons]
        return outs[0] if len(outs) == 1 else outs

    def parameters(self) -> list[Any]:
        """The parameters of the neurons, one neuron after the other."""
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP(Module):
    """Layers, each of which reads the outputs of the one before.

    Args:
        nin: number of inputs.
        nouts: number of neurons of each layer.

    >>> mlp = MLP(3, [4, 4, 1])
    >>> len(mlp.parameters())
    41
    >>> -1.0 < mlp([2.0, 3.0, -1.0]).data < 1.0
    True
    """

    Layer: type[Any] = Layer

    def __init__(self, nin: int, nouts: Sequence[int]) -> None:
        sz = [nin, *nouts]
        self.layers = [self.Layer(sz[i], sz[i + 1]) for i in range(len(nouts))]

    def __call__(self, x: Any) -> Any:
        """The outputs of the last layer."""
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self) -> list[Any]:
        """The parameters of the layers, from the first to the last."""
        return [p for layer in self.layers for p in layer.parameters()]
