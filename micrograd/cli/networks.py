"""The network between the inputs and the answers, and how it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from micrograd import on_demand as np
from micrograd.engine import no_grad
from micrograd.errors import DivergenceError
from micrograd.nn import ELU, GELU, Linear, ReLU, Sequential, SiLU, Tanh, losses
from micrograd.optim import Adam
from micrograd.train import History, fit

ACTIVATIONS = {"relu": ReLU, "tanh": Tanh, "gelu": GELU, "silu": SiLU, "elu": ELU}
ROWS = 4096  # that are predicted at once


def network(sizes: Sequence[int], activation: str, seed: int | None = None) -> Sequential:
    """Linear layers with an activation between them.

    Args:
        sizes: inputs, neurons of each hidden layer, outputs.
        activation: a name of ACTIVATIONS.
        seed: of the first weights; None for a network whose weights are read anyway.
    """
    rng = np.random.default_rng(seed)
    layers: list[Any] = []
    for i, (nin, nout) in enumerate(pairwise(sizes)):
        layers += [ACTIVATIONS[activation]()] if i else []
        layers.append(Linear(nin, nout, rng=rng))
    return Sequential(*layers)


def trained(
    model: Sequential,
    data: tuple[Any, Any],
    validation: tuple[Any, Any] | None,
    *,
    is_classifier: bool,
    epochs: int,
    batch_size: int,
    lr: float,
    patience: int | None,
    seed: int,
    compile: bool = False,
) -> History:
    """Train a network, and keep the weights of the epoch with the least loss in
    validation.

    Args:
        model: the network.
        data: inputs of shape (rows, n); and class numbers of shape (rows,), or
            standardised numbers of shape (rows, 1).
        validation: the same for the rows of the validation, or None.
        is_classifier: whether the answers are classes.
        epochs: number of passes over the rows.
        batch_size: rows of a step.
        lr: step size of Adam.
        patience: stop so many epochs after the best one; None: never.
        seed: of the order of the rows.
        compile: run each step as one program.

    Raises:
        DivergenceError: the loss is not finite.
    """
    try:
        with np.errstate(all="ignore"):  # fit says when the loss is not finite
            return fit(
                model,
                losses.cross_entropy if is_classifier else losses.mse,
                data,
                Adam(model.parameters(), lr=lr),
                epochs=epochs,
                batch_size=batch_size,
                validation=validation,
                patience=patience,
                seed=seed,
                compile=compile,
            )
    except DivergenceError:
        raise DivergenceError(
            f"train: the loss has become infinite: the steps are too large; take a smaller one, as --lr {lr / 10:g}"
        ) from None


def outputs(model: Sequential, X: Any) -> Any:
    """What the network answers: an array of shape (rows, outputs)."""
    model.eval()
    with no_grad(), np.errstate(all="ignore"):
        parts = [model(X[i : i + ROWS]).numpy() for i in range(0, len(X), ROWS)]
    return np.concatenate(parts)


def shapes(sizes: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """The names and shapes of the parameters of such a network."""
    found: dict[str, tuple[int, ...]] = {}
    for i, (nin, nout) in enumerate(pairwise(sizes)):
        found |= {f"{2 * i}.weight": (nout, nin), f"{2 * i}.bias": (nout,)}
    return found


def size(sizes: Sequence[int]) -> int:
    """The number of parameters of such a network."""
    return sum((nin + 1) * nout for nin, nout in pairwise(sizes))


def best_epoch(history: History) -> tuple[int, float]:
    """The epoch whose weights the network has, from 1, and its loss in validation.

    Without validation, `fit` keeps the last weights, and the loss is that of training.
    """
    epoch = history.best_epoch or len(history)
    return epoch, history["val_loss" if "val_loss" in history else "loss"][epoch - 1]
