"""The table of ops: every record by its name."""

from __future__ import annotations

from typing import Any

from micrograd.errors import OpError

OPS: dict[str, Any] = {}  # name: Op


def enter(op: Any) -> None:
    """Put the record into the table.

    A name may be defined again where it was defined before, as when a notebook cell
    is run twice.

    Raises:
        OpError: another module has defined an op of this name.
    """
    known = OPS.get(op.name)
    if known is not None and known.__module__ != op.__module__:
        raise OpError(f"{op.name}: {known.__module__} defines an op of this name already; choose another")
    OPS[op.name] = op


def look_up(name: str) -> Any:
    """The op of this name; a pickle of an op is its name.

    Raises:
        OpError: nothing here has defined it.
    """
    if name not in OPS:
        raise OpError(f"{name}: no op of this name is defined here; import the module that defines it, then load")
    return OPS[name]
