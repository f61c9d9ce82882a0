"""plot_function: a function of one number, its tangents and its derivative."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd import on_demand as np
from micrograd.engine import no_grad
from micrograd.errors import ArgumentError, GradientError, MicrogradError
from micrograd.integers import integer_at_least
from micrograd.nn.untouched import untouched
from micrograd.plots.calling import plain, way_of_function
from micrograd.plots.figures import axes_of, next_style, number_in, short
from micrograd.transforms import grad

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ASKER = "plot_function"
STEPS = 1e-4, 1e-5  # how far from x, relative to its size, to look for a kink
KINK = 1e-3  # slopes of both sides that differ by more, relative to their size, for both steps

FAR = 3.0  # times the size of nine tenths of the curve: what is beyond may be a pole


class Tangent(NamedTuple):
    """What is known of f at x.

    Attributes:
        y: f(x).
        slope: the derivative there; None where the legend says that there is none.
        text: for the legend.
    """

    y: float
    slope: float | None
    text: str


def plot_function(
    f: Callable[..., Any],
    lo: float,
    hi: float,
    *,
    at: Any = None,
    derivative: bool = False,
    n: int = 401,
    label: str | None = None,
    ax: Any = None,
) -> Axes:
    """Draw a function of one number from lo to hi; at points, its tangent.

    Slopes are computed as by `backward()`, and nobody's `.grad` is changed. Where f is
    nan or infinite, or jumps at a pole as 1/x does, there is a gap. Where the slopes of
    both sides differ, as of `abs` at 0, the legend says so, and there is no tangent.

    Args:
        f: a function of one Value, or of an array.
        lo: where the curve begins.
        hi: where it ends.
        at: a number or a list of numbers: where to draw the tangent.
        derivative: whether to draw df/dx as a second curve.
        n: number of points of a curve.
        label: name of the curve in the legend.
        ax: axes to draw on. None makes a figure.

    Returns:
        The axes.

    Raises:
        ArgumentError: f is not a function of one number, or lo is not below hi.
        DataError: lo, hi or at is not a number.
        MissingExtraError: matplotlib is not installed.

    >>> ax = plot_function(lambda x: x**2, -3, 3, at=2, label="x**2")
    >>> [line.get_label() for line in ax.lines[:2]]
    ['x**2', 'tangent at x = 2: slope 4']
    """
    lo, hi = number_in(ASKER, "lo", lo), number_in(ASKER, "hi", hi)
    if not (math.isfinite(lo) and math.isfinite(hi) and lo < hi):
        raise ArgumentError(f"{ASKER}: lo={short(lo)}, hi={short(hi)}: lo must be below hi, and both finite")
    points = [] if at is None else [number_in(ASKER, "at", x) for x in _as_list(at)]
    xs = np.linspace(lo, hi, integer_at_least(2, ASKER, "n", n))
    with untouched(f):
        with no_grad():
            way, _ = way_of_function(ASKER, f, xs[:, None])
            ys = way(xs[:, None]).reshape(-1).astype(float)
            kinks = [_kink(way, x, hi - lo) for x in points]
        tangents = [_tangent(f, way, x, kink) for x, kink in zip(points, kinks, strict=True)]
        slopes = _slopes(f, xs) if derivative else None

    axes = axes_of(ASKER, ax)
    curve, poles = _gaps(ys), _poles(ys)
    bad = int(np.isnan(curve).sum())
    named = label or "f(x)"
    name = f"{named} (not finite at {bad} of {len(xs)} points)" if bad else named
    axes.plot(*_cut(xs, curve, poles), **next_style(axes), linewidth=2, label=name)
    for x, tangent in zip(points, tangents, strict=True):
        _draw_tangent(axes, x, tangent, lo, hi, curve)
    if slopes is not None:
        axes.plot(xs, _gaps(slopes), **next_style(axes), label="df/dx")
    if poles.size:
        low, high = np.nanquantile(curve, [0.1, 0.9])
        axes.set_ylim(low - (high - low), high + (high - low))
    axes.set(xlabel="x", ylabel=named if label is None else "")
    axes.grid(alpha=0.25)
    if label or bad or points or derivative:
        axes.legend(fontsize=9)
    return axes


def _as_list(at: Any) -> list[Any]:
    numbers = plain(at) if not isinstance(at, (str, bytes)) else np.empty(())
    if isinstance(at, (list, tuple)) or numbers.ndim == 1:
        return list(at)
    return [at]


def _gaps(ys: Any) -> Any:
    """The curve with nan where it is not finite."""
    return np.where(np.isfinite(ys), ys, np.nan)


def _poles(ys: Any) -> Any:
    """Behind which points f jumps from one end of the picture to the other, against
    the slopes on both sides of the jump, as tan and 1/x do at a pole.
    """
    finite = np.abs(ys[np.isfinite(ys)])
    if len(ys) < 4 or not finite.size:
        return np.empty(0, int)
    with np.errstate(invalid="ignore"):
        steps = np.diff(ys)
        is_far = np.abs(ys) > FAR * np.quantile(finite, 0.9)
        against = (steps[1:-1] * steps[:-2] < 0) & (steps[1:-1] * steps[2:] < 0)
        flips = ys[1:-2] * ys[2:-1] < 0
    return np.flatnonzero(against & flips & is_far[1:-2] & is_far[2:-1]) + 2


def _cut(xs: Any, curve: Any, poles: Any) -> tuple[Any, Any]:
    """The curve with a gap at each pole."""
    return np.insert(xs, poles, (xs[poles - 1] + xs[poles]) / 2), np.insert(curve, poles, np.nan)


def _slope(f: Callable[..., Any], x: float) -> float:
    slope: float = number_in(ASKER, "f(x)", grad(f)(x))
    return slope


def _slopes(f: Callable[..., Any], xs: Any) -> Any:
    """df/dx at many points: of the sum of all f(x), where f takes arrays."""
    together = None
    with contextlib.suppress(AttributeError, TypeError, ValueError, MicrogradError), np.errstate(all="ignore"):
        together = plain(grad(lambda x: f(x).sum())(xs))
    places = np.unique(np.linspace(0, len(xs) - 1, 5).round().astype(int))
    with np.errstate(all="ignore"):
        try:
            probes = np.array([_slope(f, float(xs[i])) for i in places])
            if together is not None and np.allclose(together[places], probes, equal_nan=True):
                return together
            return np.array([_slope(f, x) for x in xs.tolist()])
        except (TypeError, ValueError, MicrogradError) as error:
            raise GradientError(
                f"{ASKER}: f has no derivative here: {str(error).splitlines()[0]}\n"
                f"write f with operators and functions of micrograd.ops, or leave out at= and derivative="
            ) from error


def _kink(way: Callable[[Any], Any], x: float, width: float) -> str:
    """What stands against a derivative at x, in words; empty where nothing does."""
    size = max(abs(x), width)
    found = []
    for step in STEPS:
        h = step * size
        left, here, right = way(np.array([[x - h], [x], [x + h]])).reshape(-1).astype(float)
        if not math.isfinite(here):
            return f"f is {short(here)} at x = {short(x)}"
        if not (math.isfinite(left) and math.isfinite(right)):
            side = "left" if not math.isfinite(left) else "right"
            return f"not differentiable at x = {short(x)}: f is not finite on its {side}"
        found.append(((here - left) / h, (right - here) / h))
    (far_left, far_right), (left, right) = found
    before, now = abs(far_right - far_left), abs(right - left)
    size_of_slopes = max(abs(left), abs(right))
    # Of a smooth f the difference falls with the step, ten times here.
    if now > KINK * (1e-9 + size_of_slopes) and now > 0.5 * before:
        if now > 5.0 * before:
            return f"not differentiable at x = {short(x)}: f jumps"
        return (
            f"not differentiable at x = {short(x)}: slope {_rounded(left)} on its left, {_rounded(right)} on its right"
        )
    return ""


def _rounded(slope: float) -> str:
    return short(round(slope, 4))


def _tangent(f: Callable[..., Any], way: Callable[[Any], Any], x: float, kink: str) -> Tangent:
    with no_grad():
        y = float(way(np.array([[x]])).reshape(-1)[0])
    if kink:
        return Tangent(y, None, kink)
    slope = float(_slopes(f, np.array([x]))[0])
    if not math.isfinite(slope):
        return Tangent(y, None, f"not differentiable at x = {short(x)}: the slope is {short(slope)}")
    return Tangent(y, slope, f"tangent at x = {short(x)}: slope {short(slope)}")


def _draw_tangent(axes: Axes, x: float, tangent: Tangent, lo: float, hi: float, curve: Any) -> None:
    style = next_style(axes)
    if tangent.slope is None:
        y = tangent.y if math.isfinite(tangent.y) else math.nan
        axes.plot([x], [y], color=style["color"], marker="x", linestyle="none", markersize=9, label=tangent.text)
        return
    # As long as it stays near the curve: a steep one would flatten the curve.
    low, high = (np.nanmin(curve), np.nanmax(curve)) if np.isfinite(curve).any() else (tangent.y, tangent.y)
    room = 0.1 * (high - low) or 1.0
    ends = [lo, hi]
    if tangent.slope:
        reach = sorted((bound - tangent.y) / tangent.slope + x for bound in (low - room, high + room))
        ends = [max(lo, reach[0]), min(hi, reach[1])]
    xs = np.array([min(ends[0], x), max(ends[1], x)])
    axes.plot(xs, tangent.y + tangent.slope * (xs - x), **style, label=tangent.text)
    axes.plot([x], [tangent.y], color=style["color"], marker="o", label="_point")
