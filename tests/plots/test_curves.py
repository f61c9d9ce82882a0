"""plot_loss: every kind of history, gaps, scales; and what all plots share."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

import micrograd
from micrograd import Value, plot_loss, plots
from micrograd.errors import ArgumentError, DataError, MissingExtraError
from micrograd.train import History

NUMBERS = [1.0, 0.5, 0.25]


def drawn(ax):
    return {line.get_label(): (line.get_xdata().tolist(), line.get_ydata().tolist()) for line in ax.lines}


@pytest.mark.parametrize(
    ("history", "wanted", "xlabel"),
    [
        (NUMBERS, {"training": ([0, 1, 2], NUMBERS)}, "step"),
        ([Value(x) for x in NUMBERS], {"training": ([0, 1, 2], NUMBERS)}, "step"),
        (np.float32(NUMBERS), {"training": ([0, 1, 2], NUMBERS)}, "step"),
        ((1, 2), {"training": ([0, 1], [1, 2])}, "step"),
        ({"loss": NUMBERS, "val_loss": NUMBERS, "lr": NUMBERS},
         {"training": ([0, 1, 2], NUMBERS), "validation": ([0, 1, 2], NUMBERS)}, "step"),
        ({"a": NUMBERS, "b": [3.0]}, {"a": ([0, 1, 2], NUMBERS), "b": ([0], [3.0])}, "step"),
        ([{"loss": x, "epoch": i + 5} for i, x in enumerate(NUMBERS)], {"training": ([5, 6, 7], NUMBERS)}, "epoch"),
        ([{"step": 10, "error": 4}, {"step": 20, "error": 2}], {"error": ([10, 20], [4, 2])}, "step"),
        (History({"epoch": [1, 2, 3], "loss": NUMBERS, "accuracy": NUMBERS}),
         {"training": ([1, 2, 3], NUMBERS)}, "epoch"),
    ],
)  # fmt: skip
def test_kinds_of_history(history, wanted, xlabel):
    ax = plot_loss(history)
    assert drawn(ax) == wanted
    assert (ax.get_xlabel(), ax.get_ylabel()) == (xlabel, "loss")
    assert (ax.get_legend() is None) == (list(wanted) == ["training"])
    assert len({line.get_linestyle() for line in ax.lines}) == len(wanted)


def test_columns_by_name():
    history = History({"epoch": [1, 2], "loss": [1.0, 0.5], "accuracy": [0.5, 0.9]})
    ax = plot_loss(history, "accuracy", ylabel="accuracy")
    assert drawn(ax) == {"accuracy": ([1, 2], [0.5, 0.9])} and ax.get_ylabel() == "accuracy"


def test_numbers_that_are_not_finite_are_gaps_and_counted():
    ax = plot_loss([1.0, math.nan, 0.5, math.inf, 0.2, 0.1])
    (line,) = ax.lines
    assert np.isnan(line.get_ydata()).tolist() == [False, True, False, True, False, False]
    assert line.get_label() == "training (2 of 6 not finite, first at 1)"
    assert ax.get_legend() is not None
    long = plot_loss([1.0, math.nan, 0.5, math.nan, *[0.2] * 20])
    assert long.lines[0].get_markevery() == [0, 2]  # alone between gaps: seen as points
    nothing = plot_loss([math.nan, math.nan])
    assert nothing.lines[0].get_label() == "training (all not finite, first at 0)"


@pytest.mark.parametrize(
    ("losses", "scale"),
    [([1.0, 0.02], "log"), ([1.0, 0.04], "linear"), ([9.0, 0.0], "linear"), ([-1.0, 9.0], "linear")],
)
def test_the_scale(losses, scale):
    assert plot_loss(losses).get_yscale() == scale
    assert plot_loss(losses, scale="linear").get_yscale() == "linear"


@pytest.mark.parametrize(
    ("history", "options", "error", "words"),
    [
        ([], {}, ArgumentError, "there are no losses yet; train for a step first"),
        ({}, {}, ArgumentError, "there are no losses yet"),
        (History(), {}, ArgumentError, "there are no losses yet"),
        ({"loss": []}, {}, ArgumentError, "there are no losses yet"),
        (3.0, {}, DataError, "history is 3.0; give a list of losses"),
        ("loss.csv", {}, DataError, "history is 'loss.csv'"),
        (None, {}, DataError, "history is None"),
        (np.zeros((2, 2)), {}, DataError, "history is an array of shape (2, 2)"),
        ({"loss": 1.0}, {}, DataError, "loss is 1.0; give a list"),
        ([1.0, "a"], {}, DataError, "loss[1] is 'a', which is not a number"),
        ([1.0, None], {}, DataError, "loss[1] is None, which is not a number"),
        ([Value([1.0, 2.0])], {}, DataError, "loss[0] is array([1., 2.]), which is not a number"),
        ([{"loss": 1.0}, 2.0], {}, DataError, "history[1] is not a dict, and others are"),
        ({"loss": [1.0, 2.0], "epoch": [1]}, {}, ArgumentError, "loss has 2 numbers, and epoch 1"),
        ([1.0], {"scale": "ln"}, ArgumentError, "scale='ln' is not known"),
        ([1.0, 0.0], {"scale": "log"}, ArgumentError, "scale='log' needs numbers above 0, and there is 0.0"),
    ],
)
def test_refused(history, options, error, words):
    with pytest.raises(error) as caught:
        plot_loss(history, **options)
    assert str(caught.value).startswith("plot_loss: ") and words in str(caught.value)


def test_an_unknown_column():
    with pytest.raises(ArgumentError, match="plot_loss: there is no column 'acc'; choose from a, b"):
        plot_loss({"a": [1.0], "b": [2.0]}, "acc")


# All plots

CALLS = {
    "plot_loss": ([1.0, 0.5],),
    "plot_decision_boundary": (lambda p: p[:, 0], [[0.0, 1.0], [1.0, 0.0]], [0, 1]),
    "plot_function": (np.sin, 0, 1),
    "plot_surface": (lambda x, y: x * y, 0, 1),
    "plot_activations": (micrograd.nn.MLP(2, [3, 1]), [[0.0, 1.0], [1.0, 0.0]]),
    "plot_gradients": (micrograd.nn.MLP(2, [3, 1]),),
    "plot_confusion": ([0, 1], [1, 1]),
}


@pytest.fixture(autouse=True)
def _gradients():
    CALLS["plot_gradients"][0]([1.0, 2.0]).backward()


def test_every_plot_is_offered_twice():
    assert set(plots.__all__) == set(CALLS)
    for name in CALLS:
        assert getattr(micrograd, name) is getattr(plots, name) and name in micrograd.__all__


@pytest.mark.parametrize("name", CALLS)
def test_it_draws_on_the_axes_that_are_given(name):
    from matplotlib.figure import Figure

    first, second = Figure(layout="constrained").subplots(1, 2)
    assert getattr(plots, name)(*CALLS[name], ax=second) is second
    assert not first.has_data() and second.get_xlabel()
    second.figure.canvas.draw()


@pytest.mark.parametrize("name", CALLS)
def test_without_matplotlib_the_extra_is_named(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=rf"^{name}: .*; pip install 'micrograd-nd\[plot\]'$"):
        getattr(plots, name)(*CALLS[name])


@pytest.mark.parametrize("name", CALLS)
def test_axes_that_are_none(name):
    with pytest.raises(ArgumentError, match=rf"^{name}: ax=list is not one panel of matplotlib"):
        getattr(plots, name)(*CALLS[name], ax=[1, 2])


PROGRAM = """
import sys
from micrograd import plot_loss
assert "matplotlib" not in sys.modules
ax = plot_loss([1.0, 0.5])
assert "matplotlib.pyplot" not in sys.modules
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
assert plt.get_fignums() == []
ax = plot_loss([1.0, 0.5])
assert plt.get_fignums() == [1] and plt.gcf() is ax.figure
"""


NOTEBOOK = """
import sys, types
from unittest import mock
from micrograd import plot_loss
sys.modules["IPython"] = shell = types.ModuleType("IPython")
shell.version_info = (9, 0)
shell.get_ipython = lambda: None
plot_loss([1.0, 0.5])
assert "matplotlib.pyplot" not in sys.modules  # a terminal of IPython
shell.get_ipython = lambda: mock.Mock(kernel=1)
import matplotlib
matplotlib.use("agg")
ax = plot_loss([1.0, 0.5])
assert sys.modules["matplotlib.pyplot"].gcf() is ax.figure
"""


@pytest.mark.parametrize("program", [PROGRAM, NOTEBOOK], ids=["a program", "a notebook"])
def test_pyplot_is_used_where_it_shows_the_picture(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
