"""Forward mode: a second interpreter of the same ops, in which every value carries its tangent along.

A `Dual` is a primal and a tangent, the rate at which it changes when the inputs move along a given direction.
An op on Duals computes its output as always, and the output's tangent by the same rules that `backward` uses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from micrograd.arrays import as_data
from micrograd.engine import _anomalies
from micrograd.errors import DataError, ShapeError
from micrograd.op import Array, Op, ground, quietly, shape_of
from micrograd.ops import broadcast_to, cast, stop_gradient
from micrograd.ops.operators import Operators

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

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

    @property
    def _below(self) -> Any:
        return self.primal

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        """Run the op on the primals and push the tangents; what belongs to another level is a constant here."""
        mine = [isinstance(x, Dual) and x._level == self._level for x in inputs]
        primals = [x.primal if own else x for x, own in zip(inputs, mine, strict=True)]
        tangents = [x.tangent if own else None for x, own in zip(inputs, mine, strict=True)]
        z = op(*primals, **params)
        if not op.differentiable:
            return z
        with quietly():
            t = op.push(z, primals, tangents, params)
        if (anomalies := _anomalies.get()) is not None:
            anomalies.check_push(op, z, t, primals)
        if t is None:  # still of this level, so that the jvp finds it as it finds any other
            return Dual(z, _zero_like(z), self._level)
        if shape_of(t) != shape_of(z):
            t = broadcast_to(t, shape=shape_of(z))
        dtype = getattr(ground(z), "dtype", None)
        if dtype is not None and getattr(t, "dtype", None) != dtype:
            t = cast(t, dtype=dtype)
        return Dual(z, t, self._level)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise DataError(
            f"asarray: an array cannot carry the tangent of {self}; use micrograd.numpy.asarray, or stack for several"
        )

    def detach(self) -> Any:
        """The same numbers as a constant, to this jvp and to whatever is around it."""
        return stop_gradient(self)

    def __repr__(self) -> str:
        return f"Dual({self.primal!r}, {self.tangent!r})"


def jvp(f: Callable[..., Sequence[Any]], primals: Sequence[Array], tangents: Sequence[Array]) -> tuple[Any, Any]:
    """The outputs of f(*primals), a list, and their tangents; `micrograd.transforms.jvp` is this for trees.

    Args:
        f: a function of numbers or arrays to a list of them.
        primals: where to differentiate.
        tangents: the direction, one of the shape of each primal.

    Returns:
        The list of outputs and the list of their tangents.

    Raises:
        ShapeError: a tangent does not have the shape of its primal.

    >>> jvp(lambda x, y: [x * y, x + y], [2.0, 3.0], [1.0, 0.0])
    ([6.0, 5.0], [3.0, 1.0])
    """
    primals = [x if hasattr(x, "_apply_op") else as_data(x, "jvp") for x in primals]
    tangents = [t if hasattr(t, "_apply_op") else as_data(t, "jvp") for t in tangents]
    given, wanted = [shape_of(t) for t in tangents], [shape_of(x) for x in primals]
    if given != wanted:
        raise ShapeError(f"jvp: tangents of shapes {given} for primals of shapes {wanted}; give one tangent per primal")
    token = _depth.set(_depth.get() + 1)
    try:
        level = _depth.get()
        outputs = f(*[Dual(x, t, level) for x, t in zip(primals, tangents, strict=True)])
    finally:
        _depth.reset(token)
    mine = [isinstance(z, Dual) and z._level == level for z in outputs]
    values = [z.primal if own else z for z, own in zip(outputs, mine, strict=True)]
    slopes = [z.tangent if own else _zero_like(z) for z, own in zip(outputs, mine, strict=True)]
    return values, slopes


def depth() -> int:
    """How many jvps are being run around this point."""
    return _depth.get()


def lifted(x: Array) -> Array:
    """x as a constant of the innermost jvp around, so that what is made of it now is inside of that jvp."""
    if depth() == 0 or getattr(x, "_level", 0.0) >= depth():
        return x
    return Dual(x, _zero_like(x), depth())


def _zero_like(z: Array) -> Array:
    """The tangent of an output that does not depend on the inputs."""
    z = z if hasattr(z, "_apply_op") else as_data(z, "jvp")
    below = ground(z)
    return as_data(np.zeros_like(below) if hasattr(below, "dtype") else np.zeros(shape_of(z)))
