"""Writes the pages of docs/ that hold code as notebooks: .ipynb files for Jupyter.

    python docs/make_notebooks.py build/notebooks

The first cell installs micrograd, with the extras that the head of the page names, or
else those of EXTRAS. Links between pages lose their address, as a notebook that was
taken away has no pages beside it. `make docs` calls this.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from myst_nb.core.read import read_myst_markdown_notebook

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS / "site"))

from cells import as_notebook, is_taken, is_tutorial  # noqa: E402
from links import LINK  # noqa: E402

PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]*)\)")
INCLUDED = re.compile(r"^```\{literalinclude\} (\S+)\n:pyobject: (\S+)\n(?::.*\n)*```$", re.MULTILINE)
# Which extra the code of a page needs.
EXTRAS = {
    "draw": "draw",
    "plot": "plot|matplotlib|Plot",
    "train": r"safetensors|\bsave|\bload\b|Checkpoint|micrograd train",
    "tensorboard": "TensorBoard",
    "scipy": "scipy|sparsity",
    "special": "special|gelu|GELU",
    "sklearn": r"sklearn|load_(digits|iris|wine)",
    "onnx": "onnx",
    "dask": "dask",
}
BOX = re.compile(r"^(`{3,}|:{3,})\{(\w+)\} ?(.*)\n((?:.*\n)*?)\1$", re.MULTILINE)


def pages() -> list[Path]:
    """The pages that become notebooks."""
    found = sorted([*DOCS.glob("*.md"), *DOCS.glob("tutorials/*.md")])
    return [page for page in found if is_taken(page.stem, page.read_text(encoding="utf-8"))]


def notebook(page: Path) -> Any:
    """A page as a notebook, without outputs."""
    text = page.read_text(encoding="utf-8")
    extras = re.search(r"\A---\n(?:.*\n)*?extras: (.*)\n", text)
    if not is_tutorial(text):
        text = as_notebook(text)
    made = read_myst_markdown_notebook(text, {}, path=page)
    made.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made.cells = [cell for cell in made.cells if "remove-cell" not in tags(cell)]  # for the tests alone
    for cell in made.cells:
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source, page)
        elif "hide-cell" in tags(cell):  # a solution
            cell.metadata["jupyter"] = {"source_hidden": True}
    code = "\n".join(cell.source for cell in made.cells if cell.cell_type == "code")
    wanted = extras[1] if extras else ",".join(extra for extra, words in EXTRAS.items() if re.search(words, code))
    package = f'"micrograd-nd[{wanted}]"' if wanted else "micrograd-nd"
    made.cells.insert(0, nbformat.v4.new_code_cell(f"%pip install --quiet {package}"))
    for number, cell in enumerate(made.cells):  # in the place of random names: the same page gives the same file
        cell.id = f"cell{number}"
    return made


def tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


def plain(text: str, page: Path) -> str:
    """Markdown that every notebook shows: no directives, no links to other pages."""
    text = INCLUDED.sub(lambda found: f"```python\n{source_of(page.parent / found[1], found[2])}\n```", text)
    text = BOX.sub(boxed, text)
    text = PICTURE.sub(lambda found: f"*{found[1]}*", text)
    return LINK.sub(lambda found: found[0] if "://" in found[2] else found[1], text)


def boxed(found: re.Match[str]) -> str:
    title = found[3] or found[2].capitalize()
    lines = [line for line in found[4].splitlines() if not re.match(r":\w+:", line)]
    return "\n".join(f"> {line}".rstrip() for line in [f"**{title}**", "", *lines])


def source_of(path: Path, name: str) -> str:
    """The source of a function, a class or a method of a file."""
    text = path.read_text(encoding="utf-8")
    node: Any = ast.parse(text)
    for part in name.split("."):
        node = next(item for item in node.body if getattr(item, "name", None) == part)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno])


def write(folder: Path) -> None:
    for page in pages():
        path = folder / page.relative_to(DOCS).with_suffix(".ipynb")
        path.parent.mkdir(parents=True, exist_ok=True)
        made = notebook(page)
        nbformat.validate(made)
        path.write_text(nbformat.writes(made) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
