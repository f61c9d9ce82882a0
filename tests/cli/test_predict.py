"""`micrograd predict` and `micrograd info`: the answers, and files that do not fit."""

from __future__ import annotations

import csv
import io
import json
import struct

import numpy as np
import pytest

from micrograd import cli
from micrograd.data import read_csv
from tests.cli.tables import prices, trees, write

pytest.importorskip("safetensors", reason="the extra `train` is not installed")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with a model of the trees, of the prices, and of trees without names."""
    folder = tmp_path_factory.mktemp("models")
    write(folder / "trees.csv", trees() | {"id": list(range(60))})
    write(folder / "prices.csv", prices())
    rows = zip(*trees().values(), strict=True)
    (folder / "bare.csv").write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    for name, target in (("trees", "kind"), ("prices", "price"), ("bare", "column 4")):
        words = ["train", str(folder / f"{name}.csv"), "--target", target, "--epochs", "30", "--lr", "0.03"]
        assert cli.main([*words, "--save", str(folder / f"{name}.safetensors")]) == 0
    return folder


@pytest.fixture
def predict(models, tmp_path, monkeypatch, capsys):
    """Runs `predict` in a folder of its own: status, rows of the CSV, what is said."""
    monkeypatch.chdir(tmp_path)

    def run(model, *words):
        status = cli.main(["predict", str(models / f"{model}.safetensors"), *words])
        out, err = capsys.readouterr()
        return status, out, err.splitlines()

    return run


def rows_of(text, delimiter=","):
    return list(csv.reader(io.StringIO(text), delimiter=delimiter))


NEW = {"height": [3.0, 15.5, 28.0], "age": [10, 11, 12], "soil": ["clay", "clay", "sand"]}


def test_classes_and_their_probabilities(predict, tmp_path):
    write(tmp_path / "new.csv", NEW)
    status, out, said = predict("trees", "new.csv")
    assert (status, said) == (0, [])
    names, *rows = rows_of(out)
    assert names == [
        *("height", "age", "soil", "prediction"),
        *("probability birch", "probability oak", "probability pine"),
    ]
    assert [row[:3] for row in rows] == [["3.0", "10", "clay"], ["15.5", "11", "clay"], ["28.0", "12", "sand"]]
    assert [row[3] for row in rows] == ["birch", "oak", "pine"]
    for row in rows:
        p = list(map(float, row[4:]))
        assert sum(p) == pytest.approx(1.0, abs=2e-6)
        assert row[3] == ["birch", "oak", "pine"][int(np.argmax(p))]


def test_numbers(predict, tmp_path):
    write(tmp_path / "new.csv", {"area": [50.0, 180.0], "town": ["Ulm", "Bonn"]})
    status, out, said = predict("prices", "new.csv")
    assert (status, said) == (0, [])
    names, *rows = rows_of(out)
    assert names == ["area", "town", "prediction"]
    small, large = (float(row[2]) for row in rows)
    assert small == pytest.approx(100_000, rel=0.3)
    assert large == pytest.approx(410_000, rel=0.3)


def test_a_file_with_semicolons_and_decimal_commas_is_answered_in_kind(predict, tmp_path):
    (tmp_path / "new.csv").write_text("soil;age;height\nclay;10;3,5\nsand;12;28,25\n")
    status, out, said = predict("trees", "new.csv")
    assert status == 0
    assert said == ["The columns stand in another order than in training; they are taken by their names."]
    _, first, second = rows_of(out, ";")
    assert first[:4] == ["clay", "10", "3,5", "birch"]
    assert second[3] == "pine"
    assert all("," in p and "." not in p for p in first[4:])


def test_the_answers_do_not_depend_on_order_and_extra_columns(predict, tmp_path):
    write(tmp_path / "new.csv", NEW)
    write(tmp_path / "other.csv", {"note": ["x"] * 3, "soil": NEW["soil"], "height": NEW["height"], "age": NEW["age"]})
    _, wanted, _ = predict("trees", "new.csv")
    status, out, said = predict("trees", "other.csv")
    assert status == 0
    assert said == [
        "Not used, as the training file did not have it: 'note'.",
        "The columns stand in another order than in training; they are taken by their names.",
    ]
    assert [row[4:] for row in rows_of(out)] == [row[3:] for row in rows_of(wanted)]


def test_cells_that_the_training_did_not_have_are_said(predict, tmp_path):
    write(
        tmp_path / "new.csv",
        {"height": [None, 500, 10, 11], "age": [10, 11, 12, 9], "soil": ["peat", "clay", "peat", "?"]},
    )
    status, out, said = predict("trees", "new.csv")
    assert status == 0
    model = read_model(predict)
    assert said == [
        f"height: 1 missing cell filled with the median {model['median']}.",
        f"height: line 3 far outside the training rows ({model['range']}), so do not rely on these answers.",
        f"soil: 1 missing cell filled with the commonest text {model['commonest']!r}.",
        "soil: no row of the training had 'peat' (lines 2, 4); it counts as none of the known texts, so do not rely on "
        "these answers.",
    ]
    assert [row[2] for row in rows_of(out)[1:]] == ["peat", "clay", "peat", "?"]


def read_model(predict):
    from micrograd.cli import model_files

    folder = predict.__closure__[1].cell_contents
    trained = model_files.read(folder / "trees.safetensors")
    height, _, soil = trained.preparation.columns
    return {"median": f"{height.median:.6g}", "range": height.range, "commonest": soil.commonest}


NO_ANSWER = (
    "micrograd: predict: the model has no finite answer for {}: "
    "a number there is far outside the training rows; correct it, or leave the cell empty"
)


def test_numbers_for_which_there_is_no_answer(predict, tmp_path):
    write(tmp_path / "new.csv", {"area": [50, "1e308", "1e308"], "town": ["Ulm"] * 3})
    status, out, said = predict("prices", "new.csv")
    assert (status, out) == (1, "")
    assert said[0].startswith("area: lines 3, 4 far outside the training rows (")
    assert said[1:] == [NO_ANSWER.format("lines 3, 4")]


def test_classes_without_a_finite_score_are_not_the_first_class(models, tmp_path, capsys):
    from micrograd.cli import model_files

    trained = model_files.read(models / "trees.safetensors")
    for p in trained.model.parameters():
        p.data = np.sign(p.data) * 1e200
    model_files.write(tmp_path / "m.safetensors", trained)
    write(tmp_path / "new.csv", {name: cells[:1] for name, cells in NEW.items()})
    assert cli.main(["predict", str(tmp_path / "m.safetensors"), str(tmp_path / "new.csv")]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", NO_ANSWER.format("line 2") + "\n")


def test_a_file_with_the_target_is_compared(predict, models):
    status, _, said = predict("trees", str(models / "trees.csv"))
    assert status == 0
    assert said[0] == "kind is in the file, so the answers can be compared (60 rows):"
    assert said[1].startswith("  Accuracy ")
    assert said[2] == "  true \\ answered  birch  oak  pine"
    status, _, said = predict("prices", str(models / "prices.csv"))
    assert said[0] == "price is in the file, so the answers can be compared (60 rows):"
    assert said[2].startswith("  R2 (1 is perfect)")


def test_a_target_of_other_classes_and_of_texts(predict, tmp_path):
    write(tmp_path / "new.csv", NEW | {"kind": ["birch", "elm", None]})
    status, _, said = predict("trees", "new.csv")
    assert status == 0
    assert said[:2] == [
        "kind: the training did not have 'elm'; the model cannot answer so.",
        "kind is in the file, so the answers can be compared (1 row):",
    ]
    write(tmp_path / "new.csv", {"area": [50.0, 90.0], "town": ["Ulm", "Bonn"], "price": ["low", "high"]})
    assert predict("prices", "new.csv")[2] == [
        "price is in the file, but some of its cells are not numbers; they are not compared."
    ]


def test_classes_that_are_numbers_are_compared_however_they_are_spelled(tmp_path, capsys):
    columns = trees()
    columns["kind"] = [["birch", "oak", "pine"].index(kind) for kind in columns["kind"]]
    path, model = write(tmp_path / "new.csv", columns), str(tmp_path / "m.safetensors")
    assert cli.main(["train", str(path), "--target", "kind", "--epochs", "5", "--save", model]) == 0
    said = []
    for spell in (str, float, "{:+.1e}".format):
        write(path, columns | {"kind": [spell(kind) for kind in columns["kind"]]})
        capsys.readouterr()
        assert cli.main(["predict", model, str(path)]) == 0
        said.append(capsys.readouterr().err)
    assert said[0].startswith("kind is in the file, so the answers can be compared (60 rows):")
    assert said == [said[0]] * 3


def test_a_file_that_has_predictions_already(predict, tmp_path):
    write(tmp_path / "new.csv", NEW | {"prediction": ["x"] * 3})
    _, out, _ = predict("trees", "new.csv")
    assert rows_of(out)[0][:5] == ["height", "age", "soil", "prediction", "prediction_"]


def test_a_file_of_answers(predict, tmp_path):
    write(tmp_path / "new.csv", NEW)
    _, wanted, _ = predict("trees", "new.csv")
    assert predict("trees", "new.csv", "--out", "out.csv") == (0, "3 predictions in out.csv\n", [])
    assert (tmp_path / "out.csv").read_bytes().decode() == wanted
    assert read_csv(tmp_path / "out.csv").names[3] == "prediction"


# A file without names


def test_without_names_columns_are_known_by_their_places(predict, models, tmp_path):
    rows = [f"{height},{age},{soil}" for height, age, soil in zip(*NEW.values(), strict=True)]
    (tmp_path / "bare.csv").write_text("\n".join(rows) + "\n")
    status, out, said = predict("bare", "bare.csv")
    assert (status, said) == (0, [])
    assert [row[3] for row in rows_of(out)] == ["prediction", "birch", "oak", "pine"]
    assert predict("bare", str(models / "bare.csv"))[2][0] == (
        "column 4 is in the file, so the answers can be compared (60 rows):"
    )
    (tmp_path / "bare.csv").write_text("3.0,10\n4.0,11\n")
    assert predict("bare", "bare.csv") == (
        1,
        "",
        [
            "micrograd: predict: the model was trained on a file of 4 columns without names, and bare.csv has 2; "
            "keep every column in its place (the one of the target may be empty)"
        ],
    )


def test_names_that_the_model_does_not_know(predict, tmp_path):
    write(tmp_path / "new.csv", NEW)
    assert predict("bare", "new.csv")[2] == [
        "micrograd: predict: the model was trained on a file without names, and the first line of new.csv looks like "
        "names ('height', 'age'); take this line away"
    ]


# Files that do not fit


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (
            {"Height": [1, 2], "age": [3, 4], "soil": ["clay", "sand"]},
            "predict: new.csv lacks 'height', which the model needs; 'height': did you mean 'Height'?",
        ),
        (
            {"x": [1, 2], "y": ["p", "q"]},
            "predict: new.csv lacks 'height', 'age', 'soil', which the model needs; the columns are 'x', 'y'",
        ),
        (
            {"3.5": [1, 2], "10": [3, 4], "clay": ["clay", "sand"]},
            "predict: new.csv lacks 'height', 'age', 'soil', which the model needs; "
            "its first line holds numbers, not names; write the names of the columns as the first line",
        ),
        (
            NEW | {"height": ["3 m", 4, 5]},
            "predict: column 'height' held numbers when the model was trained, and now holds '3 m' on line 2;\n"
            "correct these cells, or leave them empty: an empty cell is filled",
        ),
    ],
)
def test_columns_that_do_not_fit(predict, tmp_path, columns, text):
    write(tmp_path / "new.csv", columns)
    status, out, said = predict("trees", "new.csv")
    assert (status, out) == (1, "")
    assert "\n".join(said) == f"micrograd: {text}"


def test_no_file_is_overwritten_that_is_read(predict, models, tmp_path):
    write(tmp_path / "new.csv", NEW)
    model = str(models / "trees.safetensors")
    for path in ("new.csv", model):
        assert predict("trees", "new.csv", "--out", path)[2] == [
            f"micrograd: predict: --out {path} would overwrite {path}; give another name"
        ]
    assert predict("trees", "new.csv", "--out", "no/out.csv")[2] == [
        "micrograd: predict: the folder of --out no/out.csv does not exist; make it first"
    ]


# Model files


def test_info_tells_what_a_model_holds(models, capsys):
    assert cli.main(["info", str(models / "trees.safetensors")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{models / 'trees.safetensors'}: predicts kind, a classification."
    assert lines[1] == "Answers: 'birch', 'oak', 'pine'."
    assert lines[2] == "Inputs: 3 columns."
    assert [line.split()[0] for line in lines[3:6]] == ["height", "age", "soil"]
    assert "missing: the commonest text" in lines[5]
    assert lines[6] == "Network 5-16-16-3 with relu: 419 parameters."
    assert lines[7].startswith("Trained on 48 rows of trees.csv for 30 epochs (the weights are of epoch ")
    assert lines[7].endswith("), batches of 32, lr 0.03, seed 0.")
    assert lines[8].startswith("Scores on 12 rows of validation: accuracy ")
    assert len(lines) == 9
    assert cli.main(["info", str(models / "prices.safetensors")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("predicts price, a regression.")
    assert lines[-1].startswith("Scores on 12 rows of validation: R2 ")


def test_a_model_that_is_not_there(tmp_path, capsys):
    path = tmp_path / "m.safetensors"
    assert cli.main(["info", str(path)]) == 1
    assert capsys.readouterr().err == (
        f"micrograd: {path}: there is no such file; `micrograd train --save {path}` makes one\n"
    )


@pytest.mark.parametrize("content", [b"", b"height,kind\n1,a\n" * 9, struct.pack("<Q", 2**64 - 1) + b"{}"])
def test_a_file_that_is_not_a_model(tmp_path, capsys, content):
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    assert cli.main(["info", str(path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"micrograd: {path}: this is not a model that `micrograd train --save` wrote: it ")
    assert said.count("\n") == 1


def test_a_checkpoint_without_columns(tmp_path, capsys):
    from micrograd.nn import Linear
    from micrograd.train import save

    path = tmp_path / "m.safetensors"
    save(path, Linear(2, 1))
    assert cli.main(["info", str(path)]) == 1
    assert capsys.readouterr().err == (
        f"micrograd: {path}: this file holds weights, but not the columns that they belong to; "
        f"give a file that `micrograd train --save` wrote\n"
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda extra: extra.pop("classes"), "'classes' is missing"),
        (lambda extra: extra.update(sizes=[10**9, 10**9, 3]), "the weights do not fit the sizes of the layers"),
        (lambda extra: extra.update(preparation=[]), "the columns are not listed"),
        (lambda extra: extra["preparation"].pop(), "the network does not fit the columns"),
        (lambda extra: extra.update(classes=["a"]), "the network does not fit the columns"),
        (lambda extra: extra.update(classes=[1, 2, 3]), "a list of texts is not one"),
        (lambda extra: extra.update(activation="system"), "there is no activation 'system'"),
        (lambda extra: extra.update(target=None), "the target is not told"),
        (lambda extra: extra.update(mean=float("inf")), "the mean or the deviation of the target is not finite"),
        (lambda extra: extra.update(training=None), "'NoneType' object is not subscriptable"),
        (lambda extra: extra["training"].pop("lr"), "'lr' is missing"),
        (lambda extra: extra["training"].update(seed="0"), "what it tells of its training is not right: seed"),
        (lambda extra: extra["training"].update(file=0), "what it tells of its training is not right: file"),
        (lambda extra: extra["training"].update(baseline=3), "what it tells of its training is not right: baseline"),
        (lambda extra: extra["training"]["scores"].update(R2=None), "what it tells of its training is not right: R2"),
        (lambda extra: extra.update(mean="x"), "could not convert string to float: 'x'"),
    ],
)
def test_a_model_that_was_changed(models, tmp_path, capsys, change, reason):
    from micrograd.cli import model_files
    from micrograd.train import load, save

    trained = model_files.read(models / "trees.safetensors")
    extra = json.loads(json.dumps(load(models / "trees.safetensors")["extra"]))
    change(extra)
    path = tmp_path / "m.safetensors"
    save(path, trained.model, extra=extra)
    assert cli.main(["info", str(path)]) == 1
    assert capsys.readouterr().err == f"micrograd: {path}: the model is damaged ({reason}); train it again\n"
