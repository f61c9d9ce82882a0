"""Which parameters stand still at a bound of a minimum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import GradientError
from micrograd.scipy.flat import Flat

NEAR = 1e-4  # of the span: so near does a solver come to a bound
FLAT = 1e-6  # of the span: a slope that would be 0 so near by


def still_at(
    flat: Flat, x: Any, slopes: Any, curvature: Callable[[Any], float], bounds: tuple[Any, Any], span: float
) -> tuple[Any, Any]:
    """The minimum with the elements that a bound holds put there, and which these are.

    A bound holds an element if the loss would fall further beyond it: then the element
    stays where it is when the loss moves a little.

    Args:
        flat: the structure of the parameters, for errors.
        x: the minimum; a vector.
        slopes: the gradient there.
        curvature: a function of a direction to the second derivative along it.
        bounds: (low, high), vectors.
        span: the size of the numbers in x, or of the way to it.

    Raises:
        GradientError: an element is at its bound, and its slope is 0: it moves one way
            only.
    """
    x, active = np.array(x), bounds[0] == bounds[1]
    for bound, outward in zip(bounds, (slopes, -slopes), strict=True):
        size = np.where(np.isfinite(bound), np.maximum(abs(bound), span), 0.0)
        for i in np.flatnonzero(~active & (abs(x - bound) <= NEAR * size)):
            # A minimum just inside is not held, and has a slope too, if SciPy stopped
            # early: less than that of a minimum twice as far away.
            inside = max(2.0 * abs(x[i] - bound[i]), FLAT * span)
            if outward[i] > abs(curvature(np.eye(1, x.size, int(i))[0])) * inside:
                x[i], active[i] = bound[i], True
            elif abs(x[i] - bound[i]) <= FLAT * span:
                raise GradientError(
                    f"{flat.name}: {flat.element(int(i))} is at its bound {bound[i]:g} and the slope there is 0, so it "
                    f"moves one way only;\nmove the bound away, or leave it out"
                )
    return x, active
