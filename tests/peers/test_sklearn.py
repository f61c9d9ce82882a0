"""The estimators against scikit-learn's own, by default settings."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.neural_network as theirs
from sklearn import datasets
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import micrograd.sklearn as ours

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")]


def labels(return_X_y):
    return datasets.make_multilabel_classification(random_state=0)


def numbers(return_X_y):
    X, y = datasets.load_diabetes(return_X_y=True)
    return X, (y - y.mean()) / y.std()


DATA = {
    "digits": ("MLPClassifier", datasets.load_digits),
    "breast cancer": ("MLPClassifier", datasets.load_breast_cancer),
    "wine": ("MLPClassifier", datasets.load_wine),
    "labels": ("MLPClassifier", labels),
    "diabetes": ("MLPRegressor", datasets.load_diabetes),
    "diabetes, scaled": ("MLPRegressor", numbers),
}
SETTINGS = {
    "sgd": ({"solver": "sgd"}, 1e-9),
    "sgd, plain": ({"solver": "sgd", "momentum": 0.0, "learning_rate": "adaptive", "learning_rate_init": 0.1}, 1e-9),
    "sgd, invscaling": ({"solver": "sgd", "momentum": 0.0, "learning_rate": "invscaling"}, 1e-9),
    "lbfgs": ({"solver": "lbfgs", "max_iter": 15}, 1e-6),
    # Adam adds epsilon after the bias is corrected, as in its paper and in PyTorch, and
    # scikit-learn adds it before.
    "adam": ({}, 1e-4),
    "tanh, two layers": ({"activation": "tanh", "hidden_layer_sizes": (20, 10), "batch_size": 32, "alpha": 0.1}, 1e-4),
    "logistic": ({"activation": "logistic"}, 1e-4),
    "identity, early stopping": ({"activation": "identity", "early_stopping": True}, 1e-3),
}


@pytest.mark.parametrize("data", ["digits", "breast cancer", "labels", "diabetes, scaled"])
@pytest.mark.parametrize("how", SETTINGS)
def test_same_seed_same_training(how, data):
    """The same weights at first, the same batches, the same loss after each epoch."""
    kind, load = DATA[data]
    settings, tolerance = SETTINGS[how]
    X, y = load(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    settings = {"max_iter": 20, "random_state": 0, **settings}
    wanted, found = (getattr(package, kind)(**settings).fit(X, y) for package in (theirs, ours))
    assert (found.n_iter_, found.out_activation_) == (wanted.n_iter_, wanted.out_activation_)
    assert [w.shape for w in found.coefs_] == [w.shape for w in wanted.coefs_]
    if how != "lbfgs":
        np.testing.assert_allclose(found.loss_curve_, wanted.loss_curve_, rtol=tolerance)
    np.testing.assert_allclose(found.loss_, wanted.loss_, rtol=tolerance)
    assert found.score(X, y) == pytest.approx(wanted.score(X, y), abs=0.02)
    if "early_stopping" in settings:
        np.testing.assert_allclose(found.validation_scores_, wanted.validation_scores_, atol=0.02)


@pytest.mark.parametrize("data", ["digits", "breast cancer", "wine", "diabetes"])
def test_score_is_not_below_theirs(data):
    """By default settings, cross-validated, within a standard error."""
    kind, load = DATA[data]
    X, y = load(return_X_y=True)
    wanted, found = (
        cross_val_score(make_pipeline(StandardScaler(), getattr(package, kind)(random_state=0)), X, y, cv=5)
        for package in (theirs, ours)
    )
    error = wanted.std(ddof=1) / len(wanted) ** 0.5
    print(f"{data}: scikit-learn {wanted.mean():.4f} +- {error:.4f}, ours {found.mean():.4f}")
    assert found.mean() >= wanted.mean() - error


def test_parameters_have_their_defaults():
    for kind in ("MLPClassifier", "MLPRegressor"):
        wanted, found = (getattr(package, kind)().get_params() for package in (theirs, ours))
        more = {
            "MLPClassifier": {"loss": "log_loss", "class_weight": None, "compile": False},
            "MLPRegressor": {"loss": "squared_error", "compile": False},
        }
        assert found == {**more[kind], **wanted}


@parametrize_with_checks([ours.MLPClassifier(), ours.MLPRegressor()])
def test_scikit_learns_checks(estimator, check):
    check(estimator)
