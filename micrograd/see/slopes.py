"""The gradients that a picture shows: those in the nodes, or computed for it."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.engine import pull
from micrograd.errors import DrawError
from micrograd.exact import is_exact
from micrograd.interpreter import ones_like
from micrograd.node import Node
from micrograd.quiet import quietly
from micrograd.reverse import Route
from micrograd.see.listed import Listed
from micrograd.unknown import Zeros
from micrograd.walking import asked_about


class _Kept(Route):
    """Gradients in a dictionary that keeps those that were passed on."""

    __slots__ = ("kept",)

    def __init__(self, zeros: Any, nodes: set[Any], grads: dict[Any, Any]) -> None:
        super().__init__(zeros, nodes, grads)
        self.kept: dict[int, Any] = {}

    def of(self, node: Node) -> Any:
        g = super().of(node)
        self.kept[id(node)] = g
        return g


def computed(graph: Listed) -> list[Any]:
    """The derivatives of the root by each node; None where there is none.

    Nobody's `grad` is read or changed.

    Raises:
        DrawError: a node has a `_backward` of its own, which knows only `grad`.

    >>> from micrograd import Value
    >>> x = Value(3.0)
    >>> computed(Listed(x * x))
    [6.0, 1.0]
    """
    root, seed = graph.nodes[-1], ones_like(graph.data(len(graph) - 1))
    if graph.is_constant[-1]:
        return [None] * len(graph)
    wanted = {x for x, constant in zip(graph.nodes, graph.is_constant, strict=True) if not constant}
    with quietly(), Zeros(root, seed, asked_about) as zeros:
        gradients = _Kept(zeros, wanted, {root: seed})
        for i in range(len(graph) - 1, -1, -1):
            if graph.is_constant[i]:
                continue
            node = graph.nodes[i]
            if node._has_own_step:
                raise DrawError(
                    f"draw_dot: {graph.symbol(i) or 'a node'} has a `_backward` of its own, which only backward() can "
                    f"follow; call backward() first, and leave grad and color out"
                )
            pull(node, False, gradients)
    return [gradients.kept.get(id(node)) for node in graph.nodes]


def stored(graph: Listed) -> list[Any]:
    """The gradients that stand in the nodes; None for zero, and for raw numbers."""
    return [node._grad if isinstance(node, Node) else None for node in graph.nodes]


def is_missing(graph: Listed) -> bool:
    """Whether the root has no gradient, but would get one from `backward()`."""
    return not graph.is_constant[-1] and graph.nodes[-1]._grad is None


def magnitude(gradient: Any) -> float:
    """How large a gradient is: the largest of its numbers, without its sign."""
    if gradient is None:
        return 0.0
    if isinstance(gradient, Node):
        gradient = gradient.data
    if isinstance(gradient, (int, float)) or is_exact(gradient):
        return abs(float(gradient))
    if not isinstance(gradient, (np.ndarray, np.generic)) or gradient.dtype.hasobject:
        return 0.0  # another library's array may not be computed yet
    return float(np.max(np.abs(gradient))) if gradient.size else 0.0
