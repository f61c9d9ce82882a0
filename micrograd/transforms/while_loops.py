"""`while_loop`: a loop until a condition is no longer met, as a function."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, TypeVar

from micrograd.arrays import as_input
from micrograd.batch import Batch
from micrograd.captures import CAPTURES, refuse
from micrograd.dual import Dual
from micrograd.errors import ArgumentError, GradientError
from micrograd.interpreter import PLAIN, Interpreter, numbers_below
from micrograd.leaves import described
from micrograd.modes import is_recording
from micrograd.node import Node, data_of, is_constant
from micrograd.ops import where
from micrograd.ops.hints import told_keywords
from micrograd.transforms.carries import Carry, check_function
from micrograd.transforms.derived import check_takes
from micrograd.transforms.recomputing import checkpoint
from micrograd.trees import leaves_of, like, mapped

T = TypeVar("T")  # the carry


@told_keywords
def while_loop(cond: Callable[[T], Any], body: Callable[[T], T], init: T, max_steps: int | None = None) -> T:
    """A loop that runs until a condition is no longer met.

    c_i+1 = body(c_i)    while cond(c_i), with c_0 = init

    Forward mode needs no limit of the steps. Reverse mode goes through the steps once
    more, from the last to the first, so it has to know how many it may have to
    remember: max_steps. It keeps the carry of every sqrt(max_steps)-th step, and
    computes the steps in between again.

    Inside a `vmap` the loop runs until it is over for all examples. The carry of an
    example whose loop is over stays as it is.

    Args:
        cond: a function of the carry to True or False. It gets plain numbers and
            arrays: no gradient goes through it.
        body: a function of the carry to the next one. The carry keeps its structure,
            and the shapes and dtypes of its leaves.
        init: the carry at the start, a tree.
        max_steps: how many steps the loop has at most.

    Returns:
        The first carry for which cond is False.

    Raises:
        ArgumentError: cond does not return a boolean, the structure or a dtype of the
            carry changes, or cond still holds after max_steps steps.
        ShapeError: a shape of the carry changes.
        GradientError: the carry is recorded for reverse mode, and max_steps is not
            given.

    >>> while_loop(lambda x: x < 100.0, lambda x: x * x, 3.0)
    6561.0
    """
    for what, f in (("cond", cond), ("body", body)):
        check_function("while_loop", what, f)
        check_takes("while_loop", what, f, ("carry",))
    carry: Any = mapped(_as_leaf, init)
    loop = _Loop(cond, body, Carry("while_loop", carry))
    last: T = loop.unlimited(carry) if max_steps is None else loop.limited(carry, _whole(max_steps))
    return last


def _as_leaf(x: Any) -> Any:
    return as_input(x, "while_loop")


def _whole(max_steps: Any) -> int:
    try:
        count = operator.index(max_steps)
    except TypeError:
        count = -1
    if count < 0:
        raise ArgumentError(f"while_loop: max_steps={max_steps!r}; give a whole number, 0 or more, or None")
    return count


class _Loop:
    """The functions of a loop, and what it carries."""

    def __init__(self, cond: Callable[[Any], Any], body: Callable[[Any], Any], checks: Carry) -> None:
        self._cond = cond
        self._body = body
        self._checks = checks

    def unlimited(self, carry: Any) -> Any:
        """The carry after the last step, without reverse mode."""
        i = 0
        while (goes_on := self.goes_on(carry)) is not False:
            carry = self.step(carry, goes_on, i)
            for x in leaves_of(carry):
                if _is_recorded(x):
                    raise GradientError(
                        "while_loop: reverse mode has to remember the steps, and does not know how many; give "
                        "max_steps=, the most there can be, or take jvp;\n"
                        "for the numbers alone, call it under no_grad(), or with .detach() of what goes in"
                    )
            i += 1
        return carry

    def limited(self, carry: Any, max_steps: int) -> Any:
        """The carry after the last step; reverse mode computes pieces of the loop
        again.
        """
        size = max(1, math.isqrt(max_steps))
        done = 0
        while self.goes_on(carry) is not False:
            if done >= max_steps:
                raise ArgumentError(
                    f"while_loop: cond still holds after max_steps={max_steps} steps; give more, "
                    f"or see that each step leads closer to the end"
                )
            count = min(size, max_steps - done)
            carry = checkpoint(_Piece(self, done, count))(carry)
            done += count
        return carry

    def goes_on(self, carry: Any) -> Any:
        """Whether there is another step: True or False; inside a vmap whose examples
        differ in it, a Batch.
        """
        answer = self._cond(mapped(plain, carry))
        while isinstance(answer, Batch) and not answer.is_mapped:
            answer = answer.examples
        if type(answer) is bool:
            return answer
        if CAPTURES:
            refuse(answer, "while_loop")
        if getattr(answer, "shape", None) != () or answer.dtype != bool:
            raise ArgumentError(
                f"while_loop: cond returned {described(answer)}; return one truth, such as x > 0, "
                f"or np.any(...) or np.all(...) of several"
            )
        if not isinstance(answer, Batch):
            return bool(answer)
        numbers = numbers_below(answer)
        return False if not numbers.any() else True if numbers.all() else answer

    def step(self, carry: Any, goes_on: Any, i: int) -> Any:
        """The next carry; that of examples whose loop is over stays."""
        after = self._checks.checked(self._body(carry), i)
        if goes_on is True:
            return after
        pairs = zip(leaves_of(after), leaves_of(carry), strict=True)
        return like(after, [x if x is y else where(goes_on, x, y) for x, y in pairs])


class _Piece:
    """Some steps of a loop, as a function of the carry."""

    def __init__(self, loop: _Loop, start: int, count: int) -> None:
        self._loop = loop
        self._start = start
        self._count = count

    def __call__(self, carry: Any) -> Any:
        for i in range(self._start, self._start + self._count):
            goes_on = self._loop.goes_on(carry)
            if goes_on is False:
                break
            carry = self._loop.step(carry, goes_on, i)
        return carry


def plain(x: Any) -> Any:
    """The numbers of a leaf, without what differentiates them: what cond may look at.

    Inside a vmap they stand for one example, as x does.
    """
    while type(x) not in PLAIN and isinstance(x, Interpreter):
        if isinstance(x, Batch):
            return Batch(plain(x.examples), x.is_mapped, x._number)
        if not isinstance(x, (Node, Dual)):
            break
        x = x._below
    return x


def _is_recorded(x: Any) -> bool:
    """Whether reverse mode records x, on any level."""
    while type(x) not in PLAIN and isinstance(x, Interpreter):
        if isinstance(x, Node) and not is_constant(x):
            return is_recording()
        if isinstance(x, Dual) and x._tangent is not None and _is_recorded(x._tangent):
            return True
        x = data_of(x) if isinstance(x, Node) else x._below
    return False
