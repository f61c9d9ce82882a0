"""Programs whose gradients are explained: those of the texts, and random ones."""

from __future__ import annotations

import random
from typing import Any

from micrograd import Value
from micrograd.nn import MLP
from micrograd.op import OPS


def labelled(value: Value, label: str) -> Value:
    value.label = label
    return value


def leaves(**numbers: float) -> list[Value]:
    return [Value(x, label=label) for label, x in numbers.items()]


def twice() -> tuple[Value, Value]:
    """b = a + a: `=` in place of `+=` would give 1."""
    (a,) = leaves(a=3.0)
    return labelled(a + a, "b"), a


def first_expression() -> tuple[Value, Value]:
    """L = (a*b + c) * f of text 001."""
    a, b, c, f = leaves(a=2.0, b=-3.0, c=10.0, f=-2.0)
    e = labelled(a * b, "e")
    d = labelled(e + c, "d")
    return labelled(d * f, "L"), a


def neuron() -> tuple[Value, Value]:
    """The neuron of text 001."""
    x1, x2, w1, w2, b = leaves(x1=2.0, x2=0.0, w1=-3.0, w2=1.0, b=6.8813735870195432)
    first, second = labelled(x1 * w1, "x1*w1"), labelled(x2 * w2, "x2*w2")
    n = labelled(labelled(first + second, "x1*w1 + x2*w2") + b, "n")
    return labelled(n.tanh(), "o"), w1


def network() -> tuple[Value, Value, Any]:
    """The network of the video, its loss over four samples, and its first weight."""
    random.seed(1337)
    model = MLP(3, [4, 4, 1], activation="tanh", last_activation="tanh", bias="uniform")
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]
    loss = sum((model(x) - y) ** 2 for x, y in zip(xs, ys, strict=True))
    return labelled(loss, "loss"), model.parameters()[0], model


UNARY = ("tanh", "sigmoid", "exp", "sin", "relu", "softplus")


def applied(name: str, x: Value) -> Value:
    return OPS[name](x)


def expression(seed: int, wrap: Any = Value, call: Any = applied) -> tuple[Any, list[Any]]:
    """A random expression of three leaves, in which values are used several times.

    Args:
        seed: of the expression.
        wrap: makes a leaf of a number.
        call: applies the function of a name to a value.
    """
    source = random.Random(seed)
    made = inputs = [wrap(source.uniform(-1.5, 1.5)) for _ in range(3)]
    for _ in range(source.randint(3, 12)):
        x, y = source.choice(made), source.choice(made)
        kind = source.randrange(5)
        if kind == 0:
            z = x + y
        elif kind == 1:
            z = x * y
        elif kind == 2:
            z = x - y * source.uniform(-2.0, 2.0)
        elif kind == 3:
            z = x * (y * y + 1.0) ** -1
        else:
            z = call(source.choice(UNARY), x * 0.5)
        made = [*made, z]
    root = made[-1]
    for x in inputs:
        root = root + 0.1 * x
    return root * root, inputs
