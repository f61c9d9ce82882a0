"""plot_activations and plot_gradients: the numbers of each layer against the layers
called by hand; who is dead or saturated; that the model stays as it was.
"""

from __future__ import annotations

import random

import numpy as np
import pytest

from micrograd import Value, ops, plot_activations, plot_gradients
from micrograd.errors import ArgumentError, DataError, GradientError
from micrograd.nn import GELU, LSTM, MLP, BatchNorm1d, Dropout, Linear, Module, ReLU, Sequential, Tanh
from micrograd.see.obstacles import SATURATED
from micrograd.texts import micrograduate, walkthrough

SHARES = [0.05, 0.25, 0.5, 0.75, 0.95]


@pytest.fixture
def X():
    return np.random.default_rng(5).normal(size=(30, 2))


def rows_of(ax):
    """For each row its name, what is said below it, and its five quantiles."""
    names = [text.get_text().split("\n") for text in ax.get_yticklabels()]
    found = {}
    for y, (name, said) in enumerate(names):
        lines = [line for line in ax.lines if line.get_ydata()[0] == y]
        boxes = [box for box in ax.patches if box.get_y() < y < box.get_y() + box.get_height()]
        numbers = []
        if boxes:
            far = lines[0].get_xdata()
            left, width = boxes[0].get_x(), boxes[0].get_width()
            numbers = [far[0], left, lines[1].get_xdata()[0], left + width, far[1]]
        found[name] = (said, numbers)
    return found


def check(ax, wanted):
    rows = rows_of(ax)
    assert list(rows) == list(wanted)
    for name, (said, numbers) in wanted.items():
        assert rows[name][0] == said, name
        np.testing.assert_allclose(rows[name][1], np.quantile(numbers, SHARES), rtol=1e-9, atol=1e-12)


def test_a_network_of_arrays(X):
    rng = np.random.default_rng(0)
    model = Sequential(Linear(2, 5, rng=rng), Tanh(), Linear(5, 4, rng=rng), ReLU(), ops.sigmoid, Linear(4, 3, rng=rng))
    model[2].bias.data = np.array([0.0, -50.0, 0.0, 0.0])
    outs, x = [], Value(30 * X)
    for layer in model:
        x = layer(x)
        outs.append(x.numpy())
    flat = np.mean(1 - outs[1] ** 2 < SATURATED)
    dead = np.sum((outs[3] == 0).all(axis=0))
    assert 0.1 < flat < 0.95 and dead >= 1
    ax = plot_activations(model, 30 * X)
    check(
        ax,
        {
            "0 Linear": ("5 units", outs[0]),
            "1 tanh": (f"5 units, {100 * flat:.0f}% saturated", outs[1]),
            "2 Linear": ("4 units", outs[2]),
            "3 ReLU": (f"4 units, {dead} dead", outs[3]),
            "sigmoid": ("4 units, 0% saturated", outs[4]),
            "5 Linear": ("3 units", outs[5]),
        },
    )
    assert ax.get_yticklabels()[3].get_fontweight() == "bold" and ax.get_yticklabels()[0].get_fontweight() == "normal"
    assert ax.get_xlabel().startswith("activation, for 30 samples (logarithmic beyond")
    assert ax.get_xscale() == "symlog"


def test_the_tutorials_network(X):
    model = MLP(2, [6, 1])
    for w in model.layers[0].neurons[2].w:
        w.data = 0.0
    model.layers[0].neurons[2].b.data = -1.0
    hidden = np.array([[n([*row]).data for n in model.layers[0].neurons] for row in X])
    dead = int((hidden == 0).all(axis=0).sum())
    out = np.array([model([*row]).data for row in X])
    check(
        plot_activations(model, X),
        {"layers.0 ReLU": (f"6 units, {dead} dead", hidden), "layers.1 linear": ("1 unit", out)},
    )
    assert dead >= 1


@pytest.mark.parametrize("rows", [1, 2, 30])
@pytest.mark.parametrize("text", [micrograduate, walkthrough])
def test_a_text_s_network_that_takes_one_point(X, text, rows):
    """Also with as many samples as columns: zip(w, X) would go through the rows."""
    model, samples = text.MLP(2, [4, 1]), X[:rows]
    hidden = np.array([[n([*row]).data for n in model.layers[0].neurons] for row in samples])
    (first, (said, numbers)), *_ = rows_of(plot_activations(model, samples)).items()
    assert first.startswith("layers.0 ") and said.startswith("4 units")
    np.testing.assert_allclose(numbers, np.quantile(hidden, SHARES), rtol=1e-9)


class TwoTanhs(Module):
    """All layers in one call."""

    def __init__(self):
        rng = np.random.default_rng(1)
        self.a, self.b = Value(rng.normal(size=(2, 3))), Value(rng.normal(size=(3, 3)))

    def __call__(self, x):
        return ((x @ self.a).tanh() @ self.b).tanh() * 2.0


def test_layers_within_one_call(X):
    model = TwoTanhs()
    first = np.tanh(X @ model.a.data)
    second = np.tanh(first @ model.b.data)
    check(
        plot_activations(model, X),
        {
            "tanh": ("3 units, 0% saturated", first),
            "tanh 2": ("3 units, 0% saturated", second),
            "TwoTanhs": ("3 units", 2 * second),
        },
    )


def test_an_activation_made_of_others_is_one_row(X):
    model = Sequential(Linear(2, 3), GELU("tanh"))
    assert list(rows_of(plot_activations(model, X))) == ["0 Linear", "1 GELU"]


def test_time_steps_are_joined():
    model = LSTM(2, 3, batch_first=True)
    rows = rows_of(plot_activations(model, np.ones((4, 5, 2))))
    assert rows and all(name for name in rows)


