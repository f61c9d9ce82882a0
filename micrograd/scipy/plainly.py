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
from micrograd.interpreter import Interpreter, ground
from micrograd.leaves import joined_leaves
from micrograd.modes import enable_grad, is_recording, no_grad
from micrograd.node import data_of
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
    level = math.floor(max([0.0, *(x._level for x in inputs if isinstance(x, Interpreter))]))
    # Values belong inside of a grad that is around. A transform at the top would make
    # Values of constants, too, and the result of that grad would be a Value.
    with levels.within(level), none_around() if level else contextlib.nullcontext():
        yield


def by_rule(rule: Callable[..., Any], *inputs: Any) -> Any:
    """What a rule of an op makes of its inputs, where they belong. Of plain numbers it
    makes plain numbers, as if no transform were around.

    Args:
        rule: a function of the inputs to a gradient, or to several.
        inputs: the inputs; None for one that is not there.
    """
    if not all(map(is_plain, inputs)):
        with among(inputs):
            return rule(*inputs)
    with plainly():
        found = rule(*inputs)
    return [ground(x) for x in found] if isinstance(found, (list, tuple)) else ground(found)


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
    leaves = [data_of(x) for x in leaves_of(joined_leaves(params))]
    with levels.within(0), none_around(), enable_grad():
        try:
            out = f(like(params, leaves), *args)
        except (AttributeError, TypeError):  # it may use methods of Values
            out = f(like(params, [Value(x).detach() for x in leaves]), *args)
        is_captured = any(map(is_live, leaves_of(joined_leaves(out))))  # here: in no_grad nothing is live
    if is_captured:
        raise captured(name)


def captured(name: str) -> GradientError:
    """The error of a function that uses a Value from outside."""
    return GradientError(
        f"{name}: the function uses a Value from outside, and the result would lose its gradient;\n"
        f"give it to the function through args=(...,), or call {name} in `with no_grad():`"
    )


def refuse_live(name: str, what: str, given: Any) -> None:
    """Refuse options that have a gradient: results have one by args alone.

    Args:
        name: the solver, for the error.
        what: what the options are, for the error.
        given: a tree of them. Of SciPy's Bounds, or a constraint, or a list of them,
            the limits count.

    Raises:
        GradientError: a Value that is not a constant is among them.
    """
    if is_recording() and any(map(is_live, _numbers(given))):
        raise GradientError(
            f"{name}: {what} hold a Value, and the result has no gradient by them; give plain numbers, as by .detach()"
        )


def _numbers(given: Any) -> Iterator[Any]:
    if isinstance(given, (list, tuple)):
        for x in given:
            yield from _numbers(x)
    elif hasattr(given, "lb"):
        yield from _numbers([given.lb, given.ub])
    else:
        yield from leaves_of(joined_leaves(given))
