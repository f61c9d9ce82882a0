"""The samples that an estimator learns from, and how much each counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sklearn.utils import check_array

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, ShapeError


@dataclass
class Samples:
    """What to learn from.

    Attributes:
        X: the inputs, a matrix, which may be sparse.
        targets: what the loss compares the outputs with, a row for each of X.
        weights: of the rows; None for equal ones.
    """

    X: Any
    targets: Any
    weights: Any = None

    def __len__(self) -> int:
        return int(self.X.shape[0])

    def batch(self, rows: Any) -> tuple[Any, Any, Any, float]:
        """Inputs, targets, weights and the sum of the weights of these rows."""
        X, targets = rows_of(self.X, rows), self.targets[rows]
        if self.weights is None:
            return X, targets, None, float(X.shape[0])
        weights = self.weights[rows]
        return X, targets, weights, float(weights.sum())

    def without_zeros(self) -> Samples:
        """The samples with a weight above zero: the others do not count at all."""
        if self.weights is None or self.weights.all():
            return self
        kept = np.flatnonzero(self.weights)
        return Samples(self.X[kept], self.targets[kept], self.weights[kept])


def rows_of(X: Any, rows: Any) -> Any:
    """Some rows of a matrix; those of a sparse one are made dense."""
    taken = X[rows]
    return taken.toarray() if hasattr(taken, "toarray") else taken


def weights_of(owner: str, given: Any, X: Any) -> Any:
    """The weights of samples as an array of the dtype of X; None for equal ones.

    Raises:
        ArgumentError: a weight is below zero, or all are zero.
        ShapeError: there is not one weight for each sample.
    """
    if given is None:
        return None
    weights = check_array(given, ensure_2d=False, dtype=X.dtype, input_name="sample_weight")
    if weights.shape != (X.shape[0],):
        raise ShapeError(
            f"{owner}: sample_weight has shape {weights.shape} for {X.shape[0]} samples; give one weight for each"
        )
    if (weights < 0).any():
        raise ArgumentError(f"{owner}: sample_weight has {weights.min()}, below zero; give weights of at least 0")
    if not weights.any():
        raise ArgumentError(f"{owner}: all sample weights are zero; give at least one weight above zero")
    return weights