def test_numbers_that_are_not_finite_are_said(X):
    model = Sequential(Linear(2, 2), ops.log)
    said = rows_of(plot_activations(model, X))["0 Linear"][0]
    assert said == "2 units"

    class Log(Module):
        def __init__(self):
            self.w = Value(np.eye(2))

        def __call__(self, x):
            return ops.log(x @ self.w)

    share = np.mean(~(X > 0))
    assert rows_of(plot_activations(Log(), X))["Log"][0] == f"2 units, {100 * share:.0f}% not finite"


def test_the_model_is_as_before(X):
    rng = np.random.default_rng(0)
    model = Sequential(Linear(2, 4), BatchNorm1d(4), Dropout(0.5, rng=rng), Linear(4, 1))
    model[1].eval()
    model(X).sum().backward()
    grads = [np.array(p.grad) for p in model.parameters()]
    state, modes = model.state_dict(), [m.training for m in model.modules()]
    before = rng.bit_generator.state, random.getstate()
    plot_activations(model, X)
    plot_gradients(model)
    with pytest.raises(ArgumentError):
        plot_activations(model, np.ones((3, 7)))
    assert [m.training for m in model.modules()] == modes
    assert (rng.bit_generator.state, random.getstate()) == before
    for p, grad in zip(model.parameters(), grads, strict=True):
        assert np.array_equal(p.grad, grad)
    for name, array in model.state_dict().items():
        assert np.array_equal(array, state[name])


class NoGraph(Module):
    def __init__(self):
        self.w = Value(2.0)

    def __call__(self, x):
        return self.w.data * x


@pytest.mark.parametrize(
    ("model", "samples", "error", "words"),
    [
        (lambda x: x, [[1.0]], ArgumentError, "function is not a Module; give one, such as an MLP"),
        (
            MLP(2, [1]),
            [[1.0, 2.0, 3.0]],
            ArgumentError,
            "the model cannot be called with X of shape (1, 3): ShapeError",
        ),
        (MLP(2, [1]), [], DataError, "X is []; give an array of numbers"),
        (MLP(2, [1]), 3.0, DataError, "X is 3.0; give an array"),
        (MLP(2, [1]), [["a", "b"]], DataError, "X is [['a', 'b']]"),
        (MLP, [[1.0]], ArgumentError, "given the class MLP; make a model of it"),
        (NoGraph(), [[1.0]], ArgumentError, "what NoGraph gives is not computed from its parameters"),
    ],
)
def test_activations_refused(model, samples, error, words):
    with pytest.raises(error) as caught:
        plot_activations(model, samples)
    assert str(caught.value).startswith("plot_activations: ") and words in str(caught.value)


# Gradients


def test_the_gradients_of_each_layer(X):
    model = Sequential(Linear(2, 3), Tanh(), Linear(3, 2))
    model(X).sum().backward()
    model[0].weight.grad[0] = 0.0
    first = np.concatenate([model[0].weight.grad[1:].ravel(), model[0].bias.grad])
    second = np.concatenate([model[2].weight.grad.ravel(), model[2].bias.grad])
    ax = plot_gradients(model)
    check(ax, {"0 Linear": ("9 gradients, 22% are 0", abs(first)), "2 Linear": ("8 gradients, 0% are 0", abs(second))})
    assert (ax.get_xscale(), ax.get_xlabel()) == ("log", "|gradient| of the parameters")


class OwnNetwork:
    """As a reader writes it, without Module."""

    def __init__(self, *layers):
        if layers:
            self.layers = layers
        self.w = Value(1.0)

    def parameters(self):
        return [p for layer in getattr(self, "layers", ()) for p in layer.parameters()] or [self.w]


class OwnParameters:
    def parameters(self):
        return [1.0]


def test_numbers_are_joined_to_layers():
    model = MLP(2, [3, 1])
    model([1.0, 2.0]).backward()
    assert list(rows_of(plot_gradients(model))) == ["layers.0 Layer", "layers.1 Layer"]
    assert list(rows_of(plot_gradients(model.layers[1]))) == ["Layer"]
    assert list(rows_of(plot_gradients(model.layers[1].neurons[0]))) == ["Neuron"]
    assert list(rows_of(plot_gradients(OwnNetwork(*model.layers)))) == ["layers.0", "layers.1"]
    own = OwnNetwork()
    own.w.backward()
    assert rows_of(plot_gradients(own)) == {"OwnNetwork": ("1 gradient, 0% are 0", [1.0] * 5)}


def test_what_is_missing_zero_or_infinite_is_said():
    model = Sequential(Linear(1, 2), Linear(2, 1))
    model[1].weight.grad = np.array([[np.inf, 0.0]])
    rows = rows_of(plot_gradients(model))
    assert rows["0 Linear"] == ("no gradient", [])
    assert rows["1 Linear"][0] == "3 gradients, 67% are 0, 1 parameter has none, 33% not finite"


@pytest.mark.parametrize(
    ("model", "error", "words"),
    [
        (MLP(2, [1]), GradientError, "no parameter of MLP has a gradient: backward() was not called, or zero_grad()"),
        (Sequential(Tanh()), ArgumentError, "Sequential has no parameters; give a model that has some"),
        (MLP, ArgumentError, "given the class MLP; make a model of it"),
        (3, ArgumentError, "int has no parameters(); give a Module"),
        (OwnNetwork(OwnParameters()), ArgumentError, "a parameter of OwnNetwork is a float, not a Value"),
    ],
)
def test_gradients_refused(model, error, words):
    with pytest.raises(error) as caught:
        plot_gradients(model)
    assert str(caught.value).startswith("plot_gradients: ") and words in str(caught.value)
