"""What all plots share: axes, files, colours, and numbers as text.

Matplotlib is imported when a plot is drawn. Its global settings are not changed.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd.engine import Value
from micrograd.errors import ArgumentError, DataError, MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = 5.6, 4.2  # inches, of a panel
SPREAD = 30.0  # a largest number more than this many times the smallest needs a logarithmic axis
# Colours that colour-blind people can tell apart (Okabe and Ito, 2008); each has a dash
# pattern, for prints in grey.
LINES = [("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."), ("#CC79A7", ":"), ("#000000", (0, (5, 1, 1, 1)))]
MARKERS = "osD^vP*X<>"


def check_matplotlib(asker: str) -> None:
    """Refuse to draw without matplotlib.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401 - whether it is there
    except ImportError:
        raise MissingExtraError(
            f"{asker}: pictures need matplotlib, which is not installed; pip install 'micrograd-nd[plot]'"
        ) from None


def figure_of(asker: str, panels: int = 1) -> tuple[Figure, list[Any]]:
    """A figure of matplotlib with panels side by side, outside pyplot.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    check_matplotlib(asker)
    # Not pyplot: it would choose a window system, and never free the figure.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(SIZE[0] * panels, SIZE[1]), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(1, panels, squeeze=False)[0])


def axes_of(asker: str, ax: Any) -> Axes:
    """The axes that the user gave, or those of a new figure.

    Where the program has imported pyplot, or is a notebook, the figure is one of
    pyplot's, so that `plt.show()` and the notebook show it.

    Raises:
        ArgumentError: ax is not axes of matplotlib.
        MissingExtraError: matplotlib is not installed.
    """
    if ax is None:
        check_matplotlib(asker)
        if "matplotlib.pyplot" in sys.modules or _is_notebook():
            from matplotlib import pyplot

            axes: Axes = pyplot.subplots(figsize=SIZE, layout="constrained")[1]
            return axes
        return figure_of(asker)[1][0]  # type: ignore[no-any-return]
    if not (hasattr(ax, "plot") and hasattr(ax, "pcolormesh") and hasattr(ax, "figure")):
        raise ArgumentError(
            f"{asker}: ax={type(ax).__name__} is not one panel of matplotlib; give one, as in fig, ax = plt.subplots()"
        )
    return ax  # type: ignore[no-any-return]


def _is_notebook() -> bool:
    """Whether a kernel of Jupyter runs this program: it shows what pyplot draws."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def check_is_made(asker: str, model: Any) -> None:
    """Refuse the class of a model in the place of a model.

    Raises:
        ArgumentError: it is a class.
    """
    if isinstance(model, type):
        raise ArgumentError(f"{asker}: given the class {model.__name__}; make a model of it: {model.__name__}(...)")


def save_figure(asker: str, figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure into a file: a PNG, or what the end of its name says.

    Raises:
        ArgumentError: matplotlib does not know that end.
    """
    end = os.path.splitext(os.fspath(path))[1].removeprefix(".").lower()
    if end and end not in figure.canvas.get_supported_filetypes():
        raise ArgumentError(
            f"{asker}: {os.fspath(path)!r} does not end like a picture; give another name, as in 'loss.png'"
        )
    figure.savefig(path, dpi=120)


def colour_map(asker: str, cmap: Any) -> Any:
    """A colour map of matplotlib by its name.

    Raises:
        ArgumentError: there is no such map.
        MissingExtraError: matplotlib is not installed.
    """
    check_matplotlib(asker)
    import matplotlib

    try:
        return matplotlib.colormaps.get_cmap(cmap)
    except (ValueError, TypeError):
        raise ArgumentError(
            f"{asker}: cmap={cmap!r} is not a colour map of matplotlib; give one, as in cmap='viridis'"
        ) from None


def next_style(axes: Axes) -> dict[str, Any]:
    """Colour and dashes for the next curve on these axes."""
    shown = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    colour, dashes = LINES[len(shown) % len(LINES)]
    return {"color": colour, "linestyle": dashes}


def scale_of(columns: Sequence[Sequence[float]]) -> str:
    """The kind of axis on which all numbers can be told apart."""
    numbers = [x for column in columns for x in column if math.isfinite(x)]
    return "log" if numbers and 0.0 < SPREAD * min(numbers) < max(numbers) else "linear"


def number_in(asker: str, name: str, given: Any) -> float:
    """A number that the user gave: of Python, of NumPy, or in a Value.

    Raises:
        DataError: it is not a number.
    """
    data = given.data if isinstance(given, Value) else given
    if not isinstance(data, (str, bytes, complex)):
        try:
            return float(data.item() if hasattr(data, "item") else data)
        except (TypeError, ValueError, OverflowError, AttributeError):
            pass
    shown = repr(data)
    shown = shown if len(shown) <= 40 else f"{type(data).__name__}"
    raise DataError(f"{asker}: {name} is {shown}, which is not a number; give a number")


def short(x: float) -> str:
    """A number with four digits, as in all texts of micrograd."""
    return f"{x + 0.0:.4g}"  # + 0.0: no minus before a zero
