"""How good the answers are, beside those of whoever always says the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.cli.wording import aligned, counted, short

SHOWN = 12  # classes of a confusion matrix that fits on a screen


def accuracy(answers: Any, wanted: Any) -> float:
    """The share of rows with the right class."""
    return float(np.mean(answers == wanted))


def confusion(answers: Any, wanted: Any, classes: int) -> Any:
    """How many rows of class i got the answer j: int64 of shape (classes, classes)."""
    table = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(table, (wanted, answers), 1)
    return table


def r2(answers: Any, wanted: Any) -> float:
    """1 - sum (wanted - answers)^2 / sum (wanted - mean)^2.

    It is nan if all wanted numbers are the same.
    """
    spread = float(np.sum((wanted - wanted.mean()) ** 2))
    return 1.0 - float(np.sum((wanted - answers) ** 2)) / spread if spread > 0 else float("nan")


def mean_absolute_error(answers: Any, wanted: Any) -> float:
    """The mean of |wanted - answers|, in the unit of the target."""
    return float(np.mean(np.abs(wanted - answers)))


def report_of_classes(answers: Any, wanted: Any, classes: Sequence[str], baseline: int) -> tuple[list[str], Any]:
    """Lines of text, and the scores.

    Args:
        answers: class numbers of the network.
        wanted: the right ones.
        classes: their names.
        baseline: the commonest class of the training rows.
    """
    score, plain = accuracy(answers, wanted), accuracy(np.full_like(wanted, baseline), wanted)
    right = int(np.sum(answers == wanted))
    lines = [
        f"Accuracy {score:.3f}: {right:,} of {counted(len(wanted), 'row')} are right. "
        f"Always answering {classes[baseline]!r} has {plain:.3f}."
    ]
    if score <= plain:
        lines.append("The network is not better than that. Try more --epochs, another --lr, or other columns.")
    lines += _confusions(confusion(answers, wanted, len(classes)), classes)
    return lines, {"accuracy": score, "baseline accuracy": plain}


def report_of_numbers(answers: Any, wanted: Any, baseline: float) -> tuple[list[str], dict[str, float]]:
    """Lines of text, and the scores.

    Args:
        answers: numbers of the network.
        wanted: the right ones.
        baseline: the mean of the training rows.
    """
    always = np.full_like(wanted, baseline)
    score, error = r2(answers, wanted), mean_absolute_error(answers, wanted)
    plain, plain_error = r2(always, wanted), mean_absolute_error(always, wanted)
    table = [
        ["", "the network", f"always {short(baseline)}, the mean"],
        ["R2 (1 is perfect)", short(score), short(plain)],
        ["mean absolute error", short(error), short(plain_error)],
    ]
    lines = aligned(table)
    if error >= plain_error:
        lines.append("The network is not better than the mean. Try more --epochs, another --lr, or other columns.")
    scores = {"R2": score, "baseline R2": plain, "mean absolute error": error, "baseline error": plain_error}
    return lines, {name: x for name, x in scores.items() if x == x}  # nan has no place in JSON


def _confusions(table: Any, classes: Sequence[str]) -> list[str]:
    if len(classes) <= SHOWN:
        names = [name if len(name) <= 16 else name[:15] + "…" for name in classes]
        rows = [["true \\ answered", *names]]
        rows += [[name, *map(str, row)] for name, row in zip(names, table.tolist(), strict=True)]
        return aligned(rows)
    wrong = table * (1 - np.eye(len(classes), dtype=np.int64))
    order = np.argsort(-wrong, axis=None, kind="stable")[:SHOWN]
    pairs = [(int(i) // len(classes), int(i) % len(classes)) for i in order if wrong.flat[i]]
    if not pairs:
        return []
    rows = [["true", "answered", "rows"], *([classes[i], classes[j], str(wrong[i, j])] for i, j in pairs)]
    return ["The commonest mistakes:", *aligned(rows, left=2)]
