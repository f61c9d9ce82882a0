"""Text 003, a walk through micrograd's video: its programs, and its wrong answers beside our right ones.

Its numbers are those of its prose, rounded there to one or four decimals; its figures are not part of the text.
"""

from __future__ import annotations

import math
import random
from types import SimpleNamespace

import numpy as np
import pytest

from micrograd import engine
from micrograd.draw import draw_dot
from micrograd.engine import Value
from micrograd.texts import walkthrough

from .network_numbers import INPUTS, TARGETS
from .networks import network_classes
from .pictures import boxes, ellipses

# ----------------------------------------------------------------------------------------------------------------------
# The derivative, and the Value object
# ----------------------------------------------------------------------------------------------------------------------


def f(x):
    return 3 * x**2 - 4 * x + 5


@pytest.mark.parametrize(("x", "slope"), [(3.0, 14.0), (2 / 3, 0.0)])
def test_slope(x, slope):
    h = 0.001
    # "In this case the slope at 3 is 14", give or take the 3h that the difference adds.
    assert (f(x + h) - f(x)) / h == pytest.approx(slope + 3 * h, rel=1e-9)
    v = Value(x)
    f(v).backward()
    assert v.grad == pytest.approx(slope, rel=1e-9, abs=1e-15)


def test_add_and_multiply():
    a, b, c = Value(2.0), Value(-3.0), Value(10.0)
    assert ((a + b).data, (a * b).data) == (-1.0, -6.0)
    d = a * b + c
    assert (d.data, d._op, {v.data for v in d._prev}) == (4.0, "+", {-6.0, 10.0})
    d.backward()
    assert (a.grad, b.grad, c.grad) == (-3.0, 2.0, 1.0)


# ----------------------------------------------------------------------------------------------------------------------
# The graph of the loss
# ----------------------------------------------------------------------------------------------------------------------


def graph():
    a = Value(2.0, label="a")
    b = Value(-3.0, label="b")
    c = Value(10.0, label="c")
    e = a * b
    e.label = "e"
    d = e + c
    d.label = "d"
    f = Value(-2.0, label="f")
    L = d * f
    L.label = "L"
    return SimpleNamespace(a=a, b=b, c=c, d=d, e=e, f=f, L=L)


def trace(root, print):
    """The text's trace, with its prints."""
    nodes, edges = set(), set()

    def build(v):
        print("Called build for", v.data)
        nodes.add(v)
        print("Saving node:", v.data)
        if len(v._prev) == 0:
            print("No children - Returning from node", v.data)
            return
        else:
            for child in v._prev:
                edges.add((child, v))
                print(f"Adding tuple: {v.data}, {child.data}")
                build(child)

    build(root)
    return nodes, edges


def test_trace_and_its_prints():
    v = graph()
    lines = []
    nodes, edges = trace(v.d, lambda *words: lines.append(" ".join(map(str, words))))
    # Sorted: the text goes through sets, in any order.
    assert sorted(lines) == sorted(
        [
            *(f"Called build for {x}" for x in (4.0, -6.0, 10.0, 2.0, -3.0)),
            *(f"Saving node: {x}" for x in (4.0, -6.0, 10.0, 2.0, -3.0)),
            *(f"Adding tuple: {edge}" for edge in ("4.0, -6.0", "4.0, 10.0", "-6.0, 2.0", "-6.0, -3.0")),
            *(f"No children - Returning from node {x}" for x in (10.0, 2.0, -3.0)),
        ]
    )
    assert nodes == {v.a, v.b, v.c, v.d, v.e}
    assert edges == {(v.e, v.d), (v.c, v.d), (v.a, v.e), (v.b, v.e)}


def test_gradients_of_the_loss():
    v = graph()
    v.L.backward()
    assert v.L.data == -8.0
    assert {name: node.grad for name, node in vars(v).items()} == {
        "a": 6.0,
        "b": -4.0,
        "c": -2.0,
        "d": -2.0,
        "e": -2.0,
        "f": 4.0,
        "L": 1.0,
    }


