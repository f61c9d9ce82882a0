"""Constraints of a minimum where its derivatives are asked for: the conditions of
Karush, Kuhn and Tucker.

At a minimum of a loss f with constraints c = 0 and c >= 0 there are multipliers m with
df/dx = m dc/dx. Those of c >= 0 are above 0 where the constraint holds x, else 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, GradientError
from micrograd.interpreter import shape_of
from micrograd.ops import concatenate
from micrograd.scipy.active import FLAT, NEAR
from micrograd.scipy.flat import Flat
from micrograd.scipy.solving import as_tuple
from micrograd.scipy.unknowns import vector_of

Parts = tuple[list[Any], list[Any]]  # what is 0, and what is 0 or above


class Constraints:
    """Constraints of SciPy's as numbers that are 0, then numbers that are 0 or above.

    Args:
        scipy: the module scipy.optimize.
        given: what `minimize` was given.

    Attributes:
        args: the arguments of each, trees.
        limits: those that are not dicts; they have limits.
        equalities: how many numbers are 0; known after the first call.
    """

    def __init__(self, scipy: Any, given: Any) -> None:
        one = isinstance(given, (dict, scipy.LinearConstraint, scipy.NonlinearConstraint)) or callable(given)
        self._given: Sequence[Any] = [given] if one else list(given)
        if any(map(callable, self._given)):
            raise ArgumentError(
                "minimize: a constraint is a function alone; give {'type': 'eq', 'fun': f} for f = 0, "
                "or 'ineq' for f >= 0"
            )
        self.limits = [c for c in self._given if not isinstance(c, dict)]
        self._linear = scipy.LinearConstraint
        self.args = [as_tuple(c.get("args", ())) if isinstance(c, dict) else () for c in self._given]
        self.equalities = 0

    def __bool__(self) -> bool:
        return bool(self._given)

    def with_args(self, args: Sequence[Any]) -> list[Any]:
        """The same constraints for SciPy, with these arguments."""
        pairs = zip(self._given, args, strict=True)
        return [{**c, "args": tuple(more)} if isinstance(c, dict) else c for c, more in pairs]

    def rows(self, params: Any, args: Sequence[Any]) -> Any:
        """The numbers of all constraints as a vector, in ops."""
        zero: list[Any] = []
        above: list[Any] = []
        for c, more in zip(self._given, args, strict=True):
            is_zero, is_above = self._parts(c, params, more)
            zero, above = zero + is_zero, above + is_above
        self.equalities = sum(shape_of(x)[0] for x in zero)
        return concatenate([*zero, *above])

    def _parts(self, c: Any, params: Any, args: Any) -> Parts:
        if isinstance(c, dict):
            found = vector_of(c["fun"](params, *args))
            return ([found], []) if str(c["type"]).lower() == "eq" else ([], [found])
        if isinstance(c, self._linear):
            matrix = c.A.toarray() if hasattr(c.A, "toarray") else np.atleast_2d(c.A)
            found = matrix @ vector_of(params)
        else:
            found = vector_of(c.fun(params))
        low, high = (np.broadcast_to(np.asarray(side, float), shape_of(found)) for side in (c.lb, c.ub))
        is_equal = low == high
        below, over = np.isfinite(low) & ~is_equal, np.isfinite(high) & ~is_equal
        zero = [found[is_equal] - low[is_equal]] if is_equal.any() else []
        return zero, [x for x in (found[below] - low[below], high[over] - found[over]) if shape_of(x)[0]]


def held(
    flat: Flat,
    x: Any,
    slope: Any,
    curvature: Callable[[Any], float],
    rows: tuple[Any, Any, int],
    bounds: tuple[Any, Any],
    span: float,
) -> tuple[Any, Any, Any, Any]:
    """Which constraints and bounds hold a minimum, by the signs of their multipliers.

    Args:
        flat: the structure of the parameters, for errors.
        x: the minimum; a vector.
        slope: the gradient of the loss there.
        curvature: a function of a direction to the second derivative of the loss.
        rows: the numbers of the constraints, their Jacobian, how many must be 0.
        bounds: (low, high), vectors.
        span: the size of the numbers in x, or of the way to it.

    Returns:
        x, put at the bounds that hold it; the multipliers; which elements of x a bound
        holds; which constraints do not hold it.

    Raises:
        GradientError: a constraint holds with a multiplier of 0, so that the minimum
            moves one way only.
    """
    numbers, jacobian, equalities = rows
    count, sides = numbers.size, np.concatenate([x - bounds[0], bounds[1] - x])
    normals = np.concatenate([jacobian, np.eye(x.size), -np.eye(x.size)])
    lengths = np.maximum(np.linalg.norm(normals, axis=1), 1e-300)
    away = np.concatenate([numbers, sides]) / lengths
    always = np.arange(away.size) < equalities
    near = always | (away <= NEAR * span)
    forces, _, _, _ = np.linalg.lstsq(normals[near].T, slope, rcond=None)
    found = np.zeros(away.size)
    found[near] = forces
    pushes = found * lengths > FLAT * np.max(abs(slope))
    for i in np.flatnonzero(near & ~always & pushes):  # a minimum just inside has a slope, too, if SciPy stopped early
        inside = max(2.0 * away[i], FLAT * span)
        pushes[i] = found[i] * lengths[i] > abs(curvature(normals[i] / lengths[i])) * inside
    for i in np.flatnonzero(near & ~always & ~pushes & (away <= FLAT * span)):
        what = f"constraint number {i}" if i < count else f"the bound of {flat.element((i - count) % x.size)}"
        raise GradientError(
            f"{flat.name}: {what} holds with a multiplier of 0, so the minimum moves one way only;\n"
            f"leave it out, or call {flat.name} in `with no_grad():`"
        )
    active = always | (near & pushes)
    at_low, at_high = active[count : count + x.size], active[count + x.size :]
    x = np.where(at_low, bounds[0], np.where(at_high, bounds[1], x))
    return x, np.where(active[:count], found[:count], 0.0), at_low | at_high, ~active[:count]
