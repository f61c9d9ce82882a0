"""Samples of micrograd/ops/statistics.py: questions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A3, A23, A234, EMPTY, SIGNED, Sample

_EDGES = np.array([-1.0, 0.6, 1.1])
_SORTED = np.sort(A234, axis=-1)
_HOLES = np.array([[1.0, 2.0, 4.0, np.nan], [1.0, np.nan, np.nan, np.nan], [np.nan] * 4])


def _places(x: Any, q: Any, method: str = "linear") -> Any:
    """Of each row: the quantiles of 0, 1, 2, ..., as many as it has numbers."""
    counts = np.sum(~np.isnan(x), axis=-1)
    z = np.zeros((*counts.shape, len(q)))
    for index, n in np.ndenumerate(counts):
        if n:
            z[index] = np.quantile(np.arange(float(n)), q, method=method)  # type: ignore[call-overload]
    return z


SAMPLES = [
    *(Sample("quantile_places", (x,), _places, {"q": (0.0, 0.3, 0.5, 1.0)}) for x in (np.sort(A3), _SORTED, _HOLES)),
    Sample("quantile_places", (_SORTED,), _places, {"q": (0.3,), "method": "hazen"}),
    *(Sample("searchsorted", (_EDGES, x), np.searchsorted) for x in (0.75, 0.6, A23, EMPTY)),
    Sample("searchsorted", (_EDGES, np.array([0.6, 7.0])), np.searchsorted, {"side": "right"}),
    *(Sample("digitize", (x, _EDGES), np.digitize) for x in (0.75, 0.6, SIGNED, EMPTY)),
    Sample("digitize", (SIGNED, _EDGES[::-1]), np.digitize, {"right": True}),
    *(Sample("isin", (x, A3), np.isin) for x in (0.5, A3, A23, EMPTY)),
    Sample("isin", (A23, A3), np.isin, {"invert": True}),
]

KINKS: list[Any] = []
TORCH: dict[str, Any] = {}
