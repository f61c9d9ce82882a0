"""Functions of functions: the gradient of f is a function, which can be differentiated again, to any depth.

`grad value_and_grad elementwise_grad vjp jvp jacobian hessian hvp`, under JAX's names. They take functions of plain
numbers and arrays, written with NumPy or `micrograd.numpy`, and give plain numbers and arrays; arguments may be
nested lists, tuples and dicts of them. Reverse mode records Values and walks them back; forward mode pushes Duals.

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
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from micrograd import dual
from micrograd.arrays import as_data
from micrograd.engine import LEAF, Value, _node, cotangents, enable_grad
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, shape_of
from micrograd.ops import positive, stack
from micrograd.ops import reshape as reshaped
from micrograd.trees import leaves_of, like, mapped, same_leaves

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

Argnums = int | Sequence[int]

# How many reverse-mode transforms are being traced around this one, since the last jvp: then results are Values, for
# the outer ones to differentiate.
_around: ContextVar[int] = ContextVar("around", default=0)


class _Trace:
    """One run of f on fresh Values in place of the leaves of its chosen arguments."""

    def __init__(self, name: str, f: Callable[..., Any], args: tuple[Any, ...], argnums: Argnums, options: Any) -> None:
        self.name = name
        self.wanted = [args[i] for i in _checked(name, argnums, args)]
        given = leaves_of(self.wanted)
        recorded = [isinstance(x, Value) and x._level > dual.depth() for x in given]
        self.nested = _around.get() > 0 or any(recorded)
        with enable_grad():
            self.fresh = [positive(x) if known else _leaf(x) for x, known in zip(given, recorded, strict=True)]
        replaced = list(args)
        for i, arg in zip(_checked(name, argnums, args), like(self.wanted, self.fresh), strict=True):
            replaced[i] = arg
        with _one_more(), enable_grad():
            self.out = f(*replaced, **options)

    def pull(self, root: Any, seed: Any) -> list[Any]:
        """Cotangents of the leaves, given one of an output."""
        found: list[Any] = [None] * len(self.fresh)
        if isinstance(root, Value) and root._level == self.level:
            with enable_grad():
                found = cotangents(
                    root, Value(seed) if self.nested and not isinstance(seed, Value) else seed, self.fresh, self.nested
                )
        return [_zeros(x) if g is None else g for g, x in zip(found, self.fresh, strict=True)]

    @property
    def level(self) -> float:
        return max((x._level for x in self.fresh), default=0.5)

    def plain(self, tree: Any) -> Any:
        """Outputs as the caller sees them: plain data, unless somebody around differentiates further."""
        return tree if self.nested else mapped(self._lowered, tree)

    def _lowered(self, x: Any) -> Any:
        return x.data if isinstance(x, Value) and x._level == self.level else x

    def shaped(self, argnums: Argnums, leaves: list[Any]) -> Any:
        """Results by leaf, in the structure of the arguments; for one argnum without the tuple."""
        trees = like(self.wanted, leaves)
        return trees[0] if isinstance(argnums, int) else tuple(trees)


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
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

    @functools.wraps(f)
    def g(*args: Any, **options: Any) -> Any:
        trace = _Trace("grad", f, args, argnums, options)
        z, aux = _split("grad", trace.out) if has_aux else (trace.out, None)
        if shape_of(_as_array(z)) != ():
            raise ShapeError(
                f"grad: f returned an array of shape {shape_of(_as_array(z))}; grad wants one number: "
                f"sum it, or use jacobian or elementwise_grad"
            )
        gradient = trace.shaped(argnums, trace.pull(z, _one(z)))
        value = trace.plain(z)
        return ((value, trace.plain(aux)) if has_aux else value), gradient

    return g


def grad(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
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
    both = value_and_grad(f, argnums, has_aux)

    @functools.wraps(f)
    def g(*args: Any, **options: Any) -> Any:
        value, gradient = both(*args, **options)
        return (gradient, value[1]) if has_aux else gradient

    return g


def elementwise_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The derivative of a function that acts on each element alone: the gradient of the sum of its outputs.

    >>> import numpy as np
    >>> elementwise_grad(lambda x: x**3)(np.array([1.0, 2.0]))
    array([ 3., 12.])
    """

    @functools.wraps(f)
    def g(*args: Any, **options: Any) -> Any:
        trace = _Trace("elementwise_grad", f, args, argnums, options)
        return trace.shaped(argnums, trace.pull(trace.out, _one(trace.out)))

    return g


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """f(*primals), and the function that pulls a cotangent of the output back to the primals: vector times Jacobian.

    Args:
        f: a function to an array or a tree of arrays; with has_aux, a pair of it and anything else.
        primals: its arguments.
        has_aux: f returns (output, auxiliary data).

    Returns:
        (output, pullback) or (output, pullback, aux). The pullback takes a cotangent in the structure of the output,
        and gives a tuple with one in the structure of each primal.

    >>> out, pullback = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> out, pullback(1.0)
    (6.0, (3.0, 2.0))
    """
    every = range(len(primals))
    trace = _Trace("vjp", f, primals, every, {})
    out, aux = _split("vjp", trace.out) if has_aux else (trace.out, None)

    def pullback(cotangent: Any) -> Any:
        seeds = same_leaves("vjp", "the cotangent", cotangent, out)
        total: list[Any] | None = None
        for z, seed in zip(leaves_of(out), seeds, strict=True):
            seed = seed if hasattr(seed, "_apply_op") else as_data(seed)
            if shape_of(seed) != shape_of(z):
                raise ShapeError(f"vjp: a cotangent of shape {shape_of(seed)} for an output of shape {shape_of(z)}")
            parts = trace.pull(z, seed)
            total = parts if total is None else [x + y for x, y in zip(total, parts, strict=True)]
        return trace.shaped(every, total or [_zeros(x) for x in trace.fresh])

    return (trace.plain(out), pullback, trace.plain(aux)) if has_aux else (trace.plain(out), pullback)


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """f(*primals), and its derivative along the tangents, in one pass forward: Jacobian times vector.

    Args:
        f: a function to an array or a tree of arrays.
        primals: its arguments.
        tangents: one per primal, of its structure and shapes.

    Returns:
        The output and its tangent, of the same structure.

    Raises:
        ShapeError: a tangent does not have the shape of its primal.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    moves = same_leaves("jvp", "tangents", list(tangents), list(primals))
    out: list[Any] = []

    def flat(*leaves: Any) -> list[Any]:
        with _none_around():
            out.append(f(*like(list(primals), leaves)))
        return leaves_of(out[0])

    values, slopes = dual.jvp(flat, leaves_of(list(primals)), moves)
    return like(out[0], values), like(out[0], slopes)


def jacobian(f: Callable[..., Any], argnums: Argnums = 0, mode: str | None = None) -> Callable[..., Any]:
    """All derivatives of all outputs: a function to arrays of shape (*output, *input).

    J[i, j] = dz_i / dx_j

    Args:
        f: a function to an array or a tree of arrays.
        argnums: the number of the argument to differentiate by, or several.
        mode: "reverse" takes one walk back per output element, "forward" one run per input element; None
            takes the cheaper.

    Returns:
        A function of f's arguments. For trees: the structure of the output, of the structure of the argument.

    Raises:
        ArgumentError: there is no such mode or argument.

    >>> import numpy as np
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    if mode not in (None, "reverse", "forward"):
        raise ArgumentError(f"jacobian: there is no mode {mode!r}; take 'reverse', 'forward', or None for the cheaper")

    @functools.wraps(f)
    def g(*args: Any, **options: Any) -> Any:
        if mode == "forward":
            return _forward_jacobian(f, args, argnums, options)
        trace = _Trace("jacobian", f, args, argnums, options)
        outs = leaves_of(trace.out)
        if mode is None and sum(_size(x) for x in trace.fresh) < sum(_size(z) for z in outs):
            return _forward_jacobian(f, args, argnums, options)
        by_output = []
        for z in outs:
            rows = [trace.pull(z, seed) for seed in _basis(z)]
            columns = [
                _joined([row[j] for row in rows], shape_of(_as_array(z)), x, 0) for j, x in enumerate(trace.fresh)
            ]
            by_output.append(trace.shaped(argnums, columns))
        return like(trace.out, by_output)

    return g


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """All second derivatives of a function to one number, of shape (*input, *input).

    The gradient is recorded once, and walked back once per element of the input.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    """
    return jacobian(grad(f, argnums), argnums, mode="reverse")


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


