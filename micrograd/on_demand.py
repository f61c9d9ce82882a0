"""NumPy, imported when a name of it is first used: `import micrograd` does not wait for
it, scalar programs never do.

    from micrograd import on_demand as np

Written out, as lazy_loader's stand-in for a module would take NumPy's place in
`sys.modules` before it is loaded.
"""

from __future__ import annotations

from typing import Any

from micrograd.heap import keep_freed_memory

_loaded: list[Any] = []


def __getattr__(name: str) -> Any:
    import numpy

    if not _loaded:
        _loaded.append(numpy)
        keep_freed_memory(numpy)
    found = globals()[name] = getattr(numpy, name)
    return found
