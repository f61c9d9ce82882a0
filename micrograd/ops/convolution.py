"""The table, convolutions: what a kernel sees at each place, summed; their transposes; and channels laid out in space.

Names, arguments and answers are PyTorch's. All are made of `windows` and `overlap_add`, so every order of derivative is
there.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING

from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, named, shape_of
from micrograd.ops.einsum import contract, operand
from micrograd.ops.networks import Sizes, overlap_add, per_axis, windows_of
from micrograd.ops.shapes import pad, reshape, transpose

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np  # noqa: F401 - for the examples

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "fold",
    "pixel_shuffle",
    "pixel_unshuffle",
    "unfold",
]

_VOLUME = ("depth", "height", "width")


def conv1d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Array:
    """Correlation of signals with kernels that slide along them, which networks call convolution.

    z[n, f, p] = bias[f] + sum over c, k of  x[n, c, p stride + k dilation] weight[f, c, k], x with its padding

    Args:
        x: value of shape (batch, channels, length), or without batch.
        weight: value of shape (nout, channels / groups, size).
        bias: value of shape (nout,), or None.
        stride: the step between places, in elements.
        padding: zeros at either end; "same" for as many as keep the length, at stride 1; "valid" for none.
        dilation: the step between the elements of a kernel.
        groups: so many parts of the channels, each with its own nout / groups kernels.

    Returns:
        Value of shape (batch, nout, places).

    Raises:
        ArgumentError: a step, padding or number of groups is out of range.
        ShapeError: shapes do not fit each other, the groups, or the kernel.

    >>> conv1d(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[-1.0, 1.0]]]))
    array([[[1., 2.]]])
    """
    return _convolved("conv1d", x, weight, bias, stride, padding, dilation, groups, ("length",))


def conv2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Array:
    """Correlation of images with kernels that slide over them, which networks call convolution.

    z[n, f, p] = bias[f] + sum over c, k of  x[n, c, p stride + k dilation] weight[f, c, k], with p and k pairs, and x
    with its padding

    Args:
        x: value of shape (batch, channels, height, width), or without batch.
        weight: value of shape (nout, channels / groups, rows, columns).
        bias: value of shape (nout,), or None.
        stride: the step between places, in elements; one number, or one per axis, here as below.
        padding: zeros at either end; "same" for as many as keep the size, at stride 1; "valid" for none.
        dilation: the step between the elements of a kernel.
        groups: so many parts of the channels, each with its own nout / groups kernels.

    Returns:
        Value of shape (batch, nout, places down, places across).

    Raises:
        ArgumentError: a step, padding or number of groups is out of range.
        ShapeError: shapes do not fit each other, the groups, or the kernel.

    >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)))
    array([[[[4., 4.],
             [4., 4.]]]])
    """
    return _convolved("conv2d", x, weight, bias, stride, padding, dilation, groups, ("height", "width"))


def conv3d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Array:
    """Correlation of volumes with kernels that slide through them, which networks call convolution.

    z[n, f, p] = bias[f] + sum over c, k of  x[n, c, p stride + k dilation] weight[f, c, k], with p and k triples, and x
    with its padding

    Args:
        x: value of shape (batch, channels, depth, height, width), or without batch.
        weight: value of shape (nout, channels / groups, planes, rows, columns).
        bias: value of shape (nout,), or None.
        stride: the step between places, in elements; one number, or one per axis, here as below.
        padding: zeros at either end; "same" for as many as keep the size, at stride 1; "valid" for none.
        dilation: the step between the elements of a kernel.
        groups: so many parts of the channels, each with its own nout / groups kernels.

    Returns:
        Value of shape (batch, nout, places, places down, places across).

    Raises:
        ArgumentError: a step, padding or number of groups is out of range.
        ShapeError: shapes do not fit each other, the groups, or the kernel.

    >>> conv3d(np.ones((1, 1, 2, 2, 2)), np.ones((1, 1, 2, 2, 2)))
    array([[[[[8.]]]]])
    """
    return _convolved("conv3d", x, weight, bias, stride, padding, dilation, groups, _VOLUME)


def _convolved(
    name: str,
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Sizes,
    padding: Sizes | str,
    dilation: Sizes,
    groups: int,
    axes: tuple[str, ...],
) -> Array:
    x, weight = operand(name, x), operand(name, weight)
    _check_channels(name, x, weight, bias, groups, axes)
    if len(shape_of(x)) == len(axes) + 1:
        return _convolved(name, x[None], weight, bias, stride, padding, dilation, groups, axes)[0]
    size = shape_of(weight)[2:]
    step, spread = per_axis(name, "stride", stride, axes, 1), per_axis(name, "dilation", dilation, axes, 1)
    ends = _conv_padding(name, padding, size, step, spread, axes)
    seen = windows_of(name, x, size, step, spread, ends)
    z = _correlated(seen, weight, groups, len(axes))
    return z if bias is None else z + reshape(operand(name, bias), shape=(-1, *(1,) * len(axes)))


def _correlated(seen: Array, weight: Array, groups: int, k: int) -> Array:
    """Sum over the channels and the window, for each place and each kernel; groups are one more axis of both."""
    p, q = "pqr"[:k], "uvw"[:k]
    if groups == 1:
        return contract(seen, weight, subscripts=f"nc{p}{q},fc{q}->nf{p}")
    (batch, _, *rest), (nout, channels, *size) = shape_of(seen), shape_of(weight)
    seen = reshape(seen, shape=(batch, groups, channels, *rest))
    weight = reshape(weight, shape=(groups, nout // groups, channels, *size))
    z = contract(seen, weight, subscripts=f"ngc{p}{q},gfc{q}->ngf{p}")
    return reshape(z, shape=(batch, nout, *rest[:k]))


def _check_channels(name: str, x: Array, weight: Array, bias: Array | None, groups: int, axes: tuple[str, ...]) -> None:
    k, given = len(axes), f"{name}: input {named(x)}, weight {named(weight)}"
    if len(shape_of(x)) not in (k + 1, k + 2) or len(shape_of(weight)) != k + 2:
        wanted = ", ".join(axes)
        raise ShapeError(f"{given}: they need shapes (batch, channels, {wanted}) and (nout, channels, {wanted})")
    if not isinstance(groups, Integral) or groups < 1:
        raise ArgumentError(f"{name}: groups={groups!r}: give a number of groups, 1 at least")
    channels, (nout, taken) = shape_of(x)[-k - 1], shape_of(weight)[:2]
    if channels != taken * groups or nout % groups:
        raise ShapeError(
            f"{given}, groups={groups}: the input has {channels} channels, and {nout} kernels take "
            f"{taken} * {groups}; both numbers must be equal, and groups divide the kernels"
        )
    if bias is not None and shape_of(operand(name, bias)) != (nout,):
        raise ShapeError(f"{name}: bias {named(bias)} for {nout} kernels: give one of shape ({nout},)")


def _conv_padding(
    name: str,
    padding: Sizes | str,
    size: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    axes: tuple[str, ...],
) -> list[tuple[int, int]]:
    """Zeros before and after, per axis."""
    if padding == "valid":
        return [(0, 0)] * len(axes)
    if padding == "same":
        if any(step != 1 for step in stride):
            raise ArgumentError(f"{name}: padding='same' with stride {stride}: it needs stride 1; give numbers")
        totals = [(s - 1) * d for s, d in zip(size, dilation, strict=True)]
        return [(total // 2, total - total // 2) for total in totals]
    return [(n, n) for n in per_axis(name, "padding", padding, axes, 0)]


# Transposes


def conv_transpose1d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Array:
    """Transpose of conv1d: each element lays a kernel down at its place, and the kernels add up.

    z[n, f, i] = bias[f] + sum of x[n, c, p] weight[c, f, k] over c and all p stride + k dilation - padding = i

    Args:
        x: value of shape (batch, channels, length), or without batch.
        weight: value of shape (channels, nout / groups, size).
        bias: value of shape (nout,), or None.
        stride: the step between places, in elements of the result.
        padding: elements cut off at either end.
        output_padding: elements added at the end, fewer than the stride or the dilation.
        groups: so many parts of the channels, each with its own kernels.
        dilation: the step between the elements of a kernel.

    Returns:
        Value of shape (batch, nout, length).

    Raises:
        ArgumentError: a step, padding or number of groups is out of range.
        ShapeError: shapes do not fit each other or the groups, or nothing is left.

    >>> conv_transpose1d(np.array([[[1.0, 2.0]]]), np.array([[[1.0, 10.0]]]))
    array([[[ 1., 12., 20.]]])
    """
    return _transposed(
        "conv_transpose1d", x, weight, bias, stride, padding, output_padding, groups, dilation, ("length",)
    )


def conv_transpose2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Array:
    """Transpose of conv2d: each element lays a kernel down at its place, and the kernels add up.

    z[n, f, i] = bias[f] + sum of x[n, c, p] weight[c, f, k] over c and all p stride + k dilation - padding = i

    Args:
        x: value of shape (batch, channels, height, width), or without batch.
        weight: value of shape (channels, nout / groups, rows, columns).
        bias: value of shape (nout,), or None.
        stride: the step between places, in elements of the result.
        padding: elements cut off at either end.
        output_padding: elements added at the end, fewer than the stride or the dilation.
        groups: so many parts of the channels, each with its own kernels.
        dilation: the step between the elements of a kernel.

    Returns:
        Value of shape (batch, nout, height, width).

    Raises:
        ArgumentError: a step, padding or number of groups is out of range.
        ShapeError: shapes do not fit each other or the groups, or nothing is left.

    >>> conv_transpose2d(np.array([[[[3.0]]]]), np.array([[[[1.0, 2.0]]]]))
    array([[[[3., 6.]]]])
    """
    return _transposed(
        "conv_transpose2d", x, weight, bias, stride, padding, output_padding, groups, dilation, _VOLUME[1:]
    )


def conv_transpose3d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Array:
    """Transpose of conv3d: each element lays a kernel down at its place, and the kernels add up.

    z[n, f, i] = bias[f] + sum of x[n, c, p] weight[c, f, k] over c and all p stride + k dilation - padding = i

    Args:
        x: value of shape (batch, channels, depth, height, width), or without batch.
        weight: value of shape (channels, nout / groups, planes, rows, columns).
        bias: value of shape (nout,), or None.
        stride: the step between places, in elements of the result.
        padding: elements cut off at either end.
        output_padding: elements added at the end, fewer than the stride or the dilation.
        groups: so many parts of the channels, each with its own kernels.
        dilation: the step between the elements of a kernel.

    Returns:
        Value of shape (batch, nout, depth, height, width).

    Raises:
        ArgumentError: a step, padding or number of groups is out of range.
        ShapeError: shapes do not fit each other or the groups, or nothing is left.

    >>> conv_transpose3d(np.array([[[[[3.0]]]]]), np.array([[[[[1.0, 2.0]]]]]))
    array([[[[[3., 6.]]]]])
    """
    return _transposed("conv_transpose3d", x, weight, bias, stride, padding, output_padding, groups, dilation, _VOLUME)


def _transposed(
    name: str,
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Sizes,
    padding: Sizes,
    output_padding: Sizes,
    groups: int,
    dilation: Sizes,
    axes: tuple[str, ...],
) -> Array:
    x, weight = operand(name, x), operand(name, weight)
    nout = _check_transposed(name, x, weight, bias, groups, axes)
    k = len(axes)
    if len(shape_of(x)) == k + 1:
        return _transposed(name, x[None], weight, bias, stride, padding, output_padding, groups, dilation, axes)[0]
    step, spread = per_axis(name, "stride", stride, axes, 1), per_axis(name, "dilation", dilation, axes, 1)
    cut, more = per_axis(name, "padding", padding, axes, 0), per_axis(name, "output_padding", output_padding, axes, 0)
    if any(m >= s and m >= d for m, s, d in zip(more, step, spread, strict=True)):
        raise ArgumentError(
            f"{name}: output_padding {more}, stride {step}, dilation {spread}: "
            f"output_padding must be below the stride or the dilation"
        )
    sizes, size = shape_of(x)[2:], shape_of(weight)[2:]
    lengths = tuple((n - 1) * s + (q - 1) * d + 1 for n, s, q, d in zip(sizes, step, size, spread, strict=True))
    if any(n + m <= 2 * c for n, m, c in zip(lengths, more, cut, strict=True)):
        raise ShapeError(f"{name}: padding {cut} cuts all of {lengths} off, what {named(x)} gives; take less padding")
    laid = _laid_out(x, weight, groups, nout, k)
    z = overlap_add(laid, lengths=lengths, stride=step, dilation=spread)
    z = pad(z, [(0, 0), (0, 0), *((0, m) for m in more)]) if any(more) else z
    z = z[(..., *(slice(c, n + m - c) for n, m, c in zip(lengths, more, cut, strict=True)))]
    return z if bias is None else z + reshape(operand(name, bias), shape=(-1, *(1,) * k))


def _laid_out(x: Array, weight: Array, groups: int, nout: int, k: int) -> Array:
    """Each element times each kernel of its channel, summed over the channels of its group."""
    p, q = "pqr"[:k], "uvw"[:k]
    (batch, channels, *places), size = shape_of(x), shape_of(weight)[2:]
    x = reshape(x, shape=(batch, groups, channels // groups, *places))
    weight = reshape(weight, shape=(groups, channels // groups, nout // groups, *size))
    z = contract(x, weight, subscripts=f"ngc{p},gcf{q}->ngf{p}{q}")
    return reshape(z, shape=(batch, nout, *places, *size))


def _check_transposed(
    name: str, x: Array, weight: Array, bias: Array | None, groups: int, axes: tuple[str, ...]
) -> int:
    """The number of channels that come out."""
    k, given = len(axes), f"{name}: input {named(x)}, weight {named(weight)}"
    if len(shape_of(x)) not in (k + 1, k + 2) or len(shape_of(weight)) != k + 2:
        wanted = ", ".join(axes)
        raise ShapeError(f"{given}: they need shapes (batch, channels, {wanted}) and (channels, nout, {wanted})")
    if not isinstance(groups, Integral) or groups < 1:
        raise ArgumentError(f"{name}: groups={groups!r}: give a number of groups, 1 at least")
    channels, (taken, each) = shape_of(x)[-k - 1], shape_of(weight)[:2]
    if channels != taken or channels % groups:
        raise ShapeError(
            f"{given}, groups={groups}: the input has {channels} channels, and the weight takes {taken}; "
            f"both numbers must be equal, and groups divide them"
        )
    nout = each * groups
    if bias is not None and shape_of(operand(name, bias)) != (nout,):
        raise ShapeError(f"{name}: bias {named(bias)} for {nout} channels: give one of shape ({nout},)")
    return nout


# Windows as columns


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
    x, axes = operand("unfold", x), _VOLUME[1:]
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
    x, axes = operand("fold", x), _VOLUME[1:]
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
