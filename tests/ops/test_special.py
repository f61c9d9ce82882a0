"""micrograd/ops/special.py where the generic tests do not reach: accuracy, edges, life
without SciPy, peers.
"""

from __future__ import annotations

import math
import re
import sys
from typing import Any

import numpy as np
import pytest
from scipy import special

from micrograd import Value, gradcheck, ops
from micrograd.errors import ArgumentError, MicrogradError, MissingExtraError, ShapeError
from micrograd.transforms import elementwise_grad, grad, jvp

# Derivatives of P(a, x) by a, of order 1, 2 and 3, to 16 digits: from differences of
# mpmath's gammainc at 60 digits.
DERIVED = {
    (0.5, 1e-5): [-0.041211059712823385, 0.472628258427004, -5.378577015130565],
    (0.01, 0.01): [-3.893309876518442, 14.245327467199418, -43.085128834706516],
    (1.0, 1.0): [-0.4317297106348987, 0.033618035299959194, 0.40356539791166174],
    (2.5, 100.0): [-1.1112692390622655e-40, -4.208089929791854e-40, -1.5439786144189748e-39],
    (10.0, 3.0): [-0.0014156364605752093, 0.00171948777885504, -0.0019475344671975373],
    (3.0, 10.0): [-0.004120470819561477, -0.0050631907927515245, -0.004787382306397211],
    (300.0, 310.0): [-0.01925383837470143, -0.0006314875566518713, 4.348622788016125e-05],
    (500.0, 1000.0): [-2.897817305224548e-69, -1.9997309447058293e-69, -1.380575478454034e-69],
    (950.0, 1000.0): [-0.003537947862621447, -0.0001814885947820719, -5.585449429755248e-06],
    (1000.0, 950.0): [-0.003551127164809476, 0.00018216448743631368, -5.793203266026778e-06],
    (1000.0, 1000.0): [-0.012616713994069625, 1.051567790325393e-09, 1.261776342350658e-05],
    (1000.0, 1.0): [0.0, 0.0, 0.0],
    (0.125, 1000.0): [0.0, 0.0, 0.0],
}


@pytest.mark.parametrize("order", [1, 2, 3])
def test_gammainc_da_is_right_to_1e12(order: int) -> None:
    a, x = np.array(list(DERIVED)).T
    expected = [slopes[order - 1] for slopes in DERIVED.values()]
    np.testing.assert_allclose(ops.gammainc_da(a, x, order=order), expected, rtol=1e-12, atol=1e-13)
    for point, slope in zip(DERIVED, expected, strict=True):
        assert math.isclose(ops.gammainc_da(*point, order=order), slope, rel_tol=1e-12, abs_tol=1e-13)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_gammainc_da_is_the_slope_of_the_order_below(order: int) -> None:
    """By differences of four points, over the whole region; mpmath and SciPy's own
    derivative have no say.
    """
    generator = np.random.default_rng(0)
    a = np.exp(generator.uniform(-2.0, 6.9, 400))
    x = a * np.exp(generator.normal(size=400) / (1.0 + np.sqrt(a) / 4.0))
    h = 1e-3 * np.minimum(a, np.sqrt(a))

    def at(k: int) -> Any:
        return ops.gammainc_da(a + k * h, x, order=order)

    slope = (8.0 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12.0 * h)
    allowed = 1e-8 * np.maximum(1.0, a ** -(order + 1.0)) * np.abs(slope).clip(1e-3) + 3e-15 / h
    assert np.all(np.abs(ops.gammainc_da(a, x, order=order + 1) - slope) <= allowed)


@pytest.mark.parametrize("order", [1, 2])
def test_gammainc_da_at_the_edges(order: int) -> None:
    inf, nan = math.inf, math.nan
    rows = [(2.0, 0.0, 0.0), (2.0, inf, 0.0), (2.0, -1.0, nan), (-1.0, 2.0, nan), (2.0, nan, nan), (nan, 2.0, nan)]
    rows += [(inf, 1.0, 0.0), (1e-300, 1e300, 0.0), (2.0, 1e12, 0.0), (1e12, 2.0, 0.0)]
    a, x, expected = np.array(rows).T
    np.testing.assert_array_equal(ops.gammainc_da(a, x, order=order), expected)
    for one in rows:
        z = ops.gammainc_da(*one[:2], order=order)
        assert type(z) is float
        np.testing.assert_array_equal(z, one[2])
    assert ops.gammainc_da(np.zeros((0, 3)), 1.0, order=order).shape == (0, 3)


