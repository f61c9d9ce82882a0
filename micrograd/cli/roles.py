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
from micrograd.cli.wording import lines_of, listed
from micrograd.data import Column, Table
from micrograd.errors import ArgumentError

CHANCE = math.log(1e-6)  # a coincidence that is rarer is none
FEW_ROWS = 20  # with fewer rows, whole numbers may well be all different
CLASSES = 20  # whole numbers with more different ones are quantities, not classes
CATEGORIES = 1000  # each is an input of the network
NAMES_OF_KEYS = re.compile(
    r"(?:^|[\W_])(?:id|ids|index|idx|uuid|guid|key|rownames|row|nr|no)(?:$|[\W_])", re.IGNORECASE
)


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
    labels = roles.answers
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
        reason = _doubt(column, is_text, table.column(target), labels, roles)
        if reason and name not in keep:
            roles.left_out[name] = f"{reason}; --keep {_quoted(name)} uses it"
            continue
        if reason:
            roles.doubtful[name] = reason
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
    names = [column.cells[i] for i in rows] if numbers is None else [_spelled(x) for x in numbers]
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
        return Roles(target, found, why, [], rows, numbers)
    if len(counts) > len(rows) / 2 and len(counts) > 2:
        what = "texts" if numbers is None else "numbers"
        repair = "name another target" if numbers is None else "leave out --task classification"
        raise ArgumentError(
            f"train: {target!r} has {len(counts)} different {what} in {len(rows)} rows, "
            f"too few rows of each to learn from; {repair}"
        )
    order = sorted(counts) if numbers is None else [_spelled(x) for x in np.unique(numbers)]
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


def _spelled(number: float) -> str:
    """A number as the name of a class: 1 and 1.0 are the same."""
    return str(int(number)) if number == math.floor(number) and abs(number) < 2**53 else repr(float(number))


# The other columns


def _check_there(table: Table, option: str, name: str) -> None:
    try:
        table.column(name)
    except ArgumentError as error:
        hint = "" if table.has_header else "; its first line holds numbers, so it is taken as data (see --header)"
        raise ArgumentError(f"train: {option} {name!r}: {error}{hint}") from None


def _check_numbers(table: Table, column: Column) -> None:
    """Refuse a column of numbers in which some cells are none, or are infinite."""
    quoted = _quoted(column.name)
    if column.odd:
        cells = list(dict.fromkeys(column.cells[i] for i in column.odd))
        present = int((~column.is_missing).sum())
        raise ArgumentError(
            f"train: {present - len(column.odd)} cells of column {column.name!r} are numbers and {len(column.odd)} are not "
            f"({listed(cells, 4)}; {lines_of(table, column.odd)});\n"
            f"correct them, or say what they are: --missing {_quoted(cells[0])} for no value, --text {quoted} if all are "
            f"words, --drop {quoted} to leave the column out"
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


def _doubt(column: Column, is_text: bool, target: Column, answers: Any, roles: Roles) -> str:
    """Why the column should not be used, or nothing."""
    present = ~column.is_missing[roles.rows]
    rows, answers = roles.rows[present], answers[present]
    cells = [column.cells[i] for i in rows]
    if len(rows) >= 2 and cells == [target.cells[i] for i in rows]:
        return f"it equals {roles.target}"
    if is_text or column.numbers is None:
        values = np.unique(cells, return_inverse=True)[1]
    else:
        values = column.numbers[rows]
    if reason := _identifier(column.name, values, is_text):
        return reason
    if 2 * len(rows) < len(roles.rows):  # too little is known of it
        return ""
    away = f"so it gives {roles.target} away"
    if _determines(values, answers, 2 if is_text else 5):
        return f"each value of it has one {roles.target} only, {away}"
    if is_text:
        return ""
    if roles.classes and _divides(values, answers):
        return f"each {roles.target} has a range of it for itself, {away}"
    if not roles.classes and _moves_with(values, answers):
        return f"it moves exactly with {roles.target}, {away}"
    return ""


def _identifier(name: str, values: Any, is_text: bool) -> str:
    n, different = len(values), len(np.unique(values))
    what = "text" if is_text else "whole number"
    if not is_text:
        if not np.all(values == np.floor(values)):
            return ""
        if n >= 3 and np.all(np.diff(values) == 1):
            return "it counts the rows"
    if different == n and n >= (3 if is_text else FEW_ROWS):
        return f"every row has another {what} in it, so it looks like an identifier"
    if NAMES_OF_KEYS.search(name) and 2 * different > n:
        return f"its name and its {different} different {what}s in {n} rows look like an identifier"
    if is_text and 2 * different > n and n >= FEW_ROWS:
        return f"it has {different} different texts in {n} rows, too few rows of each to learn from"
    if is_text and different > CATEGORIES:
        return f"it has {different:,} different texts, and each would be an input of the network"
    return ""


def _determines(values: Any, answers: Any, repeats: int) -> bool:
    """Whether each value has one answer, and this is not for lack of repeated values."""
    n = len(values)
    _, codes = np.unique(values, return_inverse=True)
    different = int(codes.max()) + 1
    if n < repeats * different:
        return False
    _, classes, counts = np.unique(answers, return_inverse=True, return_counts=True)
    if len(np.unique(codes * len(counts) + classes)) != different:
        return False
    # How likely two rows have the same answer by chance.
    same = float(np.sum((counts / n) ** 2))
    return (n - different) * math.log(same) < CHANCE


def _divides(values: Any, classes: Any) -> bool:
    """Whether the classes follow each other along the values, without overlap."""
    order = np.lexsort((classes, values))
    values, classes = values[order], classes[order]
    changes = np.flatnonzero(np.diff(classes))
    counts = np.unique(classes, return_counts=True)[1]
    if len(counts) < 2 or len(changes) != len(counts) - 1 or np.any(values[changes] == values[changes + 1]):
        return False
    orders = math.lgamma(len(counts) + 1) + sum(math.lgamma(count + 1) for count in counts)
    return orders - math.lgamma(len(values) + 1) < CHANCE


def _moves_with(values: Any, numbers: Any) -> bool:
    """Whether one always rises when the other rises, or always falls; or both lie on a
    straight line.
    """
    if min(len(np.unique(values)), len(np.unique(numbers))) < 10:
        return False
    for sign in (1.0, -1.0):
        moved = sign * numbers[np.lexsort((sign * numbers, values))]
        if np.all(np.diff(moved) >= 0):
            return True
    with np.errstate(all="ignore"):
        return bool(abs(np.corrcoef(values, numbers)[0, 1]) > 0.99999)


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
