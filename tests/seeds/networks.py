"""The tanh neuron, its layer and its network, which texts 001, 002 and 003 share, over any class of values."""

from __future__ import annotations

import random
from typing import Any


def network_classes(Value: type[Any]) -> tuple[type[Any], type[Any], type[Any]]:
    """The texts' Neuron, Layer and MLP, made of this class of values."""

    class Neuron:
        def __init__(self, nin):
            self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
            self.b = Value(random.uniform(-1, 1))

        def __call__(self, x):
            act = sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b)
            return act.tanh()

        def parameters(self):
            return [*self.w, self.b]

    class Layer:
        def __init__(self, nin, nout):
            self.neurons = [Neuron(nin) for _ in range(nout)]

        def __call__(self, x):
            outs = [n(x) for n in self.neurons]
            return outs[0] if len(outs) == 1 else outs

        def parameters(self):
            return [p for neuron in self.neurons for p in neuron.parameters()]

    class MLP:
        def __init__(self, nin, nouts):
            sz = [nin, *nouts]
            self.layers = [Layer(sz[i], sz[i + 1]) for i in range(len(nouts))]

        def __call__(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

        def parameters(self):
            return [p for layer in self.layers for p in layer.parameters()]

    return Neuron, Layer, MLP


def tanh_networks() -> dict[str, Any]:
    """Makers of one and the same network, MLP(nin, nouts): ours, and the texts' own classes on our Value."""
    from micrograd import nn
    from micrograd.engine import Value

    def ours(nin, nouts):
        return nn.MLP(nin, nouts, activation="tanh", last_activation="tanh", bias="uniform")

    return {"micrograd.nn": ours, "the texts' classes": network_classes(Value)[2]}
