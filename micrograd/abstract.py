"""Abstract: a shape without numbers. It asks each op for its shape rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.op import Array, Op
from micrograd.ops.operators import Operators


class Abstract(Operators):
    """What is known of an array before there are numbers: its shape and dtype.

    Args:
        shape: sizes of the axes.
        dtype: NumPy's type of the elements.
        label: a name for errors.

    >>> Abstract((3, 4)) @ Abstract((4, 2))
    Abstract((3, 2), float64)
    """

    __slots__ = ("_element_type", "label", "shape")
    shape: tuple[int, ...]

    def __init__(self, shape: tuple[int, ...], dtype: Any = "float64", label: str = "") -> None:
        self.shape = shape
        self._element_type = np.dtype(dtype)
        self.label = label

    @property
    def _dtype(self) -> Any:
        return self._element_type

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Abstract:
        return Abstract(op.shape(*inputs, **params), op.dtype(*inputs, **params))

    def __repr__(self) -> str:
        return f"Abstract({self.shape}, {self.dtype})"
