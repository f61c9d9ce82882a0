"""Layers that are linear, or that only lay data out anew: Linear, Bilinear, Embedding,
Flatten.

Arguments, names and shapes of parameters are PyTorch's, and so are the distributions of
their first numbers. After PyTorch's arguments come `dtype` (None is float64) and `rng`,
the NumPy Generator that the first numbers are drawn from (None makes a fresh one).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np  # noqa: F401 - for the examples
from micrograd import ops
from micrograd.engine import Value
from micrograd.errors import ArgumentError, ShapeError
from micrograd.integers import integer_at_least
from micrograd.nn import init
from micrograd.nn.module import Module
from micrograd.op import Array, named, shape_of
from micrograd.ops.arguments import operand, true_or_false
from micrograd.ops.axes import axis_of

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["Bilinear", "Embedding", "Flatten", "Identity", "Linear", "Unflatten"]


class Linear(Module):
    """A matrix product plus a bias, for the vectors along the last axis.

    z = x weight^T + bias

    Args:
        in_features: the length of the last axis of the input.
        out_features: the length of the last axis of the output.
        bias: False leaves the bias out.
        dtype: the dtype of the parameters; None is float64.
        rng: a NumPy Generator, from which the parameters are drawn.

    Attributes:
        weight: Value of shape (out_features, in_features), at first uniform between
            -1 / sqrt(in_features) and 1 / sqrt(in_features).
        bias: Value of shape (out_features,), drawn alike; or None.

    Raises:
        ArgumentError: a size is not an integer of at least 1.
        ShapeError: when called, the last axis of x has another length.

    >>> layer = Linear(3, 2, rng=np.random.default_rng(0))
    >>> layer(np.ones((5, 4, 3))).shape
    (5, 4, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = None,
        rng: Generator | None = None,
    ) -> None:
        self.in_features = integer_at_least(1, "Linear", "in_features", in_features)
        self.out_features = integer_at_least(1, "Linear", "out_features", out_features)
        has_bias = true_or_false("Linear", "bias", bias)
        rng, bound = init.generator(rng, "Linear"), 1.0 / math.sqrt(in_features)
        drawn = init.uniform((out_features, in_features), -bound, bound, rng=rng, dtype=dtype)
        self.weight = Value(drawn, label="weight")
        self.bias = _uniform_bias(out_features, bound, dtype, rng) if has_bias else None

    def __call__(self, input: Array) -> Array:
        x = operand("Linear", input)
        shape = shape_of(x)
        if shape[-1:] != (self.in_features,):
            raise ShapeError(
                f"Linear({self.in_features}, {self.out_features}): input {named(x)}: "
                f"its last axis must have the length {self.in_features}"
            )
        if self.bias is not None:
            return ops.linear(x, self.weight, self.bias)
        # One large product is faster than one for each element of the batch.
        rows = ops.reshape(x, shape=(-1, self.in_features)) if len(shape) > 2 else x
        z = ops.matmul(rows, ops.transpose(self.weight))
        return ops.reshape(z, shape=(*shape[:-1], self.out_features)) if len(shape) > 2 else z


