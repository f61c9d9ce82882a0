"""The logarithm of the posterior of a Gaussian mixture model, as ADBench has it.

Of each Gaussian the inverse covariance is Q^T Q. Q is lower triangular, and its
diagonal is made of exponentials. A Wishart prior keeps Q from growing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

GAMMA, M = 1.0, 0  # of the prior


def arguments(d: int, k: int, n: int) -> tuple[Any, ...]:
    """For k Gaussians in d dimensions: logarithms of weights, means, and of Q the
    logarithm of the diagonal, and what is below it.
    """
    generator = numpy.random.default_rng(2)
    shapes = (k,), (k, d), (k, d), (k, d * (d - 1) // 2)
    return tuple(generator.standard_normal(shape) for shape in shapes)


def points(d: int, n: int) -> Any:
    """Where the posterior is taken."""
    return numpy.random.default_rng(3).standard_normal((n, d))


def places(d: int) -> Any:
    """Of each element of Q, where it stands in (diagonal, below, 0)."""
    table = numpy.full((d, d), d + d * (d - 1) // 2)
    table[numpy.diag_indices(d)] = range(d)
    table[numpy.tril_indices(d, -1)] = range(d, d + d * (d - 1) // 2)
    return table


def constant(d: int, k: int, n: int) -> float:
    """What the posterior has from the normal distribution and from the prior."""
    degrees = d + M + 1
    gamma = 0.25 * d * (d - 1) * math.log(math.pi) + sum(math.lgamma(0.5 * (degrees - j)) for j in range(d))
    prior = degrees * d * (math.log(GAMMA) - 0.5 * math.log(2.0)) - gamma
    return -0.5 * n * d * math.log(2.0 * math.pi) - k * prior


def written_in(np: Any, d: int, k: int, n: int) -> Any:
    """The posterior of the points."""
    x, table, zeros, offset = points(d, n), places(d), numpy.zeros((k, 1)), constant(d, k, n)

    def log_sum_exp(z: Any, axis: int) -> Any:
        largest = np.max(z, axis=axis, keepdims=True)
        return np.squeeze(largest, axis=axis) + np.log(np.sum(np.exp(z - largest), axis=axis))

    def log_posterior(alphas: Any, means: Any, logs: Any, below: Any) -> Any:
        diagonals = np.exp(logs)
        Q = np.concatenate([diagonals, below, zeros], axis=1)[:, table]
        distances = np.einsum("kij,nkj->nki", Q, x[:, None] - means)
        heights = alphas + np.sum(logs, axis=1) - 0.5 * np.sum(distances**2, axis=2)
        prior = 0.5 * GAMMA**2 * (np.sum(diagonals**2) + np.sum(below**2)) - M * np.sum(logs)
        return offset + np.sum(log_sum_exp(heights, 1)) - n * log_sum_exp(alphas, 0) + prior

    return log_posterior


def in_torch(torch: Any, d: int, k: int, n: int) -> Any:
    """The same, with PyTorch's own logsumexp."""
    x, table = torch.tensor(points(d, n)), torch.tensor(places(d))
    zeros, offset = torch.zeros((k, 1), dtype=x.dtype), constant(d, k, n)

    def log_posterior(alphas: Any, means: Any, logs: Any, below: Any) -> Any:
        diagonals = torch.exp(logs)
        Q = torch.cat([diagonals, below, zeros], dim=1)[:, table]
        distances = torch.einsum("kij,nkj->nki", Q, x[:, None] - means)
        heights = alphas + logs.sum(dim=1) - 0.5 * (distances**2).sum(dim=2)
        prior = 0.5 * GAMMA**2 * ((diagonals**2).sum() + (below**2).sum()) - M * logs.sum()
        return offset + torch.logsumexp(heights, 1).sum() - n * torch.logsumexp(alphas, 0) + prior

    return log_posterior
