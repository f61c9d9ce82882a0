"""One step of a recurrent layer: RNNCell, LSTMCell and GRUCell, as in PyTorch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np
from micrograd import ops
from micrograd.engine import Value
from micrograd.errors import ArgumentError, ShapeError
from micrograd.integers import integer_at_least
from micrograd.nn import init
from micrograd.nn.module import Module
from micrograd.nn.recurrent import States, known_nonlinearity, through_gru, through_lstm, through_rnn
from micrograd.op import Array, named, shape_of
from micrograd.ops.arguments import operand, true_or_false

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["GRUCell", "LSTMCell", "RNNCell"]


class Cell(Module):
    """What the three cells have in common; it is abstract."""

    gates = 1
    states = 1

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, *, dtype: Any = None, rng: Generator | None = None
    ) -> None:
        name = type(self).__name__
        self.input_size = integer_at_least(1, name, "input_size", input_size)
        self.hidden_size = integer_at_least(1, name, "hidden_size", hidden_size)
        rng, bound, rows = init.generator(rng, name), 1.0 / math.sqrt(self.hidden_size), self.gates * self.hidden_size

        def drawn(*shape: int) -> Value:
            return Value(init.uniform(shape, -bound, bound, rng=rng, dtype=dtype))

        self.weight_ih, self.weight_hh = drawn(rows, self.input_size), drawn(rows, self.hidden_size)
        has_bias = true_or_false(name, "bias", bias)
        self.bias_ih = drawn(rows) if has_bias else None
        self.bias_hh = drawn(rows) if has_bias else None

    def _step(self, x: Array, state: States) -> States:
        raise NotImplementedError

    def __call__(self, input: Array, hx: Any = None) -> Any:
        """The state after one step.

        Args:
            input: value of shape (batch, input_size), or (input_size,).
            hx: the state before, h, or for an LSTMCell a pair (h, c), each of shape
                (batch, hidden_size) or (hidden_size,); zeros by default.

        Returns:
            h, or for an LSTMCell the pair (h, c).

        Raises:
            ShapeError: a shape does not fit.
        """
        name, x = type(self).__name__, operand(type(self).__name__, input)
        shape = shape_of(x)
        if len(shape) not in (1, 2) or shape[-1] != self.input_size:
            n = self.input_size
            raise ShapeError(f"{name}: input {named(x)}: give shape (batch, {n}), or ({n},) without a batch")
        wanted = (*shape[:-1], self.hidden_size)
        if hx is None:
            given = [np.zeros(wanted, self.weight_hh.dtype)] * self.states
        elif self.states == 2 and not (isinstance(hx, (tuple, list)) and len(hx) == 2):
            raise ArgumentError(f"{name}: hx is not a pair; give (h, c)")
        else:
            given = [operand(name, state) for state in (hx if self.states == 2 else (hx,))]
        for letter, state in zip("hc", given, strict=False):
            if shape_of(state) != wanted:
                raise ShapeError(f"{name}: {letter} {named(state)}: give one of shape {wanted}")
        rows = [x, *given] if len(shape) == 2 else [ops.expand_dims(part, axis=0) for part in (x, *given)]
        after = self._step(ops.expand_dims(rows[0], axis=0), tuple(rows[1:]))
        after = after if len(shape) == 2 else tuple(state[0] for state in after)
        return after if self.states == 2 else after[0]

    @property
    def _parameters(self) -> list[Any]:
        return [self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh]

    def __repr__(self) -> str:
        end = "" if self.bias_ih is not None else ", bias=False"
        return f"{type(self).__name__}({self.input_size}, {self.hidden_size}{end})"


class RNNCell(Cell):
    """One step of a simple recurrent layer: see `RNN`.

    Args:
        input_size: the length of an input.
        hidden_size: the length of a state.
        bias: False leaves the biases out.
        nonlinearity: "tanh" or "relu".
        dtype: the dtype of the parameters; None is float64.
        rng: a NumPy Generator, from which the parameters are drawn.

    Attributes:
        weight_ih: Value of shape (hidden_size, input_size).
        weight_hh: Value of shape (hidden_size, hidden_size).
        bias_ih, bias_hh: Values of shape (hidden_size,), or None.

    Raises:
        ArgumentError: an argument is out of range.

    >>> RNNCell(3, 5)(np.ones((4, 3))).shape
    (4, 5)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        *,
        dtype: Any = None,
        rng: Generator | None = None,
    ) -> None:
        self.nonlinearity = known_nonlinearity("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias, dtype=dtype, rng=rng)

    def _step(self, x: Array, state: States) -> States:
        return through_rnn(x, self._parameters, state, self.nonlinearity)[1]


class LSTMCell(Cell):
    """One step of a layer of long short-term memory: see `LSTM`.

    Args:
        input_size: the length of an input.
        hidden_size: the length of a state.
        bias: False leaves the biases out.
        dtype: the dtype of the parameters; None is float64.
        rng: a NumPy Generator, from which the parameters are drawn.

    Attributes:
        weight_ih: Value of shape (4 * hidden_size, input_size), in the order i, f, g,
            o.
        weight_hh: Value of shape (4 * hidden_size, hidden_size).
        bias_ih, bias_hh: Values of shape (4 * hidden_size,), or None.

    Raises:
        ArgumentError: an argument is out of range.

    >>> h, c = LSTMCell(3, 5)(np.ones((4, 3)))
    >>> h.shape, c.shape
    ((4, 5), (4, 5))
    """

    gates = 4
    states = 2

    def _step(self, x: Array, state: States) -> States:
        return through_lstm(x, self._parameters, state)[1]


class GRUCell(Cell):
    """One step of a layer of gated recurrent units: see `GRU`.

    Args:
        input_size: the length of an input.
        hidden_size: the length of a state.
        bias: False leaves the biases out.
        dtype: the dtype of the parameters; None is float64.
        rng: a NumPy Generator, from which the parameters are drawn.

    Attributes:
        weight_ih: Value of shape (3 * hidden_size, input_size), in the order r, u, n.
        weight_hh: Value of shape (3 * hidden_size, hidden_size).
        bias_ih, bias_hh: Values of shape (3 * hidden_size,), or None.

    Raises:
        ArgumentError: an argument is out of range.

    >>> GRUCell(3, 5)(np.ones(3)).shape
    (5,)
    """

    gates = 3

    def _step(self, x: Array, state: States) -> States:
        return through_gru(x, self._parameters, state)[1]
