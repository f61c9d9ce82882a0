"""The derivative of an expression, as a curve with its slopes, and as a limit.

`derive` and `secant` answer the page. An expression is read by `expressions.py`, so a
text of a stranger computes, and does nothing else.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from micrograd.draw import draw_dot
from micrograd.engine import Value
from micrograd.errors import ArgumentError, MicrogradError
from micrograd.expressions import CONSTANTS, Expression
from micrograd.node import is_constant
from micrograd.see.graph import for_json
from micrograd.symbol import Symbol
from micrograd.transforms import grad

LONGEST = 400  # characters of an expression
MOST_SECONDS = 0.5  # of computing, for a curve


class Curve:
    """An expression of numbers, with a value for each name.

    Args:
        text: the expression.
        values: the number of each name.
        of: the name by which is differentiated; the only one, if there is only one.

    Raises:
        ArgumentError: a name has no value, or the expression cannot be read.
    """

    def __init__(self, text: str, values: dict[str, float], of: str | None) -> None:
        self.expression = Expression(text)
        names = [name for name in self.expression.names if name in values or name not in CONSTANTS]
        if not names:
            raise ArgumentError("expression: it has no variable; write one, as x**2")
        if missing := [name for name in names if name not in values]:
            raise ArgumentError(f"values: {missing[0]} has no value; give one, as {missing[0]}: 2")
        self.names = names
        self.values = {name: values[name] for name in names}
        self.of = names[0] if of is None and len(names) == 1 else of or ""
        if not self.of:
            raise ArgumentError(f"of: it is missing; name one variable of the expression: {', '.join(names)}")
        if self.of not in names:
            raise ArgumentError(f"of: {self.of[:40]!r} is not a variable of the expression; it has {', '.join(names)}")
        self._until = time.process_time() + MOST_SECONDS

    def graph_at(self, x: float) -> tuple[Any, dict[str, Any]]:
        """The result, with gradients, and the Values of the names, where `of` is x."""
        if time.process_time() > self._until:
            raise ArgumentError("expression: it takes too long to compute so often; write a shorter one")
        known = {name: Value(float(value), label=name) for name, value in {**self.values, self.of: x}.items()}
        result = self.expression.run(known, _labelled)
        root = result if isinstance(result, Value) else Value(result).detach()
        if root.shape:
            raise ArgumentError(f"expression: its result has shape {root.shape}; a curve needs one number: sum(...)")
        if not is_constant(root):
            root.backward()
        return root, known

    def at(self, x: float) -> tuple[float, float]:
        """The value and the slope where `of` is x; nan where there is none."""
        try:
            root, known = self.graph_at(x)
        except (ArithmeticError, ValueError) as error:
            if isinstance(error, ArgumentError) and "takes too long" in str(error):
                raise
            return math.nan, math.nan
        return float(root.data), float(known[self.of].grad)

    def rule(self) -> str:
        """The derivative as a text."""
        symbols = {name: Symbol(name) for name in self.names}
        try:
            derivative = grad(lambda x: self.expression.run({**symbols, self.of: x}))(symbols[self.of])
        except (MicrogradError, ImportError, TypeError, ValueError) as error:
            return f"no formula: {str(error).splitlines()[0]}"
        return str(derivative)


def _labelled(name: str, value: Any) -> Any:
    if isinstance(value, Value):
        value.label = value.label or name
    return value


def curve_of(asked: dict[str, Any]) -> dict[str, Any]:
    """The answer to `derive`."""
    with _quietly():
        curve = Curve(asked["expression"], asked["values"], asked.get("of"))
        here = curve.values[curve.of]
        root, known = curve.graph_at(here)
        lo, hi, n = asked.get("lo", here - 3.0), asked.get("hi", here + 3.0), asked.get("n", 201)
        if lo >= hi:
            raise ArgumentError(f"lo is {lo:g} and hi is {hi:g}; give a lo below hi")
        xs = spread(lo, hi, n)
        found = [curve.at(x) for x in xs]
        return {
            "of": curve.of,
            "value": for_json(float(root.data)),
            "gradients": {name: for_json(float(x.grad)) for name, x in known.items()},
            "xs": xs,
            "ys": [for_json(y) for y, _ in found],
            "slopes": [for_json(slope) for _, slope in found],
            "tree": str(draw_dot(root, "text")),
            "rule": curve.rule(),
        }


def secants_of(asked: dict[str, Any]) -> dict[str, Any]:
    """The answer to `secant`: (f(x + h) - f(x)) / h for each h, and its error."""
    with _quietly():
        curve = Curve(asked["expression"], asked["values"], asked.get("of"))
        here = curve.values[curve.of]
        root, known = curve.graph_at(here)
        slope = float(known[curve.of].grad)
        rows = []
        for h in asked["h"]:
            there, _ = curve.at(here + h)
            secant = (there - float(root.data)) / h
            rows.append([h, for_json(secant), for_json(abs(secant - slope))])
        return {"of": curve.of, "slope": for_json(slope), "rows": rows}


def spread(lo: float, hi: float, n: int) -> list[float]:
    """n numbers from lo to hi.

    >>> spread(0.0, 1.0, 3)
    [0.0, 0.5, 1.0]
    """
    return [lo + (hi - lo) * i / (n - 1) for i in range(n)]


@contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except ModuleNotFoundError as error:
            raise ArgumentError(f"expression: it needs {error.name}, which is not here; use numbers only") from None
