"""`curve_fit`: equal to SciPy's own, with a Jacobian by hand; errors. NIST's problems
are in test_nist.py.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from micrograd import grad, ops
from micrograd.errors import ArgumentError, DomainError, GradientError, ShapeError
from micrograd.scipy import curve_fit

optimize = pytest.importorskip("scipy.optimize", reason="the extra `scipy` is not installed")

X = np.linspace(0.0, 4.0, 25)
NOISE = np.random.default_rng(1).normal(size=25)
Y = 2.5 * np.exp(-1.3 * X) + 0.5 + 0.2 * NOISE
SIGMA = 0.1 + 0.05 * X
COVARIANCE = 0.04 * np.exp(-np.abs(X[:, None] - X))
NAN = np.where(np.arange(25) % 6 == 2, np.nan, Y)


def decay(x, a, b, c):
    return a * np.exp(-b * x) + c


def slopes(x, a, b, c):
    part = np.exp(-b * x)
    return np.stack([part, -a * x * part, np.ones_like(x)], axis=-1)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"p0": [2.0, 1.0, 0.0]},
        {"method": "trf"},
        {"method": "dogbox"},
        {"bounds": (0.0, [3.0, 2.0, 1.0])},
        {"bounds": ([0.0, 0.0, 0.0], [2.0, 2.0, 1.0])},
        {"bounds": optimize.Bounds([0.0, 0.0, 0.0], [2.0, 2.0, 1.0])},
        {"sigma": SIGMA},
        {"sigma": SIGMA, "absolute_sigma": True},
        {"sigma": 0.2, "absolute_sigma": True},
        {"sigma": COVARIANCE},
        {"sigma": COVARIANCE, "absolute_sigma": True, "bounds": (0.0, 3.0)},
        {"full_output": True},
        {"full_output": True, "method": "trf", "loss": "soft_l1", "f_scale": 0.1},
        {"ftol": 1e-14, "xtol": 1e-14},
    ],
    ids=lambda options: ", ".join(options) or "default",
)
def test_the_same_as_scipy(options):
    ours = curve_fit(decay, X, Y, **options)
    jac = None if np.ndim(options.get("sigma", X)) == 0 else slopes  # SciPy takes no number for sigma with a jac
    theirs = optimize.curve_fit(decay, X, Y, jac=jac, **options)
    assert len(ours) == len(theirs)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-8 if jac else 1e-6)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-7 if jac else 1e-5)
    if len(ours) > 2:
        assert ours[2].keys() == theirs[2].keys()
        assert ours[2]["nfev"] == theirs[2]["nfev"]
        np.testing.assert_allclose(ours[2]["fvec"], theirs[2]["fvec"], atol=1e-9)
        assert ours[3:] == theirs[3:]


def test_gaps_in_the_data():
    ours = curve_fit(decay, X, NAN, nan_policy="omit")
    theirs = optimize.curve_fit(decay, X, NAN, jac=slopes, nan_policy="omit")
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7)
    with pytest.raises(ValueError, match="array must not contain infs or NaNs"):
        curve_fit(decay, X, NAN)


def test_covariance_that_is_infinite():
    """The slope by c is 0, so its variance is not known: SciPy warns."""

    def model(x, a, c):
        return a * x + 0.0 * c

    def by_hand(x, a, c):
        return np.stack([x, 0.0 * x], axis=-1)

    with pytest.warns(optimize.OptimizeWarning, match="Covariance of the parameters could not be estimated"):
        popt, pcov = curve_fit(model, X, Y)
    with pytest.warns(optimize.OptimizeWarning):
        theirs, _ = optimize.curve_fit(model, X, Y, jac=by_hand)
    np.testing.assert_array_equal(pcov, np.full((2, 2), np.inf))
    np.testing.assert_allclose(popt, theirs)


@pytest.mark.parametrize("method", ["trf", "dogbox"])
@pytest.mark.parametrize("model", [lambda x, a, c: a * x + 0.0 * c, lambda x, a, c: (a + c) * x])
def test_covariance_that_is_a_pseudo_inverse(model, method):
    """There SciPy gives a variance of 0, or one that is too small, and is silent."""
    with pytest.warns(optimize.OptimizeWarning) as caught:
        curve_fit(model, X, Y, method=method)
    assert [str(warning.message) for warning in caught] == [
        "curve_fit: the data do not determine all parameters, as the Jacobian does not have full rank; "
        "SciPy's covariance is not true of those"
    ]
    assert caught[0].filename == __file__


def test_as_many_parameters_as_points():
    with pytest.warns(optimize.OptimizeWarning, match="Covariance of the parameters could not be estimated"):
        popt, pcov = curve_fit(lambda x, a, b: a * x + b, [0.0, 1.0], [1.0, 3.0])
    np.testing.assert_allclose(popt, [2.0, 1.0])
    assert np.all(np.isinf(pcov))


@pytest.mark.parametrize(
    "model",
    [
        lambda x, a, b, c: a * ops.exp(-b * x) + c,
        lambda x, a, b, c: [a * np.exp(-b * t) + c for t in x],
        lambda x, a, b, c: np.array([a * np.exp(-b * t) + c for t in x]),
        lambda x, *p: p[0] * np.exp(-p[1] * x) + p[2],
        lambda x, p, *rest: p * np.exp(-rest[0] * x) + rest[1],
    ],
    ids=["ops", "list", "array of a list", "any number", "one and more"],
)
def test_ways_to_write_a_model(model):
    popt, pcov = curve_fit(model, X, Y, p0=[1.0, 1.0, 1.0])
    wanted = optimize.curve_fit(decay, X, Y, jac=slopes)
    np.testing.assert_allclose(popt, wanted[0], rtol=1e-7)
    np.testing.assert_allclose(pcov, wanted[1], rtol=1e-6)


@pytest.mark.parametrize("model", [lambda x, a: a, lambda x, a: np.stack([a])], ids=["a number", "one element"])
def test_a_constant(model):
    popt, pcov = curve_fit(model, X, Y)
    np.testing.assert_allclose(popt, [Y.mean()])
    np.testing.assert_allclose(pcov, [[Y.var(ddof=1) / Y.size]])


def test_a_model_without_a_signature():
    popt, _ = curve_fit(np.multiply, X, 2.0 * X, p0=[1.0])
    np.testing.assert_allclose(popt, [2.0])


def test_predictors_of_any_kind():
    two = np.stack([X, X**2])
    popt, _ = curve_fit(lambda x, a, b: a * x[0] + b * x[1], two, 2.0 * two[0] - two[1])
    np.testing.assert_allclose(popt, [2.0, -1.0])
    named = {"t": X}
    popt, _ = curve_fit(lambda x, a: a * x["t"], named, 2.0 * X)
    np.testing.assert_allclose(popt, [2.0])


def test_own_jacobians_and_differences():
    def plain(x, a, b, c):
        return float(a) * np.exp(-b * x) + c

    for options in (
        {"jac": slopes},
        {"jac": "2-point"},
        {"jac": "3-point", "method": "trf"},
        {"jac": "2-point", "method": "trf"},
    ):
        popt, _ = curve_fit(plain, X, Y, **options)
        theirs = {**options, "jac": None if options["jac"] == "2-point" else options["jac"]}
        np.testing.assert_array_equal(popt, optimize.curve_fit(decay, X, Y, **theirs)[0])


def test_scipys_warnings_are_passed_on():
    with pytest.raises(
        RuntimeError, match="Optimal parameters not found: Number of calls to function has reached maxfev"
    ):
        curve_fit(decay, X, Y, maxfev=3)


# Refused


@pytest.mark.parametrize(
    ("model", "kind", "words"),
    [
        (
            lambda x, a, b: a * x,
            GradientError,
            "curve_fit: 'b' is not used by the model; use it, or leave it out of the",
        ),
        (lambda x, a, b: x, GradientError, "curve_fit: the model used none of the parameters; compute with"),
        (lambda x, a, b: None, ShapeError, "curve_fit: the model returned None; return its values, one for each y"),
        (
            lambda x, a, b: (a * x + b)[:3],
            ShapeError,
            "the model returned shape (3,), and ydata has (25,); return one number",
        ),
        (lambda x, a, b: (a * x + b)[:, None], ShapeError, "the model returned shape (25, 1), and ydata has (25,)"),
        (lambda x, a, b: [a, b], ShapeError, "the model returned shape (2,), and ydata has (25,)"),
        (lambda x, a, b: math.exp(a) * x + b, GradientError, "float(): this number is being differentiated"),
        (
            lambda x, a, b: a * np.log(x - 1.0) + b,
            DomainError,
            "curve_fit: 7 of 25 numbers of the model are not finite at the start",
        ),
        (
            lambda x, a, b: np.sqrt(a - 1.0) * x + b,
            DomainError,
            "curve_fit: a derivative of the model by 'a' is not finite; keep away from this point with bounds",
        ),
    ],
)
def test_refused(model, kind, words):
    with np.errstate(all="ignore"), pytest.raises(kind) as caught:
        curve_fit(model, X, Y)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 3


def test_a_model_that_is_not_differentiable_gets_a_note():
    with pytest.raises(GradientError) as caught:
        curve_fit(lambda x, a: float(a) * x, X, Y)
    assert caught.value.__notes__ == [
        "curve_fit: the function must be differentiable by its parameters; if it cannot be, "
        "jac='2-point' takes SciPy's finite differences"
    ]


def test_parameters_without_names():
    with pytest.raises(GradientError, match=r"curve_fit: p0\[1\] is not used by the model"):
        curve_fit(lambda x, *p: p[0] * x, X, Y, p0=[1.0, 1.0])


@pytest.mark.parametrize("given", [1, 2, 4])
def test_another_number_of_parameters(given):
    with pytest.raises(ArgumentError) as caught:
        curve_fit(lambda x, a, b, c: a * x + b + c, X, Y, p0=[1.0] * given)
    assert str(caught.value) == (
        f"curve_fit: p0 gives {given} parameters, and the model takes (x, a, b, c); "
        f"give one number for each argument after the first"
    )


def test_a_step_that_is_not_finite(monkeypatch):
    monkeypatch.setattr(optimize, "curve_fit", lambda f, x, y, **rest: f(x, np.nan, 1.0, 1.0))
    with pytest.raises(
        DomainError, match="curve_fit: 'a' is nan; SciPy's solver went there; scale parameters to about 1"
    ):
        curve_fit(decay, X, Y)


@pytest.mark.parametrize(
    ("given", "options", "kind", "words"),
    [
        (
            (3.0, X, Y),
            {},
            ArgumentError,
            "curve_fit: the model is 3.0, which is not a function; give a function of",
        ),
        ((decay, X, Y[:, None]), {}, ShapeError, "curve_fit: ydata has the shape (25, 1), wanted (m,); ravel it"),
        ((decay, X, Y), {"col_deriv": True}, ArgumentError, "curve_fit: col_deriv turns the Jacobian round"),
        ((decay, X, []), {}, ValueError, "`ydata` must not be empty!"),
        ((decay, X, Y), {"method": "lm", "bounds": (0, 1)}, ValueError, "Method 'lm' only works for unconstrained"),
        (
            (decay, X[:2], Y[:2]),
            {},
            TypeError,
            "The number of func parameters=3 must not exceed the number of data points=2",
        ),
        ((decay, X, Y), {"sigma": SIGMA[:3]}, ValueError, "`sigma` has incorrect shape."),
        ((lambda x, *p: x, X, Y), {}, ValueError, "Unable to determine number of fit parameters."),
    ],
)
def test_arguments_that_do_not_fit(given, options, kind, words):
    with pytest.raises(kind) as caught:
        curve_fit(*given, **options)
    assert words in str(caught.value)


def test_inside_a_transform():
    with pytest.raises(GradientError, match="curve_fit: it runs inside grad, jvp or another transform"):
        grad(lambda s: curve_fit(lambda x, a: s * a * x, X, Y)[0][0])(2.0)


@pytest.mark.parametrize(
    ("sigma", "words"),
    [([1.0, 0.0, 1.0], r"sigma\[1\] is 0"), ([1.0, 1.0, -2.0], r"sigma\[2\] is -2"), (0.0, r"sigma\[0\] is 0")],
)
def test_a_standard_deviation_of_zero(sigma, words):
    """SciPy gave the start back, with an infinite covariance."""
    with pytest.raises(DomainError, match=f"^curve_fit: {words}, and a standard deviation is above 0; give how exact"):
        curve_fit(lambda x, a: a * x, [1.0, 2.0, 3.0], [2.0, 4.0, 6.0], sigma=sigma)
