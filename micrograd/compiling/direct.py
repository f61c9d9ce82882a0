"""A call of a compiled program: through ctypes, or from C without it.

`direct.pxd` holds the same function in C.
"""

from __future__ import annotations

from typing import Any


def call(function: Any, address: int, which: int, first: int, count: int, pointers: int) -> None:
    """Run lines of a program, one after the other. Other threads run meanwhile.

    Args:
        function: the `micrograd_run` of its library.
        address: of the same function.
        which: the address of the numbers of the lines.
        first: the address of the numbers of their first pointers.
        count: how many lines.
        pointers: the address of all pointers.
    """
    function(which, first, count, pointers)
