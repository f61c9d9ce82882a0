"""Where a root depends on a node of its graph, even if the gradient there is zero.

unknown.py says what this is for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.op import Elementwise, Op, Primitive, ground, shape_of


def asked_in(
    order: Sequence[Any],
    seed: Any,
    inputs_of: Callable[[Any], Sequence[Any]],
    numbers_of: Callable[[Any], Any] = ground,
) -> dict[Any, Any]:
    """For each node, an array that is True where the root depends on it (asks for it).

    There are two kinds of zero gradients. Nobody asked, if a `where` took the other
    branch, if the given cotangent is 0, or if the slope is 0 for all data. Otherwise
    the slope is 0 only for these data, like the slope 2x at 0.

    Args:
        order: a root with all nodes that it was made from, inputs before users.
        seed: the cotangent of the root.
        inputs_of: a function that gives the inputs of a node. An input that is not in
            order is a constant.
        numbers_of: a function that gives the plain numbers of a node or an input.
    """
    nodes = {*order}
    asked = {node: np.zeros(shape_of(node), bool) for node in order}
    asked[order[-1]] = np.broadcast_to(numbers_of(seed) != 0, shape_of(order[-1]))
    with np.errstate(all="ignore"):
        for node in reversed(order):
            inputs = inputs_of(node)
            moving = [_is_in(x, nodes) for x in inputs]
            if np.any(asked[node]):
                for i, x in enumerate(inputs):
                    if moving[i]:
                        asked[x] = asked[x] | _passed(node, i, asked[node], inputs, moving, numbers_of)
    return asked


def _is_in(x: Any, nodes: set[Any]) -> bool:
    return hasattr(x, "_record") and x in nodes


def _passed(
    node: Any, i: int, mask: Any, inputs: Sequence[Any], moving: Sequence[bool], numbers_of: Callable[[Any], Any]
) -> Any:
    """Where the root asks for input i of a node.

    The mask is True where it asks for the node.
    """
    record, params = node._record, node._params or {}
    try:
        if hasattr(record, "asked"):  # a call of a function, with a graph of its own
            return record.asked(i, mask, node, inputs)
        data = [numbers_of(x) for x in inputs]
        if isinstance(record, Elementwise):
            part = mask & record.varies(i, numbers_of(node), data, moving, params)
        else:
            part = _by_transpose(record, i, mask, numbers_of(node), data, moving, params)
        return _summed(part, shape_of(inputs[i]))
    except Exception:
        # The rule does not run on these masks. To be safe, say that all is asked for.
        return np.ones(shape_of(inputs[i]), bool)


def _by_transpose(
    record: Op, i: int, mask: Any, z: Any, data: Sequence[Any], moving: Sequence[bool], params: dict[str, Any]
) -> Any:
    g = np.asarray(mask, float)[()]
    if isinstance(record, Primitive):
        if not record.facts.chooses:
            return np.ones(shape_of(data[i]), bool)
        return record.pull(i, g, z, data, params) != 0
    # The op is linear in each input. With positive numbers nothing cancels; constants
    # keep their zeros.
    positive = [np.ones_like(x) if moves else abs(x) for x, moves in zip(data, moving, strict=True)]
    return record.pull(i, g, z, positive, params) != 0


def _summed(part: Any, shape: tuple[int, ...]) -> Any:
    """`any` over the axes along which an input was broadcast."""
    part = np.asarray(part)
    part = part.any(axis=tuple(range(part.ndim - len(shape))))
    return part.any(axis=tuple(a for a, n in enumerate(shape) if n == 1), keepdims=True).reshape(shape)
