"""Functions of functions: the gradient of f is a function, which can be differentiated
again, to any depth.

`grad value_and_grad elementwise_grad vjp jvp jacobian hessian hvp`, under JAX's names.
They take functions of plain numbers and arrays, written with NumPy or
`micrograd.numpy`, and give plain numbers and arrays; arguments may be nested lists,
tuples and dicts of them. Where an argument is a Value, the results are Values, with
gradients of their own. Reverse mode records Values and walks them back; forward mode
pushes Duals. Neither touches anybody's `grad`.

>>> import numpy as np
>>> grad(np.tanh)(1.0)
0.41997434161402614
>>> grad(grad(grad(np.sin)))(0.0)
-1.0
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, TypeVarTuple, overload

from micrograd import dual, levels
from micrograd import on_demand as np
from micrograd.argnums import Argnums, Chosen
from micrograd.errors import ArgumentError, ShapeError
from micrograd.interpreter import ones_like, zeros_like
from micrograd.leaves import (
    as_array,
    basis,
    described,
    joined,
    joined_leaves,
    moves_of,
    size_of,
    unboxed,
    unshared_leaves,
)
from micrograd.op import Op, shape_of
from micrograd.tracing import Trace, none_around, seal_all
from micrograd.trees import BRANCHES, leaves_of, like, mapped

P = ParamSpec("P")  # all arguments of f
R = TypeVar("R")  # what f returns
X = TypeVar("X", bound=Any)  # its first argument; the bound lets checkers accept lambda x: x * x
Xs = TypeVarTuple("Xs")  # its arguments, all by position
Aux = TypeVar("Aux")


class Derived(Generic[P, R]):
    """A function made of f. It can be pickled where f can, which a closure cannot."""

    def __init__(self, name: str, run: Callable[..., Any], f: Callable[..., Any], *settings: Any) -> None:
        if not callable(f):
            raise ArgumentError(f"{name}: {f!r} is not a function; give one, as in {name}(lambda x: x * x)(3.0)")
        functools.update_wrapper(self, f)  # first, as f may be one of these, with fields of the same names
        self.name = name
        self.run = run
        self.f = f
        self.settings = settings

    def __call__(self, *args: P.args, **options: P.kwargs) -> R:
        return self.run(self.f, *self.settings, args, options)  # type: ignore[no-any-return]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)  # a method, where it stands in a class

    def __repr__(self) -> str:
        return f"<{self.name} of {getattr(self.f, '__qualname__', self.f)!s}>"


@overload
def value_and_grad(f: Op | np.ufunc, argnums: Argnums = 0, has_aux: bool = False) -> Derived[..., Any]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[X, P], R], argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> Derived[Concatenate[X, P], tuple[R, X]]: ...
@overload
def value_and_grad(f: Callable[P, R], argnums: Argnums = 0, has_aux: bool = False) -> Derived[P, tuple[R, Any]]: ...
def value_and_grad(f: Any, argnums: Argnums = 0, has_aux: bool = False) -> Any:
    """The function that gives f and its gradient, in one walk forward and one back.

    Args:
        f: a function that returns one number; with has_aux, a pair of it and anything
            else.
        argnums: the number of the argument to differentiate by, or several.
        has_aux: f returns (number, auxiliary data).

    Returns:
        A function of f's arguments, to (value, gradient) or ((value, aux), gradient).
        The gradient has the structure, shapes and dtypes of the argument; for several
        argnums it is a tuple.

    Raises:
        ShapeError: f returns an array.
        ArgumentError: f has no such argument, or returns no pair with has_aux.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """

    return Derived("value_and_grad", _value_and_grad, f, argnums, has_aux)


def _value_and_grad(f: Any, argnums: Argnums, has_aux: bool, args: tuple[Any, ...], options: Any) -> Any:
    with Trace("grad", f, args, argnums, options) as trace:
        z, aux = _split("grad", trace.out) if has_aux else (trace.out, None)
        if isinstance(z, BRANCHES) or shape_of(as_array(z)) != ():
            raise ShapeError(
                f"grad: f returned {described(z)}, wanted one number; "
                f"sum it, use jacobian or elementwise_grad, or has_aux=True for (number, anything)"
            )
        gradient = trace.shaped(trace.pull(z, ones_like(as_array(z))))
        value = trace.result(z)
        return ((value, trace.result(aux)) if has_aux else value), gradient


# An op takes numbers, arrays and Values alike, so its gradient has no one type.
@overload
def grad(f: Op | np.ufunc, argnums: Argnums = 0, has_aux: bool = False) -> Derived[..., Any]: ...
@overload
def grad(
    f: Callable[Concatenate[X, P], Any], argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> Derived[Concatenate[X, P], X]: ...
@overload
def grad(
    f: Callable[P, tuple[Any, Aux]], argnums: Argnums = 0, *, has_aux: Literal[True]
) -> Derived[P, tuple[Any, Aux]]: ...
@overload
def grad(f: Callable[P, Any], argnums: Argnums = 0, has_aux: bool = False) -> Derived[P, Any]: ...
def grad(f: Any, argnums: Argnums = 0, has_aux: bool = False) -> Any:
    """The gradient of f, a function of the same arguments.

    Args:
        f: a function that returns one number; with has_aux, a pair of it and anything
            else.
        argnums: the number of the argument to differentiate by, or several.
        has_aux: f returns (number, auxiliary data).

    Returns:
        A function to the gradient, or to (gradient, aux).

    Raises:
        ShapeError: f returns an array.
        ArgumentError: f has no such argument, or returns no pair with has_aux.

    >>> grad(lambda p: p["w"] * p["x"] + p["b"])({"w": 2.0, "x": 3.0, "b": 1.0})
    {'w': 3.0, 'x': 2.0, 'b': 1.0}
    """
    return Derived("grad", _grad, f, argnums, has_aux)


def _grad(f: Any, argnums: Argnums, has_aux: bool, args: tuple[Any, ...], options: Any) -> Any:
    value, gradient = _value_and_grad(f, argnums, has_aux, args, options)
    return (gradient, value[1]) if has_aux else gradient


@overload
def elementwise_grad(f: Op | np.ufunc, argnums: Argnums = 0) -> Derived[..., Any]: ...
@overload
def elementwise_grad(f: Callable[Concatenate[X, P], Any], argnums: Literal[0] = 0) -> Derived[Concatenate[X, P], X]: ...
@overload
def elementwise_grad(f: Callable[P, Any], argnums: Argnums = 0) -> Derived[P, Any]: ...
def elementwise_grad(f: Any, argnums: Argnums = 0) -> Any:
    """The derivative of a function that acts on each element alone: the gradient of the
    sum of its outputs.

    >>> import numpy as np
    >>> elementwise_grad(lambda x: x**3)(np.array([1.0, 2.0]))
    array([ 3., 12.])
    """
    return Derived("elementwise_grad", _elementwise_grad, f, argnums)


def _elementwise_grad(f: Any, argnums: Argnums, args: tuple[Any, ...], options: Any) -> Any:
    with Trace("elementwise_grad", f, args, argnums, options) as trace:
        if isinstance(trace.out, BRANCHES):
            raise ShapeError(f"elementwise_grad: f returned {described(trace.out)}, wanted one array; use jacobian")
        return trace.shaped(trace.pull(trace.out, ones_like(trace.out)))


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
    out, aux = _split("vjp", trace.out) if has_aux else (trace.out, None)

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
        out, aux = _split("jvp", out) if has_aux else (out, None)
        return leaves_of(out)

    values, slopes = dual.jvp(flat, leaves_of(trees), moves)
    result = like(out, map(unboxed, values)), like(out, map(unboxed, unshared_leaves(slopes, moves)))
    if not has_aux:
        return result
    return *result, mapped(lambda x: x.primal if isinstance(x, dual.Dual) and x._number == level else x, aux)


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
        out, aux = _split("jacobian", trace.out) if has_aux else (trace.out, None)
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


def _split(name: str, out: Any) -> tuple[Any, Any]:
    if not isinstance(out, tuple) or len(out) != 2:
        raise ArgumentError(f"{name}: with has_aux, f returns a pair (output, aux); it returned {described(out)}")
    return out
