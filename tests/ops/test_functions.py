"""micrograd/ops/functions.py where the generic tests do not reach: composites, limits,
and points without a slope.

The composites of arithmetic.py and special.py stand here too: one table, tested alike.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from scipy import special

from micrograd import Value, gradcheck, ops
from micrograd.abstract import Abstract
from micrograd.errors import GradientWarning, ShapeError
from micrograd.transforms import elementwise_grad, grad, jvp
from tests.samples.sample import A3, A23, EMPTY, SIGNED


@dataclass(frozen=True)
class Composite:
    """A function made of ops, the same in NumPy and in PyTorch, and its params."""

    f: Callable[..., Any]
    numpy: Callable[..., Any]
    torch: Callable[..., Any]
    params: dict[str, Any] = field(default_factory=dict)

    def __call__(self, x: Any) -> Any:
        return self.f(x, **self.params)

    def __str__(self) -> str:
        return f"{self.f.__name__}{''.join(f' {k}={v}' for k, v in self.params.items())}"


def _normal_gelu(x: Any) -> Any:
    return x * special.ndtr(x)


def _tanh_gelu(x: Any) -> Any:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


COMPOSITES = [
    Composite(ops.square, np.square, lambda torch, x: torch.square(x)),
    Composite(ops.reciprocal, np.reciprocal, lambda torch, x: torch.reciprocal(x)),
    *(
        Composite(
            ops.leaky_relu,
            lambda x, a=a: np.where(x > 0, x, a * x),
            lambda torch, x, a=a: torch.nn.functional.leaky_relu(x, a),
            params,
        )
        for a, params in [(0.01, {}), (0.2, {"negative_slope": 0.2})]
    ),
    *(
        Composite(
            ops.elu,
            lambda x, a=a: np.where(x > 0, x, a * np.expm1(np.minimum(x, 0))),
            lambda torch, x, a=a: torch.nn.functional.elu(x, a),
            params,
        )
        for a, params in [(1.0, {}), (0.5, {"alpha": 0.5})]
    ),
    Composite(ops.gelu, _normal_gelu, lambda torch, x: torch.nn.functional.gelu(x)),
    Composite(
        ops.gelu,
        _tanh_gelu,
        lambda torch, x: torch.nn.functional.gelu(x, approximate="tanh"),
        {"approximate": "tanh"},
    ),
    Composite(ops.silu, lambda x: x * special.expit(x), lambda torch, x: torch.nn.functional.silu(x)),
    Composite(ops.softplus, lambda x: np.log1p(np.exp(x)), lambda torch, x: torch.nn.functional.softplus(x)),
    Composite(
        ops.clip, lambda x: np.clip(x, -1.0, 1.5), lambda torch, x: torch.clip(x, -1.0, 1.5), {"min": -1.0, "max": 1.5}
    ),
    Composite(ops.clip, lambda x: np.minimum(x, 1.5), lambda torch, x: torch.clip(x, max=1.5), {"max": 1.5}),
]
POINTS = [0.75, -0.75, SIGNED, A3 - 0.1, EMPTY]

composites = pytest.mark.parametrize("f", COMPOSITES, ids=str)
points = pytest.mark.parametrize("x", POINTS, ids=lambda x: str(np.shape(x)))


@composites
@points
def test_forward_is_numpys(f: Composite, x: Any) -> None:
    z = f(x)
    np.testing.assert_allclose(z, f.numpy(x), rtol=1e-14)
    assert np.shape(z) == np.shape(x)
    assert isinstance(x, np.ndarray) or type(z) is float
    np.testing.assert_array_equal(f(Value(x)).data, z)


@composites
@points
def test_derivatives_are_those_of_finite_differences(f: Composite, x: Any) -> None:
    """Reverse mode; forward mode against it; second order, reverse over reverse and
    forward over reverse.
    """
    slope = elementwise_grad(f)
    assert gradcheck(f, [x])
    assert gradcheck(lambda v: slope(v), [x], rtol=1e-5)
    ones = np.ones(np.shape(x))[()]
    np.testing.assert_allclose(jvp(f, (x,), (ones,))[1], slope(x), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(jvp(slope, (x,), (ones,))[1], elementwise_grad(slope)(x), rtol=1e-12, atol=1e-15)


@composites
@points
def test_float32_stays_float32(f: Composite, x: Any) -> None:
    x32 = np.asarray(x, np.float32)[()]
    v = Value(x32)
    z = f(v)
    z.backward(create_graph=True)
    assert (z.dtype, v.grad.dtype, v.grad.shape) == (np.float32, np.float32, v.shape)
    z, t = jvp(f, (x32,), (np.ones_like(x32),))
    assert (z.dtype, t.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(z, f.numpy(np.asarray(x, float)), rtol=2e-5)


@composites
def test_shapes_go_through(f: Composite) -> None:
    z = f(Abstract((2, 3), "float32"))
    assert z.shape == (2, 3)


@pytest.mark.peer
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-10), (np.float32, 1e-5)], ids=["float64", "float32"])
@composites
@points
def test_forward_and_gradient_are_pytorchs(f: Composite, x: Any, dtype: Any, rtol: float) -> None:
    import torch

    x = np.asarray(x, dtype)
    ours, theirs = Value(x), torch.tensor(x, requires_grad=True)
    z, t = f(ours), f.torch(torch, theirs)
    np.testing.assert_allclose(z.data, t.detach().numpy(), rtol=rtol, atol=rtol * 1e-2)
    z.backward()
    t.sum().backward()
    np.testing.assert_allclose(ours.grad, theirs.grad.numpy(), rtol=rtol, atol=rtol * 1e-1)


# Slopes at a kink of composites, as documented.


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (ops.leaky_relu, 0.01),
        (lambda x: ops.leaky_relu(x, negative_slope=0.2), 0.2),
        (ops.elu, 1.0),
        (lambda x: ops.elu(x, alpha=0.5), 0.5),
        (lambda x: ops.clip(x, 0.0, 1.0), 1.0),
        (lambda x: ops.clip(x, -1.0, 0.0), 1.0),
    ],
)
def test_slope_at_the_kink_at_zero(f: Any, slope: float) -> None:
    assert grad(f)(0.0) == slope
    assert jvp(f, (0.0,), (1.0,))[1] == slope
    np.testing.assert_array_equal(elementwise_grad(f)(np.zeros(2)), [slope, slope])


# Far from 0: (f, [values at -1e4, 1e4], [slopes there]); the second derivative is 0 at
# both, or as given.

FAR: list[tuple[Any, list[float], list[float]]] = [
    (ops.sigmoid, [0.0, 1.0], [0.0, 0.0]),
    (ops.tanh, [-1.0, 1.0], [0.0, 0.0]),
    (ops.softplus, [0.0, 1e4], [0.0, 1.0]),
    (ops.silu, [0.0, 1e4], [0.0, 1.0]),
    (ops.gelu, [0.0, 1e4], [0.0, 1.0]),
    (lambda x: ops.gelu(x, approximate="tanh"), [0.0, 1e4], [0.0, 1.0]),
    (ops.elu, [-1.0, 1e4], [0.0, 1.0]),
    (ops.relu, [0.0, 1e4], [0.0, 1.0]),
    (ops.leaky_relu, [-100.0, 1e4], [0.01, 1.0]),
    (ops.erf, [-1.0, 1.0], [0.0, 0.0]),
    (ops.erfc, [2.0, 0.0], [0.0, 0.0]),
    (lambda x: ops.logaddexp(x, 1e4), [1e4, 1e4 + math.log(2.0)], [0.0, 0.5]),
    (lambda x: ops.logaddexp(x, -1e4), [-1e4 + math.log(2.0), 1e4], [0.5, 1.0]),
    (lambda x: ops.logaddexp(-math.inf, x), [-1e4, 1e4], [1.0, 1.0]),
    (lambda x: ops.expm1(-abs(x)), [-1.0, -1.0], [0.0, 0.0]),
    (lambda x: ops.exp(-abs(x)), [0.0, 0.0], [0.0, 0.0]),
    (lambda x: ops.hypot(x, 1e4), [1e4 * math.sqrt(2.0)] * 2, [-math.sqrt(0.5), math.sqrt(0.5)]),
]


@pytest.mark.parametrize("dtype", [float, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize(("f", "values", "slopes"), FAR)
def test_stable_far_from_zero(f: Any, values: list[float], slopes: list[float], dtype: Any) -> None:
    x = np.array([-1e4, 1e4], dtype)
    first = elementwise_grad(f)
    tolerance = {"rtol": 1e-6 if dtype is np.float32 else 1e-14, "atol": 1e-30}
    np.testing.assert_allclose(f(x), values, **tolerance)
    np.testing.assert_allclose(first(x), slopes, **tolerance)
    np.testing.assert_allclose(jvp(f, (x,), (np.ones_like(x),))[1], slopes, **tolerance)
    for second in (elementwise_grad(first)(x), jvp(first, (x,), (np.ones_like(x),))[1]):
        assert np.all(np.isfinite(second))
        assert np.all(np.abs(second) <= 0.25)
    if dtype is float:
        np.testing.assert_allclose([f(-1e4), f(1e4)], values, **tolerance)
        np.testing.assert_allclose([grad(f)(-1e4), grad(f)(1e4)], slopes, **tolerance)


@pytest.mark.parametrize("x", [-700.0, -40.0, -1e-3, 0.0, 40.0])
def test_sigmoid_keeps_the_digits_of_small_results(x: float) -> None:
    """(tanh(x / 2) + 1) / 2, a usual spelling, is 0 at -40."""
    expected = math.exp(x) / (1 + math.exp(x))
    assert math.isclose(ops.sigmoid(x), expected, rel_tol=1e-15)
    np.testing.assert_allclose(ops.sigmoid(np.array([x])), [expected], rtol=1e-15)


@pytest.mark.parametrize("x", [-20.0, -10.0, -5.0])
def test_gelu_keeps_the_digits_of_small_results(x: float) -> None:
    assert math.isclose(ops.gelu(x), x * special.ndtr(x), rel_tol=1e-13)


def test_softplus_and_logaddexp_at_infinities() -> None:
    inf = math.inf
    rows = [(-inf, -inf, -inf), (inf, inf, inf), (inf, -inf, inf), (-inf, 2.0, 2.0), (inf, 2.0, inf)]
    for x, y, z in rows:
        assert ops.logaddexp(x, y) == z
        assert ops.logaddexp(np.array([x]), y)[0] == z
    assert math.isnan(ops.logaddexp(math.nan, 1.0))
    assert math.isnan(ops.logaddexp(1.0, math.nan))


# No gradient is not a zero times infinity. Each f is defined at [0, 4] and steep or
# undefined at 0, behind a guard: (name, f, first derivatives, second derivatives).

_E, _ROOT_PI = math.e, math.sqrt(math.pi)
GUARDED: list[tuple[str, Any, list[float], list[float]]] = [
    ("where(x > 0, sqrt(x), 0)", lambda x: ops.where(x > 0.0, ops.sqrt(x), 0.0), [0, 1 / 4], [0, -1 / 32]),
    ("sqrt(where(x > 0, x, 0))", lambda x: ops.sqrt(ops.where(x > 0.0, x, 0.0)), [0, 1 / 4], [0, -1 / 32]),
    ("where(x > 0, x**0.5, 0)", lambda x: ops.where(x > 0.0, x**0.5, 0.0), [0, 1 / 4], [0, -1 / 32]),
    ("power(x, 0.5)", lambda x: ops.where(x > 0.0, ops.power(x, 0.5), 0.0), [0, 1 / 4], [0, -1 / 32]),
    ("cbrt", lambda x: ops.where(x > 0.0, ops.cbrt(2.0 * x), 0.0), [0, 1 / 6], [0, -1 / 36]),
    ("log", lambda x: ops.where(x > 0.0, ops.log(x), 0.0), [0, 1 / 4], [0, -1 / 16]),
    ("x * log(x)", lambda x: ops.where(x > 0.0, x * ops.log(x), 0.0), [0, math.log(4.0) + 1], [0, 1 / 4]),
    ("log2", lambda x: ops.where(x > 0.0, ops.log2(x), 0.0), [0, 0.25 / math.log(2)], [0, -0.0625 / math.log(2)]),
    ("log10", lambda x: ops.where(x > 0.0, ops.log10(x), 0.0), [0, 0.25 / math.log(10)], [0, -0.0625 / math.log(10)]),
    ("log1p", lambda x: ops.where(x > 0.0, ops.log1p(x - 1.0), 0.0), [0, 1 / 4], [0, -1 / 16]),
    ("reciprocal", lambda x: ops.where(x > 0.0, ops.reciprocal(x), 0.0), [0, -1 / 16], [0, 1 / 32]),
    ("x**-1", lambda x: ops.where(x > 0.0, x**-1, 0.0), [0, -1 / 16], [0, 1 / 32]),
    ("1 / x", lambda x: ops.where(x > 0.0, 1.0 / x, 0.0), [0, -1 / 16], [0, 1 / 32]),
    ("x / x", lambda x: ops.where(x > 0.0, x / x, 1.0), [0, 0], [0, 0]),
    ("arcsin", lambda x: ops.where(x > 0.0, ops.arcsin(x / 4.0 - 1.0), 0.0), [0, 1 / 4], [0, 0]),
    ("arccos", lambda x: ops.where(x > 0.0, ops.arccos(x / 4.0 - 1.0), 0.0), [0, -1 / 4], [0, 0]),
    ("arccosh", lambda x: ops.where(x > 0.0, ops.arccosh(x + 1.0), 0.0), [0, 24**-0.5], [0, -5 * 24**-1.5]),
    ("arctanh", lambda x: ops.where(x > 0.0, ops.arctanh(x / 4.0 - 1.0), 0.0), [0, 1 / 4], [0, 0]),
    ("exp", lambda x: ops.where(x > 0.0, ops.exp(1.0 / x), 0.0), [0, -(_E**0.25) / 16], [0, _E**0.25 * 9 / 256]),
    ("tan", lambda x: ops.where(x > 0.0, ops.tan(1.0 / x - 0.25), 0.0), [0, -1 / 16], [0, 1 / 32]),
    (
        "erf",
        lambda x: ops.where(x > 0.0, ops.erf(1.0 / x - 0.25), 0.0),
        [0, -1 / 8 / math.pi**0.5],
        [0, 1 / 16 / math.pi**0.5],
    ),
    ("lgamma", lambda x: ops.where(x > 0.0, ops.lgamma(x), 0.0), [0, 1.2561176684318], [0, 0.2838229557371]),
    ("digamma", lambda x: ops.where(x > 0.0, ops.digamma(x), 0.0), [0, 0.2838229557371], [0, -0.0800397322451]),
    ("hypot", lambda x: ops.hypot(x, 0.0), [0, 1], [0, 0]),
    ("hypot(x, x)", lambda x: ops.hypot(x, x), [0, 2**0.5], [0, 0]),
    ("arctan2", lambda x: ops.arctan2(x, x), [0, 0], [0, 0]),
    ("abs", abs, [0, 1], [0, 0]),
    ("maximum", lambda x: ops.maximum(x, 0.0), [0.5, 1], [0, 0]),
    ("sqrt of maximum", lambda x: ops.where(x > 0.0, ops.sqrt(ops.maximum(x, 0.0)), 0.0), [0, 1 / 4], [0, -1 / 32]),
    ("logaddexp", lambda x: ops.logaddexp(ops.where(x > 0.0, x, -math.inf), -math.inf), [0, 1], [0, 0]),
    ("sigmoid", lambda x: ops.sigmoid(ops.where(x > 0.0, 0.0 * x, -math.inf)), [0, 0], [0, 0]),
    ("softplus", lambda x: ops.softplus(ops.where(x > 0.0, 0.0 * x, -math.inf)), [0, 0], [0, 0]),
]


@pytest.mark.parametrize(("f", "slopes", "curvatures"), [row[1:] for row in GUARDED], ids=[row[0] for row in GUARDED])
@pytest.mark.parametrize("dtype", [float, np.float32], ids=["float64", "float32"])
def test_no_gradient_is_not_a_zero_times_infinity(f: Any, slopes: Any, curvatures: Any, dtype: Any) -> None:
    x, ones = np.array([0.0, 4.0], dtype), np.ones(2, dtype)
    first = elementwise_grad(f)
    tolerance = {"rtol": 2e-6, "atol": 1e-7}
    # Of the forward: what is behind the guard is computed all the same. Forward mode
    # cannot look ahead to the guard.
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", GradientWarning)
        np.testing.assert_allclose(first(x), slopes, **tolerance)
        np.testing.assert_allclose(jvp(f, (x,), (ones,))[1], slopes, **tolerance)
        np.testing.assert_allclose(elementwise_grad(first)(x), curvatures, **tolerance)
        np.testing.assert_allclose(jvp(first, (x,), (ones,))[1], curvatures, **tolerance)
        if dtype is float:
            np.testing.assert_allclose([grad(f)(0.0), grad(f)(4.0)], slopes, **tolerance)
            np.testing.assert_allclose([grad(grad(f))(0.0), grad(grad(f))(4.0)], curvatures, **tolerance)


LIMITS: list[tuple[Any, float, float]] = [
    (ops.exp2, 2000.0, math.inf),
    (ops.expm1, 1000.0, math.inf),
    (ops.sinh, -1000.0, -math.inf),
    (ops.cosh, 1000.0, math.inf),
    (ops.log2, 0.0, -math.inf),
    (ops.log10, 0.0, -math.inf),
    (ops.log10, -1.0, math.nan),
    (ops.log1p, -1.0, -math.inf),
    (ops.arcsin, 2.0, math.nan),
    (ops.arccos, 2.0, math.nan),
    (ops.arccosh, 0.5, math.nan),
    (ops.arctanh, 1.0, math.inf),
    (ops.tan, math.inf, math.nan),
]


@pytest.mark.parametrize(("op", "x", "expected"), LIMITS, ids=[f"{op.name}({x})" for op, x, _ in LIMITS])
def test_a_number_beyond_the_domain_answers_and_warns_as_an_array_does(op: Any, x: float, expected: float) -> None:
    with pytest.warns(RuntimeWarning):
        z = op(x)
    with pytest.warns(RuntimeWarning):
        on_arrays = op(np.array([x]))
    assert type(z) is float
    np.testing.assert_array_equal([z, on_arrays[0]], [expected, expected])


@pytest.mark.parametrize(
    ("f", "inputs", "expected"),
    [
        (ops.hypot, (1e200, 1e200), 1e200 * math.sqrt(2.0)),
        (ops.hypot, (1e-200, 1e-200), 1e-200 * math.sqrt(2.0)),
        (ops.arcsinh, (1e200,), 461.2101657793691),
        (ops.arctan, (1e200,), math.pi / 2),
        (ops.arctan2, (1e200, 1e200), math.pi / 4),
        (ops.arctan2, (0.0, -1.0), math.pi),
        (ops.arctan2, (-1.0, 0.0), -math.pi / 2),
        (ops.cbrt, (-8.0,), -2.0),
    ],
)
def test_gradients_do_not_overflow_before_their_time(f: Any, inputs: tuple[float, ...], expected: float) -> None:
    values = [Value(x) for x in inputs]
    z = f(*values)
    assert math.isclose(z.data, expected, rel_tol=1e-15)
    z.backward()
    assert all(math.isfinite(x.grad) for x in values)
    if f is ops.hypot:
        assert all(math.isclose(x.grad, math.sqrt(0.5), rel_tol=1e-14) for x in values)


def test_arctan2_takes_y_first() -> None:
    y, x = Value(3.0), Value(4.0)
    z = np.arctan2(y, x)  # type: ignore[call-overload]
    z.backward()
    assert (z.data, y.grad, x.grad) == pytest.approx((math.atan2(3.0, 4.0), 4 / 25, -3 / 25), rel=1e-15)


@pytest.mark.parametrize("op", [ops.hypot, ops.logaddexp, ops.arctan2], ids=str)
def test_bad_input(op: Any) -> None:
    words = f"{op.name}: 'w' (2, 3) and 'b' (2,) do not broadcast: sizes on an axis, counted from the last,"
    with pytest.raises(ShapeError, match=re.escape(words)):
        op(Value(A23, label="w"), Value([1.0, 2.0], label="b"))


@pytest.mark.parametrize("name", "exp2 expm1 log2 log10 log1p cbrt tan sinh cosh arcsinh arctan".split())
def test_numpys_functions_find_the_ops(name: str) -> None:
    x, y = Value(A23), Value(A23)
    theirs, ours = getattr(np, name)(x), getattr(ops, name)(y)
    theirs.backward()
    ours.backward()
    np.testing.assert_array_equal(theirs.data, ours.data)
    np.testing.assert_array_equal(x.grad, y.grad)
