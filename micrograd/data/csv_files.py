"""CSV files: their encoding, delimiter and decimal mark are found, or asked for.

Python's csv module reads the cells. What could be read in two ways is refused.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from micrograd.data.opening import opened
from micrograd.data.tables import NUMBER, Column, Table
from micrograd.errors import ArgumentError, FormatError

MISSING = ("", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "?")
# The comma is last: a file with decimal commas has as many of them on each line, too.
DELIMITERS = ("\t", ";", "|", ",")
SAMPLE = 200  # records that show the delimiter

# What a file that is not text begins with.
OTHER_FILES = (
    (b"PK\x03\x04", "a zip file, perhaps an Excel workbook; save it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save it as CSV"),
    (b"\x1f\x8b", "a gzip file; unpack it first"),
    (b"\x93NUMPY", "a NumPy file; use read_npy"),
    (b"PAR1", "a Parquet file; save it as CSV"),
)
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WITH_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
WITH_POINT = re.compile(r"[+-]?[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?")
THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+")


def read_csv(
    path: str | os.PathLike[str],
    *,
    delimiter: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    encoding: str | None = None,
    missing: Iterable[str] = MISSING,
) -> Table:
    """Read a file of columns, and find the kind of each.

    A column whose cells are all numbers holds numbers; any other holds texts. Whole
    numbers with a leading zero (007), and those too long for a float64, are texts.

    Args:
        path: the file.
        delimiter: what stands between two cells; None finds a comma, a semicolon, a tab
            or "|".
        decimal: "." or ","; None finds it.
        header: whether the first line holds the names of the columns; None finds it.
            Without names the columns are "column 1", "column 2" and so on.
        encoding: as in Python's open(); None is UTF-8, or what a byte order mark says.
        missing: cells that stand for no value.

    Returns:
        The columns, a `Table`: `table["name"]` is a NumPy array, `table.kinds` says
        what was found, `table.matrix([...])` is X.

    Raises:
        FormatError: the file is empty, is not a text in this encoding, or its rows have
            different lengths. The message names the line.
        ArgumentError: an option is unknown.
        OSError: the file cannot be read.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "trees.csv")
    ...     _ = path.write_text("kind;height\\noak;21,5\\nash;\\n", encoding="utf-8")
    ...     read_csv(path)
    Table of 2 rows, 2 columns
      kind    text
      height  number, 1 missing
    """
    name = str(path)
    if decimal not in (None, ".", ","):
        raise ArgumentError(f"read_csv: decimal={decimal!r} is not a decimal mark; give '.' or ','")
    if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n'):
        raise ArgumentError(f"read_csv: delimiter={delimiter!r} is not one character; give one, as in ';'")
    with opened("read_csv", path) as file:
        text, skipped = _text(file.read(), name, encoding), 0
    if declared := re.match(r"sep=(.)\r?\n", text):  # Excel's own line
        delimiter, text, skipped = delimiter or declared[1], text[declared.end() :], 1
    delimiter = delimiter or _delimiter_of(text)
    rows = list(_rows(text, delimiter, name, skipped))
    gone = frozenset(missing)
    titles, has_header = _divide(rows, header, gone, name)
    decimal = decimal or _decimal_of(rows, titles, delimiter, name)
    columns = [
        Column(title, list(cells), gone, decimal)
        for title, cells in zip(titles, zip(*(cells for _, cells in rows), strict=True), strict=True)
    ]
    lines = [line for line, _ in rows]
    return Table(columns, lines, source=name, has_header=has_header, delimiter=delimiter, decimal=decimal)


def _text(raw: bytes, name: str, encoding: str | None) -> str:
    for start, what in OTHER_FILES:
        if raw.startswith(start):
            raise FormatError(f"{name}: this is not a CSV file, but {what}")
    if encoding is None:
        encoding = next((found for mark, found in BYTE_ORDER_MARKS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except LookupError:
        raise ArgumentError(
            f"read_csv: there is no encoding {encoding!r}; give one that Python knows: cp1252"
        ) from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FormatError(
            f"{name}: line {line} is not {encoding} (byte 0x{raw[error.start]:02x}); "
            f'name the encoding of the file: encoding="cp1252" (in a shell --encoding cp1252) if Excel wrote it'
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise FormatError(f"{name}: line {line} holds a zero byte, so this is not a text file; save it as CSV")
    return text.removeprefix("\ufeff")


def _delimiter_of(text: str) -> str:
    """The delimiter that divides most lines into the same number of cells."""
    best, found = 0.0, ","
    for delimiter in DELIMITERS:
        try:
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
            counts = Counter(len(cells) for cells in islice(reader, SAMPLE) if cells)
        except csv.Error:
            continue
        count, times = counts.most_common(1)[0] if counts else (0, 0)
        if count > 1 and times / counts.total() > best:
            best, found = times / counts.total(), delimiter
    return found


def _rows(text: str, delimiter: str, name: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank: the line on which it begins, and its cells."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    line = 1
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if len(cells) > 1 or any(cells):
                yield line + skipped, cells
            line = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise FormatError(
                f'{name}: a quote (") opens on line {line + skipped} and never closes; close it'
            ) from None
        raise FormatError(
            f"{name}: the row that begins on line {line + skipped} cannot be read ({error}); "
            f'write a quote within a cell twice: "the ""old"" one"'
        ) from None


def _divide(
    rows: list[tuple[int, list[str]]], header: bool | None, gone: frozenset[str], name: str
) -> tuple[list[str], bool]:
    """The names of the columns, taken from the rows; and whether the file has them."""
    if not rows:
        raise FormatError(f"{name}: the file is empty; it needs a line of names, and a line for each row")
    first = rows[0][1]
    if header is None:
        header = _holds_names(first, rows[1:], gone, name)
    titles = [""] * len(first)
    if header:
        titles = list(first)
        del rows[0]
        if not rows:
            raise FormatError(f"{name}: the file has a line of names and no rows; add a line for each row")
    _check_lengths(rows, len(titles), name, "the line of names" if header else "the first line")
    # A delimiter at the end of each line makes a column without name and cells.
    while len(titles) > 1 and not titles[-1] and not any(cells[-1] for _, cells in rows):
        titles.pop()
        for _, cells in rows:
            cells.pop()
    titles = [title or f"column {i}" for i, title in enumerate(titles, start=1)]
    _check_names(titles, name)
    return titles, header


def _holds_names(first: list[str], rest: list[tuple[int, list[str]]], gone: frozenset[str], name: str) -> bool:
    """Whether the first line holds names. If it may be either, it is refused.

    Texts are names if there are no numbers beside them. A text that stands in its
    column again is a value, as in a file of flowers without names.
    """
    counted = first if first[0] else first[1:]
    if counted == [str(i) for i in range(len(counted))] and (len(counted) >= 3 or not first[0]):
        return True  # pandas writes 0, 1, 2 ... for columns without names
    numbers = [cell for cell in first if _is_number(cell)]
    texts = [j for j, cell in enumerate(first) if cell not in gone and not _is_number(cell)]
    if not texts:
        return not numbers
    again = [j for j in texts if any(j < len(cells) and cells[j] == first[j] for _, cells in rest)]
    if bool(numbers) == bool(again):
        return not numbers
    why = f"{first[again[0]]!r} stands in its column again" if again else "it holds numbers and texts"
    raise FormatError(
        f"{name}: the first line may be names or data: {why}; "
        f"say which it is: header=True or header=False (in a shell --header or --no-header)"
    )


def _is_number(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell.replace(",", ".")))


def _check_lengths(rows: list[tuple[int, list[str]]], wanted: int, name: str, where: str) -> None:
    wrong = [(line, len(cells)) for line, cells in rows if len(cells) != wanted]
    if wrong:
        line, count = wrong[0]
        more = f", and so {len(wrong) - 1} other lines" if len(wrong) > 1 else ""
        raise FormatError(
            f"{name}: line {line} has {count} cells, {where} {wanted}{more};\n"
            f"look for a delimiter too many or too few, or put quotes around a cell that holds one"
        )


def _check_names(titles: list[str], name: str) -> None:
    twice = [title for title, times in Counter(titles).items() if times > 1]
    if twice:
        places = " and ".join(str(i) for i, title in enumerate(titles, start=1) if title == twice[0])
        raise FormatError(
            f"{name}: the columns {places} are all named {twice[0]!r}; give each its own name, "
            f"or say header=False (in a shell --no-header) if the first line holds no names"
        )


def _decimal_of(rows: list[tuple[int, list[str]]], titles: list[str], delimiter: str, name: str) -> str:
    """The decimal mark that the numbers have."""

    def has_comma(cell: str) -> bool:
        # In a file with commas between the cells, "1,234" may be a thousand.
        return bool(WITH_COMMA.fullmatch(cell)) and not (delimiter == "," and THOUSANDS.fullmatch(cell))

    comma = _first_cell(rows, has_comma)
    point = _first_cell(rows, WITH_POINT.fullmatch)
    if comma and point:
        texts = [f"{cell!r} in column {titles[j]!r} on line {line}" for line, j, cell in (comma, point)]
        raise FormatError(
            f"{name}: a number has a decimal comma ({texts[0]}), another a point ({texts[1]});\n"
            f'write all numbers alike, or say which is the decimal mark: decimal="," (in a shell --decimal ,)'
        )
    return "," if comma else "."


def _first_cell(rows: list[tuple[int, list[str]]], fits: Callable[[str], Any]) -> tuple[int, int, str] | None:
    """The line, the number of the column and the text of the first cell that fits."""
    for line, cells in rows:
        for j, cell in enumerate(cells):
            if fits(cell):
                return line, j, cell
    return None
