"""Rows of samples, at least one per op of the table: the generic tests in test_ops.py run over all of them.

A row is an op's name, its inputs and its params; `numpy` is the same function in NumPy, for the forward test.
Inputs stand away from kinks; what an op does at its kinks is a row of KINKS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Sample:
    op: str
    inputs: tuple[Any, ...]
    numpy: Callable[..., Any]
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        shapes = ",".join(str(np.shape(x)).replace(" ", "") for x in self.inputs)
        params = ",".join(f"{k}={v}" for k, v in self.params.items())
        return f"{self.op}{shapes}{params}"


def _array(*shape: int, low: float = 0.5, high: float = 2.0) -> Any:
    """The same numbers in every run, evenly spaced between low and high (no maximum near a tie), shuffled."""
    size = int(np.prod(shape))
    return np.random.default_rng(size).permutation(np.linspace(low, high, size)).reshape(shape)


A23, A3, A21, A13 = _array(2, 3), _array(3), _array(2, 1), _array(1, 3)
SIGNED = _array(2, 3, low=-2.0, high=2.0)
A234 = _array(2, 3, 4)
EMPTY = np.zeros((0, 3))
PAIRS = [(2.5, 0.75), (A23, A23 + 0.25), (A23, A3), (A21, A13), (2.5, A23), (A23, 0.75), (EMPTY, A3)]
POINTS = [0.75, A3, A23, EMPTY]

_BINARY = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "power": np.power,
    "equal": np.equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "less": np.less,
    "less_equal": np.less_equal,
}
_UNARY = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}
_SIGNED = {
    "negative": np.negative,
    "absolute": np.absolute,
    "sign": np.sign,
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}
_MATRICES = [
    (_array(2, 3), _array(3, 4)),
    (_array(2, 3), _array(3)),
    (_array(3), _array(3, 4)),
    (_array(3), _array(3)),
    (_array(5, 2, 3), _array(3, 4)),
    (_array(2, 3), _array(5, 3, 4)),
    (_array(5, 1, 2, 3), _array(4, 3, 2)),
    (_array(3), _array(5, 3, 2)),
    (_array(5, 2, 3), _array(3)),
    (np.zeros((0, 3)), _array(3, 2)),
]
_AXES: list[dict[str, Any]] = [
    {},
    {"axis": 0},
    {"axis": -1},
    {"axis": (0, 2)},
    {"axis": (-1, 0), "keepdims": True},
    {"keepdims": True},
]
_INDICES: list[Any] = [0, -1, slice(None), slice(None, None, -2), (0, slice(1, 3)), (..., 0), (None, 1), (1, 2, 3)]
_DUPLICATES = np.array([0, 1, 0])


def _scattered(x: Any, *, index: Any, shape: tuple[int, ...]) -> Any:
    z = np.zeros(shape)
    np.add.at(z, index, x)
    return z


SAMPLES: list[Sample] = [
    *(Sample(name, pair, f) for name, f in _BINARY.items() for pair in PAIRS),
    *(Sample(name, (x,), f) for name, f in _UNARY.items() for x in POINTS),
    *(Sample(name, (x,), f) for name, f in _SIGNED.items() for x in (-0.75, 0.75, SIGNED)),
    *(
        Sample("raise_to", (x,), lambda x, exponent: np.power(x, exponent), {"exponent": n})
        for x in (0.75, A23)
        for n in (2, 3, -1, 0.5, -2.5, 1, 0)
    ),
    *(Sample("where", (c, x, y), np.where) for c, x, y in [(A23 > 1, A23, A3), (True, 2.0, 3.0), (A3 > 1, A23, 0.5)]),
    Sample("cast", (A23,), lambda x, dtype: x.astype(dtype), {"dtype": "float64"}),
    *(Sample("matmul", pair, np.matmul) for pair in _MATRICES),
    *(Sample(name, (A234,), getattr(np, name), p) for name in ("sum", "max", "min") for p in _AXES),
    Sample("sum", (0.75,), np.sum),
    Sample("sum", (EMPTY,), np.sum, {"axis": 0}),
    Sample("max", (0.75,), np.max),
    *(Sample("reshape", (A234,), np.reshape, {"shape": s}) for s in [(24,), (4, 6), (-1, 8), (2, 3, 4, 1)]),
    Sample("reshape", (0.75,), np.reshape, {"shape": (1, 1)}),
    *(Sample("transpose", (A234,), np.transpose, {"axes": a}) for a in [None, (2, 0, 1), (-1, 0, 1)]),
    *(Sample("broadcast_to", (x,), np.broadcast_to, {"shape": (4, 2, 3)}) for x in (A23, A3, A21, 0.75)),
    *(Sample("getitem", (A234,), lambda x, index: x[index], {"index": i}) for i in _INDICES),
    Sample("scatter", (A3,), _scattered, {"index": _DUPLICATES, "shape": (4,)}),
    Sample("scatter", (A3,), _scattered, {"index": (1,), "shape": (2, 3)}),
    *(Sample("stacked", (A23, A23 + 1, 2 * A23), lambda *v, axis: np.stack(v, axis), {"axis": a}) for a in (0, 1, -1)),
    Sample("stacked", (0.75, 1.5), lambda *v: np.stack(v)),
]


@dataclass(frozen=True)
class Kink:
    """What an op gives where it has no derivative: the documented choice."""

    op: str
    x: Any
    slope: Any


KINKS: list[Kink] = [
    Kink("absolute", 0.0, 0.0),
    Kink("sign", 0.0, 0.0),
    Kink("relu", 0.0, 0.0),
    Kink("relu", np.array([-1.0, 0.0, 2.0]), np.array([0.0, 0.0, 1.0])),
    Kink("max", np.array([3.0, 1.0, 3.0]), np.array([0.5, 0.0, 0.5])),
    Kink("min", np.array([1.0, 1.0, 3.0]), np.array([0.5, 0.5, 0.0])),
]
