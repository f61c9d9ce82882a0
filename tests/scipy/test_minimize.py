"""`minimize`: equal to SciPy's own, with derivatives given by hand; trees; errors."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

import micrograd.numpy as mnp
from micrograd import Value, grad, jvp, no_grad, ops
from micrograd.abstract import Abstract
from micrograd.errors import ArgumentError, DataError, DomainError, GradientError, MissingExtraError, ShapeError
from micrograd.nn import MLP, Module
from micrograd.scipy import minimize
from micrograd.scipy.constraints import constraint
from micrograd.scipy.flat import Flat

scipy = pytest.importorskip("scipy", reason="the extra `scipy` is not installed")
optimize = pytest.importorskip("scipy.optimize", reason="the extra `scipy` is not installed")

START = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
NO_GRADIENT = ["Nelder-Mead", "Powell", "COBYLA"]
if np.lib.NumpyVersion(scipy.__version__) >= "1.14.0":
    NO_GRADIENT += ["COBYQA"]
GRADIENT = [None, "CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP"]
PRODUCTS = ["Newton-CG", "trust-ncg", "trust-krylov", "trust-constr"]
HESSIAN = ["dogleg", "trust-exact"]


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0)


def by_hand(method):
    """SciPy's own derivatives of the same function, for the methods that take them."""
    given = {} if method in NO_GRADIENT else {"jac": optimize.rosen_der}
    if method in PRODUCTS:
        given["hessp"] = optimize.rosen_hess_prod
    if method in HESSIAN:
        given["hess"] = optimize.rosen_hess
    return given


@pytest.mark.parametrize("method", [*NO_GRADIENT, *GRADIENT, *PRODUCTS, *HESSIAN])
def test_the_same_steps_as_scipy(method):
    start = START if method != "dogleg" else np.full(3, 0.9)  # where the Hessian is positive
    options = {"maxfun" if method == "TNC" else "maxiter": 100}
    ours = minimize(rosenbrock, start, method=method, options=options)
    theirs = optimize.minimize(optimize.rosen, start, method=method, options=options, **by_hand(method))
    assert ours.nfev == theirs.nfev
    assert ours.success == theirs.success
    assert ours.message == theirs.message
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-5)
    assert ours.keys() == theirs.keys()


@pytest.mark.parametrize("method", ["dogleg", "trust-exact"])
def test_what_scipy_says_is_passed_on(method):
    """Only dogleg needs a Hessian that is positive definite from the start."""
    result = minimize(rosenbrock, START, method=method)
    assert result.success == (method == "trust-exact")


def test_scipys_warnings_are_passed_on():
    with pytest.warns(optimize.OptimizeWarning, match="Unknown solver options: spam"):
        minimize(rosenbrock, START, method="BFGS", options={"spam": 1})


def test_second_derivatives_reach_machine_precision():
    result = minimize(rosenbrock, START, method="trust-krylov", tol=1e-10)
    np.testing.assert_allclose(result.x, 1.0, rtol=1e-14)


def test_a_function_as_the_method():
    given = {}

    def method(fun, x0, **rest):
        given.update(rest)
        assert rest["hess"](x0).shape == (5, 5)
        np.testing.assert_allclose(rest["hessp"](x0, np.eye(5)[0]), optimize.rosen_hess(x0)[0])
        return optimize.OptimizeResult(x=x0, fun=fun(x0), success=True)

    np.testing.assert_array_equal(minimize(rosenbrock, START, method=method, options={"own": 1}).x, START)
    assert given["own"] == 1


# Derivatives of the user's own


def test_own_gradient_hessian_and_products():
    calls = []

    def jac(p):
        calls.append("jac")
        return {"x": optimize.rosen_der(p["x"])}

    def hess(p):
        calls.append("hess")
        return optimize.rosen_hess(p["x"])

    def hessp(p, direction):
        calls.append("hessp")
        return {"x": optimize.rosen_hess_prod(p["x"], direction["x"])}

    def loss(p):
        return optimize.rosen(p["x"])  # which does not take a Value

    params = {"x": START}
    for method, given in {"trust-exact": {"hess": hess}, "trust-ncg": {"hessp": hessp}}.items():
        result = minimize(loss, params, method=method, jac=jac, **given, tol=1e-8)
        np.testing.assert_allclose(result.x["x"], 1.0, rtol=1e-7)
    assert set(calls) == {"jac", "hess", "hessp"}


