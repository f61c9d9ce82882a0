"""Jacobians and Hessians beside JAX's `jacfwd`, `jacrev` and `hessian`; sparse ones
beside full ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from micrograd import hessian, jacobian, vmap
from micrograd import numpy as mnp

pytestmark = pytest.mark.peer
jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)

X = np.linspace(-0.9, 1.1, 8)

FUNCTIONS: dict[str, Any] = {
    "diffusion": lambda np, x: 2.0 * x[1:-1] - x[:-2] - x[2:] + np.exp(x[1:-1]),
    "Brown's almost linear": lambda np, x: np.concatenate([x[:-1] + np.sum(x) - 9.0, np.prod(x)[None] - 1.0]),
    "Broyden's tridiagonal": lambda np, x: (3.0 - 2.0 * x[1:-1]) * x[1:-1] - x[:-2] - 2.0 * x[2:] + 1.0,
    "pairs": lambda np, x: np.stack([x[::2] * x[1::2], np.sin(x[::2]) / (2.0 + x[1::2])]),
    "running": lambda np, x: np.cumsum(np.tanh(x)),
    "matrices": lambda np, x: np.linalg.inv(np.reshape(x, (2, 2, 2)) + 3.0 * np.eye(2)),
    "ranked": lambda np, x: np.sort(x)[:3] * np.max(x),
    "a number": lambda np, x: np.sum(x**3) * x[0],
}
SCALARS: dict[str, Any] = {
    "Rosenbrock": lambda np, x: np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2),
    "Wood": lambda np, x: np.sum(10.0 * (x[::2] ** 2 - x[1::2]) ** 2 + (1.0 - x[::2]) ** 2),
    "logarithm of sums": lambda np, x: np.log(np.sum(np.exp(x))),
    "separable": lambda np, x: np.sum(np.cos(x) * x),
    "arrow": lambda np, x: x[0] * np.sum(x[1:] ** 2),
    "chain": lambda np, x: np.sum(np.sin(x[:-2] * x[1:-1] + x[2:])),
    "matrix": lambda np, x: np.linalg.det(np.reshape(x, (2, 2, 2)) + 2.0 * np.eye(2)).sum(),
}


@pytest.mark.parametrize("mode", [None, "forward", "reverse"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_jacobians(name: str, mode: str | None) -> None:
    f = FUNCTIONS[name]
    wanted = np.asarray(jax.jacrev(lambda x: f(jax.numpy, x))(X))
    np.testing.assert_allclose(np.asarray(jax.jacfwd(lambda x: f(jax.numpy, x))(X)), wanted, rtol=1e-10, atol=1e-12)
    mine = jacobian(lambda x: f(mnp, x), mode=mode)
    np.testing.assert_allclose(mine(X), wanted, rtol=1e-12, atol=1e-13)
    sparse = jacobian(lambda x: f(mnp, x), mode=mode, sparsity="detect")(X)
    np.testing.assert_allclose(sparse.toarray(), wanted.reshape(sparse.shape), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", SCALARS)
def test_hessians(name: str) -> None:
    f = SCALARS[name]
    wanted = np.asarray(jax.hessian(lambda x: f(jax.numpy, x))(X))
    np.testing.assert_allclose(hessian(lambda x: f(mnp, x))(X), wanted, rtol=1e-11, atol=1e-12)
    sparse = hessian(lambda x: f(mnp, x), sparsity="detect")(X)
    np.testing.assert_allclose(sparse.toarray(), wanted, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", SCALARS)
def test_hessians_of_many_examples(name: str) -> None:
    f, xs = SCALARS[name], np.stack([X, X[::-1], 0.5 * X])
    wanted = np.asarray(jax.vmap(jax.hessian(lambda x: f(jax.numpy, x)))(xs))
    np.testing.assert_allclose(vmap(hessian(lambda x: f(mnp, x)))(xs), wanted, rtol=1e-11, atol=1e-12)
