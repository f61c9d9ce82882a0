"""What a transform keeps until it walks back: no large array that no rule reads, and
no history behind the values that it differentiates by.
"""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

from micrograd import Value, elementwise_grad, grad, hessian, jacobian, jvp, toposort, traced, tracing, vjp
from micrograd.check import check_op
from micrograd.errors import GradientWarning
from micrograd.op import OPS
from micrograd.ops import add, exp, matmul, multiply, sin
from micrograd.plain import is_compiled
from micrograd.reading import what_is_read
from micrograd.reverse import Reach
from micrograd.traced import Outline, Traced
from tests.samples import SAMPLES

X = np.array([0.5, -1.0, 2.0])
READ = {
    "add": (add, [X, X], {}, (False, False, False)),
    "multiply": (multiply, [X, X], {}, (False, True, True)),
    "exp": (exp, [X], {}, (True, False)),
    "sin": (sin, [X], {}, (False, True)),
    "matmul": (matmul, [np.ones((2, 3)), X], {}, (False, True, True)),
    "sum": (OPS["sum"], [X], {"axis": (0,)}, (False, False)),
    "max": (OPS["max"], [X], {"axis": 0}, (True, True)),
    "square": (OPS["raise_to"], [X], {"exponent": 2}, (False, True)),
    "slice": (OPS["getitem"], [X], {"index": slice(1, None)}, (False, False)),
}


@pytest.mark.parametrize("name", READ)
def test_what_a_rule_reads(name):
    op, inputs, params, wanted = READ[name]
    assert what_is_read(op, op(*inputs, **params), inputs, [True] * len(inputs), params) == wanted


def test_a_constant_input_has_no_rule_to_run():
    assert what_is_read(multiply, X, [X, X], [True, False], {}) == (False, False, True)
    assert what_is_read(multiply, X, [X, X], [False, True], {}) == (False, True, False)


@pytest.fixture
def slim(monkeypatch):
    """All arrays count as large."""
    monkeypatch.setattr(traced, "LARGE", 0)


# Of each op the first two samples and the last one.
BY_OP = {name: [s for s in SAMPLES if s.op == name] for name in dict.fromkeys(s.op for s in SAMPLES)}
KEPT = [s for name, given in BY_OP.items() if OPS[name].differentiable for s in (*given[:2], *given[2:][-1:])]


@pytest.mark.parametrize("sample", KEPT, ids=str)
def test_every_op_is_differentiated_without_what_its_rules_do_not_read(sample, slim):
    op, moving = OPS[sample.op], [i for i, x in enumerate(sample.inputs) if np.asarray(x).dtype == float]
    if not moving:
        return

    def f(*xs):
        given = list(sample.inputs)
        for i, x in zip(moving, xs, strict=True):
            given[i] = x * 1.0 + 0.0  # neither is read, unless the op reads it
        z = op(*given, **sample.params) + 0.0
        return np.sum(z * np.cos(np.arange(float(np.size(z.detach()))).reshape(z.shape)))

    def by_values(*xs):
        values = [Value(x) for x in xs]
        f(*values).backward()
        return [x.grad for x in values]

    xs = [sample.inputs[i] for i in moving]
    for given, wanted in zip(grad(f, range(len(xs)))(*xs), by_values(*xs), strict=True):
        np.testing.assert_allclose(given, wanted, rtol=1e-13, atol=1e-14)


PROGRAMS = {
    "chain": lambda x: np.sin(np.sin(x) * 2.0 + 0.1) * 2.0 - x,
    "where": lambda x: np.where(x > 0.0, 1.0 / (x + 0.0), x - 1.0),
    "softmax": lambda x: np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x))),
    "used twice": lambda x: (x + 1.0) * np.exp(x + 1.0) + (x + 1.0),
    "itself": lambda x: (x * 2.0) + (x * 2.0) * (x * 2.0),
    "views": lambda x: (x.reshape(3, 1) * x.reshape(1, 3) + 1.0).T @ (x * 2.0),
    "copy": lambda x: np.positive(np.positive(x * 2.0)) + np.positive(x * 3.0) * x,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_derivatives_of_any_order_are_the_same(name, monkeypatch):
    f = PROGRAMS[name]

    def number(x):
        return np.sum(f(x) * X)

    def all_of_them():
        return [
            grad(number)(X),
            hessian(number)(X),
            jacobian(f, mode="reverse")(X),
            elementwise_grad(f)(X),
            grad(lambda x: jvp(number, (x,), (X,))[1])(X),
            jvp(grad(number), (X,), (X,))[1],
            jacobian(hessian(number), mode="reverse")(X),
            vjp(f, X)[1](X)[0],
        ]

    wanted = all_of_them()
    monkeypatch.setattr(traced, "LARGE", 0)
    for given, right in zip(all_of_them(), wanted, strict=True):
        np.testing.assert_allclose(given, right, rtol=1e-13, atol=1e-14)


