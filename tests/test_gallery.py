"""docs/gallery.md is what its script writes; its pictures are there, whole, and show
the graphs of the page. How a picture looks depends on the versions of Graphviz and
Matplotlib, so that is not compared.
"""

from __future__ import annotations

import ast
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.test_docs import DOCS, script

PICTURES = DOCS / "gallery"
SVG = "{http://www.w3.org/2000/svg}"
LARGEST, ALL = 60_000, 1_000_000  # bytes


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The page as the script writes it now, and the folder of its pictures."""
    folder = tmp_path_factory.mktemp("gallery")
    return script("make_gallery").write(folder), folder


def shown() -> list[tuple[str, str]]:
    """The pictures of the page: the text in their place, and the file."""
    return re.findall(r"!\[(.*)\]\(gallery/(.*)\)", (DOCS / "gallery.md").read_text(encoding="utf-8"))


def drawn(path: Path) -> list[tuple[Any, ...]]:
    """The nodes, edges and notes of a picture by Graphviz: name, texts, colours."""
    groups = []
    for group in ET.parse(path).iter(f"{SVG}g"):
        kind = group.get("class", "")
        name = "" if kind == "graph" else group.findtext(f"{SVG}title")  # the graph has no name of its own
        texts = [text.text for text in group.findall(f"{SVG}text")]
        groups.append((kind, name, texts, sorted({child.get("fill", "") for child in group})))
    return sorted(groups)


def test_the_page_is_what_the_script_writes(made: tuple[str, Path]) -> None:
    assert made[0] == (DOCS / "gallery.md").read_text(encoding="utf-8"), "run `python docs/make_gallery.py`"


def test_the_script_writes_the_same_bytes_twice(made: tuple[str, Path], tmp_path: Path) -> None:
    page, folder = made
    assert script("make_gallery").write(tmp_path) == page
    pictures = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == pictures


def test_every_picture_is_there_and_none_is_unused(made: tuple[str, Path]) -> None:
    names = [name for _, name in shown()]
    assert len(names) == len(set(names)) > 15
    assert sorted(names) == sorted(path.name for path in PICTURES.iterdir())
    screenshots = set(script("make_gallery").SCREENS)  # by --browser alone
    assert {path.name for path in made[1].iterdir()} == set(names) - screenshots


@pytest.mark.parametrize(("alt", "name"), shown(), ids=[name for _, name in shown()])
def test_a_picture_is_whole_small_and_told_in_words(alt: str, name: str) -> None:
    path = PICTURES / name
    assert len(alt.split()) >= 5
    assert path.stat().st_size < LARGEST
    if path.suffix == ".svg":
        assert ET.parse(path).getroot().tag == f"{SVG}svg"
    else:
        data = path.read_bytes()
        assert data.startswith(b"\x89PNG\r\n")
        assert b"IEND" in data[-12:]


def test_all_pictures_together_are_small() -> None:
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < ALL


def test_graphs_show_what_the_script_draws_now(made: tuple[str, Path]) -> None:
    graphs = [path.name for path in PICTURES.glob("*.svg") if b"graphviz" in path.read_bytes()]
    assert len(graphs) >= 8
    old = [name for name in graphs if drawn(PICTURES / name) != drawn(made[1] / name)]
    assert old == [], "run `python docs/make_gallery.py`"


def test_the_reader_of_graphs_sees_another_number_arrow_or_colour(tmp_path: Path) -> None:
    text = (PICTURES / "colours.svg").read_text(encoding="utf-8")
    right = drawn(PICTURES / "colours.svg")
    other = tmp_path / "other.svg"
    for old, new in (("data 0.8000", "data 0.9000"), ("0&#45;&gt;op2", "1&#45;&gt;op2"), ("#ff9d3c", "#ffffff")):
        assert old in text
        other.write_text(text.replace(old, new), encoding="utf-8")
        assert drawn(other) != right
    other.write_text(text, encoding="utf-8")
    assert drawn(other) == right


def test_an_example_is_run_as_it_is_shown() -> None:
    module = script("make_gallery")
    shown = module._run('print("a\\n\\nb")\nx = 2\ndef f():\n    return x\nf()', {})
    assert shown == '>>> print("a\\n\\nb")\na\n<BLANKLINE>\nb\n>>> x = 2\n>>> def f():\n...     return x\n>>> f()\n2\n'
    for example in module.EXAMPLES:
        assert ast.parse(example.code)
        assert not example.picture or f'"{example.picture}"' in example.code
