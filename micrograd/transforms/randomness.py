"""Functions that draw random numbers, which `vmap` refuses: all examples would get the
same ones.

That a function draws is seen by the state of NumPy's generator. To read it takes 40 us,
so it is done when the function runs for the first time.
"""

from __future__ import annotations

import contextlib
import sys
import weakref
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import DataError
from micrograd.transforms.derived import Derived

_draw_nothing: weakref.WeakSet[Any] = weakref.WeakSet()


def state_to_watch(f: Any) -> Any:
    """The state of NumPy's global generator before f runs; None where f is known to
    draw nothing, or nobody uses the generator.
    """
    return _state() if _is_new(f) else None


def refuse_draws(f: Any, before: Any) -> None:
    """Refuse a function that has drawn random numbers.

    Args:
        f: the function, which has run.
        before: the state before it ran.

    Raises:
        DataError: the state is another one now.
    """
    if before != _state():
        raise DataError(
            "np.random: a function inside vmap drew random numbers, and all examples would get the same ones;\n"
            "draw one set per example outside, as with shape (n, ...), and map over it"
        )
    with contextlib.suppress(TypeError):
        _draw_nothing.add(_own(f))


def _is_new(f: Any) -> bool:
    own = _own(f)
    if type(own) in (np.ufunc, type(np.dot)):  # NumPy's own functions: those that draw are of other types
        return False
    try:
        return own not in _draw_nothing and not str(getattr(f, "__module__", "")).startswith("micrograd.")
    except TypeError:  # it cannot be referred to weakly
        return True


def _own(f: Any) -> Any:
    """The program of the user's function that a transform was made of: all functions
    that one lambda makes have the same.
    """
    while isinstance(f, Derived):
        f = f.f
    return getattr(f, "__code__", f)


def _state() -> Any:
    """What changes when NumPy's global generator draws; None where nobody uses it.

    A generator of the user's own, such as `np.random.default_rng()`, cannot be seen.
    """
    if "numpy.random" not in sys.modules:
        return None
    generator: Any = np.random
    state = generator.get_bit_generator().state
    inner = state["state"]
    return (inner["pos"], int(inner["key"][0])) if "pos" in inner else str(state)
