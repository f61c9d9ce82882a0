"""Buffers that lie in the same memory, one after the other."""

from __future__ import annotations

import random

import numpy as np
import pytest

import micrograd
from micrograd import Value
from micrograd.compiling import lives, objects
from tests.compiling.random_programs import ARRAYS, SHAPES, arrays_program

pytestmark = pytest.mark.skipif(bool(objects.why_none()), reason="there is no C compiler")


def _shifted(y):
    return np.concatenate([np.zeros(1), y[:-1]])


def series(x):
    """Each row is read by the next one alone; the shifted ones are written in parts."""
    y = x
    for k in range(1, 8):
        y = np.sin(_shifted(y) * x) / k
    return y


def _blocks(compiled):
    """How many targets of lines there are, and in how many blocks of memory."""
    arrays = compiled._last.runner.workspace().arrays
    names = {line.target.name for line in compiled._last.forward}
    return len(names), len({arrays[name].ctypes.data for name in names})


X = np.random.default_rng(3).normal(size=100)


def test_rows_of_a_series():
    compiled = micrograd.compile(series)
    for x in (X, 2.0 * X, X):
        assert np.allclose(compiled(x), series(x), rtol=1e-13, atol=0.0)
    targets, blocks = _blocks(compiled)
    assert blocks <= 3 < targets / 2


def test_what_backward_needs_stays():
    x = Value(X)
    compiled = micrograd.compile(lambda: (series(x) ** 2).sum())
    results = [compiled(), compiled()]  # both wait
    (series(x) ** 2).sum().backward()
    wanted = x.grad
    for z in (*results[::-1], compiled()):
        x.grad = None
        z.backward()
        assert np.allclose(x.grad, wanted, rtol=1e-12, atol=1e-300)


def test_backward_once_more():
    x = Value(X)
    compiled = micrograd.compile(lambda: [(series(x) ** 2).sum(), series(x).sum()])
    first, second = compiled()
    found = []
    for z in (first, second, first):
        x.grad = None
        z.backward()
        found.append(x.grad)
    assert np.array_equal(found[0], found[2])
    assert not np.allclose(found[0], found[1])


def test_a_buffer_that_is_written_in_part_keeps_its_zeros():
    compiled = micrograd.compile(lambda x: [np.sum(np.tril(np.outer(x, np.cos(x * k))) ** 2) for k in range(4)])
    wanted = [np.sum(np.tril(np.outer(X, np.cos(X * k))) ** 2) for k in range(4)]
    for _ in range(3):
        assert np.allclose(compiled(X), wanted, rtol=1e-12)


@pytest.mark.parametrize("seed", range(30))
def test_random_programs(seed, monkeypatch):
    monkeypatch.setattr(lives, "SMALLEST", 1)
    rng = random.Random(seed)
    steps = [(rng.choice(sorted(ARRAYS)), rng.randrange(2**20)) for _ in range(rng.randint(2, 7))]
    values = [Value(np.random.default_rng(seed).normal(size=s)) for s in SHAPES]

    def function():
        return arrays_program(steps, values, seed)["first"]

    def run(f):
        for v in values:
            v.grad = None
        z = f()
        z.backward()
        return [z.data, *[np.zeros(v.shape) if v.grad is None else v.grad for v in values]]

    compiled = micrograd.compile(function)
    wanted = run(function)
    for _ in range(3):
        for got, expected in zip(run(compiled), wanted, strict=True):
            assert np.allclose(got, expected, rtol=1e-10, atol=1e-10)


def test_memory_is_said_once():
    compiled = micrograd.compile(series)
    compiled(X)
    _, blocks = _blocks(compiled)
    assert f" in {blocks + 2} arrays" in compiled.explain()  # and the argument, and the constants
