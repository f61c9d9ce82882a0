"""Samples of micrograd/ops/arithmetic.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A3, A13, A21, A23, EMPTY, PAIRS, SIGNED, Kink, Sample

_BINARY = "add subtract multiply divide".split()
_SIGNED = "negative positive absolute sign".split()
_STEPS = "floor ceil".split()

# Away from kinks: a check of finite differences moves an input by up to 0.002 of the
# largest of its elements.
_APART = [(2.5, 0.75), (A23, A23 + 0.25), (A23, A3 + 0.1), (A21, A13 + 0.1), (2.5, A23), (A23, 0.75), (EMPTY, A3)]
_STEEP = 2.9 * SIGNED + 0.05
_DIGITS = np.array([0.11, -0.32, 0.48])
_MULTIPLES = [(-7.0, 3.0), (7.0, -3.0), (_STEEP, 1.75), (1.0, 0.7 * A23), (A21 + 0.1, A13), (EMPTY, A3)]
_BOUNDS = [
    (0.75, 0.0, 1.0),
    (0.75, 1.0, 2.0),
    (0.75, -1.0, 0.0),
    (0.75, 2.0, 1.0),  # min > max
    (SIGNED, -1.0, 1.5),
    (SIGNED, -A3 - 0.1, A21 + 0.1),
    (A3 + 0.05, A21, A13 + 0.3),
    (EMPTY, -1.0, A3),
]

SAMPLES = [
    *(Sample(name, pair, getattr(np, name)) for name in _BINARY for pair in PAIRS),
    *(Sample(name, pair, getattr(np, name)) for name in ("maximum", "minimum") for pair in _APART),
    *(Sample(name, (x,), getattr(np, name)) for name in _SIGNED for x in (-0.75, 0.75, SIGNED)),
    *(Sample(name, (x,), getattr(np, name)) for name in _STEPS for x in (-0.75, 2.25, _STEEP, EMPTY)),
    *(Sample("round", (x,), np.round) for x in (-0.75, 2.25, _STEEP, EMPTY)),
    *(Sample("round", (x,), np.round, {"decimals": n}) for x in (0.11, _DIGITS) for n in (1, 2)),
    Sample("round", (100.0 * _DIGITS,), np.round, {"decimals": -1}),
    *(Sample("remainder", pair, np.remainder) for pair in _MULTIPLES),
    *(Sample("clipped", given, np.clip) for given in _BOUNDS),
    *(Sample("stop_gradient", (x,), np.positive) for x in (SIGNED, EMPTY)),
    *(Sample("where", (c, x, y), np.where) for c, x, y in [(A23 > 1, A23, A3), (True, 2.0, 3.0), (A3 > 1, A23, 0.5)]),
    Sample("cast", (A23,), lambda x, dtype: x.astype(dtype), {"dtype": "float64"}),
]

_STAIRS = np.array([-1.5, -1.0, 0.0, 0.5, 2.0])

KINKS = [
    Kink("absolute", 0.0, 0.0),
    Kink("sign", 0.0, 0.0),
    *(Kink(name, _STAIRS, np.zeros(5)) for name in ("floor", "ceil", "round")),
    *(Kink(name, 2.0, 0.5, (2.0,)) for name in ("maximum", "minimum")),
    Kink("maximum", np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.5, 1.0]), (2.0,)),
    Kink("minimum", np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.5, 0.0]), (2.0,)),
    Kink("clipped", np.array([-1.5, -1.0, 0.0, 1.0, 1.5]), np.array([0.0, 1.0, 1.0, 1.0, 0.0]), (-1.0, 1.0)),
    Kink("remainder", np.array([-3.0, 0.0, 6.0]), np.ones(3), (3.0,)),
]


def _torch_clipped(torch: Any, x: Any, low: Any, high: Any) -> Any:
    x = torch.where(x < low, low, x)
    return torch.where(x > high, high, x)


# The same ops in PyTorch, called with the module torch, the inputs and the params.
TORCH: dict[str, Any] = {
    **{
        name: (lambda torch, *xs, _name=name, **params: getattr(torch, _name)(*xs, **params))
        for name in (
            "add subtract multiply divide maximum minimum negative positive absolute sign floor ceil round where"
        ).split()
    },
    "cast": lambda torch, x, dtype: x.to(getattr(torch, dtype)),
    "clipped": _torch_clipped,
    # torch.remainder has no derivative by a divisor that is an array.
    "remainder": lambda torch, x, y: x - y * torch.floor(x / y).detach(),
    "stop_gradient": lambda torch, x: x.detach() + 0.0 * x,
}
