"""Hand tracking: how far points are from a hand that is bent and moved by 26 numbers.

The numbers are a rotation, a shift, and four angles of each finger. A finger has three
joints: the first turns about two axes, the others about one. A point of the skin
follows several bones, each with a weight.
"""

from __future__ import annotations

from typing import Any

import numpy

from benchmarks.programs.contestants import trial
from benchmarks.row import Trial

FINGERS, JOINTS = 5, 3
COLUMNS = 6 + 4 * FINGERS


def arguments(n: int) -> tuple[Any, ...]:
    """The 26 numbers."""
    return (0.3 * numpy.random.default_rng(15).standard_normal(COLUMNS),)


def skin(n: int) -> tuple[Any, Any, Any, Any]:
    """Where the joints are from the one before, n points of the skin at rest as
    (x, y, z, 1), their weights by bone, and where they were seen.
    """
    generator = numpy.random.default_rng(16)
    offsets = generator.standard_normal((FINGERS, JOINTS, 3))
    rest = numpy.concatenate([generator.standard_normal((n, 3)), numpy.ones((n, 1))], axis=1)
    weights = generator.uniform(size=(1 + FINGERS * JOINTS, n))
    return offsets, rest, weights / weights.sum(axis=0), generator.standard_normal((n, 3))


def written_in(np: Any, n: int) -> Any:
    """The distances by coordinate, n times 3 numbers; np joins lists of numbers."""
    return _written(np.array, np.cos, np.sin, np.einsum, *skin(n))


def in_torch(torch: Any, n: int) -> Any:
    """The same; PyTorch has no array() that keeps gradients, so rows are stacked."""

    def array(rows: Any) -> Any:
        if isinstance(rows, (list, tuple)):
            return torch.stack([array(row) for row in rows])
        return rows if isinstance(rows, torch.Tensor) else torch.tensor(rows, dtype=torch.float64)

    return _written(array, torch.cos, torch.sin, torch.einsum, *map(torch.tensor, skin(n)))


def _written(array: Any, cos: Any, sin: Any, einsum: Any, offsets: Any, rest: Any, weights: Any, seen: Any) -> Any:
    def bend(angle: Any, offset: Any) -> Any:
        c, s, (x, y, z) = cos(angle), sin(angle), offset
        return array([[1.0, 0.0, 0.0, x], [0.0, c, -s, y], [0.0, s, c, z], [0.0, 0.0, 0.0, 1.0]])

    def spread(angle: Any) -> Any:
        c, s = cos(angle), sin(angle)
        return array([[c, 0.0, s, 0.0], [0.0, 1.0, 0.0, 0.0], [-s, 0.0, c, 0.0], [0.0, 0.0, 0.0, 1.0]])

    def turn(angle: Any) -> Any:
        c, s = cos(angle), sin(angle)
        return array([[c, -s, 0.0, 0.0], [s, c, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])

    def distances(theta: Any) -> Any:
        wrist = bend(theta[0], theta[3:6]) @ spread(theta[1]) @ turn(theta[2])
        bones = [wrist]
        for i in range(FINGERS):
            angles = theta[6 + 4 * i : 10 + 4 * i]
            bone = wrist @ bend(angles[0], offsets[i][0]) @ spread(angles[1])
            bones.append(bone)
            for j in range(1, JOINTS):
                bone = bone @ bend(angles[j + 1], offsets[i][j])
                bones.append(bone)
        moved = einsum("bn,bij,nj->ni", weights, array(bones), rest)
        return (seen - moved[:, :3]).reshape(-1)

    return distances


def ours(n: int, by: Any = lambda f: f) -> Trial:
    """micrograd: jacobian in forward mode, run by `micrograd.compile` or as it is."""
    from micrograd import jacobian
    from micrograd import numpy as np

    (theta,) = arguments(n)
    derivative = by(jacobian(written_in(np, n), mode="forward"))
    return trial(lambda: derivative(theta))


def torch(n: int) -> Trial:
    """PyTorch: vmap of jvp over the columns."""
    import torch

    (theta,) = (torch.tensor(x) for x in arguments(n))
    f = in_torch(torch, n)
    columns = torch.eye(COLUMNS, dtype=torch.float64)
    push = torch.func.vmap(lambda column: torch.func.jvp(f, (theta,), (column,))[1], out_dims=1)
    return trial(lambda: push(columns))


def jax(n: int) -> Trial:
    """JAX: jit of jacfwd."""
    import jax

    (theta,) = (jax.numpy.asarray(x) for x in arguments(n))
    derivative = jax.jit(jax.jacfwd(written_in(jax.numpy, n)))
    return trial(lambda: derivative(theta).block_until_ready())
