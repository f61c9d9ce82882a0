"""Views: what a read sees of an array, as NumPy says it: slices, transposes, axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from micrograd.compiling.groups import contiguous
from micrograd.compiling.layout import Block
from micrograd.compiling.maps import Map, Sizes

ATOM, POWER, SIGN, PRODUCT, MATMUL, SUM, COMPARISON = range(7, 0, -1)  # how tightly a text holds together
Axes = tuple[int, ...]


class NoMatrixFormError(Exception):
    """A line can be written with indices alone."""


class View(NamedTuple):
    """What a read sees, as NumPy says it.

    Attributes:
        text: the expression.
        axes: the axis of the line that each of its axes is.
        full: another expression, which keeps axes of length 1.
        full_axes: its axes, where one of length 1 is -1.
    """

    text: str
    axes: Axes
    full: str
    full_axes: Axes


class Text(NamedTuple):
    """An expression, and how tightly it holds together."""

    text: str
    level: int

    def within(self, level: int) -> str:
        """The text as an operand of an operator of this level."""
        return self.text if self.level >= level else f"({self.text})"


def digits_of(block: Block, place: Map, sizes: Sizes) -> list[tuple[int, ...]] | None:
    """Per axis of a block where a map begins, and which axis of the line runs along it
    and by how much; None where an axis runs along none, or two along one.
    """
    rest = place.offset - block.start
    steps = contiguous(block.shape)
    found: list[tuple[int, ...]] = []
    for step in steps:
        first, rest = divmod(rest, step)
        found.append((first,))
    for axis, stride in enumerate(place.strides):
        if not stride or sizes[axis] == 1:
            continue
        fits = [d for d, step in enumerate(steps) if block.shape[d] > 1 and stride % step == 0 and abs(stride) >= step]
        if not fits:
            return None
        d = fits[0]
        last = found[d][0] + stride // steps[d] * (sizes[axis] - 1)
        if len(found[d]) > 1 or not 0 <= last < block.shape[d]:
            return None
        found[d] = (found[d][0], axis)
    return found


def sliced(name: str, shape: Sizes, found: list[tuple[int, ...]], place: Map, sizes: Sizes) -> View:
    """A view along the axes of a block."""
    index: list[str] = []
    full: list[str] = []
    axes: list[int] = []
    full_axes: list[int] = []
    for dim, step, length in zip(found, contiguous(shape), shape, strict=True):
        if len(dim) == 1:
            index.append(str(dim[0]))
            full.append(":" if length == 1 else str(dim[0]))
            if length == 1:
                full_axes.append(-1)
            continue
        first, axis = dim
        text = _slice(first, place.strides[axis] // step, sizes[axis], length)
        index.append(text)
        full.append(text)
        axes.append(axis)
        full_axes.append(axis)
    return View(name + _index(index), tuple(axes), name + _index(full), tuple(full_axes))


def _slice(first: int, step: int, count: int, length: int) -> str:
    if step < 0:
        end = first + step * count
        return f"{'' if first == length - 1 else first}:{'' if end < 0 else end}:{step}"
    end = first + step * (count - 1) + 1
    text = f"{first or ''}:{'' if end > length - step else end}"
    return text if step == 1 else f"{text}:{step}"


def _index(index: list[str]) -> str:
    while index and index[-1] == ":":
        index = index[:-1]
    return f"[{', '.join(index)}]" if index else ""


def aligned(view: View, order: Axes) -> Text:
    """A view as an array whose last axes are those of the order, for broadcasting."""
    if view.full_axes and len(view.full_axes) <= len(order):
        last = order[len(order) - len(view.full_axes) :]
        if all(a in (-1, b) for a, b in zip(view.full_axes, last, strict=True)):
            return Text(view.full, ATOM)
    text, axes = view.text, list(view.axes)
    wanted = [a for a in order if a in axes]
    if len(wanted) != len(axes):
        raise NoMatrixFormError
    if wanted != axes:
        text += ".T" if wanted == axes[::-1] else f".transpose({', '.join(str(axes.index(a)) for a in wanted)})"
    return Text(text + spread(wanted, order), ATOM)


def spread(axes: Sequence[int], order: Axes) -> str:
    """The index that puts axes of length 1 where an array lacks those of the order."""
    if not axes:
        return ""
    begun = order[order.index(axes[0]) :]
    index = [":" if a in axes else "None" for a in begun]
    return f"[{', '.join(index)}]" if "None" in index else ""
