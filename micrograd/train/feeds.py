"""Feeds: what a training reads, as batches, pass after pass."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Iterator, Sized
from typing import Any

from micrograd import on_demand as np
from micrograd.data import Batches, batches
from micrograd.errors import ArgumentError

WANTED = "give (X, y) arrays, an iterable of batches (X, y), or a function that returns one"
MARKED, ROWS = 2**20, 256  # bytes of an array that is read whole for its mark; rows that are read of others


class Feed:
    """Batches of (X, y), again for each pass.

    Args:
        asker: who asks, for errors.
        data: arrays (X, y), in memory, in a memory map or of Dask; or an iterable of
            batches (X, y); or a function that returns an iterable for each pass.
        batch_size: rows of a batch of arrays; None for all rows.
        shuffle: whether rows of arrays come in another order in each pass.
        seed: of the shuffling.

    Attributes:
        settings: what must be the same where a training is resumed.

    Raises:
        ArgumentError: data is something else.
    """

    def __init__(self, asker: str, data: Any, batch_size: int | None, shuffle: bool, seed: int) -> None:
        self._asker = asker
        self._source: Any = data
        self.settings: dict[str, Any] = {}
        if _are_arrays(data):
            X, y = data
            size = max(1, _length(X)) if batch_size is None else batch_size
            self._source = batches(X, y, batch_size=size, shuffle=shuffle, seed=seed)
        if isinstance(self._source, Batches):
            found = self._source
            if found.y is None:
                raise ArgumentError(f"{asker}: the batches hold X alone; make them with batches(X, y)")
            # Of the user's own Batches, the first pass may have another number than 0.
            self.settings["first pass"] = found.epoch
            self.settings["rows"] = _length(found.X)
            self.settings["batches"] = [found.batch_size, found.shuffle, found.seed, found.drop_last]
        elif isinstance(data, Iterator) or not (callable(data) or isinstance(data, Iterable)):
            said = " is used up after one pass" if isinstance(data, Iterator) else " holds no batches"
            raise ArgumentError(f"{asker}: data={type(data).__name__}{said}; {WANTED}")

    def __len__(self) -> int:
        """The number of batches of a pass; 0 if it is not known."""
        return len(self._source) if isinstance(self._source, Sized) else 0

    def mark(self) -> None:
        """Note in the settings which numbers the arrays hold, for a checkpoint."""
        if isinstance(self._source, Batches):
            self.settings["data"] = mark_of(self._source.X, self._source.y)

    def batches(self, number: int, skip: int = 0) -> Iterator[tuple[Any, Any]]:
        """The batches of a pass, without the first ones.

        Raises:
            ArgumentError: there are none, or one is not a pair.
        """
        if isinstance(self._source, Batches):
            self._source.epoch = self.settings["first pass"] + number
            return iter(self._source) if skip == 0 else itertools.islice(self._source, skip, None)
        return self._pairs(number, skip)

    def _pairs(self, number: int, skip: int) -> Iterator[tuple[Any, Any]]:
        """The batches of other data, each a pair."""
        count = 0
        for batch in self._source() if callable(self._source) else self._source:
            count += 1
            if count <= skip:
                continue
            if not isinstance(batch, (tuple, list)) or len(batch) != 2:
                raise ArgumentError(f"{self._asker}: a batch is {type(batch).__name__}, not a pair (X, y); {WANTED}")
            yield batch  # type: ignore[misc]  # a pair
        if count == 0:
            raise ArgumentError(f"{self._asker}: the data gives no batches in pass {number + 1}; {WANTED}")


def mark_of(*arrays: Any) -> list[Any]:
    """What tells arrays from others: for each its type, its shape and a checksum.

    Of a large one, only the first row, the last one and some between are read. Nothing
    is read of a Dask array: it would be computed.

    >>> mark_of(np.zeros(3))
    [['float64', [3], 2747386400]]
    """
    return [[str(x.dtype), list(x.shape), _checksum(x)] for x in arrays]


def _checksum(x: Any) -> int:
    if not isinstance(x, np.ndarray):
        return 0
    if x.nbytes > MARKED and len(x) > ROWS:
        x = x[np.linspace(0, len(x) - 1, ROWS).astype(int)]
    return zlib.crc32(np.ascontiguousarray(x).tobytes())


def rows_of(X: Any, y: Any) -> int:
    """The number of rows in a batch: the length of y, or else of X; 1 for numbers."""
    try:
        return len(y)
    except TypeError:  # a number, or an array of shape ()
        return _length(X) or 1


def _are_arrays(data: Any) -> bool:
    """Whether it is a pair of arrays, and not of batches."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        return False
    return all(hasattr(x, "shape") or (isinstance(x, list) and not _is_batch(x)) for x in data)


def _is_batch(x: Any) -> bool:
    return len(x) == 2 and all(hasattr(part, "shape") for part in x)


def _length(x: Any) -> int:
    shape = getattr(x, "shape", None)
    if shape is not None:
        return int(shape[0]) if shape else 0
    return len(x) if isinstance(x, Sized) else 0
