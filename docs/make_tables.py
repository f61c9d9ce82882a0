"""Writes docs/ops.md from the table of ops. A test compares the two.

python docs/make_tables.py
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
import sys
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("ops.md")
sys.path.insert(0, str(PAGE.parents[1]))

from micrograd import ops  # noqa: E402
from micrograd.op import OPS, Elementwise, Op, Primitive  # noqa: E402
from micrograd.record import Each  # noqa: E402

BAR = "\\|"  # a bar within a cell of a table

HEAD = """\
# The table of ops

The program `python docs/make_tables.py` writes this page from the records of the ops; do not edit it. A rule says what
an input receives. The letters are those of [`op.py`](../micrograd/op.py): z is the output, x, y, ... are the inputs, g
is the gradient of z, t is the tangent of an input.

- **elementwise**: a rule is the partial derivative dz/dx; forward mode and broadcasting follow from it.
- **multilinear**, **linear**: a rule is the transpose, which turns g into the gradient of x; forward mode is the op
  itself.
- **primitive**: a rule for each mode. A rule that is longer than a line is given by its name. Where the rules of an op
  begin with the same work, it is done once for all of them.
- **comparison**: the result is plain data, without a gradient.

A dash means that the input gets no gradient. At a kink there is no derivative, and the last column says what is used:
see [numbers.md](numbers.md). A function that is made of ops needs no rule. These functions are listed below each table.

```python
>>> from micrograd.ops import OPS
>>> (rule,) = OPS["tanh"].rules
>>> rule(0.5, None)  # at an output of 0.5
0.75

```
"""


def source_of(rule: Any) -> str:
    """The body of a lambda as it is written, or the name of any other function."""
    rule = getattr(rule, "func", rule)
    if rule.__name__ != "<lambda>":
        return str(rule.__name__)
    text, lambdas = _lambdas(inspect.getsourcefile(rule))
    code = rule.__code__
    spans = {(row, column, end_row, end) for row, end_row, column, end in code.co_positions()}
    for node in lambdas:
        body = node.body
        is_written_there = (body.lineno, body.col_offset, body.end_lineno, body.end_col_offset) in spans
        if is_written_there or (node.lineno == code.co_firstlineno and _is_constant(body, code)):
            return " ".join((ast.get_source_segment(text, body) or "").split())
    return "a lambda"


def _is_constant(body: ast.expr, code: Any) -> bool:
    """Whether the code only returns this constant.

    Python 3.12 keeps no position for it.
    """
    try:
        return code.co_names == () and ast.literal_eval(body) == code.co_consts[-1]
    except ValueError:  # it is not a constant
        return False


@functools.cache
def _lambdas(path: str) -> tuple[str, list[ast.Lambda]]:
    text = Path(path).read_text(encoding="utf-8")
    return text, [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Lambda)]


def rules_of(op: Op) -> list[str]:
    """One line per input: what it receives."""
    if not op.differentiable:
        return []
    if isinstance(op.rules, Each):
        return [f"each: {_code(source_of(op.rules.rule))}"]
    lines = [f"work = {_code(source_of(op.shared))}"] if op.shared else []
    for i, name in enumerate(_inputs(op)[: len(op.rules)]):
        rule = op.rules[i]
        arrow = f"dz/d{name} =" if isinstance(op, Elementwise) else f"{name}:"
        line = f"{arrow} {_code(source_of(rule)) if rule else '—'}"
        if isinstance(op, Primitive) and op.push_rules[i]:
            line += f", forward {_code(source_of(op.push_rules[i]))}"
        lines.append(line)
    return lines


def _inputs(op: Op) -> list[str]:
    parameters = inspect.signature(op.forward).parameters.values()
    return [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]


def _params(function: Any) -> list[str]:
    return [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]


def _code(text: str) -> str:
    # A bar would end a cell, and "](" would look like a link.
    text = text.replace("|", BAR).replace("](", "] (")
    return f"`{text}`"


def summary_of(function: Any) -> str:
    """First sentence of the docstring, and its formula, for a cell of a table.

    Both may go on in further lines.
    """
    text = inspect.cleandoc(function.__doc__ or "")
    summary = " ".join(text.split("\n\n")[0].split())
    first = re.split(r"[.;:](?:\s|$)", summary)[0]
    formula = re.search(r"\n(z(?:\[[^\]]*\]|\S)* = .*(?:\n +\S.*)*)", text)
    if not formula:
        return first.replace("|", BAR)
    return f"{first.replace('|', BAR)}: {_code(' '.join(formula[1].split()).split('. ')[0])}"


def row_of(op: Op) -> str:
    """The line of an op in its family's table."""
    called = f"{op.name}({', '.join(_inputs(op) + [f'{name}=' for name in _params(op.forward)])})"
    cells = [
        _code(called),
        _code(op.symbol),
        type(op).__name__.lower(),
        summary_of(op),
        "<br>".join(rules_of(op)),
        op.kink.replace("|", BAR),
    ]
    return f"| {' | '.join(cells)} |"


def composites() -> list[Any]:
    """The public functions of micrograd.ops that are not ops."""
    public = [getattr(ops, name) for name in ops.__all__ if name not in OPS]
    return sorted((f for f in public if inspect.isfunction(f)), key=lambda f: f.__name__)


def page() -> str:
    """The whole page."""
    table = sorted((op for op in OPS.values() if op.__module__.startswith("micrograd.ops.")), key=lambda op: op.name)
    parts = [HEAD]
    for family in sorted({f.__module__ for f in [*table, *composites()]}):
        parts.append(f"## [{family.rpartition('.')[2]}](../{family.replace('.', '/')}.py)\n")
        if rows := [row_of(op) for op in table if op.__module__ == family]:
            parts.append("| op | symbol | kind | what it is | rules | at a kink |\n|---|---|---|---|---|---|")
            parts.append("\n".join(rows) + "\n")
        if made := [
            f"- {_code(f.__name__)}: {summary_of(f).replace(BAR, '|')}" for f in composites() if f.__module__ == family
        ]:
            parts.append("Made of ops:\n\n" + "\n".join(made) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
