"""Many objects compared by identity at once: what guards do at each call.

`identical.pxd` holds the same functions in C.
"""

from __future__ import annotations

import operator
from typing import Any


def first_doubtful(containers: list[Any], keys: list[Any], held: list[Any], missing: Any, at: int) -> int:
    """The first entry that is not at once seen to be the same object.

    Args:
        containers: dicts, classes, functions and cells of closures; others are
            doubtful.
        keys: what to look up in each.
        held: what was found there.
        missing: stands in `held` where nothing was.
        at: the entry to begin with.

    Returns:
        Its number, or how many there are.
    """
    for i in range(at, len(keys)):
        if type(containers[i]) is not dict or containers[i].get(keys[i], missing) is not held[i]:
            return i
    return len(keys)


def _has_same(container: Any, items: list[Any]) -> bool:
    """Whether a container has these very items; False, too, where that takes longer to
    see.

    Args:
        container: of any kind.
        items: of a dict, the keys and what stands there in turn.
    """
    kind = type(container)
    if kind is not list and kind is not tuple:
        return False
    return len(container) == len(items) and all(map(operator.is_, container, items))


def first_touched(containers: list[Any], held: list[list[Any]], at: int) -> int:
    """The first container that is not at once seen to have the very items that it had.

    Args:
        containers: of any kind.
        held: the items of each, in order; of a dict, the keys and what stands there in
            turn.
        at: the one to begin with.

    Returns:
        Its number, or how many there are.
    """
    while at < len(containers) and _has_same(containers[at], held[at]):
        at += 1
    return at


def has_bytes(array: Any, numbers: bytes) -> bool:
    """Whether an array has these bytes; False, too, where that takes longer to see."""
    return bool(array.flags.c_contiguous and not array.dtype.hasobject and array.tobytes() == numbers)
