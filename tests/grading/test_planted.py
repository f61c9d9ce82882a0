"""Slips planted in a right engine: each is the first check that fails, and is named."""

from __future__ import annotations

import re
import types
from pathlib import Path

import pytest

from micrograd.grading import grade
from micrograd.grading.slips import SLIPS

SOURCE = (Path(__file__).parent / "learner.py").read_text(encoding="utf-8")


def learner(*changes):
    """The module of the right engine with pieces of its source changed."""
    source = SOURCE
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    module = types.ModuleType("learner")
    exec(compile(source, "learner.py", "exec"), module.__dict__)
    return module


def graded(*changes, **options):
    module = learner(*changes)
    return grade(module.Value, module=module, **options)


def test_the_learners_engine_is_right():
    report = graded()
    assert report.passed
    assert [x.name for x in report.results if x.status == "limit"] == ["the same graph again", "depth 10,000"]


def the(method, old, new):
    """A change inside one method."""
    start = SOURCE.index(f"    def {method}(")
    end = SOURCE.find("\n    def ", start + 1)
    text = SOURCE[start : end if end > 0 else None]
    assert old in text, (method, old)
    return text, text.replace(old, new)


WALK = SOURCE[SOURCE.index("        topo, visited") : SOURCE.index("\n\nclass Neuron")]
SORTED = "each node passes its gradient on before all of its own has arrived"

