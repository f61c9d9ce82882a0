"""Recurrent layers: RNN, LSTM and GRU, with PyTorch's arguments, names and shapes.

The products with the inputs of all steps are one product. The steps themselves are one
op of ops/recurrent.py: `rnn_states`, `lstm_states` or `gru_states`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np
from micrograd import ops
from micrograd.engine import Value
from micrograd.errors import ArgumentError, ShapeError
from micrograd.integers import integer_at_least
from micrograd.nn import init
from micrograd.nn.module import Module
from micrograd.op import Array, named, shape_of
from micrograd.ops.arguments import operand, probability, true_or_false

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["GRU", "LSTM", "RNN"]

States = tuple[Array, ...]  # h, or h and c


def product(x: Array, weight: Array, bias: Array | None) -> Array:
    """x weight^T + bias for all steps and samples, as one product of matrices."""
    *outer, size = shape_of(x)
    z = ops.matmul(ops.reshape(x, shape=(-1, size)), ops.transpose(weight))
    z = z if bias is None else z + bias
    return ops.reshape(z, shape=(*outer, shape_of(weight)[0]))


def through_rnn(x: Array, parameters: Sequence[Any], state: States, nonlinearity: str) -> tuple[Array, States]:
    """The outputs of a simple recurrent layer, and its last state.

    Args:
        x: value of shape (steps, batch, input).
        parameters: weight_ih, weight_hh, and bias_ih, bias_hh or None.
        state: the first h, of shape (batch, hidden).
        nonlinearity: "tanh" or "relu".
    """
    weight_ih, weight_hh, bias_ih, bias_hh = parameters
    p = product(x, weight_ih, None if bias_ih is None else bias_ih + bias_hh)
    h = ops.rnn_states(p, weight_hh, state[0], nonlinearity=nonlinearity)
    return h, (h[-1],)


def through_lstm(x: Array, parameters: Sequence[Any], state: States) -> tuple[Array, States]:
    """The outputs of a layer of long short-term memory, and its last states h and c.

    Args:
        x: value of shape (steps, batch, input).
        parameters: weight_ih, weight_hh, bias_ih, bias_hh or None, and weight_hr where
            h is projected.
        state: the first h and the first c.
    """
    weight_ih, weight_hh, bias_ih, bias_hh, *projection = parameters
    p = product(x, weight_ih, None if bias_ih is None else bias_ih + bias_hh)
    if projection:
        return _projected(p, weight_hh, projection[0], state)
    z = ops.lstm_states(p, weight_hh, ops.stack(state))
    return z[5], (z[5, -1], z[4, -1])


def _projected(p: Array, weight_hh: Array, weight_hr: Array, state: States) -> tuple[Array, States]:
    """The same step by step, where h is a projection of o tanh(c)."""
    h, c = state
    n = shape_of(c)[-1]
    out: list[Array] = []
    for t in range(shape_of(p)[0]):
        a = p[t] + h @ ops.transpose(weight_hh)
        i, f, new, o = (a[..., k * n : (k + 1) * n] for k in range(4))
        c = ops.expit(f) * c + ops.expit(i) * ops.tanh(new)
        h = (ops.expit(o) * ops.tanh(c)) @ ops.transpose(weight_hr)
        out.append(h)
    return ops.stack(out), (h, c)


def through_gru(x: Array, parameters: Sequence[Any], state: States) -> tuple[Array, States]:
    """The outputs of a layer of gated recurrent units, and its last state.

    Args:
        x: value of shape (steps, batch, input).
        parameters: weight_ih, weight_hh, and bias_ih, bias_hh or None.
        state: the first h, of shape (batch, hidden).
    """
    weight_ih, weight_hh, bias_ih, bias_hh = parameters
    p = product(x, weight_ih, bias_ih)
    bias_hh = np.zeros(shape_of(weight_hh)[0], weight_hh.dtype) if bias_hh is None else bias_hh
    h = ops.gru_states(p, weight_hh, bias_hh, state[0])[4]
    return h, (h[-1],)


class Recurrent(Module):
    """What RNN, LSTM and GRU have in common; it is abstract.

    A subclass says how many gates it has, how many states, and what one layer does.
    """

    gates = 1
    states = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        proj_size: int,
        dtype: Any,
        rng: Generator | None,
    ) -> None:
        name = type(self).__name__
        self.input_size = integer_at_least(1, name, "input_size", input_size)
        self.hidden_size = integer_at_least(1, name, "hidden_size", hidden_size)
        self.num_layers = integer_at_least(1, name, "num_layers", num_layers)
        self.proj_size = integer_at_least(0, name, "proj_size", proj_size)
        self.bias = true_or_false(name, "bias", bias)
        self.batch_first = true_or_false(name, "batch_first", batch_first)
        self.bidirectional = true_or_false(name, "bidirectional", bidirectional)
        self.dropout = probability(name, "dropout", dropout)
        if self.proj_size >= self.hidden_size:
            raise ArgumentError(f"{name}: proj_size={proj_size}: give less than hidden_size={hidden_size}, or 0")
        if dropout and num_layers == 1:
            warnings.warn(
                f"{name}: dropout={dropout} does nothing in one layer: it stands between layers", stacklevel=3
            )
        self.rng = init.generator(rng, name)
        bound = 1.0 / math.sqrt(self.hidden_size)
        for parameter, shape in self._shapes():
            setattr(self, parameter, Value(init.uniform(shape, -bound, bound, rng=self.rng, dtype=dtype)))

    @property
    def _directions(self) -> tuple[str, ...]:
        return ("", "_reverse") if self.bidirectional else ("",)

    def _shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        """The parameters by name, as PyTorch orders them."""
        rows, out = self.gates * self.hidden_size, self.proj_size or self.hidden_size
        shapes: list[tuple[str, tuple[int, ...]]] = []
        for layer in range(self.num_layers):
            columns = self.input_size if layer == 0 else out * len(self._directions)
            for direction in self._directions:
                end = f"l{layer}{direction}"
                shapes += [(f"weight_ih_{end}", (rows, columns)), (f"weight_hh_{end}", (rows, out))]
                if self.bias:
                    shapes += [(f"bias_ih_{end}", (rows,)), (f"bias_hh_{end}", (rows,))]
                if self.proj_size:
                    shapes += [(f"weight_hr_{end}", (out, self.hidden_size))]
        return shapes

    def _parameters_of(self, end: str) -> list[Any]:
        names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", *(["weight_hr"] if self.proj_size else [])]
        return [getattr(self, f"{name}_{end}", None) for name in names]

    def _layer(self, x: Array, parameters: Sequence[Any], state: States) -> tuple[Array, States]:
        raise NotImplementedError

    def __call__(self, input: Array, hx: Any = None) -> tuple[Array, Any]:
        """The outputs of all steps, and the last states.

        Args:
            input: value of shape (steps, batch, input_size); with batch_first (batch,
                steps, input_size); without a batch (steps, input_size).
            hx: the first state h, or for an LSTM a pair (h, c), each of shape
                (num_layers * directions, batch, size); zeros by default. Without a
                batch their second axis is left out.

        Returns:
            output, of shape (steps, batch, directions * size), and h_n, or for an LSTM
            the pair (h_n, c_n), as hx. Size is hidden_size, for h of a projection
            proj_size.

        Raises:
            ShapeError: a shape does not fit, or there is no step.
        """
        x = operand(type(self).__name__, input)
        self._check_input(x)
        is_single = len(shape_of(x)) == 2
        if is_single:
            x = ops.expand_dims(x, axis=1)
        elif self.batch_first:
            x = ops.swapaxes(x, 0, 1)
        first = self._first(x, hx, is_single)
        output, last = self._run(x, first)
        states = tuple(ops.stack(kind) for kind in zip(*last, strict=True))
        if is_single:
            output, states = output[:, 0], tuple(state[:, 0] for state in states)
        elif self.batch_first:
            output = ops.swapaxes(output, 0, 1)
        return output, states if self.states == 2 else states[0]

    def _run(self, x: Array, first: list[States]) -> tuple[Array, list[States]]:
        last: list[States] = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = ops.dropout(x, p=self.dropout, training=self.training, rng=self.rng)
            parts: list[Array] = []
            for direction in self._directions:
                seen = ops.flip(x, axis=0) if direction else x
                out, state = self._layer(seen, self._parameters_of(f"l{layer}{direction}"), first[len(last)])
                parts.append(ops.flip(out, axis=0) if direction else out)
                last.append(state)
            x = parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=-1)
        return x, last

    def _check_input(self, x: Array) -> None:
        shape = shape_of(x)
        steps = shape[1] if self.batch_first and len(shape) == 3 else shape[0] if shape else 0
        if len(shape) not in (2, 3) or shape[-1] != self.input_size or not steps:
            order = "batch, steps" if self.batch_first else "steps, batch"
            raise ShapeError(
                f"{type(self).__name__}: input {named(x)}: give shape ({order}, {self.input_size}), "
                f"or (steps, {self.input_size}) without a batch, with at least one step"
            )

    def _first(self, x: Array, hx: Any, is_single: bool) -> list[States]:
        """The first states of each layer and direction."""
        name, count, batch = type(self).__name__, self.num_layers * len(self._directions), shape_of(x)[1]
        sizes = (self.proj_size or self.hidden_size, self.hidden_size)[: self.states]
        if hx is None:
            dtype = self._parameters_of("l0")[0].dtype
            return [tuple(np.zeros((batch, size), dtype) for size in sizes)] * count
        if self.states == 2 and not (isinstance(hx, (tuple, list)) and len(hx) == 2):
            raise ArgumentError(f"{name}: hx is not a pair; give (h_0, c_0)")
        given = [operand(name, state) for state in (hx if self.states == 2 else (hx,))]
        for letter, state, size in zip("hc", given, sizes, strict=False):
            wanted = (count, size) if is_single else (count, batch, size)
            if shape_of(state) != wanted:
                raise ShapeError(f"{name}: {letter}_0 {named(state)}: give one of shape {wanted}")
        if is_single:
            given = [ops.expand_dims(state, axis=1) for state in given]
        return [tuple(state[k] for state in given) for k in range(count)]

    def __repr__(self) -> str:
        options = [f"num_layers={self.num_layers}"] if self.num_layers > 1 else []
        options += [] if self.bias else ["bias=False"]
        options += ["batch_first=True"] if self.batch_first else []
        options += [f"dropout={self.dropout}"] if self.dropout else []
        options += ["bidirectional=True"] if self.bidirectional else []
        options += [f"proj_size={self.proj_size}"] if self.proj_size else []
        return f"{type(self).__name__}({', '.join([str(self.input_size), str(self.hidden_size), *options])})"


class RNN(Recurrent):
    """Simple recurrent layers.

    h_t = tanh(weight_ih x_t + bias_ih + weight_hh h_(t-1) + bias_hh)

    Args:
        input_size: the length of an input.
        hidden_size: the length of a state.
        num_layers: how many layers; each reads the outputs of the one before.
        nonlinearity: "tanh" or "relu".
        bias: False leaves the biases out.
        batch_first: the batch is axis 0 of input and output, not axis 1.
        dropout: the probability that an element between two layers is dropped.
        bidirectional: each layer also runs from the last step to the first, with
            parameters of its own; outputs are joined.
        dtype: the dtype of the parameters; None is float64.
        rng: a NumPy Generator, for the parameters and for dropout.

    Attributes:
        weight_ih_l0: Value of shape (hidden_size, input_size), and for each layer and
            direction more of them: weight_ih_l0_reverse, weight_ih_l1. All parameters
            are at first uniform between -1 / sqrt(hidden_size) and 1 /
            sqrt(hidden_size).
        weight_hh_l0: Value of shape (hidden_size, hidden_size).
        bias_ih_l0, bias_hh_l0: Values of shape (hidden_size,).

    Raises:
        ArgumentError: an argument is out of range.

    Source: Elman (1990), doi:10.1207/s15516709cog1402_1.

    >>> output, h_n = RNN(3, 5, 2)(np.ones((7, 4, 3)))
    >>> output.shape, h_n.shape
    ((7, 4, 5), (2, 4, 5))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = None,
        rng: Generator | None = None,
    ) -> None:
        self.nonlinearity = known_nonlinearity("RNN", nonlinearity)
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, dtype, rng)

    def _layer(self, x: Array, parameters: Sequence[Any], state: States) -> tuple[Array, States]:
        return through_rnn(x, parameters, state, self.nonlinearity)


