"""Bundle adjustment: how far a camera sees a point from where it should, and the
Jacobian of that for many pairs of them.

A camera has 11 numbers: a rotation vector, its place, the focal length, the principal
point, and two coefficients of radial distortion.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy

from benchmarks.programs.contestants import trial
from benchmarks.row import Trial


def arguments(n: int) -> tuple[Any, ...]:
    """Of n observations the camera, the point, the weight, and what was seen."""
    generator = numpy.random.default_rng(14)
    cameras = 0.1 * generator.standard_normal((n, 11)) + numpy.array([0, 0, 0, 0, 0, -5, 1, 0, 0, 0, 0])
    points, seen = generator.standard_normal((n, 3)), generator.standard_normal((n, 2))
    return cameras, points, generator.uniform(0.5, 1.5, n), seen


def written_in(np: Any) -> Any:
    """The error of one observation; the rotation is Rodrigues' formula."""

    def rotated(rotation: Any, x: Any) -> Any:
        angle = np.sqrt(np.sum(rotation**2))
        axis = rotation / angle
        cosine = np.cos(angle)
        return x * cosine + np.cross(axis, x) * np.sin(angle) + axis * (np.dot(axis, x) * (1.0 - cosine))

    def error(camera: Any, point: Any, weight: Any, seen: Any) -> Any:
        x = rotated(camera[:3], point - camera[3:6])
        x = x[:2] / x[2]
        square = np.sum(x**2)
        x = x * (1.0 + camera[9] * square + camera[10] * square**2)
        return weight * (camera[6] * x + camera[7:9] - seen)

    return error


def in_torch(torch: Any) -> Any:
    """The same; `cross` has another name."""

    class Names:
        sqrt, sum, cos, sin, dot, cross = torch.sqrt, torch.sum, torch.cos, torch.sin, torch.dot, torch.linalg.cross

    return written_in(Names)


def ours(n: int, by: Any = lambda f: f) -> Trial:
    """micrograd: vmap of jacobian, run by `micrograd.compile` or as it is."""
    from micrograd import jacobian, vmap

    args = arguments(n)
    derivative = by(vmap(jacobian(written_in(numpy), (0, 1, 2))))
    return trial(lambda: derivative(*args))


def torch(n: int) -> Trial:
    """PyTorch: vmap of jacrev."""
    import torch

    args = [torch.tensor(x) for x in arguments(n)]
    derivative = torch.func.vmap(torch.func.jacrev(in_torch(torch), (0, 1, 2)))
    return trial(lambda: derivative(*args))


def jax(n: int) -> Trial:
    """JAX: jit of vmap of jacrev."""
    import jax

    args = [jax.numpy.asarray(x) for x in arguments(n)]
    derivative = jax.jit(jax.vmap(jax.jacrev(written_in(jax.numpy), (0, 1, 2))))
    return trial(functools.partial(_waiting, jax, derivative, args))


def _waiting(jax: Any, derivative: Any, args: Any) -> Any:
    return jax.block_until_ready(derivative(*args))
