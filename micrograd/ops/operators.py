"""Python's operators and the methods, spelled as ops: every interpreter inherits them."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from micrograd.arrays import is_number
from micrograd.errors import ArgumentError, DataError, OpError, ShapeError
from micrograd.op import Array, ground, named, shape_of
from micrograd.ops import arithmetic, elementwise, functions, indexing, linalg, reducing, reductions, rounding, shapes

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the table as a method: v.log2() for log2(v)."""

    def method(self: Any, *others: Any) -> Any:
        return function(self, *others)

    method.__name__, method.__doc__ = function.__name__, (function.__doc__ or "").split("\n")[0]
    method.__qualname__ = f"Operators.{function.__name__}"
    return method


class Operators:
    """`x + y`, `x @ y`, `x[i]`, `x.sum(axis=0)` and the like, for any class with `_apply_op`."""

    __slots__ = ()

    # They are keys of sets and dicts: to be equal is to be the same, also beside a NumPy number.

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __add__(self, other: Array) -> Any:
        return arithmetic.add(self, other)

    def __radd__(self, other: Array) -> Any:
        return arithmetic.add(other, self)

    def __sub__(self, other: Array) -> Any:
        return arithmetic.subtract(self, other)

    def __rsub__(self, other: Array) -> Any:
        return arithmetic.subtract(other, self)

    def __mul__(self, other: Array) -> Any:
        return arithmetic.multiply(self, other)

    def __rmul__(self, other: Array) -> Any:
        return arithmetic.multiply(other, self)

    def __truediv__(self, other: Array) -> Any:
        return arithmetic.divide(self, other)

    def __rtruediv__(self, other: Array) -> Any:
        return arithmetic.divide(other, self)

    def __pow__(self, other: Array) -> Any:
        if isinstance(other, (int, float)):
            return functions.raise_to(self, exponent=other)
        return functions.power(self, other)

    def __rpow__(self, other: Array) -> Any:
        return functions.power(other, self)

    def __neg__(self) -> Any:
        return arithmetic.negative(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return arithmetic.absolute(self)

    def __mod__(self, other: Array) -> Any:
        return arithmetic.remainder(self, other)

    def __rmod__(self, other: Array) -> Any:
        return arithmetic.remainder(other, self)

    def __floordiv__(self, other: Array) -> Any:
        return rounding.floor_divide(self, other)

    def __rfloordiv__(self, other: Array) -> Any:
        return rounding.floor_divide(other, self)

    def __divmod__(self, other: Array) -> Any:
        return rounding.divmod(self, other)

    def __rdivmod__(self, other: Array) -> Any:
        return rounding.divmod(other, self)

    def __matmul__(self, other: Array) -> Any:
        return linalg.matmul(self, other)

    def __rmatmul__(self, other: Array) -> Any:
        return linalg.matmul(other, self)

    def __getitem__(self, index: Any) -> Any:
        return indexing.getitem(self, index=index)

    def __lt__(self, other: Array) -> Any:
        return arithmetic.less(self, other)

    def __le__(self, other: Array) -> Any:
        return arithmetic.less_equal(self, other)

    def __gt__(self, other: Array) -> Any:
        return arithmetic.greater(self, other)

    def __ge__(self, other: Array) -> Any:
        return arithmetic.greater_equal(self, other)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return protocols().apply_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return protocols().apply_function(function, args, options)

    def item(self) -> float | int:
        """The number, when there is exactly one."""
        x = ground(self)
        if is_number(x):
            return x  # type: ignore[no-any-return]
        if self.size != 1:
            raise DataError(f"item: {named(self)} has {self.size} elements, not one; sum() or index it first")
        return np.asarray(x).item()  # type: ignore[no-any-return]

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        return bool(self.item())

    def __round__(self, ndigits: Any = None) -> Any:
        return round(self.item(), ndigits)

    def __len__(self) -> int:
        shape = shape_of(self)
        if not shape:
            raise DataError(f"len: {named(self)} is a number, and has no length")
        return shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def exp(self) -> Any:
        """Exponential, elementwise."""
        return functions.exp(self)

    def log(self) -> Any:
        """Natural logarithm, elementwise."""
        return functions.log(self)

    def sqrt(self) -> Any:
        """Square root, elementwise."""
        return functions.sqrt(self)

    def sin(self) -> Any:
        """Sine, elementwise; radians."""
        return functions.sin(self)

    def cos(self) -> Any:
        """Cosine, elementwise; radians."""
        return functions.cos(self)

    def tanh(self) -> Any:
        """Hyperbolic tangent, elementwise."""
        return functions.tanh(self)

    # NumPy's ufuncs on an object array call the method of their name on each element: np.log2(a) calls v.log2()

    arccos = _method(functions.arccos)
    arccosh = _method(functions.arccosh)
    arcsin = _method(functions.arcsin)
    arcsinh = _method(functions.arcsinh)
    arctan = _method(functions.arctan)
    arctan2 = _method(functions.arctan2)
    arctanh = _method(functions.arctanh)
    cbrt = _method(functions.cbrt)
    conj = _method(elementwise.conj)
    conjugate = _method(elementwise.conjugate)
    cosh = _method(functions.cosh)
    deg2rad = _method(elementwise.deg2rad)
    degrees = _method(elementwise.degrees)
    exp2 = _method(functions.exp2)
    expm1 = _method(functions.expm1)
    fabs = _method(arithmetic.absolute)
    fmod = _method(rounding.fmod)
    hypot = _method(functions.hypot)
    log10 = _method(functions.log10)
    log1p = _method(functions.log1p)
    log2 = _method(functions.log2)
    logical_xor = _method(arithmetic.logical_xor)
    rad2deg = _method(elementwise.rad2deg)
    radians = _method(elementwise.radians)
    rint = _method(rounding.rint)
    sinh = _method(functions.sinh)
    tan = _method(functions.tan)

    def __trunc__(self) -> int:  # what np.trunc asks for, as np.floor and np.ceil ask for a float
        return int(self)

    def sigmoid(self) -> Any:
        """Logistic function, elementwise."""
        return functions.sigmoid(self)

    def relu(self) -> Any:
        """Rectified linear unit, elementwise."""
        return functions.relu(self)

    def abs(self) -> Any:
        """Absolute value, elementwise."""
        return arithmetic.absolute(self)

    def clip(self, min: Array = None, max: Array = None) -> Any:
        """Elements no smaller than min, no larger than max."""
        return arithmetic.clip(self, min=min, max=max)

    def round(self, decimals: int = 0) -> Any:
        """Elements rounded, half to even; the derivative is 0."""
        return arithmetic.round(self, decimals=decimals)

    # NumPy's arrays take these arguments by place as well

    def sum(self, axis: reductions.Axis = None, keepdims: bool = False, **options: Any) -> Any:
        """Sum along axes; all by default."""
        return _room("sum", keepdims, options).sum(self, axis=axis, keepdims=keepdims, **options)

    def mean(self, axis: reductions.Axis = None, keepdims: bool = False, **options: Any) -> Any:
        """Mean along axes; all by default."""
        return _room("mean", keepdims, options).mean(self, axis=axis, keepdims=keepdims, **options)

    def prod(self, axis: reductions.Axis = None, keepdims: bool = False, **options: Any) -> Any:
        """Product along axes; all by default."""
        return _room("prod", keepdims, options).prod(self, axis=axis, keepdims=keepdims, **options)

    def max(self, axis: reductions.Axis = None, keepdims: bool = False, **options: Any) -> Any:
        """Largest element along axes; all by default."""
        return _room("max", keepdims, options).max(self, axis=axis, keepdims=keepdims, **options)

    def min(self, axis: reductions.Axis = None, keepdims: bool = False, **options: Any) -> Any:
        """Smallest element along axes; all by default."""
        return _room("min", keepdims, options).min(self, axis=axis, keepdims=keepdims, **options)

    def var(self, axis: reductions.Axis = None, ddof: float = 0, keepdims: bool = False, **options: Any) -> Any:
        """Variance along axes; all by default."""
        room = _room("var", keepdims, options)
        return room.var(self, axis=axis, ddof=ddof, keepdims=keepdims, **options)

    def std(self, axis: reductions.Axis = None, ddof: float = 0, keepdims: bool = False, **options: Any) -> Any:
        """Standard deviation along axes; all by default."""
        room = _room("std", keepdims, options)
        return room.std(self, axis=axis, ddof=ddof, keepdims=keepdims, **options)

    def cumsum(self, axis: int | None = None, **options: Any) -> Any:
        """Sums of the elements so far; of all in order by default."""
        return _room("cumsum", False, options).cumsum(self, axis=axis, **options)

    def cumprod(self, axis: int | None = None, **options: Any) -> Any:
        """Products of the elements so far; of all in order by default."""
        return _room("cumprod", False, options).cumprod(self, axis=axis, **options)

    def sort(self, axis: int = -1) -> Any:
        """Elements in ascending order along an axis: a new value, where NumPy's method sorts in place."""
        return reductions.sort(self, axis=axis)

    def argsort(self, axis: int = -1) -> Any:
        """Indices that sort along an axis: plain integers."""
        return reductions.argsort(self, axis=axis)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Any:
        """Index of the largest element: a plain integer."""
        return reductions.argmax(self, axis=axis, keepdims=keepdims)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Any:
        """Index of the smallest element: a plain integer."""
        return reductions.argmin(self, axis=axis, keepdims=keepdims)

    def any(self, axis: reductions.Axis = None, keepdims: bool = False, **options: Any) -> Any:
        """Whether any element is not 0: a plain answer."""
        return _room("any", keepdims, options).any(self, axis=axis, keepdims=keepdims, **options)

    def all(self, axis: reductions.Axis = None, keepdims: bool = False, **options: Any) -> Any:
        """Whether no element is 0: a plain answer."""
        return _room("all", keepdims, options).all(self, axis=axis, keepdims=keepdims, **options)

    def dot(self, other: Array) -> Any:
        """NumPy's `dot`: a product, an inner product, or a matrix product, by the number of axes."""
        return linalg.dot(self, other)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        """Sum along a diagonal."""
        return linalg.trace(self, offset=offset, axis1=axis1, axis2=axis2)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        """The elements of a diagonal."""
        return shapes.diagonal(self, offset=offset, axis1=axis1, axis2=axis2)

    def take(self, indices: Any, axis: int | None = None) -> Any:
        """Elements by number, along an axis; of all in order by default."""
        return indexing.take(self, indices, axis=axis)

    @property
    def at(self) -> Any:
        """`v.at[index].set(w)`, `.add(w)`, `.multiply(w)`: a new value, changed at the index."""
        return indexing.At(self)

    def ravel(self) -> Any:
        """All elements along one axis."""
        return shapes.ravel(self)

    def flatten(self) -> Any:
        """All elements along one axis."""
        return shapes.ravel(self)

    def astype(self, dtype: Any) -> Any:
        """The same numbers in another floating-point type."""
        return arithmetic.cast(self, dtype=dtype)

    def copy(self) -> Any:
        """The same numbers, as a node of their own; gradients go through it."""
        return arithmetic.positive(self)

    def tolist(self) -> Any:
        """The numbers in nested lists, detached."""
        return np.asarray(ground(self)).tolist()

    def squeeze(self, axis: reductions.Axis = None) -> Any:
        """Without axes of length 1."""
        return shapes.squeeze(self, axis=axis)

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        """Two axes exchanged."""
        return shapes.swapaxes(self, axis1, axis2)

    def repeat(self, repeats: Any, axis: int | None = None) -> Any:
        """Each element several times, along an axis; of all in order by default."""
        return shapes.repeat(self, repeats, axis=axis)

    def reshape(self, *shape: Any) -> Any:
        """The same elements in another shape: `v.reshape(2, 3)` or `v.reshape((2, 3))`; -1 is computed."""
        return shapes.reshape(self, shape=_listed("reshape", shape))

    def transpose(self, *axes: Any) -> Any:
        """Axes in another order: `v.transpose(1, 0)` or `v.transpose((1, 0))`; reversed by default."""
        return shapes.transpose(self, axes=_listed("transpose", axes) if axes and axes != (None,) else None)

    @property
    def T(self) -> Any:
        """The transpose: all axes reversed."""
        return shapes.transpose(self)

    @property
    def real(self) -> Any:
        """The same numbers: all are real."""
        return arithmetic.positive(self)

    @property
    def imag(self) -> Any:
        """Zeros, in plain data: all numbers are real."""
        return np.zeros(shape_of(self), getattr(ground(self), "dtype", float)) if shape_of(self) else 0.0

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(shape_of(self))

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(shape_of(self))


@functools.cache
def protocols() -> Any:
    """The room of NumPy's protocols, which needs all of the table: imported when NumPy first asks."""
    from micrograd.ops import protocols

    return protocols


def _room(name: str, keepdims: Any, options: dict[str, Any]) -> Any:
    """Where the reduction is that a method asks for: with where=, initial= or dtype= it is another."""
    if type(keepdims).__name__ not in ("bool", "bool_", "int"):
        raise ArgumentError(f"{name}: keepdims={keepdims!r} is neither True nor False; give dtype= and out= by name")
    if options.pop("out", None) is not None:
        raise OpError(f"{name}: a Value is never written into, so there is no out=; write z = v.{name}(...)")
    return reducing if options else reductions


def _listed(name: str, given: tuple[Any, ...]) -> tuple[int, ...]:
    """(2, 3) from both spellings, f(2, 3) and f((2, 3))."""
    wanted = given[0] if len(given) == 1 and hasattr(given[0], "__iter__") else given
    try:
        return tuple(operator.index(n) for n in wanted)
    except TypeError:
        raise ShapeError(f"{name}: {given} are no whole numbers; give them as in {name}(1, 0)") from None
