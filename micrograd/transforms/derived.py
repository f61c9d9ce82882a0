"""What a transform returns: a function made of a function."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from types import FunctionType, MethodType
from typing import Any, Generic, ParamSpec, TypeVar

from micrograd.errors import ArgumentError
from micrograd.leaves import described

P = ParamSpec("P")  # all arguments of f
R = TypeVar("R")  # what f returns


class Derived(Generic[P, R]):
    """A function made of f. It can be pickled where f can, which a closure cannot."""

    def __init__(self, name: str, run: Callable[..., Any], f: Callable[..., Any], *settings: Any) -> None:
        check_function(name, f, "(lambda x: x * x)(3.0)")
        fields = self.__dict__  # as functools.update_wrapper fills it, in less time
        fields.update(getattr(f, "__dict__", ()))  # first, as f may be one of these, with fields of the same names
        for field in functools.WRAPPER_ASSIGNMENTS:
            if hasattr(f, field):
                fields[field] = getattr(f, field)
        fields["__wrapped__"] = f
        self.name = name
        self.run = run
        self.f = f
        self.settings = settings

    def __call__(self, *args: P.args, **options: P.kwargs) -> R:
        return self.run(self.f, *self.settings, args, options)  # type: ignore[no-any-return]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)  # a method, where it stands in a class

    def __repr__(self) -> str:
        return f"<{self.name} of {getattr(self.f, '__qualname__', self.f)!s}>"


def check_function(name: str, f: Any, call: str) -> None:
    """Refuse what is not a function, such as f(x) in the place of f.

    Args:
        name: the transform, for the error.
        f: what was given as a function.
        call: how a call goes on after the transform's name, for the error.

    >>> check_function("grad", 3.0, "(np.sin)(3.0)")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    micrograd.errors.ArgumentError: grad: 3.0 is not a function; give one, as in ...
    """
    if not callable(f):
        raise ArgumentError(f"{name}: {f!r} is not a function; give one, as in {name}{call}")


def check_takes(name: str, what: str, f: Callable[..., Any], given: Sequence[str]) -> None:
    """Refuse a function of the user's that cannot be called with these arguments.

    Args:
        name: the transform, for the error.
        what: what the function is called there.
        f: the function.
        given: names for the arguments that it will get.

    >>> check_takes("scan", "f", lambda carry: carry, ("carry", "x"))
    Traceback (most recent call last):
    micrograd.errors.ArgumentError: scan: f takes (carry), and is called as f(carry, x)
    """
    code = f.__code__ if type(f) is FunctionType else None  # that of a method counts self
    if code is not None and code.co_argcount == len(given) and not code.co_kwonlyargcount:
        return  # by far the most; a signature takes 10 us
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):  # a function written in C
        return
    try:
        signature.bind(*given)
    except TypeError:
        taken = _untyped(signature)
        raise ArgumentError(f"{name}: {what} takes {taken}, and is called as {what}({', '.join(given)})") from None


def _untyped(signature: inspect.Signature) -> inspect.Signature:
    """Names and defaults alone, which are read more quickly."""
    names = [x.replace(annotation=x.empty) for x in signature.parameters.values()]
    return signature.replace(parameters=names, return_annotation=signature.empty)


def split_aux(name: str, out: Any) -> tuple[Any, Any]:
    """What a function with has_aux returned: its output and the auxiliary data.

    Args:
        name: the transform, for the error.
        out: what the function returned.

    Raises:
        ArgumentError: it is not a pair.

    >>> split_aux("grad", (2.0, "note"))
    (2.0, 'note')
    """
    if not isinstance(out, tuple) or len(out) != 2:
        raise ArgumentError(f"{name}: with has_aux, f returns a pair (output, aux); it returned {described(out)}")
    return out
