"""The engine: a `Value` remembers how it was made, and `backward()` walks that graph once.

Read from the top. A Value holds `data`, a Python number or an array. An operator on Values makes a new one that
keeps its inputs and the record of the op (see op.py). `toposort` puts the graph in order, inputs before
users, and `backward` goes through it from the end: each node passes its gradient on to its inputs by the
rules of its op, and gradients that meet are added. That is the chain rule.

>>> a, b = Value(2.0), Value(-3.0)
>>> c = a * b + 10.0
>>> c.backward()
>>> c.data, a.grad, b.grad
(4.0, -3.0, 2.0)
"""

from __future__ import annotations

import contextlib
import copy
import functools
import itertools
import math
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from micrograd import copies, levels, memory
from micrograd.anomaly import Anomalies
from micrograd.arrays import as_data, as_operand, is_lazy, is_number
from micrograd.asked import asked_in
from micrograd.cycles import leading_back, nodes_within
from micrograd.errors import DataError, GradientError, OpError, ShapeError
from micrograd.exact import EXACT, fitted, holds_exact, number_like
from micrograd.modes import PAUSES, Function, Mode, is_quiet, paused, quietly
from micrograd.modes import enable_grad as enable_grad
from micrograd.modes import is_recording as is_recording
from micrograd.modes import no_grad as no_grad
from micrograd.op import NUMBERS, PLAIN, Array, Custom, Op, ground, named, shape_of
from micrograd.ops import add, cast, divide, matmul, multiply, power, raise_to, subtract, sum_to
from micrograd.ops import exp as exp_op
from micrograd.ops import log as log_op
from micrograd.ops import positive as positive_op
from micrograd.ops import relu as relu_op
from micrograd.ops import tanh as tanh_op
from micrograd.ops.operators import Operators
from micrograd.unknown import STRICT, Doubt, Zeros, current_zeros
from micrograd.walks import ACTIVE, LOCK, Place, Walk, is_running_here, place_of

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

NAN = float("nan")
NONE: dict[str, Any] = {}  # no params
LEAF = Custom("")  # the record of a Value that the user made: its gradient accumulates
CONSTANT = Custom("")  # the record of a Value without a history: no gradient goes there


