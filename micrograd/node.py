"""Node: what one value of a graph holds, and how; `Value` is a Node with operators.

A float is almost always what there is. It has a field of its own, a C double in the
compiled engine: the data is `_float` if `_is_float`, else `_array`. The gradient is
`_float_grad` if `_has_float_grad`, `_gradient` if `_has_gradient`, else zero.

Almost all ops take one or two inputs. Those have slots of their own, `_x` and `_y`. If
there are more, `_y` is a tuple of all but the first.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, SupportsIndex

from micrograd import copies, memory
from micrograd.arrays import as_data, is_number
from micrograd.captures import CAPTURES, note, note_constant, received, received_grad, refuse, shown, shown_grad
from micrograd.cotangents import given_cotangent
from micrograd.cycles import leading_back, nodes_within
from micrograd.deferred import Deferred
from micrograd.errors import DataError
from micrograd.exact import EXACT, holds_exact, number_like
from micrograd.interpreter import PLAIN, Array, Interpreter, named, shape_of
from micrograd.modes import is_quiet, is_recording
from micrograd.ops.operators import Operators
from micrograd.record import CONSTANT as _CONSTANT
from micrograd.record import LEAF as _LEAF
from micrograd.record import Op
from micrograd.table import OPS
from micrograd.walks import ACTIVE, LOCK, Place, is_running_here, place_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from micrograd.arrays import Data
else:
    from micrograd import on_demand as np


_SHOWN = 2  # in `_has_gradient`: there is none, but `grad` was read and has given out these zeros


class Node(Operators):
    """The fields of a value.

    Attributes:
        label: a name for pictures and errors.
        _record: the op that made it; LEAF or CONSTANT where there is none.
        _params: the keyword arguments of the op; None where there are none.
        _mark: the number of the walk that saw it last.
        _own_step: a `_backward` that the user assigned.
    """

    __slots__ = (
        "__weakref__",
        "_array",
        "_float",
        "_float_grad",
        "_gradient",
        "_has_float_grad",
        "_has_gradient",
        "_has_own_step",
        "_is_float",
        "_mark",
        "_own_step",
        "_params",
        "_record",
        "_x",
        "_y",
        "label",
    )
    _is_of_transform = False  # see traced.py
    _float: float
    _float_grad: float
    _is_float: bool
    _has_float_grad: bool
    _has_gradient: int  # a bool, or _SHOWN
    _has_own_step: bool
    _mark: int
    _array: Any
    _gradient: Any
    _record: Any
    _own_step: Any
    _params: Any
    _x: Any
    _y: Any
    label: str

    @property
    def data(self) -> Data:
        """The number or array; assignable."""
        return shown(self, data_of(self)) if CAPTURES else data_of(self)

    @data.setter
    def data(self, data: Array) -> None:
        if CAPTURES:
            data = received(self, data)
        if type(data) is float and self._is_float:  # as when training number by number
            self._float = data
            return
        if not self._is_float and data is self._array:  # changed in place, as by `v.data -= ...`
            return
        data = as_data(data_of(data))
        if shape_of(data) != self.shape:
            self._grad = None  # it was of the old shape
        set_data(self, data)

    @property
    def grad(self) -> Data:
        """The gradient, like data; zero before `backward()`; assignable."""
        grad = self._grad
        if CAPTURES:
            return shown_grad(self, grad)
        if grad is None and self._has_own_step and isinstance(self._own_step, Deferred):
            grad = self._own_step.owed(self)
        if grad is not None:
            return grad
        if self._is_float or is_number(self._array):
            return 0.0
        if holds_exact(self._array):
            return number_like(0.0, self._array)
        zeros = as_data(np.zeros_like(self._array))
        with LOCK:  # unless another thread has put one there
            if self._grad is None:
                self._grad = zeros
                if place_of(self) is None:
                    self._has_gradient = _SHOWN
            return self._grad

    @grad.setter
    def grad(self, grad: Array) -> None:
        if CAPTURES:
            grad = received_grad(self, grad)
        if self._has_own_step and isinstance(self._own_step, Deferred):
            self._own_step.forgive()
        if grad is None or (is_number(grad) and grad == 0):
            self._grad = None
        elif grad is self._gradient and not holds_grad(self):  # `p.grad *= 0.5`, where there is none
            return
        elif is_number(grad) and is_number(data_of(self)):
            self._grad = grad
        else:
            cotangent = given_cotangent("grad", self, data_of(grad))
            self._grad = grad if isinstance(grad, Node) else cotangent
            if isinstance(grad, Node) and not is_quiet():  # a walk has seen to that itself
                watch_cycle(self, grad)

    @property
    def _grad(self) -> Any:
        """The gradient as this thread sees it; None stands for zero."""
        if is_in_node(self):
            return grad_of(self)
        with LOCK:
            return grad_at(self, place_of(self))

    @_grad.setter
    def _grad(self, grad: Any) -> None:
        if is_in_node(self):
            set_grad(self, grad)
        else:
            with LOCK:
                set_grad_at(self, place_of(self), grad)

    def zero_grad(self) -> None:
        """Set the gradient to zero, as between two steps of training.

        >>> from micrograd import Value
        >>> x = Value(3.0)
        >>> (x * x).backward()
        >>> x.zero_grad()
        >>> x.grad
        0.0
        """
        self.grad = None  # the setter: a capture notes it

    @property
    def prev(self) -> set[Any]:
        """The set of inputs."""
        return self._prev

    @property
    def _prev(self) -> set[Any]:
        return set(self.inputs)  # type: ignore[attr-defined]  # a property of Value

    @property
    def op(self) -> str:
        """The symbol of the op that made it; empty for a leaf."""
        return self._op

    @property
    def _op(self) -> str:
        record = self._record
        # A param that was not given has its default: betainc_dab(x, a, b, by_a=1).
        params = self._params and {**(getattr(record.forward, "__kwdefaults__", None) or {}), **self._params}
        return str(record.symbol.format(**params)) if params else str(record.symbol)

    def detach(self) -> Self:
        """The same data as a constant: no gradient goes through it.

        >>> from micrograd import Value
        >>> x = Value(3.0)
        >>> (x * x.detach()).backward()
        >>> x.grad
        3.0
        """
        data = data_of(self)
        data = data.detach() if isinstance(data, Operators) else data
        constant = made(type(self), data, _CONSTANT, None, None)
        constant.label = self.label
        if CAPTURES:
            note_constant(constant, OPS["stop_gradient"], (self,), {})
        return constant

    # What an interpreter says of itself

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes; () for a number."""
        return shape_of(data_of(self))

    @property
    def _dtype(self) -> Any:
        if self._is_float or is_number(self._array):
            return np.dtype(float)
        return getattr(self._array, "dtype", np.dtype(object))

    @property
    def _level(self) -> float:
        # Between the levels of Duals: above that in its data, below later jvps.
        if self._is_float or type(self._array) in PLAIN:
            return 0.5
        return math.floor(getattr(self._array, "_level", 0.0)) + 0.5

    @property
    def _below(self) -> Any:
        return data_of(self)

    def _is_traced(self) -> bool:
        data = data_of(self)
        return isinstance(data, Operators) and bool(data._is_traced())

    def _has_history(self) -> bool:
        if self._record is not _CONSTANT and is_recording():
            return True
        data = data_of(self)
        return isinstance(data, Operators) and bool(data._has_history())

    def _is_eager_number(self) -> bool:
        return self._is_float or (self.shape == () and not isinstance(self._array, Interpreter))

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={self.data}, grad={self.grad}{label})"

    # Doors to other libraries

    def numpy(self) -> NDArray[Any]:
        """The data as a NumPy array, detached; it shares memory where it can."""
        if CAPTURES:
            refuse(self, "numpy()")
        return np.asarray(data_of(self))

    def __dlpack__(self, **options: Any) -> Any:
        return self._as_array().__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._as_array().__dlpack_device__()

    def _as_array(self) -> Any:
        return self.numpy() if CAPTURES or is_number(data_of(self)) else data_of(self)

    def __setitem__(self, index: Any, data: Array) -> None:
        raise DataError(
            f"setitem: {named(self)} is a Value, and not changed in place, or its history would be wrong;\n"
            f"use v.at[{index!r}].set(...), or for data that no graph uses v.data[{index!r}] = ..."
        )

    # Copies and pickles

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A copy of the whole graph."""
        return copies.deepcopy(self, memo, blank)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        """Pickle inputs before their users: no pickle is deeper than one node."""
        return blank, (type(self),), copies.Pickled(self, functools.partial(collect, seen=set())).state()

    def __setstate__(self, state: tuple[Any, Any, Any]) -> None:
        _, own, gradients = state
        self._restore(own)
        for node, gradient in gradients:
            node._grad = gradient

    def _state(self) -> dict[str, Any]:
        """All that belongs to this node, for a copy of it."""
        return {
            "data": data_of(self),
            "grad": self._grad if holds_grad(self) else None,
            "label": self.label,
            "record": self._record,
            "params": self._params,
            "inputs": inputs_of(self),
            "own": self._own_step,
            "attributes": getattr(self, "__dict__", None),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        set_data(self, as_data(state["data"]))
        self._grad, self.label = state["grad"], state["label"]
        self._record, self._params = state["record"], state["params"]
        set_inputs(self, state["inputs"])
        if state["attributes"]:
            self.__dict__.update(state["attributes"])


# Data and gradient


def data_of(x: Any) -> Any:
    """The data of an input: that of a node, or x itself when it is raw."""
    if isinstance(x, Node):
        node = x
        return node._float if node._is_float else node._array
    return x


def set_data(node: Node, data: Any) -> None:
    """Let the node hold this number or array."""
    node._is_float = type(data) is float
    if node._is_float:
        node._float = data
    else:
        node._array = data
        if type(data) not in PLAIN or (EXACT and type(data) in EXACT):  # a class of the user's may refer to the node
            memory.watch(node)


def grad_of(node: Node) -> Any:
    """The gradient in the node; None for zero."""
    return node._float_grad if node._has_float_grad else node._gradient


def set_grad(node: Node, grad: Any) -> None:
    """Let the node hold this gradient; None for zero."""
    if type(grad) is float:
        node._float_grad = grad
        node._has_float_grad = True
        node._has_gradient = False
        node._gradient = None
    else:
        node._gradient = grad
        node._has_float_grad = False
        node._has_gradient = grad is not None
        if node._has_gradient and (type(grad) not in PLAIN or (EXACT and type(grad) in EXACT)):
            memory.watch(node)


def holds_grad(node: Node) -> bool:
    """Whether there is a gradient, as this thread sees it: one of zero counts."""
    if is_in_node(node):
        return node._has_float_grad or known_grad(node) is not None
    with LOCK:
        place = place_of(node)
        return (known_grad(node) if place is None else grad_at(node, place)) is not None


def known_grad(node: Node) -> Any:
    """The gradient in the node; None too for zeros that were only shown to a reader."""
    if node._has_gradient == _SHOWN and not np.any(node._gradient):  # nobody has written into them
        return None
    return grad_of(node)


def add_grad(node: Node, part: Any) -> None:
    """Add a part to the gradient in the node."""
    known = grad_of(node)
    set_grad(node, part if known is None else known + part)


def forget_grad(node: Node) -> None:
    """Let the node hold no gradient; quicker than `set_grad(node, None)`."""
    node._has_float_grad = False
    if node._has_gradient:
        node._has_gradient = False
        node._gradient = None


def is_in_node(node: Node) -> bool:
    """Whether the gradient that this thread sees is in the node, and stays."""
    return is_running_here(ACTIVE.get(node._mark)) if ACTIVE else memory.is_atomic()


def grad_at(node: Node, place: Place | None) -> Any:
    """The gradient that a walk keeps in this place; None for the node itself."""
    return grad_of(node) if place is None else place[0][place[1]]


def set_grad_at(node: Node, place: Place | None, grad: Any) -> None:
    """Put a gradient in this place; None for the node itself."""
    if place is None:
        set_grad(node, grad)
    else:
        place[0][place[1]] = grad


# Inputs


def set_own_step(node: Node, step: Any) -> None:
    """Let `backward()` call this step at the node; None for the rules of its op."""
    node._own_step = step
    node._has_own_step = step is not None
    watch_cycle(node, step)  # the step knows the node, and the node the step


def inputs_of(node: Node) -> tuple[Any, ...]:
    """The inputs as recorded: nodes, and raw constants."""
    if node._has_own_step and isinstance(node._x, Deferred):
        return node._x.listed()
    if type(node._y) is tuple:
        return (node._x, *node._y)
    if node._y is not None:
        return (node._x, node._y)
    return () if node._x is None else (node._x,)


def set_inputs(node: Node, inputs: Sequence[Any]) -> None:
    """Record the inputs. The collector tracks the node if it tracks one of them."""
    count = len(inputs)
    node._x = inputs[0] if count > 0 else None
    node._y = tuple(inputs[1:]) if count > 2 else inputs[1] if count == 2 else None
    for x in inputs:
        if isinstance(x, Node) and memory.is_watched(x):
            memory.watch(node)


def is_constant(node: Node) -> bool:
    """Whether it is a constant: no gradient goes to it."""
    return node._record is _CONSTANT


def made(kind: type[Node], data: Any, record: Op, x: Any, y: Any) -> Any:
    """A new node of this class, past its `__init__`."""
    node = kind.__new__(kind)
    memory.clear(node)
    node.label = ""
    node._record = record
    node._x = x
    node._y = y
    set_data(node, data)
    if CAPTURES:
        note(node)
    return node


def blank(kind: type[Node]) -> Any:
    """A node of this class, for a copy or a pickle to fill."""
    return made(kind, 0.0, _LEAF, None, None)


def collect(root: Node, seen: set[int]) -> list[Any]:
    """The nodes that root was made from, inputs first; without those seen before.

    Unlike `toposort` it sets no marks, which may belong to walks of other threads.
    """
    order: list[Node] = []
    stack: list[Node] = [root]
    while stack:
        node = stack[-1]
        if id(node) not in seen:
            ahead = [x for x in inputs_of(node) if isinstance(x, Node) and id(x) not in seen and not is_constant(x)]
            if ahead:
                stack += reversed(ahead)
                continue
            seen.add(id(node))
            order.append(node)
        stack.pop()
    return order


# What the cyclic garbage collector is told: see memory.py


def watch_cycle(node: Node, attached: Any) -> None:
    """Track the node, and each older node on a cycle through what was attached."""
    memory.watch(node)
    if memory.is_watched(node):  # not in plain Python, where all are tracked
        inputs = inputs_of(node)  # they existed before: a cycle through them is tracked already
        others = [x for x in nodes_within(attached, Node) if x is not node and not any(x is y for y in inputs)]
        for user in leading_back([node], others, referred) if others else ():
            memory.watch(user)


def referred(node: Node) -> list[Node]:
    """The nodes that a node refers to, also in what is attached to it."""
    return [x for held in (inputs_of(node), node._gradient, node._own_step) for x in nodes_within(held, Node)]
