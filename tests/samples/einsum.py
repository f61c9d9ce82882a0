"""Samples of micrograd/ops/einsum.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import Sample, array

_TERMS: list[tuple[str, tuple[Any, ...]]] = [
    ("ij,jk->ik", (array(2, 3), array(3, 4))),
    ("bij,bkj->ikb", (array(2, 3, 4), array(2, 2, 4))),
    ("ij,ij->", (array(2, 3), array(2, 3) + 1)),
    ("i,j->ji", (array(2), array(3))),
    ("ij,jk,kl->li", (array(2, 3), array(3, 2), array(2, 4))),
    ("i,i,i,i->", (array(3), array(3) + 1, array(3) - 1, array(3) + 2)),
    (",i->i", (0.75, array(3))),
    (",->", (0.75, 1.5)),
    ("ij,jk->ik", (np.zeros((0, 3)), array(3, 2))),
    ("ij,jk->ik", (np.zeros((2, 0)), np.zeros((0, 3)))),
]


def _einsum(*xs: Any, subscripts: str, optimize: Any = False) -> Any:
    return np.einsum(subscripts, *xs, optimize=len(xs) > 2)


SAMPLES = [
    *(Sample("contract", xs, _einsum, {"subscripts": s}) for s, xs in _TERMS),
    Sample("contract", _TERMS[0][1], _einsum, {"subscripts": _TERMS[0][0], "optimize": "greedy"}),
]

KINKS: list[Any] = []

TORCH: dict[str, Any] = {"contract": lambda torch, *xs, subscripts, optimize=None: torch.einsum(subscripts, *xs)}
