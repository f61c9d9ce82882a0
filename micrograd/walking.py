"""How a walk back begins and ends, also while other threads walk: walks.py has the
rules.

`Walking` is one `backward()` of a graph. When it begins, interior gradients are cleared
and those of leaves are set aside. When it ends, what it found is added to the leaves,
all at once. If anything interrupts it, the leaves are as they were.
"""

from __future__ import annotations

import copy
import functools
import itertools
import os
import threading
from collections.abc import Callable
from typing import Any

from micrograd import memory
from micrograd.alignment import at_example
from micrograd.asked import asked_in
from micrograd.captures import CAPTURES, note_backward
from micrograd.cotangents import given_cotangent
from micrograd.cycles import leading_back
from micrograd.deferred import Deferred
from micrograd.errors import GradientError, OpError
from micrograd.gradients import Apart, Gradients
from micrograd.interpreter import ones_like
from micrograd.modes import quietly
from micrograd.node import (
    Node,
    collect,
    data_of,
    forget_grad,
    grad_at,
    grad_of,
    inputs_of,
    is_constant,
    known_grad,
    referred,
    set_grad,
    set_grad_at,
)
from micrograd.unknown import Zeros
from micrograd.walks import ACTIVE, LOCK, Place, Walk, place_of

_numbers = itertools.count()


def next_number() -> int:
    """A new mark for the nodes of a walk. Marks repeat after 2**31 walks."""
    return 1 + next(_numbers) % (2**31 - 1)


def seed_of(root: Node, gradient: Any, unknown: dict[str, Any]) -> Any:
    """The gradient of the root of a walk: the one that is given, or else ones.

    Raises:
        GradientError: root has no history.
        OpError: `backward()` has no such option.
        ShapeError: the gradient given has another shape.
    """
    if unknown:
        raise OpError(
            f"backward: there is no {next(iter(unknown))}=; a graph is kept as long as its end is, and walked as "
            f"often as asked; for gradients of some inputs only there is micrograd.grad"
        )
    if is_constant(root):
        name = repr(root.label) if root.label else "this value"
        raise GradientError(
            f"backward: {name} is a constant: detached, or made under no_grad() or from constants alone; "
            f"call it on a result of Values with a history"
        )
    seed = ones_like(data_of(root)) if gradient is None else given_cotangent("backward", root, data_of(gradient))
    if CAPTURES:
        note_backward(root, gradient if isinstance(gradient, Node) else seed)
    return seed


def is_ahead(x: Any, mark: int) -> bool:
    """Whether the walk with this mark has still to go through x."""
    return isinstance(x, Node) and x._mark != mark and not is_constant(x)


class StepBack(Deferred):
    """A `_backward` that is told the gradient, and so need not know its node; nor does
    the node list its inputs until somebody asks.
    """

    __slots__ = ()

    def take(self, walk: Walking, gradient: Any) -> None:
        """Pass the gradient of the node on.

        Args:
            walk: the walk; what goes to leaves waits in its `pending`.
            gradient: of the shape of the node.
        """
        raise NotImplementedError

    def take_alone(self, node: Node, seed: Any) -> bool:
        """Do all that a walk from this node would do; False, and nothing done, where it
        needs the walk.
        """
        return False

    def take_by_hand(self, node: Node) -> None:
        """The same for a user who calls `node._backward()`."""
        raise NotImplementedError


def own_step_of(node: Node) -> Any:
    """The `_backward` of a node, to call by hand; None where its op has the rules."""
    step = node._own_step
    return functools.partial(step.take_by_hand, node) if isinstance(step, StepBack) else step


def is_one_step(root: Node, seed: Any) -> bool:
    """Whether the walk from a root is one step; then it is done now."""
    if not isinstance(root._own_step, StepBack):
        return False
    step = root._own_step
    return step.take_alone(root, seed)


class Pending:
    """What a step of a walk adds to leaves when the walk ends."""

    __slots__ = ()

    def compute(self) -> None:
        """Compute it; an error here leaves all as it was."""
        raise NotImplementedError

    def add(self, walk: Walk | None) -> None:
        """Add it. It is called under the lock."""
        raise NotImplementedError


