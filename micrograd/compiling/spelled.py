"""Ops that a compiled program spells in other ops: those whose forward is one loop for
NumPy's sake, and several lines for ours.

`Written` is an interpreter: each op that it runs becomes an entry of a tape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from micrograd.compiling.tape import CONSTANT, Tape
from micrograd.modes import quietly
from micrograd.ops import exp, log, matmul, sqrt, stop_gradient, transpose
from micrograd.ops import max as largest
from micrograd.ops import sum as total
from micrograd.ops.operators import Operators
from micrograd.record import Op


class Written(Operators):
    """An entry of a tape, as an operand."""

    __slots__ = ("entry", "number", "tape")

    def __init__(self, tape: Tape, entry: int, number: Any) -> None:
        self.tape = tape
        self.entry = entry
        self.number = number

    @property
    def _below(self) -> Any:
        return self.number

    def _apply_op(self, op: Op, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        numbers = [x.number if isinstance(x, Written) else x for x in inputs]
        with quietly():
            number = op(*numbers, **params)
        entries = [x.entry if isinstance(x, Written) else self.tape.add(CONSTANT, number=x) for x in inputs]
        return Written(self.tape, self.tape.add(op, tuple(entries), params or None, number), number)


def _softmax(x: Any, *, axis: Any) -> Any:
    e = exp(x - stop_gradient(largest(x, axis=axis, keepdims=True)))
    return e / total(e, axis=axis, keepdims=True)


def _log_softmax(x: Any, *, axis: Any) -> Any:
    centred = x - stop_gradient(largest(x, axis=axis, keepdims=True))
    return centred - log(total(exp(centred), axis=axis, keepdims=True))


def _standardized(x: Any, *, axes: Any, eps: float) -> Any:
    n = math.prod(x.shape[a] for a in axes)
    centred = x - total(x, axis=axes, keepdims=True) / n
    return centred / sqrt(total(centred * centred, axis=axes, keepdims=True) / n + eps)


SPELLED: dict[str, Callable[..., Any]] = {
    "softmaxed": _softmax,
    "log_softmaxed": _log_softmax,
    "standardized": _standardized,
    "linear": lambda x, weight, bias: matmul(x, transpose(weight)) + bias,
}
