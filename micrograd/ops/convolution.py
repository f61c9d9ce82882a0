"""The table, convolutions and their transposes, as in PyTorch.

All are made of `windows` and `overlap_add`, so derivatives of all orders follow.
`conv2d` and `conv_transpose2d` describe their arguments; the functions for one and for
three axes take the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from micrograd import on_demand as np  # noqa: F401 - for the examples
from micrograd.errors import ArgumentError, ShapeError
from micrograd.integers import integer_at_least
from micrograd.op import Array, named, shape_of
from micrograd.ops.arguments import operand
from micrograd.ops.einsum import contract
from micrograd.ops.layouts import pad
from micrograd.ops.shapes import reshape
from micrograd.ops.sliding import AXES, Sizes, Window, overlap_add, per_axis, windows_of

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
]


def conv1d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Array:
    """Convolution of signals with kernels: `conv2d` along one axis.

    Args:
        x: value of shape (batch, channels, length), or without batch.
        weight: value of shape (nout, channels / groups, size).
        bias: this and the other arguments are those of `conv2d`.

    Returns:
        Value of shape (batch, nout, places).

    >>> conv1d(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[-1.0, 1.0]]]))
    array([[[1., 2.]]])
    """
    return _convolved(1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Array:
    """Convolution of images with kernels: strictly, a correlation.

    z[n, f, p] = bias[f] + sum_(c, k) x[n, c, p stride + k dilation] weight[f, c, k]

    The kernel slides over the image. Here p and k are pairs, and x has its padding.

    Args:
        x: value of shape (batch, channels, height, width), or without batch.
        weight: value of shape (nout, channels / groups, rows, columns).
        bias: value of shape (nout,), or None.
        stride: the step between places, in elements. This, padding and dilation are one
            number, or one per axis.
        padding: how many zeros are added at both ends; "same" for as many as keep the
            size, at stride 1; "valid" for none.
        dilation: the step between the elements of a kernel.
        groups: number of groups; channels and kernels are split into that many
            independent parts.

    Returns:
        Value of shape (batch, nout, places down, places across).

    Raises:
        ArgumentError: a step, a padding or the number of groups is out of range.
        ShapeError: shapes do not fit each other, the groups, or the kernel.

    >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)))
    array([[[[4., 4.],
             [4., 4.]]]])
    """
    return _convolved(2, x, weight, bias, stride, padding, dilation, groups)


def conv3d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Array:
    """Convolution of volumes with kernels: `conv2d` along three axes.

    Args:
        x: value of shape (batch, channels, depth, height, width), or without batch.
        weight: value of shape (nout, channels / groups, planes, rows, columns).
        bias: this and the other arguments are those of `conv2d`.

    Returns:
        Value of shape (batch, nout, places, places down, places across).

    >>> conv3d(np.ones((1, 1, 2, 2, 2)), np.ones((1, 1, 2, 2, 2)))
    array([[[[[8.]]]]])
    """
    return _convolved(3, x, weight, bias, stride, padding, dilation, groups)


def _convolved(
    k: int,
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Sizes,
    padding: Sizes | str,
    dilation: Sizes,
    groups: int,
) -> Array:
    """The convolution along k axes."""
    name = f"conv{k}d"
    x, weight = operand(name, x), operand(name, weight)
    _check_channels(name, x, weight, bias, groups, k)
    if len(shape_of(x)) == k + 1:
        return _convolved(k, x[None], weight, bias, stride, padding, dilation, groups)[0]
    size = shape_of(weight)[2:]
    step, spread = per_axis(name, "stride", stride, k, 1), per_axis(name, "dilation", dilation, k, 1)
    window = Window(size, step, spread, _ends(name, padding, size, step, spread))
    return _with_bias(name, _correlated(windows_of(name, x, window), weight, groups, k), bias, k)


def _correlated(seen: Array, weight: Array, groups: int, k: int) -> Array:
    """Sums over the channels and the window, for each place and each kernel."""
    p, q = "pqr"[:k], "uvw"[:k]
    if groups == 1:
        return contract(seen, weight, subscripts=f"nc{p}{q},fc{q}->nf{p}")
    (batch, _, *rest), (nout, channels, *size) = shape_of(seen), shape_of(weight)
    seen = reshape(seen, shape=(batch, groups, channels, *rest))
    weight = reshape(weight, shape=(groups, nout // groups, channels, *size))
    z = contract(seen, weight, subscripts=f"ngc{p}{q},gfc{q}->ngf{p}")
    return reshape(z, shape=(batch, nout, *rest[:k]))


def _check_channels(name: str, x: Array, weight: Array, bias: Array | None, groups: int, k: int) -> None:
    given = _checked_axes(name, x, weight, groups, k, "(nout, channels, {})")
    channels, (nout, taken) = shape_of(x)[-k - 1], shape_of(weight)[:2]
    if channels != taken * groups or nout % groups:
        raise ShapeError(
            f"{given}, groups={groups}: the input has {channels} channels, and {nout} kernels take "
            f"{taken} * {groups}; both numbers must be equal, and groups must divide the kernels"
        )
    _check_bias(name, bias, nout, "kernels")


def _checked_axes(name: str, x: Array, weight: Array, groups: int, k: int, wanted: str) -> str:
    """The inputs as errors show them, after checks of their axes and of groups."""
    given, axes = f"{name}: input {named(x)}, weight {named(weight)}", ", ".join(AXES[k])
    if len(shape_of(x)) not in (k + 1, k + 2) or len(shape_of(weight)) != k + 2:
        raise ShapeError(f"{given}: they need shapes (batch, channels, {axes}) and {wanted.format(axes)}")
    integer_at_least(1, name, "groups", groups)
    return given


def _check_bias(name: str, bias: Array | None, nout: int, kind: str) -> None:
    if bias is not None and shape_of(operand(name, bias)) != (nout,):
        raise ShapeError(f"{name}: bias {named(bias)} for {nout} {kind}: give one of shape ({nout},)")


def _with_bias(name: str, z: Array, bias: Array | None, k: int) -> Array:
    return z if bias is None else z + reshape(operand(name, bias), shape=(-1, *(1,) * k))


def _ends(
    name: str, padding: Sizes | str, size: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """How many zeros are added before and after, per axis."""
    if padding == "valid":
        return ((0, 0),) * len(size)
    if padding == "same":
        if any(step != 1 for step in stride):
            raise ArgumentError(f"{name}: padding='same' with stride {stride}: it needs stride 1; give numbers")
        totals = [(s - 1) * d for s, d in zip(size, dilation, strict=True)]
        return tuple((total // 2, total - total // 2) for total in totals)
    return tuple((n, n) for n in per_axis(name, "padding", padding, len(size), 0))


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
    """Transpose of `conv1d`: `conv_transpose2d` along one axis.

    Args:
        x: value of shape (batch, channels, length), or without batch.
        weight: value of shape (channels, nout / groups, size).
        bias: this and the other arguments are those of `conv_transpose2d`.

    Returns:
        Value of shape (batch, nout, length).

    >>> conv_transpose1d(np.array([[[1.0, 2.0]]]), np.array([[[1.0, 10.0]]]))
    array([[[ 1., 12., 20.]]])
    """
    return _transposed(1, x, weight, bias, stride, padding, output_padding, groups, dilation)


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
    """Transpose of `conv2d`: each element puts a kernel at its place, and they add up.

    z[n, f, i] = bias[f] + sum_(c, p, k) x[n, c, p] weight[c, f, k]

    The sum is over those p and k with p stride + k dilation - padding = i. Here i, p
    and k are pairs.

    Args:
        x: value of shape (batch, channels, height, width), or without batch.
        weight: value of shape (channels, nout / groups, rows, columns).
        bias: value of shape (nout,), or None.
        stride: the step between places, in elements of the result. This, padding,
            output_padding and dilation are one number, or one per axis.
        padding: how many elements are cut off at both ends.
        output_padding: how many elements are added at the end; fewer than the stride or
            the dilation.
        groups: number of groups; channels and kernels are split into that many
            independent parts.
        dilation: the step between the elements of a kernel.

    Returns:
        Value of shape (batch, nout, height, width).

    Raises:
        ArgumentError: a step, a padding or the number of groups is out of range.
        ShapeError: shapes do not fit each other or the groups, or nothing is left.

    >>> conv_transpose2d(np.array([[[[3.0]]]]), np.array([[[[1.0, 2.0]]]]))
    array([[[[3., 6.]]]])
    """
    return _transposed(2, x, weight, bias, stride, padding, output_padding, groups, dilation)


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
    """Transpose of `conv3d`: `conv_transpose2d` along three axes.

    Args:
        x: value of shape (batch, channels, depth, height, width), or without batch.
        weight: value of shape (channels, nout / groups, planes, rows, columns).
        bias: this and the other arguments are those of `conv_transpose2d`.

    Returns:
        Value of shape (batch, nout, depth, height, width).

    >>> conv_transpose3d(np.array([[[[[3.0]]]]]), np.array([[[[[1.0, 2.0]]]]]))
    array([[[[[3., 6.]]]]])
    """
    return _transposed(3, x, weight, bias, stride, padding, output_padding, groups, dilation)


def _transposed(
    k: int,
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Sizes,
    padding: Sizes,
    output_padding: Sizes,
    groups: int,
    dilation: Sizes,
) -> Array:
    """The transposed convolution along k axes."""
    name = f"conv_transpose{k}d"
    x, weight = operand(name, x), operand(name, weight)
    _check_transposed(name, x, weight, bias, groups, k)
    if len(shape_of(x)) == k + 1:
        return _transposed(k, x[None], weight, bias, stride, padding, output_padding, groups, dilation)[0]
    step, spread = per_axis(name, "stride", stride, k, 1), per_axis(name, "dilation", dilation, k, 1)
    cut, more = per_axis(name, "padding", padding, k, 0), per_axis(name, "output_padding", output_padding, k, 0)
    if any(m >= s and m >= d for m, s, d in zip(more, step, spread, strict=True)):
        raise ArgumentError(
            f"{name}: output_padding {more}, stride {step}, dilation {spread}: "
            f"output_padding must be below the stride or the dilation"
        )
    sizes, size = shape_of(x)[2:], shape_of(weight)[2:]
    lengths = tuple((n - 1) * s + (q - 1) * d + 1 for n, s, q, d in zip(sizes, step, size, spread, strict=True))
    if any(n + m <= 2 * c for n, m, c in zip(lengths, more, cut, strict=True)):
        raise ShapeError(f"{name}: padding {cut} cuts off all of {lengths}, which {named(x)} gives; use less padding")
    z = overlap_add(_spread_out(x, weight, groups, k), lengths=lengths, stride=step, dilation=spread)
    z = pad(z, [(0, 0), (0, 0), *((0, m) for m in more)]) if any(more) else z
    z = z[(..., *(slice(c, n + m - c) for n, m, c in zip(lengths, more, cut, strict=True)))]
    return _with_bias(name, z, bias, k)


def _spread_out(x: Array, weight: Array, groups: int, k: int) -> Array:
    """Each element times each kernel of its channel, summed over a group."""
    p, q = "pqr"[:k], "uvw"[:k]
    (batch, channels, *places), (_, per_group, *size) = shape_of(x), shape_of(weight)
    x = reshape(x, shape=(batch, groups, channels // groups, *places))
    weight = reshape(weight, shape=(groups, channels // groups, per_group, *size))
    z = contract(x, weight, subscripts=f"ngc{p},gcf{q}->ngf{p}{q}")
    return reshape(z, shape=(batch, groups * per_group, *places, *size))


def _check_transposed(name: str, x: Array, weight: Array, bias: Array | None, groups: int, k: int) -> None:
    given = _checked_axes(name, x, weight, groups, k, "(channels, nout, {})")
    channels, (taken, per_group) = shape_of(x)[-k - 1], shape_of(weight)[:2]
    if channels != taken or channels % groups:
        raise ShapeError(
            f"{given}, groups={groups}: the input has {channels} channels, and the weight takes {taken}; "
            f"both numbers must be equal, and groups must divide them"
        )
    _check_bias(name, bias, per_group * groups, "channels")
