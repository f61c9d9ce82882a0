"""The DOT text of a folded picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from micrograd.engine import Value
from micrograd.see import slopes, tree
from micrograd.see.boxes import Boxes, fitting
from micrograd.see.choices import Options
from micrograd.see.dot import clipped, data_field, field
from micrograd.see.groups import Groups
from micrograd.see.listed import Listed
from micrograd.see.wording import counted

STARTS = {"auto": "module", "module": "module", "sample": "sample", None: "value"}
MOST = 60  # values of a graph that is drawn in full without a request
READABLE = 24  # boxes of one that is folded without a request
DECADES = 4  # of gradients, from white to the full colour
FULL = (0xFF, 0x9D, 0x3C)
NOT_FINITE = "#ff8080"
TREE_LINES = 1000  # of a tree that is shown without a request


class Picture:
    """A graph with all that a picture needs, each found when it is asked for.

    Args:
        root: the Value to draw.
        options: what to show.
    """

    def __init__(self, root: Value, options: Options) -> None:
        self.options = options
        self.graph = Listed(root)
        self._groups = None if options.model is None else Groups(self.graph, options.model)
        self.notes: list[str] = []
        self.gradients: list[Any] = slopes.stored(self.graph)
        self.are_computed = bool(options.grad or options.color) and slopes.is_missing(self.graph)
        if self.are_computed:
            self.gradients = slopes.computed(self.graph)
            self.notes.append("gradients computed for this picture: backward() was not called")

    @property
    def groups(self) -> Groups:
        """The groups of the graph; a small one without a model needs none."""
        if self._groups is None:
            self._groups = Groups(self.graph)
        return self._groups

    def boxes(self, most: int | None = None) -> Boxes | None:
        """The boxes of the folded picture; None where it is drawn in full.

        Args:
            most: how many boxes there may be where no number was asked for.
        """
        size, fold = len(self.graph), self.options.fold
        limit = self.options.max_nodes or most
        if fold == "auto":
            if size <= (limit or MOST) and size <= MOST:
                return None
            has_modules = any(group.kind == "module" for group in self.groups.groups)
            limit = self.options.max_nodes or (READABLE if has_modules else most)
        if fold in ("auto", None) and (limit is None or size <= limit):
            return None
        boxes = fitting(self.graph, self.groups, STARTS[fold], limit)
        if len(boxes) < size:
            is_asked_for = self.options.max_nodes is None and fold is not None
            more = "fold=None draws them all" if is_asked_for else "a larger max_nodes draws more"
            self.notes.insert(0, f"{size:,} values in {len(boxes):,} boxes; {more}")
        return boxes

    def color(self) -> Callable[[Any], str]:
        """What gives the attributes of a box for its gradient."""
        return shades(self.gradients) if self.options.color else lambda gradient: ""

    def dot_lines(self, boxes: Boxes) -> Iterator[str]:
        """The lines of a folded picture, between the first and the last."""
        color = self.color()
        for k, box in enumerate(boxes.boxes):
            i = box.outputs[-1]
            symbol = ""
            gradient = self.gradients[i]
            has_gradient = not self.graph.is_constant[i] and self.options.grad is not False
            numbers = [data_field(self.graph.data(i))]
            if has_gradient:
                numbers.append(field("grad ", 0.0 if gradient is None else gradient))
            if box.group is None:
                symbol = self.graph.symbol(i)
                fields = [f"{clipped(self.groups.labels.get(i, ''))} ", *numbers]
            else:
                fields = [
                    f"{clipped(box.group.name)} ",
                    *self._counts(box),
                    *(numbers if len(box.outputs) == 1 else []),
                ]
                gradient = max((self.gradients[j] for j in box.outputs), key=_size)
            shape = "record" if box.group is None else "Mrecord"
            yield from node_lines(k, fields, symbol, boxes.inputs[k], color(gradient), shape)

    def _counts(self, box: Any) -> list[str]:
        count = [f"{counted(len(box.nodes), 'value')} "] if box.group.kind in ("samples", "sample", "module") else []
        return count + ([f"{counted(box.parameters, 'parameter')} "] if box.parameters else [])

    def tree(self) -> tree.Tree:
        """The picture as text."""
        boxes = self.boxes(TREE_LINES) or Boxes(self.graph, self.groups, "value")
        gradients = None if self.options.grad is False else self.gradients
        return tree.Tree(tree.text(self.graph, self.groups, boxes, gradients, self.notes))


def node_lines(
    name: int, fields: Sequence[str], symbol: str, inputs: Sequence[int], attributes: str = "", shape: str = "record"
) -> Iterator[str]:
    """The DOT lines of a box, of the op that made it, and of the arrows into it."""
    yield f'    {name} [label="{{ {"| ".join(fields)}}}" shape={shape}{attributes}]'
    if symbol:
        yield f'    op{name} [label="{clipped(symbol)}"]'
        yield f"    op{name} -> {name}"
    # A node that the user made may have inputs and no op.
    user = f"op{name}" if symbol else f"{name}"
    for x in inputs:
        yield f"    {x} -> {user}"


def shades(gradients: Sequence[Any]) -> Callable[[Any], str]:
    """What gives the colour of a gradient: white for 0, orange for the largest, a
    quarter less for each power of ten in between.
    """
    sizes = [_size(g) for g in gradients]
    largest = max((size for size in sizes if math.isfinite(size)), default=0.0)

    def shade(gradient: Any) -> str:
        size = _size(gradient)
        if not math.isfinite(size):
            return f' style=filled fillcolor="{NOT_FINITE}"'
        share = max(0.0, 1 + math.log10(size / largest) / DECADES) if size > 0 and size / largest > 0 else 0.0
        red, green, blue = (round(255 + (full - 255) * share) for full in FULL)
        return f' style=filled fillcolor="#{red:02x}{green:02x}{blue:02x}"'

    return shade


def _size(gradient: Any) -> float:
    """How large a gradient is; inf for an int or a fraction beyond all floats."""
    try:
        return slopes.magnitude(gradient)
    except OverflowError:
        return math.inf
