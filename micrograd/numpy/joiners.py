"""`r_` and `c_` for Values: they join what stands in the brackets."""

from __future__ import annotations

from typing import Any

import numpy as np

from micrograd.errors import ArgumentError
from micrograd.numpy.lists import holds_values, joined
from micrograd.op import shape_of
from micrograd.ops import concatenate, linspace, reshape, transpose


class Joiner:
    """NumPy's `r_` or `c_`, which keeps the history of Values in the brackets.

    Args:
        numpys: NumPy's own object, which is used when there is no Value.
        axis: the axis to join along.
        ndmin: the least number of axes of each part.
        first: where the axes of a part go if it has fewer than ndmin; -1 puts them
            last.

    >>> from micrograd import Value
    >>> r_[Value([1.0, 2.0]), 3.0]
    Value(data=[1. 2. 3.], grad=[0. 0. 0.])
    """

    def __init__(self, numpys: Any, axis: int, ndmin: int, first: int) -> None:
        self.numpys = numpys
        self.axis, self.ndmin, self.first = axis, ndmin, first
        self.__doc__ = numpys.__doc__

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if not any(map(_has_values, parts)):
            return self.numpys[key]
        axis, ndmin, first = self.axis, self.ndmin, self.first
        if isinstance(parts[0], str):
            axis, ndmin, first = self._read(parts[0])
            parts = parts[1:]
        return concatenate([_laid(part, ndmin, first) for part in parts], axis=axis)

    def _read(self, text: str) -> tuple[int, int, int]:
        """The settings in a string: "axis", "axis,ndmin" or "axis,ndmin,first"."""
        try:
            given = [int(word) for word in text.split(",")]
            axis, ndmin, first = given + [self.axis, self.ndmin, self.first][len(given) :]
        except ValueError:
            raise ArgumentError(
                f"r_: {text!r} before Values: give integers, 'axis,ndmin,first'; an np.matrix cannot hold Values"
            ) from None
        return axis, ndmin, first


def _has_values(part: Any) -> bool:
    return any(map(holds_values, (part.start, part.stop, part.step))) if isinstance(part, slice) else holds_values(part)


def _laid(part: Any, ndmin: int, first: int) -> Any:
    """One part with at least ndmin axes.

    New axes have length 1, and stand where NumPy puts them.
    """
    if isinstance(part, str):
        raise ArgumentError(f"r_: {part!r} is one of the parts; put a string first, before all parts")
    if isinstance(part, slice):
        part = _spread(part)
    x = joined(part)
    x = x if hasattr(x, "shape") else np.asarray(x)
    shape = shape_of(x)
    missing = ndmin - len(shape)
    if missing <= 0:
        return x
    x = reshape(x, shape=(1,) * missing + shape)
    if first == -1 or not shape:
        return x
    before = first + missing + 1 if first < 0 else first
    axes = [*range(ndmin)]
    return transpose(x, axes=(*axes[:before], *axes[missing:], *axes[before:missing]))


def _spread(part: slice) -> Any:
    """The numbers of a slice start:stop:step.

    With an imaginary step 5j, five numbers from start to stop.
    """
    if isinstance(part.step, complex):
        return linspace(0 if part.start is None else part.start, part.stop, int(abs(part.step)))
    if _has_values(part):
        raise ArgumentError("r_: start:stop:step has a Value in it; give the number of points, as start:stop:5j")
    return np.r_[part]


r_ = Joiner(np.r_, 0, 1, -1)
c_ = Joiner(np.c_, -1, 2, 0)
