"""The order of the nodes, the reasons, and the names."""

from __future__ import annotations

import html
import operator
import random
from fractions import Fraction

import numpy as np
import pytest

from micrograd import Symbol, Value, compile, topological_order, toposort
from micrograd.errors import CaptureError
from micrograd.nn import MLP
from micrograd.see.order import LONGEST, made_of, names_of


def neuron():
    """The neuron of text 001, with its labels."""
    data = {"x1": 2.0, "x2": 0.0, "w1": -3.0, "w2": 1.0, "b": 6.8813735870195432}
    x1, x2, w1, w2, b = (Value(x, label=name) for name, x in data.items())
    x1w1, x2w2 = x1 * w1, x2 * w2
    both = x1w1 + x2w2
    n = both + b
    o = n.tanh()
    for node, label in {x1w1: "x1*w1", x2w2: "x2*w2", both: "x1*w1 + x2*w2", n: "n", o: "o"}.items():
        node.label = label
    return o


OPS = [operator.add, operator.mul, lambda x, _: x.tanh(), lambda x, _: x - 2, lambda x, _: x**3]

NEURON = """\
x1: waits for nothing, as no op made it
w1: waits for nothing, as no op made it
x1*w1: after x1 and w1, which it is made of
x2: waits for nothing, as no op made it
w2: waits for nothing, as no op made it
x2*w2: after x2 and w2, which it is made of
x1*w1 + x2*w2: after x1*w1 and x2*w2, which it is made of
b: waits for nothing, as no op made it
n: after x1*w1 + x2*w2 and b, which it is made of
o: after n, which it is made of
backward() walks this list from its end, so a node passes its gradient on after all its users."""


def test_the_neuron_of_the_text():
    o = neuron()
    order = topological_order(o)
    assert str(order) == repr(order) == NEURON
    assert order[8][1] == "n: after x1*w1 + x2*w2 and b, which it is made of"


def test_without_labels_the_formulas_say_the_same():
    o = neuron()
    for node in toposort(o):
        if node.op:
            node.label = ""
    names = [reason.partition(":")[0] for _, reason in topological_order(o)]
    assert names[2::3] == ["x1*w1", "x2*w2", "x1*w1 + x2*w2 + b"]
    assert names[-1] == "tanh(x1*w1 + x2*w2 + b)"


def test_it_is_a_sequence():
    o = neuron()
    order = topological_order(o)
    assert len(order) == 10
    assert [node for node, _ in order] == toposort(o)
    assert order[-1][0] is o
    assert order[1:3] == list(order)[1:3]
    with pytest.raises(IndexError):
        order[10]


@pytest.mark.parametrize("seed", range(20))
def test_each_node_stands_after_what_its_reason_names(seed):
    draws = random.Random(seed)
    values = [Value(draws.random(), label=draws.choice(["", "x", "y"])) for _ in range(4)]
    for _ in range(30):
        x, y = draws.choice(values), draws.choice(values)
        values.append(draws.choice(OPS)(x, y))
    order = topological_order(values[-1])
    assert [node for node, _ in order] == toposort(values[-1])
    names = names_of([node for node, _ in order], made_of)
    assert len(set(names.values())) == len(order)
    seen = []
    for node, reason in order:
        inputs = [x for x in dict.fromkeys(node.inputs) if x in names]
        assert all(names[x] in seen for x in inputs)
        wanted = f"after {' and '.join(names[x] for x in inputs)}, which it is made of"
        assert reason == f"{names[node]}: {wanted if inputs else 'waits for nothing, as no op made it'}"
        seen.append(names[node])


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (lambda a, b: (a + b) * a, "(a + b)*a"),
        (lambda a, b: a - b, "a + b*-1"),
        (lambda a, b: (a * b) ** 2, "(a*b)**2"),
        (lambda a, b: a * 0.12345678, "a*0.1235"),
        (lambda a, b: a.tanh().exp(), "exp(tanh(a))"),
        (lambda a, b: a * b.detach(), "a*b"),
        (lambda a, b: a * Value(2.0).detach(), "a*2"),
        (lambda a, b: a * np.float32(0.5), "a*0.5"),
        (lambda a, b: a * Fraction(1, 7), "a*(1/7)"),
        (lambda a, b: Value(Fraction(1, 2), label="f") * Fraction(1, 7), "f*(1/7)"),
        (lambda a, b: Value(Symbol("s"), label="s") * Symbol("t"), "s*t"),
        (lambda a, b: a * 10**20, "a*constant ()"),
        (lambda a, b: Value(1.0, (a, b), "mine"), "mine(a, b)"),
        (lambda a, b: Value(1.0, (), "mine"), "mine()"),
    ],
)
def test_names_of_nodes_without_a_label(made, name):
    z = made(Value(2.0, label="a"), Value(3.0, label="b"))
    assert topological_order(z)[-1][1].startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (lambda a, b: (a @ b).sum(), "sum(A@b)"),
        (lambda a, b: a[0] * b, "A[0]*b"),
        (lambda a, b: a @ np.array([1.0, 2.0]), "A@constant (2,)"),
        (lambda a, b: np.stack([b, b]), "stacked(b, b)"),
    ],
)
def test_names_of_arrays(made, name):
    z = made(Value([[1.0, 2.0], [3.0, 4.0]], label="A"), Value([1.0, 2.0], label="b"))
    assert topological_order(z)[-1][1].startswith(f"{name}: ")


