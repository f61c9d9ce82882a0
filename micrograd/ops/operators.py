"""Python's operators and the methods, as ops: every interpreter inherits them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self, SupportsFloat, TypeAlias, TypeVar

from micrograd import memory
from micrograd.arrays import NumberType
from micrograd.captures import CAPTURES
from micrograd.exact import number_like
from micrograd.interpreter import Interpreter
from micrograd.op import numbers_below, shape_of
from micrograd.ops import (
    arithmetic,
    comparisons,
    diagonals,
    doors,
    elementwise,
    followed,
    functions,
    indexing,
    layouts,
    norms,
    ordering,
    products,
    reductions,
    rounding,
    scans,
    shapes,
    taking,
)
from micrograd.ops.axes import Axis
from micrograd.ops.hints import ATTRIBUTES, Elsewhere

if TYPE_CHECKING:
    import numpy as np

    from micrograd.arrays import Data, Plain

    Values: TypeAlias = "Operators | Sequence[Operators | float] | Sequence[Sequence[Operators | float]]"
    Input: TypeAlias = Values | Plain | SupportsFloat  # what may stand beside a Value: any number, arrays, lists
else:
    from micrograd import on_demand as np

    Input = Any

O = TypeVar("O", bound="Operators")  # noqa: E741 - the class of an operand


def _named_like(function: Callable[..., Any], method: Any) -> Any:
    summary = (function.__doc__ or "").split("\n\n")[0]
    method.__name__, method.__doc__ = function.__name__, " ".join(summary.split())
    method.__qualname__ = f"Operators.{function.__name__}"
    return method


def _method(function: Callable[..., Any]) -> Callable[[O], O]:
    """A function of the table as a method: v.log2() for log2(v)."""
    return _named_like(function, lambda self: function(self))


def _method_of_two(function: Callable[..., Any]) -> Callable[[O, Input], O]:
    """The same for a function of two arrays: v.hypot(w) for hypot(v, w)."""
    return _named_like(function, lambda self, other: function(self, other))


class Operators(Interpreter):
    """`x + y`, `x @ y`, `x[i]`, `x.sum(axis=0)` and more, for any interpreter."""

    __slots__ = ()

    # pandas lets the operand with the larger number decide: `df @ w` comes here.
    __pandas_priority__ = 5000

    # Two eager numbers are equal if they are one node: texts look for nodes in lists.
    # Everything else compares data.

    def __eq__(self, other: object) -> Any:
        if self is other and self._is_eager_number():
            return True
        if isinstance(other, Operators):
            return False if self._is_eager_number() and other._is_eager_number() else comparisons.equal(self, other)
        other = doors.comparable(other)
        return other if other is NotImplemented else comparisons.equal(self, other)

    def __ne__(self, other: object) -> Any:
        if self is other and self._is_eager_number():
            return False
        if isinstance(other, Operators):
            return True if self._is_eager_number() and other._is_eager_number() else comparisons.not_equal(self, other)
        other = doors.comparable(other)
        return other if other is NotImplemented else comparisons.not_equal(self, other)

    def __hash__(self) -> int:
        return object.__hash__(self)

    # What an interpreter says about its numbers

    @property
    def _dtype(self) -> Any:
        """NumPy's type of the elements: by default of what is below."""
        return getattr(self._below, "dtype", np.dtype(float))

    def _is_traced(self) -> bool:
        """Whether a running transform differentiates by what this was made from."""
        return False

    def _has_history(self) -> bool:
        """Whether a gradient goes through this, which plain numbers would lose."""
        return True

    def detach(self) -> Any:
        """The same numbers as a constant."""
        return self

    def _is_eager_number(self) -> bool:
        """Whether this is a number of a graph that `backward()` walks."""
        return False

    def __add__(self, other: Input) -> Self:
        return arithmetic.add(self, other)

    def __radd__(self, other: Input) -> Self:
        return arithmetic.add(other, self)

    def __sub__(self, other: Input) -> Self:
        return arithmetic.subtract(self, other)

    def __rsub__(self, other: Input) -> Self:
        return arithmetic.subtract(other, self)

    def __mul__(self, other: Input) -> Self:
        return arithmetic.multiply(self, other)

    def __rmul__(self, other: Input) -> Self:
        return arithmetic.multiply(other, self)

    def __truediv__(self, other: Input) -> Self:
        return arithmetic.divide(self, other)

    def __rtruediv__(self, other: Input) -> Self:
        return arithmetic.divide(other, self)

    def __pow__(self, other: Input) -> Self:
        if isinstance(other, (int, float)):
            return functions.raise_to(self, exponent=other)
        return functions.power(self, other)

    def __rpow__(self, other: Input) -> Self:
        return functions.power(other, self)

    def __neg__(self) -> Self:
        return arithmetic.negative(self)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return arithmetic.absolute(self)

    def __mod__(self, other: Input) -> Self:
        return arithmetic.remainder(self, other)

    def __rmod__(self, other: Input) -> Self:
        return arithmetic.remainder(other, self)

    def __floordiv__(self, other: Input) -> Self:
        return rounding.floor_divide(self, other)

    def __rfloordiv__(self, other: Input) -> Self:
        return rounding.floor_divide(other, self)

    def __divmod__(self, other: Input) -> tuple[Self, Self]:
        return rounding.divmod(self, other)

    def __rdivmod__(self, other: Input) -> tuple[Self, Self]:
        return rounding.divmod(other, self)

    def __matmul__(self, other: Input) -> Self:
        return products.matmul(self, other)

    def __rmatmul__(self, other: Input) -> Self:
        return products.matmul(other, self)

    def __getitem__(self, index: Any) -> Self:
        return followed.at(self, index) if CAPTURES else indexing.getitem(self, index=index)

    def __lt__(self, other: Input) -> Any:
        return comparisons.less(self, other)

    def __le__(self, other: Input) -> Any:
        return comparisons.less_equal(self, other)

    def __gt__(self, other: Input) -> Any:
        return comparisons.greater(self, other)

    def __ge__(self, other: Input) -> Any:
        return comparisons.greater_equal(self, other)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return doors.protocols().apply_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return doors.protocols().apply_function(function, args, options)

    @property
    def dtype(self) -> Any:
        """NumPy's type of the elements; float64 for a Python number."""
        return self._dtype if shape_of(self) else NumberType(self._dtype)

    @property
    def __array__(self) -> Callable[..., object]:  # not NDArray: checkers would read X @ v as an array
        """What NumPy calls to make an array of this: a constant gives its numbers.

        An array with a history refuses. One number with a history has no such method:
        NumPy takes it as an object, and `np.array([v, w])` holds both.
        """
        return doors.array_maker(self)

    def __format__(self, spec: str) -> str:
        return doors.formatted(self, spec) if spec else str(self)

    def __dir__(self) -> list[str]:
        return [name for name in object.__dir__(self) if name not in ATTRIBUTES or hasattr(self, name)]

    def item(self) -> float | int:
        """The number, when there is exactly one.

        Raises:
            DataError: there are several numbers, or none.
            GradientError: a transform differentiates this; a plain number would lose
                the gradient.
        """
        return doors.plain_number(self, "item()")

    def __float__(self) -> float:
        return float(doors.plain_number(self, "float()"))

    def __int__(self) -> int:
        return int(doors.plain_number(self, "int()"))

    def __bool__(self) -> bool:  # an `if` on a number is allowed: the branch taken has a gradient of its own
        return bool(doors.only_number(self, "bool()"))

    def __round__(self, ndigits: Any = None) -> Any:
        if self._is_traced():
            return arithmetic.round(self, decimals=ndigits or 0)
        return round(doors.only_number(self, "round()"), ndigits)

    def __len__(self) -> int:
        return doors.length_of(self)

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(len(self)))

    def exp(self) -> Self:
        """Exponential, elementwise."""
        return functions.exp(self)

    def log(self) -> Self:
        """Natural logarithm, elementwise."""
        return functions.log(self)

    def sqrt(self) -> Self:
        """Square root, elementwise."""
        return functions.sqrt(self)

    def sin(self) -> Self:
        """Sine, elementwise; radians."""
        return functions.sin(self)

    def cos(self) -> Self:
        """Cosine, elementwise; radians."""
        return functions.cos(self)

    def tanh(self) -> Self:
        """Hyperbolic tangent, elementwise."""
        return functions.tanh(self)

    # On an array of objects, a ufunc calls the method of its name on each element:
    # np.log2(a) calls v.log2().

    arccos = _method(functions.arccos)
    arccosh = _method(functions.arccosh)
    arcsin = _method(functions.arcsin)
    arcsinh = _method(functions.arcsinh)
    arctan = _method(functions.arctan)
    arctan2 = _method_of_two(functions.arctan2)
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
    fmod = _method_of_two(rounding.fmod)
    hypot = _method_of_two(functions.hypot)
    log10 = _method(functions.log10)
    log1p = _method(functions.log1p)
    log2 = _method(functions.log2)
    logical_xor = _method_of_two(comparisons.logical_xor)
    rad2deg = _method(elementwise.rad2deg)
    radians = _method(elementwise.radians)
    rint = _method(rounding.rint)
    sinh = _method(functions.sinh)
    tan = _method(functions.tan)

    def __trunc__(self) -> int:  # np.trunc calls this; np.floor and np.ceil call __float__
        return int(self)

    def sigmoid(self) -> Self:
        """Logistic function, elementwise."""
        return functions.sigmoid(self)

    def relu(self) -> Self:
        """Rectified linear unit, elementwise."""
        return functions.relu(self)

    def abs(self) -> Self:
        """Absolute value, elementwise."""
        return arithmetic.absolute(self)

    def clip(self, min: Input | None = None, max: Input | None = None) -> Self:
        """Elements limited to the interval from min to max."""
        return arithmetic.clip(self, min=min, max=max)

    def round(self, decimals: int = 0) -> Self:
        """Elements rounded, half to even; the derivative is 0."""
        return arithmetic.round(self, decimals=decimals)

    # axis and keepdims may come by position, as in PyTorch. The op checks the rest.

    def sum(self, axis: Axis = None, keepdims: bool = False, **options: Any) -> Self:
        """Sum along axes; all by default."""
        return doors.room_of("sum", keepdims, options).sum(self, axis=axis, keepdims=keepdims, **options)

    def mean(self, axis: Axis = None, keepdims: bool = False, **options: Any) -> Self:
        """Mean along axes; all by default."""
        return doors.room_of("mean", keepdims, options).mean(self, axis=axis, keepdims=keepdims, **options)

    def prod(self, axis: Axis = None, keepdims: bool = False, **options: Any) -> Self:
        """Product along axes; all by default."""
        return doors.room_of("prod", keepdims, options).prod(self, axis=axis, keepdims=keepdims, **options)

    def max(self, axis: Axis = None, keepdims: bool = False, **options: Any) -> Self:
        """Largest element along axes; all by default."""
        return doors.room_of("max", keepdims, options).max(self, axis=axis, keepdims=keepdims, **options)

    def min(self, axis: Axis = None, keepdims: bool = False, **options: Any) -> Self:
        """Smallest element along axes; all by default."""
        return doors.room_of("min", keepdims, options).min(self, axis=axis, keepdims=keepdims, **options)

    def var(self, axis: Axis = None, ddof: float = 0, keepdims: bool = False, **options: Any) -> Self:
        """Variance along axes; all by default."""
        return doors.room_of("var", keepdims, options).var(self, axis=axis, ddof=ddof, keepdims=keepdims, **options)

    def std(self, axis: Axis = None, ddof: float = 0, keepdims: bool = False, **options: Any) -> Self:
        """Standard deviation along axes; all by default."""
        return doors.room_of("std", keepdims, options).std(self, axis=axis, ddof=ddof, keepdims=keepdims, **options)

    def cumsum(self, axis: int | None = None, **options: Any) -> Self:
        """Sums of the elements so far; of all in order by default."""
        return doors.room_of("cumsum", False, options, scans).cumsum(self, axis=axis, **options)

    def cumprod(self, axis: int | None = None, **options: Any) -> Self:
        """Products of the elements so far; of all in order by default."""
        return doors.room_of("cumprod", False, options, scans).cumprod(self, axis=axis, **options)

    def sort(self, axis: int = -1, **options: Any) -> Self:
        """Elements in ascending order along an axis, as a new value."""
        return ordering.sort(self, axis=axis, **options)

    def argsort(self, axis: int = -1, **options: Any) -> Any:
        """Indices that sort along an axis: plain integers."""
        return ordering.argsort(self, axis=axis, **options)

    def argmax(self, axis: int | None = None, keepdims: bool = False, **options: Any) -> Any:
        """Index of the largest element: a plain integer."""
        return reductions.argmax(self, axis=axis, keepdims=doors.keepdims_of("argmax", keepdims), **options)

    def argmin(self, axis: int | None = None, keepdims: bool = False, **options: Any) -> Any:
        """Index of the smallest element: a plain integer."""
        return reductions.argmin(self, axis=axis, keepdims=doors.keepdims_of("argmin", keepdims), **options)

    def any(self, axis: Axis = None, keepdims: bool = False, **options: Any) -> Any:
        """Whether any element is not 0: a plain answer."""
        return doors.room_of("any", keepdims, options).any(self, axis=axis, keepdims=keepdims, **options)

    def all(self, axis: Axis = None, keepdims: bool = False, **options: Any) -> Any:
        """Whether no element is 0: a plain answer."""
        return doors.room_of("all", keepdims, options).all(self, axis=axis, keepdims=keepdims, **options)

    def dot(self, other: Input) -> Self:
        """NumPy's `dot`: a product, inner product or matrix product, by the axes."""
        return products.dot(self, other)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self:
        """Sum along a diagonal."""
        return norms.trace(self, offset=offset, axis1=axis1, axis2=axis2)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self:
        """The elements of a diagonal."""
        return diagonals.diagonal(self, offset=offset, axis1=axis1, axis2=axis2)

    def take(self, indices: Any, axis: int | None = None) -> Self:
        """Elements by number, along an axis; of all in order by default."""
        return taking.take(self, indices, axis=axis)

    @property
    def at(self) -> indexing.At[Self]:
        """`v.at[index].set(w)`, `.add(w)`, `.multiply(w)`: a changed copy."""
        return indexing.At(self)

    def ravel(self) -> Self:
        """All elements along one axis."""
        return shapes.ravel(self)

    def flatten(self) -> Self:
        """All elements along one axis."""
        return shapes.ravel(self)

    def astype(self, dtype: Any) -> Self:
        """The same numbers in another floating-point type."""
        return arithmetic.cast(self, dtype=dtype)

    def copy(self) -> Self:
        """The same numbers in a new node; gradients go through it."""
        return arithmetic.positive(self)

    def tolist(self) -> Any:
        """The numbers in nested lists, detached.

        Raises:
            GradientError: a transform differentiates this, and plain numbers would lose
                the gradient.
        """
        return doors.lists_of(self)

    def squeeze(self, axis: Axis = None, **options: Any) -> Self:
        """Without axes of length 1."""
        return shapes.squeeze(self, axis=axis, **options)

    def swapaxes(self, axis1: int, axis2: int) -> Self:
        """Two axes exchanged."""
        return shapes.swapaxes(self, axis1, axis2)

    def repeat(self, repeats: Any, axis: int | None = None) -> Self:
        """Each element several times, along an axis; of all in order by default."""
        return layouts.repeat(self, repeats, axis=axis)

    def reshape(self, *shape: Any) -> Self:
        """The same elements in another shape: `v.reshape(2, 3)` or `v.reshape((2, 3))`.

        A size of -1 is computed.
        """
        return shapes.reshape(self, shape=doors.whole_numbers("reshape", shape))

    def transpose(self, *axes: Any) -> Self:
        """Axes in another order: `v.transpose(1, 0)` or `v.transpose((1, 0))`.

        Reversed by default.
        """
        return shapes.transpose(self, axes=doors.whole_numbers("transpose", axes) if axes and axes != (None,) else None)

    @property
    def T(self) -> Self:
        """The transpose: all axes reversed."""
        return shapes.transpose(self)

    @property
    def real(self) -> Self:
        """The same numbers: all are real, in a new node."""
        return arithmetic.positive(self)

    @property
    def imag(self) -> Data:
        """Zeros, as plain data: all numbers are real."""
        below = numbers_below(self)
        return np.zeros(shape_of(self), getattr(below, "dtype", float)) if shape_of(self) else number_like(0.0, below)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(shape_of(self))

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(shape_of(self))


memory.shorten(Operators)  # here, before any class inherits from it
for _name, _here in ATTRIBUTES.items():  # PyTorch's names, unless they are ours as well
    if not hasattr(Operators, _name):
        setattr(Operators, _name, Elsewhere(_name, _here))
