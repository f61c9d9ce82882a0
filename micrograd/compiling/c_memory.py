"""What exported C is called with, and what it keeps between its calls."""

from __future__ import annotations

from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.compiling.c_lines import c_type
from micrograd.compiling.c_names import identifier
from micrograd.compiling.c_text import array, index_from, loop
from micrograd.compiling.held import Home
from micrograd.compiling.lines import Buffer
from micrograd.errors import CaptureError

DOORS = ("step", "forward", "gradient", "gradients", "parameters")  # names of functions that there are
NO_CALLS = (
    "export_c: the step tells a schedule or an average of it, and these run in Python;\n"
    "call it outside of the function; the C has a function for the learning rate, to be set"
)


class Argument(NamedTuple):
    """An argument of the C functions.

    Attributes:
        name: in C.
        buffer: that it is, or a part of.
        start: where in the buffer it begins.
        shape: of what Python is given.
    """

    name: str
    buffer: Buffer
    start: int
    shape: tuple[int, ...]

    @property
    def is_number(self) -> bool:
        """Whether it is given by itself, not as an array."""
        return not self.shape

    def __str__(self) -> str:
        kind = c_type(self.buffer.dtype)
        return f"{kind} {self.name}" if self.is_number else f"const {kind} *{self.name}"


class Block(NamedTuple):
    """Parameters that lie beside each other.

    Attributes:
        buffer: of the program.
        ending: of the array that they lie in: "" or "_float".
        start: the first of them in it.
        states: one for each number, or one array.
    """

    buffer: Buffer
    ending: str
    start: int
    states: list[Any]

    @property
    def size(self) -> int:
        """How many numbers they are."""
        return self.buffer.size


class Kept(NamedTuple):
    """What a step keeps outside of all parameters, as the state of an optimiser.

    Attributes:
        name: of its static array.
        buffer: of the program, an argument.
        home: where Python has it.
        numbers: what it holds now.
    """

    name: str
    buffer: Buffer
    home: Home
    numbers: Any

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return len(self.numbers)

    def __str__(self) -> str:
        return array(f"static {c_type(self.buffer.dtype)} {self.name}", self.numbers)


def kept_by(plan: Any, buffers: dict[str, Buffer], first: int, taken: set[str]) -> list[Kept]:
    """All that a step keeps.

    Args:
        plan: the program.
        buffers: its buffers.
        first: the number of the first argument that is not the caller's.
        taken: names that are used already; new ones are added.
    """
    found = []
    for k, (hold, now) in enumerate(zip(plan.held, plan.numbers_held(), strict=True), first):
        buffer = buffers.get(f"arg{k}")
        if buffer is not None:
            name = hold.home.name
            name = identifier(f"{name}_of_optimizer" if name in DOORS else name, k, taken)
            found.append(Kept(name, buffer, hold.home, np.array(now, buffer.dtype).reshape(-1)))
    return found


def check_puts(plan: Any) -> None:
    """Refuse what is done at the end of a call, and is not written anywhere.

    Raises:
        CaptureError: there is something.
    """
    if any(put.home is None for put in plan.puts):
        raise CaptureError(NO_CALLS)


def written_back(plan: Any, buffers: dict[str, Buffer], kept: list[Kept], results: int) -> list[str]:
    """Statements that put what a step has computed where it is kept.

    Args:
        plan: the program.
        buffers: its buffers.
        kept: all that it keeps.
        results: how many results the caller gets; others come after them.
    """
    statements = []
    starts = plan.starts[results:]
    puts = [(put, "results", starts[i], starts[i + 1] - starts[i]) for i, put in enumerate(plan.puts)]
    puts += [(put, name, 0, buffers[name].size) for name, put in plan.apart.items()]
    for put, source, start, size in puts:
        for place in kept:
            if put.number and place.home.is_that_of(put.home):
                given = buffers["outputs" if source == "results" else source].dtype
                cast = "" if given == place.buffer.dtype else f"({c_type(place.buffer.dtype)})"
                to, index = index_from(put.start), index_from(start)
                statements.append(loop(size, f"{place.name}[{to}] = {cast}{source}[{index}];"))
    return statements
