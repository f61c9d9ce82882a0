"""The state of a module, by name: what `state_dict` gives and `load_state_dict`
takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import StateError, a_kind
from micrograd.interpreter import Interpreter, shape_of
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
    twins = {name: first for name in given if name not in own and (first := _first_name(module, name))}
    for name, first in twins.items():  # PyTorch's states hold a shared parameter under each of its names
        given.setdefault(first, given[name])
        if not _are_equal(given[name], given[first]):
            raise StateError(
                f"load_state_dict: {first} and {name} are one parameter of this {type(module).__name__}, and differ in "
                f"the state; leave one of them out, or give each module a parameter of its own"
            )
        del given[name]
    faults = [
        *_listed("it lacks", [name for name in own if name not in given]),
        *_listed("this module has no", [name for name in given if name not in own]),
        *_listed("of another shape:", _misshapen(own, given)),
    ]
    if faults:
        raise StateError(f"load_state_dict: the state is of another {type(module).__name__}: {'; '.join(faults)}")
    new = {name: _like(name, x, given[name]) for name, x in own.items()}  # all, before any is put into its place
    for name, p in module.named_parameters():
        p.data = new[name]
    for path, holder in module.named_modules():
        for name in holder._buffer_names:
            if getattr(holder, name) is not None:
                setattr(holder, name, new[f"{path}.{name}" if path else name])


def _first_name(module: Any, path: str) -> str | None:
    """The name in the state of what is also found at this path."""
    thing = module
    for key in path.split("."):
        if isinstance(thing, Branching):
            thing = vars(thing).get(key)
        elif isinstance(thing, dict):
            thing = thing.get(key)
        elif isinstance(thing, (list, tuple)) and key.isdecimal() and int(key) < len(thing):
            thing = thing[int(key)]
        else:
            return None
    named = [*module.named_parameters(), *module.named_buffers()]
    return next((name for name, x in named if x is thing and hasattr(x, "dtype")), None)


def _are_equal(x: Any, y: Any) -> bool:
    return bool(np.array_equal(x, y, equal_nan=True))


def _mapping(state: Any) -> Mapping[str, Any]:
    if isinstance(state, Branching):
        raise StateError("load_state_dict: given a module; give its state_dict()")
    if not isinstance(state, Mapping):
        raise StateError(f"load_state_dict: given {a_kind(state)}; give a dict of arrays by name")
    strange = [name for name in state if not isinstance(name, str)]
    if strange:
        raise StateError(f"load_state_dict: the name {strange[0]!r} is not a string; give a dict of arrays by name")
    return state


def _array(name: Any, x: Any) -> Any:
    """An entry of a state as an array of real numbers."""
    if isinstance(x, Interpreter):
        raise StateError(f"load_state_dict: {name} is {a_kind(x)}; give its .data, as state_dict() does")
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


def _like(name: str, old: Any, new: Any) -> Any:
    """A copy of the new array in the kind and dtype of the old.

    Raises:
        StateError: the dtype does not have its numbers.
    """
    if isinstance(old, float):
        return type(old)(new.item())
    if isinstance(old, (bool, int)):
        return new.item()
    if not hasattr(old, "dtype"):
        return new.copy()
    with np.errstate(all="ignore"):  # what did not fit is refused in our words
        taken = np.array(new, dtype=old.dtype)
    changed = (taken != new) if taken.dtype.kind in "iub" else np.isinf(taken) & ~np.isinf(new)
    if np.any(changed):
        raise StateError(
            f"load_state_dict: {name} holds {new[changed].flat[0]}, which {old.dtype} does not have; "
            f"give numbers that fit, or make the module with another dtype"
        )
    return taken
