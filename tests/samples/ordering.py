"""Samples of micrograd/ops/ordering.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A3, A23, A234, EMPTY, SIGNED, Sample

_EDGES = np.array([-1.0, 0.6, 1.1])

SAMPLES = [
    *(Sample("argsort", (A234,), np.argsort, {"axis": a}) for a in (None, 0, 1, -1)),
    Sample("argsort", (SIGNED,), lambda x, descending: np.argsort(-x), {"descending": True}),
    *(Sample("searchsorted", (_EDGES, x), np.searchsorted) for x in (0.75, 0.6, A23, EMPTY)),
    Sample("searchsorted", (_EDGES, np.array([0.6, 7.0])), np.searchsorted, {"side": "right"}),
    *(Sample("digitize", (x, _EDGES), np.digitize) for x in (0.75, 0.6, SIGNED, EMPTY)),
    Sample("digitize", (SIGNED, _EDGES[::-1]), np.digitize, {"right": True}),
    *(Sample("isin", (x, A3), np.isin) for x in (0.5, A3, A23, EMPTY)),
    Sample("isin", (A23, A3), np.isin, {"invert": True}),
]

KINKS: list[Any] = []
TORCH: dict[str, Any] = {}
