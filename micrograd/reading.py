"""Which numbers the rules of an op read, when a gradient goes back through it.

In z = 2 * x the rule multiplies by 2, and reads neither x nor z. Only their shapes
matter. So a transform need not keep these arrays until it walks back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.interpreter import NUMBERS, Array, shape_of
from micrograd.ops.operators import Operators
from micrograd.record import Elementwise, Op


class Unread(Operators):
    """Stands for an array in a rule, and remembers whether an op took its numbers.

    Args:
        shape: sizes of the axes.
        dtype: NumPy's type of the elements.
    """

    __slots__ = ("_element_type", "is_read", "shape")
    shape: tuple[int, ...]

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = shape
        self._element_type = dtype
        self.is_read = False

    @property
    def _dtype(self) -> Any:
        return self._element_type

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        for x in (*inputs, *params.values()):
            if isinstance(x, Unread):
                x.is_read = True
        return Unread(op.shape(*inputs, **params), op.dtype(*inputs, **params))


_known: dict[Any, tuple[bool, ...]] = {}


def what_is_read(
    op: Op, z: Array, inputs: Sequence[Array], moving: Sequence[bool], params: dict[str, Any]
) -> tuple[bool, ...]:
    """Whether the step back reads the numbers of the output, and of each input.

    Args:
        op: the record.
        z: the output, raw data.
        inputs: the inputs, raw data.
        moving: for each input, whether it has a gradient.
        params: the keyword arguments.

    >>> from micrograd.ops import exp, sin
    >>> x = np.ones(3)
    >>> what_is_read(exp, x, [x], [True], {}), what_is_read(sin, x, [x], [True], {})
    ((True, False), (False, True))
    """
    try:
        key = _key(op, z, inputs, moving, params)
        found = _known.get(key)
    except TypeError:  # some param cannot be compared
        return (True,) * (1 + len(inputs))
    if found is None:
        if len(_known) >= 1000:
            _known.clear()
        found = _known[key] = _tried(op, z, inputs, moving, params)
    return found


def _tried(
    op: Op, z: Array, inputs: Sequence[Array], moving: Sequence[bool], params: dict[str, Any]
) -> tuple[bool, ...]:
    """What the step back reads: it runs once, without numbers."""
    out, *given = [Unread(*_kind(x)) for x in (z, *inputs)]
    try:
        for i, moves in enumerate(moving):
            if moves and op.rules[i] is not None:
                op.pull(i, Unread(*_kind(z)), out, given, params)
    except Exception:  # the rule wants numbers
        return (True,) * (1 + len(inputs))
    return out.is_read, *[x.is_read for x in given]


def _key(op: Op, z: Array, inputs: Sequence[Array], moving: Sequence[bool], params: dict[str, Any]) -> Any:
    """What the answer depends on. Shapes and dtypes do not matter to an elementwise op.
    The numbers in an index matter to none.
    """
    parts: list[Any] = [op]
    parts += moving
    if not isinstance(op, Elementwise):
        _add_kind(parts, z)
        for x in inputs:
            _add_kind(parts, x)
    for name, x in params.items():
        parts.append(_outline(x) if name == "index" else _kept(x))
    return tuple(parts)


def _add_kind(parts: list[Any], x: Array) -> None:
    """Add to a key what `_kind` says of x, in words that are quick to find."""
    parts.append(type(x))
    if type(x) not in NUMBERS:
        parts.append(x.shape)
        parts.append(x.dtype)


def _kind(x: Array) -> tuple[Any, Any]:
    """The shape and the dtype of raw data."""
    if isinstance(x, (float, int)):
        return shape_of(x), np.dtype(type(x))
    return shape_of(x), getattr(x, "dtype", np.dtype(float))  # an exact number has none


def _kept(x: Any) -> Any:
    """A param as part of a key: of an array its shape and dtype."""
    if isinstance(x, (tuple, list)):
        return type(x), *map(_kept, x)
    if isinstance(x, slice):
        return slice, x.start, x.stop, x.step
    if isinstance(x, np.ndarray):
        return np.ndarray, x.shape, x.dtype
    return type(x), x


def _outline(index: Any) -> Any:
    """An index without its numbers."""
    return tuple(map(_outline, index)) if isinstance(index, tuple) else type(index)
