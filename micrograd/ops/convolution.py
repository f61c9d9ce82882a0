"""The table, convolutions: what a kernel sees at each place, summed; and their transposes.

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
from micrograd.ops.layouts import pad
from micrograd.ops.networks import Sizes, overlap_add, per_axis, windows_of
from micrograd.ops.shapes import reshape

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
