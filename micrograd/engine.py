"""The engine: a `Value` remembers how it was made; `backward()` walks that graph once.

A Value holds `data`, a number or an array. An operator on Values makes a new one, which
keeps its inputs and the record of its op (see op.py). So Values are nodes of a graph:

- `toposort` puts the graph in order, inputs before users;
- `pull` passes the gradient of a node on to its inputs, by the rules of its op: the
  chain rule. `walk_back` does so for every node, from the end of that order;
- `Value` is what users hold: operators that make the graph, and `backward()`.

>>> a, b = Value(2.0), Value(-3.0)
>>> c = a * b + 10.0
>>> c.backward()
>>> c.data, a.grad, b.grad
(4.0, -3.0, 2.0)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

from micrograd import floats, memory, notebook, unchecked
from micrograd.anomaly import OPEN, current_anomalies
from micrograd.anomaly import detect_anomaly as detect_anomaly
from micrograd.arrays import as_data, is_number
from micrograd.captures import CAPTURES, answer, begun, note_constant
from micrograd.cotangents import fit
from micrograd.errors import DataError
from micrograd.gradients import ByHand, Gradients, OfConstants
from micrograd.interpreter import NUMBERS, Array
from micrograd.modes import enable_grad as enable_grad
from micrograd.modes import is_recording as is_recording
from micrograd.modes import no_grad as no_grad
from micrograd.modes import quietly
from micrograd.node import Node, collect, data_of, forget_grad, inputs_of, made, set_data, set_inputs, set_own_step
from micrograd.operands import all_raw, are_numbers, at_one_level, constant, holds_number, kind_of_result, operand
from micrograd.ops import add, divide, matmul, multiply, power, raise_to, subtract
from micrograd.ops.operators import Input
from micrograd.record import CONSTANT as _CONSTANT
from micrograd.record import LEAF as _LEAF
from micrograd.record import HandMade, Op
from micrograd.stale import is_stale
from micrograd.walking import Walking, is_ahead, is_one_step, is_whole, next_number, own_step_of, seed_of
from micrograd.walks import ACTIVE, LOCK


def _push(x: Any, user: Node, mark: int, stack: list[Any]) -> bool:
    if type(x) is type(user):
        node = unchecked.node(x)
        if node._mark == mark or node._record is _CONSTANT:
            return False
    elif not is_ahead(x, mark):
        return False
    stack.append(x)
    return True


def _push_inputs(node: Node, mark: int, stack: list[Any]) -> bool:
    """Push one input that is not in order yet, or all of many; False if none is."""
    if type(node._y) is not tuple:
        return _push(node._x, node, mark, stack) or _push(node._y, node, mark, stack)
    pushed = [_push(x, node, mark, stack) for x in reversed((node._x, *node._y))]
    return any(pushed)


def in_order(root: Node, mark: int, leaves: list[Any] | None) -> list[Any]:
    """Depth first: a node joins the order, and gets the mark, once all its inputs have.

    A list for leaves means that a walk begins: leaves with a gradient go into the list,
    other nodes lose theirs.
    """
    order: list[Any] = []
    stack: list[Any] = [root]
    while stack:
        node = stack[-1]
        if node._mark != mark:
            if _push_inputs(node, mark, stack):
                memory.fetch_below(node)
                continue
            node._mark = mark
            order.append(node)
            if leaves is not None:
                if node._x is None and (node._has_float_grad or node._has_gradient):
                    leaves.append(node)
                elif node._has_float_grad or node._has_gradient:
                    forget_grad(node)
        stack.pop()
        memory.fetch_next(stack)
    return order


def toposort(root: Node) -> list[Value]:
    """Every Value that root was made from: inputs before users, root last.

    It does not recurse, so a long graph meets no limit of Python. Constants have no
    gradient and are left out.

    >>> a = Value(2.0, label="a")
    >>> b = a * a
    >>> b.label = "b"
    >>> [node.label for node in toposort(b + a)]
    ['a', 'b', '']
    """
    with LOCK:
        if not ACTIVE:
            number = next_number()
            order = in_order(root, number, None)
            if is_whole(order, number):  # no finalizer or signal handler has set marks meanwhile
                return order
        return collect(root, set())  # the same order, without marks: those belong to other walks


def pull(node: Node, create_graph: bool, gradients: Gradients) -> None:
    """Pass the gradient of a node on to its inputs: the chain rule, one step.

    (grad of x)  +=  (grad of z) * dz/dx     for each input x of the node z

    With create_graph the rules get Values, and are recorded. Otherwise they get data.
    """
    g = gradients.of(node)  # the grad of z
    op, params, inputs = node._record, node._params or {}, inputs_of(node)
    if g is None or isinstance(op, HandMade):
        return
    z, values = (node, inputs) if create_graph else (data_of(node), [data_of(x) for x in inputs])
    part, work = None, g if op.shared is None else op.share(g, z, values, params)
    for i, x in enumerate(inputs):
        if not gradients.wants(x) or op.rules[i] is None or (op.facts.takes and gradients.add_at(x, g, params)):
            continue
        if part is None or x is not inputs[0] or not op.facts.commutative:  # in x * x both parts are the same
            part = fit(op.pull(i, work, z, values, params), data_of(x))  # g * dz/dx, in the shape of x
        if OPEN and (anomalies := current_anomalies()) is not None:
            anomalies.check_gradient(node, i, x, part, g)
        gradients.add(x, part, g)  # the += of the formula


def walk_back(walk: Walking) -> None:
    """The loop of `backward`: a node passes its gradient on after its users."""
    order = walk.order  # inputs before users: the root is last, and has its gradient already
    while order:
        # Users before inputs. In b = a + a; c = b + b a recursion into each input goes
        # through b twice, first with half of its gradient: a gets 2 + 4, and not 4.
        node = order.pop()
        memory.fetch_next(order)  # a hint to the processor
        if node._has_own_step:  # a `_backward` that the user assigned
            walk.take_own_step(node)
        elif walk.apart or not floats.step(node):  # a quick pull; False where not all is floats
            pull(node, walk.create_graph, walk.gradients)


def _pull_by_hand(node: Node) -> None:
    with quietly():
        pull(node, False, ByHand())


class Value(Node):
    """A number or array that remembers how it was made, and has a gradient.

    Results of ops on a subclass are of that subclass; its `__init__` is not called.

    Args:
        data: a Python number (an int stays an int, a Fraction a Fraction), or an array,
            or nested lists of numbers. Floating-point arrays keep their dtype, and are
            shared, not copied: `v.data -= ...` changes the caller's array too. Arrays
            of integers become float64, np.float64 numbers floats.
        _children: the inputs, when a node is made by hand; `prev=` is the same.
        _op: the symbol of the op that made it, for pictures; `op=` is the same.
        label: a name for pictures and errors.
        copy: hold a copy of the array, rather than the array itself.

    Attributes:
        data: the number or array; assign to it between graphs, as when training.
        grad: after `z.backward()` the derivative of z by this value, of its shape.
        label: a name for pictures and errors; assignable.

    Raises:
        DataError: data is not a real number or an array of real numbers.

    >>> Value(5.0)
    Value(data=5.0, grad=0.0)
    """

    __slots__ = ()

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
        memory.clear(self)
        self._record = _LEAF
        self.label = label
        data = begun(self, data) if CAPTURES else data
        if type(data) is float and not (_children or _op or prev or op):  # almost always
            self._is_float = True
            self._float = data
            return
        if isinstance(data, Value):
            raise DataError(f"Value: the data is a Value already, {data}; use it as it is, or its .data")
        if isinstance(_children, str):
            raise DataError(f"Value: {_children!r} stands in the place of _children; write label={_children!r}")
        inputs, symbol = tuple(_children or prev), _op or op
        if inputs or symbol:
            self._record = HandMade(symbol)
        set_inputs(self, inputs)
        data = as_data(data)
        set_data(self, data.copy() if copy and type(data) not in NUMBERS else data)

    # How it was made

    @property
    def inputs(self) -> tuple[Value, ...]:
        """The inputs in order, with repeats. A raw one becomes a leaf here."""
        given = inputs_of(self)
        if not all(isinstance(x, Value) for x in given):
            given = tuple(x if isinstance(x, Value) else made(Value, x, _LEAF, None, None) for x in given)
            raw = [x for x, before in zip(given, inputs_of(self), strict=True) if x is not before]
            set_inputs(self, given)
            with quietly():
                pull(self, False, OfConstants(raw))
        return given

    # Operators make graphs. On numbers `a - b` is `a + b * -1`, `a / b` is `a * b**-1`
    # and `2 * a` is `a * 2`, as in the tutorials. With arrays each is one node.

    def __add__(self, other: Input) -> Self:
        return floats.apply(add, self, other)

    def __radd__(self, other: Input) -> Self:
        return self + other if is_number(other) else floats.reflected(add, self, other)

    def __mul__(self, other: Input) -> Self:
        return floats.apply(multiply, self, other)

    def __rmul__(self, other: Input) -> Self:
        return self * other if is_number(other) else floats.reflected(multiply, self, other)

    def __matmul__(self, other: Input) -> Self:
        return floats.apply(matmul, self, other)

    def __rmatmul__(self, other: Input) -> Self:
        return floats.reflected(matmul, self, other)

    def __neg__(self) -> Self:
        return self * -1 if holds_number(self) else super().__neg__()

    def __sub__(self, other: Input) -> Self:
        y = operand("subtract", self, other)
        return self + (-y) if are_numbers(self, y) else floats.apply(subtract, self, y)

    def __rsub__(self, other: Input) -> Self:
        y = operand("subtract", self, other)
        return y + (-self) if are_numbers(self, y) else floats.reflected(subtract, self, y)

    def __truediv__(self, other: Input) -> Self:
        y = operand("divide", self, other)
        if not are_numbers(self, y) or (isinstance(y, Value) and y._is_of_transform):
            return floats.apply(divide, self, y)
        return self * (y**-1 if isinstance(y, Value) else raise_to(y, exponent=-1))

    def __rtruediv__(self, other: Input) -> Self:
        y = operand("divide", self, other)
        return y * self**-1 if are_numbers(self, y) else floats.reflected(divide, self, y)

    def __pow__(self, other: Input) -> Self:
        y = operand("power", self, other)
        if not is_number(y):
            return power(self, y)
        node = floats.build(type(self), raise_to, self, None, floats.exponents(y))
        return raise_to(self, exponent=y) if node is None else node

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        """Run the op on the data of its inputs and record it. `op(x, y)` calls this."""
        node = floats.applied(self, op, inputs, params)
        if node is not None:
            return node
        given = [x if isinstance(x, Value) else constant(op, i, x, inputs) for i, x in enumerate(inputs)]
        data = [data_of(x) for x in given]
        if all_raw(data):
            z = op.run(data, given, params)
        else:  # Values of Values
            given = at_one_level(given)
            z = op(*[data_of(x) for x in given], **params)
        kind = kind_of_result(given)
        if not op.differentiable:  # a comparison: plain data
            return answer(op, given, params, z) if CAPTURES else z
        node = made(kind or type(self), as_data(z), _CONSTANT, None, None)
        if kind is not None and is_recording():
            node._record = op
            node._params = params or None
            set_inputs(node, given)
        elif CAPTURES:
            note_constant(node, op, given, params)
        if OPEN and (anomalies := current_anomalies()) is not None:
            anomalies.check_output(node, op, given)
        return node

    # How gradients are computed

    def backward(self, gradient: Array = None, create_graph: bool = False, **unknown: Any) -> None:
        """Put the derivative of this by each value it was made from into their `grad`.

        grad of x  =  sum over users z of x:  (grad of z) * dz/dx

        Interior gradients are computed anew. Those of leaves accumulate, so set them to
        0 between steps. If anything interrupts the walk, they are as they were. Threads
        may share leaves. Data is used as it stands now: see `check_stale`.

        Args:
            gradient: the gradient of this value itself, of its shape; ones by default.
            create_graph: record the walk too, so that gradients have gradients.

        Raises:
            GradientError: this value has no history: it is detached, or was made under
                `no_grad()`.
            ShapeError: the gradient given has another shape.

        >>> x = Value(3.0)
        >>> (x * x).backward()
        >>> x.grad
        6.0
        """
        seed = seed_of(self, gradient, unknown)
        if create_graph or not is_one_step(self, seed):  # as from a result of a compiled function
            with Walking(self, Value(seed) if create_graph else seed, create_graph, in_order) as walk:
                walk_back(walk)

    @property
    def _backward(self) -> Callable[[], Any]:
        """One step of the chain rule: adds to the gradients of inputs; assignable."""
        return own_step_of(self) or (lambda: _pull_by_hand(self))

    @_backward.setter
    def _backward(self, step: Callable[[], Any] | None) -> None:
        set_own_step(self, step)

    def check_stale(self) -> list[Value]:
        """The nodes whose data no longer follows from their inputs, after assignments.

        On such a graph `backward()` mixes old outputs with new inputs. Tutorials nudge
        `a.data` on purpose. Elsewhere it is a mistake, and this finds it.

        >>> x = Value(3.0)
        >>> y = x * x
        >>> x.data = 4.0
        >>> y.check_stale()
        [Value(data=9.0, grad=0.0)]
        """
        return [node for node in toposort(self) if is_stale(node)]


memory.adopt(Value)
floats.add_methods(Value)  # v.tanh() and the like, as quick as v * v
notebook.add_methods(Value)
