"""What an estimator makes small, and how its outputs are read.

The losses are those of `nn.losses`, under scikit-learn's names, or a function of the
user's. They get the outputs of the network before the last activation, so that they are
exact where a probability is close to 0 or 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from micrograd import ops
from micrograd.errors import ArgumentError, DataError, ShapeError
from micrograd.interpreter import Array, Interpreter, shape_of
from micrograd.nn import losses
from micrograd.train.pairs import check_pairs

CLASSIFIER_LOSSES = {"log_loss": losses.cross_entropy, "hinge": losses.multi_hinge}
REGRESSOR_LOSSES = {
    "squared_error": losses.mse,
    "absolute_error": losses.l1,
    "huber": losses.huber,
    "poisson": losses.poisson_nll,
}


@dataclass(frozen=True)
class Objective:
    """What a fit makes small: the mean over the samples of a loss. The loss of a sample
    is summed over its outputs.

    Args:
        loss: a function of `nn.losses`; or the user's, of outputs and targets, which
            gives a value for each sample, or for each output, or one mean.
        link: the name of the last activation, which turns outputs into predictions.
        factor: of the loss; scikit-learn's squared error is halved.
    """

    loss: Callable[..., Any]
    link: str = "identity"
    factor: float = 1.0
    seen: set[Any] = field(default_factory=set, repr=False, compare=False)  # shapes of outputs that were looked at

    def mean(self, outputs: Array, targets: Any, weights: Any, total: float) -> Array:
        """The mean of the losses.

        Args:
            outputs: of the network, of shape (samples, outputs).
            targets: what they should be.
            weights: of the samples; None for equal ones.
            total: the sum of the weights.

        Raises:
            ArgumentError: the loss is a mean already: samples cannot be weighed.
            DataError: the loss is not a Value, so it has no gradient.
            ShapeError: the loss does not have one value for each sample or output, or
                pairs each sample with all samples.
        """
        is_ours = getattr(losses, getattr(self.loss, "__name__", ""), None) is self.loss
        if is_ours and weights is None:
            return self.loss(outputs, targets, reduction="sum") * (self.factor / total)
        if is_ours:
            found = self.loss(outputs, targets, reduction="none")
        else:
            found = self._checked(self.loss(outputs, targets), shape_of(outputs)[0], weights)
            if shape_of(outputs) not in self.seen:
                self.seen.add(shape_of(outputs))
                check_pairs(f"loss={_named(self.loss)}", outputs, targets, found)
        if not shape_of(found):
            return found
        if weights is not None:
            found = found * (weights if len(shape_of(found)) == 1 else weights[:, None])
        return ops.sum(found) * (self.factor / total)

    def _checked(self, found: Array, samples: int, weights: Any) -> Array:
        if not isinstance(found, Interpreter):
            raise DataError(
                f"loss={_named(self.loss)}: it gives {type(found).__name__}, wanted a Value; compute it from the "
                f"outputs with operators and ops, not from their .data"
            )
        shape = shape_of(found)
        if not shape and weights is not None:
            raise ArgumentError(
                f"loss={_named(self.loss)}: it gives one number, so samples cannot be weighed; "
                f"give a loss with a value for each sample"
            )
        if shape and (shape[0] != samples or len(shape) > 2):
            raise ShapeError(
                f"loss={_named(self.loss)}: it gives shape {shape} for {samples} samples; "
                f"give a loss with a value for each sample, or for each output, or one mean"
            )
        return found


def _named(function: Any) -> str:
    return getattr(function, "__name__", repr(function))
