"""plot_function and plot_surface: the curve, the slopes, the heights and the path are
those of f; what has no slope is said.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from micrograd import Value, ops, plot_function, plot_surface
from micrograd.errors import ArgumentError, DataError, GradientError, MicrogradError, ShapeError


def labels(ax):
    return [line.get_label() for line in ax.lines if not line.get_label().startswith("_")]


def by_hand(x):
    """A function of one number alone: it asks whether x > 0."""
    return x * x if x > 0 else -x


@pytest.mark.parametrize(
    ("f", "wanted", "slope"),
    [
        (lambda x: x**2, lambda x: x**2, lambda x: 2 * x),
        (lambda x: x.tanh(), np.tanh, lambda x: 1 - np.tanh(x) ** 2),
        (np.sin, np.sin, np.cos),
        (ops.exp, np.exp, np.exp),
        (by_hand, lambda x: np.where(x > 0, x * x, -x), lambda x: np.where(x > 0, 2 * x, -1)),
        (lambda x: 3.0, lambda x: 3.0 + 0 * x, lambda x: 0 * x),
        (lambda x: [x * 2][0], lambda x: 2 * x, lambda x: 2 + 0 * x),
    ],
)
def test_the_curve_its_derivative_and_its_tangent(f, wanted, slope):
    ax = plot_function(f, -1.5, 2, at=0.5, derivative=True, n=50)
    curve, tangent, point, derivative = ax.lines
    xs = np.linspace(-1.5, 2, 50)
    assert np.array_equal(curve.get_xdata(), xs)
    np.testing.assert_allclose(curve.get_ydata(), wanted(xs), rtol=1e-12)
    np.testing.assert_allclose(derivative.get_ydata(), slope(xs), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(tangent.get_ydata(), wanted(0.5) + slope(0.5) * (tangent.get_xdata() - 0.5), rtol=1e-9)
    assert point.get_xydata().tolist() == [[0.5, pytest.approx(float(wanted(0.5)))]]
    assert labels(ax) == ["f(x)", f"tangent at x = 0.5: slope {float(slope(0.5)):.4g}", "df/dx"]
    assert len({line.get_linestyle() for line in (curve, tangent, derivative)}) == 3
    assert len({line.get_color() for line in (curve, tangent, derivative)}) == 3


@pytest.mark.parametrize(
    ("f", "x", "text"),
    [
        (abs, 0, "not differentiable at x = 0: slope -1 on its left, 1 on its right"),
        (ops.relu, 0, "not differentiable at x = 0: slope 0 on its left, 1 on its right"),
        (lambda x: abs(x - 100) * 5, 100, "not differentiable at x = 100: slope -5 on its left, 5 on its right"),
        (np.floor, 1, "not differentiable at x = 1: f jumps"),
        (np.sqrt, 0, "not differentiable at x = 0: f is not finite on its left"),
        (lambda x: 1 / x, 0, "f is inf at x = 0"),
        (np.log, -1, "f is nan at x = -1"),
        (np.cbrt, 0, "not differentiable at x = 0: the slope is inf"),
    ],
)
def test_where_there_is_no_slope_it_is_said(f, x, text):
    ax = plot_function(f, x - 2, x + 3, at=x)
    _, mark = ax.lines
    assert mark.get_label() == text
    assert mark.get_linestyle() == "None"


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: x**3, 0.0),
        (np.tanh, 0.0),
        (lambda x: ops.sin(50 * x), 0.3),
        (lambda x: ops.exp(10 * x), 1.0),
        (lambda x: x * abs(x), 0.0),
        (ops.softplus, 0.0),
        (lambda x: 1e-9 * x**2, 1.0),
        (lambda x: 1e9 + x, 1.0),
    ],
)
def test_what_is_smooth_is_not_doubted(f, x):
    assert "tangent at" in labels(plot_function(f, -2, 2, at=x))[1]


def test_gaps_and_their_number():
    ax = plot_function(np.log, -1, 1, n=5)
    assert np.isnan(ax.lines[0].get_ydata()).tolist() == [True, True, True, False, False]
    assert labels(ax) == ["f(x) (not finite at 3 of 5 points)"]


@pytest.mark.parametrize(
    ("f", "poles"),
    [
        (lambda x: 1 / (x - 0.013), [0.013]),
        (np.tan, [-math.pi / 2, math.pi / 2]),
        (lambda x: np.sin(1000 * x), []),
        (lambda x: np.exp(5 * x), []),
        (lambda x: np.tanh(1000 * x), []),
        (lambda x: x**9, []),
    ],
)
def test_a_pole_is_a_gap_and_does_not_flatten_the_curve(f, poles):
    ax = plot_function(f, -2, 2)
    xs, ys = ax.lines[0].get_data()
    assert xs[np.isnan(ys)].tolist() == [pytest.approx(pole, abs=0.01) for pole in poles]
    if poles:
        assert max(map(abs, ax.get_ylim())) < 20


def test_a_steep_tangent_does_not_flatten_the_curve():
    ax = plot_function(lambda x: ops.tanh(1000 * x), -1, 1, at=0.0001)
    low, high = ax.get_ylim()
    assert low > -1.5 and high < 1.5


def test_several_points_and_two_functions_on_one_panel():
    ax = plot_function(np.sin, 0, 3, at=[1, Value(2.0)], label="sin")
    assert plot_function(np.cos, 0, 3, label="cos", ax=ax) is ax
    assert labels(ax) == ["sin", "tangent at x = 1: slope 0.5403", "tangent at x = 2: slope -0.4161", "cos"]


def test_nobodys_gradient_is_touched():
    w = Value(3.0)
    (w * 2).backward()
    plot_function(lambda x: w * x**2, -1, 1, at=0.5, derivative=True)
    plot_surface(lambda x, y: w * x**2 + y * y, -1, 1, start=(0.5, 0.5), steps=3)
    assert w.grad == 2.0


def test_a_function_that_leaves_the_table_of_ops_has_a_curve_and_no_slope():
    def f(x):
        return math.sin(x)

    np.testing.assert_allclose(plot_function(f, 0, 1, n=9).lines[0].get_ydata(), np.sin(np.linspace(0, 1, 9)))
    with pytest.raises(GradientError, match=r"plot_function: f has no derivative here: .*\nwrite f with operators"):
        plot_function(f, 0, 1, at=0.5)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((np.sin, 1, 1), {}, ArgumentError, "lo=1, hi=1: lo must be below hi"),
        ((np.sin, 0, math.inf), {}, ArgumentError, "both finite"),
        ((np.sin, "a", 1), {}, DataError, "lo is 'a', which is not a number"),
        ((np.sin, 0, 1), {"at": "b"}, DataError, "at is 'b', which is not a number"),
        ((np.sin, 0, 1), {"n": 1}, ArgumentError, "n=1: give an integer of at least 2"),
        ((3, 0, 1), {}, ArgumentError, "f=int is not a function"),
        ((lambda x: [x, x], 0, 1), {}, ArgumentError, "f gives an array of shape (2,) at one point"),
        ((lambda x, y: x, 0, 1), {}, ArgumentError, "it cannot be computed at [0.0]: TypeError"),
        ((np.sin, 0, 1), {"ax": "here"}, ArgumentError, "ax=str is not one panel"),
    ],
)
def test_functions_refused(arguments, options, error, words):
    with pytest.raises(error) as caught:
        plot_function(*arguments, **options)
    assert str(caught.value).startswith("plot_function: ") and words in str(caught.value)


# Surfaces


def heights(ax):
    return ax.collections[0]


def test_the_heights_and_the_path():
    ax = plot_surface(lambda x, y: x**2 + 3 * y**2, -2, (2, 1), start=(1.0, 0.5), lr=0.1, steps=4, levels=[0, 1, 4, 9])
    assert heights(ax).levels.tolist() == [0, 1, 4, 9]
    # The border of the lowest area is the ellipse x**2 + 3 y**2 = 1.
    edge = heights(ax).get_paths()[0].vertices
    inside = np.abs(edge[:, 1]) < 0.9
    np.testing.assert_allclose(edge[inside, 0] ** 2 + 3 * edge[inside, 1] ** 2, 1, atol=2e-3)
    x, y = 1.0, 0.5
    for point in ax.lines[0].get_xydata():
        assert point.tolist() == [pytest.approx(x), pytest.approx(y)]
        x, y = x - 0.1 * 2 * x, y - 0.1 * 6 * y
    assert (ax.get_xlim(), ax.get_ylim()) == ((-2, 2), (-2, 1))
    assert labels(ax) == ["4 steps, ends at (0.4096, 0.0128)", "start"]
    assert ax.figure.axes[1].get_ylabel() == "f(x, y)"


def test_a_function_of_single_numbers_and_a_given_path():
    ax = plot_surface(
        lambda x, y: float(x) if x > y else math.sin(y), 0, 1, path=[(0.2, 0.1), (0.3, 0.9)], colorbar=False
    )
    assert ax.lines[0].get_xydata().tolist() == [[0.2, 0.1], [0.3, 0.9]]
    assert len(ax.figure.axes) == 1


@pytest.mark.parametrize(
    ("lr", "steps", "text"),
    [(1.5, 3, "outside the picture from step 1 on"), (1e200, 50, "diverged: not finite after")],
)
def test_a_path_that_leaves_is_said(lr, steps, text):
    ax = plot_surface(lambda x, y: x**4 + y**4, -1, 1, start=(0.9, 0.9), lr=lr, steps=steps)
    assert text in ax.get_legend().get_texts()[0].get_text()
    assert ax.get_xlim() == (-1, 1)


def test_what_is_not_finite_is_blank_and_counted():
    ax = plot_surface(lambda x, y: np.log(x) + y, -1, 1, grid_resolution=10)
    assert labels(ax) == ["not finite: 50 of 100 points"]


def test_logarithmic_heights():
    ax = plot_surface(lambda x, y: ops.exp(x) + 0 * y, 0, 10, norm="log", levels=5)
    np.testing.assert_allclose(heights(ax).levels, np.exp([0, 2, 4, 6, 8, 10]))
    with pytest.raises(ArgumentError, match="norm='log' needs heights above 0, and there is -1"):
        plot_surface(lambda x, y: x + y * 0, -1, 1, norm="log")


def test_a_flat_surface():
    assert len(heights(plot_surface(lambda x, y: 2.0, -1, 1)).levels) == 2


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"start": (0, 0), "path": [(0, 0)]}, ArgumentError, "two ways to say which path"),
        ({"start": 1}, ShapeError, "start=1 is one number"),
        ({"start": (1, 2, 3)}, ShapeError, "start has 3 numbers; give two"),
        ({"path": [(1, 2), (3,)]}, ShapeError, "path[1] has 1 numbers"),
        ({"path": []}, ArgumentError, "path has no points"),
        ({"path": 3}, DataError, "path is 3; give a list of points"),
        ({"start": (0, 0), "steps": 0}, ArgumentError, "steps=0: give an integer"),
        ({"start": (0, 0), "lr": "a"}, DataError, "lr is 'a'"),
        ({"levels": [1]}, ArgumentError, "give a number of levels, or two or more heights"),
        ({"norm": "sqrt"}, ArgumentError, "norm='sqrt' is not known"),
        ({"cmap": "x"}, ArgumentError, "cmap='x' is not a colour map"),
    ],
)
def test_surfaces_refused(options, error, words):
    with pytest.raises(error) as caught:
        plot_surface(lambda x, y: x * y, -1, 1, **options)
    assert str(caught.value).startswith("plot_surface: ") and words in str(caught.value)


@pytest.mark.parametrize("f", [lambda x: x, lambda x, y: [x, y], "f", lambda x, y: math.nan])
def test_no_function_of_two_numbers(f):
    with pytest.raises(MicrogradError, match="plot_surface: "):
        plot_surface(f, -1, 1)


def test_a_surface_without_a_gradient_has_no_descent():
    with pytest.raises(GradientError, match=r"plot_surface: f has no gradient at \(0.5, 0.5\)"):
        plot_surface(lambda x, y: math.sin(x) * y, 0, 1, start=(0.5, 0.5))
