"""`array` and `asarray` for lists that hold Values."""

from __future__ import annotations

from typing import Any

import numpy as np

from micrograd.errors import OpError
from micrograd.ops import cast, stack


def array(object: Any, dtype: Any = None, **options: Any) -> Any:
    """`numpy.array`, which joins Values in nested lists into one Value.

    Args:
        object: anything that NumPy makes an array of, or a Value, or nested lists that hold Values.
        dtype: type of the elements.
        options: NumPy's own, for plain numbers; of Values only `copy` makes sense, as they are never changed.

    Raises:
        OpError: an option that there is not for Values.

    >>> from micrograd import Value
    >>> array([Value(1.0), 2.0])
    Value(data=[1. 2.], grad=[0. 0.])
    """
    return _converted("array", object, dtype, options)


def asarray(object: Any, dtype: Any = None, **options: Any) -> Any:
    """`numpy.asarray`, which joins Values in nested lists into one Value, and leaves a Value one."""
    return _converted("asarray", object, dtype, options)


def _converted(name: str, object: Any, dtype: Any, options: dict[str, Any]) -> Any:
    object = _joined(object)
    if not hasattr(object, "_apply_op"):
        return getattr(np, name)(object, dtype=dtype, **options)
    unknown = options.keys() - {"copy"}
    if unknown:
        raise OpError(f"np.{name}: there is no {', '.join(sorted(unknown))}= for Values; reshape the result instead?")
    return object if dtype is None or object.dtype == dtype else cast(object, dtype=dtype)


def _joined(x: Any) -> Any:
    """A list that holds Values, at any depth, as one Value; anything else as it is."""
    if not isinstance(x, (list, tuple)) or not _holds_values(x):
        return x
    return stack([_joined(part) for part in x])


def _holds_values(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(_holds_values(part) for part in x)
    return hasattr(x, "_apply_op")
