"""The door: what may be data.

A Python number stays one; arrays are NumPy's, or speak NumPy's protocols.
"""

from __future__ import annotations

import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd.errors import DataError
from micrograd.exact import EXACT, HOMES, is_exact
from micrograd.interpreter import PLAIN, Interpreter, settled
from micrograd.op import OPS, numbers_below

if TYPE_CHECKING:
    from decimal import Decimal
    from fractions import Fraction
    from typing import Protocol, TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    # The types that users meet; only type checkers need them. `v.data` and `v.grad` are
    # Data: `v.item()` is surely a number, and `v.numpy()` surely an array.
    Data: TypeAlias = float | NDArray[Any]

    class Gridlike(Protocol):
        """An array: NumPy's, or of a library that NumPy understands."""

        def __array__(self) -> NDArray[Any]: ...

    Cube: TypeAlias = Sequence[Sequence[Sequence[float]]] | Sequence[Sequence[Sequence[Sequence[float]]]]
    Grid: TypeAlias = Gridlike | Sequence[float | Gridlike] | Sequence[Sequence[float | Gridlike]] | Cube
    Plain: TypeAlias = float | Fraction | Decimal | Grid  # no Value among them
else:
    from micrograd import on_demand as np


USUAL: set[type] = {float, int, bool}  # types that an op takes as they are, added when seen
HOMES.append(USUAL)
FLOATING: set[Any] = set()  # the dtypes of floating-point arrays, added when seen


def is_number(x: Any) -> bool:
    """Whether x is a plain Python number, not an array and not a NumPy scalar."""
    return type(x) is float or type(x) is int


def float_type(x: Any) -> Any:
    """NumPy's type for a result of x that is not whole: that of x, or float64 where x
    is of integers or a number.

    >>> float_type(np.ones(2, np.float32)), float_type(np.ones(2, int)), float_type(1.0)
    (dtype('float32'), dtype('float64'), dtype('float64'))
    """
    dtype = np.dtype(getattr(x, "dtype", float))
    return dtype if dtype.kind == "f" else np.dtype(float)


def kind_of(x: Any) -> str:
    """The letter of NumPy's kind of numbers: "f", "i", "u", "b" and others; "" where x
    is a Python number, or no number.

    >>> kind_of(np.array([True])), kind_of(2)
    ('b', '')
    """
    return getattr(getattr(x, "dtype", None), "kind", "")


def are_truths(*values: Any) -> bool:
    """Whether all of these are booleans."""
    return all(isinstance(x, bool) or kind_of(x) == "b" for x in values)


def is_lazy(x: Any) -> bool:
    """Whether x stands for a number without being one: another interpreter's, or
    another library's array.
    """
    if isinstance(x, (float, int)) or type(x) in EXACT:
        return False
    return isinstance(x, Interpreter) or not isinstance(x, (np.ndarray, np.generic))


def is_array_like(x: Any) -> bool:
    """Whether x can be read as a number or an array of numbers, as NumPy reads it."""
    if isinstance(x, (float, int, list, tuple, Interpreter)):
        return True
    return hasattr(x, "__array__") or hasattr(x, "__array_function__") or is_exact(x)


def is_foreign(x: Any) -> bool:
    """Whether x is an array of another library than NumPy, such as Dask's.

    >>> is_foreign(1.0), is_foreign(np.ones(3))
    (False, False)
    """
    return not isinstance(x, (float, int, np.ndarray, np.generic, Interpreter)) and is_array_like(x)


def as_operand(x: Any, asker: str, others: Sequence[Any] = ()) -> Any:
    """x as an operand, which may be data: as `as_data`, but Values in lists and object
    arrays are joined into one.

    Args:
        x: what was given.
        asker: the op that asks, for the error.
        others: what stands beside it: booleans and integers become floats as in NumPy,
            float32 beside float32. Beside those of a vmap they stay what they are.

    >>> as_operand([1, 2], "add")
    array([1., 2.])
    >>> as_operand(np.array([True, False]), "multiply", [np.ones(2, np.float32)]).dtype
    dtype('float32')
    """
    x = as_input(x, asker)
    if kind_of(x) in ("b", "i", "u") and not isinstance(x, Interpreter):
        examples = [y for y in others if isinstance(y, Interpreter) and y._is_batch]
        if any(kind_of(numbers_below(y)) in ("b", "i", "u") for y in examples):
            return x
        beside = [y.dtype for y in map(numbers_below, others) if kind_of(y) == "f"]
        if beside and x.ndim:
            x = x.astype(np.result_type(x.dtype, *beside))
    return as_data(x, asker)


