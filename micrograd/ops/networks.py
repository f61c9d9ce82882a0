"""The table, what networks are built from: convolutions, pools, embeddings, dropout, by the names and rules of PyTorch.

All of them stand on two ops that are each other's transpose: `windows` lays out what a kernel sees at each of its
places, and `fold` adds it back together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

from micrograd.errors import ArgumentError, IndexingError, ShapeError
from micrograd.op import Array, ground, multilinear, named, shape_of
from micrograd.ops.arithmetic import where
from micrograd.ops.einsum import contract, operand
from micrograd.ops.indexing import getitem
from micrograd.ops.reductions import max, mean
from micrograd.ops.shapes import pad, reshape

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = [
    "avg_pool2d",
    "conv1d",
    "conv2d",
    "dropout",
    "embedding",
    "fold",
    "max_pool2d",
    "one_hot",
    "windows",
]

Sizes = int | Sequence[int]


def _places(
    name: str, x: Array, lengths: Sequence[int], size: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[int, ...]:
    """How many places a window has along each axis."""
    spans = tuple((s - 1) * d + 1 for s, d in zip(size, dilation, strict=True))
    if any(span > n for span, n in zip(spans, lengths, strict=True)):
        raise ShapeError(
            f"{name}: a window of {(*size,)}, which spans {spans}, does not fit {(*lengths,)}, "
            f"the last axes of {named(x)} with their padding; pad more, or take a smaller window"
        )
    return tuple((n - span) // step + 1 for n, span, step in zip(lengths, spans, stride, strict=True))


def _windows_shape(
    x: Array, *, size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[int, ...]:
    shape, k = shape_of(x), len(size)
    if len(shape) < k:
        raise ShapeError(f"windows: {named(x)} has fewer axes than the window {size}; give one size per axis at most")
    return (*shape[:-k], *_places("windows", x, shape[-k:], size, stride, dilation), *size)


@multilinear(
    "windows",
    lambda g, x, *, size, stride, dilation: fold(
        g, lengths=shape_of(x)[-len(size) :], stride=stride, dilation=dilation
    ),
    shape=_windows_shape,
)
def windows(x: Array, *, size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]) -> Array:
    """What a window that slides along the last axes sees at each of its places; a view, which copies nothing.

    z[..., p, k] = x[..., p stride + k dilation]

    Args:
        x: value of shape (..., n, ...), one axis per size.
        size: elements of the window, per axis.
        stride: the step between places, per axis, in elements.
        dilation: the step between the elements of a window, per axis.

    Returns:
        Value of shape (..., places, ..., sizes, ...).

    Raises:
        ShapeError: the window does not fit.

    >>> windows(np.arange(5.0), size=(3,), stride=(2,), dilation=(1,))
    array([[0., 1., 2.],
           [2., 3., 4.]])
    """
    spans = tuple((s - 1) * d + 1 for s, d in zip(size, dilation, strict=True))
    z = np.lib.stride_tricks.sliding_window_view(x, spans, axis=tuple(range(-len(size), 0)))
    index: Any = (..., *(slice(None, None, step) for step in (*stride, *dilation)))
    return z[index]


def _fold_shape(
    x: Array, *, lengths: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[int, ...]:
    shape, k = shape_of(x), len(lengths)
    if len(shape) < 2 * k or shape[-2 * k : -k] != _places("fold", x, lengths, shape[-k:], stride, dilation):
        raise ShapeError(f"fold: {named(x)} is not laid out in windows over {lengths}; make it with windows first")
    return (*shape[: -2 * k], *lengths)


@multilinear(
    "fold",
    lambda g, x, *, lengths, stride, dilation: windows(
        g, size=shape_of(x)[-len(lengths) :], stride=stride, dilation=dilation
    ),
    shape=_fold_shape,
)
def fold(x: Array, *, lengths: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]) -> Array:
    """Windows added together where they came from; the transpose of `windows`.

    z[..., i] = sum of x[..., p, k] over all p and k with p stride + k dilation = i

    Args:
        x: value of shape (..., places, ..., sizes, ...), as from `windows`.
        lengths: of the axes along which the window slid.
        stride: the step between places, per axis, in elements.
        dilation: the step between the elements of a window, per axis.

    Returns:
        Value of shape (..., lengths).

    Raises:
        ShapeError: the places are not those of such windows.

    >>> fold(np.ones((2, 3)), lengths=(5,), stride=(2,), dilation=(1,))
    array([1., 1., 2., 1., 1.])
    """
    k = len(lengths)
    z = np.zeros_like(x, shape=_fold_shape(x, lengths=lengths, stride=stride, dilation=dilation))
    places, size = x.shape[-2 * k : -k], x.shape[-k:]
    for offset in np.ndindex(*size):  # an element of the window at a time, at all places together
        starts = [o * d for o, d in zip(offset, dilation, strict=True)]
        seen: Any = (..., *(slice(a, a + (p - 1) * s + 1, s) for a, p, s in zip(starts, places, stride, strict=True)))
        z[seen] += x[(..., *offset)]
    return z


# Convolutions


def conv1d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
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
    *,
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
    step, spread = _per_axis(name, "stride", stride, axes, 1), _per_axis(name, "dilation", dilation, axes, 1)
    ends = _conv_padding(name, padding, size, step, spread, axes)
    seen = _windows_of(name, x, size, step, spread, ends)
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
    return [(n, n) for n in _per_axis(name, "padding", padding, axes, 0)]


# Pools


def max_pool2d(
    x: Array, *, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1
) -> Array:
    """The largest element of each window; where several tie, each gets an equal share of the gradient.

    Args:
        x: value of shape (..., height, width).
        kernel_size: elements of the window; one number, or one per axis, here as below.
        stride: the step between places, in elements; the window's size by default.
        padding: elements at either end, at most half a window; they are smaller than any number.
        dilation: the step between the elements of a window.

    Returns:
        Value of shape (..., places down, places across).

    Raises:
        ArgumentError: a size, step or padding is out of range.
        ShapeError: x has fewer than two axes, or the window does not fit.

    >>> max_pool2d(np.array([[1.0, 2.0, 5.0, 0.0], [4.0, 3.0, 1.0, 1.0]]), kernel_size=2)
    array([[4., 5.]])
    """
    seen = _pooled("max_pool2d", x, kernel_size, stride, padding, dilation, -math.inf)
    return max(seen, axis=(-2, -1))


def avg_pool2d(x: Array, *, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> Array:
    """The mean of each window, its padding counted in, as zeros.

    Args:
        x: value of shape (..., height, width).
        kernel_size: elements of the window; one number, or one per axis, here as below.
        stride: the step between places, in elements; the window's size by default.
        padding: zeros at either end, at most half a window.

    Returns:
        Value of shape (..., places down, places across).

    Raises:
        ArgumentError: a size, step or padding is out of range.
        ShapeError: x has fewer than two axes, or the window does not fit.

    >>> avg_pool2d(np.array([[1.0, 2.0, 5.0, 0.0], [4.0, 3.0, 1.0, 1.0]]), kernel_size=2)
    array([[2.5 , 1.75]])
    """
    seen = _pooled("avg_pool2d", x, kernel_size, stride, padding, 1, 0.0)
    return mean(seen, axis=(-2, -1))


def _pooled(
    name: str, x: Array, kernel_size: Sizes, stride: Sizes | None, padding: Sizes, dilation: Sizes, fill: float
) -> Array:
    x, axes = operand(name, x), ("height", "width")
    if len(shape_of(x)) < 2:
        raise ShapeError(f"{name}: {named(x)} is no image; it needs shape (..., height, width)")
    size = _per_axis(name, "kernel_size", kernel_size, axes, 1)
    step = size if stride is None else _per_axis(name, "stride", stride, axes, 1)
    ends = _per_axis(name, "padding", padding, axes, 0)
    if any(2 * end > s for end, s in zip(ends, size, strict=True)):
        raise ArgumentError(f"{name}: padding {ends} is more than half of kernel_size {size}; give less")
    spread = _per_axis(name, "dilation", dilation, axes, 1)
    return _windows_of(name, x, size, step, spread, [(end, end) for end in ends], fill)


# What they share


def _per_axis(name: str, what: str, given: Any, axes: tuple[str, ...], least: int) -> tuple[int, ...]:
    """One number per axis, from one for all or a sequence."""
    one = isinstance(given, Integral)
    listed: tuple[Any, ...] = (given,) * len(axes) if one else tuple(given) if isinstance(given, Sequence) else ()
    if len(listed) != len(axes) or not all(isinstance(n, Integral) and int(n) >= least for n in listed):
        raise ArgumentError(
            f"{name}: {what}={given!r}: give an integer, {least} at least, or one for {' and '.join(axes)}"
        )
    return tuple(int(n) for n in listed)


def _windows_of(
    name: str,
    x: Array,
    size: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    ends: Sequence[tuple[int, int]],
    fill: float = 0.0,
) -> Array:
    """The windows of x between ends filled with a number; what does not fit is said in the name of the asker."""
    lengths = [n + before + after for n, (before, after) in zip(shape_of(x)[-len(size) :], ends, strict=True)]
    _places(name, x, lengths, size, stride, dilation)
    if any(end for pair in ends for end in pair):
        x = pad(x, [(0, 0)] * (len(shape_of(x)) - len(size)) + [*ends], constant_values=fill)
    return windows(x, size=tuple(size), stride=tuple(stride), dilation=tuple(dilation))


# Tables and chance


def _numbers(name: str, indices: Any, count: int, kind: str) -> Any:
    """Integers from 0 to count - 1, as an array."""
    found = ground(indices)
    found = found if hasattr(found, "dtype") else np.asarray(found)
    if found.dtype.kind not in "iu":
        raise IndexingError(f"{name}: indices of type {found.dtype}: give integers, in a plain array")
    if found.size and not 0 <= (worst := found.min() if found.min() < 0 else found.max()) < count:
        raise IndexingError(f"{name}: index {worst} in {named(found)}: the {kind} are numbered from 0 to {count - 1}")
    return found


def embedding(indices: Any, weight: Array) -> Array:
    """Rows of a table; a row taken several times gets the sum of the gradients.

    z[i] = weight[indices[i]]

    Args:
        indices: integers, an array of any shape; no gradient.
        weight: value of shape (rows, size).

    Returns:
        Value of shape (*shape of indices, size).

    Raises:
        IndexingError: there is no such row, or indices are no integers.
        ShapeError: weight is a number.

    >>> embedding([1, 0, 1], np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[3., 4.],
           [1., 2.],
           [3., 4.]])
    """
    weight = operand("embedding", weight)
    if not shape_of(weight):
        raise ShapeError(f"embedding: weight {named(weight)} is a number; it needs shape (rows, size)")
    return getitem(weight, index=_numbers("embedding", indices, shape_of(weight)[0], f"rows of {named(weight)}"))


def one_hot(indices: Any, num_classes: int) -> Any:
    """A row per index that is 1.0 there, and 0.0 elsewhere; plain data, without gradient.

    z[i, k] = 1 where k = indices[i], else 0

    Args:
        indices: integers, an array of any shape.
        num_classes: length of a row.

    Returns:
        Array of shape (*shape of indices, num_classes), float64.

    Raises:
        ArgumentError: num_classes is no number of classes.
        IndexingError: an index is not among the classes, or no integer.

    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    if not isinstance(num_classes, Integral) or num_classes < 1:
        raise ArgumentError(f"one_hot: num_classes={num_classes!r}: give a number of classes, 1 at least")
    found = _numbers("one_hot", indices, num_classes, "classes")
    return (found[..., None] == np.arange(num_classes)).astype(float)


def dropout(x: Array, *, p: float = 0.5, training: bool = True, rng: Any = None) -> Array:
    """Each element set to 0 with probability p, the others scaled up, so that the mean stays; in training alone.

    z = x / (1 - p) where kept, else 0

    Args:
        x: value of any shape.
        p: probability of being dropped, from 0 to 1.
        training: False returns x as it is.
        rng: a NumPy Generator; by default NumPy's global one, which np.random.seed sets.

    Raises:
        ArgumentError: p is no probability.

    >>> dropout(np.ones(4), p=0.5, rng=np.random.default_rng(0))
    array([2., 0., 0., 0.])
    """
    if not 0.0 <= p <= 1.0:
        raise ArgumentError(f"dropout: p={p!r} is no probability; give a number from 0 to 1")
    x = operand("dropout", x)
    if not training or p == 0.0:
        return x
    kept = (np.random if rng is None else rng).random(shape_of(x)) >= p
    return where(kept, x * (1.0 / (1.0 - p) if p < 1.0 else 1.0), 0.0)
