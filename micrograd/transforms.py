"""Functions of functions: the gradient of f is a function, which can be differentiated again, to any depth.

`grad value_and_grad elementwise_grad vjp jvp jacobian hessian hvp`, under JAX's names. They take functions of plain
numbers and arrays, written with NumPy or `micrograd.numpy`, and give plain numbers and arrays; arguments may be
nested lists, tuples and dicts of them. Where an argument is a Value, the results are Values, with gradients of their
own. Reverse mode records Values and walks them back; forward mode pushes Duals. Neither touches anybody's `grad`.

>>> import numpy as np
>>> grad(np.tanh)(1.0)
0.41997434161402614
>>> grad(grad(grad(np.sin)))(0.0)
-1.0
"""

from __future__ import annotations

import contextlib
import functools
import math
import operator
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from types import MethodType
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, TypeVarTuple, overload

from micrograd import dual, levels
from micrograd import on_demand as np
from micrograd.arrays import as_data, as_operand, is_object_array
from micrograd.cotangents import fit
from micrograd.engine import Value
from micrograd.errors import ArgumentError, ShapeError
from micrograd.exact import number_like
from micrograd.interpreter import Interpreter, ones_like, zeros_like
from micrograd.modes import enable_grad, is_recording
from micrograd.op import Array, Op, quietly, shape_of
from micrograd.ops import reshape as reshaped
from micrograd.ops import stack
from micrograd.reverse import cotangents, rests_on_others, route
from micrograd.traced import as_eager, seal, traced
from micrograd.trees import BRANCHES, leaves_of, like, mapped, same_leaves

Argnums = int | Sequence[int]

P = ParamSpec("P")  # all arguments of f
R = TypeVar("R")  # what f returns
X = TypeVar("X", bound=Any)  # its first argument; the bound lets checkers accept lambda x: x * x
Xs = TypeVarTuple("Xs")  # its arguments, all by position
Aux = TypeVar("Aux")

# How many reverse-mode transforms are being traced around this one, since the last jvp: then results are Values, for
# the outer ones to differentiate.
_around: ContextVar[int] = ContextVar("around", default=0)


