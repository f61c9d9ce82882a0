"""CSV files: what is found in them, what is refused, and with which words."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd.data import read_csv, read_idx, read_npy, read_npz
from micrograd.errors import ArgumentError, DataError, FormatError


@pytest.fixture
def file(tmp_path):
    """Writes data.csv; its folder is left out of messages by `said`."""

    def write(content):
        path = tmp_path / "data.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def said(error, path):
    return str(error.value).replace(str(path), "data.csv")


# What is found

IRIS = "id,length,species\n1,5.1,setosa\n2,,virginica\n"


def test_columns_and_their_kinds(file):
    table = read_csv(file(IRIS))
    assert table.names == ["id", "length", "species"]
    assert table.kinds == {"id": "whole", "length": "number", "species": "text"}
    assert len(table) == 2
    assert table["id"].dtype == np.int64
    assert table["id"].tolist() == [1, 2]
    np.testing.assert_array_equal(table["length"], [5.1, np.nan])
    assert table["species"].tolist() == ["setosa", "virginica"]
    assert table.lines.tolist() == [2, 3]
    np.testing.assert_array_equal(table.matrix(["length", "id"]), [[5.1, 1.0], [np.nan, 2.0]])
    assert list(table) == table.names
    assert "length" in table


@pytest.mark.parametrize(
    ("content", "delimiter", "decimal", "numbers"),
    [
        ("a,b\n1.5,2\n2.5,3\n", ",", ".", [[1.5, 2.0], [2.5, 3.0]]),
        ("a;b\n1,5;2\n2,5;3\n", ";", ",", [[1.5, 2.0], [2.5, 3.0]]),
        ("1,5;2,25\n2,5;3,25\n", ";", ",", [[1.5, 2.25], [2.5, 3.25]]),  # as many commas as semicolons
        ("a;b\n1.5;2\n", ";", ".", [[1.5, 2.0]]),
        ("a\tb\n1,5\t2\n", "\t", ",", [[1.5, 2.0]]),
        ("a|b\n1|2\n", "|", ".", [[1.0, 2.0]]),
        ("a\n1\n2\n", ",", ".", [[1.0], [2.0]]),
        ('a,b\n"1,5","2,25"\n', ",", ",", [[1.5, 2.25]]),
        ('a, b\n1, "2"\n', ",", ".", [[1.0, 2.0]]),
        ("a,b\r\n1,2\r\n", ",", ".", [[1.0, 2.0]]),
        ("a,b\r1,2\r", ",", ".", [[1.0, 2.0]]),
        ("a,b\n1,2", ",", ".", [[1.0, 2.0]]),
        ("\na,b\n\n1,2\n \n", ",", ".", [[1.0, 2.0]]),
        ("sep=;\na;b\n1,5;2\n", ";", ",", [[1.5, 2.0]]),
        ("a;b;\n1;2;\n", ";", ".", [[1.0, 2.0]]),
        ("a,b\n-1e3,+.5\ninf,7.\n", ",", ".", [[-1000.0, 0.5], [np.inf, 7.0]]),
    ],
)
def test_delimiter_and_decimal_mark_are_found(file, content, delimiter, decimal, numbers):
    path = file(content)
    table = read_csv(path)
    assert (table.delimiter, table.decimal) == (delimiter, decimal)
    np.testing.assert_array_equal(table.matrix(), numbers)


@pytest.mark.parametrize(
    ("content", "options", "names", "rows"),
    [
        ("a,b\n1,x\n", {}, ["a", "b"], 1),
        ("1,x\n2,x\n3,y\n", {}, ["column 1", "column 2"], 3),  # x is a value: it stands there twice
        ("x,1,5\ny,2,6\ny,3,7\n", {"header": False}, ["column 1", "column 2", "column 3"], 3),
        ("63,?,1\n67,3,0\n", {}, ["column 1", "column 2", "column 3"], 2),  # a missing number is no name
        ("150,4,setosa\n5.1,3.5,0\n", {"header": True}, ["150", "4", "setosa"], 1),
        ("0,1,2\n5,6,7\n", {}, ["0", "1", "2"], 1),  # pandas' columns without names
        (",0\n0,7\n1,8\n", {}, ["column 1", "0"], 2),
        ("0,1\n1,1\n", {}, ["column 1", "column 2"], 2),  # rows of a truth table
        ("1,x\n2,y\n", {"header": True}, ["1", "x"], 1),
        ("a,b\nc,d\n", {"header": False}, ["column 1", "column 2"], 2),
        (",a\n0,5\n1,6\n", {}, ["column 1", "a"], 2),  # pandas' row numbers
        ('"a b","c ""d"""\n1,2\n', {}, ["a b", 'c "d"'], 1),
        ("2019,2020\n1,2\n", {}, ["column 1", "column 2"], 2),
        ("ä,ß\n1,2\n", {}, ["ä", "ß"], 1),
    ],
)
def test_names(file, content, options, names, rows):
    table = read_csv(file(content), **options)
    assert table.names == names
    assert len(table) == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_that_the_file_shows(file, encoding):
    assert read_csv(file("höhe,ort\n1,Köln\n".encode(encoding)))["ort"].tolist() == ["Köln"]


