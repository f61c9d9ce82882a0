"""Samples of micrograd/ops/linalg.py. Matrices have eigenvalues and singular values well apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.samples.sample import Kink, Sample, array

_PAIRS = [
    (array(2, 3), array(3, 4)),
    (array(2, 3), array(3)),
    (array(3), array(3, 4)),
    (array(3), array(3)),
    (array(5, 2, 3), array(3, 4)),
    (array(2, 3), array(5, 3, 4)),
    (array(5, 1, 2, 3), array(4, 3, 2)),
    (array(3), array(5, 3, 2)),
    (array(5, 2, 3), array(3)),
    (np.zeros((0, 3)), array(3, 2)),
]


def apart(*shape: int) -> Any:
    """Matrices like diag(1, 2, ...) with some of everything else."""
    return np.eye(*shape[-2:]) * (1.0 + np.arange(shape[-1])) + 0.3 * array(*shape, low=-1.2, high=1.0)


def swapped(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


def symmetric(x: Any) -> Any:
    return (x + swapped(x)) / 2


SQUARE = [apart(3, 3), apart(2, 2, 2), np.array([[0.75]])]
DEFINITE = [symmetric(apart(3, 3)) + np.eye(3), apart(2, 2, 2) + np.eye(2), np.array([[0.75]])]
ANY = [apart(3, 3), apart(4, 2), apart(2, 4), apart(2, 3, 2), apart(2, 2, 3), array(1, 3)]
TALL = [apart(3, 3), apart(4, 2), apart(2, 3, 2), array(3, 1)]


def _of_columns(*blocks: Any) -> Any:
    return np.concatenate(blocks, axis=-2)


def _eigenpairs(x: Any) -> Any:
    w, v = np.linalg.eigh(symmetric(x))
    return _of_columns(w[..., None, :], v)


def _triplets(x: Any) -> Any:
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return _of_columns(s[..., None, :], u, swapped(vh))


SAMPLES = [
    *(Sample("matmul", pair, np.matmul) for pair in _PAIRS),
    *(Sample("inverse", (x,), np.linalg.inv) for x in SQUARE),
    *(
        Sample("solution", pair, np.linalg.solve)
        for pair in [
            (apart(3, 3), array(3, 2)),
            (apart(2, 2, 2), array(2, 3)),
            (apart(2, 2), array(2, 2, 3)),
            (apart(3, 1, 2, 2), array(2, 2, 1)),
        ]
    ),
    *(Sample("determinant", (x,), np.linalg.det) for x in SQUARE),
    *(Sample("determinant_sign", (x,), lambda x: np.linalg.slogdet(x)[0]) for x in SQUARE),
    *(Sample("log_determinant", (x,), lambda x: np.linalg.slogdet(x)[1]) for x in (*SQUARE, -apart(3, 3))),
    *(Sample("cholesky_factor", (x,), lambda x: np.linalg.cholesky(symmetric(x))) for x in DEFINITE),
    *(Sample("eigenpairs", (x,), _eigenpairs) for x in SQUARE),
    *(Sample("singular_triplets", (x,), _triplets) for x in ANY),
    *(Sample("orthogonal_factors", (x,), lambda x: _of_columns(*np.linalg.qr(x))) for x in TALL),
    *(Sample("pseudoinverse", (x,), lambda x: np.linalg.pinv(x)) for x in ANY),
]

KINKS = [
    Kink("determinant", np.diag([2.0, 0.0]), np.diag([0.0, 2.0])),
]


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


def _named(name: str) -> Callable[..., Any]:
    return lambda torch, *xs: getattr(torch.linalg, name)(*xs)


TORCH: dict[str, Any] = {
    "matmul": lambda torch, x, y: torch.matmul(x, y),
    "inverse": _named("inv"),
    "solution": _named("solve"),
    "determinant": _named("det"),
    "log_determinant": lambda torch, x: torch.linalg.slogdet(x)[1],
    "cholesky_factor": lambda torch, x: torch.linalg.cholesky(_torch_symmetric(x)),
    "eigenpairs": _torch_eigenpairs,
    "singular_triplets": _torch_triplets,
    "orthogonal_factors": _torch_orthogonal_factors,
    "pseudoinverse": _named("pinv"),
}
