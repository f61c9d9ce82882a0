"""Compiled programs give the numbers and gradients of the functions themselves."""

from __future__ import annotations

import random

import numpy as np
import pytest

import micrograd
from micrograd import Value, grad, nn
from micrograd.data import make_moons
from micrograd.trees import leaves_of
from tests.compiling.programs import ARRAYS, SCALARS, TRANSFORMS

each = pytest.mark.parametrize("backend", ["c", "numpy"])


def _run(function, values):
    """The results, and the gradients of the sum of all."""
    for v in values:
        v.grad = None
    results = leaves_of(function())
    for i, z in enumerate(results):
        z.backward(np.full(z.shape, 1.0 + i) if z.shape else 1.0 + i)
    return [z.data for z in results], [v.grad for v in values]


def _check(found, wanted, tolerance=1e-10):
    for got, expected in zip(leaves_of(list(found)), leaves_of(list(wanted)), strict=True):
        assert type(got) is type(expected)
        assert getattr(got, "dtype", float) == getattr(expected, "dtype", float)
        got, expected = np.asarray(got), np.asarray(expected)
        assert got.shape == expected.shape
        eps = 1e-5 if expected.dtype == np.float32 else tolerance
        assert np.abs(got - expected).max(initial=0.0) <= eps * max(1.0, np.abs(expected).max(initial=0.0))


@each
@pytest.mark.parametrize("name", [*ARRAYS, *SCALARS])
def test_programs(name, backend):
    function, values = {**ARRAYS, **SCALARS}[name]
    wanted = _run(function, values)
    compiled = micrograd.compile(function, backend=backend)
    for _ in range(2):  # the first call captures
        _check(_run(compiled, values), wanted)


@each
@pytest.mark.parametrize("name", [*ARRAYS, *SCALARS])
def test_what_values_hold_is_read_anew(name, backend):
    function, values = {**ARRAYS, **SCALARS}[name]
    compiled = micrograd.compile(function, backend=backend)
    compiled()
    before = [v.data for v in values]
    try:
        for v in values:
            v.data = v.data * (1.1 if isinstance(v.data, float) else np.asarray(1.1, v.data.dtype))
        _check(_run(compiled, values), _run(function, values))
    finally:
        for v, data in zip(values, before, strict=True):
            v.data = data


@each
@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms(name, backend):
    function, args = TRANSFORMS[name]
    compiled = micrograd.compile(function, backend=backend)
    compiled(*args)
    other = [np.asarray(x) * 0.9 if np.shape(x) else x * 0.9 for x in args]
    for given in (args, other):
        wanted = [x.data if isinstance(x, Value) else x for x in leaves_of(function(*given))]
        got = [x.data if isinstance(x, Value) else x for x in leaves_of(compiled(*given))]
        for a, b in zip(got, wanted, strict=True):
            assert np.abs(np.asarray(a) - np.asarray(b)).max() <= 1e-10 * max(1.0, np.abs(np.asarray(b)).max())


@each
def test_a_transform_of_values_that_the_function_closes_over(backend):
    w, z = Value(np.array([1.0, 2.0])), Value(3.0)
    programs = [lambda: grad(lambda v: (v * v * v).sum())(w), lambda: grad(lambda v: v * v)(z)]
    for function in programs:
        compiled = micrograd.compile(function, backend=backend)
        for data, number in (([1.0, 2.0], 3.0), ([3.0, 4.0], 5.0)):
            w.data, z.data = np.array(data), number
            assert np.array_equal(compiled().data, function().data)


# The tutorial's network, unchanged


def _moons():
    random.seed(1337)
    X, y = make_moons(n_samples=20, noise=0.1, random_state=1337)
    return X, y * 2 - 1, nn.MLP(2, [8, 8, 1])


def _loss_of(model):
    def loss(X, y):
        inputs = [list(map(Value, row)) for row in X]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        total = data_loss + 1e-4 * sum(p * p for p in model.parameters())
        accuracy = [(yi > 0) == (score.data > 0) for yi, score in zip(y, scores, strict=True)]
        return total, sum(accuracy) / len(accuracy)

    return loss


@each
def test_the_moons(backend):
    X, y, model = _moons()
    loss = _loss_of(model)
    compiled = micrograd.compile(loss, backend=backend)
    for function in (loss, compiled, compiled):
        model.zero_grad()
        total, accuracy = function(X, y)
        total.backward()
        found = [total.data, accuracy, *[p.grad for p in model.parameters()]]
        if function is loss:
            wanted = found
        assert np.allclose(found, wanted, rtol=0, atol=1e-14)
    assert len(compiled.program.lines) < 30


@each
def test_a_whole_step(backend):
    X, y, model = _moons()
    loss = _loss_of(model)

    def step(X, y, rate):
        total, accuracy = loss(X, y)
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= rate * p.grad
        return total.data, accuracy

    start = [p.data for p in model.parameters()]
    logs = []
    for function in (step, micrograd.compile(step, backend=backend)):
        for p, data in zip(model.parameters(), start, strict=True):
            p.data, p.grad = data, 0.0
        log = [function(X, y, 1.0 - 0.9 * k / 20) for k in range(20)]
        logs.append([*log, [p.data for p in model.parameters()], [p.grad for p in model.parameters()]])
    for got, wanted in zip(*logs, strict=True):
        assert np.allclose(got, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("backend", ["c", "numpy", "tape"])
@pytest.mark.parametrize("seed", [1.0, 0.5, -3.0])
def test_a_step_whose_backward_is_given_a_gradient(seed, backend):
    w = Value(3.0)

    def step(rate):
        w.grad = 0.0
        (w * w).backward(seed)
        w.data -= rate * w.grad

    for function in (step, micrograd.compile(step, backend=backend)):
        w.data = 3.0
        function(0.1)
        assert (w.data, w.grad) == (3.0 - 0.1 * (6.0 * seed), 6.0 * seed)


@each
def test_a_capture_leaves_all_as_it_was(backend):
    X, y, model = _moons()
    state = random.getstate()
    before = [(p.data, p.grad) for p in model.parameters()]
    micrograd.compile(_loss_of(model), backend=backend)(X, y)
    assert [(p.data, p.grad) for p in model.parameters()] == before
    assert random.getstate() == state
    assert max is __builtins__["max"] and max(1, 2) == 2


def test_a_gradient_that_is_given_as_a_value_is_read_anew():
    w, seed = Value(2.0), Value(3.0)

    def step(x):
        z = w * x
        w.grad = 0.0
        z.backward(seed * x)
        return w.grad

    compiled = micrograd.compile(step)
    found = []
    for number in (3.0, 4.0):
        seed.data = number
        found.append(compiled(number))
    assert found == [27.0, 64.0]
