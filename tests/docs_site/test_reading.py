"""The reader of pages finds what is loaded from the network, and nothing else."""

from __future__ import annotations

import pytest

from tests.docs_site.reading import Page, loaded_by_script, loaded_by_style

AT = "https://cdn.example.org/x"


@pytest.mark.parametrize(
    "text",
    [
        f'<script src="{AT}.js"></script>',
        '<script async src="//cdn.example.org/x.js">',
        f'<link rel="stylesheet" href="{AT}.css">',
        f'<link rel="preconnect" href="{AT}">',
        f'<img src="{AT}.png">',
        f'<img srcset="a.png 1x, {AT}.png 2x">',
        f'<iframe srcdoc="&lt;script src=&quot;{AT}.js&quot;>"></iframe>',
        f'<p style="background: url({AT}.png)">',
        f"<style>@import '{AT}.css';</style>",
        f"<style>@font-face {{ src: url( '{AT}.woff2' ) }}</style>",
        f'<script type="module">import {{ x }} from "{AT}.js";</script>',
        f'<script>fetch("{AT}.json")</script>',
        f'<svg><image href="{AT}.png"/></svg>',
    ],
)
def test_what_is_loaded_is_found(text: str) -> None:
    assert len(Page(text).loads) == 1


@pytest.mark.parametrize(
    "text",
    [
        f'<a href="{AT}">a link to click</a>',
        f"<p>{AT}</p><code>@import '{AT}.css'</code>",
        f'<link rel="canonical" href="{AT}"><link rel="license" href="{AT}">',
        '<img src="graph.svg"><img src="data:image/png;base64,AA//aa">',
        '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
        f"<script>// see {AT}\nconst x = 1;</script>",
    ],
)
def test_what_is_not_loaded_is_not_found(text: str) -> None:
    assert Page(text).loads == []


def test_files_of_styles_and_scripts() -> None:
    assert loaded_by_style(f'@import "{AT}.css"; a {{ background: url(a.png) }}') == [f"{AT}.css"]
    assert loaded_by_script(f'import x from "{AT}.js"; import "./y.js"; s.src = "{AT}2.js"') == [
        f"{AT}.js",
        f"{AT}2.js",
    ]
    assert loaded_by_script(f'const svg = "http://www.w3.org/2000/svg"; open("{AT}")') == []


def test_links_and_names() -> None:
    page = Page('<h1 id="top">x</h1><a href="y.html#z">y</a><img src="graph.svg">')
    assert (page.leads, page.names) == (["y.html#z", "graph.svg"], {"top"})
