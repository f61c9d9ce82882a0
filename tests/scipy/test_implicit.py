"""Derivatives of results by `args`: against closed forms and differences, in every
mode, to third order; and what is refused.
"""

from __future__ import annotations

import copy
import itertools
import pickle

import numpy as np
import pytest

from micrograd import Value, grad, hessian, jacobian, jvp, no_grad, vjp, vmap
from micrograd.abstract import Abstract
from micrograd.errors import ArgumentError, DomainError, GradientError, ShapeError
from micrograd.nn import Linear
from micrograd.scipy import fixed_point, least_squares, minimize, odeint, root
from micrograd.scipy.active import still_at
from micrograd.scipy.flat import Flat

optimize = pytest.importorskip("scipy.optimize", reason="the extra `scipy` is not installed")

A = np.array([[3.0, 0.5, -0.2], [0.1, 2.5, 0.4], [-0.3, 0.2, 2.0]])
B = np.array([1.0, -2.0, 0.5])
T = np.linspace(0.0, 2.0, 9)
Y = np.exp(-1.3 * T) + 0.1 * np.sin(7.0 * T)


def curved(x, b):
    return A @ x + np.tanh(x) - b


def bowl(x, b):
    return 0.5 * x @ (A + A.T) @ x + np.sum(np.cosh(x)) - b @ x


def misfit(p, y):
    return np.stack([p[0] * np.exp(-p[1] * t) for t in T]) - y


# A function of a vector, written with a solver. Differences of it are the peer.
SOLVERS = {
    **{
        f"root {m}": lambda b, m=m: root(curved, np.zeros(3), (b,), m, tol=1e-12).x
        for m in ("hybr", "lm", "krylov", "broyden1", "df-sane")
    },
    "root gmres": lambda b: root(curved, np.zeros(3), (b,), solve="gmres").x,
    "fixed_point": lambda b: fixed_point(lambda x, b: 0.3 * (b - np.tanh(x)), np.zeros(3), (b,)),
    "iteration": lambda b: fixed_point(
        lambda x, b: 0.3 * (b - np.sin(x)), np.zeros(3), (b,), method="iteration", solve="gmres"
    ),
    **{
        f"minimize {m}": lambda b, m=m: minimize(bowl, np.zeros(3), (b,), m).x
        for m in ("BFGS", "Nelder-Mead", "trust-ncg", "Newton-CG", "SLSQP", "trust-constr")
    },
    "minimize cg": lambda b: minimize(bowl, np.zeros(3), (b,), solve="cg").x,
    "minimize within": lambda b: minimize(bowl, np.zeros(3), (b,), bounds=(-5.0, 5.0)).x,
    "minimize with half of the bounds": lambda b: (
        minimize(bowl, np.zeros(3), (b,), bounds=[(-5.0, None), (-0.2, None), (None, 5.0)], options={"gtol": 1e-2}).x
    ),
    "minimize at a bound": lambda b: minimize(bowl, np.zeros(3), (b,), bounds=(-0.2, 5.0)).x,
    "minimize at a bound, cg": lambda b: minimize(bowl, np.zeros(3), (b,), bounds=(-0.2, 5.0), solve="cg").x,
    **{
        f"least_squares {loss}": lambda y, loss=loss: (
            least_squares(misfit, np.ones(2), args=(y,), loss=loss, f_scale=0.1, gtol=1e-10, xtol=1e-12, ftol=1e-12).x
        )
        for loss in ("linear", "soft_l1", "huber", "cauchy", "arctan")
    },
    "least_squares lm": lambda y: least_squares(misfit, np.ones(2), args=(y,), method="lm").x,
    **{
        f"least_squares {m} at a bound": lambda y, m=m: (
            least_squares(misfit, np.array([1.0, 1.5]), args=(y,), bounds=(0.0, [3.0, 2.0]), method=m).x
        )
        for m in ("trf", "dogbox")
    },
}


def point_of(name):
    return Y if name.startswith("least_squares") else B


def differences(f, x, direction, step):
    return (f(x + step * direction) - f(x - step * direction)) / (2.0 * step)


def direction_like(x):
    return np.random.default_rng(3).normal(size=x.shape)


