"""Code that raises, never ends, or ends the program gets a report, in words."""

from __future__ import annotations

import sys

import pytest

from micrograd import Value, grade
from micrograd.errors import ArgumentError
from tests.grading import styles
from tests.grading.planted import WALK, graded, the

# What is wrong, the change, and what is said of the first check that fails
HOSTILE = {
    "an op raises": (
        the("__mul__", "out =", "raise OSError('no')\n        out ="),
        "a * b, with a = 1.7, b = -0.6: raises OSError: no",
    ),
    "an op exits": (
        the("__mul__", "out =", "raise SystemExit\n        out ="),
        "a * b, with a = 1.7, b = -0.6: raises SystemExit",
    ),
    "an op gives None": (
        the("__mul__", "return out", "return None"),
        "a * b, with a = 1.7, b = -0.6: has no `data`: it is None",
    ),
    "an op gives a number": (
        the("__mul__", "return out", "return out.data"),
        "a * b, with a = 1.7, b = -0.6: has no `data`: it is a float",
    ),
    "an op is not implemented": (
        the("__mul__", "return out", "return NotImplemented"),
        "a * b, with a = 1.7, b = -0.6: raises TypeError: unsupported operand type(s) for *: 'Value' and 'Value'",
    ),
    "an op gives nan": (
        the("__mul__", "self.data * other.data", "float('nan')"),
        "a * b, with a = 1.7, b = -0.6: data is nan; it is -1.02",
    ),
    "an op is text": (
        the("__mul__", "self.data * other.data", "'6'"),
        "a * b, with a = 1.7, b = -0.6: has data '6'; it is a number",
    ),
    "an op is a list": (
        the("__mul__", "self.data * other.data", "[6]"),
        "a * b, with a = 1.7, b = -0.6: has a list as data; it is a number",
    ),
    "an op calls itself": (
        the("__mul__", "return out", "return self * other"),
        "a * b, with a = 1.7, b = -0.6: raises RecursionError: it calls itself too often",
    ),
    "an error cannot be told": (
        the("__mul__", "return out", "class E(Exception):\n            __str__ = None\n        raise E"),
        "a * b, with a = 1.7, b = -0.6: raises E",
    ),
    "the gradient is None": (
        (("self.grad = 0.0\n        self._prev", "self.grad = None\n        self._prev"),),
        "Value(2.0): grad is None; it is 0",
    ),
    "no gradient": (
        (("self.grad = 0.0\n        self._prev", "self._prev"),),
        "Value(2.0).grad has no `grad`: it is a Value",
    ),
    "the class takes nothing": (
        (('def __init__(self, data, _children=(), _op=""):', "def __init__(self):"),),
        "Value(2.0) raises TypeError",
    ),
    "backward does not end": (
        ((WALK, "        while True:\n            len(self._prev)\n"),),
        "a * b, with a = 1.7, b = -0.6: does not end, or takes millions of steps",
    ),
    "backward catches all": (
        (
            (
                WALK,
                "        while True:\n            try:\n                len(self._prev)\n"
                "            except Exception:\n                pass\n",
            ),
        ),
        "a * b, with a = 1.7, b = -0.6: does not end, or takes millions of steps",
    ),
    "no backward": ((("def backward(", "def back("),), "there is no `backward`"),
    "no product": ((("def __mul__(", "def product("),), "a * b: there is no `__mul__`"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_said(name):
    change, said = HOSTILE[name]
    report = graded(*(change if isinstance(change[0], tuple) else [change]))
    assert report.failed()[0].said.startswith(said), report.failed()[0]
    assert sys.getprofile() is None
    assert len({x.stage for x in report.results}) == 10  # it went on to the end
    assert all(x.follows for x in report.failed() if x.stage > 8), report


def test_an_error_clears_no_terminal():
    report = graded(the("__mul__", "out =", "raise OSError('no\\x1b[2J')\n        out ="))
    assert r"raises OSError: no\x1b[2J" in str(report)


def test_an_engine_that_walks_each_path_is_stopped():
    report = grade(styles.Spreading)
    (paths,) = [x for x in report.failed() if x.name == "2^40 paths"]
    assert paths.said == (
        "x = x * h + x * h, 40 times, with h = 0.5: backward() does not end, or takes millions of steps; "
        "2^40 paths lead to x"
    )
    assert paths.advice == (
        "a node passes its whole gradient on once for each path to it: remember visited nodes, and visit each once",
    )


def test_a_profiler_that_runs_is_put_back():
    heard = []
    sys.setprofile(lambda *event: heard.append(event[1]))
    try:
        mine = sys.getprofile()
        grade(styles.Classed, upto=1)
        assert sys.getprofile() is mine
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ([3.0], {}, "grade: 3.0 is not a class; give the class itself, as grade(Value)"),
        ([Value(3.0)], {}, "grade: Value(data=3.0, grad=0.0) is not a class; give the class itself, as grade(Value)"),
        ([Value], {"upto": 0}, "grade: upto=0: there is no such stage; take 1 to 10"),
        ([Value], {"upto": 11}, "grade: upto=11: there is no such stage; take 1 to 10"),
        ([Value], {"upto": "4"}, "grade: upto='4': there is no such stage; take 1 to 10"),
        ([Value], {"upto": True}, "grade: upto=True: there is no such stage; take 1 to 10"),
    ],
)
def test_arguments(arguments, options, message):
    with pytest.raises(ArgumentError) as error:
        grade(*arguments, **options)
    assert str(error.value) == message


class WithEverything:
    """It has every attribute, whoever asks."""

    def __init__(self, data):
        self.data, self.grad = data, 0.0

    def __getattr__(self, name):
        return lambda *given: self

    def __add__(self, other):
        return self

    __mul__ = __add__


@pytest.mark.parametrize("cls", [int, float, object, type, Exception, WithEverything])
def test_any_class_gets_a_report(cls):
    report = grade(cls)
    assert not report.passed
    assert {x.stage for x in report.results} == {*range(1, 11)}


def test_a_class_that_answers_no_question():
    class Strange(type):
        def __getattr__(cls, name):
            raise RuntimeError(name)

    class Value(metaclass=Strange):
        def __init__(self, data):
            self.data, self.grad = data, 0.0

    test_any_class_gets_a_report(Value)


@pytest.mark.parametrize("upto", [1, 4, 10])
def test_upto(upto):
    assert {x.stage for x in grade(Value, upto=upto).results} == {*range(1, upto + 1)}