def test_an_encoding_that_is_named(file):
    assert read_csv(file("ort\nKöln\n".encode("cp1252")), encoding="cp1252")["ort"].tolist() == ["Köln"]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ("1 2 3", "whole"),
        ("1 2.0 3", "number"),
        ("1 NA 3", "whole"),
        ("NA ? NaN", "empty"),
        ("007 008 010", "text"),
        ("0 0.5 -0.25", "number"),
        ("9007199254740992 1", "whole"),
        ("9007199254740993 1", "text"),  # no float64 is this number
        ("1_000 2_000", "text"),
        ("٣ ٤", "text"),  # digits that int() would take
        ("1 x 3", "text"),
        ("True False", "text"),
        ("None brick", "text"),
    ],
)
def test_kinds(file, cells, kind):
    assert read_csv(file("a,b\n" + "".join(f"{cell},1\n" for cell in cells.split()))).kinds["a"] == kind


def test_what_is_missing(file):
    table = read_csv(file("n,t\n1,x\n,\nNA,N/A\n-,-\n"), missing=["", "NA", "N/A", "-"])
    np.testing.assert_array_equal(table["n"], [1.0, np.nan, np.nan, np.nan])
    assert table["t"].tolist() == ["x", "", "", ""]
    assert table["n"].dtype == np.float64
    assert table.column("t").cells == ["x", "", "N/A", "-"]  # as they were


def test_a_line_break_within_quotes(file):
    table = read_csv(file('a,b\n"x\ny",1\nz,2\n'))
    assert table["a"].tolist() == ["x\ny", "z"]
    assert table.lines.tolist() == [2, 4]


def test_the_repr_shows_what_was_found(file):
    table = read_csv(file("height,kind\n1,oak\n?,ash\n2,\nabc,oak\n"))
    assert repr(table) == (
        "Table of 4 rows, 2 columns\n"
        "  height  text, 1 missing, 1 not a number, as 'abc' on line 5\n"
        "  kind    text, 1 missing"
    )
    assert repr(table.column("kind")) == "Column('kind', 4 cells, text)"


# What is refused


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "data.csv: the file is empty; it needs a line of names, and a line for each row"),
        ("\n \n", "data.csv: the file is empty; it needs a line of names, and a line for each row"),
        ("a,b\n", "data.csv: the file has a line of names and no rows; add a line for each row"),
        (
            "a,b\n1,2\n1,2,3\n1\n",
            "data.csv: line 3 has 3 cells, the line of names 2, and so 1 other lines;\n"
            "look for a delimiter too many or too few, or put quotes around a cell that holds one",
        ),
        (
            "a,b\n1,5,2\n2,5,3\n",  # a decimal comma, or names of rows
            "data.csv: line 2 has 3 cells, the line of names 2, and so 1 other lines;\n"
            "look for a delimiter too many or too few, or put quotes around a cell that holds one",
        ),
        (
            "1,2\n1,2,3\n",
            "data.csv: line 2 has 3 cells, the first line 2;\n"
            "look for a delimiter too many or too few, or put quotes around a cell that holds one",
        ),
        ('a,b\n1,2\n"x,3\n4,5\n', 'data.csv: a quote (") opens on line 3 and never closes; close it'),
        (
            'a,b\n1,"x"y\n',
            "data.csv: the row that begins on line 2 cannot be read (',' expected after '\"'); "
            'write a quote within a cell twice: "the ""old"" one"',
        ),
        (
            "a,b,a\n1,2,3\n",
            "data.csv: the columns 1 and 3 are all named 'a'; give each its own name, "
            "or say header=False (in a shell --no-header) if the first line holds no names",
        ),
        (
            "town,2019,2020\nUlm,3,4\nBonn,5,6\n",
            "data.csv: the first line may be names or data: it holds numbers and texts; "
            "say which it is: header=True or header=False (in a shell --header or --no-header)",
        ),
        (
            "p,x,s\ne,x,y\np,b,s\n",
            "data.csv: the first line may be names or data: 'p' stands in its column again; "
            "say which it is: header=True or header=False (in a shell --header or --no-header)",
        ),
        (
            "a;b\n1,5;2\n2;2.5\n",
            "data.csv: a number has a decimal comma ('1,5' in column 'a' on line 2), another a point "
            "('2.5' in column 'b' on line 3);\nwrite all numbers alike, "
            'or say which is the decimal mark: decimal="," (in a shell --decimal ,)',
        ),
        (
            "ort\nKöln\n".encode("cp1252"),
            "data.csv: line 2 is not utf-8 (byte 0xf6); name the encoding of the file: "
            'encoding="cp1252" (in a shell --encoding cp1252) if Excel wrote it',
        ),
        (b"a,b\n1,\0\n", "data.csv: line 2 holds a zero byte, so this is not a text file; save it as CSV"),
        (
            b"PK\x03\x04rest",
            "data.csv: this is not a CSV file, but a zip file, perhaps an Excel workbook; save it as CSV",
        ),
        (b"\xd0\xcf\x11\xe0rest", "data.csv: this is not a CSV file, but an old Excel workbook; save it as CSV"),
        (b"\x1f\x8brest", "data.csv: this is not a CSV file, but a gzip file; unpack it first"),
        (b"\x93NUMPYrest", "data.csv: this is not a CSV file, but a NumPy file; use read_npy"),
        (b"PAR1rest", "data.csv: this is not a CSV file, but a Parquet file; save it as CSV"),
    ],
)
def test_files_that_are_refused(file, content, text):
    path = file(content)
    with pytest.raises(FormatError) as raised:
        read_csv(path)
    assert said(raised, path) == text


