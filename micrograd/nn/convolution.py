"""Convolutions and their transposes, along one, two or three axes.

Arguments, names and shapes of parameters are PyTorch's, and so are the distributions of
their first numbers. `Conv2d` and `ConvTranspose2d` describe the arguments; the others
take the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np  # noqa: F401 - for the examples
from micrograd import ops
from micrograd.engine import Value
from micrograd.errors import ArgumentError, ShapeError
from micrograd.integers import integer_at_least
from micrograd.nn import init
from micrograd.nn.module import Module
from micrograd.op import Array, named, shape_of
from micrograd.ops.arguments import operand, true_or_false
from micrograd.ops.sliding import AXES, Sizes, per_axis

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

# PyTorch's names of what stands around the input, as `ops.pad` calls it.
PADDINGS = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


class _Sliding(Module):
    """What the layers of this room share: checks of sizes, the weight and the bias."""

    AXES = 0  # along how many axes the kernel slides

    kernel_size: Sizes
    stride: Sizes
    dilation: Sizes

    def _describe(self, in_channels: Any, out_channels: Any, groups: Any, **sizes: Any) -> None:
        """Check the sizes, and keep them as they are given."""
        name = type(self).__name__
        self.in_channels = integer_at_least(1, name, "in_channels", in_channels)
        self.out_channels = integer_at_least(1, name, "out_channels", out_channels)
        for what, (given, least) in sizes.items():
            if not isinstance(given, str):
                per_axis(name, what, given, self.AXES, least)
            setattr(self, what, given)
        self.groups = integer_at_least(1, name, "groups", groups)
        if in_channels % groups or out_channels % groups:
            raise ShapeError(
                f"{name}: in_channels={in_channels}, out_channels={out_channels}, groups={groups}: groups must divide "
                f"both numbers of channels"
            )

    def _each(self, what: str) -> tuple[int, ...]:
        """A size, for each axis."""
        return per_axis(type(self).__name__, what, getattr(self, what), self.AXES, 0)

    def _draw(self, shape: tuple[int, ...], bias: bool, dtype: Any, rng: Generator | None) -> None:
        """The weight and the bias, uniform between -1 and 1 over sqrt(fan in)."""
        rng, bound = init.generator(rng, type(self).__name__), 1.0 / math.sqrt(init.fans(shape)[0])
        self.weight = Value(init.uniform(shape, -bound, bound, rng=rng, dtype=dtype), label="weight")
        has_bias = true_or_false(type(self).__name__, "bias", bias)
        drawn = init.uniform(self.out_channels, -bound, bound, rng=rng, dtype=dtype) if has_bias else None
        self.bias = None if drawn is None else Value(drawn, label="bias")


class _Convolution(_Sliding):
    """The layers whose arguments `Conv2d` describes."""

    padding: Sizes | str

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: Any = None,
        rng: Generator | None = None,
    ) -> None:
        sizes = {"kernel_size": (kernel_size, 1), "stride": (stride, 1), "padding": (padding, 0)}
        self._describe(in_channels, out_channels, groups, **sizes, dilation=(dilation, 1))
        name = type(self).__name__
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ArgumentError(f"{name}: padding={padding!r} is unknown; give a number, 'same' or 'valid'")
        if padding == "same" and any(step != 1 for step in self._each("stride")):
            raise ArgumentError(
                f"{name}: padding='same' with stride {self._each('stride')}: it needs stride 1; give numbers"
            )
        if padding_mode not in PADDINGS:
            raise ArgumentError(f"{name}: padding_mode={padding_mode!r} is unknown; choose from {', '.join(PADDINGS)}")
        self.padding_mode = padding_mode
        self._draw((out_channels, in_channels // groups, *self._each("kernel_size")), bias, dtype, rng)

    def __call__(self, input: Array) -> Array:
        convolved, padding = getattr(ops, f"conv{self.AXES}d"), self.padding
        if self.padding_mode != "zeros":
            input, padding = self._padded(input), 0
        return convolved(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _padded(self, x: Any) -> Array:
        """x with elements of its own around it."""
        x, pairs = operand(type(self).__name__, x), self._ends()
        shape = shape_of(x)
        if len(shape) not in (self.AXES + 1, self.AXES + 2):
            return x  # the convolution says what is wrong
        widths = [(0, 0)] * (len(shape) - self.AXES) + pairs
        sides = zip(pairs, shape[-self.AXES :], strict=True)  # not the batch, which may be empty
        if self.padding_mode == "reflect" and any(max(pair) >= n for pair, n in sides):
            raise ShapeError(
                f"{type(self).__name__}: input {named(x)}, padding {pairs}: padding_mode='reflect' needs "
                f"axes longer than the padding"
            )
        return ops.pad(x, widths, mode=PADDINGS[self.padding_mode])

    def _ends(self) -> list[tuple[int, int]]:
        """How many elements are added before and after, per axis."""
        if self.padding == "valid":
            return [(0, 0)] * self.AXES
        if self.padding != "same":
            return [(n, n) for n in self._each("padding")]
        totals = [(n - 1) * step for n, step in zip(self._each("kernel_size"), self._each("dilation"), strict=True)]
        return [(total // 2, total - total // 2) for total in totals]


class Conv1d(_Convolution):
    """Convolution of signals with kernels that are learned: `Conv2d` along one axis.

    Args:
        in_channels: this and the other arguments are those of `Conv2d`.

    The input has the shape (batch, in_channels, length), or no batch.

    >>> Conv1d(3, 8, 5, padding=2)(np.ones((2, 3, 10))).shape
    (2, 8, 10)
    """

    AXES = 1


class Conv2d(_Convolution):
    """Convolution of images with kernels that are learned: `ops.conv2d`.

    z[n, f, p] = bias[f] + sum_(c, k) x[n, c, p stride + k dilation] weight[f, c, k]

    The input has the shape (batch, in_channels, height, width), or no batch.

    Args:
        in_channels: how many channels the input has.
        out_channels: how many kernels there are, and channels of the output.
        kernel_size: rows and columns of a kernel. This, stride, padding and dilation
            are one number, or one per axis.
        stride: the step between places, in elements.
        padding: how many elements are added at both ends; "same" for as many as keep
            the size, at stride 1; "valid" for none.
        dilation: the step between the elements of a kernel.
        groups: channels and kernels are split into that many independent parts.
        bias: False leaves the bias out.
        padding_mode: what is added: "zeros", or elements of the input, "reflect",
            "replicate" or "circular".
        dtype: the dtype of the parameters; None is float64.
        rng: a NumPy Generator, from which the parameters are drawn.

    Attributes:
        weight: Value of shape (out_channels, in_channels / groups, rows, columns), at
            first uniform between -1 / sqrt(n) and 1 / sqrt(n), where n is the product
            of the last three.
        bias: Value of shape (out_channels,), drawn alike; or None.

    Raises:
        ArgumentError: a size, a step or an option is out of range.
        ShapeError: groups does not divide the channels; or, when called, the input does
            not fit.

    >>> Conv2d(1, 8, 3, padding=1)(np.ones((2, 1, 9, 9))).shape
    (2, 8, 9, 9)
    """

    AXES = 2


class Conv3d(_Convolution):
    """Convolution of volumes with kernels that are learned: `Conv2d` along three axes.

    Args:
        in_channels: this and the other arguments are those of `Conv2d`.

    The input has the shape (batch, in_channels, depth, height, width), or no batch.

    >>> Conv3d(1, 2, 3)(np.ones((1, 1, 4, 4, 4))).shape
    (1, 2, 2, 2, 2)
    """

    AXES = 3


class _Transposed(_Sliding):
    """The layers whose arguments `ConvTranspose2d` describes."""

    padding: Sizes
    output_padding: Sizes

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        *,
        dtype: Any = None,
        rng: Generator | None = None,
    ) -> None:
        sizes = {"kernel_size": (kernel_size, 1), "stride": (stride, 1), "padding": (padding, 0)}
        sizes |= {"output_padding": (output_padding, 0), "dilation": (dilation, 1)}
        if isinstance(padding, str) or padding_mode != "zeros":
            raise ArgumentError(
                f"{type(self).__name__}: padding={padding!r}, padding_mode={padding_mode!r}: give numbers, and "
                f"padding_mode='zeros'"
            )
        self._describe(in_channels, out_channels, groups, **sizes)
        self.padding_mode = padding_mode
        self._draw((in_channels, out_channels // groups, *self._each("kernel_size")), bias, dtype, rng)

    def __call__(self, input: Array, output_size: Sequence[int] | None = None) -> Array:
        transposed = getattr(ops, f"conv_transpose{self.AXES}d")
        more = self.output_padding if output_size is None else self._missing(input, output_size)
        return transposed(input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation)

    def _missing(self, x: Any, output_size: Sequence[int]) -> tuple[int, ...]:
        """The output_padding that gives this size."""
        x, k, stride = operand(type(self).__name__, x), self.AXES, self._each("stride")
        if len(shape_of(x)) not in (k + 1, k + 2):
            return (0,) * k  # the convolution says what is wrong
        sizes, lengths = tuple(output_size)[-k:], shape_of(x)[-k:]
        sides = zip(lengths, stride, *map(self._each, ("padding", "dilation", "kernel_size")), strict=True)
        least = [(n - 1) * s - 2 * p + d * (q - 1) + 1 for n, s, p, d, q in sides]
        if len(output_size) not in (k, len(shape_of(x))) or not all(
            low <= n < low + s for n, low, s in zip(sizes, least, stride, strict=True)
        ):
            most = [low + s - 1 for low, s in zip(least, stride, strict=True)]
            raise ShapeError(
                f"{type(self).__name__}: output_size={output_size!r} for an input {named(x)}: give sizes of "
                f"{', '.join(AXES[k])} from {tuple(least)} to {tuple(most)}"
            )
        return tuple(n - low for n, low in zip(sizes, least, strict=True))


class ConvTranspose1d(_Transposed):
    """Transpose of `Conv1d`: `ConvTranspose2d` along one axis.

    Args:
        in_channels: this and the other arguments are those of `ConvTranspose2d`.

    The input has the shape (batch, in_channels, length), or no batch.

    >>> ConvTranspose1d(3, 8, 2, stride=2)(np.ones((2, 3, 10))).shape
    (2, 8, 20)
    """

    AXES = 1


class ConvTranspose2d(_Transposed):
    """Transpose of `Conv2d`: each element puts a kernel at its place, and they add up.

    It computes `ops.conv_transpose2d`. The input has the shape (batch, in_channels,
    height, width), or no batch. A second argument of a call, `output_size`, gives the
    height and width of the output, where several are possible.

    Args:
        in_channels: how many channels the input has.
        out_channels: how many channels the output has.
        kernel_size: rows and columns of a kernel. This, stride, padding,
            output_padding and dilation are one number, or one per axis.
        stride: the step between places, in elements of the output.
        padding: how many elements are cut off at both ends.
        output_padding: how many elements are added at the end; fewer than the stride or
            the dilation.
        groups: channels and kernels are split into that many independent parts.
        bias: False leaves the bias out.
        dilation: the step between the elements of a kernel.
        padding_mode: only "zeros".
        dtype: the dtype of the parameters; None is float64.
        rng: a NumPy Generator, from which the parameters are drawn.

    Attributes:
        weight: Value of shape (in_channels, out_channels / groups, rows, columns), at
            first uniform between -1 / sqrt(n) and 1 / sqrt(n), where n is the product
            of the last three, as in PyTorch.
        bias: Value of shape (out_channels,), drawn alike; or None.

    Raises:
        ArgumentError: a size, a step or an option is out of range.
        ShapeError: groups does not divide the channels; or, when called, the input does
            not fit.

    >>> ConvTranspose2d(4, 1, 2, stride=2)(np.ones((1, 4, 3, 3))).shape
    (1, 1, 6, 6)
    """

    AXES = 2


class ConvTranspose3d(_Transposed):
    """Transpose of `Conv3d`: `ConvTranspose2d` along three axes.

    Args:
        in_channels: this and the other arguments are those of `ConvTranspose2d`.

    The input has the shape (batch, in_channels, depth, height, width), or no batch.

    >>> ConvTranspose3d(1, 2, 3)(np.ones((1, 1, 2, 2, 2))).shape
    (1, 2, 4, 4, 4)
    """

    AXES = 3
