"""Forward mode: a second interpreter of the same ops, in which every value carries its
tangent along.

A `Dual` is a primal and a tangent, the rate at which it changes when the inputs move
along a given direction. An op on Duals computes its output as always, and the output's
tangent by the same rules that `backward` uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import floats, levels
from micrograd import on_demand as np
from micrograd.anomaly import OPEN, current_anomalies
from micrograd.arrays import as_data, as_real
from micrograd.cotangents import in_dtype
from micrograd.errors import GradientError
from micrograd.interpreter import Interpreter, settled, zeros_like
from micrograd.op import Array, numbers_below, shape_of
from micrograd.ops import add, broadcast_to, divide, multiply, positive, subtract
from micrograd.ops.operators import Input, Operators
from micrograd.quiet import quietly
from micrograd.record import Op


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
        return self._number if levels.is_running(self._number) else -1.0

    @property
    def _below(self) -> Any:
        return self.primal

    def _settled(self) -> Any:
        """Itself while its jvp runs; afterwards its primal, which is a constant."""
        if levels.is_running(self._number):
            return self
        return settled(self.primal)

    def _is_traced(self) -> bool:
        return self._moves() or (isinstance(self.primal, Operators) and bool(self.primal._is_traced()))

    def _has_history(self) -> bool:
        return self._moves() or (isinstance(self.primal, Operators) and bool(self.primal._has_history()))

    def _moves(self) -> bool:
        return self._tangent is not None and levels.is_running(self._number)

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        """Run the op on the primals and push the tangents; what belongs to another
        level is a constant here.
        """
        number = self._number
        if not levels.is_running(number):
            return op(*[x._settled() if isinstance(x, Dual) else x for x in inputs], **params)
        primals, tangents = [], []
        for x in inputs:
            if isinstance(x, Dual) and x._number == number:
                primals.append(x.primal)
                tangents.append(x._tangent)
            elif as_real(x, op.name) is x:
                primals.append(x)
                tangents.append(None)
            else:  # the newest of all takes the call
                return op(*[as_real(x, op.name) for x in inputs], **params)
        quick = _pushed_floats(op, primals, tangents, params)
        if quick is not None:
            return Dual(quick[0], quick[1], number)
        z = op(*primals, **params)
        if not op.differentiable:
            return z
        with quietly():
            t = op.push(z, primals, tangents, params)
        if OPEN and (anomalies := current_anomalies()) is not None:
            anomalies.check_push(op, z, t, primals)
        if t is not None:
            if shape_of(t) != shape_of(z):
                t = broadcast_to(t, shape=shape_of(z))
            t = in_dtype(t, numbers_below(z))
        return Dual(z, t, number)  # without a tangent too, so that the jvp finds it as it finds any other

    # Operators on numbers go past the call of the op, which takes longer than the rest.

    def __add__(self, other: Input) -> Any:
        return _of_two(add, self, other)

    def __radd__(self, other: Input) -> Any:
        return _of_two(add, other, self)

    def __sub__(self, other: Input) -> Any:
        return _of_two(subtract, self, other)

    def __rsub__(self, other: Input) -> Any:
        return _of_two(subtract, other, self)

    def __mul__(self, other: Input) -> Any:
        return _of_two(multiply, self, other)

    def __rmul__(self, other: Input) -> Any:
        return _of_two(multiply, other, self)

    def __truediv__(self, other: Input) -> Any:
        return _of_two(divide, self, other)

    def __rtruediv__(self, other: Input) -> Any:
        return _of_two(divide, other, self)

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


def _of_two(op: Op, x: Any, y: Any) -> Any:
    """op(x, y), one of which is a Dual: quickly where both are numbers."""
    number, a, b, s, t = 0, x, y, None, None
    if type(x) is Dual:
        number, a, s = x._number, x.primal, x._tangent
    if type(y) is Dual:
        if number and y._number != number:
            return op(x, y)
        number, b, t = y._number, y.primal, y._tangent
    if _are_numbers(type(a), type(b)):
        quick = floats.pushed(op, a, b, s, t, {}) if levels.is_running(number) else None
        if quick is not None:
            return Dual(quick[0], quick[1], number)
    return op(x, y)


def _pushed_floats(op: Op, primals: list[Any], tangents: list[Any], params: dict[str, Any]) -> Any:
    """The output and its tangent where all are floats; None where they are not."""
    count = len(primals)
    if count == 1:
        if type(primals[0]) is float:
            return floats.pushed(op, primals[0], None, tangents[0], None, params)
    elif count == 2 and _are_numbers(type(primals[0]), type(primals[1])):
        return floats.pushed(op, primals[0], primals[1], tangents[0], tangents[1], params)
    return None


def _are_numbers(x: type, y: type) -> bool:
    """Whether both are float, or one is and the other is int."""
    return (x is float and (y is float or y is int)) or (x is int and y is float)


def primal_of(z: Array, number: int) -> Array:
    """What the function of a jvp returned, without its tangent.

    Args:
        z: a leaf of it.
        number: that of the jvp.
    """
    if isinstance(z, Dual) and z._number == number:
        return z.primal
    return settled(z)


def tangent_of(z: Array, number: int) -> Array:
    """The tangent of what the function of a jvp returned, of its shape.

    Args:
        z: a leaf of it.
        number: that of the jvp.
    """
    if isinstance(z, Dual) and z._number == number:
        return z.tangent
    return zeros_like(z if isinstance(z, Interpreter) else as_data(z, "jvp"))


def constant(x: Array, number: int) -> Dual:
    """x as a Dual that does not move, of the jvp with this number."""
    return Dual(x, None, number)
