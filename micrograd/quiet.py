"""Derivatives are computed without NumPy's warnings: an infinite slope is an answer,
not a mistake.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar, Token, copy_context
from typing import Any

from micrograd import on_demand as np

# A depth, because the ops in a rule may have derivatives, too.
_depth: ContextVar[int] = ContextVar("quiet", default=0)


class quietly:  # noqa: N801 - it is used like a function
    """Compute derivatives inside without NumPy's warnings."""

    __slots__ = ("_before", "_numpy", "_token")

    def __enter__(self) -> None:
        self._token: Token[int] = _depth.set(_depth.get() + 1)
        self._before: Any = None
        self._numpy: Any = None
        if "numpy" in sys.modules:
            variable = _settings[0] or _find_settings()
            if variable is not None:
                self._before = variable.set(_settings[1])
            else:
                self._numpy = np.errstate(all="ignore")
                self._numpy.__enter__()

    def __exit__(self, *error: Any) -> None:
        if self._before is not None:
            _settings[0].reset(self._before)
        elif self._numpy is not None:
            self._numpy.__exit__(*error)
        _depth.reset(self._token)


def is_quiet() -> bool:
    """Whether a derivative is being computed here, inside `quietly()`."""
    return _depth.get() > 0


def quiet_depth() -> int:
    """How many derivatives are being computed here, one inside the other."""
    return _depth.get()


# NumPy's context variable for its warnings, and the value of it that ignores all.
# Forward mode sets it for each op: `np.errstate` would take longer than many ops.
_settings: list[Any] = [None, None]


def _find_settings() -> Any:
    """NumPy's context variable: the one that `np.errstate` changes.

    None if it changes none, as before NumPy 2.
    """
    before = copy_context()
    with np.errstate(all="ignore"):
        inside = copy_context()
    changed = [variable for variable in inside if inside[variable] is not before.get(variable)]
    if len(changed) != 1:
        return None
    _settings[1] = inside[changed[0]]
    _settings[0] = changed[0]  # last, as another thread may read it
    return _settings[0]
