"""Points in the plane with a label of -1 or 1, in plain Python."""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Callable
from typing import Any, NamedTuple

from micrograd.errors import ArgumentError
from micrograd.playing.requests import a_choice, a_list, a_number, a_text, a_whole, fields_of, is_number

MOST = 200  # points
FARTHEST = 100.0  # the largest coordinate
LONGEST_CSV = 20_000  # characters
NAMES = ("moons", "circles", "spiral", "xor", "own")


class Point(NamedTuple):
    """A point and its label, -1 or 1."""

    x: float
    y: float
    label: int


a_coordinate = a_number(-FARTHEST, FARTHEST)
a_label = a_choice(-1, 1)


def a_point(name: str, given: Any) -> Point:
    """A point that a request gives as [x, y, label]."""
    if not isinstance(given, list) or len(given) != 3:
        raise ArgumentError(f"{name} is not a point; give [x, y, label], as [0.5, -1, 1]")
    x, y, label = given
    return Point(a_coordinate(f"x of {name}", x), a_coordinate(f"y of {name}", y), a_label(f"label of {name}", label))


DATA: dict[str, Any] = {
    "name": a_choice(*NAMES),
    "n": a_whole(1, MOST),
    "noise": a_number(0.0, 2.0),
    "seed": a_whole(0, 2**32 - 1),
    "points": a_list(a_point, MOST, least=1),
    "csv": a_text(LONGEST_CSV),
}
DEFAULTS = {"name": "moons", "n": 40, "noise": 0.1, "seed": 1337}


def some_data(name: str, given: Any) -> dict[str, Any]:
    """The setting `data`, checked: what makes the points. A text of CSV becomes points.

    >>> some_data("data", {"name": "xor", "n": 4})
    {'name': 'xor', 'n': 4, 'noise': 0.1, 'seed': 1337}
    >>> some_data("data", {"csv": "0.5;1;cat"})["points"]
    [[0.5, 1.0, -1]]
    """
    data = fields_of(name, given, DATA)
    chosen = data.get("name", "own" if "points" in data or "csv" in data else "moons")
    if chosen != "own":
        if extra := [key for key in ("points", "csv") if key in data]:
            raise ArgumentError(f"{name}: {extra[0]} is for your own points; write name: 'own'")
        return {**DEFAULTS, **data}
    if unused := [key for key in ("n", "noise", "seed") if key in data]:
        raise ArgumentError(f"{name}: your own points have no {unused[0]}; leave it out")
    if ("points" in data) == ("csv" in data):
        raise ArgumentError(f"{name}: your own points are missing, or given twice; give points or csv")
    found = data["points"] if "points" in data else points_of_csv(data["csv"])
    return {"name": "own", "points": [list(point) for point in found]}


def points_of(data: dict[str, Any]) -> tuple[Point, ...]:
    """The points that checked data stands for.

    >>> points_of({"name": "xor", "n": 2, "noise": 0.0, "seed": 1})[0].label
    1
    """
    if data["name"] == "own":
        return tuple(Point(*point) for point in data["points"])
    generator = random.Random(data["seed"])
    clean = MAKERS[data["name"]](data["n"], generator)
    return tuple(
        Point(_near(x, data["noise"], generator), _near(y, data["noise"], generator), label) for x, y, label in clean
    )


def _near(x: float, noise: float, generator: random.Random) -> float:
    return max(-FARTHEST, min(FARTHEST, x + generator.gauss(0.0, noise))) if noise else x


def _halves(n: int) -> tuple[int, int]:
    return n - n // 2, n // 2


def _moons(n: int, generator: random.Random) -> list[Point]:
    outer, inner = _halves(n)
    angles = [math.pi * i / max(outer - 1, 1) for i in range(outer)]
    others = [math.pi * i / max(inner - 1, 1) for i in range(inner)]
    return [Point(math.cos(t), math.sin(t), -1) for t in angles] + [
        Point(1 - math.cos(t), 0.5 - math.sin(t), 1) for t in others
    ]


