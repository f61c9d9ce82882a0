"""The tutorials' network: a Neuron, a Layer of neurons, an MLP of layers.

With one sample, each runs the tutorials' program, one number after the other. With a
batch, an array of shape (batch, nin), a layer is one matrix product. Its numbers and
gradients are the same, except for rounding.
"""

from __future__ import annotations

import inspect
import operator
import random
from collections.abc import Iterable, Sequence
from typing import Any

from micrograd import ops
from micrograd.engine import Value
from micrograd.errors import ArgumentError, ShapeError
from micrograd.nn.module import Module
from micrograd.op import OPS, Elementwise, named

BIASES = ("zero", "uniform")


class Neuron(Module):
    """Activation of the weighted sum of the inputs plus a bias: act(w . x + b).

    The weights are drawn uniformly from [-1, 1] with Python's `random`. A bias that is
    "uniform" is drawn after them.

    Args:
        nin: number of inputs.
        nonlin: False leaves the activation out.
        activation: name of an elementwise op with one input, such as "relu", "tanh" or
            "sigmoid"; "linear" for none.
        bias: "zero", or "uniform" for a draw from [-1, 1].

    Raises:
        ArgumentError: nin is not a whole number of 1 or more, or the activation or the
            bias is unknown. Then nothing is drawn.

    >>> random.seed(1337)
    >>> neuron = Neuron(2)
    >>> neuron
    ReLUNeuron(2)
    >>> neuron([2.0, 3.0])
    Value(data=0.6706048694358875, grad=0.0)
    >>> Neuron(3, activation="tanh", bias="uniform")
    TanhNeuron(3)
    """

    def __init__(self, nin: int, nonlin: bool = True, *, activation: str = "relu", bias: str = "zero") -> None:
        _check_sizes("Neuron", nin=nin)
        _check_options("Neuron", bias, activation=activation)
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(random.uniform(-1, 1) if bias == "uniform" else 0.0)
        self.nonlin = nonlin and activation != "linear"
        self.activation = activation

    def __call__(self, x: Iterable[Any]) -> Value:
        """The neuron's output: a Value for one sample.

        For an array of shape (batch, nin) it is a Value of shape (batch,).

        Raises:
            ShapeError: x has another number of inputs.
        """
        inputs, is_batch = _read(x, self, len(self.w))
        if is_batch:
            return ops.reshape(_batch([self], inputs), shape=(-1,))
        return self.of_one(inputs)

    def of_one(self, x: list[Any]) -> Value:
        """The output for one sample, a list with one input per weight."""
        act = sum(map(operator.mul, self.w, x), self.b)
        return act.relu() if self.activation == "relu" and self.nonlin else self.activate(act)

    def activate(self, act: Value) -> Value:
        """The activation of act, elementwise; act itself if the neuron is linear."""
        if not self.nonlin or self.activation == "linear":
            return act
        # A method does the same as the op, and is faster. Some ops have none.
        method = getattr(act, self.activation, None)
        return OPS[self.activation](act) if method is None else method()  # type: ignore[no-any-return]

    def parameters(self) -> list[Value]:
        """The weights, then the bias."""
        return self.w + [self.b]

    def __repr__(self) -> str:
        activation = self.activation if self.nonlin else "linear"
        return f"{'ReLU' if activation == 'relu' else activation.capitalize()}Neuron({len(self.w)})"


class Layer(Module):
    """Neurons side by side, which all read the same inputs.

    Args:
        nin: number of inputs.
        nout: number of neurons.
        kwargs: passed to every `Neuron`.

    Raises:
        ArgumentError: a size is not a whole number of 1 or more, or an option is
            unknown. Then nothing is drawn.

    >>> Layer(2, 3, nonlin=False)
    Layer of [LinearNeuron(2), LinearNeuron(2), LinearNeuron(2)]
    """

    def __init__(self, nin: int, nout: int, **kwargs: Any) -> None:
        _check_sizes("Layer", nin=nin, nout=nout)
        self.neurons = [Neuron(nin, **kwargs) for _ in range(nout)]

    # `Value | list[Value]` is the whole truth, but then `model(x) - y` would need an
    # isinstance.
    def __call__(self, x: Iterable[Any]) -> Value | Any:
        """The neurons' outputs: a list for one sample.

        For an array of shape (batch, nin) it is a Value of shape (batch, nout). The
        output of a single neuron comes without the list, or without the last axis.

        Raises:
            ShapeError: x has another number of inputs.
        """
        inputs, is_batch = _read(x, self, len(self.neurons[0].w))
        if is_batch:
            out = _batch(self.neurons, inputs)
            return ops.reshape(out, shape=(-1,)) if len(self.neurons) == 1 else out
        outs = [n.of_one(inputs) for n in self.neurons]
        return outs[0] if len(outs) == 1 else outs

    def parameters(self) -> list[Value]:
        """The parameters of the neurons, one neuron after the other."""
        return [p for n in self.neurons for p in n.parameters()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(str(n) for n in self.neurons)}]"


