"""Exact numbers: fractions, decimals, and other number types with Python's arithmetic.

They are data, as floats are. They stay what they are through `+ - * /`, whole powers,
comparisons, choices and steps, and so do their gradients. This room says which types
these are, what a constant is in such a type, and which ops have an exact answer. All
other ops refuse: a float that nobody asked for would be a wrong answer.

>>> from fractions import Fraction
>>> from micrograd import grad
>>> grad(lambda x: x**3)(Fraction(1, 3))
Fraction(1, 3)
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, DataError

EXACT: set[type] = set()  # the types of exact numbers, added when first seen
HOMES: list[set[type]] = [EXACT]  # the sets that such a type enters; rooms add theirs

OPERATORS = ("__add__", "__sub__", "__mul__", "__truediv__", "__pow__")
REPAIR = "give a float: float(x), or x.astype(float), which keeps the gradient"
NOT_NUMBERS = ("_apply_op", "__array__", "__array_function__", "shape")  # arrays and such


# Which types, and their constants


def is_exact(x: Any) -> bool:
    """Whether x is a number that is data, but not a float, an int or a complex.

    Its type has Python's arithmetic. It is entered when it is met for the first time.

    >>> from decimal import Decimal
    >>> is_exact(Decimal("0.1")), is_exact(0.1), is_exact("0.1")
    (True, False, False)
    """
    kind = type(x)
    if kind in EXACT:
        return True
    if not _has_arithmetic(kind):
        return False
    try:
        is_number = bool(_made(x, 0) + x == x) or bool(x != x)  # a nan is a number, too
    except Exception:  # whatever the class raises: it is not a number to us
        return False
    if is_number:
        enter(kind)
    return is_number


def _has_arithmetic(kind: type) -> bool:
    if issubclass(kind, (float, int, complex)) or any(hasattr(kind, name) for name in NOT_NUMBERS):
        return False
    if issubclass(kind, numbers.Complex) and not issubclass(kind, numbers.Real):
        return False
    needed = OPERATORS[:3] if issubclass(kind, numbers.Number) else OPERATORS
    return all(hasattr(kind, name) for name in needed)


def enter(kind: type) -> None:
    """From now on numbers of this type are data."""
    for home in HOMES:
        home.add(kind)


def below(x: Any) -> Any:
    """The raw data below all interpreters; None where there is none."""
    while type(x) not in EXACT and hasattr(x, "_below"):
        x = x._below
    return x


def holds_exact(x: Any) -> bool:
    """Whether x is an exact number, or an interpreter's value of one."""
    return bool(EXACT) and type(below(x)) in EXACT


def number_like(constant: Any, *inputs: Any) -> Any:
    """A constant in the type of the first input that is exact; as it is where none is.

    So the constants of a rule leave exact numbers exact.

    Args:
        constant: a float or an int; anything else is given back as it is.
        inputs: numbers, arrays, or values of interpreters.

    >>> from fractions import Fraction
    >>> third = Fraction(1, 3)
    >>> is_exact(third), number_like(0.5, third), number_like(0.5, 2.0)
    (True, Fraction(1, 2), 0.5)
    """
    if not EXACT or (type(constant) is not float and type(constant) is not int) or not math.isfinite(constant):
        return constant
    for x in inputs:
        x = below(x)
        if type(x) in EXACT:
            n, d = constant.as_integer_ratio()  # a float is a fraction: nothing is rounded
            z = _made(x, n) if d == 1 else _made(x, n) / d
            enter(type(z))  # SymPy, for one, has a type of its own for 1/2
            return z
    return constant


def _made(x: Any, n: int) -> Any:
    """The integer n as a number of the type of x."""
    try:
        z = type(x)(n)
        if bool(z == n):
            return z
    except Exception:  # whatever the class raises: it is made in another way
        pass
    return x * 0 + n if n else x * 0


def as_float(x: Any) -> Any:
    """An exact number as a float; anything else as it is."""
    return float(x) if type(x) in EXACT else x


def fitted(g: Any, data: Any) -> Any:
    """A cotangent of a number: as exact as it is. That of a float is a float.

    >>> fitted(2, 3.0)
    2.0
    """
    if not EXACT or (type(g) not in EXACT and type(data) not in EXACT) or type(data) is float:
        return float(g)
    if type(g) in EXACT:
        return g
    if isinstance(g, int) or g == 0.0:  # of a branch that was not taken
        return number_like(int(g), data)
    return float(g)  # a float came in on the way


