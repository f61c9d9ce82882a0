"""Row 9: what a node costs, op by op: 30 elementwise ops on floats, to build and to go
back, and in ratio to tanh.
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from typing import Any

from benchmarks.contest import compare
from benchmarks.report import digits, shown
from benchmarks.row import COMPILED, OURS, PLAIN, Case, Goal, Outcome, Row, Settings, Trial

OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "multiply": operator.mul,
    "power": operator.pow,
    "abs": abs,
}
METHODS = (
    *"exp expm1 exp2 log log1p log2 sqrt cbrt relu sigmoid".split(),
    *"sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arctanh".split(),
)
FUNCTIONS = ("softplus", "erf", "maximum", "hypot", "arctan2")
TWO_INPUTS = {"add", "multiply", "power", "maximum", "hypot", "arctan2"}
OPS = (*OPERATORS, *METHODS, *FUNCTIONS)
LIKE_TANH = "sin cos sqrt sigmoid softplus".split()  # what the goal names
REPEATS = 5  # of which the quickest counts


def function(op: str) -> Callable[..., Any]:
    """The op as a program calls it: an operator, a method of Value, or a function."""
    from micrograd import ops
    from micrograd.engine import Value

    return OPERATORS.get(op) or getattr(Value if op in METHODS else ops, op)


def make(op: str, nodes: int) -> Trial:
    """The sum of the op at many leaves, less that of the leaves alone; all are inside
    every op's domain.
    """
    from micrograd.engine import Value

    leaves = [Value(0.1 + 0.8 * i / nodes) for i in range(nodes)]
    others: list[Any] = [3] * nodes if op == "power" else leaves[::-1]
    f = function(op)

    def alone() -> Value:
        total = Value(0.0)
        for x in leaves:
            total = total + x
        return total

    def of_one() -> Value:
        total = Value(0.0)
        for x in leaves:
            total = total + f(x)
        return total

    def of_two() -> Value:
        total = Value(0.0)
        for x, y in zip(leaves, others, strict=True):
            total = total + f(x, y)
        return total

    summed = of_two if op in TWO_INPUTS else of_one

    def step() -> dict[str, float]:
        with_op = min(_seconds(summed) for _ in range(REPEATS))
        without = min(_seconds(alone) for _ in range(REPEATS))
        return {"seconds": (with_op - without) / nodes}

    total = summed()
    total.backward()
    return [total.data, *(x.grad for x in leaves)], step


CONTESTANTS = {COMPILED: make, PLAIN: make}


def _seconds(build: Callable[[], Any]) -> float:
    start = time.perf_counter()
    build().backward()
    return time.perf_counter() - start


def measure(settings: Settings) -> list[Outcome]:
    """A case per op. The steps repeat and warm up by themselves."""
    nodes = 20 if settings.small else 2000
    cases = [Case(op, {"op": op, "nodes": nodes}) for op in OPS]
    return compare("scalar_ops", CONTESTANTS, cases, settings, turn=0)


def times_of_tanh(outcomes: list[Outcome], op: str, contestant: str = OURS) -> float | None:
    """How many times a node of tanh one of this op takes."""
    value, tanh = (next((x.value(contestant) for x in outcomes if x.case == name), None) for name in (op, "tanh"))
    return value / tanh if value is not None and tanh else None


def condense(outcomes: list[Outcome]) -> list[Outcome]:
    """For the table of all rows: tanh alone."""
    return [x for x in outcomes if x.case == "tanh"]


def detail(outcomes: list[Outcome]) -> list[str]:
    """A line per op, with its ratio to tanh, on each of our engines."""
    names = [name for name in CONTESTANTS if name in outcomes[0].samples]
    lines = [
        "| op |" + "".join(f" {name} | times tanh |" for name in names),
        "|---" * (1 + 2 * len(names)) + "|",
    ]
    for x in outcomes:
        cells = [x.case]
        for name in names:
            value, times = x.value(name), times_of_tanh(outcomes, x.case, name)
            cells += ["" if value is None else shown(value, x.unit), "" if times is None else digits(times)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _worst(outcomes: list[Outcome]) -> float | None:
    found = [times for op in LIKE_TANH if (times := times_of_tanh(outcomes, op)) is not None]
    return max(found) if len(found) == len(LIKE_TANH) else None


ROW = Row(
    9,
    f"A node of each of {len(OPS)} elementwise ops on floats, build and backward, over that of a sum of leaves",
    measure,
    [Goal(f"the slowest of {', '.join(LIKE_TANH)}: at most 1.5 times tanh", _worst, at_most=1.5)],
    condense,
    detail,
)
