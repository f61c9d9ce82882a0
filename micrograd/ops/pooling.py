"""The table, pools: the largest element or the mean of each window, by the names, arguments and answers of PyTorch.

Where several elements tie for the largest, each gets an equal share of the gradient; PyTorch gives it to the first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral
from typing import TYPE_CHECKING, Any

from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, ground, named, shape_of
from micrograd.ops.arithmetic import where
from micrograd.ops.einsum import operand
from micrograd.ops.networks import Sizes, per_axis, windows, windows_of
from micrograd.ops.reductions import max, mean, sum
from micrograd.ops.taking import take

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
]

_VOLUME = ("depth", "height", "width")


def max_pool1d(
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window; where several tie, each gets an equal share of the gradient.

    Args:
        x: value of shape (..., length).
        kernel_size: elements of the window; one number, or one per axis, here as below.
        stride: the step between places, in elements; the window's size by default.
        padding: elements at either end, at most half a window; they are smaller than any number.
        dilation: the step between the elements of a window.
        ceil_mode: a last window may reach beyond the end.
        return_indices: give a pair: the values, and where they are, counted through the last axes of x.

    Returns:
        Value of shape (..., places); with return_indices also plain integers of this shape.

    Raises:
        ArgumentError: a size, step or padding is out of range.
        ShapeError: x has too few axes, or the window does not fit.

    >>> max_pool1d(np.array([1.0, 2.0, 5.0, 0.0]), 2)
    array([2., 5.])
    """
    return _max_pooled("max_pool1d", x, kernel_size, stride, padding, dilation, ceil_mode, return_indices, ("length",))