@pytest.mark.parametrize("name", SOLVERS)
def test_against_differences(name):
    """Of values, then of the slopes that were found right: first and second order."""
    f, x = SOLVERS[name], point_of(name)
    direction = direction_like(x)

    def exact(y):  # inside a transform the solution is refined, so that small steps make sense
        return jvp(f, (y,), (np.zeros_like(y),))[0]

    def slope(y):
        return jvp(f, (y,), (direction,))[1]

    np.testing.assert_allclose(slope(x), differences(exact, x, direction, 1e-5), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(jvp(slope, (x,), (direction,))[1], differences(slope, x, direction, 1e-5), 1e-5, 1e-5)
    out, pull = vjp(f, x)
    weights = np.arange(1.0, out.size + 1.0)
    np.testing.assert_allclose(pull(weights)[0] @ direction, slope(x) @ weights, rtol=1e-8)


@pytest.mark.parametrize("order", [*itertools.product(["reverse", "forward"], repeat=3)], ids="-".join)
def test_every_mixture_to_third_order(order):
    f = lambda c: root(lambda x, c: x * x - c, 1.0, args=c).x  # noqa: E731
    for mode in order:
        f = grad(f) if mode == "reverse" else lambda c, f=f: jvp(f, (c,), (1.0,))[1]
    np.testing.assert_allclose(f(4.0), 3.0 / 8.0 * 4.0**-2.5, rtol=1e-12)


@pytest.mark.parametrize("how", ["dense", "gmres"])
def test_hessian_of_a_function_of_a_solution(how):
    def loss(b):
        return np.sum(root(curved, np.zeros(3), (b,), solve=how).x ** 3)

    H = hessian(loss)(B)
    for i, row in enumerate(np.eye(3)):
        np.testing.assert_allclose(H[i], differences(grad(loss), B, row, 1e-5), rtol=1e-7)


def test_many_unknowns_without_a_matrix():
    """A heat equation with 900 unknowns, and its conductivity."""

    def equations(u, k):
        inner = np.pad(u, 1)
        flow = 4.0 * u - inner[2:, 1:-1] - inner[:-2, 1:-1] - inner[1:-1, 2:] - inner[1:-1, :-2]
        return k * flow - 0.01

    def total(k):
        return np.sum(root(equations, np.zeros((30, 30)), (k,), "krylov", options={"fatol": 1e-9}).x)

    value, pull = vjp(total, 2.0)
    np.testing.assert_allclose(pull(1.0)[0], -value / 2.0, rtol=1e-6)  # u is proportional to 1 / k


# What has a gradient, and what the result looks like


def test_values_and_backward():
    a, b = Value(4.0), Value(np.array([1.0, 2.0]))
    result = root(lambda p, a, b: {"x": p["x"] ** 2 - a, "y": p["y"] * p["x"] - b}, {"x": 1.0, "y": np.ones(2)}, (a, b))
    assert result.success
    assert {"x", "success", "message", "nfev"} <= set(result)
    assert type(result.x["x"]) is Value
    (result.x["y"].sum() + result.x["x"]).backward()
    np.testing.assert_allclose(result.x["y"].data, [0.5, 1.0])
    np.testing.assert_allclose(a.grad, 0.25 - 3.0 / 2.0 * 4.0**-1.5)
    np.testing.assert_allclose(b.grad, [0.5, 0.5])


def test_a_tree_of_arguments_and_data_among_them():
    def loss(w, data, hyper):
        return np.sum((data["X"] @ w - data["y"]) ** 2) + hyper["l2"] * np.sum(w**2)

    data = {"X": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]), "y": np.array([1.0, 2.0, 2.0]), "name": "three rows"}
    X, y = data["X"], data["y"]
    found = jacobian(lambda hyper: minimize(loss, np.zeros(2), (data, hyper)).x)({"l2": 0.5})
    inverse = np.linalg.inv(X.T @ X + 0.5 * np.eye(2))
    np.testing.assert_allclose(found["l2"], -inverse @ inverse @ X.T @ y, rtol=1e-9)


