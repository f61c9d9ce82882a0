"""Captured: a number of a captured run, as the function sees it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from threading import get_ident
from typing import Any, NoReturn

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, DataError, IndexingError, OpError
from micrograd.node import Node, data_of
from micrograd.ops import comparisons, doors, followed
from micrograd.ops.operators import Operators
from micrograd.record import Op
from micrograd.unknown import HERE

Capture = Any  # see capture.py
PLAIN_NUMBERS = (float, int, bool)
WRAPPING = {"add", "subtract", "multiply", "negative", "power", "raise_to", "matmul", "contract"}  # ops, by name
OUTLINE = ("nbytes", "itemsize", "strides")  # attributes of an array that follow from its shape and dtype


AGAIN = (
    "compile: a derivative of a function that reads a Value would be differentiated by it again;\n"
    "give the number of the Value as an argument, as in grad(f)(x, w.data)"
)


class BecomesKey(BaseException):
    """An int argument is asked for its plain number, as by range(n).

    It becomes part of the structure of the arguments.
    """

    def __init__(self, argument: int) -> None:
        self.argument = argument


class Captured(Operators):
    """A number of a captured run: nobody sees it, but all that is done with it is
    noted.

    Attributes:
        number: the number, or the array.
        source: where it comes from: ("data", node), ("grad", node), ("op", op, inputs,
            params), or ("argument", which, flat places).
        is_narrow: whether it is a whole number of 8 or 16 bits, or an array of them.
    """

    __slots__ = ("capture", "is_narrow", "is_stale", "number", "source")

    def __init__(self, capture: Capture, number: Any, source: tuple[Any, ...]) -> None:
        self.capture = capture
        self.number = _unboxed(number)
        self.is_narrow = type(number) not in PLAIN_NUMBERS and is_narrow(number)
        self.source = source
        self.is_stale = False

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """To the user's `isinstance` it is what the number is."""
        asks = sys._getframe(1).f_code.co_filename
        return Captured if asks.startswith(HERE) else type(self.number)

    @property
    def _below(self) -> Any:
        return self.number

    def _settled(self) -> Any:
        return self

    def _apply_op(self, op: Op, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        capture = self.capture
        if capture.is_over:
            capture.fail_as_over()
        if capture.thread != get_ident():
            self._refuse("a thread's use")
        if any(type(x) is Captured and x.is_stale for x in inputs):
            self._refuse("in place")
        numbers = [x.number if isinstance(x, Captured) else x for x in inputs]
        number = op(*numbers, **params)
        if op.name in WRAPPING:
            is_sum_of_truths = _has_kind(number, "b") and op.name != "multiply"
            if is_sum_of_truths and op.name == "add":
                op = comparisons.logical_or
            elif is_sum_of_truths or _may_wrap(inputs, number):
                self._refuse("few bits")
        return capture.computed(op, inputs, params, number)

    def __getitem__(self, index: Any) -> Any:
        if followed.holds_followed(index):
            return followed.gathered(self, index)
        if self.source[0] != "argument" or not hasattr(self.number, "shape"):
            return super().__getitem__(index)
        places = self.source[2]
        number, place = self.number[index], places[index]
        if isinstance(number, np.generic):
            number, place = number.item(), int(place)
        captured = Captured(self.capture, number, ("argument", self.source[1], place))
        captured.is_narrow = self.is_narrow
        return self.capture.noted(captured)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> Any:
        other = doors.comparable(data_of(other) if isinstance(other, Node) else other)
        return other if other is NotImplemented else comparisons.equal(self, other)

    def __ne__(self, other: object) -> Any:
        other = doors.comparable(data_of(other) if isinstance(other, Node) else other)
        return other if other is NotImplemented else comparisons.not_equal(self, other)

    def __hash__(self) -> int:
        self._refuse("hash")

    def __sub__(self, other: Any) -> Any:
        return other.__rsub__(self) if _is_eager(other) else super().__sub__(other)

    def __truediv__(self, other: Any) -> Any:
        return other.__rtruediv__(self) if _is_eager(other) else super().__truediv__(other)

    def detach(self) -> Captured:
        """The same: no gradient goes through it."""
        return self

    # What would show the number

    def _refuse(self, asked: str) -> NoReturn:
        self.capture.fail(asked)
        raise AssertionError("fail() raises")

    def _is_key(self) -> bool:
        return self.source[0] == "argument" and type(self.number) is int and not self.capture.is_held(self.source[1])

    def _becomes_key(self) -> int:
        raise BecomesKey(self.source[1])

    def __bool__(self) -> bool:
        self._refuse("bool()")

    def __float__(self) -> float:
        self._refuse("float()")

    def __int__(self) -> int:
        self._refuse("int()")

    def __index__(self) -> int:
        return self._becomes_key() if self._is_key() else self._refuse("index")

    def __round__(self, ndigits: Any = None) -> Any:
        if ndigits is None and type(self.number) is not int:
            self._refuse("round()")  # it would be an int
        return super().round(ndigits or 0)

    # Truths joined, as NumPy's arrays of them are

    def _joined(self, op: Op, other: Any) -> Any:
        if not (_is_truth(self) and _is_truth(other)):
            self._refuse("& | ^ ~")
        return op(self, other)

    def __and__(self, other: Any) -> Any:
        return self._joined(comparisons.logical_and, other)

    def __or__(self, other: Any) -> Any:
        return self._joined(comparisons.logical_or, other)

    def __xor__(self, other: Any) -> Any:
        return self._joined(comparisons.logical_xor, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Any:
        if not _is_truth(self):
            self._refuse("& | ^ ~")
        return comparisons.logical_not(self)

    def __repr__(self) -> str:
        return "<a number of a capture that is over>" if self.capture.is_over else self._refuse("print")

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(self.number, name):
            raise AttributeError(f"{type(self.number).__name__!r} object has no attribute {name!r}")
        return getattr(self.number, name) if name in OUTLINE else self._refuse(f".{name}")

    # `a += b` changes an array itself. That is followed where the result is assigned,
    # as in `v.data += b`; elsewhere `a` would have other names that do not follow.

    def _in_place(self, name: str, other: Any) -> Any:
        result = getattr(Captured, name)(self, other)
        if np.shape(self.number) and result is not NotImplemented:
            self.capture.changed_in_place(self, result)
        return result

    def __iadd__(self, other: Any) -> Any:  # type: ignore[misc]
        return self._in_place("__add__", other)

    def __isub__(self, other: Any) -> Any:
        return self._in_place("__sub__", other)

    def __imul__(self, other: Any) -> Any:  # type: ignore[misc]
        return self._in_place("__mul__", other)

    def __itruediv__(self, other: Any) -> Any:
        return self._in_place("__truediv__", other)

    def __ipow__(self, other: Any) -> Any:  # type: ignore[misc]
        return self._in_place("__pow__", other)

    def __ifloordiv__(self, other: Any) -> Any:  # type: ignore[misc]
        return self._in_place("__floordiv__", other)

    def __imod__(self, other: Any) -> Any:  # type: ignore[misc]
        return self._in_place("__mod__", other)

    def __imatmul__(self, other: Any) -> Any:  # type: ignore[misc]
        return self._in_place("__matmul__", other)

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        self._refuse("setitem")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        self._refuse("a copy")

    def item(self) -> Any:
        """The number itself: it stays in the run."""
        return self if np.size(self.number) == 1 and not np.shape(self.number) else self._refuse("item()")

    def tolist(self) -> Any:
        """Nested lists of its numbers, which stay in the run."""
        return [x.tolist() for x in self] if np.shape(self.number) else self

    def __array__(self, *args: Any, **options: Any) -> Any:
        self._refuse("asarray")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return self._followed(super().__array_ufunc__, ufunc, method, *inputs, **options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return self._followed(super().__array_function__, function, types, args, options)

    def _followed(self, call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """What a function of NumPy's gives; what has no op is refused."""
        try:
            return call(*args, **options)
        except (OpError, DataError, IndexingError, ArgumentError) as error:
            self.capture.fail_because(error)


def _unboxed(number: Any) -> Any:
    """A Python number for NumPy's, but for float32."""
    if type(number) in PLAIN_NUMBERS:
        return number
    if type(number) is np.ndarray and number.shape == ():
        number = number[()]
    return number.item() if isinstance(number, (np.float64, np.bool_, np.integer)) else number


def _has_kind(number: Any, kinds: str) -> bool:
    return hasattr(number, "dtype") and number.dtype.kind in kinds


def is_narrow(number: Any) -> bool:
    """Whether it is a whole number of 8 or 16 bits, or an array of them."""
    return _has_kind(number, "iu") and number.dtype.itemsize < 4


def _may_wrap(inputs: Sequence[Any], number: Any) -> bool:
    """Whether the result is too large for its dtype for some numbers."""
    if type(number) is not int and not is_narrow(number):
        return False
    return any(x.is_narrow if type(x) is Captured else is_narrow(x) for x in inputs)


def _is_truth(x: Any) -> bool:
    number = x.number if isinstance(x, Captured) else x
    return type(number) is bool or getattr(number, "dtype", None) == np.bool_


def _is_eager(x: Any) -> bool:
    return isinstance(x, Node) and not type(x)._is_of_transform
