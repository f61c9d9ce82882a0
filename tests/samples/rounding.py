"""Samples of micrograd/ops/rounding.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A3, A13, A21, A23, EMPTY, SIGNED, Kink, Sample

_STEEP = 2.9 * SIGNED + 0.05
_MULTIPLES = [(-7.5, 3.0), (7.5, -3.0), (_STEEP, 1.75), (1.0, 0.7 * A23), (A21 + 0.1, A13), (EMPTY, A3)]
_SIZES = [(0.75, -2.0), (-0.75, -0.5), (SIGNED, -A23), (SIGNED, 1.0), (A21, -A13), (EMPTY, A3)]

SAMPLES = [
    *(Sample(name, pair, getattr(np, name)) for name in ("floor_divide", "fmod") for pair in _MULTIPLES),
    *(Sample(name, (x,), getattr(np, name)) for name in ("trunc", "rint") for x in (-0.75, 2.25, _STEEP, EMPTY)),
    *(Sample("copysign", pair, np.copysign) for pair in _SIZES),
    *(Sample("heaviside", pair, np.heaviside) for pair in _SIZES),
    *(Sample("nextafter", pair, np.nextafter) for pair in _SIZES),
]

KINKS = [
    Kink("floor_divide", np.array([-3.0, 0.0, 6.0]), np.zeros(3), (3.0,)),
    Kink("floor_divide", 6.0, 0.0, (3.0,)),
    Kink("fmod", np.array([-3.0, 0.0, 6.0]), np.ones(3), (3.0,)),
    Kink("trunc", np.array([-1.0, 0.0, 0.5, 2.0]), np.zeros(4)),
    Kink("rint", np.array([-1.5, 0.0, 0.5, 2.0]), np.zeros(4)),
    Kink("copysign", 0.0, 0.0, (-2.0,)),
    Kink("copysign", np.array([-1.0, 0.0, 1.0]), np.array([1.0, 0.0, -1.0]), (-0.0,)),
    Kink("heaviside", np.array([-1.0, 0.0, 1.0]), np.zeros(3), (0.5,)),
]

TORCH: dict[str, Any] = {
    "floor_divide": lambda torch, x, y: torch.floor(x / y) * 1.0 + 0.0 * (x + y),
    "fmod": lambda torch, x, y: x - y * torch.trunc(x / y).detach(),  # no derivative by an array there
    "trunc": lambda torch, x: torch.trunc(x),
    "rint": lambda torch, x: torch.round(x),
    "copysign": lambda torch, x, y: torch.copysign(x, y),
    "heaviside": lambda torch, x, h: torch.where(x == 0, h, torch.heaviside(x.detach(), h.detach())) + 0.0 * (x + h),
    "nextafter": lambda torch, x, y: x + (torch.nextafter(x, y) - x).detach() + 0.0 * y,
}
