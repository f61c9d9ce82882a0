"""Which column is used, and which is an identifier or gives the answer away."""

from __future__ import annotations

import numpy as np
import pytest

from micrograd.cli.roles import alike, roles_of
from micrograd.data import read_csv
from micrograd.errors import ArgumentError
from tests.cli.tables import prices, trees, write

N = 60
KIND, PRICE = trees()["kind"], prices()["price"]


def roles(tmp_path, columns, target="kind", **options):
    return roles_of(read_csv(write(tmp_path / "data.csv", columns)), target, **options)


def refused(tmp_path, columns, target="kind", **options):
    with pytest.raises(ArgumentError) as raised:
        roles(tmp_path, columns, target, **options)
    return str(raised.value).replace(str(tmp_path / "data.csv"), "data.csv")


# The task


@pytest.mark.parametrize(
    ("target", "task", "why"),
    [
        (["a", "b"] * 30, "classification", "it has 2 different texts"),
        ([0, 1] * 30, "classification", "it has 2 different numbers"),
        ([-1.5, 1.5] * 30, "classification", "it has 2 different numbers"),
        ([0, 1, 2] * 20, "classification", "it has 3 different whole numbers"),
        ([0.0, 1.0, 2.0] * 20, "classification", "it has 3 different whole numbers"),
        (list(range(12)) * 5, "classification", "it has 12 different whole numbers"),
        (list(range(15)) * 4, "regression", "it has 15 different numbers"),  # too few rows of each
        ([0.5, 1.5, 2.5] * 20, "regression", "it has 3 different numbers"),
        (PRICE, "regression", "it has 60 different numbers"),
        (["007", "008"] * 30, "classification", "it has 2 different texts"),
    ],
)
def test_the_task_follows_from_the_target(tmp_path, target, task, why):
    found = roles(tmp_path, {"height": trees()["height"], "y": target}, "y")
    assert (found.task, found.why) == (task, why)


def test_the_classes_are_in_order_and_spelled_in_one_way(tmp_path):
    found = roles(tmp_path, {"height": trees()["height"], "y": ["10", "9.0", "9"] * 20}, "y")
    assert found.classes == ["9", "10"]
    assert found.answers.tolist() == [1, 0, 0] * 20
    found = roles(tmp_path, trees())
    assert found.classes == ["birch", "oak", "pine"]
    assert [found.classes[i] for i in found.answers] == KIND


def test_the_user_may_say_the_task(tmp_path):
    columns = {"height": trees()["height"], "y": [0, 1, 2] * 20}
    found = roles(tmp_path, columns, "y", task="regression")
    assert (found.task, found.why) == ("regression", "--task says so (it has 3 different whole numbers)")
    assert found.classes == []
    found = roles(tmp_path, columns | {"y": list(range(15)) * 4}, "y", task="classification")
    assert len(found.classes) == 15


def test_rows_without_a_target_are_left_out(tmp_path):
    found = roles(tmp_path, trees() | {"kind": [None, "?", *KIND[2:]]})
    assert found.rows.tolist() == list(range(2, N))


@pytest.mark.parametrize(
    ("target", "options", "text"),
    [
        (
            ["x"] * N,
            {},
            "train: 'kind' is 'x' in all 60 rows that have it, so there is nothing to learn; "
            "add rows with other answers, or name another target",
        ),
        (
            [1, None] * 30,
            {},
            "train: 'kind' is '1' in all 30 rows that have it, so there is nothing to learn; "
            "add rows with other answers, or name another target",
        ),
        ([None] * N, {}, "train: the target 'kind' is empty in all 60 rows; name another column"),
        (
            [f"t{i}" for i in range(N)],
            {},
            "train: 'kind' has 60 different texts in 60 rows, too few rows of each to learn from; name another target",
        ),
        (
            PRICE,
            {"task": "classification"},
            "train: 'kind' has 60 different numbers in 60 rows, "
            "too few rows of each to learn from; leave out --task classification",
        ),
        (
            KIND,
            {"task": "regression"},
            f"train: 'kind' holds texts, as {KIND[0]!r}, and a regression predicts "
            "numbers; leave out --task regression",
        ),
        (
            [*PRICE[:-1], "12 000"],
            {},
            "train: 59 cells of column 'kind' are numbers, and 1 is not: '12 000' (line 61);\n"
            "correct them, or say what they are: --missing '12 000' if it stands for no value, --text kind if all of "
            "them are words;\n--drop kind leaves the column out",
        ),
    ],
)
def test_targets_that_are_refused(tmp_path, target, options, text):
    assert refused(tmp_path, trees() | {"kind": target}, **options) == text


