"""The site that `make docs` has built, in a real browser, served as it will be."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.docs

SITE = Path(__file__).parents[2] / "build" / "docs"
PAGES = ["index", "start", "tutorials/reading", "how_engine", "reference/nn", "ops", "source/micrograd/engine.py"]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SITE))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture
def visit(chromium: Any, address: str) -> Iterator[Any]:
    """A function that opens a page; at the end, no page has raised an error or asked
    another server.
    """
    contexts, wrong = [], []

    def open_page(name: str, **options: Any) -> Any:
        contexts.append(chromium.new_context(**options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on(
            "request", lambda request: None if request.url.startswith((address, "data:")) else wrong.append(request.url)
        )
        page.goto(f"{address}{name}.html")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page(visit: Any, name: str) -> None:
    page = visit(name)
    for width, scheme in ((1280, "dark"), (390, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        assert page.locator("h1").first.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width  # only code and tables scroll sideways
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        light = sum(map(int, background.removeprefix("rgb(").removesuffix(")").split(",")))
        assert (light < 200) == (scheme == "dark")


@pytest.mark.parametrize("word", ["backward", "Linear", "broadcasting"])
def test_search(visit: Any, word: str) -> None:
    page = visit("index")
    page.locator("input[name=q]").first.fill(word)
    page.keyboard.press("Enter")
    first = page.locator("ul.search li a").first
    first.click()
    page.wait_for_url(lambda url: "search.html" not in url)
    assert page.locator("h1").first.is_visible()


def test_the_stepper_runs_in_its_page(visit: Any) -> None:
    page = visit("tutorials/reading")
    frame = page.frame_locator("iframe").first
    frame.get_by_role("button", name="On", exact=True).click()
    assert "step 1 of" in frame.locator("h2").first.text_content()


def test_a_page_can_be_taken_as_a_notebook(visit: Any) -> None:
    page = visit("start")
    with page.expect_download() as download:
        page.get_by_role("link", name="Take this page as a notebook").click()
    assert download.value.suggested_filename == "start.ipynb"
    assert "%pip install" in Path(download.value.path()).read_text(encoding="utf-8")
