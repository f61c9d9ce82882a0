"""How the command line writes lists, lines, numbers and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd.data import Table


def listed(names: Sequence[str], shown: int = 8) -> str:
    """Names in quotes, the first of them.

    >>> listed(["a", "b", "c"], shown=2)
    "'a', 'b' and 1 more"
    """
    text = ", ".join(map(repr, names[:shown]))
    return f"{text} and {len(names) - shown} more" if len(names) > shown else text


def lines_of(table: Table, rows: Any, shown: int = 5) -> str:
    """The lines of a file on which rows begin, the first of them."""
    numbers = [str(table.lines[i]) for i in rows[:shown]]
    more = f" and {len(rows) - shown} more" if len(rows) > shown else ""
    return f"{'line' if len(rows) == 1 else 'lines'} {', '.join(numbers)}{more}"


def counted(n: int, what: str, plural: str = "") -> str:
    """A number and its noun.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{n:,} {what if n == 1 else plural or what + 's'}"


def short(x: float) -> str:
    """A number with four digits that count.

    >>> short(0.966666), short(152.13), short(12345678.0), short(-0.00001234)
    ('0.9667', '152.1', '12,345,678', '-1.234e-05')
    """
    return f"{x:,.0f}" if 1e4 <= abs(x) < 1e12 else f"{x:.4g}"


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Rows of a table as lines; the first columns to the left, the others to the right.

    >>> aligned([["true", "a", "bb"], ["a", "10", "2"]])
    ['true   a  bb', 'a     10   2']
    """
    widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
    return [
        "  ".join(
            f"{cell:<{width}}" if j < left else f"{cell:>{width}}"
            for j, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
