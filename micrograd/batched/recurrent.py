"""Recurrent layers in all examples: these have an axis for a batch already."""

from __future__ import annotations

from typing import Any

from micrograd.batched.layouts import all_mapped, checked_shapes, moved
from micrograd.batched.rules import one_by_one, rule_for
from micrograd.interpreter import Array, shape_of
from micrograd.ops import reshape
from micrograd.ops.recurrent import gru_states, lstm_states, rnn_states
from micrograd.record import Op

# Where the axis of the batch is: in the first input, in the first state, in the result
_PLACES = {rnn_states: (1, 0, 1), lstm_states: (1, 1, 2), gru_states: (1, 0, 2)}


@rule_for(*_PLACES)
def _states(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    checked_shapes(op, data, mapped, params)
    if any(mapped[1:-1]):  # a weight of its own in each example
        return one_by_one(op, data, mapped, params)
    of_first, of_state, of_result = _PLACES[op]
    weights = data[1:-1]
    first, state = all_mapped([data[0], data[-1]], [mapped[0], mapped[-1]])
    count, batch = shape_of(first)[0], shape_of(first)[of_first + 1]
    z = op(_one_batch(first, of_first), *weights, _one_batch(state, of_state), **params)
    shape = shape_of(z)
    apart = reshape(z, shape=(*shape[:of_result], count, batch, *shape[of_result + 1 :]))
    return moved(apart, of_result, 0)


def _one_batch(x: Array, place: int) -> Array:
    """The examples and the batch as one axis, in the place of the batch."""
    x = moved(x, 0, place)
    shape = shape_of(x)
    return reshape(x, shape=(*shape[:place], shape[place] * shape[place + 1], *shape[place + 2 :]))
