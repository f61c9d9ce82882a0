"""Samples of micrograd/ops/functions.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.samples.sample import A3, A13, A21, A23, EMPTY, PAIRS, POINTS, SIGNED, Kink, Sample


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


_ON_POSITIVE = "exp exp2 expm1 log log2 log10 log1p sqrt cbrt sin cos tan sinh cosh tanh arctan arcsinh".split()
_ON_SIGNED = "exp2 expm1 cbrt sin cos sinh cosh tanh arctan arcsinh".split()
_WITHIN_ONE = "arcsin arccos arctanh".split()
_OF_TWO = "logaddexp arctan2".split()

_BELOW_ONE = [-0.75, 0.75, 0.45 * SIGNED, EMPTY]  # inside of (-1, 1)
_ABOVE_ONE = [1.75, A3 + 1.0, A23 + 1.0, EMPTY]
_SIGNED_PAIRS = [(-2.5, 0.75), (SIGNED, -A3), (-A21, A13), (-2.5, SIGNED)]

SAMPLES = [
    *(Sample(name, (x,), getattr(np, name)) for name in _ON_POSITIVE for x in POINTS),
    *(Sample(name, (x,), getattr(np, name)) for name in _ON_SIGNED for x in (-0.75, SIGNED)),
    *(Sample(name, (x,), getattr(np, name)) for name in _WITHIN_ONE for x in _BELOW_ONE),
    *(Sample("arccosh", (x,), np.arccosh) for x in _ABOVE_ONE),
    *(Sample("sigmoid", (x,), _sigmoid) for x in (-0.75, SIGNED, 10.0 * SIGNED, *POINTS)),
    *(Sample("relu", (x,), lambda x: np.maximum(x, 0)) for x in (-0.75, 0.75, SIGNED)),
    *(Sample(name, pair, getattr(np, name)) for name in _OF_TWO for pair in (*PAIRS, *_SIGNED_PAIRS)),
    *(Sample("power", pair, np.power) for pair in PAIRS),
    *(
        Sample("raise_to", (x,), lambda x, exponent: np.power(x, exponent), {"exponent": n})
        for x in (0.75, A23)
        for n in (2, 3, -1, 0.5, -2.5, 1, 0)
    ),
]

KINKS = [
    Kink("relu", 0.0, 0.0),
    Kink("relu", np.array([-1.0, 0.0, 2.0]), np.array([0.0, 0.0, 1.0])),
    Kink("arctan2", np.array([0.0, 2.0]), np.array([0.0, 0.0]), (0.0,)),
    Kink("logaddexp", np.array([-math.inf, 0.0]), np.array([0.0, 1.0]), (-math.inf,)),
]

TORCH: dict[str, Any] = {
    **{
        name: (lambda torch, *xs, _name=name: getattr(torch, _name)(*xs))
        for name in [*_ON_POSITIVE, *_WITHIN_ONE, *_OF_TWO, "arccosh", "sigmoid", "relu"]
        if name != "cbrt"
    },
    "cbrt": lambda torch, x: torch.sign(x) * torch.abs(x) ** (1.0 / 3.0),
    "power": lambda torch, x, y: torch.pow(x, y),
    "raise_to": lambda torch, x, exponent: x**exponent,
}
