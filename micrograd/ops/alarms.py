"""Numbers of Python: they go through `math`, and through NumPy where `math` raises.

NumPy answers with inf or nan and a warning. It warns at the line that called it, which
is one of ours. So for numbers we take the warning from NumPy, and issue it again at the
line of the program that called the op. For arrays the warning stays at our line: to
take it would cost time in every op on an array, and `skip_file_prefixes` of Python 3.12
works only for warnings that are issued in Python.
"""

from __future__ import annotations

import operator
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError
from micrograd.modes import is_quiet
from micrograd.op import Array

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def are_numbers(*inputs: Array) -> bool:
    """Whether all are Python numbers. For these Python is quicker than NumPy.

    >>> are_numbers(1, 2.0), are_numbers(np.ones(2))
    (True, False)
    """
    return all(isinstance(x, (int, float)) for x in inputs)


def math_or_numpy(quick: Callable[..., float], ufunc: str, *inputs: float) -> float:
    """quick(*inputs), or NumPy's answer by the function of that name where that
    raises.
    """
    try:
        z = quick(*inputs)
        if type(z) is not complex:  # as (-8.0) ** 0.5 is in Python; it is nan in NumPy
            return z
    except (ValueError, OverflowError, ZeroDivisionError):
        pass
    return numpys_answer(ufunc, *inputs)


def integer_of(name: str, param: str, n: Any) -> int:
    """n as a Python int.

    Raises:
        ArgumentError: n is not an integer.
    """
    try:
        return operator.index(n)
    except TypeError:
        raise ArgumentError(f"{name}: {param}={n!r} is not an integer; give one, as 2") from None


def numpys_answer(ufunc: str, *inputs: float) -> float:
    """What NumPy's function of that name gives for numbers.

    Its warning comes too, but not while a derivative is computed.

    >>> numpys_answer("cbrt", 8.0)
    2.0
    """
    heard: list[str] = []
    wishes = np.geterr()
    if is_quiet():
        context = np.errstate(all="ignore")
    elif "call" in wishes.values():  # a handler of the user's own
        context = np.errstate()
    else:
        ours: Any = {kind: "call" if wish == "warn" else wish for kind, wish in wishes.items()}
        context = np.errstate(**ours, call=lambda kind, flag: heard.append(kind))
    with context:
        z: float = getattr(np, ufunc)(*map(float, inputs)).item()
    for kind in heard:
        warnings.warn(f"{kind} encountered in {ufunc}", RuntimeWarning, stacklevel=_users_level())
    return z


def _users_level() -> int:
    """How many frames above the caller the first frame outside this package is."""
    frame: Any = sys._getframe(1)
    level = 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame, level = frame.f_back, level + 1
    return level