class Value(Operators):
    """A number or an array that remembers how it was made, and has a gradient after `backward()`.

    Results of ops on a subclass are of that subclass, and do not go through its `__init__`.

    Args:
        data: a Python number (an int stays an int, a Fraction a Fraction), or an array, or nested lists of numbers.
            Floating-point arrays keep their dtype, arrays of integers become float64, np.float64 numbers become floats.
            A floating-point array is kept itself, not copied: what changes it changes the Value, and `v.data -= ...`
            changes it.
        _children: the inputs, when a node is made by hand; `prev=` is the same.
        _op: the symbol of the op that made it, for pictures; `op=` is the same.
        label: a name for pictures and errors.
        copy: hold a copy of the array, rather than the array itself.

    Attributes:
        data: the number or array. Assign to it between graphs, as when training: `backward()` uses data as it stands.
        grad: the derivative of the last `backward()`'s root by this value, of the shape and dtype of data.

    Raises:
        DataError: data is not a real number or an array of real numbers.

    >>> Value(5.0)
    Value(data=5.0, grad=0.0)
    """

    # A float, almost always what there is, has a field of its own, which is a C double in the compiled engine:
    # the data is _float if _is_float, else _array; the gradient _slope if _has_slope, _gradient if _has_gradient,
    # else zero.
    __slots__ = (
        "__weakref__",
        "_array",
        "_float",
        "_gradient",
        "_has_gradient",
        "_has_own",
        "_has_slope",
        "_is_float",
        "_mark",
        "_own",
        "_params",
        "_record",
        "_slope",
        "_x",
        "_y",
        "label",
    )
    _float: float
    _slope: float
    _is_float: bool
    _has_slope: bool
    _has_gradient: bool
    _has_own: bool
    _mark: int
    _array: Any
    _gradient: Any
    _record: Any
    _own: Callable[[], Any] | None
    _params: Any
    _x: Any
    _y: Any

    def __init__(
        self,
        data: Array,
        _children: Iterable[Any] = (),
        _op: str = "",
        label: str = "",
        *,
        prev: Iterable[Any] = (),
        op: str = "",
        copy: bool = False,
    ) -> None:
        if type(data) is float and not (_children or _op or prev or op):  # almost always
            memory.clear(self)
            self._record = LEAF
            self.label = label
            self._is_float = True
            self._float = data
            return
        if isinstance(data, Value):
            raise DataError(f"Value: the data is a Value already, {data}; use it as it is, or its .data")
        if isinstance(_children, str):
            raise DataError(f"Value: {_children!r} stands in the place of _children; write label={_children!r}")
        inputs = tuple(_children or prev)
        symbol = _op or op
        memory.clear(self)
        self._record = Custom(symbol) if inputs or symbol else LEAF
        self.label = label
        _put_inputs(self, inputs)
        data = as_data(data)
        self._content = data.copy() if copy and type(data) not in NUMBERS else data
        _watch_like(self, inputs)

    # What it holds

    @property
    def _content(self) -> Any:
        return _held(self)

    @_content.setter
    def _content(self, data: Any) -> None:
        _hold(self, data)

    @property
    def _grad(self) -> Any:
        """None stands for zero, so that no array of zeros need be made."""
        return _grad_here(self)

    @_grad.setter
    def _grad(self, grad: Any) -> None:
        _put_grad_here(self, grad)

    @property
    def data(self) -> Any:
        """The number or array; assignable."""
        return _held(self)

    @data.setter
    def data(self, data: Array) -> None:
        if type(data) is float and self._is_float:  # as when training number by number
            self._float = data
            return
        if not self._is_float and data is self._array:  # changed in place, as by `v.data -= ...`
            return
        data = as_data(_held(data))
        if shape_of(data) != shape_of(self._content):
            self._grad = None  # it was of the old shape
        self._content = data

    @property
    def grad(self) -> Any:
        """The gradient, of the shape and dtype of data; zero before `backward()`; assignable."""
        grad = _grad_here(self)
        if grad is not None:
            return grad
        if self._is_float or is_number(self._content):
            return 0.0
        if holds_exact(self._content):
            return number_like(0.0, self._content)
        zeros = as_data(np.zeros_like(self._content))
        with LOCK:  # unless another thread has put one there
            if _grad_here(self) is None:
                _put_grad_here(self, zeros)
            return self._grad

    @grad.setter
    def grad(self, grad: Array) -> None:
        if grad is None or (is_number(grad) and grad == 0):
            _put_grad_here(self, None)
        elif is_number(grad) and is_number(_held(self)):
            _put_grad_here(self, grad)
        else:
            cotangent = _cotangent("grad", self, grad)
            self._grad = grad if isinstance(grad, Value) else cotangent
            if isinstance(grad, Value) and not is_quiet():  # during a walk, `backward` has seen to that
                _watch_round(self, grad)

    @property
    def inputs(self) -> tuple[Value, ...]:
        """The inputs in order, with repeats; a raw number among them appears as a Value, with its gradient."""
        given = _inputs(self)
        if not all(isinstance(x, Value) for x in given):
            given = tuple(x if isinstance(x, Value) else _wrapped(self, i, x) for i, x in enumerate(given))
            _put_inputs(self, given)
        return given

    @property
    def _prev(self) -> set[Value]:
        return set(self.inputs)

    @property
    def _op(self) -> str:
        symbol = self._record.symbol
        return str(symbol.format(**self._params)) if self._params else symbol

    @property
    def prev(self) -> set[Value]:
        """The set of inputs."""
        return self._prev

    @property
    def op(self) -> str:
        """The symbol of the op that made it; empty for a leaf."""
        return self._op

    @property
    def _backward(self) -> Callable[[], Any]:
        """One step of the chain rule: adds this node's part to the gradients of its inputs; assignable."""
        return self._own or (lambda: _pull_by_hand(self))

    @_backward.setter
    def _backward(self, step: Callable[[], Any] | None) -> None:
        self._own = step
        self._has_own = step is not None
        _watch_round(self, step)  # the step knows the node, and the node the step

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes; () for a number."""
        return shape_of(self._content)

    @property
    def _dtype(self) -> Any:
        return np.dtype(float) if is_number(self._content) else getattr(self._content, "dtype", np.dtype(object))

    @property
    def _level(self) -> float:
        # Between the levels of the Duals: above that in its data, below that of any jvp entered later.
        return 0.5 if type(self._content) in PLAIN else math.floor(getattr(self._content, "_level", 0.0)) + 0.5

    @property
    def _below(self) -> Any:
        return self._content

    def _is_traced(self) -> bool:
        return hasattr(self._content, "_apply_op") and bool(self._content._is_traced())

    def _has_history(self) -> bool:
        if self._record is not CONSTANT and is_recording():
            return True
        return hasattr(self._content, "_apply_op") and bool(self._content._has_history())

    def _is_eager_number(self) -> bool:
        return self._is_float or (self.shape == () and not hasattr(self._content, "_apply_op"))

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={self.data}, grad={self.grad}{label})"

    # How graphs are made. On numbers `a - b` is `a + b * -1` and `a / b` is `a * b**-1`, node for node as in the
    # texts; with an array among the operands each is one node, one call of NumPy.

    def __add__(self, other: Array) -> Any:
        if _quick(self) and _is_plain(other, type(self)):
            return _float_node(type(self), self._float + _float_of(other), add, self, other)
        return _of_both(add, self, other)

    def __radd__(self, other: Array) -> Any:
        return self + other if is_number(other) else _of_both(add, self, other, True)

    def __mul__(self, other: Array) -> Any:
        if _quick(self) and _is_plain(other, type(self)):
            return _float_node(type(self), self._float * _float_of(other), multiply, self, other)
        return _of_both(multiply, self, other)

    def __rmul__(self, other: Array) -> Any:
        return self * other if is_number(other) else _of_both(multiply, self, other, True)

    def __matmul__(self, other: Array) -> Any:
        return _of_both(matmul, self, other)

    def __rmatmul__(self, other: Array) -> Any:
        return _of_both(matmul, self, other, True)

    def __neg__(self) -> Any:
        return self * -1 if self._is_float or is_number(self._content) else super().__neg__()

    def __sub__(self, other: Array) -> Any:
        if _quick(self) and _is_plain(other, type(self)):
            return self + (-other)
        other = _operand("subtract", self, other)
        return self + (-other) if _numbers(self, other) else _of_both(subtract, self, other)

    def __rsub__(self, other: Array) -> Any:
        other = _operand("subtract", self, other)
        return other + (-self) if _numbers(self, other) else _of_both(subtract, self, other, True)

    def __truediv__(self, other: Array) -> Any:
        if _quick(self) and type(other) is type(self):
            return self * other**-1
        other = _operand("divide", self, other)
        if not _numbers(self, other) or type(other) is Traced:
            return _of_both(divide, self, other)
        return self * (other**-1 if isinstance(other, Value) else raise_to(other, exponent=-1))

    def __rtruediv__(self, other: Array) -> Any:
        other = _operand("divide", self, other)
        return other * self**-1 if _numbers(self, other) else _of_both(divide, self, other, True)

    def __pow__(self, other: Array) -> Any:
        other = _operand("power", self, other)
        if not is_number(other):
            return power(self, other)
        if _quick(self):
            z = _raised(self._float, other)
            if z - z == 0.0:  # finite
                return _with_params(_float_node(type(self), z, raise_to, self, None), _shared_params(other))
        return raise_to(self, exponent=other)

    def exp(self) -> Any:
        """Exponential, elementwise."""
        if _quick(self):
            z = _exponential(self._float)
            if z - z == 0.0:  # finite
                return _float_node(type(self), z, exp_op, self, None)
        return exp_op(self)

    def log(self) -> Any:
        """Natural logarithm, elementwise."""
        if _quick(self) and self._float > 0.0:
            return _float_node(type(self), math.log(self._float), log_op, self, None)
        return log_op(self)

    def relu(self) -> Any:
        """Rectified linear unit, elementwise."""
        if _quick(self):
            return _float_node(type(self), 0.0 if self._float <= 0.0 else self._float, relu_op, self, None)
        return relu_op(self)

    def tanh(self) -> Any:
        """Hyperbolic tangent, elementwise."""
        if _quick(self):
            return _float_node(type(self), math.tanh(self._float), tanh_op, self, None)
        return tanh_op(self)

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        """Run the op on the data of its inputs, and record it. This is what an op asks of an interpreter."""
        if len(inputs) == 1 and not params and op.differentiable and _quick(self):
            number = op.forward(self._float)
            if type(number) is float:
                return _float_node(type(self), number, op, self, None)
        kind: Any = None
        given, data, is_plain = [], [], True
        for i, x in enumerate(inputs):
            if not isinstance(x, Value):
                raw, x = x, _constant(op, i, x, inputs)
                if x is not raw and hasattr(x, "_apply_op"):  # Values in a list: the newest of all takes the call
                    return op(*inputs[:i], x, *inputs[i + 1 :], **params)
            elif not _is_constant(x) and (kind is None or kind is Value or type(x) is Traced):
                kind = type(x)
            below = _held(x)
            is_plain = is_plain and type(below) in PLAIN
            given.append(x)
            data.append(below)
        inputs = given
        if is_plain:
            z = op.run(data, inputs, params)
        else:  # values within values
            inputs = _at_one_level(inputs)
            z = op(*map(_held, inputs), **params)
        if not op.differentiable:
            return z
        node = _node(kind or type(self), as_data(z), CONSTANT, None, None)
        if kind is not None and is_recording():
            node._record = op
            node._params = params or None
            _put_inputs(node, inputs)
            _watch_like(node, inputs)
        if _modes and (anomalies := _anomalies.get()) is not None:
            anomalies.check_output(node, op, inputs)
        return node

    # How gradients are computed

    def zero_grad(self) -> None:
        """Set the gradient to zero, as between two steps of training.

        >>> x = Value(3.0)
        >>> (x * x).backward()
        >>> x.zero_grad()
        >>> x.grad
        0.0
        """
        _slope_to(self, None)

    def backward(self, gradient: Array = None, create_graph: bool = False, **unknown: Any) -> None:
        """The gradient of this value by every value that it was made from, into their `grad`.

        grad of x  =  sum over users z of x:  (grad of z) * dz/dx

        Interior gradients are computed anew; those of leaves accumulate over calls, so set them to 0 between steps.
        If anything interrupts the walk, the gradients of leaves are as they were. Threads may walk graphs that share
        leaves, or more: every gradient is counted once, when its walk ends. Data is used as it stands now: see
        `check_stale`.

        Args:
            gradient: the gradient of this value itself, of its shape; ones by default.
            create_graph: record the walk too, so that gradients are Values with gradients of their own.

        Raises:
            GradientError: this value has no history: it is detached, or was made under `no_grad()`.
            ShapeError: the gradient given has another shape.

        >>> x = Value(3.0)
        >>> (x * x).backward()
        >>> x.grad
        6.0
        """
        if unknown:
            raise OpError(
                f"backward: there is no {next(iter(unknown))}=; a graph is kept as long as its end is, and walked as "
                f"often as asked; for gradients of some inputs only there is micrograd.grad"
            )
        if self._record is CONSTANT:
            name = repr(self.label) if self.label else "this value"
            raise GradientError(
                f"backward: {name} is a constant: detached, or made under no_grad() or from constants alone; "
                f"call it on a result of Values with a history"
            )
        seed = _ones(self._content) if gradient is None else _cotangent("backward", self, gradient)
        walk = Walk(self)
        try:
            order = _begin(walk)
            if create_graph:
                _watch_all(order)
            start = Value(seed) if create_graph else seed if self._x is not None else copy.copy(seed)
            _put_grad_at(self, start, walk.apart)
            with quietly(), Zeros(self, seed, _asked):
                _walk_back(order, create_graph, walk.apart)
            _add_up(walk)
        except BaseException:
            undo(walk)
            raise

    def detach(self) -> Value:
        """The same data as a constant: no gradient goes through it.

        >>> x = Value(3.0)
        >>> (x * x.detach()).backward()
        >>> x.grad
        3.0
        """
        data = _held(self)
        data = data.detach() if hasattr(data, "_apply_op") else data
        constant: Value = _node(type(self), data, CONSTANT, None, None)
        constant.label = self.label
        return constant

    def check_stale(self) -> list[Value]:
        """The nodes whose data is no longer what their inputs give: something was assigned since they were made.

        `backward()` uses data as it stands, so on such a graph it mixes old outputs with new inputs. The texts do so
        on purpose when they nudge `a.data`; elsewhere it is a mistake, and this finds it.

        >>> x = Value(3.0)
        >>> y = x * x
        >>> x.data = 4.0
        >>> y.check_stale()
        [Value(data=9.0, grad=0.0)]
        """
        return [node for node in toposort(self) if not isinstance(node._record, Custom) and _is_stale(node)]

    # Python's own protocols

    def numpy(self) -> Any:
        """The data as a NumPy array, detached; it shares memory where data is a NumPy array already."""
        return np.asarray(self._content)

    def __setitem__(self, index: Any, data: Array) -> None:
        raise DataError(
            f"setitem: {named(self)} is a Value, and not changed in place, or its history would be wrong;\n"
            f"use v.at[{index!r}].set(...), or for data that no graph uses v.data[{index!r}] = ..."
        )

    def __dlpack__(self, **options: Any) -> Any:
        return (self.numpy() if is_number(self._content) else self._content).__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return (self.numpy() if is_number(self._content) else self._content).__dlpack_device__()

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        """A copy of the whole graph."""
        return copies.deepcopy(self, memo, _blank)  # type: ignore[no-any-return]

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        """Pickle the inputs before their users, so that no pickle is deeper than one node."""
        seen: set[int] = set()
        return _blank, (type(self),), copies.Pickled(self, lambda root: _collect_beside(root, seen)).state()

    def __setstate__(self, state: tuple[Any, Any, Any]) -> None:
        _, own, gradients = state
        self._restore(own)
        for node, gradient in gradients:
            node._grad = gradient

    def _state(self) -> dict[str, Any]:
        """All that belongs to this node, for a copy of it."""
        record = self._record
        return {
            "data": _held(self),
            "grad": self._grad,
            "label": self.label,
            "record": "leaf" if record is LEAF else "constant" if record is CONSTANT else record,
            "params": self._params,
            "inputs": _inputs(self),
            "own": self._own,
            "attributes": getattr(self, "__dict__", None),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._content, self._grad, self.label = as_data(state["data"]), state["grad"], state["label"]
        record = state["record"]
        self._record = LEAF if record == "leaf" else CONSTANT if record == "constant" else record
        self._params = state["params"]
        _put_inputs(self, state["inputs"])
        if state["attributes"]:
            self.__dict__.update(state["attributes"])


class Traced(Value):
    """A Value of a function that a reverse-mode transform records. What is made of one is one.

    Meanwhile it refuses to become a plain number, whose gradient would be lost. A quotient of numbers is a division
    here: `a * b**-1` is for the pictures of the texts, and 49 * 49**-1 is not 1.
    """

    __slots__ = ()

    def _is_traced(self) -> bool:
        if self._record is not CONSTANT and levels.is_recording():
            return True
        return hasattr(self._content, "_apply_op") and bool(self._content._is_traced())

    def _is_eager_number(self) -> bool:
        return False

    def __truediv__(self, other: Array) -> Any:
        return divide(self, _operand("divide", self, other))

    def __rtruediv__(self, other: Array) -> Any:
        return divide(_operand("divide", self, other), self)

    def __copy__(self) -> Any:
        return positive_op(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return positive_op(self)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        if self._is_traced():
            raise GradientError(
                f"pickle: {named(self)} is being differentiated, and a copy elsewhere would lose its gradient; "
                f"pickle its .detach(), or what the transform returns"
            )
        return super().__reduce_ex__(protocol)


memory.adopt(Value)
memory.adopt(Traced)


def toposort(root: Value) -> list[Value]:
    """Every Value that root was made from, inputs before users, root last; always in the same order.

    Iterative, so that long graphs are no deeper than short ones. Constants have no gradient and are left out.

    >>> a = Value(2.0, label="a")
    >>> b = a * a
    >>> b.label = "b"
    >>> [node.label for node in toposort(b + a)]
    ['a', 'b', '']
    """
    with LOCK:
        if not ACTIVE:
            walk = _next_walk()
            order = _collect(root, walk, None)
            if _next_walk() == walk + 1:  # as always: no finalizer or signal handler has marked nodes meanwhile
                return order
        return _collect_beside(root, set())


def _collect(root: Value, walk: int, leaves: list[Value] | None) -> list[Value]:
    """The walk of `toposort`: down to what has no inputs to wait for, and up again; a node in order is marked.

    For `backward`, gradients are set to zero on the way, while the node is at hand, but for the leaves that have one:
    those are put in the list.
    """
    order: list[Value] = []
    stack: list[Value] = [root]
    while stack:
        node = stack[-1]
        if node._mark != walk:
            if _push_input(node, walk, stack):
                memory.fetch_below(node)
                continue
            node._mark = walk
            order.append(node)
            if leaves is not None:
                _forget(node, leaves)
        stack.pop()
        memory.fetch_next(stack)
    return order


def _push_input(node: Value, walk: int, stack: list[Value]) -> bool:
    """Put the first input that is not in order on the stack, or all such of more than two; whether there is any."""
    if type(node._y) is not tuple:
        return _push(node._x, walk, stack) or _push(node._y, walk, stack)
    count = len(stack)
    for x in reversed(node._y):
        _push(x, walk, stack)
    _push(node._x, walk, stack)
    return len(stack) > count


def _push(x: Any, walk: int, stack: list[Value]) -> bool:
    if isinstance(x, Value) and _is_ahead(x, walk):
        stack.append(x)
        return True
    return False


def _forget(node: Value, leaves: list[Value]) -> None:
    if node._x is None and (node._has_slope or node._has_gradient):
        leaves.append(node)
    else:
        node._has_slope = False
        if node._has_gradient:
            node._has_gradient = False
            node._gradient = None


# How walks begin and end beside those of other threads: walks.py says what has to hold.


def _collect_beside(root: Value, seen: set[int]) -> list[Value]:
    """`_collect` without marks, which may belong to other walks; without what was seen before, by identity."""
    order: list[Value] = []
    stack: list[Value] = [root]
    while stack:
        node = stack[-1]
        if id(node) not in seen:
            ahead = [x for x in _inputs(node) if isinstance(x, Value) and id(x) not in seen and not _is_constant(x)]
            if ahead:
                stack += reversed(ahead)
                continue
            seen.add(id(node))
            order.append(node)
        stack.pop()
    return order


def _begin(walk: Walk) -> list[Value]:
    """The nodes in order, in the hands of the walk: without gradients, those of leaves set aside."""
    with LOCK:
        if not ACTIVE:
            walk.begin(_next_walk())
            order = _collect(walk.root, walk.number, walk.leaves)
        else:
            order = _collect_beside(walk.root, set())
            walk.begin(_next_walk())
            for node in order:
                if node._mark in ACTIVE:
                    walk.apart[id(node)] = [node, None]
                else:
                    node._mark = walk.number
                    _forget(node, walk.leaves)
        walk.before = _grads_of(walk.leaves)
        _put_grads(walk.leaves, itertools.repeat(None))
        return order


def _add_up(walk: Walk) -> None:
    """The end of a walk: to all leaves at once, what it has found."""
    with LOCK:
        totals = [_sum(_grad_of(leaf), known) for leaf, known in zip(walk.leaves, walk.before or (), strict=True)]
        others = _totals_apart(walk) if walk.apart else []
        _put_grads(walk.leaves, totals)
        _end(walk, others)


def _end(walk: Walk, others: list[tuple[Value, Place | None, Any, Any]]) -> None:
    try:
        for node, place, total, _ in others:
            _put_at(node, place, total)
        walk.end()
    except BaseException:
        if walk.number in ACTIVE:  # nobody has seen the totals yet
            for node, place, _, known in others:
                _put_at(node, place, known)
        raise


def _totals_apart(walk: Walk) -> list[tuple[Value, Place | None, Any, Any]]:
    """For nodes in the hands of other walks: the place of the gradient, what comes there, and what is there now."""
    totals = []
    for node, part in walk.apart.values():
        place = place_of(node, walk)
        known = _at(node, place)
        if node._x is None and part is not None:
            totals.append((node, place, _sum(part, known), known))
        elif node._x is not None and place is None and node._mark not in ACTIVE:  # no walk needs it any more
            totals.append((node, place, part, known))
    return totals


def undo(walk: Walk) -> None:
    """The end of a walk that failed: leaves as they were before."""
    with LOCK:
        if walk.number not in ACTIVE:  # it had not begun, or was complete
            return
        if walk.before is not None:
            for node in _collect_beside(walk.root, set()):
                if node._x is None and node._mark == walk.number:
                    _slope_to(node, None)
            _put_grads(walk.leaves, walk.before)
        walk.end()


def _undo_others() -> None:
    """In a process that was forked, the walks of other threads do not go on."""
    for walk in list(ACTIVE.values()):
        if walk.thread != threading.get_ident():
            undo(walk)
    LOCK.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=LOCK.acquire, after_in_parent=LOCK.release, after_in_child=_undo_others)


def _sum(part: Any, known: Any) -> Any:
    return known if part is None else part if known is None else part + known


def _grads_of(leaves: list[Value]) -> list[Any]:
    return [_grad_of(leaf) for leaf in leaves]


def _put_grads(leaves: list[Value], grads: Iterable[Any]) -> None:
    for leaf, grad in zip(leaves, grads, strict=False):
        _slope_to(leaf, grad)


def _is_ahead(node: Value, walk: int) -> bool:
    return node._mark != walk and not _is_constant(node)


_walks = itertools.count()


def _next_walk() -> int:
    """A number that no node in reach is marked with: they come again after two thousand million walks."""
    return 1 + next(_walks) % (2**31 - 1)


def pull(node: Value, create_graph: bool = False, by_hand: bool = False, apart: dict[int, Any] | None = None) -> None:
    """Add the node's part to the gradients of its inputs, by the rules of its op: the chain rule, one step.

    Interior gradients may share an array; not so when the user goes by hand, and may add to them in place. Gradients
    that a walk keeps apart from their nodes are passed on with it.
    """
    g = _grad_here(node) if by_hand else _grad_at(node, apart)
    if g is None or isinstance(node._record, Custom):
        return
    parts = _parts(node, g, create_graph)
    if _modes and (anomalies := _anomalies.get()) is not None:
        anomalies.check_gradients(node, parts)
    for x, part in parts:
        if by_hand:
            with LOCK:
                _put_grad_here(x, _sum(_unshared(part, g), _grad_here(x)))
        else:
            _accumulate(x, g, part, apart)


def _accumulate(x: Value, g: Any, part: Any, apart: dict[int, Any] | None) -> None:
    if x._x is None:
        part = _unshared(part, g)
    known = _grad_at(x, apart)
    _put_grad_at(x, part if known is None else known + part, apart)


def _pull_by_hand(node: Value) -> None:
    with quietly():
        pull(node, by_hand=True)


def _parts(node: Value, g: Any, create_graph: bool, wanted: set[Value] | None = None) -> list[tuple[Value, Any]]:
    """What gradient g of the node gives to each of its inputs, or to those wanted."""
    record = node._record
    inputs = _inputs(node)
    z: Any = node
    values: Sequence[Any] = inputs
    if not create_graph:
        z, values = _held(node), [_held(x) for x in inputs]
    params = node._params or NONE
    parts: list[tuple[Value, Any]] = []
    for i, x in enumerate(inputs):
        if not isinstance(x, Value) or _is_constant(x) or record.rules[i] is None:
            continue  # no work for constants
        if i == 1 and record is multiply and x is inputs[0] and parts:  # x * x: both parts are the same
            parts.append(parts[0])
        elif wanted is None or x in wanted:
            try:
                part = record.pull(i, g, z, values, params)
            except Doubt:
                part = _settled(node, i, g, z, values)
            parts.append((x, fit(part, _held(x))))
    return parts


def _asked(root: Value, seed: Any) -> dict[Value, Any]:
    return asked_in(toposort(root), seed, _inputs)


def _settled(node: Value, i: int, g: Any, z: Any, values: Sequence[Any]) -> Any:
    """The part of input i, where zero times infinity came up: see unknown.py."""
    zeros = current_zeros()
    assert zeros is not None
    again = functools.partial(node._record.pull, i, g, z, values, node._params or NONE)
    return zeros.settle(node, again)


def route(root: Value, wanted: Sequence[Value]) -> tuple[list[Value], set[Value]]:
    """The nodes by which root depends on the wanted values, inputs before users; and the same with those, as a set."""
    on_the_way = set(wanted)
    path = []
    for node in toposort(root):
        if node not in on_the_way and not on_the_way.isdisjoint(x for x in _inputs(node) if isinstance(x, Value)):
            on_the_way.add(node)
            path.append(node)
    return path, on_the_way


def rests_on_others(root: Value, known: set[Any]) -> bool:
    """Whether root was also made from a leaf that is not among those known."""
    if _is_constant(root):
        return False
    for node in toposort(root):  # noqa: SIM110 - Cython compiles no generator here
        if node._x is None and node not in known:
            return True
    return False


def cotangents(
    root: Value, seed: Any, wanted: Sequence[Value], create_graph: bool = False, known: Any = None
) -> list[Any]:
    """The gradients of root by the wanted values alone; no `grad` is touched. None where root does not depend on it.

    Args:
        root: what to differentiate.
        seed: the gradient of root itself, of its shape.
        wanted: the values by which to differentiate, anywhere in the graph of root.
        create_graph: record the walk too; seed and results are Values then.
        known: `route(root, wanted)`, when it is at hand.

    Raises:
        GradientError: a node in between has a `_backward` of its own, which knows only `grad`.

    >>> x = Value(3.0)
    >>> cotangents(x * x, 1.0, [x])
    [6.0]
    """
    path, on_the_way = known or route(root, wanted)
    grads: dict[Value, Any] = {root: seed}
    with Zeros(root, seed, _asked):
        _walk_route(path, on_the_way, grads, create_graph)
    return [grads.get(x) for x in wanted]


def _walk_route(path: Sequence[Value], on_the_way: set[Value], grads: dict[Value, Any], create_graph: bool) -> None:
    """The walk of `cotangents`: from the end of the path, what flows back is taken from grads, and put there."""
    for node in reversed(path):
        if node._has_own:
            raise GradientError(
                f"{node._op or 'a node'}: it has a `_backward` of its own, which only `backward()` can follow; "
                f"make it an op with micrograd.op.elementwise"
            )
        g = grads.pop(node, None)
        if g is None or isinstance(node._record, Custom):
            continue
        parts = _parts(node, g, create_graph, on_the_way)
        if _modes and (anomalies := _anomalies.get()) is not None:
            anomalies.check_gradients(node, parts, g)
        for x, part in parts:
            grads[x] = grads[x] + part if x in grads else part


def fit(g: Array, data: Array) -> Array:
    """A cotangent in the shape and dtype of the data that it belongs to: summed over broadcast axes, in one place."""
    kind = type(g)
    if kind is type(data) and (
        kind is float or (kind in PLAIN and kind not in NUMBERS and g.shape == data.shape and g.dtype is data.dtype)
    ):
        return g  # as it almost always is
    given, wanted = shape_of(g), shape_of(data)
    if given != wanted:
        if kind is not np.ndarray and not _are_known(given + wanted):  # as of a Dask array that was filtered by a mask
            raise ShapeError(
                f"backward: the sizes of an array {wanted} are not known yet; let it compute them before it is used: "
                f"compute_chunk_sizes() in Dask"
            )
        if not _broadcasts(wanted, given):
            raise ShapeError(f"a rule gave a gradient of shape {given} for data of shape {wanted}; mend the op's rule")
        g = sum_to(g, wanted)
    below = ground(data)
    if type(below) in NUMBERS:
        return g if is_lazy(g) else fitted(g, below)
    if getattr(g, "dtype", None) != below.dtype:
        g = cast(g, dtype=below.dtype)
    return g[()] if type(g) is np.ndarray and g.ndim == 0 else g


def _are_known(sizes: tuple[Any, ...]) -> bool:
    return all(n == n for n in sizes)  # an unknown size is nan


def _broadcasts(shape: tuple[int, ...], larger: tuple[int, ...]) -> bool:
    tail = larger[len(larger) - len(shape) :]
    return len(larger) >= len(shape) and all(n in (1, m) for n, m in zip(shape, tail, strict=True))


def _walk_back(order: list[Value], create_graph: bool, apart: dict[int, Any]) -> None:
    is_alone = not apart
    while order:
        node = order.pop()  # let go of each while it is at hand, not of all in one more pass over memory
        memory.fetch_next(order)
        if node._has_own:
            _step_of_its_own(node)
        elif node._x is not None and not ((is_alone or _is_whole(node, apart)) and _float_step(node)):
            pull(node, create_graph, False, apart)


def _is_whole(node: Value, apart: dict[int, Any]) -> bool:
    """Whether no gradient that a step from this node needs is kept apart."""
    return id(node) not in apart and id(node._x) not in apart and id(node._y) not in apart


def _step_of_its_own(node: Value) -> None:
    for x in _inputs(node):
        if isinstance(x, Value) and hasattr(x._grad, "copy"):
            x._grad = x._grad.copy()  # `x.grad += ...` adds in place, and gradients may share an array
    node._own()  # type: ignore[misc]


def _float_step(node: Value) -> bool:
    """`pull`, written out for the ops that make up almost all nodes of a scalar program; False for any other case."""
    if not node._has_slope or _modes:
        return False
    x, y = node._x, node._y
    gx = gy = node._slope
    if node._record is add:
        pass
    elif node._record is multiply and _is_plain(x, type(node)) and _is_plain(y, type(node)):
        gx *= _float_of(y)
        gy *= _float_of(x)
    elif y is None and _is_plain(x, type(node)):
        gx *= _partial(node, _float_of(x))
    else:
        return False
    if gx != gx or gy != gy:  # nan: `times` looks closer, or the partial is not written out
        return False
    _receive(x, gx)
    _receive(y, gy)
    return True


def _partial(node: Value, x: float) -> float:
    """dz/dx of the usual ops of one input; nan for any other."""
    if node._record is relu_op:
        return 1.0 if x > 0.0 else 0.0
    if node._record is tanh_op:
        return 1.0 - node._float * node._float
    if node._record is exp_op:
        return node._float
    if node._record is log_op:
        return 1.0 / x if x else NAN
    if node._record is raise_to:
        power = node._params["exponent"]
        return power * _raised(x, power - 1) if power else 0.0
    return NAN


def _raised(x: float, exponent: float) -> float:
    """x to the power, or something that is not finite where the op itself has to say what it is."""
    try:
        return math.pow(x, exponent)
    except (ValueError, OverflowError):
        return NAN


def _exponential(x: float) -> float:
    """e to the x, or something that is not finite where the op itself has to say what it is."""
    try:
        return math.exp(x)
    except OverflowError:
        return NAN


def _is_plain(x: Any, kind: type[Value]) -> bool:
    """Whether x is a float, raw or in a value of this kind, or a raw int."""
    if type(x) is kind:
        value = x
        return value._is_float
    return type(x) is float or type(x) is int


def _of_both(op: Op, value: Value, other: Any, is_reflected: bool = False) -> Any:
    """op(value, other), or op(other, value)."""
    inputs = (other, value) if is_reflected else (value, other)
    kind = type(other)
    if kind is type(value) or kind in NUMBERS or (kind in PLAIN and not other.dtype.hasobject):  # nobody else to ask
        return value._apply_op(op, inputs, NONE)
    return op(*inputs)


def _float_of(x: Any) -> float:
    if isinstance(x, Value):
        value = x
        return value._float
    return x  # type: ignore[no-any-return]


def _receive(x: Any, part: float) -> None:
    """Add part to the gradient of x, if x is a value that has one."""
    if isinstance(x, Value):
        value = x
        if value._has_slope:
            value._slope += part
        elif value._has_gradient:
            _slope_to(value, value._gradient + part)
        elif value._record is not CONSTANT:
            value._slope = part
            value._has_slope = True


def _constant(op: Op, i: int, x: Any, inputs: Sequence[Any]) -> Any:
    """Input i of an op, when it is raw: a number or an array; booleans stay where they are a condition.

    An array of Values, as NumPy makes of a list of them, is joined into one.
    """
    if is_number(x):
        return x
    is_condition = not op.differentiable or op.rules[i] is None
    if is_condition and (isinstance(x, bool) or getattr(getattr(x, "dtype", None), "kind", "") == "b"):
        return x
    return as_operand(x, op.name, inputs)


def _operand(name: str, beside: Value, x: Any) -> Any:
    """The other operand of an operator: a NumPy number is a Python number, and makes the same graph."""
    return x if isinstance(x, Value) or is_number(x) else as_operand(x, name, [beside])


def _at_one_level(inputs: Sequence[Any]) -> list[Any]:
    """Values of the newest level as they are; to them, a Value of an outer level is a constant, and goes into a box.

    What was made inside a jvp that has ended is a constant, too.
    """
    inputs = [
        _node(Value, x._content._settled(), CONSTANT, None, None) if isinstance(x, Value) and x._level < 0.0 else x
        for x in inputs
    ]
    inputs = [x._content if isinstance(x, Value) and isinstance(x._content, Value) else x for x in inputs]  # unbox
    level = max(x._level for x in inputs if isinstance(x, Value))
    return [_node(Value, x, CONSTANT, None, None) if isinstance(x, Value) and x._level < level else x for x in inputs]


def _numbers(x: Value, y: Any) -> bool:
    """Whether both operands are plain numbers, so that the graph is the texts'."""
    return is_number(_held(x)) and is_number(_held(y))


