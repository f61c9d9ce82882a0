"""`minimize`: SciPy's solvers for a loss of any parameters, with exact derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, DomainError
from micrograd.ops.hints import told_keywords
from micrograd.scipy.constraints import constraint
from micrograd.scipy.evaluations import Scalar
from micrograd.scipy.flat import Flat
from micrograd.scipy.implicit import Problem, result_of
from micrograd.scipy.multipliers import Constraints
from micrograd.scipy.plainly import refuse_live
from micrograd.scipy.solving import as_tuple, callback_of, check_function, hint, knows_method, optimizers
from micrograd.transforms import grad

# What SciPy's methods take; all others take the gradient alone.
NO_GRADIENT = {"nelder-mead", "powell", "cobyla", "cobyqa"}
HESSIAN = {"dogleg", "trust-exact"}
PRODUCTS = {"newton-cg", "trust-ncg", "trust-krylov", "trust-constr"}


@told_keywords
def minimize(
    loss: Callable[..., Any],
    params: Any,
    args: Any = (),
    method: Any = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Callable[..., Any] | None = None,
    options: dict[str, Any] | None = None,
    *,
    solve: str | None = None,
) -> Any:
    """`scipy.optimize.minimize` with exact derivatives, for parameters in any tree.

    The loss is written with NumPy, `micrograd.numpy` or ops. SciPy gets its gradient,
    and the Hessian or its products with vectors where the method takes them.

    The result has derivatives by `args`, by any method: see docs/implicit.md.

    Args:
        loss: a function (params, *args) to one number.
        params: where to start: a number, an array, a module, or a list, tuple or dict
            of them. It is not changed.
        args: more arguments of the loss, trees. Values in them, and what a transform
            differentiates, get a gradient.
        method: as in SciPy; None takes BFGS, L-BFGS-B with bounds, SLSQP with
            constraints.
        jac: None is the exact gradient. "2-point" and others are SciPy's differences,
            for a loss that is not differentiable. A function (params, *args) gives a
            tree.
        hess: None is exact. SciPy's strategies, such as BFGS(), and its names of
            differences work too, and a function to the matrix over all elements.
        hessp: None is exact. A function (params, direction, *args) gives a tree.
        bounds: (low, high) for all elements; or one pair for each leaf, in the
            structure of params, or for each element of an array; or SciPy's Bounds.
            None means that there is no bound.
        constraints: as in SciPy; their functions take the parameters as the loss does.
            In the place of SciPy's defaults come exact Jacobians and Hessians; for
            others, give jac="3-point" or hess=SR1().
        tol: as in SciPy.
        callback: as in SciPy; it gets parameters in their structure.
        options: as in SciPy.
        solve: how derivatives solve linear systems: "dense" by the Hessian, "cg" or
            "gmres" by products with it. None takes "dense" below 500 parameters.

    Returns:
        SciPy's OptimizeResult. x, and the gradient jac (of trust-constr: grad), have
        the structure of params, with a new Value where a Value was. Matrices are over
        all elements in order. Where args have gradients, x and fun have a history, and
        derivatives are left out.

    Raises:
        ShapeError: the loss does not return one number, or bounds do not fit.
        ArgumentError: there is no such method, or a constraint is a function alone.
        GradientError: the loss does not use a parameter, or is not differentiable; or,
            where args have gradients, there is no minimum, or its Hessian is singular.
        DomainError: the loss, a derivative or a step of SciPy is not finite.
        MissingExtraError: SciPy is not installed.

    >>> def loss(p):
    ...     return (p["x"] - 1.0) ** 2 + (p["y"] + 2.0) ** 2
    >>> result = minimize(loss, {"x": 0.0, "y": 0.0})
    >>> result.success, round(result.x["x"], 6), round(result.x["y"], 6)
    (True, 1.0, -2.0)
    """
    given = {"method": method, "bounds": bounds, "constraints": constraints, "tol": tol, "options": options}
    derivatives = {"jac": jac, "hess": hess, "hessp": hessp}
    check_function("minimize", "loss", loss)
    return _result(loss, params, as_tuple(args), derivatives, callback, given, solve)


def _result(
    loss: Any, params: Any, args: Any, derivatives: dict[str, Any], callback: Any, given: dict[str, Any], solve: Any
) -> Any:
    bounds, constraints = given["bounds"], Constraints(optimizers("minimize"), given["constraints"])

    def solved(params: Any, args: Any, more: Any) -> Any:
        mine = {**given, "constraints": constraints.with_args(more)}
        return _minimized(loss, params, args, derivatives, callback, mine)

    problem = Problem(
        "minimize",
        params,
        (args, constraints.args),
        f=lambda params, args, more: [loss(params, *args), *([constraints.rows(params, more)] if constraints else [])],
        conditions=lambda params, args, _: grad(lambda params: loss(params, *args))(params),
        solve=solved,
        how=solve,
        krylov="gmres" if constraints else "cg",
        bounds=None if bounds is None else lambda flat: _sides(_bounds(optimizers("minimize"), flat, bounds)),
        constraints=(lambda params, _, more: constraints.rows(params, more), lambda: constraints.equalities)
        if constraints
        else None,
        is_minimum=True,
    )
    refuse_live("minimize", "bounds", bounds)
    refuse_live("minimize", "the limits of constraints", constraints.limits)
    if problem.is_plain():
        return result_of(problem)
    result = result_of(problem)
    result.fun = loss(result.x, *problem.args[0])
    return result


def _minimized(
    loss: Any, params: Any, args: tuple[Any, ...], derivatives: dict[str, Any], callback: Any, given: dict[str, Any]
) -> Any:
    scipy = optimizers("minimize")
    flat = Flat("minimize", params)
    run = Scalar(flat, loss, args)
    try:
        some = "'BFGS', 'L-BFGS-B' or 'trust-constr'; Adam and its like are in micrograd.optim"
        with hint("minimize", params), knows_method("minimize", given["method"], some):
            found = _derivatives(run, flat, args, given["method"], derivatives)
            is_exact = found.get("jac") == run.gradient
            if is_exact:
                run.check_start(flat.vector)
            fun = run.value if is_exact else run.plain_value
            given["bounds"] = _bounds(scipy, flat, given["bounds"])
            given["constraints"] = _constraints(scipy, flat, given["constraints"], given["method"])
            result = scipy.minimize(fun, flat.vector, **given, **found, callback=callback_of(callback, flat))
    finally:
        run.close()
    return _shaped(result, flat)


def _derivatives(run: Scalar, flat: Flat, args: tuple[Any, ...], method: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """What SciPy's method is given."""
    jac, hess, hessp = asked["jac"], asked["hess"], asked["hessp"]
    if isinstance(jac, bool):
        raise ArgumentError(f"minimize: jac={jac}, and the loss returns only its value; leave jac out, it is exact")
    kind = method.lower() if isinstance(method, str) else method
    found: dict[str, Any] = {}
    if jac is not None and not callable(jac):
        found["jac"] = jac
    elif jac is not None:
        found["jac"] = lambda x: flat.flattened(jac(flat.tree(x), *args), "gradient of jac")
    elif kind not in NO_GRADIENT:
        found["jac"] = run.gradient
    if callable(hess):
        found["hess"] = lambda x: hess(flat.tree(x), *args)
    elif hess is not None:
        found["hess"] = hess
    if hessp is not None:
        found["hessp"] = lambda x, p: flat.flattened(hessp(flat.tree(x), flat.tree(p), *args), "product of hessp")
    if hess is None and hessp is None and callable(found.get("jac")):
        if kind in HESSIAN or callable(kind):
            found["hess"] = run.hessian
        if kind in PRODUCTS or callable(kind):
            found["hessp"] = run.product
    return found


