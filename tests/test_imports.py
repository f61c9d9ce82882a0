"""Who imports whom: the rule of DESIGN.md, section 2, read from the sources; and what
an import may load.
"""

from __future__ import annotations

import ast
import graphlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from micrograd import ops

PACKAGE = Path(__file__).parents[1] / "micrograd"

# A room may import the rooms of the lines above its own, and those that SIDEWAYS names.
LEVELS = [
    {"heap"},
    {
        "captures",
        "deferred",
        "errors",
        "levels",
        "on_demand",
        "memory",
        "installed",
        "sources",
        "walks",
        "compiled",
        "unchecked",
        "notebook",
    },
    {"plain", "exact", "integers", "quiet"},
    {"trees", "modes", "interpreter", "table", "facts"},
    {"unknown", "alignment"},
    {"chain"},
    {"record"},
    {"op", "copies", "cycles"},
    {"arrays", "asked"},
    {"ops", "anomaly", "doubles", "pure"},
    {"cotangents", "formula", "numpy", "special", "folding"},
    {"node", "spelling", "leaves", "batched", "reading"},
    {"fields"},
    {"gradients", "gathering", "operands", "stale", "argnums", "batch"},
    {"floats", "walking"},
    {"dual", "abstract"},
    {"engine"},
    {"traced"},
    {"reverse"},
    {"tracing", "sparsity"},
    {"transforms", "symbol", "expressions", "compiling", "check", "see", "draw", "nn", "optim"},
    {"plots", "exporting", "grading"},
    {"train", "texts", "scipy", "cells", "sandboxed"},
    {"playing"},
    {"sklearn", "cli", "demo"},
    {"micrograd", "__main__"},  # the surface
]
SIDEWAYS = {
    "see": {"symbol"},
    "draw": {"see"},
    "check": {"transforms"},
    "cli": {"demo"},
    "__main__": {"micrograd"},
}
ALONE = {"data": {"errors", "on_demand", "integers"}}  # no room of ours that computes: it serves whoever trains
SERVED_BY_DATA = {"train", "sklearn", "cli", "demo", "micrograd"}

STANDS_FOR = {"numpy": {"numpy"}, "sklearn": {"sklearn"}}  # rooms that may load a library: whoever imports them has it

SOURCES = sorted(PACKAGE.rglob("*.py"))
ROOMS = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in SOURCES} - {"__init__"}


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "micrograd" if first == "__init__" else first


def allowed(room: str) -> set[str]:
    if room in ALONE:
        return ALONE[room] | {room}
    (level,) = [i for i, rooms in enumerate(LEVELS) if room in rooms]
    below = set().union(*LEVELS[:level])
    return below | {room} | SIDEWAYS.get(room, set()) | ({"data"} if room in SERVED_BY_DATA else set())


