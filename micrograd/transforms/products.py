"""Products with a Jacobian, without the Jacobian: `vjp` from the left, `jvp` from the
right.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar, TypeVarTuple, overload

from micrograd import dual, levels
from micrograd.errors import ArgumentError
from micrograd.interpreter import zeros_like
from micrograd.leaves import described, joined_leaves, moves_of, unboxed, unshared_leaves
from micrograd.tracing import Trace, none_around, seal_all
from micrograd.transforms.derived import split_aux
from micrograd.trees import leaves_of, like, mapped

R = TypeVar("R")  # what f returns
Xs = TypeVarTuple("Xs")  # its arguments, all by position
Aux = TypeVar("Aux")


@overload
def vjp(
    f: Callable[[*Xs], R], *primals: *Xs, has_aux: Literal[False] = False
) -> tuple[R, Callable[[Any], tuple[*Xs]]]: ...
@overload
def vjp(
    f: Callable[[*Xs], tuple[R, Aux]], *primals: *Xs, has_aux: Literal[True]
) -> tuple[R, Callable[[Any], tuple[*Xs]], Aux]: ...
def vjp(f: Any, *primals: Any, has_aux: bool = False) -> Any:  # type: ignore[misc]  # mypy cannot match *Xs
    """f(*primals), and the function that pulls a cotangent of the output back to the
    primals: vector times Jacobian.

    Args:
        f: a function to an array or a tree of arrays; with has_aux, a pair of it and
            anything else.
        primals: its arguments.
        has_aux: f returns (output, auxiliary data).

    Returns:
        (output, pullback) or (output, pullback, aux). The pullback takes a cotangent in
        the structure of the output, and gives a tuple with one in the structure of each
        primal.

    Raises:
        ArgumentError: the cotangent has another structure than the output, or f returns
            no pair with has_aux.
        ShapeError: a cotangent does not have the shape of its output.

    >>> out, pullback = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> out, pullback(1.0)
    (6.0, (3.0, 2.0))
    """
    every = range(len(primals))
    trace = Trace("vjp", f, primals, every, {})
    out, aux = split_aux("vjp", trace.out) if has_aux else (trace.out, None)

    def pullback(cotangent: Any) -> Any:
        total: list[Any] | None = None
        for z, seed in zip(leaves_of(out), moves_of("vjp", "cotangent", cotangent, "output", out), strict=True):
            parts = trace.pull(z, seed)
            total = parts if total is None else [x + y for x, y in zip(total, parts, strict=True)]
        return trace.shaped(total or [zeros_like(x) for x in trace.fresh])

    weakref.finalize(pullback, seal_all, trace.fresh).atexit = False  # the transform is over when nobody can pull
    return (trace.result(out), pullback, trace.result(aux)) if has_aux else (trace.result(out), pullback)


@overload
def jvp(
    f: Callable[[*Xs], R], primals: tuple[*Xs], tangents: Sequence[Any], has_aux: Literal[False] = False
) -> tuple[R, R]: ...
@overload
def jvp(
    f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> tuple[Any, ...]: ...
def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """f(*primals), and its derivative along the tangents, in one pass forward: Jacobian
    times vector.

    Args:
        f: a function to an array or a tree of arrays; with has_aux, a pair of it and
            anything else.
        primals: its arguments.
        tangents: one per primal, of its structure and shapes.
        has_aux: f returns (output, auxiliary data).

    Returns:
        (output, its tangent) or (output, its tangent, aux); the tangent has the
        structure of the output.

    Raises:
        ArgumentError: tangents have another structure than primals, or f returns no
            pair with has_aux.
        ShapeError: a tangent does not have the shape of its primal.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (list, tuple)):
            raise ArgumentError(f"jvp: {name} is {described(given)}; give a tuple, one per argument of f")
    trees = list(primals)
    moves = moves_of("jvp", "tangent", list(tangents), "primal", trees)
    out, aux, level = None, None, 0

    def flat(*leaves: Any) -> list[Any]:
        nonlocal out, aux, level
        level = levels.innermost()
        with none_around():
            out = joined_leaves(f(*like(trees, leaves)))
        out, aux = split_aux("jvp", out) if has_aux else (out, None)
        return leaves_of(out)

    values, slopes = dual.jvp(flat, leaves_of(trees), moves)
    result = like(out, map(unboxed, values)), like(out, map(unboxed, unshared_leaves(slopes, moves)))
    if not has_aux:
        return result
    return *result, mapped(lambda x: x.primal if isinstance(x, dual.Dual) and x._number == level else x, aux)