# ----------------------------------------------------------------------------------------------------------------------
# The neuron, in each of the text's versions of its class
# ----------------------------------------------------------------------------------------------------------------------


def tanh_by_exponentials(x):
    return (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1)


def overwriting_class():
    """The text's first rules, put on a subclass of ours: they assign gradients (`=`) where they must add (`+=`)."""

    class Value(engine.Value):
        def __add__(self, other):
            out = Value(self.data + other.data, (self, other), "+")

            def _backward():
                self.grad = 1.0 * out.grad
                other.grad = 1.0 * out.grad

            out._backward = _backward
            return out

        def __mul__(self, other):
            out = Value(self.data * other.data, (self, other), "*")

            def _backward():
                self.grad = other.data * out.grad
                other.grad = self.data * out.grad

            out._backward = _backward
            return out

        def tanh(self):
            x = self.data
            t = (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1)
            out = Value(t, (self,), "tanh")

            def _backward():
                self.grad = (1 - t**2) * out.grad

            out._backward = _backward
            return out

    return Value


def adding_class():
    """The text's last rules, put on a subclass of ours: all add, and its own backward with its `nodes_visited`.

    Its `**` puts the raw exponent among the children. In the text's own class build_topo would then stop at it
    ('int' object has no attribute '_prev'); ours takes it and makes a Value of it, so the program runs.
    """

    class Value(engine.Value):
        def __add__(self, other):
            other = other if isinstance(other, Value) else Value(other)
            out = Value(self.data + other.data, (self, other), "+")

            def _backward():
                self.grad += 1.0 * out.grad
                other.grad += 1.0 * out.grad

            out._backward = _backward
            return out

        def __radd__(self, other):
            return self + other

        def __mul__(self, other):
            other = other if isinstance(other, Value) else Value(other)
            out = Value(self.data * other.data, (self, other), "*")

            def _backward():
                self.grad += other.data * out.grad
                other.grad += self.data * out.grad

            out._backward = _backward
            return out

        def __rmul__(self, other):
            return self * other

        def __pow__(self, other):
            assert isinstance(other, (int, float)), "Called __pow__ with non-int/float argument!"
            x = self.data
            y = other
            t = math.pow(x, y)
            out = Value(t, (self, other), f"pow {other}")

            def _backward():
                self.grad += out.grad * y * math.pow(x, (y - 1.0))

            out._backward = _backward
            return out

        def __truediv__(self, other):
            return self * other**-1

        def __neg__(self):
            return self * -1

        def __sub__(self, other):
            return self + (-other)

        def exp(self):
            x = self.data
            out = Value(math.exp(x), (self,), _op="exp")

            def _backward():
                self.grad += out.data * out.grad

            out._backward = _backward
            return out

        def tanh(self):
            x = self.data
            t = (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1)
            out = Value(t, (self,), "tanh")

            def _backward():
                self.grad += (1 - t**2) * out.grad

            out._backward = _backward
            return out

        def backward(self):
            topo = []
            nodes_visited = []

            def build_topo(v):
                if v not in nodes_visited:
                    nodes_visited.append(v)
                    for child in v._prev:
                        build_topo(child)
                    topo.append(v)

            self.grad = 1
            build_topo(self)
            for node in reversed(topo):
                node._backward()

    return Value


RIGHT = {"ours": Value, "micrograd.texts": walkthrough.Value, "adding": adding_class()}
CLASSES = {**RIGHT, "overwriting": overwriting_class()}


