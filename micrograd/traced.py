"""Traced: a Value of a function that a transform differentiates in reverse mode."""

from __future__ import annotations

from typing import Any, Self, SupportsIndex

from micrograd import levels, memory
from micrograd.engine import Value
from micrograd.errors import GradientError
from micrograd.interpreter import named
from micrograd.node import data_of, made, set_inputs
from micrograd.operands import operand
from micrograd.ops import divide, positive
from micrograd.ops.operators import Input
from micrograd.record import CONSTANT as _CONSTANT
from micrograd.record import LEAF as _LEAF


class Traced(Value):
    """A Value that a reverse-mode transform records. What is made of one is one.

    While the transform runs, it refuses to become a plain number, whose gradient would
    be lost. A quotient of numbers is a division here: `a * b**-1` is for the pictures
    of the texts, and 49 * 49**-1 is not 1.
    """

    __slots__ = ()
    _is_of_transform = True

    def _is_traced(self) -> bool:
        if self._record is not _CONSTANT and levels.is_recording():
            return True
        return super()._is_traced()

    def _is_eager_number(self) -> bool:
        return False

    def __truediv__(self, other: Input) -> Self:
        return divide(self, operand("divide", self, other))

    def __rtruediv__(self, other: Input) -> Self:
        return divide(operand("divide", self, other), self)

    def __copy__(self) -> Self:
        return positive(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return positive(self)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        if self._is_traced():
            raise GradientError(
                f"pickle: {named(self)} is being differentiated, and a copy elsewhere would lose its gradient; "
                f"pickle its .detach(), or what the transform returns"
            )
        return super().__reduce_ex__(protocol)


memory.adopt(Traced)


def traced(x: Any) -> Traced:
    """What a transform gives to its function in place of x: a leaf, or of a Value a
    node that leads on to it.
    """
    return _as_kind(Traced, x) if isinstance(x, Value) else made(Traced, x, _LEAF, None, None)


def seal(leaf: Value) -> None:
    """The transform that made this leaf is over: from now on it is a constant."""
    if leaf._record is _LEAF:
        leaf._record = _CONSTANT


def as_eager(x: Any) -> Any:
    """A result of a transform, with its history, as a Value that any Value may meet;
    anything else as it is.
    """
    return _as_kind(Value, x) if type(x) is Traced else x


def _as_kind(kind: type[Value], x: Value) -> Any:
    node = made(kind, data_of(x), positive, None, None)
    set_inputs(node, (x,))
    return node
