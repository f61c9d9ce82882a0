"""The stepper: one file of HTML that shows a backward pass, step by step.

The file needs nothing else, and asks for nothing: its own policy forbids every request,
and lets no script run but its own, which it knows by its hash. The graph stands in it
as data (see graph.py). Scripts and style are files in `page/`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from micrograd.engine import Value
from micrograd.errors import DrawError
from micrograd.see.files import write_text
from micrograd.see.graph import data_of_groups, graph_of, to_json
from micrograd.see.groups import Groups
from micrograd.see.toplevel import count_boxes, top_level

ASKED = "step"  # what the caller is called, for errors
MOST_VALUES = 200_000  # the page is 13 MB then; of a larger graph it has the top level
MOST_BOXES = 400  # a person cannot read more, and to lay them out takes seconds
VENDORED = ("vendor/dagre.min.js", "vendor/htm-preact.js")
OWN = ("numbers.js", "replay.js", "plan.js", "picture.js", "page.js", "boxes.js", "uses.js", "panel.js")
HTM = (
    "htm 3.1.1\nCopyright 2018 Google Inc.; licensed under the Apache License, Version 2.0; a copy is at\n"
    "http://www.apache.org/licenses/LICENSE-2.0\n"
)
FRAME_HEIGHT = 640  # pixels, in a notebook


def page_of(root: Value, title: str = "", model: Any = None) -> str:
    """The stepper of a graph, as the text of one HTML file.

    Args:
        root: the Value that is differentiated, such as a loss.
        title: what the page is called; by default after the label of root.
        model: the Module whose parameters are in the graph; guessed without one.

    Raises:
        DataError: root is not a Value.
        ArgumentError: the model is not a Module.
        DrawError: the graph is too large, or a node has a `_backward` of its own.

    >>> a = Value(3.0, label="a")
    >>> page_of(a * a).startswith("<!doctype html>")
    True
    """
    groups = Groups(graph_of(root, ASKED), model)
    _check_boxes(groups.of, [group.parent for group in groups.groups])  # before the walk, which may take seconds
    return page_of_data(data_of_groups(groups, title, ASKED))


def page_of_data(data: dict[str, Any]) -> str:
    """The stepper of a graph that is data already: "micrograd-graph", version 1.

    Of a very large graph it is the top level alone.

    Raises:
        DrawError: there are too many boxes when all groups are closed.
    """
    _check_boxes(data["nodes"]["group"], [group["parent"] for group in data["groups"]])
    if len(data["nodes"]["op"]) > MOST_VALUES:
        data = top_level(data)
    style = _text("style.css")
    notices = _notices()
    script = "\n".join([*map(_without_map, VENDORED), *_own_script()])
    policy = (
        f"default-src 'none'; script-src 'sha256-{_hash(script)}'; style-src 'sha256-{_hash(style)}'; "
        f"base-uri 'none'; form-action 'none'"
    )
    title = html.escape((data["title"] or "The backward pass, step by step").encode(errors="replace").decode())
    return (
        f'<!doctype html>\n{notices}<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{style}</style>\n</head>\n<body>\n"
        f'<div id="page"><noscript>This page needs JavaScript. It makes no request.</noscript></div>\n'
        f'<script type="application/json" id="graph">{to_json(data)}</script>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def _check_boxes(of: Sequence[int], parents: Sequence[int]) -> None:
    boxes = count_boxes(of, parents) if len(of) > MOST_BOXES else 0
    if boxes > MOST_BOXES:
        closed = f" in {boxes:,} boxes" if boxes < len(of) else ""
        raise DrawError(
            f"step: the graph has {len(of):,} values{closed}, and at most {MOST_BOXES} boxes can be shown;\n"
            f"step through a part of it, such as the loss of one sample"
        )


class Stepper:
    """A backward pass to step through: a notebook shows it, `save` writes the file.

    Args:
        page: the text of the HTML file.

    >>> step(Value(3.0, label="a") ** 2)
    <Stepper: .save('steps.html') writes the page>
    """

    def __init__(self, page: str) -> None:
        self.page = page

    def save(self, path: str | Path) -> Path:
        """Write the page to a file, for any browser.

        Returns the path.

        Raises:
            PictureFileError: the file cannot be written, which is an OSError too. An
                older file at this path is as it was.
            DrawError: the suffix is that of a picture.
        """
        return write_text(path, self.page, "a page", ".html")

    def _repr_html_(self) -> str:
        # In a frame of its own origin: the notebook's page and the stepper cannot reach
        # each other. It still works in an exported notebook, without a kernel.
        return (
            f'<iframe sandbox="allow-scripts" title="The backward pass, step by step" width="100%" '
            f'height="{FRAME_HEIGHT}" style="border:0" srcdoc="{html.escape(self.page)}"></iframe>'
        )

    def __repr__(self) -> str:
        return "<Stepper: .save('steps.html') writes the page>"


def step(root: Value, title: str = "", model: Any = None) -> Stepper:
    """Step through a backward pass: what arrived, the local derivative, the product,
    and what is added where.

    A notebook shows the result. Elsewhere `.save("steps.html")` writes one file that
    any browser opens; it makes no request.

    The gradients are computed for the page. Nobody's `grad` is changed.

    Args:
        root: the Value that is differentiated, such as a loss.
        title: what the page is called; by default after the label of root.
        model: the Module whose parameters are in the graph. Its modules and parameters
            then have their names. Without one they are guessed.

    Returns:
        The Stepper. It keeps the numbers of this moment.

    Raises:
        DataError: root is not a Value.
        ArgumentError: the model is not a Module.
        DrawError: the graph is too large, or a node has a `_backward` of its own.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> page = step(a * b + a)
    >>> a.grad
    0.0
    """
    return Stepper(page_of(root, title, model))


# The parts of the page


def _text(name: str) -> str:
    return files("micrograd.see").joinpath("page", *name.split("/")).read_text(encoding="utf-8")


def _without_map(name: str) -> str:
    """A library without its last line, which names a file that is not here."""
    return re.sub(r"\n//# sourceMappingURL=.*\s*$", "\n", _text(name))


def _notices() -> str:
    """The licences of the libraries, which go with every copy. That of htm allows a
    notice in the place of its text.
    """
    texts = [f"dagre 3.1.3\n{_text('vendor/dagre.LICENSE.txt')}", f"Preact\n{_text('vendor/preact.LICENSE.txt')}", HTM]
    return f"<!--\n{chr(10).join(texts)}-->\n"


def _own_script() -> list[str]:
    return ['(() => {\n"use strict";', *map(_text, OWN), "start();\n})();"]


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
