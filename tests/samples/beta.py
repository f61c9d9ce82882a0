"""Samples of micrograd/ops/beta.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from tests.samples.sample import A3, A13, A21, A23, EMPTY, Sample
from tests.samples.special import torch_derived, torch_lgamma

_TRIPLES = [
    (2.0, 3.0, 0.25),
    (0.5, 1.5, 0.75),
    (A23, A23 + 0.25, A23 / 3.0),
    (A21, A13, 0.4),
    (2.5, A3, A3 / 2.5),
    (EMPTY, 1.5, 0.5),
]


def _nodes(ndim: int) -> tuple[Any, Any]:
    """Nodes and weights from 0 to 1 by the rule of Takahasi and Mori, as one axis
    before all others.
    """
    u = np.arange(-6.0, 6.01, 1.0 / 32.0).reshape(-1, *[1] * ndim)
    v = np.pi / 2 * np.sinh(u)
    w = 1.0 / (1.0 + np.exp(-2.0 * v))
    return w, np.pi * np.cosh(u) * w / (1.0 + np.exp(2.0 * v)) / 32.0


def _derived(a: Any, b: Any, x: Any, by_a: int = 0, by_b: int = 0) -> Any:
    """The integral from 0 to x, with the slopes of its integrand written out."""
    w, weights = _nodes(np.ndim(a + b + x))
    t = x * w
    slope_a = np.log(t) - special.psi(a) + special.psi(a + b)
    slope_b = np.log1p(-t) - special.psi(b) + special.psi(a + b)
    slope = {
        (1, 0): slope_a,
        (0, 1): slope_b,
        (1, 1): slope_a * slope_b + special.polygamma(1, a + b),
    }[by_a, by_b]
    integrand = weights * w ** (a - 1.0) * (1.0 - t) ** (b - 1.0) * slope
    return np.exp(a * np.log(x) - special.betaln(a, b)) * np.sum(integrand, axis=0)


_ORDERS = [{"by_a": 1}, {"by_b": 1}, {"by_a": 1, "by_b": 1}]

SAMPLES = [
    *(Sample("betainc", xs, special.betainc) for xs in _TRIPLES),
    *(Sample("betaincc", xs, special.betaincc) for xs in _TRIPLES),
    *(Sample("betainc_dab", xs, _derived, orders) for xs in _TRIPLES for orders in _ORDERS),
]

KINKS: list[Any] = []


def _torch_betainc(torch: Any, a: Any, b: Any, x: Any, by_a: int = 0, by_b: int = 0) -> Any:
    """PyTorch has no betainc: the same integral, derived by PyTorch."""
    a64, b64, x64 = (v.double() for v in torch.broadcast_tensors(a, b, x))
    w, weights = (torch.tensor(v) for v in _nodes(a64.ndim))

    def integral(a: Any, b: Any) -> Any:
        logs = (a - 1.0) * torch.log(w) + (b - 1.0) * torch.log1p(-x64 * w)
        beta = torch_lgamma(torch, a) + torch_lgamma(torch, b) - torch_lgamma(torch, a + b)
        return torch.exp(a * torch.log(x64) - beta) * torch.sum(weights * torch.exp(logs), dim=0)

    z = torch_derived(torch, lambda b: torch_derived(torch, lambda a: integral(a, b), a64, by_a), b64, by_b)
    return z.to(x.dtype)


TORCH: dict[str, Any] = {
    "betainc": _torch_betainc,
    "betaincc": lambda torch, *xs: 1.0 - _torch_betainc(torch, *xs),
    "betainc_dab": _torch_betainc,
}
