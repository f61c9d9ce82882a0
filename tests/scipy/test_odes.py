"""`odeint`: against closed forms, differences and SciPy, in every mode, by the start,
the arguments and the times; and what is refused.
"""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest

from micrograd import Value, grad, hessian, jacobian, jvp, no_grad, vjp, vmap
from micrograd.errors import ArgumentError, DomainError, GradientError, ShapeError
from micrograd.nn import Linear, Sequential, Tanh
from micrograd.scipy import odeint

integrate = pytest.importorskip("scipy.integrate", reason="the extra `scipy` is not installed")

WAYS = {
    "RK45": {},
    "RK23": {"method": "RK23"},
    "DOP853": {"method": "DOP853"},
    "Radau": {"method": "Radau"},
    "BDF": {"method": "BDF"},
    "LSODA": {"method": "LSODA"},
    "RK45 direct": {"gradient": "direct"},
    "RK23 direct": {"method": "RK23", "gradient": "direct"},
    "DOP853 direct": {"method": "DOP853", "gradient": "direct"},
    "rk4": {"method": "rk4", "step_size": 0.02},
}
T = np.array([0.3, 0.5, 1.0, 2.0])
WEIGHTS = np.array([1.0, -2.0, 3.0, 0.5])
K, Y0 = 0.7, 1.5


def decay(t, y, k):
    return -k * y


def total(k, y0, t, **way):
    return np.sum(odeint(decay, y0, t, args=(k,), **way) * WEIGHTS)


def exact_gradient(k, y0, t):
    """Of the same by k, y0 and t, from y = y0 exp(-k (t - t0))."""
    time, factor = t - t[0], np.exp(-k * (t - t[0]))
    by_t = -WEIGHTS * y0 * k * factor
    by_t[0] = np.sum(WEIGHTS[1:] * y0 * k * factor[1:])
    return np.sum(-WEIGHTS * y0 * time * factor), np.sum(WEIGHTS * factor), by_t


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("t", [T, T[::-1].copy()], ids=["rising", "falling"])
def test_first_derivatives(way, t):
    options = WAYS[way]
    y = odeint(decay, Y0, t, args=(K,), **options)
    assert y.shape == (4,)
    np.testing.assert_allclose(y, Y0 * np.exp(-K * (t - t[0])), rtol=2e-6)
    wanted = exact_gradient(K, Y0, t)
    found = grad(lambda *at: total(*at, **options), (0, 1, 2))(K, Y0, t)
    for exact, g in zip(wanted, found, strict=True):
        np.testing.assert_allclose(g, exact, rtol=1e-5, atol=1e-5)
    moves = (1.0, -0.5, np.array([0.1, 0.4, -0.3, 0.2]))
    slope = jvp(lambda *at: total(*at, **options), (K, Y0, t), moves)[1]
    np.testing.assert_allclose(slope, sum(np.sum(g * m) for g, m in zip(wanted, moves, strict=True)), rtol=1e-5)


@pytest.mark.parametrize("way", ["RK45", "LSODA", "DOP853 direct", "rk4"])
@pytest.mark.parametrize("order", [*itertools.product(["reverse", "forward"], repeat=2)], ids="-".join)
def test_second_derivatives(way, order):
    f = lambda k: total(k, Y0, T, **WAYS[way])  # noqa: E731
    for mode in order:
        f = grad(f) if mode == "reverse" else lambda k, f=f: jvp(f, (k,), (1.0,))[1]
    time = T - T[0]
    np.testing.assert_allclose(f(K), np.sum(WEIGHTS * Y0 * time**2 * np.exp(-K * time)), rtol=1e-5)


@pytest.mark.parametrize("way", ["RK45", "LSODA", "DOP853 direct", "rk4"])
@pytest.mark.parametrize("i", [0, 1, 2], ids=["args", "y0", "t"])
def test_a_slope_has_a_gradient_by_its_tangent(way, i):
    """The tangent has a history, and no primal has one: the gradient once was 0."""
    at, move = (K, Y0, T), (1.0, 1.0, np.array([0.1, 0.4, -0.3, 0.2]))[i]

    def slope(move):
        moves = [move if j == i else 0.0 * x for j, x in enumerate(at)]
        return jvp(lambda *at: total(*at, **WAYS[way]), at, moves)[1]

    np.testing.assert_allclose(grad(slope)(move), exact_gradient(*at)[i], rtol=1e-5, atol=1e-5)


