"""The table, indexing: elements taken out, put back, replaced.

An index is plain data: it says where, and carries no gradient.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from micrograd import on_demand as np
from micrograd.errors import ShapeError
from micrograd.op import Array, linear, multilinear, named, shape_of
from micrograd.ops.arithmetic import multiply, where
from micrograd.ops.indices import are_plain, is_mask, last_writes, refuse_values, rounds_of, taken_shape
from micrograd.ops.scattering import add_in_place, is_not_numpy, scatter_foreign
from micrograd.ops.shapes import broadcast_to, sum_to

X = TypeVar("X")  # what is changed: a Value, or an array

__all__ = [
    "At",
    "getitem",
    "index_add",
    "index_multiply",
    "index_set",
    "scatter",
    "scattered",
]


# Taken out, and put back


@multilinear(
    "[{index}]",
    lambda g, x, *, index: scatter(g, index=index, shape=shape_of(x)),
    shape=taken_shape,
    takes=True,
)
def getitem(x: Array, *, index: Any) -> Array:
    """Elements of an array, by NumPy's rules of indexing.

    Args:
        x: value of any shape.
        index: what NumPy takes: integers, slices, None, `...`, arrays of integers or
            booleans, and tuples of these.

    Raises:
        IndexingError: x has no such element, or the index is a Value.

    >>> getitem(np.array([1.0, 2.0, 3.0]), index=slice(1, None))
    array([2., 3.])
    """
    if not are_plain(index):
        refuse_values("getitem", index)
    return np.asarray(x)[index] if isinstance(x, (int, float)) else x[index]


def _fits(name: str, x: Array, w: Array, index: Any) -> tuple[int, ...]:
    """Shape of x[index]. Raises ShapeError where w does not broadcast to it."""
    wanted = taken_shape(x, index=index, name=name)
    given = shape_of(w)
    try:
        fits = np.broadcast_shapes(given, wanted) == wanted
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"{name}: {named(w)} does not broadcast to the elements of {named(x)} at the index, of shape {wanted}"
        )
    return wanted


def _scattered_shape(x: Array, *, index: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    _fits("scatter", np.broadcast_to(0.0, shape), x, index)
    return tuple(shape)


@multilinear("scatter [{index}]", lambda g, x, *, index, shape: getitem(g, index=index), shape=_scattered_shape)
def scatter(x: Array, *, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros with x added at an index; the transpose of `getitem`.

    An element that is indexed twice gets both.

    Args:
        x: value of the shape that `zeros(shape)[index]` has.
        index: what NumPy takes.
        shape: shape of the result.

    Raises:
        IndexingError: an array of this shape has no such element.
        ShapeError: x does not have the shape of the elements at the index.

    >>> scatter(np.array([5.0, 7.0]), index=[1, 1], shape=(3,))
    array([ 0., 12.,  0.])
    """
    if (type(x) is np.ndarray or type(x) is float) and are_plain(index):  # as it almost always is
        z = np.zeros(shape, getattr(x, "dtype", float))
        z[index] = x
        return z
    refuse_values("scatter", index)
    if is_not_numpy(x):
        return scatter_foreign(x, index, shape)
    z = np.zeros(shape, getattr(x, "dtype", float))
    add_in_place(z, index, x)
    return z


