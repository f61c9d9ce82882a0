"""The table, images laid out otherwise: windows as columns, and channels as pixels, by the names of PyTorch."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, named, shape_of
from micrograd.ops.einsum import operand
from micrograd.ops.networks import Sizes, overlap_add, per_axis, windows_of
from micrograd.ops.shapes import reshape, transpose

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np  # noqa: F401 - for the examples

__all__ = ["fold", "pixel_shuffle", "pixel_unshuffle", "unfold"]

_IMAGE = ("height", "width")


def unfold(x: Array, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Array:
    """What a kernel sees at each of its places over an image, as one column each.

    Args:
        x: value of shape (batch, channels, height, width), or without batch.
        kernel_size: rows and columns of the kernel; one number, or one per axis, here as below.
        dilation: the step between the elements of a kernel.
        padding: zeros at either end.
        stride: the step between places, in elements.

    Returns:
        Value of shape (batch, channels * rows * columns, places).

    Raises:
        ArgumentError: a size, step or padding is out of range.
        ShapeError: x is not an image, or the kernel does not fit.

    >>> unfold(np.array([[[[1.0, 2.0, 3.0]]]]), (1, 2))
    array([[[1., 2.],
            [2., 3.]]])
    """
    x, axes = operand("unfold", x), _IMAGE
    if len(shape_of(x)) not in (3, 4):
        raise ShapeError(f"unfold: {named(x)} is not an image; it needs shape (batch, channels, height, width)")
    if len(shape_of(x)) == 3:
        return unfold(x[None], kernel_size, dilation, padding, stride)[0]
    size, step = per_axis("unfold", "kernel_size", kernel_size, axes, 1), per_axis("unfold", "stride", stride, axes, 1)
    spread, ends = per_axis("unfold", "dilation", dilation, axes, 1), per_axis("unfold", "padding", padding, axes, 0)
    seen = windows_of("unfold", x, size, step, spread, [(n, n) for n in ends])
    batch, channels, down, across, *_ = shape_of(seen)
    columns = transpose(seen, axes=(0, 1, 4, 5, 2, 3))
    return reshape(columns, shape=(batch, channels * size[0] * size[1], down * across))


def fold(
    x: Array,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Array:
    """Columns added together to the image that they came from; the transpose of unfold.

    Args:
        x: value of shape (batch, channels * rows * columns, places), as from unfold, or without batch.
        output_size: height and width of the image; one number, or one per axis, here as below.
        kernel_size: rows and columns of the kernel.
        dilation: the step between the elements of a kernel.
        padding: elements of the image's ends that are left out of it.
        stride: the step between places, in elements.

    Returns:
        Value of shape (batch, channels, height, width).

    Raises:
        ArgumentError: a size, step or padding is out of range.
        ShapeError: x is not what unfold gives for such an image.

    >>> fold(np.array([[[1.0, 2.0], [2.0, 3.0]]]), (1, 3), (1, 2))
    array([[[[1., 4., 3.]]]])
    """
    x, axes = operand("fold", x), _IMAGE
    if len(shape_of(x)) not in (2, 3):
        raise ShapeError(f"fold: {named(x)} is not a set of columns; it needs shape (batch, channels * sizes, places)")
    if len(shape_of(x)) == 2:
        return fold(x[None], output_size, kernel_size, dilation, padding, stride)[0]
    size, step = per_axis("fold", "kernel_size", kernel_size, axes, 1), per_axis("fold", "stride", stride, axes, 1)
    spread, ends = per_axis("fold", "dilation", dilation, axes, 1), per_axis("fold", "padding", padding, axes, 0)
    sizes = per_axis("fold", "output_size", output_size, axes, 1)
    lengths = tuple(n + 2 * end for n, end in zip(sizes, ends, strict=True))
    down, across = ((n - (q - 1) * d - 1) // s + 1 for n, q, d, s in zip(lengths, size, spread, step, strict=True))
    batch, rows, places = shape_of(x)
    if down < 1 or across < 1 or places != down * across or rows % (size[0] * size[1]):
        raise ShapeError(
            f"fold: {named(x)} for an image of {sizes} and a kernel of {size}: give (batch, channels * "
            f"{size[0] * size[1]}, {max(down, 0) * max(across, 0)}), as unfold does"
        )
    laid = reshape(x, shape=(batch, rows // (size[0] * size[1]), *size, down, across))
    laid = transpose(laid, axes=(0, 1, 4, 5, 2, 3))
    z = overlap_add(laid, lengths=lengths, stride=step, dilation=spread)
    return z[(..., *(slice(end, end + n) for n, end in zip(sizes, ends, strict=True)))]


# Channels as pixels


def pixel_shuffle(x: Array, upscale_factor: int) -> Array:
    """Channels laid out in squares: r * r channels of an image become one of r times its height and width.

    Args:
        x: value of shape (..., channels * r * r, height, width).
        upscale_factor: r, a number of at least 1.

    Returns:
        Value of shape (..., channels, height * r, width * r).

    Raises:
        ArgumentError: the factor is not a number of at least 1.
        ShapeError: the channels cannot be laid out so.

    Source: Shi et al. (2016), arXiv:1609.05158.

    >>> pixel_shuffle(np.array([1.0, 2.0, 3.0, 4.0]).reshape(4, 1, 1), 2)
    array([[[1., 2.],
            [3., 4.]]])
    """
    x = operand("pixel_shuffle", x)
    r = _factor("pixel_shuffle", "upscale_factor", upscale_factor)
    shape = shape_of(x)
    if len(shape) < 3 or shape[-3] % (r * r):
        raise ShapeError(
            f"pixel_shuffle: {named(x)}: it needs shape (..., channels, height, width), with channels in {r * r}s"
        )
    *batch, channels, height, width = shape
    k = len(batch)
    split = reshape(x, shape=(*batch, channels // (r * r), r, r, height, width))
    moved = transpose(split, axes=(*range(k + 1), k + 3, k + 1, k + 4, k + 2))
    return reshape(moved, shape=(*batch, channels // (r * r), height * r, width * r))


def pixel_unshuffle(x: Array, downscale_factor: int) -> Array:
    """Squares of an image laid out as channels; the inverse of pixel_shuffle.

    Args:
        x: value of shape (..., channels, height * r, width * r).
        downscale_factor: r, a number of at least 1.

    Returns:
        Value of shape (..., channels * r * r, height, width).

    Raises:
        ArgumentError: the factor is not a number of at least 1.
        ShapeError: the image cannot be cut so.

    >>> pixel_unshuffle(np.array([[[1.0, 2.0], [3.0, 4.0]]]), 2).ravel()
    array([1., 2., 3., 4.])
    """
    x = operand("pixel_unshuffle", x)
    r = _factor("pixel_unshuffle", "downscale_factor", downscale_factor)
    shape = shape_of(x)
    if len(shape) < 3 or shape[-1] % r or shape[-2] % r:
        raise ShapeError(
            f"pixel_unshuffle: {named(x)}: it needs shape (..., channels, height, width), the last two in {r}s"
        )
    *batch, channels, height, width = shape
    k = len(batch)
    split = reshape(x, shape=(*batch, channels, height // r, r, width // r, r))
    moved = transpose(split, axes=(*range(k + 1), k + 2, k + 4, k + 1, k + 3))
    return reshape(moved, shape=(*batch, channels * r * r, height // r, width // r))


def _factor(name: str, what: str, r: int) -> int:
    if not isinstance(r, Integral) or r < 1:
        raise ArgumentError(f"{name}: {what}={r!r}: give an integer, 1 at least")
    return int(r)