def test_words_that_are_nearly_the_same():
    assert alike(["oak", "Oak", "pine", "white  oak", "White oak"]) == [("oak", "Oak"), ("white  oak", "White oak")]


# Columns that are used, and columns that are not

NUMBERS = np.random.default_rng(1).permutation(1000)[:N].tolist()
AWAY = "so it gives kind away; --keep extra uses it"
CODES = {"birch": 7, "oak": 3, "pine": 5}


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ([None] * N, "it is empty"),
        ([4] * N, "it is '4' in every row"),
        (["4", "4.0"] * 30, "it is '4' in every row"),
        (["x", None] * 30, "it is 'x' in every row"),
        (list(range(N)), "it counts the rows; --keep extra uses it"),
        (list(range(1001, 1001 + N)), "it counts the rows; --keep extra uses it"),
        (NUMBERS, "every row has another whole number in it, so it looks like an identifier; --keep extra uses it"),
        ([*NUMBERS[:-3], None, None, None],
         "every row has another whole number in it, so it looks like an identifier; --keep extra uses it"),
        ([f"tree {i}" for i in NUMBERS],
         "every row has another text in it, so it looks like an identifier; --keep extra uses it"),
        ([f"tree {i % 40}" for i in range(N)],
         "it has 40 different texts in 60 rows, too few rows of each to learn from; --keep extra uses it"),
        (KIND, "it equals kind; --keep extra uses it"),
        ([kind.upper() for kind in KIND], f"each value of it has one kind only, {AWAY}"),
        ([CODES[kind] for kind in KIND], f"each value of it has one kind only, {AWAY}"),
        ([CODES[kind] if i % 5 else "" for i, kind in enumerate(KIND)], f"each value of it has one kind only, {AWAY}"),
        ([f"{kind} {i % 2}" for i, kind in enumerate(KIND)], f"each value of it has one kind only, {AWAY}"),
        ([CODES[kind] + i / 100 for i, kind in enumerate(KIND)], f"each kind has a range of it for itself, {AWAY}"),
    ],
)  # fmt: skip
def test_columns_that_are_left_out_of_a_classification(tmp_path, extra, reason):
    found = roles(tmp_path, trees() | {"extra": extra})
    assert found.left_out == {"extra": reason}
    assert found.used == ["height", "age", "soil"]


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        (PRICE, "it equals price"),
        ([2 * x + 1 for x in PRICE], "it moves exactly with price, so it gives price away"),
        ([-(x**3) for x in PRICE], "it moves exactly with price, so it gives price away"),
        ([round(x, -4) for x in PRICE], "it moves exactly with price, so it gives price away"),
        ([x + i % 3 for i, x in enumerate(PRICE)], "it moves exactly with price, so it gives price away"),
    ],
)
def test_columns_that_are_left_out_of_a_regression(tmp_path, extra, reason):
    found = roles(tmp_path, prices() | {"extra": extra}, "price")
    assert found.left_out == {"extra": f"{reason}; --keep extra uses it"}


def test_a_text_that_determines_a_number(tmp_path):
    columns = {"area": prices()["area"], "grade": ["a", "b", "c", "d"] * 15, "y": [1.5, 2.5, 0.5, 9.5] * 15}
    found = roles(tmp_path, columns, "y")
    assert found.left_out == {"grade": "each value of it has one y only, so it gives y away; --keep grade uses it"}


@pytest.mark.parametrize(
    "extra",
    [
        np.random.default_rng(2).normal(size=N).tolist(),  # all different, and ordinary
        np.random.default_rng(2).integers(0, 50, N).tolist(),
        np.random.default_rng(2).integers(0, 2, N).tolist(),
        ["yes", "no", "maybe"] * 20,
        [CODES[kind] if i % 7 else 5 for i, kind in enumerate(KIND)],  # right in most rows
        [*[None] * 50, *[CODES[kind] for kind in KIND[50:]]],  # known in few rows
    ],
    ids=["normal", "whole", "two", "texts", "most", "few"],
)
def test_columns_that_are_used(tmp_path, extra):
    assert "extra" in roles(tmp_path, trees() | {"extra": extra}).used


