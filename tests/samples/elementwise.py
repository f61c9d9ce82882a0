"""Samples of micrograd/ops/elementwise.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from tests.samples.sample import A23, EMPTY, PAIRS, SIGNED, Kink, Sample

_WAVES = (0.0, 1e-9, -0.3, 0.75, 4.25, SIGNED + 0.1, 5.0 * SIGNED + 0.1, EMPTY)  # not at the zeros: float32 has none
_BESSEL = (0.0, -0.75, 30.0, SIGNED, 20.0 * A23, EMPTY)


# From mpmath, with 50 digits: its derivatives of sin(pi x) / (pi x), by order.
_PLACES = np.array([0.0, 1e-9, -0.3, 0.75, 2.6, -4.2])
_SINC_SLOPES = {
    0: [1.0, 1.0, 0.8583936913341398, 0.30010543871903533, 0.11643488132933183, 0.04454710875183999],
    1: [
        0.0,
        -3.289868133696453e-09,
        0.9020281301388888,
        -1.3429496265407772,
        -0.16363533680933828,
        -0.18201663943407312,
    ],
    2: [-3.289868133696453, -3.289868133696453, -2.4584852862661744, 0.619277045336495, -1.0232928812011073]
    + [-0.5263369307996677],
    3: [0.0, 1.9481818206800487e-08, -5.24749315292437, 6.828044084839193, 2.353751588960658, 1.5251587847238237],
    5: [
        0.0,
        -1.3734131336790064e-07,
        36.627473667589356,
        -43.949924298077086,
        -26.424754945111673,
        -11.868210074985491,
    ],
}


def _sinc_slope(x: Any, order: int) -> Any:
    """What is written above, or nothing of nothing."""
    if np.size(x) == 0:
        return x
    return np.array([_SINC_SLOPES[order][_PLACES.tolist().index(place)] for place in np.ravel(x)]).reshape(np.shape(x))


def _i0_slope(x: Any, order: int) -> Any:
    return special.ivp(0, x, order)


SAMPLES = [
    *(Sample("logaddexp2", pair, np.logaddexp2) for pair in PAIRS),
    *(Sample("sinc", (x,), np.sinc) for x in _WAVES),
    *(Sample("i0", (x,), np.i0) for x in _BESSEL),
    *(
        Sample("sinc_derivative", (x,), _sinc_slope, {"order": k})
        for x in (*_PLACES.tolist(), _PLACES, EMPTY)
        for k in (0, 1, 2, 3, 5)
    ),
    *(Sample("i0_derivative", (x,), _i0_slope, {"order": k}) for x in _BESSEL for k in (0, 1, 2, 3)),
]

KINKS = [Kink("logaddexp2", -math.inf, 0.0, (-math.inf,))]


def _torch_sinc_slope(torch: Any, x: Any, order: int) -> Any:
    """Integrals of s^n cos(u s + n pi / 2), u = pi x, by Gauss's rule."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    s, w = torch.tensor((nodes + 1.0) / 2.0), torch.tensor(weights / 2.0)
    u = math.pi * x.double()[..., None]
    z = math.pi**order * torch.sum(w * s**order * torch.cos(u * s + order * math.pi / 2.0), dim=-1)
    return z.to(x.dtype)


def _torch_i0_slope(torch: Any, x: Any, order: int) -> Any:
    """Means of cos(s)^n e^(x cos s) over the circle."""
    c = torch.cos((torch.arange(256).double() + 0.5) * (2.0 * math.pi / 256))
    return torch.mean(c**order * torch.exp(x.double()[..., None] * c), dim=-1).to(x.dtype)


TORCH: dict[str, Any] = {
    "logaddexp2": lambda torch, x, y: torch.logaddexp2(x, y),
    "sinc": lambda torch, x: _torch_sinc_slope(torch, x, 0),  # its own has the slope 0 at 1e-9
    "sinc_derivative": _torch_sinc_slope,
    "i0": lambda torch, x: torch.special.i0(x),
    "i0_derivative": _torch_i0_slope,
}
