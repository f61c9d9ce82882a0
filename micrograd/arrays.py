"""The door: what may be data. A Python number stays one; arrays are NumPy's, or speak NumPy's protocols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd.errors import DataError
from micrograd.op import PLAIN, ground

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np


FLOATING: set[Any] = set()  # the dtypes of floating-point arrays, entered as they are met


def is_number(x: Any) -> bool:
    """Whether x is a plain Python number, not an array and not a NumPy scalar."""
    return type(x) is float or type(x) is int


def is_lazy(x: Any) -> bool:
    """Whether x stands for a number without being one: another interpreter's, or another library's array."""
    if isinstance(x, (float, int)):
        return False
    return hasattr(x, "_apply_op") or not isinstance(x, (np.ndarray, np.generic))


def as_data(data: Any, asker: str = "Value") -> Any:
    """What a Value may hold: a Python number, or an array of floating-point numbers.

    Args:
        data: what was given.
        asker: the op or class that asks, for the error.

    Raises:
        DataError: data is neither.

    >>> as_data([1, 2])
    array([1., 2.])
    """
    kind = type(data)
    if kind is float or kind is int:
        return data
    if kind in PLAIN and kind is not bool and data.ndim and data.dtype in FLOATING:  # an array of a kind met before
        return data
    if isinstance(data, (float, int)):  # np.float64 is a float, bool an int
        return float(data) if isinstance(data, float) else int(data)
    if hasattr(data, "_apply_op"):  # another interpreter stands for the number
        return data
    if isinstance(data, (list, tuple)):
        data = _from_lists(data, asker)
    elif not isinstance(data, np.generic) and not hasattr(data, "__array_function__"):
        data = _from_object(data, asker)
    return _from_array(data, asker)


def as_operand(x: Any, others: Sequence[Any], asker: str) -> Any:
    """What an op takes beside others: booleans and integers become floats as in NumPy, float32 beside float32.

    >>> as_operand(np.array([True, False]), [np.ones(2, np.float32)], "multiply").dtype
    dtype('float32')
    """
    if getattr(getattr(x, "dtype", None), "kind", "") in ("b", "i", "u") and not hasattr(x, "_apply_op") and x.ndim:
        beside = [y.dtype for y in map(ground, others) if getattr(getattr(y, "dtype", None), "kind", "") == "f"]
        if beside:
            return as_data(x.astype(np.result_type(x.dtype, *beside)), asker)
    return as_data(x, asker)


def _from_lists(data: Any, asker: str) -> Any:
    pending = [data]
    while pending:
        x = pending.pop()
        if hasattr(x, "_apply_op"):
            raise DataError(f"{asker}: a list that holds {x}; use micrograd.ops.stack to join Values")
        if isinstance(x, (list, tuple)):
            pending += x
    try:
        return np.asarray(data)
    except ValueError:
        raise DataError(
            f"{asker}: the list {_short(data)} is ragged: its rows differ in length; make all rows equally long"
        ) from None


def _from_object(data: Any, asker: str) -> Any:
    if isinstance(data, (str, bytes, type(None))):
        raise DataError(f"{asker}: {_short(data)} is {_a(type(data).__name__)}, not a number or an array of numbers")
    if hasattr(data, "__array__"):
        return np.asarray(data)
    if hasattr(data, "__float__") and not isinstance(data, complex):
        return np.asarray(float(data))
    raise DataError(f"{asker}: {_short(data)} is {_a(type(data).__name__)}, not a number or an array of numbers")


def _from_array(data: Any, asker: str) -> Any:
    PLAIN.add(type(data))
    letter = np.dtype(data.dtype).kind
    if letter not in "fiub":
        given = "complex numbers" if letter == "c" else f"elements of type {data.dtype}"
        repair = ", such as its .real part" if letter == "c" else ""
        raise DataError(f"{asker}: {_short(data)} has {given}; give real numbers{repair}")
    if data.shape == () and isinstance(data, (np.ndarray, np.generic)):  # a number in a box: unpack it
        number: Any = np.asarray(data)[()]
        if letter == "f":
            return number if number.dtype != float else number.item()
        return int(number)
    if letter != "f":
        return data.astype(float)
    FLOATING.add(data.dtype)
    return data


def _short(data: Any) -> str:
    text = " ".join(repr(data).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiouAEIOU" else f"a {noun}"
