"""Dropout: while a module trains, some of its numbers are left out at random.

The masks are drawn from the module's own NumPy Generator, `rng`, so that a checkpoint
can keep its state, and the same seed gives the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from micrograd import on_demand as np
from micrograd import ops
from micrograd.errors import ArgumentError, ShapeError
from micrograd.nn import init, kept
from micrograd.nn.module import Module
from micrograd.op import Array, named, shape_of
from micrograd.ops.arguments import operand, probability, true_or_false

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d"]


class Dropout(Module):
    """While it trains, each element becomes 0 with probability p; the others grow, to
    keep the mean. After `eval()` the input comes out as it is.

    z = x / (1 - p) where kept, else 0

    Args:
        p: the probability that an element is left out.
        inplace: only False: a Value is not changed in place.
        rng: the NumPy Generator that the masks are drawn from; None makes a fresh one.

    Raises:
        ArgumentError: p is not a probability.

    Source: Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks
    from overfitting", JMLR 15:1929-1958.

    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> layer(np.ones(4)), layer.eval()(np.ones(4))
    (array([2., 0., 0., 0.]), array([1., 1., 1., 1.]))
    """

    def __init__(self, p: float = 0.5, inplace: bool = False, *, rng: Generator | None = None) -> None:
        name = type(self).__name__
        if true_or_false(name, "inplace", inplace):
            raise ArgumentError(f"{name}: inplace=True: a Value is not changed in place; take the result instead")
        self.p = probability(name, "p", p)
        self.inplace = False
        self.rng = init.generator(rng, name)

    def __call__(self, input: Array) -> Array:
        kept.check_mode(self)
        return ops.dropout(input, p=self.p, training=self.training, rng=self.rng)


class _ChannelDropout(Dropout):
    """Dropout of whole channels."""

    AXES: tuple[int, ...] = ()  # how many axes the input may have
    WANTED = ""

    def __call__(self, input: Array) -> Array:
        kept.check_mode(self)
        name = type(self).__name__
        x = operand(name, input)
        shape = shape_of(x)
        if len(shape) not in self.AXES:
            raise ShapeError(f"{name}: input {named(x)}: it needs shape {self.WANTED}")
        if not self.training or self.p == 0.0:
            return x
        if self.p == 1.0:  # 0 of an infinite number too, as Dropout gives
            return ops.dropout(x, p=1.0, rng=self.rng)
        channels = len(shape) - self.AXES[-1] + 2  # axes that hold the batch and the channels
        ones = np.ones((*shape[:channels], *(1,) * (len(shape) - channels)), getattr(x, "dtype", float))
        return x * ops.dropout(ones, p=self.p, rng=self.rng)


class Dropout1d(_ChannelDropout):
    """Dropout of whole channels of signals: `Dropout2d` along one axis.

    Args:
        p: this and the other arguments are those of `Dropout`.

    The input has the shape (batch, channels, length), or no batch.

    >>> Dropout1d(1.0)(np.ones((1, 1, 2)))
    array([[[0., 0.]]])
    """

    AXES, WANTED = (2, 3), "(batch, channels, length), or no batch"


class Dropout2d(_ChannelDropout):
    """While it trains, each channel of each image becomes 0 with probability p; the
    others grow, to keep the mean.

    The input has the shape (batch, channels, height, width).

    Args:
        p: this and the other arguments are those of `Dropout`.

    Raises:
        ArgumentError: p is not a probability.
        ShapeError: when called, the input has another number of axes.

    Source: Tompson et al. (2015), arXiv:1411.4280.

    >>> Dropout2d(0.5, rng=np.random.default_rng(0))(np.ones((1, 2, 1, 2)))
    array([[[[2., 2.]],
            [[0., 0.]]]])
    """

    # PyTorch takes three axes for (batch, channels, length), and will change that.
    AXES, WANTED = (4,), "(batch, channels, height, width); use Dropout1d for (batch, channels, length)"


class Dropout3d(_ChannelDropout):
    """Dropout of whole channels of volumes: `Dropout2d` along three axes.

    Args:
        p: this and the other arguments are those of `Dropout`.

    The input has the shape (batch, channels, depth, height, width), or no batch.

    >>> Dropout3d(1.0)(np.ones((1, 1, 1, 1, 2)))
    array([[[[[0., 0.]]]]])
    """

    AXES, WANTED = (4, 5), "(batch, channels, depth, height, width), or no batch"
