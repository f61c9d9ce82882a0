"""A learner's code, run with a limit: what it gives, or what went wrong in words.

The code may print, raise, call `sys.exit()`, or never end. It is counted, not timed:
each call in it is a step, so that a slow machine gives the same answer. A loop that
calls nothing is not counted; `micrograd grade` ends that from outside.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

MOST_STEPS = 3_000_000  # calls and returns: a second or two; a right engine needs a tenth of it


class Fault(Exception):  # noqa: N818 - the fault is in the learner's code, not here
    """What a learner's code did instead of giving a number, in words.

    Attributes:
        error: the exception that it raised, if it did.
        is_endless: whether it took too many steps.
    """

    def __init__(self, words: str, error: BaseException | None = None, is_endless: bool = False) -> None:
        super().__init__(words)
        self.error = error
        self.is_endless = is_endless


# What a fault says, and the slip that most often makes it
REPAIRS = {
    "it is None$": "nothing comes back: end the op with `return out`",
    "'NoneType' object is not callable": "`_backward` is called where it is set: out._backward = _backward, without ()",
    "unhashable type: '(?!list|dict|set)": "a class with an `__eq__` of its own cannot be in a set: leave `__eq__` out",
    r"'(int|float)' object has no attribute '_?(prev|children|inputs|parents)'": (
        "a plain number is among the inputs of a node: give only Values, as (self,)"
    ),
    "RecursionError: it calls itself": "the method calls itself: as -self in `__neg__`, or 2 + a in `__radd__`",
}


def repair_of(fault: Fault) -> list[str]:
    """What to write instead, where the fault is a common one; at most one sentence.

    >>> repair_of(Fault("has no `data`: it is None"))
    ['nothing comes back: end the op with `return out`']
    """
    return [repair for words, repair in REPAIRS.items() if re.search(words, str(fault))][:1]


class _TooManySteps(BaseException):
    """Not an Exception, as the code may catch those."""


def attempt(run: Callable[..., T], *given: Any) -> T:
    """What `run(*given)` gives.

    Raises:
        Fault: it raised, or it takes more than `MOST_STEPS` steps.

    >>> attempt(max, 2, 4)
    4
    >>> attempt(lambda: {}["a"])
    Traceback (most recent call last):
        ...
    micrograd.grading.attempts.Fault: raises KeyError: 'a'
    """
    try:
        with silenced(), _counted():
            return run(*given)
    except (Fault, KeyboardInterrupt):
        raise
    except _TooManySteps:
        raise Fault("does not end, or takes millions of steps", is_endless=True) from None
    except RecursionError as error:
        raise Fault("raises RecursionError: it calls itself too often", error) from None
    except BaseException as error:  # SystemExit too, which would end the grader
        raise Fault(f"raises {said(error)}", error) from None


def said(error: BaseException) -> str:
    """An exception in one short line.

    >>> said(ValueError("no")), said(SystemExit())
    ('ValueError: no', 'SystemExit')
    """
    try:
        words = " ".join(str(error).split())
    except Exception:  # its __str__ is the learner's
        words = ""
    words = f"{words[:157]}..." if len(words) > 160 else words
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


@contextlib.contextmanager
def _counted() -> Iterator[None]:
    """Stop what takes too many steps. A profiler that runs is put back afterwards."""
    left = MOST_STEPS

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise _TooManySteps

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Nothing is printed, and no warning is given."""
    nowhere = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        warnings.simplefilter("ignore")
        yield
