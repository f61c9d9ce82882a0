"""SGD: steps against the gradient, with momentum.

This room also has the rules that prepare a gradient for another rule: `clip`,
`clip_values`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError
from micrograd.optim.optimizer import Optimizer
from micrograd.optim.options import number
from micrograd.optim.rule import Array, Rule, State, elementwise


def sgd(
    lr: float = 0.001,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    *,
    maximize: bool = False,
) -> Rule:
    """The rule of `SGD`: there are the formula and the options.

    >>> rule = sgd(lr=0.1, momentum=0.9)
    >>> updates, state = rule.update([1.0], rule.init([5.0]))
    >>> updates, state = rule.update([1.0], state)
    >>> round(updates[0], 6)
    -0.19
    """
    lr = number("sgd", "lr", lr, least=0.0)
    momentum = number("sgd", "momentum", momentum, least=0.0)
    dampening = number("sgd", "dampening", dampening)
    weight_decay = number("sgd", "weight_decay", weight_decay, least=0.0)
    if nesterov and (momentum == 0.0 or dampening != 0.0):
        raise ArgumentError(
            f"sgd: nesterov with momentum {momentum} and dampening {dampening}; give a momentum above 0, no dampening"
        )

    def start(x: Array) -> State:
        return {"momentum_buffer": None} if momentum else {}

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        if maximize:
            g = -g
        if weight_decay:
            g = g + weight_decay * x
        if not momentum:
            return -lr * g, state
        before = state.get("momentum_buffer")
        b = +g if before is None else momentum * before + (1.0 - dampening) * g
        return -lr * (g + momentum * b if nesterov else b), {"momentum_buffer": b}

    return elementwise("sgd", start, move, reads=weight_decay != 0.0)


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum.

    g = g + weight_decay x
    b = momentum b + (1 - dampening) g, at the first step b = g
    x = x - lr b, with Nesterov's momentum x = x - lr (g + momentum b)

    Args:
        params: Values, or groups of them: see `Optimizer`.
        lr: the learning rate, the size of a step.
        momentum: the share of the last step that goes on.
        dampening: takes a share of the gradient away from the momentum.
        weight_decay: factor of the parameter that is added to its gradient.
        nesterov: look ahead by one step of momentum.
        maximize: climb instead.

    Raises:
        ArgumentError: an option is out of range.
        DataError: a parameter cannot be trained.

    Source: Polyak (1964), doi:10.1016/0041-5553(64)90137-5; Sutskever, Martens, Dahl,
    Hinton (2013), "On the importance of initialization and momentum in deep learning".

    >>> from micrograd import Value
    >>> w = Value(1.0)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.8
    """

    make = staticmethod(sgd)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.001,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        self._set_up(params, {**options, "nesterov": nesterov, "maximize": maximize})


def clip(max_norm: float, norm_type: float = 2.0) -> Rule:
    """A rule that scales all gradients by one factor, so that their norm is at most
    max_norm.

    g = g min(1, max_norm / (|g| + 1e-6)), with |g| over the gradients of all parameters

    Args:
        max_norm: the largest norm.
        norm_type: 2, or another power, or infinity for the largest absolute value.

    Raises:
        ArgumentError: max_norm or norm_type is out of range.

    >>> rule = clip(1.0)
    >>> updates, _ = rule.update([3.0, 4.0], rule.init([0.0, 0.0]))
    >>> [round(u, 4) for u in updates]
    [0.6, 0.8]
    """
    max_norm = number("clip", "max_norm", max_norm, least=0.0)
    norm_type = number("clip", "norm_type", norm_type, above=0.0)

    def move_all(gradients: list[Array], states: list[State], params: list[Array]) -> tuple[list[Array], list[State]]:
        factor = factor_of(gradients, max_norm, norm_type)
        return [g * factor for g in gradients], states

    return Rule("clip", lambda x: {}, move_all, reads=False, joins=True)


def factor_of(gradients: list[Array], max_norm: float, norm_type: float = 2.0) -> float:
    """The factor that brings the norm of gradients down to max_norm; at most 1."""
    return min(1.0, max_norm / (norm_of(gradients, norm_type) + 1e-6))


def norm_of(gradients: list[Array], norm_type: float = 2.0) -> float:
    """The norm of all gradients together; 0 for none.

    >>> norm_of([3.0, np.array([4.0])])
    5.0
    """
    if not gradients:
        return 0.0
    if norm_type == math.inf:
        return float(max(np.max(np.abs(g)) for g in gradients))
    if norm_type == 2.0:
        return math.sqrt(sum(float(np.vdot(g, g)) for g in gradients))
    return float(sum(float(np.sum(np.abs(g) ** norm_type)) for g in gradients) ** (1.0 / norm_type))


def clip_values(limit: float) -> Rule:
    """A rule that keeps each number of the gradients between -limit and limit.

    Raises:
        ArgumentError: limit is negative.

    >>> rule = clip_values(1.0)
    >>> rule.update([3.0, -0.5], rule.init([0.0, 0.0]))[0]
    [1.0, -0.5]
    """
    limit = number("clip_values", "limit", limit, least=0.0)

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        return np.clip(g, -limit, limit), state

    return elementwise("clip_values", lambda x: {}, move)
