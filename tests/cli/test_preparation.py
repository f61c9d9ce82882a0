"""How columns become numbers: what is fitted, what is done to other rows, and JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from micrograd.cli.preparation import Preparation, fitted
from micrograd.data import read_csv
from micrograd.errors import ArgumentError, FormatError
from tests.cli.tables import write


def table_of(tmp_path, columns, delimiter=",", **options):
    return read_csv(write(tmp_path / "data.csv", columns, delimiter), **options)


TRAIN = {"size": [1.0, 3.0, None, 5.0, 100.0], "soil": ["clay", "sand", None, "sand", "rock"]}


@pytest.fixture
def preparation(tmp_path):
    """Fitted to the first four rows: the fifth is held out."""
    return fitted(table_of(tmp_path, TRAIN), ["size", "soil"], ["soil"], np.arange(4))


def test_what_is_fitted_is_that_of_the_training_rows(preparation):
    size, soil = preparation.columns
    assert (size.median, size.mean, size.least, size.greatest) == (3.0, 3.0, 1.0, 5.0)
    assert size.deviation == np.std([1.0, 3.0, 3.0, 5.0])
    assert (soil.commonest, soil.categories) == ("sand", ["clay", "sand"])
    assert preparation.width == 3
    assert [column.filling for column in preparation.columns] == ["the median 3", "the commonest text 'sand'"]
    assert list(map(str, preparation.columns)) == [
        "number, mean 3, standard deviation 1.414",
        "text, 2 different: 'clay', 'sand'",
    ]


def test_rows_are_filled_standardised_and_spread(preparation, tmp_path):
    table = table_of(tmp_path, TRAIN)
    X, found = preparation.prepared(table, np.arange(5))
    deviation = np.sqrt(2.0)
    np.testing.assert_allclose(X[:, 0], np.array([-2.0, 0.0, 0.0, 2.0, 97.0]) / deviation)
    assert X[:, 1:].tolist() == [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 0.0]]
    assert found.filled == {"size": 1, "soil": 1}
    assert found.unknown == {"soil": {"rock": [4]}}
    assert found.far == {"size": [4]}


def test_columns_are_found_by_their_names(preparation, tmp_path):
    X, _ = preparation.prepared(table_of(tmp_path, TRAIN), np.arange(2))
    other = table_of(tmp_path, {"extra": [1, 2], "soil": ["clay", "sand"], "size": ["1,0", "3,0"]}, ";")
    np.testing.assert_array_equal(X, other and preparation.prepared(other, np.arange(2))[0])


def test_equally_common_texts_and_equal_numbers(tmp_path):
    table = table_of(tmp_path, {"a": ["y", "x", "x", "y"], "b": [0.1 + 0.2, 0.3, 0.3, 0.3]})
    a, b = fitted(table, ["a", "b"], ["a"], np.arange(4)).columns
    assert a.commonest == "x"
    assert b.deviation == 1.0  # not the last digit's


def test_numbers_that_are_all_missing_in_training(tmp_path):
    table = table_of(tmp_path, {"a": [None, None, 5, 6], "b": [1, 2, 3, 4]})
    column, _ = fitted(table, ["a", "b"], [], np.arange(2)).columns
    assert (column.median, column.deviation) == (0.0, 1.0)


def test_json_brings_it_back(preparation):
    back = Preparation.from_json(json.loads(json.dumps(preparation.to_json())))
    assert back == preparation


NUMBER = {"kind": "number", "name": "a", "median": 1, "mean": 1.0, "deviation": 1.0, "least": 0.0, "greatest": 2.0}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, "the columns are not listed"),
        ([], "the columns are not listed"),
        ({}, "the columns are not listed"),
        (["a"], "a column has no kind or no name"),
        ([{"kind": "date", "name": "a"}], "a column has no kind or no name"),
        ([{"kind": "number"}], "a column has no kind or no name"),
        ([{"kind": "number", "name": "a"}], "column 'a' lacks its numbers"),
        ([NUMBER | {"mean": "1"}], "column 'a' lacks its numbers"),
        ([NUMBER | {"mean": float("nan")}], "column 'a' lacks its numbers"),
        ([NUMBER | {"more": 1}], "column 'a' lacks its numbers"),
        ([NUMBER | {"deviation": 0}], "column 'a' has no positive deviation"),
        ([{"kind": "text", "name": "a", "commonest": "x"}], "column 'a' lacks its texts"),
        ([{"kind": "text", "name": "a", "commonest": 1, "categories": ["x"]}], "column 'a' lacks its texts"),
        ([{"kind": "text", "name": "a", "commonest": "x", "categories": "x"}], "column 'a' lacks its texts"),
    ],
)
def test_json_of_something_else(given, text):
    with pytest.raises(FormatError) as raised:
        Preparation.from_json(given)
    assert str(raised.value) == text


def test_numbers_that_are_now_texts(preparation, tmp_path):
    table = table_of(tmp_path, {"size": [1, "big", None, *"abcd"], "soil": ["clay"] * 7})
    with pytest.raises(ArgumentError) as raised:
        preparation.prepared(table, np.arange(7))
    assert str(raised.value) == (
        "predict: column 'size' held numbers when the model was trained, and now holds 'big' on line 3, 'a' on line 5, "
        "'b' on line 6, 'c' on line 7 and 1 more;\ncorrect these cells, or leave them empty: an empty cell is filled"
    )
    with pytest.raises(ArgumentError, match="and now holds 'inf' on line 2;"):
        preparation.prepared(table_of(tmp_path, {"size": ["inf", 1], "soil": ["clay"] * 2}), np.arange(2))


def test_numbers_too_large(tmp_path):
    table = table_of(tmp_path, {"a": ["1e308", "-1e308", "1e308"]})
    with pytest.raises(ArgumentError) as raised:
        fitted(table, ["a"], [], np.arange(3))
    assert str(raised.value) == (
        "train: the numbers of column 'a' are too large to be standardised (up to 1e+308); "
        "write them in a larger unit, or leave the column out: --drop a"
    )