def known_nonlinearity(name: str, nonlinearity: Any) -> str:
    """The nonlinearity, if it is "tanh" or "relu".

    Raises:
        ArgumentError: it is another.
    """
    if nonlinearity not in ("tanh", "relu"):
        raise ArgumentError(f"{name}: nonlinearity={nonlinearity!r} is unknown; give 'tanh' or 'relu'")
    return str(nonlinearity)


class LSTM(Recurrent):
    """Layers of long short-term memory.

    i, f, o = sigmoid(weight_ih x_t + bias_ih + weight_hh h_(t-1) + bias_hh)
    g = tanh of the same, with weights of its own
    c_t = f c_(t-1) + i g
    h_t = o tanh(c_t), or weight_hr times that

    Args:
        input_size: the length of an input.
        hidden_size: the length of a state.
        num_layers: how many layers; each reads the outputs of the one before.
        bias: False leaves the biases out.
        batch_first: the batch is axis 0 of input and output, not axis 1.
        dropout: the probability that an element between two layers is dropped.
        bidirectional: each layer also runs from the last step to the first, with
            parameters of its own; outputs are joined.
        proj_size: the length of h where it is projected; 0 for no projection. A layer
            with a projection is one node for each operation of each step, and slower.
        dtype: the dtype of the parameters; None is float64.
        rng: a NumPy Generator, for the parameters and for dropout.

    Attributes:
        weight_ih_l0: Value of shape (4 * hidden_size, input_size), with the gates in
            the order i, f, g, o; and for each layer and direction more of them:
            weight_ih_l0_reverse, weight_ih_l1. All parameters are at first uniform
            between -1 / sqrt(hidden_size) and 1 / sqrt(hidden_size).
        weight_hh_l0: Value of shape (4 * hidden_size, hidden_size or proj_size).
        bias_ih_l0, bias_hh_l0: Values of shape (4 * hidden_size,).
        weight_hr_l0: Value of shape (proj_size, hidden_size), with a projection.

    Raises:
        ArgumentError: an argument is out of range.

    Source: Hochreiter, Schmidhuber (1997), doi:10.1162/neco.1997.9.8.1735; projection:
    Sak, Senior, Beaufays (2014), arXiv:1402.1128.

    >>> output, (h_n, c_n) = LSTM(3, 5, bidirectional=True)(np.ones((7, 4, 3)))
    >>> output.shape, h_n.shape, c_n.shape
    ((7, 4, 10), (2, 4, 5), (2, 4, 5))
    """

    gates = 4
    states = 2

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        *,
        dtype: Any = None,
        rng: Generator | None = None,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, dtype, rng
        )

    def _layer(self, x: Array, parameters: Sequence[Any], state: States) -> tuple[Array, States]:
        return through_lstm(x, parameters, state)


