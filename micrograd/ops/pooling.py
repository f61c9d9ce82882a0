"""The table, pools: the largest element or the mean of each window, as in PyTorch.

Where several elements tie for the largest, each gets an equal share of the gradient;
PyTorch gives it all to the first. `max_pool2d`, `avg_pool2d` and the like describe
their arguments; the functions for one and for three axes take the same.
"""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, ground, named, shape_of
from micrograd.ops.arguments import operand
from micrograd.ops.arithmetic import where
from micrograd.ops.reductions import max, mean, sum
from micrograd.ops.shapes import reshape, transpose
from micrograd.ops.sliding import AXES, Sizes, Window, per_axis, window_of, windows_of
from micrograd.ops.taking import take

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


# The largest element


def max_pool1d(
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window: `max_pool2d` along one axis.

    Args:
        x: value of shape (..., length).
        kernel_size: this and the other arguments are those of `max_pool2d`.

    >>> max_pool1d(np.array([1.0, 2.0, 5.0, 0.0]), 2)
    array([2., 5.])
    """
    return _max_pooled(1, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window. Elements that tie share the gradient equally.

    Args:
        x: value of shape (..., height, width).
        kernel_size: elements of the window. This, stride, padding and dilation are one
            number, or one per axis.
        stride: the step between places, in elements; by default the size of the window.
        padding: how many elements are added at both ends, at most half a window. They
            are smaller than any number.
        dilation: the step between the elements of a window.
        ceil_mode: the last window may reach beyond the end.
        return_indices: return a pair: the values, and where they are, as positions in
            the flattened last axes of x.

    Returns:
        Value of shape (..., places down, places across). With return_indices also plain
        integers of this shape.

    Raises:
        ArgumentError: a size, a step or a padding is out of range.
        ShapeError: x has too few axes, or the window does not fit.

    >>> max_pool2d(np.array([[1.0, 2.0, 5.0, 0.0], [4.0, 3.0, 1.0, 1.0]]), 2)
    array([[4., 5.]])
    """
    return _max_pooled(2, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window: `max_pool2d` along three axes.

    Args:
        x: value of shape (..., depth, height, width).
        kernel_size: this and the other arguments are those of `max_pool2d`.

    >>> max_pool3d(np.arange(8.0).reshape(2, 2, 2), 2)
    array([[[7.]]])
    """
    return _max_pooled(3, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _max_pooled(
    k: int,
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    """The largest element of each window along k axes."""
    name = f"max_pool{k}d"
    x = operand(name, x)
    window = _extended(name, x, window_of(name, k, kernel_size, stride, padding, dilation), ceil_mode)
    seen = windows_of(name, x, window, -math.inf)
    z = max(_elements_first(seen, k), axis=0)
    return (z, _places_of_largest(seen, shape_of(x)[-k:], window)) if return_indices else z


def _elements_first(seen: Array, k: int) -> Array:
    """Windows as an array for each of their elements, along axis 0.

    The reshape makes a copy. Then a reduction goes through whole arrays, not through a
    few elements at a time, and is ten times faster.
    """
    shape = shape_of(seen)
    places, sizes = shape[:-k], shape[-k:]
    moved = transpose(seen, axes=(*range(len(places), len(shape)), *range(len(places))))
    return reshape(moved, shape=(math.prod(sizes), *places))


def _places_of_largest(seen: Array, lengths: tuple[int, ...], window: Window) -> Any:
    """Where the largest element of each window is: its position in the flattened axes.

    It is the first of several equal ones, and nan counts as the largest.
    """
    k = len(lengths)
    numbers = np.pad(np.arange(math.prod(lengths)).reshape(lengths), window.ends, constant_values=-1)
    origins = window.over(numbers)
    origins = origins.reshape(*origins.shape[:k], -1)
    data = np.asarray(ground(seen)).reshape(*shape_of(seen)[:-k], -1)
    rank = np.where(origins < 0, -1, np.where(data == data.max(axis=-1, keepdims=True), 1, 0))
    rank = np.where(np.isnan(data), 2, rank)
    first = np.argmax(rank, axis=-1)[..., None]
    return np.take_along_axis(np.broadcast_to(origins, rank.shape), first, axis=-1)[..., 0]


def check_padding(name: str, window: Window) -> tuple[int, ...]:
    """The padding of each axis, which is at most half a window.

    Raises:
        ArgumentError: it is more, and a window may lie in it alone.
    """
    pads = tuple(before for before, _ in window.ends)
    if any(2 * pad > size for pad, size in zip(pads, window.size, strict=True)):
        raise ArgumentError(f"{name}: padding {pads} is more than half of kernel_size {window.size}; give less")
    return pads


def check_divisor(name: str, given: Any) -> None:
    """Refuse a divisor_override that is not None or an integer, or is 0.

    Raises:
        ArgumentError: says what it may be.
    """
    if given is not None and (not isinstance(given, Integral) or given == 0):
        raise ArgumentError(f"{name}: divisor_override={given!r}: give an integer that is not 0, or None")


def _extended(name: str, x: Array, window: Window, ceil_mode: bool) -> Window:
    """The window, after checks; with ceil_mode it has room for one more place."""
    k = len(window.size)
    if len(shape_of(x)) < k:
        raise ShapeError(f"{name}: {named(x)} has too few axes; it needs shape (..., {', '.join(AXES[k])})")
    pads = check_padding(name, window)
    if not ceil_mode:
        return window
    ends = []
    for n, q, s, d, p in zip(shape_of(x)[-k:], window.size, window.stride, window.dilation, pads, strict=True):
        free = n + 2 * p - (q - 1) * d - 1
        steps = -(-free // s)
        if steps * s >= n + p:  # a window that starts beyond the end sees nothing
            steps -= 1
        ends.append((p, p + steps * s - free if steps * s > free else p))
    return window._replace(ends=tuple(ends))


# The mean


def avg_pool1d(
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """The mean of each window: `avg_pool2d` along one axis.

    Args:
        x: value of shape (..., length).
        kernel_size: this and the other arguments are those of `avg_pool2d`.

    >>> avg_pool1d(np.array([1.0, 2.0, 5.0, 0.0]), 2)
    array([1.5, 2.5])
    """
    return _avg_pooled(1, x, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """The mean of each window.

    Args:
        x: value of shape (..., height, width).
        kernel_size: elements of the window. This, stride and padding are one number, or
            one per axis.
        stride: the step between places, in elements; by default the size of the window.
        padding: how many zeros are added at both ends, at most half a window.
        ceil_mode: the last window may reach beyond the end. What lies there does not
            count.
        count_include_pad: whether the zeros of the padding count.
        divisor_override: the divisor; by default the number of elements that count.

    Returns:
        Value of shape (..., places down, places across).

    Raises:
        ArgumentError: a size, a step, a padding or the divisor is out of range.
        ShapeError: x has too few axes, or the window does not fit.

    >>> avg_pool2d(np.array([[1.0, 2.0, 5.0, 0.0], [4.0, 3.0, 1.0, 1.0]]), 2)
    array([[2.5 , 1.75]])
    """
    return _avg_pooled(2, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """The mean of each window: `avg_pool2d` along three axes.

    Args:
        x: value of shape (..., depth, height, width).
        kernel_size: this and the other arguments are those of `avg_pool2d`.

    >>> avg_pool3d(np.arange(8.0).reshape(2, 2, 2), 2)
    array([[[3.5]]])
    """
    return _avg_pooled(3, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _avg_pooled(
    k: int,
    x: Array,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Array:
    """The mean of each window along k axes."""
    name = f"avg_pool{k}d"
    x = operand(name, x)
    check_divisor(name, divisor_override)
    window = _extended(name, x, window_of(name, k, kernel_size, stride, padding, 1), ceil_mode)
    seen = _elements_first(windows_of(name, x, window), k)
    if divisor_override is not None:
        return sum(seen, axis=0) / int(divisor_override)
    if count_include_pad and all(before == after for before, after in window.ends):
        return mean(seen, axis=0)
    counted = np.ones(shape_of(x)[-k:], getattr(x, "dtype", float))
    pads = [(before, before) for before, _ in window.ends]
    counted = np.pad(counted, pads, constant_values=float(count_include_pad))
    counted = np.pad(counted, [(0, after - before) for before, after in window.ends])
    return sum(seen, axis=0) / np.sum(window.over(counted), axis=tuple(range(-k, 0)))


# Pools with a given number of windows


def adaptive_avg_pool1d(x: Array, output_size: Any) -> Array:
    """The mean of each window: `adaptive_avg_pool2d` along one axis.

    Args:
        x: value of shape (..., length).
        output_size: the number of windows.

    >>> adaptive_avg_pool1d(np.array([1.0, 2.0, 6.0]), 2)
    array([1.5, 4. ])
    """
    return _adaptive(1, "avg", x, output_size)


def adaptive_avg_pool2d(x: Array, output_size: Any) -> Array:
    """The mean of each window, for a given number of windows.

    Window i of o over n elements goes from floor(i n / o) to ceil((i + 1) n / o).

    Args:
        x: value of shape (..., height, width).
        output_size: the number of windows; one number, or one per axis. None keeps the
            length of an axis.

    Raises:
        ArgumentError: the size is not an integer of at least 1.
        ShapeError: x has too few axes, or an empty one.

    >>> adaptive_avg_pool2d(np.array([[1.0, 2.0, 6.0], [3.0, 4.0, 5.0]]), (1, 2))
    array([[2.5 , 4.25]])
    """
    return _adaptive(2, "avg", x, output_size)


def adaptive_avg_pool3d(x: Array, output_size: Any) -> Array:
    """The mean of each window: `adaptive_avg_pool2d` along three axes.

    Args:
        x: value of shape (..., depth, height, width).
        output_size: the number of windows; one number, or one per axis.

    >>> adaptive_avg_pool3d(np.array([[[1.0, 2.0, 6.0]]]), (1, 1, 2))
    array([[[1.5, 4. ]]])
    """
    return _adaptive(3, "avg", x, output_size)


def adaptive_max_pool1d(x: Array, output_size: Any) -> Array:
    """The largest element of each window: `adaptive_max_pool2d` along one axis.

    Args:
        x: value of shape (..., length).
        output_size: the number of windows.

    >>> adaptive_max_pool1d(np.array([1.0, 2.0, 6.0]), 2)
    array([2., 6.])
    """
    return _adaptive(1, "max", x, output_size)


def adaptive_max_pool2d(x: Array, output_size: Any) -> Array:
    """The largest element of each window, for a given number of windows.

    The windows are those of `adaptive_avg_pool2d`. Elements that tie share the
    gradient.

    Args:
        x: value of shape (..., height, width).
        output_size: the number of windows; one number, or one per axis. None keeps the
            length of an axis.

    Raises:
        ArgumentError: the size is not an integer of at least 1.
        ShapeError: x has too few axes, or an empty one.

    >>> adaptive_max_pool2d(np.array([[1.0, 2.0, 6.0], [3.0, 4.0, 5.0]]), (1, 2))
    array([[4., 6.]])
    """
    return _adaptive(2, "max", x, output_size)


def adaptive_max_pool3d(x: Array, output_size: Any) -> Array:
    """The largest element of each window: `adaptive_max_pool2d` along three axes.

    Args:
        x: value of shape (..., depth, height, width).
        output_size: the number of windows; one number, or one per axis.

    >>> adaptive_max_pool3d(np.array([[[1.0, 2.0, 6.0]]]), (1, 1, 2))
    array([[[2., 6.]]])
    """
    return _adaptive(3, "max", x, output_size)


def _adaptive(k: int, kind: str, x: Array, output_size: Any) -> Array:
    """The "max" or "avg" pool, one axis after another: the windows are boxes."""
    name = f"adaptive_{kind}_pool{k}d"
    x = operand(name, x)
    if len(shape_of(x)) < k or 0 in shape_of(x)[-k:]:
        raise ShapeError(
            f"{name}: {named(x)}: it needs shape (..., {', '.join(AXES[k])}), with at least one element along each"
        )
    lengths = shape_of(x)[-k:]
    given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * k
    kept = [n if o is None else o for n, o in zip(lengths, given, strict=False)]
    sizes = per_axis(name, "output_size", kept if None in given and len(given) == k else output_size, k, 1)
    for i, (n, o) in enumerate(zip(lengths, sizes, strict=True)):
        x = x if o == n else _pooled_along(kind, x, i - k, n, o)
    return x


def _pooled_along(kind: str, x: Array, axis: int, n: int, o: int) -> Array:
    """The largest element or the mean in each of o windows over an axis of length n."""
    first = np.arange(o) * n // o
    count = -(-(np.arange(1, o + 1) * n) // o) - first
    steps = np.arange(np.max(count))
    beyond = steps >= count[:, None]
    # One axis becomes two: the windows, and their elements, as many as the longest has.
    seen = take(x, np.minimum(first[:, None] + steps, n - 1), axis=len(shape_of(x)) + axis)
    after = (1,) * (-1 - axis)
    seen = where(beyond.reshape(*beyond.shape, *after), -math.inf if kind == "max" else 0.0, seen)
    if kind == "max":
        return max(seen, axis=axis)
    return sum(seen, axis=axis) / count.astype(getattr(x, "dtype", float)).reshape(-1, *after)
