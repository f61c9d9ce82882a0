"""Samples of micrograd/ops/joining.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import A3, A21, A23, A234, EMPTY, Sample


def _joined(*values: Any, axis: int = 0) -> Any:
    return np.concatenate(values, axis)


SAMPLES = [
    *(Sample("stacked", (A23, A23 + 1, 2 * A23), lambda *v, axis: np.stack(v, axis), {"axis": a}) for a in (0, 1, -1)),
    Sample("stacked", (0.75, 1.5), lambda *v: np.stack(v)),
    *(Sample("concatenated", (A23, A23[:, :2] + 1, A21), _joined, {"axis": a}) for a in (1, -1)),
    Sample("concatenated", (A23, EMPTY, A234[:, :, 0]), _joined),
    Sample("concatenated", (A3,), _joined),
]

KINKS: list[Any] = []

TORCH: dict[str, Any] = {
    "stacked": lambda torch, *xs, axis=0: torch.stack(xs, dim=axis),
    "concatenated": lambda torch, *xs, axis=0: torch.cat(xs, dim=axis),
}
