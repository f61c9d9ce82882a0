"""Large arrays whose last axis is short, as points in the plane are: NumPy starts a
loop for each row of them, and the start takes longer than the row.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np

__all__ = ["has_short_rows", "is_column", "of_rows", "repeated", "sum_of_rows"]

LARGE, SHORT = 2000, 32  # elements of an array and of a row, from which on and up to which products are quicker
FEW = 500  # elements of an array, from which on columns are quicker
IN_TURN = 7  # elements of a row, up to which NumPy adds one after the other
SHORTEST = 4  # elements of a row, up to which it is quicker to fill column by column


def has_short_rows(x: Any, axis: Any) -> bool:
    """Whether x is a large array whose last axis, the one to reduce, is short: in C
    order, as in another NumPy is quick itself.

    >>> has_short_rows(np.ones((1000, 3)), -1), has_short_rows(np.ones((3, 1000)), -1)
    (True, False)
    """
    if type(axis) is tuple and len(axis) == 1:
        axis = axis[0]
    if type(axis) is not int or type(x) is not np.ndarray or x.size < FEW or not x.flags.c_contiguous:
        return False
    return axis in (-1, x.ndim - 1) and x.shape[-1] <= SHORT


def of_rows(ufunc: Any, x: Any, keepdims: bool) -> Any:
    """The sum, the largest or the smallest of each row; with the rows as columns, NumPy
    is four times as fast.

    >>> of_rows(np.maximum, np.array([[1.0, 2.0], [4.0, 3.0]]), False)
    array([2., 4.])
    """
    z = ufunc.reduce(np.ascontiguousarray(x.reshape(-1, x.shape[-1]).T), axis=0)
    return z if x.ndim == 2 and not keepdims else z.reshape(*x.shape[:-1], *(1,) * keepdims)


def sum_of_rows(x: Any, keepdims: bool) -> Any:
    """The sum of each row. Of up to 7 numbers, as columns, the bits are NumPy's; of
    more it is a product of matrices, five times as fast.

    >>> sum_of_rows(np.array([[1.0, 2.0], [4.0, 3.0]]), False)
    array([3., 7.])
    """
    n, kind = x.shape[-1], x.dtype.char
    if 0 < n <= IN_TURN and kind != "e":
        return of_rows(np.add, x, keepdims)
    if n == 0 or x.size < LARGE or kind not in "fd":
        return np.add.reduce(x, -1, keepdims=keepdims)  # type: ignore[call-overload]
    z = x.reshape(-1, n) @ np.ones(n, x.dtype)
    return z.reshape(*x.shape[:-1], *(1,) * keepdims)


def is_column(x: Any, shape: tuple[int, ...]) -> bool:
    """Whether an array has rows of one element, which broadcasting to this shape would
    repeat a few times.

    >>> is_column(np.ones((5, 1)), (5, 2)), is_column(np.ones((5, 1)), (3, 5, 1))
    (True, False)
    """
    if not x.flags.c_contiguous:  # a view keeps the order of axes in memory, which what follows may share
        return False
    return x.shape[:-1] == shape[:-1] and x.shape[-1:] == (1,) and 1 < shape[-1] <= SHORTEST


def repeated(x: Any, shape: tuple[int, ...]) -> Any:
    """Such an array, with each row repeated.

    >>> repeated(np.array([[1.0], [2.0]]), (2, 2))
    array([[1., 1.],
           [2., 2.]])
    """
    z = np.empty(shape, x.dtype)
    for i in range(shape[-1]):
        z[..., i] = x[..., 0]
    return z
