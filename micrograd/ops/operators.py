"""Python's operators and the methods, spelled as ops: every interpreter inherits them."""

from __future__ import annotations

from typing import Any

from micrograd.op import Array, shape_of
from micrograd.ops import arithmetic, functions, indexing, linalg, reductions, shapes


class Operators:
    """`x + y`, `x @ y`, `x[i]`, `x.sum(axis=0)` and the like, for any class with `_apply_op`."""

    __slots__ = ()

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

    def sigmoid(self) -> Any:
        """Logistic function, elementwise."""
        return functions.sigmoid(self)

    def relu(self) -> Any:
        """Rectified linear unit, elementwise."""
        return functions.relu(self)

    def abs(self) -> Any:
        """Absolute value, elementwise."""
        return arithmetic.absolute(self)

    def sum(self, axis: reductions.Axis = None, keepdims: bool = False) -> Any:
        """Sum along axes; all by default."""
        return reductions.sum(self, axis=axis, keepdims=keepdims)

    def mean(self, axis: reductions.Axis = None, keepdims: bool = False) -> Any:
        """Mean along axes; all by default."""
        return reductions.mean(self, axis=axis, keepdims=keepdims)

    def max(self, axis: reductions.Axis = None, keepdims: bool = False) -> Any:
        """Largest element along axes; all by default."""
        return reductions.max(self, axis=axis, keepdims=keepdims)

    def min(self, axis: reductions.Axis = None, keepdims: bool = False) -> Any:
        """Smallest element along axes; all by default."""
        return reductions.min(self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> Any:
        """The same elements in another shape: `v.reshape(2, 3)` or `v.reshape((2, 3))`; -1 is computed."""
        return shapes.reshape(self, shape=_listed(shape))

    def transpose(self, *axes: Any) -> Any:
        """Axes in another order: `v.transpose(1, 0)` or `v.transpose((1, 0))`; reversed by default."""
        return shapes.transpose(self, axes=_listed(axes) if axes and axes != (None,) else None)

    @property
    def T(self) -> Any:
        """The transpose: all axes reversed."""
        return shapes.transpose(self)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(shape_of(self))


def protocols() -> Any:
    """The room of NumPy's protocols, which needs all of the table: imported when NumPy first asks."""
    from micrograd.ops import protocols

    return protocols


def _listed(given: tuple[Any, ...]) -> tuple[int, ...]:
    """(2, 3) from both spellings, f(2, 3) and f((2, 3))."""
    if len(given) == 1 and not isinstance(given[0], int):
        given = tuple(given[0])
    return tuple(int(n) for n in given)