def _bounds(scipy: Any, flat: Flat, bounds: Any) -> Any:
    if bounds is None:
        return None
    if isinstance(bounds, scipy.Bounds):
        low, high = (flat.spread(side, "bounds") for side in (bounds.lb, bounds.ub))
        return scipy.Bounds(low, high, bounds.keep_feasible)
    return scipy.Bounds(*flat.pairs(bounds))


def _sides(bounds: Any) -> tuple[Any, Any]:
    return bounds.lb, bounds.ub


def _constraints(scipy: Any, flat: Flat, given: Sequence[Any], method: Any) -> list[Any]:
    takes_hessian = callable(method) or str(method).lower() == "trust-constr"
    return [constraint(scipy, flat, each, takes_hessian) for each in given]


def _shaped(result: Any, flat: Flat) -> Any:
    """The result with parameters and gradient in their structure."""
    if result.success and not np.all(np.isfinite(result.fun)):
        raise DomainError(
            f"minimize: SciPy reports success where the loss is {result.fun}; "
            f"set bounds, or start from other parameters"
        )
    result.x = flat.result(result.x)
    for key in ("jac", "grad"):
        if isinstance(result.get(key), np.ndarray) and result[key].shape == flat.vector.shape:
            result[key] = flat.tree(result[key])
    return result
