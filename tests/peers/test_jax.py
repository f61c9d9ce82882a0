"""Every transform against JAX's of the same name, on the same functions."""

from __future__ import annotations

import numpy as np
import pytest

import micrograd
import micrograd.numpy as mnp
from micrograd.trees import leaves_of

pytestmark = pytest.mark.peer

GENERATOR = np.random.default_rng(8)


def draw(*shape):
    return GENERATOR.normal(size=shape) if shape else float(GENERATOR.normal())


def rosenbrock(np):
    return lambda x: np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def network(np):
    def loss(params, x, y):
        for w, b in params[:-1]:
            x = np.tanh(np.dot(x, w) + b)
        w, b = params[-1]
        return np.mean((np.dot(x, w) + b - y) ** 2)

    return loss


def classifier(np):
    def loss(p, x, labels):
        logits = x @ p["w"] + p["b"]
        top = np.max(logits, axis=-1, keepdims=True)
        chosen = np.take_along_axis(logits - top, labels[:, None], axis=1)
        return -np.mean(chosen - np.log(np.sum(np.exp(logits - top), axis=-1, keepdims=True)))

    return loss


def attention(np):
    def f(q, k, v):
        scores = np.einsum("bqd,bkd->bqk", q, k) / np.sqrt(3.0)
        scores = np.where(np.tril(np.ones((4, 4))) > 0, scores, -1e9)
        e = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
        return np.sum(np.einsum("bqk,bkd->bqd", e / np.sum(e, axis=-1, keepdims=True), v) ** 2)

    return f


def gaussian(np):
    def f(mean, root, x):
        covariance = root @ root.T + np.eye(3)
        d = x - mean
        return 0.5 * d @ np.linalg.solve(covariance, d) + 0.5 * np.linalg.slogdet(covariance)[1]

    return f


def decompositions(np):
    def f(a):
        s = a @ a.T + np.diag(np.arange(1.0, 4.0))
        return (
            np.sum(np.linalg.cholesky(s) ** 3)
            + np.sum(np.linalg.eigh(s)[0] ** 2)
            + np.sum(np.linalg.svd(a, compute_uv=False) ** 3)
            + np.linalg.det(s)
            + np.trace(np.linalg.inv(s))
            + np.linalg.norm(a)
        )

    return f


def recurrence(np):
    def f(w, x):
        h = np.zeros(3)
        for i in range(4):
            h = np.tanh(w @ h + x[i] * np.cumsum(h + 1.0))
        return np.prod(h) + np.sum(np.sort(h)[1:]) + np.std(h) + np.median(h)

    return f


def numbers(np):
    return lambda x, y: np.exp(x) * np.sin(y) + np.arctan2(x, y) + np.log1p(x * x) + np.hypot(x, y) ** 3 + x**y


def shapes(np):
    def f(x):
        y = np.concatenate([x, np.flip(x, 0)], axis=1)
        y = np.pad(np.moveaxis(np.stack([y, y**2]), 0, -1), ((0, 0), (1, 0), (0, 1)))
        z = np.repeat(np.roll(np.swapaxes(y, 0, 1), 1, axis=0), 2, axis=1)
        return np.sum(np.tensordot(z, z, axes=([0, 2], [0, 2])) * np.triu(np.ones((4, 4)))) + np.sum(
            np.tile(x[0], 2) ** 3
        )

    return f


EXAMPLES = {  # a function to one number; its arguments; those to differentiate by
    "Rosenbrock": (rosenbrock, (draw(10),), (0,)),
    "network": (network, ([(draw(2, 3), draw(3)), (draw(3, 1), draw(1))], draw(5, 2), draw(5, 1)), (0, 1)),
    "classifier": (classifier, ({"w": draw(3, 4), "b": draw(4)}, draw(5, 3), np.array([0, 3, 1, 1, 2])), (0, 1)),
    "attention": (attention, (draw(2, 4, 3), draw(2, 4, 3), draw(2, 4, 3)), (0, 1, 2)),
    "Gaussian": (gaussian, (draw(3), draw(3, 3), draw(3)), (0, 1, 2)),
    "decompositions": (decompositions, (draw(3, 3),), (0,)),
    "recurrence": (recurrence, (draw(3, 3), draw(4)), (0, 1)),
    "numbers": (numbers, (0.7, 1.3), (0, 1)),
    "shapes": (shapes, (draw(2, 3),), (0,)),
}