def test_scipys_differences_for_a_loss_that_has_no_gradient():
    ours = minimize(lambda x: float(optimize.rosen(x)), START, jac="3-point", method="BFGS")
    theirs = optimize.minimize(optimize.rosen, START, jac="3-point", method="BFGS")
    np.testing.assert_array_equal(ours.x, theirs.x)


def test_scipys_strategies_for_the_hessian():
    strategy = optimize.BFGS()
    result = minimize(rosenbrock, START, method="trust-constr", hess=strategy)
    assert result.success
    assert strategy.get_matrix().shape == (5, 5)


# Trees


def bowl(p):
    return ((p["w"] - 1.0) ** 2).sum() + (p["b"][0] + 2.0) ** 2 + (p["b"][1] - p["b"][0]) ** 2


@pytest.mark.parametrize("method", [None, "Newton-CG", "trust-exact", "Nelder-Mead"])
def test_a_tree(method):
    params = {"w": np.zeros((2, 1)), "b": (0.5, 0)}
    result = minimize(bowl, params, method=method)
    assert type(result.x["w"]) is np.ndarray
    assert type(result.x["b"]) is tuple
    assert {type(x) for x in result.x["b"]} == {float}
    np.testing.assert_allclose(result.x["w"], np.ones((2, 1)), atol=1e-4)
    np.testing.assert_allclose(result.x["b"], [-2.0, -2.0], atol=1e-4)
    if method != "Nelder-Mead":
        assert result.jac["w"].shape == (2, 1)
        assert len(result.jac["b"]) == 2
    np.testing.assert_array_equal(params["w"], np.zeros((2, 1)))


@pytest.mark.parametrize("start", [3.0, 3, np.float64(3.0), np.array(3.0), Value(3.0), [3.0], np.array([3.0])])
def test_one_number(start):
    def loss(x):
        return (x[0] if isinstance(x, list) else x.sum() if getattr(x, "shape", ()) else x) ** 2.0 + 1.0

    result = minimize(loss, start)
    assert np.shape(result.x) == np.shape(start)
    assert type(result.x) is (
        float if isinstance(start, (int, float)) else type(start) if np.shape(start) else type(result.x)
    )
    np.testing.assert_allclose(float(np.ravel(getattr(result.x, "data", result.x))[0]), 0.0, atol=1e-7)


def test_dtypes_stay():
    seen = set()

    def loss(p):
        seen.add(p["single"].dtype)
        return ((p["single"] - 1.0) ** 2).sum() + (p["whole"] - 1.5) ** 2

    result = minimize(loss, {"single": np.zeros(2, np.float32), "whole": np.array(1)})
    assert result.x["single"].dtype == np.float32
    assert seen == {np.dtype(np.float32)}
    np.testing.assert_allclose(result.x["whole"], 1.5, rtol=1e-5)


class Line(Module):
    def __init__(self):
        self.slope = Value(np.zeros(2), label="slope")
        self.intercept = Value(0.0)

    def __call__(self, X):
        return X @ self.slope + self.intercept


def test_a_module():
    X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 3.0], [1.0, 1.0]])
    line = Line()
    result = minimize(lambda model, X, y: ((model(X) - y) ** 2).sum(), line, (X, X @ [2.0, -1.0] + 3.0), tol=1e-10)
    assert type(result.x) is Line
    np.testing.assert_allclose(result.x.slope.data, [2.0, -1.0], rtol=1e-6)
    np.testing.assert_allclose(result.x([[1.0, 1.0]]).data, [4.0])
    assert [name for name, _ in result.x.named_parameters()] == ["slope", "intercept"]
    assert result.x.slope.label == "slope"
    assert result.jac.slope.shape == (2,)
    np.testing.assert_array_equal(line.slope.data, np.zeros(2))
    line.load_state_dict(result.x.state_dict())
    np.testing.assert_array_equal(line.slope.data, result.x.slope.data)


def test_a_network_of_numbers():
    def loss(model):
        return (model([0.5]) - 0.25) ** 2 + model([-0.5]) ** 2

    model = MLP(1, [3, 1])
    for p in model.parameters():
        p.data = 0.25
    result = minimize(loss, model, method="L-BFGS-B")
    assert result.fun < 1e-8 < loss(model).data
    assert loss(result.x).data == result.fun
    assert len(result.x.parameters()) == len(model.parameters())


