"""A system of differential equations, solved by Taylor series:
y_0' = x_0, y_i' = x_i y_(i-1).
"""

from __future__ import annotations

from typing import Any

import numpy


def arguments(n: int, steps: int, order: int) -> tuple[Any, ...]:
    """The coefficients x."""
    return (numpy.random.default_rng(6).uniform(0.5, 1.5, n),)


def written_in(np: Any, n: int, steps: int, order: int) -> Any:
    """The sum of all y at t = 1."""
    step, zero, one, start = 1.0 / steps, numpy.zeros(1), numpy.ones(1), numpy.zeros(n)

    def solved(x: Any) -> Any:
        y = start
        for _ in range(steps):
            term = step * x * np.concatenate([one, y[:-1]])
            y = y + term
            for k in range(2, order + 1):
                term = step / k * x * np.concatenate([zero, term[:-1]])
                y = y + term
        return np.sum(y)

    return solved


def in_torch(torch: Any, n: int, steps: int, order: int) -> Any:
    """The same."""
    step, start = 1.0 / steps, torch.zeros(n, dtype=torch.float64)
    zero, one = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)

    def solved(x: Any) -> Any:
        y = start
        for _ in range(steps):
            term = step * x * torch.cat([one, y[:-1]])
            y = y + term
            for k in range(2, order + 1):
                term = step / k * x * torch.cat([zero, term[:-1]])
                y = y + term
        return y.sum()

    return solved
