"""Normalization: mean 0 and variance 1, over a sample or over the batch.

Arguments, names and shapes of parameters and buffers are PyTorch's. Weights begin as
ones and biases as zeros.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd import ops
from micrograd.captures import current
from micrograd.engine import Value
from micrograd.errors import ArgumentError, ShapeError
from micrograd.integers import integer_at_least
from micrograd.nn import init, kept
from micrograd.nn.module import Module
from micrograd.op import Array, ground, named, shape_of
from micrograd.ops.arguments import number, operand

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LayerNorm",
    "RMSNorm",
]


# Over each sample by itself


class LayerNorm(Module):
    """Each sample gets mean 0 and variance 1 over its last axes: `ops.layer_norm`.

    z = (x - mean) / sqrt(var + eps) weight + bias

    Args:
        normalized_shape: the lengths of the last axes, one number or several.
        eps: this is added to the variance.
        elementwise_affine: False leaves weight and bias out.
        bias: False leaves the bias out.
        dtype: the dtype of the parameters; None is float64.

    Attributes:
        weight: Value of shape normalized_shape, at first ones; or None.
        bias: Value of shape normalized_shape, at first zeros; or None.

    Raises:
        ArgumentError: normalized_shape is not made of integers of at least 1.
        ShapeError: when called, the last axes of the input have other lengths.

    Source: Ba, Kiros, Hinton (2016), arXiv:1607.06450.

    >>> LayerNorm(2, eps=0.0)(np.array([[1.0, 3.0]])).data
    array([[-1.,  1.]])
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        shape = _lengths("LayerNorm", normalized_shape)
        self.normalized_shape = normalized_shape
        self.eps = number("LayerNorm", "eps", eps, least=0.0)
        self.elementwise_affine = elementwise_affine
        self.weight, self.bias = _affine(shape, elementwise_affine, elementwise_affine and bias, dtype)

    def __call__(self, input: Array) -> Array:
        return ops.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)


class RMSNorm(Module):
    """Each sample divided by its root mean square over its last axes: `ops.rms_norm`.

    z = x / sqrt(mean(x^2) + eps) weight

    Args:
        normalized_shape: the lengths of the last axes, one number or several.
        eps: this is added to the mean square; by default the distance from 1 to the
            next number of the dtype of the input.
        elementwise_affine: False leaves the weight out.
        dtype: the dtype of the weight; None is float64.

    Attributes:
        weight: Value of shape normalized_shape, at first ones; or None.

    Raises:
        ArgumentError: normalized_shape is not made of integers of at least 1.
        ShapeError: when called, the last axes of the input have other lengths.

    Source: Zhang, Sennrich (2019), arXiv:1910.07467.

    >>> RMSNorm(2)(np.array([[2.0, -2.0]])).data
    array([[ 1., -1.]])
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        shape = _lengths("RMSNorm", normalized_shape)
        self.normalized_shape = normalized_shape
        self.eps = None if eps is None else number("RMSNorm", "eps", eps, least=0.0)
        self.elementwise_affine = elementwise_affine
        self.weight, _ = _affine(shape, elementwise_affine, False, dtype)

    def __call__(self, input: Array) -> Array:
        return ops.rms_norm(input, self.normalized_shape, self.weight, self.eps)


class GroupNorm(Module):
    """Each group of channels of each sample gets mean 0 and variance 1.

    z = (x - mean) / sqrt(var + eps) weight + bias, with one weight per channel

    The input has the shape (batch, num_channels, ...). It computes `ops.group_norm`.

    Args:
        num_groups: how many groups the channels are split into.
        num_channels: how many channels the input has.
        eps: this is added to the variance.
        affine: False leaves weight and bias out.
        bias: False leaves the bias out.
        dtype: the dtype of the parameters; None is float64.

    Attributes:
        weight: Value of shape (num_channels,), at first ones; or None.
        bias: Value of shape (num_channels,), at first zeros; or None.

    Raises:
        ArgumentError: a number is not an integer of at least 1, or num_groups does not
            divide num_channels.
        ShapeError: when called, the input has another number of channels.

    Source: Wu, He (2018), arXiv:1803.08494.

    >>> GroupNorm(2, 4)(np.ones((1, 4, 3))).shape
    (1, 4, 3)
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        self.num_groups = integer_at_least(1, "GroupNorm", "num_groups", num_groups)
        self.num_channels = integer_at_least(1, "GroupNorm", "num_channels", num_channels)
        if num_channels % num_groups:
            raise ArgumentError(f"GroupNorm: num_groups={num_groups} does not divide num_channels={num_channels}")
        self.eps = number("GroupNorm", "eps", eps, least=0.0)
        self.affine = affine
        self.weight, self.bias = _affine((num_channels,), affine, affine and bias, dtype)

    def __call__(self, input: Array) -> Array:
        x = operand("GroupNorm", input)
        if shape_of(x)[1:2] != (self.num_channels,):
            raise ShapeError(f"GroupNorm: input {named(x)}: it needs shape (batch, {self.num_channels}, ...)")
        return ops.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)


