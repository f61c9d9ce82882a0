"""What turns pages into the site: links, cells, and the files of the live page."""

from __future__ import annotations

import importlib.util
import io
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def room(path: Path) -> Any:
    """A module of docs/, which is not a package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def links() -> Any:
    return room(DOCS / "site" / "links.py")


@pytest.fixture
def cells(links: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(sys.modules, "links", links)
    return room(DOCS / "site" / "cells.py")


# Links


@pytest.mark.parametrize(
    ("docname", "folder", "text", "wanted"),
    [
        ("start", DOCS, "[a](layers.md)", "[a](layers.md)"),
        ("start", DOCS, "[a](layers.md#what)", "[a](layers.md#what)"),
        ("start", DOCS, "[a](../README.md)", "[a](index.md)"),
        ("start", DOCS, "[a](../CHANGELOG.md#added)", "[a](pages/changelog.md#added)"),
        ("pages/changelog", ROOT, "[a](docs/explain.md)", "[a](../explain.md)"),
        ("reference/nn", DOCS / "reference", "[a](../layers.md)", "[a](../layers.md)"),
        ("start", DOCS, "[`a`](../micrograd/op.py)", "[`a`](source:micrograd/op.py)"),
        ("reference/nn", DOCS / "reference", "[a](../../setup.py)", "[a](source:setup.py)"),
        ("start", DOCS, "[a](https://example.org/x.md) [b](#here)", "[a](https://example.org/x.md) [b](#here)"),
        ("start", DOCS, "![a](graph.svg)", "![a](graph.svg)"),
        ("start", DOCS, "```\n[a](../setup.py)\n```\n", "```\n[a](../setup.py)\n```\n"),
    ],
)
def test_links(links: Any, docname: str, folder: Path, text: str, wanted: str) -> None:
    linked: set[str] = set()
    assert links.rewritten(text, docname, folder, linked) == wanted
    assert len(linked) == wanted.count("source:")


def test_every_page_that_stands_for_a_file_is_there(links: Any) -> None:
    for page, file in links.STANDS_FOR.items():
        assert (DOCS / f"{page}.md").is_file()
        assert (ROOT / file).is_file()


# Cells

PAGE = """\
# A title

```python
>>> x = 1
>>> if x:
...     x = 2
>>> x  # doctest: +ELLIPSIS
2
>>> y = 3

```

```python
not an example
```

```python
>>> 1 / 0
Traceback (most recent call last):
ZeroDivisionError: division by zero

```
"""
CELLS = """\
# A title

```{code-cell}
x = 1
if x:
    x = 2
x
```

```{code-cell}
y = 3
```

```python
not an example
```

```{code-cell}
:tags: [raises-exception]

1 / 0
```
"""


def test_examples_become_cells(cells: Any) -> None:
    assert cells.as_notebook(PAGE) == cells.KERNEL + CELLS


def test_a_notebook_lacks_what_is_for_the_tests_and_folds_solutions(
    cells: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("myst_nb", reason="the extra `docs` is not installed")
    monkeypatch.setitem(sys.modules, "cells", cells)
    page = tmp_path / "page.md"
    tagged = ("x = 1", ""), ("assert x == 1", ":tags: [remove-cell]\n\n"), ("x + 1", ":tags: [hide-cell]\n\n")
    text = "\n\n".join(f"```{{code-cell}}\n{tag}{code}\n```" for code, tag in tagged)
    page.write_text(f"{cells.KERNEL}\n# A page\n\n{text}\n", encoding="utf-8")
    made = room(DOCS / "make_notebooks.py").notebook(page)
    assert [cell.source for cell in made.cells] == ["%pip install --quiet micrograd-nd", "# A page", "x = 1", "x + 1"]
    assert [bool(cell.metadata.get("jupyter")) for cell in made.cells] == [False, False, False, True]


@pytest.mark.parametrize(
    ("head", "code", "wanted"),
    [
        ("", "micrograd.draw_dot(v)", '"micrograd-nd[draw]"'),
        ("", "import micrograd.scipy; plot_loss([])", '"micrograd-nd[plot,scipy]"'),
        ("extras: dask", "v.load_state_dict({})", '"micrograd-nd[dask]"'),
    ],
)
def test_a_notebook_installs_what_its_code_needs(
    cells: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, head: str, code: str, wanted: str
) -> None:
    pytest.importorskip("myst_nb", reason="the extra `docs` is not installed")
    monkeypatch.setitem(sys.modules, "cells", cells)
    page = tmp_path / "page.md"
    kernel = cells.KERNEL.replace("---\nfile", f"---\n{head}\nfile" if head else "---\nfile")
    page.write_text(f"{kernel}\n# A page\n\n```{{code-cell}}\n{code}\n```\n", encoding="utf-8")
    first = room(DOCS / "make_notebooks.py").notebook(page).cells[0]
    assert first.source == f"%pip install --quiet {wanted}"


def test_what_can_be_taken_away(cells: Any) -> None:
    tutorial = cells.KERNEL + CELLS
    assert cells.is_taken("start", PAGE)
    assert cells.is_taken("tutorials/000", tutorial)
    assert not cells.is_taken("index", PAGE)
    assert not cells.is_taken("start", "# A title\n")
    assert (cells.is_tutorial(tutorial), cells.is_tutorial(PAGE)) == (True, False)


# The live page


def packed(path: Path, version: str, make_site: Any) -> Path:
    files = {"package.json": json.dumps({"name": "pyodide", "version": version}), "README.md": "not needed"}
    files |= {name: name for name in make_site.NEEDED}
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def test_pyodides_package_is_unpacked(tmp_path: Path) -> None:
    make_site = room(DOCS / "make_site.py")
    make_site.pyodide(tmp_path / "site", packed(tmp_path / "x.tgz", make_site.PYODIDE, make_site))
    assert {path.name for path in (tmp_path / "site").iterdir()} == set(make_site.NEEDED)
    with pytest.raises(SystemExit, match=r"x\.tgz is pyodide 0\.1; give npm's package pyodide 314\.0\.7"):
        make_site.pyodide(tmp_path / "other", packed(tmp_path / "x.tgz", "0.1", make_site))


@pytest.mark.parametrize("has_page", [True, False])
def test_the_docs_lead_to_the_live_page_only_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_page: bool
) -> None:
    make_site = room(DOCS / "make_site.py")
    monkeypatch.setattr(make_site, "BUILD", tmp_path)
    (tmp_path / "docs").mkdir()
    for name in ("index.html", "play.html", "start.html"):
        (tmp_path / "docs" / name).write_text("<h1>A title</h1>\n", encoding="utf-8")
    make_site.docs(tmp_path / "site" / "docs", has_page)
    leads = {path.name for path in (tmp_path / "site" / "docs").iterdir() if '"../index.html"' in path.read_text()}
    assert leads == ({"index.html", "play.html"} if has_page else set())
