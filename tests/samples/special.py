"""Samples of micrograd/ops/special.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from tests.samples.sample import PAIRS, POINTS, SIGNED, Sample


def _polygamma(x: Any, n: int) -> Any:
    return special.polygamma(n, x)


SAMPLES = [
    *(Sample(name, (x,), getattr(special, name)) for name in ("erf", "erfc") for x in (-0.75, SIGNED, *POINTS)),
    *(Sample("lgamma", (x,), special.gammaln) for x in (-0.75, 170.5, *POINTS)),
    *(Sample("digamma", (x,), special.digamma) for x in (-0.75, *POINTS)),
    *(Sample("polygamma", (x,), _polygamma, {"n": n}) for x in POINTS for n in (0, 1, 2, 3)),
    *(Sample("betaln", pair, special.betaln) for pair in PAIRS),
]

KINKS: list[Any] = []


def torch_lgamma(torch: Any, x: Any) -> Any:
    """Stirling's series at x + 20, and back: torch.polygamma(1, x), by which torch
    derives, is right to 1e-9 only.
    """
    x = x.double()
    y = x + 20.0
    back = sum(torch.log(torch.abs(x + i)) for i in range(20))
    tail = 1 / (12 * y) - 1 / (360 * y**3) + 1 / (1260 * y**5) - 1 / (1680 * y**7) + 1 / (1188 * y**9)
    return (y - 0.5) * torch.log(y) - y + 0.5 * np.log(2 * np.pi) + tail - back


def torch_derived(torch: Any, f: Any, x: Any, order: int) -> Any:
    x64 = x.double()
    z = f(x64)
    for _ in range(order):
        (z,) = torch.autograd.grad(z.sum(), x64, create_graph=True)
    return z.to(x.dtype)


def _torch_polygamma(torch: Any, x: Any, n: int = 0) -> Any:
    return torch_derived(torch, lambda x: torch_lgamma(torch, x), x, n + 1)


TORCH: dict[str, Any] = {
    **{name: (lambda torch, x, _name=name: getattr(torch, _name)(x)) for name in ("erf", "erfc", "lgamma")},
    "digamma": _torch_polygamma,
    "polygamma": _torch_polygamma,
    "betaln": lambda torch, x, y: torch.lgamma(x) + torch.lgamma(y) - torch.lgamma(x + y),
}
