"""plot_loss: the numbers of a training as curves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from micrograd.engine import Value
from micrograd.errors import ArgumentError, DataError
from micrograd.plots.figures import axes_of, next_style, number_in, scale_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ASKER = "plot_loss"
NO_CURVES = ("epoch", "step", "lr", "seconds")
FEW = 10  # points: each gets a mark


def plot_loss(
    history: Any,
    *names: str,
    scale: str | None = None,
    ylabel: str | None = None,
    ax: Any = None,
) -> Axes:
    """Draw losses over the steps or epochs of a training.

    A number that is not finite is a gap, and the legend counts them.

    Args:
        history: what `fit` returns; a list of numbers or Values; a list of dicts, one a
            row; or a dict of lists, a curve each.
        names: the curves to draw. None given: "loss" and "val_loss", if there is a
            "loss"; else all but "epoch", "step", "lr" and "seconds".
        scale: of the axis, "linear" or "log". None: "log" where the largest number is
            more than 30 times the smallest, and all are above 0.
        ylabel: text at the axis. None: the name of the loss.
        ax: axes to draw on. None makes a figure.

    Returns:
        The axes.

    Raises:
        ArgumentError: there are no numbers, no such curve, or no such scale.
        DataError: it is none of these kinds, or something in it is not a number.
        MissingExtraError: matplotlib is not installed.

    >>> ax = plot_loss({"train": [1.0, 0.5, 0.25], "validation": [1.1, 0.8, 0.7]})
    >>> [line.get_label() for line in ax.lines]
    ['train', 'validation']
    """
    columns = _columns(history)
    axis = next((name for name in ("epoch", "step") if name in columns), None)
    drawn = _drawn(columns, names)
    curves = {name: [number_in(ASKER, f"{name}[{i}]", x) for i, x in enumerate(columns[name])] for name in drawn}
    if not any(curves.values()):
        raise ArgumentError(f"{ASKER}: there are no losses yet; train for a step first")
    if scale not in (None, "linear", "log"):
        raise ArgumentError(f"{ASKER}: scale={scale!r} is not known; give 'linear' or 'log'")
    if scale == "log" and (low := min((x for curve in curves.values() for x in curve if x == x), default=1.0)) <= 0:
        raise ArgumentError(f"{ASKER}: scale='log' needs numbers above 0, and there is {low}; give scale='linear'")
    steps = None if axis is None else [number_in(ASKER, f"{axis}[{i}]", x) for i, x in enumerate(columns[axis])]
    axes = axes_of(ASKER, ax)
    for name, curve in curves.items():
        if steps is not None and len(steps) != len(curve):
            raise ArgumentError(f"{ASKER}: {name} has {len(curve)} numbers, and {axis} {len(steps)}; give as many")
        _draw_curve(axes, steps or list(range(len(curve))), curve, _spoken(name))
    axes.set(xlabel=axis or "step", ylabel=ylabel or drawn[0].removeprefix("val_") if len(drawn) < 3 else ylabel)
    if ylabel is None and not any(name.removeprefix("val_") == "loss" for name in drawn):
        axes.set_ylabel("loss")
    axes.set_yscale(scale or scale_of(list(curves.values())))
    axes.locator_params(axis="x", integer=True)
    axes.grid(which="both", alpha=0.25)
    if len(drawn) > 1 or axes.lines[-1].get_label() != "training":
        axes.legend()
    return axes


def _columns(history: Any) -> dict[str, Any]:
    """The curves by name."""
    columns = getattr(history, "columns", None)
    if isinstance(columns, Mapping):  # a History
        return dict(columns)
    if isinstance(history, Mapping):
        return {str(name): _listed(str(name), column) for name, column in history.items()}
    rows = _listed("history", history)
    if not any(isinstance(row, Mapping) for row in rows):
        return {"loss": rows}
    wrong = next((i for i, row in enumerate(rows) if not isinstance(row, Mapping)), None)
    if wrong is not None:
        raise DataError(f"{ASKER}: history[{wrong}] is not a dict, and others are; give a dict for each step")
    named = dict.fromkeys(str(name) for row in rows for name in row)
    return {name: [row.get(name, math.nan) for row in rows] for name in named}


def _listed(name: str, column: Any) -> list[Any]:
    column = column.data if isinstance(column, Value) else column
    if isinstance(column, (str, bytes)) or not isinstance(column, Iterable) or getattr(column, "ndim", 1) != 1:
        shown = f"an array of shape {column.shape}" if getattr(column, "ndim", 0) else f"{column!r:.40}"
        raise DataError(
            f"{ASKER}: {name} is {shown}; give a list of losses, a list of dicts, a dict of lists, or what fit returns"
        )
    return list(column)


def _drawn(columns: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise ArgumentError(f"{ASKER}: there is no column {unknown[0]!r}; choose from {', '.join(columns)}")
    usual = [name for name in ("loss", "val_loss") if name in columns]
    found = list(names) or (usual if "loss" in usual else [name for name in columns if name not in NO_CURVES])
    if not found:
        raise ArgumentError(f"{ASKER}: there are no losses yet; train for a step first")
    return found


def _spoken(name: str) -> str:
    """How the legend calls a column of a History."""
    return {"loss": "training", "val_loss": "validation"}.get(name, name)


def _draw_curve(axes: Axes, steps: list[float], curve: list[float], label: str) -> None:
    bad = [i for i, x in enumerate(curve) if not math.isfinite(x)]
    shown = [x if math.isfinite(x) else math.nan for x in curve]
    if bad:
        count = "all" if len(bad) == len(curve) else f"{len(bad)} of {len(curve)}"
        label += f" ({count} not finite, first at {steps[bad[0]]:g})"
    # A point between two gaps has no line to be seen on.
    alone = [
        i
        for i, x in enumerate(shown)
        if x == x and not any(0 <= j < len(shown) and shown[j] == shown[j] for j in (i - 1, i + 1))
    ]
    marks = list(range(len(curve))) if len(curve) < FEW else alone
    axes.plot(steps, shown, **next_style(axes), marker=".", markevery=marks, label=label)
