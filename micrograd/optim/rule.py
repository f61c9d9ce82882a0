"""Rule: how one step of an optimiser changes an array, as a pure function.

A rule has two functions. `init(params)` gives its state, `update(gradients, state,
params)` what to add to the parameters, and the next state. The state is data: a list
with a dictionary for each array. So rules can be tested with numbers, and composed:
`chain(clip(1.0), adam(0.001))`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from micrograd import on_demand as np
from micrograd import trees
from micrograd.errors import ArgumentError, ShapeError
from micrograd.interpreter import Interpreter, ground, shape_of
from micrograd.node import Node, data_of
from micrograd.ops.operators import Operators

Array = Any
State = dict[str, Any]
Start = Callable[[Array], State]
Move = Callable[[Array, State, Array], tuple[Array, State]]
MoveAll = Callable[[list[Array], list[State], list[Array]], tuple[list[Array], list[State]]]

MISSING = float("nan")  # a leaf, known by its identity, where a tree of gradients has None


class Rule:
    """How an optimiser moves parameters: two pure functions, without hidden state.

    Args:
        name: for errors.
        start: gives the state of one array, before its first step: a dictionary of
            numbers, arrays of the shape of the parameter, and such dictionaries.
        move_all: takes lists of gradients, states and parameters, and gives lists of
            updates and states. It changes none of them in place, and keeps no gradient
            in a state without a copy.
        move: the same for one array, if each element moves on its own.
        reads: whether it needs the parameters, as weight decay does.
        joins: whether arrays may be joined to one, as their shapes do not matter.
        optional: names of the state that it can do without, or need not have: those
            of options that can be switched between steps. In a rule of `chain` they
            are as `states.names` gives them.

    >>> import numpy as np
    >>> from micrograd.optim import sgd
    >>> rule = sgd(lr=0.1)
    >>> params = {"w": np.array([1.0, 2.0]), "b": 0.5}
    >>> gradients = {"w": np.array([1.0, -1.0]), "b": 1.0}
    >>> updates, state = rule.update(gradients, rule.init(params), params)
    >>> apply_updates(params, updates)
    {'w': array([0.9, 2.1]), 'b': 0.4}
    """

    __slots__ = ("joins", "move", "move_all", "name", "optional", "reads", "start")

    def __init__(
        self,
        name: str,
        start: Start,
        move_all: MoveAll,
        move: Move | None = None,
        *,
        reads: bool,
        joins: bool,
        optional: Iterable[str] = (),
    ) -> None:
        self.name = name
        self.start = start
        self.move_all = move_all
        self.move = move
        self.reads = reads
        self.joins = joins
        self.optional = frozenset(optional)

    def init(self, params: Any) -> list[State]:
        """The state before the first step: a dictionary for each array of the tree.

        Args:
            params: a tree (nested lists, tuples, dicts) of arrays, numbers or Values.
        """
        leaves = trees.leaves_of(params)
        return [self.start(x) for x in _read(leaves, _are_traced(leaves))]

    def update(self, gradients: Any, state: list[State], params: Any = None) -> tuple[Any, list[State]]:
        """What to add to the parameters, and the next state.

        Args:
            gradients: a tree like params; None in the place of an array means that
                there is no gradient: the array is not moved, and its state stays.
            state: what `init`, or the last update, gave.
            params: the tree of parameters; some rules do without.

        Returns:
            The updates, a tree like gradients, and the new state. Nothing is changed in
            place. In a function that a transform differentiates, the step is
            differentiated too; elsewhere a Value counts as its data.

        Raises:
            ArgumentError: the trees differ, or the rule needs the parameters.
            ShapeError: a gradient has another shape than its parameter.
        """
        gradients = trees.filled(gradients, MISSING, ... if params is None else params)
        given, wanted = _with_none(trees.leaves_of(gradients)), trees.leaves_of(params)
        are_traced = _are_traced(given) or _are_traced(wanted)
        given = _read(given, are_traced)
        if len(given) != len(state):
            raise ArgumentError(
                f"{self.name}: {len(given)} gradients for a state of {len(state)} arrays; give the tree that init() saw"
            )
        if params is None:
            if self.reads:
                raise ArgumentError(
                    f"{self.name}: this rule reads the parameters; call update(gradients, state, params)"
                )
            arrays = [None] * len(given)
        else:
            wanted = trees.same_leaves(self.name, "tree of parameters", params, "tree of gradients", gradients)
            arrays = _read(wanted, are_traced)
            for g, x in zip(given, arrays, strict=True):
                if g is not None and shape_of(g) != shape_of(x):
                    raise ShapeError(
                        f"{self.name}: a gradient of shape {shape_of(g)} for a parameter of shape {shape_of(x)}; "
                        f"give one of the same shape"
                    )
        places = [i for i, g in enumerate(given) if g is not None]
        moved, states = self.move_all(
            [given[i] for i in places], [state[i] for i in places], [arrays[i] for i in places]
        )
        updates: list[Any] = [None] * len(given)
        after = list(state)
        for i, u, s in zip(places, moved, states, strict=True):
            updates[i], after[i] = float(u) if isinstance(given[i], (float, int)) else u, s
        return trees.like(gradients, updates), after

    def __repr__(self) -> str:
        return f"Rule({self.name})"


def elementwise(name: str, start: Start, move: Move, *, reads: bool = False, optional: Iterable[str] = ()) -> Rule:
    """A rule that moves each element on its own.

    Args:
        name: for errors.
        start: the state of one array; see `Rule`.
        move: takes the gradient, the state and the array, and gives the update and the
            next state.
        reads: whether move needs the array; otherwise it may get None.
        optional: names of the state that it can do without; see `Rule`.
    """

    return Rule(name, start, one_by_one(move), move, reads=reads, joins=True, optional=optional)


def one_by_one(move: Move) -> MoveAll:
    """The function of all arrays that moves each by itself."""

    def move_all(gradients: list[Array], states: list[State], params: list[Array]) -> tuple[list[Array], list[State]]:
        moved = [move(g, s, x) for g, s, x in zip(gradients, states, params, strict=True)]
        return [u for u, _ in moved], [s for _, s in moved]

    return move_all


def apply_updates(params: Any, updates: Any) -> Any:
    """params + updates, leaf by leaf, as a new tree; None leaves a leaf as it is.

    Args:
        params: a tree of arrays, numbers or Values; a Value becomes a new Value.
        updates: what `Rule.update` gave.

    Raises:
        ArgumentError: the structures of the trees differ.

    >>> apply_updates([1.0, 2.0], [0.5, None])
    [1.5, 2.0]
    """
    updates = trees.filled(updates, MISSING, params)
    wanted = trees.same_leaves("apply_updates", "tree of updates", updates, "tree of parameters", params)
    moves = zip(trees.leaves_of(params), _with_none(wanted), strict=True)
    return trees.like(params, [_moved(x, u) for x, u in moves])


def _moved(x: Any, update: Any) -> Any:
    if update is None:
        return x
    if isinstance(x, Node) and not _are_traced([x, update]):
        return type(x)(data_of(x) + update, label=x.label)  # type: ignore[call-arg]  # of Value
    return x + update


def _are_traced(leaves: list[Any]) -> bool:
    """Whether a transform is differentiating one of them."""
    return any(isinstance(x, Operators) and x._is_traced() for x in leaves)


def _with_none(leaves: list[Any]) -> list[Any]:
    return [None if x is MISSING else x for x in leaves]


def _read(leaves: list[Any], are_traced: bool) -> list[Any]:
    return leaves if are_traced else [data_of(x) for x in leaves]


def chain(*rules: Rule) -> Rule:
    """A rule made of rules: each gets the updates of the one before as its gradients.

    Args:
        rules: one or more rules, the first first.

    Raises:
        ArgumentError: there is no rule, or one of them is something else.

    >>> from micrograd.optim import adam, clip
    >>> rule = chain(clip(1.0), adam(0.001))
    >>> updates, state = rule.update([30.0, 40.0], rule.init([1.0, 1.0]))
    >>> [round(u, 6) for u in updates]
    [-0.001, -0.001]
    """
    for rule in rules:
        if not isinstance(rule, Rule):
            raise ArgumentError(f"chain: {rule!r} is not a rule; give rules such as clip(1.0) and adam(0.001)")
    if not rules:
        raise ArgumentError("chain: there is no rule; give one or more, such as chain(clip(1.0), adam(0.001))")

    def start(x: Array) -> State:
        return {str(i): rule.start(x) for i, rule in enumerate(rules)}

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        after = {}
        for i, rule in enumerate(rules):
            g, after[str(i)] = rule.move(g, state[str(i)], x)  # type: ignore[misc]  # there is one, see below
        return g, after

    def move_all(gradients: list[Array], states: list[State], params: list[Array]) -> tuple[list[Array], list[State]]:
        after: list[State] = [{} for _ in states]
        for i, rule in enumerate(rules):
            gradients, parts = rule.move_all(gradients, [state[str(i)] for state in states], params)
            for state, part in zip(after, parts, strict=True):
                state[str(i)] = part
        return gradients, after

    return Rule(
        f"chain({', '.join(rule.name for rule in rules)})",
        start,
        move_all,
        move if all(rule.move is not None for rule in rules) else None,
        reads=any(rule.reads for rule in rules),
        joins=all(rule.joins for rule in rules),
        optional=[f"{i}.{name}" for i, rule in enumerate(rules) for name in rule.optional],
    )


def toward(mean: Array, x: Array, share: float) -> Array:
    """mean + share (x - mean), the next moving average; with one new array."""
    z = x - mean
    z *= share
    z += mean
    return z


def toward_square(mean: Array, x: Array, share: float) -> Array:
    """(1 - share) mean + share x^2, the next moving average of squares."""
    z = x * x
    z *= share
    z += mean * (1.0 - share)
    return z


def root(x: Array) -> Array:
    """The square root of a number; a float gives one of Python, which changes no
    dtype.
    """
    return math.sqrt(x) if type(x) is float else np.sqrt(x)


def with_decay(g: Array, weight_decay: float, x: Array) -> Array:
    """g + weight_decay x, the gradient of a loss with a penalty on the weights."""
    return g + weight_decay * x if weight_decay else g


def chosen(condition: Any, first: Callable[[], Array], second: Callable[[], Array]) -> Array:
    """What the first function gives where a condition holds, else the second; a
    condition that a capture follows takes from both.
    """
    if isinstance(condition, Interpreter):
        return np.where(condition, first(), second())  # type: ignore[call-overload]  # it is an op
    return first() if condition else second()


def zeros_like(x: Array) -> Array:
    """Zeros of the shape and dtype of an array; a float for a number."""
    return np.zeros_like(ground(x)) if shape_of(x) else np.zeros_like(ground(x))[()]