def test_a_module_among_the_arguments():
    net = Linear(2, 2, rng=np.random.default_rng(0))
    x = fixed_point(lambda x, net: 0.5 * np.tanh(net(x)), np.zeros(2), args=(net,))
    x.sum().backward()
    bias = net.bias.data.copy()
    with no_grad():
        ends = []
        for side in (1e-5, -1e-5):
            net.bias.data = bias + side * np.array([1.0, 0.0])
            ends.append(np.sum(fixed_point(lambda x, net: 0.5 * np.tanh(net(x).data), np.zeros(2), (net,), xtol=1e-14)))
    np.testing.assert_allclose(net.bias.grad[0], (ends[0] - ends[1]) / 2e-5, rtol=1e-6)


def test_values_of_the_loss():
    """The envelope theorem: the minimum moves, and its value as if it did not."""
    result = minimize(lambda x, a: (x - a) ** 2 + a**3, 0.0, args=(Value(2.0),))
    np.testing.assert_allclose(result.fun.data, 8.0)
    np.testing.assert_allclose(grad(lambda a: minimize(lambda x, a: (x - a) ** 2 + a**3, 0.0, args=a).fun)(2.0), 12.0)
    assert "jac" not in result
    assert "hess_inv" not in result
    found = least_squares(misfit, np.ones(2), args=(Value(Y),), loss="cauchy")
    plain = least_squares(misfit, np.ones(2), args=(Y,), loss="cauchy")
    np.testing.assert_allclose(found.cost.data, plain.cost, rtol=1e-7)
    np.testing.assert_allclose(found.fun.data, plain.fun, atol=1e-5)


def test_the_start_has_no_gradient():
    f = lambda x0, c: root(lambda x, c: x * x - c, x0, args=c).x  # noqa: E731
    assert grad(f, (0, 1))(1.0, 4.0) == (0.0, 0.25)
    assert grad(lambda x0: root(lambda x: x * x - 4.0, x0).x)(1.0) == 0.0
    np.testing.assert_allclose(jvp(f, (1.0, 4.0), (1.0, 1.0)), (2.0, 0.25))


def test_the_dtype_of_the_start():
    f = lambda c: root(lambda x, c: x * x - c, np.ones(2, np.float32), args=c).x  # noqa: E731
    x, pull = vjp(f, np.full(2, 4.0))
    assert x.dtype == np.float32
    np.testing.assert_allclose(pull(np.ones(2, np.float32))[0], 0.25)


def test_grad_within_the_function():
    """Equations that are a gradient themselves."""

    def energy(x, k):
        return k * x**4 / 4.0 - x

    f = lambda k: root(lambda x, k: grad(energy)(x, k), 1.0, args=k).x  # noqa: E731
    np.testing.assert_allclose(f(2.0), 0.5 ** (1.0 / 3.0))
    np.testing.assert_allclose(grad(f)(2.0), -(2.0 ** (-4.0 / 3.0)) / 3.0)
    np.testing.assert_allclose(grad(grad(f))(2.0), 4.0 / 9.0 * 2.0 ** (-7.0 / 3.0))


def test_a_solver_within_a_solver():
    """The best stiffness, of a system in balance."""

    def loss(k, wanted):
        return (root(lambda x, k: k * x + x**3 - 2.0, 1.0, args=k).x - wanted) ** 2

    def best(wanted):
        return minimize(loss, 1.0, args=(wanted,), tol=1e-10).x

    np.testing.assert_allclose(best(0.8), (2.0 - 0.8**3) / 0.8, rtol=1e-6)
    np.testing.assert_allclose(grad(best)(0.8), -2.0 / 0.8**2 - 2.0 * 0.8, rtol=1e-6)


@pytest.mark.parametrize("name", ["root hybr", "root gmres", "fixed_point", "minimize BFGS", "minimize at a bound, cg"])
def test_vmap(name):
    """A solve for each example, and each with bounds of its own that hold."""
    f, many = SOLVERS[name], np.stack([B, -B, B[::-1]])

    def loss(b):
        return np.sum(f(b) ** 3)

    for transform in (grad, hessian):
        wanted = np.stack([transform(loss)(b) for b in many])
        np.testing.assert_allclose(vmap(transform(loss))(many), wanted, rtol=1e-9, atol=1e-12)
    wanted = np.stack([grad(loss)(b) for b in many])
    np.testing.assert_allclose(grad(lambda many: vmap(loss)(many).sum())(many), wanted, rtol=1e-9, atol=1e-12)


