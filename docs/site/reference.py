"""The pages of the reference: every public name of a module, from its docstring.

A line

    ```{public} micrograd.nn

stands for the names of `micrograd.nn.__all__`, in order of the alphabet. Docstrings are
plain text with `code` between single marks, in Google's sections. What would mean
something else to reStructuredText is escaped before napoleon reads it.
"""

from __future__ import annotations

import importlib
import inspect
import re
from types import ModuleType
from typing import Any

from links import ROOT, linked, source_page

PUBLIC = re.compile(r"^```\{public\} (\S+)\n```$", re.MULTILINE)
COLON = "\ue000"  # stands for a colon; no docstring has it
CODE = re.compile(r"(`[^`]*`)")
SPECIAL = re.compile(r"([*|_\\])")


def public_names(module: str) -> list[str]:
    """What a page has to show of a module."""
    room = importlib.import_module(module)
    names = getattr(room, "__all__", None) or [
        name for name, thing in vars(room).items() if getattr(thing, "__module__", "") == module and name[0] != "_"
    ]
    return sorted(name for name in names if not isinstance(getattr(room, name), ModuleType))


def entries(module: str) -> str:
    """The names of a module as the directives that show them."""
    room, lines = importlib.import_module(module), []
    for name in public_names(module):
        thing = getattr(room, name)
        kind = "autoclass" if inspect.isclass(thing) else "autofunction" if callable(thing) else "py:data"
        lines.append(f".. {kind}:: {module}.{name}")
        if kind == "autoclass":
            lines += ["   :members:", "   :special-members: __call__"]
        lines.append("")
    return "\n".join(lines)


def read(app: Any, docname: str, source: list[str]) -> None:
    for module in PUBLIC.findall(source[0]):
        things = [getattr(importlib.import_module(module), name) for name in public_names(module)]
        things += [getattr(thing, name, None) for thing in things if inspect.isclass(thing) for name in dir(thing)]
        linked(app.env).update(file for file in map(file_of, things) if file)
    source[0] = PUBLIC.sub(lambda found: f"```{{eval-rst}}\n{entries(found[1])}\n```", source[0])


def escape(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Docstrings as reStructuredText that says the same."""
    if what in ("property", "attribute"):  # where napoleon takes what stands before a colon for a type
        lines[:] = [line.replace(":", COLON) for line in lines]
    paragraphs = "\n".join(lines).split("\n\n")
    lines[:] = "\n\n".join(p if p.lstrip().startswith(">>>") else escaped(p) for p in paragraphs).split("\n")


def escaped(paragraph: str) -> str:
    parts = CODE.split(paragraph)
    return "".join(f"`{part}`" if part[:1] == "`" else SPECIAL.sub(r"\\\1", part) for part in parts)


def restore(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """The colons that were hidden from napoleon."""
    lines[:] = [line.replace(COLON, ":") for line in lines]


def place(domain: str, info: dict[str, str]) -> str | None:
    """The line of the source page where a name is defined."""
    if not info["module"]:
        return None
    thing: Any = importlib.import_module(info["module"])
    for part in info["fullname"].split("."):
        thing = getattr(thing, part, None)
    file = file_of(thing)
    return f"../{source_page(file)}.html#line-{inspect.getsourcelines(inspect.unwrap(thing))[1]}" if file else None


def file_of(thing: Any) -> str | None:
    """The file of the repository where something is defined, if it is in one."""
    try:
        file = inspect.getsourcefile(inspect.unwrap(thing)) or ""
    except TypeError:
        return None
    return file.removeprefix(f"{ROOT}/") if file.startswith(f"{ROOT}/") else None


def setup(app: Any) -> dict[str, bool]:
    app.connect("source-read", read)
    app.connect("autodoc-process-docstring", escape, priority=100)
    app.connect("autodoc-process-docstring", restore, priority=900)
    app.setup_extension("sphinx.ext.linkcode")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