class _Trace:
    """One run of f on fresh Values in place of the leaves of its chosen arguments.

    Results are Values, with a history, inside another transform, where an argument is a Value, and where f uses
    Values from outside: then somebody may differentiate them further. Otherwise they are plain numbers and arrays.
    """

    def __init__(self, name: str, f: Callable[..., Any], args: tuple[Any, ...], argnums: Argnums, options: Any) -> None:
        numbers = _checked(name, argnums, args)
        self.wanted = [args[i] for i in numbers]
        given = [_as_array(x) for x in leaves_of(self.wanted)]
        recorded = [isinstance(x, Value) and x._level > levels.innermost() for x in given]
        self.nested = is_recording() and (_around.get() > 0 or any(recorded))
        self.fresh = [traced(x if known else dual.lifted(x)) for x, known in zip(given, recorded, strict=True)]
        replaced = list(args)
        for i, arg in zip(numbers, like(self.wanted, self.fresh), strict=True):
            replaced[i] = arg
        self.routes: dict[Value, Any] = {}
        with _one_more(), enable_grad():
            self.out = _joined_leaves(f(*replaced, **options))
        if is_recording() and not self.nested:
            known = set(self.fresh)
            roots = [z for z in leaves_of(self.out) if isinstance(z, Value) and z._level == self.level]
            self.nested = any(rests_on_others(z, known) for z in roots)

    def pull(self, root: Any, seed: Any) -> list[Any]:
        """Cotangents of the leaves, given one of an output; the caller's own, to change as he likes."""
        found: list[Any] = [None] * len(self.fresh)
        again = self.nested and is_recording()
        if isinstance(root, Value) and root._level == self.level:
            known = self.routes[root] = self.routes.get(root) or route(root, self.fresh)
            with quietly():
                found = cotangents(root, seed, self.fresh, again, known)
        found = _unshared([zeros_like(x) if g is None else g for g, x in zip(found, self.fresh, strict=True)], [seed])
        if again and self._is_outermost():  # Values in, Values out, even where they are constant
            return [as_eager(g) if isinstance(g, Interpreter) else Value(g) for g in found]
        return found

    @property
    def level(self) -> float:
        return max((x._level for x in self.fresh), default=0.5)

    def plain(self, tree: Any) -> Any:
        """Outputs as the caller sees them: plain data, unless somebody around differentiates further."""
        if self.nested:
            return mapped(as_eager, tree) if self._is_outermost() else tree
        return mapped(self._lowered, tree)

    def _lowered(self, x: Any) -> Any:
        return x.data if isinstance(x, Value) and x._level == self.level else x

    @staticmethod
    def _is_outermost() -> bool:
        return _around.get() == levels.innermost() == 0

    def shaped(self, argnums: Argnums, leaves: list[Any]) -> Any:
        """Results by leaf, in the structure of the arguments; for one argnum without the tuple."""
        return _unpacked(argnums, like(self.wanted, leaves))

    def __enter__(self) -> _Trace:
        return self

    def __exit__(self, *error: Any) -> None:
        """The transform is over: what f kept of it is a constant from now on."""
        _seal(self.fresh)


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
        f: a function that returns one number; with has_aux, a pair of it and anything else.
        argnums: the number of the argument to differentiate by, or several.
        has_aux: f returns (number, auxiliary data).

    Returns:
        A function of f's arguments, to (value, gradient) or ((value, aux), gradient). The gradient has the structure,
        shapes and dtypes of the argument; for several argnums it is a tuple.

    Raises:
        ShapeError: f returns an array.
        ArgumentError: f has no such argument, or returns no pair with has_aux.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """

    return Derived("value_and_grad", _value_and_grad, f, argnums, has_aux)


def _value_and_grad(f: Any, argnums: Argnums, has_aux: bool, args: tuple[Any, ...], options: Any) -> Any:
    with _Trace("grad", f, args, argnums, options) as trace:
        z, aux = _split("grad", trace.out) if has_aux else (trace.out, None)
        if isinstance(z, BRANCHES) or shape_of(_as_array(z)) != ():
            raise ShapeError(
                f"grad: f returned {_described(z)}, wanted one number; "
                f"sum it, use jacobian or elementwise_grad, or has_aux=True for (number, anything)"
            )
        gradient = trace.shaped(argnums, trace.pull(z, ones_like(_as_array(z))))
        value = trace.plain(z)
        return ((value, trace.plain(aux)) if has_aux else value), gradient


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
        f: a function that returns one number; with has_aux, a pair of it and anything else.
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
    """The derivative of a function that acts on each element alone: the gradient of the sum of its outputs.

    >>> import numpy as np
    >>> elementwise_grad(lambda x: x**3)(np.array([1.0, 2.0]))
    array([ 3., 12.])
    """
    return Derived("elementwise_grad", _elementwise_grad, f, argnums)


def _elementwise_grad(f: Any, argnums: Argnums, args: tuple[Any, ...], options: Any) -> Any:
    with _Trace("elementwise_grad", f, args, argnums, options) as trace:
        if isinstance(trace.out, BRANCHES):
            raise ShapeError(f"elementwise_grad: f returned {_described(trace.out)}, wanted one array; use jacobian")
        return trace.shaped(argnums, trace.pull(trace.out, ones_like(trace.out)))


@overload
def vjp(
    f: Callable[[*Xs], R], *primals: *Xs, has_aux: Literal[False] = False
) -> tuple[R, Callable[[Any], tuple[*Xs]]]: ...
@overload
def vjp(
    f: Callable[[*Xs], tuple[R, Aux]], *primals: *Xs, has_aux: Literal[True]
) -> tuple[R, Callable[[Any], tuple[*Xs]], Aux]: ...
def vjp(f: Any, *primals: Any, has_aux: bool = False) -> Any:  # type: ignore[misc]  # mypy cannot match *Xs
    """f(*primals), and the function that pulls a cotangent of the output back to the primals: vector times Jacobian.

    Args:
        f: a function to an array or a tree of arrays; with has_aux, a pair of it and anything else.
        primals: its arguments.
        has_aux: f returns (output, auxiliary data).

    Returns:
        (output, pullback) or (output, pullback, aux). The pullback takes a cotangent in the structure of the output,
        and gives a tuple with one in the structure of each primal.

    Raises:
        ArgumentError: the cotangent has another structure than the output, or f returns no pair with has_aux.
        ShapeError: a cotangent does not have the shape of its output.

    >>> out, pullback = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> out, pullback(1.0)
    (6.0, (3.0, 2.0))
    """
    every = range(len(primals))
    trace = _Trace("vjp", f, primals, every, {})
    out, aux = _split("vjp", trace.out) if has_aux else (trace.out, None)

    def pullback(cotangent: Any) -> Any:
        total: list[Any] | None = None
        for z, seed in zip(leaves_of(out), _moves("vjp", "cotangent", cotangent, "output", out), strict=True):
            parts = trace.pull(z, seed)
            total = parts if total is None else [x + y for x, y in zip(total, parts, strict=True)]
        return trace.shaped(every, total or [zeros_like(x) for x in trace.fresh])

    weakref.finalize(pullback, _seal, trace.fresh).atexit = False  # the transform is over when nobody can pull
    return (trace.plain(out), pullback, trace.plain(aux)) if has_aux else (trace.plain(out), pullback)


@overload
def jvp(
    f: Callable[[*Xs], R], primals: tuple[*Xs], tangents: Sequence[Any], has_aux: Literal[False] = False
) -> tuple[R, R]: ...
@overload
def jvp(
    f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> tuple[Any, ...]: ...
def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """f(*primals), and its derivative along the tangents, in one pass forward: Jacobian times vector.

    Args:
        f: a function to an array or a tree of arrays; with has_aux, a pair of it and anything else.
        primals: its arguments.
        tangents: one per primal, of its structure and shapes.
        has_aux: f returns (output, auxiliary data).

    Returns:
        (output, its tangent) or (output, its tangent, aux); the tangent has the structure of the output.

    Raises:
        ArgumentError: tangents have another structure than primals, or f returns no pair with has_aux.
        ShapeError: a tangent does not have the shape of its primal.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (list, tuple)):
            raise ArgumentError(f"jvp: {name} is {_described(given)}; give a tuple, one per argument of f")
    trees = list(primals)
    moves = _moves("jvp", "tangent", list(tangents), "primal", trees)
    out, aux, level = None, None, 0

    def flat(*leaves: Any) -> list[Any]:
        nonlocal out, aux, level
        level = levels.innermost()
        with _none_around():
            out = _joined_leaves(f(*like(trees, leaves)))
        out, aux = _split("jvp", out) if has_aux else (out, None)
        return leaves_of(out)

    values, slopes = dual.jvp(flat, leaves_of(trees), moves)
    result = like(out, map(_unboxed, values)), like(out, map(_unboxed, _unshared(slopes, moves)))
    if not has_aux:
        return result
    return *result, mapped(lambda x: x.primal if isinstance(x, dual.Dual) and x._number == level else x, aux)


