"""Reverse mode for transforms: gradients as results.

No `grad` of anybody is touched. Where all leaves of a graph belong to the transform,
the graph is its own: then gradients may stay in the nodes while it walks, as those of
`backward()` do. Otherwise they are in a dictionary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import floats
from micrograd.engine import Value, in_order, pull
from micrograd.errors import GradientError
from micrograd.gradients import Gradients
from micrograd.node import Node, add_grad, collect, forget_grad, grad_of, inputs_of, is_constant, known_grad, set_grad
from micrograd.quiet import quietly
from micrograd.traced import has_outline, refill
from micrograd.unknown import Zeros
from micrograd.walking import asked_about, next_number
from micrograd.walks import ACTIVE, LOCK


class Reach:
    """The graph between a root and the values by which it is differentiated.

    It ends at those values. In a loop of transforms, the history behind them may be
    long, and to walk it in each step would make the loop quadratic.

    Args:
        root: what to differentiate.
        ends: the values by which to differentiate, anywhere in the graph of root.

    Attributes:
        order: the nodes in between, with the root: inputs before users.
        is_own: whether root was made from the ends and constants alone.
    """

    def __init__(self, root: Node, ends: list[Any]) -> None:
        self.root = root
        self.ends = ends
        self.order = _order_of(root, ends)
        self.is_own = not _has_leaf(self.order)
        self._path: list[Any] | None = None
        self._nodes: set[Any] | None = None

    def path(self) -> tuple[list[Any], set[Any]]:
        """The nodes by which root depends on the ends, inputs before users; and the
        same with the ends, as a set. They have all numbers, also those that no walk
        back reads: whoever walks forward may read them.
        """
        refill(self.order)
        return self._found()

    def _found(self) -> tuple[list[Any], set[Any]]:
        if self._path is None or self._nodes is None:
            self._nodes, self._path = set(self.ends), []
            for node in self.order:
                if not self._nodes.isdisjoint([x for x in inputs_of(node) if isinstance(x, Node)]):
                    self._nodes.add(node)
                    self._path.append(node)
        return self._path, self._nodes

    def widen(self) -> list[Any]:
        """Add to the ends what else the nodes of the path are made from: values that
        do not depend on the ends, as those that a function closes over.

        Returns:
            Those values, in an order that follows from the program alone.
        """
        path, nodes = self.path()
        found: dict[Any, None] = {}
        for node in path:
            for x in inputs_of(node):
                if isinstance(x, Node) and x not in nodes and not is_constant(x):
                    found[x] = None
        others = [*found]
        nodes.update(others)
        if others:
            self.ends = self.ends + others
            self.is_own = False  # somebody else may have gradients in these
        return others


def _order_of(root: Node, ends: list[Any]) -> list[Any]:
    """The nodes that root was made from, without the ends and what those were made
    from.
    """
    if is_constant(root):
        return []
    with LOCK:
        if not ACTIVE:
            number = next_number()
            for node in ends:
                node._mark = number
            order = in_order(root, number, None)
            if next_number() == number + 1:  # no finalizer or signal handler has set marks meanwhile
                return order
        return collect(root, {id(node) for node in ends})


def _has_leaf(order: list[Any]) -> bool:
    for node in order:  # noqa: SIM110 - Cython makes no generator of this
        if node._x is None or node._has_own_step:  # such a step may lead to leaves that the order lacks
            return True
    return False


class Route(Gradients):
    """Gradients in a dictionary, for the nodes by which a root depends on some values.

    Args:
        zeros: see unknown.py.
        nodes: the nodes that want a gradient.
        grads: gradients by node, to start with that of the root.
    """

    __slots__ = ("grads", "nodes")

    def __init__(self, zeros: Any, nodes: set[Any], grads: dict[Any, Any]) -> None:
        super().__init__(zeros)
        self.nodes = nodes
        self.grads = grads

    def of(self, node: Node) -> Any:
        self.zeros.node = node
        self.settle(node)
        return self.grads.pop(node, None)

    def wants(self, x: Any) -> bool:
        return x in self.nodes if isinstance(x, Node) else False

    def add(self, x: Node, part: Any, g: Any) -> None:
        self.grads[x] = self.grads[x] + part if x in self.grads else part

    def held(self, x: Node) -> Any:
        return self.grads.get(x)

    def hold(self, x: Node, grad: Any) -> None:
        self.grads[x] = grad


class Own(Gradients):
    """Gradients in nodes that belong to one transform: nobody changes them in place."""

    __slots__ = ()

    def add(self, x: Node, part: Any, g: Any) -> None:
        add_grad(x, part)


def cotangents(root: Value, seed: Any, wanted: Sequence[Value], create_graph: bool = False) -> list[Any]:
    """The gradients of root by the wanted values alone.

    None where root does not depend on one.

    Args:
        root: what to differentiate.
        seed: the gradient of root itself, of its shape.
        wanted: the values by which to differentiate, anywhere in the graph of root.
        create_graph: record the walk too; seed and results are Values then.

    Raises:
        GradientError: a node in between has a `_backward` of its own, which knows only
            `grad`.

    >>> x = Value(3.0)
    >>> cotangents(x * x, 1.0, [x])
    [6.0]
    """
    return pulled(Reach(root, list(wanted)), seed, create_graph)


def pulled(reach: Reach, seed: Any, create_graph: bool) -> list[Any]:
    """The gradients of the root of a graph by its ends: see `cotangents`."""
    if is_constant(reach.root):
        return [None] * len(reach.ends)
    if create_graph or not reach.is_own:
        return _beside(reach, seed, create_graph)
    with LOCK:
        is_taken = id(reach.ends) in _taken
        if not is_taken:
            _taken.add(id(reach.ends))
    if is_taken:
        return _beside(reach, seed, create_graph)
    try:
        return _within(reach, seed)
    finally:
        _taken.discard(id(reach.ends))


_taken: set[int] = set()  # the ends of the graphs whose nodes hold gradients now: another thread must not put its own


def _beside(reach: Reach, seed: Any, create_graph: bool) -> list[Any]:
    """The gradients of root by the ends, by way of a dictionary."""
    path, nodes = reach._found()
    with quietly(), Zeros(reach.root, seed, asked_about) as zeros:
        gradients = Route(zeros, nodes, {reach.root: seed})
        for node in reversed(path):
            if node._has_own_step:
                raise _own_step_error(node)
            pull(node, create_graph, gradients)
        for node in reach.ends:
            gradients.settle(node)
    return [gradients.grads.get(x) for x in reach.ends]


def _within(reach: Reach, seed: Any) -> list[Any]:
    """The gradients of root by the ends, by way of the nodes, which are left as they
    were.
    """
    before = [known_grad(x) for x in reach.ends]
    for node in reach.order:
        forget_grad(node)
    for node in reach.ends:
        forget_grad(node)
    set_grad(reach.root, seed)
    order = list(reach.order)
    try:
        _walk(reach, seed, order)
        return [grad_of(x) for x in reach.ends]
    finally:
        for node in order:  # it was interrupted
            forget_grad(node)
        for i in range(len(before)):
            set_grad(reach.ends[i], before[i])


def _walk(reach: Reach, seed: Any, order: list[Any]) -> None:
    """Pull the gradient of each node back; the order is empty then."""
    while order:
        node = order[-1]
        if node._has_own_step:
            raise _own_step_error(node)
        if floats.step(node):
            forget_grad(order.pop())
        else:
            _walk_quietly(reach, seed, order)  # all the rest


def _walk_quietly(reach: Reach, seed: Any, order: list[Any]) -> None:
    """The same from the first node on that is not of floats alone."""
    with quietly(), Zeros(reach.root, seed, asked_about) as zeros:
        gradients = Own(zeros)
        while order:
            node = order[-1]
            if node._has_own_step:
                raise _own_step_error(node)
            if has_outline(node):
                _pass_on(node)
            elif not floats.step(node):
                pull(node, False, gradients)
            forget_grad(order.pop())
        for node in reach.ends:
            gradients.settle(node)


def _pass_on(node: Node) -> None:
    """The gradient of a node is that of its outline."""
    g = grad_of(node)
    if g is not None:
        add_grad(node._x, g)


def _own_step_error(node: Node) -> GradientError:
    return GradientError(
        f"{node._op or 'a node'}: it has a `_backward` of its own, which only `backward()` can follow; "
        f"make it an op with micrograd.op.elementwise"
    )
