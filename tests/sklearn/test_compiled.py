"""Estimators with compile=True learn what they learn without."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone

from micrograd.errors import ArgumentError
from micrograd.sklearn import MLPClassifier, MLPRegressor

_rng = np.random.default_rng(0)
X = _rng.normal(size=(50, 3))
Y = {MLPRegressor: X[:, 0] - X[:, 1] ** 2, MLPClassifier: (X[:, 0] > X[:, 1]).astype(int)}


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("estimator", [MLPRegressor, MLPClassifier])
def test_the_same_losses(estimator, solver):
    given = {"hidden_layer_sizes": (5,), "solver": solver, "max_iter": 5, "batch_size": 20, "random_state": 0}
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for compile in (False, True):
            model = clone(estimator(**given, compile=compile)).fit(X, Y[estimator])
            assert model.get_params()["compile"] is compile
            found.append([*model.loss_curve_, *np.ravel(model.coefs_[0])])
    np.testing.assert_allclose(*found, rtol=1e-10)
    assert model._trainer._step._captures == 2  # whole batches, and the last one
    for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert (twin.predict(X) == model.predict(X)).all()
        twin.partial_fit(X, Y[estimator])


def test_it_is_a_flag():
    with pytest.raises(ArgumentError, match="compile='yes': give True or False"):
        MLPRegressor(compile="yes").fit(X, Y[MLPRegressor])
