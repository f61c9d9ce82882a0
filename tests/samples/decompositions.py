"""Samples of micrograd/ops/decompositions.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.matrices import ANY, DEFINITE, SQUARE, TALL, swapped, symmetric
from tests.samples.sample import Kink, Sample


def _of_columns(*blocks: Any) -> Any:
    return np.concatenate(blocks, axis=-2)


def _eigenpairs(x: Any) -> Any:
    w, v = np.linalg.eigh(symmetric(x))
    return _of_columns(w[..., None, :], v)


def _triplets(x: Any) -> Any:
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return _of_columns(s[..., None, :], u, swapped(vh))


SAMPLES = [
    *(Sample("cholesky_factor", (x,), lambda x: np.linalg.cholesky(symmetric(x))) for x in DEFINITE),
    *(Sample("eigenpairs", (x,), _eigenpairs) for x in SQUARE),
    *(Sample("singular_triplets", (x,), _triplets) for x in ANY),
    *(Sample("orthogonal_factors", (x,), lambda x: _of_columns(*np.linalg.qr(x))) for x in TALL),
]

KINKS: list[Kink] = []


# The same in PyTorch. It chooses other signs of vectors: they are turned to NumPy's.


def _turned(torch: Any, mine: Any, ours: Any) -> Any:
    signs = np.sign(np.sum(mine.detach().numpy() * ours, axis=-2, keepdims=True))
    return mine * torch.tensor(signs)


def _torch_symmetric(x: Any) -> Any:
    return (x + x.mT) / 2


def _torch_eigenpairs(torch: Any, x: Any) -> Any:
    w, v = torch.linalg.eigh(_torch_symmetric(x))
    return torch.cat([w[..., None, :], _turned(torch, v, _eigenpairs(x.detach().numpy())[..., 1:, :])], dim=-2)


def _torch_triplets(torch: Any, x: Any) -> Any:
    u, s, vh = torch.linalg.svd(x, full_matrices=False)
    ours = _triplets(x.detach().numpy())[..., 1:, :]
    return torch.cat([s[..., None, :], _turned(torch, torch.cat([u, vh.mT], dim=-2), ours)], dim=-2)


def _torch_orthogonal_factors(torch: Any, x: Any) -> Any:
    q, r = torch.linalg.qr(x)
    ours, _ = np.linalg.qr(x.detach().numpy())
    q_turned = _turned(torch, q, ours)
    signs = torch.sign(torch.sum(q_turned.detach() * q.detach(), dim=-2))
    return torch.cat([q_turned, signs[..., :, None] * r], dim=-2)


TORCH: dict[str, Any] = {
    "cholesky_factor": lambda torch, x: torch.linalg.cholesky(_torch_symmetric(x)),
    "eigenpairs": _torch_eigenpairs,
    "singular_triplets": _torch_triplets,
    "orthogonal_factors": _torch_orthogonal_factors,
}
