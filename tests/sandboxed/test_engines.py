"""The graph of an engine that a reader has written."""

from __future__ import annotations

import random
import sys

import pytest

from micrograd.sandboxed import inside, run_apart

ENGINE = """
import math


class Value:
    def __init__(self, data, _children=(), _op="", label=""):
        self.data, self.grad, self.label = data, 0.0, label
        self._prev, self._op, self._backward = set(_children), _op, lambda: None

    def _out(self, data, op, *slopes):
        out = Value(data, [x for x, _ in slopes], op)

        def _backward():
            for x, slope in slopes:
                x.grad += slope * out.grad

        out._backward = _backward
        return out

    def __add__(self, other):
        return self._out(self.data + other.data, "+", (self, 1.0), (other, 1.0))

    def __sub__(self, other):
        return self._out(self.data - other.data, "-", (self, 1.0), (other, -1.0))

    def __mul__(self, other):
        return self._out(self.data * other.data, "*", (self, other.data), (other, self.data))

    def __truediv__(self, other):
        x, y = self.data, other.data
        return self._out(x / y, "/", (self, 1 / y), (other, -x / y**2))

    def __pow__(self, n):
        return self._out(self.data**n, f"**{n}", (self, n * self.data ** (n - 1)))

    def tanh(self):
        t = math.tanh(self.data)
        return self._out(t, "tanh", (self, 1 - t * t))

    def exp(self):
        e = math.exp(self.data)
        return self._out(e, "exp", (self, e))

    def relu(self):
        return self._out(max(0.0, self.data), "ReLU", (self, float(self.data > 0)))

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if v not in seen:
                seen.add(v)
                for x in v._prev:
                    visit(x)
                order.append(v)

        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            v._backward()


"""


@pytest.fixture
def told(monkeypatch):
    """What is told of a program that runs here, without limits."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    return lambda code: inside.told_of({"code": ENGINE + code, "wanted": "run"}, ["math", "micrograd"])


def test_a_graph_across_the_border():
    answer = run_apart(ENGINE + "a = Value(3.0)\nb = a + a\nL = (b * a).tanh()\nL.backward()")
    assert answer["error"] is None
    graph = answer["graph"]
    assert graph["title"] == "L"
    assert graph["nodes"]["label"] == {"0": "a", "1": "b", "3": "L"}
    assert graph["nodes"]["data"][:3] == [3.0, 6.0, 18.0]
    assert [op["symbol"] for op in graph["ops"]] == ["+", "*", "tanh"]


def test_the_gradients_are_those_of_a_right_engine(told):
    """Each order of the inputs is found, and a value that is used twice."""
    generator = random.Random(7)
    for _ in range(100):
        lines = [f"v{i} = Value({generator.uniform(0.2, 2)!r})" for i in range(3)]
        for i in range(3, 12):
            x, y = (f"v{generator.randrange(i)}" for _ in range(2))
            ways = [f"{x} {op} {y}" for op in "+-*/"] + [f"{x}.{f}()" for f in ("tanh", "relu")] + [f"{x}**2"]
            lines.append(f"v{i} = ({generator.choice(ways)}).tanh() + v1")
        answer = told("\n".join([*lines, "v11.backward()"]))
        if "does not say the order" in str(answer["error"]) or "float division by zero" in str(answer["error"]):
            continue
        assert answer["error"] is None
        assert answer["graph"]["title"] == "v11"
        notes = answer["graph"]["notes"]
        assert notes["whole"] == ""
        for note in notes["nodes"].values():  # sums in another order
            own, ours = (float(text.split()[-1]) for text in note.rstrip(".").split(";"))
            assert own == pytest.approx(ours, rel=1e-6, abs=1e-9)


def test_a_gradient_that_is_wrong_is_named(told):
    answer = told("a = Value(3.0, label='x')\nb = a + a\nb.backward()\na.grad = 1.0")
    assert answer["graph"]["notes"]["nodes"] == {"0": "x.grad is 1; this pass gives 2."}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (
            "b._op = 'twice'",
            "DrawError: the op 'twice' is not known here; write _op as '+', '*', '**2', 'tanh' and so on",
        ),
        (
            "b = Value(5.0) - a\nb.data += 1",  # no order gives that
            "DrawError: `_prev` does not say the order of the inputs of '-'; make it a tuple",
        ),
        (
            "b = Value(5.0) / a\nb.data = float('nan')",
            "DrawError: `_prev` does not say the order of the inputs of '/'; make it a tuple",
        ),
        ("b = a - Value(3.0)", "DrawError: `_prev` does not say the order of the inputs of '-'; make it a tuple"),
        ("b._prev = {1}", "DrawError: the `_prev` of '+' holds int; put values there only"),
        ("a._prev = {b}", "DrawError: a value is made of itself; was its `_prev` changed after it was made?"),
        ("a._prev = {a}", "DrawError: a value is made of itself; was its `_prev` changed after it was made?"),
        (
            "for _ in range(20_000):\n    b = b + a",
            "DrawError: there are more than 20,000 values, and no more are shown",
        ),
    ],
)
def test_what_cannot_be_shown(told, code, error):
    assert told(f"a = Value(3.0)\nb = a + a\n{code}")["error"] == f"the graph cannot be shown: {error}"


@pytest.mark.parametrize("code", ["a = Value", "a = Value(1.0)\na.data = 'x'", "a = Value(1.0)\na._prev = None"])
def test_what_is_no_value(told, code):
    assert told(code) == {"error": None, "line": None, "graph": None}


def test_values_are_called_as_in_the_program(told):
    code = "from micrograd import Value\na = Value(2.0)\nw = Value(3.0, label='weight')\nb = a * w\nloss = c = b + a"
    assert told(code)["graph"]["nodes"]["label"] == {"0": "a", "1": "weight", "2": "b", "3": "loss"}
