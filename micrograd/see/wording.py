"""Wording: the names of values, counts, and tables, as text and as HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import Any

from micrograd.interpreter import shape_of
from micrograd.node import Node, data_of, is_constant
from micrograd.see.given import called
from micrograd.see.numerals import WHOLE, number

LONGEST_NAME = 12  # characters; the root and x get a short name beyond
LONGEST_LABEL = 60  # characters; a longer label is not used as a name

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")


class Names:
    """Names of values in one explanation: labels, paths in a model, or numbers.

    Args:
        paths: names of parameters, by the value.
        taken: labels that the short names must not be.

    Attributes:
        short: what the short names stand for.
    """

    def __init__(self, paths: dict[Any, str], taken: set[str]) -> None:
        self.short: dict[str, str] = {}
        self._paths = paths
        self._taken = taken
        self._names: dict[int, str] = {}
        self._used: set[str] = set()
        self._count = 0

    def of(self, x: Any) -> str:
        """The name of a value: always the same within one explanation."""
        if not isinstance(x, Node):
            return number(x) if shape_of(x) == () else f"array{shape_of(x)}".replace(",)", ")")
        if id(x) not in self._names:
            self._names[id(x)] = self._new(x)
        return self._names[id(x)]

    def shorten(self, x: Any, name: str) -> None:
        """Give a value a short name, if its own is too long."""
        long = self.of(x)
        if len(long) <= LONGEST_NAME:
            return
        last = [part for part in long.split(".") if part.isidentifier()]
        wanted = last[-1] if "." in long and last and len(last[-1]) <= LONGEST_NAME else name
        while wanted in self._taken or wanted in self._used:
            wanted += "_"
        self._used.add(wanted)
        self.short[wanted] = long
        self._names[id(x)] = wanted

    def _new(self, x: Any) -> str:
        label = called(label_of(x), self._paths.get(x, ""))
        if not label and is_constant(x) and shape_of(data_of(x)) == ():
            return number(data_of(x))
        if not label or len(label) > LONGEST_LABEL:
            self._count += 1
            while f"v{self._count}" in self._taken:
                self._count += 1
            return f"v{self._count}"
        name, count = label, 1
        while name in self._used or (count > 1 and name in self._taken):  # another value has this label
            count += 1
            name = f"{label}_{count}"
        self._used.add(name)
        return name


def label_of(x: Any) -> str:
    """The label on one line, with nothing that cannot be printed."""
    return "" if x.label is None else _SPACE.sub(" ", str(x.label)).strip()


def after_d(name: str) -> str:
    """The name behind a d, as in dL/da."""
    return name if name.isidentifier() else f"({name})"


def counted(n: int, one: str) -> str:
    """So many things: `1 path`, `16 paths`."""
    from decimal import Decimal

    text = f"{n:,}" if n < WHOLE else f"about {Decimal(n):.3e}"
    return f"{text} {one}" if n == 1 else f"{text} {one}s"


def times(n: int) -> str:
    """How often: once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(n, f"{n:,} times")


def in_words(n: int) -> str:
    """A small number in a word."""
    return NUMBERS[n] if n < len(NUMBERS) else f"{n:,}"


def as_factor(text: str) -> str:
    """A number after a `*`."""
    return f"({text})" if text.startswith("-") else text


def shape(x: Any) -> str:
    """A number, or the shape of an array, for a table."""
    return number(x) if shape_of(x) == () else f"array {shape_of(x)}"


class Paragraph:
    """A sentence or two."""

    def __init__(self, text: str) -> None:
        self.text = text

    def lines(self) -> list[str]:
        """As text."""
        return [f"  {self.text}"]

    def html(self) -> str:
        """As HTML. Nothing in a label can run: all text is escaped."""
        return f"<p>{html.escape(self.text)}</p>"


