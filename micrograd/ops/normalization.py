"""The table, normalization: mean 0 and variance 1, or length 1; as in PyTorch.

The first element is subtracted before the mean is computed. So a row of equal elements
gives exactly 0. A small number, eps, keeps the slopes there finite.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import float_type
from micrograd.errors import ArgumentError, ShapeError
from micrograd.integers import integer_at_least
from micrograd.op import Array, named, numbers_below, primitive, shape_of
from micrograd.ops.arguments import operand
from micrograd.ops.arithmetic import multiply, stop_gradient, where
from micrograd.ops.axes import axis_of
from micrograd.ops.comparisons import less
from micrograd.ops.functions import sqrt
from micrograd.ops.indexing import getitem
from micrograd.ops.norms import norm
from micrograd.ops.products import matmul
from micrograd.ops.reductions import in_single, is_half, mean, nonempty, sum
from micrograd.ops.shapes import broadcast_to, expand_dims, reshape

__all__ = ["cosine_similarity", "group_norm", "instance_norm", "layer_norm", "normalize", "rms_norm", "standardized"]


def _first(x: Array, axes: Sequence[int]) -> tuple[slice, ...]:
    """An index of the first element along axes, which stay."""
    return tuple(slice(0, 1) if a in axes else slice(None) for a in range(len(shape_of(x))))


def _average(x: Array, axes: Sequence[int]) -> Array:
    n = math.prod(shape_of(x)[a] for a in axes)
    if len(axes) == 1 and type(numbers_below(x)) is np.ndarray:  # a product with a vector is quicker than a sum
        return expand_dims(matmul(x, np.full(n, 1.0 / n if n else 0.0, x.dtype)), axis=-1)
    return sum(x, axis=tuple(axes), keepdims=True) * (1.0 / n if n else 0.0)


def _standard_rule(g: Array, z: Array, x: Array, *, axes: Sequence[int], eps: float) -> Array:
    """The cotangent of x, or the tangent of z: the matrix of slopes is symmetric."""
    x = x - stop_gradient(getitem(x, index=_first(x, axes)))
    x = x - _average(x, axes)
    scale = 1.0 / sqrt(_average(x * x, axes) + eps)
    return (g - _average(g, axes) - z * _average(g * z, axes)) * scale


@primitive(
    "standardize",
    vjp=[_standard_rule],
    jvp=[_standard_rule],
    shape=lambda x, *, axes, eps: shape_of(x),
)
def standardized(x: Array, *, axes: tuple[int, ...], eps: float) -> Array:
    """x with mean 0 along its last axes, and with variance 1, but for eps.

    z = (x - mean) / sqrt(var + eps)

    Args:
        x: value of any shape.
        axes: the numbers of the last axes.
        eps: this is added to the variance.

    >>> standardized(np.array([1.0, 3.0, 5.0, 7.0]), axes=(0,), eps=4.0)
    array([-1.        , -0.33333333,  0.33333333,  1.        ])
    """
    if type(x) is not np.ndarray:
        x = x - x[_first(x, axes)]
        x = x - np.mean(x, axis=axes, keepdims=True)
        return x / np.sqrt(np.mean(x * x, axis=axes, keepdims=True) + eps)
    rows = x.reshape(*x.shape[: axes[0]], math.prod(x.shape[axes[0] :]))
    z = rows - rows[..., :1]
    n = z.shape[-1]
    z -= (z @ np.ones(n, z.dtype))[..., None] / n  # a product is quicker than a sum
    z /= np.sqrt(np.einsum("...i,...i->...", z, z)[..., None] / n + eps)
    return z.reshape(x.shape)


def _standard(name: str, x: Array, axes: tuple[int, ...], eps: float) -> Array:
    nonempty(name, x, axes)
    if is_half(x):
        return in_single(standardized, x, axes=axes, eps=eps)
    return standardized(x, axes=axes, eps=eps)


def _scaled(x: Array, weight: Array | None, bias: Array | None, shape: tuple[int, ...]) -> Array:
    x = x if weight is None else x * _shaped(weight, shape)
    return x if bias is None else x + _shaped(bias, shape)


def _shaped(weight: Array, shape: tuple[int, ...]) -> Array:
    return weight if shape_of(weight) == shape else reshape(weight, shape=shape)


def _checked(name: str, what: str, given: Any, shape: tuple[int, ...]) -> Array | None:
    """A weight or a bias, after a check of its shape; or None."""
    if given is None:
        return None
    given = operand(name, given)
    if shape_of(given) != shape:
        raise ShapeError(f"{name}: {what} {named(given)}: give one of shape {shape}, or None")
    return given


def _trailing(name: str, x: Array, normalized_shape: Any) -> tuple[int, ...]:
    """The last axes of x, after a check that they have this shape."""
    one = isinstance(normalized_shape, Integral)
    listed = (normalized_shape,) if one else tuple(normalized_shape) if isinstance(normalized_shape, Sequence) else ()
    ndim = len(shape_of(x))
    if not listed or shape_of(x)[ndim - len(listed) :] != listed or len(listed) > ndim:
        raise ShapeError(
            f"{name}: normalized_shape={normalized_shape!r} is not the shape of the last axes of {named(x)}; "
            f"give their sizes"
        )
    return tuple(range(ndim - len(listed), ndim))


def layer_norm(
    x: Array, normalized_shape: Any, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-5
) -> Array:
    """Each sample gets mean 0 and variance 1 over its last axes.

    z = (x - mean) / sqrt(var + eps) weight + bias

    A sample of equal elements gives 0, or the bias.

    Args:
        x: value of shape (..., *normalized_shape).
        normalized_shape: the sizes of the last axes, one number or several.
        weight: value of this shape, or None.
        bias: value of this shape, or None.
        eps: this is added to the variance.

    Raises:
        ShapeError: the shapes do not fit.

    Source: Ba, Kiros, Hinton (2016), arXiv:1607.06450.

    >>> layer_norm(np.array([3.0, 3.0, 3.0]), 3)
    array([0., 0., 0.])
    """
    x = operand("layer_norm", x)
    axes = _trailing("layer_norm", x, normalized_shape)
    shape = shape_of(x)[axes[0] :]
    weight, bias = _checked("layer_norm", "weight", weight, shape), _checked("layer_norm", "bias", bias, shape)
    return _scaled(_standard("layer_norm", x, axes, eps), weight, bias, shape)


def rms_norm(x: Array, normalized_shape: Any, weight: Array | None = None, eps: float | None = None) -> Array:
    """Each sample divided by its root mean square over its last axes.

    z = x / sqrt(mean(x^2) + eps) weight

    Args:
        x: value of shape (..., *normalized_shape).
        normalized_shape: the sizes of the last axes, one number or several.
        weight: value of this shape, or None.
        eps: this is added to the mean square; by default the distance from 1 to the
            next number of the dtype of x.

    Raises:
        ShapeError: the shapes do not fit.

    Source: Zhang, Sennrich (2019), arXiv:1910.07467.

    >>> rms_norm(np.array([2.0, -2.0]), 2, eps=0.0)
    array([ 1., -1.])
    """
    x = operand("rms_norm", x)
    axes = _trailing("rms_norm", x, normalized_shape)
    nonempty("rms_norm", x, axes)
    shape = shape_of(x)[axes[0] :]
    eps = float(np.finfo(float_type(x)).eps) if eps is None else eps
    z = x / sqrt(mean(x * x, axis=axes, keepdims=True) + eps)
    return _scaled(z, _checked("rms_norm", "weight", weight, shape), None, shape)


def group_norm(
    x: Array, num_groups: int, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-5
) -> Array:
    """Each group of channels of each sample gets mean 0 and variance 1.

    z = (x - mean) / sqrt(var + eps) weight + bias

    Args:
        x: value of shape (batch, channels, ...).
        num_groups: the number of groups, which divides the number of channels.
        weight: value of shape (channels,), or None.
        bias: value of shape (channels,), or None.
        eps: this is added to the variance.

    Raises:
        ArgumentError: num_groups is not an integer of at least 1.
        ShapeError: the shapes do not fit, or the groups do not divide the channels.

    Source: Wu, He (2018), arXiv:1803.08494.

    >>> group_norm(np.array([[1.0, 1.0, 5.0, 5.0]]), 2)
    array([[0., 0., 0., 0.]])
    """
    x = operand("group_norm", x)
    num_groups = integer_at_least(1, "group_norm", "num_groups", num_groups)
    shape = shape_of(x)
    if len(shape) < 2 or shape[1] % num_groups:
        raise ShapeError(
            f"group_norm: {named(x)}: it needs shape (batch, channels, ...), "
            f"where channels is a multiple of {num_groups}"
        )
    weight, bias = (
        _checked("group_norm", "weight", weight, shape[1:2]),
        _checked("group_norm", "bias", bias, shape[1:2]),
    )
    grouped = reshape(x, shape=(shape[0], num_groups, shape[1] // num_groups, *shape[2:]))
    z = _standard("group_norm", grouped, tuple(range(2, len(shape) + 1)), eps)
    return _scaled(reshape(z, shape=shape), weight, bias, (-1, *(1,) * (len(shape) - 2)))


def instance_norm(
    x: Array,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    weight: Array | None = None,
    bias: Array | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    """Each channel of each sample gets mean 0 and variance 1.

    z = (x - mean) / sqrt(var + eps) weight + bias

    Args:
        x: value of shape (batch, channels, ...), with at least one more axis.
        running_mean: value of shape (channels,), used as the mean if use_input_stats is
            False.
        running_var: value of shape (channels,), used as the variance if use_input_stats
            is False.
        weight: value of shape (channels,), or None.
        bias: value of shape (channels,), or None.
        use_input_stats: take mean and variance from x.
        momentum: not used: running statistics are not updated here.
        eps: this is added to the variance.

    Raises:
        ArgumentError: running statistics are to be updated, or are missing.
        ShapeError: the shapes do not fit, or a channel has fewer than two elements.

    Source: Ulyanov, Vedaldi, Lempitsky (2016), arXiv:1607.08022.

    >>> instance_norm(np.array([[[1.0, 1.0], [7.0, 7.0]]]))
    array([[[0., 0.],
            [0., 0.]]])
    """
    x = operand("instance_norm", x)
    shape = shape_of(x)
    if len(shape) < 3:
        raise ShapeError(f"instance_norm: {named(x)}: it needs shape (batch, channels, length), or more axes")
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    mean_of, var_of, weight, bias = (_checked("instance_norm", what, v, shape[1:2]) for what, v in given.items())
    column = (-1, *(1,) * (len(shape) - 2))
    if use_input_stats:
        if mean_of is not None or var_of is not None:
            raise ArgumentError(
                "instance_norm: running statistics are not updated in place here; update them yourself, and give them "
                "with use_input_stats=False"
            )
        if math.prod(shape[2:]) < 2:
            raise ShapeError(f"instance_norm: {named(x)} has fewer than two elements per channel; give at least two")
        z = _standard("instance_norm", x, tuple(range(2, len(shape))), eps)
    else:
        if mean_of is None or var_of is None:
            raise ArgumentError("instance_norm: use_input_stats=False needs running_mean and running_var")
        z = (x - reshape(mean_of, shape=column)) / sqrt(reshape(var_of, shape=column) + eps)
    return _scaled(z, weight, bias, column)


def normalize(x: Array, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Array:
    """Vectors along an axis get length 1.

    z = x / max(||x||_p, eps)

    A vector that is shorter than eps is divided by eps: 0 stays 0, with the slope 1 /
    eps.

    Args:
        x: value of any shape.
        p: which norm, as `ord` in `norm`.
        dim: the axis of the vectors.
        eps: the smallest divisor.

    Raises:
        ShapeError: the axis does not exist.

    >>> normalize(np.array([3.0, 4.0]), dim=0)
    array([0.6, 0.8])
    """
    x = operand("normalize", x)
    return x / _length("normalize", x, p, dim, eps)


def _length(name: str, x: Array, p: float, dim: int, eps: float) -> Array:
    length = norm(x, ord=p, axis=axis_of(name, x, dim), keepdims=True)
    return where(less(length, eps), eps, length)


def cosine_similarity(x1: Array, x2: Array, dim: int = 1, eps: float = 1e-8) -> Array:
    """Cosine of the angle between vectors along an axis; 0 if one of them is 0.

    z = x1 . x2 / (max(||x1||, eps) max(||x2||, eps))

    Args:
        x1: value of any shape.
        x2: value of a shape that broadcasts against that of x1.
        dim: the axis of the vectors, in the broadcast shape.
        eps: the smallest divisor.

    Returns:
        Value of the broadcast shape without that axis.

    Raises:
        ShapeError: the axis does not exist, or the shapes do not broadcast.

    >>> float(cosine_similarity(np.array([1.0, 0.0]), np.array([2.0, 0.0]), dim=0))
    1.0
    """
    x1, x2 = operand("cosine_similarity", x1), operand("cosine_similarity", x2)
    shape = multiply.shape(x1, x2)
    x1, x2 = (x if shape_of(x) == shape else broadcast_to(x, shape=shape) for x in (x1, x2))
    first, second = (x / _length("cosine_similarity", x, 2.0, dim, eps) for x in (x1, x2))
    return sum(first * second, axis=dim)
