"""What a module holds, found by a plain walk: parameters, buffers, modules,
generators.

The walk goes through attributes in the order of their definition, and through the
lists, tuples, dicts and modules in them.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from micrograd.errors import DataError
from micrograd.interpreter import Interpreter
from micrograd.node import Node
from micrograd.record import LEAF
from micrograd.trees import Branching

CONTAINERS = (list, tuple, dict)
PLAIN = (str, bytes, int, float, complex, bool, type, types.ModuleType, types.NoneType)
KEPT = {"_buffer_names", "_places", "training"}  # what Module itself keeps on an object


def attributes(module: Any) -> dict[str, Any]:
    """The user's attributes of a module."""
    return {name: x for name, x in vars(module).items() if name not in KEPT}


class Member(NamedTuple):
    """One thing that a module holds.

    Attributes:
        path: its name from where the walk began, as in PyTorch: "layers.0.weight".
        holder: the module that holds it.
        place: its name from there.
        thing: itself.
    """

    path: str
    holder: Any
    place: str
    thing: Any


def members(module: Branching, is_end: Callable[[Any], bool] = lambda module: False) -> Iterator[Member]:
    """Everything that a module holds, to any depth. A module comes before what it
    holds, and is walked once.

    Args:
        module: where the walk begins.
        is_end: tells which modules the walk does not go into.
    """
    seen = {id(module)}
    pending = _reversed_branches(Member("", module, "", attributes(module)), module, "")
    while pending:
        member = pending.pop()
        thing = member.thing
        if not isinstance(thing, (Branching, *CONTAINERS)):
            yield member
        elif id(thing) not in seen:  # a list may hold itself, and a module its parent
            seen.add(id(thing))
            if not isinstance(thing, Branching):
                pending += _reversed_branches(member, member.holder, f"{member.place}.")
                continue
            yield member
            if not is_end(thing):
                pending += _reversed_branches(member._replace(thing=attributes(thing)), thing, "")


def _reversed_branches(member: Member, holder: Any, prefix: str) -> list[Member]:
    branches = member.thing
    pairs = branches.items() if isinstance(branches, dict) else enumerate(branches)
    before = f"{member.path}." if member.path else ""
    return [Member(f"{before}{key}", holder, f"{prefix}{key}", x) for key, x in pairs][::-1]


def is_parameter(member: Member) -> bool:
    """Whether it is what training changes: a leaf, or what `with_leaves` has put in the
    place of one.
    """
    places = member.holder._places
    return is_leaf(member.thing) if places is None else member.place in places


def is_leaf(x: Any) -> bool:
    """Whether x is a Value that the user made, not one that was computed."""
    return isinstance(x, Node) and x._record is LEAF


def check_is_seen(owner: str, path: str, thing: Any) -> None:
    """Refuse a thing that holds Values where the walk does not look.

    Raises:
        DataError: it is a set, an array of objects, a function or an object that is not
            a module, and holds a Value.
    """
    if isinstance(thing, (PLAIN, Interpreter)) or not any(map(_holds_values, _contents(thing))):
        return
    if hasattr(thing, "flat"):
        kind, repair = "an array of objects", "a list, or one Value of the whole array"
    elif isinstance(thing, (set, frozenset)):
        kind, repair = "a set, which has no order", "a list"
    elif isinstance(thing, types.FunctionType):
        kind, repair = "a function that has them from outside", "an attribute of the module"
    else:
        kind, repair = f"a {type(thing).__name__}", "a list or a dict, or make its class a Module"
    raise DataError(f"{owner}: the Values in {path} are not found: it is {kind}; keep them in {repair}")


def _contents(thing: Any) -> list[Any]:
    """What a thing that is not a module holds, one step in."""
    if hasattr(thing, "flat"):  # an array of NumPy's, which need not be there
        return list(thing.flat) if thing.dtype == object else []
    if isinstance(thing, types.FunctionType):
        return [cell.cell_contents for cell in thing.__closure__ or () if _is_full(cell)]
    if isinstance(thing, (set, frozenset)):
        return list(thing)
    held = list(vars(thing).values()) if hasattr(thing, "__dict__") else []
    if type(thing).__module__ == "collections" and hasattr(thing, "__iter__"):  # a deque
        held += list(thing)
    return held


def _is_full(cell: Any) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:  # of a name that has no value yet
        return False
    return True


def _holds_values(x: Any) -> bool:
    if isinstance(x, CONTAINERS):
        return any(map(_holds_values, x.values() if isinstance(x, dict) else x))
    return is_leaf(x)


def refilled(thing: Any, done: dict[int, Any]) -> Any:
    """A copy of a module, its lists and its modules, with other parameters.

    Args:
        thing: the module.
        done: by the id of each parameter what stands in its place; what is copied is
            added.
    """
    if id(thing) in done:
        return done[id(thing)]
    twin: Any = thing
    if isinstance(thing, Branching):
        twin = done[id(thing)] = type(thing).__new__(type(thing))
        vars(twin).update({name: refilled(x, done) for name, x in vars(thing).items()})
    elif isinstance(thing, dict):
        twin = done[id(thing)] = thing.copy()
        twin.update({key: refilled(x, done) for key, x in thing.items()})
    elif isinstance(thing, list):
        twin = done[id(thing)] = thing.copy()
        twin[:] = [refilled(x, done) for x in thing]
    elif isinstance(thing, tuple):
        parts = [refilled(x, done) for x in thing]
        twin = type(thing)(*parts) if hasattr(thing, "_fields") else type(thing)(parts)
    return twin
