"""How Sphinx builds the site from these pages: `make docs`.

The pages are Markdown that GitHub shows too. What the site needs beyond that is in the
rooms of docs/site/.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS / "site"), str(DOCS), str(DOCS.parent)]
os.environ.setdefault("MICROGRAD_CACHE", str(DOCS.parent / "build" / "cache"))  # for the programs of the cells

from reference import place as linkcode_resolve  # noqa: E402, F401

import micrograd  # noqa: E402

project = "micrograd"
author = copyright = "the micrograd authors"
version = release = micrograd.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "mathml", "links", "cells", "reference"]
exclude_patterns = ["site"]
root_doc = "index"
default_role = "code"
nitpicky = True

# Formulas are MathML, and no widget has a script: a page asks the network for nothing.
html_math_renderer = "mathml"
myst_update_mathjax = False
nb_ipywidgets_js: dict[str, dict[str, str]] = {}

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
myst_url_schemes = ["http", "https", "mailto", "source"]  # source: see site/links.py

executed_pages = ["start", "from_jax", "debug_nan", "how_engine", "how_ops", "how_compiling"]  # see site/cells.py
nb_execution_mode = "force"
nb_execution_in_temp = True  # cells may write files
nb_execution_show_tb = True  # a cell that fails is a warning, and so an error at the end
nb_execution_timeout = 120  # seconds for a cell
nb_merge_streams = True

autodoc_typehints = "none"  # the docstrings say what an argument may be
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = ["Source"]

html_theme = "furo"
html_title = "micrograd"
html_static_path = ["site/static"]
html_favicon = "site/static/icon.svg"
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False


def tell_aloud(app: Any, pagename: str, templatename: str, context: Any, doctree: Any) -> None:
    """What a screen reader says.

    The captions of the list at the left are headings, of no level in furo. A solution
    is "Show the solution"; myst_nb gives one name to all.
    """
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')
    context["body"] = context.get("body", "").replace(' aria-label="Toggle hidden content"', "")


def setup(app: Any) -> None:
    app.connect("html-page-context", tell_aloud, priority=900)
    # index.md names kinds of pages of which there may be none yet; Sphinx has no
    # setting for that.
    directives = logging.getLogger("sphinx.sphinx.directives.other")
    directives.addFilter(lambda record: getattr(record, "subtype", None) != "empty_glob")
