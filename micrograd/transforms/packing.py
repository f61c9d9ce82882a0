"""Several arrays as one, and back: a node of a graph holds one array."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.interpreter import NUMBERS, numbers_below, shape_of
from micrograd.ops import cast, concatenate, reshape


class Packing:
    """How some leaves lie in one array.

    One leaf is that array. Several are cut into their elements, and joined in a row.

    Args:
        leaves: numbers, arrays, or values of any interpreter.

    >>> packing = Packing([2.0, np.array([3.0, 4.0])])
    >>> packing.packed([2.0, np.array([3.0, 4.0])])
    array([2., 3., 4.])
    >>> packing.unpacked(np.array([5.0, 6.0, 7.0]))
    [np.float64(5.0), array([6., 7.])]
    """

    def __init__(self, leaves: Sequence[Any]) -> None:
        self.shapes = [shape_of(x) for x in leaves]
        self.dtypes = [_dtype_of(x) for x in leaves]

    def packed(self, leaves: Sequence[Any]) -> Any:
        """The leaves as one array."""
        if len(leaves) == 1:
            return leaves[0]
        return concatenate([reshape(x, shape=(-1,)) for x in leaves])

    def unpacked(self, whole: Any) -> list[Any]:
        """The leaves in that array, or in one like it: a cotangent, a tangent."""
        if len(self.shapes) == 1:
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