def test_a_loss_that_becomes_nan_on_the_way_is_no_success():
    """Some of SciPy's methods step back from there, others say that they failed."""
    for method, is_found in {"BFGS": False, "L-BFGS-B": False, "TNC": True, "SLSQP": True}.items():
        with np.errstate(invalid="ignore"):
            result = minimize(lambda x: x - np.log(x), 50.0, method=method)
        assert result.success == is_found
        assert not is_found or abs(result.x - 1.0) < 1e-3


def test_what_the_user_differentiates_is_a_constant_of_it_in_no_grad():
    target = Value(np.array([1.0, 2.0]))
    with no_grad():
        result = minimize(lambda x: ((x - target) ** 2).sum(), np.zeros(2))
    assert type(result.x) is np.ndarray
    assert type(result.fun) is float
    np.testing.assert_allclose(result.x, target.data, atol=1e-6)
    np.testing.assert_array_equal(target.grad, 0.0)


def test_written_with_ops_and_with_our_numpy():
    for square in (lambda x: ops.sum(ops.square(x - 1.0)), lambda x: mnp.sum(mnp.square(x - 1.0))):
        np.testing.assert_allclose(minimize(square, np.zeros(3)).x, 1.0, atol=1e-6)


# Bounds


@pytest.mark.parametrize(
    "bounds",
    [
        (0.0, 0.8),
        [(0.0, 0.8)] * 5,
        [(None, 0.8), (0, 0.8), (0, 0.8), (0, None), (0, None)],
        np.array([(0.0, 0.8)] * 5),
        optimize.Bounds(0.0, 0.8),
        optimize.Bounds(np.zeros(5), np.full(5, 0.8)),
    ],
    ids=["for all", "pairs", "None", "array", "Bounds", "Bounds of arrays"],
)
@pytest.mark.parametrize("method", [None, "trust-constr"])
def test_bounds(bounds, method):
    start = np.full(5, 0.5)
    theirs = [bounds] * 5 if isinstance(bounds, tuple) else bounds
    theirs = optimize.minimize(
        optimize.rosen, start, jac=optimize.rosen_der, bounds=theirs, method=method or "L-BFGS-B"
    )
    ours = minimize(rosenbrock, start, bounds=bounds, method=method)
    np.testing.assert_allclose(ours.x, theirs.x, atol=1e-3)
    np.testing.assert_allclose(ours.fun, theirs.fun, rtol=1e-4)


def test_bounds_of_a_tree():
    params = {"w": np.array([[0.5], [0.5]]), "b": (0.5, 0.5)}
    result = minimize(bowl, params, bounds={"w": (None, 0.7), "b": [(0.0, None), None]})
    np.testing.assert_allclose(result.x["w"], 0.7)
    np.testing.assert_allclose(result.x["b"], [0.0, 0.0], atol=1e-6)
    result = minimize(bowl, params, bounds={"w": [[(0.9, 1.5)], [(1.2, 1.5)]], "b": (0.1, 0.3)})
    np.testing.assert_allclose(result.x["w"], [[1.0], [1.2]], atol=1e-6)
    np.testing.assert_allclose(result.x["b"], [0.1, 0.1], atol=1e-6)


def test_bounds_of_a_module():
    def loss(line):
        return ((line.slope - 1.0) ** 2).sum() + (line.intercept - 1.0) ** 2

    result = minimize(loss, Line(), bounds={"slope": (0.0, 0.5), "intercept": None})
    np.testing.assert_allclose(result.x.slope.data, 0.5)
    np.testing.assert_allclose(result.x.intercept.data, 1.0)


@pytest.mark.parametrize(
    ("bounds", "kind", "words"),
    [
        (
            {"w": (0, 1)},
            ArgumentError,
            "minimize: the bounds for 4 numbers do not have the structure of params; give one for all",
        ),
        ({"w": (0, 1, 2), "b": None}, ShapeError, "minimize: the bounds (0, 1, 2) do not fit a leaf of shape (2, 1)"),
        (
            {"w": "x", "b": None},
            ShapeError,
            "minimize: the bounds 'x' do not fit a leaf of shape (2, 1); give (low, high)",
        ),
        (
            optimize.Bounds([0, 0], [1, 1]),
            ArgumentError,
            "minimize: the bounds for 4 numbers do not have the structure of params; give one",
        ),
    ],
    ids=["structure", "three", "text", "Bounds"],
)
def test_bounds_that_do_not_fit(bounds, kind, words):
    with pytest.raises(kind) as caught:
        minimize(bowl, {"w": np.zeros((2, 1)), "b": (0.0, 0.0)}, bounds=bounds)
    assert words in str(caught.value)