def _circles(n: int, generator: random.Random) -> list[Point]:
    found = []
    for count, radius, label in zip(_halves(n), (1.0, 0.5), (-1, 1), strict=True):
        angles = [2 * math.pi * i / count for i in range(count)]
        found += [Point(radius * math.cos(t), radius * math.sin(t), label) for t in angles]
    return found


def _spiral(n: int, generator: random.Random) -> list[Point]:
    found = []
    for count, start, label in zip(_halves(n), (0.0, math.pi), (-1, 1), strict=True):
        for i in range(count):
            radius = (i + 1) / count
            t = start + 3 * math.pi * radius
            found.append(Point(radius * math.cos(t), radius * math.sin(t), label))
    return found


def _xor(n: int, generator: random.Random) -> list[Point]:
    corners = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    return [
        Point(right * generator.uniform(0.1, 1.0), up * generator.uniform(0.1, 1.0), right * up)
        for right, up in (corners[i % 4] for i in range(n))
    ]


MAKERS: dict[str, Callable[[int, random.Random], list[Point]]] = {
    "moons": _moons,
    "circles": _circles,
    "spiral": _spiral,
    "xor": _xor,
}


# CSV


def points_of_csv(text: str) -> list[Point]:
    """The points of a text with a line for each: x, y and the label.

    The first line may hold names. Cells stand between commas, semicolons or tabs. The
    labels are two words or numbers: the smaller one is -1, the other 1.

    Raises:
        ArgumentError: a line does not say a point; the error names the line.

    >>> points_of_csv("x,y,kind\\n0.5,1,cat\\n2,-1,dog")
    [Point(x=0.5, y=1.0, label=-1), Point(x=2.0, y=-1.0, label=1)]
    """
    rows = _rows(text)
    if not rows:
        raise ArgumentError("csv: it holds no points; give a line for each: x,y,label")
    words = sorted({cells[2] for _, cells in rows}, key=_order)
    if len(words) > 2:
        raise ArgumentError(
            f"csv: there are {len(words)} labels, {', '.join(word[:20] for word in words[:4])}; give two of them"
        )
    labels = {words[0]: -1, words[-1]: 1} if len(words) == 2 else {words[0]: 1 if _csv_number(words[0]) == 1 else -1}
    found = []
    for line, (x, y, word) in rows:
        numbers = [_csv_number(cell) for cell in (x, y)]
        for cell, number in zip((x, y), numbers, strict=True):
            if number is None or not abs(number) <= FARTHEST:
                raise ArgumentError(
                    f"csv: line {line}: {cell[:20]!r} is not a number from -{FARTHEST:g} to {FARTHEST:g}"
                )
        found.append(Point(numbers[0], numbers[1], labels[word]))  # type: ignore[arg-type]
    return found


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The lines with something in them, with their numbers; without the names."""
    first = text.lstrip("\ufeff\n\r ").partition("\n")[0]
    delimiter = next((sign for sign in "\t;," if sign in first), ",")
    reader = csv.reader(text.lstrip("\ufeff").splitlines(), delimiter=delimiter, skipinitialspace=True)
    found = []
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if len(cells) != 3:
                raise ArgumentError(
                    f"csv: line {reader.line_num} has {len(cells)} cells; give three: x{delimiter}y{delimiter}label"
                )
            found.append((reader.line_num, cells))
    except csv.Error as error:
        raise ArgumentError(f"csv: line {reader.line_num} cannot be read: {error}") from None
    if found and _csv_number(found[0][1][0]) is None and _csv_number(found[0][1][1]) is None:
        found = found[1:]
    if len(found) > MOST:
        raise ArgumentError(f"csv: it has {len(found)} points, and at most {MOST} are taken; leave some out")
    return found


def _csv_number(cell: str) -> float | None:
    try:
        number = float(cell.replace(",", "."))
    except ValueError:
        return None
    return number if is_number(number) else None


def _order(word: str) -> tuple[int, float, str]:
    """Numbers by their size, then words."""
    number = _csv_number(word)
    return (1, 0.0, word) if number is None else (0, number, word)
