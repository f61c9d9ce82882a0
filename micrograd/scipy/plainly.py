"""Which arguments of a solver have a gradient, and how it runs on plain numbers inside
a transform.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from micrograd import levels
from micrograd.engine import Value
from micrograd.errors import GradientError
from micrograd.interpreter import Interpreter
from micrograd.leaves import joined_leaves
from micrograd.modes import enable_grad, is_recording, no_grad
from micrograd.ops.operators import Operators
from micrograd.tracing import depth, none_around
from micrograd.trees import leaves_of, like


@contextlib.contextmanager
def plainly() -> Iterator[None]:
    """Plain numbers stay plain numbers in this block, whatever transform is around."""
    with levels.within(0), none_around(), no_grad():
        yield


@contextlib.contextmanager
def among(inputs: Iterable[Any]) -> Iterator[None]:
    """Transforms in this block run where its inputs were made: a rule of a jvp runs
    inside of that jvp, but its results belong outside.
    """
    level = max([0.0, *(x._level for x in inputs if isinstance(x, Interpreter))])
    with levels.within(math.floor(level)), none_around():
        yield


def is_live(x: Any) -> bool:
    """Whether a gradient goes to x: a Value that is not a constant, or a number of a
    transform that is running.

    >>> from micrograd import Value
    >>> is_live(Value(2.0)), is_live(Value(2.0).detach()), is_live(2.0)
    (True, False, False)
    """
    return isinstance(x, Operators) and bool(x._is_traced() or x._has_history())


def is_inside() -> bool:
    """Whether a transform runs around this call."""
    return bool(depth() or levels.innermost())


def is_plain(x: Any) -> bool:
    """Whether x is a number or an array, not a value of an interpreter."""
    return not isinstance(x, Interpreter)


def refuse_captured(name: str, f: Callable[..., Any], params: Any, args: Iterable[Any]) -> None:
    """Refuse a function that uses a Value from outside, whose gradient would be lost.

    Args:
        name: the solver, for the error.
        f: the function (params, *args).
        params: a tree whose Values, if there are any, do not count.
        args: constants.

    Raises:
        GradientError: what it returns is not a constant.
    """
    leaves = [x.data if isinstance(x, Value) else x for x in leaves_of(joined_leaves(params))]
    with levels.within(0), none_around(), enable_grad():
        try:
            out = f(like(params, leaves), *args)
        except (AttributeError, TypeError):  # it may use methods of Values
            out = f(like(params, [Value(x).detach() for x in leaves]), *args)
    if any(is_live(z) for z in leaves_of(joined_leaves(out))):
        raise GradientError(
            f"{name}: the function uses a Value from outside, and the result would lose its gradient;\n"
            f"give it to the function through args=(...,), or call {name} in `with no_grad():`"
        )


def refuse_live(name: str, what: str, given: Any) -> None:
    """Refuse options that have a gradient: results have one by args alone.

    Raises:
        GradientError: a Value that is not a constant is among them.
    """
    if is_recording() and any(is_live(x) for x in leaves_of(given)):
        raise GradientError(
            f"{name}: {what} hold a Value, and the result has no gradient by them; give plain numbers, as by .detach()"
        )
