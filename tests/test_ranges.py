"""Far tails, large and small numbers, half precision, empty axes, and numbers among
arrays.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from micrograd import Value, elementwise_grad, grad, gradcheck, hessian, jacobian, jvp, ops
from micrograd.errors import ArgumentError, ShapeError


def slope(f, x):
    v = Value(x)
    f(v).backward()
    return v.grad


# Slopes where the output is rounded. Exact values by mpmath 1.3, 30 digits: diff(lambda
# x: log(1 + exp(x)), 40, 2).

E40 = 4.248354255291589e-18  # e^-40
SLOPES = {
    "expm1": (ops.expm1, -40.0, E40),
    "elu": (ops.elu, -40.0, E40),
    "expm1 at 2": (ops.expm1, 2.0, 7.38905609893065),
    "softplus": (ops.softplus, -40.0, E40),
    "silu": (ops.silu, -40.0, -1.6568581595637197e-16),
}
CURVATURES = {
    "expm1": (ops.expm1, -40.0, E40),
    "elu": (ops.elu, -40.0, E40),
    "softplus": (ops.softplus, 40.0, E40),
    "softplus below": (ops.softplus, -40.0, E40),
    "logaddexp": (lambda x: ops.logaddexp(x, 1.0), 41.0, E40),
    "logaddexp, second": (lambda x: ops.logaddexp(1.0, x), 41.0, E40),
    "silu": (ops.silu, 40.0, -1.6143746170108038e-16),
    "silu below": (ops.silu, -40.0, -1.6143746170108038e-16),
    "expit": (ops.expit, 40.0, -E40),
}


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-14), (np.float32, 1e-6)])
@pytest.mark.parametrize("name", SLOPES)
def test_slope_in_the_tail(name, dtype, rtol):
    f, x, wanted = SLOPES[name]
    np.testing.assert_allclose(elementwise_grad(f)(np.array([x], dtype)), wanted, rtol=rtol)
    np.testing.assert_allclose(jvp(f, (np.array([x], dtype),), (np.ones(1, dtype),))[1], wanted, rtol=rtol)
    if dtype is np.float64:
        np.testing.assert_allclose(grad(f)(x), wanted, rtol=rtol)


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-14), (np.float32, 1e-6)])
@pytest.mark.parametrize("name", CURVATURES)
def test_curvature_in_the_tail(name, dtype, rtol):
    f, x, wanted = CURVATURES[name]
    first = elementwise_grad(f) if name != "expit" else f
    np.testing.assert_allclose(
        elementwise_grad(first)(np.array([x], dtype)), wanted * (1 if name != "expit" else -1), rtol=rtol
    )
    if dtype is np.float64 and name != "expit":
        np.testing.assert_allclose(grad(grad(f))(x), wanted, rtol=rtol)


def test_sigmoid_and_tanh_keep_the_textbook_line():
    assert grad(ops.sigmoid)(36.0) > 0.0 == grad(ops.sigmoid)(37.0)
    assert grad(ops.tanh)(19.0) > 0.0 == grad(ops.tanh)(20.0)


# Range

LENGTHS = {
    "float32 above": (np.array([1e20, 1.0, 1.0], np.float32), 1e20, [1.0, 1e-20, 1e-20]),
    "float32 below": (np.array([1e-23, 0.0], np.float32), 1e-23, [1.0, 0.0]),
    "float32 subnormal": (np.array([3e-45, 0.0], np.float32), 2.8e-45, [1.0, 0.0]),
    "float64 above": (np.array([3e200, 4e200]), 5e200, [0.6, 0.8]),
    "float64 below": (np.array([3e-200, 4e-200]), 5e-200, [0.6, 0.8]),
    "float16": (np.array([300.0, 400.0], np.float16), 500.0, [0.6, 0.8]),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_a_length_stays_in_range(name):
    x, length, slopes = LENGTHS[name]
    rtol = {"f": 1e-6, "d": 1e-15, "e": 1e-3}[x.dtype.char]
    for f in (np.linalg.norm, lambda v: np.linalg.norm(v[None, :], axis=1)[0], lambda v: ops.norm(v, ord=2)):
        z = f(Value(x))
        assert z.dtype == x.dtype
        np.testing.assert_allclose(float(z), length, rtol=max(rtol, 0.01 if "subnormal" in name else 0))
        np.testing.assert_allclose(slope(f, x), slopes, rtol=rtol)
        np.testing.assert_allclose(
            jvp(f, (x,), (np.array([1.0] + [0.0] * (len(x) - 1), x.dtype),))[1], slopes[0], rtol=rtol
        )


def test_rows_of_very_different_lengths():
    x = np.array([[1e20, 1.0], [1e-30, 0.0], [0.0, 0.0], [3.0, 4.0]], np.float32)
    z = np.linalg.norm(Value(x), axis=1)
    np.testing.assert_allclose(z.data, np.array([1e20, 1e-30, 0.0, 5.0], np.float32), rtol=1e-6)
    np.testing.assert_allclose(
        slope(lambda v: np.linalg.norm(v, axis=1).sum(), x)[1:], [[1, 0], [0, 0], [0.6, 0.8]], rtol=1e-6
    )


@pytest.mark.parametrize("ord", [3, 1.5, 0.5, -1])
def test_other_norms_stay_in_range(ord):
    for scale in (1e200, 1e-200):
        x = np.array([3.0, 4.0])
        np.testing.assert_allclose(ops.norm(Value(x * scale), ord=ord).data, np.linalg.norm(x, ord) * scale, rtol=1e-14)
        np.testing.assert_allclose(
            slope(lambda v: ops.norm(v, ord=ord), x * scale), slope(lambda v: ops.norm(v, ord=ord), x), rtol=1e-13
        )
    assert gradcheck(lambda x: ops.norm(x, ord=ord), [np.array([3.0, 4.0])])


def test_infinite_and_nan_lengths_are_numpys():
    for x in ([np.inf, 1.0], [np.nan, 1.0], [-np.inf, np.inf]):
        for ord in (None, 3, -3):
            with np.errstate(all="ignore"):
                np.testing.assert_array_equal(np.linalg.norm(Value(x), ord).data, np.linalg.norm(x, ord))


def test_std_stays_in_range():
    np.testing.assert_allclose(np.std(Value([1e200, -1e200])).data, 1e200)
    np.testing.assert_allclose(slope(np.std, [1e200, -1e200]), [0.5, -0.5])
    np.testing.assert_allclose(slope(np.std, [1e-200, -1e-200]), [0.5, -0.5])


# Half precision, and dtypes that meet

HALF = np.ones(70_000, np.float16)


def test_half_precision_is_summed_in_single():
    x = HALF.copy()
    x[0] = 2.0
    for f in (np.mean, np.std, np.var, np.linalg.norm):
        z = f(Value(x))
        assert z.dtype == np.float16
        np.testing.assert_allclose(float(z), f(x.astype(np.float64)), rtol=2e-3)
        g = slope(f, x)
        assert g.dtype == np.float16 and np.isfinite(g).all()
    assert np.mean(Value(HALF)).data == 1.0
    assert np.std(Value(HALF)).data == 0.0
    np.testing.assert_allclose(float(ops.logsumexp(Value(HALF))), 1.0 + math.log(70_000), rtol=1e-3)
    np.testing.assert_allclose(ops.softmax(Value(HALF)).data, 1.0 / 70_000, rtol=1e-2)


@pytest.mark.parametrize("f", [ops.erf, ops.erfc, ops.gelu, ops.lgamma, ops.digamma, ops.silu, ops.softplus, ops.expit])
def test_half_precision_stays(f):
    x = np.array([0.5, 2.0], np.float16)
    z = f(Value(x))
    assert z.dtype == slope(f, x).dtype == np.float16
    np.testing.assert_allclose(z.data, f(x.astype(np.float64)), rtol=2e-3)


OPERATIONS = {
    "*": lambda x, y: x * y,
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "/": lambda x, y: x / y,
    "**": lambda x, y: x**y,
    "@": lambda x, y: x @ y,
    "reflected": lambda x, y: y * x,
    "multiply": np.multiply,
    "maximum": np.maximum,
    "dot": np.dot,
    "where": lambda x, y: np.where([True, False, True], x, y),
    "concatenate": lambda x, y: np.concatenate([x, y]),
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("kind", [bool, np.int8, np.uint8, np.int16, np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtypes_meet_as_numpys(name, kind, dtype):
    f, x, y = OPERATIONS[name], np.array([1.0, 2.0, 3.0], dtype), np.array([1, 1, 1], kind)
    if name == "-" and kind is bool:
        y = np.array([1, 1, 1], np.int8)
    z = f(Value(x), y)
    wanted = f(x, y)
    assert z.dtype == wanted.dtype
    np.testing.assert_allclose(z.data, wanted)
    v = Value(x)
    f(v, y).backward()
    assert v.grad.dtype == dtype


def test_a_number_makes_float64_of_integers():
    assert (Value(2.0) * np.array([1, 2], np.int8)).dtype == np.float64
    assert (Value(2.0) * np.array([True, False])).dtype == np.float64


# Determinants, triangles, residuals


@pytest.mark.parametrize("x", [np.zeros((2, 2)), np.ones((3, 3)), np.zeros((3, 3)), np.diag([1.0, 2.0, 0.0, 0.0])])
def test_a_determinant_is_a_polynomial(x):
    def by_hand(x):  # the expansion along the first row
        n = len(x.shape) and x.shape[0]
        if n == 1:
            return x[0, 0]
        terms = [(-1.0) ** j * x[0, j] * by_hand(x[1:, [k for k in range(n) if k != j]]) for j in range(n)]
        return sum(terms[1:], terms[0])

    np.testing.assert_allclose(grad(np.linalg.det)(x), grad(by_hand)(x), atol=1e-12)
    np.testing.assert_allclose(hessian(np.linalg.det)(x), hessian(by_hand)(x), atol=1e-12)
    if len(x) < 4:
        third = jacobian(hessian(np.linalg.det))(x)
        np.testing.assert_allclose(third, jacobian(hessian(by_hand))(x), atol=1e-12)


def test_the_hessian_of_a_determinant_in_every_mode():
    x, wanted = np.zeros((2, 2)), np.zeros((2, 2, 2, 2))
    wanted[0, 0, 1, 1] = wanted[1, 1, 0, 0] = 1.0
    wanted[0, 1, 1, 0] = wanted[1, 0, 0, 1] = -1.0
    for outer in ("reverse", "forward"):
        for inner in ("reverse", "forward"):
            found = jacobian(jacobian(np.linalg.det, mode=inner), mode=outer)(x)
            np.testing.assert_allclose(found, wanted, atol=1e-15)


LOPSIDED = np.array([[4.0, 9.0], [2.0, 3.0]])


def test_one_triangle_is_read():
    for name in ("eigvalsh", "eigh"):
        for uplo in ("L", "U"):
            mine = getattr(np.linalg, name)(Value(LOPSIDED), UPLO=uplo)
            theirs = getattr(np.linalg, name)(LOPSIDED, UPLO=uplo)
            mine, theirs = (mine.data, theirs) if name == "eigvalsh" else (mine[0].data, theirs[0])
            np.testing.assert_allclose(mine, theirs)
    np.testing.assert_allclose(np.linalg.cholesky(Value(LOPSIDED)).data, np.linalg.cholesky(LOPSIDED))
    np.testing.assert_allclose(
        np.linalg.cholesky(Value(LOPSIDED.T), upper=True).data, np.linalg.cholesky(LOPSIDED.T, upper=True)
    )
    for f in (np.linalg.eigvalsh, np.linalg.cholesky):
        g = slope(lambda v, f=f: f(v)[0].sum() if f is np.linalg.eigvalsh else f(v).sum(), LOPSIDED)
        assert g[0, 1] == 0.0 != g[1, 0]
    assert slope(lambda v: np.linalg.eigvalsh(v, UPLO="U")[0], LOPSIDED)[1, 0] == 0.0
    with pytest.raises(ArgumentError, match=r"eigh: UPLO='X' of \(2, 2\): 'L' reads the lower triangle, 'U' the upper"):
        np.linalg.eigh(Value(LOPSIDED), UPLO="X")


# Nothing to reduce

EMPTY = {
    "mean": (np.mean, np.zeros(0), {}, "Mean of empty slice"),
    "mean along an axis": (np.mean, np.zeros((2, 0)), {"axis": 1}, "Mean of empty slice"),
    "var": (np.var, np.zeros(0), {}, "Degrees of freedom"),
    "std": (np.std, np.zeros((2, 0)), {"axis": 1}, "Degrees of freedom"),
    "var of one": (np.var, np.ones(1), {"ddof": 1}, "Degrees of freedom"),
    "std of one": (np.std, np.ones((2, 1)), {"axis": 1, "ddof": 1}, "Degrees of freedom"),
    "var of two, less three": (np.var, np.array([1.0, 2.0]), {"ddof": 3}, "Degrees of freedom"),
    "median": (np.median, np.zeros(0), {}, "Mean of empty slice"),
    "median along an axis": (np.median, np.zeros((3, 0)), {"axis": 1}, "Mean of empty slice"),
    "median of no rows": (np.median, np.zeros((0, 3)), {"axis": 1}, ""),
    "mean of no rows": (np.mean, np.zeros((0, 3)), {"axis": 1}, ""),
    "norm": (np.linalg.norm, np.zeros((0, 0)), {}, ""),
    "norm 1": (np.linalg.norm, np.zeros((0, 0)), {"ord": 1}, ""),
    "norm 2": (np.linalg.norm, np.zeros((0, 0)), {"ord": 2}, ""),
    "norm nuc": (np.linalg.norm, np.zeros((0, 0)), {"ord": "nuc"}, ""),
    "norm inf": (np.linalg.norm, np.zeros(0), {"ord": np.inf}, ""),
    "norm 3": (np.linalg.norm, np.zeros(0), {"ord": 3}, ""),
}


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_is_reduced_as_numpy_does(name):
    f, x, options, words = EMPTY[name]
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning) if words else pytest.MonkeyPatch.context():
        wanted = f(x, **options)
    if words:
        with pytest.warns(RuntimeWarning, match=words) as caught:
            z = f(Value(x), **options)
        assert caught[0].filename == __file__
    else:
        z = f(Value(x), **options)
    np.testing.assert_array_equal(z.data, wanted)
    z.backward()


def test_softmax_of_nothing():
    x = Value(np.zeros((2, 0)))
    assert ops.softmax(x, axis=1).shape == ops.log_softmax(x, axis=1).shape == (2, 0)
    np.testing.assert_array_equal(ops.logsumexp(x, axis=1).data, [-np.inf, -np.inf])
    with pytest.raises(ShapeError, match=r"max: .* has no element"):
        np.max(x)


# Numbers


def test_numbers_where_numpy_lets_them_have_an_axis():
    n = Value(2.0)
    for f in (np.sum, np.prod, np.max, np.min):
        for axis in (0, -1):
            assert f(n, axis=axis).data == 2.0
            assert slope(lambda v, f=f, axis=axis: f(v, axis=axis), 2.0) == 1.0
    assert ops.softmax(n, axis=0).data == 1.0
    assert ops.log_softmax(n).data == 0.0
    assert slope(lambda v: ops.logsumexp(v, axis=0), 2.0) == 1.0
    assert slope(lambda v: ops.softmax(v, axis=0), 2.0) == 0.0
    for f in (np.cumsum, np.cumprod):
        np.testing.assert_array_equal(f(n, axis=0).data, [2.0])
        assert slope(lambda v, f=f: f(v, axis=0).sum(), 2.0) == 1.0
    np.testing.assert_array_equal(np.repeat(n, 2, axis=0).data, [2.0, 2.0])
    assert slope(lambda v: np.repeat(v, 3, axis=0).sum(), 2.0) == 3.0
    with pytest.raises(ShapeError, match="mean: axis 0"):  # as NumPy's AxisError
        np.mean(n, axis=0)


def test_cross_without_an_axis():
    x, y = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
    np.testing.assert_array_equal(np.cross(Value(x), Value(y), axis=None).data, np.cross(x, y, axis=None))


def test_transpose_of_a_vector_by_one_axis():
    np.testing.assert_array_equal(slope(lambda v: np.transpose(v, 0) @ np.array([1.0, 2.0]), np.ones(2)), [1.0, 2.0])


@pytest.mark.parametrize("f", [ops.round, ops.ceil, ops.floor])
@pytest.mark.parametrize("x", [-0.0, 0.0, -0.2, 0.2, -0.5, 0.5, 1.5, -1.5, math.inf, -math.inf, 1e300])
def test_the_sign_of_zero_is_kept(f, x):
    wanted = getattr(np, f.__name__)(x)
    assert f(x) == wanted
    assert math.copysign(1.0, f(x)) == math.copysign(1.0, wanted)
    assert math.copysign(1.0, f(Value(x)).data) == math.copysign(1.0, wanted)


@pytest.mark.parametrize("condition", [True, np.True_, Value(1.0) > 0.0, np.array(True), 1])
def test_where_broadcasts_whatever_the_condition_is(condition):
    x, y = Value(2.0), Value([1.0, 2.0])
    z = np.where(condition, x, y)
    np.testing.assert_array_equal(z.data, [2.0, 2.0])
    z.backward()
    assert x.grad == 2.0
    np.testing.assert_array_equal(y.grad, [0.0, 0.0])
    _, t = jvp(lambda x, y: ops.where(condition, x, y), (2.0, np.ones(2)), (1.0, np.zeros(2)))
    np.testing.assert_array_equal(t, [1.0, 1.0])
    assert type(ops.where(True, 2.0, 3.0)) is float


WHOLE = [
    (ops.norm, np.array([3, 4]), 5.0),
    (ops.norm, np.array([True, False]), 1.0),
    (ops.erf, np.array([1, 2]), [0.8427007929497149, 0.9953222650189527]),
    (ops.lgamma, np.array([1, 3]), [0.0, math.log(2.0)]),
    (ops.digamma, np.array([1, 2]), [-0.5772156649015329, 0.42278433509846713]),
    (ops.cofactor, np.array([[1, 2], [3, 4]]), [[4.0, -3.0], [-2.0, 1.0]]),
    (ops.std, np.array([3, 4]), 0.5),
    (ops.softmax, np.array([1, 1]), [0.5, 0.5]),
    (ops.logsumexp, np.array([0, 0]), math.log(2.0)),
]


@pytest.mark.parametrize(("f", "x", "wanted"), WHOLE)
def test_whole_numbers_are_taken_as_they_come(f, x, wanted):
    np.testing.assert_allclose(f(x), wanted, rtol=1e-14, atol=1e-15)
