"""Where a root depends on a node of its graph, though its gradient there is zero: see unknown.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from micrograd.op import Elementwise, Op, Primitive, ground, shape_of

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np


def asked_in(order: Sequence[Any], seed: Any, inputs_of: Callable[[Any], Sequence[Any]]) -> dict[Any, Any]:
    """For each node, True where its root is asked about it.

    A gradient is 0 where nobody asked: a `where` took the other branch, the cotangent given is 0, the slope is 0
    for any data. It comes out as 0 where the slope happens to be 0 for these data, as 2x at 0.

    Args:
        order: a root with all nodes that it was made from, inputs before users.
        seed: the cotangent of the root.
        inputs_of: the inputs of a node; what is not in order among them is a constant.
    """
    nodes = {*order}
    asked = {node: np.zeros(shape_of(node), bool) for node in order}
    asked[order[-1]] = np.broadcast_to(ground(seed) != 0, shape_of(order[-1]))
    with np.errstate(all="ignore"):
        for node in reversed(order):
            inputs = inputs_of(node)
            moving = [_is_in(x, nodes) for x in inputs]
            if np.any(asked[node]):
                for i, x in enumerate(inputs):
                    if moving[i]:
                        asked[x] = asked[x] | _passed(node, i, asked[node], inputs, moving)
    return asked


def _is_in(x: Any, nodes: set[Any]) -> bool:
    return hasattr(x, "_record") and x in nodes


def _passed(node: Any, i: int, mask: Any, inputs: Sequence[Any], moving: Sequence[bool]) -> Any:
    """Where input i is asked, for a node that is asked where the mask is True."""
    record, params = node._record, node._params or {}
    data = [ground(x) for x in inputs]
    try:
        if isinstance(record, Elementwise):
            part = mask & record.varies(i, ground(node), data, moving, params)
        else:
            part = _by_transpose(record, i, mask, ground(node), data, moving, params)
        return _summed(part, shape_of(inputs[i]))
    except Exception:  # a rule that cannot be run like this; nothing is lost but precision
        return np.ones(shape_of(inputs[i]), bool)


def _by_transpose(
    record: Op, i: int, mask: Any, z: Any, data: Sequence[Any], moving: Sequence[bool], params: dict[str, Any]
) -> Any:
    g = np.asarray(mask, float)[()]
    if isinstance(record, Primitive):
        if not record.facts.chooses:
            return np.ones(shape_of(data[i]), bool)
        return record.pull(i, g, z, data, params) != 0
    # Linear in each input: positive numbers cannot cancel, and what is constant may be 0.
    positive = [np.ones_like(x) if moves else abs(x) for x, moves in zip(data, moving, strict=True)]
    return record.pull(i, g, z, positive, params) != 0


def _summed(part: Any, shape: tuple[int, ...]) -> Any:
    """Any, over the axes along which an input was broadcast."""
    part = np.asarray(part)
    part = part.any(axis=tuple(range(part.ndim - len(shape))))
    return part.any(axis=tuple(a for a, n in enumerate(shape) if n == 1), keepdims=True).reshape(shape)
