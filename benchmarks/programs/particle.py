"""A particle is pushed by two bodies, and one of them is moved by gradient descent
until the particle goes through the origin.

The force is the gradient of a potential, so the descent differentiates a path that is
itself made of gradients: reverse over reverse. From Siskind and Pearlmutter (2008),
doi:10.1007/978-3-540-68942-3_8.
"""

from __future__ import annotations

from typing import Any

import numpy

from benchmarks.programs.contestants import trial
from benchmarks.row import Trial

START, VELOCITY, FIXED = [0.0, 8.0], [0.75, 0.0], [10.0, 0.0]


def written_in(np: Any, stack: Any, array: Any, force_of: Any, step: float) -> Any:
    """The square of where the particle crosses the axis, for a body that is moved by w.

    The potential is 1/r of each body; `force_of(potential)(x)` is its gradient. The
    path is that of Euler's method, with this step of time.
    """
    fixed = array(FIXED)

    def missed(w: Any) -> Any:
        moved = stack([10.0, 10.0 - w])

        def potential(x: Any) -> Any:
            return 1.0 / np.sqrt(np.sum((x - moved) ** 2)) + 1.0 / np.sqrt(np.sum((x - fixed) ** 2))

        slope = force_of(potential)
        x, v = array(START), array(VELOCITY)
        while True:
            following = x + step * v
            if following[1] <= 0.0:
                break
            x, v = following, v - step * slope(x)
        crossing = x - x[1] / v[1] * v
        return crossing[0] ** 2

    return missed


def descended(gradient: Any, descents: int) -> list[float]:
    """All positions of the body, and the gradients there."""
    w, found = 0.0, []
    for _ in range(descents):
        slope = gradient(w)
        found += [w, float(slope)]
        w = w - 0.01 * float(slope)
    return found


def ours(descents: int, step: float) -> Trial:
    """micrograd: grad of grad."""
    from micrograd import grad
    from micrograd import numpy as np

    gradient = grad(written_in(np, np.array, np.array, grad, step))
    return trial(lambda: descended(gradient, descents))


def torch(descents: int, step: float) -> Trial:
    """PyTorch: torch.autograd.grad with create_graph."""
    import torch

    def array(numbers: Any) -> Any:
        return torch.tensor(numbers, dtype=torch.float64, requires_grad=True)

    def stack(numbers: Any) -> Any:
        return torch.stack([torch.as_tensor(x, dtype=torch.float64) for x in numbers])

    def force_of(potential: Any) -> Any:
        return lambda x: torch.autograd.grad(potential(x), x, create_graph=True)[0]

    missed = written_in(torch, stack, array, force_of, step)

    def gradient(w: float) -> Any:
        leaf = array(w)
        return torch.autograd.grad(missed(leaf), leaf)[0]

    return trial(lambda: descended(gradient, descents))


def autograd(descents: int, step: float) -> Trial:
    """HIPS autograd: grad of grad."""
    import autograd

    np = autograd.numpy
    gradient = autograd.grad(written_in(np, np.array, numpy.array, autograd.grad, step))
    return trial(lambda: descended(gradient, descents))
