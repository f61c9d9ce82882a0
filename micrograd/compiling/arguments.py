"""Arguments of a compiled function: what is traced, what is a key, and their numbers
in flat arrays.

Numbers, arrays and lists of numbers are traced: one argument each. None, booleans and
strings are keys: another one is another program. So are shapes and lengths.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.errors import CaptureError
from micrograd.node import Node
from micrograd.trees import like

KEYS = {bool, str, bytes, type(None)}


def split(args: Any, keyed: frozenset[int]) -> tuple[Any, list[Any]]:
    """The key of a tree of arguments, and its traced leaves in order.

    Args:
        args: the tree.
        keyed: numbers of the leaves, ints, that are keys.
    """
    leaves: list[Any] = []
    return tuple([_key(part, leaves, keyed) for part in args]), leaves


def _key(x: Any, leaves: list[Any], keyed: frozenset[int]) -> Any:
    kind = type(x)
    if kind is np.ndarray:  # first what comes most often
        leaves.append(x)
        return (x.shape, x.dtype.char)
    if kind in KEYS:
        return (kind, x)
    if kind is float or kind is int or isinstance(x, (np.generic, float, int)):
        leaves.append(x)
        if len(leaves) - 1 in keyed:
            return (kind, x)
        return kind
    if isinstance(x, Node):
        leaves.append(x)
        return (kind, x.shape)
    if kind in (list, tuple):
        shape = _list_shape(x)
        if shape is not None:
            leaves.append(x)
            return (kind, shape)
        return (kind, *[_key(part, leaves, keyed) for part in x])
    if kind is dict:
        return (kind, *[(name, _key(part, leaves, keyed)) for name, part in x.items()])
    return (kind, id(x))  # a module, a function: looked at by the guards


def _list_shape(x: Any) -> Any:
    """The lengths of nested lists of plain numbers; None where they hold anything
    else.
    """
    if not x:
        return None
    kinds = set(map(type, x))
    if kinds <= {float, int} and kinds:
        return len(x)
    if kinds <= {list, tuple}:
        inner = [_list_shape(part) for part in x]
        return None if any(part is None for part in inner) else tuple(inner)
    return None


def flat(x: Any) -> Any:
    """The numbers of a leaf, as a flat array of float64."""
    if type(x) is np.ndarray and x.dtype.char in "df":
        return x.reshape(-1)
    if isinstance(x, (list, tuple)):
        return np.array(_flattened(x), float)
    return np.asarray(x, None if getattr(x, "dtype", None) == np.float32 else float).reshape(-1)


def _flattened(x: Any) -> list[Any]:
    if isinstance(x, (list, tuple)):
        return [number for part in x for number in _flattened(part)]
    return [x]


def replaced(args: Any, make: Any) -> Any:
    """The same tree with make(leaf) for each traced leaf, in order."""
    kind = type(args)
    if kind in KEYS:
        return args
    if kind in (list, tuple):
        if _list_shape(args) is not None:
            return make(args)
        return kind(replaced(part, make) for part in args)
    if kind is dict:
        return {name: replaced(part, make) for name, part in args.items()}
    if isinstance(args, (np.ndarray, np.generic, float, int, Node)):
        return make(args)
    return args


__all__ = ["CaptureError", "flat", "like", "replaced", "split"]