def format_exact(x: Any, spec: str) -> str:
    """An exact number as text: as its type formats it, or else as a float.

    >>> from fractions import Fraction
    >>> format_exact(Fraction(1, 3), ".3f")
    '0.333'
    """
    try:
        return format(x, spec)
    except (TypeError, ValueError):  # a Fraction learns this in Python 3.12
        return format(float(x), spec)


# Which ops


def answer(op: Any, data: Sequence[Any], params: dict[str, Any]) -> Any:
    """What an op gives for inputs of which some are exact numbers.

    An op of somebody else is asked as it stands: it may be made of sums and products.

    Args:
        op: the record.
        data: its inputs, raw.
        params: its params.

    Raises:
        DataError: the op has no exact answer, or Python does not mix the types.
    """
    forward = FORWARDS.get(op.name)
    if forward is None:
        if op.__module__.split(".")[0] == "micrograd":
            raise _no_answer(op, data)
        forward = op.forward
    if any(hasattr(x, "ndim") and x.ndim for x in data):
        forward, data = op.forward, _beside_arrays(op.name, data)
    try:
        z = forward(*data, **params)
    except (TypeError, AttributeError) as error:
        if isinstance(error, DataError):
            raise
        raise _mixture(op.name, data, error) from error
    if type(z) is float and op.name != "cast" and not any(isinstance(x, float) or hasattr(x, "ndim") for x in data):
        raise _no_answer(op, data)
    if type(z) not in EXACT:
        is_exact(z)  # a type that was not met before, as a quotient may have: enter it
    return z


def check_slope(name: str, product: Any, g: Any, z: Any) -> None:
    """Refuse a float that the rule of an op gave for an exact output.

    Raises:
        DataError: names the op and the repair.
    """
    if type(below(product)) is float and holds_exact(g) and holds_exact(z):
        raise DataError(
            f"{name}: the rule gave the float {below(product)!r} for an exact gradient, of type "
            f"{type(below(g)).__name__}; write the constants of the rule as integers, 3 for 3.0, or give float(x)"
        )


def check_result(name: str, args: Sequence[Any], params: dict[str, Any], z: Any) -> None:
    """Refuse a float that a composite gave for exact numbers alone.

    Its own constants are floats, as pi / 180 in deg2rad.

    Raises:
        DataError: names the function and the repair.
    """
    if type(below(z)) is not float or name == "float_power":  # that is for floats
        return
    given = [*args, *params.values()]
    while lists := [x for x in given if isinstance(x, (list, tuple))]:
        given = [x for x in given if not isinstance(x, (list, tuple))] + [x for xs in lists for x in xs]
    kinds = [type(below(x)) for x in given]
    if not EXACT.isdisjoint(kinds) and not any(kind is float or hasattr(kind, "ndim") for kind in kinds):
        raise DataError(f"{name}: its constants are floats, so it has no exact answer for exact numbers; {REPAIR}")


def _no_answer(op: Any, data: Sequence[Any]) -> DataError:
    x = next(x for x in data if type(x) in EXACT)
    why = "it is for arrays, which hold floats, and not for" if hasattr(op, "_shape") else "no exact answer for"
    return DataError(f"{op.name}: {why} {_short(x)}, of type {type(x).__name__}; {REPAIR}")


def _beside_arrays(name: str, data: Sequence[Any]) -> list[Any]:
    """Exact numbers as floats, since arrays hold floats.

    Refused where Python does not mix them.
    """
    for x in data:
        if type(x) in EXACT:
            try:
                mixed = type(x + 0.0)
            except TypeError:
                mixed = type(x)
            if mixed is not float:
                raise DataError(
                    f"{name}: {_short(x)}, of type {type(x).__name__}, meets an array, which holds floats; {REPAIR}"
                )
    return [as_float(x) for x in data]


def _mixture(name: str, data: Sequence[Any], error: Exception) -> DataError:
    given = " and ".join(f"{_short(x)} ({type(x).__name__})" for x in data)
    kind = next(type(x).__name__ for x in data if type(x) in EXACT)
    if len({type(x) for x in data}) > 1:
        return DataError(
            f"{name}: Python does not mix {given};\ngive all as {kind}, as in {kind}(y), or all as floats: float(x)"
        )
    return DataError(f"{name}: {given}: {error};\nadd the operation to the class {kind}, or give a float: float(x)")


