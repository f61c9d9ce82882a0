"""Modes change how ops run: `no_grad()`, `enable_grad()`, `ieee_gradients()`.

`quietly()`, of quiet.py, is for the derivatives themselves.

A mode is the value of a context variable. So it applies only in the thread, or the
asynchronous task, that set it. Each public one is a `Mode`: it is used in a `with`
block, or as a decorator above a function.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from typing import Any, TypeVar, overload

from micrograd.errors import ArgumentError
from micrograd.quiet import is_quiet as is_quiet
from micrograd.quiet import quiet_depth as quiet_depth
from micrograd.quiet import quietly as quietly

Function = TypeVar("Function", bound=Callable[..., Any])


class Mode:
    """A way in which ops run: in a `with` block, or in a decorated function.

    The function may also be a generator or a coroutine.

    Args:
        name: the name that the user knows, for errors.
        enter: a function that sets the mode, and returns a function that ends it.
    """

    def __init__(self, name: str, enter: Callable[[], Callable[[], None]]) -> None:
        self._name = name
        self._enter = enter
        self._leave: list[Callable[[], None]] = []

    def __enter__(self) -> None:
        self._leave.append(self._enter())

    def __exit__(self, *error: Any) -> None:
        self._leave.pop()()

    def __call__(self, function: Function) -> Function:
        """The function, which now runs in this mode.

        For a generator or a coroutine, the mode is on while its body runs.
        """
        import inspect

        if isinstance(function, type) or not callable(function):
            raise ArgumentError(
                f"{self._name}: it decorates a function, not {function!r}; "
                f"put it above a method of the class, and below @classmethod or @property"
            )
        fresh = functools.partial(Mode, self._name, self._enter)
        wrapped: Callable[..., Any]
        if inspect.isasyncgenfunction(function):
            wrapped = _async_generator_in(fresh, function)
        elif inspect.iscoroutinefunction(function):
            wrapped = _coroutine_in(fresh, function)
        elif inspect.isgeneratorfunction(function):
            wrapped = _generator_in(fresh, function)
        else:
            wrapped = _function_in(fresh, function)
        return functools.update_wrapper(wrapped, function)  # type: ignore[return-value]


def _function_in(mode: Callable[[], Mode], function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **options: Any) -> Any:
        with mode():
            return function(*args, **options)

    return wrapped


def _generator_in(mode: Callable[[], Mode], function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **options: Any) -> Any:
        return (yield from _driven(mode, function(*args, **options)))

    return wrapped


def _coroutine_in(mode: Callable[[], Mode], function: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapped(*args: Any, **options: Any) -> Any:
        return await _Awaited(mode, function(*args, **options))

    return wrapped


def _async_generator_in(mode: Callable[[], Mode], function: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapped(*args: Any, **options: Any) -> Any:
        body = function(*args, **options)
        step = body.asend(None)
        while True:
            try:
                given = await _Awaited(mode, step)
            except StopAsyncIteration:
                return
            try:
                step = body.asend((yield given))
            except GeneratorExit:
                await _Awaited(mode, body.aclose())
                raise
            except BaseException as error:
                step = body.athrow(error)

    return wrapped


def _driven(mode: Callable[[], Mode], body: Any) -> Generator[Any, Any, Any]:
    """What a generator yields.

    The mode is on while its body runs, and off between the steps.
    """
    resume, sent = body.send, None
    while True:
        with mode():
            try:
                given = resume(sent)
            except StopIteration as end:
                return end.value
        try:
            resume, sent = body.send, (yield given)
        except GeneratorExit:
            with mode():
                body.close()
            raise
        except BaseException as error:
            resume, sent = body.throw, error


class _Awaited:
    """A coroutine to await. The mode is on while its body runs."""

    def __init__(self, mode: Callable[[], Mode], coroutine: Coroutine[Any, Any, Any]) -> None:
        self._mode = mode
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        return _driven(self._mode, self._coroutine.__await__())


# The pauses that are alive in any thread. If there is none, we need not read the
# context variable.
PAUSES: set[int] = set()


class _Pause:
    """One `no_grad()`.

    It lives as long as a context holds it: a task that was started inside may outlive
    the block.
    """

    def __init__(self) -> None:
        PAUSES.add(id(self))

    def __del__(self, forget: Callable[[int], None] = PAUSES.discard) -> None:
        forget(id(self))


paused: ContextVar[_Pause | None] = ContextVar("paused", default=None)
_ieee: ContextVar[bool] = ContextVar("ieee", default=False)


def is_recording() -> bool:
    """Whether ops on Values are recorded here: not inside `no_grad()`."""
    return not PAUSES or paused.get() is None


def is_ieee() -> bool:
    """Whether gradients here are plain products, inside `ieee_gradients()`."""
    return _ieee.get()


@overload
def enable_grad(function: None = None) -> Mode: ...
@overload
def enable_grad(function: Function) -> Function: ...
def enable_grad(function: Any = None) -> Any:
    """Record the ops inside, even within `no_grad()`.

    For a `with` block, or above a function.
    """
    return _applied(Mode("enable_grad", _record), function)


@overload
def no_grad(function: None = None) -> Mode: ...
@overload
def no_grad(function: Function) -> Function: ...
def no_grad(function: Any = None) -> Any:
    """Compute the ops inside without recording them. Their results are constants.

    Other threads still record. Use it for a `with` block, or above a function:
    `@no_grad()` and `@no_grad` are the same. For a generator or a coroutine, it is on
    while the body runs, and off between the steps.

    Args:
        function: the function to decorate.

    Raises:
        ArgumentError: it stands above a class, or above something that is not a
            function.

    >>> from micrograd import Value
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.inputs
    ()
    """
    return _applied(Mode("no_grad", _pause), function)


@overload
def ieee_gradients(function: None = None) -> Mode: ...
@overload
def ieee_gradients(function: Function) -> Function: ...
def ieee_gradients(function: Any = None) -> Any:
    """Compute gradients inside as plain products: zero times infinity is nan.

    They are floating-point products, as in PyTorch and JAX. For a `with` block, or
    above a function.

    >>> from micrograd import Value
    >>> x = Value(0.0)
    >>> with ieee_gradients():
    ...     (x * x).sqrt().backward()
    >>> x.grad
    nan
    """
    return _applied(Mode("ieee_gradients", _plainly), function)


def _applied(mode: Mode, function: Any) -> Any:
    return mode if function is None else mode(function)


def _record() -> Callable[[], None]:
    return functools.partial(paused.reset, paused.set(None))


def _pause() -> Callable[[], None]:
    return functools.partial(paused.reset, paused.set(_Pause()))


def _plainly() -> Callable[[], None]:
    return functools.partial(_ieee.reset, _ieee.set(True))
