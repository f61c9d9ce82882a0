"""Estimators with scikit-learn's interface: `MLPClassifier` and `MLPRegressor`.

    from micrograd.sklearn import MLPClassifier

They take scikit-learn's parameters and give its attributes, so they go into pipelines,
`GridSearchCV` and the like. Beyond that they take losses, activations and optimisers of
your own, weights for classes and samples, and they show the network: `network_`.

The page docs/estimators.md compares them with scikit-learn's.
"""

from __future__ import annotations

from micrograd.errors import MissingExtraError

try:
    import sklearn as _sklearn  # noqa: F401 - whether it is installed
except ModuleNotFoundError as error:
    raise MissingExtraError(
        "micrograd.sklearn: scikit-learn is not installed; install it with: pip install 'micrograd-nd[sklearn]'"
    ) from error

from micrograd.sklearn.classifier import MLPClassifier
from micrograd.sklearn.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