@pytest.mark.parametrize("n", [8, 12])
def test_few_rows_prove_nothing(tmp_path, n):
    columns = {"x": [3, 1, 4, 15, 9, 2, 6, 5, 35, 8, 97, 93][:n], "y": (["a"] * n)[:-2] + ["b", "b"]}
    columns["y"] = ["a", "b"] * (n // 2)
    assert roles(tmp_path, columns, "y").used == ["x"]


def test_a_rare_class_at_the_end_of_a_column_is_a_coincidence(tmp_path):
    x = np.random.default_rng(3).normal(size=N)
    y = ["b" if value == x.max() else "a" for value in x]
    assert roles(tmp_path, {"x": x.tolist(), "y": y}, "y").used == ["x"]


@pytest.mark.parametrize("name", ["customer_id", "ID", "row", "Index", "user-uuid"])
def test_a_name_that_tells(tmp_path, name):
    codes = [1000 + 7 * (i % 40) for i in range(N)]
    found = roles(tmp_path, trees() | {name: codes})
    assert found.left_out[name].startswith(
        "its name and its 40 different whole numbers in 60 rows look like an identifier"
    )
    assert "width" in roles(tmp_path, trees() | {"width": codes}).used


def test_more_texts_than_a_network_has_room_for(tmp_path):
    n = 2600
    columns = {
        "x": [i % 7 for i in range(n)],
        "word": [f"w{i % 1200}" for i in range(n)],
        "y": [i % 2 for i in range(n)],
    }
    columns["y"][0] = 1  # so that no column determines it
    columns["y"][-1] = 0
    assert roles(tmp_path, columns, "y", drop=["x"], keep=["word"]).used == ["word"]
    found = roles(tmp_path, columns, "y")
    assert found.left_out == {
        "word": "it has 1,200 different texts, and each would be an input of the network; --keep word uses it"
    }


# What alone tells nearly all


def test_a_column_that_tells_nearly_all_is_said_and_used(tmp_path):
    kind = ["birch", "oak", "pine"] * 40
    codes = [CODES[name] if i % 60 else CODES["pine"] for i, name in enumerate(kind)]  # two birches are wrong
    found = roles(tmp_path, {"code": codes, "kind": kind})
    assert found.used == ["code"]
    assert found.telling == {
        "code": "it alone tells the right kind in 98 % of the rows; "
        "if it is not known before kind is, leave it out: --drop code"
    }
    price = np.linspace(0, 100, 120)
    near = price + np.random.default_rng(0).normal(0, 3, 120)
    found = roles(tmp_path, {"near by": near.tolist(), "price": price.tolist()}, "price")
    assert found.telling == {
        "near by": "it alone tells 98 % of the differences in price; "
        "if it is not known before price is, leave it out: --drop 'near by'"
    }


# What the user says


def test_keep_drop_and_text(tmp_path):
    columns = trees() | {"id": list(range(N)), "code": [kind.upper() for kind in KIND]}
    found = roles(tmp_path, columns, keep=["id", "code"], drop=["soil"], text=["age"])
    assert found.used == ["height", "age", "id", "code"]
    assert found.texts == ["age", "code"]
    assert found.left_out == {"soil": "--drop names it"}
    assert found.doubtful == {
        "id": "it counts the rows",
        "code": "each value of it has one kind only, so it gives kind away",
    }


def test_a_column_without_differences_is_left_out_even_if_kept(tmp_path):
    assert roles(tmp_path, trees() | {"x": [1] * N}, keep=["x"]).left_out == {"x": "it is '1' in every row"}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"target": "Kind"}, "train: --target: data.csv has no column 'Kind'; did you mean 'kind'?"),
        (
            {"target": "price"},
            "train: --target: data.csv has no column 'price'; the columns are 'height', 'age', 'soil', 'kind'",
        ),
        ({"keep": ["hight"]}, "train: --keep: data.csv has no column 'hight'; did you mean 'height'?"),
        ({"drop": ["kind"]}, "train: --drop 'kind' is the target itself; name another column"),
        ({"keep": ["kind"]}, "train: --keep 'kind' is the target itself; name another column"),
        (
            {"keep": ["age"], "drop": ["age"]},
            "train: 'age' stands after --keep and after --drop; decide for one of them",
        ),
        (
            {"drop": ["height", "age", "soil"]},
            "train: no column is left to predict 'kind' from "
            "(height: --drop names it; age: --drop names it; soil: --drop names it)",
        ),
    ],
)
def test_options_that_are_refused(tmp_path, options, text):
    assert refused(tmp_path, trees(), **options) == text


