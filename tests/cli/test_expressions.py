"""`micrograd draw`, `explain`, `grad`, `derive`: what they print, write and refuse."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import random
import shlex
import shutil
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest

from micrograd import Value, cli, explain
from micrograd.cli.arguments import COMMANDS, arranged
from micrograd.expressions import functions
from micrograd.ops.calls import plan_of

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
NEURON = ["tanh(x1*w1 + x2*w2 + b)", "x1=2", "x2=0", "w1=-3", "w2=1", "b=6.8813735870195432"]


@pytest.fixture
def said(capsys):
    """Runs a command that succeeds: its lines on stdout. Notes are what stderr says."""

    def run(*words, notes=""):
        status = cli.main(list(words))
        out, err = capsys.readouterr()
        assert (status, err) == (0, notes)
        return out.splitlines()

    return run


@pytest.fixture
def refused(capsys):
    """Runs a command that fails with status 1: what it says."""

    def run(*words):
        status = cli.main(list(words))
        err = capsys.readouterr().err
        assert status == 1
        return err.removeprefix("micrograd: ").rstrip("\n")

    return run


def test_grad_prints_the_value_and_every_gradient(said):
    assert said("grad", *NEURON) == [
        "tanh(x1*w1 + x2*w2 + b) = 0.7071067812",
        "",
        "name        value  gradient",
        "x1              2      -1.5",
        "w1             -3         1",
        "x2              0       0.5",
        "w2              1         0",
        "b     6.881373587       0.5",
        "",
        "w2.grad is 0, because it is multiplied by x2, which is 0.",
    ]


def test_statements_give_names(said):
    assert said("grad", "a = 2; b = -3; e = a*b; d = e + c; L = d * -2", "c=10") == [
        "L = -8",
        "",
        "name  value  gradient",
        "c        10        -2",
        "a         2         6",
        "b        -3        -4",
        "e        -6        -2",
        "d         4        -2",
        "L        -8         1",
    ]
    assert said("grad", "a = x + 1; a * 2", "x=1")[0] == "result = 4"
    # What is computed without a gradient is no variable.
    assert said("grad", "c = x > 0; where(c, x**2, 0)", "x=3")[-1] == "x         3         6"
    assert said("grad", "a = pi/2; sin(a) + 1")[-1].startswith("a     1.570796327  6.123")


def test_an_array_is_summed(said):
    assert said("grad", "x**2", "x=[1,2,3]") == [
        "x**2 = [1, 4, 9]",
        "It has shape (3,): the gradients are those of its sum, as with backward().",
        "",
        "name      value   gradient",
        "x     [1, 2, 3]  [2, 4, 6]",
    ]
    lines = said("grad", "sum(x)", f"x={[*range(20)]}")
    assert lines[-1].split("  ")[-1].startswith("shape (20,): 1, 1,")


def test_without_a_variable_there_is_no_gradient(said):
    assert said("grad", "2 + 3") == ["2 + 3 = 5", "It has no variable, so there is no gradient."]
    assert said("grad", "x > 2", "x=3")[0] == "x > 2 = True"
    assert said("grad", "x > 2", "x=3")[-1].startswith("x.grad is 0, because root has no history")


def test_explain_prints_the_explanation(said):
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    root = a * b + a
    root.backward()
    assert "\n".join(said("explain", "a*b + a", "a=2", "b=-3", "--of", "a")) == str(explain(root, a))
    assert said("explain", "a = 2; L = a * b", "b=-3")[0] == "dL/db = 2"  # the only one that is given


def test_explain_says_why_a_gradient_is_0(said):
    lines = said("explain", *NEURON, "--of", "w2")
    assert lines[0] == "dv1/dw2 = 0"
    assert "w2.grad is 0, because it is multiplied by x2, which is 0." in lines
    lines = said("explain", "a*1", "a=1", "z=2", "--of=z", notes="micrograd: note: the expression does not use z\n")
    assert lines[0] == "z.grad is 0, because root was not made from it."
    assert said("explain", "stop_gradient(x)", "x=1")[0].startswith("x.grad is 0, because")
    assert said("explain", "x > 2", "x=1")[0].startswith("x.grad is 0, because root has no history")


@pytest.mark.parametrize("index", ["2,1", "[2, 1]", "-1,-1"])
def test_explain_an_element(said, index):
    words = ["explain", "sum(x**2)", "x=[[1,2],[3,4],[5,6]]", "--index", index]
    assert said(*words)[0] == "dv1/d(x[2, 1]) = 12"


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["sin(x) * x**2", "--by", "x"], ["2.0 * x * sin(x) + x**2 * cos(x)"]),
        (["a*b + a**2", "a=2", "b=-3", "--by", "a"], ["2.0 * a + b", "= 1 at a = 2, b = -3"]),
        (["a*b", "a=2", "--by", "a"], ["b"]),
        (["x**3", "--by", "x", "--by", "x"], ["6.0 * x"]),
        (["x * y**2", "--by", "x", "--by", "y"], ["2.0 * y"]),
        (["n = x*w; tanh(n)", "--by", "w"], ["x * (1.0 - tanh(x * w)**2)"]),
        (["k = 2; k*x"], ["2.0"]),
        (["tanh(x)", "--latex"], [r"1 - \tanh\left(x\right)^{2}"]),
        (["sum(x**2)", "x=[1,2]"], ["2.0 * x", "= [2, 4] at x = [1, 2]"]),
        (["pi * x"], ["3.141592653589793"]),
    ],
)
def test_derive(said, words, lines):
    assert said("derive", *words) == lines


def test_derive_says_that_nothing_changes(said):
    assert said("derive", "x*0 + y", "--by", "x", notes="micrograd: note: the result does not change with x\n") == [
        "0.0"
    ]


def test_draw_prints_a_tree(said):
    assert said("draw", "d = a*b + c", "a=2", "b=-3", "c=10") == [
        "d = +      data 4   grad 1",
        "├─ #2 = *  data -6  grad 1",
        "│  ├─ a    data 2   grad -3",
        "│  └─ b    data -3  grad 2",
        "└─ c       data 10  grad 1",
    ]


@pytest.mark.parametrize("ending", ["txt", "dot", "html"])
def test_draw_writes_what_needs_no_graphviz(said, tmp_path, monkeypatch, ending):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    path = tmp_path / f"neuron.{ending}"
    assert said("draw", *NEURON, "-o", str(path)) == [f"Drawn in {path}"]
    text = path.read_text(encoding="utf-8")
    start = {"txt": "#9 = tanh", "dot": "digraph {", "html": "<!doctype html>"}[ending]
    assert text.startswith(start)
    assert "tanh" in text


@pytest.mark.parametrize("ending", ["svg", "PNG"])
def test_a_picture_needs_graphviz(refused, tmp_path, monkeypatch, ending):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    path = tmp_path / f"neuron.{ending}"
    assert "python -m pip install 'micrograd-nd[draw]'" in refused("draw", *NEURON, "-o", str(path))
    assert not path.exists()


@pytest.mark.parametrize(("ending", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_picture(said, tmp_path, ending, start):
    pytest.importorskip("pygraphviz", reason="the extra `draw` is not installed")
    path = tmp_path / f"neuron.{ending}"
    said("draw", *NEURON, "--out", str(path))
    assert path.read_bytes().startswith(start)


def test_the_browser_is_opened(said, refused, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    path = tmp_path / "neuron.html"
    said("draw", *NEURON, "-o", str(path), "--open")
    assert opened == [path.as_uri()]
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert refused("draw", *NEURON, "-o", str(path), "--open") == (
        f"draw: --open found no browser; open {path} yourself"
    )
    assert refused("draw", *NEURON, "--open") == "draw: --open opens a file; name it, as -o neuron.html"


def test_the_old_file_stays(refused, tmp_path):
    old = tmp_path / "old.html"
    old.write_text("old")
    refused("draw", "x*", "x=1", "-o", str(old))
    refused("draw", "x", "-o", str(old))
    assert old.read_text() == "old"
    lost = tmp_path / "nowhere" / "new.html"
    assert "cannot be written: No such file or directory" in refused("draw", "x", "x=1", "-o", str(lost))
    assert refused("draw", "x", "x=1", "-o", str(tmp_path)).endswith("is a folder; name a file in it, as neuron.svg")
    assert refused("draw", "x", "x=1", "-o", "new.docx") == (
        "draw: -o new.docx: the ending says what is written; take .html, .txt, "
        ".svg, .png, .pdf, .eps, .ps, .jpg, .jpeg, .gif, .dot"
    )


# Words


@pytest.mark.parametrize(
    "words",
    [
        ["x - y", "x=-3", "y=2"],
        ["x - y", "x = -3", "y = 2"],
        ["x - y", "x", "=", "-3", "y=", "2"],
        ["-y + x", "y=2", "x=-3"],
        ["-(y)+x", "y=2", "x=-3"],
        ["--", "-(y)+x", "y=2", "x=-3"],
        ["x - y", "x=-6/2", "y=4**0.5"],
    ],
)
def test_negative_values_and_blanks(said, words):
    assert said("grad", *words)[0].endswith("= -5")


def test_options_may_stand_anywhere():
    words = ["explain", "--of", "x", "-x*y", "x=2", "--index", "-1,0", "y=3"]
    assert arranged(words) == ["explain", "--of=x", "--index=-1,0", " -x*y", "x=2", "y=3"]
    assert arranged(["draw", "x", "-o", "-x.svg", "-oa/y.svg"]) == ["draw", "--out=-x.svg", "-oa/y.svg", "x"]
    assert arranged(["train", "-x"]) == ["train", "-x"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x*y", "x=1"], "expression: y has no value; give one, as y=2"),
        (["x", "x=1", "x=2"], "x is given a value twice; give it once"),
        (["x", "=3"], "'=3' gives no variable a value; write a name before the =, as x=2"),
        (["x", "3=4"], "'3=4' gives no variable a value; write a name before the =, as x=2"),
        (["x", "abc"], "'abc' gives no variable a value; write abc=2"),
        (["x", "x"], "'x' gives no variable a value; write x=2"),
        (["x", "x="], "x= has no value; write x=2, or x=[1,2,3] for an array"),
        (["x", "lambda=3"], "lambda= is a word of Python; take another name for the variable"),
        (["a = x; a", "x=1", "a=2"], "a is given a value, and the expression computes it; leave one out"),
        (
            ["x", "x=1e999"],
            "x=1e999: this is not a number: '1e999': the number is too large; a float goes up to 1.8e308;\n"
            "write x=2, or x=[1,2,3] for an array",
        ),
    ],
)
def test_words_that_give_no_value(refused, words, said):
    assert refused("grad", *words) == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explain", "x*y", "x=1", "y=2"], "--of is missing; name a variable: x, y"),
        (["explain", "x*y", "x=1", "y=2", "--of", "q"], "--of q: the expression has no such variable; it has x, y"),
        (["derive", "x*y"], "--by is missing; name a variable: x, y"),
        (["derive", "2", "--by", "x"], "--by: the expression has no variable"),
        (["derive", "n = x; n", "--by", "n"], "--by n: the expression has no such variable; it has x"),
        (
            ["derive", "x**2", "x=[1,2]"],
            "derive: the result has shape (2,), and one number has a derivative; write sum(...)",
        ),
        (
            ["derive", "sum(x**2)", "x=[1,2]", "--by", "x", "--by", "x"],
            "derive: the derivative by x is an array, and is not derived again",
        ),
        (["explain", "x", "x=1", "--index", "0"], "explain: index=(0,), but x is one number; leave the index out"),
    ],
)
def test_options_that_do_not_fit(refused, words, said):
    assert refused(*words) == said


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_that_runs(command, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    out = capsys.readouterr().out
    assert ended.value.code == 0
    example = COMMANDS[command][2]
    assert example in out
    assert "%%" not in out
    assert cli.main(shlex.split(example)[1:]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["grad"], "the following arguments are required: expression"),
        (["grad", "x", "--colour"], "unrecognized arguments: --colour"),
        (["explain", "x", "--index", "a"], "'a' is not an index; give a whole number for each axis, as 2,1"),
        (["explain", "x", "--of"], "argument --of: expected one argument"),
    ],
)
def test_bad_options_end_with_2(words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_what_numpy_warns_of_is_a_note(said):
    note = "micrograd: note: divide by zero encountered in log\n"
    assert said("grad", "log(x)", "x=0", notes=note)[0] == "log(x) = -inf"


def test_a_rule_that_fails_is_no_traceback(refused):
    assert refused("derive", "sum(max(x, keepdims=(1, 2)))", "x=[1,2]").startswith("derive: ")


@pytest.mark.skipif(os.name == "nt", reason="a pipe of a Unix shell")
def test_a_reader_that_stops_ends_the_command():
    script = f"{sys.executable} -m micrograd draw '{'+'.join(['x'] * 800)}' x=1 | head -1"
    done = subprocess.run(script, shell=True, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith("#")


def test_an_argument_that_is_not_text(capsys):
    assert cli.main(["grad", "x\udcff", "x=1"]) == 1
    assert "which cannot be printed" in capsys.readouterr().err


# Random calls


CALLS = ["x", "y", "2", "-1", "1.5", "[1,2]", "x*[1,2,3]", "[[1,2],[3,4]]", "None", "100000", "(2,3)", "[x,y]", "1e308"]
PARAMS = ["0", "-1", "(1,2)", "None", "2.5", "100000", "[0]", "x", "True", "(2000,2000)", "[[1]]"]


@pytest.mark.parametrize("seed", range(4))
def test_random_calls_end_in_words(seed):
    rng = random.Random(seed)
    for _ in range(100):
        name = rng.choice([*functions()])
        plan = plan_of(functions()[name])
        count = len(plan.places) if plan.rest is None else 2
        args = [rng.choice(CALLS) for _ in range(count)]
        args += [f"{p}={rng.choice(PARAMS)}" for p in plan.params if p in plan.required or rng.random() < 0.3]
        command = rng.choice([["grad"], ["draw"], ["explain", "--of", "x"], ["derive", "--by", "x"]])
        words = [
            *command,
            f"{name}({', '.join(args)})",
            *rng.choice([["x=2", "y=-1.5"], ["x=[0.5,2]", "y=[[1,2],[3,4]]"]]),
        ]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = cli.main(words)
        assert status in (0, 1), words
        said = [line for line in err.getvalue().splitlines() if not line.startswith("micrograd: note: ")]
        assert len(said) <= 4 and "Traceback" not in err.getvalue(), words
        assert bool(said) == bool(status), words
