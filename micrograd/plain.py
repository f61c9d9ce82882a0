"""Which engine runs. `MICROGRAD_PURE=1`: plain Python, though a compiled one lies beside it.

Imported before all else by `micrograd/__init__.py`. Python takes an extension module before a source file of the same
name; a finder that is asked earlier turns that round for the modules in question.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec
from typing import Any

COMPILED = ("micrograd.ops.operators", "micrograd.engine", "micrograd.op", "micrograd.arrays")  # as in setup.py


class _SourceFirst:
    """Finds the source files of the modules that have a compiled twin."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in COMPILED:
            return None
        from importlib.util import spec_from_file_location

        return spec_from_file_location(name, os.path.join(path[0], name.rpartition(".")[2] + ".py"))


ASKED_FOR = os.environ.get("MICROGRAD_PURE", "0") not in ("", "0")
if ASKED_FOR:
    sys.meta_path.insert(0, _SourceFirst)