def test_a_cell_that_is_too_long(file):
    path = file("a,b\n1," + "x" * 200_000 + "\n")
    with pytest.raises(FormatError, match=r"line 2 cannot be read \(field larger than field limit \(131072\)\)"):
        read_csv(path)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"decimal": ";"}, "read_csv: decimal=';' is not a decimal mark; give '.' or ','"),
        ({"delimiter": ", "}, "read_csv: delimiter=', ' is not one character; give one, as in ';'"),
        ({"delimiter": '"'}, "read_csv: delimiter='\"' is not one character; give one, as in ';'"),
        ({"encoding": "utf-9"}, "read_csv: there is no encoding 'utf-9'; give one that Python knows: cp1252"),
    ],
)
def test_options_that_are_refused(file, options, text):
    with pytest.raises(ArgumentError) as raised:
        read_csv(file(IRIS), **options)
    assert str(raised.value) == text


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_csv(tmp_path / "none.csv")


def test_a_column_that_is_not_there(file):
    path = file(IRIS)
    table = read_csv(path)
    with pytest.raises(ArgumentError) as raised:
        table["Species"]
    assert said(raised, path) == "data.csv has no column 'Species'; did you mean 'species'?"
    with pytest.raises(ArgumentError) as raised:
        table["weight"]
    assert said(raised, path) == "data.csv has no column 'weight'; the columns are 'id', 'length', 'species'"


def test_texts_are_not_a_matrix(file):
    with pytest.raises(DataError) as raised:
        read_csv(file(IRIS)).matrix()
    assert str(raised.value) == (
        "Table.matrix: 'species': texts, not numbers; name columns of numbers, "
        "and make numbers of texts, as in table['species'] == 'setosa'"
    )


def test_many_names_are_not_all_listed(file):
    path = file(",".join(f"c{i}" for i in range(30)) + "\n" + ",".join("1" * 30) + "\n")
    with pytest.raises(ArgumentError, match=r"'c18', 'c19' and 10 more$"):
        read_csv(path)["weight"]


# What is written comes back

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=6)


@settings(max_examples=60)
@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5), st.sampled_from([",", ";", "\t", "|"])
)
def test_what_the_csv_module_writes_comes_back(tmp_path_factory, rows, delimiter):
    rows = [[cell.strip() for cell in row] for row in rows]
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([["x", "y", "z"], *rows])
    path = tmp_path_factory.mktemp("written") / "data.csv"
    path.write_bytes(stream.getvalue().encode())
    table = read_csv(path, delimiter=delimiter, decimal=".", header=True)
    assert [table.column(name).cells for name in "xyz"] == [list(cells) for cells in zip(*rows, strict=True)]


READERS = {"read_csv": read_csv, "read_npy": read_npy, "read_npz": read_npz, "read_idx": read_idx}


@pytest.mark.parametrize("name", READERS)
def test_what_is_not_a_file(name: str, tmp_path: Path) -> None:
    read = READERS[name]
    for path, kind, words in (
        (tmp_path / "none", FileNotFoundError, f"{name}: No such file or directory; look at the name, and"),
        (tmp_path, IsADirectoryError, f"{name}: Is a directory; give the name of a file in it"),
        (None, ArgumentError, f"{name}: path=None is not a path; give one, as in {name}"),
        (5, ArgumentError, f"{name}: path=5 is not a path; give one, as in {name}"),
        ("/dev/zero", FormatError, f"{name}: /dev/zero is a device, not a file; give the name of a file"),
    ):
        if path == "/dev/zero" and not os.path.exists(path):  # on Windows
            continue
        with pytest.raises(kind, match=words):
            read(path)
