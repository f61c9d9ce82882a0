"""The data of a parameter: copied, set and moved, in place where it can be."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.interpreter import shape_of
from micrograd.node import Node, data_of

Array = Any


def copied(data: Any) -> Any:
    """The data in an array of its own; a number as it is."""
    return data.copy() if shape_of(data) else data


def set_data(node: Node, data: Any) -> None:
    """Let a node hold this data: in its own array, if it can be written."""
    own = data_of(node)
    if type(own) is np.ndarray and own.flags.writeable:
        own[...] = data
    else:
        node.data = copied(data)


def add_to(node: Node, piece: Array) -> None:
    """Add to the data of a node: in its own array, if it can be written."""
    data = data_of(node)
    if type(data) is np.ndarray and data.flags.writeable:
        data += piece
    elif isinstance(data, np.floating):
        node.data = data + data.dtype.type(piece)
    else:
        node.data = data + (piece if shape_of(data) or not isinstance(piece, np.ndarray) else piece[()])
