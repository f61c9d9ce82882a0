"""Muon: steps of matrices that are made orthogonal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, ShapeError
from micrograd.interpreter import Interpreter, shape_of
from micrograd.optim.optimizer import Optimizer
from micrograd.optim.options import number
from micrograd.optim.rule import Array, Rule, State, one_by_one, zeros_like

Coefficients = tuple[float, float, float]
QUINTIC: Coefficients = (3.4445, -4.775, 2.0315)  # steep at 0, so that few iterations do


def muon(
    lr: float = 0.001,
    weight_decay: float = 0.1,
    momentum: float = 0.95,
    nesterov: bool = True,
    ns_coefficients: Coefficients = QUINTIC,
    eps: float = 1e-7,
    ns_steps: int = 5,
    adjust_lr_fn: str | None = None,
) -> Rule:
    """The rule of `Muon`: there are the formula and the options.

    >>> rule = muon(lr=0.1, weight_decay=0.0)
    >>> matrix = np.array([[3.0, 0.0], [0.0, 5.0]])
    >>> updates, state = rule.update([matrix], rule.init([matrix]), [matrix])
    >>> bool(np.all(np.abs(np.linalg.svd(updates[0])[1] - 0.1) < 0.05))
    True
    """
    lr = number("muon", "lr", lr, least=0.0)
    weight_decay = number("muon", "weight_decay", weight_decay, least=0.0)
    momentum = number("muon", "momentum", momentum, least=0.0)
    eps = number("muon", "eps", eps, least=0.0)
    if not isinstance(ns_coefficients, (tuple, list)) or len(ns_coefficients) != 3:
        raise ArgumentError(f"muon: ns_coefficients are {ns_coefficients!r}; give three numbers")
    factors = tuple(number("muon", f"ns_coefficients[{i}]", x) for i, x in enumerate(ns_coefficients))
    if not isinstance(ns_steps, int) or not 0 < ns_steps < 100:
        raise ArgumentError(f"muon: ns_steps is {ns_steps!r}; give a whole number from 1 to 99")
    if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
        raise ArgumentError(f"muon: adjust_lr_fn is {adjust_lr_fn!r}; give 'original' or 'match_rms_adamw'")

    def adjustment(rows: int, columns: int) -> float:
        if adjust_lr_fn == "match_rms_adamw":
            return 0.2 * math.sqrt(max(rows, columns))
        return math.sqrt(max(1, rows / columns))

    def start(x: Array) -> State:
        check_is_matrix("muon", x)
        return {"momentum_buffer": zeros_like(x)}

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        b = state["momentum_buffer"]
        b = b + (g - b) * (1.0 - momentum)
        update = orthogonalized(g + (b - g) * momentum if nesterov else b, factors, ns_steps, eps)  # type: ignore[arg-type]
        return (-lr * adjustment(*shape_of(g))) * update - (lr * weight_decay) * x, {"momentum_buffer": b}

    return Rule("muon", start, one_by_one(move), reads=True, joins=False)


def check_is_matrix(name: str, x: Array) -> None:
    """Refuse what is not a matrix.

    Raises:
        ShapeError: it has not two axes.
    """
    if len(shape_of(x)) != 2:
        raise ShapeError(
            f"{name}: a parameter of shape {shape_of(x)} is not a matrix; train it with another optimiser, as AdamW"
        )


def orthogonalized(matrix: Array, factors: Coefficients = QUINTIC, steps: int = 5, eps: float = 1e-7) -> Array:
    """About U V^T, where U S V^T is the singular value decomposition of the matrix.

    X = matrix / |matrix|;  then `steps` times  X = a X + (b A + c A A) X,  A = X X^T

    The singular values come to lie between about 0.7 and 1.2, which is near enough.

    Args:
        matrix: array of shape (m, n).
        factors: a, b, c of Newton and Schulz's iteration.
        steps: how many iterations.
        eps: the least norm that is divided by.

    Source: Jordan et al. (2024), "Muon: An optimizer for hidden layers in neural
    networks".
    """
    a, b, c = factors
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if is_tall else matrix
    norm: Any = np.sqrt(np.sum(x * x))
    larger: Any = np.maximum
    x = x / (larger(norm, eps) if isinstance(norm, Interpreter) else max(float(norm), eps))
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.T if is_tall else x


class Muon(Optimizer):
    """For matrices: the step is the momentum, made orthogonal.

    b = momentum b + (1 - momentum) g
    x = x - lr weight_decay x - lr sqrt(max(1, m/n)) O(momentum b + (1 - momentum) g)

    O makes a matrix of shape (m, n) orthogonal, by a few products. PyTorch computes it
    in bfloat16; here it has the dtype of the parameter. Train vectors, embeddings and
    the last layer with another optimiser, such as AdamW.

    Args:
        params: Values that are matrices, or groups of them: see `Optimizer`.
        lr: the learning rate.
        weight_decay: the share of a parameter that goes in a step, by lr.
        momentum: how much of b stays in a step.
        nesterov: False takes b alone.
        ns_coefficients: a, b, c of Newton and Schulz's iteration.
        eps: the least norm that is divided by.
        ns_steps: how many iterations.
        adjust_lr_fn: "original" (None) has the factor of the formula,
            "match_rms_adamw" has 0.2 sqrt(max(m, n)), for learning rates of AdamW.

    Raises:
        ArgumentError: an option is out of range.
        DataError: a parameter cannot be trained.
        ShapeError: a parameter is not a matrix.

    Source: Jordan et al. (2024), "Muon: An optimizer for hidden layers in neural
    networks"; adjust_lr_fn: Liu, Su et al. (2025), arXiv:2502.16982.

    >>> from micrograd import Value
    >>> w = Value([[3.0, 0.0], [0.0, 5.0]])
    >>> optimizer = Muon([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> bool((w.data < [[3.0, 1.0], [1.0, 5.0]]).all())
    True
    """

    make = staticmethod(muon)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.001,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: Coefficients = QUINTIC,
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        options = {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov}
        more = {"ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn}
        self._set_up(params, {**options, **more})

    def _check_group(self, group: dict[str, Any]) -> None:
        super()._check_group(group)
        for p in group["params"]:
            check_is_matrix("Muon", p)
