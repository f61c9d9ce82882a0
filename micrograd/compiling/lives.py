"""Lives: buffers of which one is needed no more before another is written lie in the
same memory, which is still in a cache then.

What a call leaves for `backward()` stays until that has run, as it may run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.lines import Buffer, Line
from micrograd.compiling.maps import is_whole
from micrograd.compiling.opaque import Opaque

SMALLEST = 64  # elements: smaller buffers fill no cache
LARGEST = 2**20  # elements of a buffer whose parts are written by several lines
KINDS = {"inner", "gradient"}


class _Life:
    """When a buffer is used.

    Attributes:
        buffer: it.
        first: the number of the line that uses it first.
        last: that of the last one.
        written: for each element, whether a line has set it; None where all are set.
    """

    __slots__ = ("buffer", "first", "last", "written")

    def __init__(self, buffer: Buffer, first: int) -> None:
        self.buffer = buffer
        self.first = self.last = first
        self.written: Any = np.zeros(buffer.size, bool)


def homes_of(forward: Sequence[Line], back: Sequence[Line], kept: set[str]) -> dict[str, str]:
    """For some buffers, by name, the buffer in whose memory they lie.

    Args:
        forward: the lines of a call, as they run.
        back: those of `backward()`.
        kept: names of buffers that somebody reads afterwards.
    """
    lives = _lives([*forward, *back], len(forward), kept)
    ends: dict[int, list[_Life]] = {}
    free: dict[tuple[int, str], list[str]] = {}
    homes: dict[str, str] = {}
    end = 0
    for life in sorted(lives, key=lambda life: life.first):
        for i in range(end, life.first):
            for other in ends.get(i, ()):
                name = other.buffer.name
                free.setdefault((other.buffer.size, other.buffer.dtype), []).append(homes.get(name, name))
        end = max(end, life.first)
        there = free.get((life.buffer.size, life.buffer.dtype))
        if there:
            homes[life.buffer.name] = there.pop()  # the one that was used last
        ends.setdefault(life.last, []).append(life)
    return homes


def _lives(lines: Sequence[Line], start_of_back: int, kept: set[str]) -> list[_Life]:
    """The lives of all buffers that lines write before they read them."""
    lives: dict[str, _Life] = {}
    barred = set(kept)
    for i, line in enumerate(lines):
        reads = [read.buffer for read in line.reads()]
        if isinstance(line, Opaque):  # it finds its arrays by itself
            barred |= {buffer.name for buffer in [line.target, *reads]}
            continue
        for buffer in [*reads, *([line.target] if line.grows else [])]:
            if buffer.kind in KINDS and buffer.name not in barred:
                life = lives.get(buffer.name)
                if life is None or life.written is not None:  # it reads what was there before
                    barred.add(buffer.name)
                else:
                    life.last = i
        target = line.target
        if target.kind in KINDS and target.size >= SMALLEST and target.name not in barred:
            life = lives.setdefault(target.name, _Life(target, i))
            life.last = i
            _note(life, line)
    found = [life for name, life in lives.items() if name not in barred]
    for life in found:
        if life.first < start_of_back <= life.last:
            life.last = len(lines)
    return found


def _note(life: _Life, line: Line) -> None:
    """Note which elements a line sets."""
    if life.written is None:
        return
    sizes = tuple(1 if a in line.summed else n for a, n in enumerate(line.sizes))
    if is_whole(line.place, sizes, life.buffer.size):
        life.written = None
    elif life.buffer.size <= LARGEST:
        life.written[line.elements()] = True
        if life.written.all():
            life.written = None
