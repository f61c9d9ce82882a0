"""NAdam, RAdam and Adamax: Adam with one thing changed in each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from micrograd import on_demand as np
from micrograd.optim.moments import Betas, averages
from micrograd.optim.optimizer import Optimizer
from micrograd.optim.options import number, shares
from micrograd.optim.rule import Array, Rule, State, chosen, elementwise, root, toward, with_decay, zeros_like


def nadam(
    lr: float = 0.002,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum_decay: float = 0.004,
    decoupled_weight_decay: bool = False,
    *,
    maximize: bool = False,
) -> Rule:
    """The rule of `NAdam`: there are the formula and the options.

    >>> rule = nadam(lr=0.1)
    >>> updates, state = rule.update([30.0], rule.init([5.0]))
    >>> -0.2 < updates[0] < -0.1
    True
    """
    lr = number("nadam", "lr", lr, least=0.0)
    beta1, beta2 = shares("nadam", "betas", betas)
    eps = number("nadam", "eps", eps, least=0.0)
    weight_decay = number("nadam", "weight_decay", weight_decay, least=0.0)
    momentum_decay = number("nadam", "momentum_decay", momentum_decay, least=0.0)

    def start(x: Array) -> State:
        return {"step": 0, "mu_product": 1.0, "exp_avg": zeros_like(x), "exp_avg_sq": zeros_like(x)}

    def momentum(step: int) -> Any:
        return beta1 * (1.0 - 0.5 * 0.96 ** (step * momentum_decay))

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        step = state["step"] + 1
        g = with_decay(-g if maximize else g, 0.0 if decoupled_weight_decay else weight_decay, x)
        mean, square = averages(g, state, beta1, beta2)
        now, later = momentum(step), momentum(step + 1)
        product = state["mu_product"] * now
        size = np.sqrt(square / (1.0 - beta2**step)) + eps
        update = (-lr * (1.0 - now) / (1.0 - product)) * g / size
        update = update + (-lr * later / (1.0 - product * later)) * mean / size
        after = {"step": step, "mu_product": product, "exp_avg": mean, "exp_avg_sq": square}
        if weight_decay and decoupled_weight_decay:
            update -= lr * weight_decay * x
        return update, after

    return elementwise("nadam", start, move, reads=weight_decay != 0.0)


class NAdam(Optimizer):
    """Adam with Nesterov's momentum.

    m, v as in `Adam`;  s = sqrt(v / (1 - beta2^t)) + eps
    mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2),  p_t = mu_1 mu_2 ... mu_t
    x = x - lr ((1 - mu_t) / (1 - p_t) g + mu_(t+1) / (1 - p_(t+1)) m) / s

    Args:
        params: Values, or groups of them: see `Optimizer`.
        lr: the learning rate, the size of a step.
        betas: how much of the averages of g and g^2 stays in a step.
        eps: keeps the division from zero.
        weight_decay: factor of the parameter that is added to its gradient.
        momentum_decay: how fast the momentum comes near beta1.
        decoupled_weight_decay: decay as `AdamW` does.
        maximize: climb instead.

    Raises:
        ArgumentError: an option is out of range.
        DataError: a parameter cannot be trained.

    Source: Dozat (2016), "Incorporating Nesterov momentum into Adam", ICLR workshop.

    >>> from micrograd import Value
    >>> w = Value(1.0)
    >>> optimizer = NAdam([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> 0.8 < w.data < 0.9
    True
    """

    make = staticmethod(nadam)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.002,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 0.004,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay}
        self._set_up(params, {**options, "maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay})


def radam(
    lr: float = 0.001,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled_weight_decay: bool = False,
    *,
    maximize: bool = False,
) -> Rule:
    """The rule of `RAdam`: there are the formula and the options.

    >>> rule = radam(lr=0.1)
    >>> updates, state = rule.update([30.0], rule.init([5.0]))
    >>> round(updates[0], 6)
    -3.0
    """
    lr = number("radam", "lr", lr, least=0.0)
    beta1, beta2 = shares("radam", "betas", betas)
    eps = number("radam", "eps", eps, least=0.0)
    weight_decay = number("radam", "weight_decay", weight_decay, least=0.0)

    def start(x: Array) -> State:
        return {"step": 0, "exp_avg": zeros_like(x), "exp_avg_sq": zeros_like(x)}

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        step = state["step"] + 1
        g = with_decay(-g if maximize else g, 0.0 if decoupled_weight_decay else weight_decay, x)
        mean, square = averages(g, state, beta1, beta2)
        slow = (-lr / (1.0 - beta1**step)) * mean
        longest = 2.0 / (1.0 - beta2) - 1.0
        length = longest - 2.0 * step * beta2**step / (1.0 - beta2**step)
        is_known = length > 5.0
        known = chosen(is_known, lambda: length, lambda: 5.0)
        factor = chosen(is_known, lambda: _rectification(known, longest) * root(1.0 - beta2**step), lambda: 1.0)
        update = chosen(is_known, lambda: slow * factor / (np.sqrt(square) + eps), lambda: slow)
        after = {"step": step, "exp_avg": mean, "exp_avg_sq": square}
        if weight_decay and decoupled_weight_decay:
            update -= lr * weight_decay * x
        return update, after

    return elementwise("radam", start, move, reads=weight_decay != 0.0)


def _rectification(length: Any, longest: Any) -> Any:
    """The factor of a step, given n_t and n."""
    return root((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))


class RAdam(Optimizer):
    """Adam whose first steps are without v, as long as its variance is not known.

    m, v as in `Adam`;  n = 2 / (1 - beta2) - 1,  n_t = n - 2 t beta2^t / (1 - beta2^t)
    r = sqrt((n_t - 4) (n_t - 2) n / ((n - 4) (n - 2) n_t))
    x = x - lr m / (1 - beta1^t) c,  c = r sqrt(1 - beta2^t) / (sqrt(v) + eps) where
    n_t > 5, else 1

    Args:
        params: Values, or groups of them: see `Optimizer`.
        lr: the learning rate, the size of a step.
        betas: how much of the averages of g and g^2 stays in a step.
        eps: keeps the division from zero.
        weight_decay: factor of the parameter that is added to its gradient.
        decoupled_weight_decay: decay as `AdamW` does.
        maximize: climb instead.

    Raises:
        ArgumentError: an option is out of range.
        DataError: a parameter cannot be trained.

    Source: Liu, Jiang, He, Chen, Liu, Gao, Han (2020), arXiv:1908.03265.

    >>> from micrograd import Value
    >>> w = Value(1.0)
    >>> optimizer = RAdam([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.8
    """

    make = staticmethod(radam)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.001,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        self._set_up(params, {**options, "maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay})


def adamax(
    lr: float = 0.002,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    *,
    maximize: bool = False,
) -> Rule:
    """The rule of `Adamax`: there are the formula and the options.

    >>> rule = adamax(lr=0.1)
    >>> updates, state = rule.update([30.0], rule.init([5.0]))
    >>> round(updates[0], 6)
    -0.1
    """
    lr = number("adamax", "lr", lr, least=0.0)
    beta1, beta2 = shares("adamax", "betas", betas)
    eps = number("adamax", "eps", eps, least=0.0)
    weight_decay = number("adamax", "weight_decay", weight_decay, least=0.0)

    def start(x: Array) -> State:
        return {"step": 0, "exp_avg": zeros_like(x), "exp_inf": zeros_like(x)}

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        step = state["step"] + 1
        g = with_decay(-g if maximize else g, weight_decay, x)
        mean = toward(state["exp_avg"], g, 1.0 - beta1)
        largest = np.maximum(state["exp_inf"] * beta2, np.abs(g) + eps)
        return (-lr / (1.0 - beta1**step)) * mean / largest, {"step": step, "exp_avg": mean, "exp_inf": largest}

    return elementwise("adamax", start, move, reads=weight_decay != 0.0)


class Adamax(Optimizer):
    """Adam with the largest gradient of late in the place of the root of v.

    g = g + weight_decay x
    m = beta1 m + (1 - beta1) g,   u = max(beta2 u, |g| + eps)
    x = x - lr / (1 - beta1^t) m / u, after t steps

    Args:
        params: Values, or groups of them: see `Optimizer`.
        lr: the learning rate, the size of a step.
        betas: how much of m and u stays in a step.
        eps: keeps the division from zero.
        weight_decay: factor of the parameter that is added to its gradient.
        maximize: climb instead.

    Raises:
        ArgumentError: an option is out of range.
        DataError: a parameter cannot be trained.

    Source: Kingma, Ba (2015), arXiv:1412.6980, section 7.1.

    >>> from micrograd import Value
    >>> w = Value(1.0)
    >>> optimizer = Adamax([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.9
    """

    make = staticmethod(adamax)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.002,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        self._set_up(params, {**options, "maximize": maximize})
