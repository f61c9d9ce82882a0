"""`array` and `asarray` for lists that hold Values."""

from __future__ import annotations

from typing import Any

import numpy as np

from micrograd.ops import stack


def array(object: Any, dtype: Any = None, **options: Any) -> Any:
    """`numpy.array`, which joins Values in nested lists into one Value.

    >>> from micrograd import Value
    >>> array([Value(1.0), 2.0])
    Value(data=[1. 2.], grad=[0. 0.])
    """
    object = _joined(object)
    return object if hasattr(object, "_apply_op") else np.array(object, dtype=dtype, **options)


def asarray(object: Any, dtype: Any = None, **options: Any) -> Any:
    """`numpy.asarray`, which joins Values in nested lists into one Value."""
    object = _joined(object)
    return object if hasattr(object, "_apply_op") else np.asarray(object, dtype=dtype, **options)


def _joined(x: Any) -> Any:
    """A list that holds Values, at any depth, as one Value; anything else as it is."""
    if not isinstance(x, (list, tuple)) or not _holds_values(x):
        return x
    return stack([_joined(part) for part in x])


def _holds_values(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(_holds_values(part) for part in x)
    return hasattr(x, "_apply_op")
