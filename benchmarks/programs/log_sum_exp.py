"""The logarithm of a sum of exponentials, of a vector."""

from __future__ import annotations

from typing import Any

import numpy


def arguments(n: int) -> tuple[Any, ...]:
    """A vector."""
    return (numpy.random.default_rng(1).standard_normal(n),)


def written_in(np: Any, n: int) -> Any:
    """z = m + log sum_i exp(x_i - m), where m = max_i x_i."""

    def log_sum_exp(x: Any) -> Any:
        largest = np.max(x)
        return largest + np.log(np.sum(np.exp(x - largest)))

    return log_sum_exp


def in_torch(torch: Any, n: int) -> Any:
    """The same. PyTorch's logsumexp is one op; this is about the ops that a program
    has.
    """
    return written_in(torch, n)
