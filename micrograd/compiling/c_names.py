"""Names in exported C: those of arguments and results, and words that are taken."""

from __future__ import annotations

import re
from typing import Any

from micrograd.trees import leaves_of, mapped

# Words of C and C++ (the header serves both), macros of math.h, and names that the file
# uses itself.
RESERVED = frozenset(
    "alignas alignof and asm auto bool break case catch char class compl const continue decltype default delete do "
    "double else enum explicit export extern false float for friend goto if inline int long mutable namespace new "
    "noexcept not nullptr operator or private protected public register restrict return short signed sizeof static "
    "struct switch template this throw true try typedef typeid typename union unsigned using virtual void volatile "
    "while xor NAN INFINITY count i outputs parameters parameters_float gradients gradients_float results".split()
)
RESERVED_KINDS = re.compile(r"(FP|HUGE|M|MATH)_|(line|table)\d|kept_|d_")


def paths_of(tree: Any) -> list[str]:
    """Where the leaves of a tree stand in it.

    >>> paths_of({"a": 1.0, "b": [2.0, 3.0]})
    ["['a']", "['b'][0]", "['b'][1]"]
    """
    count = len(leaves_of(tree))
    numbered = iter(range(count))
    found = [f" {k}" for k in range(count)] if count > 1 else [""] * count
    _find_paths(mapped(lambda _: next(numbered), tree), "", found)
    return found


def _find_paths(x: Any, path: str, found: list[str]) -> None:
    if type(x) is int:
        found[x] = path
    elif type(x) in (list, tuple, dict):
        for key, part in x.items() if type(x) is dict else enumerate(x):
            _find_paths(part, f"{path}[{key!r}]", found)


def identifier(path: str, k: int, taken: set[str]) -> str:
    """A name of C for argument k, which is then taken.

    >>> identifier("layers[0]['w']", 0, set()), identifier("double", 0, set())
    ('layers_0_w', 'double_')
    """
    name = re.sub(r"\W+", "_", path).strip("_") if path.isascii() else ""
    if RESERVED_KINDS.match(name) or not name:
        name = f"arg{k}"
    while name in RESERVED or name in taken:
        name += "_"
    taken.add(name)
    return name