VECTORS = {  # a function to an array or a tree; its one argument
    "tall": (lambda np: lambda x: np.tanh(np.outer(x, x)) @ np.ones(3), draw(3)),
    "wide": (lambda np: lambda x: np.stack([np.sum(np.sin(x)), np.prod(x)]), draw(6)),
    "number in": (lambda np: lambda s: np.exp(s * np.arange(3.0)), 0.3),
    "number to number": (lambda np: np.tanh, 0.3),
    "matrix": (lambda np: lambda m: np.linalg.inv(m), draw(2, 2) + 3.0 * np.eye(2)),
    "trees": (
        lambda np: lambda p: {"u": p["a"] * p["b"], "v": [np.sum(p["a"]), p["b"] ** 2]},
        {"a": draw(3), "b": 0.7},
    ),
}


@pytest.fixture(scope="module")
def jax():
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield jax
    jax.config.update("jax_enable_x64", before)


def agree(mine, theirs, jax):
    """Trees of the same structure, shapes and numbers."""
    assert jax.tree_util.tree_structure(mine) == jax.tree_util.tree_structure(theirs)
    for x, y in zip(jax.tree_util.tree_leaves(mine), jax.tree_util.tree_leaves(theirs), strict=True):
        assert np.shape(x) == np.shape(y)
        np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-10)


def moved(tree, seed, jax):
    """A tangent of the tree's structure."""
    generator = np.random.default_rng(seed)
    return jax.tree_util.tree_map(lambda x: generator.normal(size=np.shape(x))[()] * 1.0, tree)


@pytest.mark.parametrize("name", EXAMPLES)
def test_of_one_number(name, jax):
    make, args, argnums = EXAMPLES[name]
    ours, theirs = make(mnp), make(jax.numpy)

    def fixed(f):
        """f as a function of the arguments to differentiate by: they come first."""
        return lambda *moving: f(*moving, *args[len(moving) :])

    primals = tuple(args[i] for i in argnums)
    tangents = moved(primals, 1, jax)
    agree(micrograd.grad(ours, argnums)(*args), jax.grad(theirs, argnums)(*args), jax)
    agree(micrograd.grad(ours)(*args), jax.grad(theirs)(*args), jax)
    agree(micrograd.value_and_grad(ours, argnums)(*args), jax.value_and_grad(theirs, argnums)(*args), jax)
    agree(
        micrograd.value_and_grad(lambda *xs: (ours(*xs), {"x": xs[0]}), has_aux=True)(*args),
        jax.value_and_grad(lambda *xs: (theirs(*xs), {"x": xs[0]}), has_aux=True)(*args),
        jax,
    )
    agree(micrograd.jvp(fixed(ours), primals, tangents), jax.jvp(fixed(theirs), primals, tangents), jax)
    (z, pullback), (w, their_pullback) = micrograd.vjp(fixed(ours), *primals), jax.vjp(fixed(theirs), *primals)
    agree((z, pullback(2.0)), (w, their_pullback(jax.numpy.asarray(2.0))), jax)
    product = micrograd.hvp(fixed(ours), primals, tangents)
    their_gradient = jax.grad(fixed(theirs), tuple(range(len(primals))))
    their_product = jax.jvp(their_gradient, primals, tangents)[1]
    agree(product, their_product[0] if len(primals) == 1 else their_product, jax)


@pytest.mark.parametrize("name", ["Rosenbrock", "classifier", "Gaussian", "decompositions", "recurrence", "numbers"])
def test_hessian(name, jax):
    make, args, argnums = EXAMPLES[name]
    theirs = jax.hessian(make(jax.numpy), argnums)(*args)
    agree(micrograd.hessian(make(mnp), argnums)(*args), theirs, jax)
    forward = micrograd.jacobian(micrograd.grad(make(mnp), argnums), argnums, mode="forward")(*args)
    agree(forward, theirs, jax)


@pytest.mark.parametrize("name", VECTORS)
def test_of_many_numbers(name, jax):
    make, x = VECTORS[name]
    ours, theirs = make(mnp), make(jax.numpy)
    agree(micrograd.jacobian(ours)(x), jax.jacrev(theirs)(x), jax)
    agree(micrograd.jacobian(ours, mode="reverse")(x), jax.jacrev(theirs)(x), jax)
    agree(micrograd.jacobian(ours, mode="forward")(x), jax.jacfwd(theirs)(x), jax)
    (z, pullback), (w, their_pullback) = micrograd.vjp(ours, x), jax.vjp(theirs, x)
    cotangent = moved(w, 2, jax)
    agree((z, pullback(cotangent)), (w, their_pullback(jax.tree_util.tree_map(jax.numpy.asarray, cotangent))), jax)
    tangent = moved(x, 3, jax)
    agree(micrograd.jvp(ours, (x,), (tangent,)), jax.jvp(theirs, (x,), (tangent,)), jax)
    twice = micrograd.jacobian(micrograd.jacobian(ours, mode="forward"), mode="reverse")(x)
    agree(twice, jax.jacrev(jax.jacfwd(theirs))(x), jax)


