"""How columns become numbers: filled, standardised, and one input for each text.

It is fitted to the training rows, kept in the model file as JSON, and done to new rows
in the same way.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from micrograd import on_demand as np
from micrograd.data import Column, Table
from micrograd.errors import ArgumentError, FormatError

FAR = 1.0  # so many times the range of the training rows outside of it is far


@dataclass(frozen=True)
class Number:
    """A column of numbers: x becomes (x - mean) / deviation."""

    name: str
    median: float
    mean: float
    deviation: float
    least: float
    greatest: float

    @property
    def width(self) -> int:
        return 1

    @property
    def filling(self) -> str:
        """What stands for a missing cell."""
        return f"the median {self.median:.6g}"

    @property
    def range(self) -> str:
        """The numbers of the training rows."""
        return f"{self.least:.6g} to {self.greatest:.6g}"

    def __str__(self) -> str:
        return f"number, mean {self.mean:.4g}, standard deviation {self.deviation:.4g}"

    def prepared(self, column: Column, rows: Any, found: Findings) -> Any:
        if column.numbers is None:
            bad = [i for i in rows if not column.is_missing[i] and not _is_number(column, i, found.table.decimal)]
            raise ArgumentError(_not_numbers(self.name, column, bad, found.table))
        x = column.numbers[rows]
        if np.isinf(x).any():
            raise ArgumentError(_not_numbers(self.name, column, rows[np.isinf(x)], found.table))
        reach = FAR * (self.greatest - self.least)
        far = rows[(x < self.least - reach) | (x > self.greatest + reach)]
        if len(far):
            found.far[self.name] = [int(i) for i in far]
        with np.errstate(over="ignore"):  # a number that is too far off has no finite answer, which is said
            return ((np.where(np.isnan(x), self.median, x) - self.mean) / self.deviation)[:, None]


@dataclass(frozen=True)
class Text:
    """A column of texts: an input for each, 1 where a row has it and else 0."""

    name: str
    commonest: str
    categories: list[str]

    @property
    def width(self) -> int:
        return len(self.categories)

    @property
    def filling(self) -> str:
        """What stands for a missing cell."""
        return f"the commonest text {self.commonest!r}"

    def __str__(self) -> str:
        shown = ", ".join(map(repr, self.categories[:6]))
        return f"text, {len(self.categories)} different: {shown}{', ...' if len(self.categories) > 6 else ''}"

    def prepared(self, column: Column, rows: Any, found: Findings) -> Any:
        place = {category: i for i, category in enumerate(self.categories)}
        x = np.zeros((len(rows), len(self.categories)))
        unknown: dict[str, list[int]] = {}
        for k, i in enumerate(rows):
            cell = self.commonest if column.is_missing[i] else column.cells[i]
            if cell in place:
                x[k, place[cell]] = 1.0
            else:
                unknown.setdefault(cell, []).append(int(i))
        if unknown:
            found.unknown[self.name] = unknown
        return x


@dataclass
class Findings:
    """What was met while rows were prepared.

    Attributes:
        table: the table of the rows.
        filled: number of missing cells, by column.
        unknown: rows with a text that no training row had, by column and text.
        far: rows with a number far outside those of the training, by column.
    """

    table: Table
    filled: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    far: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Preparation:
    """The columns that are inputs, in order, and how each becomes numbers."""

    columns: list[Number | Text]

    @property
    def width(self) -> int:
        """The number of inputs of the network."""
        return sum(column.width for column in self.columns)

    def prepared(self, table: Table, rows: Any) -> tuple[Any, Findings]:
        """Rows of a table as float64 of shape (rows, width), and what was met."""
        found, parts = Findings(table), []
        for wanted in self.columns:
            column = table.column(wanted.name)
            if missing := int(column.is_missing[rows].sum()):
                found.filled[wanted.name] = missing
            parts.append(wanted.prepared(column, rows, found))
        return np.concatenate(parts, axis=1), found

    def to_json(self) -> list[dict[str, Any]]:
        """Lists, dicts, numbers and strings, from which `from_json` makes it again."""
        return [{"kind": type(column).__name__.lower(), **asdict(column)} for column in self.columns]

    @classmethod
    def from_json(cls, given: Any) -> Preparation:
        """What `to_json` gave.

        Raises:
            FormatError: it is something else.
        """
        if not isinstance(given, list) or not given:
            raise FormatError("the columns are not listed")
        return cls([_column_from(one) for one in given])


def fitted(table: Table, names: Sequence[str], texts: Sequence[str], rows: Any) -> Preparation:
    """How columns become numbers, by these rows of a table.

    Args:
        table: the data.
        names: the columns that are inputs.
        texts: those of them that are texts.
        rows: the training rows.
    """
    columns: list[Number | Text] = []
    for name in names:
        column = table.column(name)
        if name in texts or column.numbers is None:
            present = [column.cells[i] for i in rows if not column.is_missing[i]]
            counts = Counter(present)
            # The first in the alphabet of those that are equally common.
            commonest = min(counts, key=lambda text: (-counts[text], text)) if counts else ""
            columns.append(Text(name, commonest, sorted(counts)))
        else:
            columns.append(_number(name, column.numbers[rows]))
    return Preparation(columns)


def _number(name: str, x: Any) -> Number:
    present = x[~np.isnan(x)]
    if not len(present):  # all of them are missing in the training rows
        present = np.zeros(1)
    with np.errstate(all="ignore"):
        median = float(np.median(present))
        filled = np.where(np.isnan(x), median, x)
        mean, deviation = float(filled.mean()), float(filled.std())
    if not (math.isfinite(mean) and math.isfinite(deviation)):
        raise ArgumentError(
            f"train: the numbers of column {name!r} are too large to be standardised (up to "
            f"{np.abs(present).max():.3g}); write them in a larger unit, or leave the column out: --drop {name}"
        )
    # All rows the same, but for the last digit: there is nothing to divide by.
    if deviation <= 1e-12 * max(abs(mean), abs(median)):
        deviation = 1.0
    return Number(name, median, mean, deviation, float(present.min()), float(present.max()))


def _column_from(given: Any) -> Number | Text:
    kinds = {"number": Number, "text": Text}
    if not isinstance(given, dict) or given.get("kind") not in kinds or not isinstance(given.get("name"), str):
        raise FormatError("a column has no kind or no name")
    values = {key: x for key, x in given.items() if key != "kind"}
    if given["kind"] == "number":
        keys = ("median", "mean", "deviation", "least", "greatest")
        if set(values) != {"name", *keys} or not all(
            isinstance(values[key], (int, float)) and math.isfinite(values[key]) for key in keys
        ):
            raise FormatError(f"column {given['name']!r} lacks its numbers")
        if values["deviation"] <= 0:
            raise FormatError(f"column {given['name']!r} has no positive deviation")
        return Number(**values)
    categories = values.get("categories")
    if (
        set(values) != {"name", "commonest", "categories"}
        or not isinstance(categories, list)
        or not all(isinstance(text, str) for text in [values["commonest"], *categories])
    ):
        raise FormatError(f"column {given['name']!r} lacks its texts")
    return Text(**values)


def _is_number(column: Column, i: int, decimal: str) -> bool:
    return Column("", [column.cells[i]], frozenset(), decimal).numbers is not None


def _not_numbers(name: str, column: Column, rows: Any, table: Table) -> str:
    cells = ", ".join(f"{column.cells[i]!r} on line {table.lines[i]}" for i in rows[:4])
    more = f" and {len(rows) - 4} more" if len(rows) > 4 else ""
    return (
        f"predict: column {name!r} held numbers when the model was trained, and now holds {cells}{more};\n"
        f"correct these cells, or leave them empty: an empty cell is filled"
    )