def test_vmap_over_the_start_and_what_the_result_says():
    def solved(x0, c):
        result = root(lambda x, c: x * x - c, x0, args=c)
        assert set(result) == {"x", "success"}  # there are as many calls and messages as examples
        return result.x

    np.testing.assert_allclose(vmap(solved, (0, None))(np.array([1.0, -1.0]), 4.0), [2.0, -2.0])
    with pytest.raises(GradientError, match="root: the function uses a Value from outside"):
        vmap(lambda c: root(lambda x: x * x - c, 1.0).x)(np.array([1.0, 4.0]))


def apart(x, p):
    return np.sum((x - p["to"]) ** 2) + 0.1 * np.sum(x**4)


def sphere(x, radius=1.0):
    return radius**2 - x @ x


def plane(x, level=1.0):
    return x.sum() - level


ROWS = np.array([[1.0, 0.0, 0.0]])
CONSTRAINED = {
    "eq": {"constraints": {"type": "eq", "fun": plane}},
    "ineq that holds": {"constraints": {"type": "ineq", "fun": sphere}},
    "ineq that does not": {"constraints": {"type": "ineq", "fun": lambda x: 100.0 - x @ x}},
    "several, and bounds": {
        "constraints": [{"type": "eq", "fun": plane}, {"type": "ineq", "fun": lambda x: 0.6 - x[0]}],
        "bounds": (0.0, None),
    },
    "linear": {
        "constraints": [
            optimize.LinearConstraint(np.ones((1, 3)), 1.0, 1.0),
            optimize.LinearConstraint(ROWS, -1.0, 0.5),
        ]
    },
    "nonlinear": {
        "constraints": optimize.NonlinearConstraint(
            lambda x: np.stack([x @ x, x[0] - x[1]]), [-np.inf, 0.1], [1.0, 5.0]
        ),
        "method": "trust-constr",
        "options": {"gtol": 1e-10, "xtol": 1e-12, "maxiter": 3000},
    },
}


@pytest.mark.parametrize(
    ("name", "how"), [*[(name, "dense") for name in CONSTRAINED], ("several, and bounds", "gmres")]
)
@pytest.mark.filterwarnings("ignore:delta_grad == 0.0")
def test_constraints(name, how):
    def f(to):
        return minimize(apart, np.full(3, 0.3), ({"to": to},), solve=how, **CONSTRAINED[name]).x

    def exact(to):
        return jvp(f, (to,), (np.zeros(3),))[0]

    to = np.array([2.0, 1.0, -0.5])
    np.testing.assert_allclose(f(to), exact(to), atol=1e-3)  # SLSQP stops at 1e-6 of the loss
    J, rows = jacobian(f)(to), np.eye(3)
    np.testing.assert_allclose(J.T, [differences(exact, to, row, 1e-5) for row in rows], atol=1e-8)
    np.testing.assert_allclose(jacobian(f, mode="forward")(to), J, atol=1e-12)
    second = jvp(lambda to: jvp(f, (to,), (to,))[1], (to,), (to,))[1]
    np.testing.assert_allclose(second, differences(lambda to: jvp(f, (to,), (to,))[1], to, to, 1e-5), atol=1e-7)


def test_arguments_of_constraints():
    def f(level):
        constraint = {"type": "eq", "fun": plane, "args": (level,)}
        return minimize(lambda x: (x - 1.0) @ (x - 1.0), np.zeros(3), constraints=constraint)

    np.testing.assert_allclose(jacobian(lambda level: f(level).x)(1.0), 1.0 / 3.0)
    np.testing.assert_allclose(grad(lambda level: f(level).fun)(1.0), 2.0 * (1.0 / 3.0 - 1.0))  # the multiplier