# Over each channel, with statistics that are kept


class _ChannelNorm(Module):
    """What the layers share that normalize each channel, and may keep statistics.

    With track_running_stats they keep means over what they have seen in training, and
    use those after `eval()`.
    """

    AXES: tuple[int, ...] = ()  # how many axes the input may have
    WANTED = ""

    running_mean: Any
    running_var: Any
    num_batches_tracked: Any

    def _prepare(self, num_features: Any, eps: float, momentum: float | None, track: bool, dtype: Any) -> None:
        name = type(self).__name__
        self.num_features = integer_at_least(1, name, "num_features", num_features)
        self.eps = number(name, "eps", eps, least=0.0)
        self.momentum = None if momentum is None else number(name, "momentum", momentum)
        self.track_running_stats = track
        if track:
            self.register_buffer("running_mean", init.zeros(num_features, dtype=dtype))
            self.register_buffer("running_var", init.ones(num_features, dtype=dtype))
            self.register_buffer("num_batches_tracked", np.zeros((), np.int64))
        else:
            self.running_mean = self.running_var = self.num_batches_tracked = None

    def _checked(self, x: Any) -> Array:
        name, x = type(self).__name__, operand(type(self).__name__, x)
        if len(shape_of(x)) not in self.AXES:
            raise ShapeError(f"{name}({self.num_features}): input {named(x)}: it needs {self.WANTED}")
        return x

    def _channels(self, x: Array) -> Array:
        if shape_of(x)[1] != self.num_features:
            name = f"{type(self).__name__}({self.num_features})"
            raise ShapeError(f"{name}: input {named(x)}: axis 1 must have the length {self.num_features}, the channels")
        return x

    def _normalized(self, x: Array, axes: tuple[int, ...], weight: Any, bias: Any) -> Array:
        """x with mean 0 and variance 1 along axes, by its own statistics or by those
        kept; times the weight, plus the bias.
        """
        kept.check_mode(self)
        column = (-1, *(1,) * (len(shape_of(x)) - 2))
        if 0 in shape_of(x):  # an empty batch has no statistics
            z = x if weight is None else x * ops.reshape(weight, shape=column)
        elif self.training or not self.track_running_stats:
            first = tuple(slice(0, 1) if a in axes else slice(None) for a in range(len(shape_of(x))))
            # Without it, a channel of equal elements would give rounding errors, not 0.
            shift = ops.stop_gradient(x[first])
            centred = x - shift
            mean = ops.mean(centred, axis=axes, keepdims=True)
            centred = centred - mean
            var = ops.mean(centred * centred, axis=axes, keepdims=True)
            if self.track_running_stats:
                self._track(mean + shift, var, math.prod(shape_of(x)[a] for a in axes))
            scale = ops.rsqrt(var + self.eps)
            scale = scale if weight is None else scale * ops.reshape(weight, shape=column)
            z = centred * scale
        else:
            running_mean, running_var = kept.statistics(self)
            scale = 1.0 / np.sqrt(running_var + self.eps)
            scale = scale if weight is None else weight * scale
            z = (x - running_mean.reshape(column)) * ops.reshape(scale, shape=column)
        return z if bias is None else z + ops.reshape(bias, shape=column)

    def _track(self, mean: Array, var: Array, count: int) -> None:
        """Move the kept statistics towards those of a batch; in place, so that a copy
        of the module within a transform moves those of the module itself.
        """
        capture = current()
        if capture is not None:
            kept.track(capture, self, mean, var, count)
            return
        mean, var = ground(mean), ground(var)
        if mean is None or var is None:  # an Abstract: a shape without numbers
            return
        share = 1.0 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        unbiased = np.asarray(var) * (count / (count - 1))
        # Of each sample by itself, where the batch is not among the axes: their mean.
        for own, new in ((self.running_mean, np.asarray(mean)), (self.running_var, unbiased)):
            own[...] = (1.0 - share) * own + share * new.reshape(-1, self.num_features).mean(axis=0)