def test_a_target_alone(tmp_path):
    assert refused(tmp_path, {"kind": KIND}) == (
        "train: no column is left to predict 'kind' from (there is no other column)"
    )


def test_a_file_without_names(tmp_path):
    (tmp_path / "data.csv").write_text("1,a\n2,b\n" * 10)
    with pytest.raises(ArgumentError) as raised:
        roles_of(read_csv(tmp_path / "data.csv"), "kind")
    assert str(raised.value).replace(str(tmp_path / "data.csv"), "data.csv") == (
        "train: --target: data.csv has no column 'kind'; the columns are 'column 1', 'column 2'; "
        "its first line holds numbers, so it is taken as data (see --header)"
    )


# Numbers and what is none


def test_numbers_among_which_some_are_not(tmp_path):
    columns = trees() | {"age": ["12a", *trees()["age"][1:-2], "-", "-"]}
    assert refused(tmp_path, columns) == (
        "train: 57 cells of column 'age' are numbers, and 3 are not: '12a', '-' (lines 2, 60, 61);\n"
        "correct them, or say what they are: --missing 12a if it stands for no value, --text age if all of them are "
        "words;\n--drop age leaves the column out"
    )
    assert roles(tmp_path, columns, text=["age"]).texts == ["age", "soil"]
    assert roles(tmp_path, columns, drop=["age"]).used == ["height", "soil"]


def test_thousands_with_commas_are_not_numbers(tmp_path):
    columns = trees() | {"age": ['"1,234"', *trees()["age"][1:]]}
    assert "are numbers, and 1 is not: '1,234' (line 2);" in refused(tmp_path, columns)


@pytest.mark.parametrize(
    "dress",
    [
        "${}",
        "{} %",
        "{}%",
        "€ {}",
        "{} kg",
        "{} m²",
        "1 {}",
        "1.{},50",
    ],
)
def test_numbers_with_marks_and_units(tmp_path, dress):
    cells = [f'"{dress.format(100 + i % 50)}"' for i in range(N - 2)]
    text = refused(tmp_path, trees() | {"cost": ["900", None, *cells]})
    assert text == (
        f"train: the cells of column 'cost' are numbers with marks or units, as {dress.format(100)!r} (line 4);\n"
        "write the numbers alone, as 1200.5, or say --text cost if they are words; --drop cost leaves the column out"
    )
    found = roles(tmp_path, trees() | {"cost": [f'"{dress.format(100 + i % 5)}"' for i in range(N)]}, text=["cost"])
    assert found.texts == ["soil", "cost"]


@pytest.mark.parametrize(
    "cells",
    [["007", "012"], ["2024-01-05", "2024-01-06"], ["12.05.2024", "13.05.2024"], ["A1", "B2"], ["10:30", "11:00"]],
)
def test_texts_with_digits_that_are_not_quantities(tmp_path, cells):
    assert roles(tmp_path, trees() | {"extra": cells * 30}).texts == ["soil", "extra"]


def test_infinity(tmp_path):
    assert refused(tmp_path, trees() | {"age": ["inf", *trees()["age"][1:-1], "-Infinity"]}) == (
        "train: column 'age' holds infinity (lines 2, 61); correct it, or leave the column out: --drop age"
    )


def test_patients_who_come_again_and_keep_their_answer(tmp_path):
    n = 80
    columns = {
        "patient": [3 * (i // 4) + 1000 for i in range(n)],
        "visit": [i % 4 + 1 for i in range(n)],
        "value": np.random.default_rng(5).normal(size=n).tolist(),
        "ill": [["yes", "no"][(i // 4) ** 2 % 3 % 2] for i in range(n)],
    }
    found = roles(tmp_path, columns, "ill")
    assert found.left_out == {
        "patient": "each value of it has one ill only, so it gives ill away; --keep patient uses it"
    }
    assert found.used == ["visit", "value"]
