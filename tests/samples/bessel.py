"""Samples of micrograd/ops/bessel.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from tests.samples.sample import POINTS, SIGNED, Kink, Sample

_XS = [-0.75, SIGNED, *POINTS]


def _bessel_i(x: Any, n: int) -> Any:
    return special.iv(n, x)


def _bessel_ie(x: Any, n: int, order: int = 0) -> Any:
    z = special.ive(n, x)
    slope = special.ivp(n, x) * np.exp(-np.abs(x))
    if order == 1:
        return slope - np.sign(x) * z
    return z if order == 0 else special.ivp(n, x, 2) * np.exp(-np.abs(x)) - 2.0 * np.sign(x) * slope + z


SAMPLES = [
    *(Sample("bessel_i", (x,), _bessel_i, {"n": n}) for x in _XS for n in (0, 1, 2, 3)),
    *(Sample("bessel_ie", (x,), _bessel_ie, {"n": n, "order": k}) for x in _XS for n in (0, 1, 2) for k in (0, 1)),
]

KINKS: list[Any] = [
    Kink("bessel_ie", np.array([0.0]), np.array([0.0]), params={"n": 0}),
    Kink("bessel_ie", np.array([0.0]), np.array([0.5]), params={"n": 1}),
]


def _torch_i(torch: Any, n: int, x: Any) -> Any:
    """By recurrence in n from PyTorch's own two, good to 1e-13 for the x of the
    samples; its ops for n = 0 and 1.
    """
    if n < 2:
        return (torch.special.i0, torch.special.i1)[n](x)
    return _torch_i(torch, n - 2, x) - 2.0 * (n - 1) / x * _torch_i(torch, n - 1, x)


def _torch_bessel_ie(torch: Any, x: Any, n: int, order: int = 0) -> Any:
    x64 = x.double()
    z = torch.exp(-torch.abs(x64)) * _torch_i(torch, n, x64)
    for _ in range(order):
        (z,) = torch.autograd.grad(z.sum(), x64, create_graph=True)
    return z.to(x.dtype)


TORCH: dict[str, Any] = {
    "bessel_i": lambda torch, x, n: _torch_i(torch, n, x.double()).to(x.dtype),
    "bessel_ie": _torch_bessel_ie,
}