def test_the_hessian_by_everything():
    def f(p):
        return total(p["k"], p["y0"], p["t"], method="DOP853")

    at = {"k": K, "y0": Y0, "t": T}
    H = hessian(f)(at)
    for name in ("k", "y0"):
        ends = [grad(f)({**at, name: at[name] + side})["t"] for side in (1e-4, -1e-4)]
        np.testing.assert_allclose(H["t"][name], (ends[0] - ends[1]) / 2e-4, atol=1e-5)
    columns = []
    for row in np.eye(4):
        ends = [grad(f)({**at, "t": T + side * row})["t"] for side in (1e-4, -1e-4)]
        columns.append((ends[0] - ends[1]) / 2e-4)
    np.testing.assert_allclose(H["t"]["t"], columns, atol=1e-5)


# The motion of a pendulum with friction, in trees


def pendulum(t, y, p):
    return {"angle": y["speed"], "speed": -p["g"] * np.sin(y["angle"]) - p["c"] * y["speed"] + 0.1 * np.sin(t)}


def reach(p, y0, **way):
    y = odeint(pendulum, y0, np.linspace(0.0, 3.0, 4), args=(p,), **way)
    return np.sum(y["angle"] ** 2 * np.arange(4.0)) + y["speed"][2]


@pytest.mark.parametrize("way", ["DOP853", "RK45", "Radau", "RK45 direct", "rk4"])
def test_trees_against_differences(way):
    p, y0 = {"g": 2.0, "c": 0.3}, {"angle": 1.0, "speed": 0.0}
    by_p, by_y = grad(lambda p, y0: reach(p, y0, **WAYS[way]), (0, 1))(p, y0)
    fine = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-12}
    for name, g in by_p.items():
        ends = [reach({**p, name: p[name] + side}, y0, **fine) for side in (1e-5, -1e-5)]
        np.testing.assert_allclose(g, (ends[0] - ends[1]) / 2e-5, rtol=2e-6, atol=1e-6)
    for name, g in by_y.items():
        ends = [reach(p, {**y0, name: y0[name] + side}, **fine) for side in (1e-5, -1e-5)]
        np.testing.assert_allclose(g, (ends[0] - ends[1]) / 2e-5, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_direct_is_exact_for_the_steps_that_were_taken(method):
    """Coarse steps: far from the true solution and its gradient, but all digits of
    this one.
    """
    f = lambda k: total(k, Y0, T, method=method)  # noqa: E731
    step = 1.0 + 0.0 * K
    for width in np.diff(T):
        step = step * (1.0 - K * width if method == "euler" else np.polyval([1 / 24, 1 / 6, 0.5, 1, 1], -K * width))
    np.testing.assert_allclose(odeint(decay, Y0, T, args=(K,), method=method)[-1], Y0 * step, rtol=1e-13)
    ends = [f(K + side) for side in (1e-6, -1e-6)]
    np.testing.assert_allclose(grad(f)(K), (ends[0] - ends[1]) / 2e-6, rtol=1e-8)
    assert abs(grad(f)(K) / exact_gradient(K, Y0, T)[0] - 1.0) > 1e-6


def test_matrices_and_many_arguments():
    rng = np.random.default_rng(0)
    A, y0, t = rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), np.array([0.0, 1.0])
    y, pull = vjp(lambda A, y0: odeint(lambda t, y, A: A @ y, y0, t, args=(A,)), A, y0)
    assert y.shape == (2, 3, 2)
    g = rng.normal(size=y.shape)
    step = rng.normal(size=A.shape)
    slope = jvp(lambda A: odeint(lambda t, y, A: A @ y, y0, t, args=(A,)), (A,), (step,))[1]
    np.testing.assert_allclose(np.sum(pull(g)[0] * step), np.sum(slope * g), rtol=1e-6)
    linalg = pytest.importorskip("scipy.linalg")
    np.testing.assert_allclose(slope[1], linalg.expm_frechet(A, step)[1] @ y0, rtol=1e-6)
    np.testing.assert_allclose(pull(g)[1], g[0] + linalg.expm(A).T @ g[1], rtol=1e-6)


