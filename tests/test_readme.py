"""The examples of the README and of the pages of docs/, run; their links, followed; the
picture, the list and the table of speed, held to what they show.
"""

from __future__ import annotations

import doctest
import html
import re
from pathlib import Path

import pytest

from micrograd import Value, draw_dot

ROOT = Path(__file__).parent.parent
PAGES = sorted(p for p in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
RUN_PAGES = [page for page in PAGES if page.name != "gallery.md"]  # tests/test_gallery.py runs that one


@pytest.mark.parametrize("page", RUN_PAGES, ids=lambda page: page.name)
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # examples may write files
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    examples = doctest.DocTestParser().get_doctest("".join(blocks), {}, page.name, str(page), 0)
    assert examples.examples
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS  # texts of errors may be wrapped, and cut by ...
    outcome = doctest.DocTestRunner(verbose=False, optionflags=flags).run(examples)
    assert outcome.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not leads_somewhere(page, link)] == []


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether a link names a page on the web, which is not asked, or a file here and a
    heading in it.
    """
    if link.startswith("https://"):
        return True
    name, _, heading = link.partition("#")
    target = page.parent / name if name else page
    return target.exists() and (not heading or heading in headings(target))


def headings(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_reader_of_links_finds_what_is_missing() -> None:
    page = ROOT / "README.md"
    links = ["docs/arrays.md", "docs/arrays.md#numpy", "docs/no.md", "docs/arrays.md#no", "#no", "http://example.org"]
    assert [leads_somewhere(page, link) for link in links] == [True, True, False, False, False, False]


def test_readme_opens_with_the_two_commands() -> None:
    title, what, commands, *_ = (ROOT / "README.md").read_text(encoding="utf-8").split("\n\n")
    assert title == "# micrograd"
    assert len(what.splitlines()) <= 3  # who this is for, and what it gives
    lines = commands.removeprefix("```\n").removesuffix("\n```").splitlines()
    assert [line.split("#")[0].strip() for line in lines] == ["make demo", "make test"]


# The picture


def test_the_picture_is_of_the_first_example_and_narrow_enough_to_read() -> None:
    a, b, c = (Value(x, label=label) for x, label in ((2.0, "a"), (-3.0, "b"), (10.0, "c")))
    d = a * b
    d.label = "d"
    e = d + c
    e.label = "e"
    e.backward()
    boxes = re.findall(r'label="{ (.*) \| (.*) \| (.*) }"', draw_dot(e, rankdir="TB").source)
    svg = (ROOT / "docs" / "graph.svg").read_text(encoding="utf-8")
    drawn = [html.unescape(text) for text in re.findall(r"<text [^>]*>([^<]*)</text>", svg)]
    assert sorted(drawn) == sorted([field for box in boxes for field in box] + ["*", "+"])
    width = re.search(r'<svg width="(\d+)pt"', svg)
    assert width
    assert int(width[1]) <= 600  # points: a page is some 800 pixels wide, and would shrink a wider picture


# What a Value offers


def test_a_value_has_what_the_list_offers() -> None:
    section = (ROOT / "docs" / "value.md").read_text(encoding="utf-8")
    for title in ("Attributes", "Functions as methods"):
        item = re.search(rf"- \*\*{title}:\*\* ((?:.*\n)(?:  .*\n)*)", section)
        assert item
        names = [name for code in re.findall(r"`([^`]*)`", item[1]) for name in code.split()]
        assert len(names) > 10
        assert [name for name in names if not hasattr(Value, name)] == []


# The table of speed

SPEED = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "benchmarks" / "results.md").read_text(encoding="utf-8")
FIGURE = re.compile(r"\b\d[\d.]* (?:ns|µs|ms|s|B)\b")
TIMES = re.compile(r"\b(\d[\d.]*) times")


def speed_rows() -> list[tuple[str, str]]:
    """The number of each row of the table of docs/speed.md, and its text."""
    section = SPEED.split("\n## ")[0]
    return re.findall(r"^(?:\| |- Row )(\d+)\b(.*(?:\n  .*)*)", section, re.MULTILINE)


def measured(row: str) -> tuple[set[str], set[float]]:
    """All medians of a row of benchmarks/results.md; all its ratios, those that its
    goals are about too.
    """
    lines = [line.strip("|").split(" | ") for line in RESULTS.splitlines() if line.startswith(f"| {row} | ")]
    results = [cells for cells in lines if len(cells) == 5]
    goals = [cells for cells in lines if len(cells) == 4]
    return {cells[3] for cells in results}, {float(x) for x in [c[4] for c in results] + [c[2] for c in goals]}


def test_every_figure_of_the_table_was_measured() -> None:
    rows = speed_rows()
    assert {row for row, _ in rows} == {str(row) for row in (*range(1, 9), *range(24, 29), 30, 31)}
    for row, text in rows:
        medians, ratios = measured(row)
        text = text.replace("takes more than 2 s", "")  # of nn.MLP, which is not in the benchmarks
        assert [figure for figure in FIGURE.findall(text) if figure not in medians] == []
        goals = re.findall(r"goals? of ([\d.]+) times(?: and ([\d.]+) times)?", text)
        goals = [goal for found in goals for goal in found]
        shown = [x for x in TIMES.findall(text) if x not in goals]
        assert [x for x in shown if not any(is_rounded(x, y) for ratio in ratios for y in (ratio, 1 / ratio))] == []


def test_every_figure_of_the_readme_is_in_the_table() -> None:
    figures = FIGURE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(figures) >= 3
    assert [figure for figure in figures if figure not in SPEED] == []


def is_rounded(shown: str, exact: float) -> bool:
    decimals = len(shown.partition(".")[2])
    return abs(float(shown) - exact) <= 0.5001 * 10**-decimals


def test_every_goal_that_was_missed_is_shown() -> None:
    rows = speed_rows()
    missed = re.findall(r"^\| (\d+) \|.*\| \*\*no\*\* \|$", RESULTS, re.MULTILINE)
    shown = {row for row, text in rows if "is missed" in text or "are missed" in text}
    assert shown == set(missed) & {row for row, _ in rows}
