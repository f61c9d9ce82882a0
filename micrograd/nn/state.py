"""The state of a module, by name: what `state_dict` gives and `load_state_dict`
takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import StateError
from micrograd.interpreter import shape_of
from micrograd.trees import Branching

NAMES = 8  # of each kind, in an error


def entries(module: Any) -> dict[str, Any]:
    """The data of all parameters and buffers by name.

    Raises:
        StateError: two of them have one name.
    """
    named = [(name, p.data) for name, p in module.named_parameters()] + module.named_buffers()
    found = dict(named)
    if len(found) < len(named):
        twice = [name for i, (name, _) in enumerate(named) if name in dict(named[:i])]
        raise StateError(f"state_dict: two parameters have the name {twice[0]!r}; rename an attribute or a key")
    return found


def load(module: Any, state: Mapping[str, Any]) -> None:
    """Put a state into a module, or nothing of it where anything does not fit.

    Raises:
        StateError: it does not fit.
    """
    own = entries(module)
    given = {name: _array(name, x) for name, x in _mapping(state).items()}
    faults = [
        *_listed("it lacks", [name for name in own if name not in given]),
        *_listed("this module has no", [name for name in given if name not in own]),
        *_listed("of another shape:", _misshapen(own, given)),
    ]
    if faults:
        raise StateError(f"load_state_dict: the state is of another {type(module).__name__}: {'; '.join(faults)}")
    for name, p in module.named_parameters():
        p.data = _like(p.data, given[name])
    for path, holder in module.named_modules():
        for name in holder._buffer_names:
            setattr(holder, name, _like(getattr(holder, name), given[f"{path}.{name}" if path else name]))


def _mapping(state: Any) -> Mapping[str, Any]:
    if isinstance(state, Branching):
        raise StateError("load_state_dict: given a module; give its state_dict()")
    if not isinstance(state, Mapping):
        raise StateError(f"load_state_dict: given a {type(state).__name__}; give a dict of arrays by name")
    return state


def _array(name: Any, x: Any) -> Any:
    """An entry of a state as an array of real numbers."""
    try:
        array = np.asarray(x)
    except (TypeError, ValueError, RuntimeError) as error:  # a tensor that has a gradient, say
        raise StateError(f"load_state_dict: {name} is not an array: {error}") from None
    if array.dtype.kind not in "fiub":
        raise StateError(
            f"load_state_dict: {name} is of dtype {array.dtype}; give arrays of real numbers, as in tensor.numpy()"
        )
    return array


def _misshapen(own: Mapping[str, Any], given: Mapping[str, Any]) -> Iterable[str]:
    return [
        f"{name} {given[name].shape}, wanted {shape_of(x)}"
        for name, x in own.items()
        if name in given and given[name].shape != shape_of(x)
    ]


def _listed(what: str, names: Iterable[str]) -> list[str]:
    names = list(names)
    if not names:
        return []
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return [f"{what} {', '.join(names[:NAMES])}{more}"]


def _like(old: Any, new: Any) -> Any:
    """A copy of the new array in the kind and dtype of the old."""
    if isinstance(old, (bool, int, float)):
        return type(old)(new.item()) if isinstance(old, float) else new.item()
    return np.array(new, dtype=old.dtype) if hasattr(old, "dtype") else new.copy()
