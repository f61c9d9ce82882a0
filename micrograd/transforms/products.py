"""Products with a Jacobian, without the Jacobian: `vjp` from the left, `jvp` from the
right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar, TypeVarTuple, overload

from micrograd import dual, levels
from micrograd.argnums import Chosen
from micrograd.arrays import as_real
from micrograd.errors import ArgumentError
from micrograd.interpreter import at_level, zeros_like
from micrograd.leaves import as_array, described, joined_leaves, moves_of, unboxed, unshared_leaves
from micrograd.tracing import Trace, none_around, seal_all
from micrograd.transforms.derived import check_function, split_aux
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
        ArgumentError: there are no primals, the cotangent has another structure than
            the output, or f returns no pair with has_aux.
        ShapeError: a cotangent does not have the shape of its output.

    >>> out, pullback = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> out, pullback(1.0)
    (6.0, (3.0, 2.0))
    """
    return pulled_back("vjp", f, primals, has_aux)


def pulled_back(name: str, f: Any, primals: tuple[Any, ...], has_aux: bool = False) -> Any:
    """`vjp`, also as a part of another transform, whose name is in the errors.

    >>> pulled_back("linear_transpose", lambda x: 2.0 * x, (3.0,))[1](1.0)
    (2.0,)
    """
    check_function(name, f, "(lambda x: x * x, 3.0)")
    trace = Trace(name, f, primals, range(len(primals)), {})
    out, aux = split_aux(name, trace.out) if has_aux else (trace.out, None)
    pullback = _Pullback(name, trace, out)
    return (trace.result(out), pullback, trace.result(aux)) if has_aux else (trace.result(out), pullback)


class _Pullback:
    """The function from a cotangent of an output to cotangents of the arguments."""

    __slots__ = ("__weakref__", "_name", "_out", "_trace")

    def __init__(self, name: str, trace: Trace, out: Any) -> None:
        self._name = name
        self._trace = trace
        self._out = out

    def __call__(self, *cotangents: Any) -> Any:
        if len(cotangents) != 1:
            raise ArgumentError(
                f"{self._name}: {len(cotangents)} cotangents for one output; give one, in the structure of the output: "
                f"a tuple where f returns a tuple"
            )
        seeds = moves_of(self._name, "cotangent", cotangents[0], "output", self._out)
        total: list[Any] | None = None
        for i, z in enumerate(leaves_of(self._out)):
            parts = self._trace.pull(z, seeds[i])
            total = parts if total is None else [x + y for x, y in zip(total, parts, strict=True)]
        return self._trace.shaped(total or [zeros_like(x) for x in self._trace.fresh])

    def __del__(self) -> None:
        seal_all(self._trace.fresh)  # the transform is over when nobody can pull


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
        ArgumentError: primals or tangents are not tuples, tangents have another
            structure than primals, or f returns no pair with has_aux.
        ShapeError: a tangent does not have the shape of its primal.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    return pushed_forward("jvp", f, primals, tangents, has_aux)


def pushed_forward(
    name: str, f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> Any:
    """`jvp`, also as a part of another transform, whose name is in the errors.

    >>> pushed_forward("hvp", lambda x: x * x, (3.0,), (1.0,))
    (9.0, 6.0)
    """
    check_function(name, f, "(lambda x: x * x, (3.0,), (1.0,))")
    check_moves(name, primals, tangents)
    trees = list(primals)
    moves = moves_of(name, "tangent", list(tangents), "primal", trees)
    with levels.pushing(dual.constant) as level, none_around():
        duals = [dual.Dual(as_array(x), t, level) for x, t in zip(leaves_of(trees), moves, strict=True)]
        out = joined_leaves(f(*like(trees, duals)))
        out, aux = split_aux(name, out) if has_aux else (out, None)
        outputs = [as_real(at_level(z, level), name) for z in leaves_of(out)]
    values = [unboxed(dual.primal_of(z, level)) for z in outputs]
    slopes = [unboxed(t) for t in unshared_leaves([dual.tangent_of(z, level) for z in outputs], moves)]
    result = like(out, values), like(out, slopes)
    if not has_aux:
        return result
    return *result, mapped(lambda x: dual.primal_of(x, level) if isinstance(x, dual.Dual) else x, aux)


def check_moves(name: str, primals: Any, tangents: Any) -> None:
    """Refuse primals and tangents that are not tuples of one length.

    >>> check_moves("jvp", 3.0, 1.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    micrograd.errors.ArgumentError: jvp: primals is a float; give a tuple, ...
    """
    for what, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (list, tuple)):
            raise ArgumentError(f"{name}: {what} is {described(given)}; give a tuple, one per argument of f")
    if len(primals) != len(tangents):
        raise ArgumentError(
            f"{name}: {len(tangents)} tangents for {len(primals)} primals; give one for each argument of f"
        )


class Pushing:
    """A function pushed along one set of tangents after the other: Jacobian times
    vector, for each call.

    Args:
        f: the function.
        chosen: its arguments, and those that move.
        has_aux: f returns (output, auxiliary data).

    Attributes:
        out: the output of the last call; None before the first.
        aux: its auxiliary data, or None.
    """

    def __init__(self, f: Callable[..., Any], chosen: Chosen, has_aux: bool) -> None:
        self._f, self._chosen, self._has_aux = f, chosen, has_aux
        self.out: Any = None
        self.aux: Any = None

    def __call__(self, moves: list[Any]) -> list[Any]:
        """The tangents of the output by leaf, for one tangent per chosen leaf."""
        self.out, slope, self.aux = jvp(self._run, self._chosen.leaves, moves, has_aux=True)
        return leaves_of(slope)

    def _run(self, *fresh: Any) -> Any:
        found = self._chosen.called(self._f, fresh)
        return found if self._has_aux else (found, None)
