"""Text 001, "micrograd: implementing an autograd engine", up to its networks: its programs and what they print."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from micrograd.draw import draw
from micrograd.engine import Value, toposort
from micrograd.texts import micrograduate

from .classes_001 import chain, first_class
from .pictures import boxes, ellipses

CHAIN = chain(Value)
# The same chain on the text's own first class, as in the notebook; ours is below both.
CHAIN_ON_FIRST = chain(first_class(Value))

# Complete classes: every program runs on them. The others are stages of the text's chain.
COMPLETE = {"ours": Value, "micrograd.texts": micrograduate.Value}
RECORDING = {**COMPLETE, "the text's first class": first_class(Value), "tanh": CHAIN["tanh"]}
CLASSES = {
    **COMPLETE,
    "composite tanh, in micrograd.texts": micrograduate.LastValue,
    **{f"{name}, on ours": cls for name, cls in CHAIN.items()},
    **{f"{name}, on the first class": cls for name, cls in CHAIN_ON_FIRST.items()},
}


def having(attribute: str) -> list[str]:
    """The classes from the stage of the chain that brings this attribute on, the complete ones among them."""
    stages = list(CHAIN)
    late = stages[stages.index(attribute) :]
    return [name for name in CLASSES if name in COMPLETE or name.split(", ")[0] in late]


def exactly(numbers: dict[str, float], values: dict[str, Value] | SimpleNamespace) -> None:
    """Assert the gradients of named values, to the last digit."""
    named = values if isinstance(values, dict) else vars(values)
    assert {name: named[name].grad for name in numbers} == numbers


# ----------------------------------------------------------------------------------------------------------------------
# Sneak peek and derivatives
# ----------------------------------------------------------------------------------------------------------------------


def test_sneak_peek():
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    assert f"{g.data:.4f}" == "24.7041"
    g.backward()
    assert f"{a.grad:.4f}" == "138.8338"
    assert f"{b.grad:.4f}" == "645.5773"


def y(x):
    return 3 * x**2 - 4 * x + 5


def test_parabola_and_its_slope():
    assert y(3.0) == 20.0
    h = 0.00000001
    x = 3.0
    assert (y(x + h) - y(x)) / h == 14.00000009255109
    # What the difference approximates, on a Value:
    x = Value(3.0)
    out = y(x)
    out.backward()
    assert (out.data, x.grad) == (20.0, 14.0)
    # The plotted parabola, as one array.
    xs = Value(np.arange(-5, 5, 0.25))
    ys = y(xs)
    ys.backward()
    assert ys.data.tolist() == y(np.arange(-5, 5, 0.25)).tolist()
    assert xs.grad.tolist() == (6 * np.arange(-5, 5, 0.25) - 4).tolist()


def test_slope_of_d_along_a():
    h = 0.00000000000001
    a, b, c = 2.0, -3.0, 10.0
    d1 = a * b + c
    a += h
    d2 = a * b + c
    assert f"d1: {d1}" == "d1: 4.0"
    assert f"d2: {d2}" == "d2: 3.99999999999997"
    assert f"slope: {(d2 - d1) / h}" == "slope: -3.019806626980426"
    a, b, c = Value(2.0), Value(-3.0), Value(10.0)
    (a * b + c).backward()
    assert (a.grad, b.grad, c.grad) == (-3.0, 2.0, 1.0)


# ----------------------------------------------------------------------------------------------------------------------
# The expression L, by hand
# ----------------------------------------------------------------------------------------------------------------------


def expression(Value):
    v = SimpleNamespace(
        a=Value(2.0, label="a"), b=Value(-3.0, label="b"), c=Value(10.0, label="c"), f=Value(-2.0, label="f")
    )

    def forward_pass(label=False):
        d = v.a * v.b
        e = d + v.c
        L = e * v.f
        if label:
            d.label = "d"
            e.label = "e"
            L.label = "L"
            v.d, v.e = d, e
        return L

    return v, forward_pass


@pytest.fixture(params=RECORDING)
def recording(request):
    return RECORDING[request.param]


def test_expression(recording):
    _, forward_pass = expression(recording)
    L = forward_pass(label=True)
    assert {(v.data, v.label) for v in L.prev} == {(-2.0, "f"), (4.0, "e")}
    assert L.op == "*"
    if recording is micrograduate.Value:
        assert str(L) == "Value(data='-8.0', label='L')"
        assert {str(v) for v in L.prev} == {"Value(data='-2.0', label='f')", "Value(data='4.0', label='e')"}
    else:
        assert str(L) == "Value(data=-8.0, grad=0.0, label='L')"


def trace(root):
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v.prev:
                edges.add((child, v))
                build(child)

    build(root)
    return nodes, edges


def test_trace_and_picture_of_the_expression(recording):
    _, forward_pass = expression(recording)
    L = forward_pass(label=True)
    nodes, edges = trace(L)
    labels = {f"{n.label} | data {n.data:.4f} | grad {n.grad:.4f}" for n in nodes}
    assert labels == {
        "a | data 2.0000 | grad 0.0000",
        "b | data -3.0000 | grad 0.0000",
        "c | data 10.0000 | grad 0.0000",
        "d | data -6.0000 | grad 0.0000",
        "e | data 4.0000 | grad 0.0000",
        "f | data -2.0000 | grad 0.0000",
        "L | data -8.0000 | grad 0.0000",
    }
    assert {(n1.label, n2.label + n2.op) for n1, n2 in edges} == {
        ("a", "d*"),
        ("b", "d*"),
        ("d", "e+"),
        ("c", "e+"),
        ("e", "L*"),
        ("f", "L*"),
    }
    assert boxes(draw(L)) == sorted(labels)
    assert ellipses(draw(L)) == {"*": 2, "+": 1}


def test_manual_backprop_and_one_step_up(recording):
    v, forward_pass = expression(recording)
    a, b, c, f = v.a, v.b, v.c, v.f
    L = forward_pass(label=True)
    # In the text, d and e are local to forward_pass: the e and d its next lines use are left over from other cells of
    # its notebook, and that e held -7.0. Hence f.grad = -7.0 in its print, where dL/df = e is 4.0; see the next test.
    e, d = recording(-7.0), recording(0.0)

    h = 0.001
    L.grad = ((L.data + h) - L.data) / h
    assert L.grad == 1.000000000000334
    e.grad = f.data
    f.grad = e.data
    assert (e.grad, f.grad) == (-2.0, -7.0)
    c.grad = e.grad * 1.0
    assert c.grad == -2.0
    assert f"dL/dd = dL/de = {e.grad}" == "dL/dd = dL/de = -2.0"
    a.grad = e.grad * b.data
    b.grad = e.grad * a.data
    assert (a.grad, b.grad) == (6.0, -4.0)

    Lold = L.data
    a.data += 0.01 * a.grad
    b.data += 0.01 * b.grad
    c.data += 0.01 * c.grad
    d.data += 0.01 * d.grad
    e.data += 0.01 * e.grad
    f.data += 0.01 * f.grad
    L = forward_pass()
    assert f"old L: {Lold}" == "old L: -8.0"
    assert f"new L: {L.data}" == "new L: -7.695431999999999"


def test_backward_gives_what_the_stale_e_hides():
    v, forward_pass = expression(Value)
    L = forward_pass(label=True)
    L.backward()
    # dL/df = e = a*b + c = 4, not the -7 of the text's stale e; the rest is as printed.
    exactly({"a": 6.0, "b": -4.0, "c": -2.0, "d": -2.0, "e": -2.0, "f": 4.0}, v)
    assert boxes(draw(L)) == [
        "L | data -8.0000 | grad 1.0000",
        "a | data 2.0000 | grad 6.0000",
        "b | data -3.0000 | grad -4.0000",
        "c | data 10.0000 | grad -2.0000",
        "d | data -6.0000 | grad -2.0000",
        "e | data 4.0000 | grad -2.0000",
        "f | data -2.0000 | grad 4.0000",
    ]
    for leaf in (v.a, v.b, v.c, v.f):
        leaf.data += 0.01 * leaf.grad
    # (2.06 * -3.04 + 9.98) * -1.96: still larger than -8, and farther up than the -7.6954 of the wrong gradient.
    assert forward_pass().data == pytest.approx(-7.286496, rel=1e-9)


# ----------------------------------------------------------------------------------------------------------------------
# The neuron
# ----------------------------------------------------------------------------------------------------------------------


def activate_neuron(Value):
    x1 = Value(2.0, label="x1")
    x2 = Value(0.0, label="x2")
    w1 = Value(-3.0, label="w1")
    w2 = Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    x1w1 = x1 * w1
    x1w1.label = "x1*w1"
    x2w2 = x2 * w2
    x2w2.label = "x2*w2"
    sum_ = x1w1 + x2w2
    sum_.label = "x1*w1 + x2*w2"
    n = sum_ + b
    n.label = "n"
    o = n.tanh()
    o.label = "o"
    return SimpleNamespace(x1=x1, x2=x2, w1=w1, w2=w2, b=b, x1w1=x1w1, x2w2=x2w2, sum_=sum_, n=n, o=o)


NEURON_DATA = {
    "w2": 1.0,
    "x2": 0.0,
    "x2*w2": 0.0,
    "w1": -3.0,
    "x1": 2.0,
    "x1*w1": -6.0,
    "x1*w1 + x2*w2": -6.0,
    "b": 6.881373587019543,
    "n": 0.8813735870195432,
    "o": 0.7071067811865477,
}
HALF = 0.4999999999999998  # 1 - o**2, as printed
NEURON_GRADS = {
    "x1": -1.4999999999999993,
    "w1": 0.9999999999999996,
    "x2": HALF,
    "w2": 0.0,
    "b": HALF,
    "x1w1": HALF,
    "x2w2": HALF,
    "sum_": HALF,
    "n": HALF,
    "o": 1.0,
}


def test_neuron_by_hand(recording):
    v = activate_neuron(recording)
    v.o.grad = 1.0
    v.n.grad = 1 - v.o.data**2
    v.x2w2.grad = v.x1w1.grad = v.sum_.grad = v.b.grad = v.n.grad
    v.x1.grad = v.x1w1.grad * v.w1.data
    v.w1.grad = v.x1w1.grad * v.x1.data
    v.x2.grad = v.x2w2.grad * v.w2.data
    v.w2.grad = v.x2w2.grad * v.x2.data
    exactly(NEURON_GRADS, v)
    assert boxes(draw(v.o)) == [
        "b | data 6.8814 | grad 0.5000",
        "n | data 0.8814 | grad 0.5000",
        "o | data 0.7071 | grad 1.0000",
        "w1 | data -3.0000 | grad 1.0000",
        "w2 | data 1.0000 | grad 0.0000",
        "x1 | data 2.0000 | grad -1.5000",
        "x1*w1 + x2*w2 | data -6.0000 | grad 0.5000",
        "x1*w1 | data -6.0000 | grad 0.5000",
        "x2 | data 0.0000 | grad 0.5000",
        "x2*w2 | data 0.0000 | grad 0.5000",
    ]


SIMPLE_TANH = [name for name in having("_backward") if not name.startswith("composite")]


@pytest.mark.parametrize("name", SIMPLE_TANH)
def test_neuron_one_backward_after_another(name):
    v = activate_neuron(CLASSES[name])
    v.o.grad = 1.0
    for node in (v.o, v.n, v.b, v.sum_, v.x2w2, v.x1w1, v.x2, v.w2, v.x1, v.w1):
        node._backward()  # b, x2, w2, x1 and w1 are leaves: nothing happens
    exactly(NEURON_GRADS, v)


@pytest.mark.parametrize("name", SIMPLE_TANH)
def test_neuron_in_topological_order(name):
    v = activate_neuron(CLASSES[name])
    topo = []
    visited = set()

    def build_topo(v):
        if v not in visited:
            visited.add(v)
            for child in v.prev:
                build_topo(child)
            topo.append(v)

    build_topo(v.o)
    # The order the text prints is one of many (it iterates over sets); inputs before users is what all have in common.
    assert {node.label: node.data for node in topo} == NEURON_DATA
    assert all(topo.index(child) < topo.index(node) for node in topo for child in node.prev)
    assert topo[-1] is v.o

    v.o.grad = 1.0
    for node in reversed(topo):
        node._backward()
    exactly(NEURON_GRADS, v)


def test_our_topological_order_is_fixed():
    order = [node.label for node in toposort(activate_neuron(Value).o)]
    assert order == ["x1", "w1", "x1*w1", "x2", "w2", "x2*w2", "x1*w1 + x2*w2", "b", "n", "o"]


@pytest.mark.parametrize("name", SIMPLE_TANH)
def test_neuron_in_one_call(name):
    v = activate_neuron(CLASSES[name])
    v.o.backward()
    exactly(NEURON_GRADS, v)


@pytest.mark.parametrize("name", having("_backward"))
def test_diamond_in_one_call(name):
    Value = CLASSES[name]
    a = Value(-2.0, label="a")
    b = Value(3.0, label="b")
    c = a * b
    c.label = "c"
    d = a + b
    d.label = "d"
    e = d * c
    e.label = "e"
    e.backward()
    assert (e.data, c.data, d.data) == (-6.0, -6.0, 1.0)
    exactly({"a": -3.0, "b": -8.0, "c": 1.0, "d": -6.0, "e": 1.0}, locals())


# ----------------------------------------------------------------------------------------------------------------------
# More operations
# ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", having("power"))
def test_power(name):
    a = CLASSES[name](2.0)
    b = 3.0
    c = a**b
    c.grad = 1.0
    c._backward()
    assert a.grad == b * a.data ** (b - 1)
    assert (c.data, a.grad) == (8.0, 12.0)
    assert c.prev == {a}
    assert c.op == "**3.0"


@pytest.mark.parametrize("name", having("division"))
def test_division(name):
    a = CLASSES[name](2.0)
    b = CLASSES[name](4.0)
    c = a / b
    assert c.data == (a * (1 / b.data)).data == (a * b**-1).data == 0.5
    c.grad = 1.0
    c._backward()
    assert a.grad == 1 / b.data == 0.25


@pytest.mark.parametrize("name", having("exp"))
def test_exp(name):
    a = CLASSES[name](2.0)
    a_exp = a.exp()
    a_exp.grad = 1.0
    a_exp._backward()
    assert a.grad == a_exp.data == math.exp(2.0)


@pytest.mark.parametrize("name", having("composite tanh"))
def test_composite_tanh(name):
    a = CLASSES[name](2.0)
    a_tanh = a.tanh()
    a_tanh.backward()
    assert math.isclose(a.grad, (1 - a_tanh.data**2))
    assert math.isclose(a_tanh.data, math.tanh(2.0))


@pytest.mark.parametrize("name", having("composite tanh"))
def test_neuron_with_composite_tanh(name):
    v = activate_neuron(CLASSES[name])
    v.o.backward()
    # "The same gradients as before": e - 1 and e + 1 round where tanh does not, in the last digits.
    assert {key: getattr(v, key).grad for key in NEURON_GRADS} == pytest.approx(NEURON_GRADS, rel=1e-9)


def test_composite_tanh_is_the_texts_graph():
    v = activate_neuron(Value)
    e = (2 * v.n).exp()
    o = (e - 1) / (e + 1)
    # The nine nodes up to n; the constants 2, -1 and 1; 2*n, exp, e - 1, e + 1, (e + 1)**-1 and o.
    assert len(trace(o)[0]) == len(boxes(draw(o))) == 9 + 3 + 6
    assert ellipses(draw(o)) == {"*": 4, "**-1": 1, "+": 4, "exp": 1}


# ----------------------------------------------------------------------------------------------------------------------
# The same in PyTorch
# ----------------------------------------------------------------------------------------------------------------------

# What the text prints after torch.tensor([6.8813735870195432]).double(): tensor() makes a float32, and double() comes
# too late to bring the lost digits of b back. Ours from 6.8813735870195432 is 0.7071067811865477 and its gradients.
TORCH_OUTPUT = 0.7071066904050358
TORCH_GRADS = {"x2": 0.5000001283844369, "w2": 0.0, "x1": -1.5000003851533106, "w1": 1.0000002567688737}


def float32_neuron():
    x1, x2, w1, w2, b = (Value(float(np.float32(x))) for x in (2.0, 0.0, -3.0, 1.0, 6.8813735870195432))
    o = (x1 * w1 + x2 * w2 + b).tanh()
    o.backward()
    return o, {"x2": x2, "w2": w2, "x1": x1, "w1": w1}


def test_torch_numbers_from_the_rounded_bias():
    o, leaves = float32_neuron()
    assert o.data == pytest.approx(TORCH_OUTPUT, rel=1e-9)
    assert {name: leaf.grad for name, leaf in leaves.items()} == pytest.approx(TORCH_GRADS, rel=1e-9)


def test_tensors():
    # torch.Tensor([2.0]) and torch.Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert Value([2.0]).shape == (1,)
    assert Value([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).shape == (2, 3)


@pytest.mark.peer
def test_torch_neuron():
    import torch

    x1 = torch.tensor([2.0]).double().requires_grad_(True)
    x2 = torch.tensor([0.0]).double().requires_grad_(True)
    w1 = torch.tensor([-3.0]).double().requires_grad_(True)
    w2 = torch.tensor([1.0]).double().requires_grad_(True)
    b = torch.tensor([6.8813735870195432]).double().requires_grad_(True)
    n = x1 * w1 + x2 * w2 + b
    o = torch.tanh(n)
    o.backward()
    grads = {"x2": x2.grad.item(), "w2": w2.grad.item(), "x1": x1.grad.item(), "w1": w1.grad.item()}
    assert o.data.item() == pytest.approx(TORCH_OUTPUT, rel=1e-9)
    assert grads == pytest.approx(TORCH_GRADS, rel=1e-9)
    ours, leaves = float32_neuron()
    assert ours.data == pytest.approx(o.data.item(), rel=1e-9)
    assert {name: leaf.grad for name, leaf in leaves.items()} == pytest.approx(grads, rel=1e-9)
