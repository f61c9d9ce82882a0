"""Right engines pass, whatever is drawn: the four texts, ours, three other styles."""

from __future__ import annotations

import inspect
import random
import sys
import types

import numpy as np
import pytest

import micrograd
from micrograd import Value, nn
from micrograd.grading import Report, grade
from micrograd.grading.checks import Grading
from micrograd.grading.networks import networks
from micrograd.grading.random_expressions import random_expressions
from micrograd.grading.student import Student
from micrograd.texts import micrograduate, ngrad, pyimagesearch, walkthrough
from tests.grading import learner, styles
from tests.seeds import engine_000, engine_001, engine_002, engine_003

LIMITS = ["the same graph again", "depth 10,000"]  # of an engine as the texts have it

FEW = ["-a", "a - b", "a**3", "a / b", "2 - a", "2 / a", "a.exp()", "a.tanh()", "a.relu()", "Neuron", "Layer", "MLP"]

# A class, where its networks are, its limits, what it has not
ENGINES = {
    "text 000": (engine_000.Value, None, LIMITS, ["a.exp()", "a.tanh()"]),
    "text 001": (engine_001.Value, None, LIMITS, ["2 - a", "2 / a", "a.relu()"]),
    "text 002": (engine_002.Value, None, LIMITS, ["2 - a", "2 / a", "a.relu()"]),
    "text 003": (engine_003.Value, None, LIMITS, ["2 - a", "2 / a", "a.relu()"]),
    "micrograd": (Value, nn, [], []),
    "micrograd.texts 000": (pyimagesearch.Value, pyimagesearch, [], []),
    "micrograd.texts 001": (micrograduate.Value, micrograduate, [], []),
    "micrograd.texts 002": (ngrad.Value, ngrad, [], []),
    "micrograd.texts 003": (walkthrough.Value, walkthrough, [], []),
    "a learner": (learner.Value, None, LIMITS, []),
    "stored derivatives": (styles.Stored, None, LIMITS, ["a.tanh()", "Neuron", "Layer", "MLP"]),
    "a tape": (styles.Taped, None, [], ["a.exp()", "a.relu()", "Neuron", "Layer", "MLP"]),
    "a class per op": (
        styles.Classed,
        None,
        [],
        ["2 - a", "2 / a", "a.exp()", "a.relu()", "Neuron", "Layer", "MLP"],
    ),
    "a dataclass": (styles.Data, None, LIMITS, FEW),
    "slots": (styles.Slotted, None, LIMITS[:1], [*FEW[:4], "2 * a", *FEW[4:]]),
    "a recursion that waits": (styles.Counting, None, LIMITS[1:], [x for x in FEW if x != "a.relu()"]),
    "scalars of float32": (styles.Scalars, None, LIMITS, [x for x in FEW if x not in ("-a", "a - b", "a.tanh()")]),
}


@pytest.fixture(autouse=True)
def a_new_tape():
    styles.TAPE.clear()


@pytest.mark.parametrize("name", ENGINES)
def test_a_right_engine_passes(name, capfd):
    cls, module, limits, absent = ENGINES[name]
    report = grade(cls, module=module)
    assert report.passed, report
    assert [x.name for x in report.results if x.status == "limit"] == limits
    assert [x.name for x in report.results if x.status == "absent"] == absent
    assert capfd.readouterr() == ("", "")  # text 003 prints each node


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("seed", [1, 2])
def test_it_passes_whatever_is_drawn(name, seed):
    cls, module, *_ = ENGINES[name]
    grading = Grading(Student(cls), sys.modules[cls.__module__] if module is None else module, seed)
    random_expressions(grading)  # the seed is for these two stages
    networks(grading)
    assert not grading.failed, Report(grading.results)


def test_any_slope_of_a_relu_at_0_is_right():
    """With this seed a layer gives 0 only, and its biases are 0: each ReLU after it
    stands at its kink.
    """
    report = grade(Value, module=nn, seed=1180)
    assert report.passed, report


class Rows:
    """A layer with one array of weights, as in text 002."""

    def __init__(self, nin, nout):
        self.w = Value(np.ones((nin, nout)))
        self.b = Value(np.zeros(nout))

    def __call__(self, x):
        return np.array(x) @ self.w + self.b

    def parameters(self):
        return [self.w, self.b]


def test_a_network_of_arrays_is_not_graded_and_says_so():
    report = grade(Value, module=types.SimpleNamespace(Layer=Rows))
    (found,) = [x for x in report.results if x.name == "Layer"]
    assert (report.passed, found.status) == (True, "limit")
    assert found.said == (
        "Layer: not graded, as its parameters are arrays (3, 4) and (4,); the grader takes a Value per number"
    )


def test_grading_changes_nothing_outside():
    state = random.getstate()
    grade(learner.Value)
    assert random.getstate() == state


def test_the_texts_classes_are_the_authors_own():
    """None of them is ours, which is what they are compared with."""
    for engine in (engine_000, engine_001, engine_002, engine_003):
        assert not any(cls.__module__.startswith("micrograd") for cls in inspect.getmro(engine.Value))
    assert micrograd.grade is grade
