"""Samples of micrograd/ops/special.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from tests.samples.sample import A3, A13, A21, A23, PAIRS, POINTS, SIGNED, Sample

_GAMMA_PAIRS = [*PAIRS, (2.0, 3.0), (A21, 2.0 * A13), (5.0 * A23, A3)]


def _polygamma(x: Any, n: int) -> Any:
    return special.polygamma(n, x)


def _term_by_term(a: Any, x: Any, order: int = 1) -> Any:
    """The series of gammainc derived by a, its first 150 terms as they stand in the books; x of moderate size."""
    z = 0.0 * (a + x)
    for n in range(150):
        s = a + n + 1.0
        slope = np.log(x) - special.digamma(s)
        term = x ** (a + n) * np.exp(-x) / special.gamma(s)
        z = z + term * (slope if order == 1 else slope**2 - special.polygamma(1, s))
    return z


SAMPLES = [
    *(Sample(name, (x,), getattr(special, name)) for name in ("erf", "erfc") for x in (-0.75, SIGNED, *POINTS)),
    *(Sample("lgamma", (x,), special.gammaln) for x in (-0.75, 170.5, *POINTS)),
    *(Sample("digamma", (x,), special.digamma) for x in (-0.75, *POINTS)),
    *(Sample("polygamma", (x,), _polygamma, {"n": n}) for x in POINTS for n in (0, 1, 2, 3)),
    *(Sample("betaln", pair, special.betaln) for pair in PAIRS),
    *(Sample("gammainc", pair, special.gammainc) for pair in _GAMMA_PAIRS),
    *(Sample("gammainc_da", pair, _term_by_term, {"order": k}) for pair in _GAMMA_PAIRS for k in (1, 2)),
]

KINKS: list[Any] = []


def _torch_lgamma(torch: Any, x: Any) -> Any:
    """Stirling's series at x + 20, and back: torch.polygamma(1, x), by which torch derives, is right to 1e-9 only."""
    x = x.double()
    y = x + 20.0
    back = sum(torch.log(torch.abs(x + i)) for i in range(20))
    tail = 1 / (12 * y) - 1 / (360 * y**3) + 1 / (1260 * y**5) - 1 / (1680 * y**7) + 1 / (1188 * y**9)
    return (y - 0.5) * torch.log(y) - y + 0.5 * np.log(2 * np.pi) + tail - back


def _torch_derived(torch: Any, f: Any, x: Any, order: int) -> Any:
    x64 = x.double()
    z = f(x64)
    for _ in range(order):
        (z,) = torch.autograd.grad(z.sum(), x64, create_graph=True)
    return z.to(x.dtype)


def _torch_polygamma(torch: Any, x: Any, n: int = 0) -> Any:
    return _torch_derived(torch, lambda x: _torch_lgamma(torch, x), x, n + 1)


def _torch_gammainc_da(torch: Any, a: Any, x: Any, order: int = 0) -> Any:
    """torch.special.gammainc has no derivative by a; its series has."""
    a, x = torch.broadcast_tensors(a, x)
    n = torch.arange(100, dtype=torch.float64).reshape(-1, *[1] * a.ndim)

    def series(a: Any) -> Any:
        s = a + n
        return torch.exp(s * torch.log(x.double()) - x.double() - _torch_lgamma(torch, s + 1.0)).sum(0)

    return _torch_derived(torch, series, a, order)


TORCH: dict[str, Any] = {
    **{name: (lambda torch, x, _name=name: getattr(torch, _name)(x)) for name in ("erf", "erfc", "lgamma")},
    "digamma": _torch_polygamma,
    "polygamma": _torch_polygamma,
    "betaln": lambda torch, x, y: torch.lgamma(x) + torch.lgamma(y) - torch.lgamma(x + y),
    "gammainc": _torch_gammainc_da,
    "gammainc_da": _torch_gammainc_da,
}
