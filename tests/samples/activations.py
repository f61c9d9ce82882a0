"""Samples of micrograd/ops/activations.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import POINTS, SIGNED, Sample


def _tanhshrink(x: Any) -> Any:
    """By exponentials of extended precision, in which the difference keeps sixteen
    digits.
    """
    wide = np.asarray(x, np.longdouble)
    return np.asarray(wide - np.tanh(wide), float)[()]


SAMPLES = [
    *(Sample("softsign", (x,), lambda x: x / (1.0 + np.abs(x))) for x in (-0.75, SIGNED, *POINTS)),
    *(Sample("tanhshrink", (x,), _tanhshrink) for x in (-0.75, 3.0 * SIGNED, SIGNED, *POINTS)),
]

KINKS: list[Any] = []

TORCH: dict[str, Any] = {
    "softsign": lambda torch, x: torch.nn.functional.softsign(x),
    "tanhshrink": lambda torch, x: torch.nn.functional.tanhshrink(x),
}
