"""The graph of an engine that a reader has written: no micrograd is in it.

Its values have the shape of the texts: `data`, `grad`, `_prev`, `_op`, and perhaps
`label`. The same graph is built of our Values, with the reader's own numbers in it. So
the page shows each step as it does for ours, and says where a gradient of the reader is
another one.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from micrograd import ops
from micrograd.engine import Value
from micrograd.errors import DrawError

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: x + y,
    "*": lambda x, y: x * y,
    "-": lambda x, y: x - y,
    "/": lambda x, y: x / y,
    "**": lambda x, y: x**y,
}
UNARY: dict[str, Callable[[Any], Any]] = {
    "tanh": ops.tanh,
    "relu": ops.relu,
    "exp": ops.exp,
    "log": ops.log,
    "sigmoid": ops.sigmoid,
    "neg": lambda x: -x,
    "-": lambda x: -x,
}


def is_own(x: Any) -> bool:
    """Whether this is a value of an engine as the texts write it.

    >>> is_own(Value(1.0)), is_own(1.0)
    (False, False)
    """
    return (
        not isinstance(x, Value | type)
        and isinstance(getattr(x, "data", None), int | float)
        and isinstance(getattr(x, "_prev", None), set | frozenset | tuple | list)
        and isinstance(getattr(x, "_op", None), str)
    )


def twin_of(root: Any, names: Mapping[int, str], most: int) -> Value:
    """The same graph of our Values.

    Args:
        root: a value for which `is_own` holds.
        names: what values are called that have no label, by their `id`.
        most: the number of values that are taken.

    Raises:
        DrawError: there are more values, one is made of itself, or an op is not known.
    """
    has_grads = bool(getattr(root, "grad", 0.0))
    twins: dict[int, Value] = {}
    for node in _sorted(root, most):
        inputs = [twins[id(x)] for x in _inputs(node)]
        twin = _made(node, inputs) if inputs else Value(float(node.data))
        if twin.data != float(node.data):
            twin.data = float(node.data)
        label = getattr(node, "label", "")
        twin.label = label if isinstance(label, str) and label else names.get(id(node), "")
        grad = getattr(node, "grad", None)
        if has_grads and isinstance(grad, int | float):
            twin.grad = float(grad)
        twins[id(node)] = twin
    return twins[id(root)]


def _sorted(root: Any, most: int) -> Iterator[Any]:
    """The values below a value, each after those that it is made of."""
    stack, opened, done = [root], set[int](), set[int]()
    while stack:
        node = stack.pop()
        if id(node) in done:
            continue
        if id(node) in opened:
            done.add(id(node))
            yield node
            continue
        opened.add(id(node))
        if len(opened) > most:
            raise DrawError(f"there are more than {most:,} values, and no more are shown")
        if others := [type(x).__name__ for x in node._prev if not is_own(x)]:
            raise DrawError(f"the `_prev` of {node._op!r} holds {others[0]}; put values there only")
        waiting = [x for x in _inputs(node) if id(x) not in done]
        if any(id(x) in opened for x in waiting):
            raise DrawError("a value is made of itself; was its `_prev` changed after it was made?")
        stack += [node, *waiting]


def _inputs(node: Any) -> list[Any]:
    """What a value is made of. A set has no order: take one that is always the same."""
    if isinstance(node._prev, list | tuple):
        return [*node._prev]
    return sorted(node._prev, key=lambda x: (str(getattr(x, "label", "")), x.data))


def _made(node: Any, inputs: list[Value]) -> Value:
    """What our op makes of the inputs, in the order that gives the reader's number.

    A set has no order, and holds a value once that is used twice.
    """
    made = [*_tries(node._op, inputs, isinstance(node._prev, list | tuple))]
    if not made:
        raise DrawError(f"the op {node._op!r} is not known here; write _op as '+', '*', '**2', 'tanh' and so on")
    fitting = [z for z in made if math.isclose(z.data, node.data, rel_tol=1e-9)]
    has_ways = len(made) > 1 or (len(inputs) > 1 and not isinstance(node._prev, list | tuple))
    if has_ways and len(fitting) != 1 and node._op not in ("+", "*"):
        raise DrawError(f"`_prev` does not say the order of the inputs of {node._op!r}; make it a tuple")
    return fitting[0] if fitting else made[0]


def _tries(op: str, inputs: list[Value], is_ordered: bool) -> Iterator[Value]:
    if op in BINARY and len(inputs) == 2:
        for pair in (inputs,) if is_ordered else (inputs, inputs[::-1]):
            with contextlib.suppress(ArithmeticError, ValueError):  # a division by 0, in the other order
                yield BINARY[op](*pair)
    elif len(inputs) == 1:
        if op.lower() in UNARY:
            yield UNARY[op.lower()](inputs[0])
        if op in BINARY:
            yield BINARY[op](inputs[0], inputs[0])
        if (power := _power(op)) is not None:
            yield inputs[0] ** power


def _power(op: str) -> float | None:
    text = op[2:].strip("() ") if op[:2] == "**" else ""
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        return None
