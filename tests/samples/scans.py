"""Samples of micrograd/ops/scans.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A3, A23, A234, EMPTY, SIGNED, Sample


def _recurrence(factors: Any, x: Any) -> Any:
    z, last = np.zeros_like(x), np.zeros(x.shape[:-1])
    for i in range(x.shape[-1]):
        z[..., i] = last = factors[..., i] * last + x[..., i]
    return z


def _logcumsumexp(x: Any, axis: int = -1) -> Any:
    return np.log(np.cumsum(np.exp(x), axis=axis))


SAMPLES = [
    *(Sample("cumsum", (A234,), np.cumsum, {"axis": a}) for a in (None, 0, 1, -1)),
    Sample("cumsum", (0.75,), np.cumsum),
    Sample("cumsum", (EMPTY,), np.cumsum, {"axis": 0}),
    *(Sample("recurrence", xs, _recurrence) for xs in [(A3, A3 + 1.0), (SIGNED, A23), (A234, A234 - 1.0)]),
    Sample("recurrence", (np.zeros((2, 0)), np.zeros((2, 0))), _recurrence),
    *(Sample("logcumsumexp", (x,), _logcumsumexp) for x in (A3, SIGNED, np.zeros((0, 3)), np.zeros((3, 0)))),
    *(Sample("logcumsumexp", (A234,), _logcumsumexp, {"axis": axis}) for axis in (0, 1, -1)),
]

KINKS: list[Any] = []


def _torch_cumsum(torch: Any, x: Any, axis: int | None = None) -> Any:
    return torch.cumsum(x.reshape(-1) if axis is None else x, dim=axis or 0)


def _torch_recurrence(torch: Any, factors: Any, x: Any) -> Any:
    z = [torch.zeros_like(x[..., 0])] if x.shape[-1] else []
    for i in range(x.shape[-1]):
        z.append(factors[..., i] * z[-1] + x[..., i])
    return torch.stack(z[1:], dim=-1) if z else x * factors


TORCH: dict[str, Any] = {
    "cumsum": _torch_cumsum,
    "recurrence": _torch_recurrence,
    "logcumsumexp": lambda torch, x, axis=-1: torch.logcumsumexp(x, dim=axis),
}
