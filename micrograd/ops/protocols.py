"""NumPy's own functions on a Value: `np.exp(v)`, `np.sum(v, axis=0)`, `np.linalg.inv(v)` find the op of that name.

NumPy hands a call over when an argument has `__array_ufunc__` or `__array_function__` (NEP 13, NEP 18). The
op is looked up by name, and the arguments are fitted from NumPy's signature to the op's.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from micrograd import ops
from micrograd.arrays import as_data
from micrograd.errors import OpError

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

# Operators first: on numbers a Value's own operators build the graph of the texts.
OPERATORS = {
    "add": ("__add__", "__radd__"),
    "subtract": ("__sub__", "__rsub__"),
    "multiply": ("__mul__", "__rmul__"),
    "divide": ("__truediv__", "__rtruediv__"),
    "power": ("__pow__", "__rpow__"),
    "negative": ("__neg__", ""),
}
SPELLED = {
    "true_divide": "divide",
    "float_power": "power",
    "fabs": "absolute",
    "amax": "max",
    "amin": "min",
    "around": "round",
    "bitwise_and": "logical_and",
    "bitwise_or": "logical_or",
    "invert": "logical_not",
}
HOMES = ("numpy", "numpy.linalg")


def apply_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What `ufunc(*inputs)` is when one of the inputs has an interpreter.

    Raises:
        OpError: there is no op for this ufunc, method or option.
    """
    name = SPELLED.get(ufunc.__name__, ufunc.__name__)
    asked = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
    if method != "__call__" or options:
        raise OpError(f"{asked}: there is no op for it with {[*options] or method}; take v.data for plain NumPy")
    if name not in OPERATORS:
        return _op_for(name, asked)(*inputs)
    direct, reflected = OPERATORS[name]
    x, *others = (i if hasattr(i, "_apply_op") else as_data(i, name) for i in inputs)
    return getattr(x, direct)(*others) if hasattr(x, "_apply_op") else getattr(others[0], reflected)(x)


def apply_function(function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What a function of NumPy is when one of its arguments has an interpreter.

    Raises:
        OpError: there is no op for this function or option.
    """
    name, home = function.__name__, function.__module__
    asked = f"{'np' if home == 'numpy' else home.replace('numpy', 'np', 1)}.{name}"
    if home not in HOMES:
        raise OpError(f"{asked}: there is no op for it; take v.data for plain NumPy")
    return _fitted(_op_for(SPELLED.get(name, name), asked), function, asked, args, options)


def _op_for(name: str, asked: str) -> Callable[..., Any]:
    if name in ops.__all__ and callable(getattr(ops, name)):
        return getattr(ops, name)  # type: ignore[no-any-return]
    near = difflib.get_close_matches(name, ops.__all__, 1, 0.5)
    hint = f"the nearest is micrograd.ops.{near[0]}" if near else "see micrograd.ops for what there is"
    raise OpError(f"{asked}: there is no op for it; {hint}, or take v.data for plain NumPy")


@functools.cache
def _parameters(function: Any) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(function).parameters)


def _fitted(op: Callable[..., Any], function: Any, asked: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """op called with what was meant by function(*args, **options)."""
    ours, theirs = _parameters(op), _parameters(function)
    if any(p.kind is p.VAR_POSITIONAL for p in theirs.values()):  # einsum: nothing to fit
        return op(*args, **options)
    given = dict(zip(theirs, args, strict=False)) | options
    positional = [p for p in ours.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    inputs = [given.pop(name) for name, _ in zip([*theirs], positional, strict=False) if name in given]
    unknown = [name for name, x in given.items() if name not in ours and not _says_nothing(x, theirs.get(name))]
    if unknown:
        raise OpError(f"{asked}: there is no op for it with {', '.join(unknown)}=; take v.data for plain NumPy")
    return op(*inputs, **{name: x for name, x in given.items() if name in ours and x is not np._NoValue})


def _says_nothing(x: Any, parameter: inspect.Parameter | None) -> bool:
    """Whether an option has the value that NumPy takes by default."""
    return x is None or x is np._NoValue or (parameter is not None and x is parameter.default)
