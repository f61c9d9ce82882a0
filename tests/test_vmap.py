"""vmap with the other transforms: what it gives is what a loop over the examples
gives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, grad, hessian, jacobian, jvp, vjp, vmap

RNG = np.random.default_rng(7)
XS, W, A = RNG.normal(size=(5, 3)), RNG.normal(size=3), RNG.normal(size=(4, 3))
BS = RNG.normal(size=5)


def looped(f: Callable[..., Any], *columns: Any) -> Any:
    return np.stack([np.asarray(f(*row)) for row in zip(*columns, strict=True)])


def close(actual: Any, wanted: Any) -> None:
    np.testing.assert_allclose(actual, wanted, rtol=1e-13, atol=1e-13)


def loss(x: Any, w: Any = W) -> Any:
    return np.sum(np.tanh(x * w) ** 2)


def curve(x: Any) -> Any:
    return np.tanh(A @ x)


PER_EXAMPLE: dict[str, Callable[[Any], Any]] = {
    "f": loss,
    "grad": grad(loss),
    "grad of an inner function": lambda x: grad(lambda w: loss(x, w))(W),
    "jacobian": jacobian(curve),
    "jacobian forward": jacobian(curve, mode="forward"),
    "hessian": hessian(loss),
    "jvp": lambda x: jvp(curve, (x,), (W,))[1],
    "jvp of an inner function": lambda x: jvp(lambda w: loss(x, w), (W,), (x,))[1],
    "vjp": lambda x: vjp(curve, x)[1](np.arange(4.0))[0],
    "grad of grad": lambda x: grad(lambda y: np.sum(grad(loss)(y) * y))(x),
    "vmap": lambda x: vmap(lambda a: np.sum(a * x))(A),
    "grad of vmap": lambda x: grad(lambda y: np.sum(vmap(lambda a: np.sin(a @ y))(A)))(x),
    "vmap of grad": lambda x: vmap(grad(lambda a: np.sin(np.sum(a * x))))(A),
    "constant": lambda x: W,
    "gradient of a constant": lambda x: grad(lambda y: 3.0)(x),
}


@pytest.mark.parametrize("name", PER_EXAMPLE)
def test_of_each_example(name: str) -> None:
    f = PER_EXAMPLE[name]
    close(vmap(f)(XS), looped(f, XS))


def total(w: Any) -> Any:
    return np.sum(vmap(lambda x: loss(x, w) ** 2)(XS))


def total_looped(w: Any) -> Any:
    return sum(loss(x, w) ** 2 for x in XS)


AROUND: dict[str, Callable[[Callable[[Any], Any]], Any]] = {
    "grad": lambda f: grad(f)(W),
    "jvp": lambda f: jvp(f, (W,), (np.arange(3.0),))[1],
    "hessian": lambda f: hessian(f)(W),
    "jacobian of grad": lambda f: jacobian(grad(f), mode="forward")(W),
    "vjp": lambda f: vjp(f, W)[1](2.0)[0],
    "vmap": lambda f: vmap(f)(A),
    "vmap of grad": lambda f: vmap(grad(f))(A),
    "vmap of hessian": lambda f: vmap(hessian(f))(A),
}


@pytest.mark.parametrize("name", AROUND)
def test_inside_of_a_transform(name: str) -> None:
    close(AROUND[name](total), AROUND[name](total_looped))


def test_inner_number_is_not_confused_with_the_outer() -> None:
    close(vmap(lambda b: grad(lambda w: w * w * b)(2.0))(BS), 4.0 * BS)
    close(vmap(lambda b: jvp(lambda w: w * w * b, (2.0,), (1.0,))[1])(BS), 4.0 * BS)


def test_pullback_of_all_cotangents_at_once() -> None:
    out, pullback = vjp(curve, W)
    (rows,) = vmap(pullback)(np.eye(4))
    close(out, curve(W))
    close(rows, jacobian(curve)(W))


def test_pullback_of_all_cotangents_keeps_the_history() -> None:
    def size(x: Any) -> Any:
        _, pullback = vjp(curve, x)
        return np.sum(vmap(pullback)(np.eye(4))[0] ** 2)

    close(grad(size)(W), grad(lambda x: np.sum(jacobian(curve, mode="forward")(x) ** 2))(W))


def test_values_closed_over_keep_their_history() -> None:
    v = Value(W)
    z = vmap(lambda x: loss(x, v))(XS)
    assert isinstance(z, Value)
    z.sum().backward()
    close(v.grad, sum(grad(lambda w, x=x: loss(x, w))(W) for x in XS))


def test_gradients_of_each_example_keep_the_history_of_a_value() -> None:
    v = Value(W)
    z = vmap(grad(lambda x: np.sum(x * x * v)))(XS)
    z.sum().backward()
    close(v.grad, 2.0 * XS.sum(axis=0))


def test_a_result_that_no_argument_has_to_do_with() -> None:
    v = Value(2.0)
    z = vmap(lambda x: v * v)(XS)
    assert z.shape == (5,)
    z.sum().backward()
    assert v.grad == 20.0
