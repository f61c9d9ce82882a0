"""From the texts' network to layers of arrays, and back.

An `MLP` holds a Value per number, and its graph shows each of them. Layers of arrays
compute the same with a few nodes, and much faster.
"""

from __future__ import annotations

import random
from typing import Any

from micrograd import on_demand as np
from micrograd.engine import Value
from micrograd.errors import ArgumentError
from micrograd.nn.activations import ReLU, Sigmoid, Tanh
from micrograd.nn.linear import Linear
from micrograd.nn.members import attributes
from micrograd.nn.neuron import MLP, Layer, Neuron, is_activation
from micrograd.op import OPS

# By the names of the texts' activations; any other is the op itself.
MODULES = {"relu": ReLU, "tanh": Tanh, "sigmoid": Sigmoid}
MIXED = "its neurons have different activations; layers of arrays have one for all"


def layers_of(network: MLP | Layer | Neuron) -> list[Any]:
    """Linear layers and activations with the numbers of the network, in new arrays.

    Raises:
        ArgumentError: it is not such a network, or neurons of a layer have different
            activations.
    """
    if isinstance(network, MLP):
        layers = [layer.neurons for layer in network.layers]
    elif isinstance(network, Layer):
        layers = [network.neurons]
    elif isinstance(network, Neuron):
        layers = [[network]]
    else:
        raise ArgumentError(f"from_neurons: given {network!r}; give an MLP, a Layer or a Neuron")
    found: list[Any] = []
    for i, neurons in enumerate(layers):
        names = {n.activation if n.nonlin else "linear" for n in neurons}
        if len(names) > 1:
            raise ArgumentError(f"from_neurons: layer {i} mixes {', '.join(sorted(names))}: {MIXED}")
        linear = Linear(len(neurons[0].w), len(neurons), rng=np.random.default_rng(0))
        linear.weight.data = np.array([[float(w.data) for w in n.w] for n in neurons])
        assert linear.bias is not None
        linear.bias.data = np.array([float(n.b.data) for n in neurons])
        found.append(linear)
        for name in names - {"linear"}:
            found.append(MODULES[name]() if name in MODULES else OPS[name])
    return found


def neurons_of(layers: list[Any]) -> MLP:
    """An MLP, one Value per number, with the numbers of linear layers and activations.

    Raises:
        ArgumentError: there is another kind of layer, or a Linear without a bias.
    """
    found: list[tuple[Linear, str]] = []
    for i, layer in enumerate(layers):
        name = _name_of(layer)
        if isinstance(layer, Linear):
            if layer.bias is None:
                raise ArgumentError(f"to_neurons: layer {i}, {layer!r}, has no bias, and every Neuron has one")
            found.append((layer, "linear"))
        elif name is not None and found and found[-1][1] == "linear":
            found[-1] = (found[-1][0], name)
        else:
            raise ArgumentError(
                f"to_neurons: layer {i} is {layer!r}; an MLP has only Linear layers, each with one activation or none"
            )
    if not found:
        raise ArgumentError("to_neurons: there are no layers; an MLP has one or more")
    sizes = [found[0][0].in_features, *(linear.out_features for linear, _ in found)]
    before = random.getstate()  # an MLP draws its numbers: give the user's generator back as it was
    network = MLP(sizes[0], sizes[1:])
    random.setstate(before)
    for layer, (linear, name) in zip(network.layers, found, strict=True):
        assert linear.bias is not None
        for neuron, weights, bias in zip(layer.neurons, linear.weight.tolist(), linear.bias.tolist(), strict=True):
            neuron.w, neuron.b = [Value(w) for w in weights], Value(bias)
            neuron.activation, neuron.nonlin = name, name != "linear"
    return network


def _name_of(layer: Any) -> str | None:
    """The name of an activation that an MLP can have; None for any other layer."""
    for name, kind in MODULES.items():
        if type(layer) is kind and attributes(layer) == attributes(kind()):
            return name
    own = getattr(layer, "name", None)
    return own if is_activation(own) and OPS.get(own or "") is layer else None
