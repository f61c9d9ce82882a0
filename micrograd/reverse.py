"""Reverse mode for transforms: gradients as results.

No `grad` of anybody is touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd.engine import Value, pull, toposort
from micrograd.errors import GradientError
from micrograd.gradients import Gradients
from micrograd.node import Node, inputs_of, is_constant
from micrograd.unknown import Zeros
from micrograd.walking import asked_about


class Route(Gradients):
    """Gradients in a dictionary, for the nodes by which a root depends on some values.

    Args:
        zeros: see unknown.py.
        nodes: the nodes that want a gradient.
        grads: gradients by node, to start with that of the root.
    """

    __slots__ = ("grads", "nodes")

    def __init__(self, zeros: Zeros, nodes: set[Any], grads: dict[Any, Any]) -> None:
        super().__init__(zeros)
        self.nodes = nodes
        self.grads = grads

    def of(self, node: Node) -> Any:
        self.zeros.node = node
        return self.grads.pop(node, None)

    def wants(self, x: Any) -> bool:
        return x in self.nodes if isinstance(x, Value) else False

    def add(self, x: Node, part: Any, g: Any) -> None:
        self.grads[x] = self.grads[x] + part if x in self.grads else part


def route(root: Value, wanted: Sequence[Value]) -> tuple[list[Value], set[Value]]:
    """The nodes by which root depends on the wanted values, inputs before users; and
    the same with those, as a set.
    """
    nodes = set(wanted)
    path = []
    for node in toposort(root):
        if node not in nodes and not nodes.isdisjoint(x for x in inputs_of(node) if isinstance(x, Value)):
            nodes.add(node)
            path.append(node)
    return path, nodes


def rests_on_others(root: Value, known: set[Any]) -> bool:
    """Whether root was also made from a leaf that is not among those known."""
    return not is_constant(root) and any(node._x is None and node not in known for node in toposort(root))


def cotangents(
    root: Value, seed: Any, wanted: Sequence[Value], create_graph: bool = False, known: Any = None
) -> list[Any]:
    """The gradients of root by the wanted values alone.

    None where root does not depend on one.

    Args:
        root: what to differentiate.
        seed: the gradient of root itself, of its shape.
        wanted: the values by which to differentiate, anywhere in the graph of root.
        create_graph: record the walk too; seed and results are Values then.
        known: `route(root, wanted)`, if the caller has it already.

    Raises:
        GradientError: a node in between has a `_backward` of its own, which knows only
            `grad`.

    >>> x = Value(3.0)
    >>> cotangents(x * x, 1.0, [x])
    [6.0]
    """
    path, nodes = known or route(root, wanted)
    with Zeros(root, seed, asked_about) as zeros:
        gradients = Route(zeros, nodes, {root: seed})
        for node in reversed(path):
            if node._has_own_step:
                raise GradientError(
                    f"{node._op or 'a node'}: it has a `_backward` of its own, which only `backward()` can follow; "
                    f"make it an op with micrograd.op.elementwise"
                )
            pull(node, create_graph, gradients)
    return [gradients.grads.get(x) for x in wanted]
