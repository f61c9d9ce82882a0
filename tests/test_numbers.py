"""Numbers that stay right: no gradient is not a zero times infinity; stable forms; no
warning; float32.
"""

from __future__ import annotations

import contextlib
import copy
import math
import pickle
import warnings

import numpy as np
import pytest

from micrograd import Value, elementwise_grad, grad, hessian, ieee_gradients, jacobian, jvp, ops, vjp
from micrograd.errors import GradientWarning

ZERO, ONES = np.zeros(3), np.ones(3)
WEIGHTS = np.array([1.0, 2.0, 3.0])
SOME = np.array([-1.0, 0.0, 4.0])
TIED = np.array([2.0, 1.0, 2.0])
LOGITS = np.array([1.0, 5.0, 2.0])
MASK = np.array([True, False, True])
PART = 1.0 / (1.0 + math.e)  # what a softmax of the logits that are not masked gives to the first
SLOPE = 2.0 * PART * (1.0 - PART)
LOG4 = math.log(4.0)


def masked(x, mask=MASK):
    return ops.where(mask, x, -np.inf)


def softmax_by_hand(x):
    e = ops.exp(x - ops.max(x, axis=-1, keepdims=True))
    return e / ops.sum(e, axis=-1, keepdims=True)


# A function of an array; where; the gradient of its sum weighted 1, 2, 3; the diagonal
# of the Hessian of that. None stands for any finite number: a kink has no second
# derivative to insist on.
SAFE = {
    "where sqrt": (lambda x: ops.where(x > 0, ops.sqrt(x), 0.0), SOME, [0, 0, 0.75], [0, 0, -3 / 32]),
    "where sqrt, NumPy's": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), SOME, [0, 0, 0.75], [0, 0, -3 / 32]),
    "where sqrt, else x": (lambda x: ops.where(x > 0, ops.sqrt(x), x), SOME, [1, 2, 0.75], [0, 0, -3 / 32]),
    "where not sqrt": (lambda x: ops.where(x <= 0, 0.0, ops.sqrt(x)), SOME, [0, 0, 0.75], [0, 0, -3 / 32]),
    "where power": (lambda x: ops.where(x > 0, x**0.5, 0.0), SOME, [0, 0, 0.75], [0, 0, -3 / 32]),
    "where power, arrays": (
        lambda x: ops.where(x > 0, ops.power(x, 0.5 * ONES), 0.0), SOME, [0, 0, 0.75], [0, 0, -3 / 32],
    ),
    "where x log x": (
        lambda x: ops.where(x > 0, x * ops.log(x), 0.0), SOME, [0, 0, 3 + 3 * LOG4], [0, 0, 0.75],
    ),
    "where log": (lambda x: ops.where(x > 0, ops.log(x), -1.0), SOME, [0, 0, 0.75], [0, 0, -3 / 16]),
    "log where": (lambda x: ops.log(ops.where(x > 0, x, 1.0)), SOME, [0, 0, 0.75], [0, 0, -3 / 16]),
    "where 1/x": (lambda x: ops.where(ops.equal(x, 0), 0.0, 1.0 / x), SOME, [-1, 0, -3 / 16], [-2, 0, 6 / 64]),
    "where x to the -1": (lambda x: ops.where(ops.equal(x, 0), 0.0, x**-1), SOME, [-1, 0, -3 / 16], [-2, 0, 6 / 64]),
    "where sin x / x": (
        lambda x: ops.where(ops.equal(x, 0), 1.0, ops.sin(x) / x),
        np.array([0.0, 0.0, math.pi]), [0, 0, -3 / math.pi], [0, 0, 6 / math.pi**2],
    ),
    "where arcsin": (
        lambda x: ops.where(abs(x) < 1, ops.arcsin(x), 0.0),
        np.array([0.0, 1.0, 0.6]), [1, 0, 3.75], [0, 0, 1.8 / 0.8**3],
    ),
    "where arccosh": (
        lambda x: ops.where(x > 1, ops.arccosh(x), 0.0),
        np.array([0.0, 1.0, 1.25]), [0, 0, 4], [0, 0, -3.75 / 0.75**3],
    ),
    "where exp": (lambda x: ops.where(x < 1, ops.exp(x), 0.0), np.array([0.0, 1e4, -1e4]), [1, 0, 0], [1, 0, 0]),
    "softplus by hand": (
        lambda x: ops.where(x > 30, x, ops.log1p(ops.exp(x))),
        np.array([0.0, 1e4, -1e4]), [0.5, 2, 0], [0.25, 0, 0],
    ),
    "where arctan2": (lambda x: ops.where(ops.equal(x, 0), 0.0, ops.arctan2(x, x)), ZERO, ZERO, ZERO),
    "sqrt of a square": (lambda x: ops.sqrt(x * x), ZERO, ZERO, None),
    "cube root of a cube": (lambda x: ops.cbrt(x**3), ZERO, ZERO, None),
    "norm at 0": (lambda x: ops.norm(x), ZERO, ZERO, None),
    "norm, NumPy's": (lambda x: np.linalg.norm(x), ZERO, ZERO, None),
    "norm along an axis": (lambda x: ops.norm(x * np.ones((2, 3)), axis=0), ZERO, ZERO, None),
    "norm by hand": (lambda x: ops.sqrt(ops.sum(x**2)), ZERO, ZERO, None),
    "norm and x": (lambda x: ops.norm(x) + x, ZERO, WEIGHTS, None),
    "norm 1": (lambda x: ops.norm(x, ord=1), SOME, [-6, 0, 6], ZERO),
    "norm 3": (lambda x: ops.norm(x, ord=3), ZERO, ZERO, None),
    "hypot": (lambda x: ops.hypot(x, x), ZERO, ZERO, None),
    "std of equals": (lambda x: ops.std(x), ONES, ZERO, None),
    "max of ties": (lambda x: ops.max(x), TIED, [3, 0, 3], ZERO),
    "min of ties": (lambda x: ops.min(-x), TIED, [-3, 0, -3], ZERO),
    "maximum of ties": (lambda x: ops.maximum(x, 2.0), TIED, [0.5, 0, 1.5], ZERO),
    "minimum of itself": (lambda x: ops.minimum(x, x), TIED, WEIGHTS, ZERO),
    "absolute": (ops.absolute, SOME, [-1, 0, 3], ZERO),
    "relu": (ops.relu, SOME, [0, 0, 3], ZERO),
    "sign": (ops.sign, SOME, ZERO, ZERO),
    "prod with a zero": (lambda x: ops.prod(x), np.array([0.0, 2.0, 3.0]), [36, 0, 0], ZERO),
    "prod with two": (lambda x: ops.prod(x), np.array([0.0, 0.0, 3.0]), ZERO, ZERO),
    "cumprod": (lambda x: ops.cumprod(x), np.array([0.0, 2.0, 3.0]), [1 + 4 + 18, 0, 0], ZERO),
    "power 2 at 0": (lambda x: x**2, ZERO, ZERO, 2 * WEIGHTS),
    "power 1 at 0": (lambda x: x**1, ZERO, WEIGHTS, ZERO),
    "power 0 at 0": (lambda x: x**0, ZERO, ZERO, ZERO),
    "powers at 0": (lambda x: ops.power(x, np.array([0.0, 1.0, 2.0])), ZERO, [0, 2, 0], [0, 0, 6]),
    "powers of 0": (lambda x: ops.power(0.0, x), WEIGHTS, ZERO, ZERO),
    "masked softmax": (lambda x: ops.softmax(masked(x)), LOGITS, [-SLOPE, 0, SLOPE], None),
    "masked softmax by hand": (lambda x: softmax_by_hand(masked(x)), LOGITS, [-SLOPE, 0, SLOPE], None),
    "masked softmax, all": (lambda x: ops.softmax(masked(x, np.zeros(3, bool))), LOGITS, ZERO, ZERO),
    "masked softmax, a row": (
        lambda x: ops.softmax(masked(x * np.ones((2, 3)), np.array([[False] * 3, MASK]))),
        LOGITS, [-SLOPE, 0, SLOPE], None,
    ),
    "masked log_softmax": (
        lambda x: ops.where(MASK, ops.log_softmax(masked(x)), 0.0), LOGITS, [1 - 4 * PART, 0, 4 * PART - 1], None,
    ),
    "masked logsumexp": (lambda x: ops.logsumexp(masked(x)), LOGITS, [6 * PART, 0, 6 - 6 * PART], None),
    "masked logaddexp": (lambda x: ops.logaddexp(masked(x), masked(x)), LOGITS, [1, 0, 3], ZERO),
}  # fmt: skip


