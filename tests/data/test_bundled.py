"""scikit-learn's small data sets, and what is said where it is not installed."""

from __future__ import annotations

import sys

import pytest

from micrograd import data
from micrograd.errors import MissingExtraError

SETS = {
    "load_digits": (1797, 64),
    "load_iris": (150, 4),
    "load_wine": (178, 13),
    "load_breast_cancer": (569, 30),
    "load_diabetes": (442, 10),
}


@pytest.mark.parametrize("name", SETS)
def test_without_scikit_learn(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)  # to Python, a package that is not installed
    monkeypatch.delitem(sys.modules, "sklearn.datasets", raising=False)
    with pytest.raises(MissingExtraError) as raised:
        getattr(data, name)()
    assert str(raised.value) == (
        f"{name}: the data comes with scikit-learn, which is not installed; "
        f"python -m pip install 'micrograd-nd[sklearn]'"
    )


@pytest.mark.parametrize("name", SETS)
def test_shapes_and_names(name):
    pytest.importorskip("sklearn", reason="the extra `sklearn` is not installed")
    X, y = getattr(data, name)()
    assert X.shape == SETS[name]
    assert X.dtype == float
    assert y.shape == SETS[name][:1]
    assert len(getattr(data, name)(return_X_y=False).feature_names) == SETS[name][1]


def test_their_options():
    pytest.importorskip("sklearn", reason="the extra `sklearn` is not installed")
    assert set(data.load_digits(n_class=3)[1].tolist()) == {0, 1, 2}
    assert data.load_diabetes(scaled=False)[0].max() > 100.0
