"""The programs of examples/, and the trainings of the pages, compiled: the same losses.

Sizes are small. A program with a fit takes `compile=True`; of the others the function
is compiled that is called most.
"""

from __future__ import annotations

import functools
import importlib
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import micrograd
from micrograd import Value, grad, hessian, nn, optim
from micrograd.data import load_digits, make_moons, train_test_split
from micrograd.errors import CaptureError
from micrograd.nn import losses
from micrograd.scipy import least_squares
from micrograd.train import accuracy, fit

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name):
    """The module of an example."""
    if str(EXAMPLES) not in sys.path:
        sys.path.append(str(EXAMPLES))
    return importlib.import_module(name)


def _undropped(module):
    """The same module without dropout, whose draws are refused."""
    for part in module.modules():
        if hasattr(part, "p"):
            part.p = 0.0
        if hasattr(part, "dropout") and isinstance(part.dropout, float):
            part.dropout = 0.0
    return module


def _moons(compile, monkeypatch):
    moons = example("moons")
    monkeypatch.setattr(moons, "fit", functools.partial(fit, compile=compile, verbose=False))
    return moons.main(["--small"])["history"]["loss"]


def _digits(compile, monkeypatch):
    digits = example("digits")
    monkeypatch.setattr(digits, "fit", functools.partial(fit, compile=compile, verbose=False))
    X, y = load_digits()
    X, rng = (X[:128] / 16.0).reshape(-1, 1, 8, 8).astype("float32"), np.random.default_rng(0)
    return digits.train(_undropped(digits.network(2, rng)), X, y[:128], 2, rng)["loss"]


def _names(compile, monkeypatch):
    names = example("names")
    rng, words = np.random.default_rng(0), names.NAMES[:24]
    alphabet = "".join(sorted(set("".join(words))))
    inputs, targets = names.encoded(words, alphabet)
    model = _undropped(names.Model(len(alphabet) + 1, inputs.shape[1], 8, 1, rng))
    if compile:
        monkeypatch.setattr(names, "loss_of", micrograd.compile(names.loss_of))
    return [row[1:] for row in names.train(model, (inputs, targets), (inputs[:4], targets[:4]), 4, 8, rng)]


def _neural_ode(compile, monkeypatch):
    ode = example("neural_ode")
    rng = np.random.default_rng(0)
    points = rng.normal(size=(12, 2))
    net = nn.Sequential(nn.Linear(2, 4, rng=rng), nn.Tanh(), nn.Linear(4, 2, rng=rng))

    def loss(points):  # the times must be numbers: so the length is no argument
        return ode.loss_of(net, points, np.arange(4), 3)

    return _descent(micrograd.compile(loss) if compile else loss, net, [(points,)] * 4)


def _descent(loss, model, calls):
    """The losses of some steps."""
    sgd, found = optim.SGD(model.parameters(), lr=0.01), []
    for args in calls:
        sgd.zero_grad()
        z = loss(*args)
        z.backward()
        sgd.step()
        found.append(z.data)
    return found


def _physics_informed(compile, monkeypatch):
    physics = example("physics_informed")
    net, friction = physics.network(4, np.random.default_rng(0)), Value(1.0)

    def loss(t):
        residuals = physics.law({"net": net, "friction": friction}, t)
        return (residuals * residuals).sum()

    times = np.linspace(0.0, 1.0, 6)[:, None]
    return _descent(micrograd.compile(loss) if compile else loss, net, [(times * k,) for k in (1.0, 0.9, 0.8)])


def _newton(compile, monkeypatch):
    newton = example("newton")
    if compile:
        derivative, second = micrograd.compile(grad(newton.rosenbrock)), micrograd.compile(hessian(newton.rosenbrock))
        monkeypatch.setattr(newton, "grad", lambda f: derivative)
        monkeypatch.setattr(newton, "hessian", lambda f: second)
    x, steps = newton.minimise(newton.newton_step, 4)
    return [*x, steps]


def _pendulum(compile, monkeypatch):
    pendulum = example("pendulum")
    if compile:
        monkeypatch.setattr(pendulum, "acceleration", micrograd.compile(pendulum.acceleration))
    return pendulum.main(["--seconds", "0.05"])["q"]


def _curve_fitting(compile, monkeypatch):
    curve = example("curve_fitting")
    t, y, sigma = curve.readings(18, np.random.default_rng(5))
    popt, pcov = curve.fitted(t, y, sigma)
    band = micrograd.compile(curve.band) if compile else curve.band
    return [band(t + k, popt, pcov) for k in range(3)]


def _custom_op(compile, monkeypatch):
    op, found = example("custom_op").log1mexp, []
    f = micrograd.compile(lambda x: op(x).sum()) if compile else lambda x: op(x).sum()
    for k in range(3):
        x = Value(np.array([-0.01, -1.0, -50.0]) * (k + 1.0))
        z = f(x)
        z.backward()
        found += [z.data, x.grad]
    return found


# The pages


def _training_page(compile, monkeypatch):
    X, y = make_moons(120, noise=0.2, random_state=0)
    X, X_val, y, y_val = train_test_split(X, y, test_size=40, seed=0)
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(2, 8, rng=rng), nn.ReLU(), nn.Linear(8, 2, rng=rng))
    adam = optim.Adam(model.parameters(), lr=0.02)
    options = {"validation": (X_val, y_val), "metrics": accuracy, "patience": 10, "seed": 0, "verbose": False}
    history = fit(model, losses.cross_entropy, (X, y), adam, epochs=3, compile=compile, **options)
    return [history["loss"], history["accuracy"], history["val_loss"]]


