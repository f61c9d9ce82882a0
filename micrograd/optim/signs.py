"""Rprop and Lion: steps that read only the signs of gradients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError
from micrograd.optim.optimizer import Optimizer
from micrograd.optim.options import number, pair, shares
from micrograd.optim.rule import Array, Rule, State, elementwise, zeros_like


def rprop(
    lr: float = 0.01,
    etas: tuple[float, float] = (0.5, 1.2),
    step_sizes: tuple[float, float] = (1e-6, 50.0),
    *,
    maximize: bool = False,
) -> Rule:
    """The rule of `Rprop`: there are the formula and the options.

    >>> rule = rprop(lr=0.1)
    >>> updates, state = rule.update([30.0], rule.init([5.0]))
    >>> updates, state = rule.update([1.0], state)
    >>> round(updates[0], 6)
    -0.12
    """
    lr = number("rprop", "lr", lr, least=0.0)
    down, up = (number("rprop", f"etas[{i}]", eta) for i, eta in enumerate(pair("rprop", "etas", etas)))
    if not 0.0 < down < 1.0 < up:
        raise ArgumentError(f"rprop: etas are {etas!r}; give one between 0 and 1, and one above 1")
    sizes = pair("rprop", "step_sizes", step_sizes)
    least, most = (number("rprop", f"step_sizes[{i}]", size, least=0.0) for i, size in enumerate(sizes))

    def start(x: Array) -> State:
        return {"step": 0, "prev": zeros_like(x), "step_size": zeros_like(x) + lr}

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        if maximize:
            g = -g
        agreement = g * state["prev"]
        factor = np.where(agreement > 0.0, up, np.where(agreement < 0.0, down, 1.0)).astype(agreement.dtype)
        size = np.clip(state["step_size"] * factor, least, most)
        g = np.where(agreement < 0.0, 0.0 * g, g)  # after a jump over the minimum it waits for a step
        return -np.sign(g) * size, {"step": state["step"] + 1, "prev": g, "step_size": size}

    return elementwise("rprop", start, move)


class Rprop(Optimizer):
    """Each number has a step size of its own, and only the sign of its gradient counts.

    size = size * etas[1] where the sign is that of the last step, * etas[0] where not
    x = x - sign(g) size, but no step where the sign has changed

    For whole batches: signs of small batches are noise.

    Args:
        params: Values, or groups of them: see `Optimizer`.
        lr: the size of the first step.
        etas: how a step size shrinks and grows.
        step_sizes: the smallest and the largest step size.
        maximize: climb instead.

    Raises:
        ArgumentError: an option is out of range.
        DataError: a parameter cannot be trained.

    Source: Riedmiller, Braun (1993), doi:10.1109/ICNN.1993.298623.

    >>> from micrograd import Value
    >>> w = Value(1.0)
    >>> optimizer = Rprop([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.9
    """

    make = staticmethod(rprop)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.01,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        *,
        maximize: bool = False,
    ) -> None:
        self._set_up(params, {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize})


def lion(
    lr: float = 0.0001,
    betas: tuple[float, float] = (0.9, 0.99),
    weight_decay: float = 0.0,
    *,
    maximize: bool = False,
) -> Rule:
    """The rule of `Lion`: there are the formula and the options.

    >>> rule = lion(lr=0.1)
    >>> updates, state = rule.update([30.0], rule.init([5.0]))
    >>> updates
    [-0.1]
    """
    lr = number("lion", "lr", lr, least=0.0)
    beta1, beta2 = shares("lion", "betas", betas)
    weight_decay = number("lion", "weight_decay", weight_decay, least=0.0)

    def start(x: Array) -> State:
        return {"exp_avg": zeros_like(x)}

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        if maximize:
            g = -g
        mean = state["exp_avg"]
        update = -lr * np.sign(beta1 * mean + (1.0 - beta1) * g)
        if weight_decay:
            update = update - lr * weight_decay * x
        return update, {"exp_avg": beta2 * mean + (1.0 - beta2) * g}

    return elementwise("lion", start, move, reads=weight_decay != 0.0)


class Lion(Optimizer):
    """The sign of a mix of momentum and gradient: each number moves by lr.

    x = x - lr (sign(beta1 m + (1 - beta1) g) + weight_decay x)
    m = beta2 m + (1 - beta2) g

    It needs a learning rate three to ten times smaller than Adam's, and a weight_decay
    as much larger. PyTorch does not have it; the arguments are those of the paper.

    Args:
        params: Values, or groups of them: see `Optimizer`.
        lr: the learning rate, the size of a step.
        betas: the share of m in a step, and how much of m stays.
        weight_decay: the share of a parameter that goes in a step, by lr.
        maximize: climb instead.

    Raises:
        ArgumentError: an option is out of range.
        DataError: a parameter cannot be trained.

    Source: Chen, Liang, Huang et al. (2023), arXiv:2302.06675.

    >>> from micrograd import Value
    >>> w = Value(1.0)
    >>> optimizer = Lion([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.9
    """

    make = staticmethod(lion)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.0001,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        self._set_up(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize})
