"""A call of a function that has a derivative of its own, as one op of the graph.

The call is a node: its inputs are those leaves of the arguments that carry a gradient,
its data is what the function returned. A subclass of `Call` says what a cotangent gives
to the inputs, and what tangents give to the output.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import Any

from micrograd import levels
from micrograd.anomaly import OPEN, current_anomalies
from micrograd.arrays import as_data
from micrograd.batch import Batch
from micrograd.dual import Dual
from micrograd.engine import Value
from micrograd.errors import GradientError
from micrograd.interpreter import Interpreter
from micrograd.leaves import joined_leaves
from micrograd.node import Node, data_of, is_constant, made, set_inputs, watch_cycle
from micrograd.operands import kind_of_result
from micrograd.record import Op
from micrograd.reverse import Reach, pulled
from micrograd.traced import traced
from micrograd.tracing import none_around
from micrograd.trees import leaves_of, like


class Parts(list[Any]):
    """The cotangents of all inputs of a call, computed once."""


class Call(Op):
    """The record of one call.

    Args:
        name: what the user calls it, for pictures and errors.
        given: the arguments; a Value is the highest of them.
    """

    def __init__(self, name: str, given: Arguments) -> None:
        super().__init__(_of_calls, name, ())
        self.name = name
        self.given = given
        self.level = given.top._level
        self.rules = (_of_calls,) * len(given.places)
        self.shared = _of_calls
        self.formulas.state = 2  # it has none

    def share(self, g: Any, z: Any, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        return Parts(self.cotangents(g, z, inputs, isinstance(z, Node) and z._record is self))

    def pull(self, i: int, g: Any, z: Any, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        if type(g) is not Parts:
            raise NotImplementedError(f"{self.name}: cotangents of a call are computed all at once")
        return g[i]

    def cotangents(self, g: Any, z: Any, inputs: Sequence[Any], is_recorded: bool) -> list[Any]:
        """A cotangent for each input.

        Args:
            g: the cotangent of the output.
            z: the output.
            inputs: those of the node: nodes where the walk is recorded, else their
                data.
            is_recorded: whether the walk is recorded.
        """
        raise NotImplementedError

    def run(self, data: Sequence[Any], inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """The output for these data, as `check_stale` asks for it."""
        raise NotImplementedError

    def __reduce__(self) -> Any:
        raise GradientError(
            f"{self.name}: the history of this value has a call of your function in it, which cannot be copied "
            f"or pickled; copy its .detach(), or copy the leaves and build the graph again"
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.__reduce__()


def _of_calls(*inputs: Any) -> Any:
    raise NotImplementedError("a call of a function has no forward on arrays alone")


class Arguments:
    """The arguments of one call, as one tree.

    Args:
        tree: the arguments.

    Attributes:
        leaves: numbers, arrays and values of interpreters.
        top: the value of the highest level among them; None where no gradient goes
            through any of them.
    """

    def __init__(self, tree: Any) -> None:
        self.tree = joined_leaves(tree)
        self.leaves = leaves_of(self.tree)
        self.top = _top_of(self.leaves)

    def replaced(self, leaves: Sequence[Any]) -> Any:
        """The arguments with these leaves."""
        return like(self.tree, leaves)

    @functools.cached_property
    def places(self) -> list[int]:
        """Where the leaves are that the node of this call has as inputs."""
        level = self.top._level
        return [i for i, x in enumerate(self.leaves) if is_recorded_at(x, level)]

    def inputs(self) -> list[Any]:
        """The leaves that the node of this call has as inputs."""
        return [self.leaves[i] for i in self.places]

    def data(self) -> list[Any]:
        """The leaves, seen from below the level of the call."""
        level = self.top._level
        return [data_of(x) if isinstance(x, Value) and x._level == level else x for x in self.leaves]

    def below(self) -> Arguments:
        """The arguments, seen from below the level of the call."""
        return Arguments(self.replaced(self.data()))

    def placed(self, inputs: Sequence[Any], leaves: Sequence[Any]) -> list[Any]:
        """These leaves, with others in the places of the inputs of the node."""
        found = list(leaves)
        for i, x in zip(self.places, inputs, strict=True):
            found[i] = x
        return found


def _top_of(leaves: Sequence[Any]) -> Any:
    top, any_moves = None, False
    for x in leaves:
        if isinstance(x, Interpreter):
            moves = carries_gradient(x)
            any_moves = any_moves or moves
            if (moves or not isinstance(x, Value)) and (top is None or x._level > top._level):
                top = x
    return top if any_moves else None


def carries_gradient(x: Interpreter) -> bool:
    """Whether a gradient goes through x; an interpreter that does not say so counts."""
    return not hasattr(x, "_has_history") or bool(x._has_history())


def is_recorded_at(x: Any, level: float) -> bool:
    """Whether x is a Value of this level with a history."""
    return isinstance(x, Value) and x._level == level and not is_constant(x)


def node_of(call: Call, data: Any, inputs: Sequence[Any]) -> Any:
    """The node of a call.

    It stands on the level of its inputs, where walks look for it, even if the function
    gave the same number in each example. The collector tracks it: what the user's
    function holds may refer to the node.
    """
    data = levels.lifted_to(as_data(data), int(inputs[0]._level))
    node = made(kind_of_result(list(inputs)), data, call, None, None)
    set_inputs(node, inputs)
    watch_cycle(node, call)
    if OPEN and (anomalies := current_anomalies()) is not None:
        anomalies.check_output(node, call, list(inputs))
    return node


def below(name: str, what: str, tree: Any, level: float) -> Any:
    """What a function of the user's returned, as it must be: made from its arguments
    alone.

    Args:
        name: the function, for the error.
        what: "f", "forward" and so on, for the error.
        tree: what it returned.
        level: that of the call. The function got what is below.

    Raises:
        GradientError: it used a value of this level from elsewhere. The gradient of
            that one would be lost.
    """
    tree = joined_leaves(tree)
    leaves = leaves_of(tree)
    if not any(isinstance(x, Interpreter) and x._level >= level for x in leaves):
        return tree
    settled = []
    for x in leaves:
        if isinstance(x, Value) and x._level >= level and is_constant(x):
            x = data_of(x)
        if isinstance(x, Interpreter) and x._level >= level:
            raise foreign_error(name, what, _kind(x))
        settled.append(x)
    return like(tree, settled)


@contextlib.contextmanager
def beneath(level: float) -> Iterator[None]:
    """A rule runs in this block as if it were called where its arguments were made.

    Transforms in a rule would else belong to a jvp or a vmap further in, and so would
    their results.

    Args:
        level: that of the call.
    """
    with levels.within(levels.outside(level)), none_around():
        yield


def refuse_foreign(name: str, what: str, x: Any, level: float) -> None:
    """Refuse a result of a rule that belongs to a jvp or a vmap further in.

    Args:
        name: the function, for the error.
        what: "backward" and so on, for the error.
        x: a leaf of the result.
        level: that of what the rule got.

    Raises:
        GradientError: the rule closes over a value of that transform.
    """
    if isinstance(x, Interpreter) and x._level > level:
        raise foreign_error(name, what, _kind(x))


def foreign_error(name: str, what: str, kind: str) -> GradientError:
    """The error for a value that a rule closes over."""
    return GradientError(
        f"{name}: {what} uses a {kind} that is not one of its arguments, and its gradient would be lost; "
        f"give it to the function as an argument, or use its .detach()"
    )


def is_recorded_below(x: Any, level: float) -> bool:
    """Whether x is a Value of this level with a history, or stands for one."""
    while isinstance(x, Interpreter):
        if is_recorded_at(x, level):
            return True
        x = x._below
    return False


def _kind(x: Any) -> str:
    return "Value" if isinstance(x, Value) else type(x).__name__


def pulled_together(
    roots: Sequence[Any], seeds: Sequence[Any], ends: list[Any], is_recorded: bool, is_outer: bool = False
) -> list[Any]:
    """The cotangents of the ends, given those of several roots.

    Args:
        roots: what is made of the ends; what is not a node does not depend on them.
        seeds: a cotangent for each root.
        ends: the leaves of the graph.
        is_recorded: whether the walk is recorded.
        is_outer: whether it is also recorded where a root depends on a Value that is
            not one of the ends.

    Returns:
        One for each end; None where no root depends on it.
    """
    totals: list[Any] = [None] * len(ends)
    for root, seed in zip(roots, seeds, strict=True):
        if isinstance(root, Node):
            reach = Reach(root, ends)
            found = pulled(reach, seed, is_recorded or (is_outer and not reach.is_own))
            totals = [g if x is None else x if g is None else x + g for x, g in zip(totals, found, strict=True)]
    return totals


def probe(x: Any) -> Value:
    """A fresh leaf of the shape of x, on the level of the innermost transform."""
    return traced(levels.lifted(x))


def unlifted(x: Any) -> Any:
    """A result without the level of the innermost jvp or vmap, where it is a constant
    of that.
    """
    number = levels.innermost()
    if isinstance(x, Dual) and x._number == number and x._tangent is None:
        return x.primal
    return x.examples if isinstance(x, Batch) and x._number == number and not x.is_mapped else x
