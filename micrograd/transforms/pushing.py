"""Tangents pushed along a graph that was recorded before: forward mode without another
run of the function.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd.cotangents import in_dtype
from micrograd.engine import Value
from micrograd.interpreter import numbers_below, shape_of, zeros_like
from micrograd.leaves import as_array
from micrograd.node import Node, data_of, inputs_of, made, set_inputs
from micrograd.ops import broadcast_to
from micrograd.quiet import quietly
from micrograd.record import LEAF, Elementwise, Multilinear, Primitive
from micrograd.reverse import Reach
from micrograd.tracing import Trace


class Track:
    """The nodes of a graph by which a root depends on its ends, in order.

    Args:
        reach: the graph.
        roots: the nodes whose tangents are asked for.
    """

    def __init__(self, reach: Reach, roots: Sequence[Any]) -> None:
        path, nodes = reach.path()
        self._ends = list(reach.ends)
        self._roots = list(roots)
        wanted = set(self._roots)
        self._path = [node for node in path if node is not reach.root or node in wanted]
        done = set[Any]()
        self._last: list[list[Any]] = []  # per node those inputs that no later node uses: their tangents can go
        for node in reversed(self._path):
            inputs = {x: None for x in inputs_of(node) if isinstance(x, Node) and x in nodes}
            self._last.append([x for x in inputs if x not in done and x not in wanted])
            done.update(inputs)
        self._last.reverse()

    def pushed(self, tangents: Sequence[Any], is_recorded: bool) -> list[Any]:
        """The tangents of the roots, given one of each end, None where it does not
        move; None where a root does not.

        Args:
            tangents: one per end, or None.
            is_recorded: compute with the nodes, so that the tangents depend on them;
                else with their data.
        """
        known = {x: t for x, t in zip(self._ends, tangents, strict=True) if t is not None}
        with quietly():
            for node, last in zip(self._path, self._last, strict=True):
                t = _tangent_of(node, known, is_recorded)
                if t is not None:
                    known[node] = t
                for x in last:
                    known.pop(x, None)
        return [known.get(z) for z in self._roots]


def joint_reach(roots: Sequence[Any], ends: list[Any]) -> Reach:
    """The graph between several roots and the ends, by one walk. Its root is a node
    that is made for it, of which they are the inputs.
    """
    joint = made(Value, 0.0, LEAF, None, None)
    set_inputs(joint, roots)
    return Reach(joint, ends)


def can_push(trace: Trace, outs: list[Any]) -> bool:
    """Whether tangents can go forward through the graph of these outputs: all ops in it
    have rules of ours for it.
    """
    kinds = (Elementwise, Multilinear, Primitive)
    for reach in trace.reaches(outs):
        for node in reach.path()[0]:
            if node._has_own_step or not isinstance(node._record, kinds):
                return False
    return True


def pushed(trace: Trace, outs: list[Any], tangents: list[Any]) -> list[Any]:
    """Tangents of outputs, given those of the leaves, once: all stay until the end. Who
    pushes again and again takes a `Track`.

    Args:
        trace: the run.
        outs: leaves of what it returned.
        tangents: one for each leaf that it got.
    """
    moves: dict[Any, Any] = dict(zip(trace.fresh, tangents, strict=True))
    again = trace.is_recorded()
    with quietly():
        for reach in trace.reaches(outs):
            for node in reach.path()[0]:  # inputs before users
                if node not in moves:
                    moves[node] = _tangent_of(node, moves, again)
    found = [moves.get(z) if isinstance(z, Node) else None for z in outs]
    return [zeros_like(as_array(z)) if t is None else t for z, t in zip(outs, found, strict=True)]


def _tangent_of(node: Any, known: dict[Any, Any], is_recorded: bool) -> Any:
    """The tangent of a node, of its shape and dtype; None where it does not move.

    Args:
        node: a node with inputs.
        known: the tangents of nodes; the others do not move.
        is_recorded: compute with the nodes, so that the tangent depends on them; else
            with their data.
    """
    inputs = inputs_of(node)
    tangents = [known.get(x) if isinstance(x, Node) else None for x in inputs]
    if all(t is None for t in tangents):
        return None
    z, values = (node, inputs) if is_recorded else (data_of(node), [data_of(x) for x in inputs])
    t = node._record.push(z, values, tangents, node._params or {})
    if t is None:
        return None
    shape = shape_of(node)
    return in_dtype(t if shape_of(t) == shape else broadcast_to(t, shape=shape), numbers_below(node))
