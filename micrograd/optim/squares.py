"""RMSprop, Adagrad and Adadelta: steps scaled by the squares of gradients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from micrograd import on_demand as np
from micrograd.optim.optimizer import Optimizer
from micrograd.optim.options import is_on, number, upto
from micrograd.optim.rule import Array, Rule, State, elementwise, toward, toward_square, with_decay, zeros_like


def rmsprop(
    lr: float = 0.01,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    centered: bool = False,
    *,
    maximize: bool = False,
) -> Rule:
    """The rule of `RMSprop`: there are the formula and the options.

    >>> rule = rmsprop(lr=0.1, alpha=0.75)
    >>> updates, state = rule.update([30.0], rule.init([5.0]))
    >>> round(updates[0], 6)
    -0.2
    """
    lr = number("rmsprop", "lr", lr, least=0.0)
    alpha = number("rmsprop", "alpha", alpha, least=0.0)
    eps = number("rmsprop", "eps", eps, least=0.0)
    weight_decay = number("rmsprop", "weight_decay", weight_decay, least=0.0)
    momentum = number("rmsprop", "momentum", momentum, least=0.0)

    def start(x: Array) -> State:
        more = [name for name, wanted in (("momentum_buffer", is_on(momentum)), ("grad_avg", centered)) if wanted]
        return {"step": 0, **{name: zeros_like(x) for name in ("square_avg", *more)}}

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        g = with_decay(-g if maximize else g, weight_decay, x)
        square = toward_square(state["square_avg"], g, 1.0 - alpha)
        after = {**state, "step": state["step"] + 1, "square_avg": square}
        if centered:
            mean = after["grad_avg"] = toward(state.get("grad_avg", 0.0), g, 1.0 - alpha)
            square = np.maximum(square - mean * mean, 0.0)  # rounded below zero where all gradients are equal
        update = g / (np.sqrt(square) + eps)
        if is_on(momentum):
            update = after["momentum_buffer"] = momentum * state.get("momentum_buffer", 0.0) + update
        return -lr * update, after

    optional = ["momentum_buffer", "grad_avg"]  # each can be switched off and on between steps
    return elementwise("rmsprop", start, move, reads=weight_decay != 0.0, optional=optional)


class RMSprop(Optimizer):
    """Steps divided by the root of a moving average of the squared gradient.

    v = alpha v + (1 - alpha) g^2
    x = x - lr g / (sqrt(v) + eps)

    Centered, the average of g, squared, is subtracted from v under the root. With
    momentum, b = momentum b + g / (sqrt(v) + eps) and x = x - lr b.

    Args:
        params: Values, or groups of them: see `Optimizer`.
        lr: the learning rate, the size of a step.
        alpha: how much of the average v stays in a step.
        eps: keeps the division from zero.
        weight_decay: factor of the parameter that is added to its gradient.
        momentum: the share of the last step that goes on.
        centered: divide by the standard deviation of the gradient.
        maximize: climb instead.

    Raises:
        ArgumentError: an option is out of range.
        DataError: a parameter cannot be trained.

    Source: Tieleman, Hinton (2012), "Lecture 6.5: rmsprop", Coursera; centered: Graves
    (2013), arXiv:1308.0850.

    >>> from micrograd import Value
    >>> w = Value(1.0)
    >>> optimizer = RMSprop([w], lr=0.1, alpha=0.75)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.8
    """

    make = staticmethod(rmsprop)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum}
        self._set_up(params, {**options, "centered": centered, "maximize": maximize})


def adagrad(
    lr: float = 0.01,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0,
    eps: float = 1e-10,
    *,
    maximize: bool = False,
) -> Rule:
    """The rule of `Adagrad`: there are the formula and the options.

    >>> rule = adagrad(lr=0.1)
    >>> updates, state = rule.update([30.0], rule.init([5.0]))
    >>> updates, state = rule.update([40.0], state)
    >>> round(updates[0], 6)
    -0.08
    """
    lr = number("adagrad", "lr", lr, least=0.0)
    lr_decay = number("adagrad", "lr_decay", lr_decay, least=0.0)
    weight_decay = number("adagrad", "weight_decay", weight_decay, least=0.0)
    first = number("adagrad", "initial_accumulator_value", initial_accumulator_value, least=0.0)
    eps = number("adagrad", "eps", eps, least=0.0)

    def start(x: Array) -> State:
        return {"step": 0, "sum": zeros_like(x) + first}

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        g = with_decay(-g if maximize else g, weight_decay, x)
        total = state["sum"] + g * g
        update = g / (np.sqrt(total) + eps) * (-lr / (1.0 + state["step"] * lr_decay))
        return update, {"step": state["step"] + 1, "sum": total}

    return elementwise("adagrad", start, move, reads=weight_decay != 0.0)


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squared gradients so far.

    s = s + g^2
    x = x - lr / (1 + t lr_decay) g / (sqrt(s) + eps), after t steps

    Args:
        params: Values, or groups of them: see `Optimizer`.
        lr: the learning rate, the size of the first step.
        lr_decay: how fast the learning rate falls.
        weight_decay: factor of the parameter that is added to its gradient.
        initial_accumulator_value: s before the first step.
        eps: keeps the division from zero.
        maximize: climb instead.

    Raises:
        ArgumentError: an option is out of range.
        DataError: a parameter cannot be trained.

    Source: Duchi, Hazan, Singer (2011), "Adaptive subgradient methods for online
    learning and stochastic optimization", JMLR 12.

    >>> from micrograd import Value
    >>> w = Value(1.0)
    >>> optimizer = Adagrad([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.9
    """

    make = staticmethod(adagrad)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.01,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay}
        more = {"initial_accumulator_value": initial_accumulator_value, "maximize": maximize}
        self._set_up(params, {**options, **more})


