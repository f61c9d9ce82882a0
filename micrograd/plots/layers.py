"""Rows of a picture: for each layer of a model, how numbers are spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from micrograd import on_demand as np

SHARES = 0.05, 0.25, 0.5, 0.75, 0.95  # the quantiles that are drawn
LINE, BOX, MIDDLE = "#0072B2", "#56B4E9", "#000000"
HIGH = 0.5  # inches that a row takes


class Row(NamedTuple):
    """A layer.

    Attributes:
        name: in one line.
        said: what is told below the name.
        numbers: an array of those that are spread.
        warns: whether it is marked.
    """

    name: str
    said: str
    numbers: Any
    warns: bool


def layer_of(model: Any, path: str, modules: dict[str, Any]) -> str:
    """The layer that a module belongs to: of a neuron, whose parameters are all
    numbers, the module around it.

    >>> from micrograd.nn import MLP
    >>> model = MLP(2, [3, 1])
    >>> layer_of(model, "layers.0.neurons.1", dict(model.named_modules()))
    'layers.0'
    """
    module = modules[path]
    if not path or module.children() or not module.parameters() or any(np.ndim(p.data) for p in module.parameters()):
        return path
    around = path
    while around:
        around = around.rpartition(".")[0]
        if around in modules:
            return around
    return path


def share(count: int, whole: int) -> str:
    """A share in percent; never 0% or 100% where that is not so.

    >>> share(1, 4), share(1, 1000), share(999, 1000), share(0, 7)
    ('25%', '<1%', '>99%', '0%')
    """
    percent = 100.0 * count / whole
    if 0 < percent < 1:
        return "<1%"
    return ">99%" if 99 < percent < 100 else f"{percent:.0f}%"


def draw_rows(axes: Any, rows: Sequence[Row]) -> None:
    """Draw for each row the middle half of its numbers as a box, nine tenths as a
    line, and the median; the first row is at the top.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    for y, row in enumerate(rows):
        numbers = row.numbers[np.isfinite(row.numbers)]
        if not numbers.size:
            continue
        far_left, left, middle, right, far_right = np.quantile(numbers, SHARES)
        axes.plot([far_left, far_right], [y, y], color=LINE, linewidth=2, zorder=2)
        axes.barh(y, right - left, left=left, height=0.45, color=BOX, edgecolor=LINE, zorder=2.5)
        axes.plot([middle], [y], color=MIDDLE, marker="|", markersize=16, markeredgewidth=2.5, zorder=3)
    axes.set_yticks(range(len(rows)), [f"{row.name}\n{row.said}" for row in rows], fontsize=9)
    for tick, row in zip(axes.get_yticklabels(), rows, strict=True):
        if row.warns:
            tick.set(color="#A63603", fontweight="bold")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="x", alpha=0.25)
    axes.legend(
        handles=[
            Line2D(
                [], [], color=MIDDLE, marker="|", markersize=10, markeredgewidth=2.5, linestyle="none", label="median"
            ),
            Patch(facecolor=BOX, edgecolor=LINE, label="middle half"),
            Line2D([], [], color=LINE, linewidth=2, label="90%"),
        ],
        fontsize=8,
        ncols=3,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        frameon=False,
    )


def fit_height(axes: Any, rows: int) -> None:
    """Make a new figure as high as its rows need."""
    figure = axes.figure
    figure.set_figheight(max(figure.get_figheight(), 1.2 + HIGH * rows))
