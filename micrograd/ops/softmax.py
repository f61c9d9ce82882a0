"""The table, softmax: shares of exponentials, safe from overflow and masks of -inf.

All three subtract the largest element m first, so that no exponential overflows. The
result does not depend on m, so no gradient flows through it. Where a whole row is -inf,
m is the least finite number, so that x - m stays -inf.
"""

from __future__ import annotations

import math

from micrograd import on_demand as np
from micrograd.chain import times
from micrograd.op import Array, primitive, shape_of
from micrograd.ops.arithmetic import clip, stop_gradient, where
from micrograd.ops.axes import Axis, axes_of
from micrograd.ops.comparisons import equal
from micrograd.ops.functions import exp, log
from micrograd.ops.reductions import in_single, is_half, max, sum
from micrograd.ops.shapes import squeeze

__all__ = ["log_softmax", "logsumexp", "softmax", "softmaxed"]


def largest(name: str, x: Array, axis: Axis) -> Array:
    """The largest element along kept axes, made finite, and without a gradient."""
    if not math.prod(shape_of(x)[a] for a in axes_of(name, x, axis)):
        return sum(stop_gradient(x), axis=axis, keepdims=True)  # of nothing
    dtype = np.dtype(getattr(x, "dtype", float))
    most = float(np.finfo(dtype if dtype.kind == "f" else float).max)
    return clip(max(stop_gradient(x), axis=axis, keepdims=True), -most, most)


def _log(total: Array) -> tuple[Array, Array]:
    """Where a sum is 0, as all of it is masked; and its logarithm, with 0 there."""
    masked = equal(total, 0.0)
    return masked, log(where(masked, 1.0, total))


def logsumexp(x: Array, *, axis: Axis = -1, keepdims: bool = False) -> Array:
    """Logarithm of the sum of exponentials along axes, without overflow.

    Where all elements are -inf it is -inf, with gradient 0.

    z = m + log sum_i exp(x_i - m), where m = max_i x_i

    Args:
        x: value of any shape.
        axis: the axes to sum over; None for all.
        keepdims: keep these axes, with length 1.

    Raises:
        ShapeError: an axis does not exist.

    Source: Blanchard, Higham, Higham (2021), doi:10.1093/imanum/draa038.

    >>> float(logsumexp(np.array([1000.0, 1000.0])))
    1000.6931471805599
    """
    if is_half(x):
        return in_single(logsumexp, x, axis=axis, keepdims=keepdims)
    m = largest("logsumexp", x, axis)
    masked, z = _log(sum(exp(x - m), axis=axis, keepdims=True))
    z = where(masked, -math.inf, z + m)
    return z if keepdims else squeeze(z, axis=axis)


def softmax(x: Array, *, axis: Axis = -1) -> Array:
    """Exponentials divided by their sum along axes, without overflow.

    Where all elements are -inf it is 0, with gradient 0.

    z_i = exp(x_i - m) / sum_j exp(x_j - m), where m = max_j x_j

    Args:
        x: value of any shape.
        axis: the axes to sum over; None for all.

    Raises:
        ShapeError: an axis does not exist.

    Source: Blanchard, Higham, Higham (2021), doi:10.1093/imanum/draa038.

    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    return in_single(softmaxed, x, axis=axis) if is_half(x) else softmaxed(x, axis=axis)


def _same_shape(x: Array, *, axis: Axis) -> tuple[int, ...]:
    axes_of("softmax", x, axis)
    return shape_of(x)


def _softmax_rule(g: Array, z: Array, x: Array, *, axis: Axis) -> Array:
    """The cotangent of x, or the tangent of z: the matrix of slopes is symmetric."""
    part = times(g, z, z, "softmax")
    return part - z * sum(part, axis=axis, keepdims=True)


@primitive(
    "softmax",
    vjp=[_softmax_rule],
    jvp=[_softmax_rule],
    shape=_same_shape,
    axes="axis",
)
def softmaxed(x: Array, *, axis: Axis) -> Array:
    """The op behind `softmax`, for all but half precision.

    >>> softmaxed(np.array([0.0, 0.0]), axis=0)
    array([0.5, 0.5])
    """
    z = exp(x - largest("softmax", x, axis))
    if type(z) is np.ndarray and axes_of("softmax", x, axis) == (z.ndim - 1,):  # quicker than a sum where it is short
        total = np.einsum("...i->...", z)[..., None]
    else:
        total = sum(z, axis=axis, keepdims=True)
    return z / where(equal(total, 0.0), 1.0, total)


def log_softmax(x: Array, *, axis: Axis = -1) -> Array:
    """Logarithm of the softmax along axes, exact where the softmax itself is too small.

    An element -inf stays -inf, with gradient 0.

    z_i = x_i - m - log sum_j exp(x_j - m), where m = max_j x_j

    Args:
        x: value of any shape.
        axis: the axes to sum over; None for all.

    Raises:
        ShapeError: an axis does not exist.

    Source: Blanchard, Higham, Higham (2021), doi:10.1093/imanum/draa038.

    >>> log_softmax(np.array([1000.0, 0.0]))
    array([    0., -1000.])
    """
    if is_half(x):
        return in_single(log_softmax, x, axis=axis)
    seen = x - largest("log_softmax", x, axis)
    _, total = _log(sum(exp(seen), axis=axis, keepdims=True))
    return where(equal(x, -math.inf), -math.inf, seen - total)