class _BatchNorm(_ChannelNorm):
    """The layers whose arguments `BatchNorm2d` describes."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        self._prepare(num_features, eps, momentum, track_running_stats, dtype)
        self.affine = affine
        self.weight, self.bias = _affine((num_features,), affine, affine and bias, dtype)

    def __call__(self, input: Array) -> Array:
        x = self._channels(self._checked(input))
        axes = tuple(a for a in range(len(shape_of(x))) if a != 1)
        count = math.prod(shape_of(x)[a] for a in axes)
        if count == 1 and (self.training or not self.track_running_stats):
            raise ShapeError(
                f"{type(self).__name__}: input {named(x)} has one element per channel; training needs two or more: "
                f"give a larger batch, or call eval() first"
            )
        if self.training and self.track_running_stats and ground(x) is not None:  # None: a shape without numbers
            kept.count_batch(self)
        return self._normalized(x, axes, self.weight, self.bias)


class BatchNorm1d(_BatchNorm):
    """Each feature gets mean 0 and variance 1 over the batch: as `BatchNorm2d`.

    Args:
        num_features: this and the other arguments are those of `BatchNorm2d`.

    The input has the shape (batch, num_features) or (batch, num_features, length).

    >>> BatchNorm1d(1, eps=0.0)(np.array([[1.0], [3.0]])).data
    array([[-1.],
           [ 1.]])
    """

    AXES, WANTED = (2, 3), "shape (batch, channels) or (batch, channels, length)"


class BatchNorm2d(_BatchNorm):
    """Each channel gets mean 0 and variance 1 over the batch.

    z = (x - mean) / sqrt(var + eps) weight + bias, with one weight per channel

    In training, mean and var are those of the batch. Means over the batches are kept:

    running = (1 - momentum) running + momentum new

    where the new variance is the unbiased one. After `eval()`, the kept mean and
    variance are used. The input has the shape (batch, num_features, height, width).

    Args:
        num_features: how many channels the input has.
        eps: this is added to the variance.
        momentum: the share of the newest batch; None gives all batches the same.
        affine: False leaves weight and bias out.
        track_running_stats: False keeps nothing, and always uses the batch.
        bias: False leaves the bias out.
        dtype: the dtype of parameters and buffers; None is float64.

    Attributes:
        weight: Value of shape (num_features,), at first ones; or None.
        bias: Value of shape (num_features,), at first zeros; or None.
        running_mean: array of shape (num_features,), a buffer, at first zeros.
        running_var: array of shape (num_features,), a buffer, at first ones.
        num_batches_tracked: array of shape (), a buffer: how many batches were seen.

    Raises:
        ArgumentError: num_features is not an integer of at least 1.
        ShapeError: when called, the input does not fit; or, in training, a channel has
            fewer than two elements.

    Source: Ioffe, Szegedy (2015), arXiv:1502.03167.

    >>> layer = BatchNorm2d(3)
    >>> layer(np.ones((2, 3, 4, 4))).shape, layer.running_mean
    ((2, 3, 4, 4), array([0.1, 0.1, 0.1]))
    """

    AXES, WANTED = (4,), "shape (batch, channels, height, width)"


class BatchNorm3d(_BatchNorm):
    """Each channel gets mean 0 and variance 1 over the batch: as `BatchNorm2d`.

    Args:
        num_features: this and the other arguments are those of `BatchNorm2d`.

    The input has the shape (batch, num_features, depth, height, width).

    >>> BatchNorm3d(3)(np.ones((2, 3, 4, 4, 4))).shape
    (2, 3, 4, 4, 4)
    """

    AXES, WANTED = (5,), "shape (batch, channels, depth, height, width)"


class _InstanceNorm(_ChannelNorm):
    """The layers whose arguments `InstanceNorm2d` describes."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        if momentum is None and track_running_stats:
            raise ArgumentError(f"{type(self).__name__}: momentum=None: give a number, the share of the newest batch")
        self._prepare(num_features, eps, momentum, track_running_stats, dtype)
        self.affine = affine
        self.weight, self.bias = _affine((num_features,), affine, affine and bias, dtype)

    def __call__(self, input: Array) -> Array:
        x = self._checked(input)
        if len(shape_of(x)) == self.AXES[0]:
            return self(x[None])[0]
        x = self._channels(x)
        count = math.prod(shape_of(x)[2:])
        if count == 1 and (self.training or not self.track_running_stats):
            raise ShapeError(
                f"{type(self).__name__}: input {named(x)} has one element per channel of a sample; it needs two or more"
            )
        return self._normalized(x, tuple(range(2, len(shape_of(x)))), self.weight, self.bias)