def jacobian(
    f: Callable[P, Any], argnums: Argnums = 0, mode: str | None = None, has_aux: bool = False
) -> Derived[P, Any]:
    """All derivatives of all outputs: a function to arrays of shape (*output, *input).

    J[i, j] = dz_i / dx_j

    Args:
        f: a function to an array or a tree of arrays; with has_aux, a pair of it and anything else.
        argnums: the number of the argument to differentiate by, or several.
        mode: "reverse" takes one walk back per output element, "forward" one run per input element; None
            takes the cheaper.
        has_aux: f returns (output, auxiliary data).

    Returns:
        A function of f's arguments, to the Jacobian or (Jacobian, aux). For trees: the structure of the output, of the
        structure of the argument.

    Raises:
        ArgumentError: there is no such mode or argument, or f returns no pair with has_aux.

    >>> import numpy as np
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    if mode not in (None, "reverse", "forward"):
        raise ArgumentError(f"jacobian: there is no mode {mode!r}; take 'reverse', 'forward', or None for the cheaper")
    return Derived("jacobian", _jacobian, f, argnums, mode, has_aux)


def _jacobian(f: Any, argnums: Argnums, mode: Any, has_aux: bool, args: tuple[Any, ...], options: Any) -> Any:
    inputs = sum(map(_size, leaves_of([args[i] for i in _checked("jacobian", argnums, args)])))
    if mode == "forward" and inputs:
        return _forward_jacobian(f, args, argnums, options, has_aux)
    with _Trace("jacobian", f, args, argnums, options) as trace:
        out, aux = _split("jacobian", trace.out) if has_aux else (trace.out, None)
        outs = leaves_of(out)
        if mode is None and 0 < inputs < sum(map(_size, outs)):
            return _forward_jacobian(f, args, argnums, options, has_aux)
        by_output = []
        for z in outs:
            rows = [trace.pull(z, seed) for seed in _basis(z)]
            columns = [
                _joined([row[j] for row in rows], shape_of(_as_array(z)), x, 0) for j, x in enumerate(trace.fresh)
            ]
            by_output.append(trace.shaped(argnums, columns))
        return (like(out, by_output), trace.plain(aux)) if has_aux else like(out, by_output)


def hessian(f: Callable[P, Any], argnums: Argnums = 0, has_aux: bool = False) -> Derived[P, Any]:
    """All second derivatives of a function to one number, of shape (*input, *input).

    H[i, j] = d2z / dx_i dx_j

    The gradient is recorded once, and walked back once per element of the input.

    Args:
        f: a function that returns one number; with has_aux, a pair of it and anything else.
        argnums: the number of the argument to differentiate by, or several.
        has_aux: f returns (number, auxiliary data).

    Returns:
        A function of f's arguments, to the Hessian or (Hessian, aux). For trees: the structure of the argument, of the
        structure of the argument.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    """
    return jacobian(grad(f, argnums, has_aux), argnums, "reverse", has_aux)


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of f times a vector, without the Hessian: the gradient, pushed forward along the tangents.

    Args:
        f: a function to one number.
        primals: its arguments.
        tangents: one per primal, of its structure and shapes.

    Returns:
        The product, of the structure of the first primal; for several primals, a tuple with one of each.

    >>> hvp(lambda x: x**3, (2.0,), (1.0,))
    12.0
    """
    argnums: Argnums = 0 if len(primals) == 1 else range(len(primals))
    return jvp(grad(f, argnums), primals, tangents)[1]