def weighted(f):
    return lambda x: ops.sum(f(x) * WEIGHTS)


def by_backward(f, create_graph=False):
    def gradient(x):
        leaf = Value(x)
        f(leaf).backward(create_graph=create_graph)
        return leaf.grad.data if create_graph else leaf.grad

    return gradient


FIRST = {
    "reverse": grad,
    "forward": lambda f: jacobian(f, mode="forward"),
    "backward()": by_backward,
    "backward(create_graph=True)": lambda f: by_backward(f, create_graph=True),
}
SECOND = {
    "reverse over reverse": hessian,
    "forward over reverse": lambda f: jacobian(grad(f), mode="forward"),
    "reverse over forward": lambda f: jacobian(jacobian(f, mode="forward"), mode="reverse"),
    "forward over forward": lambda f: jacobian(jacobian(f, mode="forward"), mode="forward"),
}


# Where an infinite slope meets one that came out as 0, here a kink, 0 is given with a
# warning.
KINKED = ("sqrt of a square", "cube root of a cube", "norm by hand")


def told(name, mode):
    """A context in which a warning has to come, or may, or must not."""
    if name in KINKED:
        return pytest.warns(GradientWarning, match="is not known, and taken as 0, in .*test_numbers.py")
    # Forward mode meets the infinite slope before it comes to the `where` that does not
    # ask for it.
    return silenced() if "forward" in mode else contextlib.nullcontext()


