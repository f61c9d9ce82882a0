"""The data sets, bit for bit as scikit-learn makes them, and its split."""

from __future__ import annotations

import numpy as np
import pytest

from micrograd import data

datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is a peer: `make peers`")
pytestmark = pytest.mark.peer

SEEDS = [0, 1337, 2**32 - 1]


def assert_same(name, options, seed):
    """Both functions, each with every kind of random_state, and what is drawn after."""
    for random_state in (lambda: None, lambda: seed, lambda: np.random.RandomState(seed)):
        found = []
        for module in (data, datasets):
            np.random.seed(seed)
            outcome = getattr(module, name)(**options, random_state=random_state())
            found.append([*outcome, np.array(np.random.random_sample())])
        for ours, theirs in zip(*found, strict=True):
            assert ours.dtype == theirs.dtype
            assert ours.shape == theirs.shape
            assert ours.tobytes() == np.ascontiguousarray(theirs).tobytes()


@pytest.mark.parametrize("n_samples", [1, 2, 7, 100, 1001, (0, 5), (30, 11)])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("noise", [None, 0.0, 0.1, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_moons_and_circles(n_samples, shuffle, noise, seed):
    options = {"n_samples": n_samples, "shuffle": shuffle, "noise": noise}
    assert_same("make_moons", options, seed)
    assert_same("make_circles", options, seed)
    for factor in (0.0, 0.3, 0.99):
        assert_same("make_circles", options | {"factor": factor}, seed)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"n_samples": 1},
        {"n_samples": 101, "n_features": 5, "centers": 4},
        {"n_samples": [3, 0, 7]},
        {"n_samples": (3, 7), "n_features": 1, "cluster_std": [0.5, 2.0]},
        {"n_samples": 10, "centers": [[0.0, 1.0, 2.0], [5.0, 5.0, 5.0]], "cluster_std": 0.0},
        {"n_samples": [4, 5], "centers": [[0, 1], [5, 5]]},
        {"n_samples": 10, "centers": np.array([[0.5, 1.0]], dtype=np.float32)},
        {"center_box": (0.0, 1.0), "return_centers": True},
        {"centers": [[1.0, 2.0], [3.0, 4.0]], "return_centers": True},
    ],
    ids=str,
)
def test_blobs(options, shuffle, seed):
    assert_same("make_blobs", options | {"shuffle": shuffle}, seed)


@pytest.mark.parametrize("n", [2, 3, 10, 101])
@pytest.mark.parametrize("test_size", [0.25, 0.1, 0.5, 1])
@pytest.mark.parametrize("options", [{"seed": 0}, {"seed": 2**32 - 1}, {"shuffle": False}], ids=str)
def test_split(n, test_size, options):
    from sklearn.model_selection import train_test_split

    X, y = np.arange(2 * n).reshape(n, 2), np.arange(n)
    theirs = {"random_state" if name == "seed" else name: x for name, x in options.items()}
    found = data.train_test_split(X, y, test_size=test_size, **options)
    for ours, wanted in zip(found, train_test_split(X, y, test_size=test_size, **theirs), strict=True):
        np.testing.assert_array_equal(ours, wanted)


@pytest.mark.parametrize("seed", range(20))
def test_read_csv_reads_what_pandas_writes_as_pandas_does(tmp_path, seed):
    pandas = pytest.importorskip("pandas", reason="pandas is a peer: `make peers`")
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    words = np.array(["oak", "elm, old", 'the "ash"', "two\nlines", "Öl", "a;b", "x\ty"], dtype=object)
    frame = pandas.DataFrame(
        {
            "whole": rng.integers(-1000, 1000, n),
            "number": rng.normal(size=n) * 10.0 ** rng.integers(-10, 10, n),
            "gaps": np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
            "word": rng.choice(words, n),
            "missing": np.where(rng.random(n) < 0.3, None, rng.choice(words, n)),
        }
    )
    frame.loc[0, ["gaps", "missing"]] = [0.25, "oak"]
    delimiter, decimal = [(",", "."), (";", ","), ("\t", "."), ("|", ",")][seed % 4]
    encoding = ["utf-8", "utf-8-sig", "utf-16"][seed % 3]
    path = tmp_path / "frame.csv"
    frame.to_csv(path, index=False, sep=delimiter, decimal=decimal, encoding=encoding)
    back = pandas.read_csv(path, sep=delimiter, decimal=decimal, encoding=encoding)
    table = data.read_csv(path)
    assert (table.delimiter, table.decimal) == (delimiter, decimal)
    assert table.names == list(frame.columns)
    assert table["whole"].dtype == np.int64
    for name in ("whole", "number", "gaps"):
        np.testing.assert_array_equal(table[name], frame[name].to_numpy())  # pandas itself may round
        np.testing.assert_array_equal(np.isnan(table[name]), back[name].isna())
    for name in ("word", "missing"):
        assert table[name].tolist() == back[name].fillna("").tolist()
