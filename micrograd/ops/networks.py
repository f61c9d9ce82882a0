"""The table, linear layers, embeddings, one-hot rows and dropout, as in PyTorch."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.captures import current, is_followed
from micrograd.errors import ArgumentError, CaptureError, IndexingError, ShapeError
from micrograd.integers import integer_at_least
from micrograd.interpreter import is_one_of_many
from micrograd.levels import is_mapping
from micrograd.op import Array, named, numbers_below, primitive, shape_of
from micrograd.ops.arguments import operand, probability
from micrograd.ops.arithmetic import cast, where
from micrograd.ops.comparisons import equal
from micrograd.ops.indexing import getitem
from micrograd.ops.indices import in_bounds
from micrograd.ops.products import matmul
from micrograd.ops.shapes import broadcast_to, reshape, transpose
from micrograd.ops.taking import take

__all__ = ["dropout", "embedding", "linear", "one_hot"]


def _linear_shape(x: Array, weight: Array, bias: Array) -> tuple[int, ...]:
    shape, sizes = shape_of(x), shape_of(weight)
    if len(sizes) != 2 or shape[-1:] != sizes[1:]:
        raise ShapeError(
            f"linear: {named(x)} and weight {named(weight)}: the weight needs shape (outputs, inputs), "
            f"and x the inputs as its last axis; transpose the weight?"
        )
    if shape_of(bias) != sizes[:1]:
        raise ShapeError(f"linear: bias {named(bias)} for weight {named(weight)}; give one number per output")
    return (*shape[:-1], sizes[0])


def _rows(x: Array) -> Array:
    shape = shape_of(x)
    return x if len(shape) == 2 else reshape(x, shape=(-1, shape[-1]))


@primitive(
    "linear",
    vjp=[
        lambda g, z, x, weight, bias: matmul(g, weight),
        lambda g, z, x, weight, bias: matmul(transpose(_rows(g)), _rows(x)),
        lambda g, z, x, weight, bias: g,
    ],
    jvp=[
        lambda t, z, x, weight, bias: matmul(t, transpose(weight)),
        lambda t, z, x, weight, bias: matmul(x, transpose(t)),
        lambda t, z, x, weight, bias: broadcast_to(t, shape=shape_of(z)),
    ],
    shape=_linear_shape,
)
def linear(x: Array, weight: Array, bias: Array) -> Array:
    """A matrix product plus a bias, for the vectors along the last axis: one node.

    z = x weight^T + bias

    Args:
        x: value of shape (..., inputs).
        weight: value of shape (outputs, inputs).
        bias: value of shape (outputs,).

    Returns:
        Value of shape (..., outputs).

    Raises:
        ShapeError: the shapes do not fit.

    >>> weight, bias = np.array([[3.0, 4.0], [5.0, 6.0]]), np.array([0.5, 0.0])
    >>> linear(np.ones((1, 2)), weight, bias)
    array([[ 7.5, 11. ]])
    """
    shape = _linear_shape(x, weight, bias)  # NumPy would broadcast some that do not fit
    rows = x if len(shape) < 3 else np.reshape(x, (-1, x.shape[-1]))
    z = rows @ np.transpose(weight)
    z = z if len(shape) < 3 else np.reshape(z, shape)
    if type(z) is np.ndarray and z.dtype == bias.dtype:
        z += bias
        return z
    return z + bias


def _checked_indices(name: str, indices: Any, count: int, kind: str) -> Any:
    """Integers from 0 to count - 1, as an array."""
    found = numbers_below(indices)
    found = found if hasattr(found, "dtype") else np.asarray(found)
    if found.dtype.kind not in "iu":
        raise IndexingError(f"{name}: indices of type {found.dtype}: give integers, in a plain array")
    if found.size and not 0 <= (worst := found.min() if found.min() < 0 else found.max()) < count:
        raise IndexingError(f"{name}: index {worst} in {named(found)}: the {kind} are numbered from 0 to {count - 1}")
    if is_followed(indices):
        return in_bounds(indices, length=count, wraps=False)
    return indices if is_one_of_many(indices) else found


def embedding(indices: Any, weight: Array) -> Array:
    """Rows of a table. A row that is taken several times gets the sum of the gradients.

    z[i] = weight[indices[i]]

    Args:
        indices: integers, in an array of any shape; they have no gradient.
        weight: value of shape (rows, size).

    Returns:
        Value of shape (*shape of indices, size).

    Raises:
        IndexingError: a row does not exist, or an index is not an integer.
        ShapeError: weight is a number.

    >>> embedding([1, 0, 1], np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[3., 4.],
           [1., 2.],
           [3., 4.]])
    """
    weight = operand("embedding", weight)
    if not shape_of(weight):
        raise ShapeError(f"embedding: weight {named(weight)} is a number; it needs shape (rows, size)")
    rows = f"rows of {named(weight)}"
    return take(weight, _checked_indices("embedding", indices, shape_of(weight)[0], rows), axis=0)


def one_hot(indices: Any, num_classes: int) -> Any:
    """One row for each index, with 1.0 at the index and 0.0 elsewhere; plain data.

    z[i, k] = 1 where k = indices[i], else 0

    Args:
        indices: integers, in an array of any shape.
        num_classes: length of a row.

    Returns:
        Array of shape (*shape of indices, num_classes), float64.

    Raises:
        ArgumentError: num_classes is not an integer of at least 1.
        IndexingError: an index is not a class, or not an integer.

    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    num_classes = integer_at_least(1, "one_hot", "num_classes", num_classes)
    found = _checked_indices("one_hot", indices, num_classes, "classes")
    return cast(equal(getitem(found, index=(..., None)), np.arange(num_classes)), dtype=float)


def dropout(x: Array, *, p: float = 0.5, training: bool = True, rng: Any = None) -> Array:
    """Each element becomes 0 with probability p; the others grow, to keep the mean.

    z = x / (1 - p) where kept, else 0

    Args:
        x: value of any shape.
        p: probability that an element is dropped, from 0 to 1.
        training: False returns x as it is.
        rng: a NumPy Generator; by default NumPy's global one, which np.random.seed
            sets.

    Raises:
        ArgumentError: p is not a probability.

    >>> dropout(np.ones(4), p=0.5, rng=np.random.default_rng(0))
    array([2., 0., 0., 0.])
    """
    p = probability("dropout", "p", p)
    x = operand("dropout", x)
    if not training or p == 0.0:
        return x
    if is_mapping():
        raise ArgumentError(
            "dropout: inside vmap all examples would get the same mask; "
            "draw one mask per example outside, and map over it, or give training=False"
        )
    if current() is not None:
        raise CaptureError(
            "compile: dropout draws random numbers, and they would be frozen in; call model.eval(),\n"
            "or draw the mask outside, and give it as an argument"
        )
    kept = (np.random if rng is None else rng).random(shape_of(x)) >= p
    return where(kept, x * (1.0 / (1.0 - p) if p < 1.0 else 1.0), 0.0)