@contextlib.contextmanager
def silenced():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GradientWarning)
        yield


@pytest.mark.parametrize("mode", FIRST)
@pytest.mark.parametrize("name", SAFE)
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")  # of the branch that was not taken
def test_no_gradient_is_not_zero_times_infinity(name, mode):
    f, x, gradient, _ = SAFE[name]
    with told(name, mode):
        np.testing.assert_allclose(FIRST[mode](weighted(f))(x), gradient, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("mode", SECOND)
@pytest.mark.parametrize("name", SAFE)
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
def test_nor_in_second_order(name, mode):
    f, x, _, curvature = SAFE[name]
    with silenced() if curvature is None or "forward" in mode else contextlib.nullcontext():
        found = SECOND[mode](weighted(f))(x)
    assert np.all(np.isfinite(found))
    if curvature is not None:
        np.testing.assert_allclose(np.diag(found), curvature, rtol=1e-12, atol=1e-14)


NUMBERS = [name for name in SAFE if name.startswith("where") and name not in ("where power, arrays",)]


def slope(f):
    return lambda x: jvp(f, (x,), (1.0,))[1]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
def test_numbers_as_arrays(name):
    f, xs, gradient, curvature = SAFE[name]
    for x, weight, first, second in zip(xs.tolist(), WEIGHTS, gradient, curvature, strict=True):
        np.testing.assert_allclose(grad(f)(x) * weight, first, atol=1e-14)
        np.testing.assert_allclose(grad(grad(f))(x) * weight, second, atol=1e-14)
        with silenced():
            np.testing.assert_allclose(slope(f)(x) * weight, first, atol=1e-14)
            np.testing.assert_allclose(slope(slope(f))(x) * weight, second, atol=1e-14)


@pytest.mark.parametrize("name", ["where sqrt", "where x log x", "where 1/x", "norm by hand", "cube root of a cube"])
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
def test_plain_floating_point_on_request(name):
    """ieee_gradients(): what PyTorch, JAX and HIPS autograd give."""
    f, x, gradient, _ = SAFE[name]
    with ieee_gradients():
        for mode in FIRST.values():
            assert np.isnan(mode(weighted(f))(x)).any()
    with told(name, "reverse"):
        np.testing.assert_allclose(grad(weighted(f))(x), gradient, atol=1e-14)


def test_an_infinite_slope_stays_infinite():
    """Only a gradient of zero takes the infinity away; a slope that is infinite is said
    to be so.
    """
    for derivative in FIRST.values():
        assert derivative(lambda x: ops.sum(ops.sqrt(x)))(np.zeros(1)) == np.inf
    with np.errstate(all="ignore"):
        assert math.isnan(grad(ops.log)(math.nan))
        assert math.isnan(grad(lambda x: ops.sqrt(x) * 2.0)(-1.0))


# Stable forms: function, where, value, slope

FAR = np.array([-1e4, 0.0, 1e4])
STABLE = {
    "sigmoid": (ops.sigmoid, FAR, [0, 0.5, 1], [0, 0.25, 0]),
    "softplus": (ops.softplus, FAR, [0, math.log(2), 1e4], [0, 0.5, 1]),
    "silu": (ops.silu, FAR, [0, 0, 1e4], [0, 0.5, 1]),
    "gelu": (ops.gelu, FAR, [0, 0, 1e4], [0, 0.5, 1]),
    "elu": (ops.elu, FAR, [-1, 0, 1e4], [0, 1, 1]),
    "relu": (ops.relu, FAR, [0, 0, 1e4], [0, 0, 1]),
    "leaky_relu": (ops.leaky_relu, np.array([-1e4, 1e4]), [-1e2, 1e4], [0.01, 1]),
    "tanh": (ops.tanh, FAR, [-1, 0, 1], [0, 1, 0]),
    "arctan": (ops.arctan, FAR, np.arctan(FAR), 1 / (1 + FAR**2)),
    "arcsinh": (ops.arcsinh, FAR, np.arcsinh(FAR), 1 / np.sqrt(1 + FAR**2)),
    "expm1": (ops.expm1, np.array([-1e4, 1e-14]), [-1, 1e-14], [0, 1]),
    "log1p": (ops.log1p, np.array([1e-14, 1e4]), [1e-14, math.log1p(1e4)], [1, 1 / 10001]),
    "exp": (ops.exp, np.array([-1e4, 0.0]), [0, 1], [0, 1]),
    "erf": (ops.erf, FAR, [-1, 0, 1], [0, 2 / math.sqrt(math.pi), 0]),
    "erfc": (ops.erfc, FAR, [2, 1, 0], [0, -2 / math.sqrt(math.pi), 0]),
    "logaddexp": (lambda x: ops.logaddexp(x, 0.0), FAR, [0, math.log(2), 1e4], [0, 0.5, 1]),
    "hypot": (lambda x: ops.hypot(x, 0.0), np.array([1e200, -1e200]), [1e200, 1e200], [1, -1]),
    "logsumexp": (ops.logsumexp, FAR, 1e4, [0, 0, 1]),
    "logsumexp of alike": (ops.logsumexp, np.array([-1e4, -1e4]), -1e4 + math.log(2), [0.5, 0.5]),
    "log_softmax": (ops.log_softmax, FAR, [-2e4, -1e4, 0], [1, 1, -2]),
    "softmax": (ops.softmax, FAR, [0, 0, 1], [0, 0, 0]),
    "norm": (ops.norm, np.array([3e4, 4e4]), 5e4, [0.6, 0.8]),
}


@pytest.mark.parametrize("name", STABLE)
def test_stable(name):
    """Without any warning, too: the tests take warnings for errors."""
    f, x, value, slope = STABLE[name]
    np.testing.assert_allclose(f(x), value, rtol=1e-12, atol=1e-300)
    for mode in FIRST.values():
        np.testing.assert_allclose(mode(lambda x: ops.sum(f(x)))(x), slope, rtol=1e-12, atol=1e-300)
    for mode in SECOND.values():
        assert np.all(np.isfinite(mode(lambda x: ops.sum(f(x)))(x)))


ELEMENTWISE = [name for name in STABLE if not name.startswith(("log_s", "logs", "softm", "norm"))]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_stable_for_numbers(name):
    f, xs, values, slopes = STABLE[name]
    for x, value, slope in zip(xs.tolist(), values, slopes, strict=True):
        assert type(f(x)) is float
        np.testing.assert_allclose(f(x), value, rtol=1e-12, atol=1e-300)
        np.testing.assert_allclose(grad(f)(x), slope, rtol=1e-12, atol=1e-300)
        np.testing.assert_allclose(jvp(f, (x,), (1.0,))[1], slope, rtol=1e-12, atol=1e-300)
        assert math.isfinite(grad(grad(f))(x))


@pytest.mark.parametrize("name", [*STABLE, *SAFE])
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::micrograd.errors.GradientWarning")
def test_float32_stays_float32(name):
    f, x, *_ = (STABLE | SAFE)[name]
    if np.abs(x).max() > 1e38 or name in ("powers of 0", "powers at 0", "where power, arrays"):
        pytest.skip("beyond float32, or float64 itself")
    if name in ("norm along an axis", "masked softmax, a row"):
        pytest.skip("multiplies by float64 itself")
    x = x.astype(np.float32)
    out, pullback = vjp(f, x)
    (g,) = pullback(np.ones(np.shape(out)))
    value, tangent = jvp(f, (x,), (np.ones(x.shape),))
    second = jvp(elementwise_grad(f), (x,), (np.ones(x.shape),))[1]
    assert {z.dtype for z in (out, g, value, tangent, second)} == {np.dtype(np.float32)}
    assert all(np.all(np.isfinite(z)) for z in (g, tangent, second))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("divisor", [1e-320, 0.0, 0, -0.0])
def test_division_by_next_to_nothing_is_infinite(divisor):
    for x in (Value(1.0), Value(1.0) * 1.0):
        assert (x / divisor).data == (x / Value(divisor)).data == math.copysign(math.inf, divisor)


def test_the_dtype_of_a_number_is_copied_and_pickled():
    dtype = Value(2.0).dtype
    for same in (copy.copy(dtype), copy.deepcopy(dtype), pickle.loads(pickle.dumps(dtype))):
        assert same == dtype == np.float64
        assert {dtype: "found"}[same] == "found"
        assert repr(same) == repr(np.dtype(float))
        assert same.kind == "f"
