"""Whether a column is an identifier, or gives the answer away, or tells much of it.

`values` are the column's numbers, or a number for each of its texts; `answers` those of
the target, for the same rows.
"""

from __future__ import annotations

import math
import re
from typing import Any

from micrograd import on_demand as np

CHANCE = math.log(1e-6)  # what is less likely by chance has a reason
FEW_ROWS = 20  # with fewer rows, whole numbers may well be all different
CATEGORIES = 1000  # each is an input of the network
NAMES_OF_KEYS = re.compile(
    r"(?:^|[\W_])(?:id|ids|index|idx|uuid|guid|key|rownames|row|nr|no)(?:$|[\W_])", re.IGNORECASE
)
BIN = 10  # rows with values that are nearly the same
MUCH = 0.95  # of the rows are right with one column alone


def identifier(name: str, values: Any, places: Any, is_text: bool) -> str:
    """Why the column looks like an identifier, or is too diverse to learn from.

    `places` are the numbers of the rows.
    """
    n, different = len(values), len(np.unique(values))
    what = "text" if is_text else "whole number"
    if not is_text:
        if not np.all(values == np.floor(values)):
            return ""
        if n >= 3 and np.all(values - places == values[0] - places[0]):
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


def gives_away(values: Any, answers: Any, target: str, is_text: bool, is_classifier: bool) -> str:
    """Why the column leaves nothing to learn."""
    away = f"so it gives {target} away"
    if _determines(values, answers, 2 if is_text else 3):
        return f"each value of it has one {target} only, {away}"
    if is_text:
        return ""
    if is_classifier and _divides(values, answers):
        return f"each {target} has a range of it for itself, {away}"
    if not is_classifier and _moves_with(values, answers):
        return f"it moves exactly with {target}, {away}"
    return ""


def tells_much(values: Any, answers: Any, target: str, is_text: bool, is_classifier: bool) -> str:
    """How much the column alone tells of the target, if that is nearly all.

    A row is answered by the other rows with the same value, or of numbers with nearly
    the same: by the commonest class of them, or by their mean.
    """
    groups = np.unique(values, return_inverse=True)[1] if is_text else _bins(values)
    sizes = np.bincount(groups)
    if is_classifier:
        counts = np.zeros((len(sizes), int(answers.max()) + 1), dtype=np.int64)
        np.add.at(counts, (groups, answers), 1)
        own = counts[groups, answers]
        others = counts[groups]
        others[np.arange(len(answers)), answers] = 0
        right = float(np.mean(own - 1 > others.max(axis=1)))
        plain = float(np.bincount(answers).max() / len(answers))
        if right < MUCH or 1 - right > (1 - plain) / 4:
            return ""
        return f"it alone tells the right {target} in {100 * right:.0f} % of the rows"
    spread = float(np.sum((answers - answers.mean()) ** 2))
    alone = sizes[groups] < 2
    means = (np.bincount(groups, answers)[groups] - answers) / np.maximum(sizes[groups] - 1, 1)
    means = np.where(alone, answers.mean(), means)
    share = 1.0 - float(np.sum((answers - means) ** 2)) / spread if spread > 0 else 0.0
    return f"it alone tells {100 * share:.0f} % of the differences in {target}" if share >= MUCH else ""


def _bins(values: Any) -> Any:
    """A number for each value, the same for about ten that are next to each other."""
    different, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    starts = np.cumsum(counts) - counts
    return np.unique((starts // BIN)[codes], return_inverse=True)[1] if len(different) else codes


def _determines(values: Any, answers: Any, repeats: int) -> bool:
    """Whether each value has one answer, though values are repeated."""
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
    return bool(abs(np.corrcoef(values, numbers)[0, 1]) > 0.99999)
