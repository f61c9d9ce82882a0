"""Small arrays copied between the caller and a program.

NumPy takes most of a microsecond to look at two arrays before it copies. `copies.pxd`
holds the same functions in C, which look at what matters. To ask an array for its
memory takes time, too: of a memoryview it is known.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np


def copied(source: Any, shape: Any, target: Any) -> bool:
    """Copy all numbers of an array into another one of the same dtype.

    Args:
        source: the array; a memoryview is of an array whose memory does not change. A
            float goes into a view of one float64.
        shape: that it must have; None for any, and for integers that become float64.
        target: takes as many numbers, in any shape.

    Returns:
        Whether that was done: False, too, where one of them is not in one piece.
    """
    if type(source) is float:
        source = np.array(source)
    source, target = (np.asarray(x) if type(x) is memoryview else x for x in (source, target))
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


def renewed(source: Any, like: Any, spare: Any) -> bool:
    """Copy all numbers of an array into a spare one, if nobody but the caller's node
    holds that, and it is of the shape and dtype of another array.

    Returns:
        Whether that was done: never in Python, where more references come and go.
    """
    return False


def address_like(array: Any, other: Any) -> int:
    """Where the numbers of an array lie: in one piece, as many as those of another
    array, of the same dtype; 0 if they do not.
    """
    if type(array) is not np.ndarray or array.size != other.size or array.dtype != other.dtype:
        return 0
    if not (array.flags.c_contiguous and array.flags.aligned):
        return 0
    address: int = array.__array_interface__["data"][0]  # `array.ctypes` takes five times as long
    return address
