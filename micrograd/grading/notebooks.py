"""The code cells of a notebook, without the lines that only Jupyter knows."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

# A line for Jupyter or the shell: %matplotlib inline, !pip install, ?print, print?
MAGIC = re.compile(r"^(\s*)(?:[%!?].*|[\w.]+\?\??\s*)$")
ASSIGNED = re.compile(r"^(\s*[\w, ]+=\s*)[%!].*$")  # files = !ls
OF_PYTHON = ("%%time", "%%timeit", "%%capture", "%%prun")  # what is below them in the cell is Python


def cells(path: Path) -> list[str]:
    """The code cells, in their order; a line for Jupyter alone is left empty.

    Raises:
        ValueError: the file is not a notebook.
    """
    told = json.loads(path.read_text(encoding="utf-8"))
    found = told.get("cells") if isinstance(told, dict) else None
    if not isinstance(found, list):
        raise ValueError("it has no cells; a notebook is JSON of version 4")
    try:
        return [plain("".join(x.get("source", ""))) for x in found if x.get("cell_type") == "code"]
    except (AttributeError, TypeError):
        raise ValueError("a cell has no text; save it in Jupyter again") from None


def plain(source: str) -> str:
    """A cell without the lines for Jupyter. A cell that is Python stays as it is.

    >>> plain("%matplotlib inline\\nif True:\\n    !ls\\nx = 3")
    '\\nif True:\\n    pass\\nx = 3'
    >>> plain("%%bash\\nls")
    ''
    """
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        pass
    else:
        return source
    if source.lstrip().startswith("%%") and source.split()[0] not in OF_PYTHON:
        return ""
    return "\n".join(map(_line, source.split("\n")))


def _line(line: str) -> str:
    if found := MAGIC.match(line):
        return f"{found[1]}pass" if found[1] else ""
    return ASSIGNED.sub(r"\1None", line)
