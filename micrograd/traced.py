"""Traced: a Value of a function that a transform differentiates in reverse mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, SupportsIndex

from micrograd import levels, memory
from micrograd import on_demand as np
from micrograd.anomaly import OPEN
from micrograd.engine import Value
from micrograd.errors import GradientError
from micrograd.interpreter import PLAIN, Array, named
from micrograd.node import data_of, inputs_of, is_constant, made, set_data, set_inputs
from micrograd.operands import all_raw, operand
from micrograd.ops import divide, positive
from micrograd.ops.operators import Input
from micrograd.reading import what_is_read
from micrograd.record import CONSTANT as _CONSTANT
from micrograd.record import LEAF as _LEAF
from micrograd.record import Op


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

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        node = Value._apply_op(self, op, inputs, params)
        return _slimmed(node) if type(node) is Traced and not node._is_float else node

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


class Outline(Traced):
    """A node of a graph of a transform whose numbers no rule reads: it has only their
    shape and dtype.

    A Value that the user holds has the numbers, and leads on to its outline. Where the
    user has dropped it, the numbers are gone.
    """

    __slots__ = ()

    def refilled(self) -> Any:
        """The numbers, computed again from those that the graph has kept."""
        known: dict[int, Any] = {}
        pending: list[Any] = [self]
        while pending:
            node = pending[-1]
            inputs = inputs_of(node)
            ahead = [x for x in inputs if type(x) is Outline and id(x) not in known]
            if ahead:
                pending += ahead
                continue
            data = [known[id(x)] if type(x) is Outline else data_of(x) for x in inputs]
            known[id(node)] = node._record.run(data, inputs, node._params or {})
            pending.pop()
        return known[id(self)]


def refill(order: list[Any]) -> None:
    """Give outlines their numbers again, to keep.

    Args:
        order: the nodes of a graph, inputs before users.
    """
    for node in order:
        if type(node) is Outline and not node._array.flags.writeable:
            inputs = inputs_of(node)
            data = node._record.run([data_of(x) for x in inputs], inputs, node._params or {})
            set_data(node, data if data.flags.writeable else data.copy())


memory.adopt(Traced)
memory.adopt(Outline)

LARGE = 1 << 12  # bytes, from which on an array is worth the time to find out whether a rule reads it


def _slimmed(node: Any) -> Any:
    """A new node, whose graph keeps no large arrays that no rule reads.

    >>> import numpy as np
    >>> x = traced(np.ones(10_000))
    >>> y = x * 2.0
    >>> z = y + 1.0
    >>> type(y._x), z._x._x is y._x
    (<class 'micrograd.traced.Outline'>, True)
    """
    data, inputs = node._array, inputs_of(node)
    is_large = type(data) is np.ndarray and data.nbytes >= LARGE
    if not (is_large or _have_outlines(inputs)) or OPEN or node._record is _CONSTANT:
        return node
    numbers, moving = [], []
    for x in inputs:
        numbers.append(data_of(x))
        moving.append(isinstance(x, Value) and not is_constant(x))
    if not (type(data) in PLAIN and all_raw(numbers)):
        return node
    reads = what_is_read(node._record, data, numbers, moving, node._params or {})
    slim = []
    for i, x in enumerate(inputs):
        slim.append(x._x if has_outline(x) and not reads[i + 1] else x)
    if not is_large or reads[0]:
        set_inputs(node, slim)
        return node
    outline = made(Outline, _without_numbers(data), node._record, None, None)
    outline._params = node._params
    set_inputs(outline, slim)
    node._record, node._params = positive, None
    set_inputs(node, (outline,))
    return node


def _have_outlines(inputs: tuple[Any, ...]) -> bool:
    for x in inputs:  # noqa: SIM110 - Cython makes no generator of this
        if has_outline(x):
            return True
    return False


_empty: dict[Any, Any] = {}  # by shape and dtype


def _without_numbers(data: Any) -> Any:
    """An array of the shape and dtype of data that takes no room: one nan, over and
    over.
    """
    found = _empty.get((data.shape, data.dtype))
    if found is None:
        if len(_empty) >= 1000:
            _empty.clear()
        found = np.broadcast_to(np.array(np.nan, data.dtype), data.shape)
        _empty[data.shape, data.dtype] = found
    return found


def has_outline(x: Any) -> bool:
    """Whether x has the numbers, and leads on to its outline."""
    return type(x) is Traced and x._record is positive and type(x._x) is Outline


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
