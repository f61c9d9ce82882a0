"""`MLPRegressor`: a neural network that learns numbers."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import validate_data

from micrograd import on_demand as np
from micrograd.errors import ArgumentError
from micrograd.sklearn.objectives import REGRESSOR_LOSSES, Objective
from micrograd.sklearn.perceptron import Perceptron, has_steps
from micrograd.sklearn.settings import chosen


class MLPRegressor(RegressorMixin, Perceptron):
    """A neural network that learns numbers, one or several for each sample.

    The parameters that scikit-learn's MLPRegressor has mean the same here, and have the
    same defaults: with the same random state both go through the same batches, from the
    same weights. Scale y, or choose a larger learning rate, if its numbers are large.

    Args:
        hidden_layer_sizes: the numbers of neurons of the hidden layers; () for none.
        activation: after each hidden layer: "relu", "tanh", "logistic", "identity",
            another name of `ops`, such as "gelu", or a function or module on Values.
            Each layer gets a copy of a module.
        loss: "squared_error" (half of the square), "absolute_error", "huber",
            "poisson" (predicts the exponential of the output), or a function (outputs,
            targets) of Values and arrays of shape (samples, outputs). It gives a value
            for each sample, or for each output, or one mean. The values of the outputs
            of a sample are added.
        solver: "adam", "sgd", "lbfgs" (SciPy's, all samples at once), "adamw", "nadam",
            "radam", "adamax", "rmsprop", "adagrad" or "lion"; or a function of the
            parameters that makes an optimiser, such as
            `functools.partial(optim.SGD, lr=0.1)`. Such a function sets the learning
            rate, and learning_rate_init is not used.
        alpha: strength of the penalty: alpha / 2 times the sum of the squares of the
            weights, divided by the samples of a batch.
        batch_size: samples in a batch; "auto" is 200, or all if there are fewer.
        learning_rate: "constant"; "invscaling", divided by (samples seen + 1)^power_t;
            or "adaptive", divided by 5 each time the loss stops falling.
        learning_rate_init: the learning rate at first.
        power_t: see learning_rate.
        max_iter: epochs at most; with "lbfgs", iterations.
        shuffle: draw a new order of the samples for each epoch.
        random_state: seed or RandomState of the first weights, of the order and of what
            early stopping holds out. The same seed gives the same bits.
        tol: the loss must fall by this much, or the score rise, to count as better.
        verbose: print the loss of each epoch.
        warm_start: let fit go on with the network that there is.
        momentum: of "sgd".
        nesterovs_momentum: of "sgd": Nesterov's momentum.
        early_stopping: hold out samples, stop when the score on them stops rising, and
            keep the network of the best score.
        validation_fraction: the share of samples that is held out.
        beta_1: of "adam" and its relatives: decay of the mean of the gradient.
        beta_2: of "adam" and its relatives: decay of the mean of its square.
        epsilon: of "adam" and its relatives: keeps the division finite.
        n_iter_no_change: epochs without a better loss, or score, before it stops.
        max_fun: of "lbfgs": calls of the loss at most.
        compile: run each step as one program of `micrograd.compile`; "lbfgs" does not.

    Attributes:
        network_: the network, a `Sequential`, without the last activation.
        coefs_, intercepts_: its weights, of shape (inputs, outputs), and its biases, a
            list each: views of the network's own.
        loss_, loss_curve_, best_loss_: the loss of the last epoch, of each, the least.
        validation_scores_, best_validation_score_: the same of scores, with early
            stopping.
        n_iter_, t_: epochs, and samples, seen so far.
        n_features_in_, feature_names_in_: the features.
        n_layers_, n_outputs_, out_activation_: layers with that of the inputs, outputs,
            and the name of the last activation.

    Raises:
        ArgumentError: from fit: a parameter is out of range.

    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0]
    >>> model = MLPRegressor((), solver="lbfgs", alpha=0.0, random_state=0).fit(X, y)
    >>> model.predict([[10.0]]).round(3)
    array([21.])
    """

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
        compile: bool = False,
    ) -> None:
        self._keep(locals())

    @available_if(has_steps)
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
        return Objective(
            loss, "exp" if self.loss == "poisson" else "identity", 0.5 if self.loss == "squared_error" else 1.0
        )

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
