"""Samples of micrograd/ops/arithmetic.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A3, A23, PAIRS, SIGNED, Kink, Sample

_BINARY = "add subtract multiply divide equal greater greater_equal less less_equal".split()
_SIGNED = "negative absolute sign".split()

SAMPLES = [
    *(Sample(name, pair, getattr(np, name)) for name in _BINARY for pair in PAIRS),
    *(Sample(name, (x,), getattr(np, name)) for name in _SIGNED for x in (-0.75, 0.75, SIGNED)),
    *(Sample("where", (c, x, y), np.where) for c, x, y in [(A23 > 1, A23, A3), (True, 2.0, 3.0), (A3 > 1, A23, 0.5)]),
    Sample("cast", (A23,), lambda x, dtype: x.astype(dtype), {"dtype": "float64"}),
]

KINKS = [Kink("absolute", 0.0, 0.0), Kink("sign", 0.0, 0.0)]

# The same ops in PyTorch, called with the module torch, the inputs and the params.
TORCH: dict[str, Any] = {
    **{
        name: (lambda torch, *xs, _name=name: getattr(torch, _name)(*xs))
        for name in "add subtract multiply divide negative absolute sign where".split()
    },
    "cast": lambda torch, x, dtype: x.to(getattr(torch, dtype)),
}