def adadelta(
    lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0.0, *, maximize: bool = False
) -> Rule:
    """The rule of `Adadelta`: there are the formula and the options.

    >>> rule = adadelta()
    >>> updates, state = rule.update([30.0], rule.init([5.0]))
    >>> round(updates[0], 6)
    -0.003162
    """
    lr = number("adadelta", "lr", lr, least=0.0)
    rho = upto("adadelta", "rho", rho)
    eps = number("adadelta", "eps", eps, least=0.0)
    weight_decay = number("adadelta", "weight_decay", weight_decay, least=0.0)

    def start(x: Array) -> State:
        return {"step": 0, "square_avg": zeros_like(x), "acc_delta": zeros_like(x)}

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        g = with_decay(-g if maximize else g, weight_decay, x)
        square = toward_square(state["square_avg"], g, 1.0 - rho)
        change = np.sqrt(state["acc_delta"] + eps) / np.sqrt(square + eps) * g
        changes = toward_square(state["acc_delta"], change, 1.0 - rho)
        return -lr * change, {"step": state["step"] + 1, "square_avg": square, "acc_delta": changes}

    return elementwise("adadelta", start, move, reads=weight_decay != 0.0)


class Adadelta(Optimizer):
    """Steps in the units of the parameters: there is no learning rate to choose.

    v = rho v + (1 - rho) g^2
    d = sqrt(u + eps) / sqrt(v + eps) g,   u = rho u + (1 - rho) d^2
    x = x - lr d

    Args:
        params: Values, or groups of them: see `Optimizer`.
        lr: a factor of all steps.
        rho: how much of the averages u and v stays in a step.
        eps: the size of the first steps; it keeps the division from zero.
        weight_decay: factor of the parameter that is added to its gradient.
        maximize: climb instead.

    Raises:
        ArgumentError: an option is out of range.
        DataError: a parameter cannot be trained.

    Source: Zeiler (2012), arXiv:1212.5701.

    >>> from micrograd import Value
    >>> w = Value(1.0)
    >>> optimizer = Adadelta([w])
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.996838
    """

    make = staticmethod(adadelta)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay}
        self._set_up(params, {**options, "maximize": maximize})
