"""Samples of micrograd/ops/entropy.py."""

from __future__ import annotations

from typing import Any

from scipy import special

from tests.samples.sample import PAIRS, POINTS, Sample

SAMPLES = [
    *(Sample(name, pair, getattr(special, name)) for name in ("xlogy", "xlog1py") for pair in PAIRS),
    *(Sample("xdivy", pair, lambda x, y: x / y) for pair in PAIRS),
    *(Sample("entr", (x,), special.entr) for x in POINTS),
    *(Sample("rel_entr", pair, special.rel_entr) for pair in PAIRS),
    # Not near x = y, where SciPy's own loses digits.
    *(Sample("kl_div", (x, k * y), special.kl_div) for x, y in PAIRS for k in (0.2, 4.0)),
]

KINKS: list[Any] = []

TORCH: dict[str, Any] = {
    "xlogy": lambda torch, x, y: torch.special.xlogy(x, y),
    "xlog1py": lambda torch, x, y: torch.special.xlog1py(x, y),
    "xdivy": lambda torch, x, y: x / y,
    "entr": lambda torch, x: torch.special.entr(x),
    "rel_entr": lambda torch, x, y: x * torch.log(x / y),
    "kl_div": lambda torch, x, y: x * torch.log(x / y) - x + y,
}
