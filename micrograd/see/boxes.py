"""The boxes of a folded picture: single values, and groups that are closed.

A picture closes as little as fits. First each call of a module without modules in it is
a box, as of a neuron; then each call of a module with no more than one level in it, as
of a layer; and so on, up to each sample and all samples. Where that is still too much,
the boxes nearest to the root stay, and one box stands for the others.
"""

from __future__ import annotations

from typing import NamedTuple

from micrograd.see.groups import Group, Groups
from micrograd.see.listed import Listed

LEVELS = ("value", "module", "sample", "all")
ARROWS = 4  # from the box of all parameters; where it would have more, the boxes say how many they use


class Box(NamedTuple):
    """A box.

    Attributes:
        nodes: its nodes, in the order of the graph.
        group: the group that it stands for; None for a single value.
        parameters: how many parameters it uses, where no arrow shows that.
        outputs: those of its nodes that others use.
    """

    nodes: list[int]
    group: Group | None
    parameters: int
    outputs: list[int]


class Boxes:
    """The boxes of a picture and the arrows between them.

    Attributes:
        boxes: in the order of their last nodes.
        inputs: for each box the boxes that it uses, each once, in their order.

    Args:
        graph: the graph.
        groups: its groups.
        level: what is closed; one of LEVELS.
        most: how many boxes there may be; None for any number.
        height: at the level of modules, how many levels of them a box may have in it.
    """

    def __init__(self, graph: Listed, groups: Groups, level: str, most: int | None = None, height: int = 0) -> None:
        keys = _keys(groups, level, height)
        if most is not None and len(set(keys)) > most:
            keys = _nearest(graph, keys, most)
        last = {key: i for i, key in enumerate(keys)}
        place = {key: k for k, key in enumerate(sorted(last, key=last.__getitem__))}
        of = [place[key] for key in keys]
        nodes: list[list[int]] = [[] for _ in place]
        used: list[dict[int, None]] = [{} for _ in place]
        outputs: list[dict[int, None]] = [{} for _ in place]
        for i, inputs in enumerate(graph.inputs):
            nodes[of[i]].append(i)
            for j in inputs:
                if of[j] != of[i]:
                    used[of[i]][of[j]] = None
                    outputs[of[j]][j] = None
        outputs[of[-1]][len(graph) - 1] = None
        kinds: list[Group | None] = [None] * len(place)
        for key, k in place.items():
            kinds[k] = _group(groups, key, len(nodes[k]))
        self.boxes = [Box(n, g, 0, sorted(o)) for n, g, o in zip(nodes, kinds, outputs, strict=True)]
        self.inputs = [list(u) for u in used]
        self._hide_parameters(graph, of)

    def __len__(self) -> int:
        return len(self.boxes)

    def _hide_parameters(self, graph: Listed, of: list[int]) -> None:
        """A box of all parameters with many arrows says less than a number in each box
        that uses some.
        """
        hidden = [k for k, box in enumerate(self.boxes) if box.group is not None and box.group.kind == "parameters"]
        if not hidden or sum(hidden[0] in inputs for inputs in self.inputs) <= ARROWS:
            return
        (box,) = hidden
        for k, inputs in enumerate(self.inputs):
            if box in inputs:
                inputs.remove(box)
                used = {j for i in self.boxes[k].nodes for j in graph.inputs[i] if of[j] == box}
                self.boxes[k] = self.boxes[k]._replace(parameters=len(used))
        del self.boxes[box], self.inputs[box]
        self.inputs = [[j - (j > box) for j in inputs] for inputs in self.inputs]


def fitting(graph: Listed, groups: Groups, start: str, most: int | None) -> Boxes:
    """The boxes with as little closed as fits, from a level on."""
    tallest = max(_heights(groups), default=0)
    for level in LEVELS[LEVELS.index(start) :]:
        for height in range(tallest + 1 if level == "module" else 1):
            # The box of all parameters may be left out.
            if most is None or len(set(_keys(groups, level, height))) <= most + 1:
                boxes = Boxes(graph, groups, level, height=height)
                if most is None or len(boxes) <= most:
                    return boxes
    return Boxes(graph, groups, LEVELS[-1], most)


def _keys(groups: Groups, level: str, height: int) -> list[int]:
    """For each node what box it is in: its own place, or -1 - the place of a group."""
    closed: list[int | None] = []
    for k, (group, own) in enumerate(zip(groups.groups, _heights(groups), strict=True)):
        around = closed[group.parent] if group.parent >= 0 else None
        closes = _closes(group, level) and (level != "module" or own <= height)
        closed.append(around if around is not None else k if closes else None)
    return [i if k < 0 or (box := closed[k]) is None else -1 - box for i, k in enumerate(groups.of)]


def _closes(group: Group, level: str) -> bool:
    if level in ("value", "all"):
        return level == "all"
    return group.kind != "samples" and (group.kind != "sample" or level == "sample")


def _heights(groups: Groups) -> list[int]:
    """For each group how many levels of modules there are in it."""
    heights = [0] * len(groups.groups)
    for k in range(len(heights) - 1, -1, -1):  # parents stand before what is in them
        group = groups.groups[k]
        if group.kind == "module" and group.parent >= 0:
            heights[group.parent] = max(heights[group.parent], heights[k] + 1)
    return [h if group.kind == "module" else 0 for h, group in zip(heights, groups.groups, strict=True)]


def _nearest(graph: Listed, keys: list[int], most: int) -> list[int]:
    """The same with one box, of key REST, in place of those that are farthest from the
    root.
    """
    used: dict[int, dict[int, None]] = {}
    for i, inputs in enumerate(graph.inputs):
        used.setdefault(keys[i], {}).update(dict.fromkeys(keys[j] for j in inputs))
    kept = {keys[-1]: None}
    queue = [keys[-1]]
    for key in queue:
        for other in used[key]:
            if other not in kept and len(kept) < most - 1:
                kept[other] = None
                queue.append(other)
    rest = len(keys)
    return [key if key in kept else rest for key in keys]


def _group(groups: Groups, key: int, count: int) -> Group | None:
    if key < 0:
        return groups.groups[-1 - key]
    return Group(f"{count:,} more values", "rest") if key == len(groups.of) else None
