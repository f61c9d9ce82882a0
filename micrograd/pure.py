"""Pure functions: what they give follows from their arguments alone, today and later.

A formula is written once and used for ever after. So only a pure function may have one.
The functions of this package are. One of a user's is, if it reads no name that he may
assign to later. That is any global name of his, a function too: in a notebook it may be
defined anew.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from micrograd.op import Op

TRUSTED = ("micrograd", "math", "numpy", "scipy")  # nobody assigns to the names of these packages
FIXED = frozenset({float, int, bool, str, type(None)})  # what is of these types does not change
BUILTINS = frozenset("abs bool divmod enumerate float int isinstance len pow range reversed round sum type zip".split())


def is_pure(function: Any) -> bool:
    """Whether a function reads nothing but its arguments and trusted packages.

    >>> import math
    >>> here = {"k": 2.0, "math": math}  # the names of a module
    >>> is_pure(eval("lambda x: k * x", here))
    False
    >>> is_pure(eval("lambda x: math.exp(x)", here))
    True
    """
    if isinstance(function, Op):
        spelled = function.facts.c
        return isinstance(spelled, str) or is_pure(spelled)
    if _is_lasting(function):
        return True
    if not isinstance(function, FunctionType) or function.__closure__:
        return False
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return are_fixed(defaults) and all(_reads_no_state(code, function.__globals__) for code in _codes(function))


def are_fixed(objects: Any) -> bool:
    """Whether these are numbers, strings and the like, in which nothing changes.

    >>> are_fixed([1.0, "mean"]), are_fixed([[1.0]])
    (True, False)
    """
    return all(type(x) in FIXED for x in objects)


def _codes(function: FunctionType) -> Iterator[CodeType]:
    """The code of a function, and of the functions inside it."""
    pending = [function.__code__]
    while pending:
        code = pending.pop()
        pending += [x for x in code.co_consts if isinstance(x, CodeType)]
        yield code


def _reads_no_state(code: CodeType, names: dict[str, Any]) -> bool:
    from opcode import opmap  # for functions of users alone

    # Where Python raises, C goes on with inf or nan: so nothing that catches errors.
    if code.co_exceptiontable or not {opmap["IMPORT_NAME"], opmap["STORE_GLOBAL"]}.isdisjoint(code.co_code[::2]):
        return False
    for name in code.co_names:  # of attributes too
        known = _is_lasting(names[name]) if name in names else name in BUILTINS or not hasattr(builtins, name)
        if not known or name == "random":
            return False
    return True


def _is_lasting(x: Any) -> bool:
    """Whether x is a module, a class, a function or an op of a trusted package."""
    if isinstance(x, ModuleType):
        return _is_trusted(x.__name__)
    if isinstance(x, type):
        return _is_trusted(x.__module__)
    if isinstance(x, Op):
        return _is_lasting(x.forward)
    if isinstance(x, FunctionType):  # not by its __module__, which functools.wraps takes from another
        return _is_trusted(x.__globals__.get("__name__"))
    if isinstance(x, BuiltinFunctionType):  # not the method of a dictionary
        return isinstance(x.__self__, ModuleType) and _is_trusted(x.__self__.__name__)
    kind = type(x)
    return kind.__module__ == "numpy" and kind.__name__ in ("ufunc", "_ArrayFunctionDispatcher")


def _is_trusted(module: str | None) -> bool:
    names = (module or "").split(".")
    return names[0] in TRUSTED and "random" not in names