def test_zero_times_infinity_is_judged_by_numbers_that_were_not_kept(slim):
    """The rule of log reads its input alone, but its output says that there is a
    pole.
    """

    def pole(x):
        return np.sum(np.log(x[:1] * 1.0) * x[1:])

    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(grad(pole)(np.zeros(2)), [np.nan, -np.inf])
    with pytest.warns(GradientWarning, match="an infinite gradient times a slope of 0"):
        grad(lambda x: np.sum(np.sqrt((x + 0.0) ** 2 + 0.0)))(np.zeros(1))


def test_what_the_user_holds_keeps_its_numbers(slim):
    held = []

    def f(x):
        y = x * 2.0
        held.append(y)
        return np.sum(y + 1.0), y

    gradient, aux = grad(f, has_aux=True)(X)
    np.testing.assert_array_equal(gradient, [2.0, 2.0, 2.0])
    np.testing.assert_array_equal(aux, 2.0 * X)
    np.testing.assert_array_equal(held[0].data, 2.0 * X)
    assert held[0].check_stale() == []
    (outline,) = held[0].inputs
    np.testing.assert_array_equal(outline.refilled(), 2.0 * X)


def test_who_walks_forward_gets_all_numbers(slim):
    x = traced.traced(X)
    z = np.sum((x * 2.0 + 1.0) * 3.0)
    outlines = [node for node in toposort(z) if isinstance(node, Outline)]
    assert len(outlines) == 3 and all(np.isnan(node.data).all() for node in outlines)
    Reach(z, [x]).path()
    for node, wanted in zip(outlines, (X * 2.0, X * 2.0 + 1.0, (X * 2.0 + 1.0) * 3.0), strict=True):
        np.testing.assert_array_equal(node.data, wanted)


def test_numbers_that_nobody_holds_are_gone(slim):
    gone = []

    def f(x):
        y = x * 2.0
        gone.append(weakref.ref(y))
        z = y + 1.0
        del y
        assert gone[0]() is None
        return np.sum(z)

    gc.disable()
    try:
        np.testing.assert_array_equal(grad(f)(X), [2.0, 2.0, 2.0])
    finally:
        gc.enable()


def test_small_arrays_and_numbers_are_kept():
    seen = []
    grad(lambda x: seen.append(x * 2.0) or np.sum(seen[0] + 1.0))(X)
    assert not any(isinstance(node, Outline) for node in toposort(seen[0]))
    assert type(seen[0]) is Traced


def peak(call):
    call()
    tracemalloc.start()
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_peak_of_memory():
    """In units of one array: what sin reads, and what the last step back needs."""
    x = np.linspace(0.0, 1.0, 50_000)

    def f(x):
        for _ in range(8):
            x = np.sin(x) * 2.0 + 0.1
        return np.sum(x)

    assert peak(lambda: grad(f)(x)) < 12.5 * x.nbytes


# The history behind the arguments


def test_a_graph_ends_at_the_values_it_is_differentiated_by():
    x = Value(0.5)
    for _ in range(1000):
        x = x * 1.001
    y = traced.traced(x)
    assert len(Reach(y * y + 1.0, [y]).order) == 2


@pytest.mark.parametrize("is_value", [False, True], ids=["inside a transform", "of a Value"])
def test_a_loop_of_transforms_is_linear(is_value, monkeypatch):
    sizes = []

    class Counted(Reach):
        def __init__(self, root, ends):
            super().__init__(root, ends)
            sizes.append(len(self.order))

    def descended(x):
        for _ in range(30):
            x = x - 0.1 * grad(lambda x: x * x)(x)
        return x

    if not is_compiled(tracing):  # where it is compiled, nobody can count
        monkeypatch.setattr(tracing, "Reach", Counted)
    if is_value:
        start = Value(0.5)
        descended(start).backward()
        slope = start.grad
    else:
        slope = grad(descended)(0.5)
    assert abs(slope - 0.8**30) < 1e-15
    if not is_compiled(tracing):
        assert len(sizes) >= 30 and sorted(sizes)[-2] == 1


@pytest.mark.parametrize("sample", SAMPLES[:: len(SAMPLES) // 40], ids=str)
def test_records_hold_with_slim_graphs(sample, slim):
    assert check_op(OPS[sample.op], *sample.inputs, **sample.params)
