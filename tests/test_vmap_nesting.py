"""vmap inside of transforms inside of vmap: each program runs once with vmap, and once
with a loop in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import elementwise_grad, grad, hessian, jacobian, jvp, nn, ops, vjp, vmap

RNG = np.random.default_rng(3)
XS, YS, ROWS, EYE = RNG.normal(size=4), RNG.normal(size=3), RNG.normal(size=(4, 3)), 4.0 * np.eye(3)
PLACES = np.array([0, 2, 1, 1])


def loop(f: Callable[..., Any], in_axes: Any = 0) -> Callable[..., Any]:
    """vmap by a loop over axis 0, for arrays."""

    def looped(*args: Any) -> Any:
        axes = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(args)
        count = next(arg.shape[0] for arg, axis in zip(args, axes, strict=True) if axis is not None)
        rows = [[x if axis is None else x[b] for x, axis in zip(args, axes, strict=True)] for b in range(count)]
        return ops.stack([f(*row) for row in rows])

    return looped


def sine(a: Any, b: Any, x: Any) -> Any:
    return np.sin(a * b * x)


def all_cotangents(vm: Any) -> Any:
    _, pullback = vjp(lambda v: vm(lambda x: np.tanh(x * v))(XS), YS)
    return vm(lambda i: pullback(np.where(np.arange(4)[:, None] == i, 1.0, 0.0) * np.ones((4, 3)))[0])(np.arange(4.0))


def inner_take(vm: Any) -> Any:
    def f(v: Any, i: Any) -> Any:
        squares = vm(lambda j: ops.take(v, j, axis=0) ** 2)(np.array([0, 1, 1]))
        return np.sum(squares) * ops.take(v, i, axis=0)

    return vm(lambda i: grad(lambda v: f(v, i))(YS))(PLACES)


PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "vmap jvp vmap": lambda vm: vm(
        lambda x: jvp(lambda w: np.sum(vm(lambda y: np.tanh(w * y * x))(YS)), (2.0,), (x,))[1]
    )(XS),
    "grad vmap grad vmap": lambda vm: grad(
        lambda a: np.sum(vm(lambda x: grad(lambda b: np.sum(vm(lambda y: sine(a, b, x * y))(YS)) ** 2)(x * a))(XS))
    )(0.7),
    "jacobian vmap grad": lambda vm: jacobian(lambda a: vm(lambda x: grad(lambda b: sine(a, b, x))(x * a))(XS))(0.7),
    "forward jacobian vmap grad": lambda vm: jacobian(
        lambda a: vm(lambda x: grad(lambda b: sine(a, b, x))(x * a))(XS), mode="forward"
    )(0.7),
    "hessian vmap jvp": lambda vm: hessian(
        lambda v: np.sum(vm(lambda x: jvp(lambda b: np.tanh(b * x * v[0]) * v[1], (v[2],), (x,))[1])(XS))
    )(YS),
    "vmap hessian": lambda vm: vm(hessian(lambda v: np.sum(v * v * v) * v[0]))(ROWS),
    "vmap vmap grad": lambda vm: vm(lambda x: vm(lambda y: grad(lambda w: w * x * np.tanh(w * y))(y))(YS))(XS),
    "jvp vmap jvp": lambda vm: jvp(
        lambda a: vm(lambda x: jvp(lambda b: sine(a, b, x), (x,), (1.0,))[1])(XS), (0.3,), (1.0,)
    )[1],
    "vmap grad jvp": lambda vm: vm(lambda x: grad(lambda a: jvp(lambda b: sine(a, b, x), (a,), (x,))[1])(x))(XS),
    "vmap jvp grad": lambda vm: vm(lambda x: jvp(lambda a: grad(lambda b: sine(a, b, x))(a), (x,), (1.0,))[1])(XS),
    "vmap pullback of vmap": all_cotangents,
    "vmap vjp": lambda vm: vm(lambda x: vjp(lambda v: np.sin(v * x), YS)[1](YS * x)[0])(XS),
    "grad vmap vjp": lambda vm: grad(
        lambda v: np.sum(vm(lambda x: vjp(lambda u: np.sin(u * x * v), YS)[1](v * x)[0])(XS))
    )(YS),
    "vmap solve": lambda vm: vm(lambda r: np.linalg.solve(EYE + np.outer(r, r), r))(ROWS),
    "jacobian vmap solve": lambda vm: jacobian(
        lambda v: vm(lambda x: np.linalg.solve(EYE + np.outer(v, v) * x, v))(XS)
    )(YS),
    "vmap grad sort": lambda vm: vm(lambda x: grad(lambda w: np.sum(np.sort(w * x) * np.cumsum(w)))(YS))(XS),
    "vmap array of vmap": lambda vm: vm(lambda x: np.array([x, np.sum(vm(lambda y: x * y)(YS))]))(XS),
    "vmap elementwise_grad vmap": lambda vm: vm(lambda x: elementwise_grad(vm(lambda y: np.tanh(x * y)))(YS))(XS),
    "vmap jacobian vmap": lambda vm: vm(jacobian(lambda x: vm(lambda y: np.stack([x * y, y + x]))(YS)))(XS),
    "vmap vmap of one": lambda vm: vm(lambda x: vm(lambda a, b: a * b * x, (0, None))(YS, x))(XS),
    "grad vmap take": lambda vm: grad(lambda v: np.sum(vm(lambda x: np.take(v, np.argmax(v * x)) * x)(XS)))(YS),
    "vmap grad vmap take": inner_take,
    "vmap where max": lambda vm: vm(lambda x: np.sum(np.where(np.arange(3) > 0, x, 0.0)) + np.max(YS * x))(XS),
    "vmap grad where": lambda vm: vm(grad(lambda x: np.sum(np.where(x < YS, np.log(np.abs(YS - x)), 0.0))))(XS),
    "three vmaps": lambda vm: vm(lambda x: vm(lambda y: vm(lambda z: np.sin(x * y * z))(YS))(YS))(XS),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_vmap_in_place_of_a_loop(name: str) -> None:
    program = PROGRAMS[name]
    np.testing.assert_allclose(program(vmap), program(loop), rtol=1e-12, atol=1e-13)


LAYERS: dict[str, tuple[Any, Any]] = {
    "linear": (nn.Sequential(nn.Linear(3, 4, rng=RNG), nn.Tanh(), nn.Linear(4, 2, rng=RNG)), ROWS),
    "LayerNorm": (nn.LayerNorm(3), ROWS),
    "convolution": (nn.Sequential(nn.Conv1d(1, 2, 2, rng=RNG), nn.MaxPool1d(2)), RNG.normal(size=(4, 1, 6))),
    "LSTM": (nn.LSTM(3, 2, rng=RNG), RNG.normal(size=(4, 5, 3))),
    "GRU": (nn.GRU(3, 2, rng=RNG), RNG.normal(size=(4, 5, 3))),
    "attention": (nn.TransformerEncoderLayer(4, 2, 8, 0.0, rng=RNG), RNG.normal(size=(4, 5, 4))),
}


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_of_a_module_for_each_example(name: str) -> None:
    module, xs = LAYERS[name]

    def loss(module: Any, x: Any) -> Any:
        z = module(x)
        return np.sum(np.tanh(z[0] if isinstance(z, tuple) else z))

    found = vmap(grad(loss), (None, 0))(module, xs)
    each = [dict(grad(loss)(module, x).named_parameters()) for x in xs]
    for parameter, g in found.named_parameters():
        np.testing.assert_allclose(g.data, np.stack([row[parameter].data for row in each]), rtol=1e-11, atol=1e-12)