def add_part(walk: Walk | None, leaf: Node, part: Any) -> None:
    """Add to the gradient of a leaf at the end of a walk. Call it under the lock."""
    if walk is None or leaf._mark == walk.number:
        place = None if walk is not None else place_of(leaf)
    elif id(leaf) in walk.apart:
        place = walk.apart[id(leaf)], 1
    else:
        place = place_of(leaf, walk)
    set_grad_at(leaf, place, _sum(part, known_grad(leaf) if place is None else grad_at(leaf, place)))


def is_whole(order: list[Any], number: int) -> bool:
    """Whether an order has all nodes: nobody else has set marks since this number was
    drawn, and no node keeps inputs back.
    """
    for node in order:
        if node._has_own_step:
            return False
    return next_number() == number + 1


class Walking(Walk):
    """One `backward()`: a context in which `order` has the nodes, inputs before users.

    Args:
        root: where it starts.
        seed: the gradient of the root; a Value where the walk is recorded too.
        create_graph: whether the walk is recorded.
        in_order: gives the nodes of a graph in order, each marked with a number; leaves
            that have a gradient go into a list, all others lose theirs.
    """

    def __init__(self, root: Node, seed: Any, create_graph: bool, in_order: Callable[..., list[Any]]) -> None:
        super().__init__(root)
        self.seed = seed
        self.create_graph = create_graph
        self.in_order = in_order
        self.order: list[Any] = []
        self._quietly: Any = None
        self._gradients: Any = None

    def __enter__(self) -> Walking:
        try:
            self._begin()
        except BaseException:
            self._end_quiet()
            undo(self)
            raise
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self._end_quiet()
        if kind is not None:
            undo(self)
            return
        try:
            self._compute_pending()
            _add_up(self)
        except BaseException:
            undo(self)
            raise

    def _compute_pending(self) -> None:
        if self.pending is not None:
            for pending in self.pending.values():
                pending.compute()

    @property
    def gradients(self) -> Gradients:
        """Where the steps of this walk find gradients.

        Rules run without NumPy's warnings from now on.
        """
        if self._gradients is None:
            self._be_quiet()
            zeros = self._quietly[1]
            self._gradients = Apart(zeros, self.apart) if self.apart else Gradients(zeros)
        return self._gradients  # type: ignore[no-any-return]

    def take_own_step(self, node: Node) -> None:
        """Call the `_backward` that the user has assigned to a node."""
        if isinstance(node._own_step, StepBack):
            step = node._own_step
            gradient = self.apart[id(node)][1] if id(node) in self.apart else self.settled(node)
            if gradient is not None:
                step.take(self, gradient)
            return
        self.gradients.settle(node)
        for x in inputs_of(node):
            if isinstance(x, Node) and hasattr(x._grad, "copy"):
                x._grad = x._grad.copy()  # `x.grad += ...` adds in place, and gradients may share an array
        node._own_step()

    def settled(self, node: Node) -> Any:
        """The gradient of a node, with what waits for it; None for zero."""
        if self._gradients is not None:
            self._gradients.settle(node)
        return grad_of(node)

    def _begin(self) -> None:
        with LOCK:
            if not ACTIVE:
                self.begin(next_number())
                self.order = self.in_order(self.root, self.number, self.leaves)
            else:
                self.order = _order_beside(self)
            self.before = _taken_grads(self.leaves)
        if self.create_graph:
            _watch_all(self.order)
        root = self.root
        start = (
            self.seed if root._x is not None or self.create_graph else copy.copy(self.seed)
        )  # a leaf's is the user's own array
        if id(root) in self.apart:
            self.apart[id(root)][1] = start
        else:
            set_grad(root, start)

    def _be_quiet(self) -> None:
        """Derivatives are computed from now on: without NumPy's warnings, and with a
        judge of zero times infinity.
        """
        if self._quietly is None:
            self._quietly = quietly(), Zeros(self.root, self.seed, asked_about)
            for context in self._quietly:
                context.__enter__()

    def _end_quiet(self) -> None:
        if self._quietly is not None:
            for context in reversed(self._quietly):
                context.__exit__(None, None, None)
            self._quietly = self._gradients = None


