"""Programs made at random run compiled as they run without: by themselves, with
arguments, as whole steps.
"""

from __future__ import annotations

import os
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import micrograd
from micrograd import Value
from micrograd.trees import leaves_of
from tests.compiling.random_programs import ARRAYS, NUMBERS, SHAPES, arrays_program, numbers_program

EXAMPLES = int(os.environ.get("RANDOM_PROGRAMS", "4"))  # of each kind and check; 4 make a few dozen
BACKENDS = os.environ.get("RANDOM_BACKENDS", "c,numpy,tape,exact").split(",")
OF_NUMBERS = ("tape", "exact")  # hold single numbers alone, and give the bits of eager
seeds = st.integers(0, 2**20)


def _steps(table):
    return st.lists(st.tuples(st.sampled_from(sorted(table)), seeds), min_size=2, max_size=6)


KINDS = {
    "numbers": (numbers_program, _steps(NUMBERS), lambda rng: [rng.gauss(0.0, 1.0) for _ in range(18)]),
    "arrays": (
        arrays_program,
        _steps(ARRAYS),
        lambda rng: [_normal(rng, shape) for shape in SHAPES],
    ),
    "float32": (
        arrays_program,
        _steps(ARRAYS),
        lambda rng: [_normal(rng, shape).astype(np.float32) for shape in SHAPES],
    ),
    "two dtypes": (
        arrays_program,
        _steps(ARRAYS),
        lambda rng: [_normal(rng, shape).astype(rng.choice([np.float32, float])) for shape in SHAPES],
    ),
}


def _normal(rng, shape):
    return np.random.default_rng(rng.randrange(2**20)).normal(size=shape)


def _programs(kind):
    chosen = settings(
        max_examples=EXAMPLES,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        print_blob=False,
    )
    drawn = given(steps=KINDS[kind][1], seed=seeds)
    return lambda test: chosen(drawn(test))


def _backends(kind):
    return [b for b in BACKENDS if kind == "numbers" or b not in OF_NUMBERS]


def _compiled(function, backend):
    if backend == "exact":
        return micrograd.compile(function, exact=True)
    return micrograd.compile(function, backend=backend)


def _check(kind, backend, found, wanted):
    tolerance = 0.0 if backend in OF_NUMBERS else 1e-10 if kind in ("numbers", "arrays") else 1e-3
    for got, expected in zip(leaves_of(list(found)), leaves_of(list(wanted)), strict=True):
        assert (got is None) == (expected is None)
        if expected is not None:
            got, expected = np.asarray(got), np.asarray(expected)
            assert got.shape == expected.shape
            assert got.dtype == expected.dtype
            error = np.abs(np.asarray(got, float) - np.asarray(expected, float)).max(initial=0.0)
            assert error <= tolerance * max(1.0, np.abs(expected).max(initial=0.0))


def _plain(tree):
    return [z.data if isinstance(z, Value) else z for z in leaves_of(tree)]


def _by_itself(function, values):
    """The results, and the gradients of each by itself: of values, and of results."""
    found = []
    results = leaves_of(function())
    for i, z in enumerate(results):
        for v in values:
            v.grad = None
        if isinstance(z, Value):
            z.backward(np.full(z.shape, 1.0 + i) if z.shape else 1.0 + i)
        found.append([v.grad for v in [*values, *results] if isinstance(v, Value)])  # results depend on each other
    return [*_plain(results), found]


def _check_by_itself(kind, steps, seed):
    program, _, make = KINDS[kind]
    values = [Value(x) for x in make(random.Random(seed))]

    def function():
        return program(steps, values, seed)

    wanted = _by_itself(function, values)
    for backend in _backends(kind):
        compiled = _compiled(function, backend)
        _check(kind, backend, _by_itself(compiled, values), wanted)


def _check_with_arguments(kind, steps, seed):
    program, _, make = KINDS[kind]

    def function(numbers):
        return program(steps, [Value(x) for x in numbers], seed)

    given_ = [make(random.Random(seed + i)) for i in range(2)]
    for backend in _backends(kind):
        compiled = _compiled(function, backend)
        for numbers in given_:
            _check(kind, backend, _plain(compiled(numbers)), _plain(function(numbers)))


def _check_with_values(kind, steps, seed):
    """Values as arguments get their gradients, of two calls that are alive together."""
    program, _, make = KINDS[kind]
    calls = [[Value(x) for x in make(random.Random(seed + i))] for i in range(2)]

    def function(values):
        return program(steps, values, seed)["first"]

    def run(function):
        results = [function(values) for values in calls]
        for values in calls:
            for v in values:
                v.grad = None
        (results[0] * results[1] * 0.1 + results[1]).backward()
        return [[z.data for z in results], [[v.grad for v in values] for values in calls]]

    wanted = run(function)
    for backend in _backends(kind):
        _check(kind, backend, run(_compiled(function, backend)), wanted)


def _check_step(kind, steps, seed):
    program, _, make = KINDS[kind]
    values = [Value(x) for x in make(random.Random(seed))]
    start = [v.data for v in values]

    def step(rate):
        for v in values:
            v.grad = None
        results = program(steps, values, seed)
        results["first"].backward()
        for v in values:
            if v.grad is not None:
                v.data = v.data - rate * v.grad
        again = program(steps, values, seed + 1)
        return results["first"].data, results["rest"][1], again["first"].data

    def run(function):
        for v, data in zip(values, start, strict=True):
            v.data, v.grad = data, None
        log = [function(rate) for rate in (1e-3, 2e-3)]
        return [*log, [v.data for v in values], [v.grad for v in values]]

    wanted = run(step)
    for backend in _backends(kind):
        _check(kind, backend, run(_compiled(step, backend)), wanted)


CHECKS = {
    "by itself": _check_by_itself,
    "with arguments": _check_with_arguments,
    "with values": _check_with_values,
    "as a step": _check_step,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("check", CHECKS)
def test_random_programs(kind, check):
    @_programs(kind)
    def run(steps, seed):
        CHECKS[check](kind, steps, seed)

    run()
