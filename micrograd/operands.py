"""What stands beside a Value in an op: raw numbers and arrays, lists, Values of other
levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd.arrays import as_operand, is_number
from micrograd.captures import CAPTURES, is_followed_number
from micrograd.interpreter import NUMBERS, PLAIN, Array
from micrograd.node import Node, data_of, made
from micrograd.record import CONSTANT as _CONSTANT
from micrograd.record import Op


def operand(name: str, beside: Node, x: Any) -> Any:
    """The other operand of an operator: a NumPy number is a Python number, and makes
    the same graph.
    """
    return x if isinstance(x, Node) or is_number(x) else as_operand(x, name, [beside])


def are_numbers(x: Any, y: Any) -> bool:
    """Whether both operands are plain numbers, so that the graph is the one in the
    texts.
    """
    return holds_number(x) and holds_number(y)


def holds_number(x: Any) -> bool:
    """Whether x is a plain number, raw or in a node."""
    if isinstance(x, Node):
        node = x
        return node._is_float or is_number(node._array)
    return is_number(x) or (bool(CAPTURES) and is_followed_number(x))


def nobody_to_ask(x: Any) -> bool:
    """Whether an operand is surely raw data, which has no interpreter of its own."""
    kind = type(x)
    return kind in NUMBERS or (kind in PLAIN and not x.dtype.hasobject)


def constant(op: Op, i: int, x: Any, inputs: Sequence[Any]) -> Any:
    """Input i of an op, when it is raw: a number or an array; booleans stay booleans
    where they are a condition.
    """
    if is_number(x):
        return x
    is_condition = not op.differentiable or op.rules[i] is None
    if is_condition and (isinstance(x, bool) or getattr(getattr(x, "dtype", None), "kind", "") == "b"):
        return x
    return as_operand(x, op.name, inputs)


def kind_of_result(inputs: list[Any]) -> Any:
    """The class of a result; None where all inputs are constants.

    The first subclass of Value among those with a history; but a transform's own class
    goes before all.
    """
    kind: Any = None
    for x in inputs:
        if type(x) is kind or not isinstance(x, Node):
            continue
        node = x
        if node._record is not _CONSTANT and (kind is None or x._is_of_transform or issubclass(type(x), kind)):
            kind = type(x)
    return kind


def at_one_level(inputs: list[Any]) -> list[Any]:
    """The inputs of an op, seen from the newest level among them.

    To a Value of that level, a Value of an outer level is a constant, and goes into a
    box. What was made inside a jvp that has ended is a constant too.
    """
    inputs = [_boxed(x, x._below._settled()) if isinstance(x, Node) and x._level < 0.0 else x for x in inputs]
    inputs = [data_of(x) if isinstance(x, Node) and isinstance(data_of(x), Node) else x for x in inputs]  # unbox
    level = max([x._level for x in inputs if isinstance(x, Node)])
    return [_boxed(x, x) if isinstance(x, Node) and x._level < level else x for x in inputs]


def _boxed(x: Node, data: Array) -> Any:
    return made(type(x), data, _CONSTANT, None, None)


def all_raw(data: Sequence[Any]) -> bool:
    """Whether these are numbers and arrays, and none is another interpreter's value."""
    for x in data:  # noqa: SIM110 - Cython makes no generator of this
        if type(x) not in PLAIN:
            return False
    return True
