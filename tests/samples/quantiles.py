"""Samples of micrograd/ops/quantiles.py: questions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A3, A23, A234, Sample

_SORTED = np.sort(A234, axis=-1)
_HOLES = np.array([[1.0, 2.0, 4.0, np.nan], [1.0, np.nan, np.nan, np.nan], [np.nan] * 4])


def _middle(x: Any) -> Any:
    n = x.shape[-1]
    return np.argsort(x)[..., (n - 1) // 2 : n // 2 + 1]


def _places(x: Any, q: Any, method: str = "linear") -> Any:
    """Of each row: the quantiles of 0, 1, 2, ..., as many as it has numbers."""
    counts = np.sum(~np.isnan(x), axis=-1)
    z = np.zeros((*counts.shape, len(q)))
    for index, n in np.ndenumerate(counts):
        if n:
            z[index] = np.quantile(np.arange(float(n)), q, method=method)  # type: ignore[call-overload]
    return z


SAMPLES = [
    *(Sample("middle", (x,), _middle) for x in (A23, A234, np.array([2.0]))),
    *(Sample("quantile_places", (x,), _places, {"q": (0.0, 0.3, 0.5, 1.0)}) for x in (np.sort(A3), _SORTED, _HOLES)),
    Sample("quantile_places", (_SORTED,), _places, {"q": (0.3,), "method": "hazen"}),
]

KINKS: list[Any] = []
TORCH: dict[str, Any] = {}
