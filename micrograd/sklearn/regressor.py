"""`MLPRegressor`: a neural network that learns numbers."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.validation import validate_data

from micrograd import on_demand as np
from micrograd.errors import ArgumentError
from micrograd.sklearn.objectives import REGRESSOR_LOSSES, Objective
from micrograd.sklearn.perceptron import Perceptron
from micrograd.sklearn.settings import chosen


class MLPRegressor(RegressorMixin, Perceptron):
    """A neural network that learns numbers."""

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        loss: Any = "squared_error",
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
    ) -> None:
        self._keep(locals())

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Go through these samples once, from where the last call ended.

        Args:
            X: array, data frame or sparse matrix of shape (samples, features).
            y: the numbers to predict, of shape (samples,) or (samples, outputs).
            sample_weight: how much each sample counts, of shape (samples,).
        """
        return self._fit_part(X, y, sample_weight)

    def _validated(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr"],
            multi_output=True,
            y_numeric=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y.astype(X.dtype, copy=False)

    def _targets(self, y: Any, weights: Any, is_first: bool) -> tuple[Any, Any]:
        count = 1 if y.ndim == 1 else y.shape[1]
        if not is_first and count != self.n_outputs_:
            raise ArgumentError(
                f"MLPRegressor: y has {count} columns, and the network has {self.n_outputs_} outputs; "
                f"give the same columns, or make a new estimator"
            )
        if self.loss == "poisson" and (y < 0).any():
            raise ArgumentError(f"MLPRegressor: y has {y.min()}, and loss='poisson' needs y of at least 0")
        self.n_outputs_ = count
        return y.reshape(-1, count), weights

    def _objective(self) -> Objective:
        loss = chosen("MLPRegressor", "loss", self.loss, REGRESSOR_LOSSES)
        return Objective(loss, "exp" if self.loss == "poisson" else "identity")

    def _merit(self, raw: Any, targets: Any, weights: Any) -> float:
        return float(r2_score(targets, self._read(raw), sample_weight=weights))

    def _read(self, raw: Any) -> Any:
        return np.exp(raw) if self.out_activation_ == "exp" else raw

    def predict(self, X: Any) -> Any:
        """The numbers that the network gives.

        Args:
            X: array, data frame or sparse matrix of shape (samples, features).

        Returns:
            Array of shape (samples,), or (samples, outputs) if there are several.
        """
        predicted = self._read(self._outputs(X))
        return predicted.ravel() if self.n_outputs_ == 1 else predicted

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
