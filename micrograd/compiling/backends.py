"""Back ends: what runs a program, and why it is not the one that would be fastest."""

from __future__ import annotations

from typing import Any

from micrograd.compiling import objects
from micrograd.compiling.c import CRunner, TooManyFunctionsError
from micrograd.compiling.lines import Line, Program
from micrograd.compiling.numpy_code import NumpyRunner
from micrograd.errors import CaptureError, CompileWarning
from micrograd.unknown import warn_user

BACKENDS = ("auto", "c", "numpy", "tape")
# When "auto" takes the tape for a program of single numbers: it is ready at once, and
# as fast as lines that compute a few numbers each.
FEWEST_LINES = 500  # fewer are ready soon, whatever they compute
NUMBERS_A_LINE = 8  # where rolling pays, a line computes at least so many
MOST_FUNCTIONS = 1500  # of C: gcc takes 2 ms for each


def why_unrolled(lines: int, numbers: int) -> str:
    """Why a program runs as well without lines; empty if it does not.

    >>> why_unrolled(14, 65_818)
    ''
    >>> why_unrolled(50_827, 58_332)
    'it does not roll: it would be 50,827 lines for 58,332 numbers'
    """
    if lines <= FEWEST_LINES or lines * NUMBERS_A_LINE <= numbers:
        return ""
    return f"it does not roll: it would be {lines:,} lines for {numbers:,} numbers"


def runner_of(
    backend: str,
    program: Program,
    forward: list[Line],
    back: list[Line],
    kept: set[str],
    exact: bool,
    is_for_tape: bool,
    threads: int | None = None,
) -> tuple[Any, str]:
    """What runs these lines, and why "auto" does not take C: it does where a compiler
    works.

    Args:
        backend: one of BACKENDS, but "tape", which runs no lines.
        program: what the lines belong to.
        forward: the lines of a call.
        back: the lines of `backward()`.
        kept: names of buffers that somebody reads afterwards.
        exact: to the last bit as without compiling.
        is_for_tape: whether the tape could run the program, too.
        threads: how many share large loops in C.

    Returns:
        The runner; None where the tape has to run the program.

    Raises:
        CaptureError: the back end that was asked for cannot run them.
    """
    if backend == "numpy" and exact:
        raise CaptureError("compile: backend='numpy' adds up in NumPy's order; leave out exact=True, or the back end")
    if backend == "numpy":
        return NumpyRunner(program, forward, back), ""
    if backend == "c":
        return CRunner(program, forward, back, kept, exact, threads=threads), ""
    why = objects.why_none(exact)
    if not why:
        try:
            return CRunner(program, forward, back, kept, exact, MOST_FUNCTIONS if is_for_tape else None, threads), ""
        except TooManyFunctionsError as error:
            return None, str(error)
        except CaptureError as error:
            why = objects.give_up(error, exact)
            warn_user(f"compile: {why};\n{'the tape' if exact else 'NumPy'} runs programs from now on", CompileWarning)
    return None if exact else NumpyRunner(program, forward, back), why
