"""Samples of micrograd/ops/sliding.py."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tests.samples.sample import Sample, array


def _windows(x: Any, *, size: Any, stride: Any, dilation: Any) -> Any:
    """By loops over every element."""
    k = len(size)
    spans = [(s - 1) * d + 1 for s, d in zip(size, dilation, strict=True)]
    places = [(n - span) // s + 1 for n, span, s in zip(x.shape[-k:], spans, stride, strict=True)]
    z = np.zeros((*x.shape[:-k], *places, *size))
    for p, q in itertools.product(np.ndindex(*places), np.ndindex(*size)):
        z[(..., *p, *q)] = x[(..., *(a * s + b * d for a, b, s, d in zip(p, q, stride, dilation, strict=True)))]
    return z


def _overlap_add(x: Any, *, lengths: Any, stride: Any, dilation: Any) -> Any:
    k = len(lengths)
    z = np.zeros((*x.shape[: -2 * k], *lengths))
    for p, q in itertools.product(np.ndindex(*x.shape[-2 * k : -k]), np.ndindex(*x.shape[-k:])):
        z[(..., *(a * s + b * d for a, b, s, d in zip(p, q, stride, dilation, strict=True)))] += x[(..., *p, *q)]
    return z


_ROWS: list[tuple[Any, dict[str, Any], tuple[int, ...]]] = [
    (array(5), {"stride": (1,), "dilation": (1,)}, (2,)),
    (array(2, 7), {"stride": (2,), "dilation": (1,)}, (3,)),
    (array(2, 8), {"stride": (3,), "dilation": (2,)}, (2,)),
    (array(2, 4, 5), {"stride": (1, 2), "dilation": (2, 1)}, (2, 3)),
    (array(4, 4), {"stride": (2, 2), "dilation": (1, 1)}, (2, 2)),
    (np.zeros((0, 3)), {"stride": (1,), "dilation": (1,)}, (2,)),
]

SAMPLES = [
    *(Sample("windows", (x,), _windows, {"size": size, **steps}) for x, steps, size in _ROWS),
    *(
        Sample(
            "overlap_add",
            (_windows(x, size=size, **steps),),
            _overlap_add,
            {"lengths": x.shape[x.ndim - len(size) :], **steps},
        )
        for x, steps, size in _ROWS
    ),
]

KINKS: list[Any] = []


def _torch_windows(torch: Any, x: Any, size: Any, stride: Any, dilation: Any) -> Any:
    first = x.ndim - len(size)
    for i, (n, step, spread) in enumerate(zip(size, stride, dilation, strict=True)):
        x = x.unfold(first + i, (n - 1) * spread + 1, step)[..., ::spread]
    return x


def _torch_overlap_add(torch: Any, x: Any, lengths: Any, stride: Any, dilation: Any) -> Any:
    k = len(lengths)
    z = torch.zeros((*x.shape[: -2 * k], *lengths), dtype=x.dtype)
    for q in np.ndindex(*x.shape[-k:]):
        places = zip(q, x.shape[-2 * k : -k], stride, dilation, strict=True)
        z[(..., *(slice(a * d, a * d + (n - 1) * s + 1, s) for a, n, s, d in places))] += x[(..., *q)]
    return z


TORCH: dict[str, Any] = {"windows": _torch_windows, "overlap_add": _torch_overlap_add}
