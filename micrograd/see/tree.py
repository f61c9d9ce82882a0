"""A graph as a tree of text, for a terminal: a node below each that uses it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from micrograd.see.boxes import Boxes
from micrograd.see.files import write_text
from micrograd.see.groups import Groups
from micrograd.see.listed import Listed
from micrograd.see.numerals import clean, in_line

GAP = "  "


class Tree:
    """A graph as text. Printed, or as the last line of a cell, it shows the text.

    Args:
        source: the text.
    """

    def __init__(self, source: str) -> None:
        self.source = source

    def __str__(self) -> str:
        return self.source

    __repr__ = __str__

    def save(self, path: str | Path) -> Path:
        """Write the text to a file. Returns the path.

        Raises PictureFileError where it cannot be written, DrawError where the suffix
        is that of a picture or a page.
        """
        return write_text(path, f"{self.source}\n", "a tree of text", ".txt")


def text(graph: Listed, groups: Groups, boxes: Boxes, gradients: list[Any] | None, notes: list[str]) -> str:
    """The tree of the boxes.

    A box that several others use is told once, and referred to after that.

    Args:
        graph: the graph.
        groups: its groups, for the labels.
        boxes: what is shown.
        gradients: the gradients of the nodes; None to leave them out.
        notes: lines below the tree.
    """
    rows: list[tuple[str, ...]] = []
    told: set[int] = set()
    stack = [(len(boxes) - 1, "", "")]
    while stack:
        k, first, later = stack.pop()
        head, cells = _row(graph, groups, boxes, k, gradients)
        if k in told:
            rows.append((f"{first}{head.partition(' = ')[0]}{GAP}(above)",))
            continue
        told.add(k)
        rows.append((first + head, *cells))
        below = _below(graph, boxes, k)
        branches = [(j, f"{later}├─ ", f"{later}│  ") for j in below[:-1]]
        branches += [(j, f"{later}└─ ", f"{later}   ") for j in below[-1:]]
        stack += branches[::-1]
    return "\n".join([*_aligned(rows), *notes])


def _below(graph: Listed, boxes: Boxes, k: int) -> list[int]:
    """The boxes that a box uses: each once, but one value twice in `a + a`."""
    box = boxes.boxes[k]
    if box.group is not None:
        return boxes.inputs[k]
    uses = Counter(graph.inputs[box.nodes[0]])
    single = [boxes.boxes[j].nodes[0] if boxes.boxes[j].group is None else -1 for j in boxes.inputs[k]]
    return [j for j, i in zip(boxes.inputs[k], single, strict=True) for _ in range(max(1, uses[i]))]


def _row(graph: Listed, groups: Groups, boxes: Boxes, k: int, gradients: list[Any] | None) -> tuple[str, list[str]]:
    box = boxes.boxes[k]
    i = box.outputs[-1] if box.outputs else box.nodes[-1]
    if box.group is None:
        if graph.is_constant[i]:
            label = clean(groups.labels.get(i, ""))
            value = in_line(graph.data(i))
            return (f"{label} = {value}" if label else value), ["constant"]
        name = clean(groups.labels.get(i, "")) or f"#{i}"
        symbol = clean(graph.symbol(i))
        head = f"{name} = {symbol}" if symbol else name
    else:
        head = clean(box.group.name)
    if box.group is not None and len(box.outputs) != 1:
        return head, [] if box.group.kind in ("parameters", "rest") else [f"{len(box.nodes):,} values"]
    cells = [f"data {in_line(graph.data(i))}"]
    if gradients is not None:
        cells.append(f"grad {in_line(gradients[i])}")
    return head, cells


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    columns = max(map(len, rows))
    widths = [max((len(row[c]) for row in rows if len(row) > c), default=0) for c in range(columns)]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=False)] for row in rows]
    return [GAP.join(cells).rstrip() for cells in padded]
