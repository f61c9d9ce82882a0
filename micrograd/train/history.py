"""History: the numbers of a training, a row for each epoch."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from micrograd.errors import ArgumentError
from micrograd.plots.curves import plot_loss
from micrograd.plots.figures import figure_of, save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 12  # rows of a long table in its repr: the first and the last half of them


class History:
    """A table of numbers with a row for each epoch.

    `history["loss"]` is a column, a list; `history[-1]` is a row, a dict. A `for` gives
    the rows, so `pandas.DataFrame(history)` is the same table.

    Attributes:
        columns: the lists by name.
        best_epoch: the epoch whose weights `fit` has kept; 0 if it kept none.
        stopped: why `fit` ended before the last epoch; empty if it did not.

    >>> history = History()
    >>> history.append({"epoch": 1, "loss": 0.5})
    >>> history.append({"epoch": 2, "loss": 0.25})
    >>> history["loss"], history[-1]
    ([0.5, 0.25], {'epoch': 2, 'loss': 0.25})
    >>> history
    epoch  loss
        1   0.5
        2  0.25
    """

    def __init__(self, columns: Mapping[str, list[Any]] | None = None) -> None:
        self.columns: dict[str, list[Any]] = {name: list(column) for name, column in (columns or {}).items()}
        self.best_epoch = 0
        self.stopped = ""

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a row. A number that a row does not have is nan."""
        if row.keys() != self.columns.keys():
            count = len(self)
            self.columns |= {name: [math.nan] * count for name in row if name not in self.columns}
            row = {name: row.get(name, math.nan) for name in self.columns}
        for name, column in self.columns.items():
            column.append(row[name])

    def __len__(self) -> int:
        return max(map(len, self.columns.values()), default=0)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: str | int) -> Any:
        if isinstance(key, str):
            if key not in self.columns:
                raise KeyError(f"{key}: the columns are {', '.join(self.columns) or 'none yet'}")
            return self.columns[key]
        return {name: column[key] for name, column in self.columns.items()}

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def keys(self) -> list[str]:
        """The names of the columns."""
        return list(self.columns)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the table as a CSV file: a line of names, then a line for each row."""
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(self.columns)
            writer.writerows(row.values() for row in self)

    def plot(self, *names: str, path: str | os.PathLike[str] | None = None) -> Figure:
        """Draw columns over the epochs, as a figure of matplotlib.

        A column "val_x" is drawn beside the column "x". Where the largest number is
        more than 30 times the smallest, the axis is logarithmic.

        Args:
            names: the columns to draw; otherwise all but "epoch", "lr" and "seconds".
            path: a file for the picture, or None.

        Returns:
            The figure. A notebook shows it.

        Raises:
            ArgumentError: there is no such column, or there are no rows; or the name of
                the file does not end like that of a picture.
            MissingExtraError: matplotlib is not installed.
        """
        usual = [name for name in self.columns if name not in ("epoch", "lr", "seconds")]
        drawn = list(names) or usual
        unknown = [name for name in drawn if name not in self.columns]
        if unknown or not drawn:
            raise ArgumentError(
                f"plot: there is no column {unknown[0]!r}; choose from {', '.join(self.columns)}"
                if unknown
                else "plot: there are no rows yet; train for an epoch first"
            )
        panels: dict[str, list[str]] = {}
        for name in drawn:
            panels.setdefault(name.removeprefix("val_"), []).append(name)
        figure, axes = figure_of("plot", len(panels))
        for place, (title, curves) in zip(axes, panels.items(), strict=True):
            plot_loss(self, *curves, ylabel=title, ax=place)
        if path is not None:
            save_figure("plot", figure, path)
        return figure

    def __repr__(self) -> str:
        rows = list(range(len(self)))
        shown = rows if len(rows) <= SHOWN else [*rows[: SHOWN // 2], *rows[-SHOWN // 2 :]]
        cells = [[name, *(_short(column[i]) for i in shown)] for name, column in self.columns.items()]
        widths = [max(map(len, column)) for column in cells]
        lines = ["  ".join(f"{x:>{n}}" for x, n in zip(line, widths, strict=True)) for line in zip(*cells, strict=True)]
        if len(shown) < len(rows):
            lines.insert(1 + SHOWN // 2, f"... {len(rows) - len(shown)} more rows ...")
        return "\n".join(lines) or "no rows yet"


def _short(x: Any) -> str:
    return f"{x:.4g}" if isinstance(x, float) else str(x)
