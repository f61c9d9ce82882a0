"""scikit-learn's own checks of an estimator, with a small network; `make peers` runs
them with the default one.
"""

from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from micrograd.sklearn import MLPClassifier, MLPRegressor

SMALL = {"hidden_layer_sizes": (20,), "learning_rate_init": 0.01}

# Some checks end before the loss stops falling.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


# The checks as a list: pytest 9 warns of the generator that scikit-learn 1.6 gives.
MARK = parametrize_with_checks([MLPClassifier(**SMALL), MLPRegressor(**SMALL)]).mark


@pytest.mark.parametrize(MARK.args[0], list(MARK.args[1]), **MARK.kwargs)
def test_scikit_learns_checks(estimator, check):
    check(estimator)
