"""Pages: a printed program as one file of HTML, its lines beside the caller's text.

The page needs nothing else: no network, no script that it could not do without. A line
links to the caller's line that made it, and back.
"""

from __future__ import annotations

import ast
import html
import linecache
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from micrograd.compiling.origins import Place

STYLE = """
:root { color-scheme: light dark; --paper: #fdfdfb; --ink: #1d1f21; --dim: #666a70; --rule: #d9d9d2;
  --mark: #fff0b8; --link: #0b57a4; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #17191c; --ink: #e4e4de; --dim: #9a9ea5;
  --rule: #34373c; --mark: #4d4310; --link: #8cc0f5; } }
* { box-sizing: border-box; }
body { margin: 1.5rem auto; max-width: 100rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font: 600 1.3rem/1.3 ui-monospace, monospace; } h2 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
main { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 2.5rem; align-items: start; }
section { overflow-x: auto; } .python { position: sticky; top: 0; max-height: 100vh; overflow-y: auto; }
table { border-collapse: collapse; width: 100%; } td, pre { font: .85rem/1.6 ui-monospace, monospace; }
th { text-align: left; padding: 1.2rem 0 .3rem; } tbody tr:first-child { border-bottom: 1px solid var(--rule); }
td { padding: 0 1.2rem 0 .3rem; vertical-align: top; } td.shape { white-space: nowrap; }
td.text { white-space: pre-wrap; overflow-wrap: anywhere; padding-left: 2.3rem; text-indent: -2rem; }
td.shape, td.at, .number { color: var(--dim); } td.at { padding-right: .3rem; overflow-wrap: anywhere; }
pre { margin: 0; } pre span.line { display: block; padding: 0 .3rem; min-height: 1.6em; white-space: pre; }
.number { display: inline-block; min-width: 2.5rem; text-align: right; margin-right: 1rem; }
a { color: var(--link); text-decoration: none; } a:hover, a:focus { text-decoration: underline; }
p { color: var(--dim); } .on, tr:target, .line:target { background: var(--mark); }
h2 { border-bottom: 1px solid var(--rule); }
@media (max-width: 60rem) { main { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .python { position: static; max-height: none; } }
@media (max-width: 40rem) { table, tbody { display: block; } tr { display: flex; flex-wrap: wrap; }
  td { padding: 0 .6rem 0 .3rem; } td.text { flex: 1 0 auto; max-width: 100%; } }
"""
# Without it the links still lead; with it the lines that belong together light up.
SCRIPT = """
const parts = document.querySelectorAll("[data-at]");
for (const part of parts) for (const [event, on] of [["mouseenter", 1], ["focusin", 1], ["mouseleave", 0],
    ["focusout", 0]])
  part.addEventListener(event, () => {
    const mine = part.dataset.at.split(" ");
    for (const other of parts)
      other.classList.toggle("on", !!on && other.dataset.at.split(" ").some(at => mine.includes(at)));
  });
"""
TITLES = {
    "theta": "The caller's values",
    "constants": "Constants",
    "forward": "Forward",
    "gradients": "Gradients",
    "updates and results": "Updates and results",
}


def as_html(printout: Any) -> str:
    """The page of a printed program."""
    rows = printout.rows
    files = list(dict.fromkeys(place.file for row in rows for place in row.places))
    marks = {place: f"s{files.index(place.file)}-{place.line}" for row in rows for place in row.places}
    first: dict[Place, str] = {}
    for i, row in enumerate(rows):
        for place in row.places:
            first.setdefault(place, f"p{i}")
    title = html.escape(printout.title)
    body = "".join(_section(name, rows, marks) for name in dict.fromkeys(row.section for row in rows))
    source = "".join(_listing(file, marks, first) for file in files) or "<p>The text of the function is not known.</p>"
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style>\n</head>\n'
        f"<body>\n<h1>{title}</h1>\n<p>Each line of the program links to the line of Python that made it.</p>\n"
        f'<main>\n<section aria-label="Program">\n<table>\n{body}</table>\n</section>\n'
        f'<section class="python" aria-label="Python">\n{source}</section>\n</main>\n'
        f"<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def _section(name: str, rows: list[Any], marks: dict[Place, str]) -> str:
    lines = [_row(i, row, marks) for i, row in enumerate(rows) if row.section == name]
    title = f'<tr><th colspan="3" scope="rowgroup">{TITLES.get(name, name)}</th></tr>'
    return f"<tbody>\n{title}\n{''.join(lines)}</tbody>\n"


def _row(i: int, row: Any, marks: dict[Place, str]) -> str:
    text, at, data = html.escape(row.text), html.escape(row.note), ""
    if row.places:
        own = row.places[-1]
        link = f'href="#{marks[own]}" title="{html.escape(Path(own.file).name)}, line {own.line}"'
        text = f"<a {link}>{text}</a>"
        at = str(own.line)
        data = f' data-at="{" ".join(marks[place] for place in row.places)}"'
    shape = "" if row.text.startswith("return ") else html.escape(str(row.shape))
    return (
        f'<tr id="p{i}"{data}><td class="text">{text}</td><td class="shape">{shape}</td><td class="at">{at}</td></tr>\n'
    )


def _listing(file: str, marks: dict[Place, str], first: dict[Place, str]) -> str:
    """The functions of a file in which lines were made."""
    used = sorted(place.line for place in marks if place.file == file)
    text = linecache.getlines(file)
    made: list[str] = []
    last = 0
    for number in _numbers(text, used):
        if last and number != last + 1:
            made.append('<span class="line">…</span>')
        last = number
        place = Place(file, number)
        line = html.escape(text[number - 1].rstrip("\n"))
        if place in marks:
            line = f'<a href="#{first[place]}">{line}</a>'
            mark = f' id="{marks[place]}" data-at="{marks[place]}"'
        else:
            mark = ""
        made.append(f'<span class="line"{mark}><span class="number">{number}</span>{line}</span>')
    return f"<h2>{html.escape(Path(file).name)}</h2>\n<pre>{''.join(made)}</pre>\n"


def _numbers(text: list[str], used: list[int]) -> list[int]:
    """The numbers of the lines that are shown: those of whole functions, and single
    lines outside of any.
    """
    used = [n for n in used if 0 < n <= len(text)]
    try:
        spans = list(_spans(ast.parse("".join(text)).body))
    except SyntaxError:
        spans = []
    found: set[int] = set()
    for n in used:
        span = next(((a, b) for a, b in spans if a <= n <= b), (n, n))
        found |= set(range(span[0], span[1] + 1))
    return sorted(found)


def _spans(body: Iterable[ast.stmt]) -> Iterable[tuple[int, int]]:
    """The first and last lines of functions and methods."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield min([node.lineno, *[d.lineno for d in node.decorator_list]]), node.end_lineno or node.lineno
        elif isinstance(node, ast.ClassDef):
            yield from _spans(node.body)
