"""Facts about an op that its record carries besides its rules: each is optional.

A fact says something that is true of the op. How an interpreter works is not a fact and
stays in that interpreter's room. Every fact is read by something, and a generic test
holds it to the op's own forward (tests/test_facts.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an op besides its forward and its rules.

    Attributes:
        c: how C spells it: an operator ("+"), a function of math.h ("tanh"), or a
            function that says it in ops which have such a spelling themselves. On
            numbers, formulas run this instead of the forward.
        tex: LaTeX, a format string over the inputs by number and the params by name,
            as r"\\tanh {0}".
        commutative: op(x, y) == op(y, x).
        identity: the number e with op(x, e) == x.
        symmetric: the derivatives by both inputs are the same function with x and y
            exchanged.
        axes: "elementwise", or how the op treats axes: which of them it sums over.
        domain: per input the lowest and highest number for which the op has a finite
            answer.
        chooses: the output consists of elements of the inputs, as of `where`; the
            others are not asked.
        dtype: the dtype of the output, a function of inputs and params; None for that
            of the inputs together.
    """

    c: str | Callable[..., Any] = ""
    tex: str = ""
    commutative: bool = False
    identity: float | None = None
    symmetric: bool = False
    axes: Any = None
    domain: tuple[tuple[float, float], ...] | None = None
    chooses: bool = False
    dtype: Callable[..., Any] | None = None


NO_FACTS = Facts()
