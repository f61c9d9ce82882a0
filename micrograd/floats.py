"""The same graph and the same rules where all data are floats: nodes built and steps
taken quickly.

This room adds no rules. The forward and the slopes come from the record of the op, as
formulas. Without a formula, or with a result that is not finite, the functions below
return None or False, having done nothing. Then the engine takes the ordinary path,
which knows what an infinity or a nan means.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from micrograd import doubles, memory, unchecked
from micrograd.anomaly import OPEN
from micrograd.captures import CAPTURES, mixed, note, note_constant
from micrograd.formula import make
from micrograd.modes import PAUSES, paused
from micrograd.node import Node, set_grad
from micrograd.operands import nobody_to_ask
from micrograd.pure import FIXED
from micrograd.record import CONSTANT as _CONSTANT
from micrograd.record import PRODUCT, SUM, Elementwise, Formulas, Op
from micrograd.table import OPS

NAN = float("nan")
NONE: dict[str, Any] = {}  # no params


class Params(dict[str, Any]):
    """The params of a node, shared by all nodes of an op with the same ones.

    Attributes:
        formulas: the programs of the op with these params.
    """

    __slots__ = ("formulas",)

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.formulas = Formulas()

    def __reduce__(self) -> Any:
        return dict, (dict(self),)


_shared: dict[Any, Params] = {}


def shared_params(op: Op, params: dict[str, Any]) -> Params | None:
    """The params of an op as one dictionary for all nodes; None where they may change,
    as a list may.
    """
    key: list[Any] = [op, *params.items()]  # not its name: in a notebook an op may be defined anew
    for x in params.values():
        if type(x) not in FIXED:
            return None
        key.append(type(x) if x or type(x) is not float else repr(x))  # 1 is not True, and 0.0 is not -0.0
    found = _shared.get(tuple(key))
    if found is None:
        if len(_shared) > 1000:
            _shared.clear()
        found = _shared[tuple(key)] = Params(params)
    return found


@functools.lru_cache(maxsize=256, typed=True)
def exponents(exponent: float) -> Params:
    """The params of a power, one dictionary for all powers of an exponent."""
    return Params({"exponent": exponent})


def apply(op: Op, x: Node, y: Any) -> Any:
    """op(x, y): quickly where both are floats."""
    if x._is_float and y is not None:
        node = build(type(x), op, x, y, None)
        if node is not None:
            return node
    if type(y) is type(x) or nobody_to_ask(y):
        return x._apply_op(op, (x, y), NONE)
    return op(x, y)


def apply_one(op: Op, x: Node) -> Any:
    """op(x): quickly where x is a float."""
    node = build(type(x), op, x, None, None) if x._is_float else None
    return x._apply_op(op, (x,), NONE) if node is None else node


def _apply_known(op: Any, x: Any) -> Any:
    """`apply_one` for what is known to be an op and a node."""
    record, node = unchecked.record(op), unchecked.node(x)
    made = build(type(x), record, x, None, None) if node._is_float else None
    return x._apply_op(op, (x,), NONE) if made is None else made


def reflected(op: Op, x: Node, y: Any) -> Any:
    """op(y, x), where y is not a Value."""
    return x._apply_op(op, (y, x), NONE) if nobody_to_ask(y) else op(y, x)


def add_methods(kind: type[Node]) -> None:
    """Give a class the methods of `Operators` that are ops of one input, so that they
    are quick on floats.
    """
    for op in OPS.values():
        if isinstance(op, Elementwise) and len(op.rules) == 1 and not op.forward.__kwdefaults__:
            slow = getattr(kind, op.name, None)
            if slow is not None:
                setattr(kind, op.name, _method(kind, op, slow))


def _method(kind: type[Node], op: Op, slow: Any) -> Any:
    def method(self: Any) -> Any:
        if type(self) is kind:
            return _apply_known(op, self)
        return apply_one(op, self) if isinstance(self, Node) else op(self)  # Value.tanh(3.0)

    method.__name__, method.__doc__ = op.name, (op.__doc__ or "").split("\n")[0]
    method.__qualname__, method.__module__ = f"{kind.__name__}.{op.name}", kind.__module__
    method.__wrapped__ = slow  # type: ignore[attr-defined]  # its signature and its source are shown
    return method


def applied(asked: Node, op: Op, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    """The node of op(*inputs, **params), where one of them is asked, for floats; None
    where it is not that simple.
    """
    node = _applied(type(asked), op, inputs, params) if asked._is_float else None
    return mixed(op, inputs, params) if node is None and CAPTURES else node


def _applied(kind: type[Node], op: Op, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    count = len(inputs)
    if op.formulas.state == 2 or not 1 <= count <= 2 or count != op._count:
        return None
    shared = None
    if params:
        shared = shared_params(op, params)
        if shared is None:
            return None
    return build(kind, op, inputs[0], inputs[1] if count == 2 else None, shared)


def build(kind: type[Node], op: Op, x: Any, y: Any, params: Params | None) -> Any:
    """The node of op(x) or op(x, y) for floats; None where it is not that simple."""
    formulas = op.formulas if params is None else params.formulas
    if OPEN or (formulas.state != 1 and not _are_made(formulas, op, params)):
        return None
    has_history = is_watched = False
    if type(x) is kind:
        left = unchecked.node(x)
        if not left._is_float:
            return None
        a = left._float
        has_history = left._record is not _CONSTANT
        is_watched = memory.is_watched(left)
    else:
        a = _number(x)
    b = 0.0
    if y is not None:
        if type(y) is kind:
            right = unchecked.node(y)
            if not right._is_float:
                return None
            b = right._float
            has_history = has_history or right._record is not _CONSTANT
            is_watched = is_watched or memory.is_watched(right)
        else:
            b = _number(y)
    if a != a or b != b:
        return None
    if formulas.run is not None:
        data = doubles.run(formulas.run, 0.0, a, b, 0.0)
        if data - data != 0.0:  # not finite
            return None
    elif y is None and params is None:
        answer = op.forward(a)
        if type(answer) is not float:
            return None
        data = answer
    else:
        return None
    node = unchecked.node(kind.__new__(kind))
    memory.clear(node)
    node.label = ""
    node._is_float = True
    node._float = data
    if not has_history or (PAUSES and memory.is_set(paused)):
        node._record = _CONSTANT
        if CAPTURES:
            note_constant(node, op, (x,) if y is None else (x, y), params)
        return node
    node._record = op
    node._x = x
    node._y = y
    if params is not None:
        node._params = params
    if is_watched:
        memory.watch(node)
    if CAPTURES:
        note(node)
    return node


def _are_made(formulas: Formulas, op: Op, params: Params | None) -> bool:
    """Whether there are formulas.

    They are made at the first use of an op, or the fourth of some params.
    """
    if formulas.state == 0:
        formulas.uses += 1
        if params is None or formulas.uses == 4:
            make(formulas, op, params or NONE)
    return formulas.state == 1


def step(node: Node) -> bool:
    """The chain rule from one node on to its inputs, where all are floats; False where
    it is not that simple.
    """
    formulas = node._record.formulas
    if formulas.has_params and node._params is not None:
        if type(node._params) is not Params:
            return False
        params = node._params
        formulas = params.formulas
    if OPEN or not node._has_float_grad or not node._is_float or formulas.state != 1:
        return False
    g, kind = node._float_grad, type(node)
    left = right = None
    if type(node._x) is kind:
        left = unchecked.node(node._x)
        if not left._is_float:  # an array has been assigned since, perhaps
            return False
        a = left._float
    else:
        a = _number(node._x)
    b, h = 0.0, g
    if node._y is not None:
        if type(node._y) is kind:
            right = unchecked.node(node._y)
            if not right._is_float:
                return False
            b = right._float
        else:
            b = _number(node._y)
    if formulas.slopes == PRODUCT:
        h *= a
        g *= b
    elif formulas.slopes != SUM:
        if formulas.slope_x is None or (node._y is not None and formulas.slope_y is None):
            return False
        g *= doubles.run(formulas.slope_x, node._float, a, b, 0.0)
        if node._y is not None:
            h *= doubles.run(formulas.slope_y, node._float, a, b, 0.0)
        if g - g != 0.0 or h - h != 0.0:  # zero times infinity, perhaps; where C says inf, Python may have raised
            return False
    if a != a or b != b or g != g or h != h:
        return False
    if left is not None:
        _add(left, g)
    if right is not None:
        _add(right, h)
    return True


def pushed(op: Op, x: Any, y: Any, s: Any, t: Any, params: dict[str, Any]) -> Any:
    """op(x, y) and its tangent, where x and y are floats with the tangents s and t;
    None where it is not that simple.

    Args:
        op: the record.
        x: a float, or an int beside one.
        y: the same; None where the op has one input.
        s: the tangent of x; None where x is a constant.
        t: the tangent of y, likewise.
        params: the keyword arguments.
    """
    if op.formulas.state == 2 or op._count != (1 if y is None else 2):
        return None
    shared = None
    if params:
        shared = shared_params(op, params)
        if shared is None:
            return None
    formulas = op.formulas if shared is None else shared.formulas
    if OPEN or (formulas.state != 1 and not _are_made(formulas, op, shared)):
        return None
    a, b = _number(x), 0.0 if y is None else _number(y)
    if formulas.run is not None:
        z = doubles.run(formulas.run, 0.0, a, b, 0.0)
    elif y is None and shared is None:
        answer = op.forward(a)
        if type(answer) is not float:
            return None
        z = answer
    else:
        return None
    g, h = (0.0 if s is None else _number(s)), (0.0 if t is None else _number(t))
    if formulas.slopes == PRODUCT:
        g *= b
        h *= a
    elif formulas.slopes != SUM:
        if (s is not None and formulas.slope_x is None) or (t is not None and formulas.slope_y is None):
            return None
        if s is not None:
            g *= doubles.run(formulas.slope_x, z, a, b, 0.0)
        if t is not None:
            h *= doubles.run(formulas.slope_y, z, a, b, 0.0)
    g += h
    if z - z != 0.0 or g - g != 0.0:  # not finite
        return None
    return z, (None if s is None and t is None else g)


def _number(x: Any) -> float:
    """A raw input that is a float or an int; nan for any other."""
    if type(x) is float:
        return x
    return _from_int(x) if type(x) is int else NAN


def _from_int(x: Any) -> float:
    try:
        number: float = x * 1.0
    except OverflowError:  # the op may have an answer, as minimum(1.0, 10**400) has
        return NAN
    return number


def _add(node: Node, part: float) -> None:
    """Add a part to the gradient of an input, if it has one."""
    if node._has_float_grad:
        node._float_grad += part
    elif node._has_gradient:
        set_grad(node, node._gradient + part)
    elif node._record is not _CONSTANT:
        node._float_grad = part
        node._has_float_grad = True
