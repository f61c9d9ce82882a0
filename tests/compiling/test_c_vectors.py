"""Tiles of sums in vectors of GNU C: which lines have them, and the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

import micrograd
from micrograd import Value


def _values(*shapes, dtype=float):
    rng = np.random.default_rng(5)
    return [Value(rng.normal(size=s).astype(dtype)) for s in shapes]


X, W, T, b, c = _values((10, 6), (6, 16), (16, 6), (16,), ())
X32, W32, T32, b32 = _values((10, 6), (6, 16), (16, 6), (16,), dtype=np.float32)
V, N = _values((6, 320), (6, 12))

# Per name: a function, the values that it reads, and how many lines of its results and
# gradients have tiles in vectors.
CASES = {
    "x @ w": (lambda: X @ W, [X, W], 2),
    "it is copied first": (lambda: X @ T.T, [X, T], 1),
    "it begins with a row": (lambda: X @ W + b, [X, W, b], 3),
    "it begins with a number": (lambda: X @ W + c, [X, W, c], 2),
    "wider than a tile": (lambda: X @ V, [X, V], 2),
    "sums of columns": (lambda: (W * 2.0 - W / c).sum(axis=0), [W, c], 1),
    "floats": (lambda: X32 @ W32 + b32, [X32, W32, b32], 3),
    "floats, copied first": (lambda: X32 @ T32.T - 0.5, [X32, T32], 1),
    "floats and doubles": (lambda: X32 @ W, [X32, W], 0),
    "not a whole number of vectors": (lambda: X @ N, [X, N], 0),
    "a choice in the sum": (lambda: np.where(W > 0.0, W, c).sum(axis=0), [W, c], 0),
    "the greatest": (lambda: W.max(axis=0), [W], 0),
}


def _run(function, values):
    for v in values:
        v.grad = None
    z = function()
    z.backward(np.ones_like(z.data))
    return [np.array(z.data), *[np.array(v.grad) for v in values]]


@pytest.mark.parametrize("name", CASES)
def test_tiles(name):
    function, values, count = CASES[name]
    compiled = micrograd.compile(function, backend="c")
    wanted = _run(function, values)
    for x, y in zip(_run(compiled, values), wanted, strict=True):
        assert x.dtype == y.dtype
        exactness = 1e-5 if x.dtype == np.float32 else 1e-12
        np.testing.assert_allclose(x, y, rtol=exactness, atol=exactness)
    assert compiled.source.count("s acc[") == count
    assert ("vector_size" in compiled.source) == (count > 0)
