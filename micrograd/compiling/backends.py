"""Back ends: what runs the lines of a program."""

from __future__ import annotations

from typing import Any

from micrograd.compiling import objects
from micrograd.compiling.c import CRunner
from micrograd.compiling.lines import Line, Program
from micrograd.compiling.numpy_code import NumpyRunner
from micrograd.errors import CaptureError

BACKENDS = ("auto", "c", "numpy", "tape")


def runner_of(
    backend: str, program: Program, forward: list[Line], back: list[Line], kept: set[str], exact: bool
) -> Any:
    """What runs these lines: for "auto", C where a compiler works, else NumPy.

    Args:
        backend: one of BACKENDS, but "tape", which runs no lines.
        program: what the lines belong to.
        forward: the lines of a call.
        back: the lines of `backward()`.
        kept: names of buffers that somebody reads afterwards.
        exact: to the last bit as without compiling.

    Raises:
        CaptureError: it cannot run them.
    """
    if backend == "numpy" and exact:
        raise CaptureError("compile: backend='numpy' adds up in NumPy's order; leave out exact=True, or the back end")
    if backend == "numpy" or (backend == "auto" and not exact and objects.why_none(exact)):
        return NumpyRunner(program, forward, back)
    return CRunner(program, forward, back, kept, exact)