def _ones(data: Any) -> Any:
    if is_number(data):
        return 1.0
    if holds_exact(data):
        return number_like(1.0, data)
    if hasattr(data, "_apply_op"):
        return as_data(np.ones_like(ground(data), dtype=data.dtype))
    return as_data(np.ones_like(data))


def _cotangent(name: str, value: Value, given: Any) -> Any:
    """A gradient that a user gives, in the shape and dtype of the value's data."""
    g = as_data(_held(given))
    if shape_of(g) != value.shape:
        raise ShapeError(f"{name}: a gradient of shape {shape_of(g)} for {named(value)}; give one of the same shape")
    return fit(number_like(g, value), _held(value))


def _unshared(part: Any, g: Any) -> Any:
    """A leaf's gradient is the user's to change in place: never a view, nor the array of another node."""
    if isinstance(part, Value) or type(part) in NUMBERS:
        return part
    return part.copy() if part is g or getattr(part, "base", None) is not None else part


def _is_stale(node: Value) -> bool:
    data = [_held(x) for x in _inputs(node)]
    try:
        now = as_data(node._record.run(data, data, node._params or {}))
    except (ArithmeticError, ValueError, IndexError, TypeError):  # the op has no answer for these inputs
        return True
    if type(now) in NUMBERS and type(node._content) in NUMBERS:
        return bool(now != node._content and (now == now or node._content == node._content))  # nan is as good as nan
    if shape_of(now) != shape_of(node._content):
        return True
    return not bool(((now == node._content) | ((now != now) & (node._content != node._content))).all())


