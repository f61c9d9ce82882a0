"""The table, sliding windows: what a window sees at each of its places.

Convolutions, pools and columns stand on two ops that are each other's transpose:
`windows` lays out what a window sees at each place, and `overlap_add` adds it together
again. In the other functions, `name` is the function that asks: errors begin with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, multilinear, named, shape_of
from micrograd.ops.layouts import pad

__all__ = ["overlap_add", "windows"]

Sizes = int | Sequence[int]  # one number for all axes, or one for each
# What k axes are called
AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


# The two ops


def _places(
    name: str, x: Array, lengths: Sequence[int], size: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[int, ...]:
    """How many places a window has along each axis."""
    spans = tuple((s - 1) * d + 1 for s, d in zip(size, dilation, strict=True))
    if any(span > n for span, n in zip(spans, lengths, strict=True)):
        raise ShapeError(
            f"{name}: a window of {(*size,)}, which spans {spans}, does not fit {(*lengths,)}, "
            f"the last axes of {named(x)} with their padding; pad more, or use a smaller window"
        )
    return tuple((n - span) // step + 1 for n, span, step in zip(lengths, spans, stride, strict=True))


def _windows_shape(
    x: Array, *, size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[int, ...]:
    shape, k = shape_of(x), len(size)
    if len(shape) < k:
        raise ShapeError(f"windows: {named(x)} has fewer axes than the window {size}; give at most one size per axis")
    return (*shape[:-k], *_places("windows", x, shape[-k:], size, stride, dilation), *size)


@multilinear(
    "windows",
    lambda g, x, *, size, stride, dilation: overlap_add(
        g, lengths=shape_of(x)[-len(size) :], stride=stride, dilation=dilation
    ),
    shape=_windows_shape,
)
def windows(x: Array, *, size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]) -> Array:
    """What a window that slides along the last axes sees at each place, without a copy.

    z[..., p, k] = x[..., p stride + k dilation]

    Args:
        x: value of shape (..., n, ...), with one axis per size.
        size: elements of the window, per axis.
        stride: the step between places, in elements, per axis.
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
        lengths: the lengths of the axes along which the window slid.
        stride: the step between places, in elements, per axis.
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
    for offset in np.ndindex(*size):  # one element of the window, at all places
        starts = [o * d for o, d in zip(offset, dilation, strict=True)]
        seen: Any = (..., *(slice(a, a + (p - 1) * s + 1, s) for a, p, s in zip(starts, places, stride, strict=True)))
        z[seen] += x[(..., *offset)]
    return z


# What functions of windows share


class Window(NamedTuple):
    """A window that slides along the last axes: everything is given per axis.

    Attributes:
        size: elements of the window.
        stride: the step between places, in elements.
        dilation: the step between the elements of a window.
        ends: how many elements are added before and after.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    ends: tuple[tuple[int, int], ...]

    def over(self, x: Array) -> Array:
        """What this window sees of x, which has its ends already."""
        return windows(x, size=self.size, stride=self.stride, dilation=self.dilation)


def window_of(name: str, k: int, kernel_size: Sizes, stride: Sizes | None, padding: Sizes, dilation: Sizes) -> Window:
    """The window that arguments in PyTorch's style describe.

    Args:
        name: the function that asks.
        k: how many axes the window slides along.
        kernel_size: elements of the window.
        stride: the step between places; None is the size of the window.
        padding: elements added at both ends.
        dilation: the step between the elements of a window.

    Raises:
        ArgumentError: a number is out of range, or there are not as many as axes.

    >>> window_of("unfold", 2, kernel_size=(1, 2), stride=1, padding=0, dilation=1).size
    (1, 2)
    """
    size = per_axis(name, "kernel_size", kernel_size, k, 1)
    step = size if stride is None else per_axis(name, "stride", stride, k, 1)
    ends = tuple((n, n) for n in per_axis(name, "padding", padding, k, 0))
    return Window(size, step, per_axis(name, "dilation", dilation, k, 1), ends)


def per_axis(name: str, what: str, given: Any, k: int, least: int) -> tuple[int, ...]:
    """One number for each of k axes, from one for all or a sequence.

    Raises:
        ArgumentError: a number is below least, or there are not as many as axes.

    >>> per_axis("conv2d", "stride", 3, 2, 1)
    (3, 3)
    """
    one = isinstance(given, Integral)
    listed: tuple[Any, ...] = (given,) * k if one else tuple(given) if isinstance(given, Sequence) else ()
    if len(listed) != k or not all(isinstance(n, Integral) and int(n) >= least for n in listed):
        each = f", or one each for {', '.join(AXES[k][:-1])} and {AXES[k][-1]}" if k > 1 else ""
        raise ArgumentError(f"{name}: {what}={given!r}: give an integer of at least {least}{each}")
    return tuple(int(n) for n in listed)


def windows_of(name: str, x: Array, window: Window, fill: float = 0.0) -> Array:
    """The windows of x, where elements added at the ends are equal to fill.

    Raises:
        ShapeError: the window does not fit.

    >>> windows_of("conv1d", np.array([1.0, 2.0]), Window((2,), (1,), (1,), ((1, 0),)))
    array([[0., 1.],
           [1., 2.]])
    """
    k = len(window.size)
    lengths = [n + before + after for n, (before, after) in zip(shape_of(x)[-k:], window.ends, strict=True)]
    _places(name, x, lengths, window.size, window.stride, window.dilation)
    if any(end for pair in window.ends for end in pair):
        x = pad(x, [(0, 0)] * (len(shape_of(x)) - k) + [*window.ends], constant_values=fill)
    return window.over(x)
