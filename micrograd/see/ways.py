"""The ways back from a root to one value: what arrives at each node, and what each use
passes on.

It is one backward pass whose gradients stay in dictionaries. Nobody's `.grad` is
touched.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.anomaly import overlooked
from micrograd.cotangents import fit
from micrograd.engine import Value
from micrograd.errors import GradientError, GradientWarning
from micrograd.interpreter import ones_like
from micrograd.node import Node, data_of, inputs_of, is_constant
from micrograd.quiet import quietly
from micrograd.record import Elementwise, HandMade, Linear, Multilinear
from micrograd.reverse import Reach
from micrograd.see.noted import walk


class Use(NamedTuple):
    """One use of a node: as an input of another.

    Attributes:
        user: the node that uses it.
        i: as which input.
        arrived: the gradient of the user; None where nothing arrived.
        part: what goes on; None where there is no derivative by this input.
    """

    user: Any
    i: int
    arrived: Any
    part: Any


class Ways:
    """All ways from a root back to x.

    Args:
        root: where the walk starts.
        x: where it ends.
        seed: the gradient of root; ones by default.

    Attributes:
        path: the nodes by which root depends on x, inputs before users; empty where it
            does not depend on x.
        grads: the gradient of each of them, and of x. What nothing came to is not here.
        uses: the uses of each of them, and of x, by nodes of the path.

    Raises:
        GradientError: a node in between has a `_backward` of its own.

    >>> x = Value(3.0)
    >>> ways = Ways(x * x, x)
    >>> ways.grads[x], [use.part for use in ways.uses[x]]
    (6.0, [3.0, 3.0])
    """

    def __init__(self, root: Value, x: Value, seed: Any = None) -> None:
        self.root, self.x = root, x
        self.seed = ones_like(data_of(root)) if seed is None else seed
        self.path: list[Any] = []
        self.grads: dict[Any, Any] = {root: self.seed}
        self.uses: dict[Any, list[Use]] = {}
        if root is x or is_constant(root) or is_constant(x):
            return
        self.path, nodes = Reach(root, [x]).path()
        with warnings.catch_warnings(), overlooked():
            warnings.simplefilter("ignore", GradientWarning)
            self._walk(nodes)

    def _walk(self, nodes: set[Any]) -> None:
        noted = walk(self.root, self.seed, self.path, nodes, _own_step, nodes)
        self.grads = noted.gradients
        for node in reversed(self.path):
            parts = noted.added.get(node, {})
            for i, y in enumerate(inputs_of(node)):
                if isinstance(y, Node) and y in nodes:
                    use = Use(node, i, self.grads.get(node), parts[i][0] if i in parts else None)
                    self.uses.setdefault(y, []).append(use)


def _own_step(node: Any) -> GradientError:
    return GradientError(
        f"why_grad: {node._op or 'a node'} has a `_backward` of its own, and nobody can look into it; "
        f"make it with ops, and without compile"
    )


# One step, looked at


def slope_of(use: Use) -> Any:
    """The partial derivative of an elementwise op by this input; None for other ops.

    >>> x = Value(2.0)
    >>> slope_of(Use(x * 3.0, 0, 1.0, 3.0))
    3.0
    """
    op = use.user._record
    if not isinstance(op, Elementwise) or op.rules[use.i] is None:
        return None
    with quietly():
        return op.rules[use.i](data_of(use.user), *_values(use.user), **(use.user._params or {}))


def bound_of(use: Use) -> Any:
    """What a use would pass on if nothing in it had a sign, so that nothing cancels;
    None where the op does not say.
    """
    op, g = use.user._record, use.arrived
    if g is None or use.part is None:
        return None
    with quietly():
        if isinstance(op, Elementwise):
            return fit(np.abs(g * slope_of(use)), data_of(inputs_of(use.user)[use.i]))
        if isinstance(op, Multilinear):
            values = [np.abs(x) for x in _values(use.user)] if not isinstance(op, Linear) else _values(use.user)
            part = op.pull(use.i, np.abs(g), data_of(use.user), values, use.user._params or {})
            return fit(part, data_of(inputs_of(use.user)[use.i]))
    return None


def has_rule(use: Use) -> bool:
    """Whether the op has a derivative by this input."""
    op = use.user._record
    return not isinstance(op, HandMade) and op.rules[use.i] is not None


def is_zero(x: Any) -> bool:
    """Whether all of it is 0; None is."""
    return x is None or not np.any(x)


def is_finite(x: Any) -> bool:
    """Whether no nan and no infinity is in it."""
    return x is None or bool(np.all(np.isfinite(np.asarray(x, float))))


def _values(node: Any) -> list[Any]:
    return [data_of(x) for x in inputs_of(node)]