def as_input(x: Any, asker: str) -> Any:
    """What an op takes for x: lists become arrays, Values in lists or object arrays one
    Value.

    Args:
        x: a number, an array, a Value, or nested lists of them.
        asker: the op that asks, for the error.

    Raises:
        DataError: x holds something else than numbers.

    >>> as_input([True, False], "where")
    array([ True, False])
    """
    if not is_odd(x):
        return x
    if type(x) is np.ndarray:
        if not x.dtype.hasobject:
            PLAIN.add(np.ndarray)
            return x
        x = x.tolist()
        if isinstance(x, Interpreter):  # an object array of shape ()
            return x
    if isinstance(x, (list, tuple)):
        return _joined(x, asker) if holds_values(x) else _plain(x, asker)
    data = as_data(x, asker)  # refuses what is not a number
    if isinstance(x, np.generic):
        PLAIN.add(type(x))
    return x if type(x) in PLAIN else data


def as_real(x: Any, asker: str) -> Any:
    """x as an op takes it inside a `jvp` or a `vmap`: Values in a list or an object
    array as one, and only real numbers; anything else as it is.

    Raises:
        DataError: x is not made of real numbers.
    """
    if isinstance(x, (Interpreter, float, int)):
        return x
    return x if kind_of(x) in ("f", "i", "u", "b") else as_operand(x, asker)


def is_odd(x: Any) -> bool:
    """Whether x has to be looked at before an op takes it: a list, an object array,
    something that is not an array.
    """
    kind = type(x)
    if kind in USUAL:
        return False
    if kind in PLAIN:
        return bool(x.dtype.hasobject)
    if not isinstance(x, Interpreter):
        return True
    USUAL.add(kind)
    return False


def _plain(x: Any, asker: str) -> Any:
    """A list of plain numbers as NumPy reads it, so that booleans stay a condition and
    whole numbers an index.
    """
    as_data(x, asker)  # refuses what is ragged, or no number
    return np.asarray(x)


def _joined(x: Any, asker: str) -> Any:
    parts = [_joined(part, asker) if isinstance(part, (list, tuple)) else as_input(part, asker) for part in x]
    return OPS["stacked"](*parts)


def is_object_array(x: Any) -> bool:
    """Whether x is an array of Python objects, as NumPy makes of a list of Values."""
    return kind_of(x) == "O"


def holds_values(x: Any) -> bool:
    """Whether x is an interpreter's value, or a list or object array that holds one at
    any depth.
    """
    pending = [x]
    while pending:
        x = pending.pop()
        if isinstance(x, (list, tuple)):
            pending += x
        elif isinstance(x, Interpreter):
            return True
        elif type(x) is np.ndarray and x.dtype.hasobject:
            pending += x.ravel().tolist()
    return False


class NumberType:
    """The dtype of a number that has a gradient: NumPy's, but `dtype.type(v)` of a
    Value leaves it as it is.

    `np.mean([v, w])` ends with `total.dtype.type(total / 2)`: there np.float64 would
    keep the bare number alone.

    >>> NumberType(np.dtype(float)) == np.dtype(float)
    True
    """

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)

    def type(self, x: Any) -> Any:
        """x as a number of this type; a Value as it is."""
        return x if isinstance(x, Interpreter) else self.dtype.type(x)

    def __getattr__(self, name: str) -> Any:  # kind, itemsize and the like are NumPy's own
        if name == "dtype":  # not there yet, as when it is unpickled
            raise AttributeError(name)
        return getattr(self.dtype, name)

    def __eq__(self, other: object) -> bool:
        return bool(self.dtype == (other.dtype if isinstance(other, NumberType) else other))

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        return repr(self.dtype)

    def __str__(self) -> str:
        return str(self.dtype)