def neuron(Value, bias=6.8813735870195432, composite=False):
    x1 = Value(2.0, label="x1")
    x2 = Value(0.0, label="x2")
    w1 = Value(-3.0, label="w1")
    w2 = Value(1.0, label="w2")
    b = Value(bias, label="b")
    x1w1 = x1 * w1
    x1w1.label = "x1 * w1"
    x2w2 = x2 * w2
    x2w2.label = "x2 * w2"
    x1w1x2w2 = x1w1 + x2w2
    x1w1x2w2.label = "x1 * w1 + x2 * w2"
    n = x1w1x2w2 + b
    n.label = "n"
    if composite:
        e = (2 * n).exp()
        o = (e - 1) / (e + 1)
    else:
        o = n.tanh()
    o.label = "o"
    return SimpleNamespace(x1=x1, x2=x2, w1=w1, w2=w2, b=b, x1w1=x1w1, x2w2=x2w2, x1w1x2w2=x1w1x2w2, n=n, o=o)


NEURON_GRADS = {
    "o": 1.0,
    "n": 0.5,
    "b": 0.5,
    "x1w1x2w2": 0.5,
    "x1w1": 0.5,
    "x2w2": 0.5,
    "w1": 1.0,
    "w2": 0.0,
    "x1": -1.5,
    "x2": 0.5,
}


def grads(v):
    return {name: getattr(v, name).grad for name in NEURON_GRADS}


@pytest.fixture(params=CLASSES)
def cls(request):
    return CLASSES[request.param]


@pytest.fixture(params=RIGHT)
def right(request):
    return RIGHT[request.param]


def test_neuron_forward(cls):
    # First with b = 6.7 and no more than n, then with tanh, then with the b that makes the numbers "nice".
    assert neuron(cls, bias=6.7).n.data == pytest.approx(0.7, rel=1e-9)
    assert neuron(cls, bias=6.7).o.data == pytest.approx(tanh_by_exponentials(0.7), rel=1e-9)
    assert neuron(cls).o.data == pytest.approx(math.sqrt(0.5), rel=1e-9)


def test_picture_of_the_neuron(cls):
    drawing = draw_dot(neuron(cls, bias=6.7).o)
    # The text's first boxes have no gradient yet: "{ label | data }".
    assert boxes(drawing) == [
        "b | data 6.7000 | grad 0.0000",
        "n | data 0.7000 | grad 0.0000",
        "o | data 0.6044 | grad 0.0000",
        "w1 | data -3.0000 | grad 0.0000",
        "w2 | data 1.0000 | grad 0.0000",
        "x1 * w1 + x2 * w2 | data -6.0000 | grad 0.0000",
        "x1 * w1 | data -6.0000 | grad 0.0000",
        "x1 | data 2.0000 | grad 0.0000",
        "x2 * w2 | data 0.0000 | grad 0.0000",
        "x2 | data 0.0000 | grad 0.0000",
    ]
    assert ellipses(drawing) == {"*": 2, "+": 2, "tanh": 1}


def test_neuron_by_hand(cls):
    v = neuron(cls)
    v.o.grad = 1.0
    v.n.grad = 1 - (v.o.data) ** 2
    # The text writes 0.5 for what this 1 - o**2 gives.
    assert v.n.grad == pytest.approx(0.5, rel=1e-9)


def test_neuron_step_by_step(cls):
    # A tree: every value is used once, so that `=` is as good as `+=`, and build_topo needs no visited nodes.
    v = neuron(cls)
    topo = []

    def build_topo(v):
        for child in v._prev:
            build_topo(child)
        topo.append(v)

    build_topo(v.o)
    assert {node.label for node in topo[:-1]} == {node.label for node in vars(v).values()} - {"o"}
    v.o.grad = 1
    for node in reversed(topo):
        node._backward()
    assert grads(v) == pytest.approx(NEURON_GRADS, rel=1e-9)


def test_neuron_in_one_call(cls):
    v = neuron(cls)
    v.o.backward()
    assert grads(v) == pytest.approx(NEURON_GRADS, rel=1e-9)


# ----------------------------------------------------------------------------------------------------------------------
# "There is a bug": gradients that must add
# ----------------------------------------------------------------------------------------------------------------------