def _watch_all(order: list[Any]) -> None:
    """Track these nodes: their gradients will be values that may refer to them."""
    for node in order:
        memory.watch(node)
    attached = [x for node in order if node._has_own_step for x in referred(node)]
    if attached and memory.is_watched(order[-1]):
        for user in leading_back(order, attached, referred):
            memory.watch(user)


def asked_about(root: Node, seed: Any, place: Any = None) -> dict[Any, Any]:
    """Where the root depends on each node that it was made from: see asked.py.

    With a place, in one example of vmaps: the number of the example, by the number of
    the vmap.
    """
    order = collect(root, set())
    if place is None:
        return asked_in(order, seed, inputs_of)
    return asked_in(order, seed, inputs_of, lambda x: at_example(x, place))


def _order_beside(walk: Walking) -> list[Any]:
    """The nodes in order, where other walks have marked some of them: those stay in
    their hands.
    """
    order = collect(walk.root, set())
    walk.begin(next_number())
    for node in order:
        if node._mark in ACTIVE:
            walk.apart[id(node)] = [node, None]
        else:
            node._mark = walk.number
            if node._x is None and (node._has_float_grad or node._has_gradient):
                walk.leaves.append(node)
            else:
                forget_grad(node)
    return order


def _add_up(walk: Walk) -> None:
    """End a walk: add what it found to all leaves at once."""
    with LOCK:
        if walk.pending is not None:
            for pending in walk.pending.values():
                pending.add(walk)
        totals = _totals(walk.leaves, walk.before or [])
        others = _totals_apart(walk) if walk.apart else []
        _set_grads(walk.leaves, totals)
        try:
            for node, place, total, _ in others:
                set_grad_at(node, place, total)
            walk.end()
        except BaseException:
            if walk.number in ACTIVE:  # nobody has seen the totals yet
                for node, place, _, known in others:
                    set_grad_at(node, place, known)
            raise


def _totals_apart(walk: Walk) -> list[tuple[Any, Place | None, Any, Any]]:
    """For nodes that other walks use: where the gradient is, what it becomes, and what
    it is now.
    """
    totals = []
    for node, part in walk.apart.values():
        place = place_of(node, walk)
        known = grad_at(node, place)
        if node._x is None and part is not None:
            totals.append((node, place, _sum(part, known), known))
        elif node._x is not None and place is None and node._mark not in ACTIVE:  # no walk needs it any more
            totals.append((node, place, part, known))
    return totals


def undo(walk: Walk) -> None:
    """End a walk that failed: the leaves are as they were before."""
    with LOCK:
        if walk.number not in ACTIVE:  # it had not begun, or was complete
            return
        if walk.before is not None:
            for node in collect(walk.root, set()):
                if node._x is None and node._mark == walk.number:
                    set_grad(node, None)
            _set_grads(walk.leaves, walk.before)
        walk.end()


def _undo_others() -> None:
    """In a process that was forked, the walks of other threads do not go on."""
    for walk in list(ACTIVE.values()):
        if walk.thread != threading.get_ident():
            undo(walk)
    LOCK.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=LOCK.acquire, after_in_parent=LOCK.release, after_in_child=_undo_others)


def _sum(part: Any, known: Any) -> Any:
    return known if part is None else part if known is None else part + known


def _totals(leaves: list[Any], before: list[Any]) -> list[Any]:
    """What the walk has found for each leaf, added to the gradient that it had."""
    return [_sum(grad_of(leaves[i]), before[i]) for i in range(len(leaves))]


def _taken_grads(leaves: list[Any]) -> list[Any]:
    """The gradients of the leaves, which have none from now on."""
    grads = [known_grad(leaf) for leaf in leaves]
    for leaf in leaves:
        forget_grad(leaf)
    return grads


def _set_grads(leaves: list[Any], grads: list[Any]) -> None:
    for i in range(len(grads)):  # a leaf may have joined since
        set_grad(leaves[i], grads[i])
