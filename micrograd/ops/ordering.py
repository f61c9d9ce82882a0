"""The table, ordering: sorted elements, and the places of others among them."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.op import Array, question, shape_of
from micrograd.ops.axes import axis_of, running_shape
from micrograd.ops.shapes import ravel
from micrograd.ops.taking import take_along_axis

__all__ = [
    "argsort",
    "digitize",
    "isin",
    "searchsorted",
    "sort",
]


@question(
    "argsort", shape=lambda x, *, axis=-1, descending=False: running_shape("argsort", x, axis), kind=int, axes="axis"
)
def argsort(x: Array, *, axis: int | None = -1, descending: bool = False) -> Array:
    """Places that would sort the elements along an axis; plain integers.

    Equal elements keep their order.

    Args:
        x: value of any shape.
        axis: the axis to sort along; None numbers all elements in one row.
        descending: whether the largest comes first.

    Raises:
        ShapeError: the axis does not exist.

    >>> argsort(np.array([3.0, 1.0, 2.0]))
    array([1, 2, 0])
    """
    return np.argsort(np.negative(x) if descending else x, axis=axis, kind="stable")


def sort(x: Array, *, axis: int | None = -1, descending: bool = False) -> Array:
    """The elements sorted along an axis, each with its own gradient.

    Equal elements keep their order.

    Args:
        x: value of any shape.
        axis: the axis to sort along; None sorts all elements into one row.
        descending: whether the largest comes first.

    Raises:
        ShapeError: the axis does not exist.

    >>> sort(np.array([3.0, 1.0, 2.0]))
    array([1., 2., 3.])
    """
    if axis is None:
        x, axis = ravel(x), 0
    axis_of("sort", x, axis)
    return take_along_axis(x, argsort(x, axis=axis, descending=descending), axis=axis)


# Places among others; plain data without a gradient


@question("searchsorted", shape=lambda a, v, *, side="left", sorter=None: shape_of(v), kind=int)
def searchsorted(a: Array, v: Array, *, side: Any = "left", sorter: Any = None) -> Array:
    """Where to insert elements in a sorted row so that it stays sorted; integers.

    Args:
        a: the row, in ascending order.
        v: what to insert, of any shape.
        side: "left" to insert before equal elements, "right" to insert after them.
        sorter: integers that sort a, if it is not sorted.

    >>> searchsorted(np.array([1.0, 2.0, 4.0]), 3.0)
    np.int64(2)
    """
    return np.searchsorted(a, v, side=side, sorter=sorter)


@question("digitize", shape=lambda x, bins, *, right=False: shape_of(x), kind=int)
def digitize(x: Array, bins: Array, *, right: bool = False) -> Array:
    """Number of the bin of each element; 0 below the first edge; plain integers.

    Args:
        x: value of any shape.
        bins: the edges, in ascending or descending order.
        right: whether a bin includes its right edge, and not its left one.

    >>> digitize(np.array([0.5, 2.5]), np.array([0.0, 1.0, 2.0]))
    array([1, 3])
    """
    return np.digitize(x, bins, right=right)


@question("isin", shape=lambda x, y, *, assume_unique=False, invert=False, kind=None: shape_of(x), kind=bool)
def isin(x: Array, y: Array, *, assume_unique: bool = False, invert: bool = False, kind: Any = None) -> Array:
    """Whether each element of x is also in y; plain booleans.

    Args:
        x: value of any shape.
        y: value of any shape.
        assume_unique: whether all elements differ, which is quicker.
        invert: whether to ask for elements that are not in y.
        kind: how NumPy searches: "sort", "table" or None.

    >>> isin(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    array([False,  True])
    """
    return np.isin(x, y, assume_unique=assume_unique, invert=invert, kind=kind)
