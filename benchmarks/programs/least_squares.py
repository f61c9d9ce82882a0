"""The sum of squares of a linear model, with a matrix, or in a loop over its rows."""

from __future__ import annotations

from typing import Any

import numpy


def arguments(rows: int, columns: int, loop: bool) -> tuple[Any, ...]:
    """The coefficients."""
    return (numpy.random.default_rng(4).standard_normal(columns),)


def system(rows: int, columns: int) -> tuple[Any, Any]:
    """The matrix and the right side."""
    generator = numpy.random.default_rng(5)
    return generator.standard_normal((rows, columns)), generator.standard_normal(rows)


def written_in(np: Any, rows: int, columns: int, loop: bool) -> Any:
    """|A w - y|^2."""
    return _written(np, *system(rows, columns), loop)


def in_torch(torch: Any, rows: int, columns: int, loop: bool) -> Any:
    """The same: it is spelled alike."""
    return _written(torch, *map(torch.tensor, system(rows, columns)), loop)


def in_jax(jax: Any, rows: int, columns: int, loop: bool) -> Any:
    """The same; a loop is a `scan`, as JAX's jit of the unrolled one takes minutes."""
    A, y = system(rows, columns)
    if not loop:
        return _written(jax.numpy, A, y, loop)

    def by_scan(w: Any) -> Any:
        def following(total: Any, row: Any) -> tuple[Any, None]:
            return total + (jax.numpy.dot(row[0], w) - row[1]) ** 2, None

        return jax.lax.scan(following, 0.0, (A, y))[0]

    return by_scan


def _written(np: Any, A: Any, y: Any, loop: bool) -> Any:
    def by_matrix(w: Any) -> Any:
        return np.sum((A @ w - y) ** 2)

    def by_row(w: Any) -> Any:
        total = 0.0
        for i in range(len(y)):
            error = np.dot(A[i], w) - y[i]
            total = total + error**2
        return total

    return by_row if loop else by_matrix