def _seal(leaves: Sequence[Value]) -> None:
    for leaf in leaves:
        seal(leaf)


def _joined_leaves(tree: Any) -> Any:
    """A tree in which arrays of Values, as NumPy makes of lists of them, are one Value each."""
    return mapped(lambda x: as_operand(x, "f") if is_object_array(x) else x, tree)


def _forward_jacobian(
    f: Callable[..., Any], args: tuple[Any, ...], argnums: Argnums, options: dict[str, Any], has_aux: bool
) -> Any:
    numbers = _checked("jacobian", argnums, args)
    wanted = [args[i] for i in numbers]
    leaves = [_as_array(x) for x in leaves_of(wanted)]
    aux: Any = None

    def moved(*fresh: Any) -> Any:
        replaced = list(args)
        for i, arg in zip(numbers, like(wanted, fresh), strict=True):
            replaced[i] = arg
        out = f(*replaced, **options)
        return out if has_aux else (out, None)

    out: Any = None
    columns: list[list[list[Any]]] = []  # by input leaf, by element of it, by output leaf
    for j, x in enumerate(leaves):
        columns.append([])
        for direction in _basis(x):
            tangents = [direction if i == j else zeros_like(other) for i, other in enumerate(leaves)]
            out, slope, aux = jvp(moved, leaves, tangents, has_aux=True)
            columns[j].append(leaves_of(slope))
    by_output = []
    for i, z in enumerate(leaves_of(out)):
        blocks = [_joined([c[i] for c in columns[j]], shape_of(x), z, -1) for j, x in enumerate(leaves)]
        by_output.append(_unpacked(argnums, like(wanted, blocks)))
    return (like(out, by_output), aux) if has_aux else like(out, by_output)