# Nodes. Two inputs have slots of their own, as almost all ops take one or two; where there are more, the second slot
# holds a tuple of all but the first.


def _held(x: Any) -> Any:
    """The data of an input: of a Value, or x itself when it is raw."""
    if isinstance(x, Value):
        value = x
        return value._float if value._is_float else value._array
    return x


def _hold(node: Value, data: Any) -> None:
    node._is_float = type(data) is float
    if node._is_float:
        node._float = data
    else:
        node._array = data
        if type(data) not in PLAIN or type(data) in EXACT:  # a class of the user's may refer to the node
            memory.watch(node)


def _grad_of(node: Value) -> Any:
    return node._slope if node._has_slope else node._gradient


def _slope_to(node: Value, grad: Any) -> None:
    if type(grad) is float:
        node._slope = grad
        node._has_slope = True
        node._has_gradient = False
        node._gradient = None
    else:
        node._gradient = grad
        node._has_slope = False
        node._has_gradient = grad is not None
        if node._has_gradient and (type(grad) not in PLAIN or type(grad) in EXACT):
            memory.watch(node)


def _grad_at(node: Value, apart: dict[int, Any] | None) -> Any:
    """The gradient of a node in a walk that keeps some apart."""
    return apart[id(node)][1] if apart and id(node) in apart else _grad_of(node)


