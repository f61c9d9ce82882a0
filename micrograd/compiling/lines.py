"""Lines: a program as loops over arrays.

A `Line` says for each point of its domain: an element of the target is, or grows by,
what a term gives there. `x @ y`, a sum over an axis, a broadcast, a slice and a gather
are all one line of this form.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.maps import Map, Sizes, is_each_once
from micrograd.compiling.terms import Read, Terms, reads_of, replaced

ALIGNED = 64  # bytes: where a vector of any processor, and a line of its cache, begins
APART = 3 * ALIGNED  # bytes between arrays: those that are a page apart slow each other down


class Buffer:
    """An array of a program, flat.

    Attributes:
        name: what printed programs call it.
        size: how many elements it has.
        kind: "state" (numbers of the caller's values), "constants", "argument",
            "inner" (made by lines), "gradient" (of another buffer).
        of: for a gradient, the buffer that it is the gradient of.
        dtype: "float64" or "float32".
        is_weak: it holds Python's numbers, which do not make a float32 beside them a
            float64.
    """

    __slots__ = ("dtype", "is_weak", "kind", "name", "of", "shape", "size")

    def __init__(self, name: str, size: int, kind: str = "inner", of: Any = None, dtype: str = "") -> None:
        self.name = name
        self.size = size
        self.kind = kind
        self.of = of
        self.dtype = dtype or (of.dtype if of is not None else "float64")
        self.is_weak = of is not None and of.is_weak
        self.shape: Sizes = (size,)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}: {self.size}>"


class Line:
    """target[place]  =  or +=  term, at each point of a domain.

    Along axes where the target stays at one element, the terms are added up.

    Attributes:
        target: the buffer that is written.
        place: which element of it.
        sizes: of the domain.
        term: what is computed at each point.
        grows: whether it is added to what is there (+=).
        reduce: how several points of one element are joined: "sum", "max" or "min".
        start: a term, over the axes that are not added up, with which a sum begins;
            None for 0.
    """

    __slots__ = ("_reads", "grows", "place", "reduce", "sizes", "start", "target", "term")

    def __init__(
        self,
        target: Buffer,
        place: Map,
        sizes: Sizes,
        term: Any,
        grows: bool,
        start: Any = None,
        reduce: str = "sum",
    ) -> None:
        self.target = target
        self.place = place
        self.sizes = sizes
        self.term = term
        self.grows = grows
        self.start = start
        self.reduce = reduce
        self._reads: list[Read] | None = None

    @property
    def summed(self) -> tuple[int, ...]:
        """The axes that are added up."""
        return tuple(a for a in range(len(self.sizes)) if self.place.is_fixed(a))

    def reads(self) -> list[Read]:
        """What it reads, each once."""
        if self._reads is None:
            reads = reads_of(self.term)
            more = [] if self.start is None else reads_of(self.start)
            self._reads = [*reads, *(r for r in more if not any(r is x for x in reads))]
        return self._reads

    def split(self, axis: int, inner: int) -> Line:
        """The same with an axis cut in two, the second of this size."""
        sizes = (*self.sizes[:axis], self.sizes[axis] // inner, inner, *self.sizes[axis + 1 :])

        def cut(read: Read) -> Read:
            return read.table.read(read.buffer, read.place.split(axis, inner))

        start = None if self.start is None else replaced(self.start, cut)
        return Line(
            self.target, self.place.split(axis, inner), sizes, replaced(self.term, cut), self.grows, start, self.reduce
        )

    def backwards(self) -> Line:
        """The same, where what is added up is taken from last to first."""
        line = self
        for axis in self.summed if self.writes_each_once() else range(len(self.sizes)):
            line = line._flipped(axis)
        return line

    def elements(self) -> Any:
        """The elements that it writes, each as often as it is set."""
        kept = [a for a in range(len(self.sizes)) if a not in self.summed]
        return self.place.taken(kept).indices(tuple(self.sizes[a] for a in kept)).reshape(-1)

    def writes_each_once(self) -> bool:
        """Whether it comes to each element but once, apart from sums."""
        return is_each_once(self.elements())

    def _flipped(self, axis: int) -> Line:
        size = self.sizes[axis]

        def flip(read: Read) -> Read:
            return read.table.read(read.buffer, read.place.flipped(axis, size))

        place = self.place.flipped(axis, size)
        return Line(self.target, place, self.sizes, replaced(self.term, flip), self.grows, None, self.reduce)

    def __repr__(self) -> str:
        here = f"{self.target.name}[{self.place.offset}{self.place.strides}]"
        sign = "+=" if self.grows else "="
        start = "" if self.start is None else f"{self.start!r} + "
        return f"{here} {sign} {start}{self.term!r}  {self.sizes}"


class Program:
    """Lines in order, and what they read and write.

    Attributes:
        lines: in the order in which they run.
        buffers: by name.
        terms: where terms of this program are made.
        constants: the numbers of the buffer "constants".
        arrays: constant arrays, flat, by the name of their buffer.
        theta: for each element of the buffer "theta", the number of the state on the
            tape that it holds.
    """

    def __init__(self, exact: bool = False) -> None:
        self.terms = Terms(exact)
        self.lines: list[Line] = []
        self.buffers: dict[str, Buffer] = {}
        self.constants: list[float] = []
        self.arrays: dict[str, Any] = {}
        self.theta: list[int] = []

    def new(self, name: str, size: int, kind: str = "inner", of: Any = None, dtype: str = "") -> Buffer:
        """A new buffer of this program."""
        self.buffers[name] = buffer = Buffer(name, size, kind, of, dtype)
        return buffer

    def array(self, numbers: Any) -> Buffer:
        """A buffer that holds this constant array."""
        dtype = "float32" if numbers.dtype == np.float32 else "float64"
        buffer = self.new(f"c{len(self.arrays)}", numbers.size, "constants", dtype=dtype)
        buffer.shape = tuple(numbers.shape)
        self.arrays[buffer.name] = np.array(numbers, dtype).reshape(-1)
        return buffer

    def constant(self, values: Sequence[float]) -> int:
        """Where in the constants these numbers begin."""
        self.constants += values
        return len(self.constants) - len(values)

    def memory(self, without: Container[str] = ()) -> dict[str, Any]:
        """The arrays of one call, flat, by the name of the buffer.

        Args:
            without: names of buffers that need none.
        """
        own = {name: b for name, b in self.buffers.items() if name not in self.arrays and name not in without}
        arrays = zeros({name: (b.size, b.dtype) for name, b in own.items()})
        if self.constants:
            arrays["constants"][:] = self.constants
        return arrays | self.arrays


def zeros(wanted: dict[str, tuple[int, str]]) -> dict[str, Any]:
    """Flat arrays of zeros in one block of memory, by name, each aligned for vectors.

    Args:
        wanted: how many elements of which dtype.
    """
    starts, end = [], 0
    for size, dtype in wanted.values():
        starts.append(end)
        end += size * np.dtype(dtype).itemsize + APART
        end += -end % ALIGNED
    block = np.zeros(end + ALIGNED, np.uint8)
    first = -block.ctypes.data % ALIGNED
    return {
        name: np.frombuffer(block, dtype, size, first + start)
        for start, (name, (size, dtype)) in zip(starts, wanted.items(), strict=True)
    }
