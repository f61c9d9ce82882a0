"""A determinant by minors, of a matrix that is a list of lists."""

from __future__ import annotations

from typing import Any

import numpy


def arguments(n: int) -> tuple[Any, ...]:
    """The matrix."""
    return (numpy.random.default_rng(10).standard_normal((n, n)).tolist(),)


def written_in(np: Any, n: int) -> Any:
    """By the first row; NumPy has no part in it."""

    def determinant(rows: Any) -> Any:
        if len(rows) == 1:
            return rows[0][0]
        total = 0.0
        for j, x in enumerate(rows[0]):
            minor = determinant([row[:j] + row[j + 1 :] for row in rows[1:]])
            total = total + x * minor if j % 2 == 0 else total - x * minor
        return total

    return determinant


def in_torch(torch: Any, n: int) -> Any:
    """The same, on lists of the elements of a tensor."""
    determinant = written_in(torch, n)
    return lambda matrix: determinant([list(row) for row in matrix])
