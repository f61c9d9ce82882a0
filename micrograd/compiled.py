"""The modules that are compiled where there is a C compiler. `setup.py`, `plain.py` and the Makefile read this list.

>>> "micrograd.engine" in COMPILED
True
"""

from __future__ import annotations

COMPILED = ("micrograd.ops.operators", "micrograd.engine", "micrograd.op", "micrograd.arrays")
