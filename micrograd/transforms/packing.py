"""Several leaves of an output as one array, and back: a node of a graph holds one
array.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.interpreter import NUMBERS, numbers_below, shape_of
from micrograd.ops import cast, concatenate, reshape


class Packing:
    """How some leaves of an output lie in one array.

    One leaf is that array. Several are cut into their elements, and joined in a row.

    Args:
        leaves: all leaves: numbers, arrays, or values of any interpreter.
        places: which of them lie in the array.

    >>> packing = Packing([2.0, True, np.array([3.0, 4.0])], [0, 2])
    >>> packing.packed([2.0, True, np.array([3.0, 4.0])])
    array([2., 3., 4.])
    >>> packing.unpacked(np.array([5.0, 6.0, 7.0]))
    [np.float64(5.0), array([6., 7.])]
    >>> packing.filled([2.0, True, np.array([3.0, 4.0])], np.array([5.0, 6.0, 7.0]))
    [np.float64(5.0), True, array([6., 7.])]
    """

    def __init__(self, leaves: Sequence[Any], places: Sequence[int]) -> None:
        self.places = places
        self.shapes = [shape_of(leaves[i]) for i in places]
        self.dtypes = [_dtype_of(leaves[i]) for i in places]

    def chosen(self, leaves: Sequence[Any]) -> list[Any]:
        """Of all leaves, those that lie in the array."""
        return [leaves[i] for i in self.places]

    def packed(self, leaves: Sequence[Any]) -> Any:
        """The array, made of all leaves."""
        parts = self.chosen(leaves)
        return parts[0] if len(parts) == 1 else concatenate([reshape(x, shape=(-1,)) for x in parts])

    def filled(self, leaves: Sequence[Any], whole: Any) -> list[Any]:
        """All leaves, with those that lie in the array as they are in this one."""
        found = list(leaves)
        for i, x in zip(self.places, self.unpacked(whole), strict=True):
            found[i] = x
        return found

    def unpacked(self, whole: Any) -> list[Any]:
        """The leaves in that array, or in one like it: a cotangent, a tangent."""
        if len(self.places) == 1:
            return [whole]
        leaves, start = [], 0
        for shape, dtype in zip(self.shapes, self.dtypes, strict=True):
            stop = start + math.prod(shape)
            leaf = whole[start] if shape == () else reshape(whole[start:stop], shape=shape)
            is_other = dtype is not None and getattr(leaf, "dtype", dtype) != dtype
            leaves.append(cast(leaf, dtype=dtype) if is_other else leaf)
            start = stop
        return leaves


def _dtype_of(x: Any) -> Any:
    """The dtype of a leaf; None where it has none of its own, as a Python number."""
    below = numbers_below(x)
    return None if below is None or type(below) in NUMBERS else np.dtype(below.dtype)