@pytest.mark.parametrize("order", range(1, 6))
def test_derivatives_of_derivatives(order, jax):
    """Reverse and forward mode in turn."""

    def derivative(package, np):
        def slope(f):
            return lambda x: package.jvp(f, (x,), (1.0,))[1]

        def f(x):
            return np.tanh(x) * np.exp(-x * x)

        for i in range(order):
            f = package.grad(f) if i % 2 else slope(f)
        return f(0.6)

    agree(derivative(micrograd, mnp), derivative(jax, jax.numpy), jax)


def test_closures(jax):
    """The gradient of a step of gradient descent, by its rate and its start:
    derivatives within derivatives.
    """

    def program(grad, np):
        def after(rate, start):
            x = start
            for _ in range(3):
                x = x - rate * grad(lambda x: np.sum((x**2 - rate * x) ** 2))(x)
            return np.sum(x**2)

        return grad(after, (0, 1))(0.05, np.arange(1.0, 4.0))

    agree(program(micrograd.grad, mnp), program(jax.grad, jax.numpy), jax)
    assert len(leaves_of(program(micrograd.grad, mnp))) == 2


def examples(tree, jax):
    """Three examples like the tree, along axis 0 of each leaf."""
    return jax.tree_util.tree_map(
        lambda x: np.stack([x * c if np.asarray(x).dtype == float else x for c in (1.0, 0.97, 1.03)]), tree
    )


@pytest.mark.parametrize("mapped", ["all", "last"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_vmap(name, mapped, jax):
    make, args, argnums = EXAMPLES[name]
    ours, theirs = make(mnp), make(jax.numpy)
    chosen = range(len(args)) if mapped == "all" else [len(args) - 1]
    axes = tuple(0 if i in chosen else None for i in range(len(args)))
    given = tuple(examples(x, jax) if a == 0 else x for x, a in zip(args, axes, strict=True))

    def ours_summed(*xs):
        return mnp.sum(micrograd.vmap(ours, axes)(*xs) ** 2)

    def theirs_summed(*xs):
        return jax.numpy.sum(jax.vmap(theirs, axes)(*xs) ** 2)

    agree(micrograd.vmap(ours, axes)(*given), jax.vmap(theirs, axes)(*given), jax)
    agree(
        micrograd.vmap(micrograd.grad(ours, argnums), axes)(*given),
        jax.vmap(jax.grad(theirs, argnums), axes)(*given),
        jax,
    )
    agree(micrograd.grad(ours_summed, argnums)(*given), jax.grad(theirs_summed, argnums)(*given), jax)


@pytest.mark.parametrize("name", VECTORS)
def test_vmap_of_jacobians_and_products(name, jax):
    make, x = VECTORS[name]
    ours, theirs = make(mnp), make(jax.numpy)
    xs, direction = examples(x, jax), moved(x, 2, jax)
    agree(micrograd.vmap(micrograd.jacobian(ours))(xs), jax.vmap(jax.jacobian(theirs))(xs), jax)
    agree(
        micrograd.vmap(lambda x: micrograd.jvp(ours, (x,), (direction,)))(xs),
        jax.vmap(lambda x: jax.jvp(theirs, (x,), (direction,)))(xs),
        jax,
    )
    agree(
        micrograd.jvp(micrograd.vmap(ours), (xs,), (xs,)),
        jax.jvp(jax.vmap(theirs), (xs,), (xs,)),
        jax,
    )


def test_vmap_of_vmap_with_axes(jax):
    cube, rows = draw(2, 4, 3), draw(3, 5)

    def of(vmap, np):
        inner = vmap(lambda x, y: np.tanh(np.outer(x, y)), in_axes=(None, 1), out_axes=-1)
        return vmap(inner, in_axes=(1, None), out_axes=1)

    agree(of(micrograd.vmap, mnp)(cube[:, :, 0], rows), of(jax.vmap, jax.numpy)(cube[:, :, 0], rows), jax)