def _all_scattered_shape(*values: Array, indices: Sequence[Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    if not values or len(values) != len(indices):
        raise ShapeError(f"scattered: {len(values)} values for {len(indices)} indices; give one index per value")
    for x, index in zip(values, indices, strict=True):
        _scattered_shape(x, index=index, shape=shape)
    return tuple(shape)


def _part_of(i: int, g: Array, values: Sequence[Array], *, indices: Sequence[Any], shape: tuple[int, ...]) -> Array:
    return getitem(g, index=indices[i])


@linear("scatter", _part_of, shape=_all_scattered_shape)
def scattered(*values: Array, indices: Sequence[Any], shape: tuple[int, ...]) -> Array:
    """Zeros with several values added, each at its own index: the transpose of as many
    `getitem`.

    It needs one array of that shape, where a sum of `scatter` needs one per value.

    Args:
        values: of the shapes that `zeros(shape)[index]` has, each for its index.
        indices: what NumPy takes, one per value.
        shape: shape of the result.

    Raises:
        IndexingError: an array of this shape has no such element.
        ShapeError: there are not as many indices as values, or a value does not have
            the shape of the elements at its index.

    >>> scattered(5.0, np.array([1.0, 7.0]), indices=(0, slice(0, 2)), shape=(3,))
    array([6., 7., 0.])
    """
    if len(values) != len(indices):
        _all_scattered_shape(*values, indices=indices, shape=shape)
    if any(map(is_not_numpy, values)):
        parts = [scatter(x, index=index, shape=shape) for x, index in zip(values, indices, strict=True)]
        return functools.reduce(operator.add, parts)
    z = np.zeros(shape, _joint(*values))
    for x, index in zip(values, indices, strict=True):
        if not are_plain(index):
            refuse_values("scattered", index)
        add_in_place(z, index, x)
    return z


# Replaced and added to; x itself stays as it is


def _set_shape(x: Array, w: Array, *, index: Any) -> tuple[int, ...]:
    _fits("index_set", x, w, index)
    return shape_of(x)


def _written(g: Array, w: Array, index: Any, last: Any = None) -> Array:
    """What the cotangent g gives to w, which was written at an index."""
    part = getitem(g, index=index)
    return sum_to(part if last is None else where(last, part, 0.0), shape_of(w))


def _set_pull(i: int, g: Array, inputs: Sequence[Array], *, index: Any) -> Array:
    x, w = inputs
    if i == 0:
        return index_set(g, 0.0, index=index)
    repeats = last_writes(shape_of(x), index)
    return _written(g, w, index, None if repeats is None else repeats[0] == repeats[1])


@linear("set [{index}]", _set_pull, shape=_set_shape)
def index_set(x: Array, w: Array, *, index: Any) -> Array:
    """x with the elements at an index replaced by w: `x.at[index].set(w)`.

    z = x, but z[index] = w

    Of several w for one element the last is written, and it alone gets the gradient.

    Args:
        x: value of any shape; it stays as it is.
        w: value that broadcasts to the elements at the index.
        index: what NumPy takes.

    Raises:
        IndexingError: x has no such element, or the index is a Value.
        ShapeError: w does not broadcast to the elements at the index.

    >>> index_set(np.array([1.0, 2.0, 3.0]), 7.0, index=slice(0, 2))
    array([7., 7., 3.])
    """
    refuse_values("index_set", index)
    if is_not_numpy(x) or is_not_numpy(w):
        return _set_foreign(x, w, index)
    z = np.array(x, dtype=_joint(x, w))
    repeats = last_writes(z.shape, index)
    # NumPy promises no order, so all that meet at one element write the same number.
    if repeats is not None:
        w = np.broadcast_to(w, repeats[0].shape).reshape(-1)[repeats[1]]
    z[index] = w
    return z


def _set_foreign(x: Any, w: Any, index: Any) -> Any:
    if is_mask(index) and tuple(index.shape) == shape_of(x) and shape_of(w) == ():
        return np.where(index, w, x)
    shape = shape_of(x)
    hit = np.zeros(shape, bool)
    hit[index] = True
    repeats = last_writes(shape, index)
    part = np.broadcast_to(w, hit[index].shape)
    part = part if repeats is None else np.where(repeats[0] == repeats[1], part, 0.0)
    return np.where(hit, scatter(part, index=index, shape=shape), x)


def _joint(*inputs: Array) -> Any:
    return np.result_type(*inputs, *[float] * all(isinstance(x, (int, float)) for x in inputs))


def _add_shape(x: Array, w: Array, *, index: Any) -> tuple[int, ...]:
    _fits("index_add", x, w, index)
    return shape_of(x)


def _add_pull(i: int, g: Array, inputs: Sequence[Array], *, index: Any) -> Array:
    return g if i == 0 else _written(g, inputs[1], index)


@linear("add [{index}]", _add_pull, shape=_add_shape)
def index_add(x: Array, w: Array, *, index: Any) -> Array:
    """x with w added to the elements at an index: `x.at[index].add(w)`.

    z = x, but z[index] += w

    An element that is indexed twice gets both.

    Args:
        x: value of any shape; it stays as it is.
        w: value that broadcasts to the elements at the index.
        index: what NumPy takes.

    Raises:
        IndexingError: x has no such element, or the index is a Value.
        ShapeError: w does not broadcast to the elements at the index.

    >>> index_add(np.array([1.0, 2.0, 3.0]), 7.0, index=[0, 0])
    array([15.,  2.,  3.])
    """
    refuse_values("index_add", index)
    if is_not_numpy(x) or is_not_numpy(w):
        part = np.broadcast_to(w, taken_shape(x, index=index))
        return x + scatter(part, index=index, shape=shape_of(x))
    z = np.array(x, dtype=_joint(x, w))
    add_in_place(z, index, w)
    return z


def index_multiply(x: Array, w: Array, *, index: Any) -> Array:
    """x with the elements at an index multiplied by w: `x.at[index].multiply(w)`.

    z = x, but z[index] *= w

    An element that is indexed k times is multiplied k times, one product after the
    other. So the gradient is exact where factors are zero, too.

    Args:
        x: value of any shape; it stays as it is.
        w: value that broadcasts to the elements at the index.
        index: what NumPy takes.

    Raises:
        IndexingError: x has no such element, or the index is a Value.
        ShapeError: w does not broadcast to the elements at the index.

    >>> index_multiply(np.array([1.0, 2.0, 3.0]), np.array([2.0, 5.0]), index=[0, 0])
    array([10.,  2.,  3.])
    """
    wanted = _fits("index_multiply", x, w, index)
    rounds = rounds_of(shape_of(x), index)
    if rounds is None:
        return index_set(x, multiply(getitem(x, index=index), w), index=index)
    w = broadcast_to(w, shape=wanted)
    for places, chosen in rounds:
        part = multiply(getitem(x, index=places), getitem(w, index=chosen))
        x = index_set(x, part, index=places)
    return x


class At(Generic[X]):
    """`x.at`, whose elements are set, added to or multiplied: `x.at[index].set(w)`.

    Each method gives a new value, and x stays as it is.

    Args:
        x: value of any shape.

    >>> At(np.array([1.0, 2.0, 3.0]))[1:].set(0.0)
    array([1., 0., 0.])
    """

    __slots__ = ("x",)

    def __init__(self, x: X) -> None:
        self.x = x

    def __getitem__(self, index: Any) -> Elements[X]:
        return Elements(self.x, index)


class Elements(Generic[X]):
    """`x.at[index]`: some elements of a value, to be set, added to or multiplied."""

    __slots__ = ("index", "x")

    def __init__(self, x: X, index: Any) -> None:
        self.x = x
        self.index = index

    def set(self, w: Array) -> X:
        """x with w in place of these elements: see `index_set`."""
        return index_set(self.x, w, index=self.index)

    def add(self, w: Array) -> X:
        """x with w added to these elements: see `index_add`."""
        return index_add(self.x, w, index=self.index)

    def multiply(self, w: Array) -> X:
        """x with these elements multiplied by w: see `index_multiply`."""
        return index_multiply(self.x, w, index=self.index)
