"""Row 15: the estimators against scikit-learn's, by default settings: the same network,
the same batches in the same order, the same number of epochs.
"""

from __future__ import annotations

import warnings
from typing import Any

from benchmarks.contest import compare
from benchmarks.row import COMPILED, OURS, PLAIN, Case, Goal, Outcome, Row, Settings, Trial, ratio

SCIKIT_LEARN = "scikit-learn"
DATA = ("digits", "breast_cancer", "wine", "diabetes")


def fitted(package: str, data: str, epochs: int) -> Trial:
    """The loss after each epoch, and a fit."""
    import importlib

    from sklearn import datasets
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.preprocessing import StandardScaler

    warnings.simplefilter("ignore", ConvergenceWarning)  # there are too few epochs, on purpose
    X, y = getattr(datasets, f"load_{data}")(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    name = "MLPRegressor" if data == "diabetes" else "MLPClassifier"
    kind: Any = getattr(importlib.import_module(package), name)
    model = kind(max_iter=epochs, n_iter_no_change=epochs + 1, random_state=0)

    def step() -> Any:
        return model.fit(X, y)

    return step().loss_curve_, step


def ours(data: str, epochs: int) -> Trial:
    """micrograd.sklearn."""
    return fitted("micrograd.sklearn", data, epochs)


def theirs(data: str, epochs: int) -> Trial:
    """sklearn.neural_network."""
    return fitted("sklearn.neural_network", data, epochs)


CONTESTANTS = {COMPILED: ours, PLAIN: ours, SCIKIT_LEARN: theirs}


def measure(settings: Settings) -> list[Outcome]:
    """A fit on each set of data."""
    epochs = 2 if settings.small else 30
    # The two versions of Adam add epsilon in different places.
    cases = [Case(f"{data}, {epochs} epochs", {"data": data, "epochs": epochs}, tolerance=1e-3) for data in DATA]
    return compare("estimators", CONTESTANTS, cases, settings)


ROW = Row(
    15,
    "MLPClassifier and MLPRegressor by default settings, a fit",
    measure,
    [
        Goal(
            f"ours takes at most 1.2 times as long as scikit-learn on {data}",
            ratio(OURS, SCIKIT_LEARN, case=i),
            at_most=1.2,
        )
        for i, data in enumerate(DATA)
    ],
)
