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

from micrograd import on_demand as np
from micrograd.anomaly import OPEN
from micrograd.captures import CAPTURES, refuse
from micrograd.cotangents import fit, unshared
from micrograd.errors import DataError
from micrograd.interpreter import Interpreter, numbers_below, shape_of
from micrograd.node import Node, add_grad, data_of, grad_of, holds_grad, set_grad
from micrograd.ops import scatter, scattered
from micrograd.ops.scattering import add_in_place
from micrograd.record import CONSTANT as _CONSTANT
from micrograd.walks import LOCK


class Gradients:
    """Gradients in the nodes themselves.

    Attributes:
        zeros: decides what zero times infinity is, and must know the node that a step
            is at: see unknown.py. None where nobody asks.
    """

    __slots__ = ("owned", "waiting", "zeros")

    def __init__(self, zeros: Any = None) -> None:
        self.zeros = zeros
        # In a loop over x[i], n gradients of one element each go to x. As n arrays of
        # the shape of x they would make the loop quadratic.
        self.owned: dict[Node, Any] = {}  # arrays that nobody else has, and that may be added to in place
        self.waiting: dict[Node, list[Any]] = {}  # what is recorded: pairs of gradient and index, for one node at last

    def of(self, node: Node) -> Any:
        """The gradient of the node that a step starts from; None for zero."""
        if self.zeros is not None:
            self.zeros.node = node
        self.settle(node)
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

    def held(self, x: Node) -> Any:
        """The gradient of x as it is now; None for zero."""
        return grad_of(x)

    def hold(self, x: Node, grad: Any) -> None:
        """Let this be the gradient of x."""
        set_grad(x, grad)

    def add_at(self, x: Node, g: Any, params: dict[str, Any]) -> bool:
        """Add g to the elements of the gradient of x at the index of a `getitem`.

        False where the rule of the op has to say what to add.
        """
        if OPEN:  # detect_anomaly looks at each part
            return False
        if isinstance(g, Interpreter):
            if numbers_below(g) is None:  # a formula is read more easily as a sum
                return False
            self.waiting.setdefault(x, []).append((g, params["index"]))
            return True
        data, known = data_of(x), self.held(x)
        if type(data) is not np.ndarray or (known is not None and type(known) is not np.ndarray):
            return False
        if known is not None and self.owned.get(x) is known:
            add_in_place(known, params["index"], g)
            return True
        if known is None:
            grad = scatter.forward(g, index=params["index"], shape=data.shape)
        else:
            grad = known.copy()
            add_in_place(grad, params["index"], g)
        self.owned[x] = grad
        self.hold(x, grad)
        return True

    def settle(self, x: Node) -> None:
        """No more comes to x: give it what waits for it."""
        if self.owned:
            self.owned.pop(x, None)
        if self.waiting:
            pairs = self.waiting.pop(x, None)
            if pairs is not None:
                self.add(x, fit(_put_back(pairs, shape_of(data_of(x))), data_of(x)), None)


def _put_back(pairs: list[Any], shape: tuple[int, ...]) -> Any:
    """One gradient from those of elements, pairs of gradient and index."""
    if len(pairs) == 1:
        return scatter(pairs[0][0], index=pairs[0][1], shape=shape)
    return scattered(*[g for g, _ in pairs], indices=tuple(index for _, index in pairs), shape=shape)


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

    def held(self, x: Node) -> Any:
        return self.apart[id(x)][1] if id(x) in self.apart else grad_of(x)

    def hold(self, x: Node, grad: Any) -> None:
        if id(x) in self.apart:
            self.apart[id(x)][1] = grad
        else:
            set_grad(x, grad)


class ByHand(Gradients):
    """For `_backward()` called by the user.

    Each gradient has an array of its own, as users may change it.
    """

    __slots__ = ()

    def of(self, node: Node) -> Any:
        if CAPTURES:
            refuse(node, "_backward()")
        return node._grad

    def add_at(self, x: Node, g: Any, params: dict[str, Any]) -> bool:
        return False  # one step alone

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

    def add_at(self, x: Node, g: Any, params: dict[str, Any]) -> bool:
        return False  # one step alone

    def wants(self, x: Any) -> bool:
        return id(x) in self.identities


def has_grad(v: Any) -> bool:
    """Whether a value has a gradient: one of zero counts, none at all does not.

    A value has none if no `backward()` has reached it, or since it was set to None or
    0. `v.grad` reads as zero then. Optimisers leave such parameters as they are.

    Raises:
        DataError: v is not a Value.

    >>> from micrograd import Value
    >>> x, y = Value([1.0, 2.0]), Value(3.0)
    >>> (y * 0.0).backward()
    >>> x.grad, y.grad
    (array([0., 0.]), 0.0)
    >>> has_grad(x), has_grad(y)
    (False, True)
    """
    if not isinstance(v, Node):
        raise DataError(f"has_grad: {type(v).__name__} is not a Value; give a Value")
    return holds_grad(v)
