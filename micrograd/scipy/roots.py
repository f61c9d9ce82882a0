"""`root`: SciPy's solvers for systems of equations, with exact Jacobians."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd.errors import ShapeError
from micrograd.ops.hints import told_keywords
from micrograd.scipy.evaluations import Vector
from micrograd.scipy.flat import Flat
from micrograd.scipy.implicit import Problem, result_of
from micrograd.scipy.solving import as_tuple, check_function, hint, knows_method, optimizers

JACOBIAN = {"hybr", "lm"}  # the methods that take one


@told_keywords
def root(
    equations: Callable[..., Any],
    params: Any,
    args: Any = (),
    method: str = "hybr",
    jac: Any = None,
    tol: float | None = None,
    callback: Callable[..., Any] | None = None,
    options: dict[str, Any] | None = None,
    *,
    solve: str | None = None,
) -> Any:
    """`scipy.optimize.root` with exact Jacobians, for unknowns in any tree.

    The result has derivatives by `args`: dx/dp = -(dF/dx)^-1 dF/dp where F(x, p) = 0.
    See docs/implicit.md.

    Args:
        equations: a function (params, *args) to what shall be zero: an array, or a
            list, tuple or dict of them, with as many numbers as params.
        params: where to start: a number, an array, a module, or a list, tuple or dict
            of them. It is not changed.
        args: more arguments of the equations, trees. Values in them, and what a
            transform differentiates, get a gradient.
        method: as in SciPy. "hybr" and "lm" use the Jacobian.
        jac: None is exact. False takes SciPy's differences, for equations that are not
            differentiable. A function (params, *args) gives the matrix, a row for each
            equation.
        tol: as in SciPy.
        callback: as in SciPy; it gets parameters in their structure.
        options: as in SciPy.
        solve: how derivatives solve linear systems: "dense" by the Jacobian, "gmres" by
            products with it alone. None takes "dense" for fewer than 500 unknowns.

    Returns:
        SciPy's OptimizeResult. x has the structure of params, with a new Value where a
        Value was; fun is a vector. Where args have gradients, the leaves of x have a
        history.

    Raises:
        ShapeError: there are more or fewer equations than unknowns.
        ArgumentError: there is no such method.
        GradientError: they do not use a parameter, or are not differentiable; or, where
            args have gradients, there is no solution, or its Jacobian is singular.
        DomainError: equations at the start, a derivative or a step are not finite.
        MissingExtraError: SciPy is not installed.

    >>> def equations(p):
    ...     return [p["x"] + p["y"] - 3.0, p["x"] * p["y"] - 2.0]
    >>> result = root(equations, {"x": 0.0, "y": 1.5})
    >>> round(result.x["x"], 6), round(result.x["y"], 6)
    (1.0, 2.0)
    >>> from micrograd import grad
    >>> grad(lambda c: root(lambda x, c: x * x - c, 1.0, args=c).x)(4.0)
    0.25
    """
    check_function("root", "system of equations", equations)
    given = {"method": method, "tol": tol, "options": options}
    problem = Problem(
        "root",
        params,
        as_tuple(args),
        f=equations,
        conditions=equations,
        solve=lambda params, *args: _solved(equations, params, args, jac, callback, given),
        how=solve,
    )
    return result_of(problem)


def _solved(equations: Any, params: Any, args: tuple[Any, ...], jac: Any, callback: Any, given: dict[str, Any]) -> Any:
    scipy = optimizers("root")
    flat = Flat("root", params)
    run = Vector(flat, equations, args, "equations")
    with hint("root", params), knows_method("root", given["method"], "'hybr', 'lm' or 'krylov'"):
        is_exact = jac is None and str(given["method"]).lower() in JACOBIAN
        value = run.check_start(flat.vector) if is_exact else run.check_numbers(flat.vector)
        if value.size != flat.vector.size:
            raise ShapeError(
                f"root: {value.size} equations for {flat.vector.size} unknowns; "
                f"give as many of each, or take least_squares"
            )
        own = run.jacobian if is_exact else (lambda x: jac(flat.tree(x), *args)) if callable(jac) else None
        seen = None if callback is None else lambda x, *state: callback(flat.result(x), *state)
        result = scipy.root(run.value, flat.vector, jac=own, callback=seen, **given)
    result.x = flat.result(result.x)
    return result
