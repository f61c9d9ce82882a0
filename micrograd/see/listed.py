"""A graph as lists: its nodes in the engine's order, their inputs and their ops.

A picture goes over a graph many times, so it asks each node once. Nothing is changed:
a raw number stays raw, and is a node of its own in these lists.
"""

from __future__ import annotations

from typing import Any

from micrograd.engine import Value
from micrograd.node import Node, data_of, inputs_of, is_constant
from micrograd.record import Op


class Listed:
    """The graph below a Value, as lists. A position in one is the same in all.

    The order is that of `toposort`: inputs before users, the root last. Constants stand
    in it too, each before its first user.

    Attributes:
        nodes: the Values, and raw numbers and arrays.
        inputs: the positions of the inputs of each node.
        ops: the record of the op that made it; None for a leaf or a constant.
        is_constant: whether no gradient goes to it.
        uses: how often it is an input.

    Args:
        root: the Value to start from, such as a loss.

    >>> graph = Listed(Value(2.0, label="a") * 3.0)
    >>> graph.inputs
    [(), (), (0, 1)]
    >>> graph.is_constant
    [False, True, False]
    """

    def __init__(self, root: Value) -> None:
        self.nodes: list[Any] = []
        self.inputs: list[tuple[int, ...]] = []
        self.ops: list[Op | None] = []
        self.is_constant: list[bool] = []
        self.uses: list[int] = []
        self._place: dict[int, int] = {}
        self._fill(root)

    def __len__(self) -> int:
        return len(self.nodes)

    def place_of(self, node: Any) -> int | None:
        """The position of a node; None where it is not in the graph."""
        return self._place.get(id(node))

    def label(self, i: int) -> str:
        """The label that a node was given; empty where it has none."""
        label = getattr(self.nodes[i], "label", "")
        return "" if label is None else str(label)

    def data(self, i: int) -> Any:
        """The number or array of a node."""
        return data_of(self.nodes[i])

    def symbol(self, i: int) -> str:
        """What pictures show for the op of a node; empty where it has none."""
        return str(self.nodes[i]._op) if self.ops[i] is not None else ""

    def is_like_raw(self, i: int) -> bool:
        """Whether it is a number without a name that is used once. A raw number becomes
        such a leaf where somebody looks at `inputs`, as `trace` does.
        """
        is_leaf = self.ops[i] is None and self.uses[i] == 1 and not self.label(i)
        return is_leaf and isinstance(self.data(i), (int, float))

    def _fill(self, root: Value) -> None:
        stack: list[Any] = [root]
        seen: set[int] = set()
        while stack:
            node = stack.pop()
            # None says: all inputs of the next node on the stack are in the lists now.
            if node is None:
                self._add(stack.pop())
            elif id(node) not in seen:
                seen.add(id(node))
                inputs = inputs_of(node)
                if inputs:
                    stack += (node, None, *[x for x in reversed(inputs) if isinstance(x, Node) and not is_constant(x)])
                else:
                    self._add(node)

    def _add(self, node: Any) -> None:
        places = []
        for x in inputs_of(node):
            place = self._place.get(id(x)) if isinstance(x, Node) else None
            if place is None:
                place = self._append(x, (), None, True)
                if isinstance(x, Node):
                    self._place[id(x)] = place
            self.uses[place] += 1
            places.append(place)
        op = node._record if node._record.name or places else None
        self._place[id(node)] = self._append(node, tuple(places), op, is_constant(node))

    def _append(self, node: Any, inputs: tuple[int, ...], op: Op | None, is_constant: bool) -> int:
        self.nodes.append(node)
        self.inputs.append(inputs)
        self.ops.append(op)
        self.is_constant.append(is_constant)
        self.uses.append(0)
        return len(self.nodes) - 1
