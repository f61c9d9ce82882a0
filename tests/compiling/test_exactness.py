"""exact=True keeps every op and every order of a scalar program, or runs on the tape:
what is proved is equal for all numbers, and wrong lines are not proved.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import micrograd
from benchmarks.transformer import Transformer
from micrograd import Value
from micrograd.compiling import compilers, plan, proof
from micrograd.compiling.c import CRunner
from micrograd.compiling.tape_runner import TapeRunner
from micrograd.errors import CompileWarning
from micrograd.op import OPS
from tests.compiling.programs import SCALARS
from tests.compiling.random_programs import numbers_program
from tests.compiling.test_programs import _loss_of, _moons, _run
from tests.compiling.test_random_programs import _by_itself, seeds

START = np.random.default_rng(3).normal(size=14).tolist()
p, q, *numbers = [Value(x) for x in START]


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


# Sums of gradients that lines give in the order of eager, and some that they do not.
PROVED = {
    "the same twice": lambda: p * p + p,
    "inlined slopes": lambda: (p * 0.3) * q * 0.7 + 1.0,
    "one formula in two nodes": lambda: (p * q).tanh() * (p * q).tanh(),
    "a negative zero": lambda: 1.0 / ((p * 0.0) + (q * -0.0)),
    "choices": lambda: (p.relu() - q.relu()) * 0.3,
}
ON_THE_TAPE = {"windows": lambda: sum(sum(numbers[i : i + 3]).tanh() for i in range(9))}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", [*PROVED, *ON_THE_TAPE])
def test_what_is_proved_runs_in_c(name):
    values = [p, q, *numbers]
    function = {**PROVED, **ON_THE_TAPE}[name]
    compiled = micrograd.compile(function, exact=True)
    for factor in (1.0, -3.3, 1e-300, 1e200):
        for v, data in zip(values, START, strict=True):
            v.data = data * factor
        for found, wanted in zip(_run(compiled, values), _run(function, values), strict=True):
            np.testing.assert_array_equal(found, wanted)
    assert type(compiled._last.runner) is (CRunner if name in PROVED else TapeRunner)


def test_the_transformer_is_proved():
    """Its users of one number do not stand in the order in which they were made."""
    model = Transformer(Value, width=4, heads=2, context=3)
    compiled = micrograd.compile(model.loss, exact=True)
    for _ in range(2):
        assert _run(lambda: compiled("abc"), model.parameters) == _run(lambda: model.loss("abc"), model.parameters)
        for v in model.parameters:
            v.data -= 0.1 * v.grad
    assert type(compiled._last.runner) is CRunner


def test_arrays_run_uncompiled():
    x = Value(np.ones(3))
    compiled = micrograd.compile(lambda: (x * x).sum(), exact=True)
    with pytest.warns(CompileWarning, match=r"runs uncompiled, as exact=True keeps the orders .*leave exact=True out"):
        assert compiled().data == 3.0
    compiled().backward()
    np.testing.assert_array_equal(x.grad, 2.0 * np.ones(3))


def _proof_of(change):
    """Whether it is proved that lines of the moons, changed so, are exact."""
    X, y, model = _moons()
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "proves", lambda *given: seen.append(given) or proof.proves(*given))
        micrograd.compile(_loss_of(model), exact=True)(X, y)
    tape, program, forward, back, *rest = seen[0]
    return proof.proves(tape, program, *change(forward, back), *rest)


def _another_order(which):
    def change(forward, back):
        summed = [line for line in back if line.summed]
        return forward, [line.backwards() if line is summed[which] else line for line in back]

    return change


CHANGES = {
    "another order": _another_order(0),
    "another order at the end": _another_order(-1),
    "a line is missing": lambda forward, back: (forward, back[:-1]),
    "a line of the call is missing": lambda forward, back: (forward[1:], back),
    "the last line comes first": lambda forward, back: (forward, [back[-1], *back[:-1]]),
}


def test_the_moons_are_proved():
    assert _proof_of(lambda forward, back: (forward, back))


@pytest.mark.parametrize("name", CHANGES)
def test_wrong_lines_are_not_proved(name):
    assert not _proof_of(CHANGES[name])


SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -1e-310, 1e300, -1e300, 1.0, -1.0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(max_examples=6, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(st.tuples(st.sampled_from(["map", "reversed", "matvec", "shifted", "outer"]), seeds), max_size=2),
    numbers=st.lists(st.sampled_from(SPECIAL) | st.floats(), min_size=9, max_size=9),
    seed=seeds,
)
def test_what_is_proved_is_equal_for_all_numbers(steps, numbers, seed):
    values = [Value(0.1 + 0.2 * i) for i in range(9)]

    def function():
        return numbers_program(steps, values, seed)

    compiled = micrograd.compile(function, exact=True)
    compiled()
    for v, number in zip(values, numbers, strict=True):
        v.data = number
    for results in zip(_by_itself(compiled, values), _by_itself(function, values), strict=True):
        np.testing.assert_array_equal(*[np.asarray(x, float) for x in results])


@pytest.mark.parametrize("power", [-1, 2, -2, 0.5, -0.5, 3])
def test_powers_are_those_of_the_library(power):
    # a compiler takes pow(x, -1.0) for 1.0 / x, which is now and then another number
    numbers = np.random.default_rng(0).uniform(0.1, 10.0, 4000).tolist()
    fast = micrograd.compile(lambda xs: [Value(x) ** power for x in xs], exact=True)
    assert [z.data for z in fast(numbers)] == [(Value(x) ** power).data for x in numbers]
    assert [z.data for z in fast(numbers)] == [(Value(x) ** power).data for x in numbers]


@pytest.mark.parametrize("function", ["exp", "log", "sin", "cos", "tanh", "log1p", "expm1"])
def test_functions_of_constants_are_those_of_the_library(function):
    constants = np.random.default_rng(0).uniform(0.1, 10.0, 300).tolist()
    take = getattr(np, function)

    def total(x):
        return [x * take(Value(c)) for c in constants]

    fast = micrograd.compile(total, exact=True)
    assert [z.data for z in fast(3.0)] == [z.data for z in total(3.0)]


# IEEE 754 and C leave one answer; "neg" is a minus.
ONE_ANSWER = {"sqrt", "fabs", "floor", "ceil", "trunc", "rint", "fmod", "nextafter", "copysign", "neg"}


def test_the_compiler_knows_nothing_of_the_functions_of_the_table():
    called = {op.facts.c for op in OPS.values() if str(op.facts.c).isidentifier()}
    assert called - ONE_ANSWER <= set(compilers.FUNCTIONS)
    assert len(called) > 20