def _fitting_page(compile, monkeypatch):
    x = np.arange(6.0)
    y = 2.0 * x + 1.0 + np.array([0.0, 0.0, 30.0, 0.0, 0.0, 0.0])

    def residuals(p):
        return p["slope"] * x + p["zero"] - y

    f = micrograd.compile(residuals) if compile else residuals  # within the transforms of the solver it runs as it is
    return [f({"slope": 1.5, "zero": 0.5}), *least_squares(f, {"slope": 0.0, "zero": 0.0}, loss="cauchy").x.values()]


def _layers_page(compile, monkeypatch):
    rng = np.random.default_rng(0)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1, rng=rng),
        nn.BatchNorm2d(2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8, 3, rng=rng),
    )

    def loss(x):
        z = model(x)
        return (z * z).mean()

    calls = [(rng.normal(size=(5, 1, 4, 4)),) for _ in range(4)]
    found = _descent(micrograd.compile(loss) if compile else loss, model, calls)
    return [*found, model[1].running_mean, model[1].running_var]


class Reader(nn.Module):
    """The model of docs/sequences.md: is a word English or German?"""

    def __init__(self, rng):
        self.embedding = nn.Embedding(27, 4, padding_idx=0, rng=rng)
        self.lstm = nn.LSTM(4, 5, batch_first=True, rng=rng)
        self.head = nn.Linear(5, 2, rng=rng)

    def forward(self, x):
        _, (h_n, _) = self.lstm(self.embedding(x))
        return self.head(h_n[-1])


def _sequences_page(compile, monkeypatch):
    words = "water house bread night light apple wasser haus brot nacht licht apfel".split()
    X = np.array([[ord(letter) - 96 for letter in word.rjust(6, "`")] for word in words])
    reader = Reader(np.random.default_rng(0))
    options = {"epochs": 3, "batch_size": 6, "seed": 0, "verbose": False, "compile": compile}
    adam = optim.Adam(reader.parameters(), lr=0.02)
    return fit(reader, losses.cross_entropy, (X, np.repeat([0, 1], 6)), adam, **options)["loss"]


PROGRAMS = {
    "moons": (_moons, 1e-12),
    "digits": (_digits, 1e-5),
    "names": (_names, 1e-5),
    "neural_ode": (_neural_ode, 1e-12),
    "physics_informed": (_physics_informed, 1e-12),
    "newton": (_newton, 1e-12),
    "pendulum": (_pendulum, 1e-12),
    "curve_fitting": (_curve_fitting, 1e-12),
    "custom_op": (_custom_op, 1e-12),
    "docs/training.md": (_training_page, 1e-12),
    "docs/fitting.md": (_fitting_page, 1e-12),
    "docs/layers.md": (_layers_page, 1e-12),
    "docs/sequences.md": (_sequences_page, 1e-12),
}
UNCOMPILED = {"train_larger_than_memory"}  # see test_larger_than_memory


def test_every_example_is_here():
    names = {name for name in PROGRAMS if not name.startswith("docs/")}
    assert names | UNCOMPILED == {path.stem for path in EXAMPLES.glob("*.py")}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_losses(name, monkeypatch, capsys):
    program, tolerance = PROGRAMS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # none says that it has run uncompiled
        found = []
        for compile in (False, True):
            with monkeypatch.context() as patch:
                found.append(program(compile, patch))
    for wanted, got in zip(*found, strict=True):
        assert np.max(np.abs(np.subtract(got, wanted))) <= tolerance * max(1.0, np.max(np.abs(wanted)))


def test_dropout_runs_uncompiled_in_a_fit_and_says_so(monkeypatch):
    digits = example("digits")
    X, y = load_digits()
    logs = []
    for compile in (False, True):
        monkeypatch.setattr(digits, "fit", functools.partial(fit, compile=compile, verbose=False))
        rng = np.random.default_rng(0)
        pictures = (X[:128] / 16.0).reshape(-1, 1, 8, 8).astype("float32")
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            logs.append(digits.train(digits.network(2, rng), pictures, y[:128], 1, rng)["loss"])
        assert ["compile=True has no effect" in str(w.message) for w in said] == [True] * compile
    assert logs[0] == logs[1]
    names = example("names")
    model = names.Model(5, 4, 8, 1, np.random.default_rng(0))
    with pytest.raises(CaptureError, match="dropout draws random numbers"):
        micrograd.compile(names.loss_of)(model, np.zeros((2, 4), int), np.zeros((2, 4), int))


def test_larger_than_memory():
    pytest.importorskip("dask.array", reason="the extra `dask` is not installed")
    larger = example("train_larger_than_memory")
    data, parameters = larger.plan(200, 100), larger.new_parameters()

    def loss():
        w1, b1, w2, b2 = parameters
        X, target = data[:, : larger.NIN], data[:, larger.NIN :]
        return ((micrograd.ops.tanh(X @ w1 + b1) @ w2 + b2 - target) ** 2).mean()

    with pytest.warns(micrograd.errors.CompileWarning, match="runs uncompiled, as a Value holds an array of dask"):
        z = micrograd.compile(loss)()
    assert float(z.data) == float(loss().data)
