"""`MLPClassifier`: a neural network that learns classes."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import validate_data

from micrograd import on_demand as np
from micrograd.errors import ArgumentError
from micrograd.nn import losses
from micrograd.sklearn.labels import MANY, ONE, SEVERAL, Labels
from micrograd.sklearn.objectives import CLASSIFIER_LOSSES, Objective
from micrograd.sklearn.perceptron import Perceptron, has_steps
from micrograd.sklearn.samples import Samples
from micrograd.sklearn.settings import chosen


def _has_probabilities(estimator: Any) -> bool:
    if estimator.loss == "hinge":
        raise AttributeError("MLPClassifier: loss='hinge' gives no probabilities; take loss='log_loss'")
    return True


class MLPClassifier(ClassifierMixin, Perceptron):
    """A neural network that learns classes, or which of several labels apply.

    The parameters that scikit-learn's MLPClassifier has mean the same here, and have
    the same defaults: with the same random state both go through the same batches,
    from the same weights.

    Args:
        hidden_layer_sizes: the numbers of neurons of the hidden layers; () for none.
        activation: after each hidden layer: "relu", "tanh", "logistic", "identity",
            another name of `ops`, such as "gelu", or a function or module on Values.
            Each layer gets a copy of a module.
        loss: "log_loss", "hinge", or a function (outputs, targets). It gets the outputs
            before the last activation, of shape (samples, classes), as a Value, and the
            numbers of the classes; with several labels, 0 and 1 in the shape of the
            outputs. It gives a value for each sample, or for each output, or one mean.
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
        class_weight: how much the samples of a class count: a dict by class, or
            "balanced": as if all classes were equally frequent.
        compile: run each step as one program of `micrograd.compile`; "lbfgs" does not.

    Attributes:
        classes_: the classes in ascending order.
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

    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
    >>> model = MLPClassifier((8,), solver="lbfgs", random_state=0).fit(X, y)
    >>> model.predict([[0.5], [2.5]])
    array(['low', 'high'], dtype='<U4')
    """

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
        compile: bool = False,
    ) -> None:
        self._keep(locals())

    # Learning

    @available_if(has_steps)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Go through these samples once, from where the last call ended.

        Args:
            X: array, data frame or sparse matrix of shape (samples, features).
            y: the classes, of shape (samples,); or labels, 0 or 1, of shape
                (samples, labels).
            sample_weight: how much each sample counts, of shape (samples,).
            classes: all classes that later calls may bring; the first call needs them.

        Raises:
            ArgumentError: the first call lacks the classes, a later one has others, or
                a parameter does not go with parts of the data.
        """
        if isinstance(self.class_weight, str):
            raise ArgumentError(
                f"MLPClassifier: partial_fit does not see how frequent the classes are, as class_weight="
                f"{self.class_weight!r} wants;\ngive a dict, as compute_class_weight makes of all y"
            )
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
        classes = self.__dict__.pop("_announced", None)
        if is_first:
            self._labels = Labels.of(y, classes, joins_two=self.loss == "log_loss")
            self.classes_ = self._labels.classes
        if self._labels.kind == SEVERAL and self.loss == "hinge":
            raise ArgumentError("MLPClassifier: loss='hinge' is for one class a sample; for labels take 'log_loss'")
        self._labels.check(type(self).__name__, y)
        self.n_outputs_ = self._labels.outputs
        if self.class_weight is not None:
            by_class = compute_sample_weight(self.class_weight, y)
            weights = by_class if weights is None else by_class * weights
        return self._labels.encoded(y), weights

    def _objective(self) -> Objective:
        loss = chosen("MLPClassifier", "loss", self.loss, CLASSIFIER_LOSSES)
        if self.loss == "hinge":
            return Objective(loss, "identity")
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

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> Any:
        """The probability of each class; for several labels, that of each.

        Args:
            X: array, data frame or sparse matrix of shape (samples, features).

        Returns:
            Array of shape (samples, classes), in the order of `classes_`.
        """
        raw = self._outputs(X)
        return self._labels.probabilities(raw)

    @available_if(_has_probabilities)
    def predict_log_proba(self, X: Any) -> Any:
        """The logarithm of `predict_proba`, exact where the probability underflows.

        Args:
            X: array, data frame or sparse matrix of shape (samples, features).
        """
        raw = self._outputs(X)
        return self._labels.log_probabilities(raw)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