def test_a_stiff_equation():
    """Robertson's reaction: rates from 0.04 to 3e7."""

    def robertson(t, y, k):
        a, b, c = k[0] * y[0], k[1] * y[1] ** 2, k[2] * y[1] * y[2]
        return [c - a, a - b - c, b]

    k, start, t = np.array([0.04, 3e7, 1e4]), np.array([1.0, 0.0, 0.0]), np.linspace(0.0, 40.0, 21)
    tight = {"method": "Radau", "rtol": 1e-8, "atol": 1e-12}
    J = jvp(lambda k: odeint(robertson, start, t, args=(k,), **tight)[-1], (k,), (k * np.array([1.0, 0.0, 0.0]),))[1]
    ends = [odeint(robertson, start, t, args=(k * np.array([s, 1.0, 1.0]),), **tight)[-1] for s in (1.001, 0.999)]
    np.testing.assert_allclose(J, (ends[0] - ends[1]) / 2e-3, rtol=1e-4, atol=1e-10)


def test_a_network_on_values():
    rng = np.random.default_rng(0)
    net = Sequential(Linear(2, 4, rng=rng), Tanh(), Linear(4, 2, rng=rng))
    y0, t = rng.normal(size=(5, 2)), np.array([0.0, 0.5, 1.0])
    found = []
    for way in ({}, {"gradient": "direct"}, {"method": "rk4", "step_size": 0.05}):
        for p in net.parameters():
            p.grad = None
        loss = (odeint(lambda t, y, net: net(y), y0, t, args=(net,), **way) ** 2).mean()
        loss.backward()
        found.append(np.concatenate([np.ravel(p.grad) for p in net.parameters()]))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(found[0], found[2], rtol=1e-4, atol=1e-7)


def test_a_network_from_outside_is_in_the_steps():
    net = Linear(1, 1, rng=np.random.default_rng(0))
    y = odeint(lambda t, y: net(y), np.ones(1), np.array([0.0, 1.0]), method="rk4")
    y[-1].sum().backward()
    inside = net.weight.grad.copy()
    net.weight.grad = None
    odeint(lambda t, y, net: net(y), np.ones(1), np.array([0.0, 1.0]), (net,), method="rk4")[-1].sum().backward()
    np.testing.assert_array_equal(net.weight.grad, inside)


@pytest.mark.parametrize("way", ["RK45", "rk4"])
def test_vmap(way):
    t = np.array([0.0, 0.4, 1.0])
    f = lambda k, y0: odeint(decay, y0, t, args=(k,), **WAYS[way])  # noqa: E731
    k, y0 = np.array([0.1, 0.5, 2.0]), np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(vmap(f)(k, y0), y0[:, None] * np.exp(-np.outer(k, t)), rtol=1e-6)
    np.testing.assert_allclose(vmap(jacobian(f))(k, y0), -t * y0[:, None] * np.exp(-np.outer(k, t)), atol=1e-6)
    slope = grad(lambda k: vmap(f)(k, y0).sum())(k)
    np.testing.assert_allclose(slope, np.sum(-t * y0[:, None] * np.exp(-np.outer(k, t)), axis=1), rtol=1e-5)


@pytest.mark.parametrize("tangent", [1.0, 0.0])
def test_the_tangent_of_a_plain_parameter_is_differentiated(tangent):
    def end(t):
        return jvp(lambda a: odeint(lambda t, y, a: -a * y, 1.0, np.array([0.0, 1.0]), args=(a,))[-1], (4.0,), (t,))[1]

    assert grad(end)(tangent) == pytest.approx(-np.exp(-4.0), rel=1e-4)
    t = Value(tangent)
    end(t).backward()
    assert t.grad == pytest.approx(-np.exp(-4.0), rel=1e-4)


