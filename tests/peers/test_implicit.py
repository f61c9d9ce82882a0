"""Solutions of equations against JAX: `odeint` against jax.experimental.ode, `root` and
`minimize` against lax.custom_root.
"""

from __future__ import annotations

import numpy as np
import pytest

from micrograd import grad, hessian, jacobian, jvp
from micrograd.scipy import fixed_point, minimize, odeint, root

pytestmark = pytest.mark.peer

GENERATOR = np.random.default_rng(11)
P = {"A": GENERATOR.normal(size=(3, 3)), "b": GENERATOR.normal(size=3)}
Y0, T = GENERATOR.normal(size=3), np.array([0.0, 0.3, 1.0, 1.6])
WEIGHTS = GENERATOR.normal(size=(4, 3))


@pytest.fixture
def jax():
    jax = pytest.importorskip("jax", reason="JAX is a peer")
    jax.config.update("jax_enable_x64", True)
    return jax


def flow(np):
    return lambda t, y, p: np.tanh(p["A"] @ y + p["b"]) - 0.3 * y * np.cos(t)


@pytest.mark.parametrize("way", [{}, {"method": "DOP853"}, {"gradient": "direct"}, {"method": "LSODA"}], ids=str)
def test_odeint(jax, way):
    ode = pytest.importorskip("jax.experimental.ode")
    f = flow(jax.numpy)

    def theirs(p, y0, t):
        return jax.numpy.sum(WEIGHTS * ode.odeint(lambda y, t, p: f(t, y, p), y0, t, p, rtol=1e-10, atol=1e-10))

    def ours(p, y0, t):
        return np.sum(WEIGHTS * odeint(flow(np), y0, t, args=(p,), rtol=1e-9, atol=1e-9, **way))

    np.testing.assert_allclose(ours(P, Y0, T), theirs(P, Y0, T), rtol=1e-7)
    wanted, found = jax.grad(theirs, (0, 1, 2))(P, Y0, T), grad(ours, (0, 1, 2))(P, Y0, T)
    for key in P:
        np.testing.assert_allclose(found[0][key], wanted[0][key], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found[1], wanted[1], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found[2], wanted[2], rtol=1e-6, atol=1e-7)


def solved_by_jax(jax, f, x0):
    """A root with implicit derivatives."""
    lax, jnp = jax.lax, jax.numpy

    def newton(f, x):
        for _ in range(30):
            x = x - jnp.linalg.solve(jax.jacobian(f)(x), f(x))
        return x

    def tangent(g, y):
        return jnp.linalg.solve(jax.jacobian(g)(y), y)

    return lax.custom_root(f, x0, newton, tangent)


def loss(np):
    def loss(x, p):
        return np.sum(np.exp(0.3 * (p["A"] @ x))) + 0.5 * np.sum((x - p["b"]) ** 2)

    return loss


SYSTEMS = {
    "root": (
        lambda np: lambda x, p: 2.0 * x + np.tanh(p["A"] @ x) ** 3 - p["b"],
        lambda f, p: root(f, np.zeros(3), p).x,
    ),
    "fixed_point": (
        lambda np: lambda x, p: 0.3 * np.tanh(p["A"] @ x) + p["b"] - x,
        lambda f, p: fixed_point(lambda x, p: f(x, p) + x, np.zeros(3), args=(p,)),
    ),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_systems(jax, name):
    equations, solve = SYSTEMS[name]
    theirs = lambda p: jax.numpy.sum(solved_by_jax(jax, lambda x: equations(jax.numpy)(x, p), np.zeros(3)) ** 3)  # noqa: E731
    ours = lambda p: np.sum(solve(equations(np), p) ** 3)  # noqa: E731
    compare(jax, theirs, ours)


@pytest.mark.parametrize("way", [{}, {"method": "Newton-CG"}, {"method": "Nelder-Mead"}, {"solve": "cg"}], ids=str)
def test_minimize(jax, way):
    slope = jax.grad(loss(jax.numpy))
    theirs = lambda p: jax.numpy.sum(solved_by_jax(jax, lambda x: slope(x, p), np.zeros(3)) ** 3)  # noqa: E731
    ours = lambda p: np.sum(minimize(loss(np), np.zeros(3), args=(p,), **way).x ** 3)  # noqa: E731
    compare(jax, theirs, ours)


def compare(jax, theirs, ours):
    wanted, found = jax.grad(theirs)(P), grad(ours)(P)
    for key in P:
        np.testing.assert_allclose(found[key], wanted[key], rtol=1e-8, atol=1e-10)
    slope = jvp(ours, (P,), (P,))[1]
    np.testing.assert_allclose(slope, sum(np.sum(found[key] * P[key]) for key in P), rtol=1e-8)
    wanted, found = jax.hessian(theirs)(P), hessian(ours)(P)
    for row in P:
        for column in P:
            np.testing.assert_allclose(found[row][column], wanted[row][column], rtol=1e-6, atol=1e-8)


def test_the_jacobian_of_a_solution(jax):
    equations = SYSTEMS["root"][0]
    theirs = jax.jacobian(lambda p: solved_by_jax(jax, lambda x: equations(jax.numpy)(x, p), np.zeros(3)))(P)
    ours = jacobian(lambda p: root(equations(np), np.zeros(3), p).x)(P)
    for key in P:
        np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-9, atol=1e-11)
