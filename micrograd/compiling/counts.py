"""Counts: what schedules and averages count with, as `last_epoch`.

They are told of a compiled step at the end of each call, so within it there is nothing
to read yet.
"""

from __future__ import annotations

from typing import Any

from micrograd.errors import CaptureError


def counted_by(x: Any) -> list[str]:
    """The attributes of a schedule or an average that change with its steps."""
    code = getattr(type(x).__init__, "__code__", None)
    given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code else ()
    numbers = [name for name, held in getattr(x, "__dict__", {}).items() if type(held) in (int, float)]
    return [name for name in numbers if name == "last_epoch" or not (name in given or name.startswith("_"))]


def check_not_read(told: list[Any], read: set[str]) -> None:
    """Refuse to read what schedules and averages count, in a function that tells them
    of its step.

    Args:
        told: the schedules and averages.
        read: the names of attributes that the code of the function reads.

    Raises:
        CaptureError: it does.
    """
    for x in told:
        for name in counted_by(x):
            if name in read:
                raise CaptureError(
                    f"compile: the function reads `{name}` of {type(x).__name__}, which changes at the end of each "
                    f"call;\nread it outside of the function"
                )
