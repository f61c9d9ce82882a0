"""The tutorials of docs/tutorials, run without Sphinx: the cells of a page in their
order, in one namespace, with warnings as errors.

A cell with the tag `remove-cell` is not shown. It asserts the numbers that the page
tells. `raises-exception` marks a cell that must raise.
"""

from __future__ import annotations

import ast
import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .test_readme import leads_somewhere

FOLDER = Path(__file__).parent.parent / "docs" / "tutorials"
PAGES = sorted(FOLDER.glob("*.md"))
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n((?:---\n.*?^---\n|(?::[^\n]*\n)*))(.*?)^```$", re.MULTILINE | re.DOTALL)
LONGEST = 88  # characters of a line of code, as a page shows it
RICH = ("_repr_html_", "_repr_latex_")  # what a notebook asks of the last value of a cell
pytestmark = pytest.mark.filterwarnings("error")


class Cell(NamedTuple):
    line: int
    options: str
    code: str

    def is_tagged(self, tag: str) -> bool:
        return bool(re.search(rf"\b{tag}\b", self.options))


def cells(page: Path) -> list[Cell]:
    text = page.read_text(encoding="utf-8")
    return [Cell(text.count("\n", 0, found.start(2)) + 1, found[1], found[2]) for found in CELL.finditer(text)]


def run(cell: Cell, page: Path, namespace: dict[str, Any]) -> None:
    """Run a cell as a notebook does: its last expression is also shown."""
    tree = ast.parse("\n" * (cell.line - 1) + cell.code, page.name)
    last = tree.body[-1] if tree.body else None
    shown = ast.Expression(last.value) if isinstance(last, ast.Expr) else None
    if shown:
        tree.body.pop()
    exec(compile(tree, str(page), "exec"), namespace)
    value = eval(compile(shown, str(page), "eval"), namespace) if shown else None
    repr(value)
    for name in RICH:
        if hasattr(value, name):
            getattr(value, name)()


@pytest.fixture(name="namespace")
def fixture_namespace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, Any]]:
    module = types.ModuleType("__main__")  # where the classes of a notebook are
    monkeypatch.setitem(sys.modules, "__main__", module)
    monkeypatch.chdir(tmp_path)  # cells may write files
    yield vars(module)
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_cells_run(page: Path, namespace: dict[str, Any]) -> None:
    if "plot" in page.read_text(encoding="utf-8").split("---")[1]:
        pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    for cell in cells(page):
        if cell.is_tagged("raises-exception"):
            with pytest.raises(Exception):  # noqa: B017
                run(cell, page, namespace)
        else:
            run(cell, page, namespace)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not leads_somewhere(page, link)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_cells_can_be_read(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(cells(page)) == text.count("```{code-cell}")
    assert [line for cell in cells(page) for line in cell.code.splitlines() if len(line) > LONGEST] == []


def test_a_wrong_number_fails(tmp_path: Path, namespace: dict[str, Any]) -> None:
    page = tmp_path / "page.md"
    cell = "```{code-cell} ipython3\n:tags: [remove-cell]\n\nassert 1 + 1 == 3\n```\n"
    page.write_text("# A page\n\n```{code-cell}\nx = 2\nx\n```\n\n" + cell, encoding="utf-8")
    first, second = cells(page)
    run(first, page, namespace)
    assert (second.line, second.is_tagged("remove-cell"), first.is_tagged("remove-cell")) == (10, True, False)
    with pytest.raises(AssertionError):
        run(second, page, namespace)
