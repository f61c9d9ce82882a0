"""The training of an estimator: epochs over batches, until the loss stops falling.

It goes as in scikit-learn: the same order of samples from the same random state, the
same loss, and the same rules for when to stop.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from micrograd import compiling, ops
from micrograd import on_demand as np
from micrograd.errors import CaptureError
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
        compile: whether each step runs as one program.
        best: copies of the parameters.
    """

    network: Sequential
    optimizer: Any
    objective: Objective
    alpha: float
    random: np.random.RandomState
    order: Any = ()
    compile: bool = False
    best: list[Any] = field(init=False)
    _step: Any = field(init=False, default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """For copies and pickles, without the function of a step: it is made anew."""
        return {**vars(self), "_step": None}

    def __post_init__(self) -> None:
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
        if self._step is None:
            step = step_of(self.network, self.objective, self.alpha, self.optimizer)
            self._step = compiling.compile(step) if self.compile else step
        try:
            return float(self._step(X, targets, weights, float(total))), total
        except CaptureError as error:
            if not self.compile:
                raise
            self.compile, self._step = False, None
            warnings.warn(f"compile=True has no effect, and the steps run as always:\n{error}", stacklevel=6)
            return self.step(X, targets, weights, total)

    def keep_best(self) -> None:
        """Copy the parameters, as the best so far."""
        self.best = [data.copy() for data in arrays_of(self.network)]

    def restore_best(self) -> None:
        """Set the parameters back to the best."""
        for data, best in zip(arrays_of(self.network), self.best, strict=True):
            data[...] = best


def step_of(network: Sequential, objective: Objective, alpha: float, optimizer: Any) -> Callable[..., Any]:
    """A function of a batch that takes a step, and gives the loss with the penalty."""
    params = network.parameters()
    weights_of_layers = [layer.weight for layer in linear_layers(network)]  # not the biases

    def step(X: Any, targets: Any, weights: Any, total: float) -> Any:
        loss = objective.mean(network(X), targets, weights, total)
        for p in params:  # an optimiser of the user's may have no zero_grad
            p.grad = None
        loss.backward()
        penalty: Any = 0.0
        for weight in weights_of_layers if alpha else ():
            data: Any = weight.data
            weight.grad += alpha / total * data
            penalty = penalty + np.vdot(data, data)
        optimizer.step()
        return loss.data + 0.5 * alpha / total * penalty

    return step


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
