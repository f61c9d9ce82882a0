"""`micrograd train`: what it says, what it refuses, and what it leaves behind."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from micrograd import cli
from tests.cli.tables import prices, trees, write

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}  # for commands that run in another folder

pytest.importorskip("safetensors", reason="the extra `train` is not installed")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with the files of both tables."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "trees.csv", trees())
    write(tmp_path / "prices.csv", prices())
    return tmp_path


def said(capsys, *words):
    """What a training that succeeds prints."""
    status = cli.main(["train", *words])
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    return out.splitlines()


def refused(capsys, *words):
    status = cli.main(["train", *words])
    assert status == 1
    return capsys.readouterr().err.removeprefix("micrograd: ").rstrip("\n")


def without_numbers(lines):
    """What training makes of numbers is not the matter of a test of words."""
    return [re.sub(r"(?<=[ :])[\d.e+-]*\d(?=[ ,.:]|$)", "#", line) for line in lines]


def test_a_classification_from_its_file_to_its_report(folder, capsys):
    lines = said(capsys, "trees.csv", "--target", "kind", "--epochs", "40", "--save", "m.safetensors")
    kinds = trees()["kind"]
    assert lines[:8] == [
        "trees.csv: 60 rows, 4 columns; cells divided by commas, decimal point.",
        "Target kind: classification, as it has 3 different texts.",
        f"  Rows of each: {', '.join(f'{kind!r} {kinds.count(kind)}' for kind in ('birch', 'oak', 'pine'))}.",
        "Inputs: 3 columns.",
        lines[4],
        lines[5],
        "  soil    text, 3 different: 'clay', 'rock', 'sand'",
        "Network 5-16-16-3 with relu: 419 parameters.",
    ]
    assert re.fullmatch(r"  height  number, mean \d\S*, standard deviation \d\S*", lines[4])
    assert lines[8] == "48 rows to train on, 12 rows for validation."
    assert re.fullmatch(
        r"Trained for 40 epochs: the loss went from \S+ to \S+\. "
        r"The weights of epoch \d+ are kept: their validation loss, \S+, is the least\.",
        lines[9],
    )
    assert lines[10] == (
        "On the 12 rows for validation. They chose the epoch as well, so new rows may do a little worse "
        "(--test 0.2 keeps other rows apart):"
    )
    accuracy = float(re.match(r"  Accuracy (\S+): \d+ of 12 rows are right\. Always answering '\w+' has", lines[11])[1])
    assert accuracy > 0.7
    assert lines[12] == "  true \\ answered  birch  oak  pine"
    assert lines[16] == "Saved in m.safetensors. To use it: micrograd predict m.safetensors new.csv"
    assert len(lines) == 17


def test_a_regression(folder, capsys):
    lines = said(capsys, "prices.csv", "--target", "price", "--epochs", "60", "--lr", "0.03")
    assert lines[1] == "Target price: regression, as it has 60 different numbers."
    assert re.fullmatch(r"  From \S+ to \S+, mean \S+\.", lines[2])
    assert lines[6] == "Network 3-16-16-1 with relu: 353 parameters."
    r2 = next(line for line in lines if line.startswith("  R2"))
    assert float(r2.split()[-2]) > 0.8
    assert lines[-1] == "The model is not saved; --save model.safetensors saves it."


def test_compiled_steps(folder, capsys):
    words = ["trees.csv", "--target", "kind", "--epochs", "3"]
    assert said(capsys, *words, "--compile") == said(capsys, *words)


def test_same_seed_same_bits(folder, capsys):
    words = ["trees.csv", "--target", "kind", "--epochs", "2", "--save"]
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        said(capsys, *words, f"{name}.safetensors", "--seed", seed)
    a, b, c = ((folder / f"{name}.safetensors").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_what_is_filled_left_out_and_kept_is_said(folder, capsys):
    columns = trees()
    columns["id"] = list(range(60))
    columns["code"] = [kind.upper() for kind in columns["kind"]]
    columns["height"][3] = columns["height"][4] = columns["soil"][5] = columns["kind"][6] = None
    write(folder / "dirty.csv", columns, ";")
    lines = said(capsys, "dirty.csv", "--target", "kind", "--epochs", "1", "--keep", "id")
    assert lines[0] == "dirty.csv: 60 rows, 6 columns; cells divided by semicolons, decimal point."
    assert "  1 row without kind left out: line 8." in lines
    assert any(re.fullmatch(r"  height: 2 missing cells filled with the median \S+\.", line) for line in lines)
    assert any(re.fullmatch(r"  soil: 1 missing cell filled with the commonest text '\w+'\.", line) for line in lines)
    assert "  id is used as you asked, though it counts the rows." in lines
    at = lines.index("Left out: 1 column.")
    assert lines[at + 1] == "  code: each value of it has one kind only, so it gives kind away; --keep code uses it."


def test_rows_that_are_kept_apart(folder, capsys):
    lines = said(capsys, "trees.csv", "--target", "kind", "--epochs", "1", "--validation", "0.1", "--test", "0.2")
    assert "42 rows to train on, 6 rows for validation, 12 rows for test." in lines
    assert "On 12 rows that were kept apart for this test:" in lines
    lines = said(capsys, "trees.csv", "--target", "kind", "--epochs", "1", "--validation", "0")
    assert "60 rows to train on." in lines
    assert "On the 60 rows of the training itself. New rows will do worse (--validation 0.2 keeps rows apart):" in lines
    (trained,) = [line for line in lines if line.startswith("Trained")]
    assert "validation" not in trained


def test_patience_ends_a_training(folder, capsys):
    lines = said(capsys, "trees.csv", "--target", "kind", "--epochs", "500", "--lr", "0.1", "--patience", "3")
    epochs = int(re.search(r"Trained for (\d+) epochs", "\n".join(lines))[1])
    best = int(re.search(r"The weights of epoch (\d+) are kept", "\n".join(lines))[1])
    assert epochs == best + 3 < 500


@pytest.mark.parametrize(
    ("hidden", "shape"),
    [
        ([], "Network 5-3 without hidden layers, a linear model: 18 parameters."),
        (["4"], "Network 5-4-3 with tanh: 39 parameters."),
    ],
)
def test_layers(folder, capsys, hidden, shape):
    words = ["trees.csv", "--target", "kind", "--epochs", "1", "--activation", "tanh", "--hidden", *hidden]
    assert shape in said(capsys, *words)


def test_rare_and_similar_classes_are_said(folder, capsys):
    columns = trees()
    columns["kind"][0] = "Oak"
    lines = said(capsys, str(write(folder / "rare.csv", columns)), "--target", "kind", "--epochs", "1")
    assert "  'Oak' and 'oak' are taken as two answers; if they are one, spell them alike." in lines
    assert "  'Oak' has one row only; it trains the network, and is not tested." in lines


def test_many_columns_and_classes_are_not_all_listed(folder, capsys):
    columns = {f"x{i}": [(7 * k + i * k * k) % 11 for k in range(80)] for i in range(32)}
    columns["y"] = [f"c{k % 14:02}" for k in range(80)]
    lines = said(capsys, str(write(folder / "wide.csv", columns)), "--target", "y", "--epochs", "1")
    assert lines[2].endswith("'c11' 5, and 2 more.")
    assert "  and 2 more" in lines


def test_a_column_that_tells_nearly_all_is_said(folder, capsys):
    columns = trees()
    columns["code"] = [{"birch": 1, "oak": 2, "pine": 3}[kind] for kind in columns["kind"]]
    columns["code"][0] = columns["code"][1] = 2
    lines = said(capsys, str(write(folder / "code.csv", columns)), "--target", "kind", "--epochs", "1")
    assert any(
        re.fullmatch(
            r"  code: it alone tells the right kind in 9\d % of the rows; "
            r"if it is not known before kind is, leave it out: --drop code\.",
            line,
        )
        for line in lines
    )


def test_texts_that_no_training_row_has(folder, capsys):
    kind = ["a", "b"] * 10
    for seed in range(40):  # until the two rows with a word are held out
        write(folder / "gaps.csv", {"word": ["x", "y", *[None] * 18], "kind": kind})
        words = ["train", "gaps.csv", "--target", "kind", "--epochs", "1", "--seed", str(seed)]
        if cli.main(words) == 1:
            break
    assert capsys.readouterr().err == (
        "micrograd: train: the columns are empty in all rows to train on; use other --validation or --seed\n"
    )


def test_a_picture_of_the_loss(folder, capsys):
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    lines = said(capsys, "trees.csv", "--target", "kind", "--epochs", "2", "--plot", "loss.png")
    assert "The loss of each epoch is drawn in loss.png." in lines
    assert (folder / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_a_file_without_names(folder, capsys):
    rows = zip(*trees().values(), strict=True)
    (folder / "bare.csv").write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    lines = said(capsys, "bare.csv", "--target", "column 4", "--epochs", "1")
    assert lines[1] == (
        "The first line holds numbers, so it is taken as data, and the columns are named column 1, column 2 ..."
    )


def test_cells_that_stand_for_no_value(folder, capsys):
    columns = trees()
    columns["age"][0] = "unknown"
    write(folder / "trees.csv", columns)
    assert "--missing unknown if it stands for no value" in refused(capsys, "trees.csv", "--target", "kind")
    lines = said(capsys, "trees.csv", "--target", "kind", "--epochs", "1", "--missing", "unknown")
    assert any(line.startswith("  age: 1 missing cell filled with the median") for line in lines)


def test_rows_that_are_trained_on_and_held_out_are_said(folder, capsys):
    columns = {name: cells * 2 for name, cells in trees().items()}
    lines = said(capsys, str(write(folder / "twice.csv", columns)), "--target", "kind", "--epochs", "1")
    assert any(
        re.fullmatch(r"  \d+ rows of these 24 equal rows that were trained on; they are easy\.", x) for x in lines
    )
    assert not any("equal rows" in x for x in said(capsys, "trees.csv", "--target", "kind", "--epochs", "1"))


@pytest.mark.skipif(os.name != "posix", reason="the signals of POSIX")
def test_ctrl_c_leaves_the_older_model(folder):
    (folder / "m.safetensors").write_text("older")
    command = [sys.executable, "-m", "micrograd", "train", "trees.csv", "--target", "kind", "--epochs", "1000000"]
    process = subprocess.Popen(
        [*command, "--save", "m.safetensors"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )
    while not process.stdout.readline().startswith(b"48 rows to train on"):
        assert process.poll() is None
    time.sleep(0.2)  # seconds: the training has begun
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert (process.returncode, err) == (130, b"micrograd: interrupted\n")
    assert sorted(path.name for path in folder.iterdir()) == ["m.safetensors", "prices.csv", "trees.csv"]
    assert (folder / "m.safetensors").read_text() == "older"


# What is refused


def test_steps_that_are_too_large(folder, capsys):
    assert refused(capsys, "trees.csv", "--target", "kind", "--lr", "1e300") == (
        "train: the loss has become infinite: the steps are too large; take a smaller one, as --lr 1e+299"
    )


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["trees.csv", "--target", "Kind"], "train: --target: trees.csv has no column 'Kind'; did you mean 'kind'?"),
        (["none.csv", "--target", "kind"], "none.csv: there is no such file"),
        (
            ["empty.csv", "--target", "kind"],
            "empty.csv: the file is empty; it needs a line of names, and a line for each row",
        ),
        (
            ["names.csv", "--target", "kind"],
            "names.csv: the file has a line of names and no rows; add a line for each row",
        ),
        (
            ["few.csv", "--target", "kind"],
            "train: 4 rows have a kind, and at least 10 are needed; add rows",
        ),
        (
            ["trees.csv", "--target", "kind", "--save", "trees.csv"],
            "train: --save trees.csv would overwrite the data; give another name",
        ),
        (
            ["trees.csv", "--target", "kind", "--save", "m", "--plot", "m"],
            "train: --plot m would overwrite --save; give another name",
        ),
        (
            ["trees.csv", "--target", "kind", "--save", "."],
            "train: --save . is a folder; give the name of a file in it",
        ),
        (
            ["trees.csv", "--target", "kind", "--save", "no/m"],
            "train: the folder of --save no/m does not exist; make it first",
        ),
        (
            ["trees.csv", "--target", "kind", "--plot", "loss.txt"],
            "train: --plot loss.txt does not end like a picture; give a name that ends in .png, .svg, .pdf, .jpg",
        ),
        (
            ["trees.csv", "--target", "kind", "--validation", "0.9", "--test", "0.9"],
            "train: --validation and --test leave none of the 60 rows to train on; give smaller shares",
        ),
        (
            ["large.csv", "--target", "y"],
            "train: the numbers of 'y' are too large (up to 1.5e+308); write them in a larger unit",
        ),
    ],
)  # fmt: skip
def test_what_is_refused_in_words(folder, capsys, words, text):
    (folder / "empty.csv").touch()
    (folder / "names.csv").write_text("height,kind\n")
    write(folder / "few.csv", {"height": [1, 2, 4, 3], "kind": ["a", "b"] * 2})
    write(folder / "large.csv", {"x": [3, 1, 2] * 4, "y": [f"{1 + i % 6 / 10}e308" for i in range(12)]})
    before = sorted(folder.iterdir())
    assert refused(capsys, *words) == text
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("package", "extra", "option"), [("safetensors", "train", "--save"), ("matplotlib", "plot", "--plot")]
)
def test_a_missing_extra_is_said_before_the_training(folder, capsys, monkeypatch, package, extra, option):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else found(name))
    assert refused(capsys, "trees.csv", "--target", "kind", option, "file") == (
        f"train: to write file, {package} is needed, which is not installed; "
        f"python -m pip install 'micrograd-nd[{extra}]'"
    )


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--epochs", "0"], "argument --epochs: '0' is not a number of epochs; give a whole number, 1 or more"),
        (["--hidden", "4", "x"], "argument --hidden: 'x' is not a number of neurons; give a whole number, 1 or more"),
        (
            ["--batch-size", "1.5"],
            "argument --batch-size: '1.5' is not a number of rows; give a whole number, 1 or more",
        ),
        (["--lr", "0"], "argument --lr: '0' is not a step size; give a number above 0, as 0.01"),
        (["--lr", "fast"], "argument --lr: 'fast' is not a step size; give a number above 0, as 0.01"),
        (
            ["--validation", "1"],
            "argument --validation: '1' is not a share of the rows; give a number from 0 to below 1, as 0.2",
        ),
        (["--seed", "-1"], "argument --seed: '-1' is not a seed; give a whole number from 0 to 4294967294"),
        (["--delimiter", "::"], "argument --delimiter: '::' is not one character; give one, as ';'"),
    ],
)
def test_words_that_are_no_options(folder, capsys, words, text):
    with pytest.raises(SystemExit) as raised:
        cli.main(["train", "trees.csv", "--target", "kind", *words])
    assert raised.value.code == 2
    assert text in capsys.readouterr().err


def test_the_usage_puts_the_file_first(folder, capsys):
    for words in (["train", "--keep", "id", "trees.csv", "--target", "kind"], ["predict"]):
        with pytest.raises(SystemExit) as raised:
            cli.main(words)
        assert raised.value.code == 2
    said = capsys.readouterr().err
    assert "usage: micrograd train data.csv --target NAME [--save FILE] [more options]\n" in said
    assert "micrograd train: error: the following arguments are required: data\n" in said
    assert "usage: micrograd predict model.safetensors data.csv [--out FILE] [more options]\n" in said


def test_the_names_of_activations_are_those_that_there_are():
    from micrograd.cli import arguments, networks

    assert list(arguments.ACTIVATIONS) == list(networks.ACTIVATIONS)


@pytest.mark.parametrize(
    ("lr", "patience", "wanted"),
    # One number to learn, with steps that are too large: every epoch is worse than the
    # first one. Without validation and patience, the last weights are kept.
    [(1.5, None, 4), (1.5, 5, 1)],
    ids=["last", "best"],
)
def test_the_best_epoch_is_the_one_whose_weights_are_kept(lr, patience, wanted):
    import numpy as np

    from micrograd.cli import networks

    X = np.ones((8, 1))
    model = networks.network([1, 1], "relu", seed=0)
    settings = {"is_classifier": False, "epochs": 4, "batch_size": 8, "lr": lr, "patience": patience, "seed": 0}
    history = networks.trained(model, (X, networks.outputs(model, X)), None, **settings)
    assert networks.best_epoch(history) == (wanted, history["loss"][wanted - 1])


def test_no_epoch_is_called_best_where_no_loss_in_validation_is_a_number(capsys):
    from micrograd.cli import training
    from micrograd.train import History

    history = History({"epoch": [1, 2], "loss": [2.0, 1.0], "val_loss": [float("nan")] * 2})
    training._say_training(history, True)
    assert capsys.readouterr().out == "Trained for 2 epochs: the loss went from 2 to 1.\n"


def test_help_does_not_wait_for_the_engine(capsys):
    script = (
        "import sys\nfrom micrograd.cli import main\ntry:\n    main(['train', '--help'])\nexcept SystemExit:\n"
        "    print(sorted({'numpy', 'micrograd.engine', 'micrograd.nn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "A column that looks like an identifier, or that gives the answer away" in done.stdout


def test_a_terminal_that_cannot_show_a_letter(folder):
    columns = trees()
    columns["soil"] = ["Löß", "clay"] * 30
    write(folder / "umlaut.csv", columns)
    command = [sys.executable, "-m", "micrograd", "train", "umlaut.csv", "--target", "kind", "--epochs", "1"]
    environment = ENVIRONMENT | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert done.stderr == (
        "micrograd: this terminal cannot show '\\xf6\\xdf' (its encoding is ascii); "
        "set PYTHONIOENCODING=utf-8 in the environment\n"
    )
