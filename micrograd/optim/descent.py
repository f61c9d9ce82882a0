"""SGD and ASGD: steps against the gradient, with momentum, or averaged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from micrograd.errors import ArgumentError
from micrograd.optim.optimizer import Optimizer
from micrograd.optim.options import is_on, number
from micrograd.optim.rule import Array, Rule, State, chosen, elementwise, with_decay, zeros_like


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
    if nesterov and (not is_on(momentum) or dampening != 0.0):
        raise ArgumentError(
            f"sgd: nesterov with momentum {momentum} and dampening {dampening}; give a momentum above 0, no dampening"
        )

    def start(x: Array) -> State:
        return {"momentum_buffer": None} if is_on(momentum) else {}

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        g = with_decay(-g if maximize else g, weight_decay, x)
        if not is_on(momentum):
            return -lr * g, state
        before = state.get("momentum_buffer")
        b = +g if before is None else momentum * before + (1.0 - dampening) * g
        return -lr * (g + momentum * b if nesterov else b), {"momentum_buffer": b}

    return elementwise("sgd", start, move, reads=weight_decay != 0.0, optional=["momentum_buffer"])


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


def asgd(
    lr: float = 0.01,
    lambd: float = 0.0001,
    alpha: float = 0.75,
    t0: float = 1e6,
    weight_decay: float = 0.0,
    *,
    maximize: bool = False,
) -> Rule:
    """The rule of `ASGD`: there are the formula and the options.

    >>> rule = asgd(lr=0.1, lambd=0.0)
    >>> updates, state = rule.update([1.0], rule.init([5.0]), [5.0])
    >>> updates
    [-0.1]
    """
    lr = number("asgd", "lr", lr, least=0.0)
    lambd, alpha, t0 = number("asgd", "lambd", lambd), number("asgd", "alpha", alpha), number("asgd", "t0", t0)
    weight_decay = number("asgd", "weight_decay", weight_decay, least=0.0)

    def start(x: Array) -> State:
        return {"step": 0, "eta": lr, "mu": 1.0, "ax": zeros_like(x)}

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        step, eta, mu, mean = state["step"] + 1, state["eta"], state["mu"], state["ax"]
        g = with_decay(-g if maximize else g, weight_decay, x)
        update = -(lambd * eta) * x - eta * g
        mean = chosen(mu == 1.0, lambda: x + update, lambda: mean + (x + update - mean) * mu)
        after = {
            "step": step,
            "eta": lr / (1.0 + lambd * lr * step) ** alpha,
            "mu": 1.0 / chosen(step - t0 > 1.0, lambda: step - t0, lambda: 1.0),
            "ax": mean,
        }
        return update, after

    return elementwise("asgd", start, move, reads=True)


class ASGD(Optimizer):
    """Averaged stochastic gradient descent.

    x = (1 - lambd eta) x - eta g,  eta = lr / (1 + lambd lr t)^alpha after t steps
    a = a + mu (x - a),  mu = 1 / max(1, t - t0): the average of x after the step t0

    The average is in the state of each parameter, as `ax`.

    Args:
        params: Values, or groups of them: see `Optimizer`.
        lr: the learning rate at the start.
        lambd: how fast it falls, and the decay of the parameters.
        alpha: the power by which it falls.
        t0: the step from which on x is averaged.
        weight_decay: factor of the parameter that is added to its gradient.
        maximize: climb instead.

    Raises:
        ArgumentError: an option is out of range.
        DataError: a parameter cannot be trained.

    Source: Polyak, Juditsky (1992), doi:10.1137/0330046.

    >>> from micrograd import Value
    >>> w = Value(1.0)
    >>> optimizer = ASGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 5)
    0.79999
    """

    make = staticmethod(asgd)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.01,
        lambd: float = 0.0001,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay}
        self._set_up(params, {**options, "maximize": maximize})