def _put_grad_at(node: Value, grad: Any, apart: dict[int, Any] | None) -> None:
    if apart and id(node) in apart:
        apart[id(node)][1] = grad
    else:
        _slope_to(node, grad)


def _grad_here(node: Value) -> Any:
    """The gradient of a node as this thread sees it, inside of a walk or outside."""
    if _is_in_node(node):
        return _grad_of(node)
    with LOCK:
        return _at(node, place_of(node))


def _put_grad_here(node: Value, grad: Any) -> None:
    if _is_in_node(node):
        _slope_to(node, grad)
    else:
        with LOCK:
            _put_at(node, place_of(node), grad)


def _is_in_node(node: Value) -> bool:
    """Whether the gradient that this thread sees is surely in the node, and no walk can take it away just now."""
    return is_running_here(ACTIVE.get(node._mark)) if ACTIVE else memory.is_atomic()


def _at(node: Value, place: Place | None) -> Any:
    return _grad_of(node) if place is None else place[0][place[1]]


def _put_at(node: Value, place: Place | None, grad: Any) -> None:
    if place is None:
        _slope_to(node, grad)
    else:
        place[0][place[1]] = grad


def _is_constant(node: Value) -> bool:
    """Whether no gradient goes there."""
    return node._record is CONSTANT


