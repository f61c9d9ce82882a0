"""Samples of micrograd/ops/comparisons.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.samples.sample import A3, A23, EMPTY, PAIRS, SIGNED, Kink, Sample

_OF_TWO = "equal not_equal greater greater_equal less less_equal".split()
_LOGICAL = "logical_and logical_or logical_xor".split()
_TESTS = "isnan isinf isfinite logical_not".split()

_ODD = np.array([0.0, -0.0, 1.0, math.nan, math.inf, -math.inf])
_TRUTHS = [(True, False), (0.0, 2.0), (0.0, 0.0), (A23 > 1, A3 > 1), (SIGNED > 0, 0.0), (EMPTY, A3)]

SAMPLES = [
    *(Sample(name, pair, getattr(np, name)) for name in _OF_TWO for pair in PAIRS),
    *(Sample(name, pair, getattr(np, name)) for name in _LOGICAL for pair in _TRUTHS),
    *(Sample(name, (x,), getattr(np, name)) for name in _TESTS for x in (0.75, 0.0, math.nan, -math.inf, _ODD, EMPTY)),
]

KINKS: list[Kink] = []

TORCH: dict[str, Any] = {}
