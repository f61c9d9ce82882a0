"""micrograd.special: digits in the far tails and of derivatives, SciPy's signatures,
numbers without SciPy, errors.

The digits are mpmath's, at 60 to 160 decimal places.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special

import micrograd
from micrograd import Value, gradcheck, special
from micrograd.errors import ArgumentError, MicrogradError, MissingExtraError, ShapeError
from micrograd.ops import bessel_ie, betainc_dab, gammainc_da, recurrence
from micrograd.transforms import elementwise_grad, grad, jvp
from tests.ops.composites import CHECKS, Row
from tests.samples.sample import A3, A23, A234, SIGNED

# At (a, x): Q(a, x), its derivatives by a and x, and the second by a.
UPPER = {
    (2.0, 50.0): [9.83662422461598e-21, 3.451898787885772e-20, -9.643749239819589e-21, 1.1479491306220713e-19],
    (0.5, 700.0): [2.1010145162642176e-306, 1.7892272992158808e-305, -2.102513104642889e-306, 1.4200279419390192e-304],
    (1e-3, 1.1): [0.00018619450885552083, 0.18639808223652354, -0.0003028134087025569, 0.4070848063941153],
    (10.0, 11.5): [0.28879453954867124, 0.10699720869213529, -0.0982044094619509, 0.014989859249481501],
    (30.0, 600.0): [1.160472772952854e-211, 3.497942837449579e-211, -1.104481126427527e-211, 1.0504306606516973e-210],
    (300.0, 310.0): [0.2775112458281389, 0.01925383837470143, -0.01893107505817446, 0.0006314875566518713],
    (1000.0, 1002.0): [0.4706074962290622, 0.012578964534000306, -0.012564312235485047, 2.5133850890537295e-05],
    (1000.0, 1500.0): [2.204698611388996e-43, 8.99388753044675e-44, -7.392659776002363e-44, 3.6470099412655986e-44],
}
# At (a, b, x): derivatives of I_x(a, b) by a, b, twice a, a and b, twice b.
BETA = {
    (2.0, 3.0, 0.1): [
        -0.0911752003635886,
        0.02695016068892199,
        0.15068804323786855,
        -0.036049572742326216,
        0.004841298764209438,
    ],
    (2.0, 3.0, 1e-5): [
        -6.557669175898806e-09,
        3.4999133339583333e-10,
        7.156849961059108e-08,
        -3.6924719651877615e-09,
        9.999400008749969e-11,
    ],
    (0.5, 0.5, 0.3): [
        -0.6428114811572838,
        0.46874458391550544,
        1.3451995000262817,
        -0.2657297583584443,
        -0.6144616057845871,
    ],
    (5.0, 5.0, 0.9999): [
        -9.39081905091341e-19,
        1.0913904157175879e-17,
        -5.538254408269697e-19,
        8.004416618312971e-18,
        -9.446996543142417e-17,
    ],
    (30.0, 40.0, 0.4): [
        -0.05096303510647503,
        0.03599497751050728,
        0.0042599007268842165,
        -0.0023989356678276747,
        0.0012381175823112454,
    ],
    (300.0, 200.0, 0.61): [
        -0.013019268712332676,
        0.019946917236122255,
        -0.00018914806908144706,
        0.0003231358929705526,
        -0.0005451170039651241,
    ],
    (300.0, 200.0, 0.9): [
        -3.076612679050457e-70,
        1.0518556842882312e-69,
        -1.2414350653758446e-70,
        4.263758008650482e-70,
        -1.46064255081484e-69,
    ],
    (1000.0, 1.0, 0.99): [
        -4.3388553569171636e-07,
        0.00012825928222007205,
        4.36069535567814e-09,
        -1.249504294072403e-06,
        0.00031038292507429657,
    ],
    (1e-3, 2.0, 1e-5): [
        -10.403975912110573,
        0.0006379793650252443,
        108.39917492990466,
        0.6310719207750971,
        -0.00039923187762050063,
    ],
    (0.05, 0.05, 1e-12): [
        -4.735055325098075,
        1.2701084031166403,
        190.42933121277792,
        -34.912994348251,
        -25.040323643575345,
    ],
    (1.0, 0.01, 0.98): [
        -0.01551231176761696,
        3.761938574397415,
        0.02255836861474236,
        -1.4793814788685273,
        -14.716790248050248,
    ],
}
# At x: log_ndtr and its first and second derivative.
NORMAL = {
    -1e10: [-5e19, 10000000000.0, -1.0],
    -1e5: [-5000000012.431864, 100000.00001, -0.9999999999],
    -100.0: [-5005.524208694205, 100.00999800099926, -0.9999000599500517],
    -37.0: [-689.0305855768906, 37.02698768612699, -0.9992727219011225],
    -3.5: [-8.366065308344092, 3.7513912648576997, -0.9430669950487032],
    -2.5: [-5.08164827727869, 2.822744797663907, -0.9110261985788846],
    0.0: [-0.6931471805599453, 0.7978845608028654, -0.6366197723675814],
    5.0: [-2.866516129637636e-07, 1.4867199409049056e-06, -7.433601914860711e-06],
    9.0: [-1.1285884059538405e-19, 1.0279773571668915e-18, -9.251796214502023e-18],
}
# At (n, x): e^-|x| I_n(x) and its first and second derivative.
BESSEL = {
    (0, 1e-8): [0.9999999900000001, -0.9999999850000001, 1.4999999750000002],
    (0, 3.0): [0.2430003541618254, -0.046173640864524544, 0.026738377296615472],
    (0, 19.9): [0.0900085888643896, -0.002291486732683496, 0.00017507888588427347],
    (0, 20.1): [0.08955376362061344, -0.0022569117774118522, 0.00017069659745049087],
    (0, 1000.0): [0.012617240455891257, -6.310198962627116e-06, 9.467668325601487e-09],
    (0, 1e8): [3.989422809001105e-05, -1.9947114094873313e-13, 2.9920671217111648e-21],
    (0, 1e17): [1.26156626101008e-09, -6.3078313050504004e-27, 9.4617469575756e-44],
    (0, -30.0): [0.0731459464822373, 0.0012296158835897392, 6.202074722455996e-05],
    (1, 1e-8): [4.99999995e-09, 0.4999999900000001, -0.9999999812500002],
    (1, 3.0): [0.19682671329730086, -0.01943526356790907, 0.0016096787034987584],
    (1, 19.9): [0.0877171021317061, -0.0021164078467992226, 0.00015277550739622615],
    (1, 20.1): [0.08729685184320159, -0.002086215179961361, 0.00014917117057610483],
    (1, 1000.0): [0.012610930256928629, -6.300731294301514e-06, 9.443993225628657e-09],
    (1, 1e17): [1.26156626101008e-09, -6.3078313050504e-27, 9.4617469575756e-44],
    (1, -30.0): [-0.07191633059864755, -0.0011675951363651794, -5.680612465277664e-05],
}


def on_numbers_and_arrays(f: Callable[..., Any], *point: float) -> list[float]:
    return [float(f(*point)), float(f(*(np.array([x]) for x in point))[0])]


@pytest.mark.parametrize("point", UPPER, ids=str)
def test_gammaincc_in_the_far_tail(point: tuple[float, float]) -> None:
    value, by_a, by_x, twice = UPPER[point]
    for f, wanted in (
        (special.gammaincc, value),
        (elementwise_grad(special.gammaincc, 0), by_a),
        (elementwise_grad(special.gammaincc, 1), by_x),
        (elementwise_grad(elementwise_grad(special.gammaincc, 0), 0), twice),
        (lambda a, x: -gammainc_da(a, x), by_a),
    ):
        np.testing.assert_allclose(on_numbers_and_arrays(f, *point), wanted, rtol=1e-11)


@pytest.mark.parametrize("point", BETA, ids=str)
def test_betainc_by_its_parameters_in_both_tails(point: tuple[float, float, float]) -> None:
    for (i, j), wanted in zip(((1, 0), (0, 1), (2, 0), (1, 1), (0, 2)), BETA[point], strict=True):
        got = on_numbers_and_arrays(lambda *xs, i=i, j=j: betainc_dab(*xs, by_a=i, by_b=j), *point)
        np.testing.assert_allclose(got, wanted, rtol=1e-11)
    by_a, by_b = (elementwise_grad(special.betainc, k)(*point) for k in (0, 1))
    np.testing.assert_allclose([by_a, by_b], BETA[point][:2], rtol=1e-11)
    assert grad(special.betaincc, 0)(*point) == -by_a


@pytest.mark.parametrize("x", NORMAL)
def test_log_ndtr_and_two_derivatives_in_both_tails(x: float) -> None:
    for f, wanted in zip(_derivatives(special.log_ndtr, 2), NORMAL[x], strict=True):
        np.testing.assert_allclose(on_numbers_and_arrays(f, x), wanted, rtol=2e-14 if x <= 0.0 else 1e-13)


@pytest.mark.parametrize(("n", "x"), BESSEL)
def test_scaled_bessel_functions_and_two_derivatives(n: int, x: float) -> None:
    for f, wanted, rtol in zip(
        _derivatives((special.i0e, special.i1e)[n], 2), BESSEL[n, x], (1e-15, 2e-14, 1e-12), strict=True
    ):
        np.testing.assert_allclose(on_numbers_and_arrays(f, x), wanted, rtol=rtol)


def _derivatives(f: Callable[..., Any], count: int) -> list[Callable[..., Any]]:
    fs = [f]
    for _ in range(count):
        fs.append(elementwise_grad(fs[-1]))
    return fs


@pytest.mark.parametrize("n", [0, 1])
def test_bessel_functions_at_0_in_every_order(n: int) -> None:
    """The textbook line i0 - i1 / x is nan there."""
    f = (special.i0, special.i1)[n]
    got = [float(g(0.0)) for g in _derivatives(f, 4)]
    np.testing.assert_allclose(got, [[1.0, 0.0, 0.5, 0.0, 0.375], [0.0, 0.5, 0.0, 0.375, 0.0]][n], rtol=1e-15)
    assert float(bessel_ie(0.0, n=n, order=1)) == [0.0, 0.5][n]


# f and three derivatives far out, where the textbook lines give 0: e^-40 =
# 4.248354255291589e-18.
E40 = math.exp(-40.0)
TAILS: list[tuple[Any, float, list[float]]] = [
    (special.expit, 40.0, [1.0, E40, -E40, E40]),
    (special.expit, -40.0, [E40, E40, E40, E40]),
    (special.log_expit, 40.0, [-E40, E40, -E40, E40]),
    (special.log_expit, -40.0, [-40.0, 1.0, -E40, -E40]),
    (special.log_expit, -1e5, [-1e5, 1.0, 0.0, 0.0]),
]


@pytest.mark.parametrize(("f", "x", "wanted"), TAILS)
def test_logistic_tails_in_every_order(f: Any, x: float, wanted: list[float]) -> None:
    for order, g in enumerate(_derivatives(f, 3)):
        np.testing.assert_allclose(on_numbers_and_arrays(g, x), wanted[order], rtol=1e-14)
        single = g(np.array([x], np.float32))
        np.testing.assert_allclose(single, [np.float32(wanted[order])], rtol=1e-6)
        assert single.dtype == np.float32


def test_logit_keeps_the_digits_of_small_results() -> None:
    """ln(p / (1 - p)) at 1/2 + 1e-10 is 4e-10."""
    h = 2.0**-33
    np.testing.assert_allclose(on_numbers_and_arrays(special.logit, 0.5 + h), 4.0 * h, rtol=1e-14)
    np.testing.assert_allclose(on_numbers_and_arrays(special.logit, 1e-300), math.log(1e-300), rtol=1e-15)
    np.testing.assert_array_equal(special.logit(np.array([0.0, 1.0, 2.0])), [-np.inf, np.inf, np.nan])
    assert [special.logit(x) for x in (0.0, 1.0)] == [-math.inf, math.inf]
    assert math.isnan(special.logit(-1.0))


EDGES: list[tuple[Any, tuple[float, ...], tuple[float, ...]]] = [  # the value, and the gradient by each input
    (special.xlogy, (0.0, 0.0), (0.0, -math.inf, 0.0)),
    (special.xlogy, (0.0, 3.0), (0.0, math.log(3.0), 0.0)),
    (special.xlogy, (2.0, 0.0), (-math.inf, -math.inf, math.inf)),
    (special.xlogy, (0.0, math.nan), (math.nan, math.nan, math.nan)),
    (special.xlog1py, (0.0, -1.0), (0.0, -math.inf, 0.0)),
    (special.xlog1py, (2.0, 1e-20), (2e-20, 1e-20, 2.0)),
    (special.entr, (0.0,), (0.0, math.inf)),
    (special.entr, (-1.0,), (-math.inf, math.nan)),
    (special.rel_entr, (0.0, 2.0), (0.0, -math.inf, 0.0)),
    (special.rel_entr, (2.0, 0.0), (math.inf, math.inf, -math.inf)),
    (special.rel_entr, (1.0, -1.0), (math.inf, math.nan, math.nan)),
    (special.rel_entr, (1e-300, 1e300), (1e-300 * math.log(1e-300) * 2.0, 1.0 + 2.0 * math.log(1e-300), 0.0)),
    (special.kl_div, (0.0, 2.0), (2.0, -math.inf, 1.0)),
    (special.kl_div, (-1.0, 2.0), (math.inf, math.nan, math.nan)),
    (special.erfinv, (1.0,), (math.inf, math.inf)),
    (special.erfcinv, (0.0,), (math.inf, -math.inf)),
    (special.betainc, (2.0, 3.0, 0.0), (0.0, 0.0, 0.0, 0.0)),
    (special.betainc, (1.0, 3.0, 0.0), (0.0, 0.0, 0.0, 3.0)),
    (special.betainc, (0.5, 3.0, 0.0), (0.0, 0.0, 0.0, math.inf)),
    (special.betainc, (2.0, 1.0, 1.0), (1.0, 0.0, 0.0, 2.0)),
    (special.gammaincc, (2.0, 0.0), (1.0, 0.0, 0.0)),
    (special.gammaincc, (2.0, math.inf), (0.0, 0.0, 0.0)),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("f", "point", "wanted"), EDGES, ids=[f"{f.__name__}{x}" for f, x, _ in EDGES])
def test_edges(f: Any, point: tuple[float, ...], wanted: tuple[float, ...]) -> None:
    theirs = getattr(scipy.special, f.__name__)(*point)
    np.testing.assert_allclose(theirs, wanted[0], rtol=1e-13)
    for make in (float, lambda x: np.array([x])):
        values = [Value(make(x)) for x in point]
        z = f(*values)
        z.backward()
        got = [np.asarray(x).item() for x in (z.data, *(v.grad for v in values))]
        np.testing.assert_allclose(got, wanted, rtol=1e-13)


def test_the_slope_of_xlogy_by_y_has_a_slope_by_x_where_x_is_0() -> None:
    """where(x == 0, 0, x / y) would lose it."""
    assert grad(grad(special.xlogy, 1), 0)(0.0, 4.0) == 0.25
    assert grad(grad(special.kl_div, 1), 0)(0.0, 4.0) == -0.25
    assert grad(grad(special.rel_entr, 1), 0)(0.0, 4.0) == -0.25


def test_divergences_keep_their_digits_where_x_is_near_y() -> None:
    """d/dx of x ln(x/y) - x + y is ln(x/y), and d/dy (y - x) / y: both 1e-10 here."""
    y = 0.3
    x = y * (1.0 + 1e-10)
    gap = (x - y) / y
    for point in ((x, y), (np.array([x]), np.array([y]))):
        np.testing.assert_allclose(elementwise_grad(special.kl_div, 0)(*point), math.log1p(gap), rtol=1e-14)
        np.testing.assert_allclose(elementwise_grad(special.kl_div, 1)(*point), -gap, rtol=1e-14)
        np.testing.assert_allclose(special.rel_entr(*point), x * math.log1p(gap), rtol=1e-14)


@pytest.mark.parametrize(("y", "wanted"), [(1e-20, 8.862269254527580e-21), (0.5, 0.47693627620446987)])
def test_erfinv(y: float, wanted: float) -> None:
    np.testing.assert_allclose(on_numbers_and_arrays(special.erfinv, y), wanted, rtol=1e-15)


def test_erfcinv_far_out() -> None:
    x = 1e-100
    z = special.erfcinv(x)
    np.testing.assert_allclose(math.erfc(z), x, rtol=1e-12)
    np.testing.assert_allclose(grad(special.erfcinv)(x), -0.5 * math.sqrt(math.pi) * math.exp(z * z), rtol=1e-13)


# Functions with SciPy's signatures


def _logsumexp(a: Any, b: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return scipy.special.logsumexp(a, axis=axis, b=b, keepdims=keepdims)


def _ours(a: Any, b: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return special.logsumexp(a, axis, b, keepdims)


ROWS = [
    Row("logsumexp", (A23, A23[::-1]), _logsumexp, {"axis": 1}, f=_ours),
    Row("logsumexp", (A234, A234[:, :, :1]), _logsumexp, {"axis": (0, 2), "keepdims": True}, f=_ours),
    Row("logsumexp", (A23, A3), _logsumexp, f=_ours),
    Row("logsumexp", (A23,), scipy.special.logsumexp, {"axis": 0}, f=special.logsumexp),
    Row("softmax", (SIGNED,), scipy.special.softmax, f=special.softmax),
    Row("log_softmax", (SIGNED,), scipy.special.log_softmax, {"axis": 0}, f=special.log_softmax),
    Row("polygamma", (A23,), lambda x: scipy.special.polygamma(2, x), f=lambda x: special.polygamma(2, x)),
    *(Row("ndtr", (x,), scipy.special.ndtr) for x in (0.3, SIGNED, 5.0 * SIGNED)),
    *(Row(name, (x,), getattr(scipy.special, name)) for x in (0.3, SIGNED) for name in ("i0", "i1", "i0e", "i1e")),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


def test_logsumexp_with_weights_of_both_signs() -> None:
    a = np.array([[1000.0, 999.0, 3.0], [0.0, -math.inf, 2.0], [-math.inf] * 3])
    b = np.array([[1.0, -1.0, 0.0], [0.0, 2.0, -3.0], [1.0, 1.0, 1.0]])
    theirs = scipy.special.logsumexp(a, axis=1, b=b, return_sign=True)
    for mine, wanted in zip(special.logsumexp(a, 1, b, return_sign=True), theirs, strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-14)
    np.testing.assert_array_equal(np.isnan(special.logsumexp(a, 1, b)), [False, True, False])
    v, w = Value(a), Value(b)
    special.logsumexp(v, 1, w, return_sign=True)[0].backward()
    share = math.e / (math.e - 1.0)
    np.testing.assert_allclose(v.grad, [[share, 1.0 - share, 0.0], [0.0, 0.0, 1.0], [0.0] * 3], atol=1e-14)
    far = [[share, share - 1.0, 0.0], [-math.exp(-2.0) / 3.0, 0.0, -1.0 / 3.0], [0.0] * 3]
    np.testing.assert_allclose(w.grad, far, atol=1e-14)


def test_a_weight_of_0_drops_what_would_overflow_and_keeps_its_slope() -> None:
    w = Value(np.array([0.0, 1.0]))
    z = special.logsumexp(np.array([5.0, 0.0]), b=w)
    z.backward()
    assert z.data == 0.0
    np.testing.assert_allclose(w.grad, [math.exp(5.0), 1.0], rtol=1e-14)
    assert special.logsumexp(np.array([1e4, 0.0]), b=np.array([0.0, 1.0])) == 0.0


def test_a_sum_of_weights_that_is_0_is_a_pole() -> None:
    with np.errstate(divide="ignore"):
        z, sign = special.logsumexp(np.zeros(2), b=Value(np.array([1.0, -1.0])), return_sign=True)
        z.backward()
    assert (float(z), float(sign)) == (-math.inf, 0.0)


def test_logcumsumexp_of_what_overflows_and_of_masks() -> None:
    x = np.array([-math.inf, -1000.0, 0.0, 1000.0, 1000.0])
    v = Value(x)
    z = special.logcumsumexp(v)
    np.testing.assert_allclose(z.data, [-math.inf, -1000.0, 0.0, 1000.0, 1000.0 + math.log(2.0)])
    z.backward(np.array([1.0, 1.0, 1.0, 1.0, 2.0]))
    np.testing.assert_allclose(v.grad, [0.0, 1.0, 1.0, 2.0, 1.0])
    np.testing.assert_allclose(jvp(special.logcumsumexp, (x,), (np.ones(5),))[1], [0.0, 1.0, 1.0, 1.0, 1.0])


def test_the_last_of_logcumsumexp_has_the_second_order_of_logsumexp() -> None:
    """Its cotangent is 0 but for one place: by way of logarithms of cotangents the
    second order would be lost.
    """
    assert gradcheck(grad(lambda x: special.logcumsumexp(x)[-1]), [A3])
    np.testing.assert_allclose(
        micrograd.hessian(lambda x: special.logcumsumexp(x)[-1])(A3), micrograd.hessian(special.logsumexp)(A3)
    )


@pytest.mark.peer
def test_logcumsumexp_against_torch() -> None:
    import torch

    x = 50.0 * np.random.default_rng(0).normal(size=(3, 200))
    v, t = Value(x), torch.tensor(x, requires_grad=True)
    special.logcumsumexp(v, axis=1).backward()
    torch.logcumsumexp(t, dim=1).sum().backward()
    np.testing.assert_allclose(v.grad, t.grad.numpy(), rtol=1e-9)


def test_names_are_scipys() -> None:
    ours = set(special.__all__) - {"logcumsumexp"}  # PyTorch's name
    assert {name for name in ours if not hasattr(scipy.special, name)} == set()
    assert micrograd.special is special
    assert special.psi is special.digamma


@pytest.fixture
def without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "scipy.special", None)


@pytest.mark.parametrize(
    ("f", "point", "wanted"),
    [
        (special.expit, (0.0,), 0.25),
        (special.logit, (0.5,), 4.0),
        (special.log_expit, (0.0,), 0.5),
        (special.entr, (1.0,), -1.0),
        (special.xlogy, (2.0, 1.0), 0.0),
        (special.rel_entr, (2.0, 2.0), 1.0),
        (special.kl_div, (2.0, 2.0), 0.0),
        (special.ndtr, (0.0,), 0.3989422804014327),
        (special.log_ndtr, (-100.0,), 100.00999800099926),
        (special.log_ndtr, (0.0,), 0.7978845608028654),
    ],
)
def test_numbers_need_no_scipy_where_math_can(f: Any, point: Any, wanted: float, without_scipy: None) -> None:
    assert math.isclose(grad(f)(*point), wanted, rel_tol=1e-14)
    assert type(f(*point)) is float


@pytest.mark.parametrize(
    ("f", "point"),
    [(special.logit, 1), (special.log_expit, -3), (special.log_ndtr, -50), (special.ndtr, 1), (special.i0, 2)],
)
def test_an_int_is_a_number(f: Any, point: int) -> None:
    assert type(f(point)) is float
    assert f(point) == f(float(point))


def test_arrays_need_no_scipy_where_numpy_can(without_scipy: None) -> None:
    for f in (special.expit, special.logit, special.log_expit, special.entr, special.logcumsumexp):
        assert f(A23 / 3.0).shape == (2, 3)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("log_ndtr", lambda: special.log_ndtr(A3)),
        ("erfinv", lambda: special.erfinv(0.5)),
        ("erfcinv", lambda: special.erfcinv(0.5)),
        ("bessel_i", lambda: special.i1(1.0)),
        ("bessel_ie", lambda: special.i1e(Value(1.0))),
        ("gammaincc", lambda: special.gammaincc(1.0, 2.0)),
        ("betainc", lambda: special.betainc(1.0, 2.0, 0.5)),
        ("betaincc", lambda: special.betaincc(1.0, 2.0, 0.5)),
        ("betainc_dab", lambda: betainc_dab(1.0, 2.0, 0.5, by_a=1)),
    ],
)
def test_without_scipy_the_extra_is_named(name: str, call: Any, without_scipy: None) -> None:
    with pytest.raises(MissingExtraError) as caught:
        call()
    words = f"{name}: SciPy computes it, and SciPy is not installed;\npip install 'micrograd-nd[special]'"
    assert str(caught.value) == words


W = Value(np.full((2, 3), 0.5), label="w")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: special.xlogy(W, [1.0, 2.0]), ShapeError, "xlogy: 'w' (2, 3) and (2,) do not broadcast"),
        (lambda: special.logcumsumexp(W, axis=2), ShapeError, "logcumsumexp: axis 2 of 'w' (2, 3): its axes are"),
        (lambda: special.logcumsumexp(1.0), ShapeError, "logcumsumexp: axis -1 of (): a number has no axes"),
        (lambda: special.logsumexp(W, 2, A3), ShapeError, "logsumexp: axis 2 of "),
        (lambda: special.polygamma(-1, 2.0), ArgumentError, "polygamma: n=-1; give 0 or more"),
        (lambda: betainc_dab(1.0, 2.0, 0.5, by_a=-1), ArgumentError, "betainc_dab: by_a=-1; give 0 or more"),
        (lambda: bessel_ie(1.0, n=0.5), ArgumentError, "bessel_ie: n=0.5 is not an integer; give one, as 2"),
        (
            lambda: recurrence(W, A3),
            ShapeError,
            "recurrence: 'w' (2, 3) and (3,): give two arrays of one shape, with at least",
        ),
    ],
)
def test_errors(call: Any, error: type[MicrogradError], words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).startswith(words)
    assert type(caught.value) is error
