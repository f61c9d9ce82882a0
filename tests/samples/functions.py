"""Samples of micrograd/ops/functions.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A23, PAIRS, POINTS, SIGNED, Kink, Sample


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


SAMPLES = [
    *(Sample(name, (x,), getattr(np, name)) for name in "exp log sqrt sin cos tanh".split() for x in POINTS),
    *(Sample("tanh", (x,), np.tanh) for x in (-0.75, SIGNED)),
    *(Sample("sigmoid", (x,), _sigmoid) for x in (-0.75, SIGNED, *POINTS)),
    *(Sample("relu", (x,), lambda x: np.maximum(x, 0)) for x in (-0.75, 0.75, SIGNED)),
    *(Sample("power", pair, np.power) for pair in PAIRS),
    *(
        Sample("raise_to", (x,), lambda x, exponent: np.power(x, exponent), {"exponent": n})
        for x in (0.75, A23)
        for n in (2, 3, -1, 0.5, -2.5, 1, 0)
    ),
]

KINKS = [Kink("relu", 0.0, 0.0), Kink("relu", np.array([-1.0, 0.0, 2.0]), np.array([0.0, 0.0, 1.0]))]

TORCH: dict[str, Any] = {
    **{
        name: (lambda torch, *xs, _name=name: getattr(torch, _name)(*xs))
        for name in "exp log sqrt sin cos tanh sigmoid relu".split()
    },
    "power": lambda torch, x, y: torch.pow(x, y),
    "raise_to": lambda torch, x, exponent: x**exponent,
}
