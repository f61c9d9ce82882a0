"""Axis numbers: what an op means by `axis=`, and the shapes that follow from it.

Every op that takes an axis asks here, so that each answers in the same words.
"""

from __future__ import annotations

import math
import operator
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, Op, named, shape_of

__all__ = [
    "Axis",
    "along",
    "axes_of",
    "axis_of",
    "means_all",
    "named_axis",
    "new_axis",
    "reduced_shape",
    "running_shape",
    "with_length",
]

Axis = int | tuple[int, ...] | None

# These let a number have axis 0, as NumPy's reductions and SciPy's softmax do.
_ON_NUMBERS = {"sum", "prod", "max", "min", "any", "all", "softmax", "log_softmax", "logsumexp", "squeeze"}


def named_axis(op: Op, params: dict[str, Any]) -> Any:
    """What a call gives for the param that names the axes of its op: see `Facts.axes`.

    Args:
        op: the record; its fact `axes` is the name of a param.
        params: the keyword arguments of the call; the default stands where they lack
            it.
    """
    name = str(op.facts.axes)
    return params[name] if name in params else (getattr(op.forward, "__kwdefaults__", None) or {}).get(name)


def axis_of(name: str, x: Array, axis: Any) -> int:
    """One axis of x, counted from the front.

    Args:
        name: the op that asks, for errors.
        x: value of any shape.
        axis: what was given; a negative number counts from the end.

    Raises:
        ShapeError: x has no such axis.
        ArgumentError: the axis is not an integer.

    >>> axis_of("sum", np.ones((2, 3)), -1)
    1
    """
    number, ndim = _integer(name, axis), len(shape_of(x))
    if not -ndim <= number < ndim:
        raise _no_such_axis(name, x, axis)
    return number % ndim


def axes_of(name: str, x: Array, axis: Any) -> tuple[int, ...]:
    """Several axes of x, counted from the front; all of them for None.

    Args:
        name: the op that asks, for errors.
        x: value of any shape.
        axis: an integer, a tuple of integers, or None.

    Raises:
        ShapeError: x has no such axis, or one is named twice.
        ArgumentError: an axis is not an integer.

    >>> axes_of("sum", np.ones((2, 3)), (0, -1))
    (0, 1)
    """
    ndim = len(shape_of(x))
    if axis is None:
        return tuple(range(ndim))
    if type(axis) is int and -ndim <= axis < ndim:  # as it almost always is
        return (axis % ndim,)
    if ndim == 0 and name in _ON_NUMBERS and isinstance(axis, int) and axis in (0, -1):
        return ()
    given = axis if isinstance(axis, tuple) else (axis,)
    if not all(isinstance(a, int) or hasattr(a, "__index__") for a in given) or isinstance(axis, np.ndarray):
        raise ArgumentError(f"{name}: axis {axis!r}: give an integer, or a tuple of integers")
    if not all(-ndim <= a < ndim for a in given):
        raise _no_such_axis(name, x, axis)
    found = tuple(operator.index(a) % ndim for a in given)
    if len(set(found)) < len(found):
        raise ShapeError(f"{name}: axis {axis} of {named(x)}: an axis is named twice; name each once")
    return found


def new_axis(name: str, axis: Any, ndim: int) -> int:
    """An axis of a result that has ndim of them, counted from the front.

    Raises:
        ShapeError: the result has no such axis.
        ArgumentError: the axis is not an integer.

    >>> new_axis("stack", -1, 3)
    2
    """
    number = _integer(name, axis)
    if not -ndim <= number < ndim:
        raise ShapeError(f"{name}: axis {axis}: the axes of the result are numbered from {-ndim} to {ndim - 1}")
    return number % ndim


def means_all(x: Array, axis: Any) -> bool:
    """Whether an axis means all elements in one row: None, or axis 0 of a number.

    >>> means_all(np.ones(2), None), means_all(2.0, 0), means_all(np.ones(2), 0)
    (True, True, False)
    """
    return axis is None or (not shape_of(x) and axis in (0, -1))


def _integer(name: str, axis: Any) -> int:
    try:
        return operator.index(axis)
    except TypeError:
        raise ArgumentError(f"{name}: axis {axis!r}: give an integer") from None


def _no_such_axis(name: str, x: Array, axis: Any) -> ShapeError:
    ndim = len(shape_of(x))
    why = f"its axes are numbered from {-ndim} to {ndim - 1}" if ndim else "a number has no axes"
    return ShapeError(f"{name}: axis {axis} of {named(x)}: {why}")


def reduced_shape(name: str, x: Array, axis: Axis, keepdims: bool) -> tuple[int, ...]:
    """Shape of x after a reduction along axes.

    Args:
        name: the op that asks, for errors.
        x: value of any shape.
        axis: the axes that are reduced; None for all.
        keepdims: whether they stay, with length 1.

    Raises:
        ShapeError: x has no such axis.

    >>> reduced_shape("sum", np.ones((2, 3)), 0, True)
    (1, 3)
    """
    axes = axes_of(name, x, axis)
    if len(axes) == 1:  # as it almost always is
        return with_length(shape_of(x), axes[0], 1) if keepdims else shape_of(x)[: axes[0]] + shape_of(x)[axes[0] + 1 :]
    return tuple(1 if a in axes else n for a, n in enumerate(shape_of(x)) if keepdims or a not in axes)


def running_shape(name: str, x: Array, axis: Any) -> tuple[int, ...]:
    """Shape of what runs along an axis of x: that of x, or one row for all elements.

    Raises:
        ShapeError: x has no such axis.

    >>> running_shape("cumsum", np.ones((2, 3)), None)
    (6,)
    """
    if means_all(x, axis):
        return (math.prod(shape_of(x)),)
    axis_of(name, x, axis)
    return shape_of(x)


def with_length(shape: tuple[int, ...], axis: int, n: int) -> tuple[int, ...]:
    """A shape with another length along one axis, which is counted from the front.

    >>> with_length((2, 3, 4), 1, 7)
    (2, 7, 4)
    """
    return (*shape[:axis], n, *shape[axis + 1 :])


def along(axis: int, entry: Any) -> tuple[Any, ...]:
    """The index that takes an entry along one axis, and all of the axes before it.

    >>> np.ones((2, 3))[along(1, 0)]
    array([1., 1.])
    """
    return (slice(None),) * axis + (entry,)
