"""Samples of micrograd/ops/matrix_functions.py: eigenvalues apart, equal, complex, and
defective matrices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.samples import exact
from tests.samples.matrices import apart, symmetric
from tests.samples.sample import Sample, array

DEFECTIVE = np.array([[2.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 2.0]])
TURNING = np.array([[0.5, -1.0], [1.0, 0.5]])
ANY = [apart(3, 3), apart(2, 2, 2), np.array([[0.75]]), DEFECTIVE, TURNING, np.zeros((2, 2)), np.zeros((0, 0))]
WITH_ROOTS = [apart(3, 3), apart(2, 2, 2), np.array([[0.75]]), DEFECTIVE, TURNING, 2.0 * np.eye(2), np.zeros((0, 0))]
EXPONENTIAL = (np.exp,) * 5  # and its derivatives


def _corner(kron: Any, expm: Any, like: Any, x: Any, changes: Any) -> Any:
    """The derivative of the exponential in the directions of the changes, as a corner
    of that of a block matrix.
    """
    up, count = np.array([[0.0, 1.0], [0.0, 0.0]]), len(changes)
    whole = kron(like(np.eye(2**count)), x)
    for i, change in enumerate(changes):
        place = np.kron(np.kron(np.eye(2**i), up), np.eye(2 ** (count - i - 1)))
        whole = whole + kron(like(place), change)
    n = x.shape[-1]
    return expm(whole)[..., :n, -n:]


def _exponential_of_symmetric(x: Any, *changes: Any, functions: Any) -> Any:
    return _corner(np.kron, exact.rounded(exact.exponential), np.asarray, symmetric(x), [*map(symmetric, changes)])


SAMPLES = [
    *(Sample("matrix_exponential", (x,), exact.rounded(exact.exponential)) for x in ANY),
    *(Sample("matrix_square_root", (x,), exact.rounded(exact.square_root)) for x in WITH_ROOTS),
    *(Sample("matrix_logarithm", (x,), exact.rounded(exact.logarithm)) for x in WITH_ROOTS),
    *(
        Sample("symmetric_function", inputs, _exponential_of_symmetric, {"functions": EXPONENTIAL})
        for inputs in [
            (apart(3, 3),),
            (apart(2, 2, 2),),
            (np.zeros((2, 2)),),
            (np.diag([1.0, 1.0, 2.0]),),
            (apart(3, 3), array(3, 3)),
            (np.eye(2), array(2, 2)),
            (apart(2, 2), array(2, 2), array(2, 2) + 1.0),
            (np.eye(2), array(2, 2), array(2, 2) + 1.0),
        ]
    ),
]

KINKS: list[Any] = []


# The same in PyTorch: its exponential; the others by the plain iteration, which it
# differentiates itself.


def _in_doubles(f: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda torch, x: f(torch, x.double()).to(x.dtype)


def _root(torch: Any, x: Any) -> Any:
    eye = torch.eye(x.shape[-1], dtype=x.dtype)
    y, z = x, eye.expand(x.shape)
    for _ in range(12):
        y, z = (y + torch.linalg.inv(z)) / 2, (z + torch.linalg.inv(y)) / 2
    return y


def _logarithm(torch: Any, x: Any) -> Any:
    eye = torch.eye(x.shape[-1], dtype=x.dtype)
    for _ in range(4):
        x = _root(torch, x)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    parts = [
        w / 2 * torch.linalg.solve(eye + (u + 1) / 2 * (x - eye), x - eye) for u, w in zip(nodes, weights, strict=True)
    ]
    return 16.0 * torch.stack(parts).sum(0)


def _torch_symmetric(torch: Any, x: Any, *changes: Any, functions: Any) -> Any:
    x, *changes = ((m + m.mT) / 2 for m in (x, *changes))
    if not changes:
        return torch.linalg.matrix_exp(x)
    return _corner(torch.kron, torch.linalg.matrix_exp, lambda m: torch.tensor(m, dtype=x.dtype), x, changes)


TORCH: dict[str, Any] = {
    "matrix_exponential": lambda torch, x: torch.linalg.matrix_exp(x),
    "matrix_square_root": _in_doubles(_root),
    "matrix_logarithm": _in_doubles(_logarithm),
    "symmetric_function": _torch_symmetric,
}
