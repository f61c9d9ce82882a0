"""`root`: equal to SciPy's own, with a Jacobian by hand; trees; errors."""

from __future__ import annotations

import numpy as np
import pytest

from micrograd import Value, grad
from micrograd.errors import ArgumentError, DomainError, GradientError, ShapeError
from micrograd.scipy import root

optimize = pytest.importorskip("scipy.optimize", reason="the extra `scipy` is not installed")

START = np.array([0.8, 0.3])


def equations(x, c=1.0):
    return np.stack([x[0] + 0.5 * (x[0] - x[1]) ** 3 - c, 0.5 * (x[1] - x[0]) ** 3 + x[1]])


def slopes(x, c=1.0):
    part = 1.5 * (x[0] - x[1]) ** 2
    return np.array([[1.0 + part, -part], [-part, 1.0 + part]])


METHODS = ["hybr", "lm", "broyden1", "broyden2", "krylov", "df-sane"]


@pytest.mark.parametrize("method", METHODS)
def test_the_same_as_scipy(method):
    jac = {"jac": slopes} if method in ("hybr", "lm") else {}
    ours = root(equations, START, (1.25,), method=method, tol=1e-10)
    theirs = optimize.root(equations, START, (1.25,), method=method, tol=1e-10, **jac)
    assert ours.keys() == theirs.keys()
    assert ours.nfev == theirs.nfev if "nfev" in theirs else ours.nit == theirs.nit
    assert ours.success
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-8)
    np.testing.assert_allclose(ours.fun, theirs.fun, atol=1e-9)


def test_a_tree():
    A = np.array([[4.0, 1.0], [1.0, 3.0]])
    result = root(lambda p: {"square": p["X"] @ p["X"] - A, "sum": p["s"] - p["X"].sum()}, {"X": np.eye(2), "s": 0.0})
    assert result.success
    np.testing.assert_allclose(result.x["X"] @ result.x["X"], A, atol=1e-9)
    np.testing.assert_allclose(result.x["s"], result.x["X"].sum())
    assert result.fun.shape == (5,)


@pytest.mark.parametrize("start", [1.0, Value(1.0), np.array(1.0), np.array([1.0])])
def test_one_equation(start):
    result = root(lambda x: np.cos(x) - x, start)
    assert np.shape(result.x) == np.shape(start)
    assert isinstance(result.x, Value) == isinstance(start, Value)
    np.testing.assert_allclose(np.ravel(getattr(result.x, "data", result.x)), 0.7390851332151607)


def test_own_jacobian_and_differences():
    def plain(p):
        return np.asarray(equations(p["x"]), dtype=float)

    for jac in (lambda p: slopes(p["x"]), False):
        np.testing.assert_allclose(root(plain, {"x": START}, jac=jac).x["x"], [0.8411639, 0.1588361], rtol=1e-7)


def test_a_callback():
    seen = []
    root(lambda p: [p["a"] ** 2 - 2.0], {"a": 1.0}, method="broyden1", callback=lambda x, f: seen.append((x, f)))
    assert set(seen[-1][0]) == {"a"}
    assert seen[-1][1].shape == (1,)


def test_scipys_warnings_are_passed_on():
    with pytest.warns(RuntimeWarning, match="Method hybr does not accept callback"):
        root(equations, START, callback=print)


# A tangent of 0 along the other columns meets the infinite slope, too.
@pytest.mark.filterwarnings("ignore::micrograd.errors.GradientWarning")
@pytest.mark.parametrize(
    ("function", "kind", "words"),
    [
        (3.0, ArgumentError, "root: the system of equations is 3.0, which is not a function; give a function of"),
        (lambda x: x[:1], ShapeError, "root: 1 equations for 2 unknowns; give as many of each, or take least_squares"),
        (lambda x: np.ones(2), GradientError, "root: the equations used none of the parameters; compute with"),
        (
            lambda x: np.log(-x),
            DomainError,
            "root: 2 of 2 numbers of the equations are not finite at the start, number 0 is nan",
        ),
        (lambda x: [float(x[0]), x[1]], GradientError, "float(): this number is being differentiated"),
        (lambda x: np.sqrt(x - START), DomainError, "root: a derivative of the equations by params[0] is not finite"),
    ],
)
def test_refused(function, kind, words):
    with np.errstate(all="ignore"), pytest.raises(kind) as caught:
        root(function, START)
    assert words in str(caught.value)


def test_a_step_that_is_not_finite():
    """At a singular Jacobian, MINPACK stays finite; a function that sends it away does
    not.
    """
    with pytest.raises(DomainError, match=r"root: params\[0\] is nan; SciPy's solver went there; scale parameters"):
        root(equations, START, jac=lambda x: np.full((2, 2), np.nan))


def test_inside_a_transform():
    with pytest.raises(GradientError, match="root: the function uses a Value from outside"):
        grad(lambda a: root(lambda x: x - a, 0.0).x)(2.0)
