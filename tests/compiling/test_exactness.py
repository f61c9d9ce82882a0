"""exact=True keeps every op and every order of a scalar program; the check sees where
it does not.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import micrograd
from micrograd import Value
from micrograd.compiling.c import CRunner
from micrograd.compiling.exactness import agree
from micrograd.compiling.tape_runner import TapeRunner
from micrograd.errors import CaptureError
from tests.compiling.programs import SCALARS
from tests.compiling.test_programs import _loss_of, _moons, _run


@pytest.mark.parametrize("name", SCALARS)
def test_programs(name):
    function, values = SCALARS[name]
    wanted = _run(function, values)
    compiled = micrograd.compile(function, exact=True)
    for _ in range(2):
        results, gradients = _run(compiled, values)
        assert (results, gradients) == wanted


def test_the_moons():
    X, y, model = _moons()
    loss = _loss_of(model)
    compiled = micrograd.compile(loss, exact=True)
    for k in range(10):
        found = []
        for function in (loss, compiled):
            model.zero_grad()
            total, accuracy = function(X, y)
            total.backward()
            found.append([total.data, accuracy, *[p.grad for p in model.parameters()]])
        assert found[0] == found[1]
        for p in model.parameters():
            p.data -= (0.1 + 0.05 * k) * p.grad


def test_a_whole_step():
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
    compiled = micrograd.compile(step, exact=True)
    logs = []
    for function in (step, compiled):
        for p, data in zip(model.parameters(), start, strict=True):
            p.data, p.grad = data, 0.0
        log = [function(X, y, 0.5) for _ in range(5)]
        logs.append([log, [p.data for p in model.parameters()], [p.grad for p in model.parameters()]])
    assert logs[0] == logs[1]
    assert isinstance(compiled._last.runner, CRunner)


def test_a_term_that_stands_after_others_that_are_alike():
    values = [Value(0.1 * i - 0.37) for i in range(8)]
    p, *others = values

    def function():
        return p.exp() + sum(x * y for x, y in itertools.pairwise(others)) + p.sin() + p.tanh()

    def flat():
        return sum([p.exp(), *[x * y for x, y in itertools.pairwise(others)], p.sin(), p.tanh()])

    for program in (function, flat):
        compiled = micrograd.compile(program, exact=True)
        for k in range(20):
            for i, v in enumerate(values):
                v.data = math.sin(k + 0.7 * i)
            assert compiled().data == program().data
        assert type(compiled._last.runner) is CRunner


def test_where_c_has_another_order_the_tape_runs():
    p = Value(0.7)
    for function, runner in ((lambda: p * 0.3 + 1.0, CRunner), (lambda: p * p + p, TapeRunner)):
        compiled = micrograd.compile(function, exact=True)
        assert _run(compiled, [p]) == _run(function, [p])
        assert type(compiled._last.runner) is runner


def test_arrays_are_refused():
    x = Value(np.ones(3))
    with pytest.raises(CaptureError, match=r"exact=True is for programs of single numbers.*\n.*leave exact=True out"):
        micrograd.compile(lambda: (x * x).sum(), exact=True)()


def _runner(exact, change=None):
    X, y, model = _moons()
    compiled = micrograd.compile(_loss_of(model), exact=exact)
    compiled(X, y)
    plan = compiled._last
    back = [line if change is None else change(line) for line in plan.back]
    numbers = {"theta": np.array([p.data for p in plan.theta]), "arg0": X.reshape(-1), "arg1": y.astype(float)}
    return CRunner(plan.program, plan.forward, back, exact), numbers


def test_two_runners_of_one_program_agree():
    one, numbers = _runner(True)
    other, _ = _runner(True)
    assert agree(one, other, numbers)


@pytest.mark.parametrize("which", range(3))
def test_another_order_is_seen(which):
    one, numbers = _runner(True)
    summed = []

    def change(line):
        summed.append(bool(line.summed))
        return line.backwards() if line.summed and sum(summed) == which + 1 else line

    other, _ = _runner(True, change)
    assert any(summed)
    assert not agree(one, other, numbers)
