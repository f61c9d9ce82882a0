"""`least_squares`: SciPy's solvers for a sum of squares, with exact Jacobians."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from micrograd.errors import ShapeError
from micrograd.interpreter import shape_of
from micrograd.leaves import described, joined_leaves
from micrograd.scipy.evaluations import Vector
from micrograd.scipy.flat import Flat
from micrograd.scipy.solving import as_tuple, callback_of, check_function, hint, optimizers, solved
from micrograd.trees import leaves_of


def least_squares(
    residuals: Callable[..., Any],
    params: Any,
    jac: Any = None,
    bounds: Any = (-math.inf, math.inf),
    method: str = "trf",
    *,
    args: Any = (),
    kwargs: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """`scipy.optimize.least_squares` with exact Jacobians, for parameters in any tree.

    minimize sum_i rho(residuals_i(params)^2) / 2, where low <= params <= high

    Args:
        residuals: a function (params, *args, **kwargs) to numbers: an array of shape
            (m,), or a list of such arrays.
        params: where to start: a number, an array, a module, or a list, tuple or dict
            of them. It is not changed.
        jac: None is exact. "2-point" and others are SciPy's differences, for residuals
            that are not differentiable. A function (params, *args, **kwargs) gives the
            matrix, a row for each residual.
        bounds: (low, high), each a number or in the structure of params; or SciPy's
            Bounds.
        method: "trf", "dogbox", or "lm", as in SciPy.
        args: more arguments of the residuals, constants.
        kwargs: more keyword arguments of the residuals.
        options: as in SciPy: ftol, xtol, gtol, x_scale (a number, "jac", or in the
            structure of params), loss, f_scale, max_nfev, tr_solver, verbose and
            others.

    Returns:
        SciPy's OptimizeResult. x and grad have the structure of params, with a new
        Value in x where a Value was; jac is the matrix over all elements in order.

    Raises:
        ShapeError: the residuals are not of shape (m,).
        GradientError: they do not use a parameter, or are not differentiable.
        DomainError: residuals at the start, a derivative or a step are not finite.
        MissingExtraError: SciPy is not installed.

    >>> def residuals(p):
    ...     return [p["a"] - 1.0, p["a"] * p["b"] - 6.0]
    >>> result = least_squares(residuals, {"a": 2.0, "b": 2.0})
    >>> {name: round(x, 6) for name, x in result.x.items()}
    {'a': 1.0, 'b': 6.0}
    """
    given = {"bounds": bounds, "method": method, **options}
    more = kwargs or {}
    return solved("least_squares", lambda: _fitted(residuals, params, jac, (as_tuple(args), more), given))


def _fitted(residuals: Any, params: Any, jac: Any, more: tuple[Any, Any], given: dict[str, Any]) -> Any:
    check_function("least_squares", "function of residuals", residuals)
    scipy = optimizers("least_squares")
    flat = Flat("least_squares", params)
    args, kwargs = more

    def checked(tree: Any) -> Any:
        out = residuals(tree, *args, **kwargs)
        _check_shapes(out)
        return out

    run = Vector(flat, checked)
    low, high = _sides(given["bounds"])
    given["bounds"] = flat.spread(low, "lower bounds"), flat.spread(high, "upper bounds")
    scale = given.get("x_scale")
    if scale is not None and not isinstance(scale, str):
        given["x_scale"] = flat.spread(scale, "x_scale's numbers")
    if given.get("callback") is not None:
        given["callback"] = callback_of(given["callback"], flat)
    with hint("least_squares", params):
        if jac is None:
            run.check_start(flat.vector)
        exact = run.jacobian if jac is None else jac
        own = (lambda x: jac(flat.tree(x), *args, **kwargs)) if callable(jac) else exact
        result = scipy.least_squares(run.value, flat.vector, jac=own, **given)
    result.x, result.grad = flat.result(result.x), flat.tree(result.grad)
    return result


def _sides(bounds: Any) -> tuple[Any, Any]:
    if hasattr(bounds, "lb"):
        return bounds.lb, bounds.ub
    try:
        low, high = bounds
    except (TypeError, ValueError):
        raise ShapeError(
            f"least_squares: bounds are {bounds!r}; give (low, high), each a number or in the structure of params"
        ) from None
    return low, high


def _check_shapes(out: Any) -> None:
    for z in leaves_of(joined_leaves(out)):
        if hasattr(z, "shape") and len(shape_of(z)) > 1:
            raise ShapeError(
                f"least_squares: the residuals are {described(z)}, wanted shape (m,); "
                f"ravel them if that is what you mean: (m, 1) - (m,) is (m, m)"
            )
