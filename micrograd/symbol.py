"""Symbol: an expression instead of a number. The interpreter that writes each op down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd.errors import DataError
from micrograd.interpreter import Array
from micrograd.op import Op
from micrograd.ops.operators import Operators


class Symbol(Operators):
    """A variable, or an op applied to expressions and numbers.

    Args:
        name: what the variable is called.
        shape: sizes of its axes; () for a number.

    Attributes:
        name: of a variable; empty for an expression.
        op: the record that made the expression; None for a variable.
        inputs: its inputs in order, Symbols and raw numbers.
        params: its keyword arguments.
    """

    __slots__ = ("inputs", "name", "op", "params", "shape")

    def __init__(self, name: str, shape: tuple[int, ...] = ()) -> None:
        self.name = name
        self.shape = shape
        self.op: Op | None = None
        self.inputs: tuple[Array, ...] = ()
        self.params: dict[str, Any] = {}

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Symbol:
        made = Symbol("", op.shape(*inputs, **params))
        made.op, made.inputs, made.params = op, tuple(inputs), params
        return made

    def __bool__(self) -> bool:
        raise DataError("bool(): a Symbol has no number to branch on; use ops.where instead of if")
