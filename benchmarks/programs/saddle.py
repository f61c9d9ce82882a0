"""A saddle point: the least of the greatest values of x^2 - y^2, both by gradient
descent, one in the other: reverse over reverse. From Siskind and Pearlmutter (2008),
doi:10.1007/978-3-540-68942-3_8.
"""

from __future__ import annotations

from typing import Any

import numpy

from benchmarks.programs.contestants import trial
from benchmarks.row import Trial

START = [1.0, 1.0]
NEAR = 1e-5  # so short a step, or so small a gradient, ends the descent


def written_in(np: Any, array: Any, outer_grad: Any, inner_grad: Any, rate: float) -> Any:
    """The saddle point, as two vectors. A step that does not improve is tried at half
    the rate; ten that do double it.
    """

    def size(x: Any) -> Any:
        return np.sqrt(np.sum(x**2))

    def descended(f: Any, slope_of: Any, x: Any) -> Any:
        lr, good = rate, 0
        value, slope = f(x), slope_of(x)
        while size(slope) > NEAR:
            if good == 10:
                lr, good = 2.0 * lr, 0
            step = lr * slope
            if size(step) <= NEAR:
                break
            following = x - step
            if f(following) < value:
                x, good = following, good + 1
                value, slope = f(x), slope_of(x)
            else:
                lr, good = 0.5 * lr, 0
        return x

    def height(x: Any, y: Any) -> Any:
        return np.sum(x**2) - np.sum(y**2)

    def highest(x: Any) -> Any:
        def depth(y: Any) -> Any:
            return -height(x, y)

        return descended(depth, inner_grad(depth), array(START))

    def most(x: Any) -> Any:
        return height(x, highest(x))

    def saddle() -> Any:
        x = descended(most, outer_grad(most), array(START))
        return x, highest(x)

    return saddle


def ours(rate: float) -> Trial:
    """micrograd: grad of grad."""
    from micrograd import grad

    return trial(written_in(numpy, numpy.array, grad, grad, rate))


def torch(rate: float) -> Trial:
    """PyTorch: torch.autograd.grad, with create_graph in the inner descent."""
    import torch

    def array(numbers: Any) -> Any:
        return torch.tensor(numbers, dtype=torch.float64)

    def inner_grad(f: Any) -> Any:
        def gradient(x: Any) -> Any:
            x = x if x.requires_grad else x.requires_grad_()
            return torch.autograd.grad(f(x), x, create_graph=True)[0]

        return gradient

    def outer_grad(f: Any) -> Any:
        def gradient(x: Any) -> Any:
            leaf = x.detach().requires_grad_()
            return torch.autograd.grad(f(leaf), leaf)[0]

        return gradient

    saddle = written_in(torch, array, outer_grad, inner_grad, rate)
    return trial(lambda: [x.detach() for x in saddle()])


def autograd(rate: float) -> Trial:
    """HIPS autograd: grad of grad."""
    import autograd

    return trial(written_in(autograd.numpy, numpy.array, autograd.grad, autograd.grad, rate))