# Constraints


def circle(p):
    return p["x"] ** 2 + p["y"] ** 2


CONSTRAINTS = {
    "dict": {"type": "ineq", "fun": lambda p, r: r - circle(p), "args": (2.0,)},
    "list": [{"type": "ineq", "fun": lambda p: np.stack([2.0 - circle(p), p["x"] + 5.0])}],
    "own Jacobian": {"type": "ineq", "fun": lambda p: 2.0 - circle(p), "jac": lambda p: [-2.0 * p["x"], -2.0 * p["y"]]},
    "nonlinear": optimize.NonlinearConstraint(circle, -np.inf, 2.0),
    "nonlinear, own": optimize.NonlinearConstraint(
        circle, -np.inf, 2.0, lambda p: [[2.0 * p["x"], 2.0 * p["y"]]], lambda p, v: 2.0 * v[0] * np.eye(2)
    ),
    "nonlinear, differences": optimize.NonlinearConstraint(lambda p: float(circle(p)), -np.inf, 2.0, "3-point"),
}


@pytest.mark.filterwarnings("ignore:Constraint options:scipy.optimize.OptimizeWarning")  # COBYLA, before SciPy 1.14
@pytest.mark.parametrize("given", CONSTRAINTS.values(), ids=list(CONSTRAINTS))
@pytest.mark.parametrize("method", [None, "trust-constr", "COBYLA"])
def test_constraints(given, method):
    """The largest sum on a disc of radius sqrt(2) is at (1, 1)."""
    if method is None and given is CONSTRAINTS["nonlinear, own"]:  # SLSQP
        with pytest.warns(optimize.OptimizeWarning, match="are ignored by this method"):
            minimize(lambda p: -p["x"] - p["y"], {"x": 0.1, "y": 0.2}, method=method, constraints=given)
        return
    result = minimize(lambda p: -p["x"] - p["y"], {"x": 0.1, "y": 0.2}, method=method, constraints=given)
    np.testing.assert_allclose([result.x["x"], result.x["y"]], 1.0, atol=1e-3)


def test_a_constraint_on_some_of_the_parameters():
    linear = optimize.LinearConstraint([[1.0, 1.0]], -np.inf, 1.0)
    one = {"type": "eq", "fun": lambda p: p["x"] - 0.25}
    result = minimize(circle, {"x": 2.0, "y": 3.0}, constraints=[linear, one])
    np.testing.assert_allclose([result.x["x"], result.x["y"]], [0.25, 0.0], atol=1e-6)


def test_derivatives_of_constraints():
    flat = Flat("minimize", {"x": 0.5, "y": 0.25})
    functions = lambda p: [circle(p), np.stack([p["x"] * p["y"], p["x"]])]  # noqa: E731
    given = optimize.NonlinearConstraint(functions, -np.inf, 2.0)
    exact = constraint(optimize, flat, given, takes_hessian=True)
    np.testing.assert_array_equal(exact.jac(flat.vector), [[1.0, 0.5], [0.25, 0.5], [1.0, 0.0]])
    np.testing.assert_array_equal(exact.hess(flat.vector, [3.0, 5.0, 7.0]), [[6.0, 5.0], [5.0, 6.0]])
    without = constraint(optimize, flat, given, takes_hessian=False)
    assert isinstance(without.hess, optimize.BFGS)  # SciPy warns of what its method ignores
    strategy = optimize.SR1()
    given = optimize.NonlinearConstraint(functions, -np.inf, 2.0, hess=strategy)
    assert constraint(optimize, flat, given, takes_hessian=True).hess is strategy


# Callbacks


