"""What Python's own functions do with numbers of a run: `max`, `min` and `type`.

`max(a, b)` asks whether a > b, and `type(a) is float` asks for the class. No method of
a number is told of either, so these functions are replaced while a capture runs.
"""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Iterable
from threading import Lock, get_ident
from typing import Any

from micrograd.captures import CAPTURES
from micrograd.ops.arithmetic import maximum, minimum

_LOCK = Lock()
_max, _min = builtins.max, builtins.min


def _folding(usual: Callable[..., Any], op: Callable[..., Any]) -> Callable[..., Any]:
    """Python's max or min, which goes through an op where numbers of a run are
    among the arguments.
    """

    @functools.wraps(usual)
    def folded(*given: Any, **options: Any) -> Any:
        capture = CAPTURES.get(get_ident())
        if options or capture is None:
            return usual(*given, **options)
        items = list(given[0]) if len(given) == 1 else list(given)
        if not items or not any(map(capture.follows, items)):
            return usual(items) if len(given) == 1 else usual(*items)
        return functools.reduce(op, items)

    return folded


class _Meta(type):
    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, type)

    def __subclasscheck__(cls, x: Any) -> bool:
        return issubclass(x, type)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is type

    def __hash__(cls) -> int:
        return hash(type)


class TypeOf(metaclass=_Meta):
    """`type`, for the user's modules: a number of a run has the class that the number
    has.
    """

    def __new__(cls, *given: Any, **options: Any) -> Any:
        """The class of one object, or a new class."""
        if len(given) != 1:
            return type(*given, **options)
        capture = CAPTURES.get(get_ident())
        if capture is not None and capture.follows(given[0]):
            return type(given[0].number)
        return type(given[0])


def replace(modules: Iterable[dict[str, Any]]) -> None:
    """Put the replacements in place.

    Args:
        modules: the names of the user's modules whose code calls `type`.
    """
    with _LOCK:
        builtins.max, builtins.min = _folding(_max, maximum), _folding(_min, minimum)
        for names in modules:
            names.setdefault("type", TypeOf)


def put_back(modules: Iterable[dict[str, Any]]) -> None:
    """Put back what Python has."""
    with _LOCK:
        if not CAPTURES:
            builtins.max, builtins.min = _max, _min
        for names in modules:
            if names.get("type") is TypeOf:
                del names["type"]