def a_plus_a(Value):
    a = Value(3.0, label="a")
    b = a + a
    b.label = "b"
    b.grad = 1.0
    b._backward()
    return a.grad


def test_a_plus_a(right):
    # self and other are the same a: the text's `=` writes 1 twice, where 1 + 1 is right.
    assert a_plus_a(CLASSES["overwriting"]) == 1.0
    assert a_plus_a(right) == 2.0


def diamond(Value):
    a = Value(-2, label="a")
    b = Value(3, label="b")
    d = a * b
    d.label = "d"
    e = a + b
    e.label = "e"
    f = d * e
    f.label = "f"
    return SimpleNamespace(a=a, b=b, d=d, e=e, f=f)


def test_diamond_with_rules_that_overwrite():
    v = diamond(CLASSES["overwriting"])
    v.f.grad = 1.0
    v.f._backward()
    v.d._backward()
    assert (v.d.grad, v.e.grad) == (1.0, -6.0)
    assert (v.a.grad, v.b.grad) == (3.0, -2.0)  # through d: b.grad is -2*d.grad
    v.e._backward()
    assert (v.a.grad, v.b.grad) == (-6.0, -6.0)  # through e: 1*e.grad, and what came through d is lost


def test_diamond(right):
    v = diamond(right)
    v.f.backward()
    assert (v.f.data, v.d.grad, v.e.grad) == (-6, 1.0, -6.0)
    assert v.a.grad == 3.0 + -6.0 == -3.0
    assert v.b.grad == -2.0 + -6.0 == -8.0


# ----------------------------------------------------------------------------------------------------------------------
# tanh broken up: numbers as operands, `**`, and "these gradients are off"
# ----------------------------------------------------------------------------------------------------------------------


def test_numbers_on_either_side(right):
    a = right(2.0)
    assert [(a + 1).data, (1 + a).data, (a * 2).data, (2 * a).data, (a - 1).data, (-a).data] == [3, 3, 4, 4, 1, -2]


def test_power_has_one_input():
    a = Value(4.0)
    out = a**-1
    # The text: Value(t, (self, other), f"pow {other}"), with the raw -1 among the children.
    assert (out._op, out.inputs, out._prev) == ("**-1", (a,), {a})


def test_a_raw_number_among_the_children():
    a = CLASSES["adding"](4.0)
    out = a**-1
    assert (out.data, out._op) == (0.25, "pow -1")
    assert {child.data for child in out._prev} == {4.0, -1}
    out.backward()
    assert a.grad == -0.0625


def test_composite_tanh(right):
    v = neuron(right, composite=True)
    # The text names (e+1) the node whose data is 4.8284: that is e - 1. The other is 1/(e+1), 0.1464, as it says.
    factors = sorted(child.data for child in v.o._prev)
    assert [f"{x:.4f}" for x in factors] == ["0.1464", "4.8284"]
    assert v.o.data == pytest.approx(math.sqrt(0.5), rel=1e-9)
    v.o.backward()
    assert grads(v) == pytest.approx(NEURON_GRADS, rel=1e-9)


@pytest.mark.parametrize("name", RIGHT)
def test_without_visited_nodes_gradients_are_off(name):
    v = neuron(RIGHT[name], composite=True)
    topo = []

    def build_topo(v):
        # The text's shortcut; the inputs in order, where it goes through a set, so that the wrong numbers are fixed.
        for child in v.inputs:
            build_topo(child)
        topo.append(v)

    build_topo(v.o)
    v.o.grad = 1.0
    for node in reversed(topo):
        node._backward()
    # e, and all before it, come twice in the list. The branch of 1/(e+1) is walked first and passes p back to e; then
    # that of e-1 adds q, and e passes on p + q, on top of the p that is already there.
    assert [node.label for node in topo].count("n") == 2
    e = math.exp(2 * 0.8813735870195432)
    p, q = -(e - 1) / (e + 1) ** 2, 1 / (e + 1)
    # Each further node does the same again: 2*n has gotten 2p + q, n 3p + q, and so on down to the leaves.
    assert v.n.grad == pytest.approx(2 * e * (3 * p + q), rel=1e-9)
    assert v.b.grad == pytest.approx(2 * e * (4 * p + q), rel=1e-9)
    # Right is each once: p + q.
    assert 2 * e * (p + q) == pytest.approx(NEURON_GRADS["n"], rel=1e-9)
    assert v.n.grad < 0.0 < NEURON_GRADS["n"]


