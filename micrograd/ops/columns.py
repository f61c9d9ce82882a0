"""The table, images in other layouts: windows as columns, channels as pixels."""

from __future__ import annotations

from micrograd import on_demand as np  # noqa: F401 - for the examples
from micrograd.errors import ShapeError
from micrograd.integers import integer_at_least
from micrograd.op import Array, named, shape_of
from micrograd.ops.arguments import operand
from micrograd.ops.shapes import reshape, transpose
from micrograd.ops.sliding import Sizes, overlap_add, per_axis, window_of, windows_of

__all__ = ["fold", "pixel_shuffle", "pixel_unshuffle", "unfold"]


# Windows as columns


def unfold(x: Array, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Array:
    """What a kernel sees of an image at each of its places: one column for each place.

    Args:
        x: value of shape (batch, channels, height, width), or without batch.
        kernel_size: rows and columns of the kernel. This and the other arguments are
            one number, or one per axis.
        dilation: the step between the elements of a kernel.
        padding: how many zeros are added at both ends.
        stride: the step between places, in elements.

    Returns:
        Value of shape (batch, channels * rows * columns, places).

    Raises:
        ArgumentError: a size, a step or a padding is out of range.
        ShapeError: x is not an image, or the kernel does not fit.

    >>> unfold(np.array([[[[1.0, 2.0, 3.0]]]]), (1, 2))
    array([[[1., 2.],
            [2., 3.]]])
    """
    x = operand("unfold", x)
    if len(shape_of(x)) not in (3, 4):
        raise ShapeError(f"unfold: {named(x)} is not an image; it needs shape (batch, channels, height, width)")
    if len(shape_of(x)) == 3:
        return unfold(x[None], kernel_size, dilation, padding, stride)[0]
    window = window_of("unfold", 2, kernel_size, stride, padding, dilation)
    seen = windows_of("unfold", x, window)
    batch, channels, down, across, rows, columns = shape_of(seen)
    laid = transpose(seen, axes=(0, 1, 4, 5, 2, 3))
    return reshape(laid, shape=(batch, channels * rows * columns, down * across))


def fold(
    x: Array,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Array:
    """The image to which columns add up; the transpose of `unfold`.

    Args:
        x: value of shape (batch, channels * rows * columns, places), as from `unfold`,
            or without batch.
        output_size: height and width of the image. This and the other arguments are one
            number, or one per axis.
        kernel_size: rows and columns of the kernel.
        dilation: the step between the elements of a kernel.
        padding: how many elements are cut off at both ends of the image.
        stride: the step between places, in elements.

    Returns:
        Value of shape (batch, channels, height, width).

    Raises:
        ArgumentError: a size, a step or a padding is out of range.
        ShapeError: x is not what `unfold` gives for such an image.

    >>> fold(np.array([[[1.0, 2.0], [2.0, 3.0]]]), (1, 3), (1, 2))
    array([[[[1., 4., 3.]]]])
    """
    x = operand("fold", x)
    if len(shape_of(x)) not in (2, 3):
        raise ShapeError(f"fold: {named(x)} is not a set of columns; it needs shape (batch, channels * sizes, places)")
    if len(shape_of(x)) == 2:
        return fold(x[None], output_size, kernel_size, dilation, padding, stride)[0]
    size, step, spread, ends = window_of("fold", 2, kernel_size, stride, padding, dilation)
    sizes = per_axis("fold", "output_size", output_size, 2, 1)
    lengths = tuple(n + before + after for n, (before, after) in zip(sizes, ends, strict=True))
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
    return z[(..., *(slice(before, before + n) for n, (before, _) in zip(sizes, ends, strict=True)))]


# Channels as pixels


def pixel_shuffle(x: Array, upscale_factor: int) -> Array:
    """Channels laid out as squares of r * r pixels.

    Args:
        x: value of shape (..., channels * r * r, height, width).
        upscale_factor: r, an integer of at least 1.

    Returns:
        Value of shape (..., channels, height * r, width * r).

    Raises:
        ArgumentError: the factor is not an integer of at least 1.
        ShapeError: the number of channels is not a multiple of r * r.

    Source: Shi et al. (2016), arXiv:1609.05158.

    >>> pixel_shuffle(np.array([1.0, 2.0, 3.0, 4.0]).reshape(4, 1, 1), 2)
    array([[[1., 2.],
            [3., 4.]]])
    """
    x = operand("pixel_shuffle", x)
    r = integer_at_least(1, "pixel_shuffle", "upscale_factor", upscale_factor)
    shape = shape_of(x)
    if len(shape) < 3 or shape[-3] % (r * r):
        raise ShapeError(
            f"pixel_shuffle: {named(x)}: it needs shape (..., channels, height, width), "
            f"where channels is a multiple of {r * r}"
        )
    *batch, channels, height, width = shape
    k = len(batch)
    split = reshape(x, shape=(*batch, channels // (r * r), r, r, height, width))
    moved = transpose(split, axes=(*range(k + 1), k + 3, k + 1, k + 4, k + 2))
    return reshape(moved, shape=(*batch, channels // (r * r), height * r, width * r))


def pixel_unshuffle(x: Array, downscale_factor: int) -> Array:
    """Squares of an image laid out as channels; the inverse of `pixel_shuffle`.

    Args:
        x: value of shape (..., channels, height * r, width * r).
        downscale_factor: r, an integer of at least 1.

    Returns:
        Value of shape (..., channels * r * r, height, width).

    Raises:
        ArgumentError: the factor is not an integer of at least 1.
        ShapeError: the height or the width is not a multiple of r.

    >>> pixel_unshuffle(np.array([[[1.0, 2.0], [3.0, 4.0]]]), 2).ravel()
    array([1., 2., 3., 4.])
    """
    x = operand("pixel_unshuffle", x)
    r = integer_at_least(1, "pixel_unshuffle", "downscale_factor", downscale_factor)
    shape = shape_of(x)
    if len(shape) < 3 or shape[-1] % r or shape[-2] % r:
        raise ShapeError(
            f"pixel_unshuffle: {named(x)}: it needs shape (..., channels, height, width), "
            f"where height and width are multiples of {r}"
        )
    *batch, channels, height, width = shape
    k = len(batch)
    split = reshape(x, shape=(*batch, channels, height // r, r, width // r, r))
    moved = transpose(split, axes=(*range(k + 1), k + 2, k + 4, k + 1, k + 3))
    return reshape(moved, shape=(*batch, channels * r * r, height // r, width // r))
