"""Adam and AdamW: steps scaled by moving averages of the gradient's moments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from micrograd import on_demand as np
from micrograd.optim.optimizer import Optimizer
from micrograd.optim.options import number, shares
from micrograd.optim.rule import Array, Rule, State, elementwise, root, toward, toward_square, with_decay, zeros_like

Betas = tuple[float, float]


def adam(
    lr: float = 0.001,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    amsgrad: bool = False,
    *,
    maximize: bool = False,
    decoupled_weight_decay: bool = False,
) -> Rule:
    """The rule of `Adam`: there are the formula and the options.

    >>> rule = adam(lr=0.1)
    >>> updates, state = rule.update([30.0], rule.init([5.0]))
    >>> round(updates[0], 6)
    -0.1
    """
    lr = number("adam", "lr", lr, least=0.0)
    beta1, beta2 = shares("adam", "betas", betas)
    eps = number("adam", "eps", eps, least=0.0)
    weight_decay = number("adam", "weight_decay", weight_decay, least=0.0)

    def start(x: Array) -> State:
        peak = {"max_exp_avg_sq": zeros_like(x)} if amsgrad else {}
        return {"step": 0, "exp_avg": zeros_like(x), "exp_avg_sq": zeros_like(x), **peak}

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        step = state["step"] + 1
        g = with_decay(-g if maximize else g, 0.0 if decoupled_weight_decay else weight_decay, x)
        mean, square = averages(g, state, beta1, beta2)
        after = {**state, "step": step, "exp_avg": mean, "exp_avg_sq": square}
        if amsgrad:
            square = after["max_exp_avg_sq"] = np.maximum(state.get("max_exp_avg_sq", 0.0), square)
        correction = root(1.0 - beta2**step)
        size = np.sqrt(square)
        size += eps * correction  # eps is added after the correction, so it is scaled back
        update = mean / size
        update *= -lr * correction / (1.0 - beta1**step)
        if weight_decay and decoupled_weight_decay:
            update -= lr * weight_decay * x
        return update, after

    return elementwise("adam", start, move, reads=weight_decay != 0.0, optional=["max_exp_avg_sq"])


def averages(g: Array, state: State, beta1: float, beta2: float) -> tuple[Array, Array]:
    """The moving averages of g and of g^2 after this step."""
    return toward(state["exp_avg"], g, 1.0 - beta1), toward_square(state["exp_avg_sq"], g, 1.0 - beta2)


class Adam(Optimizer):
    """Adam: each number moves by about lr a step, whatever the scale of its gradient.

    g = g + weight_decay x
    m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
    x = x - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps), after t steps

    Args:
        params: Values, or groups of them: see `Optimizer`.
        lr: the learning rate, the size of a step.
        betas: beta1 and beta2, how much of the averages m and v stays in a step.
        eps: keeps the division from zero.
        weight_decay: factor of the parameter that is added to its gradient.
        amsgrad: divide by the largest v so far.
        maximize: climb instead.
        decoupled_weight_decay: decay as `AdamW` does.

    Raises:
        ArgumentError: an option is out of range.
        DataError: a parameter cannot be trained.

    Source: Kingma, Ba (2015), arXiv:1412.6980; amsgrad: Reddi, Kale, Kumar (2018),
    arXiv:1904.09237.

    >>> from micrograd import Value
    >>> w = Value([1.0, -2.0])
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(6)
    array([ 0.9, -1.9])
    """

    make = staticmethod(adam)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.001,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad}
        self._set_up(params, {**options, "maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay})


def adamw(
    lr: float = 0.001,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
    amsgrad: bool = False,
    *,
    maximize: bool = False,
    decoupled_weight_decay: bool = True,
) -> Rule:
    """The rule of `AdamW`.

    >>> rule = adamw(lr=0.1, weight_decay=0.5)
    >>> updates, state = rule.update([30.0], rule.init([5.0]), [5.0])
    >>> round(updates[0], 6)
    -0.35
    """
    return adam(
        lr,
        betas,
        eps,
        weight_decay,
        amsgrad,
        maximize=maximize,
        decoupled_weight_decay=decoupled_weight_decay,
    )


class AdamW(Adam):
    """Adam with a decay of the weights that is apart from the gradient.

    x = x - lr weight_decay x, then a step of `Adam` without weight_decay

    Args:
        params: Values, or groups of them: see `Optimizer`.
        lr: the learning rate, the size of a step.
        betas: how much of the averages of g and g^2 stays in a step.
        eps: keeps the division from zero.
        weight_decay: the share of a parameter that goes in a step, by lr.
        amsgrad: divide by the largest average of g^2 so far.
        maximize: climb instead.

    Raises:
        ArgumentError: an option is out of range.
        DataError: a parameter cannot be trained.

    Source: Loshchilov, Hutter (2019), arXiv:1711.05101.

    >>> from micrograd import Value
    >>> w = Value(1.0)
    >>> optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.85
    """

    make = staticmethod(adamw)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.001,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)