def test_vmap_with_constraints():
    """Some examples are held, others are not."""

    def f(to):
        return minimize(apart, np.full(3, 0.3), ({"to": to},), constraints={"type": "ineq", "fun": sphere}).x

    many = np.array([[2.0, 1.0, -0.5], [0.2, 0.1, 0.3]])
    np.testing.assert_allclose(vmap(jacobian(f))(many), [jacobian(f)(to) for to in many], atol=1e-12)


def test_elements_at_a_bound_do_not_move():
    J = jacobian(lambda b: minimize(bowl, np.zeros(3), (b,), bounds=(-0.2, 5.0)).x)(B)
    np.testing.assert_array_equal(J[1], 0.0)
    assert np.all(np.diag(J)[[0, 2]] > 0.0)


def square_root(c):
    return root(lambda x, c: x * x - c, 1.0, args=(c,)).x


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (4, 0.25),
        (np.float64(4.0), 0.25),
        (np.array(4.0), 0.25),
    ],
)
def test_kinds_of_arguments(given, wanted):
    assert grad(square_root)(given) == wanted


def test_borders():
    assert grad(lambda c: root(lambda x, c, none: x * x - c[0] * c[1], 1.0, args=(c, None)).x)([4.0, 1.0]) == [
        0.25,
        1.0,
    ]
    joined = np.array([Value(4.0), Value(1.0)], dtype=object)
    assert root(lambda x, c: x * x - c[0] * c[1], 1.0, args=(joined,)).x.data == 2.0
    assert grad(lambda c: least_squares(lambda x, c: [x - c * c], 0.0, kwargs={"c": c}).x)(3.0) == 6.0
    assert vmap(grad(square_root))(np.zeros(0)).shape == (0,)
    assert square_root(Abstract(())).shape == ()
    narrow = lambda c: root(lambda x, c: x * x - c, np.ones(2, np.float32), args=(c,)).x.sum()  # noqa: E731
    assert grad(narrow)(np.full(2, 4.0, np.float32)).dtype == np.float32


def test_copies_and_pickles():
    x = square_root(Value(4.0))
    assert copy.deepcopy(x).data == x.data
    with pytest.raises(GradientError, match="pickle: the history of a result of root holds your functions"):
        pickle.dumps(x)
    assert pickle.loads(pickle.dumps(x.detach())).data == x.data


def test_in_no_grad_it_is_a_constant():
    c = Value(4.0)
    with no_grad():
        assert type(root(lambda x, c: x * x - c.data, 1.0, args=c).x) is float


def test_an_argument_that_does_not_matter():
    """Its second derivative was a Value: vjp made one of the zero inside."""
    for f in (lambda c: root(lambda x, c: x - 1.0, 0.0, (c,)).x, lambda c: minimize(lambda x, c: x * x, 1.0, (c,)).x):
        assert type(grad(grad(f))(2.0)) is float
        assert hessian(f)(2.0) == 0.0
        v = Value(2.0)
        f(v).backward()
        assert v.grad == 0.0
    line = {"type": "eq", "fun": lambda x, b: np.array([1.0, 2.0, 2.0]) @ x - b}
    nearest = lambda b: minimize(lambda x: x @ x, np.ones(3), constraints={**line, "args": (b,)}).fun  # noqa: E731
    H = hessian(nearest)(3.0)  # of b^2 / 9, and the slopes of the constraint are constants
    assert not isinstance(H, Value)
    np.testing.assert_allclose(H, 2.0 / 9.0)


