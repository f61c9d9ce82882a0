"""The training of an estimator: epochs over batches, until the loss stops falling.

It goes as in scikit-learn: the same order of samples from the same random state, the
same loss, and the same rules for when to stop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from micrograd import on_demand as np
from micrograd import ops
from micrograd.engine import Value
from micrograd.nn import Sequential
from micrograd.scipy import minimize
from micrograd.sklearn.network import arrays_of, linear_layers
from micrograd.sklearn.objectives import Objective
from micrograd.sklearn.samples import Samples


@dataclass
class Trainer:
    """The parts of a training, which `partial_fit` keeps from call to call.

    Attributes:
        network: what is trained.
        optimizer: what moves its parameters.
        objective: what is made small.
        alpha: the strength of the penalty on the squares of the weights.
        random: where the order of the samples is drawn from.
        order: of the samples. Each epoch shuffles it anew, as scikit-learn does.
        best: copies of the parameters.
    """

    network: Sequential
    optimizer: Any
    objective: Objective
    alpha: float
    random: np.random.RandomState
    order: Any = ()
    params: list[Value] = field(init=False)
    weights: list[Value] = field(init=False)  # not the biases
    best: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.params = self.network.parameters()
        self.weights = [layer.weight for layer in linear_layers(self.network)]
        self.keep_best()

    def epoch(self, samples: Samples, batch_size: int, shuffles: bool) -> float:
        """Go through all samples once; gives the mean loss, with the penalty."""
        if not self.network.training:
            self.network.train()
        count = len(samples)
        if len(self.order) != count or not shuffles:
            self.order = np.arange(count)
        if shuffles:
            self.order = self.order[self.random.permutation(count)]  # sklearn.utils.shuffle draws the same
        loss = seen = 0.0
        for first in range(0, count, batch_size):
            rows: Any = slice(first, first + batch_size)
            batch_loss, total = self.step(*samples.batch(self.order[rows] if shuffles else rows))
            loss += batch_loss * total
            seen += total
        return loss / seen

    def step(self, X: Any, targets: Any, weights: Any, total: float) -> tuple[float, float]:
        """One step of the optimiser; gives the loss and the weight of the batch."""
        loss = self.objective.mean(self.network(X), targets, weights, total)
        for p in self.params:  # an optimiser of the user's may have no zero_grad
            p.grad = None
        loss.backward()
        penalty = self._penalize(self.alpha / total) if self.alpha else 0.0
        self.optimizer.step()
        return float(loss.data) + penalty, total

    def _penalize(self, strength: float) -> float:
        """Add the gradient of half the sum of the squares of the weights, times the
        strength; gives the penalty.
        """
        penalty = 0.0
        for weight in self.weights:
            data: Any = weight.data
            grad: Any = weight.grad
            grad += strength * data  # in place: it belongs to the weight alone
            penalty += float(np.vdot(data, data))
        return 0.5 * strength * penalty

    def keep_best(self) -> None:
        """Copy the parameters, as the best so far."""
        self.best = [data.copy() for data in arrays_of(self.network)]

    def restore_best(self) -> None:
        """Set the parameters back to the best."""
        for data, best in zip(arrays_of(self.network), self.best, strict=True):
            data[...] = best


def minimized(
    network: Sequential, objective: Objective, alpha: float, samples: Samples, options: dict[str, Any]
) -> Any:
    """Set the parameters of a network to where L-BFGS-B ends, with all samples at once.

    Args:
        network: what is trained.
        objective: what is made small.
        alpha: the strength of the penalty on the squares of the weights.
        samples: what to learn from.
        options: of SciPy's method.

    Returns:
        SciPy's OptimizeResult.
    """
    X, targets, weights, total = samples.batch(slice(None))

    def loss(model: Sequential) -> Any:
        penalty = sum(ops.vdot(layer.weight, layer.weight) for layer in linear_layers(model))
        return objective.mean(model(X), targets, weights, total) + (0.5 * alpha / total) * penalty

    network.train()
    result = minimize(loss, network, method="L-BFGS-B", options=options)
    for data, found in zip(arrays_of(network), arrays_of(result.x), strict=True):
        data[...] = found
    return result


class Patience:
    """Counts the epochs without progress.

    Args:
        tol: how much better an epoch must be than the best.
        limit: how many epochs in a row may be no better.
    """

    def __init__(self, tol: float, limit: float) -> None:
        self.tol = tol
        self.limit = limit
        self.best = -math.inf
        self.count = 0

    def is_over(self, merit: float) -> bool:
        """Whether too many epochs have brought nothing, this one of that merit too."""
        self.count = self.count + 1 if merit < self.best + self.tol else 0
        self.best = max(self.best, merit)
        return self.count > self.limit
