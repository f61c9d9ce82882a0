"""Matrices for samples. Their eigenvalues and singular values are well apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import array


def apart(*shape: int) -> Any:
    """Matrices like diag(1, 2, ...) with some of everything else."""
    return np.eye(*shape[-2:]) * (1.0 + np.arange(shape[-1])) + 0.3 * array(*shape, low=-1.2, high=1.0)


def swapped(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


def symmetric(x: Any) -> Any:
    return (x + swapped(x)) / 2


SQUARE = [apart(3, 3), apart(2, 2, 2), np.array([[0.75]])]
DEFINITE = [symmetric(apart(3, 3)) + np.eye(3), apart(2, 2, 2) + np.eye(2), np.array([[0.75]])]
ANY = [apart(3, 3), apart(4, 2), apart(2, 4), apart(2, 3, 2), apart(2, 2, 3), array(1, 3)]
TALL = [apart(3, 3), apart(4, 2), apart(2, 3, 2), array(3, 1)]
S22 = apart(2, 2, 2)
