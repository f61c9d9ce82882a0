"""`micrograd draw`, `explain`, `grad`, `derive`: four commands on an expression."""

from __future__ import annotations

import argparse
import math
import re
import sys
import warnings
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from micrograd import on_demand as np
from micrograd.cli.wording import aligned
from micrograd.draw import FORMATS, draw_dot
from micrograd.engine import Value
from micrograd.errors import ArgumentError, GradientError, MicrogradError
from micrograd.expressions import CONSTANTS, Expression, clipped, normal, quoted, value_of
from micrograd.interpreter import shape_of
from micrograd.node import is_constant
from micrograd.see.explanations import explain
from micrograd.see.files import write
from micrograd.see.html import page_of
from micrograd.see.why import why_grad
from micrograd.spelling import is_name
from micrograd.symbol import Symbol
from micrograd.transforms import grad

SHOWN = 12  # numbers of an array
MOST_BOXES = 200  # of a picture; Graphviz takes minutes for thousands


def run(options: argparse.Namespace) -> None:
    """Run the command of the options. What NumPy warns of is said in a line each."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            COMMANDS[options.command](options)
        except (MicrogradError, OSError, UnicodeEncodeError):
            raise
        except (ArithmeticError, IndexError, TypeError, ValueError) as error:
            # A param that the op takes, and its rule or its shape does not: axis=True
            raise ArgumentError(f"{options.command}: {quoted(options.expression)} has no derivative: {error}") from None
    for said in dict.fromkeys(str(warning.message) for warning in heard):
        _note(said)


def _note(said: str) -> None:
    print(f"micrograd: note: {said}", file=sys.stderr)


class Graph:
    """A computed expression: its root, and its values by name.

    Args:
        options: the expression, and the words that give values.

    Attributes:
        expression: the expression.
        data: the result, a number or an array.
        root: the same as a Value; a constant one if it is made from no variable.
        given: the numbers and arrays of the variables.
        values: the variables, then the intermediate values with names.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.expression = Expression(options.expression)
        self.given = given_values(self.expression, options.values)
        self.values = {name: Value(value, label=name) for name, value in self.given.items()}
        result = self.expression.run(self.values, self._named)
        self.data = result.data if isinstance(result, Value) else result
        self.root = result if isinstance(result, Value) else Value(result).detach()
        if not is_constant(self.root):
            self.root.backward()

    def _named(self, name: str, value: Any) -> Any:
        """What an assigned name stands for: of a number in the text, a variable."""
        if name in self.expression.numbers and not isinstance(value, Value):
            value = Value(float(value) if isinstance(value, (int, float)) else value)
        if isinstance(value, Value):
            value.label = value.label or name
            self.values[name] = value
        return value


def given_values(expression: Expression, words: Sequence[str]) -> dict[str, Any]:
    """The values of variables, in the order of the expression; what it does not use
    comes last.

    Args:
        expression: what uses them.
        words: such as "x=2", "y = -3", "z=[1,", "2]".

    Raises:
        ArgumentError: a word gives no value, or a name has two.
    """
    text = " ".join(words)
    names = [*re.finditer(r"(?<!\w)([^\W\d]\w*)\s*=(?!=)", text)]
    if before := text[: names[0].start()].strip() if names else text.strip():
        hint = f"write {clipped(before)}=2" if is_name(before) else "write a name before the =, as x=2"
        raise ArgumentError(f"{quoted(before)} gives no variable a value; {hint}")
    ends = [*(found.start() for found in names[1:]), len(text)][: len(names)]
    given: dict[str, Any] = {}
    for found, end in zip(names, ends, strict=True):
        name = normal(found[1])
        if not is_name(name):
            raise ArgumentError(f"{clipped(name)}= is a word of Python; take another name for the variable")
        if name in given:
            raise ArgumentError(f"{clipped(name)} is given a value twice; give it once")
        if name in expression.assigned:
            raise ArgumentError(f"{clipped(name)} is given a value, and the expression computes it; leave one out")
        given[name] = value_of(clipped(name), text[found.end() : end])
    if unused := [clipped(name) for name in given if name not in expression.names]:
        _note(f"the expression does not use {', '.join(unused)}")
    return dict(sorted(given.items(), key=lambda item: (*expression.names, item[0]).index(item[0])))


# The commands


def _draw(options: argparse.Namespace) -> None:
    path: Path | None = options.out
    if path is None:
        if options.open:
            raise ArgumentError("draw: --open opens a file; name it, as -o neuron.html")
        print(draw_dot(Graph(options).root, "text"))
        return
    if path.is_dir():
        raise ArgumentError(f"draw: -o {clipped(str(path))} is a folder; name a file in it, as neuron.svg")
    ending = path.suffix[1:].lower()
    if ending not in (*FORMATS, "txt", "html"):
        raise ArgumentError(
            f"draw: -o {clipped(str(path))}: the ending says what is written; "
            f"take .html, .txt, {', '.join('.' + known for known in FORMATS)}"
        )
    write("draw", path, _picture(Graph(options), ending))
    print(f"Drawn in {path}")
    if options.open and not webbrowser.open(path.resolve().as_uri()):
        raise ArgumentError(f"draw: --open found no browser; open {path} yourself")