class Bilinear(Module):
    """A weighted sum of all products of an element of one input with one of another.

    z_k = x1^T weight_k x2 + bias_k

    Args:
        in1_features: the length of the last axis of the first input.
        in2_features: the length of the last axis of the second input.
        out_features: the length of the last axis of the output.
        bias: False leaves the bias out.
        dtype: the dtype of the parameters; None is float64.
        rng: a NumPy Generator, from which the parameters are drawn.

    Attributes:
        weight: Value of shape (out_features, in1_features, in2_features), at first
            uniform between -1 / sqrt(in1_features) and 1 / sqrt(in1_features).
        bias: Value of shape (out_features,), drawn alike; or None.

    Raises:
        ArgumentError: a size is not an integer of at least 1.
        ShapeError: when called, the inputs do not fit the layer or each other.

    >>> Bilinear(3, 4, 2)(np.ones((5, 3)), np.ones((5, 4))).shape
    (5, 2)
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = None,
        rng: Generator | None = None,
    ) -> None:
        self.in1_features = integer_at_least(1, "Bilinear", "in1_features", in1_features)
        self.in2_features = integer_at_least(1, "Bilinear", "in2_features", in2_features)
        self.out_features = integer_at_least(1, "Bilinear", "out_features", out_features)
        has_bias = true_or_false("Bilinear", "bias", bias)
        rng, bound = init.generator(rng, "Bilinear"), 1.0 / math.sqrt(in1_features)
        shape = (out_features, in1_features, in2_features)
        self.weight = Value(init.uniform(shape, -bound, bound, rng=rng, dtype=dtype), label="weight")
        self.bias = _uniform_bias(out_features, bound, dtype, rng) if has_bias else None

    def __call__(self, input1: Array, input2: Array) -> Array:
        x, y = operand("Bilinear", input1), operand("Bilinear", input2)
        sizes = self.in1_features, self.in2_features
        if (shape_of(x)[-1:], shape_of(y)[-1:]) != (sizes[:1], sizes[1:]) or shape_of(x)[:-1] != shape_of(y)[:-1]:
            raise ShapeError(
                f"Bilinear({sizes[0]}, {sizes[1]}, {self.out_features}): inputs {named(x)} and {named(y)}: "
                f"give (..., {sizes[0]}) and (..., {sizes[1]}), equal but for the last axis"
            )
        # First x with the weight, as a matrix product; then with y, row by row.
        weight = ops.reshape(ops.moveaxis(self.weight, 1, 0), shape=(sizes[0], -1))
        half = ops.matmul(ops.reshape(x, shape=(-1, sizes[0])), weight)
        half = ops.reshape(half, shape=(*shape_of(x)[:-1], self.out_features, sizes[1]))
        z = ops.sum(half * ops.expand_dims(y, axis=-2), axis=-1)
        return z if self.bias is None else z + self.bias


def _uniform_bias(length: int, bound: float, dtype: Any, rng: Generator) -> Value:
    return Value(init.uniform(length, -bound, bound, rng=rng, dtype=dtype), label="bias")


class Embedding(Module):
    """A table with one row for each word; the input says which rows.

    z[i] = weight[input[i]]

    Args:
        num_embeddings: how many rows the table has.
        embedding_dim: the length of a row.
        padding_idx: a row that stays as it is: it begins as zeros, and gets no
            gradient. A negative number counts from the end.
        max_norm: this and the options after it are PyTorch's; only their defaults are
            here.
        norm_type: see max_norm.
        scale_grad_by_freq: see max_norm.
        sparse: see max_norm.
        dtype: the dtype of the table; None is float64.
        rng: a NumPy Generator, from which the table is drawn.

    Attributes:
        weight: Value of shape (num_embeddings, embedding_dim), at first normal with
            mean 0 and standard deviation 1.

    Raises:
        ArgumentError: a size or padding_idx is out of range, or an option is not here.
        IndexingError: when called, a row does not exist, or an index is not an integer.

    >>> table = Embedding(10, 4, padding_idx=0, rng=np.random.default_rng(0))
    >>> z = table(np.array([[1, 0, 0], [2, 1, 3]]))
    >>> z.shape, z.data[0, 1]
    ((2, 3, 4), array([0., 0., 0., 0.]))
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        *,
        dtype: Any = None,
        rng: Generator | None = None,
    ) -> None:
        self.num_embeddings = integer_at_least(1, "Embedding", "num_embeddings", num_embeddings)
        self.embedding_dim = integer_at_least(1, "Embedding", "embedding_dim", embedding_dim)
        if max_norm is not None or scale_grad_by_freq or sparse:
            raise ArgumentError(
                f"Embedding: max_norm={max_norm}, scale_grad_by_freq={scale_grad_by_freq}, sparse={sparse}: these "
                f"options are not here; leave them out"
            )
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        drawn = init.normal((num_embeddings, embedding_dim), rng=rng, dtype=dtype)
        self.padding_idx = None if padding_idx is None else self._row(padding_idx)
        if self.padding_idx is not None:
            drawn[self.padding_idx] = 0.0
        self.weight = Value(drawn, label="weight")

    def __call__(self, input: Any) -> Array:
        z = ops.embedding(input, self.weight)
        if self.padding_idx is None:
            return z
        # The padding's row as a constant: no gradient reaches it.
        is_padding = ops.equal(ops.getitem(input, index=(..., None)), self.padding_idx)
        return ops.where(is_padding, ops.stop_gradient(z), z)

    def _row(self, padding_idx: Any) -> int:
        n = self.num_embeddings
        if not isinstance(padding_idx, int) or not -n <= padding_idx < n:
            raise ArgumentError(f"Embedding: padding_idx={padding_idx!r}: the rows are numbered from {-n} to {n - 1}")
        return padding_idx % n


class Identity(Module):
    """The input itself; arguments are accepted and ignored, as in PyTorch.

    >>> Identity()(3.0)
    3.0
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        pass

    def __call__(self, input: Array) -> Array:
        return input


class Flatten(Module):
    """Several neighbouring axes as one; by default all but the first, the batch.

    Args:
        start_dim: the first of these axes.
        end_dim: the last of them.

    Raises:
        ShapeError: when called, an axis does not exist, or start_dim is after end_dim.

    >>> Flatten()(np.ones((5, 2, 3))).shape
    (5, 6)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = start_dim
        self.end_dim = end_dim

    def __call__(self, input: Array) -> Array:
        x = operand("Flatten", input)
        shape = shape_of(x)
        first, last = axis_of("Flatten", x, self.start_dim), axis_of("Flatten", x, self.end_dim)
        if first > last:
            raise ShapeError(
                f"Flatten({self.start_dim}, {self.end_dim}): input {named(x)}: the first axis is after the last; "
                f"swap them?"
            )
        return ops.reshape(x, shape=(*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


class Unflatten(Module):
    """One axis as several; the inverse of `Flatten`.

    Args:
        dim: the axis.
        unflattened_size: the lengths of the axes that it becomes; one may be -1.

    Raises:
        ArgumentError: unflattened_size is not a sequence of integers.
        ShapeError: when called, the axis does not exist, or its length is not the
            product of the sizes.

    >>> Unflatten(1, (2, 3))(np.ones((5, 6))).shape
    (5, 2, 3)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        if not isinstance(unflattened_size, Sequence) or not all(isinstance(n, int) for n in unflattened_size):
            raise ArgumentError(f"Unflatten: unflattened_size={unflattened_size!r}: give lengths, as in (2, 3)")
        self.dim = dim
        self.unflattened_size = tuple(unflattened_size)

    def __call__(self, input: Array) -> Array:
        x = operand("Unflatten", input)
        shape, axis = shape_of(x), axis_of("Unflatten", x, self.dim)
        known = math.prod(n for n in self.unflattened_size if n != -1)
        free = self.unflattened_size.count(-1)
        if free > 1 or (shape[axis] % known if free and known else shape[axis] != known):
            raise ShapeError(
                f"Unflatten: axis {self.dim} of {named(x)} does not have the sizes {self.unflattened_size}; "
                f"their product must be {shape[axis]}"
            )
        sizes = [shape[axis] // known if n == -1 else n for n in self.unflattened_size]
        return ops.reshape(x, shape=(*shape[:axis], *sizes, *shape[axis + 1 :]))
