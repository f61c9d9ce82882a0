"""Large sums of products that do not lie as matrices are copied for BLAS, and give the
same numbers.
"""

from __future__ import annotations

import numpy as np
import pytest

import micrograd
from micrograd import Value, ops

pytest.importorskip("scipy.linalg")


def _values(*shapes, dtype=float):
    rng = np.random.default_rng(5)
    return [Value(rng.normal(size=s).astype(dtype)) for s in shapes]


X, W, U, G, B = _values((8, 16, 9, 3), (40, 16, 3, 3), (40, 16, 3, 3), (32, 8, 3, 3), (40, 1, 1))
X32, W32 = _values((8, 16, 9, 3), (40, 16, 3, 3), dtype=np.float32)
S, V, T = _values((4, 16, 40), (24, 16, 5), (16, 12, 3, 3))

# Per name: a function, the values that it reads, and how many lines of its results and
# of their gradients go by way of matrices.
CASES = {
    "a convolution": (lambda: ops.conv2d(X, W, padding=1).tanh(), [X, W], 3),
    "with a bias": (lambda: (ops.conv2d(X, W, padding=1, dilation=(2, 1)) + B).tanh(), [X, W, B], 3),
    "groups": (lambda: ops.conv2d(X, G, padding=1, groups=2).tanh(), [X, G], 3),
    "float32": (lambda: ops.conv2d(X32, W32, padding=1).tanh(), [X32, W32], 3),
    "float32 and float64": (lambda: ops.conv2d(X32, W, padding=1).tanh(), [X32, W], 0),
    "a signal": (lambda: ops.conv1d(S, V, dilation=2).tanh(), [S, V], 3),
    "a transpose": (lambda: ops.conv_transpose2d(X, T, stride=2).tanh(), [X, T], 3),
    "two of one picture": (lambda: ops.conv2d(X, W, padding=1).tanh() * ops.conv2d(X, U, padding=1), [X, W, U], 6),
    "elements by index": (
        lambda: X[:, [3, 1, 1, 0] * 8].transpose(3, 0, 2, 1) @ W[:, :8].reshape(40, 72).T[:32],
        [X, W],
        3,
    ),
    "small": (lambda: ops.conv2d(X[:1, :, :3], W).tanh(), [X, W], 0),
}


def _run(function, values):
    for v in values:
        v.grad = None
    z = function()
    z.backward(np.cos(np.arange(z.size)).reshape(z.shape).astype(z.dtype) if z.shape else 1.0)
    return [z.data, *[v.grad for v in values]]


@pytest.mark.parametrize("name", CASES)
def test_matrices(name):
    function, values, count = CASES[name]
    compiled = micrograd.compile(function, backend="c")
    eps = 1e-4 if any(v.data.dtype == np.float32 for v in values) else 1e-10
    wanted = _run(function, values)
    for _ in range(2):
        for found, expected in zip(_run(compiled, values), wanted, strict=True):
            assert found.dtype == expected.dtype
            np.testing.assert_allclose(found, expected, rtol=eps, atol=eps * np.abs(expected).max())
    parts = compiled._last.runner._where
    assert sum(len(lines) > 1 for lines in parts.values()) == count
