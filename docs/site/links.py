"""Links of the pages, which lead to files of the repository, lead on the site to pages.

A page of docs/ is a page of the site. Some files outside docs/ are too: WHOLE says
which, and a page of docs/pages/ stands in for each. Every other file is shown as a page
of source, with a line number for links to a function.
"""

from __future__ import annotations

import html
import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
WHOLE = {
    "benchmarks/results.md": "pages/benchmarks",
    "CHANGELOG.md": "pages/changelog",
    "CONTRIBUTING.md": "pages/contributing",
    "README.md": "index",
}
STANDS_FOR = {page: file for file, page in WHOLE.items() if page.startswith("pages/")}

SCHEME = "source:"  # of a link to a file, until the page has been read
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1`*\s*$", re.MULTILINE | re.DOTALL)


def outside_fences(text: str) -> Iterator[tuple[bool, str]]:
    """The text in pieces: whether each is prose, and not a block of code."""
    end = 0
    for block in FENCE.finditer(text):
        yield True, text[end : block.start()]
        yield False, block[0]
        end = block.end()
    yield True, text[end:]


def source_page(path: str) -> str:
    """The page that shows a file or a folder of the repository."""
    return f"source/{path}"


def relative(docname: str, target: str) -> str:
    return posixpath.relpath(target, posixpath.dirname(docname) or ".")


def rewritten(text: str, docname: str, folder: Path, linked: set[str]) -> str:
    """The text with its links to files as the site has them.

    Args:
        text: the Markdown of a page.
        docname: where the page stands on the site.
        folder: where the links of the text begin.
        linked: what is to be shown as source is added here.
    """

    def change(found: re.Match[str]) -> str:
        shown, target, heading = found[1], found[2], found[3] or ""
        if not target or re.match(r"\w+:", target):
            return found[0]
        path = Path(os.path.normpath(folder / target))
        name = path.relative_to(ROOT).as_posix()
        if name in WHOLE or (path.suffix == ".md" and DOCS in path.parents):
            page = WHOLE.get(name) or path.relative_to(DOCS).with_suffix("").as_posix()
            return f"[{shown}]({relative(docname, page)}.md{heading})"
        linked.add(name)
        return f"[{shown}]({SCHEME}{name})"

    return "".join(LINK.sub(change, piece) if prose else piece for prose, piece in outside_fences(text))


def read(app: Any, docname: str, source: list[str]) -> None:
    file = ROOT / STANDS_FOR[docname] if docname in STANDS_FOR else Path(app.env.doc2path(docname))
    text = file.read_text(encoding="utf-8") if docname in STANDS_FOR else source[0]
    source[0] = rewritten(text, docname, file.parent, linked(app.env))


def linked(env: Any) -> set[str]:
    """The files that pages lead to and that are shown as source."""
    if not hasattr(env, "linked_sources"):
        env.linked_sources = set()
    return env.linked_sources


def resolve(app: Any, doctree: Any) -> None:
    """Links to files, now that the page has been read, lead to the pages of source."""
    from docutils import nodes

    for node in doctree.findall(nodes.reference):
        scheme, name = node.get("refuri", "")[: len(SCHEME)], node.get("refuri", "")[len(SCHEME) :]
        if scheme == SCHEME:
            node["refuri"] = f"{relative(app.env.docname, source_page(name))}.html"
            node["internal"] = True


def merge(app: Any, env: Any, docnames: Any, other: Any) -> None:
    linked(env).update(linked(other))


def source_pages(app: Any) -> Iterator[tuple[str, dict[str, Any], str]]:
    names = set(linked(app.env))
    for folder in [name for name in names if (ROOT / name).is_dir()]:
        files = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / folder).glob("*.py"))
        names |= set(files)
        items = "".join(
            f'<li><a href="{relative(source_page(folder), source_page(f))}.html">{f}</a></li>' for f in files
        )
        yield source_page(folder), {"title": folder, "body": f"<h1>{folder}</h1><ul>{items}</ul>"}, "page.html"
    for name in sorted(name for name in names if (ROOT / name).is_file()):
        code = (ROOT / name).read_text(encoding="utf-8")
        language = {".py": "python", ".pyi": "python", ".js": "javascript", ".css": "css"}.get(
            Path(name).suffix, "text"
        )
        lines = app.builder.highlighter.highlight_block(code, language, linespans="line")
        body = f"<h1>{html.escape(name)}</h1>{lines}"
        yield source_page(name), {"title": name, "body": body}, "page.html"


def setup(app: Any) -> dict[str, bool]:
    app.connect("source-read", read, priority=400)
    app.connect("doctree-read", resolve)
    app.connect("env-merge-info", merge)
    app.connect("html-collect-pages", source_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
