"""What a model gives, as text: one array, or a nested tuple, list or dict of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from micrograd.errors import ExportError
from micrograd.exporting.program import Program

Brackets = tuple[str, str, str]  # of a tuple, with what stands after a single entry


def drawn(
    asked: str,
    program: Program,
    operand: Callable[[Any], str],
    brackets: Brackets = ("(", ")", ","),
    none: str = "None",
) -> str:
    """The results in their structure.

    Args:
        asked: the function that exports, for errors.
        program: with the results.
        operand: how a result is spelled.
        brackets: around the entries of a tuple.
        none: how None is spelled.

    Raises:
        ExportError: the structure holds something else.
    """

    def text(tree: Any) -> str:
        if type(tree) is int:
            return operand(program.results[tree])
        if tree is None:
            return none
        if isinstance(tree, dict) and all(isinstance(key, str) for key in tree):
            return "{" + ", ".join(f"{json.dumps(key)}: {text(x)}" for key, x in tree.items()) + "}"
        if isinstance(tree, list):
            return f"[{', '.join(map(text, tree))}]"
        if isinstance(tree, tuple):
            after = brackets[2] if len(tree) == 1 else ""
            return f"{brackets[0]}{', '.join(map(text, tree))}{after}{brackets[1]}"
        raise ExportError(
            f"{asked}: the model gives a {type(tree).__name__}; give arrays, or a tuple, list or dict of them"
        )

    return text(program.tree)
