"""Places: arrays that a NumPy program reads and writes, as views of its memory.

A view is named once, by the buffer and its shape, and made once for each workspace.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from micrograd.compiling.groups import contiguous

SCRATCH = "memory"  # the base of temporary arrays
ALIGNMENT = 64  # bytes
BYTES = {"float64": 8, "float32": 4, "bool": 1}
Sizes = tuple[int, ...]


class Place(NamedTuple):
    """A view, with an axis for each axis of the domain.

    Attributes:
        base: the buffer; or SCRATCH.
        offset: of its first element, in elements; in bytes where base is SCRATCH.
        shape: 1 along axes where it stays at the same elements.
        strides: in elements, 0 where the shape is 1.
        dtype: "float64", "float32" or "bool".
        is_weak: it holds Python's numbers, which do not make a float32 beside them a
            float64.
    """

    base: str
    offset: int
    shape: Sizes
    strides: Sizes
    dtype: str
    is_weak: bool

    @property
    def size(self) -> int:
        """How many elements it shows."""
        return math.prod(self.shape)

    @property
    def is_scratch(self) -> bool:
        """Whether it is a temporary array."""
        return self.base == SCRATCH

    def reshaped(self, shape: Sizes, strides: Sizes) -> Place:
        """The same elements along other axes."""
        return self._replace(shape=shape, strides=strides)

    def at(self, axis: int, index: int) -> Place:
        """One step along an axis, which gets the length 1."""
        step = index * self.strides[axis] * (BYTES[self.dtype] if self.is_scratch else 1)
        one = [1 if a == axis else n for a, n in enumerate(self.shape)]
        still = [0 if a == axis else s for a, s in enumerate(self.strides)]
        return self._replace(offset=self.offset + step, shape=tuple(one), strides=tuple(still))


def dense(shape: Sizes) -> Sizes:
    """The strides of elements one after the other, 0 along axes of length 1."""
    return tuple(0 if n == 1 else s for n, s in zip(shape, contiguous(shape), strict=True))


class Names:
    """The names of views, and the text that makes them.

    Attributes:
        text: a statement for each view.
    """

    def __init__(self) -> None:
        self.text: list[str] = []
        self._known: dict[Place, str] = {}
        self._taken: set[str] = set()

    def of(self, place: Place, size: int) -> str:
        """The name of a view.

        Args:
            place: the view.
            size: how many elements its base has.
        """
        place = place._replace(is_weak=False)
        if place.base != SCRATCH and place.offset == 0 and place.shape == (size,) and place.strides in ((1,), (0,)):
            return place.base
        if place not in self._known:
            stem = "t" if place.is_scratch else place.base
            stem = f"{stem}_{'x'.join(map(str, place.shape)) or 'number'}"
            name, k = stem, 2
            while name in self._taken:
                name, k = f"{stem}_{k}", k + 1
            self._taken.add(name)
            self._known[place] = name
            width = BYTES[place.dtype]
            start = place.offset if place.is_scratch else place.offset * width
            steps = tuple(s * width for s in place.strides)
            self.text.append(f"{name} = ndarray({place.shape}, {place.dtype!r}, {place.base}, {start}, {steps})")
        return self._known[place]


class Scratch:
    """Where temporary arrays lie: those of one line beside each other.

    Attributes:
        size: bytes that are needed.
    """

    def __init__(self) -> None:
        self.size = 0
        self._top = 0
        self._free: dict[int, list[int]] = {}

    def clear(self) -> None:
        """Begin a line."""
        self._top = 0
        self._free = {}

    def take(self, shape: Sizes, dtype: str) -> Place:
        """A new temporary array."""
        room = _room(shape, dtype)
        free = self._free.get(room)
        if free:
            offset = free.pop()
        else:
            offset = self._top
            self._top += room
            self.size = max(self.size, self._top)
        return Place(SCRATCH, offset, shape, dense(shape), dtype, False)

    def give_back(self, place: Place) -> None:
        """Let others have the memory of a temporary array."""
        self._free.setdefault(_room(place.shape, place.dtype), []).append(place.offset)


def _room(shape: Sizes, dtype: str) -> int:
    return -(-math.prod(shape) * BYTES[dtype] // ALIGNMENT) * ALIGNMENT
