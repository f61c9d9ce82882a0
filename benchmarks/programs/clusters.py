"""The k-means cost: of each point the square of the distance to the nearest centre."""

from __future__ import annotations

from typing import Any

import numpy


def arguments(d: int, k: int, n: int) -> tuple[Any, ...]:
    """The centres."""
    return (numpy.random.default_rng(11).standard_normal((k, d)),)


def points(d: int, n: int) -> Any:
    """What is to be near to the centres."""
    return numpy.random.default_rng(12).standard_normal((n, d))


def written_in(np: Any, d: int, k: int, n: int) -> Any:
    """The cost of the points; the matrix of distances has n k elements."""
    x = points(d, n)
    squares = numpy.sum(x**2, axis=1)

    def cost(centres: Any) -> Any:
        distances = squares[:, None] - 2.0 * (x @ centres.T) + np.sum(centres**2, axis=1)
        return np.sum(np.min(distances, axis=1))

    return cost


def in_torch(torch: Any, d: int, k: int, n: int) -> Any:
    """The same."""
    x = torch.tensor(points(d, n))
    squares = (x**2).sum(dim=1)

    def cost(centres: Any) -> Any:
        distances = squares[:, None] - 2.0 * (x @ centres.T) + (centres**2).sum(dim=1)
        return torch.amin(distances, dim=1).sum()

    return cost