def _picture(graph: Graph, ending: str) -> bytes:
    """The bytes of a file with this ending."""
    if ending == "html":
        return page_of(graph.root, clipped(graph.expression.text)).encode()
    if ending == "txt":
        return f"{draw_dot(graph.root, 'text')}\n".encode()
    drawing = draw_dot(graph.root, max_nodes=MOST_BOXES)
    return drawing.source.encode() if ending == "dot" else bytes(drawing.pipe(ending))


def _explain(options: argparse.Namespace) -> None:
    graph = Graph(options)
    x = graph.values[_chosen("--of", options.of, [*graph.values], [*graph.given])]
    try:
        explanation = explain(graph.root, x, options.index)
    except GradientError:  # there is no path from x to the root
        print(why_grad(x, graph.root))
        return
    print(explanation)
    if options.index is None and _is_odd(explanation.gradient):
        print(f"\n{why_grad(x, graph.root)}")


def _grad(options: argparse.Namespace) -> None:
    graph = Graph(options)
    text = graph.expression.text
    name = graph.expression.result_name or ("result" if ";" in text or "\n" in text else clipped(text))
    print(f"{name} = {_spelled(graph.data)}")
    if graph.root.shape:
        print(f"It has shape {graph.root.shape}: the gradients are those of its sum, as with backward().")
    if not graph.values:
        print("It has no variable, so there is no gradient.")
        return
    rows = [[name, _spelled(x.data), _spelled(x.grad)] for name, x in graph.values.items()]
    print("\n".join(["", *aligned([["name", "value", "gradient"], *rows])]))
    why = [why_grad(x, graph.root).head for x in graph.values.values() if _is_odd(x.grad)]
    if why:
        print("\n".join(["", *why]))


def _derive(options: argparse.Namespace) -> None:
    expression = Expression(options.expression)
    given = given_values(expression, options.values)
    names = [name for name in expression.names if name in given or name not in CONSTANTS]
    by = [_chosen("--by", name, names, names) for name in options.by or [None]]
    symbols = {name: Symbol(name, getattr(given.get(name), "shape", ())) for name in names}
    if shape := shape_of(expression.run(symbols)):
        raise ArgumentError(f"derive: the result has shape {shape}, and one number has a derivative; write sum(...)")
    if arrays := [name for name in by[:-1] if symbols[name].shape]:
        raise ArgumentError(f"derive: the derivative by {arrays[0]} is an array, and is not derived again")
    derivative = _derivative(expression.run, by)(symbols)
    if not isinstance(derivative, Symbol) and not np.any(derivative):
        _note(f"the result does not change with {by[-1]}")
    print(f"{derivative:latex}" if options.latex and isinstance(derivative, Symbol) else derivative)
    if given and given.keys() >= set(names):
        number = derivative(**given) if isinstance(derivative, Symbol) else derivative
        print(f"= {_spelled(number)} at {', '.join(f'{name} = {_spelled(given[name])}' for name in names)}")


Function = Callable[[dict[str, Any]], Any]  # of the values of all names


def _derivative(function: Function, by: Sequence[str]) -> Function:
    """The derivative of a function by each of these names in turn."""
    for name in by:
        function = _by(function, name)
    return function


def _by(function: Function, name: str) -> Function:
    return lambda values: grad(lambda x: function({**values, name: x}))(values[name])


COMMANDS = {"draw": _draw, "explain": _explain, "grad": _grad, "derive": _derive}


# Words


def _chosen(option: str, name: str | None, names: Sequence[str], given: Sequence[str]) -> str:
    """The one of the names that an option says; the only one that is given a value,
    where the option was left out.
    """
    if name is None and len(given) == 1:
        return given[0]
    if not names:
        raise ArgumentError(f"{option}: the expression has no variable")
    known = ", ".join(map(clipped, names))
    if name is None:
        raise ArgumentError(f"{option} is missing; name a variable: {known}")
    if normal(name) not in names:
        raise ArgumentError(f"{option} {clipped(name)}: the expression has no such variable; it has {known}")
    return normal(name)


def _is_odd(gradient: Any) -> bool:
    """Whether somebody will ask why: it is 0, or not finite."""
    numbers = [gradient] if isinstance(gradient, (int, float)) else gradient.ravel().tolist()
    return not any(numbers) or not all(map(math.isfinite, numbers))


def _spelled(x: Any) -> str:
    """A number with ten digits; an array as lists, or its shape and first numbers."""
    if isinstance(x, (bool, int, float)):
        return str(x) if isinstance(x, bool) else f"{x:.10g}"
    if not x.shape:
        return _spelled(x.item())
    if x.size > SHOWN:
        return f"shape {x.shape}: {', '.join(map(_spelled, x.ravel()[:SHOWN].tolist()))}, ..."
    return f"[{', '.join(_spelled(row) for row in x)}]"
