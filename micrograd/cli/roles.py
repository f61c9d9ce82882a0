"""What each column of a table is for: the target, an input, or left out and why.

A column that looks like an identifier, or that gives the answer away, would decide the
answer in silence. It is left out, unless the user keeps it by name.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from micrograd import on_demand as np
from micrograd.cli import doubts
from micrograd.cli.wording import lines_of, listed
from micrograd.data import NUMBER, Column, Table
from micrograd.errors import ArgumentError

# $1,200 and 5 % and 1.234,50 EUR: a number with marks or a unit
DRESSED = re.compile(
    r"[$€£¥]?\s?[+-]?(?:[0-9]{1,3}(?:[,.'’\s][0-9]{3})+|[0-9]+)(?:[.,][0-9]+)?(?:\s?[%€$£¥]|\s[^\W\d_]{1,6}[²³]?)?"
)
CLASSES = 20  # whole numbers with more different ones are quantities, not classes


@dataclass
class Roles:
    """The target, the rows that have it, and the columns that are used.

    Attributes:
        target: the name of the column to be predicted.
        task: "classification" or "regression".
        why: why it is that task, as the end of a sentence.
        classes: the answers, in order; none for a regression.
        rows: the rows that have a target.
        answers: for each of these rows the number of its class, or its number.
        used: the names of the columns that are inputs.
        texts: those of them that are texts.
        left_out: name and reason of each column that is not used.
        doubtful: name and reason of each column that is used as the user wants it.
        telling: columns that alone tell nearly all of the target, and how much.
    """

    target: str
    task: str
    why: str
    classes: list[str]
    rows: Any
    answers: Any
    used: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    doubtful: dict[str, str] = field(default_factory=dict)
    telling: dict[str, str] = field(default_factory=dict)


def roles_of(
    table: Table,
    target: str,
    *,
    task: str | None = None,
    keep: Sequence[str] = (),
    drop: Sequence[str] = (),
    text: Sequence[str] = (),
) -> Roles:
    """What each column is for.

    Args:
        table: the data.
        target: the column to be predicted.
        task: "classification", "regression", or None to find it.
        keep: columns to be used, whatever they look like.
        drop: columns to be left out.
        text: columns whose cells are texts, even if they look like numbers.

    Raises:
        ArgumentError: a column is not there, the target cannot be learned, no column is
            left, or a column holds numbers and some other texts.
    """
    for option, names in (("--target", [target]), ("--keep", keep), ("--drop", drop), ("--text", text)):
        for name in names:
            _check_there(table, option, name)
            if option in ("--keep", "--drop") and name == target:
                raise ArgumentError(f"train: {option} {target!r} is the target itself; name another column")
    if both := [name for name in keep if name in drop]:
        raise ArgumentError(f"train: {both[0]!r} stands after --keep and after --drop; decide for one of them")
    roles = _target(table, target, task, as_text=target in text)
    for name, column in table.columns.items():
        if name == target:
            continue
        if name in drop:
            roles.left_out[name] = "--drop names it"
            continue
        is_text = name in text or column.kind == "text"
        if reason := _useless(column, roles.rows):
            roles.left_out[name] = reason
            continue
        if name not in text:
            _check_numbers(table, column)
        reason, much = _doubt(column, is_text, roles, table.column(target))
        if reason and name not in keep:
            roles.left_out[name] = f"{reason}; --keep {_quoted(name)} uses it"
            continue
        if reason:
            roles.doubtful[name] = reason
        if much:
            roles.telling[name] = f"{much}; if it is not known before {target} is, leave it out: --drop {_quoted(name)}"
        roles.used.append(name)
        if is_text:
            roles.texts.append(name)
    if not roles.used:
        reasons = (
            "; ".join(f"{name}: {reason}" for name, reason in roles.left_out.items()) or "there is no other column"
        )
        raise ArgumentError(f"train: no column is left to predict {target!r} from ({reasons})")
    return roles


# The target


def _target(table: Table, target: str, task: str | None, as_text: bool) -> Roles:
    column = table.column(target)
    rows = np.flatnonzero(~column.is_missing)
    if not len(rows):
        raise ArgumentError(f"train: the target {target!r} is empty in all {len(table)} rows; name another column")
    if not as_text:
        _check_numbers(table, column)
    numbers = None if as_text or column.numbers is None else column.numbers[rows]
    names = [column.cells[i] for i in rows] if numbers is None else [spelled(x) for x in numbers]
    counts = Counter(names)
    if len(counts) == 1:
        raise ArgumentError(
            f"train: {target!r} is {names[0]!r} in all {len(rows)} rows that have it, so there is nothing to learn; "
            f"add rows with other answers, or name another target"
        )
    found, why = _task_of(numbers, counts, len(rows))
    if task:
        found, why = task, f"--task says so ({why})"
    if found == "regression":
        if numbers is None:
            raise ArgumentError(
                f"train: {target!r} holds texts, as {names[0]!r}, and a regression predicts numbers; "
                f"leave out --task regression"
            )
        with np.errstate(all="ignore"):
            if not np.isfinite(numbers.std()):
                raise ArgumentError(
                    f"train: the numbers of {target!r} are too large (up to {np.abs(numbers).max():.3g}); "
                    f"write them in a larger unit"
                )
        return Roles(target, found, why, [], rows, numbers)
    if len(counts) > len(rows) / 2 and len(counts) > 2:
        what = "texts" if numbers is None else "numbers"
        repair = "name another target" if numbers is None else "leave out --task classification"
        raise ArgumentError(
            f"train: {target!r} has {len(counts)} different {what} in {len(rows)} rows, "
            f"too few rows of each to learn from; {repair}"
        )
    order = sorted(counts) if numbers is None else [spelled(x) for x in np.unique(numbers)]
    place = {name: i for i, name in enumerate(order)}
    return Roles(target, found, why, order, rows, np.array([place[name] for name in names]))


def _task_of(numbers: Any, counts: Counter[str], n: int) -> tuple[str, str]:
    if numbers is None:
        return "classification", f"it has {len(counts)} different texts"
    if len(counts) == 2:
        return "classification", "it has 2 different numbers"
    whole = bool(np.all(numbers == np.floor(numbers)))
    if whole and len(counts) <= CLASSES and n >= 5 * len(counts):
        return "classification", f"it has {len(counts)} different whole numbers"
    return "regression", f"it has {len(counts)} different numbers"


def spelled(number: float) -> str:
    """A number as the name of a class: 1 and 1.0 are the same."""
    return str(int(number)) if number == math.floor(number) and abs(number) < 2**53 else repr(float(number))


# The other columns


def _check_there(table: Table, option: str, name: str) -> None:
    try:
        table.column(name)
    except ArgumentError as error:
        hint = "" if table.has_header else "; its first line holds numbers, so it is taken as data (see --header)"
        raise ArgumentError(f"train: {option}: {error}{hint}") from None


def _check_numbers(table: Table, column: Column) -> None:
    """Refuse a column of numbers in which some cells are none, or are infinite."""
    quoted = _quoted(column.name)
    if column.odd:
        cells = list(dict.fromkeys(column.cells[i] for i in column.odd))
        numbers = int((~column.is_missing).sum()) - len(column.odd)
        raise ArgumentError(
            f"train: {numbers} cells of column {column.name!r} are numbers, and "
            f"{len(column.odd)} {'is' if len(column.odd) == 1 else 'are'} not: {listed(cells, 4)} "
            f"({lines_of(table, column.odd)});\n"
            f"correct them, or say what they are: --missing {_quoted(cells[0])} if it stands for no value, "
            f"--text {quoted} if all of them are words;\n--drop {quoted} leaves the column out"
        )
    present = [i for i, cell in enumerate(column.cells) if not column.is_missing[i]]
    bare = {i for i in present if NUMBER.fullmatch(column.cells[i])}
    dressed = [i for i in present if i not in bare and DRESSED.fullmatch(column.cells[i])]
    if column.kind == "text" and dressed and len(dressed) + len(bare) >= 0.9 * len(present):
        raise ArgumentError(
            f"train: the cells of column {column.name!r} are numbers with marks or units, as "
            f"{column.cells[dressed[0]]!r} (line {table.lines[dressed[0]]});\n"
            f"write the numbers alone, as 1200.5, or say --text {quoted} if they are words; --drop {quoted} leaves the "
            f"column out"
        )
    if column.numbers is not None and np.isinf(column.numbers).any():
        places = np.flatnonzero(np.isinf(column.numbers))
        raise ArgumentError(
            f"train: column {column.name!r} holds infinity ({lines_of(table, places)}); "
            f"correct it, or leave the column out: --drop {quoted}"
        )


def _useless(column: Column, rows: Any) -> str:
    cells = {column.cells[i] for i in rows if not column.is_missing[i]}
    if not cells:
        return "it is empty"
    numbers = None if column.numbers is None else column.numbers[rows]
    if len(cells) == 1 or (numbers is not None and np.nanmin(numbers) == np.nanmax(numbers)):
        return f"it is {min(cells)!r} in every row"
    return ""


def _doubt(column: Column, is_text: bool, roles: Roles, target: Column) -> tuple[str, str]:
    """Why the column should not be used, and why it should be looked at; or nothing."""
    present = ~column.is_missing[roles.rows]
    rows, answers = roles.rows[present], roles.answers[present]
    if len(rows) >= 2 and [column.cells[i] for i in rows] == [target.cells[i] for i in rows]:
        return f"it equals {roles.target}", ""
    numbers = None if is_text else column.numbers
    values = np.unique(column.cells, return_inverse=True)[1] if numbers is None else numbers
    # Also of rows without a target: a number of a row counts them, too.
    known = np.flatnonzero(~column.is_missing)
    with np.errstate(all="ignore"):  # numbers that are too large are refused later
        if reason := doubts.identifier(column.name, values[known], known, is_text):
            return reason, ""
        if 2 * len(rows) < len(roles.rows):  # too little is known of it
            return "", ""
        if reason := doubts.gives_away(values[rows], answers, roles.target, is_text, bool(roles.classes)):
            return reason, ""
        return "", doubts.tells_much(values[rows], answers, roles.target, is_text, bool(roles.classes))


def _quoted(name: str) -> str:
    """A name as it is written in a shell."""
    import shlex

    return shlex.quote(name)


def alike(classes: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of classes that differ in capitals and spaces alone."""
    seen: dict[str, str] = {}
    pairs = []
    for name in classes:
        key = " ".join(name.lower().split())
        if key in seen:
            pairs.append((seen[key], name))
        seen.setdefault(key, name)
    return pairs
