"""Gradients of functions to one number: grad, value_and_grad, elementwise_grad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, overload

from micrograd import on_demand as np
from micrograd.argnums import Argnames, Argnums, check_argnums
from micrograd.errors import DataError, ShapeError
from micrograd.interpreter import ones_like
from micrograd.leaves import as_array, described
from micrograd.op import Op, shape_of
from micrograd.tracing import Trace
from micrograd.transforms.derived import Derived, split_aux
from micrograd.trees import is_branch, is_fixed

P = ParamSpec("P")  # all arguments of f
R = TypeVar("R")  # what f returns
X = TypeVar("X", bound=Any)  # its first argument; the bound lets checkers accept lambda x: x * x
Aux = TypeVar("Aux")


@overload
def value_and_grad(
    f: Op | np.ufunc, argnums: Argnums | None = None, has_aux: bool = False, *, argnames: Argnames | None = None
) -> Derived[..., Any]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[X, P], R],
    argnums: Literal[0] | None = None,
    has_aux: Literal[False] = False,
    *,
    argnames: None = None,
) -> Derived[Concatenate[X, P], tuple[R, X]]: ...
@overload
def value_and_grad(
    f: Callable[P, R], argnums: Argnums | None = None, has_aux: bool = False, *, argnames: Argnames | None = None
) -> Derived[P, tuple[R, Any]]: ...
def value_and_grad(
    f: Any, argnums: Argnums | None = None, has_aux: bool = False, *, argnames: Argnames | None = None
) -> Any:
    """The function that gives f and its gradient, in one walk forward and one back.

    Args:
        f: a function that returns one number, or one element in an array, of shape (1,)
            or (1, 1); with has_aux, a pair of it and anything else.
        argnums: the number of the argument to differentiate by, or several; the first
            where there are no argnames.
        has_aux: f returns (number, auxiliary data).
        argnames: the name of the argument to differentiate by, or several, among those
            given by name.

    Returns:
        A function of f's arguments, to (value, gradient) or ((value, aux), gradient).
        The value has the shape that f returns. The gradient has the structure, shapes
        and dtypes of the argument; for several argnums it is a tuple, for several
        argnames a dict, and with both a pair.

    Raises:
        ShapeError: f returns an array of several elements, or a list, tuple or dict.
        ArgumentError: f is not a function or has no such argument, or does not return a
            pair with has_aux.
        DataError: the argument holds no numbers, or f returns None or a string.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    >>> value_and_grad(lambda x, w: x * w, argnames="w")(3.0, w=2.0)
    (6.0, 3.0)
    """
    check_argnums("value_and_grad", argnums)
    return Derived("value_and_grad", _value_and_grad, f, argnums, has_aux, argnames)


def _value_and_grad(
    f: Any,
    argnums: Argnums | None,
    has_aux: bool,
    argnames: Argnames | None,
    args: tuple[Any, ...],
    options: dict[str, Any],
) -> Any:
    with Trace("value_and_grad", f, args, argnums, options, argnames) as trace:
        z, aux, gradient = _differentiated("value_and_grad", trace, has_aux)
        value = trace.result(z)
        return ((value, trace.result(aux)) if has_aux else value), gradient


def _differentiated(name: str, trace: Trace, has_aux: bool) -> tuple[Any, Any, Any]:
    """The number that f returned, its auxiliary data, and the gradient."""
    z, aux = split_aux(name, trace.out) if has_aux else (trace.out, None)
    if is_fixed(z):
        repair = "does f lack a `return`?" if z is None else "return a number computed from its arguments"
        raise DataError(f"{name}: f returned {described(z)}, wanted one number; {repair}")
    if is_branch(z) or not _has_one_element(as_array(z)):
        repair = "sum it, use jacobian or elementwise_grad, or has_aux=True for (number, anything)"
        if hasattr(z, "x") and hasattr(z, "success"):  # of a solver
            repair = "return its .x, or a number computed from it"
        raise ShapeError(f"{name}: f returned {described(z)}, wanted one number; {repair}")
    return z, aux, trace.shaped(trace.pull(z, ones_like(as_array(z))))


def _has_one_element(z: Any) -> bool:
    shape = shape_of(z)
    return not shape or all(n == 1 for n in shape)


# An op takes numbers, arrays and Values alike, so its gradient has no one type.
@overload
def grad(
    f: Op | np.ufunc, argnums: Argnums | None = None, has_aux: bool = False, *, argnames: Argnames | None = None
) -> Derived[..., Any]: ...
@overload
def grad(
    f: Callable[Concatenate[X, P], Any],
    argnums: Literal[0] | None = None,
    has_aux: Literal[False] = False,
    *,
    argnames: None = None,
) -> Derived[Concatenate[X, P], X]: ...
@overload
def grad(
    f: Callable[P, tuple[Any, Aux]],
    argnums: Argnums | None = None,
    *,
    has_aux: Literal[True],
    argnames: Argnames | None = None,
) -> Derived[P, tuple[Any, Aux]]: ...
@overload
def grad(
    f: Callable[P, Any], argnums: Argnums | None = None, has_aux: bool = False, *, argnames: Argnames | None = None
) -> Derived[P, Any]: ...
def grad(f: Any, argnums: Argnums | None = None, has_aux: bool = False, *, argnames: Argnames | None = None) -> Any:
    """The gradient of f, a function of the same arguments.

    Args:
        f: a function that returns one number, or one element in an array, of shape (1,)
            or (1, 1); with has_aux, a pair of it and anything else.
        argnums: the number of the argument to differentiate by, or several; the first
            where there are no argnames.
        has_aux: f returns (number, auxiliary data).
        argnames: the name of the argument to differentiate by, or several, among those
            given by name.

    Returns:
        A function to the gradient, or to (gradient, aux).

    Raises:
        ShapeError: f returns an array of several elements, or a list, tuple or dict.
        ArgumentError: f is not a function or has no such argument, or does not return a
            pair with has_aux.
        DataError: the argument holds no numbers, or f returns None or a string.

    >>> grad(lambda p: p["w"] * p["x"] + p["b"])({"w": 2.0, "x": 3.0, "b": 1.0})
    {'w': 3.0, 'x': 2.0, 'b': 1.0}
    """
    return named_gradient("grad", f, argnums, has_aux, argnames)


def named_gradient(
    name: str, f: Any, argnums: Argnums | None, has_aux: bool = False, argnames: Argnames | None = None
) -> Derived[..., Any]:
    """`grad` as a part of another transform, whose name is in the errors.

    >>> named_gradient("hvp", lambda x: [x], 0)(1.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    micrograd.errors.ShapeError: hvp: f returned a list, wanted one number; ...
    """
    check_argnums(name, argnums)
    return Derived("grad", _grad, f, argnums, has_aux, argnames, name)


def _grad(
    f: Any,
    argnums: Argnums | None,
    has_aux: bool,
    argnames: Argnames | None,
    name: str,
    args: tuple[Any, ...],
    options: dict[str, Any],
) -> Any:
    with Trace(name, f, args, argnums, options, argnames) as trace:
        _, aux, gradient = _differentiated(name, trace, has_aux)
        return (gradient, trace.result(aux)) if has_aux else gradient


@overload
def elementwise_grad(
    f: Op | np.ufunc, argnums: Argnums | None = None, *, argnames: Argnames | None = None
) -> Derived[..., Any]: ...
@overload
def elementwise_grad(
    f: Callable[Concatenate[X, P], Any], argnums: Literal[0] | None = None, *, argnames: None = None
) -> Derived[Concatenate[X, P], X]: ...
@overload
def elementwise_grad(
    f: Callable[P, Any], argnums: Argnums | None = None, *, argnames: Argnames | None = None
) -> Derived[P, Any]: ...
def elementwise_grad(f: Any, argnums: Argnums | None = None, *, argnames: Argnames | None = None) -> Any:
    """The derivative of a function that acts on each element alone: the gradient of the
    sum of its outputs.

    Args:
        f: a function that returns one array.
        argnums: as in `grad`.
        argnames: as in `grad`.

    Returns:
        A function of f's arguments, to the gradient.

    Raises:
        ShapeError: f returns a list, tuple or dict.
        ArgumentError: f has no such argument.

    >>> import numpy as np
    >>> elementwise_grad(lambda x: x**3)(np.array([1.0, 2.0]))
    array([ 3., 12.])
    """
    check_argnums("elementwise_grad", argnums)
    return Derived("elementwise_grad", _elementwise_grad, f, argnums, argnames)


def _elementwise_grad(
    f: Any, argnums: Argnums | None, argnames: Argnames | None, args: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    with Trace("elementwise_grad", f, args, argnums, options, argnames) as trace:
        if is_branch(trace.out) or is_fixed(trace.out):
            raise ShapeError(f"elementwise_grad: f returned {described(trace.out)}, wanted one array; use jacobian")
        return trace.shaped(trace.pull(trace.out, ones_like(trace.out)))
