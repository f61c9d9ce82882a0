"""Estimators with scikit-learn's interface: `MLPClassifier` and `MLPRegressor`.

    from micrograd.sklearn import MLPClassifier

They take scikit-learn's parameters and give its attributes, so they go into pipelines,
`GridSearchCV` and the like. Beyond that they take losses, activations and optimisers of
your own, weights for classes and samples, and they show the network: `network_`.

scikit-learn is imported when one of the two is first used. The page docs/estimators.md
compares them with scikit-learn's own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from micrograd.errors import MissingExtraError

if TYPE_CHECKING:
    from micrograd.sklearn.classifier import MLPClassifier as MLPClassifier
    from micrograd.sklearn.regressor import MLPRegressor as MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]

HOMES = {"MLPClassifier": "micrograd.sklearn.classifier", "MLPRegressor": "micrograd.sklearn.regressor"}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        import sklearn  # noqa: F401 - whether it is installed
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"micrograd.sklearn: {name} needs scikit-learn, which is not installed; "
            f"install it with: pip install 'micrograd-nd[sklearn]'"
        ) from error
    return getattr(importlib.import_module(HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
