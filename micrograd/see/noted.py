"""One walk back, noted: the gradient of each node, and what each use adds to it.

All that is told or drawn of a backward pass comes from here. The gradients are in a
dictionary, so nobody's `.grad` is read or changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.cotangents import fit
from micrograd.engine import pull
from micrograd.interpreter import ones_like, shape_of
from micrograd.node import Node, data_of, inputs_of
from micrograd.quiet import quietly
from micrograd.reverse import Route
from micrograd.see.listed import Listed
from micrograd.unknown import Zeros
from micrograd.walking import asked_about

CLOSE = 1e-9  # relative; what `grad` may differ by and still be the same; 1e-5 for float32
Added = tuple[Any, Any]  # what a use adds, and the sum that its input has then


def walk(
    root: Any,
    seed: Any,
    order: Sequence[Any],
    wanted: set[Any],
    own_step: Callable[[Any], Exception],
    watched: Collection[Any] = (),
) -> Noted:
    """Walk back from root, and note it.

    Args:
        root: where the walk starts.
        seed: the gradient of root.
        order: the nodes that pass a gradient on, inputs before users.
        wanted: the nodes that get a gradient.
        own_step: the error for a node with a `_backward` of its own, which nobody can
            look into.
        watched: the nodes for which the part of each use is noted.

    >>> from micrograd import Value
    >>> x = Value(3.0)
    >>> y = x * x
    >>> noted = walk(y, 1.0, [y], {x}, ValueError, watched={x})
    >>> noted.gradients[x], noted.added[y]
    (6.0, {0: (3.0, 3.0), 1: (3.0, 6.0)})
    """
    with quietly(), Zeros(root, seed, asked_about) as zeros:
        noted = Noted(zeros, wanted, {root: seed}, watched)
        for node in reversed(order):
            if node._has_own_step:
                raise own_step(node)
            pull(node, False, noted)
        for node in [*noted.waiting]:
            noted.settle(node)
    noted.gradients |= noted.grads  # of leaves that are not in the order
    return noted


def walk_all(graph: Listed, own_step: Callable[[Any], Exception], is_watched: bool = False) -> Noted:
    """Walk back from the root of a graph to all its leaves, with a seed of ones."""
    order = [node for node, constant in zip(graph.nodes, graph.is_constant, strict=True) if not constant]
    wanted = set(order)
    return walk(
        graph.nodes[-1], ones_like(graph.data(len(graph) - 1)), order, wanted, own_step, wanted if is_watched else ()
    )


class Noted(Route):
    """What a walk has noted.

    Attributes:
        gradients: by node. What nothing came to is not here.
        added: by user, and by which of its inputs: what it added there, and the sum
            then. Inputs that are not watched are left out.
    """

    __slots__ = ("_i", "_watched", "added", "gradients")

    def __init__(self, zeros: Any, nodes: set[Any], grads: dict[Any, Any], watched: Collection[Any]) -> None:
        super().__init__(zeros, nodes, grads)
        self.gradients: dict[Any, Any] = {}
        self.added: dict[Any, dict[int, Added]] = {}
        self._watched = watched
        self._i = -1

    def of(self, node: Node) -> Any:
        g = super().of(node)
        if g is not None:
            self.gradients[node] = g
        self._i = -1
        return g

    def wants(self, x: Any) -> bool:
        self._i += 1  # `pull` asks once for each input, in their order
        return super().wants(x)

    def add(self, x: Node, part: Any, g: Any) -> None:
        super().add(x, part, g)
        if x in self._watched:
            self.added.setdefault(self.zeros.node, {})[self._i] = part, self.grads[x]

    def add_at(self, x: Node, g: Any, params: dict[str, Any]) -> bool:
        return x not in self._watched and super().add_at(x, g, params)  # the rule says what each use adds


# One step, again


def passed_on(node: Any, i: int, g: Any) -> Any:
    """What a node passes on to its input i when g arrives."""
    op, params, z = node._record, node._params or {}, data_of(node)
    values = [data_of(x) for x in inputs_of(node)]
    with quietly():
        work = g if op.shared is None else op.share(g, z, values, params)
        return fit(op.pull(i, work, z, values, params), values[i])


# Gradients, compared


def size_of(part: Any) -> float:
    """The largest magnitude in a number or an array; infinity where it holds nan, 0 for
    None.

    >>> size_of(np.array([1.0, -3.0]))
    3.0
    """
    if part is None or 0 in shape_of(part):
        return 0.0
    largest = float(abs(part) if shape_of(part) == () else np.max(np.abs(part)))
    return largest if largest == largest else float("inf")


def is_same(a: Any, b: Any) -> bool:
    """Whether two gradients are the same but for rounding; nan is as good as nan."""
    close = 1e-5 if str(getattr(a, "dtype", "")) in ("float32", "float16") else CLOSE
    if shape_of(a) == () == shape_of(b):
        both_nan = a != a and b != b
        return bool(a == b or both_nan or (size_of(a - b) <= close * size_of(b) < float("inf")))
    a, b = np.asarray(a), np.asarray(b)
    finite = b[np.isfinite(b)]
    return bool(np.allclose(a, b, rtol=close, atol=close * size_of(finite), equal_nan=True))
