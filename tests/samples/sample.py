"""What a row of samples is, and the arrays that rows share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Sample:
    """An op's name in OPS, its inputs (away from kinks), the same function in NumPy,
    and the op's params.
    """

    op: str
    inputs: tuple[Any, ...]
    numpy: Callable[..., Any]
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        shapes = ",".join(str(np.shape(x)).replace(" ", "") for x in self.inputs)
        params = ",".join(f"{k}={v}" for k, v in self.params.items())
        return f"{self.op}{shapes}{params}"


@dataclass(frozen=True)
class Kink:
    """What an op gives where it has no derivative: the documented choice.

    The gradient is by the first input.
    """

    op: str
    x: Any
    slope: Any
    others: tuple[Any, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)


def array(*shape: int, low: float = 0.5, high: float = 2.0) -> Any:
    """The same numbers in every run, evenly spaced between low and high (no maximum
    near a tie), shuffled.
    """
    size = int(np.prod(shape))
    return np.random.default_rng(size).permutation(np.linspace(low, high, size)).reshape(shape)


A3, A13, A21, A23, A234 = array(3), array(1, 3), array(2, 1), array(2, 3), array(2, 3, 4)
SIGNED = array(2, 3, low=-2.0, high=2.0)
EMPTY = np.zeros((0, 3))
POINTS = [0.75, A3, A23, EMPTY]  # for functions of one positive input
PAIRS = [(2.5, 0.75), (A23, A23 + 0.25), (A23, A3), (A21, A13), (2.5, A23), (A23, 0.75), (EMPTY, A3)]  # of two
AXES: list[dict[str, Any]] = [
    {},
    {"axis": 0},
    {"axis": -1},
    {"axis": (0, 2)},
    {"axis": (-1, 0), "keepdims": True},
    {"keepdims": True},
]