class Lines:
    """Lines under a heading, which stand below one another as they are."""

    def __init__(self, title: str, lines: Iterable[str]) -> None:
        self.title = title
        self.texts = list(lines)

    def lines(self) -> list[str]:
        """As text."""
        return [f"  {self.title}", *(f"    {line}".rstrip() for line in self.texts)]

    def html(self) -> str:
        """As HTML."""
        inside = "\n".join(map(html.escape, self.texts))
        return f"<p>{html.escape(self.title)}</p>\n<pre>{inside}</pre>"


class Table:
    """A table under a heading: the first column from the left, numbers from the right.

    Args:
        title: the heading.
        head: what stands above each column.
        rows: texts, as many as columns.
        foot: a sum, below the last column.
        after: a sentence below.
    """

    def __init__(
        self, title: str, head: Sequence[str], rows: Sequence[Sequence[str]], foot: str = "", after: str = ""
    ) -> None:
        kept = [k for k in range(len(head)) if head[k] or any(row[k] for row in rows)]
        self.title = title
        self.head = [head[k] for k in kept]
        self.rows = [[row[k] for k in kept] for row in rows]
        self.foot = foot
        self.after = after

    def lines(self) -> list[str]:
        """As text."""
        table = [self.head, *self.rows]
        widths = [max(len(row[k]) for row in table) for k in range(len(self.head))]
        # A column without a heading is a remark: it stands from the left.
        from_left = [k == 0 or not self.head[k] for k in range(len(widths))]
        texts = [
            "  ".join(x.ljust(n) if left else x.rjust(n) for x, n, left in zip(row, widths, from_left, strict=True))
            for row in table
        ]
        if self.foot:
            texts.append(self.foot.rjust(sum(widths) + 2 * (len(widths) - 1)))
        lines = [f"  {self.title}", *(f"    {text}".rstrip() for text in texts)]
        return [*lines, f"  {self.after}"] if self.after else lines

    def html(self) -> str:
        """As HTML."""
        body = [_row("th", self.head), *(_row("td", row) for row in self.rows)]
        if self.foot:
            style = f'colspan="{len(self.head)}" style="text-align: right; padding-right: 1em"'
            body.append(f"<tr><td {style}>{html.escape(self.foot)}</td></tr>")
        after = f"\n<p>{html.escape(self.after)}</p>" if self.after else ""
        return f"<p>{html.escape(self.title)}</p>\n<table>\n" + "\n".join(body) + f"\n</table>{after}"


def _row(cell: str, texts: Sequence[str]) -> str:
    cells = [
        f'<{cell} style="text-align: {"right" if k else "left"}; padding-right: 1em">{html.escape(text)}</{cell}>'
        for k, text in enumerate(texts)
    ]
    return f"<tr>{''.join(cells)}</tr>"


def beside(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, each column from the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [" ".join(x.ljust(n) for x, n in zip(row, widths, strict=True)).rstrip() for row in rows]


def in_latex(name: str) -> str:
    """A name in LaTeX. A sign that could begin a command becomes a question mark."""
    if re.fullmatch(r"[A-Za-z]", name):
        return name
    match = re.fullmatch(r"([A-Za-z])_?(\d+)", name)
    if match:
        return f"{match[1]}_{{{match[2]}}}"
    safe = re.sub(r"[^\w .+\-*/()\[\],'=]", "?", name)
    return rf"\text{{{safe.replace('_', chr(92) + '_')}}}"


def number_in_latex(x: Any, is_alone: bool = False) -> str:
    """Four digits in LaTeX; in parentheses where it is negative and a factor."""
    text = number(x)
    digits, _, power = text.partition("e")
    if power:
        text = rf"{digits} \cdot 10^{{{int(power)}}}"
    text = text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")
    return rf"\left({text}\right)" if text.startswith("-") and not is_alone else text


def factor_in_latex(text: str) -> str:
    """A formula in LaTeX as a factor."""
    return rf"\left({text}\right)" if " " in text or text.startswith("-") else text