def test_a_solver_in_a_solver():
    """The rules of the outer one run in no_grad, where tangents go on."""

    def f(a):
        inner = lambda x, a: fixed_point(lambda y, x, a: 0.3 * np.cos(y) + 0.1 * a * x, 0.1, (x, a))  # noqa: E731
        return fixed_point(lambda x, a: 0.5 * inner(x, a) + a, 0.2, (a,))

    slope = jvp(f, (0.7,), (1.0,))[1]
    np.testing.assert_allclose(slope, differences(lambda a: jvp(f, (a,), (0.0,))[0], 0.7, 1.0, 1e-5), rtol=1e-8)
    np.testing.assert_allclose(grad(f)(0.7), slope, rtol=1e-12)
    with no_grad():
        assert jvp(square_root, (4.0,), (1.0,))[1] == 0.25
        np.testing.assert_array_equal(vmap(square_root)(np.array([4.0, 16.0])), [2.0, 4.0])

    def through(k, **way):
        force = lambda y, k: root(lambda z, y, k: z + z**3 - k * y, 0.0, (y, k)).x  # noqa: E731
        return odeint(lambda t, y, k: -force(y, k), 1.0, np.array([0.0, 1.0]), (k,), **way)[-1]

    np.testing.assert_allclose(jvp(through, (1.0,), (1.0,))[1], grad(through)(1.0), rtol=1e-6)
    steps = lambda k: through(k, gradient="direct")  # noqa: E731
    np.testing.assert_allclose(jvp(steps, (1.0,), (1.0,))[1], grad(through)(1.0), rtol=1e-6)


def closing_over(matrix):
    """Solutions whose functions use a matrix that is not in args."""
    fall = {"type": "eq", "fun": lambda x: matrix[0, 0] * x[0] - x[1]}
    disc = {"type": "ineq", "fun": lambda x, b: 0.01 * matrix[0, 0] * (b @ b) - x @ x, "args": (B,)}
    miss = lambda x, b: matrix @ x + np.tanh(x) - b  # noqa: E731
    loss = lambda x, b: x @ matrix @ x + np.sum(np.cosh(x)) - b @ x  # noqa: E731
    zero = np.zeros(3)
    return {
        "root": lambda b: root(miss, zero, (b,)).x,
        "gmres": lambda b: root(miss, zero, (b,), solve="gmres").x,
        "fixed_point": lambda b: fixed_point(lambda x, b: 0.1 * (matrix @ np.tanh(x) + b), zero, (b,)),
        "minimize": lambda b: minimize(loss, zero, (b,)).x,
        "bounds": lambda b: minimize(loss, zero, (b,), bounds=(-0.2, 5.0)).x,
        "equality": lambda b: minimize(loss, zero, (b,), constraints=fall, bounds=(-1.0, 1.0)).x,
        "inequality": lambda b: minimize(loss, zero, (b,), "trust-constr", constraints=disc).x,
        "least_squares": lambda b: least_squares(miss, zero, args=(b,)).x,
        "cost": lambda b: least_squares(lambda x, b: [miss(x, b), x], zero, args=(b,), loss="cauchy").cost,
    }


@pytest.mark.parametrize("name", closing_over(A))
def test_a_constant_value_from_outside(name):
    """A solution that was a Value inside had a gradient of 0."""
    f, wanted = (closing_over(matrix)[name] for matrix in (Value(A).detach(), A))
    out, pull = vjp(f, B)
    assert not isinstance(out, Value)
    seed = np.ones(np.shape(out))[()]
    g = vjp(wanted, B)[1](seed)[0]
    assert np.max(np.abs(g)) > 1e-3
    np.testing.assert_allclose(pull(seed)[0], g, rtol=1e-9)
    np.testing.assert_allclose(jvp(f, (B,), (B,))[1], jvp(wanted, (B,), (B,))[1], rtol=1e-9)
    b = Value(B)
    f(b).sum().backward()
    np.testing.assert_allclose(b.grad, g, rtol=1e-9)


# Refused


def minimum(**options):
    return lambda c: minimize(
        lambda x, c: np.sum((x - c) ** 4 + (x - c) ** 2), np.zeros(2), args=(c,), **options
    ).x.sum()