class MLP(Module):
    """Multi-layer perceptron: layers in a row.

    Each reads the outputs of the one before.

    Args:
        nin: number of inputs.
        nouts: number of neurons of each layer.
        activation: the activation of all layers except the last; see `Neuron`.
        last_activation: the activation of the last layer.
        bias: "zero", or "uniform" for a draw from [-1, 1].

    Raises:
        ArgumentError: nouts is empty, a size is not a whole number of 1 or more, or an
            option is unknown. Then nothing is drawn.

    >>> model = MLP(2, [16, 16, 1])
    >>> len(model.parameters())
    337
    >>> MLP(3, [2, 1], activation="tanh", last_activation="tanh")
    MLP of [Layer of [TanhNeuron(3), TanhNeuron(3)], Layer of [TanhNeuron(2)]]
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: str = "relu",
        last_activation: str = "linear",
        bias: str = "zero",
    ) -> None:
        sz = [nin, *_sizes(nouts)]
        _check_sizes("MLP", nin=nin, **{f"nouts[{i}]": nout for i, nout in enumerate(sz[1:])})
        _check_options("MLP", bias, activation=activation, last_activation=last_activation)
        activations = [activation] * (len(sz) - 2) + [last_activation]
        self.layers = [
            Layer(sz[i], sz[i + 1], nonlin=name != "linear", activation=name, bias=bias)
            for i, name in enumerate(activations)
        ]

    def __call__(self, x: Iterable[Any]) -> Value | Any:
        """The last layer's outputs for one sample or for a batch; see `Layer`.

        Raises:
            ShapeError: x has another number of inputs.
        """
        is_batch = len(getattr(x, "shape", ())) == 2
        out: Any = x
        for i, layer in enumerate(self.layers):
            # A single output came without its list, or without its axis.
            if i > 0 and len(self.layers[i - 1].neurons) == 1:
                out = ops.reshape(out, shape=(-1, 1)) if is_batch else [out]
            out = layer(out)
        return out

    def parameters(self) -> list[Value]:
        """The parameters of the layers, from the first to the last."""
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(str(layer) for layer in self.layers)}]"


def _batch(neurons: Sequence[Neuron], x: Any) -> Value:
    """Outputs for x of shape (batch, nin), in one matrix product.

    Their shape is (batch, len(neurons)).
    """
    # They differ if the user has changed single neurons.
    if len({(n.activation, n.nonlin) for n in neurons}) > 1:
        return ops.stack([n(x) for n in neurons], axis=1)
    rows = ops.stack([wi for n in neurons for wi in n.w])
    weights = ops.reshape(rows, shape=(len(neurons), -1))
    bias = ops.stack([n.b for n in neurons])
    return neurons[0].activate(ops.matmul(x, ops.transpose(weights)) + bias)


def _read(x: Any, owner: Neuron | Layer, nin: int) -> tuple[Any, bool]:
    """The inputs, and whether they are a batch. They can be read more than once.

    Their number is checked here: `map` would drop extra inputs or weights without a
    warning.
    """
    if hasattr(x, "shape") and x.shape != ():
        if len(x.shape) == 2 and x.shape[1] == nin:
            return x, True
        if len(x.shape) != 1:
            raise _shape_error(owner, nin, f"an array {named(x)}", "x.T" if x.shape[:-1] == (nin,) else "")
    elif hasattr(x, "shape") or not hasattr(x, "__iter__"):
        raise _shape_error(owner, nin, f"{x!r}", "[x]" if nin == 1 else "")
    x = x if type(x) is list else list(x)
    if len(x) != nin:
        raise _shape_error(owner, nin, f"{len(x)} input{'s' * (len(x) != 1)}")
    if isinstance(x[0], (list, tuple)):
        raise _shape_error(owner, nin, f"a list of {len(x)} lists", "numpy.array(x), or one sample at a time")
    return x, False


def _shape_error(owner: Neuron | Layer, nin: int, given: str, repair: str = "") -> ShapeError:
    name = f"Layer({nin}, {len(owner.neurons)})" if isinstance(owner, Layer) else str(owner)
    return ShapeError(
        f"{name}: given {given}, wanted {nin} input{'s' * (nin != 1)}: "
        f"a list of {nin} for one sample, or an array of shape (batch, {nin})" + (f"; give {repair}" if repair else "")
    )


def _sizes(nouts: Any) -> list[Any]:
    """The sizes of an MLP's layers, as a list that is not empty."""
    if not hasattr(nouts, "__iter__"):
        raise ArgumentError(f"MLP: nouts={nouts!r} is not a list; give one size per layer, as in MLP(2, [16, 16, 1])")
    sizes = list(nouts)
    if not sizes:
        raise ArgumentError(f"MLP: nouts={nouts!r} has no layers; give one size per layer, as in MLP(2, [16, 16, 1])")
    return sizes


def _check_sizes(owner: str, **sizes: Any) -> None:
    for name, size in sizes.items():
        try:
            fits = operator.index(size) >= 1
        except TypeError:
            fits = False
        if not fits:
            raise ArgumentError(f"{owner}: {name}={size!r} is not a size; give a whole number, 1 or more")


def _check_options(owner: str, bias: str, **activations: str) -> None:
    for name, activation in activations.items():
        if not is_activation(activation):
            choices = ", ".join(["linear", *filter(is_activation, OPS)])
            raise ArgumentError(f"{owner}: {name}={activation!r} is unknown; choose from {choices}")
    if bias not in BIASES:
        raise ArgumentError(f"{owner}: bias={bias!r} is unknown; choose from {', '.join(BIASES)}")


def is_activation(name: Any) -> bool:
    """Whether a name is an activation.

    It is "linear", or the name of an elementwise op with one input and no params.
    """
    if name == "linear":
        return True
    op = OPS.get(name) if isinstance(name, str) else None
    return isinstance(op, Elementwise) and op.differentiable and len(inspect.signature(op.forward).parameters) == 1
