"""The contract of an interpreter: what an op asks of an input that is not raw data.

Ops do not know gradients. They ask their inputs, as NumPy's `__array_ufunc__` does. An
input that is an `Interpreter` takes the call and decides what it means:

- `Value` runs the op on its data and records it, for reverse mode;
- `Dual` runs it on primals and pushes tangents, for forward mode;
- `Batch` runs it on all examples at once, for `vmap`;
- `Abstract` asks the op for its shape rule only;
- `Symbol` writes the op down as an expression.

docs/interpreters.md shows how to write a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import DataError, ShapeError
from micrograd.exact import EXACT, HOMES, number_like

Array = Any  # a Python number, an array of NumPy's protocols, or an interpreter's value

# Types of raw data, for a quick test that x is not an Interpreter. Types of arrays are
# added when they are first seen, types of exact numbers to both sets: see exact.py.
PLAIN: set[type] = {float, int, bool}
NUMBERS = set(PLAIN)
HOMES += [PLAIN, NUMBERS]


class Interpreter:
    """Base of all classes that interpret ops. It has five members.

    `_apply_op` must be written. The others have defaults: level 0, nothing below, and
    the shape and dtype of what is below. A class overrides them by properties or by
    slots.

    Attributes:
        _level: of several interpreters, the one with the highest level takes the call.
        _below: what this one stands for: raw data, or a value of an interpreter of a
            lower level. A Value of 2.0 has 2.0 below. None where there are no numbers.
        shape: sizes of the axes; () for a number.
        dtype: NumPy's type of the elements.
    """

    __slots__ = ()
    _is_batch = False  # see batch.py

    def _apply_op(self, op: Any, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """The result of op(*inputs, **params), where this is one of the inputs.

        Args:
            op: the record.
            inputs: the inputs in order: interpreters of any kind, and raw data.
            params: the keyword arguments.
        """
        raise NotImplementedError(f"{type(self).__name__} has no _apply_op; see docs/interpreters.md")

    @property
    def _level(self) -> float:
        return 0.0

    @property
    def _below(self) -> Any:
        return None

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes; () for a number."""
        below = self._below
        return () if below is None else shape_of(below)

    @property
    def dtype(self) -> Any:
        """NumPy's type of the elements."""
        return getattr(self._below, "dtype", np.dtype(float))


def shape_of(x: Array) -> tuple[int, ...]:
    """Shape of a number, an array, or whatever an interpreter stands for; a Python
    number has ().
    """
    kind = type(x)
    if kind is float or kind is int or kind is bool:
        return ()
    return () if EXACT and kind in EXACT else x.shape


def named(x: Array) -> str:
    """An input as errors show it: its label, where it has one, and its shape."""
    label = getattr(x, "label", "")
    return f"{label!r} {shape_of(x)}" if label else f"{shape_of(x)}"


def broadcast_shape(name: str, *inputs: Array) -> tuple[int, ...]:
    """Shape of the inputs broadcast against one another.

    Raises ShapeError, naming them, where they do not fit.
    """
    shapes = [shape_of(x) for x in inputs]
    if not any(shapes):  # numbers; nobody need ask NumPy
        return ()
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        given = " and ".join(named(x) for x in inputs)
        raise ShapeError(
            f"{name}: {given} do not broadcast: sizes on an axis, counted from the last, "
            f"must be equal or 1; reshape one operand?"
        ) from None


def ground(x: Array) -> Array:
    """The number or array below all interpreters; None below an Abstract.

    Raises:
        DataError: inside a vmap x stands for one example, and below are all of them.
    """
    while type(x) not in PLAIN and isinstance(x, Interpreter):
        if x._is_batch and x.is_mapped:  # type: ignore[attr-defined]  # a Batch says so
            raise DataError(
                f"vmap: this function looks at the plain numbers of its input {shape_of(x)}, and inside vmap "
                f"that stands for all examples at once;\ncall it in a loop over the examples, outside vmap"
            )
        x = x._below
    return x


def numbers_below(x: Array) -> Array:
    """The same, inside a vmap with all examples: an array that may have more axes."""
    while type(x) not in PLAIN and isinstance(x, Interpreter):
        x = x._below
    return x


def settled(x: Array) -> Array:
    """x while its transform runs; afterwards the constant that is left of it. What
    belongs to no transform stays.
    """
    while type(x) not in PLAIN and isinstance(x, Interpreter) and x._level < 0.0:
        x = x._settled() if hasattr(x, "_settled") else x._below
    return x


def at_level(x: Array, level: float) -> Array:
    """x without what is above a level: a Value that the function of a jvp or a vmap
    made of what it got.
    """
    while type(x) not in PLAIN and isinstance(x, Interpreter) and x._level > level:
        x = x._below
    return x


def is_one_of_many(x: Array) -> bool:
    """Whether x stands for one example inside a `vmap`, and the numbers below it are
    those of all examples.
    """
    while type(x) not in PLAIN and isinstance(x, Interpreter):
        if x._is_batch and x.is_mapped:  # type: ignore[attr-defined]  # a Batch says so
            return True
        x = x._below
    return False


def ones_like(x: Array) -> Array:
    """Ones, as raw data, of the shape and dtype of x: the cotangent of a root."""
    return _filled("ones_like", x, 1.0)


def zeros_like(x: Array) -> Array:
    """Zeros, as raw data, of the shape and dtype of x: the tangent of a constant."""
    return _filled("zeros_like", x, 0.0)


def _filled(like: str, x: Array, number: float) -> Array:
    below = numbers_below(x)
    if type(below) is float:  # almost always
        return number
    if type(below) in NUMBERS:
        return number_like(number, below)
    shape = shape_of(x)
    if below is None or below.shape != shape:  # a shape alone, or one example of many
        below = np.empty(shape, x.dtype if below is None else below.dtype)
    made = getattr(np, like)(below)
    if made.shape or not isinstance(made, (np.ndarray, np.generic)):
        return made
    return number if made.dtype == float else made.dtype.type(number)