def test_what_is_long_is_called_by_its_place():
    x = Value(1.0, label="x")
    y = x
    for _ in range(9):
        y = (y + x).tanh()
    names = [reason.partition(": ")[0] for _, reason in topological_order(y)]
    assert all(len(name) <= LONGEST for name in names)
    assert "tanh(tanh(x + x) + x) + x" in names
    assert all(name == f"v{place}" for place, name in enumerate(names, 1) if name[0] == "v" and name.isalnum())
    assert "v8" in names
    assert names[-1] == "tanh(tanh(v15 + x) + x)"
    order = topological_order(MLP(3, [4, 4, 1])([1.0, 2.0, 3.0]))
    assert all(len(reason) <= 200 for _, reason in order)


def test_labels_of_any_kind():
    labels = ["<b>&", "two\nlines", "x" * 10_000, 7, None, "🙂", "a", "a", "a (2)"]
    values = [Value(1.0, label=label) for label in labels]
    total = sum(values[1:], values[0])
    names = list(names_of(toposort(total), made_of).values())
    for name in ("<b>&", "two lines", "x" * (LONGEST - 3) + "...", "7", "🙂", "a", "a (2)", "a (2) (2)"):
        assert name in names
    assert len(set(names)) == len(names)
    page = topological_order(total)._repr_html_()
    assert "<b>" not in page
    assert html.unescape(page) == f"<pre>{topological_order(total)}</pre>"


def test_many_inputs_are_counted():
    values = [Value(1.0, label=f"x{i}") for i in range(6)]
    last = topological_order(np.stack(values))[-1][1]
    assert last.endswith(": after x0, x1, x2 and 3 more, which it is made of")


def test_a_constant_root():
    z = Value(2.0).detach() * 3.0
    z.label = "z"
    assert topological_order(z)[0][1] == "z: waits for nothing, as it is a constant"


def test_a_root_that_no_op_made():
    assert topological_order(Value(2.0, label="a"))[0][1] == "a: waits for nothing, as no op made it"
    assert topological_order(Value(2.0).detach())[0][1] == "v1: waits for nothing, as it is a constant"


def test_a_long_graph_is_cut_when_printed_and_whole_as_a_sequence():
    x = Value(1.0, label="x")
    y = x
    for _ in range(5000):
        y = y * 1.0
    order = topological_order(y)
    lines = str(order).splitlines()
    assert len(order) == 5001
    assert len(lines) == 62
    assert lines[50] == "... 4941 more, as order[50] ..."
    assert lines[49] == order[49][1]
    assert lines[51] == order[-10][1]
    assert lines[-2] == order[-1][1]


def test_nobodys_gradient_is_touched():
    o = neuron()
    o.backward()
    before = [node.grad for node in toposort(o)]
    str(topological_order(o))
    assert [node.grad for node in toposort(o)] == before


def test_a_compiled_function_does_not_print_its_numbers():
    def f(x):
        topological_order(x * x)
        return x * x

    with pytest.raises(CaptureError, match="print what the compiled function returns"):
        compile(f)(Value(2.0))


def test_the_result_of_a_compiled_function_is_one_node():
    y = Value(2.0, label="y")
    names = [reason.partition(":")[0] for _, reason in topological_order(compile(lambda v: v * v + 1)(y) * 3)]
    assert names == ["y", "compiled(y)", "compiled(y)*3"]