def test_callbacks():
    seen = []
    minimize(bowl, {"w": np.zeros((2, 1)), "b": (0.0, 0.0)}, callback=lambda xk: seen.append(xk))
    assert seen[-1]["w"].shape == (2, 1)

    def stop(intermediate_result):
        seen.append(intermediate_result)
        raise StopIteration

    result = minimize(bowl, {"w": np.zeros((2, 1)), "b": (0.0, 0.0)}, callback=stop)
    assert seen[-1].x["w"].shape == (2, 1)
    assert seen[-1].fun == result.fun
    assert not result.success
    states = []
    minimize(lambda x: x**2, 3.0, method="trust-constr", callback=lambda xk, state: states.append((xk, state.nit)))
    assert (type(states[0][0]), states[0][1]) == (float, 1)


# Refused


def sums(x):
    return (x**2).sum()


@pytest.mark.parametrize(
    ("loss", "params", "kind", "words"),
    [
        (lambda x: x**2, np.ones(3), ShapeError, "the loss returned an array of shape (3,), wanted one number; sum it"),
        (lambda x: (x.sum(), 1), np.ones(3), ShapeError, "the loss returned a tuple of 2, wanted one number; sum it"),
        (lambda x: None, np.ones(3), ShapeError, "the loss returned None, wanted one number"),
        (lambda x: 3.0, np.ones(3), GradientError, "the loss used none of the parameters; compute with what"),
        (lambda x: (x.detach() ** 2).sum(), np.ones(3), GradientError, "without .data, detach() or no_grad()"),
        (
            lambda p: p["a"] ** 2,
            {"a": 1.0, "b": [2.0]},
            GradientError,
            "params['b'][0] is not used by the loss; use it, or leave it",
        ),
        (
            lambda m: sums(m.slope),
            Line(),
            GradientError,
            "params.intercept is not used by the loss; use it, or",
        ),
        (lambda x: float(x) ** 2, 1.0, GradientError, "float(): this number is being differentiated"),
        (lambda x: np.log(x - 2.0), 1.0, DomainError, "the loss is nan at the start; start from other parameters"),
        (
            lambda p: np.sqrt(p["x"][0]) + p["x"][1] ** 2,
            {"x": np.array([0.0, 1.0])},
            DomainError,
            "the loss is 1, but its derivative by params['x'][0] is not finite; keep away from this point with bounds",
        ),
        (sums, np.array([1.0, np.nan]), DomainError, "params[1] is nan; start from finite numbers"),
        (sums, [], ArgumentError, "params holds no numbers; give at least one to start from"),
        (sums, "three", DataError, "minimize: params: 'three' is a str, not a number or an array of numbers"),
        (bowl, {"w": 1.0, "b": (None, 1.0)}, DataError, "minimize: params['b'][0]: None is a NoneType, not a number"),
        (sums, Abstract((3,)), DataError, "minimize: params is an Abstract; give a number, an array or a Value"),
        (3.0, np.ones(3), ArgumentError, "minimize: the loss is 3.0, which is not a function; give a function of"),
        (sums, np.array([1j]), DataError, "minimize: "),
    ],
    ids=lambda x: None,
)
def test_refused(loss, params, kind, words):
    with np.errstate(all="ignore"), pytest.raises(kind) as caught:
        minimize(loss, params)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 3


def test_a_loss_that_is_not_differentiable_gets_a_note():
    with pytest.raises(GradientError) as caught:
        minimize(lambda x: float(x) ** 2, 1.0)
    assert caught.value.__notes__ == [
        "minimize: the function must be differentiable by its parameters; if it cannot be, "
        "jac='2-point' takes SciPy's finite differences"
    ]


def test_a_list_where_numpys_arithmetic_is_wanted_gets_a_note():
    with pytest.raises(TypeError) as caught:
        minimize(rosenbrock, [1.3, 0.7])
    assert caught.value.__notes__ == [
        "minimize: the function gets its parameters as a list, as given; give np.array([...]) for NumPy's arithmetic"
    ]


def test_jac_is_not_a_flag():
    with pytest.raises(ArgumentError, match="minimize: jac=True, and the loss returns only its value; leave jac out"):
        minimize(sums, np.ones(3), jac=True)


def test_an_own_gradient_of_another_shape():
    with pytest.raises(
        ShapeError, match=r"the gradient of jac has leaves of shapes \[\(2,\)\], but params has \[\(3,\)\]"
    ):
        minimize(sums, np.ones(3), jac=lambda x: np.ones(2))
    with pytest.raises(ArgumentError, match="minimize: the gradient of jac has the structure"):
        minimize(lambda p: p["x"], {"x": 1.0}, jac=lambda p: [1.0])