# What is wrong; the changes; the check that fails first; in which words; the advice
PLANTED = {
    "= for +=": (
        [("self.grad += ", "self.grad = "), ("other.grad += ", "other.grad = ")],
        "a + a",
        "a + a, with a = 3: a.grad is 1; it is 2",
        "the gradients are set with `=`; where a value is used twice, both parts count: `+=`",
    ),
    "no topological sort": (
        [
            (
                WALK,
                "        self.grad = 1.0\n        self.spread()\n\n    def spread(self):\n        self._backward()\n"
                "        for child in self._prev:\n            child.spread()\n",
            )
        ],
        "b + b * 3",
        "",
        SORTED,
    ),
    "no visited set": ([("if node not in visited:", "if True:")], "b + b * 3", "", SORTED),
    "level by level": (
        [
            (
                WALK,
                "        queue, seen = [self], {self}\n        for node in queue:\n"
                "            for child in node._prev:\n"
                "                if child not in seen:\n                    seen.add(child)\n"
                "                    queue.append(child)\n        self.grad = 1.0\n        for node in queue:\n"
                "            node._backward()\n",
            )
        ],
        None,  # the set decides whether the first program shows it
        "",
        "a node passes its gradient on before all of its own has arrived: sort the nodes by their inputs",
    ),
    "zero_grad of Value does nothing": (
        [the("zero_grad", "self.grad = 0.0", "pass")],
        "zero",
        "(w * 2).backward(), then w.zero_grad(), then the same again: w.grad is 4; it is 2",
        "zero_grad() does not set the gradients to 0, and the next backward() adds to what is there",
    ),
    "visited is kept": (
        [
            ("topo, visited = [], set()", "topo, visited = [], VISITED"),
            ("class Value:", "VISITED = set()\n\n\nclass Value:"),
        ],
        "the same graph, after zero",
        "",
        "what backward() visits is kept from the first time: make the list and the set anew in each backward()",
    ),
    "exponent not lowered": (
        [("n * self.data ** (n - 1)", "n * self.data**n")],
        "**",
        "a**3: gradient of a, with a = 1.7 and out.grad = 3: a.grad is 44.217; it is 3 * 8.67 = 26.01",
        "the exponent is not lowered: d(a**n)/da = n a**(n-1)",
    ),
    "exponent no factor": (
        [("n * self.data ** (n - 1)", "self.data ** (n - 1)")],
        "**",
        "",
        "the factor n is missing: d(a**n)/da = n a**(n-1)",
    ),
    "tanh without the square": (
        [("(1 - t**2)", "(1 - t)")],
        "tanh",
        "",
        "the square is missing: d tanh(a)/da = 1 - tanh(a)**2",
    ),
    "tanh of the input": ([("(1 - t**2)", "(1 - self.data**2)")], "tanh", "", "the input stands where the output is"),
    "factors swapped": (
        [
            ("self.grad += other.data * out.grad", "self.grad += self.data * out.grad"),
            ("other.grad += self.data * out.grad", "other.grad += other.data * out.grad"),
        ],
        "*",
        "a * b: gradient of a, with a = 1.7, b = -0.6 and out.grad = 3: a.grad is 5.1; it is 3 * (-0.6) = -1.8",
        "the factors are swapped: d(a*b)/da = b and d(a*b)/db = a",
    ),
    "the sign of - forgotten": (
        [("other.grad -= out.grad", "other.grad += out.grad")],
        "-",
        "a - b: gradient of b, with a = 1.7, b = -0.6 and out.grad = 3: b.grad is 3; it is 3 * (-1) = -3",
        "the sign is missing: d(a-b)/db = -1",
    ),
    "relu passes everything": (
        [("(self.data > 0) * out.grad", "out.grad")],
        "relu",
        "a.relu(): gradient of a, with a = -0.6 and out.grad = 3: a.grad is 3; it is 3 * 0 = 0",
        "relu passes everything: below 0 its derivative is 0",
    ),
    "relu's mask by the gradient": (
        [("(self.data > 0) * out.grad", "(self.grad > 0) * out.grad")],
        "relu",
        "",
        "the mask reads self.grad, which is 0 until the gradient arrives: it has to read the data",
    ),
    "relu's forward is the input": ([("max(0.0, self.data)", "self.data")], "relu", "", "below 0 relu gives 0"),
    "quotient without minus": (
        [("-self.data / other.data**2", "self.data / other.data**2")],
        "/",
        "",
        "the minus is missing: d(a/b)/da = 1/b and d(a/b)/db = -a/b**2",
    ),
    "quotient without square": (
        [("-self.data / other.data**2", "-self.data / other.data")],
        "/",
        "",
        "the square is missing",
    ),
    "quotient without dividend": (
        [("-self.data / other.data**2", "-1 / other.data**2")],
        "/",
        "",
        "the factor a is missing",
    ),
    "no __radd__": (
        [("__radd__", "add_from_the_right")],
        "sum([a, b])",
        "sum([a, b]), with a = 2, b = 5: raises TypeError: unsupported operand type(s) for +: 'int' and 'Value'",
        "write `__radd__`: sum() begins with 0 + a",
    ),
    "out.grad forgotten in +": (
        [
            the(
                "__add__",
                "self.grad += out.grad\n            other.grad += out.grad",
                "self.grad += 1\n            other.grad += 1",
            )
        ],
        "+",
        "a + b: gradient of a, with a = 1.7, b = -0.6 and out.grad = 3: a.grad is 1; it is 3 * 1 = 3",
        "the factor out.grad is missing: derivative times out.grad",
    ),
    "out.grad forgotten in tanh": (
        [("(1 - t**2) * out.grad", "1 - t**2")],
        "tanh",
        "",
        "the factor out.grad is missing",
    ),
    "out.data for out.grad": (
        [the("exp", "out.data * out.grad", "out.data * out.data")],
        "exp",
        "",
        "out.data stands where out.grad is needed",
    ),
    "data of constants changed": (
        [
            the(
                "__mul__",
                "other.grad += self.data * out.grad",
                "other.grad += self.data * out.grad\n            other.data += 1",
            )
        ],
        "data after backward()",
        "k = a * 3; k * b + k, with a = 2, b = 5: b.data is 6; it is 5",
        "backward() changes data; it changes gradients, and nothing else",
    ),
    "backward starts with the data": (
        [("self.grad = 1.0\n", "self.grad = self.data\n")],
        "backward()",
        "a * b, with a = 1.7, b = -0.6: a.grad is 0.612; it is -0.6",
        "backward() starts with the data: it starts with self.grad = 1",
    ),
    "backward without a start": (
        [("        self.grad = 1.0\n", "")],
        "backward()",
        "",
        "backward() starts with 0: it starts with self.grad = 1",
    ),
    "exp uses its input": (
        [the("exp", "out.data * out.grad", "self.data * out.grad")],
        "exp",
        "",
        "the input stands where the output is needed: d exp(a)/da = exp(a)",
    ),
    "data rounded": (
        [("self.data = data\n", "self.data = int(data)\n")],
        "Value(-1.5)",
        "Value(-1.5): data is -1; it is -1.5",
        "the number is rounded: keep it as it is, with its fraction",
    ),
    "result rounded": (
        [("Value(self.data + other.data", "Value(round(self.data + other.data)")],
        "+",
        "",
        "the number is rounded",
    ),
    "__rsub__ reversed": (
        [the("__rsub__", "Value(other) - self", "self - other")],
        "2 - a",
        "2 - a, with a = 1.7: data is -0.3; it is 0.3",
        "the operands are reversed: Python calls a.__rsub__(2) for 2 - a",
    ),
    "__rtruediv__ reversed": (
        [the("__rtruediv__", "Value(other) / self", "self / other")],
        "2 / a",
        "",
        "the operands are reversed",
    ),
    "__rpow__ reversed": (
        [the("__rpow__", "out = Value(base**self.data", "out = Value(self.data**base")],
        "2**a",
        "",
        "the operands are reversed: Python calls a.__rpow__(2) for 2 ** a",
    ),
    "only one input": (
        [the("__mul__", "other.grad += self.data * out.grad", "pass")],
        "*",
        "",
        "only self gets a part",
    ),
    "gradients are subtracted": (
        [
            the(
                "__add__",
                "self.grad += out.grad\n            other.grad += out.grad",
                "self.grad -= out.grad\n            other.grad -= out.grad",
            )
        ],
        "+",
        "",
        "the parts have the wrong sign",
    ),
    "negative with the sign of +": (
        [("-1.0 * out.grad", "1.0 * out.grad")],
        "neg",
        "",
        "the sign is missing: d(-a)/da = -1",
    ),
    "log of the input": ([("1 / self.data * out.grad", "self.data * out.grad")], "log", "", "it is one over the input"),
    "results without inputs": (
        [the("exp", "(self,)", "()")],
        "exp",
        "a is not among the inputs of the result, and no gradient finds it: (self,)",
        None,
    ),
    "a number among the inputs": (
        [the("__pow__", "(self,)", "(self, n)")],
        "random expressions",
        "raises AttributeError: 'int' object has no attribute '_prev'",
        "a plain number is among the inputs of a node: give only Values, as (self,)",
    ),
    "an op changes its input": (
        [the("__neg__", "out = Value(-self.data", "self.data = -self.data\n        out = Value(self.data")],
        "neg",
        "-a, with a = 1.7: a.data is -1.7; it is 1.7",
        "an op makes a new value, and leaves its inputs as they are",
    ),
    "neuron without bias": (
        [("zip(self.w, x, strict=True)), self.b).tanh()", "zip(self.w, x, strict=True)), Value(0)).tanh()")],
        "Neuron",
        "",
        "the bias is not added",
    ),
    "neurons are one": (
        [("[Neuron(nin) for _ in range(nout)]", "[Neuron(nin)] * nout")],
        "Layer",
        "",
        "make a new one each time",
    ),
    "biases left out": (
        [("return self.w + [self.b]", "return self.w")],
        "Layer",
        "Layer(3, 4) has 12 parameters; it has 16",
        "the biases are not among the parameters",
    ),
    "the network's zero_grad does nothing": (
        [("            p.grad = 0.0\n", "            pass\n")],
        "zero_grad",
        "",
        "zero_grad() sets p.grad = 0 for each p of self.parameters()",
    ),
}


# These engines have no steps of their own, so the first thing tried is `backward()` of
# a + b: with these slips it gives the numbers of a wrong start.
LIKE_A_WRONG_START = {"out-data-add", "own-grad-add"}


@pytest.mark.parametrize("slip", sorted(SLIPS.keys() - LIKE_A_WRONG_START))
def test_each_wrong_engine_is_named(slip):
    """The engines with which slips are named, graded themselves: each row is right."""
    first = grade(SLIPS[slip], upto=4).failed()[0]
    sentences = [line for line in first.advice if not re.match(r"\w+\.(grad|data) is", line)]
    assert sentences == [SLIPS[slip].advice]


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_slip_is_named(planted):
    changes, name, said, advice = PLANTED[planted]
    report = graded(*changes, upto=6)
    first = (report if not report.passed else graded(*changes)).failed()[0]
    assert (first.name, first.follows) == (name or first.name, "")
    assert said in first.said
    assert advice is None or any(line.startswith(advice) for line in first.advice), first
    sentences = [line for line in first.advice if not re.match(r"\w+\.(grad|data) is", line)]
    assert advice is None or len(sentences) == 1, "one slip, one sentence"
