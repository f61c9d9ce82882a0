"""The gradients that a picture shows: those in the nodes, or computed for it."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.errors import DrawError
from micrograd.exact import is_exact
from micrograd.node import Node
from micrograd.see.listed import Listed
from micrograd.see.noted import walk_all


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
    gradients = walk_all(graph, _own_step).gradients
    return [None if constant else gradients.get(x) for x, constant in zip(graph.nodes, graph.is_constant, strict=True)]


def _own_step(node: Any) -> DrawError:
    return DrawError(
        f"draw_dot: {node._op or 'a node'} has a `_backward` of its own, which only backward() can "
        f"follow; call backward() first, and leave grad and color out"
    )


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
