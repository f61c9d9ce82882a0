"""The table, softmax: shares of exponentials, safe from overflow and masks of -inf.

All three subtract the largest element m first, so that no exponential overflows. The
result does not depend on m, so no gradient flows through it. Where a whole row is -inf,
m is the least finite number, so that x - m stays -inf.

`log_softmax` has a record of its own: cross-entropies are made of it. It keeps all
digits where one share is almost 1, and so do its derivatives: of logits 40 and 0 the
first logarithm is -4e-18, and not 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.chain import times
from micrograd.op import Array, numbers_below, primitive, shape_of
from micrograd.ops.arithmetic import clip, maximum, stop_gradient, where
from micrograd.ops.axes import Axis, axes_of
from micrograd.ops.comparisons import equal
from micrograd.ops.functions import exp, expm1, log
from micrograd.ops.reductions import in_single, is_half, max, sum
from micrograd.ops.shapes import squeeze

__all__ = ["log_softmax", "logsumexp", "softmax", "softmaxed"]


# Below this, a sum of exponentials stays below the largest float32, for up to 1e21 of
# them.
SAFE = 40.0


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


def _shape_of(name: str) -> Callable[..., tuple[int, ...]]:
    """The shape rule: that of x, if it has the axes."""
    return lambda x, *, axis: (axes_of(name, x, axis), shape_of(x))[1]


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


def _softmax_rule(g: Array, z: Array, x: Array, *, axis: Axis) -> Array:
    """The cotangent of x, or the tangent of z: the matrix of slopes is symmetric."""
    part = times(g, z, z, "softmax")
    return part - z * sum(part, axis=axis, keepdims=True)


@primitive(
    "softmax",
    vjp=[_softmax_rule],
    jvp=[_softmax_rule],
    shape=_shape_of("softmax"),
    axes="axis",
)
def softmaxed(x: Array, *, axis: Axis) -> Array:
    """The op behind `softmax`, for all but half precision.

    >>> softmaxed(np.array([0.0, 0.0]), axis=0)
    array([0.5, 0.5])
    """
    rows = type(x) is np.ndarray and x.size > 0 and axes_of("softmax", x, axis) == (x.ndim - 1,)
    if rows and np.maximum.reduce(x, None) < SAFE:  # exp does not overflow; the usual case
        z = exp(x)
        total = np.einsum("...i->...", z)[..., None]  # quicker than a sum where it is short
        if np.minimum.reduce(total, None) > 1e-3:  # nor is it too small, in any row
            z /= total
            return z
    z = exp(x - largest("softmax", x, axis))
    total = sum(z, axis=axis, keepdims=True)
    return z / where(equal(total, 0.0), 1.0, total)


def _log_pull(g: Array, z: Array, x: Array, *, axis: Axis) -> Array:
    # The textbook has g - exp(z) sum(g). Where one share p is almost 1 and g is of that
    # element alone, 1 - p would lose its digits. So the element's own part is apart:
    # g (1 - p) - p (sum of the other g).
    if _may_be_masked(z):
        g = where(equal(z, -math.inf), 0.0, g)
    others = g - sum(g, axis=axis, keepdims=True)
    return exp(z) * others - g * expm1(z)


def _may_be_masked(z: Array) -> bool:
    """Whether an element may be -inf: one quick pass, where there are numbers to look
    at.
    """
    data = numbers_below(z)
    return type(data) is not np.ndarray or not data.size or not np.minimum.reduce(data, None) > -math.inf


def _log_push(t: Array, z: Array, x: Array, *, axis: Axis) -> Array:
    # t - sum(exp(z) t) is the same for t minus any number. With the tangent of the
    # largest share as that number, its own t does not take away the digits of others.
    hit = equal(z, max(stop_gradient(z), axis=axis, keepdims=True))
    count = maximum(sum(hit, axis=axis, keepdims=True), 1)  # of nan there is no largest
    t = t - sum(where(hit, t, 0.0), axis=axis, keepdims=True) / count
    return where(equal(z, -math.inf), 0.0, t - sum(exp(z) * t, axis=axis, keepdims=True))


@primitive(
    "log_softmax",
    vjp=[_log_pull],
    jvp=[_log_push],
    shape=_shape_of("log_softmax"),
    tex=r"\ln \operatorname{{softmax}}\left({0}\right)",
    axes="axis",
)
def log_softmaxed(x: Array, *, axis: Axis) -> Array:
    """The op behind `log_softmax`, for all but half precision.

    >>> log_softmaxed(np.array([40.0, 0.0]), axis=0)
    array([-4.24835426e-18, -4.00000000e+01])
    """
    axes = axes_of("log_softmax", x, axis)
    if type(x) is not np.ndarray or not x.size or x.dtype.kind != "f":
        return _from_all(x, axis)
    if axes == (x.ndim - 1,):  # as it almost always is
        return _of_rows(x.reshape(-1, x.shape[-1])).reshape(x.shape)
    others = tuple(a for a in range(x.ndim) if a not in axes)
    moved = x.transpose(*others, *axes)
    z = _of_rows(moved.reshape(-1, math.prod(x.shape[a] for a in axes)))
    return z.reshape(moved.shape).transpose(np.argsort((*others, *axes)))


def _of_rows(rows: Any) -> Any:
    """z_i = x_i - m - ln(1 + sum of exp(x_j - m) over all j but the largest), per
    row.
    """
    places = np.arange(len(rows)), rows.argmax(axis=1)
    largest = rows[places]
    largest[largest == -math.inf] = 0.0  # all of the row is masked
    seen = rows - largest[:, None]
    shares = np.exp(seen)
    shares[places] = 0.0
    seen -= np.log1p(np.add.reduce(shares, 1, keepdims=True))
    return seen


def _from_all(x: Array, axis: Axis) -> Array:
    """The same for numbers, and for arrays that cannot be assigned to."""
    seen = x - largest("log_softmax", x, axis)
    _, total = _log(sum(exp(seen), axis=axis, keepdims=True))
    return where(equal(x, -math.inf), -math.inf, seen - total)


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
    return in_single(log_softmaxed, x, axis=axis) if is_half(x) else log_softmaxed(x, axis=axis)
