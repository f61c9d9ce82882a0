"""What a request may hold: each field is checked, and refused in words."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Mapping
from typing import Any

from micrograd.errors import ArgumentError

Check = Callable[[str, Any], Any]  # of the name of a field and what was given; gives what is taken


def shown(given: Any) -> str:
    """What was given, in at most 50 characters, whatever it is."""
    try:
        text = reprlib.repr(given)
    except Exception:  # an int of thousands of digits
        text = type(given).__name__
    return text if len(text) <= 50 else text[:47] + "..."


def is_number(x: Any) -> bool:
    """Whether x is a finite number that a float can hold."""
    return type(x) in (int, float) and -1.7e308 < x < 1.7e308


def a_number(least: float, most: float, *, above: bool = False) -> Check:
    """A number within these limits; above: not least itself."""

    def check(name: str, given: Any) -> float:
        if not is_number(given) or not least <= given <= most or (above and given == least):
            ends = f"{least:,.9g}", f"{most:,.9g}"
            start = f"above {ends[0]}, up to {ends[1]}" if above else f"from {ends[0]} to {ends[1]}"
            raise ArgumentError(f"{name} is {shown(given)}; give a number {start}")
        return float(given)

    return check


def a_whole(least: int, most: int) -> Check:
    """A whole number within these limits."""

    def check(name: str, given: Any) -> int:
        if not is_number(given) or given != math.floor(given) or not least <= given <= most:
            raise ArgumentError(f"{name} is {shown(given)}; give a whole number from {least} to {most}")
        return int(given)

    return check


def a_choice(*choices: Any) -> Check:
    """One of these."""

    def check(name: str, given: Any) -> Any:
        for choice in choices:
            if type(given) in (type(choice), float) and given == choice:
                return choice
        raise ArgumentError(f"{name} is {shown(given)}; choose from {', '.join(map(str, choices))}")

    return check


def a_text(longest: int) -> Check:
    """A text of at most so many characters."""

    def check(name: str, given: Any) -> str:
        if not isinstance(given, str):
            raise ArgumentError(f"{name} is {shown(given)}; give a text")
        if len(given) > longest:
            raise ArgumentError(f"{name} has {len(given):,} characters, and may have {longest:,}; shorten it")
        return given

    return check


def a_list(check: Check, most: int, *, least: int = 0) -> Check:
    """A list whose items pass a check."""

    def checked(name: str, given: Any) -> list[Any]:
        if not isinstance(given, list):
            raise ArgumentError(f"{name} is {shown(given)}; give a list")
        if not least <= len(given) <= most:
            raise ArgumentError(f"{name} has {len(given)} items; give {least} to {most}")
        return [check(f"{name}[{i}]", item) for i, item in enumerate(given)]

    return checked


def either(first: Check, *words: str) -> Check:
    """One of the words, or what passes the check."""

    def check(name: str, given: Any) -> Any:
        if isinstance(given, str) and given in words:
            return given
        try:
            return first(name, given)
        except ArgumentError as error:
            raise ArgumentError(f"{error}, or {' or '.join(map(repr, words))}") from None

    return check


def fields_of(
    name: str,
    given: Any,
    known: Mapping[str, Check],
    required: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The fields of a dict, each checked.

    Args:
        name: whose fields they are, for errors.
        given: the dict.
        known: the check of each field.
        required: the fields that must be there.

    Raises:
        ArgumentError: it is not a dict, or a field is unknown, missing or wrong.

    >>> fields_of("step", {"n": 0}, {"n": a_whole(1, 100)})
    Traceback (most recent call last):
    micrograd.errors.ArgumentError: step: n is 0; give a whole number from 1 to 100
    """
    if not isinstance(given, dict):
        raise ArgumentError(f"{name} is {shown(given)}; give an object with fields")
    for key in given:
        if key not in known:
            wanted = f"it has {', '.join(known)}" if known else "it has no fields"
            raise ArgumentError(f"{name}: there is no field {shown(key)}; {wanted}")
    if missing := [key for key in required if key not in given]:
        raise ArgumentError(f"{name}: the field {missing[0]} is missing; give {', '.join(required)}")
    try:
        return {key: known[key](key, item) for key, item in given.items()}
    except ArgumentError as error:
        raise ArgumentError(f"{name}: {error}") from None