# ----------------------------------------------------------------------------------------------------------------------
# The same in PyTorch
# ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.peer
def test_torch():
    import torch

    values = {"x1": 2.0, "x2": 0.0, "w1": -3.0, "w2": 1.0, "b": 6.8813735870195432}
    x1, x2, w1, w2, b = (torch.Tensor([x]).double().requires_grad_(True) for x in values.values())
    o = torch.tanh(x1 * w1 + x2 * w2 + b)
    o.backward()
    theirs = {"x2": x2.grad.item(), "w2": w2.grad.item(), "x1": x1.grad.item(), "w1": w1.grad.item()}
    # "Exactly the same gradients": Tensor() makes a float32 of b, so they are the same to six digits.
    v = neuron(Value)
    v.o.backward()
    assert o.item() == 0.7071066904050358
    assert theirs == pytest.approx({name: grads(v)[name] for name in theirs}, rel=1e-6)
    # From that same float32, to all digits.
    v = neuron(Value, bias=float(np.float32(values["b"])))
    v.o.backward()
    assert theirs == pytest.approx({name: grads(v)[name] for name in theirs}, rel=1e-9)


# ----------------------------------------------------------------------------------------------------------------------
# The network: unseeded, so what is tested is its course
# ----------------------------------------------------------------------------------------------------------------------

NETWORKS = {
    "micrograd.texts": walkthrough.MLP,
    "the text's classes on our Value": network_classes(Value)[2],
    "the text's classes on its Value": network_classes(CLASSES["adding"])[2],
}


@pytest.fixture(params=NETWORKS)
def n(request):
    random.seed(1)
    return NETWORKS[request.param](3, [4, 4, 1])


def compute_loss(n):
    ypred = [n(x) for x in INPUTS]
    return sum([(yout - ygt) ** 2 for ygt, yout in zip(TARGETS, ypred, strict=True)])


def step(n):
    for p in n.parameters():
        p.data += -0.01 * p.grad


def reset(n):
    for p in n.parameters():
        p.grad = 0.0


def test_network(n):
    assert -1.0 < n([2, 3, -1]).data < 1.0
    assert len(n.parameters()) == (12 + 4) + (16 + 4) + (4 + 1) == 41


def test_one_step(n):
    loss = compute_loss(n)
    loss.backward()
    step(n)
    assert compute_loss(n).data < loss.data  # 6.88 and 6.24 in the text


def test_training_with_reset(n):
    losses = []
    for _ in range(20):
        loss = compute_loss(n)
        reset(n)
        loss.backward()
        step(n)
        losses.append(loss.data)
    assert all(after < before for before, after in zip(losses, losses[1:], strict=False))


def test_training_without_reset(n):
    # The text's "subtle bug": gradients add up over the iterations. It works all the same, by larger steps.
    losses = []
    for _ in range(20):
        loss = compute_loss(n)
        loss.backward()
        step(n)
        losses.append(loss.data)
    assert losses[-1] < 0.1 * losses[0]


def test_gradients_add_up_over_iterations(n):
    alone = []
    for _ in range(2):
        reset(n)
        compute_loss(n).backward()
        alone.append([p.grad for p in n.parameters()])
    compute_loss(n).backward()
    assert [p.grad for p in n.parameters()] == pytest.approx([sum(both) for both in zip(*alone, strict=True)], rel=1e-9)
