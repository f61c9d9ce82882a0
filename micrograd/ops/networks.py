"""The table, what networks are built from: sliding windows, embeddings, dropout, by the names and rules of PyTorch.

Convolutions and pools, in rooms of their own, stand on two ops that are each other's transpose: `windows` lays out what
a kernel sees at each of its places, and `overlap_add` adds it back together.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

from micrograd.errors import ArgumentError, IndexingError, ShapeError
from micrograd.op import Array, ground, multilinear, named, shape_of
from micrograd.ops.arithmetic import where
from micrograd.ops.einsum import operand
from micrograd.ops.indexing import getitem
from micrograd.ops.layouts import pad

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = [
    "dropout",
    "embedding",
    "one_hot",
    "overlap_add",
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
    lambda g, x, *, size, stride, dilation: overlap_add(
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


def _overlap_shape(
    x: Array, *, lengths: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[int, ...]:
    shape, k = shape_of(x), len(lengths)
    if len(shape) < 2 * k or shape[-2 * k : -k] != _places("overlap_add", x, lengths, shape[-k:], stride, dilation):
        raise ShapeError(
            f"overlap_add: {named(x)} is not laid out in windows over {lengths}; make it with windows first"
        )
    return (*shape[: -2 * k], *lengths)


@multilinear(
    "overlap_add",
    lambda g, x, *, lengths, stride, dilation: windows(
        g, size=shape_of(x)[-len(lengths) :], stride=stride, dilation=dilation
    ),
    shape=_overlap_shape,
)
def overlap_add(x: Array, *, lengths: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]) -> Array:
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

    >>> overlap_add(np.ones((2, 3)), lengths=(5,), stride=(2,), dilation=(1,))
    array([1., 1., 2., 1., 1.])
    """
    k = len(lengths)
    z = np.zeros_like(x, shape=_overlap_shape(x, lengths=lengths, stride=stride, dilation=dilation))
    places, size = x.shape[-2 * k : -k], x.shape[-k:]
    for offset in np.ndindex(*size):  # an element of the window at a time, at all places together
        starts = [o * d for o, d in zip(offset, dilation, strict=True)]
        seen: Any = (..., *(slice(a, a + (p - 1) * s + 1, s) for a, p, s in zip(starts, places, stride, strict=True)))
        z[seen] += x[(..., *offset)]
    return z


# What they share


def per_axis(name: str, what: str, given: Any, axes: tuple[str, ...], least: int) -> tuple[int, ...]:
    """One number per axis, from one for all or a sequence."""
    one = isinstance(given, Integral)
    listed: tuple[Any, ...] = (given,) * len(axes) if one else tuple(given) if isinstance(given, Sequence) else ()
    if len(listed) != len(axes) or not all(isinstance(n, Integral) and int(n) >= least for n in listed):
        raise ArgumentError(
            f"{name}: {what}={given!r}: give an integer, {least} at least, or one for {' and '.join(axes)}"
        )
    return tuple(int(n) for n in listed)


def windows_of(
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
