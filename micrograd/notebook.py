"""What a notebook shows for a Value that is the last expression of a cell.

`cells.py` makes it, with the pictures of `draw.py`. These rooms stand above the engine,
so they are loaded when a notebook asks, and not before. A terminal asks for nothing:
there a Value is the text of its `repr`.
"""

from __future__ import annotations

import importlib
from typing import Any


def add_methods(kind: type[Any]) -> None:
    """Give a class the methods that notebooks call."""
    kind._repr_svg_ = _repr_svg_
    kind._repr_html_ = _repr_html_


def _repr_svg_(self: Any) -> str | None:
    """The picture for a notebook; None where there is none."""
    return _cells().svg_of(self)  # type: ignore[no-any-return]


def _repr_html_(self: Any) -> str | None:
    """The text for a notebook where there is no picture; None where there is one."""
    return _cells().html_of(self)  # type: ignore[no-any-return]


def _cells() -> Any:
    return importlib.import_module("micrograd.cells")