def as_data(data: Any, asker: str = "Value") -> Any:
    """What a Value may hold: a number of Python or an exact one, or an array of
    floating-point numbers.

    Args:
        data: what was given.
        asker: the op or class that asks, for the error.

    Raises:
        DataError: data is neither.

    >>> as_data([1, 2])
    array([1., 2.])
    """
    kind = type(data)
    if kind is float or kind is int:
        return data
    if (
        kind in PLAIN and kind is not bool and not (EXACT and kind in EXACT) and data.ndim and data.dtype in FLOATING
    ):  # an array of a kind met before
        return data
    if isinstance(data, (float, int)):  # np.float64 is a float, bool an int
        return float(data) if isinstance(data, float) else int(data)
    if isinstance(data, Interpreter):  # another interpreter stands for the number
        return settled(data)
    if (kind not in PLAIN or kind in EXACT) and is_exact(data):
        return data
    if isinstance(data, (list, tuple)):
        data = _from_lists(data, asker)
    elif not isinstance(data, np.generic) and not hasattr(data, "__array_function__"):
        data = _from_object(data, asker)
    return _from_array(data, asker)


def _from_lists(data: Any, asker: str) -> Any:
    pending = [data]
    while pending:
        x = pending.pop()
        if isinstance(x, Interpreter):
            raise DataError(f"{asker}: a list that holds {x}; use micrograd.ops.stack to join Values")
        if isinstance(x, (list, tuple)):
            pending += x
    try:
        return np.asarray(data)
    except ValueError:
        raise DataError(
            f"{asker}: the list {_short(data)} is ragged: its rows differ in length; make all rows equally long"
        ) from None


def _from_object(data: Any, asker: str) -> Any:
    if isinstance(data, (str, bytes, type(None))):
        raise DataError(f"{asker}: {_short(data)} is {_a(type(data).__name__)}, not a number or an array of numbers")
    if hasattr(data, "__array__") or isinstance(data, (memoryview, array.array)):
        return np.asarray(data)
    if hasattr(data, "__float__") and not isinstance(data, complex):
        return np.asarray(float(data))
    raise DataError(f"{asker}: {_short(data)} is {_a(type(data).__name__)}, not a number or an array of numbers")


def _from_array(data: Any, asker: str) -> Any:
    if isinstance(data, (np.matrix, np.ma.MaskedArray)):
        repair = "np.asarray(X)" if isinstance(data, np.matrix) else "X.filled(number), and np.where(mask, ...)"
        raise DataError(f"{asker}: {_short(data)} is {_a(type(data).__name__)}, whose operators differ; give {repair}")
    letter = np.dtype(data.dtype).kind
    if letter not in "fiub":
        given = "complex numbers" if letter == "c" else f"elements of type {data.dtype}"
        repair = "give real numbers, such as its .real part" if letter == "c" else "give real numbers"
        if letter in "US":
            repair += "; np.unique(x, return_inverse=True)[1] numbers texts"
        elif letter == "O" and holds_values(data.ravel().tolist()):
            given, repair = "Values as its elements", "micrograd.ops.stack joins Values"
        elif letter == "O" and data.size and is_exact(data.ravel()[0]):
            given, repair = "exact numbers as its elements", "arrays hold floats: astype(float), or a Value for each"
        raise DataError(f"{asker}: {_short(data)} has {given}; {repair}")
    PLAIN.add(type(data))
    if data.shape == () and isinstance(data, (np.ndarray, np.generic)):  # a number in a box: unpack it
        number: Any = np.asarray(data)[()]
        if letter == "f":
            return number if number.dtype != float else number.item()
        return int(number)
    if letter != "f":
        return data.astype(float)
    FLOATING.add(data.dtype)
    return data


def _short(data: Any) -> str:
    text = " ".join(repr(data).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiouAEIOU" else f"a {noun}"