def _leaf(x: Any) -> Value:
    """A fresh Value of x, at the level of this transform."""
    lifted = dual.lifted(x if hasattr(x, "_apply_op") else as_data(x))
    return _node(Value, lifted, LEAF, None, None)  # type: ignore[no-any-return]


def _forward_jacobian(f: Callable[..., Any], args: tuple[Any, ...], argnums: Argnums, options: dict[str, Any]) -> Any:
    numbers = _checked("jacobian", argnums, args)
    wanted = [args[i] for i in numbers]
    leaves = [x if hasattr(x, "_apply_op") else as_data(x) for x in leaves_of(wanted)]

    def moved(*fresh: Any) -> Any:
        replaced = list(args)
        for i, arg in zip(numbers, like(wanted, fresh), strict=True):
            replaced[i] = arg
        return f(*replaced, **options)

    out: Any = None
    columns: list[list[list[Any]]] = []  # by input leaf, by element of it, by output leaf
    for j, x in enumerate(leaves):
        columns.append([])
        for direction in _basis(x):
            tangents = [direction if i == j else np.zeros(shape_of(other))[()] for i, other in enumerate(leaves)]
            out, slope = jvp(moved, leaves, tangents)
            columns[j].append(leaves_of(slope))
    by_output = []
    for i, z in enumerate(leaves_of(out)):
        blocks = [_joined([c[i] for c in columns[j]], shape_of(x), z, -1) for j, x in enumerate(leaves)]
        trees = like(wanted, blocks)
        by_output.append(trees[0] if isinstance(argnums, int) else tuple(trees))
    return like(out, by_output)


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
        yield _one(z)
        return
    for place in np.ndindex(shape):
        one = np.zeros(shape, z.dtype)
        one[place] = 1.0
        yield one


