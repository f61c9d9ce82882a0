"""The network of an estimator: linear layers with activations between them."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd import ops
from micrograd.engine import no_grad
from micrograd.nn import Module, Sequential
from micrograd.nn.linear import Identity, Linear
from micrograd.op import Array, ground
from micrograd.sklearn.samples import rows_of

ROWS = 4096  # rows of a sparse matrix that are made dense at a time

# Activations: scikit-learn's names, and those of PyTorch.
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "identity": Identity(),
    "logistic": ops.sigmoid,
    **{
        name: getattr(ops, name)
        for name in (
            "tanh relu sigmoid celu elu gelu hardsigmoid hardswish hardtanh leaky_relu log_sigmoid mish relu6 selu "
            "silu softplus softsign tanhshrink"
        ).split()
    },
}


def build(
    sizes: Sequence[int], activation: Callable[[Any], Any], factor: float, random: np.random.RandomState, dtype: Any
) -> Sequential:
    """A network with these numbers of inputs, of hidden neurons and of outputs.

    The first weights and biases of a layer are uniform between -b and b, where
    b = sqrt(factor / (inputs + outputs)). They are drawn in scikit-learn's order, so
    the same random state gives the same numbers.

    Args:
        sizes: of the layers, inputs first.
        activation: a function or a module, after each layer but the last. Each layer
            gets a copy of a module.
        factor: 6, or 2 for the logistic activation.
        random: where the numbers are drawn from.
        dtype: of the parameters.

    Source: Glorot, Bengio (2010), proceedings.mlr.press/v9/glorot10a.
    """
    layers: list[Any] = []
    for nin, nout in itertools.pairwise(sizes):
        layer: Any = Linear(nin, nout, dtype=dtype, rng=np.random.default_rng(0))
        bound = math.sqrt(factor / (nin + nout))
        layer.weight.data = np.ascontiguousarray(random.uniform(-bound, bound, (nin, nout)).T, dtype=dtype)
        layer.bias.data = random.uniform(-bound, bound, nout).astype(dtype)
        layers += [layer, copy.deepcopy(activation) if isinstance(activation, Module) else activation]
    return Sequential(*[layer for layer in layers[:-1] if not isinstance(layer, Identity)])


def linear_layers(network: Sequential) -> list[Any]:
    """The layers with weights, first to last."""
    return [layer for layer in network if isinstance(layer, Linear)]


def arrays_of(network: Sequential) -> list[Any]:
    """The arrays of all parameters, which can be written to."""
    return [p.data for p in network.parameters()]


@no_grad()
def outputs(network: Sequential, X: Any) -> Array:
    """What the network makes of a matrix, sparse or dense, as an array."""
    if network.training:
        network.eval()
    if not hasattr(X, "toarray"):
        return ground(network(X))
    return np.concatenate([ground(network(rows_of(X, slice(i, i + ROWS)))) for i in range(0, X.shape[0], ROWS)])
