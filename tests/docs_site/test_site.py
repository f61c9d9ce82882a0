"""The site that `make docs` has built, read from its files."""

from __future__ import annotations

import importlib
import json
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest

from micrograd import Value
from tests.docs_site.reading import Page, loaded_by_script, loaded_by_style

pytestmark = pytest.mark.docs

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build" / "docs"
PAGES = sorted(SITE.rglob("*.html"))
MODULES = [
    "micrograd",
    *(f"micrograd.{room}" for room in ("nn", "optim", "train", "data", "ops", "scipy", "sklearn", "special")),
    *("micrograd.nn.losses", "micrograd.nn.init", "micrograd.optim.lr_scheduler"),
]


@cache
def page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def test_the_site_is_there() -> None:
    assert len(PAGES) > 100, "run `make docs`"


def test_nothing_is_loaded_from_the_network() -> None:
    loaded = {path: page(path).loads for path in PAGES}
    loaded |= {path: loaded_by_style(path.read_text(encoding="utf-8")) for path in SITE.rglob("*.css")}
    loaded |= {path: loaded_by_script(path.read_text(encoding="utf-8")) for path in SITE.rglob("*.js")}
    assert {str(path): found for path, found in loaded.items() if found} == {}


def test_links_lead_somewhere() -> None:
    broken = []
    for path in PAGES:
        for link in page(path).leads:
            name, _, place = link.partition("#")
            if ":" in name.split("/")[0]:  # https:, data:, mailto:
                continue
            name = unquote(name.partition("?")[0])
            target = (path.parent / name).resolve() if name else path
            is_page = target.suffix == ".html" and target.exists()
            if not target.exists() or (place and is_page and unquote(place) not in page(target).names):
                broken.append((path.relative_to(SITE).as_posix(), link))
    assert broken == []


@cache
def names_of_the_reference() -> set[str]:
    return set().union(*(page(path).names for path in (SITE / "reference").glob("*.html")))


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_on_a_page(module: str) -> None:
    names = names_of_the_reference()
    room = importlib.import_module(module)
    public = [name for name in room.__all__ if not isinstance(getattr(room, name), ModuleType)]
    assert [name for name in public if f"{module}.{name}" not in names] == []


def test_every_method_and_attribute_of_a_value_is_on_a_page() -> None:
    names = names_of_the_reference()
    public = [name for name in dir(Value) if name[0] != "_" and hasattr(Value, name)]
    assert [name for name in public if f"micrograd.Value.{name}" not in names] == []
    assert len(public) > 80
    assert {"micrograd.nn.Module.parameters", "micrograd.optim.EMA.swapped"} <= names


def test_no_mark_of_the_builder_is_left_in_the_reference() -> None:
    pages = {path.name: path.read_text(encoding="utf-8") for path in (SITE / "reference").glob("*.html")}
    assert [name for name, text in pages.items() if re.search(r"\\[_*|]|\ue000", text)] == []


def test_no_path_of_this_machine() -> None:
    places = (str(ROOT), f"{Path.home()}/")
    files = [path for path in SITE.rglob("*") if path.suffix in (".html", ".js", ".ipynb", ".inv")]
    found = [path.name for path in files if any(place in path.read_text("utf-8", "replace") for place in places)]
    assert found == []


def test_cells_have_been_executed() -> None:
    text = (SITE / "start.html").read_text(encoding="utf-8")
    assert text.count("cell_input") > 8
    assert text.count("cell_output") > 8
    assert "inner sizes 3 and 2 differ" in text  # an error that a cell shows


def test_a_solution_is_called_what_is_written_on_it() -> None:
    text = (SITE / "tutorials/000_value.html").read_text(encoding="utf-8")
    assert text.count("<summary>") == text.count("Show the solution") == 5


# The notebooks

NOTEBOOKS = sorted((SITE / "notebooks").rglob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) > 30


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert code[0].startswith("%pip install") and "micrograd-nd" in code[0]
    assert len(code) > 1
    for text in code[1:]:
        compile(text, path.name, "exec")
        assert ">>>" not in text
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert ".md)" not in prose and "{literalinclude}" not in prose