def _node(kind: type[Value], data: Any, record: Op, x: Any, y: Any) -> Any:
    node = kind.__new__(kind)
    memory.clear(node)
    node.label = ""
    node._record = record
    node._x = x
    node._y = y
    _hold(node, data)
    return node


def traced(x: Any) -> Traced:
    """What a transform gives to its function in place of x: a leaf, or of a Value a node that leads on to it."""
    return _as_kind(Traced, x) if isinstance(x, Value) else _node(Traced, x, LEAF, None, None)  # type: ignore[no-any-return]


def seal(leaf: Value) -> None:
    """The transform that made this leaf is over: from now on it is a constant."""
    if leaf._record is LEAF:
        leaf._record = CONSTANT


def as_eager(x: Any) -> Any:
    """A result of a transform, with its history, as a Value that any Value may meet; anything else as it is."""
    return _as_kind(Value, x) if type(x) is Traced else x


def _as_kind(kind: type[Value], x: Value) -> Any:
    node = _node(kind, _held(x), positive_op, x, None)
    _watch_like(node, (x,))
    return node


def _blank(kind: type[Value]) -> Value:
    return _node(kind, 0.0, LEAF, None, None)  # type: ignore[no-any-return]


def _watch_like(node: Value, inputs: Iterable[Any]) -> None:
    """Tracked by the garbage collector where an input is: see memory.py."""
    for x in inputs:
        if isinstance(x, Value) and memory.is_watched(x):
            memory.watch(node)


