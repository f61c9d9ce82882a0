"""Chains: how a root depends on one value, and what flows back along its paths.

The paths are counted, not listed: there may be 2**1000. Gradients are in a dictionary,
so nobody's `.grad` is touched.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.engine import Value, toposort
from micrograd.errors import GradientError
from micrograd.interpreter import ones_like, zeros_like
from micrograd.modes import quietly
from micrograd.node import Node, data_of, inputs_of
from micrograd.record import HandMade
from micrograd.see.noted import passed_on, size_of, walk

Use = tuple[Any, int]  # a node, and which of its inputs


class Step(NamedTuple):
    """One step back: from a node to one of its inputs.

    Attributes:
        node: where it starts.
        i: the input of the node that it goes to.
        arrived: the gradient of the node.
        part: what this step adds to the gradient of the input.
        others: how many other uses of the input add to it.
        rest: what these add together; None where there are none.
        goes_on: the whole gradient of the input.
    """

    node: Any
    i: int
    arrived: Any
    part: Any
    others: int
    rest: Any
    goes_on: Any


class Chains:
    """How root depends on x.

    Args:
        root: the value that is differentiated.
        x: the value by which it is differentiated.

    Attributes:
        between: the nodes on the way from x to root, with root and without x, inputs
            before users. Empty where x is root.
        uses: of x and each of these nodes, who uses it, and as which input.
        paths: the number of ways from x to root.
        gradient: of root by x.
        parts: what each use of x adds to it, in the order of `uses[x]`.

    Raises:
        GradientError: root is not made from x, or only where there is no derivative; or
            a node in between has no rule.

    >>> x = Value(3.0)
    >>> chains = Chains((x + x) * (x + x), x)
    >>> chains.paths, chains.gradient, chains.parts
    (4, 24.0, [6.0, 6.0, 6.0, 6.0])
    """

    def __init__(self, root: Value, x: Value) -> None:
        self.root, self.x = root, x
        self.uses: dict[Any, list[Use]] = {x: []}
        self.between: list[Any] = []
        if root is not x:
            self._find()
        self.paths = self._count()
        self._arrived, self.parts = self._walk_back()
        self.gradient = self.arrived(x)

    def arrived(self, node: Any) -> Any:
        """The gradient of root by a node in between; zeros where nothing arrived."""
        g = self._arrived.get(node)
        return zeros_like(data_of(node)) if g is None else g

    def part(self, node: Any, i: int) -> Any:
        """What a node passes on to its input i."""
        g = self._arrived.get(node)
        return zeros_like(data_of(inputs_of(node)[i])) if g is None else passed_on(node, i, g)

    def largest(self, node: Any) -> list[Step]:
        """The steps from root back to a node, each time along the largest part."""
        steps = []
        while node is not self.root:
            uses = self.uses[node]
            parts = [self.part(user, i) for user, i in uses]
            best = max(range(len(parts)), key=lambda k: size_of(parts[k]))
            others = [part for k, part in enumerate(parts) if k != best]
            rest = sum(others[1:], others[0]) if others else None
            user, i = uses[best]
            steps.append(
                Step(user, i, self.arrived(user), parts[best], len(others), rest, self.arrived(node)),
            )
            node = user
        return steps[::-1]

    def _find(self) -> None:
        """Find the nodes in between, and the uses of each."""
        found: list[Any] = []
        order = toposort(self.root)
        for node in order:
            if node is self.x:
                continue
            inputs = inputs_of(node)
            ways = [i for i, y in enumerate(inputs) if isinstance(y, Node) and y in self.uses]
            if not ways:
                continue
            _check_rule(node)
            ways = [i for i in ways if node._record.rules[i] is not None]
            for i in ways:
                self.uses[inputs[i]].append((node, i))
            if ways:
                self.uses[node] = []
                found.append(node)
        if self.root not in self.uses:
            raise _no_way(self.root, self.x, order)
        # A node may lead to root only by way of a condition or an index.
        alive = {self.root}
        for node in reversed(found):
            self.uses[node] = [use for use in self.uses[node] if use[0] in alive]
            if node is self.root or self.uses[node]:
                alive.add(node)
        self.uses[self.x] = [use for use in self.uses[self.x] if use[0] in alive]
        self.between = [node for node in found if node in alive]

    def _count(self) -> int:
        """The number of paths, in one pass from x to root."""
        counts = dict.fromkeys(self.between, 0)
        counts[self.x] = 1
        for node in [self.x, *self.between]:
            # A count is dropped once it is passed on: of a million nodes, each may have
            # thousands of digits.
            count = counts.pop(node)
            if node is self.root:
                return count
            for user, _ in self.uses[node]:
                counts[user] += count
        raise AssertionError("root is the last node of the order")  # pragma: no cover - root is in `between`

    def _walk_back(self) -> tuple[dict[Any, Any], list[Any]]:
        """The gradients of all nodes in between, and the parts of that of x."""
        noted = walk(
            self.root, ones_like(data_of(self.root)), self.between, set(self.uses), _own_step, watched={self.x}
        )
        nothing = zeros_like(data_of(self.x))
        added = [noted.added.get(user, {}).get(i) for user, i in self.uses[self.x]]
        return noted.gradients, [nothing if part is None else part[0] for part in added]


def slope_of(node: Any, i: int) -> Any:
    """dz/dx, where z is a node and x is its input i: what a gradient of one becomes."""
    return passed_on(node, i, ones_like(data_of(node)))


def pushed(node: Any, i: int, place: tuple[int, ...]) -> Any:
    """How each element of a node changes with one element of its input i: forward mode.

    None for arrays of other libraries.
    """
    values = [data_of(x) for x in inputs_of(node)]
    if type(values[i]) is not np.ndarray:
        return None
    tangents: list[Any] = [None] * len(values)
    tangents[i] = np.zeros_like(values[i])
    tangents[i][place] = 1.0
    with quietly():
        slopes = node._record.push(data_of(node), values, tangents, node._params or {})
    return np.broadcast_to(slopes, node.shape)


def _check_rule(node: Any) -> None:
    if node._has_own_step:
        raise _own_step(node)
    if isinstance(node._record, HandMade):
        raise GradientError(
            f"explain: {_called(node)} was made by hand, as Value(data, inputs, {node._op!r}), and has no rule; "
            f"make it with an op"
        )


def _own_step(node: Any) -> GradientError:
    return GradientError(
        f"explain: {_called(node)} has a `_backward` of its own, and so no rule that can be printed; "
        f"make it from ops, and without `compile`"
    )


def _called(node: Any) -> str:
    return repr(node.label) if node.label else "a value in between"


def _no_way(root: Value, x: Value, order: list[Any]) -> GradientError:
    of, by = (f"{v.label!r}" if v.label else what for v, what in ((root, "the root"), (x, "the given value")))
    if any(node is x for node in order):
        return GradientError(
            f"explain: {of} is made from {by} only where an op has no derivative, as in a condition; its gradient is 0"
        )
    same = [node for node in order if x.label and node.label == x.label]
    more = f"; another value has the label {x.label!r}: was it made anew?" if same else ""
    return GradientError(
        f"explain: {of} is not made from {by}: it is not among the values that {of} is made of{more}\n"
        f"use {by} in the forward pass, and keep its history: no detach(), no no_grad()"
    )
