"""Rules as text: what an op computes, and its slope, as a formula of the names of its
inputs.

The rules of the table are run on Symbols, which write them down. There is no other list
of formulas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType, SimpleNamespace
from typing import Any

from micrograd.cotangents import fit
from micrograd.folding import is_truth, simplified
from micrograd.interpreter import shape_of
from micrograd.modes import quietly
from micrograd.node import data_of, inputs_of
from micrograd.ops import multiply
from micrograd.record import Elementwise, HandMade
from micrograd.see.wording import in_latex
from micrograd.spelling import ATOM, Latex, Python, Short, Spelling, spelled
from micrograd.symbol import Symbol

LONGEST = 60  # characters of a formula; a longer one is said in words
LONGEST_LATEX = 400  # the same, in LaTeX
MOST_INPUTS = 6  # of an op that are listed
MOST_IN_FORMULA = 16  # the same, on a page
_PLACE = re.compile(r"\b_(\d+|z|g)_\b")


def slope_of(
    op: Any, i: int, inputs: Sequence[Any], params: dict[str, Any], shape: tuple[int, ...], keeps_g: bool = False
) -> Any:
    """What goes back to input i of an op, as a Symbol.

    Of an op on numbers it is the slope: the gradient that arrives stands beside it as a
    factor. Otherwise it is the whole rule, with `g` for the gradient that arrives.

    Args:
        op: the record.
        i: the input.
        inputs: Symbols `_0_`, `_1_` and so on, and raw numbers.
        params: of the op.
        shape: of its result, which is the Symbol `_z_`.
        keeps_g: write the whole rule for numbers, too.

    Returns:
        A Symbol of these names; a plain number or array where nothing of them is left.

    >>> from micrograd.op import OPS
    >>> print(slope_of(OPS["tanh"], 0, [Symbol("_0_")], {}, ()))
    1.0 - _z_**2
    """
    z = Symbol("_z_", shape=shape)
    is_number = shape == () and shape_of(inputs[i]) == ()
    g = 1.0 if is_number and not keeps_g else Symbol("_g_", shape=shape)
    with quietly():
        made = simplified(fit(op.pull(i, g, z, inputs, params), inputs[i]))
    if isinstance(made, Symbol) and made.op is multiply and is_truth(made.inputs[1]):
        return made.inputs[1] if type(made.inputs[0]) is float and made.inputs[0] == 1.0 else made
    return made


def texts_of_op(
    op: Any, shapes: Sequence[tuple[int, ...]], params: dict[str, Any], shape: tuple[int, ...], keeps_g: bool
) -> tuple[str, list[str | None]]:
    """The formula of an op and its rule for each input, for any names or numbers: {x},
    {y}, {w}, {x3}, {x4} ... stand for the inputs, {z} for the result, {g} for what
    arrives.

    A rule is None where there is none, or where it asks for numbers.

    >>> from micrograd.op import OPS
    >>> texts_of_op(OPS["tanh"], [()], {}, (), keeps_g=False)
    ('tanh({x})', ['1 - {z}^2'])
    """
    names = [*"xyw", *(f"x{k}" for k in range(3, len(shapes)))][: len(shapes)]
    inputs = [Symbol(f"_{name}_", own) for name, own in zip(names, shapes, strict=True)]
    is_known = not isinstance(op, HandMade)

    def text(make: Callable[[], Any]) -> str | None:
        try:
            made = make()
        except Exception:  # a rule may ask for numbers in any way, and may be the user's
            return None
        written = spelled(made, _Braced())
        return f"1 if {written} else 0" if is_truth(made) else written

    def rule(i: int) -> str | None:
        has_rule = is_known and op.rules[i] is not None
        return text(lambda: slope_of(op, i, inputs, params, shape, keeps_g)) if has_rule else None

    formula = text(lambda: simplified(op(*inputs, **params))) if is_known and len(names) <= MOST_IN_FORMULA else None
    called = [f"{{{name}}}" for name in names[:MOST_IN_FORMULA]] + ["..."] * (len(names) > MOST_IN_FORMULA)
    return formula or f"{op.name or 'made'}({', '.join(called)})", [rule(i) for i in range(len(names))]


class _Braced(Short):
    """Names in braces, without the signs around them."""

    def name(self, name: str) -> str:
        return f"{{{name.strip('_')}}}"


class Texts:
    """Formulas of nodes, with the names that these have in one explanation.

    Args:
        name_of: the name of a node.
        spelling: a name, and how tightly it holds together. Of names that are formulas
            themselves, fewer need parentheses.
        called: other names for some ops, as users call them.
    """

    def __init__(
        self,
        name_of: Callable[[Any], str],
        spelling: Callable[[str], Spelling] = lambda name: (enclosed(name), ATOM),
        called: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name_of = name_of
        self._spelling = spelling
        self._called = called

    def forward(self, node: Any) -> str:
        """What a node was computed from: `tanh(n)`."""
        op, inputs = node._record, inputs_of(node)
        names = [self.name_of(x) for x in inputs]
        if len(names) <= MOST_INPUTS and op.name not in self._called and not isinstance(op, HandMade):
            made = SimpleNamespace(op=op, inputs=inputs, params=node._params or {})
            text, _ = Short().op(made, [self._spelling(name) for name in names])
            if len(text) <= LONGEST:
                return text
        more = [f"{len(names) - MOST_INPUTS} more"] if len(names) > MOST_INPUTS else []
        return f"{self._called.get(op.name, op.name)}({', '.join(names[:MOST_INPUTS] + more)})"

    def slope(self, node: Any, i: int) -> str:
        """The slope of a node by its input i, or the rule by which `g` goes back."""
        expression, places = self._slope(node, i)
        text = "" if expression is None else self._filled(spelled(expression, Short()), places)
        if not text or len(text) > LONGEST:
            return _unsaid(node)
        return f"1 if {text} else 0" if is_truth(expression) else text

    def partial(self, node: Any, i: int) -> str:
        """The derivative of an elementwise op by its input i; empty where none can be
        said.
        """
        if not isinstance(node._record, Elementwise):
            return ""
        inputs, places = _symbols(node)
        try:
            with quietly():
                z = Symbol("_z_", shape=shape_of(data_of(node)))
                made = simplified(node._record.rules[i](z, *inputs, **(node._params or {})))
                text = spelled(made, Short())
        except Exception:  # the same
            return ""
        alone = _PLACE.fullmatch(text)
        text = self.name_of(places[alone[1]]) if alone else self._filled(text, places)
        return text if len(text) <= LONGEST else ""

    def latex_of_slope(self, node: Any, i: int, name_of: Callable[[Any], str], g: str = "g") -> str:
        """The same in LaTeX: name_of gives names there, g stands for what arrived."""
        expression, places = self._slope(node, i)
        if expression is None:
            return in_latex(_unsaid(node))
        text = spelled(expression, _NamedLatex(places, name_of, g))
        return text if len(text) <= LONGEST_LATEX else in_latex(_unsaid(node))

    def factor(self, x: Any) -> str:
        """The name of an input as it stands within a formula."""
        return enclosed(self.name_of(x))

    def _slope(self, node: Any, i: int) -> tuple[Any, dict[str, Any]]:
        inputs, places = _symbols(node)
        try:
            return slope_of(node._record, i, inputs, node._params or {}, shape_of(data_of(node))), places
        except Exception:  # it depends on data; or it is a rule of the user's, which may raise anything
            return None, places

    def _filled(self, text: str, places: dict[str, Any]) -> str:
        """The text, with names where placeholders stand."""
        return _PLACE.sub(lambda match: "g" if match[1] == "g" else self.factor(places[match[1]]), text)


def _unsaid(node: Any) -> str:
    return f"the rule of {node._record.name}"


class _NamedLatex(Latex):
    """LaTeX with names where placeholders stand."""

    def __init__(self, places: dict[str, Any], name_of: Callable[[Any], str], g: str) -> None:
        self.places = places
        self.name_of = name_of
        self.g = g

    def name(self, name: str) -> str:
        match = _PLACE.fullmatch(name)
        if match is None:
            return super().name(name)
        return self.g if match[1] == "g" else self.name_of(self.places[match[1]])


def _symbols(node: Any) -> tuple[list[Any], dict[str, Any]]:
    """Symbols for the inputs of a node, one for each value; and what they stand for."""
    places: dict[str, Any] = {"z": node}
    known: dict[int, Any] = {}
    symbols: list[Any] = []
    for i, x in enumerate(inputs_of(node)):
        shape = shape_of(data_of(x))
        if isinstance(x, (int, float)):
            symbols.append(x)
            continue
        if id(x) not in known:
            known[id(x)] = Symbol(f"_{i}_", shape=shape)
            places[str(i)] = x
        symbols.append(known[id(x)])
    return symbols, places


def enclosed(text: str) -> str:
    """The text as a factor: in parentheses where it has a sign or a space outside of
    brackets.
    """
    depth = 0
    for k, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and (character in " +*/@<>=" or (character == "-" and (k == 0 or text[k - 1] != "e"))):
            return f"({text})"
    return text


def python_of_rule(op: Any, i: int, inputs: Sequence[Any], params: dict[str, Any], shape: tuple[int, ...]) -> str:
    """The rule of an op as Python that evaluates: see `slope_of`."""
    return spelled(slope_of(op, i, inputs, params, shape), Python())
