"""Lines of ordinary programs with the types that checkers must see, and that the
results must have when they run.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import micrograd
import micrograd.numpy as mnp
from micrograd import Value, ops
from micrograd.engine import toposort
from micrograd.nn import MLP, Layer, Neuron
from micrograd.op import Array, Op, elementwise
from micrograd.transforms import elementwise_grad, grad, hessian, jacobian, jvp, value_and_grad, vjp


class Labelled(Value):
    """A class of a user's own: what is made of it is of it."""


def polynomial(x: Value) -> Value:
    return x * x + 1.0


def energy(x: float, k: float = 1.0) -> float:
    return 0.5 * k * x * x


def corner(w: NDArray[np.float64], *, scale: float) -> float:
    z: float = w[0] * w[1] * scale
    return z


def with_aux(x: float) -> tuple[float, str]:
    return x * x, "squared"


def of_weights(p: dict[str, float]) -> float:
    return p["w"] * p["x"]


@elementwise("thrice", lambda z, x: 3.0)
def thrice(x: Array) -> Array:
    """3 x."""
    return 3.0 * x


a, b = Value(2.0), Value(-3.0, label="b")
v = Value([[1.0, 2.0], [3.0, 4.0]])
m = Labelled(1.5)
X: NDArray[np.float64] = np.array([[1.0, 2.0], [0.5, 0.25]])

# Operators
assert_type(a + b, Value)
assert_type(2 - a, Value)
assert_type(a**2 / 3.0, Value)
assert_type(-m, Labelled)
assert_type(m * a, Labelled)
assert_type(X @ v, Value)
assert_type(v @ X, Value)
assert_type(X * v - X, Value)
assert_type(np.float64(2.0) * a, Value)
assert_type(a + Fraction(1, 3), Value)
assert_type(a * [1.0, 2.0], Value)
assert_type(abs(b), Value)
assert_type(divmod(v, 2.0), tuple[Value, Value])
assert_type(v[0, 1], Value)
assert_type(list(v), list[Value])
assert_type(sum([a, b], Value(0.0)), Value)
assert_type(max(a, b), Value)
assert_type(polynomial(a), Value)

# Methods and properties
assert_type(a.tanh().exp(), Value)
assert_type(m.relu(), Labelled)
assert_type(m.log2(), Labelled)
assert_type(a.hypot(3.0), Value)
assert_type(v.sum(axis=0), Value)
assert_type(v.mean(0, keepdims=True).T, Value)
assert_type(v.reshape(4), Value)
assert_type(v.at[0].set(1.0), Value)
assert_type(m.detach(), Labelled)
assert_type(v.shape, tuple[int, ...])
assert_type(a.label, str)
assert_type(a.item(), float | int)
assert_type(float(a), float)
assert_type(v.numpy(), NDArray[Any])
assert_type(toposort(a + b), list[Value])

# Data and gradients are numbers or arrays
assert_type(a.data, float | NDArray[Any])
assert_type(v.grad, float | NDArray[Any])
for p in (a, b, v):
    p.data -= 0.1 * p.grad
    p.grad = 0.0

# Ops: of a Value a Value, of a number a number, of an array an array
assert_type(ops.tanh(a), Value)
assert_type(ops.tanh(m), Labelled)
assert_type(ops.tanh(1.0), float)
assert_type(ops.tanh(X), NDArray[Any])
assert_type(ops.tanh([0.5, 1.0]), NDArray[Any])
assert_type(ops.tanh(a.data), float | NDArray[Any])
assert_type(ops.softplus(v), Value)
assert_type(ops.softplus(1.0), float)
assert_type(ops.maximum(0.0, v), Value)
assert_type(ops.add(X, X), NDArray[Any])
assert_type(ops.where(X > 1.0, v, 0.0), Value)
assert_type(ops.sum(v, axis=0, keepdims=True), Value)
assert_type(ops.matmul(X, v), Value)
assert_type(ops.stack([a, b]), Value)
assert_type(ops.split(v, 2), list[Value])
assert_type(ops.clip(v, 0.0, max=1.0), Value)
assert_type(ops.logsumexp(v, axis=1), Value)
assert_type(ops.tanh.symbol, str)
assert_type(ops.OPS["tanh"], Op)
assert_type(thrice(2.0), Any)

# Transforms keep the arguments of f
assert_type(grad(energy)(3.0, 2.0), float)
assert_type(grad(energy)(3.0, k=2.0), float)
assert_type(grad(polynomial)(a), Value)
assert_type(grad(grad(energy))(3.0), float)
assert_type(grad(corner)(np.ones(2), scale=2.0), NDArray[np.float64])
assert_type(grad(of_weights)({"w": 1.0, "x": 2.0}), dict[str, float])
assert_type(grad(with_aux, has_aux=True)(3.0), tuple[Any, str])
assert_type(value_and_grad(energy)(3.0), tuple[float, float])
assert_type(elementwise_grad(np.tanh)(X), Any)
assert_type(jacobian(polynomial)(v[0]), Any)
assert_type(hessian(energy)(3.0), Any)
assert_type(jvp(energy, (3.0, 1.0), (1.0, 0.0)), tuple[float, float])
assert_type(vjp(energy, 3.0, 1.0), tuple[float, Callable[[Any], tuple[float, float]]])
assert_type(micrograd.grad(energy)(3.0), float)
assert_type(micrograd.about(), str)

# NumPy's names
assert_type(mnp.exp(v), Value)
assert_type(mnp.mean(m), Labelled)
assert_type(mnp.sum(v, axis=0), Value)
assert_type(mnp.concatenate([v, v], axis=1), Value)
assert_type(mnp.array([a, b]), Value)
assert_type(mnp.dot(X, v), Value)
assert_type(mnp.linalg.inv(v), Value)
assert_type(mnp.exp(X), NDArray[Any])
assert_type(mnp.zeros(3).dtype, np.dtype[np.float64])

# Networks
model = MLP(2, [3, 1])
assert_type(Neuron(2)([1.0, 2.0]), Value)
assert_type(Layer(2, 3)(X), Value | Any)
assert_type(model(X), Value | Any)
assert_type(model.parameters(), list[Value])
