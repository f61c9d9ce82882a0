"""A module in words: a line, and a table of its layers."""

from __future__ import annotations

import inspect
import math
from typing import Any

from micrograd.interpreter import shape_of

WIDTH = 88  # of a line
ROWS = 8  # more siblings of one class are one row
SHAPES = 3  # of a row
SHOWN = (bool, int, float, str, tuple, list, type(None))  # arguments that a line can hold


def short(module: Any) -> str:
    """One line: the class with the arguments it was made with, or with the modules in
    it, or with the shapes of its parameters.
    """
    name = type(module).__name__
    parts = _arguments(module)
    if parts is None:
        parts = [f"{key}={child!r}" for key, child in module.named_children()]
    line = f"{name}({', '.join(parts or [f'{key}={_shape(p)}' for key, p in module.named_parameters()])})"
    if len(line) <= WIDTH or not module.children():
        return line
    return f"{name}({len(module.modules()) - 1} modules, {_count(module.named_parameters()):,} parameters)"


def _arguments(module: Any) -> list[str] | None:
    """The arguments of its class, where it keeps them under their names: those without
    a default, and those that differ from it.

    >>> from micrograd.nn import Linear
    >>> _arguments(Linear(2, 3)), _arguments(Linear(2, 3, bias=False))
    (['2', '3'], ['2', '3', 'bias=False'])
    """
    parts = []
    for name, argument in inspect.signature(type(module)).parameters.items():
        if name in ("dtype", "rng"):
            continue
        if name not in vars(module) or argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
            return None
        value = vars(module)[name]
        if type(argument.default) is bool and not isinstance(value, bool):
            value = value is not None  # a bias, or None for none
        if not isinstance(value, SHOWN):
            return None
        if argument.default is argument.empty:
            parts.append(repr(value))
        elif value != argument.default:
            parts.append(f"{name}={value!r}")
    return parts or None


def table(module: Any) -> str:
    """The layers of a module, a row each, and their sum."""
    whole = max(_bytes(module.named_parameters()), 1)
    rows = [("layer", "shapes", "parameters", "share")]
    seen: set[int] = set()
    for name, named in _layers(module):
        own = [(key, p) for key, p in named if id(p) not in seen]  # a shared one is in the first row that has it
        seen |= {id(p) for _, p in own}
        rows.append((name, _shapes(own), f"{_count(own):,}", f"{_bytes(own) / whole:.1%}"))
    everything = module.named_parameters()
    rows.append(("total", _memory(_bytes(everything)), f"{_count(everything):,}", ""))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}".rstrip() for a, b, c, d in rows]
    line = "-" * max(map(len, lines))
    return "\n".join([lines[0], line, *lines[1:-1], line, lines[-1]])


Named = list[tuple[str, Any]]  # parameters with their names


def _layers(module: Any, path: str = "") -> list[tuple[str, Named]]:
    """The rows: modules without modules in them, by name; many of one class together;
    and what a module holds beside them.
    """
    children = module.named_children()
    if not children:
        return [(f"{path}: {module!r}" if path else repr(module), module.named_parameters())]
    before = f"{path}." if path else ""
    inner = {id(p) for _, child in children for p in child.parameters()}
    beside = [(name, p) for name, p in module.named_parameters() if id(p) not in inner]
    found = [(f"{before[:-1]}: its own" if path else "its own", beside)] if beside else []
    kinds = {type(child) for _, child in children}
    if len(children) > ROWS and len(kinds) == 1:
        named = [pair for _, child in children for pair in child.named_parameters()]
        ends = f"{before}{children[0][0]} to {children[-1][0]}"
        return [*found, (f"{ends}: {len(children)} of {kinds.pop().__name__}", named)]
    for name, child in children:
        found += _layers(child, f"{before}{name}")
    return found


def _shapes(named: Named) -> str:
    arrays = [f"{name} {_shape(p)}" for name, p in named if shape_of(p)]
    numbers = sum(not shape_of(p) for _, p in named)
    shown = arrays[:SHAPES] + ["..."] * (len(arrays) > SHAPES)
    if numbers:
        shown.append(f"{numbers} number{'s' * (numbers > 1)}")
    return ", ".join(shown)


def _shape(p: Any) -> str:
    return str(shape_of(p)) if shape_of(p) else "a number"


def _count(named: Named) -> int:
    return sum(math.prod(shape_of(p)) for _, p in named)


def _bytes(named: Named) -> int:
    """Of the data of parameters."""
    return sum(getattr(getattr(p, "data", p), "nbytes", 8) for _, p in named)


def _memory(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.4g} {unit}"
        count /= 1000
    return f"{count:.4g} GB"
