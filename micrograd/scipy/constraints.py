"""Constraints of `minimize`: functions of the parameters, with exact Jacobians."""

from __future__ import annotations

from typing import Any

from micrograd.scipy.evaluations import Vector
from micrograd.scipy.flat import Flat


def constraint(scipy: Any, flat: Flat, given: Any, takes_hessian: bool) -> Any:
    """A constraint of the user's as one of SciPy's on vectors.

    A LinearConstraint stays: its matrix has a column for each element in order.

    Args:
        scipy: the module scipy.optimize.
        flat: the structure of the parameters.
        given: a dict, a NonlinearConstraint or a LinearConstraint.
        takes_hessian: the method uses second derivatives of constraints.
    """
    if isinstance(given, dict) and callable(given.get("fun")):
        return _from_dict(flat, given)
    return _nonlinear(scipy, flat, given, takes_hessian) if isinstance(given, scipy.NonlinearConstraint) else given


def _from_dict(flat: Flat, given: dict[str, Any]) -> dict[str, Any]:
    args = tuple(given.get("args", ()))
    run = Vector(flat, given["fun"], args, "constraint")
    jac = given.get("jac")
    own = (lambda x: jac(flat.tree(x), *args)) if callable(jac) else jac
    if own is None:
        run.check_start(flat.vector, every=False)
        own = run.jacobian
    return {**given, "fun": run.value, "jac": own, "args": ()}


def _nonlinear(scipy: Any, flat: Flat, given: Any, takes_hessian: bool) -> Any:
    """SciPy's defaults are "2-point" for the Jacobian, and BFGS() for the Hessian. In
    their place come exact ones.
    """
    run = Vector(flat, given.fun, (), "constraint")
    jac, hess = given.jac, given.hess
    if callable(jac):
        jac = lambda x: given.jac(flat.tree(x))  # noqa: E731
    elif jac == "2-point":
        run.check_start(flat.vector, every=False)
        jac = run.jacobian
    if isinstance(hess, scipy.BFGS):
        hess = run.curvature if takes_hessian and jac == run.jacobian else hess
    elif callable(hess):
        hess = lambda x, v: given.hess(flat.tree(x), v)  # noqa: E731
    return scipy.NonlinearConstraint(
        run.value,
        given.lb,
        given.ub,
        jac=jac,
        hess=hess,
        keep_feasible=given.keep_feasible,
        finite_diff_rel_step=given.finite_diff_rel_step,
        finite_diff_jac_sparsity=given.finite_diff_jac_sparsity,
    )
