"""Lines that call exp, tanh and others give NumPy's numbers, at the edges too."""

from __future__ import annotations

import numpy as np
import pytest

import micrograd
from micrograd import Value, ops
from micrograd.compiling import vectors

EDGES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    1e-300,
    -1e-300,
    5e-324,
    1e-20,
    700.0,
    -700.0,
    745.2,
    1e300,
    np.inf,
    -np.inf,
    np.nan,
]
NUMBERS = np.concatenate([EDGES, np.linspace(-3.0, 3.0, 55)])  # no whole number of vectors
FUNCTIONS = "exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh arctan arcsinh cbrt erf erfc".split()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name, dtype):
    op = ops.OPS[name] if name in ops.OPS else getattr(ops, name)
    with np.errstate(all="ignore"):
        x = Value(NUMBERS.astype(dtype))
        wanted = op(x).data
        got = micrograd.compile(lambda: op(x))().data
    assert got.dtype == wanted.dtype
    eps = 1e-14 if dtype is np.float64 else 2e-6
    assert np.allclose(got, wanted, rtol=eps, atol=1e-300 if dtype is np.float64 else 1e-37, equal_nan=True)


def test_powers():
    rng = np.random.default_rng(3)
    x, y = Value(np.abs(rng.normal(size=77))), Value(rng.normal(size=77))
    with np.errstate(all="ignore"):
        assert np.allclose(micrograd.compile(lambda: x**y)().data, (x**y).data, rtol=1e-14, atol=0)


def test_who_computes():
    x, few = Value(np.linspace(0.0, 1.0, 100)), Value(np.linspace(0.0, 1.0, 5))
    numbers = [Value(0.01 * i) for i in range(100)]
    source = {}
    for name, function, exact in (
        ("many", lambda: x.exp(), False),
        ("exact", lambda: sum(v.exp() for v in numbers), True),
        ("few", lambda: few.exp(), False),
    ):
        compiled = micrograd.compile(function, exact=exact)
        compiled()
        source[name] = compiled.source
    there = bool(vectors.available(["exp"]))
    assert ("simd" in source["many"]) == there
    assert "simd" not in source["exact"] + source["few"]


def test_without_the_library(monkeypatch):
    monkeypatch.setattr(vectors, "available", lambda names, exact=False: frozenset())
    x = Value(np.linspace(0.0, 1.0, 100))
    compiled = micrograd.compile(lambda: x.exp().sum())
    assert np.allclose(compiled().data, np.exp(x.data).sum(), rtol=1e-14)
    assert "simd" not in compiled.source