def _short(x: Any) -> str:
    text = " ".join(repr(x).split())
    return text if len(text) <= 40 else text[:37] + "..."


# The forwards, in the type's own arithmetic


def _whole(name: str, n: Any, x: Any) -> int:
    """An exponent as an int.

    Refused where it is not whole: such a power is not exact.
    """
    if n != n or n in (math.inf, -math.inf) or n != int(n):
        raise DataError(
            f"{name}: no exact answer for {_short(x)} to the power of {_short(n)}, which is not whole; {REPAIR}"
        )
    return int(n)


def _raise_to(x: Any, *, exponent: Any) -> Any:
    n = _whole("raise_to", exponent, x)
    return x**n if n else number_like(1, x)  # 0**0 is an error in Decimal


def _power(x: Any, y: Any) -> Any:
    if type(x) is not type(y) and type(x) in EXACT and type(y) in EXACT:
        raise TypeError  # the rule multiplies the two
    n = _whole("power", y, x)
    x = number_like(x, y) if type(x) is int else x
    return x**n if n else number_like(1, x, y)


def _sign(x: Any) -> Any:
    return x if x != x else number_like((x > 0) - (x < 0), x)


def _floor(x: Any) -> Any:
    """The integer at or below, in the type of x.

    Never by way of a float: so math.floor works for a type without `__floor__`.
    """
    if hasattr(type(x), "__floor__"):
        return number_like(math.floor(x), x)
    return x // 1 if hasattr(type(x), "__floordiv__") else x - x % 1


def _ceil(x: Any) -> Any:
    return -_floor(-x)


def _trunc(x: Any) -> Any:
    return _floor(x) if x >= 0 else _ceil(x)


def _round(x: Any, *, decimals: int = 0) -> Any:
    if not hasattr(decimals, "__index__"):
        raise ArgumentError(f"round: decimals={decimals!r} is not an integer; give one, as 2")
    n = operator.index(decimals)
    scaled = x * 10**n if n >= 0 else x / 10**-n
    z = _floor(scaled)
    rest, is_odd = scaled - z, z % 2 != 0
    if 2 * rest > 1 or (2 * rest == 1 and is_odd):
        z = z + 1
    return z / 10**n if n >= 0 else z * 10**-n


def _fmod(x: Any, y: Any) -> Any:
    r = x % y  # of the sign of y, but in Decimal already of the sign of x
    return r - y if r != 0 and (r < 0) != (x < 0) else r


def _larger(x: Any, y: Any) -> Any:
    return x if x >= y or x != x else y


def _smaller(x: Any, y: Any) -> Any:
    return x if x <= y or x != x else y


def _is_infinite(x: Any) -> bool:
    return bool(x == math.inf or x == -math.inf)


FORWARDS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "negative": operator.neg,
    "positive": lambda x: x,  # not +x, which rounds a Decimal
    "stop_gradient": lambda x: x,
    "raise_to": _raise_to,
    "power": _power,
    "remainder": operator.mod,
    "floor_divide": lambda x, y: number_like(x // y, x, y),
    "fmod": _fmod,
    "absolute": abs,
    "sign": _sign,
    "floor": _floor,
    "ceil": _ceil,
    "trunc": _trunc,
    "round": _round,
    "rint": _round,
    "maximum": _larger,
    "minimum": _smaller,
    "clipped": lambda x, low, high: _smaller(_larger(x, low), high),
    "relu": lambda x: number_like(0, x) if x <= 0 else x,
    "where": lambda condition, x, y: x if condition else y,
    "equal": operator.eq,
    "not_equal": operator.ne,
    "greater": operator.gt,
    "less": operator.lt,
    "greater_equal": operator.ge,
    "less_equal": operator.le,
    "logical_and": lambda x, y: bool(x) and bool(y),
    "logical_or": lambda x, y: bool(x) or bool(y),
    "logical_xor": lambda x, y: bool(x) != bool(y),
    "logical_not": lambda x: not x,
    "isnan": lambda x: bool(x != x),
    "isinf": _is_infinite,
    "isfinite": lambda x: not (x != x or _is_infinite(x)),
    "cast": lambda x, *, dtype: _as_float(x, dtype),  # asked for in so many words
}


def _as_float(x: Any, dtype: Any) -> Any:
    return np.dtype(dtype).type(float(x))
