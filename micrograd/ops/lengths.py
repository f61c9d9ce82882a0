"""The table, lengths: the Euclidean length without overflow, and its slope, 0 at 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.chain import anywhere, times
from micrograd.op import OPS, Array, broadcast_shape, elementwise, primitive, shape_of
from micrograd.ops.alarms import are_numbers
from micrograd.ops.arithmetic import divide, where
from micrograd.ops.comparisons import equal

__all__ = ["cosine", "euclidean_norm", "hypot"]


_NAME = "the slope of norm or hypot"  # for warnings


def _past_kink(g: Array, slope: Array, z: Array, r: Array, look: Callable[[], Any] | None = None) -> Array:
    """g * slope. Where r is 0 is a kink: the slope is taken as 0, with a warning."""
    flat = equal(r, 0.0)
    part = times(g, where(flat, math.inf, slope), z, _NAME, look)
    return times(part, where(flat, 0.0, 1.0), z, _NAME, look)


def _safe(r: Array) -> Array:
    return where(equal(r, 0.0), 1.0, r)


def _part_of(x: Array, r: Array) -> Array:
    return where(equal(r, 0.0), 0.0, x / _safe(r))


@primitive(
    "cosine",
    vjp=[
        lambda g, z, x, r: _past_kink(g, divide(1.0, _safe(r)), z, r),
        lambda g, z, x, r: _past_kink(g, divide(-z, _safe(r)), z, r),
    ],
    jvp=[
        lambda t, z, x, r: _past_kink(t, divide(1.0, _safe(r)), z, r, anywhere),
        lambda t, z, x, r: _past_kink(t, divide(-z, _safe(r)), z, r, anywhere),
    ],
    shape=lambda x, r: broadcast_shape("cosine", x, r),
    kink="0 where r is 0, with a warning",
    c=_part_of,
)
def cosine(x: Array, r: Array) -> Array:
    """Side over length, elementwise: the slope of a length.

    z = x / r; 0 where r is 0, as all directions are alike there

    Args:
        x: value of any shape, no larger than r in size.
        r: value of a shape that broadcasts, at least 0.

    >>> cosine(3.0, 5.0), cosine(0.0, 0.0)
    (0.6, 0.0)
    """
    return _part_of(x, r)


@elementwise(
    "hypot", lambda z, x, y: cosine(x, z), lambda z, x, y: cosine(y, z), kink="0 at (0, 0)", c="hypot", commutative=True
)
def hypot(x: Array, y: Array) -> Array:
    """Length of the hypotenuse, elementwise, without overflow.

    z = (x^2 + y^2)^(1/2)

    Its gradient at (0, 0) is 0.

    >>> hypot(3.0, 4.0)
    5.0
    """
    if not are_numbers(x, y):
        return np.hypot(x, y)
    point = complex(x, y)
    try:
        return abs(point)  # this is C's hypot, as in NumPy; math.hypot is another
    except OverflowError:
        return math.inf


def _along(axis: tuple[int, ...], x: Array) -> Array:
    return OPS["sum"](x, axis=axis, keepdims=True)


@primitive(
    "norm",
    vjp=[lambda g, z, x, *, axis: times(g, cosine(x, z), z, "norm")],
    jvp=[lambda t, z, x, *, axis: _along(axis, times(t, cosine(x, z), z, "norm", anywhere))],
    shape=lambda x, *, axis: tuple(1 if i in axis else n for i, n in enumerate(shape_of(x))),
    kink="0 at 0",
    tex=r"\left\|{0}\right\|",
    axes="axis",
)
def euclidean_norm(x: Array, *, axis: tuple[int, ...]) -> Array:
    """The op behind `norm`: length along axes, without overflow and underflow.

    z = m (sum_i (x_i / m)^2)^(1/2)
    m = max_i |x_i| if the squares are out of range, else 1

    The axes stay, with length 1.

    Args:
        x: value of any shape.
        axis: the axes to sum over, counted from the front.

    >>> euclidean_norm(np.array([3.0, 4.0]), axis=(0,))
    array([5.])
    """
    if not axis or not math.prod(shape_of(x)):
        return abs(x) if not axis else np.sqrt(np.sum(x, axis=axis, keepdims=True))
    if x.dtype.kind != "f":
        return euclidean_norm(x.astype(float), axis=axis)
    if x.dtype == np.float16:
        return euclidean_norm(x.astype(np.float32), axis=axis).astype(np.float16)
    if isinstance(x, np.ndarray):
        with np.errstate(over="ignore", under="ignore"):
            squares = np.sum(x * x, axis=axis, keepdims=True)
        range_ = np.finfo(x.dtype)
        if np.all((squares > range_.tiny / range_.eps) & (squares <= range_.max)):
            return np.sqrt(squares)
    most = np.max(abs(x), axis=axis, keepdims=True)
    scale = np.where((most > 0.0) & np.isfinite(most), most, 1.0).astype(x.dtype)
    part = x / scale
    return scale * np.sqrt(np.sum(part * part, axis=axis, keepdims=True))
