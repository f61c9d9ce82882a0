"""Lines joined for C: copies that are not made, updates that are products."""

from __future__ import annotations

import numpy as np
import pytest

import micrograd
from micrograd import Value
from micrograd.compiling import joined

pytest.importorskip("scipy.linalg")
RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(100, 60)), RNG.normal(size=(100, 48))
SHAPES = [(60, 64), (64,), (64, 48), (48,)]

# Per name: the new data of a parameter, and whether a product can be the update.
UPDATES = {
    "SGD": (lambda p, rate: p.data - rate * p.grad, True),
    "with decay": (lambda p, rate: p.data * 0.99 - rate * (p.grad + 0.01 * p.data), True),
    "signs": (lambda p, rate: -(rate * 0.5 * p.grad - p.data), True),
    "nothing else": (lambda p, rate: -1.0 * p.grad, True),
    "squares": (lambda p, rate: p.data - rate * p.grad * p.grad, False),
    "each its own rate": (lambda p, rate: p.data - p.data * p.grad, False),
}


def _stepped(update, clears, compiles, dtype):
    rng = np.random.default_rng(6)
    parameters = w1, b1, w2, b2 = [Value((rng.normal(size=shape) / 8.0).astype(dtype)) for shape in SHAPES]

    def step(x, y, rate):
        z = (x @ w1 + b1).tanh() @ w2 + b2 - y
        loss = (z * z).mean()
        for p in parameters:
            p.grad = None
        loss.backward()
        for p in parameters:
            p.data = update(p, rate)
        if clears:
            for p in parameters:
                p.grad = None
        return loss.data

    run = micrograd.compile(step, backend="c") if compiles else step
    for _ in range(2):
        loss = run(X.astype(dtype), Y.astype(dtype), np.array([0.1], dtype))
    arrays = [np.asarray(loss), *(p.data for p in parameters), *(p.grad for p in parameters if not clears)]
    return [np.array(a) for a in arrays], run


@pytest.mark.parametrize(
    "name, clears, dtype",
    [
        *((name, True, np.float64) for name in UPDATES),
        *(("SGD", clears, dtype) for clears, dtype in ((False, np.float64), (False, np.float32), (True, np.float32))),
    ],
)
def test_updates(name, clears, dtype):
    update, is_product = UPDATES[name]
    wanted, _ = _stepped(update, clears, False, dtype)
    found, compiled = _stepped(update, clears, True, dtype)
    exactness = 1e-4 if dtype is np.float32 else 1e-11
    for x, y in zip(found, wanted, strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_allclose(x, y, rtol=exactness, atol=exactness)
    assert compiled.source.count("beta = 1.0") == 2 * (clears and is_product)
    gone = sum(line is None for line in compiled._last.runner._instead.values())
    assert gone >= (2 * is_product if clears else len(SHAPES))  # products; copies to the gradients
    assert "rate" in compiled.explain(profile=True)


def test_a_buffer_that_changes_later_is_copied():
    x = Value(np.arange(6.0))

    def step():
        old = x.data * 2.0
        x.data = old + 1.0
        return old, x.data * 3.0

    fast = micrograd.compile(step, backend="c")
    for _ in range(3):
        before = np.array(x.data)
        old, new = fast()
        np.testing.assert_array_equal(old, before * 2.0)
        np.testing.assert_array_equal(x.data, before * 2.0 + 1.0)
        np.testing.assert_array_equal(new, x.data * 3.0)


@pytest.mark.parametrize("op", ["tanh", "where"])
def test_a_function_of_a_product_stays_by_itself(op):
    w = Value(np.random.default_rng(7).normal(size=(60, 50)) / 8.0)
    x = np.random.default_rng(8).normal(size=(64, 60))

    def function():
        z = (x @ w.data) - 1.0
        return np.tanh(z) if op == "tanh" else np.where(x[:, :50] > 0.0, z, 0.5)

    fast = micrograd.compile(function, backend="c")
    for _ in range(2):
        np.testing.assert_allclose(fast(), function(), rtol=1e-12, atol=1e-12)


# Per name: a function of a vector, whose gradient is cleared and grows.
PARTS = {
    "all but the first": lambda x: (x[1:] ** 3).sum(),
    "all but the last": lambda x: (x[:-1] ** 3).sum(),
    "the middle": lambda x: (x[5:20] ** 3).sum(),
    "every second": lambda x: (x[::2] ** 3).sum(),
    "two parts": lambda x: (x[:10] ** 3).sum() + (x[20:] ** 2).sum(),
    "parts that overlap": lambda x: (x[:20] ** 3).sum() + (x[10:] ** 2).sum(),
    "an element twice": lambda x: (x[np.array([1, 1, 3])] ** 3).sum(),
    "a matrix": lambda x: (x.reshape(6, 10)[1:4, 2:] ** 3).sum(),
    "rows that are sums": lambda x: (x[:10] * np.ones((4, 10))).sum() ** 2,
    "shifted again and again": lambda x: np.concatenate(
        [np.zeros(1), (x * np.concatenate([np.zeros(1), x[:-1]]))[:-1]]
    ).sum(),
}


@pytest.mark.parametrize("name", PARTS)
def test_what_is_cleared_first_is_set(name):
    function, x = PARTS[name], Value(np.random.default_rng(3).normal(size=60))
    function(x).backward()
    wanted = x.grad
    compiled = micrograd.compile(lambda: function(x), backend="c")
    results = [compiled(), compiled()]
    for z in results:
        x.grad = None
        z.backward()
        assert np.allclose(x.grad, wanted, rtol=1e-12, atol=1e-15)
    inside = micrograd.compile(micrograd.grad(function), backend="c")
    for _ in range(3):
        assert np.allclose(inside(x.data), wanted, rtol=1e-12, atol=1e-15)


def test_which_lines_set():
    x, n = Value(np.ones(60)), 60
    compiled = micrograd.compile(lambda: (np.sin(x[1:]) * x[:-1]).sum(), backend="c")
    compiled().backward()
    plan = compiled._last
    made, _ = joined.joined([*plan.forward, *plan.back], plan._kept_to_the_end(), False)
    before = [line for line in [*plan.forward, *plan.back] if line.target.name == "d_state0"]
    after = [line for line in made if line is not None and line.target.name == "d_state0"]
    assert [(line.grows, line.sizes) for line in before] == [(False, (n,)), (True, (n - 1,)), (True, (n - 1,))]
    assert [(line.grows, line.sizes) for line in after] == [(False, (1,)), (False, (n - 1,)), (True, (n - 1,))]
