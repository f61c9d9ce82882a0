"""`MLPClassifier`: a neural network that learns classes."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import validate_data

from micrograd import on_demand as np
from micrograd.errors import ArgumentError
from micrograd.sklearn.labels import MANY, ONE, Labels
from micrograd.nn import losses
from micrograd.sklearn.objectives import CLASSIFIER_LOSSES, Objective
from micrograd.sklearn.perceptron import Perceptron
from micrograd.sklearn.samples import Samples
from micrograd.sklearn.settings import chosen


class MLPClassifier(ClassifierMixin, Perceptron):
    """A neural network that learns classes."""

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        loss: Any = "log_loss",
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
        class_weight: Any = None,
    ) -> None:
        self._keep(locals())

    # Learning

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Go through these samples once, from where the last call ended.

        Args:
            X: array, data frame or sparse matrix of shape (samples, features).
            y: the classes, of shape (samples,); or labels, 0 or 1, of shape
                (samples, labels).
            sample_weight: how much each sample counts, of shape (samples,).
            classes: all classes that later calls may bring; the first call needs them.
        """
        if not hasattr(self, "network_"):
            if classes is None and not type_of_target(y).startswith("multilabel"):
                raise ArgumentError(
                    "MLPClassifier: the first call of partial_fit needs all classes that later calls may bring; "
                    "give classes=np.unique(y)"
                )
            self._announced = None if classes is None else np.unique(classes)
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ArgumentError(
                f"MLPClassifier: classes={classes!r} is not the same as on the last call of partial_fit, "
                f"{self.classes_!r}; leave it out"
            )
        return self._fit_part(X, y, sample_weight)

    def _validated(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(
            self, X, y, accept_sparse=["csr"], multi_output=True, dtype=(np.float64, np.float32), reset=reset
        )
        check_classification_targets(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if y.ndim == 2 and not type_of_target(y).startswith("multilabel"):
            raise ArgumentError(
                f"MLPClassifier: y of shape {y.shape} has several columns of classes; "
                f"give one column, or wrap the estimator in sklearn.multioutput.MultiOutputClassifier"
            )
        return X, y

    def _targets(self, y: Any, weights: Any, is_first: bool) -> tuple[Any, Any]:
        classes = vars(self).pop("_announced", None)
        if is_first:
            self._labels = Labels.of(y, classes, joins_two=self.loss == "log_loss")
            self.classes_ = self._labels.classes
        self._labels.check(type(self).__name__, y)
        self.n_outputs_ = self._labels.outputs
        if self.class_weight is not None:
            by_class = compute_sample_weight(self.class_weight, y)
            weights = by_class if weights is None else by_class * weights
        return self._labels.encoded(y), weights

    def _objective(self) -> Objective:
        loss = chosen("MLPClassifier", "loss", self.loss, CLASSIFIER_LOSSES)
        if self._labels.kind == MANY:
            return Objective(loss, "softmax")
        return Objective(losses.bce_with_logits if self.loss == "log_loss" else loss, "logistic")

    def _strata(self, samples: Samples) -> Any:
        return samples.targets if self._labels.kind == ONE else None

    def _merit(self, raw: Any, targets: Any, weights: Any) -> float:
        return float(accuracy_score(targets, self._labels.decided(raw), sample_weight=weights))

    # Predicting

    def predict(self, X: Any) -> Any:
        """The most probable class of each sample; for several labels, which it has.

        Args:
            X: array, data frame or sparse matrix of shape (samples, features).

        Returns:
            Array of shape (samples,); of shape (samples, labels), with 0 and 1, if the
            estimator has learnt several labels.
        """
        raw = self._outputs(X)
        return self._labels.named(raw)

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class; for several labels, that of each.

        Args:
            X: array, data frame or sparse matrix of shape (samples, features).

        Returns:
            Array of shape (samples, classes), in the order of `classes_`.
        """
        raw = self._outputs(X)
        return self._labels.probabilities(raw)

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithm of `predict_proba`, exact where the probability is too small for
        a float.

        Args:
            X: array, data frame or sparse matrix of shape (samples, features).
        """
        raw = self._outputs(X)
        return self._labels.log_probabilities(raw)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