def max_pool2d(
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window; where several tie, each gets an equal share of the gradient.

    Args:
        x: value of shape (..., height, width).
        kernel_size: elements of the window; one number, or one per axis, here as below.
        stride: the step between places, in elements; the window's size by default.
        padding: elements at either end, at most half a window; they are smaller than any number.
        dilation: the step between the elements of a window.
        ceil_mode: a last window may reach beyond the end.
        return_indices: give a pair: the values, and where they are, counted through the last axes of x.

    Returns:
        Value of shape (..., places down, places across); with return_indices also plain integers of this shape.

    Raises:
        ArgumentError: a size, step or padding is out of range.
        ShapeError: x has too few axes, or the window does not fit.

    >>> max_pool2d(np.array([[1.0, 2.0, 5.0, 0.0], [4.0, 3.0, 1.0, 1.0]]), kernel_size=2)
    array([[4., 5.]])
    """
    return _max_pooled("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode, return_indices, _VOLUME[1:])


def max_pool3d(
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window; where several tie, each gets an equal share of the gradient.

    Args:
        x: value of shape (..., depth, height, width).
        kernel_size: elements of the window; one number, or one per axis, here as below.
        stride: the step between places, in elements; the window's size by default.
        padding: elements at either end, at most half a window; they are smaller than any number.
        dilation: the step between the elements of a window.
        ceil_mode: a last window may reach beyond the end.
        return_indices: give a pair: the values, and where they are, counted through the last axes of x.

    Returns:
        Value of shape (..., places, places down, places across); with return_indices also plain integers of this shape.

    Raises:
        ArgumentError: a size, step or padding is out of range.
        ShapeError: x has too few axes, or the window does not fit.

    >>> max_pool3d(np.arange(8.0).reshape(2, 2, 2), 2)
    array([[[7.]]])
    """
    return _max_pooled("max_pool3d", x, kernel_size, stride, padding, dilation, ceil_mode, return_indices, _VOLUME)


def avg_pool1d(
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """The mean of each window, its padding counted in, as zeros, unless told otherwise.

    Args:
        x: value of shape (..., length).
        kernel_size: elements of the window; one number, or one per axis, here as below.
        stride: the step between places, in elements; the window's size by default.
        padding: zeros at either end, at most half a window.
        ceil_mode: a last window may reach beyond the end; what is there does not count.
        count_include_pad: count the padding.

    Returns:
        Value of shape (..., places).

    Raises:
        ArgumentError: a size, step, padding or divisor is out of range.
        ShapeError: x has too few axes, or the window does not fit.

    >>> avg_pool1d(np.array([1.0, 2.0, 5.0, 0.0]), 2)
    array([1.5, 2.5])
    """
    return _avg_pooled("avg_pool1d", x, kernel_size, stride, padding, ceil_mode, count_include_pad, None, ("length",))


def avg_pool2d(
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """The mean of each window, its padding counted in, as zeros, unless told otherwise.

    Args:
        x: value of shape (..., height, width).
        kernel_size: elements of the window; one number, or one per axis, here as below.
        stride: the step between places, in elements; the window's size by default.
        padding: zeros at either end, at most half a window.
        ceil_mode: a last window may reach beyond the end; what is there does not count.
        count_include_pad: count the padding.
        divisor_override: what to divide by instead of the number of elements.

    Returns:
        Value of shape (..., places down, places across).

    Raises:
        ArgumentError: a size, step, padding or divisor is out of range.
        ShapeError: x has too few axes, or the window does not fit.

    >>> avg_pool2d(np.array([[1.0, 2.0, 5.0, 0.0], [4.0, 3.0, 1.0, 1.0]]), kernel_size=2)
    array([[2.5 , 1.75]])
    """
    return _avg_pooled(
        "avg_pool2d", x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, _VOLUME[1:]
    )


def avg_pool3d(
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """The mean of each window, its padding counted in, as zeros, unless told otherwise.

    Args:
        x: value of shape (..., depth, height, width).
        kernel_size: elements of the window; one number, or one per axis, here as below.
        stride: the step between places, in elements; the window's size by default.
        padding: zeros at either end, at most half a window.
        ceil_mode: a last window may reach beyond the end; what is there does not count.
        count_include_pad: count the padding.
        divisor_override: what to divide by instead of the number of elements.

    Returns:
        Value of shape (..., places, places down, places across).

    Raises:
        ArgumentError: a size, step, padding or divisor is out of range.
        ShapeError: x has too few axes, or the window does not fit.

    >>> avg_pool3d(np.arange(8.0).reshape(2, 2, 2), 2)
    array([[[3.5]]])
    """
    return _avg_pooled(
        "avg_pool3d", x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, _VOLUME
    )


def _plan(
    name: str,
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    axes: tuple[str, ...],
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], list[tuple[int, int]], tuple[int, ...]]:
    """Size, step and dilation of the window, and what is added before and after each axis; of it the padding."""
    if len(shape_of(x)) < len(axes):
        raise ShapeError(f"{name}: {named(x)} has too few axes; it needs shape (..., {', '.join(axes)})")
    size = per_axis(name, "kernel_size", kernel_size, axes, 1)
    step = size if stride is None else per_axis(name, "stride", stride, axes, 1)
    pads = per_axis(name, "padding", padding, axes, 0)
    if any(2 * end > s for end, s in zip(pads, size, strict=True)):
        raise ArgumentError(f"{name}: padding {pads} is more than half of kernel_size {size}; give less")
    spread = per_axis(name, "dilation", dilation, axes, 1)
    lengths = shape_of(x)[-len(axes) :]
    ends = []
    for n, q, s, p, d in zip(lengths, size, step, pads, spread, strict=True):
        free = n + 2 * p - (q - 1) * d - 1
        places = -(-free // s) + 1 if ceil_mode else free // s + 1
        if (places - 1) * s >= n + p:  # a window that starts beyond the end sees nothing
            places -= 1
        # builtin max is hidden by the op
        ends.append((p, p + (over if (over := (places - 1) * s - free) > 0 else 0)))
    return size, step, spread, ends, pads


def _max_pooled(
    name: str,
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    return_indices: bool,
    axes: tuple[str, ...],
) -> Any:
    x = operand(name, x)
    size, step, spread, ends, _ = _plan(name, x, kernel_size, stride, padding, dilation, ceil_mode, axes)
    seen = windows_of(name, x, size, step, spread, ends, -math.inf)
    last = tuple(range(-len(axes), 0))
    z = max(seen, axis=last)
    if not return_indices:
        return z
    lengths = shape_of(x)[-len(axes) :]
    numbers = np.pad(np.arange(math.prod(lengths)).reshape(lengths), ends, constant_values=-1)
    places = shape_of(z)[-len(axes) :]
    where_from = windows(numbers, size=size, stride=step, dilation=spread).reshape(*places, -1)
    data = np.asarray(ground(seen)).reshape(*shape_of(z), -1)
    rank = np.where(where_from < 0, -1, np.where(data == data.max(axis=-1, keepdims=True), 1, 0))
    rank = np.where(np.isnan(data), 2, rank)
    first = np.argmax(rank, axis=-1)[..., None]
    return z, np.take_along_axis(np.broadcast_to(where_from, rank.shape), first, axis=-1)[..., 0]


def _avg_pooled(
    name: str,
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
    axes: tuple[str, ...],
) -> Array:
    x = operand(name, x)
    if divisor_override is not None and (not isinstance(divisor_override, Integral) or divisor_override == 0):
        raise ArgumentError(f"{name}: divisor_override={divisor_override!r}: give an integer that is not 0, or None")
    size, step, spread, ends, pads = _plan(name, x, kernel_size, stride, padding, 1, ceil_mode, axes)
    seen = windows_of(name, x, size, step, spread, ends)
    last = tuple(range(-len(axes), 0))
    if divisor_override is not None:
        return sum(seen, axis=last) / int(divisor_override)
    if count_include_pad and all(before == after for before, after in ends):
        return mean(seen, axis=last)
    counted = np.ones(shape_of(x)[-len(axes) :], getattr(x, "dtype", float))
    counted = np.pad(counted, [(p, p) for p in pads], constant_values=float(count_include_pad))
    counted = np.pad(counted, [(0, after - before) for before, after in ends])
    return sum(seen, axis=last) / np.sum(windows(counted, size=size, stride=step, dilation=spread), axis=last)


# Pools of a given number of places


def adaptive_avg_pool1d(x: Array, output_size: Any) -> Array:
    """The mean of each window, of as many windows as asked for.

    Window i of o over n elements goes from floor(i n / o) to ceil((i + 1) n / o).

    Args:
        x: value of shape (..., length).
        output_size: the number of windows; one number, or one per axis.

    Raises:
        ArgumentError: the size is not a number of at least 1.
        ShapeError: x has too few axes, or an empty one.

    >>> adaptive_avg_pool1d(np.array([1.0, 2.0, 6.0]), 2)
    array([1.5, 4. ])
    """
    return _adaptive("adaptive_avg_pool1d", x, output_size, mean, 0.0, ("length",))


def adaptive_avg_pool2d(x: Array, output_size: Any) -> Array:
    """The mean of each window, of as many windows as asked for.

    Window i of o over n elements goes from floor(i n / o) to ceil((i + 1) n / o).

    Args:
        x: value of shape (..., height, width).
        output_size: the number of windows; one number, or one per axis; None keeps the length of an axis.

    Raises:
        ArgumentError: the size is not a number of at least 1.
        ShapeError: x has too few axes, or an empty one.

    >>> adaptive_avg_pool2d(np.array([[1.0, 2.0, 6.0], [3.0, 4.0, 5.0]]), (1, 2))
    array([[2.5 , 4.25]])
    """
    return _adaptive("adaptive_avg_pool2d", x, output_size, mean, 0.0, _VOLUME[1:])


def adaptive_avg_pool3d(x: Array, output_size: Any) -> Array:
    """The mean of each window, of as many windows as asked for.

    Window i of o over n elements goes from floor(i n / o) to ceil((i + 1) n / o).

    Args:
        x: value of shape (..., depth, height, width).
        output_size: the number of windows; one number, or one per axis; None keeps the length of an axis.

    Raises:
        ArgumentError: the size is not a number of at least 1.
        ShapeError: x has too few axes, or an empty one.

    >>> adaptive_avg_pool3d(np.array([[[1.0, 2.0, 6.0]]]), (1, 1, 2))
    array([[[1.5, 4. ]]])
    """
    return _adaptive("adaptive_avg_pool3d", x, output_size, mean, 0.0, _VOLUME)


def adaptive_max_pool1d(x: Array, output_size: Any) -> Array:
    """The largest element of each window, of as many windows as asked for; ties share the gradient.

    Window i of o over n elements goes from floor(i n / o) to ceil((i + 1) n / o).

    Args:
        x: value of shape (..., length).
        output_size: the number of windows; one number, or one per axis.

    Raises:
        ArgumentError: the size is not a number of at least 1.
        ShapeError: x has too few axes, or an empty one.

    >>> adaptive_max_pool1d(np.array([1.0, 2.0, 6.0]), 2)
    array([2., 6.])
    """
    return _adaptive("adaptive_max_pool1d", x, output_size, max, -math.inf, ("length",))


def adaptive_max_pool2d(x: Array, output_size: Any) -> Array:
    """The largest element of each window, of as many windows as asked for; ties share the gradient.

    Window i of o over n elements goes from floor(i n / o) to ceil((i + 1) n / o).

    Args:
        x: value of shape (..., height, width).
        output_size: the number of windows; one number, or one per axis; None keeps the length of an axis.

    Raises:
        ArgumentError: the size is not a number of at least 1.
        ShapeError: x has too few axes, or an empty one.

    >>> adaptive_max_pool2d(np.array([[1.0, 2.0, 6.0], [3.0, 4.0, 5.0]]), (1, 2))
    array([[4., 6.]])
    """
    return _adaptive("adaptive_max_pool2d", x, output_size, max, -math.inf, _VOLUME[1:])


def adaptive_max_pool3d(x: Array, output_size: Any) -> Array:
    """The largest element of each window, of as many windows as asked for; ties share the gradient.

    Window i of o over n elements goes from floor(i n / o) to ceil((i + 1) n / o).

    Args:
        x: value of shape (..., depth, height, width).
        output_size: the number of windows; one number, or one per axis; None keeps the length of an axis.

    Raises:
        ArgumentError: the size is not a number of at least 1.
        ShapeError: x has too few axes, or an empty one.

    >>> adaptive_max_pool3d(np.array([[[1.0, 2.0, 6.0]]]), (1, 1, 2))
    array([[[2., 6.]]])
    """
    return _adaptive("adaptive_max_pool3d", x, output_size, max, -math.inf, _VOLUME)


def _adaptive(
    name: str, x: Array, output_size: Any, reduce: Callable[..., Array], fill: float, axes: tuple[str, ...]
) -> Array:
    """One axis after the other: the windows are boxes."""
    x = operand(name, x)
    k = len(axes)
    if len(shape_of(x)) < k or 0 in shape_of(x)[-k:]:
        raise ShapeError(
            f"{name}: {named(x)}: it needs shape (..., {', '.join(axes)}), with one element along each at least"
        )
    lengths = shape_of(x)[-k:]
    given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * k
    kept = [n if o is None else o for n, o in zip(lengths, given, strict=False)]
    sizes = per_axis(name, "output_size", kept if None in given and len(given) == k else output_size, axes, 1)
    for i, (n, o) in enumerate(zip(lengths, sizes, strict=True)):
        x = _windowed(x, i - k, n, o, reduce, fill)
    return x


def _windowed(x: Array, axis: int, n: int, o: int, reduce: Callable[..., Array], fill: float) -> Array:
    if o == n:
        return x
    first = np.arange(o) * n // o
    count = -(-(np.arange(1, o + 1) * n) // o) - first
    steps = np.arange(np.max(count))
    beyond = steps >= count[:, None]
    seen = take(x, np.minimum(first[:, None] + steps, n - 1), axis=len(shape_of(x)) + axis)
    after = (1,) * (-1 - axis)
    seen = where(beyond.reshape(*beyond.shape, *after), fill, seen)  # the windows are one axis, their elements the next
    if reduce is max:
        return max(seen, axis=axis)
    return sum(seen, axis=axis) / count.astype(getattr(x, "dtype", float)).reshape(-1, *after)
