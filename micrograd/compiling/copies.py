"""Small arrays copied between the caller and a program.

NumPy takes most of a microsecond to look at two arrays before it copies. `copies.pxd`
holds the same function in C, which looks at what matters.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np


def copied(source: Any, shape: Any, target: Any) -> bool:
    """Copy all numbers of an array into another one of the same dtype.

    Args:
        source: the array.
        shape: that it must have; None for any, and for integers that become float64.
        target: takes as many numbers, in any shape.

    Returns:
        Whether that was done: False, too, where one of them is not in one piece.
    """
    if type(source) is not np.ndarray or type(target) is not np.ndarray:
        return False
    if source.dtype != target.dtype and (shape is not None or (source.dtype, target.dtype) != (np.int64, float)):
        return False
    if source.size != target.size or (shape is not None and source.shape != shape):
        return False
    if not (source.flags.c_contiguous and target.flags.c_contiguous and target.flags.writeable):
        return False
    target.reshape(-1)[:] = source.reshape(-1)
    return True
