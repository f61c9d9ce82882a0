"""Samples of micrograd/ops/entropy.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from tests.samples.sample import PAIRS, POINTS, Kink, Sample


def _binary(x: Any, y: Any) -> Any:
    return -(special.xlogy(y, x) + special.xlog1py(1.0 - y, -x))


SAMPLES = [
    *(Sample(name, pair, getattr(special, name)) for name in ("xlogy", "xlog1py") for pair in PAIRS),
    *(Sample("xdivy", pair, lambda x, y: x / y) for pair in PAIRS),
    *(Sample("entr", (x,), special.entr) for x in POINTS),
    *(Sample("rel_entr", pair, special.rel_entr) for pair in PAIRS),
    # Not near x = y, where SciPy's own loses digits.
    *(Sample("kl_div", (x, k * y), special.kl_div) for x, y in PAIRS for k in (0.2, 4.0)),
    *(Sample("binary_cross_entropy", (0.3 * x, 0.35 * y), _binary) for x, y in PAIRS),
]

# At 0 and 1 the logarithm is cut off, and the slope is that of a point 1e-12 away.
KINKS = [
    Kink("binary_cross_entropy", np.array([0.0, 0.0, 1.0, 1.0]), [1.0, -1e12, 1e12, -1.0], (np.array([0.0, 1.0] * 2),))
]

TORCH: dict[str, Any] = {
    "xlogy": lambda torch, x, y: torch.special.xlogy(x, y),
    "xlog1py": lambda torch, x, y: torch.special.xlog1py(x, y),
    "xdivy": lambda torch, x, y: x / y,
    "entr": lambda torch, x: torch.special.entr(x),
    "rel_entr": lambda torch, x, y: x * torch.log(x / y),
    "kl_div": lambda torch, x, y: x * torch.log(x / y) - x + y,
    "binary_cross_entropy": lambda torch, x, y: -(torch.xlogy(y, x) + torch.xlogy(1.0 - y, 1.0 - x)),
}
