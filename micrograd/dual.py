"""Forward mode: a second interpreter of the same ops, in which every value carries its
tangent along.

A `Dual` is a primal and a tangent, the rate at which it changes when the inputs move
along a given direction. An op on Duals computes its output as always, and the output's
tangent by the same rules that `backward` uses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from micrograd import levels
from micrograd import on_demand as np
from micrograd.anomaly import current_anomalies
from micrograd.arrays import as_data, as_real
from micrograd.cotangents import in_dtype
from micrograd.errors import GradientError, ShapeError
from micrograd.interpreter import Interpreter, zeros_like
from micrograd.modes import quietly
from micrograd.op import Array, Op, numbers_below, shape_of
from micrograd.ops import broadcast_to, positive
from micrograd.ops.operators import Operators


class Dual(Operators):
    """A primal with its tangent.

    The number says which `jvp` it belongs to, so that nested ones stay apart.

    A tangent of None stands for zeros: the Dual is a constant. When its jvp has ended,
    a Dual is only its primal.
    """

    __slots__ = ("_number", "_tangent", "primal")

    def __init__(self, primal: Array, tangent: Array | None, number: int) -> None:
        self.primal = primal
        self._tangent = tangent
        self._number = number

    @property
    def tangent(self) -> Array:
        """The rate at which the primal changes, of its shape."""
        return zeros_like(self.primal) if self._tangent is None else self._tangent

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes; () for a number."""
        return shape_of(self.primal)

    @property
    def _dtype(self) -> Any:
        return getattr(self.primal, "dtype", np.dtype(float))

    @property
    def _level(self) -> float:
        return self._number if levels.is_pushing(self._number) else -1.0

    @property
    def _below(self) -> Any:
        return self.primal

    def _settled(self) -> Any:
        """Itself while its jvp runs; afterwards its primal, which is a constant."""
        if levels.is_pushing(self._number):
            return self
        return self.primal._settled() if hasattr(self.primal, "_settled") else self.primal

    def _is_traced(self) -> bool:
        return self._moves() or (isinstance(self.primal, Operators) and bool(self.primal._is_traced()))

    def _has_history(self) -> bool:
        return self._moves() or (isinstance(self.primal, Operators) and bool(self.primal._has_history()))

    def _moves(self) -> bool:
        return self._tangent is not None and levels.is_pushing(self._number)

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        """Run the op on the primals and push the tangents; what belongs to another
        level is a constant here.
        """
        if not levels.is_pushing(self._number):
            return op(*[x._settled() if isinstance(x, Dual) else x for x in inputs], **params)
        joined = [as_real(x, op.name) for x in inputs]
        if any(x is not raw for x, raw in zip(joined, inputs, strict=True)):
            return op(*joined, **params)  # the newest of all takes the call
        mine = [isinstance(x, Dual) and x._number == self._number for x in inputs]
        primals = [x.primal if own else x for x, own in zip(inputs, mine, strict=True)]
        tangents = [x._tangent if own else None for x, own in zip(inputs, mine, strict=True)]
        z = op(*primals, **params)
        if not op.differentiable:
            return z
        with quietly():
            t = op.push(z, primals, tangents, params)
        if (anomalies := current_anomalies()) is not None:
            anomalies.check_push(op, z, t, primals)
        if t is None:  # still of this level, so that the jvp finds it as it finds any other
            return Dual(z, None, self._number)
        if shape_of(t) != shape_of(z):
            t = broadcast_to(t, shape=shape_of(z))
        return Dual(z, in_dtype(t, numbers_below(z)), self._number)

    def __copy__(self) -> Any:
        return positive(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return positive(self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise GradientError(
            f"pickle: {self} is being differentiated by a jvp, and its tangent cannot go along; "
            f"pickle its .detach(), or what the jvp returns"
        )

    def detach(self) -> Any:
        """The same numbers as a constant, to this jvp and to whatever is around it."""
        primal = self.primal.detach() if isinstance(self.primal, Operators) else self.primal
        return Dual(primal, None, self._number)

    def __repr__(self) -> str:
        return f"Dual({self.primal!r}, {self.tangent!r})"


def jvp(f: Callable[..., Sequence[Any]], primals: Sequence[Array], tangents: Sequence[Array]) -> tuple[Any, Any]:
    """The outputs of f(*primals), a list, and their tangents;
    `micrograd.transforms.jvp` is this for trees.

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
    primals = [_as_array(x) for x in primals]
    tangents = [_as_array(t) for t in tangents]
    given, wanted = [shape_of(t) for t in tangents], [shape_of(x) for x in primals]
    if given != wanted:
        raise ShapeError(f"jvp: tangents of shapes {given} for primals of shapes {wanted}; give one tangent per primal")
    with levels.pushing(_constant) as level:
        outputs = [as_real(z, "jvp") for z in f(*[Dual(x, t, level) for x, t in zip(primals, tangents, strict=True)])]
    mine = [isinstance(z, Dual) and z._number == level for z in outputs]
    values = [z.primal if own else _settled(z) for z, own in zip(outputs, mine, strict=True)]
    slopes = [z.tangent if own else zeros_like(_as_array(z)) for z, own in zip(outputs, mine, strict=True)]
    return values, slopes


def _constant(x: Array, level: int) -> Dual:
    return Dual(x, None, level)


def _settled(z: Array) -> Array:
    return z._settled() if hasattr(z, "_settled") else z


def _as_array(z: Array) -> Array:
    return z if isinstance(z, Interpreter) else as_data(z, "jvp")
