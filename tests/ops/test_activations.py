"""Activations: against NumPy written out, PyTorch, both tails, the slopes at kinks, and
what they say to bad input.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, ops
from micrograd.errors import ArgumentError, MicrogradError, ShapeError
from micrograd.transforms import elementwise_grad, grad
from tests.ops.composites import CHECKS, Row, agrees_with_torch, said
from tests.samples.sample import A23, SIGNED, array

WIDE = array(2, 3, low=-8.3, high=9.1)
X234 = array(2, 4, 3, low=-2.0, high=2.2)


def _glu(x: Any, dim: int = -1) -> Any:
    first, second = np.split(x, 2, axis=dim)
    return first / (1.0 + np.exp(-second))


def _prelu(x: Any, w: Any) -> Any:
    return np.where(
        x > 0, x, x * (np.reshape(w, (-1, *[1] * (np.ndim(x) - 2))) if np.ndim(x) > 1 else np.reshape(w, ()))
    )


_ALPHA, _SCALE = 1.6732632423543772, 1.0507009873554805
_NUMPYS: dict[str, Callable[..., Any]] = {
    "celu": lambda x, alpha=1.0: np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0) / alpha) - 1.0)),
    "selu": lambda x: _SCALE * np.where(x > 0, x, _ALPHA * np.expm1(np.minimum(x, 0))),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "hardtanh": lambda x, min_val=-1.0, max_val=1.0: np.clip(x, min_val, max_val),
    "relu6": lambda x: np.clip(x, 0.0, 6.0),
    "hardsigmoid": lambda x: np.clip(x + 3.0, 0.0, 6.0) / 6.0,
    "hardswish": lambda x: x * np.clip(x + 3.0, 0.0, 6.0) / 6.0,
    "softshrink": lambda x, lambd=0.5: np.sign(x) * np.maximum(np.abs(x) - lambd, 0.0),
    "hardshrink": lambda x, lambd=0.5: np.where(np.abs(x) > lambd, x, 0.0),
    "threshold": lambda x, threshold, value: np.where(x > threshold, x, value),
}
_PARAMS: dict[str, dict[str, Any]] = {
    "celu": {"alpha": 2.0},
    "hardtanh": {"min_val": -0.25, "max_val": 1.75},
    "softshrink": {"lambd": 0.1},
    "hardshrink": {"lambd": 1.1},
    "threshold": {"threshold": 0.7, "value": -3.0},
}
ROWS = [
    *(
        Row(name, (x,), f, params)
        for name, f in _NUMPYS.items()
        for x in (0.3, -0.8, SIGNED, WIDE)
        for params in ([{}] if name != "threshold" else []) + ([_PARAMS[name]] if name in _PARAMS else [])
    ),
    Row("glu", (X234,), _glu, {"dim": 1}),
    Row("glu", (array(2, 6),), _glu),
    *(
        Row("prelu", xs, _prelu)
        for xs in [(SIGNED, np.array([0.2, 0.3, 0.4])), (X234, array(4)), (SIGNED, np.array([0.2]))]
    ),
    *(Row("prelu", xs, _prelu) for xs in [(SIGNED, 0.25), (-0.5, 0.25), (array(3, low=-1.0), np.array([0.5]))]),
    *(Row("rsqrt", (x,), lambda x: 1.0 / np.sqrt(x)) for x in (0.3, A23)),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


def _torchs(row: Row) -> Callable[..., Any]:
    def f(torch: Any, x: Any, *others: Any, **params: Any) -> Any:
        if row.op == "rsqrt":
            return torch.rsqrt(x)
        if row.op == "hardsigmoid":  # PyTorch's own slope is 1/6 in float32, also for float64
            return torch.nn.functional.relu6(x + 3.0) / 6.0
        return getattr(torch.nn.functional, row.op)(x, *others, **params)

    return f


@pytest.mark.peer
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, _torchs(row))


AT_KINKS = [
    ("hardtanh", [-1.0, 1.0, 0.0], {}, [0.0, 0.0, 1.0]),
    ("relu6", [0.0, 6.0, 3.0], {}, [0.0, 0.0, 1.0]),
    ("hardsigmoid", [-3.0, 3.0], {}, [0.0, 0.0]),
    ("hardswish", [-3.0, 3.0, 0.0], {}, [0.0, 1.0, 0.5]),
    ("softshrink", [-0.5, 0.5, 0.0], {}, [0.0, 0.0, 0.0]),
    ("hardshrink", [-0.5, 0.5, 0.0], {}, [0.0, 0.0, 0.0]),
    ("threshold", [1.0, 2.0], {"threshold": 1.0, "value": 9.0}, [0.0, 1.0]),
    ("celu", [0.0], {"alpha": 2.0}, [1.0]),
    ("selu", [0.0], {}, [_ALPHA * _SCALE]),
    ("softsign", [0.0], {}, [1.0]),
]


@pytest.mark.parametrize(("name", "x", "params", "slopes"), AT_KINKS)
def test_slopes_at_kinks(name: str, x: list[float], params: dict[str, Any], slopes: list[float]) -> None:
    v = Value(np.array(x))
    getattr(ops, name)(v, **params).backward()
    np.testing.assert_allclose(v.grad, slopes, rtol=1e-15)


@pytest.mark.peer
@pytest.mark.parametrize(("name", "x", "params", "slopes"), AT_KINKS)
def test_slopes_at_kinks_are_torchs(name: str, x: list[float], params: dict[str, Any], slopes: list[float]) -> None:
    import torch

    t = torch.tensor(x, requires_grad=True, dtype=torch.float64)
    getattr(torch.nn.functional, name)(t, **params).sum().backward()
    np.testing.assert_allclose(t.grad.numpy(), slopes, rtol=1e-15)


# mpmath, 60 digits: mish and two derivatives; beyond x = 40 the second is -8 (x - 1)
# e^-2x (1 + ...)
MISH = {
    40.0: [40.0, 1.0, -5.631136330077695e-33],
    -40.0: [-1.6993417021166355e-16, -1.6568581595637196e-16, -1.6143746170108038e-16],
}


@pytest.mark.parametrize("x", MISH)
def test_mish_in_both_tails(x: float) -> None:
    for f, wanted in zip([ops.mish, grad(ops.mish), grad(grad(ops.mish))], MISH[x], strict=True):
        np.testing.assert_allclose(float(f(x)), wanted, rtol=1e-13)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "name", ["mish", "log_sigmoid", "softsign", "tanhshrink", "selu", "celu", "hardswish", "expit"]
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_huge_inputs_neither_overflow_nor_warn(name: str, dtype: Any) -> None:
    f = getattr(ops, name)
    x = np.array([-1e30, -1000.0, 1000.0, 1e30], dtype)
    for g in (f, elementwise_grad(f), elementwise_grad(elementwise_grad(f))):
        z = g(x)
        assert np.isfinite(z).all()
        assert z.dtype == dtype


def test_small_and_large_keep_their_digits() -> None:
    np.testing.assert_allclose(ops.tanhshrink(1e-5), 1e-15 / 3.0, rtol=1e-10)
    np.testing.assert_allclose(ops.tanhshrink(np.array([1e-100])), [1e-300 / 3.0], rtol=1e-14)
    np.testing.assert_allclose(grad(ops.tanhshrink)(1e-9), 1e-18, rtol=1e-14)
    np.testing.assert_allclose(grad(ops.softsign)(1e17), 1e-34, rtol=1e-14)


def test_nan_stays_nan() -> None:
    for name in ("hardtanh", "relu6", "hardsigmoid", "hardswish", "softshrink", "hardshrink", "mish", "celu", "selu"):
        assert math.isnan(getattr(ops, name)(math.nan)), name
    assert math.isnan(ops.threshold(math.nan, 1.0, 2.0))


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        (
            "ops.celu(w, 0.0)",
            ArgumentError,
            "celu: alpha=0.0, and x is divided by it; relu is the limit for alpha towards 0",
        ),
        ("ops.hardtanh(w, 2.0, 1.0)", ArgumentError, "hardtanh: min_val=2.0 is above max_val=1.0; swap them?"),
        (
            "ops.softshrink(w, -1.0)",
            ArgumentError,
            "softshrink: lambd=-1.0 is negative, and it is a distance from 0; give 0 or more",
        ),
        (
            "ops.hardshrink(w, -1.0)",
            ArgumentError,
            "hardshrink: lambd=-1.0 is negative, and it is a distance from 0; give 0 or more",
        ),
        (
            "ops.prelu(w, b)",
            ShapeError,
            "prelu: weight 'b' (2,) does not fit 'w' (2, 3); give one slope, or 3, one per channel",
        ),
        (
            "ops.glu(w)",
            ShapeError,
            "glu: axis -1 of 'w' (2, 3) has an odd length, and is split in two; give an even one",
        ),
        ("ops.glu(n)", ShapeError, "glu: axis -1 of 'n' (): a number has no axes"),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert said(program, error) == words


def test_prelu_of_a_number_takes_one_slope() -> None:
    x, slope = Value(-2.0), Value([0.25])
    z = ops.prelu(x, slope)
    z.backward()
    assert (z.data, z.shape, x.grad) == (-0.5, (), 0.25)
    np.testing.assert_array_equal(slope.grad, [-2.0])
