"""`micrograd predict`: the answers of a trained model for the rows of a CSV file."""

from __future__ import annotations

import argparse
import csv
import io
import os
import sys
from collections.abc import Container
from typing import Any

from micrograd import on_demand as np
from micrograd.cli import model_files
from micrograd.cli.answers import prepared_answers, report
from micrograd.cli.model_files import Trained
from micrograd.cli.preparation import Findings, Number
from micrograd.cli.roles import spelled
from micrograd.cli.wording import counted, lines_of, listed
from micrograd.data import NUMBER, Column, Table, meant, read_csv
from micrograd.errors import ArgumentError
from micrograd.train.files import write_whole

DIGITS = 10  # of a predicted number


def run(options: argparse.Namespace) -> None:
    """Read the model and the rows, answer, and write a CSV file."""
    trained = model_files.read(options.model)
    if options.out is not None:
        for path in (options.model, options.data):
            if os.path.realpath(path) == os.path.realpath(options.out):
                raise ArgumentError(f"predict: --out {options.out} would overwrite {path}; give another name")
        if not options.out.absolute().parent.is_dir():
            raise ArgumentError(f"predict: the folder of --out {options.out} does not exist; make it first")
    table = read_csv(
        options.data,
        delimiter=options.delimiter,
        decimal=options.decimal,
        header=trained.has_header if options.header is None else options.header,
        encoding=options.encoding,
        missing=trained.missing,
    )
    _check_columns(table, trained)
    _say(_about_columns(table, trained))
    inputs, found = trained.preparation.prepared(table, np.arange(len(table)))
    _say(_about_rows(trained, found))
    answers, probabilities = prepared_answers(trained, inputs)
    unknown = np.flatnonzero(~np.isfinite(answers if probabilities is None else probabilities.sum(axis=1)))
    if len(unknown):
        raise ArgumentError(
            f"predict: the model has no finite answer for {lines_of(table, unknown)}: "
            f"a number there is far outside the training rows; correct it, or leave the cell empty"
        )
    _say(_about_target(table, trained, answers))
    text = _csv(table, trained, answers, probabilities)
    if options.out is None:
        sys.stdout.write(text)
        return
    if options.out.exists() and not options.out.is_file():  # a device, a pipe
        options.out.write_text(text, encoding="utf-8", newline="")
    else:
        write_whole(options.out, text.encode())
    print(f"{counted(len(table), 'prediction')} in {options.out}")


def _say(lines: list[str]) -> None:
    """To stderr: stdout may be the CSV file."""
    for line in lines:
        print(line, file=sys.stderr)


# The columns


def _check_columns(table: Table, trained: Trained) -> None:
    """Refuse a table that lacks a column which the model needs."""
    if not trained.has_header:
        _check_places(table, trained)
    needed = [column.name for column in trained.preparation.columns]
    lacking = [name for name in needed if name not in table]
    if not lacking:
        return
    text = f"predict: {table.source} lacks {listed(lacking)}, which the model needs; "
    if table.names and any(NUMBER.fullmatch(name.replace(",", ".")) for name in table.names):
        raise ArgumentError(
            f"{text}its first line holds numbers, not names; write the names of the columns as the first line"
        )
    hints = [f"{name!r}: {meant(name, table.names)}" for name in lacking[:4]]
    near = [hint for hint in hints if "did you mean" in hint]
    raise ArgumentError(text + ("; ".join(near) if near else meant(lacking[0], table.names)))


def _check_places(table: Table, trained: Trained) -> None:
    """Without names, columns are known by their places, so none may be lacking."""
    n = len(trained.columns)
    allowed = {n, n - 1} if trained.columns[-1] == trained.target else {n}
    if len(table.columns) not in allowed:
        raise ArgumentError(
            f"predict: the model was trained on a file of {n} columns without names, and {table.source} has "
            f"{len(table.columns)}; keep every column in its place (the one of the target may be empty)"
        )
    numbers = [column.name for column in trained.preparation.columns if isinstance(column, Number)]
    first = [table.column(name).cells[0] for name in numbers if name in table]
    if first and not any(NUMBER.fullmatch(cell.replace(",", ".")) for cell in first):
        raise ArgumentError(
            f"predict: the model was trained on a file without names, and the first line of {table.source} looks like "
            f"names ({listed(first, 3)}); take this line away"
        )


