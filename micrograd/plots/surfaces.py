"""plot_surface: a function of two numbers from above, and a path down it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np
from micrograd.engine import no_grad
from micrograd.errors import ArgumentError, DataError, GradientError, MicrogradError, ShapeError
from micrograd.integers import integer_at_least
from micrograd.nn.untouched import untouched
from micrograd.plots.calling import FEW, MANY, mesh_of, plain, way_of_function
from micrograd.plots.figures import axes_of, colour_map, number_in, short
from micrograd.transforms import grad

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ASKER = "plot_surface"
PATH = "#D55E00"  # to be seen on dark and light, also in grey with its white edge


def plot_surface(
    f: Callable[..., Any],
    lo: Any,
    hi: Any,
    *,
    path: Any = None,
    start: Any = None,
    lr: float = 0.1,
    steps: int = 50,
    levels: Any = 20,
    norm: str = "linear",
    grid_resolution: int | None = None,
    cmap: Any = "viridis",
    colorbar: bool = True,
    ax: Any = None,
) -> Axes:
    """Draw f(x, y) as filled contours, and a path on it, such as gradient descent.

    From `start`, each step is p - lr * gradient of f at p; nobody's `.grad` is changed.

    Args:
        f: a function of two Values, or of two arrays.
        lo: where x and y begin: a number for both, or a pair.
        hi: where they end, likewise.
        path: points (x, y) to draw.
        start: a point (x, y) from which gradient descent goes.
        lr: its learning rate.
        steps: how many steps it takes. It ends earlier where a point is not finite.
        levels: number of contours, or a list of their heights.
        norm: "linear", or "log" for heights that are all above 0.
        grid_resolution: points of the mesh on each side. None: 200, and 60 where f
            takes one point at a time.
        cmap: a colour map of matplotlib.
        colorbar: whether to draw the scale of colours.
        ax: axes to draw on. None makes a figure.

    Returns:
        The axes.

    Raises:
        ArgumentError: f is not a function of two numbers, or an option does not fit.
        DataError: something that must be a number is not.
        ShapeError: a point does not have two numbers.
        GradientError: from `start`: f has no gradient.
        MissingExtraError: matplotlib is not installed.

    >>> ax = plot_surface(lambda x, y: x**2 + 2 * y**2, -2, 2, start=(1.5, 1), steps=3)
    >>> ax.lines[0].get_xydata().round(3).tolist()
    [[1.5, 1.0], [1.2, 0.6], [0.96, 0.36], [0.768, 0.216]]
    """
    low, high = _pair("lo", lo), _pair("hi", hi)
    if not all(math.isfinite(a) and math.isfinite(b) and a < b for a, b in zip(low, high, strict=True)):
        raise ArgumentError(f"{ASKER}: lo={lo}, hi={hi}: lo must be below hi, and both finite")
    if path is not None and start is not None:
        raise ArgumentError(f"{ASKER}: path= and start= are two ways to say which path; give one")
    colours = colour_map(ASKER, cmap)
    with untouched(f):
        sides, heights = _mesh(f, low, high, grid_resolution)
        way = None if path is None else _points(path)
        if start is not None:
            way = _descent(
                f, _pair("start", start), number_in(ASKER, "lr", lr), integer_at_least(1, ASKER, "steps", steps)
            )
    axes = axes_of(ASKER, ax)
    _draw_heights(axes, sides, heights, levels, norm, colours, colorbar)
    if way is not None:
        _draw_path(axes, f, np.array(way), low, high)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="x", ylabel="y")
    return axes


def _pair(name: str, given: Any) -> tuple[float, float]:
    if np.ndim(plain(given)) == 0 or isinstance(given, str):
        one = number_in(ASKER, name, given)
        if name == "start":
            raise ShapeError(f"{ASKER}: start={given!r} is one number; give a point (x, y)")
        return one, one
    numbers = list(given)
    if len(numbers) != 2:
        raise ShapeError(f"{ASKER}: {name} has {len(numbers)} numbers; give two, (x, y)")
    return number_in(ASKER, f"{name}[0]", numbers[0]), number_in(ASKER, f"{name}[1]", numbers[1])


def _points(path: Any) -> list[tuple[float, float]]:
    try:
        points = [_pair(f"path[{i}]", point) for i, point in enumerate(path)]
    except (TypeError, ValueError) as error:
        if isinstance(error, MicrogradError):
            raise
        raise DataError(f"{ASKER}: path is {path!r:.40}; give a list of points (x, y)") from None
    if not points:
        raise ArgumentError(f"{ASKER}: path has no points; give a list of points (x, y)")
    return points


def _mesh(f: Callable[..., Any], low: Any, high: Any, resolution: Any) -> tuple[Any, Any]:
    n = MANY if resolution is None else integer_at_least(2, ASKER, "grid_resolution", resolution)
    with no_grad():
        way, together = way_of_function(ASKER, f, mesh_of(low, high, n))
        n = FEW if resolution is None and not together else n
        heights = way(mesh_of(low, high, n)).astype(float).reshape(n, n)
    return (np.linspace(low[0], high[0], n), np.linspace(low[1], high[1], n)), heights


def _descent(f: Callable[..., Any], start: tuple[float, float], lr: float, steps: int) -> list[tuple[float, float]]:
    points, slopes = [start], grad(f, argnums=(0, 1))
    with np.errstate(all="ignore"):
        for _ in range(steps):
            x, y = points[-1]
            try:
                gx, gy = (number_in(ASKER, "the gradient", g) for g in slopes(x, y))
            except (TypeError, ValueError, OverflowError, MicrogradError) as error:
                raise GradientError(
                    f"{ASKER}: f has no gradient at ({short(x)}, {short(y)}): {str(error).splitlines()[0]}\n"
                    f"write f with operators and functions of micrograd.ops, or give path="
                ) from error
            points.append((x - lr * gx, y - lr * gy))
            if not all(map(math.isfinite, points[-1])):
                break
    return points


def _draw_heights(axes: Any, sides: Any, heights: Any, levels: Any, norm: str, colours: Any, bar: bool) -> None:
    from matplotlib.colors import LogNorm

    if norm not in ("linear", "log"):
        raise ArgumentError(f"{ASKER}: norm={norm!r} is not known; give 'linear' or 'log'")
    grid = np.ma.masked_invalid(heights)
    if grid.count() == 0:
        raise ArgumentError(f"{ASKER}: f is finite at no point of the mesh; give another lo and hi")
    lowest, highest = float(grid.min()), float(grid.max())
    options: dict[str, Any] = {"cmap": colours}
    if norm == "log":
        if lowest <= 0.0:
            raise ArgumentError(f"{ASKER}: norm='log' needs heights above 0, and there is {short(lowest)}")
        options["norm"] = LogNorm(lowest, highest)
    if np.ndim(levels) == 0:
        count = integer_at_least(1, ASKER, "levels", levels)
        if norm == "log" and highest > lowest:
            levels = np.geomspace(lowest, highest, count + 1)
        elif highest > lowest:
            levels = count
        else:
            levels = [lowest - 0.5, lowest + 0.5]
    else:
        levels = sorted({number_in(ASKER, f"levels[{i}]", level) for i, level in enumerate(levels)})
        if len(levels) < 2:
            raise ArgumentError(f"{ASKER}: levels={levels}: give a number of levels, or two or more heights")
    drawn = axes.contourf(*sides, grid, levels=levels, **options)
    if bar:
        scale = axes.figure.colorbar(drawn, ax=axes, label="f(x, y)")
        if norm == "log":
            shown = drawn.levels[:: max(1, len(drawn.levels) // 8)]
            scale.set_ticks(shown, labels=[short(level) for level in shown], minor=False)
    if missing := int(grid.size - grid.count()):
        axes.plot([], [], marker="s", linestyle="none", color="white", markeredgecolor="black")
        axes.lines[-1].set_label(f"not finite: {missing} of {grid.size} points")
        axes.legend(loc="upper right", fontsize=8)


def _draw_path(axes: Any, f: Callable[..., Any], way: Any, low: Any, high: Any) -> None:
    import matplotlib.patheffects as effects

    inside = np.all((way >= low) & (way <= high), axis=1)
    text = f"{len(way) - 1} step{'s' * (len(way) != 2)}, ends at ({short(way[-1, 0])}, {short(way[-1, 1])})"
    if not np.isfinite(way[-1]).all():
        text = f"diverged: not finite after {len(way) - 1} steps; a smaller lr?"
    elif not inside.all():
        text += f"\noutside the picture from step {int(np.argmin(inside))} on" if not inside[-1] else "\npartly outside"
    edge = [effects.withStroke(linewidth=3, foreground="white")]
    way = np.where(np.isfinite(way), way, np.nan)
    mark = "o" if len(way) <= FEW else None
    axes.plot(*way.T, color=PATH, marker=mark, markersize=3, path_effects=edge, label=text)
    axes.plot(*way[0], color="white", marker="s", markeredgecolor="black", linestyle="none", label="start")
    if inside[-1]:
        axes.plot(*way[-1], color="white", marker="*", markersize=11, markeredgecolor="black", label="_end")
    axes.legend(loc="upper right", fontsize=8)
