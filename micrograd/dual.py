"""Forward mode: a second interpreter of the same ops, in which every value carries its tangent along.

A `Dual` is a primal and a tangent, the rate at which it changes when the inputs move along a given direction.
An op on Duals computes its output as always, and the output's tangent by the same rules that `backward` uses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from micrograd.errors import ShapeError
from micrograd.op import Array, Op, shape_of
from micrograd.ops import broadcast_to, cast
from micrograd.ops.operators import Operators

_depth: ContextVar[int] = ContextVar("depth", default=0)


class Dual(Operators):
    """A primal with its tangent. The level says which `jvp` it belongs to, so that nested ones stay apart."""

    __slots__ = ("_level", "primal", "tangent")

    def __init__(self, primal: Array, tangent: Array, level: int) -> None:
        self.primal = primal
        self.tangent = tangent
        self._level = level

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes; () for a number."""
        return shape_of(self.primal)

    @property
    def dtype(self) -> Any:
        """NumPy's type of the elements."""
        return getattr(self.primal, "dtype", "float64")

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        """Run the op on the primals and push the tangents; what belongs to another level is a constant here."""
        mine = [isinstance(x, Dual) and x._level == self._level for x in inputs]
        primals = [x.primal if own else x for x, own in zip(inputs, mine, strict=True)]
        tangents = [x.tangent if own else None for x, own in zip(inputs, mine, strict=True)]
        z = op(*primals, **params)
        t = op.push(z, primals, tangents, params) if op.differentiable else None
        if t is None:
            return z
        if shape_of(t) != shape_of(z):
            t = broadcast_to(t, shape=shape_of(z))
        if getattr(t, "dtype", None) != getattr(z, "dtype", None) and hasattr(z, "dtype"):
            t = cast(t, dtype=z.dtype)
        return Dual(z, t, self._level)

    def __float__(self) -> float:
        return float(self.primal)

    def __bool__(self) -> bool:
        return bool(self.primal)

    def __repr__(self) -> str:
        return f"Dual({self.primal!r}, {self.tangent!r})"


def jvp(f: Callable[..., Any], primals: Sequence[Array], tangents: Sequence[Array]) -> tuple[Any, Any]:
    """f(*primals), and its derivative along the tangents: the Jacobian times a vector, in one forward pass.

    t_out = sum_i df/dx_i t_i

    Args:
        f: a function of numbers or arrays, written in ops and operators.
        primals: where to differentiate.
        tangents: the direction, one of the shape of each primal.

    Returns:
        The value of f and its tangent, of the same shape.

    Raises:
        ShapeError: a tangent does not have the shape of its primal, or one is missing.

    >>> from micrograd.ops import sin
    >>> jvp(lambda x: x * sin(x), [0.0], [1.0])
    (0.0, 0.0)
    """
    given, wanted = [shape_of(t) for t in tangents], [shape_of(x) for x in primals]
    if given != wanted:
        raise ShapeError(f"jvp: tangents of shapes {given} for primals of shapes {wanted}; give one tangent per primal")
    token = _depth.set(_depth.get() + 1)
    try:
        level = _depth.get()
        z = f(*[Dual(x, t, level) for x, t in zip(primals, tangents, strict=True)])
    finally:
        _depth.reset(token)
    if isinstance(z, Dual) and z._level == level:
        return z.primal, z.tangent
    return z, z * 0.0  # f does not depend on its inputs
