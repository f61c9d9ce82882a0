"""What an estimator makes small, and how its outputs are read.

An `Objective` has a loss with a value for each row, or each element; `mean` weighs the
rows. Losses get the outputs of the network before the last activation, so that they are
exact where a probability is close to 0 or 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from micrograd import ops
from micrograd.errors import ArgumentError, ShapeError
from micrograd.interpreter import shape_of
from micrograd.op import Array

Loss = Callable[[Any, Any], Any]


def log_loss(outputs: Array, labels: Any) -> Array:
    """Cross-entropy: minus the logarithm of the probability of the label."""
    return -ops.log_softmax(outputs)[range(len(labels)), labels]


def binary_log_loss(outputs: Array, targets: Any) -> Array:
    """Cross-entropy of each of several yes-or-no questions."""
    return ops.softplus(outputs) - outputs * targets


def squared_error(outputs: Array, targets: Any) -> Array:
    """Half of the square of the error."""
    return 0.5 * ops.square(outputs - targets)


def absolute_error(outputs: Array, targets: Any) -> Array:
    """The size of the error."""
    return ops.absolute(outputs - targets)


def poisson(outputs: Array, targets: Any) -> Array:
    """Half of the Poisson deviance; the prediction is the exponential of the output."""
    return ops.exp(outputs) - targets * outputs + (ops.xlogy(targets, targets) - targets)


@dataclass(frozen=True)
class Objective:
    """What a fit makes small.

    Attributes:
        loss: a function of outputs and targets; it gives a value for each row, or for
            each element, or a mean over the rows.
        link: the name of the last activation, which turns outputs into predictions.
    """

    loss: Loss
    link: str = "identity"

    def mean(self, outputs: Array, targets: Any, weights: Any, total: float) -> Array:
        """The mean over the rows of the loss, which is summed over the elements of a row.

        Args:
            outputs: of the network, of shape (rows, outputs).
            targets: what they should be.
            weights: of the rows; None for equal ones.
            total: the sum of the weights.

        Raises:
            ArgumentError: the loss is a mean already, so that rows cannot be weighed.
            ShapeError: the loss does not have one value for each row or element.
        """
        losses = self.loss(outputs, targets)
        shape, rows = shape_of(losses), shape_of(outputs)[0]
        if not shape:
            if weights is not None:
                raise ArgumentError(
                    "loss: it gives one number, so samples cannot be weighed; "
                    "give a loss that has a value for each sample"
                )
            return losses
        if shape[0] != rows or len(shape) > 2:
            raise ShapeError(
                f"loss: it gives shape {shape} for {rows} samples; give one value for each sample, or for each output"
            )
        if weights is not None:
            losses = losses * (weights if len(shape) == 1 else weights[:, None])
        return ops.sum(losses) * (1.0 / total)

    def predictions(self, outputs: Array) -> Any:
        """The outputs of the network as predictions."""
        return LINKS[self.link](outputs)


LINKS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda outputs: outputs,
    "softmax": ops.softmax,
    "logistic": ops.expit,
    "exp": ops.exp,
}
CLASSIFIER_LOSSES: dict[str, Loss] = {"log_loss": log_loss}
REGRESSOR_LOSSES: dict[str, Loss] = {
    "squared_error": squared_error,
    "absolute_error": absolute_error,
    "poisson": poisson,
}
