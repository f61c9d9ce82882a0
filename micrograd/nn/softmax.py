"""Activations along an axis, as modules with PyTorch's names and arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from micrograd import on_demand as np  # noqa: F401 - for the examples
from micrograd import ops
from micrograd.errors import ArgumentError, ShapeError
from micrograd.nn.module import Module
from micrograd.op import Array, named, shape_of
from micrograd.ops.arguments import operand

__all__ = ["GLU", "LogSoftmax", "Softmax", "Softmax2d", "Softmin"]


@dataclass(eq=False, repr=False)
class Softmax(Module):
    """Exponentials divided by their sum along an axis: `ops.softmax`.

    z_i = exp(x_i) / sum_j exp(x_j)

    Args:
        dim: the axis. PyTorch guesses one where it is None; here it has to be given.

    Raises:
        ArgumentError: dim is not given.
        ShapeError: when called, the axis does not exist.

    >>> Softmax(dim=-1)(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """

    dim: int | None = None

    def __post_init__(self) -> None:
        _check_axis(self, self.dim)

    def __call__(self, input: Array) -> Array:
        return ops.softmax(input, axis=self.dim)


@dataclass(eq=False, repr=False)
class Softmin(Module):
    """Softmax of the opposite: the smallest element gets the largest share.

    z_i = exp(-x_i) / sum_j exp(-x_j)

    Args:
        dim: the axis; it has to be given.

    Raises:
        ArgumentError: dim is not given.
        ShapeError: when called, the axis does not exist.

    >>> Softmin(dim=-1)(np.array([0.0, 1000.0]))
    array([1., 0.])
    """

    dim: int | None = None

    def __post_init__(self) -> None:
        _check_axis(self, self.dim)

    def __call__(self, input: Array) -> Array:
        return ops.softmax(-operand("Softmin", input), axis=self.dim)


@dataclass(eq=False, repr=False)
class LogSoftmax(Module):
    """Logarithm of the softmax along an axis, without overflow: `ops.log_softmax`.

    z_i = x_i - ln sum_j exp(x_j)

    Args:
        dim: the axis; it has to be given.

    Raises:
        ArgumentError: dim is not given.
        ShapeError: when called, the axis does not exist.

    >>> LogSoftmax(dim=-1)(np.array([1000.0, 0.0]))
    array([    0., -1000.])
    """

    dim: int | None = None

    def __post_init__(self) -> None:
        _check_axis(self, self.dim)

    def __call__(self, input: Array) -> Array:
        return ops.log_softmax(input, axis=self.dim)


@dataclass(eq=False, repr=False)
class Softmax2d(Module):
    """Softmax over the channels, at each place of an image.

    The input has the shape (batch, channels, height, width), or no batch.

    Raises:
        ShapeError: when called, the input has another number of axes.

    >>> Softmax2d()(np.zeros((1, 2, 1, 1))).ravel()
    array([0.5, 0.5])
    """

    def __call__(self, input: Array) -> Array:
        x = operand("Softmax2d", input)
        if len(shape_of(x)) not in (3, 4):
            raise ShapeError(f"Softmax2d: input {named(x)}: it needs shape (batch, channels, height, width)")
        return ops.softmax(x, axis=-3)


@dataclass(eq=False, repr=False)
class GLU(Module):
    """Gated linear unit: one half times the logistic function of the other: `ops.glu`.

    z = a / (1 + e^-b), where a and b are the halves of x along an axis

    Args:
        dim: the axis that is split in two, of even length.

    Raises:
        ShapeError: when called, the axis does not exist, or its length is odd.

    Source: Dauphin, Fan, Auli, Grangier (2017), arXiv:1612.08083.

    >>> GLU()(np.array([4.0, 0.0]))
    array([2.])
    """

    dim: int = -1

    def __call__(self, input: Array) -> Array:
        return ops.glu(input, dim=self.dim)


def _check_axis(owner: Module, dim: Any) -> None:
    if dim is None:
        name = type(owner).__name__
        raise ArgumentError(f"{name}: dim=None: give the axis that is shared out, as in {name}(dim=-1)")
