"""Samples of micrograd/ops/determinants.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.matrices import SQUARE, apart
from tests.samples.sample import Kink, Sample


def _cofactor(x: Any) -> Any:
    u, s, vh = np.linalg.svd(x)
    others = np.array([[np.delete(row, i).prod() for i in range(len(row))] for row in s.reshape(-1, s.shape[-1])])
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return sign[..., None, None] * (u * others.reshape(s.shape)[..., None, :]) @ vh


def _slope(t: Any, x: Any) -> Any:
    """The derivative of det(x) x^-T, for x that has an inverse."""
    h = np.swapaxes(np.linalg.inv(x), -1, -2)
    z = np.linalg.det(x)[..., None, None] * h
    return z * np.sum(t * h, axis=(-2, -1), keepdims=True) - z @ np.swapaxes(t, -1, -2) @ h


def _torch_slope(torch: Any, t: Any, x: Any) -> Any:
    h = torch.linalg.inv(x).mT
    z = torch.linalg.det(x)[..., None, None] * h
    return z * (t * h).sum((-2, -1), keepdim=True) - z @ t.mT @ h


SAMPLES = [
    *(Sample("cofactor", (x,), _cofactor) for x in SQUARE),
    *(Sample("cofactor_slope", (np.flip(x, -1) + 1.0, x), _slope) for x in SQUARE),
    *(Sample("determinant", (x,), np.linalg.det) for x in SQUARE),
    *(Sample("determinant_sign", (x,), lambda x: np.linalg.slogdet(x)[0]) for x in SQUARE),
    *(Sample("log_determinant", (x,), lambda x: np.linalg.slogdet(x)[1]) for x in (*SQUARE, -apart(3, 3))),
]

KINKS = [Kink("determinant", np.diag([2.0, 0.0]), np.diag([0.0, 2.0]))]

TORCH: dict[str, Any] = {
    "cofactor": lambda torch, x: torch.linalg.det(x)[..., None, None] * torch.linalg.inv(x).mT,
    "cofactor_slope": _torch_slope,
    "determinant": lambda torch, x: torch.linalg.det(x),
    "log_determinant": lambda torch, x: torch.linalg.slogdet(x)[1],
}
