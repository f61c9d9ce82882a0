"""`Table` and `Column`: what a file of columns holds, and of which kind it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Not float(): it also takes 1_000, and digits of other scripts.
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?inf(?:inity)?", re.IGNORECASE)
WHOLE = re.compile(r"[+-]?[0-9]+")
CODE = re.compile(r"[+-]?0[0-9]+")  # 007 is a name that is made of digits
EXACT = 2**53  # beyond it, a float64 does not hold every whole number


class Column:
    """A column of a file: its texts, and its numbers if all of them are numbers.

    Attributes:
        name: the name in the file's first line, or "column 1", "column 2" ...
        cells: the texts as in the file, without the spaces around them.
        is_missing: bool array, true where a cell stands for no value.
        kind: "whole" (whole numbers), "number", "text", or "empty" if all are missing.
        numbers: float64 array with nan where a cell is missing; None for texts.
        odd: if half of the cells or more are numbers and some are not: the places of
            those that are not.
    """

    def __init__(self, name: str, cells: list[str], missing: frozenset[str], decimal: str = ".") -> None:
        self.name, self.cells = name, cells
        self.is_missing = np.array([cell in missing for cell in cells], dtype=bool)
        self.numbers: NDArray[np.float64] | None = None
        self.odd: list[int] = []
        present = [i for i, cell in enumerate(cells) if cell not in missing]
        texts = [_with_point(cells[i], decimal) for i in present]
        not_numbers = [i for i, text in zip(present, texts, strict=True) if not NUMBER.fullmatch(text)]
        if not present:
            self.kind = "empty"
        elif not_numbers or any(map(_is_code, texts)):
            self.kind = "text"
            self.odd = not_numbers if 2 * len(not_numbers) <= len(present) else []
        else:
            self.kind = "whole" if all(map(WHOLE.fullmatch, texts)) else "number"
        if self.kind in ("whole", "number", "empty"):
            self.numbers = np.full(len(cells), np.nan)
            self.numbers[present] = [float(text) for text in texts]

    def __len__(self) -> int:
        return len(self.cells)

    def __repr__(self) -> str:
        return f"Column({self.name!r}, {len(self)} cells, {self.kind})"

    def array(self) -> NDArray[Any]:
        """int64 for whole numbers if none is missing, float64 for numbers, else texts.

        A missing number is nan, a missing text is "".
        """
        if self.numbers is None:
            return np.array(["" if gone else cell for cell, gone in zip(self.cells, self.is_missing, strict=True)])
        return self.numbers.astype(np.int64) if self.kind == "whole" and not self.is_missing.any() else self.numbers


class Table:
    """What `read_csv` has read: columns by name, in the order of the file.

    `table["name"]` is a column as a NumPy array, `len(table)` the number of rows.

    Attributes:
        columns: dict of `Column`, by name.
        lines: int64 array, the line of the file on which each row begins.
        has_header: whether the first line holds the names.
        delimiter: what stands between two cells.
        decimal: the decimal mark.
        source: the path that was read.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        lines: Sequence[int],
        *,
        source: str = "",
        has_header: bool = True,
        delimiter: str = ",",
        decimal: str = ".",
    ) -> None:
        self.columns = {column.name: column for column in columns}
        self.lines = np.array(lines, dtype=np.int64)
        self.source, self.has_header, self.delimiter, self.decimal = source, has_header, delimiter, decimal

    @property
    def names(self) -> list[str]:
        """The names of the columns, in the order of the file."""
        return list(self.columns)

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each column: "whole", "number", "text" or "empty"."""
        return {name: column.kind for name, column in self.columns.items()}

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.column(name).array()

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            ArgumentError: there is none. Names that look like it are in the message.
        """
        if name in self.columns:
            return self.columns[name]
        raise ArgumentError(f"{self.source or 'the table'} has no column {name!r}; {meant(name, self.names)}")

    def matrix(self, names: Sequence[str] | None = None) -> NDArray[np.float64]:
        """Columns of numbers side by side.

        Args:
            names: the columns, in this order; None takes all.

        Returns:
            float64 array of shape (rows, columns), nan where a number is missing.

        Raises:
            ArgumentError: there is no such column.
            DataError: a column holds texts.
        """
        columns = [self.column(name) for name in (self.names if names is None else names)]
        texts = [column.name for column in columns if column.numbers is None]
        if texts:
            given, text = ", ".join(map(repr, texts)), next(iter(self.columns[texts[0]].cells), "")
            raise DataError(
                f"Table.matrix: {given}: texts, not numbers; name columns of numbers, "
                f"and make numbers of texts, as in table[{texts[0]!r}] == {text!r}"
            )
        return np.column_stack([column.numbers for column in columns if column.numbers is not None])

    def __repr__(self) -> str:
        width = max(map(len, self.names))
        rows = [f"  {name:<{width}}  {self._seen(column)}" for name, column in self.columns.items()]
        return "\n".join([f"Table of {len(self)} rows, {len(self.columns)} columns", *rows])

    def _seen(self, column: Column) -> str:
        """The kind of a column, what is missing, and the first cell that is odd."""
        said = column.kind
        if gone := int(column.is_missing.sum()):
            said += f", {gone} missing"
        if column.odd:
            i = column.odd[0]
            said += f", {len(column.odd)} not a number, as {column.cells[i]!r} on line {self.lines[i]}"
        return said


def meant(name: str, names: Sequence[str]) -> str:
    """Which of the names was meant, as the end of a sentence.

    >>> meant("Species", ["sepal length", "species"])
    "did you mean 'species'?"
    >>> meant("x", ["sepal length", "species"])
    "the columns are 'sepal length', 'species'"
    """
    import difflib

    lower: dict[str, str] = {}
    for known in names:
        lower.setdefault(known.lower(), known)
    near = [lower[found] for found in difflib.get_close_matches(name.strip().lower(), lower, n=3, cutoff=0.6)]
    if near:
        return f"did you mean {' or '.join(map(repr, near))}?"
    shown = ", ".join(map(repr, names[:20]))
    return f"the columns are {shown}{f' and {len(names) - 20} more' if len(names) > 20 else ''}"


def _with_point(cell: str, decimal: str) -> str:
    """The cell with a point as its decimal mark. If the mark is not a point, 1.5 is a
    text.
    """
    if decimal == ".":
        return cell
    return cell.replace(".", "?").replace(decimal, ".")


def _is_code(text: str) -> bool:
    return bool(CODE.fullmatch(text)) or (bool(WHOLE.fullmatch(text)) and abs(int(text)) > EXACT)
