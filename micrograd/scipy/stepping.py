"""Runge-Kutta methods in ops: gradients go through every step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.interpreter import ground
from micrograd.ops import stack

Leaves = list[Any]
Slope = Callable[[Any, Leaves], Leaves]  # of a time and the leaves of y: the leaves of dy/dt


class Tableau:
    """The coefficients of an explicit Runge-Kutta method.

    k_i = f(t + c_i h, y + h sum_j a_ij k_j), and the step is h sum_i b_i k_i

    Source: Hairer, Norsett, Wanner (1993), Solving Ordinary Differential Equations I,
    doi:10.1007/978-3-540-78862-1.
    """

    def __init__(self, a: Sequence[Sequence[float]], b: Sequence[float], c: Sequence[float]) -> None:
        self.rows = [_terms(row[:i]) for i, row in enumerate(a)]
        self.weights = _terms(b)
        self.times = [float(x) for x in c]

    def step(self, f: Slope, t: Any, y: Leaves, h: Any) -> Leaves:
        """The leaves of y at the time t + h."""
        slopes: list[Leaves] = []
        for row, time in zip(self.rows, self.times, strict=True):
            slopes.append(f(t + time * h if time else t, _moved(y, h, row, slopes)))
        return _moved(y, h, self.weights, slopes)


def _terms(row: Sequence[float]) -> list[tuple[int, float]]:
    return [(j, float(x)) for j, x in enumerate(row) if x != 0.0]


def _moved(y: Leaves, h: Any, row: list[tuple[int, float]], slopes: list[Leaves]) -> Leaves:
    if not row:
        return y
    moved = []
    for i, leaf in enumerate(y):
        (j, first), *rest = row
        total = slopes[j][i] if first == 1.0 else first * slopes[j][i]
        for k, weight in rest:
            total = total + weight * slopes[k][i]
        moved.append(leaf + h * total)
    return moved


FIXED = {
    "euler": Tableau([[]], [1.0], [0.0]),
    "rk4": Tableau(
        [[], [0.5], [0.0, 0.5], [0.0, 0.0, 1.0]],
        [1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0],
        [0.0, 0.5, 0.5, 1.0],
    ),
}


def path(tableau: Tableau, f: Slope, y: Leaves, t: Any, parts: Sequence[Sequence[float]]) -> Leaves:
    """The leaves of y at all times, each of shape (times, ...).

    Args:
        tableau: the method.
        f: the slope.
        y: the leaves at the first time.
        t: the times, a vector.
        parts: for each span between two times, the steps in it: parts of the span,
            which sum to 1.
    """
    points = [y]
    t = t.tolist() if isinstance(t, np.ndarray) else t  # Python's floats leave float32 as it is
    for i, span in enumerate(parts):
        width, done = t[i + 1] - t[i], 0.0
        for part in span:
            y = tableau.step(f, t[i] + done * width if done else t[i], y, width if part == 1.0 else part * width)
            done += part
        points.append(y)
    return [stack(leaf) for leaf in zip(*points, strict=True)]


def equal_parts(t: Any, step_size: float | None) -> list[list[float]]:
    """Steps of equal size in each span, none larger than step_size; None for one
    step.
    """
    if step_size is None:
        return [[1.0]] * (t.shape[0] - 1)
    counts = [math.ceil(abs(width) / step_size - 1e-9) for width in np.diff(ground(t))]
    return [[1.0 / max(count, 1)] * max(count, 1) for count in counts]
