"""A line search: how far to go in a direction, by the strong conditions of Wolfe."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from micrograd import on_demand as np

ARMIJO = 1e-4  # c1: the loss must fall by at least this share of what the slope promises
CURVATURE = 0.9  # c2: and the slope must become flatter, at least to this share


class Point(NamedTuple):
    """A point on the line: how far it is, the loss, the gradient, and the slope."""

    t: float
    loss: float
    gradient: Any
    slope: float


Evaluate = Callable[[float], tuple[float, Any]]  # the loss and the gradient at t


def strong_wolfe(
    evaluate: Evaluate, direction: Any, first: float, start: Point, tolerance: float, limit: int
) -> tuple[Point, int]:
    """A point with f(t) <= f(0) + c1 t f'(0) and |f'(t)| <= c2 |f'(0)|, if it is found.

    Steps grow until such a point lies between two of them. Then the interval shrinks;
    a cubic through both ends says where to look.

    Args:
        evaluate: gives the loss and the gradient at t.
        direction: the direction of the line, as one array.
        first: the first t to try.
        start: the point t = 0.
        tolerance: an interval whose step is smaller than this is given up.
        limit: how many steps to try, at most.

    Returns:
        The best point, and how often evaluate was called.

    Source: Nocedal, Wright (2006), "Numerical optimization", algorithms 3.5 and 3.6.
    """
    search = _Search(evaluate, direction, start, limit)
    point = search.at(first)
    last = start
    while search.steps < limit:
        is_between = search.is_too_high(point) or (search.steps > 1 and point.loss >= last.loss)
        if not is_between and search.is_flat(point):
            return point, search.calls
        if is_between or point.slope >= 0.0:
            return search.zoom([last, point], tolerance), search.calls
        bounds = point.t + 0.01 * (point.t - last.t), 10.0 * point.t
        t = lowest_of_cubic(last, point, bounds)
        last, point = point, search.at(t)
        search.steps += 1
    return min(start, point, key=lambda p: p.loss), search.calls


class _Search:
    """The line, and how often it was looked at.

    Attributes:
        steps: trials after the first.
        calls: all trials.
    """

    def __init__(self, evaluate: Evaluate, direction: Any, start: Point, limit: int) -> None:
        self.evaluate = evaluate
        self.direction = direction
        self.start = start
        self.limit = limit
        self.steps = 0
        self.calls = 0

    def at(self, t: float) -> Point:
        """The point t, evaluated."""
        loss, gradient = self.evaluate(t)
        self.calls += 1
        return Point(t, loss, gradient, float(gradient @ self.direction))

    def is_too_high(self, point: Point) -> bool:
        """Whether the loss has not fallen enough."""
        return point.loss > self.start.loss + ARMIJO * point.t * self.start.slope

    def is_flat(self, point: Point) -> bool:
        """Whether the slope is flat enough."""
        return abs(point.slope) <= -CURVATURE * self.start.slope

    def zoom(self, ends: list[Point], tolerance: float) -> Point:
        """A point between two ends, as good as it is found."""
        length = float(np.max(np.abs(self.direction)))
        was_near_an_end = False
        low, high = (0, 1) if ends[0].loss <= ends[1].loss else (1, 0)
        while self.steps < self.limit and abs(ends[1].t - ends[0].t) * length >= tolerance:
            t = lowest_of_cubic(ends[0], ends[1])
            t, was_near_an_end = _inside(t, ends, was_near_an_end)
            point = self.at(t)
            self.steps += 1
            if self.is_too_high(point) or point.loss >= ends[low].loss:
                ends[high] = point
                low, high = (0, 1) if ends[0].loss <= ends[1].loss else (1, 0)
                continue
            if self.is_flat(point):
                return point
            if point.slope * (ends[high].t - ends[low].t) >= 0.0:
                ends[high] = ends[low]
            ends[low] = point
        return ends[low]


def _inside(t: float, ends: list[Point], was_near_an_end: bool) -> tuple[float, bool]:
    """t, but well inside the interval if it is near an end for the second time."""
    low, high = sorted(end.t for end in ends)
    margin = 0.1 * (high - low)
    if min(high - t, t - low) >= margin:
        return t, False
    if was_near_an_end or t >= high or t <= low:
        return (high - margin if abs(t - high) < abs(t - low) else low + margin), False
    return t, True


def lowest_of_cubic(x: Point, y: Point, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic through two points, with their slopes, is lowest.

    Args:
        x: a point.
        y: another.
        bounds: the smallest and the largest answer; the two points by default.
    """
    least, most = bounds or (min(x.t, y.t), max(x.t, y.t))
    if x.t == y.t:
        return x.t
    a = x.slope + y.slope - 3.0 * (x.loss - y.loss) / (x.t - y.t)
    square = a * a - x.slope * y.slope
    if not square >= 0.0:  # nan, too
        return (least + most) / 2.0
    root = math.sqrt(square)
    left, right = (x, y) if x.t <= y.t else (y, x)
    below = right.slope - left.slope + 2.0 * root
    if below == 0.0:
        return (least + most) / 2.0
    t = right.t - (right.t - left.t) * ((right.slope + root - a) / below)
    return min(max(t, least), most)
