"""`fit(compile=True)` gives the numbers of `fit`."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import micrograd
from micrograd import nn, optim
from micrograd.errors import DivergenceError
from micrograd.nn import losses
from micrograd.train import fit

_rng = np.random.default_rng(0)
X = _rng.normal(size=(50, 3))
target = np.sin(X @ [1.0, -2.0, 0.5]).reshape(-1, 1)
classes = (target[:, 0] > 0).astype(int)


def _mse(prediction, y):
    return ((prediction - y) ** 2).mean()


def _network(*middle, out=1, bias=True):
    rng = np.random.default_rng(1)
    return nn.Sequential(nn.Linear(3, 8, bias=bias, rng=rng), *middle, nn.Linear(8, out, rng=rng))


# A model, a loss, the targets, and options of fit.
FITS = {
    "usual": (lambda: _network(nn.Tanh()), _mse, target, {}),
    "a last batch of another size": (lambda: _network(nn.ReLU()), _mse, target, {"batch_size": 16}),
    "windows": (lambda: _network(nn.Tanh()), _mse, target, {"batch_size": 8, "accumulate": 3}),
    "batch norm": (lambda: _network(nn.BatchNorm1d(8), nn.Tanh(), bias=False), _mse, target, {"batch_size": 25}),
    "validation": (lambda: _network(nn.Tanh()), _mse, target, {"validation": (X[:9], target[:9]), "patience": 2}),
    "metrics": (lambda: _network(nn.Tanh()), _mse, target, {"metrics": {"largest": lambda z, y: float(z.max())}}),
}
OPTIMISERS = {"sgd": lambda p: optim.SGD(p, 0.1, momentum=0.9), "adam": lambda p: optim.Adam(p, 0.01)}


def _fitted(make, loss, y, optimizer, options, compile):
    model = make()
    history = fit(
        model, loss, (X, y), optimizer(model.parameters()), epochs=4, seed=0, verbose=False, compile=compile, **options
    )
    return [
        *[history[name] for name in [*history.keys()] if name not in ("time", "seconds")],
        [p.data for p in model.parameters()],
    ]


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("optimizer", OPTIMISERS)
def test_the_same_numbers(name, optimizer):
    *parts, options = FITS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, wanted = [_fitted(*parts, OPTIMISERS[optimizer], options, compile) for compile in (True, False)]
    for a, b in zip(found, wanted, strict=True):
        for x, y in zip(a, b, strict=True):
            assert np.allclose(x, y, rtol=1e-10, atol=1e-12), name


def test_what_cannot_be_compiled_runs_as_always_with_one_warning():
    *parts, options = lambda: _network(nn.Dropout(0.5)), _mse, target, {}
    with pytest.warns(UserWarning, match=r"fit: compile=True has no effect, .*\n.*dropout draws random") as record:
        found = _fitted(*parts, OPTIMISERS["sgd"], options, True)
    assert len([w for w in record if "compile=True" in str(w.message)]) == 1
    wanted = _fitted(*parts, OPTIMISERS["sgd"], options, False)
    for a, b in zip(found, wanted, strict=True):
        for x, y in zip(a, b, strict=True):
            assert np.array_equal(x, y)


def _captures(monkeypatch):
    """The compiled functions that fit makes, as they come."""
    made = []

    def compile(function):
        made.append(micrograd.compile(function))
        return made[-1]

    monkeypatch.setattr("micrograd.train.forward.compiling.compile", compile)
    return made


@pytest.mark.parametrize("options", [{}, {"metrics": {"largest": lambda z, y: float(z.max())}}])
def test_the_whole_step_is_one_program(options, monkeypatch):
    made = _captures(monkeypatch)

    def halve(training):
        training.optimizer.param_groups[0]["lr"] *= 0.5

    _fitted(lambda: _network(nn.Tanh()), _mse, target, OPTIMISERS["adam"], {"callbacks": [halve], **options}, True)
    forward, step = made
    assert forward._captures == 0 and step._captures == 2  # whole batches, and the last one
    assert step._last.is_step


def test_a_callback_that_changes_the_model_is_seen():
    class Scaled(nn.Module):
        def __init__(self):
            self.inner, self.scale = nn.Linear(3, 1, rng=np.random.default_rng(0)), 1.0

        def __call__(self, x):
            return self.inner(x) * self.scale

    def grow(training):
        training.model.scale = 2.0

    parts = (Scaled, _mse, target, OPTIMISERS["sgd"], {"callbacks": [grow]})
    for a, b in zip(_fitted(*parts, True), _fitted(*parts, False), strict=True):
        for x, y in zip(a, b, strict=True):
            assert np.allclose(x, y, rtol=1e-10)


def test_a_training_that_is_resumed(tmp_path):
    def trained(epochs, compile, **options):
        model = _network(nn.Tanh())
        optimizer = optim.Adam(model.parameters(), 0.01)
        given = {"seed": 0, "verbose": False, "compile": compile, **options}
        return fit(model, _mse, (X, target), optimizer, epochs=epochs, **given)["loss"]

    trained(2, True, save=tmp_path / "a.npz")
    found = trained(4, True, resume=tmp_path / "a.npz")
    assert np.allclose(found, trained(4, False), rtol=1e-12)


def test_an_optimiser_that_cannot_be_compiled_runs_as_always():
    class Own(optim.SGD):
        def step(self, closure=None):
            if any(np.abs(p.grad).max() > 1e9 for group in self.param_groups for p in group["params"]):
                raise ValueError("too large")
            return super().step(closure)

    parts = (lambda: _network(nn.Tanh()), _mse, target, lambda p: Own(p, 0.1), {})
    with pytest.warns(UserWarning, match=r"fit: compile=True compiles the model and the loss, and the .*\n.*bool"):
        found = _fitted(*parts, True)
    for a, b in zip(found, _fitted(*parts, False), strict=True):
        for x, y in zip(a, b, strict=True):
            assert np.allclose(x, y, rtol=1e-10)


def test_labels():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = (lambda: _network(nn.Tanh(), out=2), losses.cross_entropy, classes, OPTIMISERS["adam"], {})
        found, wanted = [_fitted(*parts, compile) for compile in (True, False)]
    assert all(np.allclose(a, b, rtol=1e-10) for a, b in zip(found[-1], wanted[-1], strict=True))


def test_a_loss_that_is_not_finite_is_not_stepped_on():
    model = _network()
    before = [p.data.copy() for p in model.parameters()]
    data = (np.full_like(X, 1e300), target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(DivergenceError):
            fit(model, lambda z, y: (z * z).sum(), data, optim.SGD(model.parameters(), 0.1), compile=True)
    assert all((p.data == b).all() for p, b in zip(model.parameters(), before, strict=True))