def _one(z: Any) -> Any:
    z = _as_array(z)
    return as_data(np.ones(shape_of(z), z.dtype)) if hasattr(z, "dtype") and not isinstance(z, float) else 1.0


def _zeros(x: Value) -> Any:
    return as_data(np.zeros(x.shape, x.dtype)) if x.shape or x.dtype != float else 0.0


def _size(x: Any) -> int:
    return math.prod(shape_of(_as_array(x)))


def _as_array(x: Any) -> Array:
    return x if hasattr(x, "_apply_op") else as_data(x, "f")


def _split(name: str, out: Any) -> tuple[Any, Any]:
    if not isinstance(out, tuple) or len(out) != 2:
        raise ArgumentError(f"{name}: with has_aux, f returns a pair (output, aux); it returned {type(out).__name__}")
    return out


def _checked(name: str, argnums: Argnums, args: tuple[Any, ...]) -> list[int]:
    numbers = [argnums] if isinstance(argnums, int) else list(argnums)
    if not all(-len(args) <= i < len(args) for i in numbers):
        raise ArgumentError(f"{name}: argnums={argnums!r}, and f was called with {len(args)} positional arguments")
    return numbers


@contextlib.contextmanager
def _one_more() -> Iterator[None]:
    token = _around.set(_around.get() + 1)
    try:
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