@pytest.mark.parametrize(
    ("a", "slope", "curvature"),
    [(1.0, 1.0, -1.0), (2.0, 0.0, 1.0), (3.0, 0.0, 0.0), (0.5, math.inf, None)],
)
def test_gammainc_by_x_at_zero_is_the_density_there(a: float, slope: float, curvature: float | None) -> None:
    """x^(a-1) e^-x / Gamma(a) by its logarithm would be nan at 0."""

    def f(x: Any) -> Any:
        return ops.gammainc(a, x)

    assert grad(f)(0.0) == slope
    np.testing.assert_array_equal(elementwise_grad(f)(np.zeros(2)), [slope, slope])
    if curvature is not None:
        assert grad(grad(f))(0.0) == curvature
        assert jvp(grad(f), (0.0,), (1.0,))[1] == curvature


@pytest.mark.parametrize(("a", "x"), [(0.7, 0.4), (2.0, 3.0), (30.0, 28.0), (3.0, 9.0)])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("second", [0, 1])
def test_gammainc_by_both_inputs_in_every_mixture(a: float, x: float, first: int, second: int) -> None:
    slope = grad(ops.gammainc, first)
    curvature = grad(slope, second)
    assert gradcheck(lambda a, x: slope(a, x), [a, x], rtol=1e-5)
    assert gradcheck(lambda a, x: curvature(a, x), [a, x], rtol=1e-5)


def test_gammainc_fits_a_gamma_distribution_by_its_distribution_function() -> None:
    """Newton's method on shape and scale, with exact derivatives: what is fitted by
    finite differences elsewhere.
    """
    x = np.linspace(0.2, 6.0, 30)
    target = special.gammainc(2.3, x / 0.8)
    shape, scale = 1.5, 1.0
    for _ in range(20):
        by_shape, by_scale = (
            elementwise_grad(lambda a, s: ops.gammainc(a, x / s), i)(np.full(30, shape), np.full(30, scale))
            for i in (0, 1)
        )
        jacobian = np.stack([by_shape, by_scale], axis=1)
        step = np.linalg.lstsq(jacobian, target - special.gammainc(shape, x / scale), rcond=None)[0]
        shape, scale = shape + step[0], scale + step[1]
    np.testing.assert_allclose([shape, scale], [2.3, 0.8], rtol=1e-12)


def test_betaln_keeps_the_digits_of_large_inputs() -> None:
    """B(x, 1) = 1 / x; the lgammas of 1e10 are 2e11, and their difference is good to
    3e-5.
    """
    x = Value(1e10)
    z = ops.betaln(x, 1.0)
    z.backward()
    assert math.isclose(z.data, -math.log(1e10), rel_tol=1e-13)
    assert math.isclose(x.grad, -1e-10, abs_tol=1e-14)


NUMBERS: list[tuple[Any, tuple[float, ...], Any, float]] = [
    (ops.erf, (0.5,), special.erf, 0.5204998778130465),
    (ops.erfc, (6.0,), special.erfc, 2.1519736712498913e-17),
    (ops.lgamma, (0.0,), special.gammaln, math.inf),
    (ops.lgamma, (-2.0,), special.gammaln, math.inf),
    (ops.lgamma, (1e308,), special.gammaln, math.inf),
    (ops.lgamma, (-0.5,), special.gammaln, 1.265512123484645),
    (ops.digamma, (-0.5,), special.digamma, 0.03648997397857652),
    (ops.betaln, (2.0, 3.0), special.betaln, -2.4849066497880004),
    (ops.gammainc, (2.0, 3.0), special.gammainc, 0.8008517265285442),
    (ops.gammainc, (2.0, 0.0), special.gammainc, 0.0),
]


@pytest.mark.parametrize(("op", "inputs", "scipys", "expected"), NUMBERS, ids=[f"{f.name}{x}" for f, x, *_ in NUMBERS])
def test_a_number_gives_a_number_and_an_array_the_same(op: Any, inputs: Any, scipys: Any, expected: float) -> None:
    z = op(*inputs)
    assert type(z) is float
    np.testing.assert_allclose([z, scipys(*inputs)], expected, rtol=1e-14)
    on_arrays = op(*(np.array([x]) for x in inputs))
    np.testing.assert_allclose(on_arrays, [expected], rtol=1e-14)


@pytest.mark.parametrize("n", [0, 1, 2, 5, 20, np.int64(3)])
def test_polygamma_is_scipys(n: int) -> None:
    x = np.array([0.25, 1.0, 7.5, 100.0, -0.5])
    np.testing.assert_allclose(ops.polygamma(x, n=n), special.polygamma(n, x), rtol=1e-13)


def test_scipys_functions_find_the_ops() -> None:
    """SciPy's ufuncs hand a Value over as NumPy's do."""
    x = Value([0.5, 2.0])
    for name in ("erf", "erfc", "betaln", "gammainc"):
        inputs = (x, 1.5) if name in ("betaln", "gammainc") else (x,)
        z = getattr(special, name)(*inputs)
        assert isinstance(z, Value)
        np.testing.assert_array_equal(z.data, getattr(special, name)(*[getattr(i, "data", i) for i in inputs]))


