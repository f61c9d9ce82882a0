"""scan and while_loop against JAX's: values, gradients, vmap."""

from __future__ import annotations

import numpy as np
import pytest

import micrograd as mg

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy

pytestmark = pytest.mark.peer

RNG = np.random.default_rng(3)
W = RNG.normal(size=(3, 3)) * 0.5
H = RNG.normal(size=3)
XS = {"a": RNG.normal(size=(6, 3)), "b": RNG.normal(size=6)}
AS = np.array([2.0, 9.0, 0.3, 1e4])


def same(given, wanted):
    given, wanted = mg.trees.leaves_of(given), jax.tree_util.tree_leaves(wanted)
    for x, y in zip(given, wanted, strict=True):
        assert np.shape(x) == np.shape(y) and np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_allclose(x, np.asarray(y), rtol=1e-11, atol=1e-13)


def rnn(np, scan, reverse=False):
    """A loss of weights, start and rows; np and scan are ours or JAX's."""

    def step(w, carry, x):
        h, i = carry
        h = np.tanh(w @ h + x["a"]) * x["b"]
        return (h, i + 1), {"h": h, "i": i, "sum": (np.sum(h), None)}

    def loop(w, h, xs):
        return scan(lambda carry, x: step(w, carry, x), (h, 0), xs, reverse=reverse)

    return loop


def loss(loop, np):
    def summed(w, h, xs):
        (h, _), ys = loop(w, h, xs)
        return np.sum(h**2) + np.sum(ys["h"] ** 3) + np.sum(ys["sum"][0])

    return summed


@pytest.mark.parametrize("reverse", [False, True])
def test_scan_gives_what_that_of_jax_gives(reverse):
    same(rnn(np, mg.scan, reverse)(W, H, XS), rnn(jnp, jax.lax.scan, reverse)(W, H, XS))


@pytest.mark.parametrize("reverse", [False, True])
def test_derivatives_of_scan(reverse):
    ours, theirs = loss(rnn(np, mg.scan, reverse), np), loss(rnn(jnp, jax.lax.scan, reverse), jnp)
    same(mg.grad(ours, (0, 1, 2))(W, H, XS), jax.grad(theirs, (0, 1, 2))(W, H, XS))
    moves = (W * 2.0, H + 1.0, {"a": XS["a"][::-1], "b": XS["b"] * 0.5})
    same(mg.jvp(ours, (W, H, XS), moves), jax.jvp(theirs, (W, H, XS), moves))
    same(mg.hessian(ours, 1)(W, H, XS), jax.hessian(theirs, 1)(W, H, XS))


@pytest.mark.parametrize("axes", [(None, 0, None), (0, None, 0), (0, 0, None)])
def test_scan_under_vmap(axes):
    args = (
        W if axes[0] is None else np.stack([W, W.T]),
        H if axes[1] is None else np.stack([H, -H]),
        XS if axes[2] is None else {k: np.stack([x, x * 2.0]) for k, x in XS.items()},
    )
    ours, theirs = loss(rnn(np, mg.scan), np), loss(rnn(jnp, jax.lax.scan), jnp)
    same(mg.vmap(ours, axes)(*args), jax.vmap(theirs, axes)(*args))
    same(mg.vmap(mg.grad(ours, (0, 1)), axes)(*args), jax.vmap(jax.grad(theirs, (0, 1)), axes)(*args))


def test_scan_without_rows():
    empty = {k: x[:0] for k, x in XS.items()}
    same(rnn(np, mg.scan)(W, H, empty), rnn(jnp, jax.lax.scan)(W, H, empty))


def newton(np, while_loop, **limit):
    def root(a):
        x, steps = while_loop(
            lambda c: np.abs(c[0] ** 2 - a) > 1e-9 * a, lambda c: ((c[0] + a / c[0]) / 2.0, c[1] + 1), (a, 0), **limit
        )
        return x, steps

    return root


def test_while_loop_gives_what_that_of_jax_gives():
    ours, theirs = newton(np, mg.while_loop), newton(jnp, jax.lax.while_loop)
    for a in AS:
        same(ours(a), theirs(a))
        same(mg.jvp(lambda a: ours(a)[0], (a,), (1.0,)), jax.jvp(lambda a: theirs(a)[0], (a,), (1.0,)))
    same(mg.vmap(ours)(AS), jax.vmap(theirs)(AS))
    same(mg.jvp(lambda a: mg.vmap(ours)(a)[0], (AS,), (AS,)), jax.jvp(lambda a: jax.vmap(theirs)(a)[0], (AS,), (AS,)))


def test_reverse_mode_of_while_loop_gives_what_forward_mode_of_jax_gives():
    ours, theirs = newton(np, mg.while_loop, max_steps=60), newton(jnp, jax.lax.while_loop)
    wanted = jax.vmap(jax.jacfwd(lambda a: theirs(a)[0]))(AS)
    same(mg.vmap(mg.grad(lambda a: ours(a)[0]))(AS), wanted)
    same(mg.grad(lambda a: np.sum(mg.vmap(ours)(a)[0]))(AS), wanted)
    second = jax.vmap(jax.jacfwd(jax.jacfwd(lambda a: theirs(a)[0])))(AS)
    same(mg.vmap(mg.grad(mg.grad(lambda a: ours(a)[0])))(AS), second)