def _moves(name: str, what: str, given: Any, of: str, wanted: Any) -> list[Any]:
    """The leaves of a cotangent or tangent, each in the shape and dtype of its counterpart."""
    moves = []
    for move, x in zip(same_leaves(name, what, given, of, wanted), leaves_of(wanted), strict=True):
        move, x = _as_array(move), _as_array(x)
        if shape_of(move) != shape_of(x):
            raise ShapeError(
                f"{name}: a {what} of shape {shape_of(move)} for the {of} of shape {shape_of(x)}; "
                f"give one of the same shape"
            )
        moves.append(fit(number_like(move, x), x))
    return moves


def _joined(parts: list[Any], shape: tuple[int, ...], x: Any, axis: int) -> Any:
    """Parts of the shape of x as one array, with the axes of `shape`, which number them, before or after."""
    if not parts:
        sizes = (*shape, *shape_of(x)) if axis == 0 else (*shape_of(x), *shape)
        return np.zeros(sizes)
    if shape == ():
        return parts[0]
    whole = stack(parts, axis=axis)
    return reshaped(whole, shape=(*shape, *shape_of(parts[0])) if axis == 0 else (*shape_of(parts[0]), *shape))


def _basis(z: Any) -> Iterator[Any]:
    """The arrays of the shape of z that are 1 at one element and 0 elsewhere."""
    z = _as_array(z)
    shape = shape_of(z)
    if shape == ():
        yield ones_like(z)
        return
    for place in np.ndindex(shape):
        one = zeros_like(z)
        one[place] = 1.0
        yield one


def _size(x: Any) -> int:
    return math.prod(shape_of(_as_array(x)))


def _as_array(x: Any) -> Array:
    return x if isinstance(x, Interpreter) else as_operand(x, "f") if is_object_array(x) else as_data(x, "f")


def _unshared(arrays: list[Any], others: list[Any]) -> list[Any]:
    """Arrays that may be changed in place: none is a view, appears twice, or is one of the others."""
    seen, own = {id(x) for x in others}, []
    for x in arrays:
        x = x.copy() if isinstance(x, np.ndarray) and (x.base is not None or id(x) in seen) else x
        seen.add(id(x))
        own.append(x)
    return own


def _unboxed(x: Any) -> Any:
    """A number of NumPy's as Python's."""
    return float(x) if type(x) is np.float64 else x


def _described(z: Any) -> str:
    """What f returned, for errors."""
    if isinstance(z, BRANCHES) or not hasattr(z, "shape"):
        return f"a {type(z).__name__}"
    return f"an array of shape {shape_of(z)}" if shape_of(z) else "a number"


def _split(name: str, out: Any) -> tuple[Any, Any]:
    if not isinstance(out, tuple) or len(out) != 2:
        raise ArgumentError(f"{name}: with has_aux, f returns a pair (output, aux); it returned {_described(out)}")
    return out


def _checked(name: str, argnums: Argnums, args: tuple[Any, ...]) -> list[int]:
    """The numbers of the chosen arguments, counted from the front."""
    try:
        given = argnums if isinstance(argnums, Sequence) else [argnums]
        numbers = [range(len(args))[operator.index(i)] for i in given]
    except (TypeError, IndexError):
        numbers = []
    if not numbers or len(set(numbers)) < len(numbers):
        raise ArgumentError(
            f"{name}: argnums={argnums!r}, and f was called with {len(args)} positional arguments; "
            f"give the number of one, from 0, or a tuple of different ones"
        )
    return numbers


def _unpacked(argnums: Argnums, trees: list[Any]) -> Any:
    """One result for one argnum, a tuple for several."""
    return tuple(trees) if isinstance(argnums, Sequence) else trees[0]


@contextlib.contextmanager
def _one_more() -> Iterator[None]:
    token = _around.set(_around.get() + 1)
    try:
        with levels.recording():
            yield
    finally:
        _around.reset(token)


@contextlib.contextmanager
def _none_around() -> Iterator[None]:
    token = _around.set(0)
    try:
        yield
    finally:
        _around.reset(token)