W = np.full((2, 3), 0.5)
ERRORS: list[tuple[Any, type[MicrogradError], str]] = [
    (
        lambda: ops.betaln(Value(W, label="w"), Value([1.0, 2.0], label="b")),
        ShapeError,
        "betaln: 'w' (2, 3) and 'b' (2,) do not broadcast: sizes on an axis, counted from the last, must be equal or 1",
    ),
    (
        lambda: ops.gammainc(Value(W, label="w"), Value([1.0, 2.0], label="b")),
        ShapeError,
        "gammainc: 'w' (2, 3) and 'b' (2,) do not broadcast: sizes on an axis, counted from the last, must be",
    ),
    (lambda: ops.polygamma(1.0, n=-1), ArgumentError, "polygamma: n=-1; give 0 or more"),
    (lambda: ops.polygamma(Value(W), n=1.5), ArgumentError, "polygamma: n=1.5 is not an integer; give one, as 2"),
    (lambda: ops.gammainc_da(1.0, 1.0, order=-2), ArgumentError, "gammainc_da: order=-2; give 0 or more"),
    (lambda: ops.gammainc_da(1.0, 1.0, order=0.5), ArgumentError, "gammainc_da: order=0.5 is not an integer; give one"),
    (
        lambda: ops.gelu(Value(W), approximate="exact"),
        ArgumentError,
        "gelu: approximate='exact' is not known; give 'none' or 'tanh'",
    ),
]


@pytest.mark.parametrize(("call", "error", "words"), ERRORS, ids=[row[2][:40] for row in ERRORS])
def test_bad_input(call: Any, error: type[MicrogradError], words: str) -> None:
    with pytest.raises(error, match=re.escape(words)) as caught:
        call()
    assert type(caught.value) is error


@pytest.fixture
def without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "scipy.special", None)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("erf", lambda: ops.erf(Value(W))),
        ("erfc", lambda: ops.gelu(W)),
        ("lgamma", lambda: ops.lgamma(W)),
        ("digamma", lambda: ops.digamma(1.0)),
        ("digamma", lambda: Value(2.0) * grad(ops.lgamma)(1.0)),
        ("polygamma", lambda: ops.polygamma(1.0, n=1)),
        ("betaln", lambda: ops.betaln(1.0, 2.0)),
        ("gammainc", lambda: ops.gammainc(1.0, Value(2.0))),
        ("gammainc_da", lambda: ops.gammainc_da(1.0, 2.0)),
    ],
)
def test_without_scipy_the_extra_is_named(name: str, call: Any, without_scipy: None) -> None:
    words = f"{name}: SciPy computes it, and SciPy is not installed;\npip install 'micrograd-nd[special]'"
    with pytest.raises(MissingExtraError) as caught:
        call()
    assert str(caught.value) == words


def test_numbers_need_no_scipy_where_math_has_the_function(without_scipy: None) -> None:
    assert ops.erf(0.5) == math.erf(0.5)
    assert ops.erfc(0.5) == math.erfc(0.5)
    assert ops.lgamma(0.5) == math.lgamma(0.5)
    assert grad(ops.gelu)(0.0) == 0.5
    assert ops.gelu(W, approximate="tanh").shape == (2, 3)


@pytest.mark.peer
@pytest.mark.parametrize("argnum", [0, 1])
def test_gammainc_has_the_gradient_of_jaxs(argnum: int) -> None:
    import jax

    generator = np.random.default_rng(0)
    a = np.exp(generator.uniform(-2.0, 6.9, 200))
    x = a * np.exp(generator.normal(size=200) / (1.0 + np.sqrt(a) / 4.0))
    mine = elementwise_grad(ops.gammainc, argnum)(a, x)
    with jax.enable_x64(True):
        theirs = jax.vmap(jax.grad(jax.scipy.special.gammainc, argnum))(a, x)
    np.testing.assert_allclose(mine, np.asarray(theirs), rtol=1e-10, atol=1e-12)


@pytest.mark.peer
@pytest.mark.parametrize("name", ["erf", "erfc", "gammaln", "digamma", "betaln"])
def test_the_others_have_the_gradients_of_jaxs(name: str) -> None:
    import jax

    x, y = np.linspace(0.2, 7.5, 50), np.linspace(5.0, 0.3, 50)  # from 8 on, JAX's betaln is derived to 1e-6 only
    inputs = (x, y) if name == "betaln" else (x,)
    ours = getattr(ops, "lgamma" if name == "gammaln" else name)
    with jax.enable_x64(True):
        theirs = jax.vmap(jax.grad(getattr(jax.scipy.special, name)))(*inputs)
    np.testing.assert_allclose(elementwise_grad(ours)(*inputs), np.asarray(theirs), rtol=1e-10, atol=1e-13)
