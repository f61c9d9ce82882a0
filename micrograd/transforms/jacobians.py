"""All derivatives at once: `jacobian`, `hessian`; and `hvp`, a Hessian times a
vector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

from micrograd.argnums import Argnums, Chosen
from micrograd.errors import ArgumentError
from micrograd.interpreter import zeros_like
from micrograd.leaves import as_array, basis, joined, size_of
from micrograd.op import shape_of
from micrograd.tracing import Trace
from micrograd.transforms.derived import Derived, split_aux
from micrograd.transforms.gradients import grad
from micrograd.transforms.products import jvp
from micrograd.trees import leaves_of, like

P = ParamSpec("P")  # all arguments of f


def jacobian(
    f: Callable[P, Any], argnums: Argnums = 0, mode: str | None = None, has_aux: bool = False
) -> Derived[P, Any]:
    """All derivatives of all outputs: a function to arrays of shape (*output, *input).

    J[i, j] = dz_i / dx_j

    Args:
        f: a function to an array or a tree of arrays; with has_aux, a pair of it and
            anything else.
        argnums: the number of the argument to differentiate by, or several.
        mode: "reverse" takes one walk back per output element, "forward" one run per
            input element; None takes the cheaper.
        has_aux: f returns (output, auxiliary data).

    Returns:
        A function of f's arguments, to the Jacobian or (Jacobian, aux). For trees: the
        structure of the output, of the structure of the argument.

    Raises:
        ArgumentError: there is no such mode or argument, or f returns no pair with
            has_aux.

    >>> import numpy as np
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    if mode not in (None, "reverse", "forward"):
        raise ArgumentError(f"jacobian: there is no mode {mode!r}; take 'reverse', 'forward', or None for the cheaper")
    return Derived("jacobian", _jacobian, f, argnums, mode, has_aux)


def _jacobian(f: Any, argnums: Argnums, mode: Any, has_aux: bool, args: tuple[Any, ...], options: Any) -> Any:
    chosen = Chosen("jacobian", argnums, args)
    inputs = sum(map(size_of, chosen.leaves))
    if mode == "forward" and inputs:
        return _forward_jacobian(f, chosen, options, has_aux)
    with Trace("jacobian", f, args, argnums, options) as trace:
        out, aux = split_aux("jacobian", trace.out) if has_aux else (trace.out, None)
        outs = leaves_of(out)
        if mode is None and 0 < inputs < sum(map(size_of, outs)):
            return _forward_jacobian(f, chosen, options, has_aux)
        by_output = []
        for z in outs:
            rows = [trace.pull(z, seed) for seed in basis(z)]
            columns = [joined([row[j] for row in rows], shape_of(as_array(z)), x, 0) for j, x in enumerate(trace.fresh)]
            by_output.append(trace.shaped(columns))
        return (like(out, by_output), trace.result(aux)) if has_aux else like(out, by_output)


def hessian(f: Callable[P, Any], argnums: Argnums = 0, has_aux: bool = False) -> Derived[P, Any]:
    """All second derivatives of a function to one number, of shape (*input, *input).

    H[i, j] = d2z / dx_i dx_j

    The gradient is recorded once, and walked back once per element of the input.

    Args:
        f: a function that returns one number; with has_aux, a pair of it and anything
            else.
        argnums: the number of the argument to differentiate by, or several.
        has_aux: f returns (number, auxiliary data).

    Returns:
        A function of f's arguments, to the Hessian or (Hessian, aux). For trees: the
        structure of the argument, of the structure of the argument.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    """
    return jacobian(grad(f, argnums, has_aux), argnums, "reverse", has_aux)


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of f times a vector, without the Hessian: the gradient, pushed
    forward along the tangents.

    Args:
        f: a function to one number.
        primals: its arguments.
        tangents: one per primal, of its structure and shapes.

    Returns:
        The product, of the structure of the first primal; for several primals, a tuple
        with one of each.

    >>> hvp(lambda x: x**3, (2.0,), (1.0,))
    12.0
    """
    argnums: Argnums = 0 if len(primals) == 1 else range(len(primals))
    return jvp(grad(f, argnums), primals, tangents)[1]


def _forward_jacobian(f: Any, chosen: Chosen, options: dict[str, Any], has_aux: bool) -> Any:
    def moved(*fresh: Any) -> Any:
        out = f(*chosen.replaced(fresh), **options)
        return out if has_aux else (out, None)

    out, aux = None, None
    leaves = chosen.leaves
    columns: list[list[list[Any]]] = []  # by input leaf, by element of it, by output leaf
    for j, x in enumerate(leaves):
        columns.append([])
        for direction in basis(x):
            tangents = [direction if i == j else zeros_like(other) for i, other in enumerate(leaves)]
            out, slope, aux = jvp(moved, leaves, tangents, has_aux=True)
            columns[j].append(leaves_of(slope))
    by_output = []
    for i, z in enumerate(leaves_of(out)):
        blocks = [joined([c[i] for c in columns[j]], shape_of(x), z, -1) for j, x in enumerate(leaves)]
        by_output.append(chosen.shaped(blocks))
    return (like(out, by_output), aux) if has_aux else like(out, by_output)
