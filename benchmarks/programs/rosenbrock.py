"""Rosenbrock's function of n numbers."""

from __future__ import annotations

from typing import Any

import numpy


def arguments(n: int) -> tuple[Any, ...]:
    """A point."""
    return (numpy.random.default_rng(13).standard_normal(n),)


def written_in(np: Any, n: int) -> Any:
    """A curved valley."""

    def rosenbrock(x: Any) -> Any:
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    return rosenbrock


def in_torch(torch: Any, n: int) -> Any:
    """It is spelled alike."""
    return written_in(torch, n)
