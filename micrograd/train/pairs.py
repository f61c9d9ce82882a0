"""Pairs that nobody wanted: a column beside a row makes a table of all with all."""

from __future__ import annotations

import math
from typing import Any

from micrograd import on_demand as np
from micrograd.engine import Value, toposort
from micrograd.errors import ShapeError
from micrograd.interpreter import shape_of
from micrograd.node import inputs_of
from micrograd.record import Elementwise
from micrograd.trees import leaves_of


def check_pairs(asker: str, prediction: Any, target: Any, loss: Any) -> None:
    """Refuse a loss that broadcasts a column of shape (n, 1) with a row of shape (n,).

    NumPy makes n * n numbers of them, each row of the batch with every other, and the
    mean of those trains a wrong model in silence. An op is refused where one side
    follows from the prediction, and the other does so too or has the shape of the
    target. Shapes of (n, 1) and (1, n) say that all pairs are wanted, and may be.

    Args:
        asker: who asks, for errors.
        prediction: what the loss was computed from: a Value, or a tree of Values.
        target: the y of the batch.
        loss: what the loss function returned.

    Raises:
        ShapeError: names the op, the shapes and the repair.

    >>> z = Value([[1.0], [2.0]])
    >>> check_pairs("fit", z, [[1.0], [2.0]], z - [[1.0], [2.0]])
    >>> check_pairs("fit", z, [1.0, 2.0], z - [1.0, 2.0])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    micrograd.errors.ShapeError: fit: in the loss, subtract of shapes ...
    """
    if not isinstance(loss, Value):
        return
    wanted = _shapes(target)
    following = {id(x) for x in leaves_of(prediction) if isinstance(x, Value)}
    for node in toposort(loss):  # inputs before users
        inputs = inputs_of(node)
        follows = [id(x) in following for x in inputs]
        if not any(follows):
            continue
        following.add(id(node))
        if len(inputs) < 2 or not isinstance(node._record, Elementwise):
            continue
        shapes = [shape_of(x) for x, does in zip(inputs, follows, strict=True) if does or shape_of(x) in wanted]
        for long in shapes:
            for short in shapes:
                if long == (*short, 1) and math.prod(short) > 1:
                    raise ShapeError(
                        f"{asker}: in the loss, {node._record.name} of shapes {long} and {short} pairs each row with "
                        f"all rows.\nGive shapes that are the same: y.reshape(-1, 1), or prediction.reshape(-1); "
                        f"for all pairs, give (n, 1) and (1, n)"
                    )


def _shapes(target: Any) -> set[tuple[int, ...]]:
    """The shapes of a target, which may be a tree of arrays or a list of numbers."""
    leaves = leaves_of(target)
    if all(isinstance(x, (int, float)) for x in leaves):
        leaves = [np.asarray(target)] if isinstance(target, list) else []
    return {tuple(x.shape) for x in leaves if hasattr(x, "shape")}
