"""Dependence: on which inputs a number depends, without the number. It pushes sets of
indices through the ops.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import DataError
from micrograd.interpreter import Interpreter, shape_of
from micrograd.op import Array, Op
from micrograd.ops.operators import Operators
from micrograd.sparsity.rules import pushed
from micrograd.sparsity.sets import Sets


class Dependence(Operators):
    """An array of which only the shape, the dtype and the inputs behind each element
    are known.

    It holds for all numbers: a product with 0 depends on both factors, and a `where`
    on both branches. So a program that asks for a number cannot run on it.

    Args:
        sets: for each element the numbers of the inputs that it depends on.
        dtype: NumPy's type of the elements.

    >>> x, y = seeds([np.zeros(2), np.zeros(2)])
    >>> z = x[0] * y + np.cos(x[1])
    >>> [set(map(int, z.sets.of(i))) for i in range(2)]
    [{0, 1, 2}, {0, 1, 3}]
    """

    __slots__ = ("_element_type", "sets")

    def __init__(self, sets: Sets, dtype: Any = "float64") -> None:
        self.sets = sets
        self._element_type = np.dtype(dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes; () for a number."""
        shape: tuple[int, ...] = self.sets.which.shape
        return shape

    @property
    def _dtype(self) -> Any:
        return self._element_type

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Dependence:
        shape = op.shape(*inputs, **params)
        parts = [x.sets if isinstance(x, Dependence) and not x.sets.is_empty else None for x in inputs]
        return Dependence(pushed(op, inputs, parts, params, shape), op.dtype(*inputs, **params))

    def _is_traced(self) -> bool:
        return True

    def __bool__(self) -> bool:
        raise DataError(
            "sparsity='detect': a branch (`if`, `while`, `and`) asks for a number, but the pattern must hold for all "
            "numbers;\nuse np.where, or give the pattern: sparsity=pattern"
        )

    def detach(self) -> Dependence:
        """The same array as a constant."""
        return Dependence(Sets.empty(self.shape), self._element_type)

    def __repr__(self) -> str:
        return f"Dependence({self.shape}, {self.dtype})"


def seeds(leaves: Sequence[Array]) -> list[Dependence]:
    """Inputs of a program: each element depends on itself. All are numbered in one row.

    Args:
        leaves: arrays, of which the shapes and dtypes are taken.
    """
    found, first = [], 0
    for x in leaves:
        shape = shape_of(x)
        found.append(Dependence(Sets.singles(shape, first), getattr(x, "dtype", "float64")))
        first += math.prod(shape)
    return found


def sets_of(z: Any) -> Sets:
    """The sets of what a program returned; they are empty for what is not made of its
    inputs.
    """
    while isinstance(z, Interpreter) and not isinstance(z, Dependence):
        z = z._below
    return z.sets if isinstance(z, Dependence) else Sets.empty(() if z is None else np.shape(z))
