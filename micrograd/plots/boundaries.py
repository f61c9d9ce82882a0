"""plot_decision_boundary: which class a model gives to each point of a plane."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, DataError, ShapeError
from micrograd.integers import integer_at_least
from micrograd.plots.answers import KINDS, PROBABILITIES, Answers, answers_of, classes_of
from micrograd.plots.calling import FEW, MANY, mesh_of, plain
from micrograd.plots.figures import MARKERS, axes_of, check_is_made, colour_map, number_in

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ASKER = "plot_decision_boundary"


def plot_decision_boundary(
    model: Any,
    X: Any,
    y: Any,
    *,
    kind: str = "classes",
    threshold: float | None = None,
    grid_resolution: int | None = None,
    eps: float | None = None,
    levels: Any = None,
    cmap: Any = "cividis",
    alpha: float = 0.5,
    ax: Any = None,
) -> Axes:
    """Draw which class a model gives to each point of a plane, and the samples.

    The model may be a Module that takes an array (n, 2), a network or a function that
    takes one point as a list of two Values, or an estimator with `predict`. It gives
    one score, or one for each class; the largest wins. It is in eval mode meanwhile;
    its gradients and all random generators stay as they are.

    Args:
        model: what is asked.
        X: the samples, of shape (n, 2).
        y: their classes: numbers or strings.
        kind: "classes"; or shades: "probabilities" (of scores that are none: their
            sigmoid or softmax, and the label says so) or "scores".
        threshold: the score from which on it is the second class. None: 0.5 where all
            scores are from 0 to 1 and y is not -1 or 1; else 0. The legend says it.
        grid_resolution: points of the mesh on each side. None: 200, and 60 where the
            model takes one point at a time.
        eps: how far the mesh goes beyond the samples. None: a tenth of their range.
        levels: with "probabilities" or "scores" of two classes, where else to draw
            lines, such as [-1, 1].
        cmap: a colour map of matplotlib.
        alpha: how opaque the areas are, from 0 to 1.
        ax: axes to draw on. None makes a figure.

    Returns:
        The axes.

    Raises:
        ShapeError: X does not have two columns, or y another number of rows.
        DataError: X is not finite.
        ArgumentError: the model cannot be called so, its scores do not fit the classes,
            or an option is not known.
        MissingExtraError: matplotlib is not installed.

    >>> from micrograd.data import make_moons
    >>> X, y = make_moons(n_samples=20, random_state=0)
    >>> ax = plot_decision_boundary(lambda X: X[:, 0] - X[:, 1], X, y)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('x[0]', 'x[1]')
    """
    check_is_made(ASKER, model)
    samples = _samples(X)
    y = classes_of(ASKER, y, len(samples))
    _check_options(kind, alpha)
    colours = colour_map(ASKER, cmap)
    threshold = None if threshold is None else number_in(ASKER, "threshold", threshold)
    low, high = _limits(samples, eps)
    mesh = _mesh_maker(model, X, low, high, grid_resolution)
    answers = answers_of(ASKER, model, mesh, y, kind, threshold)
    if levels is not None and (answers.shades is None or answers.shades.ndim != 1):
        raise ArgumentError(f"{ASKER}: levels= needs shades of two classes; give kind='scores' or 'probabilities'")
    axes = axes_of(ASKER, ax)
    sides = [np.linspace(low[i], high[i], math.isqrt(len(answers.index))) for i in (0, 1)]
    _draw_areas(axes, sides, answers, kind, colours, alpha)
    _draw_lines(axes, sides, answers, levels)
    _draw_samples(axes, samples, y, answers, colours)
    names = [str(name) for name in getattr(X, "columns", ["x[0]", "x[1]"])]
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel=names[0], ylabel=names[1])
    return axes


def _samples(X: Any) -> Any:
    try:
        samples = plain(X)
    except ValueError:
        samples = np.empty(0)
    if samples.ndim != 2 or samples.shape[1] != 2 or not len(samples):
        raise ShapeError(
            f"{ASKER}: X has shape {samples.shape}, and a plane needs (n, 2); for more columns, give two of them, and "
            f"a function of these two that fills in the others and calls the model"
        )
    if samples.dtype.kind not in "biuf":
        raise DataError(f"{ASKER}: X has {samples.dtype} numbers; give real numbers")
    samples = samples.astype(float)
    if not np.isfinite(samples).all():
        row = int((~np.isfinite(samples)).any(axis=1).argmax())
        raise DataError(f"{ASKER}: X[{row}] is {samples[row].tolist()}; leave rows out that are not finite")
    return samples


def _check_options(kind: str, alpha: Any) -> None:
    if kind not in KINDS:
        raise ArgumentError(f"{ASKER}: kind={kind!r} is not known; choose from {', '.join(KINDS)}")
    if not 0.0 <= number_in(ASKER, "alpha", alpha) <= 1.0:
        raise ArgumentError(f"{ASKER}: alpha={alpha!r}: give a number from 0 to 1")


def _limits(samples: Any, eps: Any) -> tuple[Any, Any]:
    low, high = samples.min(axis=0), samples.max(axis=0)
    margin: Any
    if eps is None:
        margin = np.where(high > low, 0.1 * (high - low), 1.0)
    else:
        margin = number_in(ASKER, "eps", eps)
        if not (margin >= 0.0 and np.isfinite(margin) and np.all(high - low + margin > 0)):
            raise ArgumentError(f"{ASKER}: eps={eps!r}: give a number above 0")
    return low - margin, high + margin


def _mesh_maker(model: Any, X: Any, low: Any, high: Any, resolution: Any) -> Callable[[bool], Any]:
    """A function that gives the mesh; with False, one that needs not so many calls."""
    side = None if resolution is None else integer_at_least(2, ASKER, "grid_resolution", resolution)

    def mesh(together: bool) -> Any:
        points = mesh_of(low, high, side or (MANY if together else FEW))
        # An estimator that has learnt from a frame of pandas asks for its names.
        return type(X)(points, columns=X.columns) if hasattr(X, "iloc") and not callable(model) else points

    return mesh


def _shade(colours: Any, count: int) -> Any:
    """The colours of the classes, as far apart as the map has them."""
    return colours(np.linspace(0.0, 1.0, count))


def _draw_areas(axes: Any, sides: Any, answers: Answers, kind: str, colours: Any, alpha: float) -> None:
    from matplotlib.colors import ListedColormap

    n, k = len(sides[0]), len(answers.classes)
    options: dict[str, Any] = {"shading": "nearest", "rasterized": True, "alpha": alpha}
    if answers.shades is None:
        index = np.ma.masked_less(answers.index.reshape(n, n), 0)
        axes.pcolormesh(*sides, index, cmap=ListedColormap(_shade(colours, k)), vmin=-0.5, vmax=k - 0.5, **options)
    elif answers.shades.ndim == 1:
        shades = np.ma.masked_invalid(answers.shades.reshape(n, n))
        if kind == PROBABILITIES:
            options |= {"vmin": 0.0, "vmax": 1.0}
        mesh = axes.pcolormesh(*sides, shades, cmap=colours, **options)
        axes.figure.colorbar(mesh, ax=axes, label=answers.meaning)
    else:  # each point in the colour of its class; the less sure, the paler
        share = np.take_along_axis(answers.shades, np.maximum(answers.index, 0)[:, None], axis=1)
        sure = np.clip((share - 1.0 / k) / (1.0 - 1.0 / k), 0.0, 1.0)
        own = _shade(colours, k)[np.maximum(answers.index, 0), :3]
        own = np.where(answers.index[:, None] < 0, 1.0, 1.0 + (own - 1.0) * sure)
        axes.pcolormesh(*sides, own.reshape(n, n, 3), **options)


def _draw_lines(axes: Any, sides: Any, answers: Answers, levels: Any) -> None:
    n = len(sides[0])
    for numbers, level in answers.lines:
        grid = np.ma.masked_invalid(numbers.reshape(n, n))
        if grid.min() < level < grid.max():
            axes.contour(*sides, grid, levels=[level], colors="black", linewidths=1.5)
    if levels is None:
        return
    wanted = sorted({number_in(ASKER, f"levels[{i}]", level) for i, level in enumerate(np.atleast_1d(levels))})
    drawn = axes.contour(
        *sides, np.ma.masked_invalid(answers.shades.reshape(n, n)), levels=wanted, colors="black", linewidths=0.7
    )
    axes.clabel(drawn, fontsize=8)


def _draw_samples(axes: Any, samples: Any, y: Any, answers: Answers, colours: Any) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    shown = _shade(colours, len(answers.classes))
    for i, name in enumerate(answers.classes):
        own = samples[y == name]
        axes.scatter(
            own[:, 0],
            own[:, 1],
            s=32,
            color=[shown[i]],
            marker=MARKERS[i % len(MARKERS)],
            edgecolors="white" if shown[i][:3].mean() < 0.5 else "black",
            linewidths=0.7,
            label=str(name),
        )
    handles, _ = axes.get_legend_handles_labels()
    handles.append(Line2D([], [], color="black", linewidth=1.5, label=answers.line))
    if bad := int((answers.index < 0).sum()):
        handles.append(Patch(facecolor="white", edgecolor="black", label=f"nan: {bad} of {len(answers.index)} points"))
    title = answers.meaning if answers.shades is not None and answers.shades.ndim == 2 else "class"
    axes.legend(handles=handles, title=title, loc="best", fontsize=8, title_fontsize=8)