class GRU(Recurrent):
    """Layers of gated recurrent units.

    r, u = sigmoid(weight_ih x_t + bias_ih + weight_hh h_(t-1) + bias_hh)
    n = tanh(weight_ih x_t + bias_ih + r (weight_hh h_(t-1) + bias_hh))
    h_t = (1 - u) n + u h_(t-1)

    Each of r, u and n has weights of its own.

    Args:
        input_size: the length of an input.
        hidden_size: the length of a state.
        num_layers: how many layers; each reads the outputs of the one before.
        bias: False leaves the biases out.
        batch_first: the batch is axis 0 of input and output, not axis 1.
        dropout: the probability that an element between two layers is dropped.
        bidirectional: each layer also runs from the last step to the first, with
            parameters of its own; outputs are joined.
        dtype: the dtype of the parameters; None is float64.
        rng: a NumPy Generator, for the parameters and for dropout.

    Attributes:
        weight_ih_l0: Value of shape (3 * hidden_size, input_size), with the gates in
            the order r, u, n; and for each layer and direction more of them:
            weight_ih_l0_reverse, weight_ih_l1. All parameters are at first uniform
            between -1 / sqrt(hidden_size) and 1 / sqrt(hidden_size).
        weight_hh_l0: Value of shape (3 * hidden_size, hidden_size).
        bias_ih_l0, bias_hh_l0: Values of shape (3 * hidden_size,).

    Raises:
        ArgumentError: an argument is out of range.

    Source: Cho et al. (2014), arXiv:1406.1078.

    >>> output, h_n = GRU(3, 5, batch_first=True)(np.ones((4, 7, 3)))
    >>> output.shape, h_n.shape
    ((4, 7, 5), (1, 4, 5))
    """

    gates = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = None,
        rng: Generator | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, dtype, rng)

    def _layer(self, x: Array, parameters: Sequence[Any], state: States) -> tuple[Array, States]:
        return through_gru(x, parameters, state)