def test_the_same_numbers_as_scipy():
    t = np.linspace(0.0, 2.0, 5)
    for method in ("RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA"):
        theirs = integrate.solve_ivp(lambda t, y: [y[1], -y[0]], (0, 2), [1.0, 0.0], method, t, rtol=1e-6, atol=1e-9)
        ours = odeint(lambda t, y: [y[1], -y[0]], np.array([1.0, 0.0]), t, (), method, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(ours, theirs.y.T, rtol=1e-5, atol=1e-6)


def test_the_types_of_results():
    t = [0.0, 1.0]
    assert type(odeint(decay, 1.0, t, (0.5,))) is np.ndarray
    assert odeint(decay, 1, t, (0.5,)).dtype == np.float64
    for way in ({}, {"method": "rk4"}):
        assert odeint(decay, np.ones(2, np.float32), t, (0.5,), **way).dtype == np.float32
    y = odeint(lambda t, y: [-y[0], -y[1]], [1.0, np.ones(2)], t)
    assert [x.shape for x in y] == [(2,), (2, 2)]
    k = Value(0.5)
    assert type(odeint(decay, 1.0, t, (k,))) is Value
    with no_grad():
        assert type(odeint(decay, 1.0, t, (k,))) is np.ndarray
    np.testing.assert_array_equal(odeint(decay, 2.0, [3.0], (0.5,)), [2.0])
    assert grad(lambda y0: odeint(decay, y0, [3.0], (0.5,))[0])(2.0) == 1.0


def test_memory_of_the_adjoint_does_not_grow_with_the_steps():
    peaks = {}
    for gradient, end in itertools.product(("adjoint", "direct"), (0.4, 3.0)):
        t = np.array([0.0, end])
        f = lambda k, t=t, way=gradient: np.sum(  # noqa: E731
            odeint(lambda t, y, k: k * y, np.ones(5000), t, (k,), "RK23", rtol=0.1, max_step=0.1, gradient=way)
        )
        grad(f)(0.1)
        tracemalloc.start()
        grad(f)(0.1)
        peaks[gradient, end] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peaks["adjoint", 3.0] < 1.5 * peaks["adjoint", 0.4]
    assert peaks["direct", 3.0] > 3.0 * peaks["direct", 0.4]


class Swapped:
    def slope(self, y, t, k):
        return -k * y


class Counted:
    """How often the slope of a network is computed."""

    def __init__(self):
        self.calls = 0

    def slope(self, t, y, first, last):
        self.calls += 1
        return np.tanh(y @ first) @ last

    def gradient(self, method, t, width):
        rng = np.random.default_rng(0)
        y0, args = rng.normal(size=4), (rng.normal(size=(4, width)) / 2.0, rng.normal(size=(width, 4)) / width)
        self.calls = 0
        loss = lambda *args: np.sum(odeint(self.slope, y0, t, args, method)[-1] ** 2)  # noqa: E731
        return np.concatenate([np.ravel(g) for g in grad(loss, (0, 1))(*args)])


def test_a_stiff_method_with_many_arguments():
    """Its Jacobian was by differences for each of the 800 numbers: 3,300 slopes."""
    network = Counted()
    wanted = network.gradient("RK45", [0.0, 1.0], 100)
    for method in ("Radau", "BDF", "LSODA"):
        np.testing.assert_allclose(network.gradient(method, [0.0, 1.0], 100), wanted, rtol=1e-4, atol=1e-6)
        assert network.calls < 800


def test_the_way_back_through_many_times():
    """Each span began with SciPy's guess of a step: three slopes, and a small step."""
    network = Counted()
    network.gradient("RK45", np.linspace(0.0, 1.0, 41), 3)
    assert network.calls < 500


def test_a_first_step_longer_than_a_span():
    f = lambda k: odeint(decay, 1.0, [0.0, 0.1, 1.0], (k,), first_step=0.4)[-1]  # noqa: E731
    np.testing.assert_allclose(grad(f)(K), -np.exp(-K), rtol=1e-6)
    direct = lambda k: odeint(decay, 1.0, [0.0, 0.1, 1.0], (k,), first_step=0.4, gradient="direct")[-1]  # noqa: E731
    np.testing.assert_allclose(grad(direct)(K), -np.exp(-K), rtol=1e-5)


def test_a_vmap_of_no_examples():
    assert vmap(grad(lambda k: odeint(decay, 1.0, T, (k,))[-1]))(np.zeros(0)).shape == (0,)


def test_a_constant_value_from_outside():
    """The gradient by the times was a Value."""
    c = Value(K).detach()
    g = grad(lambda t: odeint(lambda t, y: -c * y, Y0, t)[-1])(T)
    assert type(g) is np.ndarray
    np.testing.assert_allclose(g[-1], -K * Y0 * np.exp(-K * (T[-1] - T[0])), rtol=1e-6)


# Refused


@pytest.mark.parametrize(
    ("run", "kind", "words"),
    [
        (
            lambda k: odeint(decay, 1.0, T, (k,), "rk5"),
            ArgumentError,
            "odeint: there is no method 'rk5'; take one of 'RK45'",
        ),
        (
            lambda k: odeint(decay, 1.0, T, (k,), gradient="both"),
            ArgumentError,
            "odeint: gradient='both'; take 'adjoint'",
        ),
        (
            lambda k: odeint(decay, 1.0, T, (k,), "rk4", gradient="adjoint"),
            ArgumentError,
            "odeint: 'rk4' does not control its error, and an adjoint would not fit its steps; gradient='direct'",
        ),
        (
            lambda k: odeint(decay, 1.0, T, (k,), "Radau", gradient="direct"),
            ArgumentError,
            "odeint: 'Radau' solves equations in each step, which 'direct' does not go through",
        ),
        (
            lambda k: odeint(decay, 1.0, T, (k,), step_size=0.1),
            ArgumentError,
            "odeint: 'RK45' chooses its steps by rtol",
        ),
        (
            lambda k: odeint(decay, 1.0, T, (k,), "rk4", step_size=0.0),
            ArgumentError,
            "odeint: step_size=0.0; give a time",
        ),
        (
            lambda k: odeint(decay, 1.0, T, (k,), "rk4", max_step=1),
            ArgumentError,
            "odeint: 'rk4' has no option 'max_step'",
        ),
        (
            lambda k: odeint(decay, 1.0, T, (k,), "rk4", step_size="0.1"),
            ArgumentError,
            "odeint: step_size='0.1'; give a time above 0",
        ),
        (
            lambda k: odeint(decay, 1.0, T, (k,), rtol=-1.0),
            ArgumentError,
            "odeint: a tolerance is -1.0; give a number above",
        ),
        (
            lambda k: odeint(decay, 1.0, [0.0, 1.0, 1.0], (k,)),
            ArgumentError,
            "odeint: the times in t do not rise all the way, or fall",
        ),
        (
            lambda k: odeint(lambda y, t, k: -k * y, 1.0, T, (k,)),
            ArgumentError,
            "odeint: f takes (y, t), as for SciPy's odeint; here it takes (t, y), as for solve_ivp; "
            "write lambda t, y, *args: f(y, t, *args)",
        ),
        (
            lambda k: odeint(Swapped().slope, 1.0, T, (k,)),
            ArgumentError,
            "odeint: f takes (y, t), as for SciPy's odeint; here it takes (t, y), as for solve_ivp; ",
        ),
        (
            lambda k: odeint(decay, 1.0, T, (k,), events=None),
            ArgumentError,
            "odeint: there is no option events=; it has rtol, atol, max_step, first_step, min_step, jac",
        ),
        (lambda k: odeint(decay, 1.0, 1.0, (k,)), ShapeError, "odeint: t is a float; give the times in an array of"),
        (
            lambda k: odeint(lambda t, y, k: k * np.ones(3), np.ones(2), T, (k,))[-1],
            ShapeError,
            "odeint: the slope has shape (3,), and y has (2,); f(t, y, *args) gives one slope for each number",
        ),
        (
            lambda k: odeint(lambda t, y, k: k / y, 0.0, T, (k,))[-1],
            DomainError,
            "odeint: the slope is not finite at t = 0",
        ),
        (lambda k: odeint(decay, k * np.nan, T, (k,))[-1], DomainError, "odeint: y0 is nan; start from finite numbers"),
        (
            lambda k: odeint(lambda t, y: -k * y, 1.0, T)[-1],
            GradientError,
            "odeint: the function uses a Value from outside, and the result would lose its gradient;\n"
            "give it to the function through args=(...,)",
        ),
        (
            lambda k: odeint(lambda t, y: -y + (k if t > 0.5 else 0.0), 1.0, T)[-1],
            GradientError,
            "odeint: the function uses a Value from outside",
        ),
        (
            lambda k: odeint(decay, 1.0, T, (k,), jac=lambda t, y: -1.0)[-1],
            ArgumentError,
            "odeint: there is no option jac=; it has rtol",
        ),
        (
            lambda k: odeint(lambda t, y, k: k * y**2, 1.0, [0.0, 10.0], (k,), rtol=1e-6)[-1],
            DomainError,
            "odeint: RK45 stopped at t = 1: Required step size is less than spacing between numbers.",
        ),
        (
            lambda k: odeint(lambda t, y, k: -k * 14.0 * (y - np.cos(t)), 5.0, [0.0, 1.0], (k,))[-1],
            GradientError,
            "odeint: solved backward to t = 0, y misses what it was by ",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_refused(run, kind, words):
    with pytest.raises(kind) as caught:
        grad(run)(1.0)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize("options", [{}, {"method": "rk4"}, {"gradient": "direct"}])
def test_a_list_where_numpys_arithmetic_is_wanted_gets_a_note(options):
    with pytest.raises(TypeError) as caught:
        odeint(lambda t, y: -y, [1.0, 2.0], T, **options)
    assert caught.value.__notes__ == [
        "odeint: the function gets y as a list, as given; give np.array([...]) for NumPy's arithmetic"
    ]
