"""Terms: what is computed at one point of a line, an expression over reads.

`Term` is an interpreter of the ops. So the derivative of a line is made by the same
rules as everywhere, run on terms. Equal terms are one object.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from micrograd.compiling.params import key_of
from micrograd.modes import quietly
from micrograd.ops.arithmetic import add, divide, multiply, negative, subtract, where
from micrograd.ops.functions import power, raise_to, sqrt
from micrograd.ops.operators import Operators
from micrograd.record import Op, Primitive, count_of

if TYPE_CHECKING:
    from micrograd.compiling.lines import Buffer
    from micrograd.compiling.maps import Map


class Terms:
    """The terms of a program: each is made once.

    Args:
        exact: keep every op as eager runs it; else `x**2` may become `x * x`.
    """

    def __init__(self, exact: bool) -> None:
        self.exact = exact
        self._known: dict[Any, Any] = {}

    def read(self, buffer: Buffer, place: Map) -> Read:
        """An element of a buffer."""
        key = (buffer.name, place.key)
        if key not in self._known:
            self._known[key] = Read(self, buffer, place)
        return self._known[key]  # type: ignore[no-any-return]

    def apply(self, op: Op, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """op(*inputs, **params), written down; or what it is known to be."""
        if not any(isinstance(x, Part) for x in inputs):
            with quietly():
                return op(*inputs, **params)
        short = _shortened(op, inputs, params, self.exact)
        if short is not None:
            return short
        key = (op.name, *[id(x) if isinstance(x, Part) else (type(x), repr(x)) for x in inputs], key_of(params))
        if key not in self._known:
            self._known[key] = Term(self, op, tuple(inputs), params)
        return self._known[key]


def _shortened(op: Op, inputs: Sequence[Any], params: dict[str, Any], exact: bool) -> Any:
    """What the result is known to be without computing it; None for most."""
    x, y = (*inputs, None, None)[:2]
    if op is multiply:
        for one, other in ((x, y), (y, x)):
            if is_choice(one) and isinstance(other, Part) and not exact:  # the gradient, or none
                return other.table.apply(where, [one.inputs[0], other, 0.0], {})
            if isinstance(one, (int, float)) and one == 1:
                return other
            if isinstance(one, (int, float)) and one == -1:
                return other.table.apply(negative, [other], {})
    elif exact and (op is add or op is subtract):
        return None  # -0.0 + 0.0 is 0.0
    elif op is add or op is subtract:
        if isinstance(y, (int, float)) and y == 0:
            return x
        if op is add and isinstance(x, (int, float)) and x == 0:
            return y
    elif op is divide and isinstance(y, (int, float)) and y == 1:
        return x
    elif op is negative and isinstance(x, Term) and x.op is negative:
        return x.inputs[0]
    elif (op is raise_to or op is power) and not exact:
        exponent = params["exponent"] if op is raise_to else y
        return _power(x, exponent) if isinstance(exponent, (int, float)) else None
    return None


def is_choice(x: Any) -> bool:
    """Whether a term is 1 where something holds, and else 0."""
    return isinstance(x, Term) and x.op is where and _is(x.inputs[1], 1.0) and _is(x.inputs[2], 0.0)


def _is(x: Any, number: float) -> bool:
    return isinstance(x, (int, float)) and x == number


def _power(x: Any, exponent: float) -> Any:
    if exponent == 1:
        return x
    if exponent == 2:
        return x * x
    if exponent == 3:
        return x * x * x
    if exponent == -1:
        return 1.0 / x
    if exponent == -2:
        return 1.0 / (x * x)
    if exponent == -0.5:
        return 1.0 / sqrt(x)
    if exponent == -1.5:
        return 1.0 / (x * sqrt(x))
    return None


class Part(Operators):
    """A term or a read."""

    __slots__ = ("table",)
    table: Terms

    def _apply_op(self, op: Op, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        return self.table.apply(op, inputs, params)


class Read(Part):
    """An element of a buffer, at each point of the domain."""

    __slots__ = ("buffer", "place")

    def __init__(self, table: Terms, buffer: Buffer, place: Map) -> None:
        self.table = table
        self.buffer = buffer
        self.place = place

    def __repr__(self) -> str:
        return f"{self.buffer.name}[{self.place.offset}{self.place.strides}]"


class Term(Part):
    """An elementwise op on terms, reads and numbers."""

    __slots__ = ("_order", "_plain", "inputs", "op", "params")

    def __init__(self, table: Terms, op: Op, inputs: tuple[Any, ...], params: dict[str, Any]) -> None:
        self.table = table
        self._order: tuple[Any, ...] | None = None
        self._plain: Any = None
        self.op = op
        self.inputs = inputs
        self.params = params

    def __repr__(self) -> str:
        return f"{self.op.name}({', '.join(map(repr, self.inputs))})"


def in_order(root: Any) -> tuple[Any, ...]:
    """Every term and read that root is made of, inputs before users, each once."""
    if not isinstance(root, Term):
        return (root,) if isinstance(root, Part) else ()
    if root._order is None:
        root._order = _ordered(root)
    return root._order


def _ordered(root: Term) -> tuple[Any, ...]:
    order: list[Any] = []
    seen: set[int] = set()
    stack: list[Any] = [root]
    while stack:
        part = stack[-1]
        if id(part) not in seen:
            inputs = part.inputs if isinstance(part, Term) else ()
            ahead = [x for x in inputs if isinstance(x, Part) and id(x) not in seen]
            if ahead:
                stack += reversed(ahead)
                continue
            seen.add(id(part))
            order.append(part)
        stack.pop()
    return tuple(order)


def reads_of(root: Any) -> list[Read]:
    """The reads in a term, each once."""
    return [part for part in in_order(root) if isinstance(part, Read)]


def replaced(root: Any, change: Any) -> Any:
    """The same term with change(read) in the place of each read."""
    made: dict[int, Any] = {}
    for part in in_order(root):
        if isinstance(part, Read):
            made[id(part)] = change(part)
        else:
            inputs = [made.get(id(x), x) for x in part.inputs]
            made[id(part)] = part.table.apply(part.op, inputs, part.params)
    return made[id(root)] if isinstance(root, Part) else root


def expanded(root: Any) -> Any:
    """The same term in ops that C spells by one name or sign."""
    if isinstance(root, Term):
        if root._plain is None:
            root._plain = _expanded(root)
        return root._plain
    return root


def _expanded(root: Term) -> Any:
    made: dict[int, Any] = {}
    for part in in_order(root):
        if isinstance(part, Read):
            made[id(part)] = part
            continue
        inputs = [made.get(id(x), x) for x in part.inputs]
        spelling = part.op.facts.c
        if callable(spelling):
            made[id(part)] = expanded(spelling(*inputs, **part.params))
        else:
            made[id(part)] = part.table.apply(part.op, inputs, part.params)
    return made[id(root)]


def is_spelled(op: Op, params: dict[str, Any]) -> bool:
    """Whether C can spell an elementwise op, and its derivatives."""
    key = (op, key_of(params))
    if key not in _spelled:
        _spelled[key] = bool(op.facts.c) and _can_be_spelled(op, params)
    return _spelled[key]


_spelled: dict[Any, bool] = {}


def _can_be_spelled(op: Op, params: dict[str, Any]) -> bool:
    terms = Terms(False)
    inputs = [Unknown(terms) for _ in range(max(count_of(op.forward), len(op.rules)))]
    root = terms.apply(op, inputs, params)
    slopes = [slope for _, slope in partials(root, None).values()] if op.differentiable else []
    parts = [part for term in [root, *slopes] for part in in_order(expanded(term))]
    return all(isinstance(part, Read) or (isinstance(part.op.facts.c, str) and part.op.facts.c) for part in parts)


class Unknown(Read):
    """A read of anything."""

    __slots__ = ()

    def __init__(self, table: Terms) -> None:
        self.table = table


def partials(root: Any, output: Read | None) -> dict[int, tuple[Read, Any]]:
    """The derivative of a term by each of its reads.

    Args:
        root: the term.
        output: a read of the term itself, which rules then use; None where there is
            none.

    Returns:
        Per read, by its id: the read, and the partial derivative as a term.
    """
    if isinstance(root, Read):
        return {id(root): (root, 1.0)}
    order = in_order(root)
    slopes: dict[int, Any] = {id(root): 1.0} if order else {}
    for part in reversed(order):
        g = slopes.get(id(part))
        if g is None or isinstance(part, Read) or not part.op.differentiable:
            continue
        z = output if output is not None and part is root else part
        for i, x in enumerate(part.inputs):
            if isinstance(x, Part) and part.op.rules[i] is not None:
                slope = _passed_on(part, i, g, z, _times)
                if slope is not None:
                    slopes[id(x)] = slope if id(x) not in slopes else slopes[id(x)] + slope
    return {id(part): (part, slopes[id(part)]) for part in order if isinstance(part, Read) and id(part) in slopes}


def parts_in_order(root: Any, g: Any, output: Read | None) -> list[tuple[Read, Any]]:
    """What each read of a term gets, each time that it is read, as eager computes it:
    a gradient times one slope after the other.

    Args:
        root: the term.
        g: its gradient.
        output: a read of the term itself, or None.

    Returns:
        Reads, and their parts.
    """
    if isinstance(root, Read):
        return [(root, g)]
    gradients: dict[int, Any] = {id(root): g}
    found: list[tuple[Read, Any]] = []
    for part in reversed(in_order(root)):
        g = gradients.get(id(part))
        if g is None or isinstance(part, Read) or not part.op.differentiable:
            continue
        z = output if output is not None and part is root else part
        for i, x in enumerate(part.inputs):
            if isinstance(x, Part) and part.op.rules[i] is not None:
                given = _passed_on(part, i, g, z, operator.mul)
                if isinstance(x, Read):
                    found.append((x, given))
                else:  # two nodes of one formula are one term; eager lets each of them go back by itself
                    gradients[id(x)] = gradients[id(x)] + given if id(x) in gradients else given
    return found


def _passed_on(part: Term, i: int, g: Any, z: Any, times: Callable[[Any, Any], Any]) -> Any:
    """What input i of an op gets, by its rule.

    Args:
        part: the op and its inputs.
        i: the number of the input.
        g: the gradient of the output.
        z: the output.
        times: how a gradient is multiplied by a slope.
    """
    if isinstance(part.op, Primitive):
        return part.op.rules[i](g, z, *part.inputs, **part.params)
    return times(g, part.op.rules[i](z, *part.inputs, **part.params))


def _times(g: Any, slope: Any) -> Any:
    """g * slope, where a comparison is a choice; None for 0."""
    if isinstance(slope, Term) and not slope.op.differentiable:
        return slope.table.apply(where, [slope, g, 0.0], {})
    if isinstance(slope, (bool, int, float)) and not slope:
        return None
    return g * slope
