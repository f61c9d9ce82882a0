"""Pages as notebooks: examples with `>>>` become cells, and each page can be taken away
as an .ipynb file.

The pages that conf.py names in `executed_pages` are executed when the site is built,
and show what the cells show. The examples of the other pages are executed by the tests,
and shown as they stand.
"""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

from links import relative

LISTS = ("index", "ops", "numpy", "features", "value", "speed", "texts")  # pages to look things up: no notebooks
EXAMPLES = re.compile(r"^```python\n(>>> .*?)^```$", re.MULTILINE | re.DOTALL)
FRONT = re.compile(r"\A(---\n.*?^---\n)", re.MULTILINE | re.DOTALL)
# An error is its last line. What a cell prints comes in one piece: myst_nb would put a
# line break between two.
FIRST_CELL = """\
```{code-cell}
:tags: [remove-cell]

%xmode Minimal
__import__("sys").stdout.flush_interval = 600.0
```
"""
KERNEL = """\
---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---
"""


def as_notebook(text: str) -> str:
    """A page as a notebook of MyST. A cell ends where something is shown."""
    return KERNEL + EXAMPLES.sub(lambda found: "\n\n".join(cells_of(found[1])), text)


def cells_of(block: str) -> list[str]:
    cells, lines = [], ""
    examples = doctest.DocTestParser().get_examples(block)
    for example in examples:
        lines += re.sub(r"\s+# doctest:.*", "", example.source)
        if example.want or example is examples[-1]:
            tags = ":tags: [raises-exception]\n\n" if example.exc_msg else ""
            cells.append(f"```{{code-cell}}\n{tags}{lines}```")
            lines = ""
    return cells


def is_tutorial(text: str) -> bool:
    """Whether a page is a notebook as it stands."""
    return text.startswith("---\n") and "\n```{code-cell}" in text


def is_taken(docname: str, text: str) -> bool:
    """Whether a page can be taken away as a notebook."""
    return docname not in LISTS and (is_tutorial(text) or bool(EXAMPLES.search(text)))


def read(app: Any, docname: str, source: list[str]) -> None:
    text = source[0]
    taken = is_taken(docname, text)
    if docname in app.config.executed_pages:
        text = as_notebook(text)
    text = re.sub(r"\n\n```$", "\n```", text, flags=re.MULTILINE)  # the empty line that ends an example
    if is_tutorial(text):
        text = FRONT.sub(rf"\1\n{FIRST_CELL}\n", text, count=1)
    if taken:
        link = relative(docname, f"notebooks/{docname}.ipynb")
        offer = f'<p class="take"><a href="{link}" download>Take this page as a notebook</a></p>'
        text = re.sub(r"^(# .*)$", rf"\1\n\n{offer}\n", text, count=1, flags=re.MULTILINE)
    source[0] = text


def write(app: Any, error: Exception | None) -> None:
    if error is None and app.builder.name == "html":
        import make_notebooks

        make_notebooks.write(Path(app.outdir) / "notebooks")


def setup(app: Any) -> dict[str, bool]:
    app.add_config_value("executed_pages", [], "env")
    app.connect("source-read", read, priority=500)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
