"""An index in its plainest form, as formats without NumPy's rules need it."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ExportError


def plain(asked: str, rank: int, index: Any) -> tuple[list[Any], tuple[int, Any] | None]:
    """The entries of an index one by one, and the array among them.

    Args:
        asked: the function that exports, for errors.
        rank: how many axes the indexed array has.
        index: what NumPy takes.

    Returns:
        For each axis a whole number or a slice, and None for new axes. If one entry is
        an array, a slice of all stands in its place: it is given apart, with its axis
        in the result of the other entries.

    Raises:
        ExportError: it holds several arrays, or a mask of several axes.
    """
    entries = list(index) if isinstance(index, tuple) else [index]
    entries = [np.asarray(e) if isinstance(e, (list, bool)) else e for e in entries]
    if any(isinstance(e, (np.ndarray, np.bool_)) and e.dtype == bool and not e.ndim for e in entries):
        raise ExportError(f"{asked}: an index by True or False; use np.where, or reshape")
    used = sum(e is not None and e is not ... for e in entries)
    rest = [slice(None)] * (rank - used)
    if any(e is ... for e in entries):
        at = next(i for i, e in enumerate(entries) if e is ...)
        entries[at : at + 1] = rest
    else:
        entries += rest
    arrays = [i for i, e in enumerate(entries) if isinstance(e, np.ndarray) and e.ndim]
    entries = [
        int(e) if isinstance(e, (np.integer, np.ndarray)) and i not in arrays else e for i, e in enumerate(entries)
    ]
    if not arrays:
        return entries, None
    (at, *more), array = arrays, entries[arrays[0]]
    if more or (array.ndim > 1 and array.dtype == bool) or any(isinstance(e, int) for e in entries):
        raise ExportError(
            f"{asked}: an index by several arrays, or by an array and numbers; index one axis after the other"
        )
    entries[at] = slice(None)
    return entries, (at, np.nonzero(array)[0] if array.dtype == bool else array)
