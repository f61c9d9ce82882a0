"""Batches and the split: every row once, same seed same rows, larger than memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from micrograd import Value
from micrograd.data import batches, read_npy, train_test_split
from micrograd.errors import ArgumentError, DataError, GradientError, ShapeError

X, Y = np.arange(22.0).reshape(11, 2), np.arange(11)


def rows_of(loader):
    return [labels.tolist() for _, labels in loader]


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [1, 2, 3, 10, 11, 12, 100])
def test_each_pass_has_every_row_once(batch_size, drop_last, shuffle):
    loader = batches(X, Y, batch_size=batch_size, shuffle=shuffle, seed=0, drop_last=drop_last)
    for _ in range(2):
        found = list(loader)
        assert len(found) == len(loader)
        sizes = [len(x) for x, _ in found]
        wanted = [batch_size] * (11 // batch_size) + ([] if drop_last or not 11 % batch_size else [11 % batch_size])
        assert sizes == wanted
        for x, y in found:
            np.testing.assert_array_equal(x[:, 0], 2 * y)
        seen = [row for _, y in found for row in y]
        assert len(set(seen)) == len(seen) == sum(wanted)


def test_in_order_without_shuffling():
    assert rows_of(batches(X, Y, batch_size=4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]


def test_same_seed_same_batches_and_each_pass_another_order():
    one, same, other = (batches(X, Y, batch_size=4, shuffle=True, seed=seed) for seed in (0, 0, 1))
    first, second = rows_of(one), rows_of(one)
    assert first != second
    assert [rows_of(same), rows_of(same)] == [first, second]
    assert rows_of(other) != first
    unseeded = batches(X, Y, batch_size=4, shuffle=True)
    assert rows_of(batches(X, Y, batch_size=4, shuffle=True, seed=unseeded.seed)) == rows_of(unseeded)


def test_a_pass_can_be_had_again_by_its_number():
    loader = batches(X, Y, shuffle=True, seed=3)
    passes = [rows_of(loader) for _ in range(3)]
    assert loader.epoch == 3
    loader.epoch = 1
    assert [rows_of(loader), rows_of(loader)] == passes[1:]


def test_two_passes_at_once_do_not_disturb_each_other():
    loader = batches(X, Y, batch_size=2, shuffle=True, seed=5)
    alone = batches(X, Y, batch_size=2, shuffle=True, seed=5)
    pairs = list(zip(loader, loader, strict=True))
    assert [y.tolist() for (_, y), _ in pairs] == rows_of(alone)
    assert [y.tolist() for _, (_, y) in pairs] == rows_of(alone)


def test_the_global_generator_is_left_alone():
    np.random.seed(0)
    list(batches(X, Y, shuffle=True))
    train_test_split(X, seed=1)
    drawn = np.random.random_sample()
    np.random.seed(0)
    assert np.random.random_sample() == drawn


def test_kinds_of_arrays():
    assert [x.tolist() for x in batches([1, 2, 3], batch_size=2)] == [[1, 2], [3]]
    assert next(iter(batches(np.zeros((5, 2, 3), dtype=np.float32)))).dtype == np.float32
    assert [y.tolist() for _, y in batches(X[:2], ["a", "b"])] == [["a", "b"]]
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    ((x, y),) = batches(pandas.DataFrame(X), pandas.Series(Y))
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)


def test_the_repr():
    assert repr(batches(X, batch_size=4)) == "<3 batches of 4 of 11 rows, in order>"
    assert repr(batches(X, shuffle=True, seed=7)) == "<1 batches of 32 of 11 rows, shuffled with seed 7>"


# Larger than memory


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_memory_map_gives_the_rows_of_its_array(tmp_path, shuffle):
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    settings = {"batch_size": 4, "shuffle": shuffle, "seed": 1}
    for (x, _), (x_mapped, _) in zip(batches(X, Y, **settings), batches(mapped, Y, **settings), strict=True):
        assert type(x_mapped) is np.ndarray  # read, and no longer the file
        np.testing.assert_array_equal(x, x_mapped)
        x_mapped += 1.0


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_memory_map_of_80_megabytes_takes_the_memory_of_a_batch(tmp_path, shuffle):
    rows = 100_000
    mapped = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (rows, 200))
    mapped[:, 0] = np.arange(rows)
    mapped.flush()
    X = read_npy(tmp_path / "x.npy", memory_map=True)
    tracemalloc.start()
    seen = np.zeros(rows, dtype=bool)
    for x in batches(X, batch_size=500, shuffle=shuffle, seed=0):  # 0.4 megabytes
        seen[x[:, 0].astype(int)] = True
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seen.all()
    assert peak < 4e6  # bytes; the order of the rows takes 0.8e6


def test_dask_computes_a_chunk_at_a_time():
    da = pytest.importorskip("dask.array", reason="the extra `dask` is not installed")
    computed = []

    def count(block, block_info=None):
        if block_info:
            computed.append(block_info[0]["chunk-location"][0])
        return block

    lazy = da.from_array(X, chunks=((3, 5, 1, 2), 2)).map_blocks(count, dtype=float, meta=np.empty((0, 0)))
    loader = batches(lazy, da.from_array(Y, chunks=4), batch_size=2)
    assert len(loader) == 6
    assert computed == []
    passing = iter(loader)
    next(passing)
    assert computed == [0]
    next(passing)
    assert computed == [0, 1]
    assert rows_of(loader) == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10]]


@pytest.mark.parametrize("labels", ["numpy", "dask"])
@pytest.mark.parametrize("drop_last", [False, True])
def test_shuffled_dask_has_every_row_once(labels, drop_last):
    da = pytest.importorskip("dask.array", reason="the extra `dask` is not installed")
    lazy, y = da.from_array(X, chunks=(4, 1)), Y if labels == "numpy" else da.from_array(Y, chunks=3)
    loader, same = (batches(lazy, y, batch_size=3, shuffle=True, seed=2, drop_last=drop_last) for _ in range(2))
    first, second = list(loader), list(loader)
    for found in (first, second):
        assert len(found) == len(loader)
        for x, part in found:
            assert type(x) is type(part) is np.ndarray
            np.testing.assert_array_equal(x[:, 0], 2 * part)
        assert len({row for _, part in found for row in part.tolist()}) == (9 if drop_last else 11)
    assert [part.tolist() for _, part in first] != [part.tolist() for _, part in second]
    assert rows_of(same) == [part.tolist() for _, part in first]


def test_dask_of_unknown_size():
    da = pytest.importorskip("dask.array", reason="the extra `dask` is not installed")
    lazy = da.from_array(Y, chunks=4)
    with pytest.raises(ShapeError) as raised:
        batches(lazy[lazy > 3])
    assert str(raised.value) == ("batches: the chunks of X have unknown lengths; call X.compute_chunk_sizes() first")


# What is refused


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((X, Y[:4]), ShapeError, "batches: X has 11 rows, y 4; give one y for each row of X"),
        (
            (np.zeros((0, 2)),),
            ShapeError,
            "batches: X has no rows (its shape is (0, 2)); give an array of one row or more",
        ),
        ((3.0,), ShapeError, "batches: X has no rows (its shape is ()); give an array of one row or more"),
        (([[1, 2], [3]],), ShapeError, "batches: the rows of X have different lengths; give rows of one length"),
        (([None, 1],), DataError, "batches: X holds Python objects, not numbers; give an array of numbers"),
    ],
)
def test_arrays_that_are_refused(arguments, error, text):
    with pytest.raises(error) as raised:
        batches(*arguments)
    assert str(raised.value) == text


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"batch_size": 0}, "batches: batch_size=0: give an integer of at least 1"),
        ({"batch_size": 2.0}, "batches: batch_size=2.0: give an integer of at least 1"),
        ({"seed": -1}, "batches: seed=-1: give an integer of at least 0"),
    ],
)
def test_options_that_are_refused(options, text):
    with pytest.raises(ArgumentError) as raised:
        batches(X, **options)
    assert str(raised.value) == text


def test_parameters_are_not_data():
    with pytest.raises(GradientError, match="has a gradient, which a plain array would lose"):
        batches(Value(X))


# The split


def test_the_last_rows_without_shuffling():
    train, test = train_test_split(Y, test_size=3, shuffle=False)
    assert train.tolist() == list(range(8))
    assert test.tolist() == [8, 9, 10]


def test_arrays_stay_together():
    X_train, X_test, y_train, y_test = train_test_split(X, Y, test_size=0.3, seed=1)
    assert len(y_test) == 4  # rounded up
    np.testing.assert_array_equal(X_train[:, 0], 2 * y_train)
    np.testing.assert_array_equal(X_test[:, 0], 2 * y_test)
    assert sorted([*y_train, *y_test]) == list(range(11))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("sizes", "test_size", "wanted"),
    [
        ([50, 50, 50], 30, [10, 10, 10]),
        ([50, 50, 50], 0.2, [10, 10, 10]),
        ([90, 9, 1], 10, [9, 1, 0]),
        ([1, 1, 20], 5, [0, 0, 5]),  # a class of one row stays in training
        ([2, 2], 2, [1, 1]),
        ([5, 6], 3, [1, 2]),
    ],
)
def test_classes_keep_their_shares(sizes, test_size, wanted, seed):
    classes = np.repeat(["a", "b", "c"][: len(sizes)], sizes)
    rows = np.arange(len(classes))
    train, test, _, test_classes = train_test_split(rows, classes, test_size=test_size, seed=seed, stratify=classes)
    assert [int((test_classes == name).sum()) for name in "abc"[: len(sizes)]] == wanted
    assert sorted([*train, *test]) == rows.tolist()
    assert not np.array_equal(test, np.sort(test)) or len(test) < 4


@pytest.mark.parametrize(
    ("arguments", "options", "error", "text"),
    [
        ((), {}, ArgumentError, "train_test_split: no array was given; give X and y"),
        (
            (X, Y[:3]),
            {},
            ShapeError,
            "train_test_split: the arrays have 11, 3 rows; give as many rows of each",
        ),
        (
            (X,),
            {"stratify": Y[:3]},
            ShapeError,
            "train_test_split: stratify has 3 rows, the arrays 11; give a class for each row",
        ),
        (
            (X,),
            {"test_size": 11},
            ArgumentError,
            "train_test_split: test_size=11 of 11 rows leaves none to test on or to train on; "
            "give a number of rows, or a share between 0 and 1",
        ),
        (
            (X,),
            {"test_size": 1.0},
            ArgumentError,
            "train_test_split: test_size=1.0 of 11 rows leaves none to test on or to train on; "
            "give a number of rows, or a share between 0 and 1",
        ),
        (
            (X,),
            {"seed": 2**32},
            ArgumentError,
            "train_test_split: seed=4294967296 is out of range; give a seed from 0 to 2**32 - 1",
        ),
        (
            (X,),
            {"stratify": Y, "shuffle": False},
            ArgumentError,
            "train_test_split: stratify needs shuffle=True; leave one of them out",
        ),
    ],
)
def test_splits_that_are_refused(arguments, options, error, text):
    with pytest.raises(error) as raised:
        train_test_split(*arguments, **options)
    assert str(raised.value) == text


def test_names_of_scikit_learn_and_matrices_of_scipy_are_answered():
    X = np.eye(4)
    with pytest.raises(ArgumentError, match=r"train_test_split: there is no option random_state=; here it is seed=$"):
        train_test_split(X, random_state=0)
    with pytest.raises(ArgumentError, match=r"train_test_split: there is no option train_size=; give test_size=$"):
        train_test_split(X, train_size=0.5)
    sparse = pytest.importorskip("scipy.sparse", reason="SciPy is not installed")
    for kind in (sparse.csr_matrix, sparse.coo_array):
        with pytest.raises(DataError, match=r"batches: X is sparse, and its zeros are needed; give X.toarray\(\)"):
            batches(kind(X), np.ones(4))
