"""What the two estimators share: a fit from begin to end, and attributes."""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from typing import Any, Self

from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, DivergenceError, DomainError
from micrograd.sklearn import settings
from micrograd.sklearn.network import ACTIVATIONS, build, linear_layers, outputs
from micrograd.sklearn.objectives import Objective
from micrograd.sklearn.samples import Samples, weights_of
from micrograd.sklearn.solvers import Rate, optimizer_of
from micrograd.sklearn.training import Patience, Trainer, minimized

BATCH = 200  # samples, for batch_size="auto"
# What a fit makes, besides n_iter_ and t_.
LEARNT = "network_ _trainer loss_curve_ best_loss_ validation_scores_ best_validation_score_".split()


def has_steps(estimator: Any) -> bool:
    """Whether the solver takes steps, so that there is a `partial_fit`."""
    if isinstance(estimator.solver, str) and estimator.solver == "lbfgs":
        raise AttributeError("partial_fit: solver='lbfgs' takes all samples at once; take another, such as 'adam'")
    return True


class Perceptron(BaseEstimator, ABC):
    """A multi-layer perceptron. A subclass says what its targets are, and what is made
    small.
    """

    # The parameters, which a subclass documents
    hidden_layer_sizes: Any
    activation: Any
    loss: Any
    solver: Any
    alpha: float
    batch_size: Any
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: Any
    tol: float
    verbose: bool
    warm_start: bool
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: float
    max_fun: int

    n_outputs_: int
    loss_curve_: list[float]
    validation_scores_: Any  # None without early stopping
    best_validation_score_: Any
    best_loss_: float | None

    def _keep(self, given: dict[str, Any]) -> None:
        """Keep the arguments of `__init__` as they are given, as scikit-learn asks."""
        for name, value in given.items():
            if name not in ("self", "__class__"):
                setattr(self, name, value)

    # What a subclass says

    @abstractmethod
    def _validated(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        """X and y as arrays."""

    @abstractmethod
    def _targets(self, y: Any, weights: Any, is_first: bool) -> tuple[Any, Any]:
        """What the loss compares outputs with, a row per sample; and the weights."""

    @abstractmethod
    def _objective(self) -> Objective:
        """What is made small."""

    @abstractmethod
    def _merit(self, raw: Any, targets: Any, weights: Any) -> float:
        """The score of outputs of the network."""

    # Fit

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from samples, until the loss stops falling.

        Args:
            X: array, data frame or sparse matrix of shape (samples, features).
            y: what to predict, of shape (samples,) or (samples, outputs).
            sample_weight: how much each sample counts, of shape (samples,). A sample of
                weight 0 counts as if it were not there.

        Raises:
            ArgumentError: a parameter or a weight is out of range.
            DivergenceError: the loss is no longer finite.
        """
        goes_on = bool(self.warm_start) and hasattr(self, "network_")
        samples = self._begin(X, y, sample_weight, goes_on)
        if not goes_on:
            self._forget()
        self.n_iter_ = 0
        if self._takes_all:
            self._minimize(samples)
            return self
        random = check_random_state(self.random_state)
        self._trainer = self._new_trainer(samples, random)
        held_out = None
        if self.early_stopping:
            samples, held_out = self._split(samples)
        try:
            self._train(samples, held_out)
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=2)
        if held_out is not None:
            self._trainer.restore_best()
        return self

    @property
    def _takes_all(self) -> bool:
        """Whether the solver takes all samples at once."""
        return isinstance(self.solver, str) and self.solver == "lbfgs"

    def _fit_part(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """One epoch, from where the last one ended."""
        if self.early_stopping:
            raise ArgumentError(
                f"{type(self).__name__}: partial_fit does not support early_stopping=True: it sees a part of the data; "
                f"set early_stopping=False"
            )
        goes_on = hasattr(self, "network_")
        samples = self._begin(X, y, sample_weight, goes_on)
        if not goes_on:
            self._forget()
        if not hasattr(self, "_trainer"):
            self._trainer = self._new_trainer(samples, check_random_state(self.random_state))
        self._end_epoch(self._trainer.epoch(samples, self._batch_size(len(samples)), self.shuffle), None)
        return self

    def _begin(self, X: Any, y: Any, sample_weight: Any, goes_on: bool) -> Samples:
        """The samples, after a look at them and at the parameters."""
        owner = type(self).__name__
        settings.check(owner, self.get_params(deep=False))
        settings.hidden_sizes(owner, self.hidden_layer_sizes)
        X, y = self._validated(X, y, reset=not goes_on)
        weights = weights_of(owner, sample_weight, X)
        targets, weights = self._targets(y, weights, is_first=not goes_on)
        if targets.dtype.kind == "f":
            targets = targets.astype(X.dtype, copy=False)
        if weights is not None:
            weights = weights.astype(X.dtype, copy=False)
        return Samples(X, targets, weights).without_zeros()

    def _forget(self) -> None:
        """The attributes of an estimator that has learnt nothing yet."""
        for name in LEARNT:
            self.__dict__.pop(name, None)
        self.n_iter_ = self.t_ = 0
        if self._takes_all:
            return
        self.loss_curve_ = []
        self.validation_scores_ = [] if self.early_stopping else None
        self.best_loss_ = None if self.early_stopping else math.inf
        self.best_validation_score_ = -math.inf if self.early_stopping else None

    def _make_network(self, samples: Samples, random: np.random.RandomState) -> Objective:
        """Make the network, or check the one there is; gives what is made small."""
        owner = type(self).__name__
        hidden = settings.hidden_sizes(owner, self.hidden_layer_sizes)
        sizes = [samples.X.shape[1], *hidden, self.n_outputs_]
        if not hasattr(self, "network_"):
            activation = settings.chosen(owner, "activation", self.activation, ACTIVATIONS)
            factor = 2.0 if isinstance(self.activation, str) and self.activation == "logistic" else 6.0
            self.network_ = build(sizes, activation, factor, random, samples.X.dtype)
        known = [layer.in_features for layer in linear_layers(self.network_)] + [self.n_outputs_]
        if known != sizes:
            raise ArgumentError(
                f"{owner}: the network there is has sizes {known}, and the parameters ask for {sizes}; "
                f"set warm_start=False to begin anew"
            )
        objective = self._objective()
        self.out_activation_ = objective.link
        return objective

    def _new_trainer(self, samples: Samples, random: np.random.RandomState) -> Trainer:
        """What trains the network."""
        objective = self._make_network(samples, random)
        optimizer = optimizer_of(self, self.network_.parameters())
        return Trainer(self.network_, optimizer, objective, float(self.alpha), random, compile=bool(self.compile))

    def _minimize(self, samples: Samples) -> None:
        """Train with all samples at once."""
        if self.early_stopping:
            raise ArgumentError(f"{type(self).__name__}: solver='lbfgs' does not stop early; set early_stopping=False")
        objective = self._make_network(samples, check_random_state(self.random_state))
        options = {"maxfun": self.max_fun, "maxiter": self.max_iter, "gtol": self.tol}
        try:
            result = minimized(self.network_, objective, float(self.alpha), samples, options)
        except DomainError as error:
            raise self._not_finite("not finite", "scale X, as StandardScaler does") from error
        self.loss_, self.n_iter_ = float(result.fun), int(result.nit)
        if result.status == 1:
            warnings.warn(
                f"lbfgs stopped before it converged, after {result.nit} iterations and {result.nfev} calls: "
                f"raise max_iter={self.max_iter} or max_fun={self.max_fun}, or scale X",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _batch_size(self, count: int) -> int:
        if self.batch_size == "auto":
            return min(BATCH, count)
        if self.batch_size > count:
            warnings.warn(
                f"{type(self).__name__}: batch_size={self.batch_size} is more than the {count} samples, "
                f"which are one batch",
                stacklevel=5,
            )
        return min(int(self.batch_size), count)

    def _split(self, samples: Samples) -> tuple[Samples, Samples]:
        """The samples to train on, and those held out for early stopping."""
        arrays = [samples.X, samples.targets] + ([] if samples.weights is None else [samples.weights])
        random, fraction = self._trainer.random, self.validation_fraction
        parts = train_test_split(*arrays, test_size=fraction, random_state=random, stratify=self._strata(samples))
        trained, held_out = Samples(*parts[0::2]), Samples(*parts[1::2])
        if len(held_out) < 2:
            raise ArgumentError(
                f"{type(self).__name__}: the validation set is too small: {len(held_out)} of {len(samples)} samples; "
                f"raise validation_fraction={fraction}"
            )
        return trained, held_out

    def _strata(self, samples: Samples) -> Any:
        """What should be as frequent among the samples that are held out; None for
        nothing.
        """
        return None

    def _train(self, samples: Samples, held_out: Samples | None) -> None:
        """Epochs until the loss stops falling, or the score on the samples held out
        stops rising.
        """
        trainer, batch_size = self._trainer, self._batch_size(len(samples))
        patience = Patience(self.tol, self.n_iter_no_change)
        rate = Rate(trainer.optimizer, self.learning_rate, self.power_t)
        for _ in range(self.max_iter):
            merit = self._end_epoch(trainer.epoch(samples, batch_size, self.shuffle), held_out)
            rate.end_epoch(self.t_)
            if not patience.is_over(merit):
                continue
            further = rate.lowered()
            if self.verbose:
                what = "Training loss" if held_out is None else "Validation score"
                print(
                    f"{what} did not improve more than tol={self.tol:f} for {self.n_iter_no_change} "
                    f"consecutive epochs. {further or 'Stopping.'}"
                )
            if not further:
                return
            patience.count = 0
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the optimization hasn't "
            f"converged yet.",
            ConvergenceWarning,
            stacklevel=3,
        )

    def _end_epoch(self, loss: float, held_out: Samples | None) -> float:
        """Write down what an epoch has brought; gives its merit, the more the better.

        Raises:
            DivergenceError: the loss is not finite.
        """
        self.n_iter_ += 1
        self.t_ += len(self._trainer.order)
        self.loss_ = loss
        self.loss_curve_.append(loss)
        if self.verbose:
            print(f"Iteration {self.n_iter_}, loss = {loss:.8f}")
        if not math.isfinite(loss):
            rate = self.learning_rate_init
            raise self._not_finite(loss, f"scale X, as StandardScaler does, or lower learning_rate_init={rate}")
        if held_out is None:
            self.best_loss_ = min(loss, math.inf if self.best_loss_ is None else self.best_loss_)
            return -loss
        score = self._merit(outputs(self.network_, held_out.X), held_out.targets, held_out.weights)
        self.validation_scores_.append(score)
        if self.verbose:
            print(f"Validation score: {score:f}")
        if score > self.best_validation_score_:
            self.best_validation_score_ = score
            self._trainer.keep_best()
        return score

    def _not_finite(self, loss: Any, repair: str) -> DivergenceError:
        return DivergenceError(
            f"{type(self).__name__}: the loss is {loss} after {self.n_iter_} iterations: numbers have grown beyond all "
            f"bounds;\n{repair}"
        )

    # What was learnt

    @property
    def coefs_(self) -> list[Any]:
        """The weights of each layer, of shape (inputs, outputs); views."""
        return [layer.weight.data.T for layer in linear_layers(self.network_)]

    @property
    def intercepts_(self) -> list[Any]:
        """The biases of each layer."""
        return [layer.bias.data for layer in linear_layers(self.network_)]

    @property
    def n_layers_(self) -> int:
        """How many layers there are, those of inputs and outputs among them."""
        return len(linear_layers(self.network_)) + 1

    def _outputs(self, X: Any) -> Any:
        """What the network makes of X, before the last activation."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=["csr"], dtype=(np.float64, np.float32), reset=False)
        return outputs(self.network_, X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
