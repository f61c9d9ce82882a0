"""Small engines that run: a right one, and one for each slip that learners make.

`ENGINES` names them. Each is a class like the `Value` of the tutorials: it has `data`,
`grad`, `label`, operators, the ops of the table, `backward()` and `zero_grad()`. So a
program runs on any of them in the place of `Value`:

>>> def program(Value):
...     a = Value(3.0)
...     b = a * 2
...     (b + b * 3).backward()
...     return a.grad
>>> program(Right), program(ENGINES["no-topological-sort"])
(8.0, 10.0)

A wrong engine differs from `Right` in one method. All take the forward and the
derivatives from the table of ops, and build the graph of the tutorials: `a - b` is
`a + b * -1`.

Three uses:

- `program(ENGINES[slip])` is what a program gives on a wrong engine;
- `slips_that_give(program, numbers)` says which slips give just these numbers. A grader
  calls it with what a learner's engine gave. `advice_on(slips)` says what to write;
- `recorded(ENGINES[slip])` is a class whose `steps` holds each step of `backward()`.

The tutorials keep the inputs of a node in a set, so nobody knows in which order they
come. Here the order is that of the op. In another order a wrong engine may give other
numbers, and `slips_that_give` tries them. An engine without a sort and one without a
visited set then give the same numbers: one walks from left to right what the other
walks from right to left. The engines are for small graphs; they refuse large ones.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.arrays import as_data
from micrograd.cotangents import fit
from micrograd.engine import Value
from micrograd.errors import DataError, GradientError, MicrogradError, a_kind
from micrograd.interpreter import Array, ones_like, zeros_like
from micrograd.modes import quietly
from micrograd.op import Op
from micrograd.ops.operators import Operators

MOST_NODES = 300
MIXED = 5  # nodes with two inputs, of which every mixture of orders is tried
MOST_STEPS = 10_000  # a walk without a visited set takes a time that doubles with each node


class Step(NamedTuple):
    """A node passed a part of its gradient on.

    Attributes:
        node: who passed it on.
        to: the input that received it.
        arrived: the gradient that the node had.
        part: what it passed on.
        before, after: the gradient of the input before it, and after it.
    """

    node: Right
    to: Right
    arrived: Array
    part: Array
    before: Array
    after: Array


class Zeroed(NamedTuple):
    """A gradient was set to zero.

    Attributes:
        node: whose.
        before, after: what it was, and what it is.
    """

    node: Right
    before: Array
    after: Array


class Right(Operators):
    """The engine of the tutorials without a slip.

    Args:
        data: a number or an array.
        label: a name.

    Attributes:
        said: how the engine is called in a sentence.
        advice: what is wrong, and what to write; empty where nothing is.
        adds: whether a part that arrives is added; otherwise it takes the place.
        turned: whether the inputs of a node are taken from the last to the first.
        repeats: whether an input that is used twice comes twice, as in a list.
        steps: those of every `backward()`, where `recorded` made the class.
        grad: the gradient; zero before `backward()`.
        op, inputs, params: the record of the op, its inputs and its keyword arguments;
            None, () and {} where none made it.
    """

    said = "sorted"
    advice = ""
    adds = True
    turned = False
    repeats = False
    steps: list[Step | Zeroed] | None = None

    def __init__(self, data: Array, label: str = "") -> None:
        if isinstance(data, Operators):
            raise DataError(f"{type(self).__name__}: the data is {a_kind(data)} already; give a plain number")
        self.data = as_data(data)
        self.grad = zeros_like(self.data)
        self.label = label
        self.op: Op | None = None
        self.inputs: tuple[Any, ...] = ()
        self.params: dict[str, Any] = {}

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        z = op.run([_data(x) for x in inputs], inputs, params)
        if not op.differentiable:
            return z
        made = type(self)(z)
        made.op, made.inputs, made.params = op, tuple(inputs), params
        return made

    def nodes_of_inputs(self) -> list[Right]:
        """The inputs that are nodes, each once, as in the sets of the tutorials."""
        nodes = [x for x in self.inputs if isinstance(x, Right)]
        nodes = nodes if self.repeats else list(dict.fromkeys(nodes))
        return nodes[::-1] if self.turned else nodes

    def walk(self) -> Iterable[Right]:
        """The nodes in the order in which they pass their gradients on.

        It is users first: a sort, inputs before users, each node once; from its end.
        """
        return reversed(sorted_below(self))

    def backward(self) -> None:
        """Put the derivatives of this into the `grad` of what it was made from."""
        _check_size(self)
        for node in sorted_below(self):
            if node.op is not None:
                node.grad = zeros_like(node.data)
        self.grad = self.first()
        with quietly():
            for node in self.walk():
                node.pass_on()

    def first(self) -> Array:
        """The gradient with which `backward()` starts, that of the root by itself."""
        return ones_like(self.data)

    def pass_on(self) -> None:
        """The chain rule, one step: a part of the gradient for each input."""
        data = [_data(x) for x in self.inputs]
        arrived = self.grad
        for i, x in enumerate(self.inputs):
            if self.op is None or not isinstance(x, Right) or self.op.rules[i] is None:
                continue
            before = x.grad
            part = self.fitted(self.part(i, arrived, data), x.data)
            x.receive(part)
            if self.steps is not None:
                self.steps.append(Step(self, x, arrived, part, before, x.grad))

    def part(self, i: int, arrived: Array, data: Sequence[Array]) -> Array:
        """The part of input i: what arrived, times the derivative by that input."""
        assert self.op is not None
        return self.op.pull(i, arrived, self.data, data, self.params)

    def fitted(self, part: Array, data: Array) -> Array:
        """A part in the shape of the data that it is for, summed where an op had
        broadcast the data.
        """
        return fit(part, data)

    def receive(self, part: Array) -> None:
        """Add a part to the gradient."""
        self.grad = self.grad + part

    def zero_grad(self) -> None:
        """Set the gradient to zero."""
        before, self.grad = self.grad, zeros_like(self.data)
        if self.steps is not None:
            self.steps.append(Zeroed(self, before, self.grad))

    # The graph of the tutorials: a difference is a sum, a quotient is a product.

    def __neg__(self) -> Any:
        return self * -1

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __radd__(self, other: Any) -> Any:
        return self + other

    def __rsub__(self, other: Any) -> Any:
        return other + (-self)

    def __rmul__(self, other: Any) -> Any:
        return self * other

    def __truediv__(self, other: Any) -> Any:
        return self * other**-1

    def __rtruediv__(self, other: Any) -> Any:
        return other * self**-1

    @property
    def _below(self) -> Array:
        return self.data

    @property
    def _level(self) -> float:
        return 0.5

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={self.data}, grad={self.grad}{label})"


class Recursive(Right):
    """No sort: a node passes on what it has, then each input does, and so on."""

    said = "recursion"
    advice = (
        "each node passes its gradient on before all of its own has arrived, and again for every user: "
        "sort the nodes first, and visit each once"
    )

    def walk(self) -> Iterator[Right]:
        yield self
        for x in self.nodes_of_inputs():
            yield from x.walk()


class Assigning(Right):
    """`=` for `+=`: only the last part is kept."""

    said = "= for +="
    advice = "the gradients are set with `=`; where a value is used twice, both parts count: `+=`"
    adds = False

    def receive(self, part: Array) -> None:
        self.grad = part


class Repeating(Right):
    """A sort without a visited set: a node stands in it once for each path to it."""

    said = "no visited set"
    advice = "a node passes its whole gradient on once for each path to it: remember visited nodes, and visit each once"

    def walk(self) -> Iterable[Right]:
        order: list[Right] = []

        def build(node: Right) -> None:
            for x in node.nodes_of_inputs():
                build(x)
            order.append(node)
            if len(order) > MOST_STEPS:
                raise _too_large(f"the walk has more than {MOST_STEPS} steps")

        build(self)
        return reversed(order)


class NeverZeroing(Right):
    """`zero_grad()` does nothing, as in a program that does not call it."""

    said = "no zero_grad"
    advice = "zero_grad() does not set the gradients to 0, and the next backward() adds to what is there"

    def zero_grad(self) -> None:
        pass


class Unsummed(Right):
    """A part is not summed to the shape of the input that was broadcast."""

    said = "no unbroadcast"
    advice = (
        "the gradient of a value that was broadcast has the shape of the result: "
        "sum it over the axes that were added or stretched"
    )

    def part(self, i: int, arrived: Array, data: Sequence[Array]) -> Array:
        """The part of input i: what arrived, times the derivative by that input."""
        assert self.op is not None
        return self.op.pull(i, arrived, self.data, data, self.params)

    def fitted(self, part: Array, data: Array) -> Array:
        return part


class LevelByLevel(Right):
    """All inputs of the root, then all inputs of these, each node where it first comes:
    a search in breadth.
    """

    said = "level by level"
    advice = (
        "a node passes its gradient on before all of its own has arrived: "
        "sort the nodes by their inputs, not by their distance from the root"
    )

    def walk(self) -> Iterator[Right]:
        level: list[Right] = [self]
        seen: set[Right] = {self}
        while level:
            yield from level
            inputs = dict.fromkeys(x for node in level for x in node.nodes_of_inputs())
            level = [x for x in inputs if x not in seen]
            seen.update(level)


ENGINES: dict[str, type[Right]] = {
    "no-topological-sort": Recursive,
    "assign-not-accumulate": Assigning,
    "no-visited-set": Repeating,
    "forgot-zero-grad": NeverZeroing,
    "no-unbroadcast": Unsummed,
    "level-by-level": LevelByLevel,
}


def sorted_below(root: Right) -> list[Right]:
    """All nodes below a root, each once: inputs before users."""
    order: list[Right] = []
    seen: set[Right] = set()
    stack: list[tuple[Right, bool]] = [(root, False)]
    while stack:
        node, is_done = stack.pop()
        if is_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack += [(node, True), *((x, False) for x in reversed(node.nodes_of_inputs()))]
    return order


def recorded(engine: type[Right], turned: bool = False) -> type[Right]:
    """A class like the engine, with an empty `steps` of its own for the steps.

    Args:
        engine: one of `ENGINES`, or `Right`.
        turned: take the inputs of a node from the last to the first.

    >>> Engine = recorded(Right)
    >>> a = Engine(3.0, label="a")
    >>> (a * 2).backward()
    >>> [(step.to.label, step.arrived, step.part) for step in Engine.steps]
    [('a', 1.0, 2.0)]
    """
    return type(engine.__name__, (engine,), {"steps": [], "turned": turned})


def slips_that_give(program: Callable[[Any], Any], given: Any) -> list[str]:
    """The slips with which a program gives just these numbers.

    Args:
        program: a function of a class like Value, which returns a number or a list of
            numbers, such as gradients.
        given: what the program gave on an engine that may be wrong.

    Returns:
        Names of `ENGINES`. The list is empty where the numbers are right, or no slip
        gives them.

    >>> def program(Value):
    ...     a = Value(3.0)
    ...     b = a + a
    ...     b.backward()
    ...     return a.grad
    >>> slips_that_give(program, 1.0)
    ['assign-not-accumulate']
    >>> slips_that_give(program, 2.0)
    []
    """
    if _are_equal(program(Value), given):
        return []
    return [slip for slip, engine in ENGINES.items() if gives(engine, program, given)]


def advice_on(slips: Iterable[str]) -> list[str]:
    """What is wrong and what to write, a sentence for each slip.

    A walk without a sort visits a node again and again, too: its advice stands for
    both.

    >>> print(*advice_on(["assign-not-accumulate"]))
    the gradients are set with `=`; where a value is used twice, both parts count: `+=`
    """
    slips = list(slips)
    is_told = "no-topological-sort" in slips
    return [ENGINES[slip].advice for slip in slips if not (is_told and slip == "no-visited-set")]


def gives(engine: type[Right], program: Callable[[Any], Any], given: Any, in_any_order: bool = True) -> bool:
    """Whether a program gives these numbers on an engine, in some order of inputs.

    An engine that walks rightly gives the same in each order: one is enough.
    """
    for variant in _orders(engine) if in_any_order else [engine]:
        try:
            if _are_equal(program(variant), given):
                return True
        except (MicrogradError, ValueError, TypeError, ArithmeticError):  # too large for it, or a shape that is wrong
            continue
    return False


def _orders(engine: type[Right]) -> Iterator[type[Right]]:
    """The engine with its inputs in this order and that, then mixed: a set has an order
    of its own at each node.
    """
    for repeats in (False, True):
        for turned in (False, True):
            yield type(engine.__name__, (engine,), {"turned": turned, "repeats": repeats})
    for turns in itertools.product([False, True], repeat=MIXED):
        if len(set(turns)) > 1:
            yield _mixed(engine, iter(turns))


def _mixed(engine: type[Right], turns: Iterator[bool]) -> type[Right]:
    """The engine with its nodes of two inputs turned or not, one after the other."""

    def applied(self: Right, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        made = engine._apply_op(self, op, inputs, params)
        if isinstance(made, Right) and len(made.nodes_of_inputs()) > 1:
            made.turned = next(turns, False)
        return made

    return type(engine.__name__, (engine,), {"_apply_op": applied})


def _are_equal(x: Any, y: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return isinstance(y, (list, tuple)) and len(x) == len(y) and all(map(_are_equal, x, y))
    if isinstance(x, (int, float)) and isinstance(y, (int, float)):  # also where there is no NumPy
        return math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12) or (x != x and y != y)
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    return x.shape == y.shape and bool(np.allclose(x, y, rtol=1e-9, atol=1e-12, equal_nan=True))


def _data(x: Any) -> Array:
    return x.data if isinstance(x, Right) else x


def _check_size(root: Right) -> None:
    if len(sorted_below(root)) > MOST_NODES:
        raise _too_large(f"the graph has more than {MOST_NODES} nodes")
    if any(count == MOST_STEPS for count, _ in enumerate(root.walk())):
        raise _too_large(f"the walk has more than {MOST_STEPS} steps")


def _too_large(what: str) -> GradientError:
    return GradientError(f"backward: {what}; this engine shows a slip on a small graph, take micrograd.Value")