def _about_columns(table: Table, trained: Trained) -> list[str]:
    lines = []
    if extra := [name for name in table.names if name not in trained.columns]:
        lines.append(f"Not used, as the training file did not have it: {listed(extra)}.")
    needed = [name for name in trained.columns if name in table]
    if [name for name in table.names if name in trained.columns] != needed:
        lines.append("The columns stand in another order than in training; they are taken by their names.")
    return lines


def _about_rows(trained: Trained, found: Findings) -> list[str]:
    lines = []
    for column in trained.preparation.columns:
        if count := found.filled.get(column.name):
            lines.append(f"{column.name}: {counted(count, 'missing cell')} filled with {column.filling}.")
        for text, rows in found.unknown.get(column.name, {}).items():
            lines.append(
                f"{column.name}: no row of the training had {text!r} ({lines_of(found.table, rows)}); "
                f"it counts as none of the known texts, so do not rely on these answers."
            )
        if isinstance(column, Number) and column.name in found.far:
            lines.append(
                f"{column.name}: {lines_of(found.table, found.far[column.name])} far outside the training rows "
                f"({column.range}), so do not rely on these answers."
            )
    return lines


def _about_target(table: Table, trained: Trained, answers: Any) -> list[str]:
    """How good the answers are, if the file has the right ones."""
    if trained.target not in table:
        return []
    column = table.column(trained.target)
    wanted: Any
    if trained.classes:
        place = {name: i for i, name in enumerate(trained.classes)}
        names = [_class_name(column, i, place) for i in range(len(table))]
        rows = np.array([i for i, name in enumerate(names) if name in place], dtype=np.int64)
        wanted = np.array([place[names[i]] for i in rows], dtype=np.int64)
        strange = sorted({name for i, name in enumerate(names) if name not in place and not column.is_missing[i]})
    elif column.numbers is None:
        return [f"{trained.target} is in the file, but some of its cells are not numbers; they are not compared."]
    else:
        rows, strange = np.flatnonzero(np.isfinite(column.numbers)), []
        wanted = column.numbers[rows]
    lines = []
    if strange:
        lines.append(f"{trained.target}: the training did not have {listed(strange)}; the model cannot answer so.")
    if len(rows):
        lines.append(f"{trained.target} is in the file, so the answers can be compared ({counted(len(rows), 'row')}):")
        baseline = trained.training["baseline"]
        lines += [f"  {line}" for line in report(answers[rows], wanted, trained.classes, baseline)[0]]
    return lines


def _class_name(column: Column, i: int, known: Container[str]) -> str:
    """The name of a class as in training: there, numbers were spelled in one way."""
    cell = column.cells[i]
    if column.is_missing[i]:
        return ""
    return cell if column.numbers is None or cell in known else spelled(float(column.numbers[i]))


# The file


def _csv(table: Table, trained: Trained, answers: Any, probabilities: Any) -> str:
    """The columns of the table, then the prediction and the probabilities."""
    titles = list(table.names)
    new = ["prediction", *(f"probability {name}" for name in trained.classes)]
    for title in new:
        while title in titles:  # the file may have predictions already
            title += "_"
        titles.append(title)
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=table.delimiter, lineterminator="\n")
    writer.writerow(titles)
    for i in range(len(table)):
        cells = [column.cells[i] for column in table.columns.values()]
        if trained.classes:
            cells.append(trained.classes[answers[i]])
            cells += [f"{p:.6f}".replace(".", table.decimal) for p in probabilities[i]]
        else:
            number = np.format_float_positional(answers[i], precision=DIGITS, fractional=False, trim="-")
            cells.append(number.replace(".", table.decimal))
        writer.writerow(cells)
    return stream.getvalue()
