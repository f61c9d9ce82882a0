"""The compiled engine shows its source to `inspect`, `help`, and `??` in a notebook.

`inspect` finds the source only of things that are written in Python. So each compiled
module, function and class gets the attributes that `inspect` looks for. Two kinds do
not get them, because C leaves no room for attributes: operators such as
`Value.__add__`, which are slots of a C type, and properties.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ExtensionFileLoader
from types import FunctionType, ModuleType
from typing import Any

CO_VARARGS, CO_VARKEYWORDS = 0x04, 0x08  # of `inspect`, which takes 4 ms to import


class SourceShown(ExtensionFileLoader):
    """Loads an extension module, and adds the attributes that `inspect` reads."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        source = os.path.join(os.path.dirname(self.path), self.name.rpartition(".")[2] + ".py")
        if not os.path.exists(source):
            return
        module.__file__ = source
        for x in list(vars(module).values()):
            # Not modules: a look at an attribute of our stand-in for NumPy would import
            # NumPy.
            if isinstance(x, ModuleType) or getattr(x, "__module__", None) != self.name:
                continue
            if isinstance(x, type):
                _show_class(x, source)
            else:
                _show_function(x, source)


def _show_function(f: Any, source: str) -> None:
    """Give a compiled function a twin in Python as `__wrapped__`, for `inspect`.

    If the function is decorated, the compiled function inside the decorators gets the
    twin.
    """
    f = getattr(f, "__func__", f)  # a static or class method
    while hasattr(f, "__wrapped__"):
        f = f.__wrapped__
    if isinstance(f, FunctionType) or not hasattr(f, "__code__"):
        return
    # Cython's code object has the lines and the arguments, but no instructions. Running
    # it would crash.
    code, stub = f.__code__, _not_to_be_called.__code__
    code = stub.replace(
        co_filename=source,
        co_firstlineno=code.co_firstlineno,
        co_name=code.co_name,
        co_argcount=code.co_argcount,
        co_posonlyargcount=code.co_posonlyargcount,
        co_kwonlyargcount=code.co_kwonlyargcount,
        co_varnames=code.co_varnames,
        co_nlocals=len(code.co_varnames),
        co_flags=stub.co_flags | code.co_flags & (CO_VARARGS | CO_VARKEYWORDS),
    )
    twin = FunctionType(code, globals(), f.__name__, f.__defaults__)
    twin.__kwdefaults__ = f.__kwdefaults__
    twin.__annotations__ = f.__annotations__
    twin.__module__ = f.__module__
    twin.__qualname__ = f.__qualname__
    twin.__doc__ = f.__doc__
    f.__wrapped__ = twin


def _not_to_be_called() -> None:
    raise TypeError("this stands for a compiled function, to show its source; call the function itself")


def _show_class(kind: type, source: str) -> None:
    for x in list(vars(kind).values()):
        _show_function(x, source)
    kind.__signature__ = _Signature(kind, source)  # type: ignore[attr-defined]
    # Since Python 3.13 `inspect` reads the line from the class. Python sets it only in
    # classes that are written in Python.
    if sys.version_info >= (3, 13):
        with open(source, encoding="utf-8") as file:
            before, found, _ = file.read().partition(f"\nclass {kind.__name__}")
        if found:
            kind.__firstlineno__ = before.count("\n") + 2


class _Signature:
    """The signature of a compiled class, read from its source on demand.

    It cannot be read from C, which does not keep the names of arguments.
    """

    def __init__(self, kind: type, source: str) -> None:
        self.kind, self.source = kind, source

    def __get__(self, instance: Any, owner: type) -> Any:
        import inspect

        subclasses = owner.__mro__[: owner.__mro__.index(self.kind)]
        if instance is not None or any("__init__" in vars(kind) or "__new__" in vars(kind) for kind in subclasses):
            # Then `inspect` finds the subclass's own signature.
            raise AttributeError("__signature__")
        for base in self.kind.__mro__:  # each has its own source
            shown = vars(base).get("__signature__")
            if isinstance(shown, _Signature) and (method := shown._init()) is not None:
                return _signature(method, shown.source, vars(sys.modules[base.__module__]))
        return inspect.Signature()

    def _init(self) -> Any:
        """The syntax tree of the `__init__` that the class itself has; None where it
        has none.
        """
        import ast

        with open(self.source, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        (found,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == self.kind.__name__]
        methods = [node for node in found.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"]
        return methods[0] if methods else None


def _signature(method: Any, source: str, names: dict[str, Any]) -> Any:
    """The signature of a method without self, from its syntax tree.

    Its defaults may use names of the module, which are in `names`.
    """
    import __future__

    import ast
    import inspect

    made: dict[str, Any] = {}
    # Annotations stay text, as in the source file.
    flags = __future__.annotations.compiler_flag
    exec(compile(ast.Module([method], []), source, "exec", flags, True), {**names}, made)
    signature = inspect.signature(made[method.name])
    return signature.replace(parameters=list(signature.parameters.values())[1:])
