"""Every program of the four texts, compiled: the numbers and gradients of eager."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import micrograd
from micrograd import Value, engine
from micrograd.draw import draw
from micrograd.errors import CaptureError, CompileWarning
from micrograd.trees import leaves_of
from tests.compiling.text_programs import NOTHING, PROGRAMS, diamond, of
from tests.seeds import test_000_pyimagesearch as text_000
from tests.seeds import test_001_micrograduate as text_001
from tests.seeds import test_001_network as network_001
from tests.seeds import test_002_arrays as text_002
from tests.seeds import test_003_backpropagation as text_003

SEEDS = Path(__file__).parents[1] / "seeds"
_named = {make: f"{test}: {name}" for test, programs in PROGRAMS.items() for name, make in programs.items()}
EACH = {name: make for make, name in _named.items()}  # what is in several texts runs once


def test_every_program_of_the_texts_is_here():
    found = set()
    for path in SEEDS.glob("test_00*.py"):
        number = re.sub("_(pyimagesearch|micrograduate|arrays|backpropagation)$", "", path.stem.removeprefix("test_"))
        found |= {f"{number} {name}" for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)}
    named = [f"{tests.split()[0]} {name}" for tests in PROGRAMS for name in re.findall(r"test_\w+", tests)]
    assert sorted([*named, *NOTHING]) == sorted(found)


def _log(make, compiled=lambda function: function):
    """All results, and all data and gradients of the values, after each call."""
    function, calls, values = make()
    function = compiled(function)
    rows = []
    for args in calls:
        results = leaves_of(function(*args))
        for z in results:
            if isinstance(z, Value) and not micrograd.node.is_constant(z):
                z.backward()
        numbers = [z.data if isinstance(z, Value) else z for z in results]
        rows += [*numbers, *[z.grad for z in results if isinstance(z, Value)]]
        rows += [x for v in values for x in (v.data, v.grad)]
    return rows


def _check(found, wanted, tolerance):
    assert len(found) == len(wanted)
    for got, right in zip(found, wanted, strict=True):
        assert type(got) is type(right)
        assert np.shape(got) == np.shape(right)
        error = np.abs(np.asarray(got, float) - np.asarray(right, float)).max(initial=0.0)
        assert error <= tolerance * max(1.0, np.abs(np.asarray(right, float)).max(initial=0.0))


def _is_of_numbers(make):
    _, calls, values = make()
    given = [*values, *leaves_of([list(args) for args in calls])]
    return not any(np.shape(x.data if isinstance(x, Value) else x) for x in given)


@pytest.mark.parametrize("name", EACH)
def test_a_program(name):
    make = EACH[name]
    _check(_log(make, lambda f: micrograd.compile(f, backend="numpy")), _log(make), 1e-12)


# gcc takes a tenth of a second for each program, so all of one kind are one


def _together(makers):
    """A function that runs them all, and its values."""
    parts = [make() for make in makers]
    functions = [function for function, _, _ in parts]
    args = [calls[0] for _, calls, _ in parts]
    values = [v for _, _, values in parts for v in values]
    return lambda *given: [f(*x) for f, x in zip(functions, given, strict=True)], [args] * 3, values


def _is_step(make):
    function, calls, values = make()
    before = [v.grad for v in values]
    function(*calls[0])
    return any(np.any(a != b) for a, b in zip([v.grad for v in values], before, strict=True))


LOSSES = [make for make in EACH.values() if not _is_step(make)]
STEPS = {name: make for name, make in EACH.items() if _is_step(make)}


WAYS = {
    "c": (lambda f: micrograd.compile(f, backend="c"), 1e-12),
    "tape": (lambda f: micrograd.compile(f, backend="tape"), 0.0),
    "exact": (lambda f: micrograd.compile(f, exact=True), 0.0),
}


@pytest.mark.parametrize(("way", "are_numbers"), [("c", True), ("c", False), ("tape", True)])
def test_all_losses(way, are_numbers):
    makers = [make for make in LOSSES if _is_of_numbers(make) == are_numbers]
    compiled, tolerance = WAYS[way]

    def make():
        return _together(makers)

    _check(_log(make, compiled), _log(make), tolerance)


@pytest.mark.parametrize("way", WAYS)
def test_a_training(way):
    make = STEPS["001_network test_printed_numbers: training"]
    compiled, tolerance = WAYS[way]
    _check(_log(make, compiled), _log(make), tolerance)


# What runs uncompiled, and what is refused


CLASSES = {
    "000, functions on a subclass": type("Value", (engine.Value,), {}),
    **{f"001, {name}": cls for name, cls in text_001.CHAIN.items() if name not in ("tanh", "_backward")},
    "001, in micrograd.texts": text_001.micrograduate.LastValue,
    "002, as described": text_002.CLASSES["as described"],
    "002, in micrograd.texts": text_002.ngrad.Value,
    "003, adding": text_003.CLASSES["adding"],
}
for method_name, method in text_000.custom_methods(CLASSES["000, functions on a subclass"]).items():
    setattr(CLASSES["000, functions on a subclass"], method_name, method)


def _uncompiled(make):
    """The same log, and one warning that says why."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = _log(make, micrograd.compile)
    assert [w.category for w in said if "runs uncompiled" in str(w.message)] == [CompileWarning]
    _check(found, _log(make), 0.0)


@pytest.mark.parametrize("name", CLASSES)
def test_the_texts_own_classes_run_uncompiled(name):
    def program(a, b):
        return diamond(a, b)[0]

    _uncompiled(lambda: of(program, -2.0, 3.0, Value=CLASSES[name]))


@pytest.mark.parametrize("name", network_001.COMPOSITE_NETWORKS)
def test_networks_of_them_run_uncompiled(name):
    def make():
        mlp = network_001.NETWORKS[name](3, [4, 4, 1])
        network_001.load(mlp, network_001.printed.PARAMETERS)
        return lambda: network_001.calc_loss(network_001.forward_pass_mlp(mlp), network_001.ys), [()] * 3, []

    _uncompiled(make)


def test_functions_on_our_class_run_uncompiled(monkeypatch):
    for name, method in text_000.custom_methods(engine.Value).items():
        monkeypatch.setattr(engine.Value, name, method)
    _uncompiled(lambda: of(lambda a, b: (a + b) * b, 2.0, 3.0))


def test_an_op_with_a_backward_of_its_own_runs_uncompiled():
    def double(a):
        out = Value(2 * a.data, (a,), "double")

        def _backward():
            a.grad += 2 * out.grad

        out._backward = _backward
        return out

    _uncompiled(lambda: of(lambda p: double(p * 2.0) + p * 3.0, 1.0))


def _one_by_one(*values):
    o = text_001.activate_neuron(Value).o
    o.grad = 1.0
    for node in reversed(engine.toposort(o)):
        node._backward()


REFUSED = {
    "prints": (lambda a, b: f"{a} + {b} => {a + b}", "print of a number"),
    "a picture": (lambda a, b: draw(a * b).source, "print of a number"),
    "one backward after another": (_one_by_one, r"_backward\(\) of a number"),
    "gradients of what is made inside": (
        lambda a, b: text_003.grads(_walked(text_003.neuron(Value))),
        "gradient of a value is read that the function has made itself",
    ),
}


def _walked(v):
    v.o.backward()
    return v


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    function, message = REFUSED[name]
    program, _, _ = of(function, 5.0, 6.0)
    with pytest.raises(CaptureError, match=message):
        micrograd.compile(program)()
