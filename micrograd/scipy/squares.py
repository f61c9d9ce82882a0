"""`least_squares`: SciPy's solvers for a sum of squares, with exact Jacobians."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from micrograd.errors import ShapeError
from micrograd.interpreter import shape_of
from micrograd.leaves import described, joined_leaves
from micrograd.ops.hints import told_keywords
from micrograd.scipy.evaluations import Vector
from micrograd.scipy.flat import Flat
from micrograd.scipy.implicit import Problem, result_of
from micrograd.scipy.plainly import refuse_live
from micrograd.scipy.robust import check_loss, cost
from micrograd.scipy.solving import as_tuple, callback_of, check_function, hint, optimizers
from micrograd.scipy.unknowns import vector_of
from micrograd.transforms import grad
from micrograd.trees import leaves_of


@told_keywords
def least_squares(
    residuals: Callable[..., Any],
    params: Any,
    jac: Any = None,
    bounds: Any = (-math.inf, math.inf),
    method: str = "trf",
    *,
    args: Any = (),
    kwargs: dict[str, Any] | None = None,
    solve: str | None = None,
    **options: Any,
) -> Any:
    """`scipy.optimize.least_squares` with exact Jacobians, for parameters in any tree.

    minimize sum_i rho(residuals_i(params)^2) / 2, where low <= params <= high

    The result has derivatives by `args` and `kwargs`: at a minimum the gradient of the
    sum is 0, and stays 0. Elements that a bound holds do not move. See
    docs/implicit.md.

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
        args: more arguments of the residuals, trees. Values in them, and what a
            transform differentiates, get a gradient.
        kwargs: more keyword arguments of the residuals, likewise.
        solve: how derivatives solve linear systems: "dense" by the Hessian, "cg" or
            "gmres" by products with it alone. None takes "dense" for fewer than 500
            parameters, else "cg".
        options: as in SciPy: ftol, xtol, gtol, x_scale (a number, "jac", or in the
            structure of params), loss, f_scale, max_nfev, tr_solver, verbose and
            others.

    Returns:
        SciPy's OptimizeResult. x and grad have the structure of params, with a new
        Value in x where a Value was; jac is the matrix over all elements in order.
        Where args have gradients, x, fun and cost have a history, and derivatives are
        left out.

    Raises:
        ShapeError: the residuals are not of shape (m,).
        GradientError: they do not use a parameter, or are not differentiable; or, where
            args have gradients, there is no minimum, or its Hessian is singular.
        DomainError: residuals at the start, a derivative or a step are not finite.
        MissingExtraError: SciPy is not installed.

    >>> def residuals(p):
    ...     return [p["a"] - 1.0, p["a"] * p["b"] - 6.0]
    >>> result = least_squares(residuals, {"a": 2.0, "b": 2.0})
    >>> {name: round(x, 6) for name, x in result.x.items()}
    {'a': 1.0, 'b': 6.0}
    """
    check_function("least_squares", "function of residuals", residuals)
    given = {"bounds": bounds, "method": method, **options}
    more = kwargs or {}
    return _result(residuals, params, jac, (as_tuple(args), more), given, solve)


def _result(residuals: Any, params: Any, jac: Any, more: tuple[Any, Any], given: dict[str, Any], solve: Any) -> Any:
    rho, scale, bounds = given.get("loss", "linear"), given.get("f_scale", 1.0), given["bounds"]
    has_bounds = hasattr(bounds, "lb") or not _is_free(bounds)
    problem = Problem(
        "least_squares",
        params,
        more,
        f=lambda params, args, kwargs: residuals(params, *args, **kwargs),
        conditions=lambda params, args, kwargs: grad(
            lambda params: cost(residuals(params, *args, **kwargs), rho, scale)
        )(params),
        solve=lambda params, *more: _fitted(residuals, params, jac, more, {**given}),
        how=solve,
        krylov="cg",
        bounds=(lambda flat: _spread(flat, bounds)) if has_bounds else None,
        is_minimum=True,
    )
    refuse_live("least_squares", "bounds and options", list(given.values()))
    if problem.is_plain():
        return result_of(problem)
    check_loss(rho)
    result = result_of(problem)
    found = residuals(result.x, *problem.args[0], **problem.args[1])
    result.fun, result.cost = vector_of(found), cost(found, rho, scale)
    return result


def _fitted(residuals: Any, params: Any, jac: Any, more: tuple[Any, Any], given: dict[str, Any]) -> Any:
    scipy = optimizers("least_squares")
    flat = Flat("least_squares", params)
    args, kwargs = more

    def checked(tree: Any) -> Any:
        out = residuals(tree, *args, **kwargs)
        _check_shapes(out)
        return out

    run = Vector(flat, checked)
    given["bounds"] = _spread(flat, given["bounds"])
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


def _is_free(bounds: Any) -> bool:
    return isinstance(bounds, tuple) and len(bounds) == 2 and bounds[0] is -math.inf and bounds[1] is math.inf


def _spread(flat: Flat, bounds: Any) -> tuple[Any, Any]:
    low, high = _sides(bounds)
    return flat.spread(low, "lower bounds"), flat.spread(high, "upper bounds")


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
