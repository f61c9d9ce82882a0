"""Which engine runs.

`MICROGRAD_PURE=1`: plain Python, though a compiled one lies beside it.

Imported before all else by `micrograd/__init__.py`. Python takes an extension module
before a source file of the same name. The finder below is asked earlier: it turns that
round, or lets the extension module show its source.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from micrograd.compiled import COMPILED

ASKED_FOR = os.environ.get("MICROGRAD_PURE", "0") not in ("", "0")


def is_compiled(module: ModuleType) -> bool:
    """Whether the module runs as C.

    Its `__file__` does not tell: that is the Python source in either case.

    >>> import os
    >>> is_compiled(os)
    False
    """
    return isinstance(getattr(module.__spec__, "loader", None), ExtensionFileLoader)


class _Finder:
    """Finds the modules that have a compiled twin."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in COMPILED:
            return None
        if ASKED_FOR:
            from importlib.util import spec_from_file_location

            return spec_from_file_location(name, os.path.join(path[0], name.rpartition(".")[2] + ".py"))
        spec = PathFinder.find_spec(name, path)
        if spec is not None and isinstance(spec.loader, ExtensionFileLoader):
            from micrograd.sources import SourceShown

            spec.loader = SourceShown(name, spec.loader.path)
        return spec


sys.meta_path.insert(0, _Finder)
