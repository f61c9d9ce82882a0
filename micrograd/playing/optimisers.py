"""How a step moves the parameters: the formulas of `micrograd.optim`, on plain numbers.

Each gives the same bits as the class of its name, and needs no NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

MOMENTUM = 0.9
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8

Numbers = Sequence[float]


class Memory(NamedTuple):
    """What an optimiser remembers: for each parameter, and how many steps it took."""

    first: tuple[float, ...] = ()  # the momentum, or the average of the gradients
    second: tuple[float, ...] = ()  # the average of their squares
    steps: int = 0


def rate_at(rate: float | str, step: int) -> float:
    """The rate of a step. "decay" is that of text 001, which ends at 0.1.

    >>> rate_at("decay", 50), rate_at("decay", 1000), rate_at(0.5, 3)
    (0.55, 0.1, 0.5)
    """
    return max(0.1, 1.0 - 0.9 * step / 100) if isinstance(rate, str) else rate


def moved(
    name: str, numbers: Numbers, slopes: Numbers, memory: Memory, rate: float
) -> tuple[tuple[float, ...], Memory]:
    """The parameters after a step, and what the optimiser remembers then.

    >>> moved("sgd", [1.0], [2.0], Memory(), 0.25)[0]
    (0.5,)
    """
    return MOVES[name](numbers, slopes, memory, rate)


def _sgd(numbers: Numbers, slopes: Numbers, memory: Memory, rate: float) -> tuple[tuple[float, ...], Memory]:
    return tuple(x - rate * g for x, g in zip(numbers, slopes, strict=True)), memory


def _momentum(numbers: Numbers, slopes: Numbers, memory: Memory, rate: float) -> tuple[tuple[float, ...], Memory]:
    b = tuple(slopes)
    if memory.steps:
        b = tuple(MOMENTUM * before + g for before, g in zip(memory.first, slopes, strict=True))
    return tuple(x - rate * m for x, m in zip(numbers, b, strict=True)), Memory(b, (), memory.steps + 1)


def _adam(numbers: Numbers, slopes: Numbers, memory: Memory, rate: float) -> tuple[tuple[float, ...], Memory]:
    steps = memory.steps + 1
    nothing = (0.0,) * len(numbers)
    m = tuple((g - m) * (1.0 - BETA1) + m for g, m in zip(slopes, memory.first or nothing, strict=True))
    v = tuple(g * g * (1.0 - BETA2) + v * BETA2 for g, v in zip(slopes, memory.second or nothing, strict=True))
    root = math.sqrt(1.0 - BETA2**steps)
    size = -rate * root / (1.0 - BETA1**steps)
    after = tuple(x + a / (math.sqrt(b) + EPS * root) * size for x, a, b in zip(numbers, m, v, strict=True))
    return after, Memory(m, v, steps)


MOVES = {"sgd": _sgd, "momentum": _momentum, "adam": _adam}