@pytest.mark.parametrize(
    ("f", "kind", "words"),
    [
        (
            lambda c: root(lambda x: x * x - c, 1.0).x,
            GradientError,
            "root: the function uses a Value from outside, and the result would lose its gradient;\n"
            "give it to the function through args=(...,), or call root in `with no_grad():`",
        ),
        (
            lambda c: root(lambda x, c: x * x + c, 1.0, args=c).x,
            GradientError,
            "root: it did not converge (",
        ),
        (
            lambda c: root(lambda p, c: [p["x"] + p["y"] - c, c - p["x"] - p["y"]], {"x": 0.0, "y": 1.0}, c).x["x"],
            GradientError,
            "root: the Jacobian at the solution is singular: params['",
        ),
        (
            lambda c: minimize(lambda x, c: (x - c) ** 4, 0.0, args=c).x,
            GradientError,
            "minimize: Newton's steps from params do not shrink: it is not a solution, or the Jacobian is singular",
        ),
        (lambda c: root(lambda x, c: x - c, 1.0, args=c, solve="lu").x, ArgumentError, "root: solve='lu' is not a way"),
        (
            lambda c: minimize(lambda x, c: (x[0] + x[1] - c) ** 2, np.zeros(2), args=(c,)).x[0],
            GradientError,
            "minimize: the Jacobian at the solution is singular: params[",
        ),
        (
            lambda c: minimize(lambda x, c: (x - c) ** 2, 0.0, args=(c,), bounds=(2.0, 5.0)).x,
            GradientError,
            "minimize: params is at its bound 2 and the slope there is 0, so it moves one way only;\nmove",
        ),
        (
            lambda c: minimize(lambda x, c: (x - c) ** 2, 0.0, args=(c,), bounds=(c, 5.0)).x,
            GradientError,
            "minimize: bounds hold a Value, and the result has no gradient by them; give plain numbers",
        ),
        (minimum(options={"maxiter": 1}), GradientError, "minimize: it did not converge (Maximum number of iterations"),
        (
            minimum(constraints={"type": "ineq", "fun": lambda x: 2.0 - x[0]}),
            GradientError,
            "minimize: constraint number 0 holds with a multiplier of 0, so the minimum moves one way only",
        ),
        (
            minimum(constraints={"type": "ineq", "fun": lambda x: x[0] - 3.0}, bounds=(2.0, 5.0)),
            GradientError,
            "minimize: the bound of params[1] holds with a multiplier of 0",
        ),
        (
            minimum(
                constraints=[{"type": "eq", "fun": lambda x, k=k: k * (x[0] - 1.0)} for k in (1, 2)],
                method="trust-constr",
            ),
            GradientError,
            "minimize: the Jacobian at the solution is singular: the multiplier of constraint number ",
        ),
        (
            lambda c: minimize(lambda x: x @ x, np.ones(2), constraints={"type": "eq", "fun": lambda x: x[0] - c}).x[0],
            GradientError,
            "minimize: the function uses a Value from outside",
        ),
        (
            lambda c: least_squares(lambda x, c: [x - c], 0.0, args=(c,), loss=lambda z: np.stack([z, z, z])).x,
            GradientError,
            "least_squares: loss is a function of arrays, and the result has no gradient by args through it",
        ),
        (
            lambda c: least_squares(lambda x, c: [x - c], 0.0, args=(c,), f_scale=c, loss="cauchy").x,
            GradientError,
            "least_squares: bounds and options hold a Value",
        ),
        (
            lambda c: root(lambda x: x - 2.0 if x < 0.5 else x - c, 0.0).x,  # used at the solution, not at the start
            GradientError,
            "root: the function uses a Value from outside",
        ),
        (
            lambda c: minimize(lambda x, k: (x - k) ** 2 if x < 0.5 else (x - c) ** 2, 0.0, (c,)).x,
            GradientError,
            "minimize: the function uses a Value from outside",
        ),
        (
            lambda c: root(lambda x, k: k * x - c, 1.0, (c,)).x,
            GradientError,
            "root: the function uses a Value from outside",
        ),
        (
            lambda c: minimize(lambda x: (x - 3.0) ** 2, 0.0, bounds=(-5.0, c)).x,
            GradientError,
            "minimize: bounds hold a Value",
        ),
        (
            lambda c: minimize(lambda x, c: (x - 3.0 * c) ** 2, 0.0, (c,), bounds=optimize.Bounds(-5.0, c)).x,
            GradientError,
            "minimize: bounds hold a Value",
        ),
        (
            lambda c: least_squares(lambda x: [x - 3.0], 0.0, bounds=(-5.0, c)).x,
            GradientError,
            "least_squares: bounds and options hold a Value",
        ),
        (
            lambda c: least_squares(lambda x: [x - 3.0], 0.0, bounds=optimize.Bounds(-5.0, c)).x,
            GradientError,
            "least_squares: bounds and options hold a Value",
        ),
        (
            lambda c: minimize(lambda x: x @ x, np.ones(2), constraints=optimize.NonlinearConstraint(np.sum, c, 9.0)).x,
            GradientError,
            "minimize: the limits of constraints hold a Value",
        ),
        (
            lambda c: minimize(lambda x, c: np.cos(x / c), 0.0, (c,), bounds=(-1.0, 1.0)).x,
            GradientError,
            "minimize: it stopped where the loss does not change, but at a saddle or a maximum: it falls when params",
        ),
        (
            lambda c: minimize(lambda x, c: c * x[0] ** 2 - x[1] ** 2 + x[1] ** 4, np.array([1.0, 0.0]), (c,)).x[0],
            GradientError,
            "minimize: it stopped where the loss does not change, but at a saddle or a maximum: it falls when params[",
        ),
        (
            lambda c: minimize(
                lambda x, c: c * x[0] * x[1],
                np.zeros(2),
                (c,),
                constraints={"type": "eq", "fun": lambda x: x[0] + x[1]},
            ).x[0],
            GradientError,
            "minimize: it stopped where the loss does not change, but at a saddle or a maximum",
        ),
        (
            lambda c: least_squares(lambda x, c: [c + np.cos(x)], 0.0, args=(c,)).x,
            GradientError,
            "least_squares: it stopped where the loss does not change, but at a saddle or a maximum",
        ),
        (
            lambda c: fixed_point(lambda x, c: 2.0 * x + c, 1.0, (c,), method="iteration"),
            DomainError,
            "fixed_point: no convergence in 500 steps; start nearer, allow more steps, or find where func(x) - x is 0",
        ),
        (
            lambda c: fixed_point(lambda x, c: c, 1.0, (c,), method="newton"),
            ArgumentError,
            "fixed_point: there is no method 'newton'; take 'del2' or 'iteration'",
        ),
        (
            lambda c: root(lambda x, c: x - c, 1.0, (c,), "newton"),
            ArgumentError,
            "root: there is no method 'newton'; take one of SciPy's, such as 'hybr', 'lm' or 'krylov'",
        ),
        (lambda c: fixed_point(lambda x, c: [x, c], 1.0, (c,)), ArgumentError, "fixed_point: the output has the str"),
        (
            lambda c: fixed_point(lambda x, c: np.ones(3) * c, np.ones(2), (c,))[0],
            ShapeError,
            "fixed_point: func gave shape (3,) for an x of shape (2,); it must give the shape of x",
        ),
        (
            lambda c: root(lambda x, c: A @ x * 0.0 + x.sum() - c, np.zeros(3), (c,), "lm", solve="gmres").x[0],
            GradientError,
            "root: gmres did not solve the linear system of the gradient",
        ),
    ],
)
@pytest.mark.parametrize("mode", ["grad", "jvp", "backward"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")  # SciPy's, of hard problems
def test_refused(f, kind, words, mode):
    with pytest.raises(kind) as caught:
        if mode == "grad":
            grad(f)(2.0)
        elif mode == "jvp":
            jvp(f, (2.0,), (1.0,))
        else:
            f(Value(2.0)).backward()
    assert str(caught.value).startswith(words)


def test_no_bound_holds_nothing():
    """A slope that SciPy's tolerance left would have sent the element to infinity."""
    flat, free = Flat("minimize", np.array([1.0])), np.array([np.inf])
    x, active = still_at(flat, flat.vector, np.array([-1e-3]), lambda i: 1.0, (-free, free), 1.0)
    np.testing.assert_array_equal(x, [1.0])
    assert not active.any()


def test_near_a_bound_by_the_slope():
    flat, bounds = Flat("minimize", np.array([1.0])), (np.array([1.0 - 5e-5]), np.array([np.inf]))
    for slope, holds in ((1e-5, False), (1e-2, True)):  # with a curvature of 1 the minimum is that far away
        assert still_at(flat, flat.vector, np.array([slope]), lambda way: 1.0, bounds, 1.0)[1].item() is holds
