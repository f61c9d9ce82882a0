"""Pieces of exported C: comments, loops, arrays with their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np

WIDEST = 92  # columns of numbers and comments


def comment(text: str) -> str:
    """Text that a comment of C can hold.

    >>> comment("a */ b")
    'a * / b'
    """
    return text.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?")


def loop(size: int, statement: str) -> str:
    """A statement for each i below a size."""
    return f"for (int i = 0; i < {size}; i++) {statement}"


def index_from(start: int) -> str:
    """An index that begins at a place."""
    return f"{start} + i" if start else "i"


def runs_of(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Pairs of places in runs where both go up by one: their first, and how many.

    >>> runs_of([(0, 5), (1, 6), (2, 9)])
    [(0, 5, 2), (2, 9, 1)]
    """
    runs: list[tuple[int, int, int]] = []
    for k, place in pairs:
        if runs and (k, place) == (runs[-1][0] + runs[-1][2], runs[-1][1] + runs[-1][2]):
            runs[-1] = (*runs[-1][:2], runs[-1][2] + 1)
        else:
            runs.append((k, place, 1))
    return runs


def array(head: str, numbers: Any) -> str:
    """An array of C with its numbers.

    >>> print(array("static double x", np.array([1.0, 2.5])), end="")
    static double x[2] = {
        1.0, 2.5
    };
    """
    rows = [""]
    for word in spelled(numbers) or ["0"]:
        if len(rows[-1]) + len(word) > WIDEST:
            rows.append("")
        rows[-1] += f"{word}, "
    text = "\n    ".join(row.rstrip() for row in rows).removesuffix(",")
    return f"{head}[{max(len(numbers), 1)}] = {{\n    {text}\n}};\n"


def spelled(numbers: Any) -> list[str]:
    """Numbers in C, with all digits that they have.

    >>> spelled(np.array([0.1, -np.inf])), spelled(np.array([0.1], np.float32))
    (['0.1', '-INFINITY'], ['0.1f'])
    """
    ending = "f" if numbers.dtype == np.float32 else ""
    special = {"nan": "NAN", "inf": "INFINITY", "-inf": "-INFINITY"}
    texts = [str(x) for x in (numbers if ending else numbers.tolist())]
    return [special.get(text, text + ending) for text in texts]
