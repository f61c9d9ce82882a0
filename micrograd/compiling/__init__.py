"""`compile`: a function on values, written for one sample at a time, runs as a program
of loops over arrays.

A function is captured by running it (capture.py, transcript.py), its numbers are rolled
into lines (groups.py, roll.py, forms.py), lines are derived and simplified (derive.py,
simplify.py), and a back end runs them (nests.py, c.py).
"""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

from micrograd.compiling.backends import BACKENDS
from micrograd.compiling.function import Compiled
from micrograd.compiling.teams import MOST
from micrograd.errors import ArgumentError

__all__ = ["Compiled", "compile"]


def compile(
    function: Callable[..., Any], *, backend: str = "auto", exact: bool = False, threads: int | None = None
) -> Compiled:
    """The same function as a program: captured at its first call, run from then on.

    Also a decorator. Numbers, arrays and lists of numbers among the arguments may
    change from call to call. Booleans, strings, None, shapes and lengths may too, but
    each new combination of them is captured anew. Values that the function reads, such
    as the parameters of a model, are read anew in each call.

    A function that calls `backward()` and changes `p.data` is a whole step: it runs as
    one program, too. A branch on a number, `float(x)` or `print` of one is refused,
    with the line and the repair.

    Args:
        function: gives a Value, a number, or a tree of them.
        backend: "c", "numpy", "tape", or "auto" for the fastest that works here.
        exact: every number to the last bit as without compiling; else sums may be added
            up in another order. A program of single numbers runs in C where it is
            proved that this is exact for any numbers, else on the tape. One of arrays
            runs uncompiled.
        threads: how many share the large loops and matrix products of a program in C;
            1 is for one alone. Sums are not split, so loops give the same bits for any
            number of them. Products did where that was measured. If left out, loops run
            on one, and products on as many as SciPy's BLAS takes (`OMP_NUM_THREADS`).

    Raises:
        CaptureError: the function cannot be compiled as it is written.
        ArgumentError: there is no such back end, or no such number of threads.

    >>> from micrograd import Value
    >>> w, b = Value(2.0), Value(1.0)
    >>> loss = compile(lambda xs: sum((w * x + b) ** 2 for x in xs))
    >>> z = loss([1.0, 2.0, 3.0])
    >>> z.backward()
    >>> z.data, w.grad, b.grad
    (83.0, 68.0, 30.0)
    """
    if backend not in BACKENDS:
        raise ArgumentError(f"compile: backend={backend!r} is not one of {', '.join(map(repr, BACKENDS))}")
    if not callable(function):
        raise ArgumentError(f"compile: {function!r} is not a function; give one, as in compile(loss)")
    if threads is not None and not (isinstance(threads, numbers.Integral) and 1 <= threads <= MOST):
        raise ArgumentError(f"compile: threads={threads!r} is not a whole number from 1 to {MOST}")
    return Compiled(function, exact, backend, None if threads is None else int(threads))
