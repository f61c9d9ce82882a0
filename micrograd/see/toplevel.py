"""The top level of a graph that is too large for a page: its outermost groups, closed.

Of a group only those nodes stay that others use. What the group adds to a value outside
of it is the sum over all that is inside. So the walk back over what stays still ends
at the gradients.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import Any

from micrograd.see.graph import short

NAMED = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}  # numbers of JSON that are texts
PARTLY = "a part of it"  # of the gradient of an array


def outermost(of: Sequence[int], parents: Sequence[int]) -> list[int]:
    """For each node the outermost group that it is in; -1 for none.

    Args:
        of: for each node the innermost one.
        parents: for each group the one around it.

    >>> outermost([-1, 0, 1], [-1, 0])
    [-1, 0, 0]
    """
    top: list[int] = []
    for k, parent in enumerate(parents):
        top.append(k if parent < 0 else top[parent])
    return [top[k] if k >= 0 else -1 for k in of]


def count_boxes(of: Sequence[int], parents: Sequence[int]) -> int:
    """How many boxes a picture has when all groups are closed."""
    top = outermost(of, parents)
    return sum(k < 0 for k in top) + len({k for k in top if k >= 0})


def top_level(graph: dict[str, Any]) -> dict[str, Any]:
    """The same graph without the inside of its groups.

    A group whose inside is left out has one more key: `count`, how many nodes it had.

    Args:
        graph: "micrograd-graph", version 1.

    >>> from micrograd import Value
    >>> from micrograd.see.graph import data
    >>> x = Value(1.0, label="x")
    >>> whole = data((x + 1.0 + 2.0 + 3.0 + 4.0) * 2.0)
    >>> whole["groups"]
    [{'name': 'sum of 4', 'kind': 'sum', 'parent': -1}]
    >>> top = top_level(whole)
    >>> top["groups"]
    [{'name': 'sum of 4', 'kind': 'sum', 'parent': -1, 'count': 8}]
    >>> top["nodes"]["data"], top["edges"]["adds"]
    ([1.0, 11.0, 2.0, 22.0], {'0': 2})
    """
    return _TopLevel(graph).data()


class _TopLevel:
    """A graph, and what of it is kept."""

    def __init__(self, graph: dict[str, Any]) -> None:
        self._graph = graph
        self._nodes, self._edges = graph["nodes"], graph["edges"]
        self._of = outermost(self._nodes["group"], [group["parent"] for group in graph["groups"]])
        self._is_kept = [k < 0 for k in self._of]
        self._is_reached = [False] * len(self._of)  # by the walk back
        self._is_kept[graph["root"]] = self._is_reached[graph["root"]] = True
        self._from_inside: dict[tuple[int, int], list[int]] = {}  # edges, by the group of the user and the input
        self._last: dict[tuple[int, int], int] = {}  # the last of these users
        self._go_through()
        self._edges_of = self._new_edges()

    def _go_through(self) -> None:
        start, sources = self._edges["start"], self._edges["from"]
        of, adds, local, grad = self._of, self._edges["adds"], self._edges["local"], self._nodes["grad"]
        for i, group in enumerate(of):
            for edge in range(start[i], start[i + 1]):
                j = sources[edge]
                self._is_reached[j] |= str(edge) in adds or (local[edge] is not None and grad[i] is not None)
                self._is_kept[j] |= of[j] != group
        for i, group in enumerate(of):
            for edge in range(start[i], start[i + 1]) if group >= 0 else ():
                if self._is_kept[j := sources[edge]]:
                    self._from_inside.setdefault((group, j), []).append(edge)
                    self._last[group, j] = i

    def _new_edges(self) -> dict[int, list[tuple[int, Any, Any]]]:
        """By user the inputs, each with its local derivative and what it adds."""
        edges: dict[int, list[tuple[int, Any, Any]]] = {}
        outputs: dict[int, list[int]] = {}
        for i, group in enumerate(self._of):
            if group >= 0 and self._is_kept[i]:
                outputs.setdefault(group, []).append(i)
        for (group, j), found in self._from_inside.items():
            # What the group adds comes with one of its outputs: the first that stands
            # behind all users and has a gradient.
            behind = outputs[group][bisect.bisect_left(outputs[group], self._last[group, j]) :]
            user = next((i for i in behind if self._is_reached[i]), behind[0])
            edges.setdefault(user, []).append((j, None, self._sum(found)))
        for inside in edges.values():
            inside.sort(key=lambda edge: edge[0])
        start, sources = self._edges["start"], self._edges["from"]
        for i, group in enumerate(self._of):
            if group < 0:
                edges[i] = [
                    (sources[edge], self._edges["local"][edge], self._edges["adds"].get(str(edge)))
                    for edge in range(start[i], start[i + 1])
                ]
        return edges

    def _sum(self, found: list[int]) -> Any:
        """What edges add together; None for nothing."""
        start, local, grad = self._edges["start"], self._edges["local"], self._nodes["grad"]
        parts = []
        for edge in found:
            part = self._edges["adds"].get(str(edge))
            if part is None and local[edge] is not None:
                g = grad[bisect.bisect_right(start, edge) - 1]
                part = None if g is None else _read(local[edge]) * _read(g)
            if part is not None:
                parts.append(_read(part))
        if any(isinstance(part, str) for part in parts):
            return parts[0] if len(parts) == 1 else f"the sum of {len(parts)} arrays"
        return short(sum(parts[1:], parts[0])) if parts else None

    def data(self) -> dict[str, Any]:
        """The graph of what is kept."""
        kept = [i for i, keeps in enumerate(self._is_kept) if keeps]
        place = {i: n for n, i in enumerate(kept)}
        members: dict[int, list[int]] = {}
        for i, k in enumerate(self._of):
            members.setdefault(k, []).append(i)
        members.pop(-1, None)
        tops = sorted(members)
        group = {k: n for n, k in enumerate(tops)} | {-1: -1}
        inside = len(self._graph["ops"])  # the op of what stands for a group

        def op(i: int) -> int:
            own = self._nodes["op"][i]
            return own if self._of[i] < 0 or own < 0 else inside

        def moved(texts: dict[str, Any]) -> dict[str, Any]:
            return {str(place[int(i)]): text for i, text in texts.items() if int(i) in place}

        notes = self._graph["notes"]
        return self._graph | {
            "root": place[self._graph["root"]],
            "ops": [*self._graph["ops"], {"name": "inside", "symbol": "", "formula": "...", "rules": []}],
            "nodes": {
                "op": [op(i) for i in kept],
                "data": [self._nodes["data"][i] for i in kept],
                "grad": [self._nodes["grad"][i] for i in kept],
                "group": [group[self._of[i]] for i in kept],
                **{name: moved(self._nodes[name]) for name in ("label", "params", "array")},
            },
            "edges": self._columns(kept, place),
            "groups": [self._group(k, members[k]) for k in tops],
            "notes": {"whole": f"{notes['whole']} {self._told()}".strip(), "nodes": moved(notes["nodes"])},
        }

    def _columns(self, kept: list[int], place: dict[int, int]) -> dict[str, Any]:
        edges: dict[str, Any] = {"start": [0], "from": [], "local": [], "adds": {}, "after": {}}
        first: dict[int, str] = {}  # the walk back comes to it last
        for i in kept:
            for j, local, adds in self._edges_of.get(i, []):
                edge = str(len(edges["from"]))
                edges["from"].append(place[j])
                edges["local"].append(local)
                if adds is not None:
                    edges["adds"][edge] = adds
                if isinstance(_read(adds), str):
                    edges["after"][edge] = PARTLY
                    first.setdefault(j, edge)
            edges["start"].append(len(edges["from"]))
        whole = self._gradients_of_arrays()
        return edges | {"after": edges["after"] | {edge: whole[j] for j, edge in first.items() if j in whole}}

    def _gradients_of_arrays(self) -> dict[int, str]:
        """What arrays have at the end: the walk back comes to their first use last."""
        whole: dict[int, str] = {}
        start, sources = self._edges["start"], self._edges["from"]
        for i in range(len(start) - 2, -1, -1) if self._edges["after"] else ():
            for edge in range(start[i], start[i + 1]):
                if str(edge) in self._edges["after"]:
                    whole[sources[edge]] = self._edges["after"][str(edge)]
        return whole

    def _group(self, k: int, inside: list[int]) -> dict[str, Any]:
        group = {**self._graph["groups"][k], "parent": -1}
        # Parameters have no inside: all of them are here.
        is_whole = all(self._is_kept[i] and self._nodes["op"][i] < 0 for i in inside)
        return group if is_whole else group | {"count": len(inside)}

    def _told(self) -> str:
        return (
            f"The graph has {len(self._of):,} values, too many for one page: this is its top level alone. "
            f"To see inside, step through a part of it, such as the loss of one sample."
        )


def _read(x: Any) -> Any:
    """A number of JSON, or the text of an array."""
    return NAMED.get(x, x) if isinstance(x, str) else x
