"""Nudges: numbers a little apart from the true ones, for the second capture."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np


def turned(data: Any) -> Any:
    """Whole numbers, or truths, in another order, so that each is still in its range.

    >>> turned(np.array([1, 2, 3])), turned(3)
    (array([3, 1, 2]), 4)
    """
    if type(data) is int:
        return data + 1
    if isinstance(data, (list, tuple)):
        return type(data)([*map(turned, data[-1:]), *map(turned, data[:-1])]) if _is_nested(data) else _rolled(data)
    if isinstance(data, np.ndarray) and data.dtype.kind in "iub":
        return np.roll(data, 1)
    return data


def _is_nested(data: Any) -> bool:
    return any(isinstance(x, (list, tuple)) for x in data)


def _rolled(data: Any) -> Any:
    return type(data)([*data[-1:], *data[:-1]]) if all(type(x) is int for x in data) else data


def nudged(data: Any, i: int, by: float) -> Any:
    """Data a little apart; ints and what is not a number stay.

    >>> nudged(2.0, 0, 0.5), nudged(0.0, 0, 0.5), nudged(3, 0, 0.5)
    (1.5, 0.5, 3)
    """
    if type(data) is float:
        return data * (1.0 - by * (1 + i % 7) / 2) if data else by if by else data
    if not isinstance(data, np.ndarray) or data.dtype.kind != "f" or not by:
        return data
    pattern = 1.0 - by * (1 + (i + np.arange(data.size)) % 7) / 2
    changed = np.where(data == 0, by, data * pattern.reshape(data.shape))
    return changed.astype(data.dtype)