def imported(tree: ast.AST, package: str) -> Iterator[str]:
    """Full names of everything that a source imports, wherever in it the import
    stands.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from (f"{module}.{alias.name}" for alias in node.names)


def rooms_imported(source: str, package: str = "micrograd", rooms: set[str] = ROOMS) -> set[str]:
    names = [name.split(".") for name in imported(ast.parse(source), package)]
    ours = [name for name in names if name[0] == "micrograd"]
    return {name[1] if len(name) > 1 and name[1] in rooms else "micrograd" for name in ours}


def test_every_room_has_its_place():
    placed = set().union(*LEVELS) | set(ALONE)
    assert placed >= ROOMS, "a new room: say in LEVELS where it stands"


def rows(text: str, heading: str) -> list[str]:
    """The rooms of a table of CONTRIBUTING.md, in its order."""
    table = text.partition(f"| {heading} | what it holds |\n|---|---|\n")[2].partition("\n\n")[0]
    return [re.match(r"\| `(\w+)(?:\.py|/)` \| \S", row).group(1) for row in table.splitlines()]


def test_the_map_has_every_room_in_the_order_of_imports():
    listed = rows((PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8"), "room")
    assert sorted(listed) == sorted(ROOMS - {"__main__"})
    place = {room: i for i, rooms in enumerate(LEVELS) for room in rooms}
    order = [place[room] for room in listed if room not in ALONE]
    assert order == sorted(order)


def test_the_map_of_ops_has_every_room_that_is_no_family():
    listed = rows((PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8"), "room of `ops/`")
    families = {family.__name__.rpartition(".")[2] for family in ops.FAMILIES}
    paths = {path.stem: path for path in (PACKAGE / "ops").glob("[a-z]*.py")}
    assert sorted(listed) == sorted(paths.keys() - families)
    for i, room in enumerate(listed):
        below = families_imported(paths[room].read_text(encoding="utf-8"), set(paths))
        assert not below & set(listed[i + 1 :]), f"{room} imports a room that stands below it"


def test_the_map_of_compiling_has_every_room():
    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("| room of `compiling/` | what it holds |\n|---|---|\n")[2].partition("\n\n")[0]
    listed = re.findall(r"`(\w+)\.py`", table)
    assert sorted(listed) == sorted(path.stem for path in (PACKAGE / "compiling").glob("[a-z]*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_upward_import(path):
    package = ".".join(("micrograd", *path.relative_to(PACKAGE).parts[:-1]))
    room = room_of(path)
    assert rooms_imported(path.read_text(encoding="utf-8"), package) - allowed(room) == set()


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("errors", "from micrograd.op import Op"),
        ("op", "import micrograd.engine"),
        ("ops", "def f():\n    from micrograd.engine import Value"),
        ("ops", "from .engine import Value"),
        ("engine", "from micrograd import Value"),
        ("engine", "from micrograd import nn"),
        ("dual", "from micrograd.check import gradcheck"),
        ("nn", "from micrograd import optim"),
        ("see", "from micrograd.draw import draw_dot"),
        ("data", "from micrograd.engine import Value"),
        ("engine", "from micrograd.data import make_moons"),
        ("train", "if TYPE_CHECKING:\n    from micrograd.cli import main"),
    ],
)
def test_the_reader_of_imports_rejects(room, source):
    assert rooms_imported(source, rooms=set().union(*LEVELS, ALONE)) - allowed(room)


def families_imported(source: str, families: set[str]) -> set[str]:
    """Rooms of micrograd/ops that a source imports, at its top or within a function."""
    names = [name.split(".") for name in imported(ast.parse(source), "micrograd.ops")]
    return families & {room for name in names if name[:2] == ["micrograd", "ops"] for room in name[2:3]}


def test_the_families_of_ops_import_in_one_direction():
    paths = {path.stem: path for path in (PACKAGE / "ops").glob("*.py") if path.stem != "__init__"}
    graph = {room: families_imported(path.read_text(encoding="utf-8"), set(paths)) for room, path in paths.items()}
    assert "axes" in graph["shapes"]
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize(
    "source",
    [
        "from micrograd.ops.shapes import reshape",
        "from micrograd.ops import shapes",
        "def f():\n    from micrograd.ops.shapes import reshape",
    ],
)
def test_the_reader_of_families_sees_a_circle(source):
    graph = {"axes": families_imported(source, {"axes", "shapes"}), "shapes": {"axes"}}
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(graph).prepare()


def loaded_at_once(tree: ast.Module) -> set[str]:
    """Top names that importing the module itself loads: not those in functions, nor for
    type checkers.
    """
    later = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, later) or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            node.body = []
    return {name.split(".")[0] for name in imported(tree, "micrograd")}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_third_parties_are_loaded_on_use(path):
    loaded = loaded_at_once(ast.parse(path.read_text(encoding="utf-8")))
    assert (
        loaded - set(sys.stdlib_module_names) - {"micrograd", "lazy_loader"} - STANDS_FOR.get(room_of(path), set())
        == set()
    )


def test_the_reader_of_third_parties_rejects():
    source = "import math\nif TYPE_CHECKING:\n    import tqdm\nelse:\n    import numpy\ndef f():\n    import jax"
    assert loaded_at_once(ast.parse(source)) == {"math", "numpy"}
