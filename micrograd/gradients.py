"""Where one step of the chain rule finds the gradient of a node, and where it puts the
parts.

- `Gradients`: in the nodes themselves, as almost always.
- `Apart`: beside the nodes, while another thread walks the same ones.
- `ByHand`: in the nodes, for a `_backward()` that the user calls.
- `OfConstants`: for raw inputs that somebody looks at.
- `Route` in reverse.py: in a dictionary, for transforms.
"""

from __future__ import annotations

from typing import Any

from micrograd.cotangents import unshared
from micrograd.node import Node, add_grad, data_of, grad_of
from micrograd.record import CONSTANT as _CONSTANT
from micrograd.walks import LOCK


class Gradients:
    """Gradients in the nodes themselves.

    Attributes:
        zeros: decides what zero times infinity is, and must know the node that a step
            is at: see unknown.py. None where nobody asks.
    """

    __slots__ = ("zeros",)

    def __init__(self, zeros: Any = None) -> None:
        self.zeros = zeros

    def of(self, node: Node) -> Any:
        """The gradient of the node that a step starts from; None for zero."""
        if self.zeros is not None:
            self.zeros.node = node
        return grad_of(node)

    def wants(self, x: Any) -> bool:
        """Whether an input has a gradient: constants have none, and cost no work."""
        return isinstance(x, Node) and x._record is not _CONSTANT

    def add(self, x: Node, part: Any, g: Any) -> None:
        """Add a part to the gradient of x. g is the gradient that it was made from.

        The gradient of a leaf is the user's, who may change it in place: it is never a
        view, nor the array of another node. Interior gradients may share one array.
        """
        add_grad(x, unshared(part, g) if x._x is None else part)


class Apart(Gradients):
    """Gradients beside the nodes, for those that a walk of another thread is using.

    Args:
        apart: [node, gradient], by the identity of the node; the others are in the
            nodes.
    """

    __slots__ = ("apart",)

    def __init__(self, zeros: Any, apart: dict[int, list[Any]]) -> None:
        super().__init__(zeros)
        self.apart = apart

    def of(self, node: Node) -> Any:
        found = Gradients.of(self, node)  # tells zeros the node, too
        return self.apart[id(node)][1] if id(node) in self.apart else found

    def add(self, x: Node, part: Any, g: Any) -> None:
        if id(x) not in self.apart:
            Gradients.add(self, x, part, g)
            return
        place = self.apart[id(x)]
        part = unshared(part, g) if x._x is None else part
        place[1] = part if place[1] is None else place[1] + part


class ByHand(Gradients):
    """For `_backward()` called by the user.

    Each gradient has an array of its own, as users may change it.
    """

    __slots__ = ()

    def of(self, node: Node) -> Any:
        return node._grad

    def add(self, x: Node, part: Any, g: Any) -> None:
        part = unshared(part, g)
        with LOCK:
            known = x._grad
            x._grad = part if known is None else known + part


class OfConstants(Gradients):
    """For raw inputs that `Value.inputs` has just made into leaves: their gradients.

    Args:
        nodes: those inputs, as leaves.
    """

    __slots__ = ("identities",)

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__()
        self.identities = {id(x) for x in nodes}

    def of(self, node: Node) -> Any:
        return data_of(node._grad)

    def wants(self, x: Any) -> bool:
        return id(x) in self.identities