def _watch_round(node: Value, hung_on: Any) -> None:
    """Tracked: the node, and whatever leads back to it from what is hung on it, though it was made before."""
    memory.watch(node)
    if memory.is_watched(node):  # not in plain Python, where all are
        inputs = _inputs(node)  # what leads back from these does so without what is hung on the node
        others = [x for x in nodes_within(hung_on, Value) if x is not node and not any(x is y for y in inputs)]
        for user in leading_back([node], others, _referred) if others else ():
            memory.watch(user)


def _watch_all(order: list[Value]) -> None:
    """Tracked, as their gradients will be values that refer to any of them: these, and what leads back to one."""
    for node in order:
        memory.watch(node)
    hung = [x for node in order if node._has_own for x in _referred(node)]
    if hung and memory.is_watched(order[-1]):
        for user in leading_back(order, hung, _referred):
            memory.watch(user)


def _referred(node: Value) -> list[Value]:
    return [x for held in (_inputs(node), node._gradient, node._own) for x in nodes_within(held, Value)]


def _float_node(kind: type[Value], data: float, record: Op, x: Value, y: Any) -> Any:
    """A node of a float; a constant where ops are not recorded, or where all inputs are constants."""
    node = kind.__new__(kind)
    memory.clear(node)
    node.label = ""
    node._is_float = True
    node._float = data
    if (PAUSES and memory.is_set(paused)) or (x._record is CONSTANT and not _may_move(y)):
        node._record = CONSTANT
        return node
    node._record = record
    node._x = x
    node._y = y
    if memory.is_watched(x) or memory.is_watched(y):
        memory.watch(node)
    return node


