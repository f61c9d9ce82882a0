"""Bound: a compiled function as a method of one object."""

from __future__ import annotations

from types import MethodType
from typing import Any


class Bound:
    """A compiled method of an object: it is called, and asked, as a compiled function.

    Its program is the one that ran last for this object.

    >>> import micrograd
    >>> from micrograd import Value
    >>> class Line:
    ...     def __init__(self, slope):
    ...         self.w = Value(slope)
    ...
    ...     @micrograd.compile
    ...     def loss(self, x, y):
    ...         return (self.w * x - y) ** 2
    >>> line = Line(2.0)
    >>> line.loss(3.0, 5.0).data
    1.0
    >>> line.loss.program.title
    'loss(self, x, y)'
    >>> Line(1.0).loss.program
    loss: it has not run yet, so there is no program
    """

    def __init__(self, compiled: Any, instance: Any) -> None:
        self._compiled = compiled
        self.__self__ = instance
        self.__func__ = compiled
        self.__wrapped__ = MethodType(compiled.__wrapped__, instance)
        self.__name__ = getattr(compiled, "__name__", "function")
        self.__doc__ = compiled.__doc__

    def __call__(self, *args: Any, **options: Any) -> Any:
        """What the method gives."""
        return self._compiled(self.__self__, *args, **options)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bound) and self._compiled is other._compiled and self.__self__ is other.__self__

    def __hash__(self) -> int:
        return hash((id(self._compiled), id(self.__self__)))

    def __repr__(self) -> str:
        return f"<compiled {self.__wrapped__!r}>"

    def __reduce__(self) -> Any:
        """As a method is pickled and copied: with its object."""
        return getattr, (self.__self__, self.__name__)

    @property
    def _last(self) -> Any:
        return self._compiled.of(self.__self__)

    @property
    def program(self) -> Any:
        """The program that ran last: it prints itself."""
        return self._compiled._printed(self._last)

    @property
    def source(self) -> str:
        """The C of the program that ran last."""
        return "" if self._last is None else self._last.runner.source

    def explain(self, profile: bool = False) -> str:
        """What was compiled, and as what it runs; see `Compiled.explain`."""
        return self._compiled._explained(self._last, profile)  # type: ignore[no-any-return]

    def audit(self, *args: Any, **options: Any) -> None:
        """Capture again, and compare with what was captured before."""
        self._compiled.audit(self.__self__, *args, **options)

    def export_c(self, path: Any, *, gradient: bool = False, name: str | None = None) -> list[Any]:
        """Write the program as a file of C99, and a header; see `Compiled.export_c`."""
        return self._compiled._exported(self._last, path, gradient, name)  # type: ignore[no-any-return]
