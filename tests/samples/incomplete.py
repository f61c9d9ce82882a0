"""Samples of micrograd/ops/incomplete.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from tests.samples.sample import A3, A13, A21, A23, PAIRS, Sample
from tests.samples.special import torch_derived, torch_lgamma

_NEAR_PAIRS = [*PAIRS, (2.0, 3.0), (5.0 * A23, A3)]
_GAMMA_PAIRS = [*_NEAR_PAIRS, (A21, 2.0 * A13)]
_FAR_PAIRS = [(2.0, 5.0), (A21, 2.0 * A13 + 3.0)]  # where an integral takes over from the series


def _term_by_term(a: Any, x: Any, order: int = 1) -> Any:
    """The series of gammainc derived by a, its first 150 terms as they stand in the
    books; x of moderate size.
    """
    z = 0.0 * (a + x)
    for n in range(150):
        s = a + n + 1.0
        slope = np.log(x) - special.digamma(s)
        term = x ** (a + n) * np.exp(-x) / special.gamma(s)
        z = z + term * (slope if order == 1 else slope**2 - special.polygamma(1, s))
    return z


SAMPLES = [
    *(Sample("gammainc", pair, special.gammainc) for pair in _GAMMA_PAIRS),
    *(Sample("gammaincc", pair, special.gammaincc) for pair in [*_GAMMA_PAIRS, *_FAR_PAIRS]),
    # Further out the terms of the plain series are larger than their sum.
    *(Sample("gammainc_da", pair, _term_by_term, {"order": k}) for pair in _NEAR_PAIRS for k in (1, 2)),
]

KINKS: list[Any] = []


def _torch_gammainc_da(torch: Any, a: Any, x: Any, order: int = 0) -> Any:
    """torch.special.gammainc has no derivative by a; its series has."""
    a, x = torch.broadcast_tensors(a, x)
    n = torch.arange(100, dtype=torch.float64).reshape(-1, *[1] * a.ndim)

    def series(a: Any) -> Any:
        s = a + n
        return torch.exp(s * torch.log(x.double()) - x.double() - torch_lgamma(torch, s + 1.0)).sum(0)

    return torch_derived(torch, series, a, order)


TORCH: dict[str, Any] = {
    "gammainc": _torch_gammainc_da,
    "gammaincc": lambda torch, a, x: 1.0 - _torch_gammainc_da(torch, a.double(), x.double()).to(a.dtype),
    "gammainc_da": _torch_gammainc_da,
}
