"""The pages of the reference: every public name of a module, from its docstring.

A line

    ```{public} micrograd.nn

stands for the names of `micrograd.nn.__all__`: Value first, then by the alphabet. A
class says which public classes it has methods of. Docstrings are plain text with `code`
between single marks, in Google's sections. What would mean something else to
reStructuredText is escaped before napoleon reads it.
"""

from __future__ import annotations

import importlib
import inspect
import re
from types import ModuleType
from typing import Any

from links import DOCS, ROOT, linked, source_page

PUBLIC = re.compile(r"^```\{public\} (\S+)\n```$", re.MULTILINE)
COLON = "\ue000"  # stands for a colon; no docstring has it
PLAIN = re.compile(r"(`[^`]*`|^ +\w+(?:, \w+)*: )", re.MULTILINE)  # code, and the name of an argument or attribute
SPECIAL = re.compile(r"([*|_\\])")
# Classes whose users call methods of an inner base, which has no entry of its own.
WITH_INNER_BASES = {"Value", "EMA", "SWA", "MLPClassifier", "MLPRegressor"}


def public_names(module: str) -> list[str]:
    """What a page has to show of a module."""
    room = importlib.import_module(module)
    names = getattr(room, "__all__", None) or [
        name for name, thing in vars(room).items() if getattr(thing, "__module__", "") == module and name[0] != "_"
    ]
    names = [name for name in names if not isinstance(getattr(room, name), ModuleType)]
    return sorted(names, key=lambda name: (name != "Value", name))


def public_classes() -> dict[type, str]:
    """Each class that has an entry, and the name that the entry has."""
    pages = "".join(path.read_text(encoding="utf-8") for path in sorted((DOCS / "reference").glob("*.md")))
    places = [(module, name) for module in PUBLIC.findall(pages) for name in public_names(module)]
    things = {f"{module}.{name}": getattr(importlib.import_module(module), name) for module, name in places}
    return {thing: name for name, thing in things.items() if inspect.isclass(thing)}


def members(thing: type, public: dict[type, str]) -> list[str]:
    """The documented names of a class and of our bases without an entry. What its own
    docstring lists is shown with that.
    """
    own = re.findall(r"^ +(\w+): ", (thing.__doc__ or "").partition("Attributes:")[2], re.MULTILINE)
    names = [name for name in dir(thing) if name[0] != "_" and hasattr(thing, name) and name not in own]
    homes = {name: next(kind for kind in thing.__mro__ if name in vars(kind)) for name in names}
    inner = [name for name, home in homes.items() if home is thing or home not in public]
    return [name for name in inner if is_ours(homes[name], getattr(thing, name))]


def is_ours(home: type, member: Any) -> bool:
    """Whether a member is documented by us: scikit-learn adds methods of its own."""
    modules = (home.__module__, getattr(member, "__module__", None) or "micrograd.")
    return bool(inspect.getdoc(member)) and all(module.startswith("micrograd.") for module in modules)


def entries(module: str) -> str:
    """The names of a module as the directives that show them."""
    room, public, lines = importlib.import_module(module), public_classes(), []
    for name in public_names(module):
        thing = getattr(room, name)
        kind = "autoclass" if inspect.isclass(thing) else "autofunction" if callable(thing) else "py:data"
        lines.append(f".. {kind}:: {module}.{name}")
        if kind == "autoclass":
            bases = [public[base] for base in thing.__mro__[1:] if base in public]
            also = f"It also has what {' and '.join(f':py:class:`{base}`' for base in bases)} has." if bases else ""
            shown = ", ".join(members(thing, public)) if name in WITH_INNER_BASES else ""
            lines += [f"   :members: {shown}", "   :special-members: __call__", "", f"   {also}"]
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
    parts = PLAIN.split(paragraph)
    parts[::2] = [SPECIAL.sub(r"\\\1", part) for part in parts[::2]]
    return "".join(f"`{part}`" if part[:1] == "`" else part for part in parts)


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