@pytest.mark.parametrize("method", ["BFGS", "Nelder-Mead"])
def test_a_step_that_is_not_finite(method):
    def astray(fun, x0, **rest):
        return fun(np.array([0.0, np.inf, 0.0]))

    with pytest.raises(DomainError, match=r"minimize: params\[1\] is inf; SciPy's solver went there; scale parameters"):
        minimize(sums, np.ones(3), method=astray, jac=None if method == "BFGS" else "2-point")


def test_success_where_the_loss_is_not_finite():
    def claims(fun, x0, **rest):
        return optimize.OptimizeResult(x=x0, fun=np.nan, success=True)

    with pytest.raises(DomainError, match="minimize: SciPy reports success where the loss is nan; set bounds"):
        minimize(sums, np.ones(3), method=claims)


def test_a_constraint_that_does_not_use_the_parameters():
    with pytest.raises(GradientError, match="minimize: the constraint used none of the parameters"):
        minimize(sums, np.ones(3), constraints={"type": "eq", "fun": lambda x: np.ones(1)})


@pytest.mark.parametrize("transform", [lambda f: grad(f)(2.0), lambda f: jvp(f, (2.0,), (1.0,))], ids=["grad", "jvp"])
def test_inside_a_transform(transform):
    """Its result would be a constant there, without a word."""
    with pytest.raises(GradientError, match="minimize: the function uses a Value from outside") as caught:
        transform(lambda a: a * minimize(lambda x: (x - a) ** 2, 0.0).x)
    assert "give it to the function through args=(...,), or call minimize in `with no_grad():`" in str(caught.value)


def test_inside_a_transform_as_a_constant():
    def f(a):
        with no_grad():
            best = minimize(lambda x: (x - 3.0) ** 2, 0.0).x
        return a * best

    np.testing.assert_allclose(grad(f)(2.0), 3.0)


def test_errors_of_the_loss_come_through_every_solver():
    for method in [*NO_GRADIENT, *GRADIENT, *PRODUCTS, "trust-exact"]:
        calls = []

        def loss(x, calls=calls):
            calls.append(x)
            if len(calls) > 5:
                raise KeyError("mine")
            return rosenbrock(x)

        with pytest.raises(KeyError, match="mine"):
            minimize(loss, START, method=method)


@pytest.mark.parametrize(
    ("options", "kind", "text"),
    [
        (
            {"method": "spam"},
            ArgumentError,
            "minimize: there is no method 'spam'; take one of SciPy's, such as 'BFGS', 'L-BFGS-B' or 'trust-constr'; "
            "Adam and its like are in micrograd.optim",
        ),
        (
            {"constraints": sums},
            ArgumentError,
            "minimize: a constraint is a function alone; give {'type': 'eq', 'fun': f} for f = 0, or 'ineq' for f >= 0",
        ),
        ({"constraints": [sums]}, ArgumentError, "minimize: a constraint is a function alone; give {'type': 'eq',"),
        ({"bounds": (0.0,)}, ShapeError, "minimize: the bounds (0.0,) do not fit a leaf of shape (2,); give (low, hi"),
        ({"bounds": 0.0}, ShapeError, "minimize: the bounds 0.0 do not fit a leaf of shape (2,); give (low, high), o"),
    ],
)
def test_options_that_are_not_there(options, kind, text):
    with pytest.raises(kind) as caught:
        minimize(rosenbrock, np.array([-1.2, 1.0]), **options)
    assert str(caught.value).startswith(text)


def test_without_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(MissingExtraError) as caught:
        minimize(rosenbrock, START)
    assert str(caught.value) == (
        "minimize: SciPy solves it, and SciPy is not installed;\npip install 'micrograd-nd[scipy]'"
    )


def test_nothing_of_the_users_changes():
    w, calls = Value(np.ones(2)), []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        minimize(lambda p: calls.append(p) or ((p[0] - 3.0) ** 2).sum(), [w])
    np.testing.assert_array_equal(w.data, 1.0)
    np.testing.assert_array_equal(w.grad, 0.0)
    kept = calls[0][0] * 2.0  # what the loss kept is a constant afterwards
    np.testing.assert_array_equal(kept.data, 2.0)
