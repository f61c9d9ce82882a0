"""Custom rules, linearize and checkpoint against JAX, and checkpoint against PyTorch:
the same program, with the library as its argument.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

import micrograd
from micrograd.trees import leaves_of

pytestmark = pytest.mark.peer

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)

X, Y = np.array([0.1, 0.4, 0.7, 1.0]), np.array([1.0, -1.3, 1.6, 2.0])


def sine(lib, np):
    f = lib.custom_vjp(lambda x, y: np.sin(x) * y)
    f.defvjp(lambda x, y: (f(x, y), (np.cos(x), np.sin(x), y)), lambda r, g: (r[0] * g * r[2], r[1] * g))
    return f


def ten_times(lib, np):
    """The rule is wrong on purpose: it is used all the same."""
    f = lib.custom_vjp(lambda x, y: x * y)
    f.defvjp(lambda x, y: (f(x, y), (x, y)), lambda r, g: (10.0 * g * r[1], None))
    return f


def clipped(lib, np):
    f = lib.custom_vjp(lambda limit, x, y: x * y, nondiff_argnums=(0,))
    f.defvjp(lambda limit, x, y: (f(limit, x, y), y), lambda limit, y, g: (np.clip(g * y, -limit, limit), g * g))
    return lambda x, y: f(0.5, x, y)


def forward(lib, np):
    f = lib.custom_jvp(lambda x, y: np.sin(x) * y)

    @f.defjvp
    def rule(primals, tangents):
        (x, y), (s, t) = primals, tangents
        return f(x, y), 3.0 * np.cos(x) * s * y + np.sin(x) * t

    return f


def by_argument(lib, np):
    f = lib.custom_jvp(lambda x, y: np.sin(x) * y)
    f.defjvps(lambda t, z, x, y: 3.0 * np.cos(x) * t * y, None)
    return f


def trees(lib, np):
    """Both outputs depend on both arguments: of an output that is the same in each
    example, JAX 0.10's grad of vmap is not that of a loop.
    """
    f = lib.custom_vjp(lambda p: {"a": p["x"] * p["y"], "b": [np.sin(p["x"] + 0.0 * p["y"])]})
    f.defvjp(
        lambda p: (f(p), p),
        lambda p, g: ({"x": g["a"] * p["y"] + 2.0 * np.cos(p["x"]) * g["b"][0], "y": g["a"] * p["x"]},),
    )

    def flat(x, y):
        out = f({"x": x, "y": y})
        return out["a"] * out["b"][0]

    return flat


def recomputed(lib, np):
    return lib.checkpoint(lambda x, y: np.sin(np.sin(x) * y))


def total(f, np):
    return lambda x, y: np.sum(f(x, y) ** 2)


TRANSFORMS = {
    "grad": lambda lib, np, f: lib.grad(total(f, np), (0, 1))(X, Y),
    "vjp": lambda lib, np, f: lib.vjp(f, X, Y)[1](Y),
    "hessian": lambda lib, np, f: lib.jacobian(lib.grad(total(f, np)))(X, Y),
    "vmap of grad": lambda lib, np, f: lib.vmap(lib.grad(f, (0, 1)))(X, Y),
    "grad of vmap": lambda lib, np, f: lib.grad(total(lib.vmap(f), np), (0, 1))(X, Y),
    "grad of vmap, one mapped": lambda lib, np, f: lib.grad(total(lib.vmap(f, (None, 0)), np), (0, 1))(2.0, Y),
}
FORWARD = {
    "jvp": lambda lib, np, f: lib.jvp(f, (X, Y), (Y, X)),
    "jvp of vmap": lambda lib, np, f: lib.jvp(lib.vmap(f, (None, 0)), (2.0, Y), (3.0, X)),
    "linearize": lambda lib, np, f: lib.linearize(f, X, Y)[1](Y, X),
    "grad of jvp": lambda lib, np, f: lib.grad(lambda x: np.sum(lib.jvp(f, (x, Y), (Y, X))[1]))(X),
}
CASES = [(f, t) for f in (sine, ten_times, clipped, trees) for t in TRANSFORMS.items()]
CASES += [(f, t) for f in (forward, by_argument, recomputed) for t in {**TRANSFORMS, **FORWARD}.items()]


class Jax:
    def __getattr__(self, name):
        return getattr(jax, {"jacobian": "jacrev"}.get(name, name))


@pytest.mark.parametrize(
    ("make", "transform"), [(f, t) for f, (_, t) in CASES], ids=[f"{f.__name__}-{name}" for f, (name, _) in CASES]
)
def test_the_same_numbers_as_jax(make, transform):
    given = transform(micrograd, np, make(micrograd, np))
    wanted = transform(Jax(), jax.numpy, make(jax, jax.numpy))
    for x, y in zip(leaves_of(given), jax.tree_util.tree_leaves(wanted), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-14)


def test_linearize_and_linear_transpose():
    def f(x, y):
        return x[1:] * 2.0 - y[:-1], x

    def run(lib, np):
        out, push, aux = lib.linearize(lambda x, y: (f(x, y), np.sum(x)), X, Y, has_aux=True)
        return out, push(Y, X), aux, lib.linear_transpose(f, X, Y)((Y[1:], X))

    given, wanted = run(micrograd, np), run(jax, jax.numpy)
    for x, y in zip(leaves_of(given), jax.tree_util.tree_leaves(wanted), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12)


def test_checkpoint_gives_pytorch_s_gradients():
    torch = pytest.importorskip("torch")
    from torch.utils.checkpoint import checkpoint

    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((4, 4)) for _ in range(3)]
    ours = [micrograd.Value(w) for w in weights]
    theirs = [torch.tensor(w, requires_grad=True) for w in weights]
    x, t = micrograd.Value(X), torch.tensor(X, requires_grad=True)
    z, s = x, t
    for w, v in zip(ours, theirs, strict=True):
        z = micrograd.checkpoint(lambda z, w=w: np.tanh(z @ w))(z)
        s = checkpoint(functools.partial(lambda v, s: torch.tanh(s @ v), v), s, use_reentrant=False)
    np.sum(z**2).backward()
    (s**2).sum().backward()
    for given, wanted in zip([x, *ours], [t, *theirs], strict=True):
        np.testing.assert_allclose(given.grad, wanted.grad.numpy(), rtol=1e-12)
