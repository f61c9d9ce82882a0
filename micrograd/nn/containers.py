"""Modules made of modules: in a row, and with a bypass."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self, SupportsIndex

from micrograd.errors import ArgumentError, ShapeError
from micrograd.interpreter import shape_of
from micrograd.nn.bridge import layers_of, neurons_of
from micrograd.nn.module import Module
from micrograd.nn.neuron import MLP, Layer, Neuron


class Sequential(Module):
    """Modules in a row: each reads the output of the one before.

    Args:
        layers: modules, or functions of one argument such as `ops.tanh`; or one dict of
            them, whose keys are their names. Without a dict the names are "0", "1" and
            so on, as in PyTorch.

    Raises:
        ArgumentError: a layer cannot be called, or a name does not fit.

    >>> from micrograd import ops
    >>> from micrograd.nn import Neuron
    >>> model = Sequential(Neuron(2, nonlin=False), ops.tanh)
    >>> len(model), [name for name, _ in model.named_parameters()]
    (2, ['0.w.0', '0.w.1', '0.b'])
    """

    def __init__(self, *layers: Any) -> None:
        if len(layers) == 1 and isinstance(layers[0], Mapping):
            named = dict(layers[0])
        else:
            named = {str(i): layer for i, layer in enumerate(layers)}
        for name, layer in named.items():
            self._add(name, layer)

    def __call__(self, x: Any) -> Any:
        """The output of the last layer; x itself if there are none."""
        for layer in self:
            x = layer(x)
        return x

    def append(self, layer: Any) -> Self:
        """Add a layer at the end; gives the module itself."""
        name = len(self)
        while str(name) in vars(self):
            name += 1
        self._add(str(name), layer)
        return self

    @classmethod
    def from_neurons(cls, network: MLP | Layer | Neuron) -> Sequential:
        """Layers of arrays with the numbers of the texts' network, which holds a Value
        per number.

        The outputs are the same except for rounding, of shape (batch, nout) for a
        batch, also where nout is 1. Training the one does not change the other.

        Raises:
            ArgumentError: it is not such a network, or neurons of one layer have
                different activations.

        >>> from micrograd.nn import MLP
        >>> Sequential.from_neurons(MLP(3, [4, 4, 1], activation="tanh"))
        Sequential(Linear(3, 4), Tanh(), Linear(4, 4), Tanh(), Linear(4, 1))
        """
        return cls(*layers_of(network))

    def to_neurons(self) -> MLP:
        """An `MLP` with the numbers of these layers: a Value per number, to draw or to
        step through.

        Raises:
            ArgumentError: there are other layers than Linear with a bias, each with one
                activation of the table of ops or none.

        >>> from micrograd.nn import Linear, ReLU
        >>> Sequential(Linear(2, 1), ReLU()).to_neurons()
        MLP of [Layer of [ReLUNeuron(2)]]
        """
        return neurons_of(list(self))

    def _add(self, name: Any, layer: Any) -> None:
        if isinstance(layer, type):
            raise ArgumentError(
                f"Sequential: layer {name} is the class {layer.__name__}; make a layer of it: {layer.__name__}(...)"
            )
        if not callable(layer):
            raise ArgumentError(
                f"Sequential: layer {name} is {layer!r}, which cannot be called; give modules or functions"
            )
        if not isinstance(name, str) or not name or "." in name or hasattr(type(self), name):
            raise ArgumentError(f"Sequential: {name!r} cannot be the name of a layer; give another, without a dot")
        vars(self)[name] = layer

    def _layers(self) -> list[Any]:
        return [layer for name, layer in vars(self).items() if not hasattr(type(self), name)]

    def __len__(self) -> int:
        return len(self._layers())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._layers())

    def __getitem__(self, i: SupportsIndex | slice) -> Any:
        """The layer at this place, or a Sequential of some, which shares them."""
        return Sequential(*self._layers()[i]) if isinstance(i, slice) else self._layers()[operator.index(i)]

    def __repr__(self) -> str:
        return f"Sequential({', '.join(_spelled(layer) for layer in self)})"


class Residual(Module):
    """A module with a bypass: x + module(x).

    Args:
        module: a module, or a function of one argument, whose output has the shape of
            its input.

    Raises:
        ArgumentError: the module cannot be called.

    Source: He, Zhang, Ren, Sun (2016), doi:10.1109/CVPR.2016.90.

    >>> Residual(lambda x: 10.0 * x)(2.0)
    22.0
    """

    def __init__(self, module: Callable[[Any], Any]) -> None:
        if isinstance(module, type):
            raise ArgumentError(
                f"Residual: given the class {module.__name__}; make a module of it: {module.__name__}(...)"
            )
        if not callable(module):
            raise ArgumentError(f"Residual: given {module!r}, which cannot be called; give a module or a function")
        self.module = module

    def __call__(self, x: Any) -> Any:
        """x + module(x).

        Raises:
            ShapeError: the module changes the shape.
        """
        z = self.module(x)
        if shape_of(z) != shape_of(x):
            raise ShapeError(
                f"Residual: the module made shape {shape_of(z)} of shape {shape_of(x)}; "
                f"give a module that keeps the shape"
            )
        return x + z

    def __repr__(self) -> str:
        return f"Residual({_spelled(self.module)})"


def _spelled(layer: Any) -> str:
    return repr(layer) if isinstance(layer, Module) else getattr(layer, "__name__", repr(layer))