def _may_move(x: Any) -> bool:
    return isinstance(x, Value) and not _is_constant(x)


def _with_params(node: Value, params: dict[str, Any]) -> Value:
    if node._record is not CONSTANT:
        node._params = params
    return node


@functools.lru_cache(maxsize=256, typed=True)
def _shared_params(exponent: float) -> dict[str, Any]:
    """One dict for all powers of an exponent: a dict of its own would be larger than the node."""
    return {"exponent": exponent}


def _inputs(node: Value) -> tuple[Any, ...]:
    """The inputs as recorded: Values, and raw constants."""
    if type(node._y) is tuple:
        return (node._x, *node._y)
    if node._y is not None:
        return (node._x, node._y)
    return () if node._x is None else (node._x,)


def _put_inputs(node: Value, inputs: Sequence[Any]) -> None:
    count = len(inputs)
    node._x = inputs[0] if count > 0 else None
    node._y = tuple(inputs[1:]) if count > 2 else inputs[1] if count == 2 else None


def _wrapped(node: Value, i: int, x: Any) -> Value:
    """Input i, a raw constant, as a Value: what the texts would have made of it, its gradient included."""
    constant: Value = _node(Value, x, LEAF, None, None)
    record = node._record
    if node._grad is not None and not isinstance(record, Custom) and record.rules[i] is not None:
        data = [_held(v) for v in _inputs(node)]
        constant._grad = fit(record.pull(i, _held(node._grad), node._content, data, node._params or {}), x)
    return constant


# The mode that needs the engine; the others are in modes.py.

_anomalies: ContextVar[Anomalies | None] = ContextVar("anomalies", default=None)
_modes: set[object] = (
    set()
)  # the blocks of `detect_anomaly()` that are open in any thread: while there is none, be quick


def _quick(node: Value) -> bool:
    """Whether this is a float, and nobody wants to look at what is made of it."""
    return node._is_float and not _modes


@overload
def detect_anomaly(function: None = None) -> Mode: ...
@overload
def detect_anomaly(function: Function) -> Function: ...
def detect_anomaly(function: Any = None) -> Any:
    """The first number inside that is not finite, in an output or in a gradient, raises and says where it came from.

    The error names the op, the labels and elements that did it, and the line of your program that made the node. Ops
    run slower inside. For a `with` block, or above a function.

    Raises:
        AnomalyError: a nan or an infinity appeared.

    >>> with detect_anomaly():
    ...     Value(-1.0, label="x").log()
    Traceback (most recent call last):
    micrograd.errors.AnomalyError: log: the output is nan, from 'x' = -1.0
    made at <doctest micrograd.engine.detect_anomaly[0]>:2: Value(-1.0, label="x").log()
    """
    mode = Mode("detect_anomaly", functools.partial(_look, Anomalies()))
    return mode if function is None else mode(function)


def _look(anomalies: Anomalies) -> Callable[[], None]:
    block = contextlib.ExitStack()
    block.callback(_modes.discard, block)
    _modes.add(block)
    block.callback(_anomalies.reset, _anomalies.set(anomalies))
    block.callback(STRICT.reset, STRICT.set(True))
    block.enter_context(np.errstate(all="ignore"))
    return block.close
