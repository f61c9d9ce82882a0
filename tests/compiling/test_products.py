"""Large matrix products go to BLAS, in every layout, and give the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

import micrograd
from micrograd import Value

scipy = pytest.importorskip("scipy.linalg")


def _values(*shapes, dtype=float):
    rng = np.random.default_rng(5)
    return [Value(rng.normal(size=s).astype(dtype)) for s in shapes]


X, Y, Z, b = _values((60, 50), (50, 61), (61, 50), (61,))
K, L, Q, W = _values((4, 40, 30), (4, 30, 41), (40, 4, 41), (40, 30))
X32, Y32 = _values((60, 50), (50, 61), dtype=np.float32)

# Per name: a function, the values that it reads, and how often BLAS is called for its
# results and their gradients.
CASES = {
    "x @ y": (lambda: (X @ Y).tanh().sum(), [X, Y], 3),
    "x @ z.T": (lambda: (X @ Z.T).tanh().sum(), [X, Z], 3),
    "y.T @ x.T": (lambda: (Y.T @ X.T).tanh().sum(), [X, Y], 3),
    "z @ x.T": (lambda: (Z @ X.T).tanh().sum(), [X, Z], 3),
    "x.T @ x": (lambda: (X.T @ X).tanh().sum(), [X], 3),
    "a result that is transposed": (lambda: (X @ Y).T * 2.0, [X, Y], 3),
    "two products of one matrix": (lambda: (X @ Y).tanh().sum() + (X @ Z.T).sin().sum(), [X, Y, Z], 6),
    "batches": (lambda: (K @ L).tanh().sum(), [K, L], 3),
    "one matrix, a batch": (lambda: (W @ L).tanh().sum(), [W, L], 3),
    "slices": (lambda: (X[1:] @ Y[:, 2:]).tanh().sum(), [X, Y], 3),
    "every second column": (lambda: (X[:, ::2] @ X[:, ::2].T).tanh().sum(), [X], 0),
    "two axes are summed": (lambda: np.einsum("abk,ban->kn", K, Q).tanh().sum(), [K, Q], 3),
    "a part by itself": (lambda: np.einsum("abk,abk->k", K, K.sin()).sum(), [K], 0),
    "einsum": (lambda: np.einsum("aij,akj->ik", K, K).tanh().sum(), [K], 3),
    "a factor": (lambda: (-2.0 * (X @ Y)).tanh().sum(), [X, Y], 3),
    "a layer": (lambda: (X @ Y + b).relu().sum(), [X, Y, b], 3),
    "float32": (lambda: (X32 @ Y32).tanh().sum(), [X32, Y32], 3),
    "float32 and float64": (lambda: (X32 @ Y).tanh().sum(), [X32, Y], 0),
    "small": (lambda: (X[:4] @ Y[:, :4]).tanh().sum(), [X, Y], 0),
}


def _run(function, values):
    for v in values:
        v.grad = None
    z = function()
    z.backward(np.ones(z.shape) if z.shape else 1.0)
    return [z.data, *[v.grad for v in values]]


@pytest.mark.parametrize("name", CASES)
def test_products(name):
    function, values, _ = CASES[name]
    compiled = micrograd.compile(function)
    eps = 1e-4 if values[0].data.dtype == np.float32 else 1e-10
    wanted = _run(function, values)
    for _ in range(2):
        for got, expected in zip(_run(compiled, values), wanted, strict=True):
            assert got.dtype == expected.dtype if np.shape(got) else True
            assert np.abs(got - expected).max() <= eps * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize("name", CASES)
def test_who_computes(name):
    function, _, calls = CASES[name]
    compiled = micrograd.compile(function)
    compiled()
    runner = compiled._last.runner
    assert sum(type(p).__name__ == "Function" for p in runner._pointers) == calls
