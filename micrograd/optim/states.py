"""States of joined arrays: dictionaries of numbers and arrays, cut and joined.

Where several parameters lie in one array with one axis, the arrays of their state do
so, too. Numbers, such as the count of steps, hold for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np

State = dict[str, Any]


def mapped(f: Callable[[Any], Any], state: State) -> State:
    """f of every array; the numbers stay.

    >>> mapped(lambda a: a[1:], {"step": 3, "0": {"mean": np.array([1.0, 2.0])}})
    {'step': 3, '0': {'mean': array([2.])}}
    """
    return {
        name: mapped(f, x) if type(x) is dict else f(x) if isinstance(x, np.ndarray) else x for name, x in state.items()
    }


def joined(states: list[State]) -> State:
    """The states as one: arrays end to end, numbers as in the first."""
    first = states[0]
    return {
        name: joined([state[name] for state in states])
        if type(x) is dict
        else np.concatenate([state[name] for state in states])
        if isinstance(x, np.ndarray)
        else x
        for name, x in first.items()
    }


def outline(state: State) -> tuple[Any, ...]:
    """What must be equal where states are joined: the names, and the numbers."""
    return tuple(
        (name, outline(x) if type(x) is dict else "array" if isinstance(x, np.ndarray) else x)
        for name, x in state.items()
    )


def put(state: State, cut: slice, part: State, size: int) -> None:
    """Write the state of a part into the state of the whole, in place.

    Args:
        state: of the whole; what it lacks is added.
        cut: where the part lies.
        part: the state of the part.
        size: elements of the whole.
    """
    for name, x in part.items():
        known = state.get(name)
        if type(x) is dict:
            put(state.setdefault(name, {}), cut, x, size)
        elif isinstance(x, np.ndarray):
            if not isinstance(known, np.ndarray):
                known = state[name] = np.empty(size, x.dtype)
            known[cut] = x
        else:
            state[name] = x


def names(state: State) -> list[str]:
    """The names of a state; those of an inner one as "0.exp_avg".

    >>> names({"step": 3, "0": {"exp_avg": 0.5}})
    ['step', '0.exp_avg']
    """
    found = []
    for name, x in state.items():
        found += [f"{name}.{inner}" for inner in names(x)] if type(x) is dict else [name]
    return found
