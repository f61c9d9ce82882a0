"""Text 000: "Automatic Differentiation Part 2: Implementation Using Micrograd".

By Aritra Roy Gosthipaty and Ritwik Raha, PyImageSearch, 2022, https://pyimg.co/ra6ow.

The text's `Value` is our Value: it has the same ops, one-step `_backward()`,
`backward()` and prints. One print differs: `relu` of a negative float gives 0.0 here,
and the int 0 in the text. The text's `Module` is `micrograd.nn.Module`.

>>> a, b = Value(data=6.0), Value(data=3.0)
>>> c = a / b
>>> c.backward()
>>> print(f"a => {a}")
a => Value(data=6.0, grad=0.3333333333333333)
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from micrograd.engine import Value
from micrograd.nn import Module
from micrograd.texts.weighted_sum import weighted_sum

__all__ = ["MLP", "Layer", "Module", "Neuron", "Value"]


class Neuron(Module):
    """Weighted sum of the inputs plus a bias, then ReLU if the neuron is nonlinear.

    The weights are drawn from [-1, 1] by Python's `random`. The bias starts at 0.

    Args:
        number_inputs: number of inputs.
        name: number of the neuron, for its print.
        is_nonlinear: False leaves the ReLU out.

    >>> neuron = Neuron(number_inputs=2, name=1)
    >>> print(neuron)
    Neuron 1(Number=2, Non-Linearity=ReLU)
    >>> neuron.weights[0].data, neuron.weights[1].data = 0.5, 1.0
    >>> print(f"Output => {neuron([2.0, 3.0])}")
    Output => Value(data=4.0, grad=0.0)
    """

    def __init__(self, number_inputs: int, name: int, is_nonlinear: bool = True) -> None:
        self.weights = [Value(data=random.uniform(-1, 1)) for _ in range(number_inputs)]
        self.bias = Value(data=0.0)
        self.is_nonlinear = is_nonlinear
        self.name = name

    def __call__(self, x: Any) -> Any:
        """The output, a Value.

        Raises:
            ShapeError: x has another number of inputs.
        """
        act = weighted_sum(self.weights, x, self.bias)
        return act.relu() if self.is_nonlinear else act

    def parameters(self) -> list[Value]:
        """The weights, then the bias."""
        return self.weights + [self.bias]

    def __repr__(self) -> str:
        non_linearity = "ReLU" if self.is_nonlinear else "None"
        return f"Neuron {self.name}(Number={len(self.weights)}, Non-Linearity={non_linearity})"


class Layer(Module):
    """Neurons that read the same inputs.

    Args:
        number_inputs: number of inputs.
        number_outputs: number of neurons.
        name: number of the layer, for its print.
        kwargs: passed to every `Neuron`.

    >>> len(Layer(number_inputs=2, number_outputs=3, name=1)([2.0, 3.0]))
    3
    """

    def __init__(self, number_inputs: int, number_outputs: int, name: int, **kwargs: Any) -> None:
        self.neurons = [Neuron(number_inputs=number_inputs, name=idx, **kwargs) for idx in range(number_outputs)]
        self.name = name
        self.number_outputs = number_outputs

    def __call__(self, x: Any) -> Any:
        """The outputs as a list.

        The output of a single neuron comes without the list.
        """
        out = [n(x) for n in self.neurons]
        return out if self.number_outputs != 1 else out[0]

    def parameters(self) -> list[Value]:
        """The parameters of the neurons, one neuron after the other."""
        return [p for n in self.neurons for p in n.parameters()]

    def __repr__(self) -> str:
        layer_str = "\n".join(f" - {n!s}" for n in self.neurons)
        return f"Layer {self.name} \n{layer_str}\n"


class MLP(Module):
    """Layers, each of which reads the outputs of the one before. The last is linear.

    Args:
        number_inputs: number of inputs.
        list_number_outputs: number of neurons of each layer.

    >>> mlp = MLP(number_inputs=3, list_number_outputs=[3, 3, 1])
    >>> mlp.layers[2].neurons
    [Neuron 0(Number=3, Non-Linearity=None)]
    >>> samples = [(0.0, [0.5, 0.5, 0.7]), (1.0, [0.4, -0.1, 0.5])]
    >>> loss = sum([(ygt - mlp(x)) ** 2 for ygt, x in samples])
    >>> mlp.zero_grad()
    >>> loss.backward()
    """

    def __init__(self, number_inputs: int, list_number_outputs: Sequence[int]) -> None:
        total_size = [number_inputs, *list_number_outputs]
        self.layers = [
            Layer(
                number_inputs=total_size[i],
                number_outputs=total_size[i + 1],
                name=i,
                is_nonlinear=i != len(list_number_outputs) - 1,
            )
            for i in range(len(list_number_outputs))
        ]

    def __call__(self, x: Any) -> Any:
        """The outputs of the last layer."""
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self) -> list[Value]:
        """The parameters of the layers, from the first to the last."""
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self) -> str:
        mlp_str = "\n".join(f" - {layer!s}" for layer in self.layers)
        return f"MLP of \n{mlp_str}"
