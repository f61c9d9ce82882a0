"""`least_squares`: equal to SciPy's own, with a Jacobian by hand; trees; errors."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from micrograd import Value, grad
from micrograd.errors import ArgumentError, DomainError, GradientError, ShapeError
from micrograd.nn import Module
from micrograd.scipy import least_squares

optimize = pytest.importorskip("scipy.optimize", reason="the extra `scipy` is not installed")

T = np.linspace(0.0, 3.0, 15)
Y = 2.0 * np.exp(-1.3 * T) + 0.5 + 0.05 * np.sin(17.0 * T)
OUTLIERS = Y + 2.0 * (np.arange(15) % 7 == 3)
START = np.array([1.0, 1.0, 0.0])


def residuals(p, y=Y):
    return p[0] * np.exp(-p[1] * T) + p[2] - y


def slopes(p, y=Y):
    decay = np.exp(-p[1] * T)
    return np.stack([decay, -p[0] * T * decay, np.ones_like(T)], axis=-1)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"method": "lm"},
        {"method": "dogbox"},
        {"bounds": ([0.0, 0.0, -1.0], [1.5, 3.0, 1.0])},
        {"bounds": (0.0, 1.5)},
        {"bounds": optimize.Bounds([0.0, 0.0, -1.0], [1.5, 3.0, 1.0])},
        {"loss": "soft_l1", "args": (OUTLIERS,)},
        {"loss": "cauchy", "f_scale": 0.1, "kwargs": {"y": OUTLIERS}},
        {"x_scale": "jac", "ftol": 1e-12, "xtol": 1e-12, "gtol": 1e-12},
        {"x_scale": np.array([1.0, 2.0, 3.0]), "tr_solver": "lsmr", "max_nfev": 4},
    ],
    ids=lambda options: ", ".join(options) or "default",
)
def test_the_same_as_scipy(options):
    ours = least_squares(residuals, START, **options)
    theirs = optimize.least_squares(residuals, START, slopes, **options)
    assert ours.keys() == theirs.keys()
    assert (ours.nfev, ours.njev, ours.status) == (theirs.nfev, theirs.njev, theirs.status)
    for key in ("x", "cost", "fun", "jac", "grad"):
        np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(ours.active_mask, theirs.active_mask)


def curve(p):
    return p["a"] * np.exp(-p["rates"][0] * T) + p["rates"][1] - Y


@pytest.mark.parametrize("method", ["trf", "lm"])
def test_a_tree(method):
    result = least_squares(curve, {"a": 1.0, "rates": np.array([1.0, 0.0])}, method=method)
    plain = optimize.least_squares(residuals, START, slopes, method=method)
    np.testing.assert_allclose([result.x["a"], *result.x["rates"]], plain.x, rtol=1e-9)
    np.testing.assert_allclose([result.grad["a"], *result.grad["rates"]], plain.grad, atol=1e-12)
    assert type(result.x["a"]) is float
    assert result.jac.shape == (15, 3)


def test_bounds_and_scales_of_a_tree():
    params = {"a": 1.0, "rates": np.array([1.0, 0.0])}
    bounds = ({"a": 0.0, "rates": [0.0, -1.0]}, {"a": 1.5, "rates": np.array([3.0, 1.0])})
    result = least_squares(curve, params, bounds=bounds, x_scale={"a": 2.0, "rates": 1.0})
    plain = optimize.least_squares(residuals, START, slopes, ([0, 0, -1], [1.5, 3, 1]), x_scale=[2.0, 1.0, 1.0])
    np.testing.assert_allclose([result.x["a"], *result.x["rates"]], plain.x, rtol=1e-8)


class Decay(Module):
    def __init__(self):
        self.size, self.rate, self.floor = Value(1.0), Value(1.0), Value(0.0)

    def __call__(self, t):
        return self.size * np.exp(-self.rate * t) + self.floor


def test_a_module():
    result = least_squares(lambda model: model(T) - Y, Decay())
    plain = optimize.least_squares(residuals, START, slopes)
    np.testing.assert_allclose([p.data for p in result.x.parameters()], plain.x, rtol=1e-9)


def test_more_parameters_than_residuals():
    """Then the Jacobian goes by reverse mode."""
    result = least_squares(lambda p: np.stack([p.sum() - 6.0, (p**2).sum() - 14.0]), np.array([0.5, 1.0, 2.0]))
    np.testing.assert_allclose([result.x.sum(), (result.x**2).sum()], [6.0, 14.0])


@pytest.mark.parametrize("function", [lambda p: [p[0] - 1.0, 2.0 * p[1]], lambda p: np.array([p[0] - 1.0, 2.0 * p[1]])])
def test_a_list_of_residuals(function):
    result = least_squares(function, [3.0, 4.0])
    np.testing.assert_allclose(result.x, [1.0, 0.0], atol=1e-8)
    np.testing.assert_array_equal(result.jac, [[1.0, 0.0], [0.0, 2.0]])


def test_several_data_sets():
    result = least_squares(lambda p: [p * T - 2.0 * T, p - 3.0, 0.0 * T[:2]], 0.0)
    np.testing.assert_allclose(result.x, (2.0 * T @ T + 3.0) / (T @ T + 1.0))


def test_differences_and_own_jacobians():
    for jac in ("2-point", "3-point", slopes):
        result = least_squares(lambda p: np.asarray(residuals(p), dtype=float), START, jac=jac)
        np.testing.assert_allclose(result.x, optimize.least_squares(residuals, START, jac).x, rtol=1e-12)


@pytest.mark.skipif(
    "callback" not in inspect.signature(optimize.least_squares).parameters, reason="SciPy is older than 1.16"
)
def test_a_callback():
    seen = []

    def see(intermediate_result):
        seen.append(intermediate_result)

    least_squares(curve, {"a": 1.0, "rates": np.array([1.0, 0.0])}, callback=see)
    assert seen[-1].x["rates"].shape == (2,)


# A tangent of 0 along the other columns meets the infinite slope, too.
@pytest.mark.filterwarnings("ignore::micrograd.errors.GradientWarning")
@pytest.mark.parametrize(
    ("function", "kind", "words"),
    [
        (
            lambda p: residuals(p)[:, None] - Y,
            ShapeError,
            "the residuals are an array of shape (15, 15), wanted shape (m,)",
        ),
        (Y, ArgumentError, "which is not a function; give a function of the parameters"),
        (lambda p: None, ShapeError, "least_squares: None among the residuals; return an array of numbers"),
        (lambda p: [], ShapeError, "least_squares: no numbers among the residuals; return an array of numbers"),
        (lambda p: Y, GradientError, "the residuals used none of the parameters; compute with what the function"),
        (lambda p: float(p[0]) - Y, GradientError, "float(): this number is being differentiated"),
        (
            lambda p: np.log(p[2] - T) * p[0] * p[1],
            DomainError,
            "15 of 15 numbers of the residuals are not finite at the start, number 0 is -inf; start from other",
        ),
        (
            lambda p: np.sqrt(p[2]) + p[0] * p[1] * T,
            DomainError,
            "a derivative of the residuals by params[2] is not finite; keep away from this point with bounds",
        ),
    ],
)
def test_refused(function, kind, words):
    with np.errstate(all="ignore"), pytest.raises(kind) as caught:
        least_squares(function, START)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        (
            {"bounds": 3.0},
            ShapeError,
            "least_squares: bounds are 3.0; give (low, high), each a number or in the structure",
        ),
        ({"bounds": ([0.0, 0.0], 1.0)}, ShapeError, "lower bounds of shape (2,) do not fit params of shape (3,)"),
        ({"x_scale": np.ones(2)}, ShapeError, "x_scale's numbers of shape (2,) do not fit params of shape (3,)"),
        ({"method": "spam"}, ValueError, "`method` must be 'trf', 'dogbox' or 'lm'."),
    ],
)
def test_options_that_do_not_fit(options, kind, words):
    with pytest.raises(kind) as caught:
        least_squares(residuals, START, **options)
    assert words in str(caught.value)


def test_the_structure_of_bounds():
    with pytest.raises(
        ArgumentError,
        match="least_squares: the lower bounds for 3 numbers do not have the structure of params; give one for all",
    ):
        least_squares(curve, {"a": 1.0, "rates": np.array([1.0, 0.0])}, bounds=({"a": 0.0}, 3.0))


def test_a_parameter_that_is_not_used():
    with pytest.raises(GradientError, match=r"params\['c'\] is not used by the residuals; use it, or leave it out"):
        least_squares(lambda p: p["a"] * T - Y, {"a": 1.0, "c": 2.0})


def test_inside_a_transform():
    with pytest.raises(GradientError, match="least_squares: the function uses a Value from outside"):
        grad(lambda a: a * least_squares(lambda x: x - a, 0.0).x)(2.0)
