"""The command line's scores against scikit-learn's, and its doubts on real data."""

from __future__ import annotations

import numpy as np
import pytest

from micrograd.cli import reports
from micrograd.cli.roles import roles_of
from micrograd.data import read_csv

datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is a peer: `make peers`")
metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is a peer: `make peers`")
pytest.importorskip("pandas", reason="pandas is a peer: `make peers`")
pytestmark = pytest.mark.peer


def test_scores():
    rng = np.random.default_rng(0)
    wanted, answers = rng.integers(0, 4, 50), rng.integers(0, 4, 50)
    assert reports.accuracy(answers, wanted) == metrics.accuracy_score(wanted, answers)
    np.testing.assert_array_equal(reports.confusion(answers, wanted, 4), metrics.confusion_matrix(wanted, answers))
    wanted, answers = rng.normal(size=50), rng.normal(size=50)
    assert reports.r2(answers, wanted) == pytest.approx(metrics.r2_score(wanted, answers), rel=1e-12)
    assert reports.mean_absolute_error(answers, wanted) == pytest.approx(metrics.mean_absolute_error(wanted, answers))


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits", "diabetes"])
def test_nothing_but_constants_is_left_out_of_real_data(tmp_path, name):
    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    frame.to_csv(tmp_path / "data.csv", index=False)
    found = roles_of(read_csv(tmp_path / "data.csv"), "target")
    assert found.task == ("regression" if name == "diabetes" else "classification")
    assert all(reason == "it is '0.0' in every row" for reason in found.left_out.values())
    assert len(found.used) + len(found.left_out) == frame.shape[1] - 1