class InstanceNorm1d(_InstanceNorm):
    """Each channel of each sample gets mean 0 and variance 1: as `InstanceNorm2d`.

    Args:
        num_features: this and the other arguments are those of `InstanceNorm2d`.

    The input has the shape (batch, num_features, length), or no batch.

    >>> InstanceNorm1d(2, eps=0.0)(np.array([[[1.0, 3.0], [7.0, 5.0]]]))
    array([[[-1.,  1.],
            [ 1., -1.]]])
    """

    AXES, WANTED = (2, 3), "shape (batch, channels, length)"


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each sample gets mean 0 and variance 1.

    z = (x - mean) / sqrt(var + eps) weight + bias, with one weight per channel

    The input has the shape (batch, num_features, height, width), or no batch.

    Args:
        num_features: how many channels the input has.
        eps: this is added to the variance.
        momentum: the share of the newest batch in the statistics that are kept.
        affine: True adds weight and bias.
        track_running_stats: True keeps means of the statistics over the batches in
            training, and uses them after `eval()`, as `BatchNorm2d` does.
        bias: False leaves the bias out.
        dtype: the dtype of parameters and buffers; None is float64.

    Attributes:
        weight: Value of shape (num_features,), at first ones; or None.
        bias: Value of shape (num_features,), at first zeros; or None.

    Raises:
        ArgumentError: num_features is not an integer of at least 1.
        ShapeError: when called, the input does not fit, or a channel of a sample has
            fewer than two elements.

    Source: Ulyanov, Vedaldi, Lempitsky (2016), arXiv:1607.08022.

    >>> InstanceNorm2d(3)(np.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    AXES, WANTED = (3, 4), "shape (batch, channels, height, width)"


class InstanceNorm3d(_InstanceNorm):
    """Each channel of each sample gets mean 0 and variance 1: as `InstanceNorm2d`.

    Args:
        num_features: this and the other arguments are those of `InstanceNorm2d`.

    The input has the shape (batch, num_features, depth, height, width), or no batch.

    >>> InstanceNorm3d(3)(np.ones((2, 3, 4, 4, 4))).shape
    (2, 3, 4, 4, 4)
    """

    AXES, WANTED = (4, 5), "shape (batch, channels, depth, height, width)"


def _affine(shape: tuple[int, ...], weight: bool, bias: bool, dtype: Any) -> tuple[Value | None, Value | None]:
    """A weight of ones and a bias of zeros, or None where they are left out."""
    dtype = init.float_dtype(dtype)
    return (
        Value(init.ones(shape, dtype=dtype), label="weight") if weight else None,
        Value(init.zeros(shape, dtype=dtype), label="bias") if bias else None,
    )


def _lengths(name: str, normalized_shape: Any) -> tuple[int, ...]:
    given = tuple(normalized_shape) if isinstance(normalized_shape, Sequence) else (normalized_shape,)
    if not given:
        raise ArgumentError(f"{name}: normalized_shape={normalized_shape!r}; give the lengths of the last axes")
    return tuple(integer_at_least(1, name, "normalized_shape", n) for n in given)
