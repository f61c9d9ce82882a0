"""The options of rules: numbers in a range, or an error that says so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from micrograd.captures import is_followed_number
from micrograd.errors import ArgumentError


def number(name: str, option: str, given: Any, *, above: float = -math.inf, least: float = -math.inf) -> float:
    """An option as a float of Python, which changes no dtype.

    Args:
        name: the rule or class that asks, for the error.
        option: the name of the option.
        given: what the user gave.
        above: the option must be larger.
        least: the option must be at least this.

    Raises:
        ArgumentError: it is not a number, is nan, or is out of range.

    >>> number("adam", "lr", 1, least=0)
    1.0
    """
    if is_followed_number(given):  # its number was checked
        return given  # type: ignore[no-any-return]
    try:
        value = float("text" if isinstance(given, (str, bytes)) else given)  # "0.1" too is refused
    except (TypeError, ValueError, RuntimeError):
        raise ArgumentError(f"{name}: {option} is {given!r}; give a number") from None
    if not (value >= least and (value > above or above == -math.inf)):
        wanted = f" above {above:g}" if above > -math.inf else f" of {least:g} or more" if least > -math.inf else ""
        raise ArgumentError(f"{name}: {option} is {given!r}; give a number{wanted}")
    return value


def is_on(option: Any) -> bool:
    """Whether an option is not 0: see followed.py for one that a capture follows."""
    return is_followed_number(option) or option != 0.0


def share(name: str, option: str, given: Any) -> float:
    """An option from 0 up to, but without, 1, as the factor of a moving average is.

    Raises:
        ArgumentError: it is not.
    """
    if is_followed_number(given):
        return given  # type: ignore[no-any-return]
    value = number(name, option, given)
    if not 0.0 <= value < 1.0:
        raise ArgumentError(f"{name}: {option} is {given!r}; give a number from 0 up to, but not including, 1")
    return value


def upto(name: str, option: str, given: Any) -> float:
    """An option from 0 to 1, both included.

    Raises:
        ArgumentError: it is not.
    """
    value = number(name, option, given)
    if not 0.0 <= value <= 1.0:
        raise ArgumentError(f"{name}: {option} is {given!r}; give a number from 0 to 1")
    return value


def shares(name: str, option: str, given: Any) -> tuple[float, float]:
    """A pair of such factors.

    Raises:
        ArgumentError: it is not a pair, or one of them is out of range.
    """
    first, second = pair(name, option, given)
    return share(name, f"{option}[0]", first), share(name, f"{option}[1]", second)


def pair(name: str, option: str, given: Any) -> tuple[Any, Any]:
    """Two numbers.

    Raises:
        ArgumentError: there are not two.
    """
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != 2:
        raise ArgumentError(f"{name}: {option} is {given!r}; give a pair of numbers")
    return given[0], given[1]
