"""What pip has installed: is there a conflict, and why is the engine not compiled?

PyPI's `micrograd` 0.1.0 has the same import name as this package. If both are installed
in one folder, each overwrites files of the other. In two folders, one hides the other.
"""

from __future__ import annotations

import os
import sys

PACKAGE = os.path.dirname(os.path.abspath(__file__))
# The first letters of the folder that pip makes beside a package.
OURS, THEIRS = "micrograd_nd-", "micrograd-"
KINDS = (".dist-info", ".egg-info")

_has_warned = False


def conflict() -> str:
    """If both packages are installed: what is wrong, and the repair.

    Otherwise an empty string.

    It looks at the names of folders, because `importlib.metadata` takes longer than the
    whole `import micrograd`.
    """
    installed_to = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    names = [name for folder in {os.path.dirname(PACKAGE), *installed_to} for name in _records(folder)]
    theirs = sorted(name for name in names if name.startswith(THEIRS))
    if not theirs or not any(name.startswith(OURS) for name in names):
        return ""
    version = theirs[0].removeprefix(THEIRS).rpartition(".")[0].partition("-")[0]
    return (
        f"micrograd {version} and micrograd-nd are both installed, and both are imported as `micrograd`: "
        f"one overwrites or hides the other;\nremove both, then install micrograd-nd again: "
        f"python -m pip uninstall --yes micrograd micrograd-nd"
    )


def warn_of_conflict() -> None:
    """Warn once, if there is a conflict."""
    global _has_warned
    if _has_warned:
        return
    _has_warned = True
    if message := conflict():
        import warnings

        # The warning names the line that imports micrograd.
        warnings.warn(message, UserWarning, stacklevel=3)


def why_plain() -> str:
    """Why the engine is not compiled, and the repair.

    >>> why_plain().startswith("because ")
    True
    """
    folder = os.path.dirname(PACKAGE)
    records = [name for name in _records(folder) if name.startswith(OURS)]
    if not records:
        return (
            "because it runs from its source, which is not compiled; "
            "`python -m pip install -e .` compiles it if there is a C compiler"
        )
    if "Root-Is-Purelib: true" in _read(os.path.join(folder, records[0], "WHEEL")):
        return (
            "because the wheel for all platforms is installed, and it does not contain a compiled engine; "
            "install again without MICROGRAD_PURE on a machine with a C compiler"
        )
    return (
        "because no C compiler worked when it was installed; get one (gcc, clang or MSVC, and Python's headers), "
        "then install again with pip's --force-reinstall --no-cache-dir"
    )


def _records(folder: str) -> list[str]:
    """The names in a folder under which pip keeps facts about micrograd packages."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    starts = (OURS, *(THEIRS + digit for digit in "0123456789"))
    return [name for name in names if name.startswith(starts) and name.endswith(KINDS)]


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""
