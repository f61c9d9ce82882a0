"""`fixed_point`: SciPy's iterations, with derivatives by the arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd.errors import ArgumentError, DomainError, GradientError, ShapeError
from micrograd.interpreter import shape_of
from micrograd.leaves import as_array, joined_leaves
from micrograd.ops.hints import told_keywords
from micrograd.scipy.evaluations import Vector
from micrograd.scipy.flat import Flat
from micrograd.scipy.implicit import Problem, result_of
from micrograd.scipy.solving import as_tuple, check_function, hint, optimizers
from micrograd.trees import leaves_of, same_leaves

METHODS = ("del2", "iteration")  # of scipy.optimize.fixed_point


@told_keywords
def fixed_point(
    func: Callable[..., Any],
    x0: Any,
    args: Any = (),
    xtol: float = 1e-8,
    maxiter: int = 500,
    method: str = "del2",
    *,
    solve: str | None = None,
) -> Any:
    """`scipy.optimize.fixed_point` for any tree: where a function gives back what it
    gets.

    x = func(x, *args)

    The result has derivatives by `args`: dx/dp = (1 - df/dx)^-1 df/dp. See
    docs/implicit.md.

    Args:
        func: a function (x, *args) to what has the structure and the shapes of x.
        x0: where to start: a number, an array, or a tree of them. It is not changed,
            and gets no gradient.
        args: more arguments of func, trees. Values in them, and what a transform
            differentiates, get a gradient.
        xtol: how large the relative change of a step may be at the end.
        maxiter: the largest number of steps.
        method: "del2" speeds up the steps of each element by Aitken's rule, as in
            SciPy. "iteration" only repeats func, where that converges.
        solve: how derivatives solve linear systems: "dense" by the Jacobian, "gmres" by
            products with it alone. None takes "dense" for fewer than 500 unknowns.

    Returns:
        x, in the structure of x0. Where args have gradients, its leaves have a history.

    Raises:
        ShapeError: func gives other shapes than it gets.
        ArgumentError: there is no such method.
        DomainError: it does not converge.
        GradientError: args have gradients, and the Jacobian of x - func(x) is singular.
        MissingExtraError: SciPy is not installed.

    Source: Steffensen (1933); Aitken (1926).

    >>> import numpy as np
    >>> from micrograd import grad
    >>> round(fixed_point(np.cos, 0.5), 12)
    0.739085133215
    >>> grad(lambda a: fixed_point(lambda x, a: (x + a / x) / 2.0, 1.0, args=(a,)))(4.0)
    0.25
    """
    check_function("fixed_point", "function", func)
    if method not in METHODS:
        raise ArgumentError(f"fixed_point: there is no method {method!r}; take 'del2' or 'iteration'")
    given = {"xtol": xtol, "maxiter": maxiter, "method": method}
    problem = Problem(
        "fixed_point",
        x0,
        as_tuple(args),
        f=func,
        conditions=lambda x, *args: _misses(x, func(x, *args)),
        solve=lambda x, *args: _found(func, x, args, given),
        how=solve,
    )
    return result_of(problem).x


def _misses(x: Any, out: Any) -> Any:
    """By how much the function misses each number that it got."""
    return [as_array(z) - as_array(x) for z, x in zip(_leaves(out, x), leaves_of(x), strict=True)]


def _leaves(out: Any, x: Any) -> list[Any]:
    leaves = same_leaves("fixed_point", "output", joined_leaves(out), "x0", x)
    given, wanted = [[shape_of(as_array(z)) for z in tree] for tree in (leaves, leaves_of(x))]
    if given != wanted:
        i = next(i for i, shape in enumerate(wanted) if given[i] != shape)
        raise ShapeError(
            f"fixed_point: func gave shape {given[i]} for an x of shape {wanted[i]}; it must give the shape of x"
        )
    return leaves


def _found(func: Any, x0: Any, args: Any, given: dict[str, Any]) -> Any:
    scipy = optimizers("fixed_point")
    flat = Flat("fixed_point", x0, "x0")
    run = Vector(flat, lambda x: _leaves(func(x, *args), x), what="function")
    with hint("fixed_point", x0):
        run.check_numbers(flat.vector)
        try:
            x = scipy.fixed_point(run.value, flat.vector, **given)
        except RuntimeError as error:
            if isinstance(error, GradientError):
                raise
            raise DomainError(
                f"fixed_point: no convergence in {given['maxiter']} steps; start nearer, allow more steps, "
                f"or find where func(x) - x is 0 with root"
            ) from None
    return scipy.OptimizeResult(x=flat.result(x), success=True)
