"""Facts about an op that its record carries besides its rules: each is optional.

A fact says something that is true of the op. How an interpreter works is not a fact and
stays in that interpreter's room. Every fact is read by something, and a generic test
holds it to the op's own forward (tests/test_facts.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Facts(NamedTuple):  # not a dataclass: that import takes longer than this package
    """What is known of an op besides its forward and its rules.

    Attributes:
        c: how C says it: an operator ("+", "neg", "&&", "?:"), a function of math.h
            ("tanh"), or a Python function written in ops that have a c themselves,
            without `if` on data. On numbers it gives the same bits as the forward,
            wherever one of both is finite; elsewhere the forward is asked. Formulas
            read this.
        tex: LaTeX, where mathematics has a notation of its own: a format string over
            the inputs by number and the params by name, as r"\\tanh\\left({0}\\right)".
            No input needs parentheses in it. Operators and functions that are written
            by their name have none. Symbols read this.
        commutative: op(x, y) == op(y, x). So both rules give the same where x is y.
            Folding of Symbols and the gradient of x * x read this.
        identity: the number e with op(x, e) == x. Folding of Symbols reads this.
        axes: for an op that joins elements along axes, the name of its param that says
            along which ("axis"), or how many of the last axes it takes: 2 for a matrix.
            All other axes hold separate calls. None also where that is not known;
            elementwise ops need none.
        domain: per input the ends of the interval where the op has an answer. Strictly
            inside the answer is finite, but for overflow. Outside it is not finite, or
            refused. At an end it may be either. `detect_anomaly` reads this.
        chooses: the output consists of elements of the inputs, as of `where`. The
            others do not matter to it. asked.py reads this.
        takes: the output is the elements of the only input at the param `index`, as
            NumPy takes them. Gradients read this, to add to those elements in place.
        dtype: the dtype of the output, as a function of inputs and params. None: that
            of the inputs together. The shape rules of Abstract read this.
    """

    c: str | Callable[..., Any] = ""
    tex: str = ""
    commutative: bool = False
    identity: float | None = None
    axes: str | int | None = None
    domain: tuple[tuple[float, float], ...] | None = None
    chooses: bool = False
    takes: bool = False
    dtype: Callable[..., Any] | None = None


NO_FACTS = Facts()
