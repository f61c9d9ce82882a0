"""What a module holds, found by a plain walk: parameters, buffers, modules,
generators.

The walk goes through attributes in the order of their definition, and through the
lists, tuples, dicts and modules in them.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from micrograd.errors import DataError, a_kind
from micrograd.interpreter import Interpreter
from micrograd.node import Node
from micrograd.record import LEAF
from micrograd.trees import Branching

CONTAINERS = (list, tuple, dict)
PLAIN = (str, bytes, int, float, complex, bool, type, types.ModuleType, types.NoneType)
FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial)
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


def check_is_seen(module: Branching, path: str, thing: Any) -> None:
    """Refuse a thing that holds Values, or modules with parameters, where the walk does
    not look. What the walk finds elsewhere may be in it too.

    Raises:
        DataError: it is a set, an array of objects, a function or an object that is not
            a module, and holds a Value or a module.
    """
    if isinstance(thing, (PLAIN, Interpreter)):
        return
    held = [x for x in map(_held, _contents(thing)) if x is not None]
    if held and isinstance(held[0], Branching):
        known = {id(module), *(id(member.thing) for member in members(module))}
        held = [x for x in held if not (isinstance(x, Branching) and _is_known(x, module, known))]
    if not held:
        return
    what = "Values" if is_leaf(held[0]) else "modules"
    if hasattr(thing, "flat"):
        kind, repair = "an array of objects", "a list, or one Value of the whole array"
    elif isinstance(thing, (set, frozenset)):
        kind, repair = "a set, which has no order", "a list"
    elif isinstance(thing, FUNCTIONS):
        kind, repair = "a function that has them from outside", "an attribute of the module"
    else:
        kind, repair = a_kind(thing), "a list or a dict, or make its class a Module"
    raise DataError(f"{type(module).__name__}: the {what} in {path} are not found: it is {kind}; keep them in {repair}")


def check_is_computed_anew(member: Member) -> None:
    """Refuse a computed Value that a `functools.cached_property` keeps. It belongs to
    the parameters as they were: a step of an optimiser, or a copy of the module with
    other parameters, as grad makes it, would still use it.

    Raises:
        DataError: names the property.
    """
    name = member.place.partition(".")[0]
    if isinstance(member.thing, Node) and isinstance(
        getattr(type(member.holder), name, None), functools.cached_property
    ):
        raise DataError(
            f"{type(member.holder).__name__}: {name} is a cached_property, and keeps a Value that was computed with "
            f"the parameters as they were; make it a property"
        )


def check_is_copied(module: Branching, kinds: tuple[type, ...]) -> None:
    """Refuse functions that hold the module, or a part of it, from outside: in a copy
    they would still use the parameters of the module itself.

    Args:
        module: what is to be copied.
        kinds: which kinds of functions the copy shares.

    Raises:
        DataError: names the function.
    """
    everything = list(members(module))
    parts = {id(module), *(id(m.thing) for m in everything if isinstance(m.thing, Branching) or is_leaf(m.thing))}
    for member in everything:
        if isinstance(member.thing, kinds) and any(id(x) in parts for x in _contents(member.thing)):
            raise DataError(
                f"{type(module).__name__}: {member.path} is a function that has a part of the module from outside; in "
                f"a copy, as transforms such as grad make it, it would use the old parameters; make it a method"
            )


def _is_known(thing: Branching, module: Branching, known: set[int]) -> bool:
    """Whether a walk of the module finds all parameters of a thing, or the module is a
    part of it.
    """
    inner = list(members(thing))
    return any(m.thing is module for m in inner) or all(id(m.thing) in known for m in inner if is_parameter(m))


def _contents(thing: Any) -> list[Any]:
    """What a thing that is not a module holds, one step in."""
    if hasattr(thing, "flat"):  # an array of NumPy's, which need not be there
        return list(thing.flat) if thing.dtype == object else []
    if isinstance(thing, types.FunctionType):
        cells = [cell.cell_contents for cell in thing.__closure__ or () if _is_full(cell)]
        return [*cells, *(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
    if isinstance(thing, types.MethodType):
        return [thing.__self__]
    if isinstance(thing, functools.partial):
        return [thing.func, *thing.args, *thing.keywords.values(), *_contents(thing.func)]
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


def _held(x: Any) -> Any:
    """x itself, if it is a Value or a module that has parameters; of a container the
    first such thing in it; else None.
    """
    if isinstance(x, CONTAINERS):
        inner = map(_held, x.values() if isinstance(x, dict) else x)
        return next((held for held in inner if held is not None), None)
    if isinstance(x, Branching):
        return x if any(map(is_parameter, members(x))) else None
    return x if is_leaf(x) else None


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
