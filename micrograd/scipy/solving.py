"""How a solver of SciPy runs: on plain numbers, with errors that say what to do."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from micrograd.errors import ArgumentError, GradientError, MicrogradError, MissingExtraError, a_kind
from micrograd.modes import is_recording, no_grad
from micrograd.scipy.flat import Flat
from micrograd.scipy.plainly import is_inside

R = TypeVar("R")


def optimizers(name: str) -> Any:
    """The module scipy.optimize, for the function of that name.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    try:
        import scipy.optimize
    except ImportError:
        raise MissingExtraError(
            f"{name}: SciPy solves it, and SciPy is not installed;\npip install 'micrograd-nd[scipy]'"
        ) from None
    return scipy.optimize


def solved(name: str, solve: Callable[[], R]) -> R:
    """What the solver returns. It works on plain numbers.

    Raises:
        GradientError: a transform around it would need the solver's own gradient.
    """
    if is_recording() and is_inside():
        raise GradientError(
            f"{name}: it runs inside grad, jvp or another transform, and SciPy's loop has no gradient;\n"
            f"call it outside, or in `with no_grad():`, where its result is a constant"
        )
    with no_grad():
        return solve()


def check_function(name: str, what: str, f: Any) -> None:
    """Refuse what is not a function."""
    if not callable(f):
        raise ArgumentError(f"{name}: the {what} is {f!r}, which is not a function; give a function of the parameters")


def as_tuple(args: Any) -> tuple[Any, ...]:
    """Arguments as SciPy reads them: what is not a tuple is the only one."""
    return args if isinstance(args, tuple) else (args,)


def callback_of(callback: Any, flat: Flat) -> Any:
    """The user's callback for SciPy, which reads from its signature what it wants."""
    if callback is None:
        return None
    if set(inspect.signature(callback).parameters) != {"intermediate_result"}:
        return lambda xk, *state: callback(flat.result(xk), *state)

    def with_result(intermediate_result: Any) -> Any:
        shown = type(intermediate_result)(intermediate_result)
        shown.x = flat.result(shown.x)
        return callback(intermediate_result=shown)

    return with_result


@contextlib.contextmanager
def knows_method(name: str, method: Any, some: str) -> Iterator[None]:
    """SciPy's error for a method that it does not have gets the name and a repair.

    Args:
        name: the solver that the user called.
        method: what was asked for.
        some: methods that there are, in words.
    """
    try:
        yield
    except ValueError as error:
        if str(error) != f"Unknown solver {method}":
            raise
        raise ArgumentError(f"{name}: there is no method {method!r}; take one of SciPy's, such as {some}") from None


@contextlib.contextmanager
def hint(name: str, params: Any) -> Iterator[None]:
    """Errors of the user's function in this block get a note with the repair."""
    try:
        with note_of_lists(name, params, "its parameters"):
            yield
    except GradientError as error:
        if not str(error).startswith(name):
            error.add_note(
                f"{name}: the function must be differentiable by its parameters; if it cannot be, "
                f"jac='2-point' takes SciPy's finite differences"
            )
        raise


@contextlib.contextmanager
def note_of_lists(name: str, given: Any, what: str) -> Iterator[None]:
    """A TypeError of the user's function gets a note that a list stays a list, so that
    `-y` fails.

    Args:
        name: the solver that the user called.
        given: where it starts.
        what: what the function calls that.
    """
    try:
        yield
    except TypeError as error:
        if isinstance(given, (list, tuple)) and not isinstance(error, MicrogradError):
            error.add_note(
                f"{name}: the function gets {what} as {a_kind(given)}, as given; "
                f"give np.array([...]) for NumPy's arithmetic"
            )
        raise
