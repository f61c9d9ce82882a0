"""Functions of matrices to 50 digits, for rows that ask for the last bit: double
precision, polished in decimals.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

_to_decimals = np.vectorize(lambda number: Decimal(float(number)), otypes=[object])


def exponential(x: Any) -> Any:
    """The Taylor series of a matrix halved eight times, and squared as often."""
    x = x / Decimal(256)
    z = term = _to_decimals(np.eye(len(x)))
    for k in range(1, 60):
        term = term @ x / k
        z = z + term
    for _ in range(8):
        z = z @ z
    return z


def inverse(x: Any) -> Any:
    eye, z = _to_decimals(np.eye(len(x))), _to_decimals(np.linalg.inv(x.astype(float)))
    for _ in range(4):
        z = z @ (2 * eye - x @ z)
    return z


def square_root(x: Any) -> Any:
    import scipy.linalg

    z = _to_decimals(scipy.linalg.sqrtm(x.astype(float)))
    for _ in range(4):
        z = (z + inverse(z) @ x) / 2
    return z


def logarithm(x: Any) -> Any:
    import scipy.linalg

    eye, z = _to_decimals(np.eye(len(x))), _to_decimals(scipy.linalg.logm(x.astype(float)))
    for _ in range(4):
        z = z + exponential(-z) @ x - eye
    return z


def rounded(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """f, a function of one matrix of decimals, of a batch of float64, rounded at the
    end only.
    """

    def g(x: Any) -> Any:
        if not x.size:
            return x
        with decimal.localcontext(prec=50):
            matrices = [f(_to_decimals(m)).astype(float) for m in x.reshape(-1, *x.shape[-2:])]
        return np.array(matrices).reshape(x.shape)

    return g
